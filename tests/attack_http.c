/* SPDX-License-Identifier: Apache-2.0 */
/* attack_http.c - attacks on HTTP: too large, two readings, odd forms, and peers that are
 * slow or vanish.  limits.request and limits.idle are 3 s. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/attack.h"

#define LIMIT	  3000	/* ms, as we set it */
#define LATE	  6000	/* ms that a busy machine may add */
#define BUSY	  20	/* ms of CPU that a server does not need to wait */
#define SILENT	  300	/* connections */
#define GROWTH	  (32768 * STAGE_ROOM)	/* KiB that SILENT connections may take, and keep */
#define KEPT	  (16384 * STAGE_ROOM)	/* KiB that one connection may take */

static struct scene scene;
static struct client *c;

/* --- one request that is refused, and a good one behind it ------ */

#define GET	"GET /directory HTTP/1.1\r\nHost: @\r\n"
#define POST	"POST /acme/new-order HTTP/1.1\r\nHost: @\r\n" \
		"Content-Type: application/jose+json\r\n"

/* @ is the host, ~N; stands for N letters, `N; for N header lines, ^ for NUL. */
static const struct bad {
	const char	*what, *text;
	int		 status;
} bads[] = {
	{ "R-17 a request line of 1 MB", "GET /~1000000; HTTP/1.1\r\nHost: @\r\n\r\n", 431 },
	{ "R-17 100,000 header lines", GET "`100000;\r\n", 431 },
	{ "R-17 101 header lines", GET "`100;\r\n", 431 },
	{ "R-17 a header line of 1 MB", GET "X: ~1000000;\r\n\r\n", 431 },
	{ "R-17 a header name of 1 MB", GET "~1000000;: x\r\n\r\n", 431 },
	{ "R-17 a method of 1 MB", "~1000000; / HTTP/1.1\r\nHost: @\r\n\r\n", 431 },
	{ "R-17 a body of 65,537", POST "Content-Length: 65537\r\n\r\n~65537;", 413 },
	{ "R-17 Content-Length 2^63", POST "Content-Length: 9223372036854775808\r\n\r\n", 400 },
	{ "R-17 Content-Length 2^64 + 2", POST "Content-Length: 18446744073709551618\r\n\r\n{}",
	  400 },
	{ "R-17 Content-Length -1", POST "Content-Length: -1\r\n\r\n{}", 400 },
	{ "R-17 Content-Length +5", POST "Content-Length: +2\r\n\r\n{}", 400 },
	{ "R-17 Content-Length 0x5", POST "Content-Length: 0x2\r\n\r\n{}", 400 },
	{ "R-17 Content-Length 2 2", POST "Content-Length: 2 2\r\n\r\n{}", 400 },
	{ "R-17 Content-Length 2, 2", POST "Content-Length: 2, 2\r\n\r\n{}", 400 },
	{ "R-17 two Content-Lengths", POST "Content-Length: 2\r\nContent-Length: 33\r\n\r\n{}",
	  400 },
	{ "R-18 TE and CL", POST "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", 400 },
	{ "R-18 CL and TE", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "0\r\n\r\n", 400 },
	{ "R-18 TE", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411 },
	{ "R-18 TE of a GET", GET "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411 },
	{ "R-18 TE : chunked", POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "R-18 TE: xchunked", POST "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n",
	  400 },
	{ "R-18 TE: chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n", 411 },
	{ "R-18 TE with a tab", POST "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", 411 },
	{ "R-18 TE with a form feed", POST "Transfer-Encoding: \x0b" "chunked\r\n\r\n", 411 },
	{ "R-18 TE twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 400 },
	{ "R-18 TE in HTTP/1.0", "POST /acme/new-order HTTP/1.0\r\nTransfer-Encoding: chunked"
	  "\r\n\r\n0\r\n\r\n", 400 },
	{ "R-18 a folded TE", POST "X: a\r\n Transfer-Encoding: chunked\r\n\r\n", 400 },
	{ "R-18 a folded value", POST "Content-Length:\r\n 2\r\n\r\n{}", 400 },
	{ "R-18 NUL in a value", POST "Content-Length: 2^\r\n\r\n{}", 400 },
	{ "R-18 NUL in a name", GET "X^: a\r\n\r\n", 400 },
	{ "R-18 NUL in the target", "GET /directory^ HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
	{ "R-18 bare LF", "GET /directory HTTP/1.1\nHost: @\n\n", 400 },
	{ "R-18 a bare LF before a header", GET "X: a\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	{ "R-18 a bare CR", GET "X: a\rTransfer-Encoding: chunked\r\n\r\n", 400 },
	{ "R-18 a bare CR at the end", GET "X: a\r\r\n\r\n", 400 },
	{ "R-18 an empty name", GET ": a\r\n\r\n", 400 },
	{ "R-18 a blank line before", "\r\nGET /directory HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
	{ "R-18 a body of a GET", GET "Content-Length: 50\r\n\r\n", 400 },
	{ "R-18 a body of a DELETE", "DELETE /directory HTTP/1.1\r\nHost: @\r\nContent-Length: 50"
	  "\r\n\r\n", 400 },
	{ "R-18 CL of a HEAD", "HEAD /acme/new-nonce HTTP/1.1\r\nHost: @\r\nContent-Length: 50"
	  "\r\n\r\n", 400 },
	{ "R-19 HTTP/0.9", "GET /directory\r\n", 400 },
	{ "R-19 the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400 },
	{ "R-19 HTTP/2.0", "GET /directory HTTP/2.0\r\nHost: @\r\n\r\n", 400 },
	{ "R-19 absolute-form", "GET https://@/directory HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
	{ "R-19 CONNECT", "CONNECT evil.test:443 HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
	{ "R-19 CONNECT of a path", "CONNECT / HTTP/1.1\r\nHost: @\r\n\r\n", 501 },
	{ "R-19 OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: @\r\n\r\n", 400 },
	{ "R-19 an unknown method", "BREW /directory HTTP/1.1\r\nHost: @\r\n\r\n", 501 },
	{ "R-19 a method in small letters", "get /directory HTTP/1.1\r\nHost: @\r\n\r\n", 501 },
	{ "R-19 no Host", "GET /directory HTTP/1.1\r\n\r\n", 400 },
	{ "R-19 two Hosts", GET "Host: evil.test\r\n\r\n", 400 },
	{ "R-19 TLS inside of TLS", "\x16\x03\x01\x02\r\n\r\n", 400 },
};

/* The text with what its marks stand for, and a good request behind it. */
static struct blob
expand(const char *text)
{
	const char *host = strstr(c->base, "://") + 3;
	size_t room = 2500000, n = 0;
	char *out = arena_alloc(c->arena, room), *end;

	for (; *text != '\0'; text++) {
		if (*text == '@') {
			n += (size_t)sprintf(out + n, "%s", host);
		} else if (*text == '^') {
			out[n++] = '\0';
		} else if (*text == '~' || *text == '`') {
			bool line = *text == '`';
			unsigned long times = strtoul(text + 1, &end, 10);

			for (unsigned long i = 0; i < times; i++)
				n += (size_t)sprintf(out + n, line ? "X%lu: y\r\n" : "a", i);
			text = end;
		} else {
			out[n++] = *text;
		}
	}
	n += (size_t)sprintf(out + n, "GET /directory HTTP/1.1\r\nHost: %s\r\n\r\n", host);
	return (struct blob){ (const uint8_t *)out, n };
}

static void
test_refused(void)
{
	for (size_t i = 0; i < COUNT(bads); i++) {
		struct blob all = expand(bads[i].text);
		struct wire *w = raw(c, all.data, all.len);
		const char *broken = client_rules(c, "GET", "/");
		bool document = strcmp(c->type, "malformed") == 0 && broken == NULL;
		int status = c->reply.status, n = replies_until_end(c, w);

		ok(status == bads[i].status && document && n == 1, "%s: %d, a problem document, "
		   "nothing behind it is answered (%d)", bads[i].what, status, n);
		if (!document)
			printf("# %s, %s\n", c->type, broken == NULL ? "" : broken);
		wire_close(w);
		client_clear(c);
	}
	ok(client_get(c, "GET", scene.server->url) == 200, "R-17 others are served");
}

/* --- many requests at once -------------------------------------------------- */

static const struct one {
	const char	*method, *path;
	int		 status;
} mixed[] = {
	{ "GET", "/directory", 200 }, { "HEAD", "/acme/new-nonce", 200 },
	{ "GET", "/acme/new-nonce", 204 }, { "GET", "/nowhere", 404 },
	{ "OPTIONS", "/acme/new-order", 204 }, { "DELETE", "/directory", 405 },
	{ "GET", "/acme/new-order", 405 }, { "TRACE", "/directory", 405 },
	{ "PUT", "/acme/new-account", 405 }, { "GET", "/", 404 },
};

static void
test_pipeline(void)
{
	struct wire *w = wire_open(c->trust, c->host, c->port);
	const char *host = strstr(c->base, "://") + 3, *all = "", *body;
	unsigned good = 0;

	for (size_t i = 0; i < 100; i++)
		all = arena_printf(c->arena, "%s%s %s HTTP/1.1\r\nHost: %s\r\n\r\n", all,
				   mixed[i % 10].method, mixed[i % 10].path, host);
	wire_send_text(w, all);
	for (size_t i = 0; i < 100; i++)
		good += wire_read(w, c->arena, &c->reply, *mixed[i % 10].method == 'H') &&
			c->reply.status == mixed[i % 10].status;
	ok(good == 100, "R-19 100 requests of all kinds at once: %u answered in their order", good);
	body = arena_printf(c->arena, "GET /directory HTTP/1.1\r\nHost: %s\r\n\r\n"
			    "GET /nowhere HTTP/1.1\r\nHost: %s\r\n\r\nnonsense\r\n\r\n"
			    "GET /directory HTTP/1.1\r\nHost: %s\r\n\r\n", host, host, host);
	wire_send_text(w, body);
	ok(wire_read(w, c->arena, &c->reply, false) && c->reply.status == 200, "R-19 a good one");
	ok(wire_read(w, c->arena, &c->reply, false) && c->reply.status == 404, "R-19 another");
	ok(!wire_read(w, c->arena, &c->reply, false) || (c->reply.status == 400 &&
	   !wire_read(w, c->arena, &c->reply, false)), "R-19 then nonsense: the end");
	ok(wire_ended(w), "R-19 and the connection is closed");
	wire_close(w);
}

/* Three ways to send one request in pieces. */
static void
test_pieces(void)
{
	const char *host = strstr(c->base, "://") + 3;
	const char *get = arena_printf(c->arena, "GET /directory HTTP/1.1\r\nHost: %s\r\n\r\n",
				       host);
	struct wire *w = wire_open(c->trust, c->host, c->port);

	for (const char *at = get; *at != '\0'; at++)
		wire_send(w, at, 1);
	ok(wire_read(w, c->arena, &c->reply, false) && c->reply.status == 200,
	   "R-19 octet by octet");
	wire_send_text(w, "GET /directory HTTP/1.0\r\n\r\n");
	ok(wire_read(w, c->arena, &c->reply, false) && c->reply.status == 200 && wire_ended(w),
	   "R-19 HTTP/1.0: answered and closed");
	wire_close(w);
}

/* --- slow peers ------------------------------------------------------------- */

struct slow {
	const char	*what;
	const char	*first;		/* sent at once */
	const char	*drip;		/* then one octet of it, again and again */
	bool		 tls;
	long		 took;		/* out */
};

static struct slow slows[] = {
	{ "the head by the octet", "GET /directory HTTP/1.1\r\n", "a", true, 0 },
	{ "the body by the octet", POST "Content-Length: 60000\r\n\r\n", "{", true, 0 },
	{ "half a head, then nothing", "GET /direct", NULL, true, 0 },
	{ "half a body, then nothing", POST "Content-Length: 9\r\n\r\n{", NULL, true, 0 },
	{ "no request", "", NULL, true, 0 },
	{ "no handshake", "", NULL, false, 0 },
	{ "half a handshake", "\x16\x03\x01\x02", NULL, false, 0 },
	{ "the handshake by the octet", "\x16\x03\x01\x3f", "a", false, 0 },
};

static void *
be_slow(void *arg)
{
	struct slow *s = arg;
	struct wire *w = wire_open(s->tls ? c->trust : NULL, c->host, c->port);
	long began = now_ms();
	char text[512];
	size_t n = 0;

	for (const char *at = s->first; *at != '\0'; at++)
		if (*at == '@')
			n += (size_t)sprintf(text + n, "localhost:%u", c->port);
		else
			text[n++] = *at;
	wire_send(w, text, n);
	wire_patience(w, s->drip == NULL ? 20 : 1);
	while (!wire_ended(w) && now_ms() - began < 5 * LIMIT)
		if (s->drip != NULL)
			wire_send(w, s->drip, 1);
	s->took = now_ms() - began;
	wire_close(w);
	return NULL;
}

/* Takes no reply and asks for more and more, up to 64 MB: what the server keeps of it.  Its time
 * begins when the server has nothing to do any more. */
static void
test_unread(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(scene.server->http_port) };
	static const char get[] = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;
	int fds;
	long before = server_memory(scene.server), start = now_ms(), most = before, took;
	long idle = start, cpu = server_cpu(scene.server);
	size_t sent = 0, len = 1500 * (sizeof(get) - 1);
	char *many = arena_alloc(c->arena, len);

	for (size_t i = 0; i < len; i++)
		many[i] = get[i % (sizeof(get) - 1)];
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	usleep(300000);
	fds = server_fds(scene.server);		/* ours among them */
	while (now_ms() - idle < LIMIT + 2 * LATE) {
		ssize_t n = sent > 64000000 ? 0 : send(fd, many, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0)
			sent += (size_t)n;
		if (server_memory(scene.server) > most)
			most = server_memory(scene.server);
		if (server_cpu(scene.server) > cpu + BUSY) {
			cpu = server_cpu(scene.server);
			idle = now_ms();
		}
		usleep(5000);
		if (server_fds(scene.server) < fds)
			break;
	}
	took = now_ms() - start;
	ok(took > LIMIT - 500 && now_ms() - idle < LIMIT + LATE,
	   "R-14 replies never read: cut after %ld ms, %ld of them idle", took, now_ms() - idle);
	ok(most - before < KEPT, "R-14 of %zu kB sent meanwhile the server kept %ld KiB",
	   sent / 1000, most - before);
	close(fd);
}

/* --- half-open connections -------------------------------------------------- */

static int
connected(bool with_hello)
{
	static const char hello[] = "\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03";
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(c->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		abort();
	if (with_hello && send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) < 0)
		abort();
	return fd;
}

static void
reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static int silent[SILENT], descriptors;
static long memory, began;

/* Connections that say nothing or half a word, and those that go away at every stage. */
static void
vanish(void)
{
	client_get(c, "GET", scene.server->url);
	descriptors = server_fds(scene.server);
	memory = server_memory(scene.server);
	began = now_ms();
	for (size_t i = 0; i < SILENT; i++)
		silent[i] = connected(i % 2 == 0);
	for (int i = 0; i < 200; i++) {
		struct wire *w = wire_open(c->trust, c->host, c->port);

		reset(connected(i % 2 == 0));
		if (i % 2 == 0)
			wire_send_text(w, "GET /direct");
		wire_close(w);
	}
	ok(client_get(c, "GET", scene.server->url) == 200, "R-15 with %d half-open connections "
	   "others are served", SILENT);
	ok(server_memory(scene.server) - memory < GROWTH, "R-15 they take %ld KiB",
	   server_memory(scene.server) - memory);
}

static void
test_vanished(void)
{
	long asked = now_ms();
	int now;

	client_hang_up(c);
	while ((now = server_fds(scene.server)) >= descriptors &&
	       (now_ms() - began < LIMIT + LATE || now_ms() - asked < LATE))
		usleep(100000);
	ok(now < descriptors, "R-15 after %ld ms they are gone: %d descriptors, before %d",
	   now_ms() - began, now, descriptors);
	for (size_t i = 0; i < SILENT; i++)
		close(silent[i]);
	ok(server_memory(scene.server) - memory < GROWTH, "R-15 and %ld KiB more than before",
	   server_memory(scene.server) - memory);
}

int
main(void)
{
	pthread_t threads[COUNT(slows)];

	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", "limits.request=3s",
			 "limits.idle=3s", NULL }))
		return 1;
	c = visitor(&scene);
	vanish();
	for (size_t i = 0; i < COUNT(slows); i++)
		pthread_create(&threads[i], NULL, be_slow, &slows[i]);
	test_refused();
	test_pipeline();
	test_pieces();
	for (size_t i = 0; i < COUNT(slows); i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < COUNT(slows); i++)
		ok(slows[i].took > LIMIT - 300 && slows[i].took < LIMIT + LATE,
		   "R-14 %s: cut after %ld ms", slows[i].what, slows[i].took);
	test_vanished();
	test_unread();
	leave(c);
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* stub.c - asks resolvers that validate, and believes what they say of it: the AD bit
 * (RFC 6840 section 5.7).  Runs on: loop.
 *
 * Only for resolvers on this host or behind a network that nobody else writes to.  AD set
 * is secure.  AD not set is insecure: the resolver found no chain of trust to the zone,
 * for an unsigned zone has none; what it found to be bogus it answers with SERVFAIL, and
 * with an extended error (RFC 8914) if it knows them.
 *
 * Each try has a socket of its own, bound to one server and to a port that the kernel
 * draws, an id and a case of letters that we draw; replies that don't fit all of these are
 * not seen.  A truncated reply is asked for again over TCP.  Nothing is cached. */
#include <arpa/nameser.h>
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rand.h"
#include "va/engine.h"
#include "va/local.h"

/* Queries at a time, each with a socket; others wait.  Those that have waited in vain for
 * their first reply count apart, so that silent name servers hold up nobody else. */
#define BUSY_MAX 512
#define SLOW_MAX 4096
#define TRIES	 3

static const int try_ms[TRIES] = { 1500, 4000, 10000 };

struct server {
	const char	*text;		/* as configured */
	union address	 address;
};

struct stub {
	struct loop	*loop;
	struct server	*servers;
	unsigned	 nserver, first;	/* asked first: the last one that answered */
	unsigned		 busy, slow;
	bool			 taking;	/* of those that wait, now */
	struct query	*waiting, **last;
};

/* In the arena of the flow that asks; ended before it. */
struct query {
	struct stub	*stub;
	struct question	*question;
	struct query	*next, **here;	/* while it waits; else here is NULL */
	unsigned	 tries, server, strays;
	bool		 slow;
	int		 fd;
	struct event	*ready, *timer;	/* NULL: none */
	uint8_t		 bytes[2 + PACKET_QUERY_MAX];	/* TCP's length, the message */
	size_t		 len;		/* of the message */
	uint8_t		 reply[2 + PACKET_UDP_MAX], *whole;	/* of TCP: its length; it */
	size_t		 sent, got;
	int		 rcode;		/* of the last try that failed, and why */
	enum security	 security;
	char		 why[160];
};

static void query_next_try(struct query *x);

/* --- the engine -------------------------------------------------------------------- */

static void *
stub_open(struct loop *l, const struct va *va, struct problem *p)
{
	struct stub *s = calloc(1, sizeof(*s));
	unsigned n = 0;

	(void)p;
	while (va->resolvers[n] != NULL)
		n++;
	assert(n > 0);
	if (s == NULL || (s->servers = calloc(n, sizeof(*s->servers))) == NULL)
		abort();
	s->loop = l;
	s->nserver = n;
	s->last = &s->waiting;
	for (unsigned i = 0; i < n; i++) {
		s->servers[i].text = strdup(va->resolvers[i]);
		if (s->servers[i].text == NULL ||
		    !server_parse(&s->servers[i].address, va->resolvers[i]))
			abort();
	}
	return s;
}

static void
stub_close(void *dns)
{
	struct stub *s = dns;

	assert(s->busy == 0 && s->slow == 0 && s->waiting == NULL);
	for (unsigned i = 0; i < s->nserver; i++)
		free((char *)s->servers[i].text);
	free(s->servers);
	free(s);
}

/* --- one query --------------------------------------------------------------------- */

static void
query_hang_up(struct query *x)
{
	if (x->ready != NULL)
		event_free(x->ready);
	if (x->timer != NULL)
		event_free(x->timer);
	if (x->fd >= 0)
		close(x->fd);
	x->ready = x->timer = NULL;
	x->fd = -1;
}

static void
query_unlink(struct query *x)
{
	*x->here = x->next;
	if (x->next != NULL)
		x->next->here = x->here;
	else
		x->stub->last = x->here;
	x->here = NULL;
}

/* Begins those that wait, as long as there is room; one that ends at once comes back here. */
static void
stub_take(struct stub *s)
{
	if (s->taking)
		return;
	s->taking = true;
	while (s->waiting != NULL && s->busy < BUSY_MAX) {
		struct query *x = s->waiting;

		query_unlink(x);
		s->busy++;
		query_next_try(x);
	}
	s->taking = false;
}

static void
query_end(struct query *x)
{
	query_hang_up(x);
	x->question->query = NULL;
	if (x->slow)
		x->stub->slow--;
	else
		x->stub->busy--;
	stub_take(x->stub);
}

/* Adds what may be forged, or a server that changes what it was asked. */
static void
query_strays(struct query *x)
{
	size_t n = strlen(x->why);

	if (x->strays > 0)
		snprintf(x->why + n, sizeof(x->why) - n, "%sreplies that don't fit the "
			 "question: %u", n > 0 ? "; " : "", x->strays);
}

static void
query_give_up(struct query *x)
{
	query_strays(x);
	x->question->security = x->security;
	query_end(x);
	question_fail(x->question, x->rcode, x->why);
}

static const char *
query_server(const struct query *x)
{
	return x->stub->servers[x->server].text;
}

/* Why the try failed; the server is not asked first any more. */
static void
query_failed(struct query *x, int rcode, const char *why)
{
	struct stub *s = x->stub;

	x->rcode = rcode;
	snprintf(x->why, sizeof(x->why), "%s: %s", query_server(x), why);
	if (s->first == x->server)
		s->first = (s->first + 1) % s->nserver;
}

static void
query_late(evutil_socket_t fd, short what, void *arg)
{
	struct query *x = arg;
	struct stub *s = x->stub;

	(void)fd, (void)what;
	if (!x->slow && s->slow < SLOW_MAX) {
		x->slow = true;
		s->slow++;
		s->busy--;
	}
	query_failed(x, RCODE_SILENCE, "no reply in time");
	query_next_try(x);
	stub_take(s);
}

/* Words for the extended errors that mean "bogus"; NULL: another one. */
static const char *
error_bogus(int error)
{
	static const char *const words[] = {
		[5] = "indeterminate", [6] = "bogus", [7] = "signature expired",
		[8] = "signature not yet valid", [9] = "DNSKEY missing",
		[10] = "RRSIGs missing", [11] = "no zone key bit", [12] = "NSEC missing"
	};

	return error < 5 || error > 12 ? NULL : words[error];
}

/* A reply with an rcode that is no answer.  What is bogus stays so at the next try. */
static void
query_refused(struct query *x, const struct packet *reply)
{
	const char *word = error_bogus(reply->error);
	char why[120] = "";

	if (reply->error >= 0)
		snprintf(why, sizeof(why), "%s (extended error %d)%s%.*s",
			 word != NULL ? word : "failed", reply->error,
			 reply->error_len > 0 ? ": " : "",
			 (int)(reply->error_len < 60 ? reply->error_len : 60),
			 reply->error_len > 0 ? reply->error_text : "");
	query_failed(x, (int)reply->rcode, why[0] != '\0' ? why : "it says no more");
	if (reply->rcode == ns_r_servfail && word != NULL) {
		x->security = SECURITY_BOGUS;
		query_give_up(x);
	} else {
		query_next_try(x);
	}
}

static void
query_answered(struct query *x, const struct packet *reply)
{
	struct question *q = x->question;
	enum security security = reply->authentic ? SECURITY_SECURE : SECURITY_INSECURE;

	if (reply->rcode != ns_r_noerror && reply->rcode != ns_r_nxdomain) {
		query_refused(x, reply);
		return;
	}
	x->stub->first = x->server;
	query_end(x);
	question_reply(q, reply->data, reply->len, security);
}

/* Watches the socket for `what` until the try is over. */
static void
query_watch(struct query *x, short what, event_callback_fn run)
{
	if (x->ready != NULL)
		event_free(x->ready);
	x->ready = event_new(x->stub->loop->base, x->fd, (short)(what | EV_PERSIST), run, x);
	if (x->ready == NULL || event_add(x->ready, NULL) != 0)
		abort();
}

/* A socket of that kind to the server, connected or about to be.  False: errno. */
static bool
query_connect(struct query *x, int kind)
{
	const union address *to = &x->stub->servers[x->server].address;
	socklen_t size = to->sa.sa_family == AF_INET ? sizeof(to->in) : sizeof(to->in6);

	query_hang_up(x);
	x->fd = socket(to->sa.sa_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (x->fd < 0 || (connect(x->fd, &to->sa, size) != 0 && errno != EINPROGRESS))
		return false;
	x->timer = loop_timer(x->stub->loop, try_ms[x->tries - 1], query_late, x);
	return true;
}

/* --- over TCP ---------------------------------------------------------------------- */

static void
tcp_failed(struct query *x, const char *why)
{
	char text[120];

	snprintf(text, sizeof(text), "truncated, and over TCP: %s", why);
	query_failed(x, RCODE_SILENCE, text);
	query_next_try(x);
}

/* The next octets of the length, then of the message.  False: not yet all. */
static bool
tcp_read(struct query *x, ssize_t *n)
{
	size_t want = x->got < 2 ? 2 : 2 + ((size_t)x->reply[0] << 8 | x->reply[1]);

	*n = recv(x->fd, x->got < 2 ? x->reply + x->got : x->whole + x->got - 2,
		  want - x->got, 0);
	if (*n > 0)
		x->got += (size_t)*n;
	if (x->got != 2 || *n <= 0)
		return x->got > 2 && x->got == want;
	want = (size_t)x->reply[0] << 8 | x->reply[1];
	x->whole = arena_alloc(x->question->lookup->flow->arena, want + 1);
	return want == 0;
}

static void
tcp_readable(evutil_socket_t fd, short what, void *arg)
{
	struct query *x = arg;
	struct packet reply;
	ssize_t n;

	(void)fd, (void)what;
	if (!tcp_read(x, &n)) {
		if (n == 0)
			tcp_failed(x, "the connection was closed");
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			tcp_failed(x, strerrordesc_np(errno));
		return;
	}
	if (!packet_parse(&reply, x->whole, x->got - 2) || !packet_fits(&reply, x->bytes + 2) ||
	    reply.truncated)
		tcp_failed(x, "the reply is malformed, or to another question");
	else
		query_answered(x, &reply);
}

static void
tcp_writable(evutil_socket_t fd, short what, void *arg)
{
	struct query *x = arg;
	ssize_t n = send(x->fd, x->bytes + x->sent, x->len + 2 - x->sent, MSG_NOSIGNAL);

	(void)fd, (void)what;
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		tcp_failed(x, strerrordesc_np(errno));
		return;
	}
	x->sent += n > 0 ? (size_t)n : 0;
	if (x->sent == x->len + 2)
		query_watch(x, EV_READ, tcp_readable);
}

static void
tcp_begin(struct query *x)
{
	x->bytes[0] = (uint8_t)(x->len >> 8);
	x->bytes[1] = (uint8_t)x->len;
	x->sent = x->got = 0;
	if (query_connect(x, SOCK_STREAM))
		query_watch(x, EV_WRITE, tcp_writable);
	else
		tcp_failed(x, strerrordesc_np(errno));
}

/* --- over UDP ---------------------------------------------------------------------- */

/* One datagram.  What doesn't fit may be forged: the right one may still come. */
static void
udp_readable(evutil_socket_t fd, short what, void *arg)
{
	struct query *x = arg;
	struct packet reply;
	ssize_t n = recv(x->fd, x->reply, sizeof(x->reply), MSG_TRUNC);

	(void)fd, (void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		query_failed(x, RCODE_SILENCE, strerrordesc_np(errno));
		query_next_try(x);
	} else if ((size_t)n > sizeof(x->reply) || !packet_parse(&reply, x->reply, (size_t)n) ||
		   !packet_fits(&reply, x->bytes + 2)) {
		x->strays++;
	} else if (reply.truncated) {
		tcp_begin(x);
	} else {
		query_answered(x, &reply);
	}
}

static bool
udp_send(struct query *x)
{
	uint8_t random[34];

	rand_bytes(random, sizeof(random));
	x->len = packet_query(x->bytes + 2, (uint16_t)(random[0] << 8 | random[1]),
			      x->question->name, x->question->type, random + 2);
	if (!query_connect(x, SOCK_DGRAM) ||
	    send(x->fd, x->bytes + 2, x->len, MSG_NOSIGNAL) < 0) {
		query_failed(x, RCODE_SILENCE, strerrordesc_np(errno));
		return false;
	}
	query_watch(x, EV_READ, udp_readable);
	return true;
}

/* The servers in turn. */
static void
query_next_try(struct query *x)
{
	while (x->tries < TRIES) {
		x->server = x->tries++ == 0 ? x->stub->first :
			    (x->server + 1) % x->stub->nserver;
		if (udp_send(x))
			return;
	}
	query_give_up(x);
}

/* --- asked and cancelled ----------------------------------------------------------- */

static void
stub_ask(void *dns, struct question *q)
{
	struct stub *s = dns;
	struct query *x = arena_alloc(q->lookup->flow->arena, sizeof(*x));

	x->stub = s;
	x->question = q;
	x->fd = -1;
	if (packet_query(x->bytes + 2, 0, q->name, q->type, NULL) == 0) {
		question_fail(q, ns_r_formerr, "DNS has no room for such a name");
		return;
	}
	q->query = x;
	x->here = s->last;
	*s->last = x;
	s->last = &x->next;
	stub_take(s);
}

static void
stub_cancel(void *dns, struct question *q)
{
	struct query *x = q->query;

	(void)dns;
	query_strays(x);
	q->why = x->why[0] != '\0' ? x->why : NULL;	/* lives as long as the question */
	if (x->here == NULL)
		query_end(x);
	else
		query_unlink(x);
}

const struct engine stub_engine = { stub_open, stub_close, stub_ask, stub_cancel };

/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c - a blocking connection and HTTP/1, for tests. */
#include "tests/wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE 40

struct wire {
	int	 fd;
	SSL	*ssl;
	char	*buf;		/* received, not yet taken */
	size_t	 len, room;
	bool	 ended;		/* by the peer */
};

SSL_CTX *
wire_trust(const char *file)
{
	SSL_CTX *trust = SSL_CTX_new(TLS_client_method());

	if (trust == NULL)
		abort();
	SSL_CTX_set_verify(trust, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_locations(trust, file, NULL) == 1)
		return trust;
	ERR_clear_error();
	SSL_CTX_free(trust);
	return NULL;
}

void
wire_patience(struct wire *w, int seconds)
{
	struct timeval t = { .tv_sec = seconds };

	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

static bool
tls_start(struct wire *w, SSL_CTX *trust, const char *host)
{
	bool good;

	w->ssl = SSL_new(trust);
	if (w->ssl == NULL || SSL_set_fd(w->ssl, w->fd) != 1 ||
	    SSL_set1_host(w->ssl, host) != 1)
		abort();
	SSL_set_tlsext_host_name(w->ssl, host);
	good = SSL_connect(w->ssl) == 1;
	ERR_clear_error();
	return good;
}

struct wire *
wire_open(SSL_CTX *trust, const char *host, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct wire *w = calloc(1, sizeof(*w));
	int on = 1;

	if (w == NULL)
		abort();
	signal(SIGPIPE, SIG_IGN);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		abort();
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	wire_patience(w, PATIENCE);
	if (connect(w->fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    (trust != NULL && !tls_start(w, trust, host))) {
		wire_close(w);
		return NULL;
	}
	return w;
}

void
wire_close(struct wire *w)
{
	if (w == NULL)
		return;
	SSL_free(w->ssl);
	close(w->fd);
	free(w->buf);
	free(w);
}

const char *
wire_serial(const struct wire *w, struct arena *a)
{
	X509 *x = SSL_get1_peer_certificate(w->ssl);
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	char *hex = BN_bn2hex(n);
	const char *out = arena_strdup(a, hex);

	OPENSSL_free(hex);
	BN_free(n);
	X509_free(x);
	return out;
}

void
wire_half_close(struct wire *w)
{
	if (w->ssl != NULL)
		SSL_shutdown(w->ssl);
	shutdown(w->fd, SHUT_WR);
}

bool
wire_send(struct wire *w, const void *data, size_t n)
{
	const char *at = data;

	while (n > 0) {
		size_t part = n > 1 << 20 ? 1 << 20 : n;
		ssize_t sent = w->ssl != NULL ? SSL_write(w->ssl, at, (int)part) :
			       write(w->fd, at, part);

		if (sent < 0 && w->ssl == NULL && errno == EINTR)
			continue;
		if (sent <= 0) {
			ERR_clear_error();
			return false;
		}
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool
wire_send_text(struct wire *w, const char *text)
{
	return wire_send(w, text, strlen(text));
}

/* Some more octets; 0 at the end, -1 when it fails. */
static ssize_t
fill(struct wire *w)
{
	ssize_t n;

	if (w->room - w->len < 16384) {
		w->room = w->room * 2 + 32768;
		w->buf = realloc(w->buf, w->room);
		if (w->buf == NULL)
			abort();
	}
	do {
		errno = 0;
		n = w->ssl != NULL ? SSL_read(w->ssl, w->buf + w->len, 16384) :
		    read(w->fd, w->buf + w->len, 16384);
	} while (n < 0 && w->ssl == NULL && errno == EINTR);
	if (n <= 0 && w->ssl != NULL) {
		bool late = errno == EAGAIN || errno == EWOULDBLOCK;

		ERR_clear_error();
		n = late ? -1 : 0;
	}
	if (n > 0)
		w->len += (size_t)n;
	if (n < 0 && w->ssl == NULL && errno == ECONNRESET)
		n = 0;
	w->ended = n == 0;
	return n;
}

static void
take(struct wire *w, size_t n)
{
	w->len -= n;
	memmove(w->buf, w->buf + n, w->len);
}

/* Everything up to the mark, which is taken too. */
static char *
read_to(struct wire *w, struct arena *a, const char *mark)
{
	size_t n = strlen(mark);
	char *at, *text;

	while (w->len == 0 || (at = memmem(w->buf, w->len, mark, n)) == NULL)
		if (fill(w) <= 0)
			return NULL;
	text = arena_strndup(a, w->buf, (size_t)(at - w->buf));
	take(w, (size_t)(at - w->buf) + n);
	return text;
}

static bool
read_exactly(struct wire *w, struct arena *a, size_t n, struct blob *out)
{
	while (w->len < n)
		if (fill(w) <= 0)
			return false;
	out->data = (const uint8_t *)arena_strndup(a, w->buf == NULL ? "" : w->buf, n);
	out->len = n;
	if (n > 0)
		take(w, n);
	return true;
}

static bool
read_chunks(struct wire *w, struct arena *a, struct reply *r)
{
	for (;;) {
		char *line = read_to(w, a, "\r\n"), *end, *all;
		struct blob part, crlf;
		unsigned long n;

		if (line == NULL || !isxdigit((unsigned char)*line))
			return false;
		n = strtoul(line, &end, 16);
		if (*end != '\0' || !read_exactly(w, a, n, &part) ||
		    !read_exactly(w, a, 2, &crlf) || memcmp(crlf.data, "\r\n", 2) != 0)
			return false;
		if (n == 0)
			return true;
		all = arena_alloc(a, r->body.len + n + 1);
		memcpy(all, r->body.data, r->body.len);
		memcpy(all + r->body.len, part.data, n);
		r->body = (struct blob){ (const uint8_t *)all, r->body.len + n };
	}
}

static bool
read_body(struct wire *w, struct arena *a, struct reply *r, bool head)
{
	ssize_t n;

	r->body.data = (const uint8_t *)"";
	if (head || r->status == 204 || r->status == 304 || r->status < 200)
		return true;
	if (r->chunked)
		return read_chunks(w, a, r);
	if (r->length >= 0)
		return read_exactly(w, a, (size_t)r->length, &r->body);
	while ((n = fill(w)) > 0)
		;
	return n == 0 && read_exactly(w, a, w->len, &r->body);
}

static bool
parse_header(struct reply *r, char *line)
{
	char *colon = strchr(line, ':');

	if (colon == NULL || colon == line || r->nheader == WIRE_HEADERS)
		return false;
	*colon++ = '\0';
	colon += strspn(colon, " \t");
	r->names[r->nheader] = line;
	r->values[r->nheader++] = colon;
	if (strcasecmp(line, "Content-Length") == 0)
		r->length = strtol(colon, NULL, 10);
	if (strcasecmp(line, "Transfer-Encoding") == 0)
		r->chunked = strcasecmp(colon, "chunked") == 0;
	return true;
}

bool
wire_read(struct wire *w, struct arena *a, struct reply *r, bool head)
{
	char *text, *line, *next;
	int status;

	*r = (struct reply){ .length = -1 };
	text = read_to(w, a, "\r\n\r\n");
	if (text == NULL || sscanf(text, "HTTP/1.%1d %3d ", &r->minor, &status) != 2)
		return false;
	line = strstr(text, "\r\n");
	for (line = line == NULL ? NULL : line + 2; line != NULL; line = next) {
		next = strstr(line, "\r\n");
		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		if (!parse_header(r, line))
			return false;
	}
	r->status = status;
	if (read_body(w, a, r, head))
		return true;
	r->status = 0;
	return false;
}

bool
wire_ended(struct wire *w)
{
	return w->ended || (w->len == 0 && fill(w) == 0);
}

const char *
reply_header(const struct reply *r, const char *name, size_t nth)
{
	for (size_t i = 0; i < r->nheader; i++)
		if (strcasecmp(r->names[i], name) == 0 && nth-- == 0)
			return r->values[i];
	return NULL;
}

const char *
reply_only(const struct reply *r, const char *name)
{
	return reply_header(r, name, 1) == NULL ? reply_header(r, name, 0) : NULL;
}

const char *
reply_link(const struct reply *r, struct arena *a, const char *rel, size_t nth)
{
	const char *link, *want = arena_printf(a, ">;rel=\"%s\"", rel), *end;

	for (size_t i = 0; (link = reply_header(r, "Link", i)) != NULL; i++) {
		end = strstr(link, want);
		if (*link == '<' && end != NULL && end[strlen(want)] == '\0' &&
		    strchr(link, '>') == end && nth-- == 0)
			return arena_strndup(a, link + 1, (size_t)(end - link) - 1);
	}
	return NULL;
}

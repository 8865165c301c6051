/* SPDX-License-Identifier: Apache-2.0 */
/* peer.c - one client of the server under test: HTTP/1.1 over TLS, kept alive. */
#include "tests/bench/peer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/options.h"
#include "tests/bench/stats.h"

#define CLOSED "the server closed the connection"

struct peer {
	struct target		*target;
	struct bufferevent	*wire;		/* NULL: no connection */
	SSL			*tls;
	bool			 answered;	/* this connection has, once at least */
	/* the request */
	bool			 busy, head, close, again;
	char			*text;
	size_t			 len, room;
	const char		*fault;		/* why there was no connection */
	char			 why[160];
	void			(*took)(void *arg, const struct answer *answer);
	void			*arg;
};

struct peer *
peer_new(struct target *t)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		abort();
	p->target = t;
	return p;
}

void
peer_free(struct peer *p)
{
	if (p == NULL)
		return;
	peer_hang_up(p);
	free(p->text);
	free(p);
}

void
peer_hang_up(struct peer *p)
{
	if (p->wire == NULL)
		return;
	if (p->tls != NULL && SSL_is_init_finished(p->tls))
		SSL_shutdown(p->tls);
	ERR_clear_error();
	bufferevent_free(p->wire);
	p->wire = NULL;
	p->tls = NULL;
}

bool
peer_is_open(const struct peer *p)
{
	return p->wire != NULL;
}

static void
finish(struct peer *p, const struct answer *answer)
{
	struct target *t = p->target;

	p->busy = false;
	t->busy--;
	t->heard = stats_now();
	if (answer->close || p->close || answer->status == 0)
		peer_hang_up(p);
	p->took(p->arg, answer);
}

static void
fail(struct peer *p, const char *fault)
{
	struct arena *a = arena_new();
	struct answer answer = { .arena = a, .fault = fault, .retry_after = -1 };

	finish(p, &answer);
	arena_free(a);
}

/* From the event loop: there was no connection at all. */
static void
no_connection(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	fail(p, p->fault);
}

static void readable(struct bufferevent *wire, void *arg);
static void happened(struct bufferevent *wire, short what, void *arg);

static int
dial(const struct target *t)
{
	int fd, on = 1;

	fd = socket(t->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&t->address, t->address_len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static bool
open_wire(struct peer *p)
{
	struct target *t = p->target;
	int fd = dial(t);

	if (fd < 0) {
		p->fault = strerror(errno);
		return false;
	}
	if (t->trust == NULL) {
		p->wire = bufferevent_socket_new(t->loop, fd, BEV_OPT_CLOSE_ON_FREE);
	} else {
		p->tls = SSL_new(t->trust);
		if (p->tls == NULL || SSL_set1_host(p->tls, t->host) != 1)
			abort();
		if (!t->numeric)
			SSL_set_tlsext_host_name(p->tls, t->host);
		p->wire = bufferevent_openssl_socket_new(t->loop, fd, p->tls,
							 BUFFEREVENT_SSL_CONNECTING,
							 BEV_OPT_CLOSE_ON_FREE);
	}
	if (p->wire == NULL)
		abort();
	if (p->tls != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(p->wire, 1);
	bufferevent_setcb(p->wire, readable, NULL, happened, p);
	bufferevent_enable(p->wire, EV_READ | EV_WRITE);
	p->answered = false;
	t->opened++;
	return true;
}

static void
transmit(struct peer *p)
{
	struct timeval now = { 0 };

	if (p->wire == NULL && !open_wire(p)) {
		if (event_base_once(p->target->loop, -1, EV_TIMEOUT, no_connection, p, &now) != 0)
			abort();
		return;
	}
	p->target->requests++;
	bufferevent_write(p->wire, p->text, p->len);
}

/* The connection has ended under a request. */
static void
broken(struct peer *p, const char *fault)
{
	if (!p->answered || p->again || evbuffer_get_length(bufferevent_get_input(p->wire)) > 0) {
		fail(p, fault);
		return;
	}
	p->again = true;
	p->target->resent++;
	peer_hang_up(p);
	transmit(p);
}

/* Looks at what has come; false: more is needed. */
static bool
digest(struct peer *p, bool ended)
{
	struct evbuffer *in = bufferevent_get_input(p->wire);
	size_t n = evbuffer_get_length(in);
	struct blob text = { evbuffer_pullup(in, -1), n };
	struct answer answer = { .arena = arena_new() };
	enum parse parse = answer_parse(&answer, text, p->head, ended);

	if (parse == PARSE_DONE) {
		evbuffer_drain(in, n);
		p->answered = true;
		finish(p, &answer);
	}
	arena_free(answer.arena);
	if (parse == PARSE_BAD && n > 0) {
		fail(p, "the reply is not HTTP");
		return true;
	}
	return parse == PARSE_DONE;
}

static void
readable(struct bufferevent *wire, void *arg)
{
	struct peer *p = arg;

	(void)wire;
	if (p->busy)
		digest(p, false);
	else			/* nobody asked */
		peer_hang_up(p);
}

static const char *
reason(struct peer *p, int error)
{
	long verdict = p->tls == NULL ? X509_V_OK : SSL_get_verify_result(p->tls);
	const char *text = NULL;
	unsigned long code;

	if (verdict != X509_V_OK) {
		snprintf(p->why, sizeof(p->why), "its certificate is not trusted: %s",
			 X509_verify_cert_error_string(verdict));
		return p->why;
	}
	while ((code = bufferevent_get_openssl_error(p->wire)) != 0)
		text = ERR_reason_error_string(code);
	if (text != NULL)
		return text;
	return error != 0 ? strerror(error) : CLOSED;
}

static void
happened(struct bufferevent *wire, short what, void *arg)
{
	struct peer *p = arg;
	int error = errno;

	(void)wire;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	if (!p->busy)
		peer_hang_up(p);
	else if (!digest(p, true))
		broken(p, (what & BEV_EVENT_ERROR) != 0 ? reason(p, error) : CLOSED);
}

static void
print(struct peer *p, const struct ask *ask, const char *path)
{
	size_t body = ask->body == NULL ? 0 : strlen(ask->body);
	size_t most = body + strlen(path) + strlen(p->target->authority) + 512;
	int n;

	if (p->room < most) {
		p->room = most * 2;
		p->text = realloc(p->text, p->room);
		if (p->text == NULL)
			abort();
	}
	n = snprintf(p->text, p->room, "%s %s HTTP/1.1\r\nHost: %s\r\n"
		     "User-Agent: brevet-bench/" PACKAGE_VERSION "\r\n%s",
		     ask->method, path, p->target->authority,
		     ask->close ? "Connection: close\r\n" : "");
	if (body > 0)
		n += snprintf(p->text + n, p->room - (size_t)n,
			      "Content-Type: application/jose+json\r\n"
			      "Content-Length: %zu\r\n", body);
	n += snprintf(p->text + n, p->room - (size_t)n, "\r\n%s", body > 0 ? ask->body : "");
	p->len = (size_t)n;
}

void
peer_ask(struct peer *p, const struct ask *ask)
{
	struct target *t = p->target;
	const char *path = target_path(t, ask->url);
	struct timeval now = { 0 };

	p->took = ask->took;
	p->arg = ask->arg;
	p->head = strcmp(ask->method, "HEAD") == 0;
	p->close = ask->close;
	p->again = false;
	p->busy = true;
	if (t->busy++ == 0)
		t->heard = stats_now();
	if (path != NULL) {
		print(p, ask, path);
		transmit(p);
		return;
	}
	p->fault = "a URL that the server gave is not on that server";
	if (event_base_once(t->loop, -1, EV_TIMEOUT, no_connection, p, &now) != 0)
		abort();
}

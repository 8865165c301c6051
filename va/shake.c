/* SPDX-License-Identifier: Apache-2.0 */
/* shake.c - the client's side of a TLS handshake, on libevent (RFC 8737 section 3).
 * Runs on: loop.
 *
 * What the peer sends goes through memory, so that we count it: one read for each
 * event, SHAKE_MAX octets in all.  No application data is ever read or written, and the
 * connection is closed as soon as the handshake is over, so nothing is renegotiated and
 * no session is kept. */
#include "va/shake.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "va/local.h"

static const uint8_t acme_tls[] = "\x0a" "acme-tls/1";	/* as ALPN has it */

static void shake_ready(evutil_socket_t fd, short what, void *arg);

/* The certificate proves control by what is in it, not by who signed it. */
static int
shake_trust(X509_STORE_CTX *store, void *arg)
{
	(void)store, (void)arg;
	return 1;
}

SSL_CTX *
shake_context(void)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	if (c == NULL)
		return NULL;
	SSL_CTX_set_cert_verify_callback(c, shake_trust, NULL);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
			    SSL_OP_NO_TICKET);
	if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
	    SSL_CTX_set_alpn_protos(c, acme_tls, sizeof(acme_tls) - 1) == 0)
		return c;
	SSL_CTX_free(c);
	return NULL;
}

void
shake_cancel(struct shake *x)
{
	if (x->event != NULL)
		event_free(x->event);
	if (x->ssl != NULL || x->event != NULL)
		close(x->fd);
	SSL_free(x->ssl);
	x->event = NULL;
	x->ssl = NULL;
}

static void
shake_over(struct shake *x, enum shake_end end, int error_number)
{
	x->end = end;
	x->error_number = error_number;
	shake_cancel(x);
	flow_wake(x->flow, x->ticket);
}

/* connect_ms counts until the connection stands; then the flow's deadline does. */
static void
shake_watch(struct shake *x, short what)
{
	struct timeval tv = { x->connect_ms / 1000, x->connect_ms % 1000 * 1000 };

	if (x->event != NULL)
		event_free(x->event);
	x->event = event_new(x->flow->loop->base, x->fd, what, shake_ready, x);
	if (x->event == NULL || event_add(x->event, x->connected ? NULL : &tv) != 0)
		abort();
}

static void
certificate_free(void *certificate)
{
	X509_free(certificate);
}

/* What the test of a proof needs of a connection that is about to go. */
static void
shake_keep(struct shake *x)
{
	struct arena *a = x->flow->arena;
	const unsigned char *name;
	unsigned n;

	x->certificate = arena_own(a, SSL_get1_peer_certificate(x->ssl), certificate_free);
	SSL_get0_alpn_selected(x->ssl, &name, &n);
	x->agreed = n == acme_tls[0] && memcmp(name, acme_tls + 1, n) == 0;
	if (n > 0)
		x->protocol = arena_strndup(a, (const char *)name, n);
}

static void
shake_go(struct shake *x)
{
	int done, why;

	ERR_clear_error();
	errno = 0;
	done = SSL_do_handshake(x->ssl);
	why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(x->ssl, done);
	if (why == SSL_ERROR_WANT_READ) {
		shake_watch(x, EV_READ);
	} else if (why == SSL_ERROR_WANT_WRITE) {
		shake_watch(x, EV_WRITE);
	} else if (why == SSL_ERROR_NONE) {
		shake_keep(x);
		SSL_shutdown(x->ssl);
		shake_over(x, SHAKE_DONE, 0);
	} else if (why == SSL_ERROR_SYSCALL) {
		shake_over(x, SHAKE_BROKEN, errno);
	} else {
		x->reason = ERR_peek_error();
		shake_over(x, SHAKE_REFUSED, 0);
	}
	ERR_clear_error();
}

static void
shake_read(struct shake *x)
{
	char data[16384];
	ssize_t n = recv(x->fd, data, sizeof(data), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		shake_watch(x, EV_READ);
	} else if (n <= 0) {
		shake_over(x, SHAKE_BROKEN, n == 0 ? 0 : errno);
	} else if (x->nread == 0 && n >= 5 && memcmp(data, "HTTP/", 5) == 0) {
		shake_over(x, SHAKE_PLAIN, 0);
	} else if (x->nread + (size_t)n > SHAKE_MAX) {
		shake_over(x, SHAKE_LONG, 0);
	} else {
		x->nread += (size_t)n;
		if (BIO_write(SSL_get_rbio(x->ssl), data, (int)n) != n)
			abort();
		shake_go(x);
	}
}

/* The connection stands, or not. */
static void
shake_dialled(struct shake *x)
{
	int error_number = 0;
	socklen_t size = sizeof(error_number);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new_socket(x->fd, BIO_NOCLOSE);

	if (in == NULL || out == NULL || (x->ssl = SSL_new(x->context)) == NULL ||
	    SSL_set_tlsext_host_name(x->ssl, x->name) != 1)
		abort();
	BIO_set_mem_eof_return(in, -1);	/* more may come */
	SSL_set_bio(x->ssl, in, out);
	SSL_set_connect_state(x->ssl);
	getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error_number, &size);
	if (error_number != 0) {
		shake_over(x, SHAKE_UNREACHED, error_number);
		return;
	}
	x->connected = true;
	shake_go(x);
}

static void
shake_ready(evutil_socket_t fd, short what, void *arg)
{
	struct shake *x = arg;

	(void)fd;
	if (what & EV_TIMEOUT)
		shake_over(x, SHAKE_UNREACHED, 0);
	else if (!x->connected)
		shake_dialled(x);
	else if (what & EV_READ)
		shake_read(x);
	else
		shake_go(x);
}

void
shake_start(struct shake *x, struct flow *f, unsigned ticket)
{
	const struct sockaddr *to = &x->address.sa;
	socklen_t size = to->sa_family == AF_INET ? sizeof(x->address.in) :
			 sizeof(x->address.in6);

	x->flow = f;
	x->ticket = ticket;
	x->fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (x->fd >= 0 && (connect(x->fd, to, size) == 0 || errno == EINPROGRESS)) {
		shake_watch(x, EV_WRITE);
		return;
	}
	x->end = SHAKE_UNREACHED;
	x->error_number = errno;
	if (x->fd >= 0)
		close(x->fd);
	flow_wake(f, ticket);
}

/* --- the answer ------------------------------------------------------------------- */

static const char *
shake_connection_why(const struct shake *x)
{
	if (x->end == SHAKE_UNREACHED && x->error_number == 0)
		return "timeout during connect; does a firewall drop packets?";
	if (x->end == SHAKE_UNREACHED && x->error_number == ECONNREFUSED)
		return "connection refused; does a TLS server listen there?";
	if (x->error_number == 0)
		return "the server closed the connection in the handshake";
	return strerrordesc_np(x->error_number);
}

const char *
shake_why(const struct shake *x)
{
	const char *why = ERR_reason_error_string(x->reason);

	switch (x->end) {
	case SHAKE_DONE:
		return "the handshake is complete";
	case SHAKE_UNREACHED:
	case SHAKE_BROKEN:
		return shake_connection_why(x);
	case SHAKE_PLAIN:
		return "the server speaks HTTP, not TLS";
	case SHAKE_LONG:
		return "the server's part of the handshake is longer than 64 kB";
	case SHAKE_REFUSED:
		break;
	}
	if (ERR_GET_REASON(x->reason) == SSL_R_BAD_EXTENSION)	/* OpenSSL's word for it */
		return "bad extension; does the server choose what was not offered by ALPN?";
	return why != NULL ? why : "the handshake failed";
}

bool
shake_problem(const struct shake *x, const char *what, struct problem *p)
{
	bool broken = x->end == SHAKE_UNREACHED || x->end == SHAKE_BROKEN;
	const union address *a = &x->address;
	char addr[64];

	return problem(p, broken ? PROBLEM_CONNECTION : PROBLEM_TLS, "%s: %s port %d: %s", what,
		       address_print(a, addr), address_port(a), shake_why(x));
}

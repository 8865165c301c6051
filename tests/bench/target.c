/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - the server under test. */
#include "tests/bench/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/http.h>
#include <netdb.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_SECONDS 10

static void
release_context(void *ctx)
{
	SSL_CTX_free(ctx);
}

static void
release_certificate(void *cert)
{
	X509_free(cert);
}

/* A certificate that was good once is good: a load that makes a connection for each
 * request need not verify its chain each time. */
static int
verify(X509_STORE_CTX *ctx, void *arg)
{
	struct target *t = arg;
	X509 *cert = X509_STORE_CTX_get0_cert(ctx);
	int good;

	if (cert != NULL && t->known != NULL && X509_cmp(cert, t->known) == 0) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	good = X509_verify_cert(ctx);
	if (good == 1 && t->known == NULL && X509_up_ref(cert) == 1)
		t->known = arena_own(t->arena, cert, release_certificate);
	return good;
}

static bool
trust(struct target *t, const char *ca)
{
	bool good;

	t->trust = arena_own(t->arena, SSL_CTX_new(TLS_client_method()), release_context);
	if (t->trust == NULL)
		abort();
	SSL_CTX_set_verify(t->trust, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(t->trust, verify, t);
	SSL_CTX_set_session_cache_mode(t->trust, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(t->trust, SSL_MODE_RELEASE_BUFFERS);
	good = ca == NULL ? SSL_CTX_set_default_verify_paths(t->trust) == 1 :
	       SSL_CTX_load_verify_file(t->trust, ca) == 1;
	ERR_clear_error();
	if (!good)
		fprintf(stderr, "brevet-bench: cannot read certificates from %s\n", ca);
	return good;
}

/* 0: it accepts connections there; else errno. */
static int
knock(const struct addrinfo *at)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;
	struct timeval patience = { .tv_sec = CONNECT_SECONDS };

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, at->ai_addr, at->ai_addrlen) != 0)
		error = errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(fd);
	return error;
}

static bool
find(struct target *t, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *at;
	const char *why = NULL;
	int error;

	error = getaddrinfo(t->host, port, &hints, &list);
	if (error != 0) {
		fprintf(stderr, "brevet-bench: %s: %s\n", t->host, gai_strerror(error));
		return false;
	}
	for (at = list; at != NULL; at = at->ai_next) {
		error = knock(at);
		if (error == 0)
			break;
		why = strerror(error);
	}
	if (at == NULL) {
		fprintf(stderr, "brevet-bench: cannot connect to %s: %s\n", t->authority, why);
	} else {
		memcpy(&t->address, at->ai_addr, at->ai_addrlen);
		t->address_len = at->ai_addrlen;
	}
	freeaddrinfo(list);
	return at != NULL;
}

static bool
locate(struct target *t, const struct evhttp_uri *uri, const char *ca)
{
	const char *scheme = evhttp_uri_get_scheme(uri), *host = evhttp_uri_get_host(uri);
	bool tls = scheme != NULL && strcasecmp(scheme, "https") == 0;
	struct in6_addr ignored;
	int port = evhttp_uri_get_port(uri);
	size_t n;

	if (host == NULL || *host == '\0' ||
	    (!tls && (scheme == NULL || strcasecmp(scheme, "http") != 0))) {
		fputs("brevet-bench: --directory: not an https URL\n", stderr);
		return false;
	}
	t->host = arena_strdup(t->arena, host + (*host == '['));
	n = strlen(t->host);
	if (n > 0 && t->host[n - 1] == ']')
		t->host[n - 1] = '\0';
	t->numeric = inet_pton(AF_INET, t->host, &ignored) == 1 ||
		     inet_pton(AF_INET6, t->host, &ignored) == 1;
	t->authority = port < 0 ? arena_strdup(t->arena, host) :
		       arena_printf(t->arena, "%s:%d", host, port);
	t->base = arena_printf(t->arena, "%s://%s", tls ? "https" : "http", t->authority);
	if (tls && !trust(t, ca))
		return false;
	return find(t, arena_printf(t->arena, "%d", port > 0 ? port : tls ? 443 : 80));
}

struct target *
target_open(struct event_base *loop, const char *directory, const char *ca)
{
	struct evhttp_uri *uri = evhttp_uri_parse(directory);
	struct arena *a = arena_new();
	struct target *t = arena_alloc(a, sizeof(*t));
	bool good;

	t->arena = a;
	t->loop = loop;
	if (uri == NULL) {
		fputs("brevet-bench: --directory: not a URL\n", stderr);
		arena_free(a);
		return NULL;
	}
	good = locate(t, uri, ca);
	evhttp_uri_free(uri);
	if (good)
		return t;
	arena_free(a);
	return NULL;
}

void
target_close(struct target *t)
{
	if (t != NULL)
		arena_free(t->arena);
}

const char *
target_path(const struct target *t, const char *url)
{
	size_t n = strlen(t->base);

	return strncasecmp(url, t->base, n) == 0 && url[n] == '/' ? url + n : NULL;
}

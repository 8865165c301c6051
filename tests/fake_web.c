/* SPDX-License-Identifier: Apache-2.0 */
/* fake_web.c - a web server on loopback. */
#include "tests/fake_web.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_web {
	int		 fd, quit[2];
	uint16_t	 port;
	fake_serve	*serve;
	SSL_CTX		*tls, *old;
	atomic_uint	 clients, alive;
	pthread_t	 thread;
};

struct fake_client {
	struct fake_web	*web;
	int		 fd;
	SSL		*ssl;
};

bool
fake_write(struct fake_client *c, const void *data, size_t n)
{
	if (!fake_pause(c, 0))
		return false;
	if (c->ssl != NULL)
		return n == 0 || SSL_write(c->ssl, data, (int)n) > 0;
	return send(c->fd, data, n, MSG_NOSIGNAL) == (ssize_t)n;
}

bool
fake_printf(struct fake_client *c, const char *fmt, ...)
{
	va_list ap;
	char *text;
	bool sent;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	sent = fake_write(c, text, (size_t)n);
	free(text);
	return sent;
}

/* The quit pipe is readable for all from the moment the server stops. */
bool
fake_pause(struct fake_client *c, int ms)
{
	struct pollfd fds[2] = { { c->web->quit[0], POLLIN, 0 }, { c->fd, POLLRDHUP, 0 } };

	return poll(fds, 2, ms) == 0;
}

/* Whether to go on, after TLS if it is wanted. */
static bool
client_greet(struct fake_client *c)
{
	char hello[2048];
	ssize_t n;

	if (c->web->tls == NULL)
		return true;
	n = recv(c->fd, hello, sizeof(hello), MSG_PEEK);
	if (n <= 0)
		return false;
	if (memmem(hello, (size_t)n, "stall.test", 10) != NULL)
		fake_pause(c, 10000);
	if (memmem(hello, (size_t)n, "plain.test", 10) != NULL)
		fake_printf(c, "HTTP/1.1 400 Bad Request\r\n\r\n");
	if (memmem(hello, (size_t)n, "stall.test", 10) != NULL ||
	    memmem(hello, (size_t)n, "plain.test", 10) != NULL)
		return false;
	c->ssl = SSL_new(memmem(hello, (size_t)n, "old.test", 8) != NULL ? c->web->old :
			 c->web->tls);
	SSL_set_fd(c->ssl, c->fd);
	return SSL_accept(c->ssl) == 1;
}

static void *
client_main(void *arg)
{
	struct fake_client *c = arg;
	char head[8192];
	size_t len = 0;
	bool greeted = client_greet(c);

	while (greeted && len < sizeof(head) - 1) {
		size_t room = sizeof(head) - 1 - len;
		ssize_t n = c->ssl != NULL ? SSL_read(c->ssl, head + len, (int)room) :
			    recv(c->fd, head + len, room, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n") != NULL) {
			c->web->serve(c, head);
			break;
		}
	}
	if (c->ssl != NULL)
		SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
	atomic_fetch_sub(&c->web->alive, 1);
	free(c);
	return NULL;
}

static void *
web_main(void *arg)
{
	struct fake_web *w = arg;
	struct pollfd fds[2] = { { w->quit[0], POLLIN, 0 }, { w->fd, POLLIN, 0 } };

	while (poll(fds, 2, -1) > 0 && fds[0].revents == 0) {
		struct fake_client *c = calloc(1, sizeof(*c));
		pthread_t thread;

		if (c == NULL)
			abort();
		c->web = w;
		c->fd = accept(w->fd, NULL, NULL);
		atomic_fetch_add(&w->clients, 1);
		atomic_fetch_add(&w->alive, 1);
		if (c->fd < 0 || pthread_create(&thread, NULL, client_main, c) != 0)
			abort();
		pthread_detach(thread);
	}
	return NULL;
}

static SSL_CTX *
context(EVP_PKEY *key, X509 *cert, int least, int most)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL)
		abort();
	SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, least) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, most) != 1)
		abort();
	return ctx;
}

/* Self-signed, for nobody, and expired. */
static void
web_tls(struct fake_web *w)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	if (key == NULL || cert == NULL)
		abort();
	X509_set_version(cert, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(cert), -3600);
	if (X509_set_pubkey(cert, key) != 1 || X509_sign(cert, key, EVP_sha256()) == 0)
		abort();
	w->tls = context(key, cert, TLS1_2_VERSION, TLS1_3_VERSION);
	w->old = context(key, cert, TLS1_VERSION, TLS1_1_VERSION);
	EVP_PKEY_free(key);
	X509_free(cert);
}

/* Takes *port, or sets it to a free one. */
static int
web_listen(const char *addr, uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(*port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(*port) };
	bool six = inet_pton(AF_INET, addr, &in.sin_addr) != 1;
	struct sockaddr *sa = six ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	socklen_t size = six ? sizeof(in6) : sizeof(in);
	int fd = socket(sa->sa_family, SOCK_STREAM, 0);

	if (six && inet_pton(AF_INET6, addr, &in6.sin6_addr) != 1)
		abort();
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, sa, size) != 0 || listen(fd, 256) != 0 || getsockname(fd, sa, &size) != 0)
		abort();
	*port = ntohs(six ? in6.sin6_port : in.sin_port);
	return fd;
}

struct fake_web *
fake_web_start(const char *addr, uint16_t port, bool tls, fake_serve *serve)
{
	struct fake_web *w = calloc(1, sizeof(*w));

	if (w == NULL || pipe(w->quit) != 0)
		abort();
	w->serve = serve;
	if (tls)
		web_tls(w);
	w->port = port;
	w->fd = web_listen(addr, &w->port);
	if (pthread_create(&w->thread, NULL, web_main, w) != 0)
		abort();
	return w;
}

uint16_t
fake_web_port(const struct fake_web *w)
{
	return w->port;
}

unsigned
fake_web_clients(struct fake_web *w)
{
	return atomic_load(&w->clients);
}

void
fake_web_stop(struct fake_web *w)
{
	if (write(w->quit[1], "", 1) != 1)
		abort();
	pthread_join(w->thread, NULL);
	while (atomic_load(&w->alive) > 0)
		usleep(1000);
	close(w->fd);
	close(w->quit[0]);
	close(w->quit[1]);
	SSL_CTX_free(w->tls);
	SSL_CTX_free(w->old);
	free(w);
}

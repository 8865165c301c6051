/* SPDX-License-Identifier: Apache-2.0 */
/* fake_hook.c - a webhook's HTTPS server on loopback. */
#include "tests/fake_hook.h"

#include <arpa/inet.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define HEAD_MAX 8192
#define BODY_MAX (1 << 20)

struct fake_hook {
	int		 fd, quit[2];
	uint16_t	 port;
	SSL_CTX		*tls;
	char		 secret[128];
	_Atomic(const struct hook_plan *) plan;
	atomic_uint	 questions, connections, alive, now, most;
	pthread_t	 thread;
	pthread_mutex_t	 mutex;		/* what follows */
	char		 head[HEAD_MAX];
	char		*body;
};

struct conn {
	struct fake_hook	*hook;
	int			 fd;
	SSL			*ssl;
	char			 head[HEAD_MAX];
	char			*body;
};

/* --- certificates ------------------------------------------------------------------ */

static void
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		abort();
	X509_EXTENSION_free(e);
}

/* Signed by ca, or by itself (ca NULL); valid from an hour ago, for so many seconds. */
static X509 *
make(const char *name, EVP_PKEY *key, const struct hook_ca *ca, long seconds)
{
	X509 *x = X509_new(), *above = ca == NULL ? x : ca->cert;
	static atomic_int serial;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 100 + atomic_fetch_add(&serial, 1));
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), seconds - 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
				   (const uint8_t *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(above));
	X509_set_pubkey(x, key);
	extend(x, above, NID_basic_constraints, ca == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	if (ca != NULL)
		extend(x, above, NID_subject_alt_name, name);
	if (X509_sign(x, ca == NULL ? key : ca->key, EVP_sha256()) <= 0)
		abort();
	return x;
}

struct hook_ca
hook_ca_new(const char *name, const char *pem_file)
{
	struct hook_ca ca = { .key = EVP_EC_gen("P-256") };
	FILE *out = fopen(pem_file, "w");

	ca.cert = make(name, ca.key, NULL, 7 * 86400);
	if (out == NULL || PEM_write_X509(out, ca.cert) != 1 || fclose(out) != 0)
		abort();
	return ca;
}

void
hook_ca_free(struct hook_ca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_free(ca->cert);
}

static SSL_CTX *
context(const struct hook_ca *ca, enum hook_cert cert)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = make(cert == HOOK_OTHER_NAME ? "DNS:other.example.test" :
		       "DNS:" HOOK_HOST ",DNS:two.example.test,IP:127.0.0.1", key, ca,
		       cert == HOOK_EXPIRED ? 1800 : 86400);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (SSL_CTX_use_certificate(ctx, x) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1)
		abort();
	EVP_PKEY_free(key);
	X509_free(x);
	return ctx;
}

/* --- reading ----------------------------------------------------------------------- */

/* Waits so long for the peer to go, or the server to stop (true), or (ms over) not. */
static bool
over(const struct conn *c, int ms)
{
	struct pollfd fds[2] = { { c->hook->quit[0], POLLIN, 0 }, { c->fd, POLLRDHUP, 0 } };

	return poll(fds, 2, ms) != 0;
}

/* Until there is something to read; false: the server stops. */
static bool
readable(const struct conn *c)
{
	struct pollfd fds[2] = { { c->hook->quit[0], POLLIN, 0 }, { c->fd, POLLIN, 0 } };

	if (c->ssl != NULL && SSL_pending(c->ssl) > 0)
		return true;
	return poll(fds, 2, -1) > 0 && fds[0].revents == 0;
}

static int
take(struct conn *c, char *to, size_t n)
{
	if (!readable(c))
		return -1;
	return c->ssl != NULL ? SSL_read(c->ssl, to, (int)n) : (int)recv(c->fd, to, n, 0);
}

/* Head and body of a question; false: there is none. */
static bool
question(struct conn *c)
{
	size_t n = 0, length, got;
	const char *at;
	char *end;

	do {
		int more = n < HEAD_MAX - 1 ? take(c, c->head + n, HEAD_MAX - 1 - n) : -1;

		if (more <= 0)
			return false;
		n += (size_t)more;
		c->head[n] = '\0';
	} while ((end = strstr(c->head, "\r\n\r\n")) == NULL);
	at = strcasestr(c->head, "\r\nContent-Length: ");
	length = at == NULL ? 0 : strtoul(at + 18, NULL, 10);
	if (length > BODY_MAX)
		return false;
	c->body = calloc(1, length + 1);
	got = n - (size_t)(end + 4 - c->head);
	memcpy(c->body, end + 4, got);
	end[2] = '\0';
	while (got < length) {
		int more = take(c, c->body + got, length - got);

		if (more <= 0)
			return false;
		got += (size_t)more;
	}
	return true;
}

static bool
give(struct conn *c, const char *text, size_t n)
{
	if (over(c, 0))
		return false;
	if (c->ssl != NULL)
		return SSL_write(c->ssl, text, (int)n) > 0;
	return send(c->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* --- answering --------------------------------------------------------------------- */

static bool
drip(struct conn *c, const char *text)
{
	for (; *text != '\0'; text++)
		if (!give(c, text, 1) || over(c, 100))
			return false;
	return false;
}

static void
gather(struct conn *c, unsigned n)
{
	for (int i = 0; i < 500 && atomic_load(&c->hook->most) < n && !over(c, 10); i++)
		;
}

/* True: the connection stays. */
static bool
answer(struct conn *c, const struct hook_plan *plan)
{
	switch (plan->how) {
	case HOOK_STALLS:
		over(c, -1);
		return false;
	case HOOK_DRIPS:
		return drip(c, plan->text);
	case HOOK_ENDLESS:
		give(c, plan->text, strlen(plan->text));
		while (give(c, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 48))
			;
		return false;
	case HOOK_HANGS_UP:
		return false;
	case HOOK_GATHERS:
		gather(c, plan->more);
		break;
	case HOOK_SAYS:
		break;
	}
	atomic_fetch_sub(&c->hook->now, 1);	/* once it is told, the next may come */
	return give(c, plan->text, strlen(plan->text)) &&
	       strstr(plan->text, "Content-Length:") != NULL;
}

static void
note(struct conn *c)
{
	struct fake_hook *h = c->hook;
	unsigned now = atomic_fetch_add(&h->now, 1) + 1, most = atomic_load(&h->most);

	while (now > most && !atomic_compare_exchange_weak(&h->most, &most, now))
		;
	pthread_mutex_lock(&h->mutex);
	memcpy(h->head, c->head, sizeof(h->head));
	free(h->body);
	h->body = c->body;
	c->body = NULL;
	pthread_mutex_unlock(&h->mutex);
	atomic_fetch_add(&h->questions, 1);
}

static void *
conn_main(void *arg)
{
	struct conn *c = arg;
	struct fake_hook *h = c->hook;
	const struct hook_plan *plan;
	bool stays = true;

	if (h->tls != NULL) {
		c->ssl = SSL_new(h->tls);
		SSL_set_fd(c->ssl, c->fd);
		stays = readable(c) && SSL_accept(c->ssl) == 1;
	} else {	/* as a web server does that is spoken to in TLS */
		stays = take(c, c->head, sizeof(c->head)) > 0 &&
			give(c, "HTTP/1.1 400 Bad Request\r\n\r\n", 28) && false;
	}
	while (stays && question(c)) {
		plan = atomic_load(&h->plan);
		note(c);
		stays = answer(c, plan);
		if (plan->how != HOOK_SAYS && plan->how != HOOK_GATHERS)
			atomic_fetch_sub(&h->now, 1);
	}
	free(c->body);
	if (c->ssl != NULL && SSL_is_init_finished(c->ssl))
		SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
	atomic_fetch_sub(&h->alive, 1);
	return NULL;
}

static void *
hook_main(void *arg)
{
	struct fake_hook *h = arg;
	struct pollfd fds[2] = { { h->quit[0], POLLIN, 0 }, { h->fd, POLLIN, 0 } };

	while (poll(fds, 2, -1) > 0 && fds[0].revents == 0) {
		struct conn *c = calloc(1, sizeof(*c));
		pthread_t thread;

		if (c == NULL)
			abort();
		c->hook = h;
		c->fd = accept(h->fd, NULL, NULL);
		atomic_fetch_add(&h->connections, 1);
		atomic_fetch_add(&h->alive, 1);
		if (c->fd < 0 || pthread_create(&thread, NULL, conn_main, c) != 0)
			abort();
		pthread_detach(thread);
	}
	return NULL;
}

struct fake_hook *
fake_hook_start(const struct hook_ca *ca, enum hook_cert cert, const char *secret)
{
	static const struct hook_plan yes = {
		HOOK_SAYS, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"allow\":true}", 0
	};
	struct fake_hook *h = calloc(1, sizeof(*h));
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);

	if (h == NULL || pipe(h->quit) != 0)
		abort();
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pthread_mutex_init(&h->mutex, NULL);
	snprintf(h->secret, sizeof(h->secret), "%s", secret);
	atomic_store(&h->plan, &yes);
	if (cert != HOOK_PLAIN)
		h->tls = context(ca, cert);
	h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(h->fd, (struct sockaddr *)&at, size) != 0 || listen(h->fd, 256) != 0 ||
	    getsockname(h->fd, (struct sockaddr *)&at, &size) != 0 ||
	    pthread_create(&h->thread, NULL, hook_main, h) != 0)
		abort();
	h->port = ntohs(at.sin_port);
	return h;
}

uint16_t
fake_hook_port(const struct fake_hook *h)
{
	return h->port;
}

void
fake_hook_plan(struct fake_hook *h, const struct hook_plan *plan)
{
	atomic_store(&h->plan, plan);
}

void
fake_hook_stop(struct fake_hook *h)
{
	if (write(h->quit[1], "", 1) != 1)
		abort();
	pthread_join(h->thread, NULL);
	while (atomic_load(&h->alive) > 0)
		usleep(1000);
	close(h->fd);
	close(h->quit[0]);
	close(h->quit[1]);
	SSL_CTX_free(h->tls);
	pthread_mutex_destroy(&h->mutex);
	free(h->body);
	free(h);
}

/* --- what was asked ------------------------------------------------------------------ */

unsigned
fake_hook_questions(struct fake_hook *h)
{
	return atomic_load(&h->questions);
}

unsigned
fake_hook_connections(struct fake_hook *h)
{
	return atomic_load(&h->connections);
}

unsigned
fake_hook_most(struct fake_hook *h)
{
	return atomic_load(&h->most);
}

/* The value of a header of the last question; "" without. */
static void
header(const char *head, const char *name, char value[128])
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\r\n%s: ", name);
	at = strcasestr(head, line);
	snprintf(value, 128, "%.*s", at == NULL ? 0 : (int)strcspn(at + strlen(line), "\r\n"),
		 at == NULL ? "" : at + strlen(line));
}

static bool
fits(const char *signature, const char *secret, const char *timestamp, const char *body)
{
	char *text, hex[3 + 64 + 1] = "v1=";
	uint8_t mac[32];
	unsigned n;

	if (asprintf(&text, "%s.%s", timestamp, body) < 0 ||
	    HMAC(EVP_sha256(), secret, (int)strlen(secret), (uint8_t *)text, strlen(text), mac,
		 &n) == NULL)
		abort();
	free(text);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 3 + 2 * i, 3, "%02x", mac[i]);
	return strcmp(signature, hex) == 0;
}

bool
fake_hook_signed(struct fake_hook *h)
{
	char signature[128], timestamp[128];
	bool good;
	long age;

	pthread_mutex_lock(&h->mutex);
	header(h->head, "Brevet-Signature", signature);
	header(h->head, "Brevet-Timestamp", timestamp);
	age = (long)clock_now() - strtol(timestamp, NULL, 10);
	good = h->body != NULL && age >= 0 && age <= 30 &&
	       fits(signature, h->secret, timestamp, h->body);
	pthread_mutex_unlock(&h->mutex);
	return good;
}

bool
fake_hook_tampered(struct fake_hook *h)
{
	char signature[128], timestamp[128], secret[128];
	bool bad;

	pthread_mutex_lock(&h->mutex);
	header(h->head, "Brevet-Signature", signature);
	header(h->head, "Brevet-Timestamp", timestamp);
	snprintf(secret, sizeof(secret), "%s", h->secret);
	secret[0] ^= 1;
	bad = !fits(signature, secret, timestamp, h->body);
	timestamp[strlen(timestamp) - 1] ^= 1;
	bad = bad && !fits(signature, h->secret, timestamp, h->body);
	timestamp[strlen(timestamp) - 1] ^= 1;
	h->body[strlen(h->body) / 2] ^= 1;
	bad = bad && !fits(signature, h->secret, timestamp, h->body);
	h->body[strlen(h->body) / 2] ^= 1;
	pthread_mutex_unlock(&h->mutex);
	return bad;
}

bool
fake_hook_head(struct fake_hook *h, const char *line)
{
	bool there;

	pthread_mutex_lock(&h->mutex);
	there = strcasestr(h->head, line) != NULL;
	pthread_mutex_unlock(&h->mutex);
	return there;
}

json_t *
fake_hook_body(struct fake_hook *h)
{
	json_t *j;

	pthread_mutex_lock(&h->mutex);
	j = h->body == NULL ? NULL : json_loads(h->body, JSON_REJECT_DUPLICATES, NULL);
	pthread_mutex_unlock(&h->mutex);
	return j;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fake_alpn.c - a responder of tls-alpn-01 on loopback. */
#include "tests/fake_alpn.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACME_IDENTIFIER "1.3.6.1.5.5.7.1.31"

struct fake_alpn {
	int			 fds[2], quit[2];	/* IPv4, IPv6 or -1 */
	uint16_t		 port;
	pthread_t		 thread;
	pthread_mutex_t		 mutex;			/* of what follows */
	const struct fake_alpn_case *now;
	SSL_CTX			*context;
	struct fake_alpn_seen	 seen;
	atomic_uint		 clients;
	sem_t			 ended;
};

/* --- the certificate ------------------------------------------------------------------- */

static void
add_extension(X509 *cert, X509_EXTENSION *e)
{
	if (e == NULL || X509_add_ext(cert, e, -1) != 1)
		abort();
	X509_EXTENSION_free(e);
}

static X509_EXTENSION *
raw_extension(const char *id, bool critical, const void *data, size_t n)
{
	ASN1_OBJECT *object = OBJ_txt2obj(id, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	if (octets == NULL || ASN1_OCTET_STRING_set(octets, data, (int)n) != 1)
		abort();
	e = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
	ASN1_OBJECT_free(object);
	ASN1_OCTET_STRING_free(octets);
	return e;
}

static void
add_names(X509 *cert, const char *san)
{
	char text[600], *save, *one;

	snprintf(text, sizeof(text), "%s", san == NULL ? "" : san);
	for (one = strtok_r(text, "|", &save); one != NULL; one = strtok_r(NULL, "|", &save))
		add_extension(cert, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, one));
}

/* The content of the extension; returns how long it is. */
static size_t
proof_octets(enum fake_proof proof, const char *key_auth, uint8_t out[64])
{
	uint8_t digest[33] = { 0 };
	size_t n = proof == OCTETS_31 ? 31 : proof == OCTETS_33 ? 33 : 32, head = 0;

	EVP_Digest(key_auth, strlen(key_auth), digest, NULL, EVP_sha256(), NULL);
	digest[17] ^= proof == BIT_OFF ? 4 : 0;
	if (proof == AS_TEXT) {
		out[head++] = 4;
		out[head++] = 44;
		return head + (size_t)EVP_EncodeBlock(out + head, digest, 32);
	}
	if (proof != BARE) {
		out[head++] = 4;
		if (proof == LONG_FORM)
			out[head++] = 0x81;
		out[head++] = (uint8_t)n;
	}
	memcpy(out + head, digest, n);
	out[head + n] = 0;
	return head + n + (proof == TRAILING);
}

static void
add_proof(X509 *cert, enum fake_proof proof, const char *key_auth)
{
	const char *id = proof == OLD_OID ? "1.3.6.1.5.5.7.1.30.1" : ACME_IDENTIFIER;
	uint8_t octets[64];
	size_t n = proof_octets(proof, key_auth, octets);

	if (proof != NONE)
		add_extension(cert, raw_extension(id, proof != NOT_CRITICAL, octets, n));
	if (proof == TWICE)
		add_extension(cert, raw_extension(id, true, octets, n));
}

static X509 *
certificate(const struct fake_alpn_case *c, const char *key_auth, EVP_PKEY *key)
{
	EVP_PKEY *signer = c->signer == OTHER_KEY ? EVP_EC_gen("P-256") : key;
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	if (cert == NULL || signer == NULL)
		abort();
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(cert), c->signer == EXPIRED ? -3600 : 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"a.test", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	if (c->signer == OTHER_NAME)
		X509_NAME_add_entry_by_txt(X509_get_issuer_name(cert), "O", MBSTRING_ASC,
					   (const uint8_t *)"Other", -1, -1, 0);
	X509_set_pubkey(cert, key);
	add_names(cert, c->san);
	add_proof(cert, c->proof, key_auth);
	if (X509_sign(cert, signer, EVP_sha256()) == 0)
		abort();
	if (signer != key)
		EVP_PKEY_free(signer);
	return cert;
}

/* --- the server ------------------------------------------------------------------------- */

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *nout,
		const unsigned char *in, unsigned n, void *arg)
{
	struct fake_alpn *s = arg;
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const char *chosen = s->now->manner == H2 ? "h2" : "acme-tls/1";

	snprintf(s->seen.sni, sizeof(s->seen.sni), "%s", sni == NULL ? "" : sni);
	s->seen.nalpn = n < sizeof(s->seen.alpn) ? n : 0;
	memcpy(s->seen.alpn, in, s->seen.nalpn);
	*out = (const unsigned char *)chosen;
	*nout = (unsigned char)strlen(chosen);
	return s->now->manner == NO_ALPN ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
}

/* Another certificate of so many octets behind the first. */
static void
add_chain(SSL_CTX *ctx, X509 *cert, EVP_PKEY *key, size_t n)
{
	X509 *more = X509_dup(cert);
	uint8_t *junk = calloc(1, n);

	if (more == NULL || junk == NULL)
		abort();
	add_extension(more, raw_extension("1.2.3.4", false, junk, n));
	X509_sign(more, key, EVP_sha256());
	SSL_CTX_add_extra_chain_cert(ctx, more);
	free(junk);
}

static SSL_CTX *
context(struct fake_alpn *s, const struct fake_alpn_case *c, const char *key_auth)
{
	EVP_PKEY *key = c->signer == RSA_KEY ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *cert = certificate(c, key_auth, key);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	bool old = c->manner == TLS_1_1, two = c->manner == TLS_1_2 || c->manner == NEW_HANDSHAKE;

	if (ctx == NULL)
		abort();
	SSL_CTX_set_security_level(ctx, 0);
	if (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, old ? TLS1_1_VERSION : two ? TLS1_2_VERSION :
					  TLS1_3_VERSION) != 1)
		abort();
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, s);
	if (c->manner == ASKS_BACK)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (c->manner == TICKETS)
		SSL_CTX_set_num_tickets(ctx, 8);
	if (c->manner == HUGE || c->manner == BIG)
		add_chain(ctx, cert, key, c->manner == HUGE ? 1 << 20 : 80 << 10);
	EVP_PKEY_free(key);
	X509_free(cert);
	return ctx;
}

/* Until the peer goes, or the server stops. */
static void
pause_until_gone(struct fake_alpn *s, int fd)
{
	struct pollfd fds[2] = { { s->quit[0], POLLIN, 0 }, { fd, POLLRDHUP, 0 } };

	poll(fds, 2, 10000);
}

static void
send_text(int fd, const char *text, size_t n)
{
	if (send(fd, text, n, MSG_NOSIGNAL) < 0)
		return;
}

/* True: this is no case for TLS, and is over. */
static bool
serve_raw(struct fake_alpn *s, int fd, enum fake_manner manner)
{
	static const char request[] = "\x16\x03\x03\x00\x04\x00\x00\x00\x00";
	struct linger now = { 1, 0 };
	char hello[4096];

	if (manner < SILENT)
		return false;
	if (recv(fd, hello, sizeof(hello), 0) <= 0)
		return true;
	if (manner == HALF)
		send_text(fd, "\x16\x03\x03\x00\x7a\x02\x00\x00", 8);
	if (manner == PLAIN)
		send_text(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	if (manner == ALERTS)
		send_text(fd, "\x15\x03\x03\x00\x02\x02\x78", 7);
	while (manner == FLOOD && send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
		;
	if (manner == SILENT || manner == HALF)
		pause_until_gone(s, fd);
	if (manner == RESETS)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return true;
}

static void
serve_one(struct fake_alpn *s, int fd)
{
	char data[16];
	SSL *ssl;

	s->seen = (struct fake_alpn_seen){ .data = false };
	if (s->now == NULL || serve_raw(s, fd, s->now->manner))
		return;
	ssl = SSL_new(s->context);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		s->seen.resumed = SSL_session_reused(ssl);
		if (s->now->manner == NEW_HANDSHAKE && SSL_renegotiate(ssl) == 1)
			SSL_do_handshake(ssl);
		s->seen.data = SSL_read(ssl, data, sizeof(data)) > 0;
	}
	SSL_free(ssl);
}

static void *
server_main(void *arg)
{
	struct fake_alpn *s = arg;
	struct pollfd fds[3] = { { s->quit[0], POLLIN, 0 }, { s->fds[0], POLLIN, 0 },
				 { s->fds[1], POLLIN, 0 } };

	while (poll(fds, 3, -1) > 0 && fds[0].revents == 0)
		for (int i = 1; i <= 2; i++) {
			struct timeval patience = { .tv_sec = 5 };
			int fd = fds[i].revents == 0 ? -1 : accept(fds[i].fd, NULL, NULL);

			if (fd < 0)
				continue;
			atomic_fetch_add(&s->clients, 1);
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
			pthread_mutex_lock(&s->mutex);
			serve_one(s, fd);
			pthread_mutex_unlock(&s->mutex);
			close(fd);
			sem_post(&s->ended);
		}
	return NULL;
}

/* -1: there is no such address. */
static int
listen_at(const char *addr, uint16_t *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(*port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(*port) };
	bool six = inet_pton(AF_INET, addr, &in.sin_addr) != 1;
	struct sockaddr *sa = six ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	socklen_t size = six ? sizeof(in6) : sizeof(in);
	int fd = socket(sa->sa_family, SOCK_STREAM, 0);

	if (six)
		inet_pton(AF_INET6, addr, &in6.sin6_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (fd >= 0 && (bind(fd, sa, size) != 0 || listen(fd, 64) != 0 ||
			getsockname(fd, sa, &size) != 0)) {
		close(fd);
		return -1;
	}
	*port = ntohs(six ? in6.sin6_port : in.sin_port);
	return fd;
}

struct fake_alpn *
fake_alpn_start(void)
{
	struct fake_alpn *s = calloc(1, sizeof(*s));

	if (s == NULL || pipe(s->quit) != 0)
		abort();
	s->fds[0] = listen_at("127.0.0.1", &s->port);
	s->fds[1] = listen_at("::1", &s->port);
	sem_init(&s->ended, 0, 0);
	pthread_mutex_init(&s->mutex, NULL);
	if (s->fds[0] < 0 || pthread_create(&s->thread, NULL, server_main, s) != 0)
		abort();
	return s;
}

uint16_t
fake_alpn_port(const struct fake_alpn *s)
{
	return s->port;
}

bool
fake_alpn_six(const struct fake_alpn *s)
{
	return s->fds[1] >= 0;
}

unsigned
fake_alpn_clients(struct fake_alpn *s)
{
	return atomic_load(&s->clients);
}

void
fake_alpn_serve(struct fake_alpn *s, const struct fake_alpn_case *c, const char *key_auth)
{
	pthread_mutex_lock(&s->mutex);
	SSL_CTX_free(s->context);
	s->context = c->manner < SILENT ? context(s, c, key_auth) : NULL;
	s->now = c;
	pthread_mutex_unlock(&s->mutex);
}

struct fake_alpn_seen
fake_alpn_wait(struct fake_alpn *s)
{
	struct fake_alpn_seen seen;

	while (sem_wait(&s->ended) != 0)
		;
	pthread_mutex_lock(&s->mutex);
	seen = s->seen;
	pthread_mutex_unlock(&s->mutex);
	return seen;
}

void
fake_alpn_stop(struct fake_alpn *s)
{
	if (write(s->quit[1], "", 1) != 1)
		abort();
	pthread_join(s->thread, NULL);
	for (int i = 0; i < 2; i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	close(s->quit[0]);
	close(s->quit[1]);
	SSL_CTX_free(s->context);
	sem_destroy(&s->ended);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

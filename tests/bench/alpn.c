/* SPDX-License-Identifier: Apache-2.0 */
/* alpn.c - answers tls-alpn-01: a handshake with the name's certificate, and no more. */
#include "tests/bench/alpn.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/listen.h"
#include "tests/bench/table.h"

#define PATIENCE 30		/* seconds for a handshake */

struct alpn {
	struct event_base	*loop;
	struct evconnlistener	*listener;
	SSL_CTX			*context;
	EVP_PKEY		*key;		/* of all certificates */
	struct table		 names;		/* their certificates */
	struct visit		*visits;
	uint64_t		 hits, misses;
};

struct visit {
	struct visit		*next, **link;
	struct bufferevent	*wire;
};

/* --- Certificates ------------------------------------------------------------------------- */

static void
add(X509 *cert, X509_EXTENSION *e)
{
	if (e == NULL || X509_add_ext(cert, e, -1) != 1)
		abort();
	X509_EXTENSION_free(e);
}

/* acmeIdentifier, critical: an OCTET STRING of the digest. */
static X509_EXTENSION *
proof(const char *key_auth)
{
	ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	uint8_t octets[34] = { 0x04, 32 };
	X509_EXTENSION *e;

	if (EVP_Digest(key_auth, strlen(key_auth), octets + 2, NULL, EVP_sha256(), NULL) != 1 ||
	    data == NULL || ASN1_OCTET_STRING_set(data, octets, sizeof(octets)) != 1)
		abort();
	e = X509_EXTENSION_create_by_OBJ(NULL, id, 1, data);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(id);
	return e;
}

static X509 *
certificate(const struct alpn *alpn, const char *name, const char *key_auth)
{
	X509 *cert = X509_new();
	char san[300];

	snprintf(san, sizeof(san), "DNS:%.253s", name);
	if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(cert), -3600) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(cert), 86400) == NULL ||
	    X509_set_pubkey(cert, alpn->key) != 1)
		abort();
	add(cert, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san));
	add(cert, proof(key_auth));
	if (X509_sign(cert, alpn->key, EVP_sha256()) == 0)
		abort();
	return cert;
}

void
alpn_put(struct alpn *alpn, const char *name, const char *key_auth)
{
	X509_free(table_put(&alpn->names, name, certificate(alpn, name, key_auth)));
}

void
alpn_drop(struct alpn *alpn, const char *name)
{
	X509_free(table_drop(&alpn->names, name));
}

/* From OpenSSL, in a handshake: 0 ends it. */
static int
choose(SSL *ssl, void *arg)
{
	struct alpn *alpn = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	X509 *cert = name == NULL ? NULL : table_get(&alpn->names, name, strlen(name));

	alpn->hits++;
	alpn->misses += cert == NULL;
	return cert != NULL && SSL_use_certificate(ssl, cert) == 1 &&
	       SSL_use_PrivateKey(ssl, alpn->key) == 1;
}

static int
agree(SSL *ssl, const unsigned char **out, unsigned char *nout, const unsigned char *in,
      unsigned n, void *arg)
{
	static const unsigned char ours[] = "\x0a" "acme-tls/1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, nout, ours, sizeof(ours) - 1, in, n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* --- Connections -------------------------------------------------------------------------- */

static void
leave(struct visit *v)
{
	*v->link = v->next;
	if (v->next != NULL)
		v->next->link = v->link;
	bufferevent_free(v->wire);
	free(v);
	ERR_clear_error();
}

/* The server closes a connection when the handshake is complete; whatever else comes, too,
 * is its end. */
static void
happened(struct bufferevent *wire, short what, void *arg)
{
	(void)wire;
	if ((what & BEV_EVENT_CONNECTED) == 0)
		leave(arg);
}

static void
visited(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	static const struct timeval patience = { .tv_sec = PATIENCE };
	struct alpn *alpn = arg;
	struct visit *v = calloc(1, sizeof(*v));
	SSL *ssl = SSL_new(alpn->context);

	(void)l;
	(void)from;
	(void)len;
	if (v == NULL || ssl == NULL)
		abort();
	v->wire = bufferevent_openssl_socket_new(alpn->loop, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
						 BEV_OPT_CLOSE_ON_FREE);
	if (v->wire == NULL)
		abort();
	v->next = alpn->visits;
	v->link = &alpn->visits;
	if (v->next != NULL)
		v->next->link = &v->next;
	alpn->visits = v;
	bufferevent_setcb(v->wire, NULL, NULL, happened, v);
	bufferevent_set_timeouts(v->wire, &patience, &patience);
	bufferevent_enable(v->wire, EV_READ | EV_WRITE);
}

struct alpn *
alpn_open(struct event_base *loop, const char *address)
{
	union place at;
	int len;
	struct alpn *alpn;

	if (!place_parse(&at, &len, "tls", address))
		return NULL;
	alpn = calloc(1, sizeof(*alpn));
	if (alpn == NULL)
		abort();
	alpn->loop = loop;
	alpn->key = EVP_EC_gen("P-256");
	alpn->context = SSL_CTX_new(TLS_server_method());
	if (alpn->key == NULL || alpn->context == NULL)
		abort();
	SSL_CTX_set_session_cache_mode(alpn->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(alpn->context, 0);
	SSL_CTX_set_cert_cb(alpn->context, choose, alpn);
	SSL_CTX_set_alpn_select_cb(alpn->context, agree, NULL);
	alpn->listener = listen_at(loop, &at, len, "tls", visited, alpn);
	if (alpn->listener != NULL)
		return alpn;
	alpn_close(alpn);
	return NULL;
}

void
alpn_close(struct alpn *alpn)
{
	if (alpn == NULL)
		return;
	while (alpn->visits != NULL)
		leave(alpn->visits);
	table_clear(&alpn->names);
	if (alpn->listener != NULL)
		evconnlistener_free(alpn->listener);
	SSL_CTX_free(alpn->context);
	EVP_PKEY_free(alpn->key);
	free(alpn);
}

uint64_t
alpn_hits(const struct alpn *alpn)
{
	return alpn->hits;
}

uint64_t
alpn_misses(const struct alpn *alpn)
{
	return alpn->misses;
}

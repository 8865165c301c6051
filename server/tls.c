/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c - the server side of TLS. */
#include "server/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

DEFER(BIO, BIO_free)
DEFER(X509, X509_free)

/* No ACME client needs HTTP/2: one protocol is offered, others are not refused. */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *outlen,
		const unsigned char *in, unsigned inlen, void *arg)
{
	static const unsigned char http11[] = "\x08http/1.1";

	(void)ssl, (void)arg;
	if (SSL_select_next_proto((unsigned char **)out, outlen, http11, sizeof(http11) - 1, in,
				  inlen) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	return SSL_TLSEXT_ERR_OK;
}

#define KEY_UPDATES_MAX 32		/* of a connection; clients send hardly one */

/* TLS 1.3 key updates cost us, not the peer: a flood of them ends the connection.  From
 * here on OpenSSL throws away what it reads. */
static void
watch_messages(int outgoing, int version, int type, const void *data, size_t len, SSL *ssl,
	       void *arg)
{
	intptr_t seen;

	(void)version, (void)arg;
	if (outgoing || type != SSL3_RT_HANDSHAKE || len < 1 ||
	    *(const uint8_t *)data != SSL3_MT_KEY_UPDATE)
		return;
	seen = (intptr_t)SSL_get_app_data(ssl) + 1;
	SSL_set_app_data(ssl, (void *)seen);
	if (seen > KEY_UPDATES_MAX)
		SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN | SSL_SENT_SHUTDOWN);
}

static bool
use_chain(SSL_CTX *ctx, const char *pem)
{
	defer(BIO) *bio = BIO_new_mem_buf(pem, -1);
	defer(X509) *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	X509 *above;

	if (leaf == NULL || SSL_CTX_use_certificate(ctx, leaf) != 1)
		return false;
	while ((above = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(ctx, above) != 1) {
			X509_free(above);
			return false;
		}
	ERR_clear_error();
	return true;
}

SSL_CTX *
tls_context(const struct own_certificate *own)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	defer(EVP_PKEY) *key = key_private_parse(own->key_der);

	if (ctx == NULL || key == NULL || !use_chain(ctx, own->chain_pem) ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
		ERR_clear_error();
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
			    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384");
	SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
				 "TLS_CHACHA20_POLY1305_SHA256");
	SSL_CTX_set_msg_callback(ctx, watch_messages);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return ctx;
}

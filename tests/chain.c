/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c - judges a certificate chain, for tests. */
#include "tests/chain.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BEGIN "-----BEGIN CERTIFICATE-----\n"

size_t
chain_length(const char *pem)
{
	size_t n = 0;

	while ((pem = strstr(pem, BEGIN)) != NULL) {
		pem += strlen(BEGIN);
		n++;
	}
	return n;
}

/* Only certificates, each with its own end of line, nothing between them. */
static bool
strict(const char *pem)
{
	size_t n = strlen(pem), blocks = 0;

	for (const char *at = pem; (at = strstr(at, "-----BEGIN ")) != NULL; at += 10)
		blocks++;
	return n > 0 && pem[n - 1] == '\n' && strstr(pem, "\n\n") == NULL &&
	       strchr(pem, '\r') == NULL && strncmp(pem, BEGIN, strlen(BEGIN)) == 0 &&
	       blocks == chain_length(pem);
}

static STACK_OF(X509) *
read_all(const char *pem)
{
	STACK_OF(X509) *list = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509 *one;

	while ((one = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		sk_X509_push(list, one);
	ERR_clear_error();
	BIO_free(in);
	return list;
}

static bool
verifies(STACK_OF(X509) *list, const char *root_file)
{
	X509_STORE *trusted = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool good = X509_STORE_load_file(trusted, root_file) == 1 &&
		    X509_STORE_CTX_init(ctx, trusted, sk_X509_value(list, 0), list) == 1;

	if (good) {
		X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
		X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx),
					    X509_V_FLAG_X509_STRICT);
		good = X509_verify_cert(ctx) == 1;
	}
	if (!good)
		fprintf(stderr, "# %s\n", X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(trusted);
	ERR_clear_error();
	return good;
}

/* Exactly these names: as many, and each of them is there. */
static bool
named(X509 *leaf, const char *const *names, size_t n)
{
	GENERAL_NAMES *san = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool all = sk_GENERAL_NAME_num(san) == (int)n;

	for (size_t i = 0; i < n && all; i++) {
		bool there = false;

		for (int k = 0; k < sk_GENERAL_NAME_num(san); k++) {
			const GENERAL_NAME *g = sk_GENERAL_NAME_value(san, k);

			there = there || (g->type == GEN_DNS &&
				(size_t)ASN1_STRING_length(g->d.dNSName) == strlen(names[i]) &&
				strncasecmp((const char *)ASN1_STRING_get0_data(g->d.dNSName),
					    names[i], strlen(names[i])) == 0);
		}
		all = there;
	}
	GENERAL_NAMES_free(san);
	return all;
}

const char *
chain_wrong(const char *pem, const char *root_file, const char *const *names, size_t n,
	    EVP_PKEY *key)
{
	STACK_OF(X509) *list = read_all(pem);
	const char *what = NULL;
	X509 *leaf;

	if (!strict(pem))
		what = "not strict PEM";
	else if (sk_X509_num(list) < 2)
		what = "less than two certificates";
	else if (!verifies(list, root_file))
		what = "it does not verify";
	leaf = sk_X509_value(list, 0);
	if (what == NULL && !named(leaf, names, n))
		what = "other names";
	if (what == NULL && EVP_PKEY_eq(X509_get0_pubkey(leaf), key) != 1)
		what = "another key";
	sk_X509_pop_free(list, X509_free);
	return what;
}

const char *
chain_serial(struct arena *a, const char *pem)
{
	STACK_OF(X509) *list = read_all(pem);
	const char *out = NULL;
	BIGNUM *n;
	char *hex;

	if (sk_X509_num(list) > 0) {
		n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(sk_X509_value(list, 0)), NULL);
		hex = BN_bn2hex(n);
		out = arena_strdup(a, hex);
		OPENSSL_free(hex);
		BN_free(n);
	}
	sk_X509_pop_free(list, X509_free);
	return out;
}

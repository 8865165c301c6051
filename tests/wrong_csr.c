/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_csr.c - wrong certification requests, and keys that nobody should take. */
#include <openssl/bn.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "tests/wrong.h"

#define NAMES "DNS:n0.example.test,DNS:n1.example.test"

EVP_PKEY *
key_of_kind(struct bench *b, const char *kind)
{
	static const char *const kinds[] = {
		"ES256", "ES384", "ES512", "RS256", "EdDSA", "rsa1024", "rsa1536", "rsa2047",
		"rsa5120", "rsa-e3", "P-224", "secp256k1", "ed448", NULL
	};
	size_t i = 0;

	while (kinds[i] != NULL && strcmp(kinds[i], kind) != 0)
		i++;
	if (kinds[i] == NULL)
		abort();
	if (b->others[i] != NULL)
		return b->others[i];
	if (strcmp(kind, "rsa-e3") == 0) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
		BIGNUM *e = BN_new();

		BN_set_word(e, 3);
		if (EVP_PKEY_keygen_init(ctx) != 1 ||
		    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) != 1 ||
		    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) != 1 ||
		    EVP_PKEY_keygen(ctx, &b->others[i]) != 1)
			abort();
		BN_free(e);
		EVP_PKEY_CTX_free(ctx);
	} else if (strncmp(kind, "rsa", 3) == 0) {
		b->others[i] = key_new_rsa((unsigned)strtoul(kind + 3, NULL, 10));
	} else if (strcmp(kind, "P-224") == 0 || strcmp(kind, "secp256k1") == 0) {
		b->others[i] = EVP_EC_gen(kind);
	} else if (strcmp(kind, "ed448") == 0) {
		b->others[i] = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
	} else {
		b->others[i] = key_new(kind);
	}
	return b->others[i];
}

/* "cn=", "san=", "key=", "version=", "digest=", "ext=NAME:VALUE", "der=" (what is done to
 * the octets). */
struct csr_wish {
	struct csr_plan	 plan;
	const char	*extensions[9];
	size_t		 nextension;
	const char	*der;
};

static void
wish(struct bench *b, struct csr_wish *w, const char *part, const char *value)
{
	if (strcmp(part, "cn") == 0) {
		w->plan.cn = fill(b, value);
	} else if (strcmp(part, "san") == 0) {
		w->plan.san = *value == '\0' ? NULL : fill(b, value);
	} else if (strcmp(part, "key") == 0) {
		w->plan.key = strcmp(value, "account") == 0 ? b->c->key :
			      strcmp(value, "stranger") == 0 ? b->stranger :
			      key_of_kind(b, value);
	} else if (strcmp(part, "version") == 0) {
		w->plan.version = strtol(value, NULL, 10);
	} else if (strcmp(part, "digest") == 0) {
		w->plan.digest = EVP_get_digestbyname(value);
	} else if (strcmp(part, "ext") == 0) {
		char *name = arena_strdup(b->c->arena, value), *colon = strchr(name, ':');

		*colon = '\0';
		w->extensions[w->nextension++] = name;
		w->extensions[w->nextension++] = colon + 1;
	} else {
		w->der = value;
	}
}

/* Replaces one text of the DER by another of the same length. */
static void
swap(struct blob der, const char *from, const char *to, size_t n)
{
	uint8_t *at = memmem(der.data, der.len, from, n);

	if (at == NULL)
		abort();
	memcpy(at, to, n);
}

static struct blob
csr_damage(struct bench *b, struct blob der, const char *how)
{
	uint8_t *copy = arena_alloc(b->c->arena, der.len + 2);

	memcpy(copy, der.data, der.len);
	der.data = copy;
	if (strcmp(how, "trailing") == 0)
		der.len++;
	else if (strcmp(how, "short") == 0)
		der.len--;
	else if (strcmp(how, "signature") == 0)
		copy[der.len - 4] ^= 1;
	else if (strcmp(how, "nul") == 0)
		swap(der, "n0.example.test", "n0.example\0test", 15);
	else if (strcmp(how, "space") == 0)
		swap(der, "n0.example.test", "n0 example.test", 15);
	else if (strcmp(how, "eight-bit") == 0)
		swap(der, "n0.example.test", "n\xff.example.test", 15);
	return der;
}

void
make_csr(struct bench *b, const char *arg)
{
	struct csr_wish w = { .plan = { .key = b->rsa, .san = NAMES }, .der = "" };
	char *parts = arena_strdup(b->c->arena, arg), *next, *value;
	struct blob der;
	const char *csr;

	for (char *part = strtok_r(parts, "|", &next); part != NULL;
	     part = strtok_r(NULL, "|", &next)) {
		value = strchr(part, '=');
		*value++ = '\0';
		wish(b, &w, part, value);
	}
	if (w.nextension > 0)
		w.plan.extensions = w.extensions;
	der = csr_damage(b, csr_make(b->c->arena, &w.plan), w.der);
	csr = b64_print(b->c->arena, der.data, der.len);
	if (strcmp(w.der, "padded") == 0)
		csr = arena_printf(b->c->arena, "%s==", csr);
	if (strcmp(w.der, "pem") == 0)
		csr = arena_printf(b->c->arena, "-----BEGIN CERTIFICATE REQUEST-----\\n%s\\n"
				   "-----END CERTIFICATE REQUEST-----\\n", csr);
	client_post(b->c, b->finalize, arena_printf(b->c->arena, "{\"csr\":\"%s\"}", csr));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c - keys, JWS and CSRs for tests. */
#include "tests/sign.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"

static const struct kind {
	const char	*alg, *curve, *crv;
	size_t		 octets;
} kinds[] = {
	{ "ES256", "P-256", "P-256", 32 },
	{ "ES384", "P-384", "P-384", 48 },
	{ "ES512", "P-521", "P-521", 66 },
};

static void
must(bool done)
{
	if (done)
		return;
	ERR_print_errors_fp(stderr);
	abort();
}

EVP_PKEY *
key_new_rsa(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	must(key != NULL);
	return key;
}

EVP_PKEY *
key_new(const char *alg)
{
	EVP_PKEY *key = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(alg, kinds[i].alg) == 0)
			key = EVP_EC_gen(kinds[i].curve);
	if (strcmp(alg, "RS256") == 0)
		key = EVP_RSA_gen(2048);
	if (strcmp(alg, "EdDSA") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	must(key != NULL);
	return key;
}

EVP_PKEY *
key_load(const char *file)
{
	FILE *in = fopen(file, "r");
	EVP_PKEY *key;

	if (in == NULL)
		return NULL;
	key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	fclose(in);
	ERR_clear_error();
	return key;
}

bool
key_save(EVP_PKEY *key, const char *file)
{
	FILE *out = fopen(file, "w");
	bool good;

	if (out == NULL)
		return false;
	good = PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
	return fclose(out) == 0 && good;
}

/* NULL: not an EC key. */
static const struct kind *
kind_of(EVP_PKEY *key)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((size_t)(EVP_PKEY_get_bits(key) + 7) / 8 == kinds[i].octets)
			return &kinds[i];
	return NULL;
}

const char *
key_alg(EVP_PKEY *key)
{
	const struct kind *kind = kind_of(key);

	if (kind != NULL)
		return kind->alg;
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? "RS256" : "EdDSA";
}

/* A number of the key; octets 0: as long as it is. */
static const char *
number(struct arena *a, EVP_PKEY *key, const char *name, size_t octets)
{
	uint8_t raw[2100];
	BIGNUM *n = NULL;
	int len;

	must(EVP_PKEY_get_bn_param(key, name, &n) == 1);
	len = octets != 0 ? (int)octets : BN_num_bytes(n);
	must((size_t)len <= sizeof(raw) && BN_bn2binpad(n, raw, len) == len);
	BN_free(n);
	return b64_print(a, raw, (size_t)len);
}

const char *
key_jwk(struct arena *a, EVP_PKEY *key)
{
	const struct kind *kind = kind_of(key);
	uint8_t raw[57];
	size_t n = sizeof(raw);

	if (kind != NULL)
		return arena_printf(a, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
				    kind->crv,
				    number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, kind->octets),
				    number(a, key, OSSL_PKEY_PARAM_EC_PUB_Y, kind->octets));
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return arena_printf(a, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}",
				    number(a, key, OSSL_PKEY_PARAM_RSA_E, 0),
				    number(a, key, OSSL_PKEY_PARAM_RSA_N, 0));
	must(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
	return arena_printf(a, "{\"crv\":\"%s\",\"kty\":\"OKP\",\"x\":\"%s\"}",
			    n == 57 ? "Ed448" : "Ed25519", b64_print(a, raw, n));
}

const char *
key_thumbprint(struct arena *a, EVP_PKEY *key)
{
	const char *jwk = key_jwk(a, key);
	uint8_t hash[32];

	SHA256((const uint8_t *)jwk, strlen(jwk), hash);
	return b64_print(a, hash, sizeof(hash));
}

const char *
key_authorization(struct arena *a, EVP_PKEY *key, const char *token)
{
	return arena_printf(a, "%s.%s", token, key_thumbprint(a, key));
}

/* A DER ECDSA-Sig-Value as r || s. */
static struct blob
raw_ecdsa(struct arena *a, const uint8_t *der, size_t len, size_t half)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t *raw = arena_alloc(a, 2 * half);

	must(sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)half) > 0 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, (int)half) > 0);
	ECDSA_SIG_free(sig);
	return (struct blob){ raw, 2 * half };
}

struct blob
key_sign(struct arena *a, EVP_PKEY *key, const char *text)
{
	const char *alg = key_alg(key);
	const struct kind *kind = kind_of(key);
	const EVP_MD *digest = strcmp(alg, "EdDSA") == 0 ? NULL :
			       strcmp(alg, "ES384") == 0 ? EVP_sha384() :
			       strcmp(alg, "ES512") == 0 ? EVP_sha512() : EVP_sha256();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[2100];
	size_t n = sizeof(sig);

	must(ctx != NULL && EVP_DigestSignInit(ctx, NULL, digest, NULL, key) == 1 &&
	     EVP_DigestSign(ctx, sig, &n, (const uint8_t *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(ctx);
	return kind != NULL ? raw_ecdsa(a, sig, n, kind->octets) : arena_blob(a, sig, n);
}

static const char *
jws_header(struct arena *a, const struct jws *jws)
{
	json_t *o = json_object();
	char *text;

	json_object_set_new(o, "alg", json_string(jws->alg != NULL ? jws->alg :
						  key_alg(jws->key)));
	if (jws->kid != NULL)
		json_object_set_new(o, "kid", json_string(jws->kid));
	else
		json_object_set_new(o, "jwk", json_loads(key_jwk(a, jws->key), 0, NULL));
	if (jws->nonce != NULL)
		json_object_set_new(o, "nonce", json_string(jws->nonce));
	if (jws->url != NULL)
		json_object_set_new(o, "url", json_string(jws->url));
	text = json_dumps(o, JSON_COMPACT);
	must(text != NULL);
	json_decref(o);
	return arena_own(a, text, free);
}

void
jws_sign(struct arena *a, struct jws *jws)
{
	const char *header = jws->header != NULL ? jws->header : jws_header(a, jws);
	struct blob signature;

	if (jws->protected == NULL)
		jws->protected = b64_print(a, header, strlen(header));
	if (jws->payload_b64 == NULL)
		jws->payload_b64 = b64_print(a, jws->payload, strlen(jws->payload));
	signature = key_sign(a, jws->key, arena_printf(a, "%s.%s", jws->protected,
						       jws->payload_b64));
	if (jws->mangle != NULL)
		jws->mangle(a, &signature);
	if (jws->signature == NULL)
		jws->signature = b64_print(a, signature.data, signature.len);
}

const char *
jws_print(struct arena *a, const struct jws *jws)
{
	return arena_printf(a, "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}",
			    jws->protected, jws->payload_b64, jws->signature);
}

static void
add_extension(STACK_OF(X509_EXTENSION) *list, const char *name, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf(NULL, NULL, name, value);

	must(e != NULL && sk_X509_EXTENSION_push(list, e) > 0);
}

struct blob
csr_make(struct arena *a, const struct csr_plan *plan)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	X509_REQ *csr = X509_REQ_new();
	const EVP_MD *digest = plan->digest != NULL ? plan->digest : EVP_sha256();
	uint8_t *der = NULL;
	struct blob out;
	int n;

	must(csr != NULL && list != NULL && X509_REQ_set_version(csr, plan->version) == 1 &&
	     X509_REQ_set_pubkey(csr, plan->key) == 1);
	if (plan->cn != NULL)
		must(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr), "CN",
						MBSTRING_UTF8, (const uint8_t *)plan->cn, -1,
						-1, 0) == 1);
	if (plan->san != NULL)
		add_extension(list, "subjectAltName", plan->san);
	for (const char *const *s = plan->extensions; s != NULL && *s != NULL; s += 2)
		add_extension(list, s[0], s[1]);
	if (sk_X509_EXTENSION_num(list) > 0)
		must(X509_REQ_add_extensions(csr, list) == 1);
	if (EVP_PKEY_get_base_id(plan->key) == EVP_PKEY_ED25519)
		digest = NULL;
	must(X509_REQ_sign(csr, plan->key, digest) > 0);
	n = i2d_X509_REQ(csr, &der);
	must(n > 0);
	out = arena_blob(a, der, (size_t)n);
	OPENSSL_free(der);
	X509_REQ_free(csr);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return out;
}

struct blob
csr_of_names(struct arena *a, EVP_PKEY *key, const char *const *names, size_t n)
{
	const char *san = "";

	for (size_t i = 0; i < n; i++)
		san = arena_printf(a, "%s%sDNS:%s", san, i == 0 ? "" : ",", names[i]);
	return csr_make(a, &(struct csr_plan){ .key = key, .san = san });
}

/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - public and private keys, their DER and their OpenSSL objects. */
#include "ca/key.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "ca/der.h"

DEFER(BIGNUM, BN_free)
DEFER(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFER(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

#define POINT_MAX (1 + 2 * 66)

/* The AlgorithmIdentifiers of keys, byte for byte (TLS BR 7.1.2, RFC 8410). */
static const struct kind {
	enum key_type	 type;
	const char	*group;
	size_t		 octets;	/* of a coordinate */
	struct blob	 der;
} kinds[] = {
	{ KEY_P256, "prime256v1", 32, BYTES("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
					    "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
	{ KEY_P384, "secp384r1", 48, BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
					   "\x06\x05\x2b\x81\x04\x00\x22") },
	{ KEY_P521, "secp521r1", 66, BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
					   "\x06\x05\x2b\x81\x04\x00\x23") },
	{ KEY_RSA, NULL, 0, BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
				  "\x05\x00") },
	{ KEY_ED25519, NULL, 32, BYTES("\x30\x05\x06\x03\x2b\x65\x70") },
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

#define RSA_WITH_SHA(n) \
	BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" n "\x05\x00")
#define ECDSA_WITH_SHA(n) BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" n)

static const struct signature signatures[] = {
	{ RSA_WITH_SHA("\x0b"), true, "SHA256" },
	{ RSA_WITH_SHA("\x0c"), true, "SHA384" },
	{ RSA_WITH_SHA("\x0d"), true, "SHA512" },
	{ ECDSA_WITH_SHA("\x02"), false, "SHA256" },
	{ ECDSA_WITH_SHA("\x03"), false, "SHA384" },
	{ ECDSA_WITH_SHA("\x04"), false, "SHA512" },
};

const struct signature *
signature_find(struct blob der)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (blob_equal(signatures[i].der, der))
			return &signatures[i];
	return NULL;
}

const struct signature *
signature_of_ca(enum key_type type)
{
	return type == KEY_RSA ? &signatures[0] : type == KEY_P256 ? &signatures[3] :
	       type == KEY_P384 ? &signatures[4] : NULL;
}

bool
signature_fits(const struct signature *s, enum key_type type)
{
	return s->rsa ? type == KEY_RSA : key_curve_octets(type) > 0;
}

static const struct kind *
kind_of(enum key_type type)
{
	for (size_t i = 0; i < NKINDS; i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

size_t
key_curve_octets(enum key_type type)
{
	const struct kind *k = kind_of(type);

	return k == NULL || k->group == NULL ? 0 : k->octets;
}

bool
key_rsa_size_ok(struct blob n)
{
	return (n.len == 256 || n.len == 384 || n.len == 512) && (n.data[0] & 0x80) != 0;
}

/* --- public keys ------------------------------------------------------------------ */

/* 04 || x || y; returns its length, 0: the coordinates are not of full length. */
static size_t
point_print(const struct public_key *key, size_t octets, uint8_t point[POINT_MAX])
{
	if (key->a.len != octets || key->b.len != octets)
		return 0;
	point[0] = 4;
	memcpy(point + 1, key->a.data, octets);
	memcpy(point + 1 + octets, key->b.data, octets);
	return 1 + 2 * octets;
}

/* Own decoders, so as not to pay for OpenSSL's: 15 us instead of 100. */
static EVP_PKEY *
object_new(const char *type, OSSL_PARAM *params)
{
	defer(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *object = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &object, EVP_PKEY_PUBLIC_KEY, params) != 1)
		ERR_clear_error();
	return object;
}

/* OpenSSL checks here that the point lies on the curve, and with cofactor 1 that is all
 * there is to check. */
static EVP_PKEY *
ec_open(const struct public_key *key, const struct kind *k)
{
	uint8_t point[POINT_MAX];
	size_t len = point_print(key, k->octets, point);
	char group[16];
	OSSL_PARAM params[3];

	if (len == 0)
		return NULL;
	strcpy(group, k->group);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, len);
	params[2] = OSSL_PARAM_construct_end();
	return object_new("EC", params);
}

static EVP_PKEY *
rsa_open(const struct public_key *key)
{
	uint8_t n[512], e[8];	/* in the machine's byte order */
	OSSL_PARAM params[3];

	if (!key_rsa_size_ok(key->a) || key->b.len == 0 || key->b.len > sizeof(e))
		return NULL;
	defer(BIGNUM) *modulus = BN_bin2bn(key->a.data, (int)key->a.len, NULL);
	defer(BIGNUM) *exponent = BN_bin2bn(key->b.data, (int)key->b.len, NULL);
	if (modulus == NULL || exponent == NULL ||
	    BN_bn2nativepad(modulus, n, (int)key->a.len) < 0 ||
	    BN_bn2nativepad(exponent, e, (int)key->b.len) < 0)
		abort();
	params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, key->a.len);
	params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e, key->b.len);
	params[2] = OSSL_PARAM_construct_end();
	return object_new("RSA", params);
}

EVP_PKEY *
key_open(const struct public_key *key)
{
	const struct kind *k = kind_of(key->type);

	if (k == NULL)
		return NULL;
	if (k->group != NULL)
		return ec_open(key, k);
	if (key->type == KEY_RSA)
		return rsa_open(key);
	if (key->a.len != k->octets || key->b.len != 0)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->a.data, key->a.len);
}

struct blob
key_spki(const struct public_key *key, struct arena *a)
{
	const struct kind *k = kind_of(key->type);
	struct der_writer w = der_new(a, 64 + key->a.len + key->b.len);
	struct blob der;

	if (k == NULL)
		abort();
	der_begin(&w, DER_SEQUENCE);
	der_put_raw(&w, k->der);
	der_begin(&w, DER_BIT_STRING);
	der_put_raw(&w, (struct blob)BYTES("\0"));
	if (key->type == KEY_RSA) {
		der_begin(&w, DER_SEQUENCE);
		der_put_unsigned(&w, key->a);
		der_put_unsigned(&w, key->b);
		der_end(&w);
	} else {
		if (k->group != NULL)
			der_put_raw(&w, (struct blob)BYTES("\4"));
		der_put_raw(&w, key->a);
		der_put_raw(&w, key->b);
	}
	der_end(&w);
	der_end(&w);
	der_finish(&w, &der);
	return der;
}

/* The subjectPublicKey of a kind, without copying it. */
static bool
parts_read(struct public_key *key, const struct kind *k, struct blob bits)
{
	struct blob pair;

	if (k->type == KEY_RSA)
		return der_get(&bits, DER_SEQUENCE, &pair) && bits.len == 0 &&
		       der_unsigned(&pair, &key->a) && der_unsigned(&pair, &key->b) &&
		       pair.len == 0;
	if (k->type == KEY_ED25519) {
		key->a = bits;
		key->b = (struct blob){ NULL, 0 };
		return bits.len == k->octets;
	}
	if (bits.len != 1 + 2 * k->octets || bits.data[0] != 4)
		return false;
	key->a = (struct blob){ bits.data + 1, k->octets };
	key->b = (struct blob){ bits.data + 1 + k->octets, k->octets };
	return true;
}

bool
key_spki_parse(struct public_key *key, struct arena *a, struct blob spki)
{
	struct blob content, algorithm, bits;
	const struct kind *k = NULL;

	if (!der_get(&spki, DER_SEQUENCE, &content) || spki.len != 0 ||
	    !der_whole(&content, DER_SEQUENCE, &algorithm) ||
	    !der_octets(&content, &bits) || content.len != 0)
		return false;
	for (size_t i = 0; i < NKINDS; i++)
		if (blob_equal(kinds[i].der, algorithm))
			k = &kinds[i];
	if (k == NULL || !parts_read(key, k, bits))
		return false;
	key->type = k->type;
	key->a = arena_blob(a, key->a.data, key->a.len);
	key->b = arena_blob(a, key->b.data, key->b.len);
	return true;
}

struct blob
key_object_spki(EVP_PKEY *key, struct arena *a)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct blob copy;

	if (len <= 0)
		abort();
	copy = arena_blob(a, der, (size_t)len);
	OPENSSL_free(der);
	return copy;
}

/* RSA keys of other sizes than these are refused before (keycheck.c). */
const char *
key_kind(const struct public_key *key)
{
	static const char *const names[] = {
		[KEY_P256] = "ecdsa-p256", [KEY_P384] = "ecdsa-p384", [KEY_P521] = "ecdsa-p521",
		[KEY_ED25519] = "ed25519",
	};

	if (key->type != KEY_RSA)
		return names[key->type];
	return key->a.len == 256 ? "rsa-2048" : key->a.len == 384 ? "rsa-3072" : "rsa-4096";
}

/* --- private keys ----------------------------------------------------------------- */

EVP_PKEY *
key_generate(const char *type)
{
	static const struct {
		const char	*type, *group;
		size_t		 bits;
	} table[] = {
		{ "p256", "P-256", 0 },	    { "p384", "P-384", 0 },
		{ "rsa2048", NULL, 2048 },  { "rsa3072", NULL, 3072 },
		{ "rsa4096", NULL, 4096 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].type, type) == 0)
			return table[i].group != NULL ? EVP_EC_gen(table[i].group) :
			       EVP_RSA_gen(table[i].bits);
	return NULL;
}

static void
secret_clear(void *secret)
{
	struct blob *s = secret;

	OPENSSL_cleanse((void *)(uintptr_t)s->data, s->len);
}

void
secret_keep(struct arena *a, struct blob secret)
{
	arena_own(a, arena_memdup(a, &secret, sizeof(secret)), secret_clear);
}

struct blob
key_private(EVP_PKEY *key, struct arena *a)
{
	defer(PKCS8_PRIV_KEY_INFO) *info = EVP_PKEY2PKCS8(key);
	uint8_t *der = NULL;
	int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	struct blob copy;

	if (len <= 0)
		abort();
	copy = arena_blob(a, der, (size_t)len);
	secret_keep(a, copy);
	OPENSSL_clear_free(der, (size_t)len);
	return copy;
}

EVP_PKEY *
key_private_parse(struct blob der)
{
	const uint8_t *at = der.data;
	defer(PKCS8_PRIV_KEY_INFO) *info = NULL;
	EVP_PKEY *key = NULL;

	if (der.len <= LONG_MAX)
		info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.len);
	if (info != NULL && at == der.data + der.len)
		key = EVP_PKCS82PKEY(info);
	ERR_clear_error();
	return key;
}

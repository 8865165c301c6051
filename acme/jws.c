/* SPDX-License-Identifier: Apache-2.0 */
/* jws.c - flattened JSON Web Signatures.  Runs on: loop. */
#include "acme/jws.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "acme/jwk.h"
#include "base/b64.h"
#include "base/json.h"

DEFER(EVP_MD_CTX, EVP_MD_CTX_free)
DEFER(ECDSA_SIG, ECDSA_SIG_free)

static const char *const algorithms[] = {
	"ES256", "ES384", "ES512", "RS256", "EdDSA", NULL
};

static bool
alg_known(const char *alg)
{
	if (strcmp(alg, "Ed25519") == 0)	/* RFC 9864's name of EdDSA */
		return true;
	for (const char *const *s = algorithms; *s != NULL; s++)
		if (strcmp(*s, alg) == 0)
			return true;
	return false;
}

static bool
alg_refused(struct problem *p, const char *alg)
{
	problem(p, PROBLEM_BAD_SIGNATURE_ALGORITHM, "alg \"%.20s\" is not accepted; "
		"use ES256, ES384, ES512, RS256 or EdDSA", alg);
	p->algorithms = algorithms;
	return false;
}

static bool
header_check(struct jws *jws, struct problem *p)
{
	if (json_object_get(jws->header, "crit") != NULL)
		return problem(p, PROBLEM_MALFORMED, "the protected header has \"crit\"; "
			       "no extension is supported");
	if (json_object_get(jws->header, "b64") != NULL)
		return problem(p, PROBLEM_MALFORMED, "the protected header has \"b64\", which "
			       "RFC 8555 section 6.2 forbids");
	return (jws->alg = json_text(jws->header, "alg", NULL, p)) != NULL;
}

static struct blob
decoded(struct arena *a, const char *name, const char *text, size_t len, struct problem *p)
{
	const char *why = "";
	struct blob b = b64_parse(a, text, len, &why);

	if (b.data == NULL)
		problem(p, PROBLEM_MALFORMED, "\"%s\" of the JWS %s", name, why);
	return b;
}

bool
jws_parse(struct jws *jws, struct arena *a, struct blob body, struct problem *p)
{
	const json_t *o = json_parse(a, body.data, body.len, "the request body", p);

	return o != NULL && jws_take(jws, a, o, p);
}

static bool
object_take(struct jws *jws, struct arena *a, const json_t *o, struct problem *p)
{
	const char *protected, *signature;
	size_t plen, slen;
	struct blob header;

	if (json_object_get(o, "signatures") != NULL)
		return problem(p, PROBLEM_MALFORMED, "the JWS has \"signatures\": send the "
			       "flattened form with one signature (RFC 8555 section 6.2)");
	if (json_object_get(o, "header") != NULL)
		return problem(p, PROBLEM_MALFORMED, "the JWS has an unprotected \"header\", "
			       "which RFC 8555 section 6.2 forbids");
	if ((protected = json_text(o, "protected", &plen, p)) == NULL ||
	    (jws->payload_text = json_text(o, "payload", &jws->payload_len, p)) == NULL ||
	    (signature = json_text(o, "signature", &slen, p)) == NULL)
		return false;
	if (slen == 0)
		return problem(p, PROBLEM_MALFORMED, "\"signature\" of the JWS is empty");
	header = decoded(a, "protected", protected, plen, p);
	if (header.data == NULL)
		return false;
	jws->signature = decoded(a, "signature", signature, slen, p);
	if (jws->signature.data == NULL)
		return false;
	jws->header = json_parse(a, header.data, header.len, "the protected header", p);
	if (jws->header == NULL)
		return false;
	jws->signing_input.len = plen + 1 + jws->payload_len;
	jws->signing_input.data = (const uint8_t *)arena_printf(a, "%s.%s", protected,
								jws->payload_text);
	return header_check(jws, p);
}

bool
jws_take(struct jws *jws, struct arena *a, const json_t *o, struct problem *p)
{
	if (!object_take(jws, a, o, p))
		return false;
	return alg_known(jws->alg) || alg_refused(p, jws->alg);
}

/* NULL: not a MAC's algorithm. */
static const EVP_MD *
mac_digest(const char *alg)
{
	return strcmp(alg, "HS256") == 0 ? EVP_sha256() :
	       strcmp(alg, "HS384") == 0 ? EVP_sha384() :
	       strcmp(alg, "HS512") == 0 ? EVP_sha512() : NULL;
}

bool
jws_take_mac(struct jws *jws, struct arena *a, const json_t *o, struct problem *p)
{
	if (!object_take(jws, a, o, p))
		return false;
	return mac_digest(jws->alg) != NULL ||
	       problem(p, PROBLEM_MALFORMED, "alg \"%.20s\" is none of a MAC: use HS256, HS384 or "
		       "HS512", jws->alg);
}

bool
jws_verify_mac(const struct jws *jws, struct blob key)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (key.len == 0 || HMAC(mac_digest(jws->alg), key.data, (int)key.len,
				 jws->signing_input.data, jws->signing_input.len, mac,
				 &n) == NULL)
		return false;
	return jws->signature.len == n && CRYPTO_memcmp(jws->signature.data, mac, n) == 0;
}

/* R || S as a DER ECDSA-Sig-Value in der; its length, or 0 when one is out of range
 * (r or s = 0 never verifies). */
static size_t
ecdsa_der(const uint8_t *raw, size_t half, uint8_t der[160])
{
	defer(ECDSA_SIG) *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(raw + half, (int)half, NULL);
	int n;

	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	n = BN_is_zero(r) || BN_is_zero(s) ? 0 : i2d_ECDSA_SIG(sig, &der);
	return n > 0 ? (size_t)n : 0;
}

static bool
verify_octets(EVP_PKEY *object, const EVP_MD *md, struct blob input, const uint8_t *sig,
	      size_t len)
{
	defer(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	bool good = ctx != NULL &&
		    EVP_DigestVerifyInit(ctx, NULL, md, NULL, object) == 1 &&
		    EVP_DigestVerify(ctx, sig, len, input.data, input.len) == 1;

	ERR_clear_error();
	return good;
}

/* Apple's client drops leading zeros of r and s, in all at most three octets; where they
 * stood can only be tried. */
static bool
verify_short(const struct jws *jws, EVP_PKEY *object, const EVP_MD *md, size_t half)
{
	size_t missing = 2 * half - jws->signature.len;

	for (size_t of_r = 0; of_r <= missing; of_r++) {
		uint8_t raw[132] = { 0 }, der[160];
		size_t r = half - of_r, s = half - (missing - of_r), n;

		memcpy(raw + of_r, jws->signature.data, r);
		memcpy(raw + 2 * half - s, jws->signature.data + r, s);
		n = ecdsa_der(raw, half, der);
		if (n > 0 && verify_octets(object, md, jws->signing_input, der, n))
			return true;
	}
	return false;
}

static bool
unverified(struct problem *p)
{
	return problem(p, PROBLEM_MALFORMED, "the signature of the JWS does not verify");
}

static bool
verify_ecdsa(const struct jws *jws, EVP_PKEY *object, enum key_type type, bool shorter,
	     struct problem *p)
{
	size_t half = type == KEY_P256 ? 32 : type == KEY_P384 ? 48 : 66, n;
	const EVP_MD *md = type == KEY_P256 ? EVP_sha256() :
			   type == KEY_P384 ? EVP_sha384() : EVP_sha512();
	uint8_t der[160];

	if (shorter && type == KEY_P256 && jws->signature.len < 64 && jws->signature.len >= 61)
		return verify_short(jws, object, md, half) || unverified(p);
	if (jws->signature.len != 2 * half)
		return problem(p, PROBLEM_MALFORMED, "the signature has %zu octets; %s has "
			       "exactly %zu, r and s (RFC 7518 section 3.4)",
			       jws->signature.len, jws->alg, 2 * half);
	n = ecdsa_der(jws->signature.data, half, der);
	return (n > 0 && verify_octets(object, md, jws->signing_input, der, n)) ||
	       unverified(p);
}

bool
jws_verify(const struct jws *jws, EVP_PKEY *object, enum key_type type,
	   bool short_es256, struct problem *p)
{
	const char *alg = strcmp(jws->alg, "Ed25519") == 0 ? "EdDSA" : jws->alg;

	if (strcmp(alg, jwk_alg(type)) != 0) {
		problem(p, PROBLEM_BAD_SIGNATURE_ALGORITHM, "alg is \"%.20s\", but the key "
			"signs with %s", jws->alg, jwk_alg(type));
		p->algorithms = algorithms;
		return false;
	}
	if (type == KEY_RSA || type == KEY_ED25519)
		return verify_octets(object, type == KEY_RSA ? EVP_sha256() : NULL,
				     jws->signing_input, jws->signature.data,
				     jws->signature.len) || unverified(p);
	return verify_ecdsa(jws, object, type, short_es256, p);
}

struct blob
jws_payload(const struct jws *jws, struct arena *a, struct problem *p)
{
	return decoded(a, "payload", jws->payload_text, jws->payload_len, p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sign.h - account keys, JSON Web Signatures and certification requests for tests: as a
 * client makes them, or wrong in any part. */
#ifndef TESTS_SIGN_H
#define TESTS_SIGN_H

#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include "base/arena.h"

/* A new key for "ES256", "ES384", "ES512", "RS256" or "EdDSA"; the caller frees it.
 * Never NULL. */
EVP_PKEY *key_new(const char *alg);
EVP_PKEY *key_new_rsa(unsigned bits);
/* PEM files; NULL, false: not. */
EVP_PKEY *key_load(const char *file);
bool key_save(EVP_PKEY *key, const char *file);

/* The alg that fits the key. */
const char *key_alg(EVP_PKEY *key);
/* The public key as compact JSON, members in the order of RFC 7638, in the arena. */
const char *key_jwk(struct arena *a, EVP_PKEY *key);
/* base64url(SHA-256(key_jwk())). */
const char *key_thumbprint(struct arena *a, EVP_PKEY *key);
/* token "." thumbprint (RFC 8555 section 8.1). */
const char *key_authorization(struct arena *a, EVP_PKEY *key, const char *token);

/* The signature of that text as JWS wants it: r || s, or as it is (RFC 7518 section 3). */
struct blob key_sign(struct arena *a, EVP_PKEY *key, const char *text);

/* What a request is made of.  What is NULL is made as it should be, or left out where it
 * says so. */
struct jws {
	EVP_PKEY	*key;
	const char	*alg;		/* NULL: the key's */
	const char	*kid;		/* NULL: "jwk" instead */
	const char	*nonce, *url;	/* NULL: left out */
	const char	*header;	/* the protected header's text, whole */
	const char	*payload;	/* text; "": POST-as-GET */
	const char	*payload_b64;	/* instead of base64url(payload) */
	/* Changes the signature before it is encoded. */
	void		(*mangle)(struct arena *a, struct blob *signature);
	/* by jws_sign(): the three parts, base64url */
	const char	*protected, *signature;
};

/* Fills protected, payload_b64 and signature. */
void jws_sign(struct arena *a, struct jws *jws);
/* The request's body, of the three parts. */
const char *jws_print(struct arena *a, const struct jws *jws);

/* What a certification request is made of. */
struct csr_plan {
	EVP_PKEY	*key;
	const char	*cn;		/* NULL: none */
	const char	*san;		/* "DNS:a.test,DNS:b.test"; NULL: no subjectAltName */
	const char	*const *extensions;	/* name, value, name, value, NULL; or NULL */
	const EVP_MD	*digest;	/* NULL: SHA-256 */
	long		 version;
};

/* Its DER, in the arena. */
struct blob csr_make(struct arena *a, const struct csr_plan *plan);
/* The usual one: those DNS names, no common name. */
struct blob csr_of_names(struct arena *a, EVP_PKEY *key, const char *const *names, size_t n);

#endif

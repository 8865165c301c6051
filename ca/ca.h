/* SPDX-License-Identifier: Apache-2.0 */
/* ca.h - keys, CSRs, certificates and CRLs.  Plain bytes and numbers in and out; the
 * only folder that knows X.509.
 *
 * issuer_sign_*() are called from ON_CRYPTO steps only and may block (an HSM). */
#ifndef CA_CA_H
#define CA_CA_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/defer.h"
#include "base/ident.h"
#include "base/problem.h"
#include "base/rand.h"

DEFER(EVP_PKEY, EVP_PKEY_free)

/* --- public keys ------------------------------------------------------------------ */

enum key_type {
	KEY_P256 = 1,
	KEY_P384,
	KEY_P521,
	KEY_RSA,
	KEY_ED25519
};

/* A public key in its parts.  EC: a = x, b = y, full length (32, 48, 66 octets).  RSA:
 * a = modulus, b = exponent, no leading zeros.  Ed25519: a = 32 octets, b empty. */
struct public_key {
	enum key_type	type;
	struct blob	a, b;
};

/* Is the key fit: RSA 2048, 3072 or 4096 with e = 65537, an odd modulus without a factor
 * below 752; EC: a point of the curve with full-length coordinates; Ed25519: 32 octets.
 * Sizes are judged before any arithmetic.  The problem has type `as` (badPublicKey,
 * badCSR). */
bool key_check(const struct public_key *key, enum problem_type as, struct problem *p);

/* Reads the lists of weak keys of a folder (Debian's openssl-blacklist; a file that is not
 * there is fine), for key_check(); again: instead.  Before threads start.  False with a
 * detail for the operator. */
bool key_lists_open(const char *dir, struct problem *p);
void key_lists_close(void);

/* "ecdsa-p256", "rsa-2048": type and size, in words that configurations have. */
const char *key_kind(const struct public_key *key);

/* The key object, owned by the caller; NULL when the parts are no such key. */
EVP_PKEY *key_open(const struct public_key *key);

/* SubjectPublicKeyInfo in DER (the exact AlgorithmIdentifiers of TLS BR 7.1.2), and back
 * (strictly: those algorithms, uncompressed points, minimal integers, nothing behind;
 * false: not such a key).  All in the arena. */
struct blob key_spki(const struct public_key *key, struct arena *a);
bool key_spki_parse(struct public_key *key, struct arena *a, struct blob spki);

/* A new private key: "p256", "p384", "rsa2048", "rsa3072", "rsa4096".  NULL: no such
 * type.  The caller owns it. */
EVP_PKEY *key_generate(const char *type);

/* PKCS#8 DER of a private key in the arena, and back (NULL: not one). */
struct blob key_private(EVP_PKEY *key, struct arena *a);
EVP_PKEY *key_private_parse(struct blob der);

/* SubjectPublicKeyInfo of a key object. */
struct blob key_object_spki(EVP_PKEY *key, struct arena *a);

/* --- certification requests (PKCS#10, RFC 2986) ----------------------------------- */

#define CSR_NAMES_MAX 1000	/* more are refused, whatever the configuration allows */

struct csr {
	struct public_key	 key;
	struct blob		 spki;		/* its DER */
	struct ident		*idents;	/* from SAN and CN, sorted, no duplicates */
	size_t			 nident;
};

/* Parses strict DER (nothing behind it), checks the self-signature, the key (key_check)
 * and the form of the names: C-1 to C-14.  False with badCSR and a detail
 * that says what to change. */
bool csr_parse(struct csr *csr, struct arena *a, struct blob der, struct problem *p);

/* Are the CSR's names exactly those (sorted) of the order?  False with badCSR naming
 * what is missing or too much. */
bool csr_names_check(const struct csr *csr, const struct ident *idents, size_t n,
		     struct problem *p);

/* --- issuers ---------------------------------------------------------------------- */

struct issuer;

/* Opens an issuing CA from PEM files: certificate_file holds the issuer's certificate
 * and those above it that clients need (the root may be left out), each followed by the
 * one that signed it; key_file its private key, without a password, or a "pkcs11:" URI
 * (RFC 7512) for OpenSSL's store.  Owned by the caller.  NULL, with a detail for the
 * operator: unreadable, key of another certificate, no CA or without keyCertSign and
 * cRLSign, a key file that others can read. */
struct issuer *issuer_open(const char *name, const char *certificate_file,
			   const char *key_file, struct problem *p);
void issuer_close(struct issuer *i);

const char *issuer_name(const struct issuer *i);
int64_t issuer_not_before(const struct issuer *i);
int64_t issuer_not_after(const struct issuer *i);

/* Adds another chain for the same CA: a file with a cross-certificate (same subject and
 * key), then those above it.  Before anybody signs.  False with a detail for the
 * operator. */
bool issuer_alternate(struct issuer *i, const char *file, struct problem *p);

/* How many of these there are. */
size_t issuer_alternates(const struct issuer *i);

/* PEM of the issuer and what is above it in its file (alternate 0) or in that of an
 * alternate (from 1); self-signed ones are left out, unless the issuer itself is one.
 * Ends with a newline; lives as long as the issuer. */
const char *issuer_chain(const struct issuer *i, size_t alternate);

/* Its public key, DER; lives as long as the issuer. */
struct blob issuer_spki(const struct issuer *i);

/* The issuer's own certificate, DER; lives as long as the issuer. */
struct blob issuer_certificate(const struct issuer *i);

/* What an end-entity certificate says (TLS BR 7.1.2; RFC 5280). */
struct leaf {
	struct serial		 serial;
	int64_t			 not_before;
	int64_t			 not_after;	/* inclusive: the last second */
	const struct ident	*idents;	/* nident: subjectAltName, in this order */
	size_t			 nident;
	struct blob		 spki;
	const char		*crl_url;	/* http; NULL: no distribution point */
	const char		*issuer_url;	/* caIssuers, http; NULL: none */
	bool			 client_auth;	/* clientAuth beside serverAuth */
	bool			 common_name;	/* subject CN = first DNS name of <= 64 octets */
};

/* Signs it.  DER in the arena.  False with serverInternal (names missing, beyond the
 * issuer's own end, the key does not answer), or badCSR when the key is the issuer's own
 * (C-11).  Crypto threads. */
bool issuer_sign_leaf(const struct issuer *i, const struct leaf *leaf, struct arena *a,
		      struct blob *der, struct problem *p);

struct crl_entry {
	struct serial	serial;
	int64_t		revoked;
	int		reason;		/* 0: none */
};

/* A version 2 CRL with AKI, number and critical IssuingDistributionPoint (TLS BR 7.2). */
struct crl_content {
	uint64_t			 number;
	int64_t				 this_update, next_update;
	const char			*url;		/* as in the certificates; NULL: no IDP */
	const struct crl_entry		*entries;	/* nentry */
	size_t				 nentry;
};

bool issuer_sign_crl(const struct issuer *i, const struct crl_content *crl, struct arena *a,
		     struct blob *der, struct problem *p);

/* --- making a CA (brevet init) ---------------------------------------------------- */

struct ca_made {
	struct blob	root_pem, root_key_pem;		/* text, not NUL-terminated */
	struct blob	issuing_pem, issuing_key_pem;
	char		fingerprint[32 * 3];		/* SHA-256 of the root, "AB:CD:..." */
};

/* A root (20 years) with subject O = name, CN = "<name> Root", and under it an issuing
 * CA (10 years, pathlen 0, EKU serverAuth + clientAuth), keys of that type.  All in the arena. */
bool ca_make(struct ca_made *made, struct arena *a, const char *name, const char *key_type,
	     int64_t now, struct problem *p);

/* --- reading certificates back ---------------------------------------------------- */

struct cert_facts {
	struct serial	 serial;	/* left-padded to 20 octets */
	int64_t		 not_before, not_after;
	struct ident	*idents;	/* of subjectAltName, sorted, no duplicates */
	size_t		 nident;
	struct blob	 spki;
	struct blob	 authority;	/* keyIdentifier of who signed it; empty: none */
};

/* False: not a v3 certificate (strict DER), or one with names that are neither DNS names
 * nor addresses.  Its signature is not looked at. */
bool cert_read(struct cert_facts *facts, struct arena *a, struct blob der);

/* A certs-only CMS message (application/pkcs7-mime, RFC 5652) of a certificate and a PEM
 * chain behind it, DER in the arena. */
struct blob cert_pkcs7(struct arena *a, struct blob der, const char *chain);

/* How many certificates stand in that text (PEM); 0: none, or one that is damaged. */
size_t pem_certificates(struct blob text);

/* PEM (RFC 7468, 64 columns, LF) of DER with that label ("CERTIFICATE"), in the arena. */
const char *pem_print(struct arena *a, const char *label, struct blob der);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - keys, inside ca/: signature algorithms, fit keys, secrets in arenas. */
#ifndef CA_KEY_H
#define CA_KEY_H

#include "ca/ca.h"

/* A signature algorithm, by its AlgorithmIdentifier (TLS BR 7.1.2; RFC 4055, 5758). */
struct signature {
	struct blob	 der;
	bool		 rsa;
	const char	*digest;
};

/* One of those that are good enough for CSRs; NULL: none of them. */
const struct signature *signature_find(struct blob der);

/* The one that a CA with a key of that type signs with; NULL: it signs nothing. */
const struct signature *signature_of_ca(enum key_type type);

/* Does it go with keys of that type? */
bool signature_fits(const struct signature *s, enum key_type type);

/* RSA modulus of 2048, 3072 or 4096 bits? */
bool key_rsa_size_ok(struct blob modulus);

/* Octets of a coordinate on the curve of that type; 0: no curve. */
size_t key_curve_octets(enum key_type type);

/* What key_check() checks, and the key object, owned by the caller; NULL after filling
 * the problem. */
EVP_PKEY *key_open_fit(const struct public_key *key, enum problem_type as,
		       struct problem *p);

/* Does the RSA modulus stand in a list of weak keys? */
bool key_listed(struct blob modulus);

/* Overwrites the bytes, which are the arena's, when the arena ends. */
void secret_keep(struct arena *a, struct blob secret);

#endif

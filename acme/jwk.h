/* SPDX-License-Identifier: Apache-2.0 */
/* jwk.h - account keys as JSON Web Keys (RFC 7517, 7518, 8037) and their thumbprints
 * (RFC 7638). */
#ifndef ACME_JWK_H
#define ACME_JWK_H

#include <jansson.h>

#include "ca/ca.h"
#include "store/store.h"

struct jwk {
	struct public_key	 key;
	uint8_t			 thumbprint[32];
	const char		*text;		/* canonical JSON, required members only */
};

/* Reads and judges the "jwk" of a protected header, in the arena.  False with
 * badPublicKey (a key that is not accepted) or malformed (not a JWK). */
bool jwk_parse(struct jwk *jwk, struct arena *a, const json_t *j, struct problem *p);

/* Thumbprint and canonical text of a key (e.g. of a CSR). */
void jwk_of(struct jwk *jwk, struct arena *a, const struct public_key *key);

/* Is the key among those that were reported as compromised? */
bool jwk_blocked(const struct jwk *jwk, struct arena *a, struct store *s);

/* The JWS algorithm that a key signs with ("ES256"). */
const char *jwk_alg(enum key_type type);

#endif

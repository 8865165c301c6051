/* SPDX-License-Identifier: Apache-2.0 */
/* jws.h - flattened JSON Web Signatures as ACME wants them (RFC 7515, RFC 8555
 * section 6.2). */
#ifndef ACME_JWS_H
#define ACME_JWS_H

#include <jansson.h>

#include "ca/ca.h"

struct jws {
	json_t		*header;	/* the protected header; the arena's */
	const char	*alg;
	struct blob	 signing_input;	/* protected "." payload, as received */
	struct blob	 signature;
	const char	*payload_text;	/* base64url */
	size_t		 payload_len;
};

/* Reads the outer object and the protected header: section 2.1 of the rules, and that
 * alg is one of those accepted.  Verifies nothing.  False with malformed or
 * badSignatureAlgorithm. */
bool jws_parse(struct jws *jws, struct arena *a, struct blob body, struct problem *p);

/* The same of an object that is parsed already: a JWS inside a payload. */
bool jws_take(struct jws *jws, struct arena *a, const json_t *o, struct problem *p);

/* The same of one that is signed with a MAC (RFC 7518 section 3.2): an external account
 * binding.  False with malformed. */
bool jws_take_mac(struct jws *jws, struct arena *a, const json_t *o, struct problem *p);
/* Is it signed with that key?  In constant time. */
bool jws_verify_mac(const struct jws *jws, struct blob key);

/* Verifies the signature with that key.  short_es256: see docs/conformance.md, decision 1.
 * False with badSignatureAlgorithm (alg is not the key's), malformed (form of the signature)
 * or malformed ("does not verify"). */
bool jws_verify(const struct jws *jws, EVP_PKEY *object, enum key_type type,
		bool short_es256, struct problem *p);

/* The payload's octets; "" is POST-as-GET.  NULL data with malformed. */
struct blob jws_payload(const struct jws *jws, struct arena *a, struct problem *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* offer.h - authorizations for an identifier: found again or made; for newOrder and
 * newAuthz. */
#ifndef ACME_OFFER_H
#define ACME_OFFER_H

#include <jansson.h>

#include "acme/acme.h"

/* May the account that signs order now, and what would it get?  name: of a profile, or NULL.
 * The scope of its objects: its own, with profile and issuer.  False with unauthorized or
 * invalidProfile. */
bool offer_scope(const struct request *rq, const char *name, struct scope *scope,
		 const struct acme_profile **profile, struct problem *p);

/* Is that still so?  On the writer. */
bool offer_still(const struct request *rq, const struct view *v, struct problem *p);

/* An identifier object of a payload: dns or ip.  False with malformed,
 * unsupportedIdentifier or rejectedIdentifier. */
bool offer_ident(struct ident *ident, struct arena *a, const json_t *item, struct problem *p);

/* All that is wrong with a request's identifiers, nsub > 0 problems, told at once: one as it
 * is, several as subproblems, copied into the arena.  Always false. */
bool offer_refused(struct arena *a, const struct problem *sub, size_t nsub,
		   struct problem *p);

/* Do the rules permit it, and is there a way to prove it?  False with rejectedIdentifier, or
 * with invalidProfile where it is the profile that the client has named which has none. */
bool offer_permitted(const struct request *rq, const struct acme_profile *profile,
		     const struct ident *ident, struct problem *p);

/* An authorization of the account that signs, pending with its challenges, or valid already
 * where its binding says so; id, order and scope are the caller's. */
void offer_make(struct authz *authz, const struct request *rq,
		const struct acme_profile *profile, const struct ident *ident);

/* In an edit: one that the account has already for the identifier, valid or else still
 * untried, by methods that are offered now, and that configuration and profile let it use
 * again; NULL: none. */
const struct authz *offer_find(const struct request *rq, const struct view *v,
			       const struct acme_profile *profile, const struct ident *ident,
			       int64_t now);

/* Adds it, so that offer_find() finds it. */
void offer_add(const struct request *rq, struct edit *e, const struct authz *authz);

#endif

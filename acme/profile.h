/* SPDX-License-Identifier: Apache-2.0 */
/* profile.h - kinds of certificates: which one an order gets, and what that asks of it
 * (draft-ietf-acme-profiles). */
#ifndef ACME_PROFILE_H
#define ACME_PROFILE_H

#include "acme/acme.h"

/* The profile of an order that names it, in whatever case, or names none (NULL): the first of
 * the binding's list that the directory has, without such a list the directory's first.  NULL
 * with invalidProfile, which tells the possible names, or, where no default is left, with
 * unauthorized. */
const struct acme_profile *profile_choose(const struct directory *d,
					  const struct binding *binding, const char *name,
					  struct problem *p);

/* Does the directory offer it? */
bool profile_offered(const struct directory *d, const struct acme_profile *profile);

/* meta.profiles: names and descriptions; the caller owns the reference. */
json_t *profile_meta(const struct directory *d);

/* May its certificates have that key?  False with badCSR. */
bool profile_key(const struct acme_profile *profile, const struct public_key *key,
		 struct problem *p);

/* May that authorization serve for a certificate that is issued at that time?  Only
 * LIFETIME_CABF asks how old the proof is. */
bool profile_fresh(const struct acme_profile *profile, const struct authz *authz, int64_t now);

#endif

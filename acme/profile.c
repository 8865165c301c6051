/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - kinds of certificates: which one an order gets, and what that asks of it
 * (draft-ietf-acme-profiles). */
#include "acme/profile.h"

#include <string.h>
#include <strings.h>

#include "acme/dated.h"
#include "base/clock.h"

#define NAMES_MAX 150		/* octets of names in a problem's detail */

int64_t
acme_profile_life(const struct acme_profile *profile, int64_t signed_at, int64_t not_before)
{
	return profile->lifetime == LIFETIME_CABF ? dated_lifetime(signed_at, not_before) :
	       profile->lifetime;
}

int64_t
acme_profile_changes(const struct acme_profile *profile, int64_t now)
{
	return profile->lifetime == LIFETIME_CABF ? dated_next(now) : 0;
}

/* --- which one ---------------------------------------------------------------------- */

bool
profile_offered(const struct directory *d, const struct acme_profile *profile)
{
	for (size_t i = 0; i < d->nprofile; i++)
		if (d->profiles[i] == profile)
			return true;
	return false;
}

static bool
permitted(const struct binding *binding, const struct acme_profile *profile)
{
	if (binding == NULL || binding->profiles[0] == NULL)
		return true;
	for (const char **name = binding->profiles; *name != NULL; name++)
		if (strcmp(*name, profile->name) == 0)
			return true;
	return false;
}

/* As many names as have room. */
static bool
refused(const struct directory *d, const struct binding *binding, const char *name,
	struct problem *p)
{
	char names[NAMES_MAX + 8] = "none";
	size_t n = 0;

	for (size_t i = 0; i < d->nprofile; i++) {
		const char *one = d->profiles[i]->name;

		if (!permitted(binding, d->profiles[i]))
			continue;
		if (n + strlen(one) + 2 > NAMES_MAX) {
			strcpy(names + n, ", ...");
			break;
		}
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n == 0 ? "" : ", ",
				      one);
	}
	return problem(p, PROBLEM_INVALID_PROFILE, "this account may not have profile "
		       "\"%.40s\"; possible: %s", name, names);
}

static const struct acme_profile *
by_name(const struct directory *d, const char *name)
{
	for (size_t i = 0; i < d->nprofile; i++)
		if (strcasecmp(d->profiles[i]->name, name) == 0)
			return d->profiles[i];
	return NULL;
}

const struct acme_profile *
profile_choose(const struct directory *d, const struct binding *binding, const char *name,
	       struct problem *p)
{
	const struct acme_profile *profile;

	if (name != NULL) {
		profile = by_name(d, name);
		if (profile != NULL && permitted(binding, profile))
			return profile;
		refused(d, binding, name, p);
		return NULL;
	}
	if (binding == NULL || binding->profiles[0] == NULL)
		return d->profile;
	for (const char **one = binding->profiles; *one != NULL; one++)
		if ((profile = by_name(d, *one)) != NULL)
			return profile;
	problem(p, PROBLEM_UNAUTHORIZED, "the external account binding permits none of this "
		"directory's profiles: ask the CA's operator");
	return NULL;
}

/* What it is, for people. */
static const char *
profile_described(const struct acme_profile *profile, struct arena *a)
{
	if (*profile->description != '\0')
		return profile->description;
	if (profile->lifetime == LIFETIME_CABF)
		return "certificates that live as long as the CA/Browser Forum's schedule says";
	return arena_printf(a, "certificates that live %s",
			    clock_duration_print(a, profile->lifetime));
}

json_t *
profile_meta(const struct directory *d)
{
	struct arena *a = arena_new();
	json_t *o = json_object();

	for (size_t i = 0; i < d->nprofile; i++)
		json_object_set_new(o, d->profiles[i]->name,
				    json_string(profile_described(d->profiles[i], a)));
	arena_free(a);
	return o;
}

/* --- what it asks -------------------------------------------------------------------- */

bool
profile_key(const struct acme_profile *profile, const struct public_key *key, struct problem *p)
{
	const char *kind = key_kind(key), *const *type = profile->key_types;

	if (*type == NULL)
		return true;
	for (; *type != NULL; type++)
		if (strcmp(*type, kind) == 0)
			return true;
	return problem(p, PROBLEM_BAD_CSR, "the key of the CSR is %s; certificates of profile "
		       "%.60s have another kind: %s%s", kind, profile->name,
		       profile->key_types[0], profile->key_types[1] == NULL ? "" : ", ...");
}

bool
profile_fresh(const struct acme_profile *profile, const struct authz *authz, int64_t now)
{
	return profile->lifetime != LIFETIME_CABF || dated_fresh(authz, now);
}

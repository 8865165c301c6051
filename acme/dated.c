/* SPDX-License-Identifier: Apache-2.0 */
/* dated.c - the dated limits of the CA/Browser Forum's TLS Baseline Requirements.  Pure.
 *
 * A date without a time is 00:00:00 UTC of that day (section 1.6.4).  Lifetimes are a day below
 * the MUST: a day has 86400 seconds, and anything beyond counts as one more. */
#include "acme/dated.h"

#define DAY 86400

/* The newest first. */
static const struct dated {
	int64_t	from;		/* seconds since 1970 */
	int	lifetime, reuse;	/* days */
} table[] = {
	{ 1868227200, 46, 10 },		/* 2029-03-15 */
	{ 1805068800, 99, 100 },	/* 2027-03-15 */
	{ 1773532800, 199, 200 },	/* 2026-03-15 */
	{ INT64_MIN, 397, 398 },
};

static const struct dated *
dated_at(int64_t when)
{
	const struct dated *d = table;

	while (when < d->from)
		d++;
	return d;
}

int64_t
dated_lifetime(int64_t signed_at, int64_t not_before)
{
	int by_signing = dated_at(signed_at)->lifetime, by_start = dated_at(not_before)->lifetime;

	return (int64_t)(by_signing < by_start ? by_signing : by_start) * DAY;
}

int64_t
dated_reuse(enum method method, int64_t issued)
{
	return method == METHOD_DNS_PERSIST_01 ? DATED_PERSIST :
	       (int64_t)dated_at(issued)->reuse * DAY;
}

int64_t
dated_proof(const struct authz *authz, enum method *method)
{
	for (size_t i = 0; i < authz->nchallenge; i++) {
		const struct challenge *c = &authz->challenges[i];

		if (c->state != CHALLENGE_VALID)
			continue;
		*method = c->method;
		return c->validated;
	}
	return 0;
}

bool
dated_fresh(const struct authz *authz, int64_t issued)
{
	enum method method;
	int64_t proved = dated_proof(authz, &method);

	return proved != 0 && issued - proved <= dated_reuse(method, issued);
}

int64_t
dated_next(int64_t now)
{
	const struct dated *d = dated_at(now);

	return d == table ? 0 : d[-1].from;
}

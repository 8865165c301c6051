/* SPDX-License-Identifier: Apache-2.0 */
/* test_dated.c - the dated limits of the CA/Browser Forum: a line for the second before and the
 * first one of each boundary, for both tables and both clocks. */
#include "acme/dated.h"

#include "acme/profile.h"
#include "base/clock.h"
#include "tests/tap.h"

#define DAY 86400

static int64_t
at(const char *text)
{
	int64_t when;

	if (!clock_parse(text, &when))
		abort();
	return when;
}

/* --- lifetimes ----------------------------------------------------------------------- */

static const struct life {
	const char	*signed_at, *not_before;
	int		 days;
} lives[] = {
	/* Both clocks on one side. */
	{ "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", 397 },
	{ "2026-03-14T23:59:59Z", "2026-03-14T23:59:59Z", 397 },
	{ "2026-03-15T00:00:00Z", "2026-03-15T00:00:00Z", 199 },
	{ "2027-03-14T23:59:59Z", "2027-03-14T23:59:59Z", 199 },
	{ "2027-03-15T00:00:00Z", "2027-03-15T00:00:00Z", 99 },
	{ "2029-03-14T23:59:59Z", "2029-03-14T23:59:59Z", 99 },
	{ "2029-03-15T00:00:00Z", "2029-03-15T00:00:00Z", 46 },
	{ "2099-01-01T00:00:00Z", "2099-01-01T00:00:00Z", 46 },
	/* Backdated: the time of the signature has passed the boundary. */
	{ "2026-03-15T00:00:00Z", "2026-03-14T23:00:00Z", 199 },
	{ "2026-03-14T23:59:59Z", "2026-03-14T22:59:59Z", 397 },
	{ "2027-03-15T00:00:00Z", "2027-03-14T23:00:00Z", 99 },
	{ "2027-03-15T00:00:00Z", "2027-03-14T23:59:59Z", 99 },
	{ "2027-03-14T23:59:59Z", "2027-03-14T22:59:59Z", 199 },
	{ "2029-03-15T00:00:00Z", "2029-03-14T23:00:00Z", 46 },
	{ "2029-03-14T23:59:59Z", "2029-03-14T22:59:59Z", 99 },
	/* Signed before, valid from later on. */
	{ "2026-03-14T23:59:59Z", "2026-03-15T00:00:00Z", 199 },
	{ "2026-03-13T00:00:00Z", "2026-03-14T23:59:59Z", 397 },
	{ "2027-03-14T23:59:59Z", "2027-03-15T00:00:00Z", 99 },
	{ "2027-03-13T00:00:00Z", "2027-03-15T00:00:00Z", 99 },
	{ "2027-03-13T00:00:00Z", "2027-03-14T23:59:59Z", 199 },
	{ "2029-03-14T23:59:59Z", "2029-03-15T00:00:00Z", 46 },
	{ "2029-03-13T00:00:00Z", "2029-03-14T23:59:59Z", 99 },
	/* Local time is no excuse. */
	{ "2027-03-15T01:59:59+02:00", "2027-03-15T01:59:59+02:00", 199 },
	{ "2027-03-14T19:00:00-05:00", "2027-03-14T19:00:00-05:00", 99 },
};

static void
test_lives(void)
{
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		const struct life *l = &lives[i];
		int64_t is = dated_lifetime(at(l->signed_at), at(l->not_before));

		ok(is == (int64_t)l->days * DAY, "signed %s, from %s: %d days", l->signed_at,
		   l->not_before, (int)(is / DAY));
	}
}

/* --- reuse of validations ------------------------------------------------------------- */

static const struct reuse {
	const char	*issued;
	int		 days;
} reuses[] = {
	{ "2020-01-01T00:00:00Z", 398 },
	{ "2026-03-14T23:59:59Z", 398 }, { "2026-03-15T00:00:00Z", 200 },
	{ "2027-03-14T23:59:59Z", 200 }, { "2027-03-15T00:00:00Z", 100 },
	{ "2029-03-14T23:59:59Z", 100 }, { "2029-03-15T00:00:00Z", 10 },
	{ "2099-01-01T00:00:00Z", 10 },
};

/* An authorization whose proof is so old when a certificate is issued then. */
static bool
fresh(enum method method, int64_t issued, int64_t age)
{
	struct challenge c[2] = { { .method = METHOD_TLS_ALPN_01, .state = CHALLENGE_PENDING },
				  { .method = method, .state = CHALLENGE_VALID,
				    .validated = issued - age } };
	struct authz authz = { .state = AUTHZ_VALID, .expires = INT64_MAX, .challenges = c,
			       .nchallenge = 2 };

	return dated_fresh(&authz, issued);
}

static void
reuse_case(const struct reuse *r, enum method method)
{
	int64_t issued = at(r->issued);
	int days = method == METHOD_DNS_PERSIST_01 ? 10 : r->days;

	ok(dated_reuse(method, issued) == (int64_t)days * DAY,
	   "issued %s: a proof by %s counts for %d days", r->issued, method_name(method), days);
	ok(fresh(method, issued, (int64_t)days * DAY) &&
	   !fresh(method, issued, (int64_t)days * DAY + 1), "to the second");
}

static void
test_reuses(void)
{
	for (size_t i = 0; i < sizeof(reuses) / sizeof(reuses[0]); i++)
		for (unsigned m = METHOD_HTTP_01; m <= METHODS_MAX; m++)
			reuse_case(&reuses[i], (enum method)m);
	ok(!dated_fresh(&(struct authz){ .state = AUTHZ_VALID }, at("2026-12-01T00:00:00Z")),
	   "one without any proof does not");
}

static const struct {
	const char	*boundary;
	int		 days;		/* a proof's age then */
} rows[] = {
	{ "2026-03-15T00:00:00Z", 300 }, { "2027-03-15T00:00:00Z", 150 },
	{ "2029-03-15T00:00:00Z", 11 },
};

/* The same proof on both sides of a boundary: the day of issuance decides. */
static void
test_overtaken(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t boundary = at(rows[i].boundary), age = (int64_t)rows[i].days * DAY;

		ok(fresh(METHOD_DNS_01, boundary - 1, age - 1), "%d days before %s: good a second "
		   "before", rows[i].days, rows[i].boundary);
		ok(!fresh(METHOD_DNS_01, boundary, age), "and too old then");
	}
}

/* --- profiles ------------------------------------------------------------------------- */

static void
test_profiles(void)
{
	struct acme_profile cabf = { .name = "tlsserver", .lifetime = LIFETIME_CABF };
	struct acme_profile fleet = { .name = "fleet", .lifetime = 200 * DAY };
	struct challenge c = { .method = METHOD_HTTP_01, .state = CHALLENGE_VALID };
	struct authz authz = { .state = AUTHZ_VALID, .challenges = &c, .nchallenge = 1 };
	int64_t then = at("2029-03-15T00:00:00Z");

	c.validated = then - 11 * DAY;
	ok(acme_profile_life(&cabf, then - 1, then - 1) == 99 * DAY &&
	   acme_profile_life(&cabf, then, then - 3600) == 46 * DAY, "cabf asks what day it is");
	ok(acme_profile_life(&fleet, then, then) == 200 * DAY, "no other profile does");
	ok(profile_fresh(&cabf, &authz, then - 1) && !profile_fresh(&cabf, &authz, then),
	   "cabf asks how old a proof is");
	ok(profile_fresh(&fleet, &authz, then), "no other profile does");
	ok(acme_profile_changes(&cabf, then - 1) == then && acme_profile_changes(&cabf, then) == 0,
	   "when the next limit comes");
	ok(acme_profile_changes(&cabf, at("2026-11-29T00:00:00Z")) == at("2027-03-15T00:00:00Z") &&
	   acme_profile_changes(&cabf, 0) == at("2026-03-15T00:00:00Z"), "each in its turn");
	ok(acme_profile_changes(&fleet, 0) == 0, "which is no matter of others");
}

int
main(void)
{
	test_lives();
	test_reuses();
	test_overtaken();
	test_profiles();
	return tap_done();
}

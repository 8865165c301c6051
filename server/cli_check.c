/* SPDX-License-Identifier: Apache-2.0 */
/* cli_check.c - brevet check: configuration, keys, chain and store. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "server/cli.h"

static bool
check_issuer(const struct acme_issuer *issuer, const struct config *c, struct arena *a)
{
	int64_t now = clock_now(), end = issuer_not_after(issuer->issuer);

	if (now < issuer_not_before(issuer->issuer)) {
		fprintf(stderr, "brevet: issuer %s is valid from %s on: is the clock right?\n",
			issuer->name, clock_print(a, issuer_not_before(issuer->issuer)));
		return false;
	}
	if (now >= end) {
		fprintf(stderr, "brevet: issuer %s expired at %s: get it a new certificate\n",
			issuer->name, clock_print(a, end));
		return false;
	}
	printf("issuer %s: key fits its certificate, valid until %s\n", issuer->name,
	       clock_print(a, end));
	for (size_t i = 0; i < c->acme.nprofile; i++)
		if (now + acme_profile_life(&c->acme.profiles[i], now, now) > end)
			printf("  warning: certificates of profile %s end with the issuer, before "
			       "their lifetime\n", c->acme.profiles[i].name);
	return true;
}

/* How long its certificates live today, and what else should be known. */
static void
check_profile(const struct acme_profile *profile, const struct config *c, struct arena *a)
{
	int64_t now = clock_now(), change = acme_profile_changes(profile, now);
	const char *doubt = config_profile_doubt(&c->acme, profile);

	printf("profile %s: %s", profile->name,
	       clock_duration_print(a, acme_profile_life(profile, now, now)));
	if (profile->lifetime == LIFETIME_CABF)
		printf(" by the CA/Browser Forum's schedule");
	if (change != 0)
		printf("; from %s on %s", clock_print(a, change),
		       clock_duration_print(a, acme_profile_life(profile, change, change)));
	putchar('\n');
	if (doubt != NULL)
		printf("  warning: %s\n", doubt);
}

static void
check_directory(const struct directory *d)
{
	static const char *const eab[] = {
		[EAB_NONE] = "anybody",
		[EAB_OPTIONAL] = "anybody, or by an external account binding",
		[EAB_REQUIRED] = "by an external account binding"
	};

	printf("directory %s: %s\n  issuer %s, profile %s, accounts: %s\n", d->name, d->url,
	       d->issuer->name, d->profile->name, eab[d->eab]);
}

static bool
check_store(const struct config *c, struct problem *p)
{
	struct store *s = store_open_reader(c->data, p);

	if (s == NULL)
		return false;
	printf("store %s: readable, %u %% of its map in use\n", c->data, store_full(s));
	store_close(s);
	return true;
}

int
cli_check(int argc, char **argv)
{
	struct cli_config options = { 0 };
	struct problem p = { 0 };
	struct config *c;
	struct arena *a;
	bool done, good = true;
	int status = cli_config_options(&options, argc, argv, 0, &done);

	if (done)
		return status;
	c = cli_config_read(&options);
	if (c == NULL)
		return EXIT_FAILED;
	a = arena_new();
	printf("configuration %s: good\n", c->file);
	for (size_t i = 0; i < c->acme.nissuer; i++)
		good = check_issuer(&c->acme.issuers[i], c, a) && good;
	if (!check_store(c, &p))
		good = cli_failed(&p) == EXIT_GOOD;
	for (size_t i = 0; i < c->acme.nprofile; i++)
		check_profile(&c->acme.profiles[i], c, a);
	for (size_t i = 0; i < c->acme.ndirectory; i++)
		check_directory(&c->acme.directories[i]);
	arena_free(a);
	acme_config_release(&c->acme);
	return good ? EXIT_GOOD : EXIT_FAILED;
}

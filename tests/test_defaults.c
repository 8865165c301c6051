/* SPDX-License-Identifier: Apache-2.0 */
/* test_defaults.c - the rate limits that brevet.conf has when it says nothing, against the
 * life of clients: ordinary ones never meet them, and those that ran wild are held. */
#include <stdlib.h>

#include "acme/rate.h"
#include "server/options.h"
#include "tests/tap.h"

#define SECOND ((int64_t)1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define NOW    ((int64_t)1790000000 * SECOND)

static const struct life {
	const char	*what, *limit;
	int64_t		 times, every;		/* microseconds */
	int64_t		 pass;			/* at most so many; 0: all of them */
} lives[] = {
	{ "a name that fails for a year, tried twice a day", "failures", 730, 12 * HOUR, 0 },
	{ "a name that fails for a month, tried each hour", "failures", 720, HOUR, 0 },
	{ "somebody mends a server and tries each minute for a day", "failures", 1440, MINUTE, 0 },
	{ "somebody who tries each ten seconds for ten minutes", "failures", 60, 10 * SECOND, 0 },
	{ "a name that is tried each second for ten days", "failures", 864000, SECOND, 60 + 14400 },

	{ "a container without storage that starts each five minutes for a month", "names", 8640,
	  5 * MINUTE, 0 },
	{ "a service without storage that starts each ten seconds for two hours", "names", 720,
	  10 * SECOND, 0 },
	{ "a host built a hundred times an hour, for a day", "names", 2400, 36 * SECOND, 0 },
	{ "a certificate each second for ten days", "names", 864000, SECOND, 11 * 1440 },

	{ "10000 hosts have a name in common, all at once", "name", 10000, 0, 0 },
	{ "a pod each minute with the name of its service, for a month", "name", 43200, MINUTE, 0 },
	{ "ten certificates a second with a name for ten days", "name", 8640000, SECOND / 10,
	  110000 },

	{ "10000 hosts with one account, first certificates at once", "orders", 10000, 0, 0 },
	{ "10000 hosts with one account, two orders each within an hour", "orders", 20000,
	  HOUR / 20000, 0 },
	{ "a new host each ten seconds for a month", "orders", 259200, 10 * SECOND, 0 },
	{ "ten orders a second for ten days", "orders", 8640000, SECOND / 10, 220000 },

	{ "10000 hosts with certificates of 6 hours, renewed at half and never fetched", "renewals",
	  20000, 3 * HOUR / 10000, 0 },
	{ "ten renewals a second for ten days, none of them finished", "renewals", 8640000,
	  SECOND / 10, 220000 },

	{ "10000 hosts behind one address register at once", "accounts", 10000, 0, 0 },
	{ "a container without storage registers each ten seconds for a month", "accounts", 259200,
	  10 * SECOND, 0 },
	{ "a hundred accounts a second for a day", "accounts", 8640000, SECOND / 100, 20000 },

	{ "10000 hosts behind one address, twelve requests each within five minutes", "requests",
	  120000, 5 * MINUTE / 120000, 0 },
	{ "10000 hosts behind one address renew each four hours, for a day", "requests", 720000,
	  4 * HOUR / 120000, 0 },
	{ "a thousand polls by one address at once", "requests", 1000, 0, 0 },
	{ "five thousand requests a second for ten minutes", "requests", 3000000, SECOND / 5000,
	  60000 + 600000 },
};

static struct rate
rate_default(const char *limit)
{
	const struct config_option *o = option_find("limit", limit);
	struct rate rate;

	if (o == NULL || !rate_parse(o->initial, &rate)) {
		printf("Bail out! no limit.%s\n", limit);
		exit(1);
	}
	return rate;
}

static void
live(const struct life *l)
{
	struct rate rate = rate_default(l->limit);
	int64_t now = NOW, passed = 0;
	struct bucket b = { 0 };

	for (int64_t i = 0; i < l->times; i++, now += l->every) {
		if (rate_wait(rate, b, now) > 0)
			continue;
		b = rate_take(rate, b, now);
		passed++;
	}
	ok(l->pass == 0 ? passed == l->times : passed <= l->pass, "limit.%s: %s: %lld of %lld pass",
	   l->limit, l->what, (long long)passed, (long long)l->times);
}

/* docs/limits.md has a row of each, with its default. */
static void
test_page(void)
{
	const char *top = getenv("top_srcdir");
	struct arena *a = arena_new();
	char *text = arena_alloc(a, 65536);
	FILE *in = fopen(arena_printf(a, "%s/docs/limits.md", top == NULL ? "." : top), "r");

	ok(in != NULL && fread(text, 1, 65535, in) > 0, "docs/limits.md");
	for (unsigned i = 0; i < LIMITS; i++) {
		const char *name = limit_name((enum limit)i);
		const char *row = arena_printf(a, "\n| `limit.%s` | %s | %s |", name,
					       rate_print(a, rate_default(name)),
					       limit_help((enum limit)i));

		ok(strstr(text, row) != NULL, "it has limit.%s with its default", name);
	}
	if (in != NULL)
		fclose(in);
	arena_free(a);
}

int
main(void)
{
	test_page();
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++)
		live(&lives[i]);
	/* nginx-acme gives up beyond a minute, acme.sh beyond ten. */
	for (unsigned i = 0; i < LIMITS; i++)
		ok(rate_each(rate_default(limit_name((enum limit)i))) <= MINUTE,
		   "13: limit.%s: nobody is told to wait longer than a minute",
		   limit_name((enum limit)i));
	return tap_done();
}

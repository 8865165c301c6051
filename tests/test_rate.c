/* SPDX-License-Identifier: Apache-2.0 */
/* test_rate.c - how rates are written, and a bucket of tokens at its edges. */
#include <stdlib.h>

#include "acme/rate.h"
#include "tests/tap.h"

#define SECOND ((int64_t)1000000)
#define HOUR   (3600 * SECOND)
#define NOW    ((int64_t)1790000000 * SECOND)

/* --- as text ----------------------------------------------------------------------- */

static const struct text {
	const char	*text, *print;		/* print NULL: not a rate */
} texts[] = {
	{ "300/3h", "300/3h" },
	{ "1/1s", "1/1s" },
	{ "off", "off" },
	{ "007/60s", "7/1m" },
	{ "10/1d12h", "10/1d12h" },
	{ "1000000000/1s", "1000000000/1s" },
	{ "1/366d", "1/366d" },
	{ "1000000000/366d", "1000000000/366d" },
	{ "", NULL },
	{ "OFF", NULL },
	{ "off ", NULL },
	{ "0/1h", NULL },
	{ "300", NULL },
	{ "300/", NULL },
	{ "/3h", NULL },
	{ "-1/1h", NULL },
	{ "+1/1h", NULL },
	{ " 1/1h", NULL },
	{ "1 /1h", NULL },
	{ "1/ 1h", NULL },
	{ "1/1h ", NULL },
	{ "1//1h", NULL },
	{ "1/1h/1h", NULL },
	{ "1.5/1h", NULL },
	{ "0x10/1h", NULL },
	{ "1/0s", NULL },
	{ "1/1w", NULL },
	{ "1/h", NULL },
	{ "1/367d", NULL },
	{ "1/366d1s", NULL },
	{ "1000000001/1s", NULL },
	{ "9223372036854775808/1s", NULL },
	{ "99999999999999999999/1s", NULL },
	{ "1/99999999999999999999d", NULL },
};

static void
test_texts(void)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct text *t = &texts[i];
		struct rate rate;
		bool good = rate_parse(t->text, &rate);

		ok(good == (t->print != NULL), "\"%s\" is %s rate", t->text,
		   t->print == NULL ? "no" : "a");
		if (good && t->print != NULL)
			is(rate_print(a, rate), t->print, "and is written so");
	}
	arena_free(a);
}

/* --- edges ------------------------------------------------------------------------- */

static const struct rate rates[] = {
	{ 1, 1 }, { 1, 366 * 86400 }, { 3, 3600 }, { 7, 1 }, { 300, 3 * 3600 }, { 1000000, 1 },
	{ 60000, 60 }, { 1000000000, 1 }, { 1000000000, 366 * 86400 },
};

/* Takes n tokens, fewer than there are; in one go where there are too many to take singly. */
static struct bucket
take_many(struct rate rate, int64_t n, int64_t now)
{
	struct bucket b = { 0 };

	if (n > 1000000)
		return (struct bucket){ now + n * rate_each(rate), rate_each(rate) };
	for (; n > 0; n--)
		b = rate_take(rate, b, now);
	return b;
}

static void
test_edges(void)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct rate r = rates[i];
		const char *text = rate_print(a, r);
		struct bucket b = take_many(r, r.count - 1, NOW), empty;
		int64_t wait;

		ok(rate_wait(r, b, NOW) == 0, "%s: the last token can be had", text);
		empty = b = rate_take(r, b, NOW);
		wait = rate_wait(r, b, NOW);
		ok(wait == rate_each(r), "%s: then none, for %lld us", text, (long long)wait);
		ok(rate_wait(r, b, NOW + wait - 1) == 1, "%s: nor a microsecond too early", text);
		ok(rate_wait(r, b, NOW + wait) == 0, "%s: one at that moment", text);
		b = rate_take(r, b, NOW + wait);
		ok(rate_wait(r, b, NOW + wait) == rate_each(r), "%s: and no more", text);
		b = rate_take(r, rate_take(r, empty, NOW), NOW);
		ok(b.full_at == empty.full_at, "%s: an empty one owes nothing", text);
		ok(rate_wait(r, rate_refund(empty), NOW) == 0 &&
		   rate_wait(r, rate_take(r, rate_refund(empty), NOW), NOW) > 0,
		   "A-17 %s: one put back is one to have", text);
	}
	arena_free(a);
}

static void
test_refunds(void)
{
	const struct rate r = { 3, 3600 };
	struct bucket b = rate_refund(rate_refund((struct bucket){ 0 }));
	unsigned had = 0;

	ok(b.full_at == 0, "A-17 a refund to a full bucket leaves it full");
	b = rate_take(r, (struct bucket){ 0 }, NOW);
	for (int i = 0; i < 10; i++)
		b = rate_refund(b);
	while (rate_wait(r, b, NOW) == 0 && had < 100) {
		b = rate_take(r, b, NOW);
		had++;
	}
	ok(had == 3, "A-17 ten refunds of one token give no more than three: %u", had);
	b = rate_refund(rate_take(r, (struct bucket){ 0 }, NOW));
	for (had = 0; rate_wait(r, b, NOW + 2 * HOUR) == 0 && had < 100; had++)
		b = rate_take(r, b, NOW + 2 * HOUR);
	ok(had == 3, "A-17 nor does one that was refunded long ago: %u", had);
}

/* --- other rates, other clocks ------------------------------------------------------ */

static const struct change {
	const char	*what;
	struct rate	 before, after;
	int64_t		 taken;			/* at NOW, under the rate before */
	int64_t		 later;			/* than NOW, the rate after holds */
	int64_t		 left;			/* then */
} changes[] = {
	{ "raised when it is empty", { 3, 3600 }, { 10, 3600 }, 3, 0, 7 },
	{ "raised when some are left", { 3, 3600 }, { 10, 3600 }, 1, 0, 9 },
	{ "faster, when it is empty", { 10, 3600 }, { 10, 60 }, 10, 0, 1 },
	{ "one a year, made one a second", { 1, 366 * 86400 }, { 1, 1 }, 1, 0, 1 },
	{ "one a year, made many", { 1, 366 * 86400 }, { 300, 3 * 3600 }, 1, 0, 299 },
	{ "lowered, with more out than it has", { 10, 3600 }, { 3, 3600 }, 8, 0, 1 },
	{ "lowered, with fewer out", { 10, 3600 }, { 3, 3600 }, 1, 0, 2 },
	{ "made smaller at the same pace", { 300, 3 * 3600 }, { 100, 3600 }, 250, 0, 1 },
	{ "the same after the clock went back a day", { 3, 3600 }, { 3, 3600 }, 3, -24 * HOUR, 1 },
	{ "the same after the clock went back a minute", { 3, 3600 }, { 3, 3600 }, 3,
	  -60 * SECOND, 1 },
	{ "the same after a third of its time", { 3, 3600 }, { 3, 3600 }, 3, 20 * 60 * SECOND, 1 },
	{ "the same after twice its time", { 3, 3600 }, { 3, 3600 }, 3, 2 * HOUR, 3 },
	{ "from the highest", { 1000000000, 1 }, { 3, 3600 }, 1000000000, 0, 1 },
	{ "to the highest", { 3, 3600 }, { 1000000000, 1 }, 3, 0, 999999997 },
};

static int64_t
left(struct rate rate, struct bucket b, int64_t now)
{
	int64_t n = 0;

	while (rate_wait(rate, b, now) == 0 && n < 1000) {
		b = rate_take(rate, b, now);
		n++;
	}
	if (n < 1000)
		return n;
	return n + (rate.count * rate_each(rate) - (b.full_at - now)) / rate_each(rate);
}

static void
test_changes(void)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		struct bucket b = take_many(c->before, c->taken, NOW);
		int64_t now = NOW + c->later, n = left(c->after, b, now);

		ok(n == c->left, "%s: %lld left", c->what, (long long)n);
		while (rate_wait(c->after, b, now) == 0 && n-- > 0 && c->left < 1000)
			b = rate_take(c->after, b, now);
		ok(rate_wait(c->after, b, now) <= rate_each(c->after),
		   "%s: and the next within the time of one", c->what);
	}
	ok(rate_wait((struct rate){ 0 }, (struct bucket){ NOW * 2, 1 }, NOW) == 0,
	   "a rate without a count never waits");
	ok(rate_take((struct rate){ 0 }, (struct bucket){ NOW, 1 }, NOW).full_at == NOW,
	   "and takes nothing");
}

/* --- as tokens that somebody counts ------------------------------------------------- */

/* Any order of takes, refunds and times: as many as a bucket that is kept in plain parts of
 * tokens. */
static void
test_model(void)
{
	unsigned seed = 1, wrong = 0, taken = 0;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct rate r = rates[i];
		int64_t each = rate_each(r), whole = r.count * each, parts = whole, now = NOW;
		struct bucket b = { 0 };

		for (int n = 0; n < 20000; n++) {
			unsigned dice = (unsigned)rand_r(&seed);
			int64_t passed = dice % 3 == 0 ? 0 : rand_r(&seed) % (each + each / 2 + 1);

			now += passed;
			parts = parts + passed > whole ? whole : parts + passed;
			if (dice % 7 == 0) {
				b = rate_refund(b);
				parts = parts + each > whole ? whole : parts + each;
				continue;
			}
			wrong += (rate_wait(r, b, now) == 0) != (parts >= each);
			if (parts < each)
				continue;
			b = rate_take(r, b, now);
			parts -= each;
			taken++;
		}
	}
	ok(wrong == 0 && taken > 50000, "A-17 %u takes among refunds: never one too many or too "
	   "few (%u wrong)", taken, wrong);
}

int
main(void)
{
	test_texts();
	test_edges();
	test_refunds();
	test_changes();
	test_model();
	return tap_done();
}

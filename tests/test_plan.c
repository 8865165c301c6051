/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c - windows of renewal: where they may lie, how evenly they do, and that what was
 * counted can be taken away again. */
#include <stdlib.h>

#include "acme/plan.h"
#include "tests/tap.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400
#define NOW    ((int64_t)1790000123)
#define SLOTS  200000			/* from NOW on: more than a year */

static struct plan_loads loads = { NOW / PLAN_SLOT, SLOTS, NULL };
static struct plan_totals totals;

static void
clear(void)
{
	memset(loads.load, 0, SLOTS * sizeof(*loads.load));
	totals = (struct plan_totals){ { 0 } };
}

static struct plan_ask
ask(int64_t life, int64_t now)
{
	return (struct plan_ask){ NOW, NOW + life, now, PLAN_BAND };
}

static void
count(struct plan_window w, int n)
{
	plan_add(&loads, w, n);
	plan_totals_add(&totals, w, n);
}

/* Least and most of the slots of a range. */
static void
extremes(struct plan_loads range, uint32_t *least, uint32_t *most)
{
	*least = UINT32_MAX;
	*most = 0;
	for (size_t i = 0; i < range.count; i++) {
		uint32_t here = loads.load[range.first - loads.first + (int64_t)i];

		*least = here < *least ? here : *least;
		*most = here > *most ? here : *most;
	}
}

/* --- numbers ------------------------------------------------------------------------- */

static const struct length {
	int64_t	 life, length, retry;
	size_t	 slots;			/* of the default band */
} lengths[] = {
	{ 60, 60, 60, 0 },
	{ 15 * MINUTE, 60, 60, 0 },
	{ HOUR, 75, 75, 2 },
	{ 6 * HOUR, 450, 450, 10 },
	{ DAY, 1800, 1800, 42 },
	{ 160 * HOUR, 12000, 12000, 281 },
	{ 47 * DAY, 84600, 21600, 1979 },
	{ 100 * DAY, 180000, 21600, 4210 },
	{ 199 * DAY, 358200, 21600, 8377 },
	{ 398 * DAY, 716400, 21600, 16754 },
};

static void
test_lengths(void)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct length *l = &lengths[i];
		const struct plan_ask q = ask(l->life, NOW);
		struct plan_loads range = plan_range(&q);

		ok(plan_length(l->life) == l->length && plan_retry(l->life) == l->retry,
		   "%lld s: a window of %lld s, asked for each %lld s", (long long)l->life,
		   (long long)plan_length(l->life), (long long)plan_retry(l->life));
		ok(range.count == l->slots, "%lld s: %zu slots to choose from", (long long)l->life,
		   range.count);
	}
}

static const struct {
	struct plan_window	 window;
	int64_t			 slot, row;
} places[] = {
	{ { 0, 300 }, 0, 0 },
	{ { 300, 900 }, 2, 0 },
	{ { 0, 2 }, 0, 0 },
	{ { 298, 301 }, 0, 0 },
	{ { 299, 301 }, 1, 0 },
	{ { 43200, 43202 }, 144, 1 },
	{ { 43198, 43200 }, 143, 0 },
	{ { -10, -2 }, -1, -1 },
	{ { 1798761600, 1798761900 }, 5995872, 41638 },
};

static const struct {
	struct plan_band	 band;
	bool			 good;
} bands[] = {
	{ { 500, 667 }, true }, { { 100, 900 }, true }, { { 100, 101 }, true },
	{ { 899, 900 }, true }, { { 99, 500 }, false }, { { 500, 901 }, false },
	{ { 500, 500 }, false }, { { 667, 500 }, false }, { { 0, 0 }, false }, { { -5, 50 }, false },
};

static void
test_places(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int64_t slot = plan_slot(places[i].window);

		ok(slot == places[i].slot && plan_row(slot) == places[i].row,
		   "%lld to %lld is counted in slot %lld of row %lld",
		   (long long)places[i].window.start, (long long)places[i].window.end,
		   (long long)slot, (long long)plan_row(slot));
	}
	for (size_t i = 0; i < sizeof(bands) / sizeof(bands[0]); i++)
		ok(plan_band_check(bands[i].band) == bands[i].good, "%d to %d is %s band",
		   bands[i].band.from, bands[i].band.until, bands[i].good ? "a" : "no");
}

/* --- bounds -------------------------------------------------------------------------- */

/* 200 windows of one lifetime and band, each counted: all in the band, none too short. */
static void
bound(int64_t life, struct plan_band band)
{
	const struct plan_ask q = { NOW, NOW + life, NOW, band };
	int64_t from = NOW + life * band.from / 1000, until = NOW + life * band.until / 1000;
	unsigned wrong = 0;

	clear();
	if (until < from + 2)
		until = from + 2;
	for (int i = 0; i < 200; i++) {
		struct plan_window w = plan_window(&q, &loads, &totals);

		wrong += w.start < from || w.end > until || w.end <= w.start + 1;
		count(w, 1);
	}
	ok(wrong == 0, "%lld s, %d to %d: all windows in the band (%u wrong)", (long long)life,
	   band.from, band.until, wrong);
}

static void
test_bounds(void)
{
	static const struct plan_band some[] = {
		{ 500, 667 }, { 100, 900 }, { 100, 200 }, { 600, 601 }, { 880, 900 },
	};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (size_t k = 0; k < sizeof(some) / sizeof(some[0]); k++)
			if (lengths[i].life * (some[k].until - some[k].from) >= 2000)
				bound(lengths[i].life, some[k]);
}

/* --- bands that are over, in part -------------------------------------------------------- */

#define BAND_END 2708553		/* of 47 days */

static const struct late {
	const char	*what;
	int64_t		 life, now;	/* since NOW */
	int64_t		 start, least, most;	/* the window: no earlier start; no earlier and no
						   later end; since NOW */
} lates[] = {
	{ "before the band", 47 * DAY, 20 * DAY, 47 * DAY / 2, 0, BAND_END },
	{ "in the band", 47 * DAY, 28 * DAY, 28 * DAY, 0, BAND_END },
	{ "a window before its end", 47 * DAY, BAND_END - 84600,
	  BAND_END - 84600, BAND_END - 300, BAND_END },
	{ "an hour before its end", 47 * DAY, BAND_END - HOUR,
	  BAND_END - HOUR, BAND_END, BAND_END },
	{ "two seconds before its end", 47 * DAY, BAND_END - 2,
	  BAND_END - 2, BAND_END, BAND_END },
	{ "a second before its end", 47 * DAY, BAND_END - 1,
	  BAND_END - 1, BAND_END - 1 + 84600,
	  BAND_END - 1 + 84600 },
	{ "behind it", 47 * DAY, 40 * DAY, 40 * DAY, 40 * DAY + 84600, 40 * DAY + 84600 },
	{ "an hour before it expires", 47 * DAY, 47 * DAY - HOUR, 47 * DAY - HOUR, 47 * DAY,
	  47 * DAY },
	{ "a second before it expires", 47 * DAY, 47 * DAY - 1, 47 * DAY - 1, 47 * DAY + 1,
	  47 * DAY + 1 },
	{ "when it has expired", 47 * DAY, 50 * DAY, 50 * DAY, 50 * DAY + 2, 50 * DAY + 2 },
	{ "in the band of a minute", 60, 32, 32, 40, 40 },
	{ "behind that", 60, 45, 45, 60, 60 },
};

static void
test_late(void)
{
	clear();
	for (size_t i = 0; i < sizeof(lates) / sizeof(lates[0]); i++) {
		const struct late *l = &lates[i];
		const struct plan_ask q = ask(l->life, NOW + l->now);
		struct plan_window w = plan_window(&q, &loads, &totals);
		int64_t start = w.start - NOW, end = w.end - NOW;

		ok(start >= l->start && end >= l->least && end <= l->most && end > start + 1,
		   "%s: from %lld to %lld", l->what, (long long)start, (long long)end);
	}
}

/* --- what was counted ----------------------------------------------------------------- */

static void
test_exact(void)
{
	enum { N = 20000 };
	struct plan_window *windows = calloc(N, sizeof(*windows));
	struct plan_totals row = { { 0 } }, none = { { 0 } };
	unsigned seed = 1;
	uint64_t sum = 0, left = 0;

	clear();
	for (int i = 0; i < N; i++) {
		const struct plan_ask q = ask(lengths[(size_t)i % 10].life, NOW + rand_r(&seed) % 60);

		windows[i] = plan_window(&q, &loads, &totals);
		count(windows[i], 1);
		sum += loads.load[plan_slot(windows[i]) - loads.first] > 0;
	}
	for (int i = N - 1; i >= 0; i--) {
		int k = rand_r(&seed) % (i + 1);
		struct plan_window w = windows[k];

		windows[k] = windows[i];
		count(w, -1);
	}
	for (size_t i = 0; i < SLOTS; i++)
		left += loads.load[i];
	ok(sum == N && left == 0 && memcmp(&totals, &none, sizeof(none)) == 0,
	   "%d windows are counted, and taken away in another order: nothing is left", N);
	count(windows[0], -1);
	ok(loads.load[plan_slot(windows[0]) - loads.first] == 0 &&
	   memcmp(&totals, &none, sizeof(none)) == 0, "nothing falls below 0");
	count(windows[0], 3);
	count((struct plan_window){ NOW, NOW + HOUR }, 1);
	plan_totals_add(&row, windows[0], 3);
	plan_totals_end(&totals, &row);
	plan_totals_add(&totals, (struct plan_window){ NOW, NOW + HOUR }, -1);
	ok(memcmp(&totals, &none, sizeof(none)) == 0, "a row that ends takes its own away");
	free(windows);
}

/* --- how evenly ------------------------------------------------------------------------ */

static void
test_flat(void)
{
	static const int fleets[] = { 1979, 19790, 100000 };
	uint32_t least, most;

	for (size_t i = 0; i < sizeof(fleets) / sizeof(fleets[0]); i++) {
		const struct plan_ask q = ask(47 * DAY, NOW);

		clear();
		for (int n = 0; n < fleets[i]; n++)
			count(plan_window(&q, &loads, &totals), 1);
		extremes(plan_range(&q), &least, &most);
		ok(most - least <= 1, "%d certificates of 47 days, at once: %u to %u a slot", fleets[i],
		   least, most);
	}
}

/* Few certificates lie no closer than is fair: of 100 in 1979 slots, each run of 200 slots has
 * about ten. */
static void
test_few(void)
{
	const struct plan_ask q = ask(47 * DAY, NOW);
	struct plan_loads range = plan_range(&q);
	uint32_t least = UINT32_MAX, most = 0, sum = 0;

	clear();
	for (int n = 0; n < 100; n++)
		count(plan_window(&q, &loads, &totals), 1);
	for (size_t i = 0; i < range.count; i++) {
		const uint32_t *load = loads.load + (range.first - loads.first);

		sum += load[i];
		if (i >= 200)
			sum -= load[i - 200];
		if (i < 199)
			continue;
		least = sum < least ? sum : least;
		most = sum > most ? sum : most;
	}
	ok(least >= 8 && most <= 13, "a hundred certificates: %u to %u in any 17 hours", least, most);
}

/* Bands of 47 and 60 days overlap in a day and a half: those of 60 days go round what is
 * there. */
static void
test_mixed(void)
{
	const struct plan_ask q47 = ask(47 * DAY, NOW), q60 = ask(60 * DAY, NOW);
	struct plan_loads range;
	uint32_t least, most, least60, most60;

	clear();
	for (int n = 0; n < 50000; n++)
		count(plan_window(&q47, &loads, &totals), 1);
	extremes(plan_range(&q47), &least, &most);
	for (int n = 0; n < 60000; n++)
		count(plan_window(&q60, &loads, &totals), 1);
	extremes(plan_range(&q60), &least60, &most60);
	ok(most60 <= most + 1, "50,000 of 47 days, then 60,000 of 60 days: no slot has more "
	   "than %u", most60);
	range = plan_range(&q47);
	extremes(range, &least, &most);
	ok(most <= most60, "nor where the bands overlap");
}

/* Who is issued a certificate each slot for a year, at the pace at which the fleet renews, is
 * planned at that pace: no slot gets more than the level says. */
static void
test_level(void)
{
	const int64_t life = 47 * DAY, interval = life * 1167 / 2000 / PLAN_SLOT;
	uint32_t least, most;
	struct plan_ask q = ask(life, NOW);
	const struct plan_loads all = { loads.first + 2 * interval, 8000, NULL };

	clear();
	for (int64_t slot = 0; slot < 3 * interval; slot++) {
		q.now = q.not_before = NOW + slot * PLAN_SLOT;
		q.not_after = q.not_before + life;
		for (int n = 0; n < 4; n++) {
			struct plan_window w = plan_window(&q, &loads, &totals);

			count(w, 1);
			if (slot >= interval)	/* one of an interval ago is replaced */
				plan_totals_add(&totals, w, -1);
		}
	}
	extremes(all, &least, &most);
	ok(least >= 3 && most <= 5, "four a slot are planned as %u to %u a slot", least, most);
}

static const struct {
	uint32_t	 load;
	bool		 first;		/* is below the level */
} heights[] = {
	{ 0, true }, { 11000, true }, { 12000, true }, { 14500, false }, { 90000, false },
};

/* 100 million certificates of 47 days: about 12,700 a slot. */
static void
test_many(void)
{
	const struct plan_ask q = ask(47 * DAY, NOW);
	struct plan_loads range = plan_range(&q);

	clear();
	plan_totals_add(&totals, (struct plan_window){ NOW, NOW + plan_length(47 * DAY) }, 100000000);
	for (size_t i = 0; i < sizeof(heights) / sizeof(heights[0]); i++) {
		struct plan_window w;

		for (size_t k = 0; k < SLOTS; k++)
			loads.load[k] = heights[i].load;
		w = plan_window(&q, &loads, &totals);
		ok((plan_slot(w) == range.first) == heights[i].first,
		   "100 million certificates, %u in each slot: %s", heights[i].load,
		   heights[i].first ? "the first" : "the least loaded");
	}
}

/* --- incidents -------------------------------------------------------------------------- */

static const int64_t spreads[] = { 0, 1, 2, 60, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY };

static void
test_within(void)
{
	for (size_t i = 0; i < sizeof(spreads) / sizeof(spreads[0]); i++) {
		int64_t spread = spreads[i], longest = spread < 2 ? 2 : spread;
		uint32_t least = 0, most = 0;
		unsigned wrong = 0;
		const struct plan_ask q = ask(47 * DAY, NOW + 46 * DAY);
		struct plan_loads range = plan_range_within(&q, spread);
		int64_t until = q.now + longest < q.not_after ? q.now + longest : q.not_after;

		clear();
		for (int n = 0; n < 20000; n++) {
			struct plan_window w = plan_window_within(&q, spread, &loads);

			wrong += w.start < q.now || w.end > until || w.end <= w.start + 1;
			count(w, 1);
		}
		if (range.count > 0)
			extremes(range, &least, &most);
		ok(wrong == 0 && most - least <= 1, "20,000 within %lld s: %u to %u a slot (%u wrong)",
		   (long long)spread, least, most, wrong);
	}
}

int
main(void)
{
	loads.load = calloc(SLOTS, sizeof(*loads.load));
	test_lengths();
	test_places();
	test_bounds();
	test_late();
	test_exact();
	test_flat();
	test_few();
	test_mixed();
	test_level();
	test_many();
	test_within();
	free(loads.load);
	return tap_done();
}

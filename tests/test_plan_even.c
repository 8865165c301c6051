/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan_even.c - how evenly windows of renewal lie. */
#include <stdlib.h>

#include "tests/plan_make.h"
#include "tests/tap.h"

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

/* --- how evenly ------------------------------------------------------------------------ */

static void
test_flat(void)
{
	static const int fleets[] = { 1884, 18840, 100000 };
	uint32_t least, most;

	for (size_t i = 0; i < sizeof(fleets) / sizeof(fleets[0]); i++) {
		const struct plan_ask q = ask(47 * DAY, NOW);

		clear();
		for (int n = 0; n < fleets[i]; n++)
			count(plan_window(&q, &loads, &totals), 1);
		extremes(plan_range(&q), &least, &most);
		ok(most - least <= 1, "%d certificates of 47 days, at once: %u to %u a slot",
		   fleets[i], least, most);
	}
}

/* Few certificates lie no closer than is fair: of 100 in 1884 slots, each run of 200 slots has
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
	ok(least >= 8 && most <= 13, "a hundred certificates: %u to %u in any 17 hours", least,
	   most);
}

/* Bands of 47 and 60 days overlap in a day and a half: those of 60 days go round what is
 * there. */
static void
test_mixed(void)
{
	const struct plan_ask q47 = ask(47 * DAY, NOW), q60 = ask(60 * DAY, NOW);
	uint32_t least, most, most47, most60;

	clear();
	for (int n = 0; n < 50000; n++)
		count(plan_window(&q47, &loads, &totals), 1);
	extremes(plan_range(&q47), &least, &most);
	for (int n = 0; n < 60000; n++)
		count(plan_window(&q60, &loads, &totals), 1);
	extremes(plan_range(&q60), &least, &most60);
	ok(most60 <= most + 1, "50,000 of 47 days, then 60,000 of 60: %u a slot at most", most60);
	extremes(plan_range(&q47), &least, &most47);
	ok(most47 <= most, "nor where the bands overlap");
}

/* Who is issued a certificate each slot for a year, at the pace at which the fleet renews, is
 * planned at that pace: no slot gets more than the level says. */
static void
test_level(void)
{
	const int64_t life = 47 * DAY, interval = life * 1160 / 2000 / SLOT_SECONDS;
	uint32_t least, most;
	struct plan_ask q = ask(life, NOW);
	const struct plan_loads all = { loads.first + 2 * interval, 8000, NULL };

	clear();
	for (int64_t slot = 0; slot < 3 * interval; slot++) {
		q.now = q.not_before = NOW + slot * SLOT_SECONDS;
		q.not_after = q.not_before + life;
		for (int n = 0; n < 4; n++) {
			struct window w = plan_window(&q, &loads, &totals);

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
	plan_totals_add(&totals, (struct window){ NOW, NOW + 84600 }, 100000000);
	for (size_t i = 0; i < sizeof(heights) / sizeof(heights[0]); i++) {
		struct window w;

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
			struct window w = plan_window_within(&q, spread, &loads);

			wrong += w.start < q.now || w.end > until || w.end <= w.start + 1;
			count(w, 1);
		}
		if (range.count > 0)
			extremes(range, &least, &most);
		ok(wrong == 0 && most - least <= 1, "20,000 within %lld s: %u to %u a slot "
		   "(%u wrong)", (long long)spread, least, most, wrong);
	}
}

/* What counts nowhere is spread by chance. */
static void
test_drawn(void)
{
	for (size_t i = 0; i < sizeof(spreads) / sizeof(spreads[0]); i++) {
		int64_t spread = spreads[i], longest = spread < 2 ? 2 : spread;
		const struct plan_ask q = ask(47 * DAY, NOW + 46 * DAY);
		struct plan_loads range = plan_range_within(&q, spread);
		int64_t until = q.now + longest < q.not_after ? q.now + longest : q.not_after;
		uint32_t least = 0, most = 0;
		unsigned wrong = 0;

		clear();
		for (size_t n = 0; n < 2 * range.count + 1; n++) {
			struct window w = plan_window_drawn(&q, spread, n);

			wrong += w.start < q.now || w.end > until || w.end <= w.start + 1;
			count(w, 1);
		}
		if (range.count > 0)
			extremes(range, &least, &most);
		ok(wrong == 0 && (range.count == 0 || (least == 2 && most <= 3)), "drawn within "
		   "%lld s: %u to %u a slot (%u wrong)", (long long)spread, least, most, wrong);
	}
}

int
main(void)
{
	loads.load = calloc(SLOTS, sizeof(*loads.load));
	test_flat();
	test_few();
	test_mixed();
	test_level();
	test_many();
	test_within();
	test_drawn();
	free(loads.load);
	return tap_done();
}

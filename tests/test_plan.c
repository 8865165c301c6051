/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c - windows of renewal: where they may lie, and that what was counted can be taken
 * away again. */
#include <stdlib.h>

#include "tests/plan_make.h"
#include "tests/tap.h"

/* --- numbers ------------------------------------------------------------------------- */

static const struct length {
	int64_t	 life, length, retry;
	size_t	 slots;			/* of the default band */
} lengths[] = {
	{ 60, 60, 60, 0 },
	{ 15 * MINUTE, 60, 60, 0 },
	{ HOUR, 75, 75, 2 },
	{ 6 * HOUR, 450, 450, 10 },
	{ DAY, 1800, 1800, 40 },
	{ 160 * HOUR, 12000, 12000, 267 },
	{ 47 * DAY, 84600, 21600, 1884 },
	{ 100 * DAY, 180000, 21600, 4008 },
	{ 199 * DAY, 358200, 21600, 7976 },
	{ 398 * DAY, 716400, 21600, 15952 },
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
	struct window	 window;
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
		struct window w = plan_window(&q, &loads, &totals);

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
		{ 500, 660 }, { 100, 900 }, { 100, 200 }, { 600, 601 }, { 880, 900 },
	};

	for (size_t i = 0; i < 10 * sizeof(some) / sizeof(some[0]); i++)
		if (lengths[i % 10].life * (some[i / 10].until - some[i / 10].from) >= 2000)
			bound(lengths[i % 10].life, some[i / 10]);
}

/* --- bands that are over, in part -------------------------------------------------------- */

#define BAND_END 2680128		/* of 47 days */

static const struct late {
	const char	*what;
	int64_t		 life, now;	/* since NOW */
	int64_t		 start, least, most;	/* no earlier start; no earlier, no later end */
} lates[] = {
	{ "before the band", 47 * DAY, 20 * DAY, 47 * DAY / 2, 0, BAND_END },
	{ "in the band", 47 * DAY, 28 * DAY, 28 * DAY, 0, BAND_END },
	{ "a window before its end", 47 * DAY, BAND_END - 84600, BAND_END - 84600, BAND_END - 300,
	  BAND_END },
	{ "an hour before its end", 47 * DAY, BAND_END - HOUR, BAND_END - HOUR, BAND_END,
	  BAND_END },
	{ "two seconds before its end", 47 * DAY, BAND_END - 2, BAND_END - 2, BAND_END, BAND_END },
	{ "a second before its end", 47 * DAY, BAND_END - 1, BAND_END - 1, BAND_END - 1 + 84600,
	  BAND_END - 1 + 84600 },
	{ "behind it", 47 * DAY, 40 * DAY, 40 * DAY, 40 * DAY + 84600, 40 * DAY + 84600 },
	{ "an hour before it expires", 47 * DAY, 47 * DAY - HOUR, 47 * DAY - HOUR, 47 * DAY,
	  47 * DAY },
	{ "a second before it expires", 47 * DAY, 47 * DAY - 1, 47 * DAY - 1, 47 * DAY + 1,
	  47 * DAY + 1 },
	{ "when it has expired", 47 * DAY, 50 * DAY, 50 * DAY, 50 * DAY + 2, 50 * DAY + 2 },
	{ "in the band of a minute", 60, 32, 32, 39, 39 },
	{ "behind that", 60, 45, 45, 60, 60 },
};

static void
test_late(void)
{
	clear();
	for (size_t i = 0; i < sizeof(lates) / sizeof(lates[0]); i++) {
		const struct late *l = &lates[i];
		const struct plan_ask q = ask(l->life, NOW + l->now);
		struct window w = plan_window(&q, &loads, &totals);
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
	struct window *windows = calloc(N, sizeof(*windows));
	struct plan_totals row = { { 0 } }, none = { { 0 } };
	unsigned seed = 1;
	uint64_t sum = 0, left = 0;

	clear();
	for (int i = 0; i < N; i++) {
		const struct plan_ask q = ask(lengths[i % 10].life, NOW + rand_r(&seed) % 60);

		windows[i] = plan_window(&q, &loads, &totals);
		count(windows[i], 1);
		sum += loads.load[plan_slot(windows[i]) - loads.first] > 0;
	}
	for (int i = N - 1; i >= 0; i--) {
		int k = rand_r(&seed) % (i + 1);
		struct window w = windows[k];

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
	count((struct window){ NOW, NOW + HOUR }, 1);
	plan_totals_add(&row, windows[0], 3);
	plan_totals_end(&totals, &row);
	plan_totals_add(&totals, (struct window){ NOW, NOW + HOUR }, -1);
	ok(memcmp(&totals, &none, sizeof(none)) == 0, "a row that ends takes its own away");
	free(windows);
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
	free(loads.load);
	return tap_done();
}

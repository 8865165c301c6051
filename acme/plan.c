/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - when a certificate should be renewed, so that renewals come evenly. */
#include "acme/plan.h"

#include <assert.h>

#define WINDOWS	  48		/* in a lifetime */
#define LEAST	  60		/* seconds of a window that has room */
#define RETRY_MOST (6 * 3600)
#define SHORTEST  2		/* seconds: clients refuse a window that ends a second later */
#define ONE	  ((uint64_t)1 << 16)	/* loads with their fraction */

/* --- slots ------------------------------------------------------------------------- */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t
plan_slot(struct window window)
{
	return floor_div(window.start + (window.end - window.start) / 2, SLOT_SECONDS);
}

int64_t
plan_row(int64_t slot)
{
	return floor_div(slot, SLOTS_ROW);
}

int64_t
plan_length(int64_t lifetime)
{
	return lifetime / WINDOWS < LEAST ? LEAST : lifetime / WINDOWS;
}

int64_t
plan_retry(int64_t lifetime)
{
	int64_t length = plan_length(lifetime);

	return length < RETRY_MOST ? length : RETRY_MOST;
}

/* --- loads and totals ---------------------------------------------------------------- */

/* Between 0 and the most that it holds. */
static void
change(uint32_t *count, int n)
{
	int64_t sum = (int64_t)*count + n;

	*count = sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

void
plan_add(struct plan_loads *loads, struct window window, int n)
{
	int64_t at = plan_slot(window) - loads->first;

	assert(at >= 0 && at < (int64_t)loads->count);
	change(&loads->load[at], n);
}

/* The length in the middle of a class of slots_class(). */
static uint64_t
class_length(size_t class)
{
	return (uint64_t)(17 + 2 * (class % 8)) << (class / 8 + 1);
}

void
plan_totals_add(struct plan_totals *totals, struct window window, int n)
{
	change(&totals->count[slots_class(window.end - window.start)], n);
}

void
plan_totals_end(struct plan_totals *all, const struct plan_totals *row)
{
	for (size_t i = 0; i < SLOTS_LENGTHS; i++)
		all->count[i] -= row->count[i] < all->count[i] ? row->count[i] : all->count[i];
}

/* What is in each slot if all are spread evenly.  Shorter lives do not count: their plans do not
 * reach so far. */
static uint64_t
level(const struct plan_totals *totals, const struct plan_ask *ask)
{
	int64_t length = plan_length(ask->not_after - ask->not_before);
	uint64_t middle = (uint64_t)(ask->band.from + ask->band.until), sum = 0;

	for (size_t i = slots_class(length - length / 16); i < SLOTS_LENGTHS; i++)
		sum += ONE * SLOT_SECONDS * totals->count[i] / (class_length(i) * WINDOWS);
	return sum * 2000 / middle;
}

/* --- windows ------------------------------------------------------------------------ */

/* Seconds; and the slots in which a window of that length can have its middle. */
struct range {
	int64_t	 start, end, length;
	int64_t	 first, count;
};

static struct range
range_make(int64_t start, int64_t end, int64_t length)
{
	struct range r = { start, end, length, 0, 0 };
	int64_t middle = SLOT_SECONDS / 2, last;

	r.first = floor_div(start + length / 2 - middle + SLOT_SECONDS - 1, SLOT_SECONDS);
	last = floor_div(end - (length - length / 2) - middle, SLOT_SECONDS);
	r.count = last < r.first ? 0 : last - r.first + 1;
	return r;
}

static struct range
range_band(const struct plan_ask *ask)
{
	int64_t life = ask->not_after - ask->not_before;
	int64_t start = ask->not_before + life * ask->band.from / 1000;
	int64_t end = ask->not_before + life * ask->band.until / 1000;

	return range_make(start > ask->now ? start : ask->now, end, plan_length(life));
}

static struct range
range_within(const struct plan_ask *ask, int64_t spread)
{
	int64_t end = ask->now + spread, length = plan_length(ask->not_after - ask->not_before);

	if (length > spread / 8)
		length = spread / 8;
	return range_make(ask->now, end < ask->not_after ? end : ask->not_after, length);
}

struct plan_loads
plan_range(const struct plan_ask *ask)
{
	struct range r = range_band(ask);

	return (struct plan_loads){ r.first, (size_t)r.count, NULL };
}

struct plan_loads
plan_range_within(const struct plan_ask *ask, int64_t spread)
{
	struct range r = range_within(ask, spread);

	return (struct plan_loads){ r.first, (size_t)r.count, NULL };
}

/* A fraction that is spread evenly over any run of slots: multiples of the golden section. */
static uint64_t
turn(int64_t slot)
{
	return (uint64_t)slot * 40503 % ONE;
}

/* The first slot below the level, or else the least loaded one. */
static int64_t
best(struct range r, const struct plan_loads *loads, uint64_t most)
{
	const uint32_t *load = loads->load + (r.first - loads->first);
	uint64_t here, least = UINT64_MAX;
	int64_t at = 0;

	for (int64_t i = 0; i < r.count; i++)
		if (load[i] * ONE + turn(r.first + i) < most)
			return r.first + i;
	for (int64_t i = 0; i < r.count; i++) {
		here = load[i] * ONE + turn(r.first + i);
		if (here < least) {
			least = here;
			at = i;
		}
	}
	return r.first + at;
}

static struct window
choose(const struct plan_ask *ask, struct range r, const struct plan_loads *loads, uint64_t most)
{
	int64_t start = r.start, end;

	if (r.count > 0) {
		start = best(r, loads, most) * SLOT_SECONDS + SLOT_SECONDS / 2 - r.length / 2;
		return (struct window){ start, start + r.length };
	}
	if (r.end - r.start >= SHORTEST)
		return (struct window){ r.start, r.end };
	end = ask->now + r.length < ask->not_after ? ask->now + r.length : ask->not_after;
	if (end < ask->now + SHORTEST)
		end = ask->now + SHORTEST;
	return (struct window){ ask->now, end };
}

struct window
plan_window(const struct plan_ask *ask, const struct plan_loads *loads,
	    const struct plan_totals *totals)
{
	return choose(ask, range_band(ask), loads, level(totals, ask));
}

struct window
plan_window_within(const struct plan_ask *ask, int64_t spread, const struct plan_loads *loads)
{
	return choose(ask, range_within(ask, spread), loads, 0);
}

struct window
plan_window_drawn(const struct plan_ask *ask, int64_t spread, uint64_t draw)
{
	struct range r = range_within(ask, spread);
	uint32_t none = 0;

	if (r.count > 0) {
		r.first += (int64_t)(draw % (uint64_t)r.count);
		r.count = 1;
	}
	return choose(ask, r, &(struct plan_loads){ r.first, 1, &none }, UINT64_MAX);
}

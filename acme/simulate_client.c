/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_client.c - the clients of a simulated fleet: when they wake up, and what they do. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "acme/simulate.h"

/* --- chance -------------------------------------------------------------------------- */

static uint64_t
chance(struct fleet *f)
{
	f->seed ^= f->seed >> 12;
	f->seed ^= f->seed << 25;
	f->seed ^= f->seed >> 27;
	return f->seed * 2685821657736338717u;
}

/* In [0, 1). */
static double
chance_part(struct fleet *f)
{
	return (double)(chance(f) >> 11) * 0x1p-53;
}

/* 0 to most. */
static int64_t
chance_upto(struct fleet *f, int64_t most)
{
	return (int64_t)(chance_part(f) * (double)(most + 1));
}

static double
chance_normal(struct fleet *f)
{
	return sqrt(-2 * log(1 - chance_part(f))) * cos(2 * M_PI * chance_part(f));
}

/* How many of n do what each does with probability p. */
static uint32_t
chance_of(struct fleet *f, uint32_t n, double p)
{
	double some;
	uint32_t k = 0;

	if (p <= 0 || p >= 1)
		return p <= 0 ? 0 : n;
	if (n <= 100) {
		for (uint32_t i = 0; i < n; i++)
			k += chance_part(f) < p;
		return k;
	}
	some = round(n * p + sqrt(n * p * (1 - p)) * chance_normal(f));
	return some < 0 ? 0 : some > n ? n : (uint32_t)some;
}

/* --- cohorts ------------------------------------------------------------------------- */

uint32_t
cohort_new(struct fleet *f)
{
	uint32_t i = f->unused;

	if (i != NONE) {
		f->unused = f->cohorts[i].link;
		return i;
	}
	if (f->ncohort == f->room) {
		f->room = f->room == 0 ? 4096 : f->room * 2;
		f->cohorts = realloc(f->cohorts, f->room * sizeof(*f->cohorts));
		if (f->cohorts == NULL)
			abort();
		f->ncohort += f->ncohort == 0;
	}
	return f->ncohort++;
}

static void
cohort_free(struct fleet *f, uint32_t i)
{
	f->cohorts[i].link = f->unused;
	f->unused = i;
}

static void
cohort_wake(struct fleet *f, uint32_t i, int64_t when)
{
	uint32_t *list = &f->at[(when < f->end ? when : f->end) - f->begin];

	assert(when > f->now);
	f->cohorts[i].link = *list;
	*list = i;
}

/* --- clients ------------------------------------------------------------------------- */

static bool
server_down(const struct fleet *f)
{
	int64_t now = (f->now - f->begin) * SLOT_SECONDS;

	return now >= f->s->outage_start && now < f->s->outage_start + f->s->outage_length;
}

/* The last wake-up before one that would come too late for the window; from `when` on. */
static int64_t
ari_first(struct fleet *f, const struct cohort *c, int64_t when)
{
	int64_t due = c->window.start / SLOT_SECONDS - f->retry;
	int64_t many = (due - when) / (f->retry + f->late) - 10;

	if (many > 10) {
		double mean = (double)f->retry + (double)f->late / 2;
		double width = sqrt((double)(f->late * (f->late + 2)) / 12 * (double)many);

		when += (int64_t)(mean * (double)many + width * chance_normal(f));
	}
	while (when < due)
		when += f->retry + chance_upto(f, f->late);
	return when;
}

/* When a third of the life is left, at a time that differs by half days from `when`. */
static int64_t
cron_first(const struct fleet *f, const struct cohort *c, int64_t when)
{
	int64_t due = c->issued + f->life * 2 / 3;

	return when >= due ? when : when + (due - when + SLOTS_CRON - 1) / SLOTS_CRON * SLOTS_CRON;
}

static int64_t
retry_after(struct fleet *f, const struct cohort *c)
{
	int64_t step;

	if (c->kind == CRON)
		return SLOTS_CRON;
	step = c->tries < 20 ? (int64_t)1 << c->tries : f->retry;
	if (step > f->retry)
		step = f->retry;
	return step + chance_upto(f, step / 2);
}

/* n of a cohort want to renew, and the server is down. */
static void
client_fail(struct fleet *f, uint32_t i, uint32_t n)
{
	struct cohort failed = f->cohorts[i];
	uint32_t other = i;

	f->out->failed[(f->now - f->begin) / SLOTS_HOUR] += n;
	if (n < failed.n) {
		f->cohorts[i].n -= n;
		other = cohort_new(f);
	}
	failed.n = n;
	failed.tries += failed.tries < 255;
	f->cohorts[other] = failed;
	cohort_wake(f, other, f->now + retry_after(f, &failed));
}

void
cohort_expire(struct fleet *f, const struct cohort *c)
{
	int64_t when = c->issued + f->life;

	if (when < f->now && when < f->end) {
		f->out->expired[(when - f->begin) / SLOTS_HOUR] += c->n;
		f->out->nexpired += c->n;
	}
}

/* n of a cohort renew. */
static void
client_renew(struct fleet *f, uint32_t i, uint32_t n)
{
	struct cohort gone = f->cohorts[i];

	gone.n = n;
	cohort_expire(f, &gone);
	if (gone.kind != CRON)
		window_count(f, gone.window, -(int)n);
	f->pool[gone.kind] += n;
	f->out->nrenewed += n;
	f->cohorts[i].n -= n;
	if (f->cohorts[i].n == 0)
		cohort_free(f, i);
}

void
client_wake(struct fleet *f, uint32_t i)
{
	const struct cohort c = f->cohorts[i];
	int64_t next = (f->now + f->retry) * SLOT_SECONDS;
	uint32_t n = c.n;

	if (c.kind == ARI && c.tries == 0)
		n = chance_of(f, c.n, (double)(next - c.window.start) /
			      (double)(c.window.end - c.window.start));
	if (n > 0 && server_down(f))
		client_fail(f, i, n);
	else if (n > 0)
		client_renew(f, i, n);
	if (n < c.n)
		cohort_wake(f, i, f->now + f->retry + chance_upto(f, f->late));
}

void
cohort_begin(struct fleet *f, uint32_t i, bool first)
{
	const struct cohort *c = &f->cohorts[i];
	int64_t period = c->kind == CRON ? SLOTS_CRON : f->retry, when = f->now + period;

	if (first)
		when -= chance_upto(f, period - 1);
	cohort_wake(f, i, c->kind == CRON ? cron_first(f, c, when) : ari_first(f, c, when));
}

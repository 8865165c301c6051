/* SPDX-License-Identifier: Apache-2.0 */
/* simulate.c - a fleet of certificates that renew themselves: issuance, and the clock. */
#include <stdlib.h>

#include "acme/simulate.h"

#define PLANS	20000000	/* in a simulation, about */
#define COHORTS	2000000		/* at a time, about */
#define DAY	86400

/* --- windows ------------------------------------------------------------------------- */

/* As Boulder has them: about a third of the life before its end, half of it if that is short. */
static struct window
window_plain(const struct simulation *s, int64_t now)
{
	int64_t middle = now + s->lifetime - s->lifetime / (s->lifetime < 10 * DAY ? 2 : 3);
	int64_t part = s->lifetime / 100 > 1 ? s->lifetime / 100 : 1;

	return (struct window){ middle - part, middle + part };
}

static struct window
window_choose(struct fleet *f)
{
	int64_t now = f->now * SLOT_SECONDS;
	const struct plan_ask ask = { now, now + f->s->lifetime, now,
				      { f->s->from, f->s->until } };

	if (!f->s->smooth)
		return window_plain(f->s, now);
	return plan_window(&ask, &f->loads, &f->all);
}

/* n windows more, or fewer. */
void
window_count(struct fleet *f, struct window window, int n)
{
	int64_t row = plan_row(plan_slot(window));

	if (!f->s->smooth || row < plan_row(f->now))
		return;
	plan_add(&f->loads, window, n);
	plan_totals_add(&f->rows[row - plan_row(f->begin)], window, n);
	plan_totals_add(&f->all, window, n);
}

/* --- issuance ------------------------------------------------------------------------ */

/* One cohort; `first`: for clients that have not had a certificate, so wake up at any time. */
static void
issue_cohort(struct fleet *f, enum kind kind, uint32_t n, bool first)
{
	uint32_t i = cohort_new(f);
	struct cohort *c = &f->cohorts[i];

	*c = (struct cohort){ f->now, window_choose(f), n, NONE, kind, 0 };
	window_count(f, c->window, (int)n);
	f->out->nplan++;
	cohort_begin(f, i, first);
}

static void
issue(struct fleet *f, enum kind kind, uint64_t n, bool first)
{
	uint64_t some;

	f->out->issued[(f->now - f->begin) / SLOTS_HOUR] += (uint32_t)n;
	f->out->nissued += (int64_t)n;
	for (; n > 0; n -= some) {
		some = n < (uint64_t)f->out->batch ? n : (uint64_t)f->out->batch;
		issue_cohort(f, kind, (uint32_t)some, first);
	}
}

/* Slots over which the fleet begins: a day, less if the certificates live so shortly; or the time
 * from one renewal to the next. */
static int64_t
begin_slots(const struct simulation *s)
{
	int64_t seconds = s->lifetime * (s->from + s->until) / 2000;

	if (s->burst)
		seconds = s->lifetime / 6 < DAY ? s->lifetime / 6 : DAY;
	return seconds < SLOT_SECONDS ? 1 : seconds / SLOT_SECONDS;
}

/* Those of the fleet that begin in this slot. */
static void
issue_first(struct fleet *f)
{
	int64_t slots = begin_slots(f->s), at = f->now - f->begin;
	uint64_t n, cron = 0;

	if (at >= slots)
		return;
	n = (uint64_t)(f->s->fleet * (at + 1) / slots - f->s->fleet * at / slots);
	if (f->s->clients == CLIENTS_CRON)
		cron = n;
	else if (f->s->clients == CLIENTS_MIXED)
		cron = (n + (uint64_t)(at % 2)) / 2;
	issue(f, ARI, n - cron, true);
	issue(f, CRON, cron, true);
}

/* --- the run ------------------------------------------------------------------------- */

static void
run_slot(struct fleet *f)
{
	uint32_t i = f->at[f->now - f->begin], next;

	if (f->now % SLOTS_ROW == 0 && f->now > f->begin)
		plan_totals_end(&f->all, &f->rows[plan_row(f->now - 1) - plan_row(f->begin)]);
	for (; i != NONE; i = next) {
		next = f->cohorts[i].link;
		client_wake(f, i);
	}
	issue_first(f);
	for (int kind = 0; kind < KINDS; kind++) {
		issue(f, kind, f->pool[kind], false);
		f->pool[kind] = 0;
	}
}

static void *
zeroes(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		abort();
	return p;
}

/* So many that neither the plans nor the cohorts are too many. */
static int64_t
batch_of(const struct simulation *s)
{
	double interval = (double)s->lifetime * (s->from + s->until) / 2000;
	int64_t plans = (int64_t)((double)s->fleet * (1 + (double)s->length / interval));
	int64_t of_plans = 1 + plans / PLANS, of_cohorts = 1 + s->fleet / COHORTS;

	return of_plans > of_cohorts ? of_plans : of_cohorts;
}

static void
fleet_begin(struct fleet *f, const struct simulation *s, struct simulated *out)
{
	int64_t slots;

	*f = (struct fleet){ .s = s, .out = out, .begin = SIMULATION_BEGIN / SLOT_SECONDS };
	slots = (s->length + 3599) / 3600 * SLOTS_HOUR;
	f->end = f->begin + slots;
	f->life = s->lifetime / SLOT_SECONDS;
	f->retry = plan_retry(s->lifetime) / SLOT_SECONDS;
	f->retry += f->retry == 0;
	f->late = f->retry / 10;
	f->seed = (s->seed + 1) * 0x9e3779b97f4a7c15u | 1;
	f->at = zeroes((size_t)slots + 1, sizeof(*f->at));
	f->loads = (struct plan_loads){ f->begin, (size_t)(slots + f->life + SLOTS_ROW), NULL };
	f->loads.load = zeroes(f->loads.count, sizeof(*f->loads.load));
	f->rows = zeroes(f->loads.count / SLOTS_ROW + 2, sizeof(*f->rows));

	*out = (struct simulated){ .hours = (size_t)(slots / SLOTS_HOUR) };
	out->issued = zeroes(out->hours, sizeof(*out->issued));
	out->failed = zeroes(out->hours, sizeof(*out->failed));
	out->expired = zeroes(out->hours, sizeof(*out->expired));
	out->batch = s->batch > 0 ? s->batch : batch_of(s);
}

/* Counts those who have a certificate, or want one, at the end. */
static void
fleet_end(struct fleet *f)
{
	const struct cohort *c;

	f->now = f->end;
	for (uint32_t i = f->at[f->end - f->begin]; i != NONE; i = c->link) {
		c = &f->cohorts[i];
		f->out->owners += c->n;
		cohort_expire(f, c);
	}
	free(f->cohorts);
	free(f->at);
	free(f->loads.load);
	free(f->rows);
}

void
acme_simulate(const struct simulation *s, struct simulated *out)
{
	struct fleet f;
	int64_t each;

	fleet_begin(&f, s, out);
	each = (f.end - f.begin) / 100 + 1;
	for (f.now = f.begin; f.now < f.end; f.now++) {
		if (s->progress != NULL && (f.now - f.begin) % each == 0)
			s->progress((int)((f.now - f.begin) / each));
		run_slot(&f);
	}
	fleet_end(&f);
}

void
acme_simulated_free(struct simulated *out)
{
	free(out->issued);
	free(out->failed);
	free(out->expired);
}

void
acme_simulated_part(const struct simulated *r, struct simulated_part *part)
{
	size_t hours = 0, until = part->until < r->hours ? part->until : r->hours;

	part->issued = part->failed = part->expired = 0;
	part->peak = 0;
	for (size_t i = part->from; i < until; i++) {
		part->failed += r->failed[i];
		part->expired += r->expired[i];
		if (i >= part->skip_from && i < part->skip_until)
			continue;
		hours++;
		part->issued += r->issued[i];
		if (r->issued[i] > part->peak)
			part->peak = r->issued[i];
	}
	part->mean = hours == 0 ? 0 : (double)part->issued / (double)hours;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_simulate.c - simulated fleets: nobody is lost or renews twice, an outage stops all, and
 * smoothing makes issuance even. */
#include <math.h>

#include "acme/acme.h"
#include "tests/tap.h"

#define HOUR 3600
#define DAY  86400

static const struct fleet {
	const char		*what;
	int64_t			 fleet, lifetime, lifetimes;
	enum simulated_clients	 clients;
	bool			 burst, smooth;
	int64_t			 outage_start, outage_length;
	int64_t			 expired;	/* at least; 0: exactly */
	double			 peak;		/* to mean, from the third lifetime on: at most;
						   negative: at least; 0: not looked at */
} fleets[] = {
	{ "one certificate", 1, 47 * DAY, 6, CLIENTS_ARI, true, true, 0, 0, 0, 0 },
	{ "one, by cron", 1, 47 * DAY, 6, CLIENTS_CRON, false, true, 0, 0, 0, 0 },
	{ "a thousand", 1000, 47 * DAY, 6, CLIENTS_ARI, true, true, 0, 0, 0, 0 },
	{ "half of a thousand and one by cron", 1001, 47 * DAY, 6, CLIENTS_MIXED, true, true, 0, 0,
	  0, 0 },
	{ "a burst of 47 days", 20000, 47 * DAY, 6, CLIENTS_ARI, true, true, 0, 0, 0, 2 },
	{ "the same without smoothing", 20000, 47 * DAY, 6, CLIENTS_ARI, true, false, 0, 0, 0,
	  -15 },
	{ "a burst of 160 hours", 40000, 160 * HOUR, 9, CLIENTS_ARI, true, true, 0, 0, 0, 1.5 },
	{ "the same without smoothing", 40000, 160 * HOUR, 9, CLIENTS_ARI, true, false, 0, 0, 0,
	  -3 },
	{ "evenly begun", 40000, 160 * HOUR, 6, CLIENTS_ARI, false, true, 0, 0, 0, 1.2 },
	{ "a burst of six hours", 20000, 6 * HOUR, 40, CLIENTS_ARI, true, true, 0, 0, 0, 1.25 },
	{ "by cron, with too short a life", 1000, 6 * HOUR, 40, CLIENTS_CRON, true, true, 0, 0, 1,
	  0 },
	{ "two days without server", 5000, 47 * DAY, 6, CLIENTS_ARI, true, true, 150 * DAY,
	  2 * DAY, 0, 0 },
	{ "the same by cron", 5000, 47 * DAY, 6, CLIENTS_CRON, false, true, 150 * DAY, 2 * DAY, 0,
	  0 },
	{ "two days without server, of 160 hours", 10000, 160 * HOUR, 7, CLIENTS_ARI, false, true,
	  30 * DAY, 2 * DAY, 0, 0 },
	{ "the same by cron", 10000, 160 * HOUR, 7, CLIENTS_CRON, false, true, 30 * DAY, 2 * DAY,
	  0, 0 },
	{ "four days without server, of 160 hours", 10000, 160 * HOUR, 7, CLIENTS_ARI, false, true,
	  30 * DAY, 4 * DAY, 2500, 0 },
	{ "without server until the end", 10000, 160 * HOUR, 6, CLIENTS_ARI, false, true, 30 * DAY,
	  30 * DAY, 10000, 0 },
};

static struct simulation
simulation(const struct fleet *f)
{
	return (struct simulation){
		.fleet = f->fleet, .lifetime = f->lifetime, .length = f->lifetimes * f->lifetime,
		.from = 500, .until = 660, .clients = f->clients, .burst = f->burst,
		.smooth = f->smooth, .outage_start = f->outage_start,
		.outage_length = f->outage_length, .seed = 7,
	};
}

/* --- one fleet ----------------------------------------------------------------------- */

/* Nobody is lost: each who was issued a first certificate has one or tries to; each other
 * certificate is a renewal; the hours have all of them. */
static void
check_owners(const struct fleet *f, const struct simulated *r)
{
	struct simulated_part all = { .until = r->hours };

	acme_simulated_part(r, &all);
	ok(r->owners == f->fleet && r->nissued == f->fleet + r->nrenewed, "%s: %lld owners, "
	   "%lld renewals", f->what, (long long)r->owners, (long long)r->nrenewed);
	ok(all.issued == r->nissued && all.expired == r->nexpired,
	   "%s: the hours have all that was issued, and has expired (%lld)", f->what,
	   (long long)r->nexpired);
	ok(f->expired == 0 ? r->nexpired == 0 : r->nexpired >= f->expired,
	   "%s: %s %lld expired", f->what, f->expired == 0 ? "of none" : "of at least",
	   (long long)f->expired);
}

/* Nobody renews twice, nor sleeps through a renewal: as many as there is time for. */
static void
check_renewals(const struct fleet *f, const struct simulated *r)
{
	double life = (double)f->lifetime, length = life * (double)f->lifetimes - DAY;
	double soonest = life * 0.5 - 6.6 * HOUR, latest = life * 0.67 + 12 * HOUR;
	double least = (double)f->fleet * floor(length / latest - 1);
	double most = (double)f->fleet * ceil((length + DAY) / soonest);

	if (f->lifetime < 2 * DAY || f->outage_length > 0)
		return;
	ok((double)r->nrenewed >= least && (double)r->nrenewed <= most,
	   "%s: between %.0f and %.0f renewals: %lld", f->what, least, most,
	   (long long)r->nrenewed);
}

static void
check_outage(const struct fleet *f, const struct simulated *r)
{
	int64_t start = f->outage_start, end = start + f->outage_length;
	struct simulated_part down = { .from = (size_t)start / HOUR, .until = (size_t)end / HOUR };
	struct simulated_part all = { .until = r->hours };

	if (f->outage_length == 0)
		return;
	acme_simulated_part(r, &down);
	acme_simulated_part(r, &all);
	ok(down.issued == 0 && down.failed > 0 && all.failed == down.failed,
	   "%s: nothing is issued, %lld attempts fail, none at another time", f->what,
	   (long long)down.failed);
}

static void
check_peak(const struct fleet *f, const struct simulated *r)
{
	struct simulated_part part = { .until = r->hours };
	double ratio;

	if (f->peak == 0)
		return;
	part.from = (size_t)(2 * f->lifetime / HOUR);
	acme_simulated_part(r, &part);
	ratio = part.peak / part.mean;
	ok(f->peak > 0 ? ratio <= f->peak : ratio >= -f->peak, "%s: peak to mean %.2f, at %s %.1f",
	   f->what, ratio, f->peak > 0 ? "most" : "least", fabs(f->peak));
}

static void
test_fleets(void)
{
	for (size_t i = 0; i < sizeof(fleets) / sizeof(fleets[0]); i++) {
		const struct simulation s = simulation(&fleets[i]);
		struct simulated r;

		acme_simulate(&s, &r);
		check_owners(&fleets[i], &r);
		check_renewals(&fleets[i], &r);
		check_outage(&fleets[i], &r);
		check_peak(&fleets[i], &r);
		acme_simulated_free(&r);
	}
}

/* --- exact numbers -------------------------------------------------------------------- */

/* A burst of a day, by cron, renews in the day and a half from two thirds of the life on: each
 * generation begins at 31 days and 8 hours, or within 12 hours after. */
static void
test_exact(void)
{
	static const struct fleet cron = { "", 1440, 47 * DAY, 2, CLIENTS_CRON, true, false, 0, 0,
					   0, 0 };
	const struct simulation s = simulation(&cron);
	struct simulated r;
	struct simulated_part first = { .until = 24 }, gap = { .from = 24, .until = 31 * 24 + 8 },
		second = { .from = 31 * 24 + 8, .until = 33 * 24 };

	acme_simulate(&s, &r);
	acme_simulated_part(&r, &first);
	acme_simulated_part(&r, &gap);
	acme_simulated_part(&r, &second);
	ok(first.issued == 1440 && first.peak == 60 && gap.issued == 0 && second.issued == 1440,
	   "1440 by cron: %lld on the first day, %u an hour; %lld in the next month; then %lld",
	   (long long)first.issued, first.peak, (long long)gap.issued, (long long)second.issued);
	ok(r.nrenewed == 2 * 1440 && r.batch == 1 && r.nplan == 3 * 1440,
	   "in 94 days each renews twice, planned by itself");
	acme_simulated_free(&r);
}

static int at = -1, steps;

static void
progress(int percent)
{
	steps += percent > at && percent <= 100;
	at = percent;
}

/* The same seed, the same course; another, another. */
static void
test_seeds(void)
{
	struct simulation s = simulation(&fleets[2]);
	struct simulated a, b, c;

	acme_simulate(&s, &a);
	s.progress = progress;
	acme_simulate(&s, &b);
	s.progress = NULL;
	s.seed++;
	acme_simulate(&s, &c);
	ok(memcmp(a.issued, b.issued, a.hours * sizeof(*a.issued)) == 0, "the same seed again");
	ok(memcmp(a.issued, c.issued, a.hours * sizeof(*a.issued)) != 0, "another seed");
	ok(steps >= 90 && at >= 90, "progress is told: %d times, up to %d %%", steps, at);
	acme_simulated_free(&a);
	acme_simulated_free(&b);
	acme_simulated_free(&c);
}

/* What is planned in batches comes to the same as what is planned one by one. */
static void
test_batches(void)
{
	static const struct fleet many = { "", 100000, 160 * HOUR, 5, CLIENTS_ARI, false, true, 0,
					   0, 0, 0 };
	struct simulation s = simulation(&many);
	struct simulated one, batch;
	struct simulated_part a = { .from = 320 }, b = { .from = 320 };

	s.batch = 5;
	acme_simulate(&s, &batch);
	s.batch = 0;
	acme_simulate(&s, &one);
	a.until = b.until = one.hours;
	acme_simulated_part(&one, &a);
	acme_simulated_part(&batch, &b);
	ok(one.batch == 1 && batch.batch == 5 && batch.owners == one.owners &&
	   batch.nplan < one.nplan / 3, "%lld plans for batches of 5, %lld for each by itself",
	   (long long)batch.nplan, (long long)one.nplan);
	ok(fabs(b.mean / a.mean - 1) < 0.05, "they renew as often: %.1f and %.1f an hour", b.mean,
	   a.mean);
	ok(b.peak / b.mean < a.peak / a.mean + 0.1, "and nearly as evenly: peak to mean %.3f, %.3f",
	   b.peak / b.mean, a.peak / a.mean);
	acme_simulated_free(&one);
	acme_simulated_free(&batch);
}

int
main(void)
{
	test_fleets();
	test_exact();
	test_seeds();
	test_batches();
	return tap_done();
}

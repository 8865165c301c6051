/* SPDX-License-Identifier: Apache-2.0 */
/* simulate.h - a fleet of certificates that renew themselves, under a clock that jumps from slot
 * to slot: the windows are those of acme/plan.c, the clients are made up here.
 *
 * Certificates that were issued in the same slot with the same window are one cohort.  At each
 * wake-up of a cohort it is drawn how many of its clients renew; those get new certificates, in
 * cohorts of `batch` at most.  A small fleet has batches of one: each certificate is planned by
 * itself.  A large one is planned in batches, so that there are about PLANS plans in all; the
 * clients of a batch wake up at the same time.
 *
 * Clients:
 *   ARI	wakes up each Retry-After and up to a tenth later, draws a moment in the window, and
 *		renews if that is past or before the next wake-up (RFC 9773 section 4.2)
 *   CRON	wakes up twice a day, always at the same minutes; renews when a third of the life is
 *		left; does not name what it replaces
 * What fails is tried again: by ARI clients after 10, 20, 40 ... minutes, at most Retry-After (and
 * up to half as much later); by CRON at the next wake-up. */
#ifndef ACME_SIMULATE_H
#define ACME_SIMULATE_H

#include "acme/acme.h"
#include "acme/plan.h"

#define SLOTS_HOUR  (3600 / SLOT_SECONDS)
#define SLOTS_CRON  (12 * SLOTS_HOUR)
#define NONE	    0		/* no cohort: number 0 is not used */

enum kind {
	ARI,
	CRON,
	KINDS
};

struct cohort {
	int64_t			issued;		/* slot */
	struct window	window;
	uint32_t		n, link;
	uint8_t			kind, tries;	/* that failed, of those who want to renew */
};

/* Lives as long as acme_simulate() runs.  Times are slots. */
struct fleet {
	const struct simulation	*s;
	struct simulated	*out;
	int64_t			 begin, end, now;
	int64_t			 life, retry, late;	/* lifetime, Retry-After, its tenth */
	uint64_t		 seed;
	struct cohort		*cohorts;
	uint32_t		 ncohort, room, unused;	/* unused: linked */
	uint32_t		*at;			/* by slot: who wakes up then; linked */
	struct plan_loads	 loads;
	struct plan_totals	*rows, all;
	uint64_t		 pool[KINDS];		/* renewed in this slot, not issued yet */
};

/* A cohort for the caller to fill; its number. */
uint32_t cohort_new(struct fleet *f);

/* It has been filled, and waits for its first wake-up; `first`: its clients have not had a
 * certificate before, so wake up at any time. */
void cohort_begin(struct fleet *f, uint32_t i, bool first);

/* Counts the cohort if it has expired by now. */
void cohort_expire(struct fleet *f, const struct cohort *c);

/* Who wakes up renews into the pool, or fails, or sleeps on. */
void client_wake(struct fleet *f, uint32_t i);

/* n windows more, or fewer. */
void window_count(struct fleet *f, struct window window, int n);

#endif

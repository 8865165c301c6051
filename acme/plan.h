/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - when a certificate should be renewed, so that renewals come evenly.  Pure: no
 * store, no clock.  RFC 9773 section 4.2 has the window, and leaves its choice to the server.
 *
 * Time is cut into slots of five minutes; slot n begins n * 300 seconds after 1970.  The store
 * keeps rows of 144 slots (12 hours; slot n stands in row n / 144).  A row has for each slot how
 * many windows have their middle in it, and for the whole row how many of each length there are;
 * beside the rows stands one such table for all.  It follows from the window alone where it is
 * counted, so what was added is taken away exactly.  When the 12 hours are over the row is deleted
 * and its windows no longer count: who renews without a word (a client without `replaces`) does
 * not stay in the books for ever.
 *
 * The window of a certificate is as long as 1/48 of its lifetime (47 days: 23.5 hours; 160 hours:
 * 200 minutes; 6 hours: 450 seconds).  It lies in a band of the lifetime (from half of it to 66 %,
 * or as the operator says), and its middle in the first slot that has less than the level; if none
 * has, in the least loaded one.
 *
 *	level	what each slot has if all certificates that live as long as this one, or longer, are
 *		renewed evenly, each in the middle of its band on average
 *
 * So a fleet that began in one day is first stretched over the whole band (each slot is above the
 * level), and as soon as it is thin enough it is kept at the level, one after the other.  To take
 * the least loaded slot always would need several lifetimes more: what is at the beginning of a
 * bulge would see the empty slots before it, and leave them empty.
 *
 * The level is rarely a whole number.  A slot's turn, a fraction that is spread evenly over any
 * run of slots, says which of them has one more: of slots with a level of 0.2 each fifth gets one.
 *
 * A window is chosen once and stored: asked again, this would answer otherwise. */
#ifndef ACME_PLAN_H
#define ACME_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* Thousandths of the lifetime; 100 <= from < until <= 900. */
struct plan_band {
	int	 from, until;
};

/* Seconds since 1970; end > start + 1, the end is not in it. */
struct window {
	int64_t	 start, end;
};

/* Slots from first on, and the windows in each.  The caller owns the array. */
struct plan_loads {
	int64_t		 first;
	size_t		 count;
	uint32_t	*load;
};

/* Windows, by the class of their length: those of one row, and those of all rows. */
struct plan_totals {
	uint32_t	 count[SLOTS_LENGTHS];
};

/* A certificate that wants a window. */
struct plan_ask {
	int64_t		 not_before, not_after, now;
	struct plan_band band;
};

/* Length of the window of a certificate that lives so many seconds; at least 60. */
int64_t plan_length(int64_t lifetime);

/* Seconds after which its client should ask for the window again (Retry-After): as long as the
 * window, so that none is slept through, from one minute to six hours. */
int64_t plan_retry(int64_t lifetime);

/* First and count of the slots whose loads plan_window() is to be given; load stays NULL.
 * The count may be 0; 1884 for 47 days in the default band. */
struct plan_loads plan_range(const struct plan_ask *ask);

/* The best window in what is left of the band, from now on; loads has (at least) the slots of
 * plan_range().  What is left is a window itself if it is shorter than one and two seconds long or
 * more; after that the window begins now, and ends with the life of the certificate or before. */
struct window plan_window(const struct plan_ask *ask, const struct plan_loads *loads,
			       const struct plan_totals *totals);

/* For incidents: the same for windows that begin now or later and end before now + spread, as
 * long as the certificate lives.  The least loaded slots are taken, so that certificates that are
 * planned one after the other, each added before the next, are spread evenly. */
struct plan_loads plan_range_within(const struct plan_ask *ask, int64_t spread);
struct window plan_window_within(const struct plan_ask *ask, int64_t spread,
				      const struct plan_loads *loads);

/* The same for one that will not be counted: in a slot by chance, which `draw` is, whatever the
 * loads are. */
struct window plan_window_drawn(const struct plan_ask *ask, int64_t spread, uint64_t draw);

/* The slot that a window is counted in, that of its middle; the row that has a slot. */
int64_t plan_slot(struct window window);
int64_t plan_row(int64_t slot);

/* Add n windows (n < 0: take them away) to the loads, which have their slot; to the totals of
 * their row; and to the totals of all.  A window is taken away when its certificate has been
 * replaced or revoked, and when it is moved; not if its row has been deleted.  A count never
 * falls below 0. */
void plan_add(struct plan_loads *loads, struct window window, int n);
void plan_totals_add(struct plan_totals *totals, struct window window, int n);

/* The row is about to be deleted: takes its windows from the totals of all. */
void plan_totals_end(struct plan_totals *all, const struct plan_totals *row);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* seat.h - the place of a validation among those of its account: one of the few that get on, or
 * of the many that are slow. */
#ifndef ACME_SEAT_H
#define ACME_SEAT_H

#include "base/flow.h"
#include "base/turn.h"
#include "va/va.h"

/* All zero but the first members: it has none.  It lives as long as the flow, a job. */
struct seat {
	struct flow		*flow;
	const struct validation	*question;
	const char		*account;	/* lives as long; set before it is taken */
	/* private */
	struct turn		 turn, slow;	/* one of these, or none */
	struct event		*patience;
};

/* Does it have one? */
bool seat_held(const struct seat *seat);

/* Among those that get on, also for one that is slow; false: the flow waits in line for it, and
 * is woken with the ticket, which it has armed. */
bool seat_take(struct seat *seat, unsigned ticket);

/* From now on it gives its place to the next one when it is slow, and counts as slow; until it
 * is said to be busy.  On the loop, and only while the flow is. */
void seat_watch(struct seat *seat);
void seat_busy(struct seat *seat);

/* Is it slow? */
bool seat_slow(const struct seat *seat);

/* Gives up what it has, or waits for. */
void seat_leave(struct seat *seat);

#endif

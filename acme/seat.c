/* SPDX-License-Identifier: Apache-2.0 */
/* seat.c - validations of one account: few at a time get on, many more may be slow, so that the
 * silence of a target, or of its name servers, holds up nobody else.  Runs on: loop. */
#include "acme/seat.h"

#include "acme/jobs.h"
#include "acme/local.h"

#define PATIENCE_MS 500		/* with one that has its turn */
#define SLOW	    15		/* times as many as have a turn */

bool
seat_held(const struct seat *seat)
{
	return seat->turn.line != NULL || seat->slow.line != NULL;
}

bool
seat_slow(const struct seat *seat)
{
	return seat->slow.line != NULL;
}

static unsigned
seat_most(const struct seat *seat)
{
	return (unsigned)WORK(seat->flow)->config->per_account;
}

bool
seat_take(struct seat *seat, unsigned ticket)
{
	struct lines *lines = &acme_local(seat->flow->loop)->accounts;

	turn_give(&seat->slow);
	if (turn_take(lines, &seat->turn, seat->flow, seat->account, seat_most(seat)))
		return true;
	seat->turn.due = INT64_MAX;
	seat->turn.ticket = ticket;
	return false;
}

/* Not if there are too many slow ones.  Who stands behind others that get on is not slow: if the
 * account's whole crowd stood there, the time of the last would be over before its turn. */
static void
seat_late(evutil_socket_t fd, short what, void *arg)
{
	struct seat *seat = arg;
	struct lines *lines = &acme_local(seat->flow->loop)->slow;

	(void)fd, (void)what;
	seat_busy(seat);
	if (!va_hopes(seat->question) && turn_take(lines, &seat->slow, seat->flow,
						    seat->account, SLOW * seat_most(seat))) {
		turn_give(&seat->turn);
	} else {
		turn_leave(&seat->slow);
		seat_watch(seat);
	}
}

void
seat_watch(struct seat *seat)
{
	if (seat->turn.line != NULL && seat->patience == NULL)
		seat->patience = loop_timer(seat->flow->loop, PATIENCE_MS, seat_late, seat);
}

void
seat_busy(struct seat *seat)
{
	if (seat->patience != NULL)
		event_free(seat->patience);
	seat->patience = NULL;
}

void
seat_leave(struct seat *seat)
{
	seat_busy(seat);
	turn_give(&seat->turn);
	turn_give(&seat->slow);
}

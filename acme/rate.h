/* SPDX-License-Identifier: Apache-2.0 */
/* rate.h - the arithmetic of a bucket of tokens.  Pure.
 *
 * A bucket holds rate.count tokens, and one comes back each period / count.  It is kept as
 * the moment when it is full again, and as the time in which a token comes back, so that it
 * says how many are out even when the rate is another now:
 *
 *	rate 3/1h, at 10:00 two are taken	full at 10:40, each 20 min: one is left
 *	at 10:00 the rate is made 10/1h		two are out, so eight are left; the next one
 *						makes it full at 10:18, each 6 min
 *
 * After the rate was changed, or the clock set back, at least one is left: nobody waits longer
 * than for one token. */
#ifndef ACME_RATE_H
#define ACME_RATE_H

#include "acme/acme.h"

/* Microseconds in which one token comes back, at least 1 (so that no rate is above one a
 * microsecond).  Not for a rate without a count. */
int64_t rate_each(struct rate rate);

/* Microseconds until a token can be had, 0: now.  A rate without a count never waits. */
int64_t rate_wait(struct rate rate, struct bucket bucket, int64_t now_us);

/* A token has been taken, or would have been if there had been one. */
struct bucket rate_take(struct rate rate, struct bucket bucket, int64_t now_us);

/* One has been put back; never more than full. */
struct bucket rate_refund(struct bucket bucket);

#endif

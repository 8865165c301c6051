/* SPDX-License-Identifier: Apache-2.0 */
/* rate.h - the arithmetic of a bucket of tokens.  Pure.
 *
 * A bucket holds rate.count tokens and gets one back each period / count.  It is kept as one
 * moment, when it will be full again (microseconds; in the past: it is full). */
#ifndef ACME_RATE_H
#define ACME_RATE_H

#include "acme/acme.h"

/* Microseconds until a token can be had, 0: now.  A rate without a count never waits. */
int64_t rate_wait(struct rate rate, int64_t full_at, int64_t now_us);

/* When it is full again once a token has been taken. */
int64_t rate_take(struct rate rate, int64_t full_at, int64_t now_us);

/* The same once a token has been put back; never more than full. */
int64_t rate_refund(struct rate rate, int64_t full_at);

#endif

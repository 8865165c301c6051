/* SPDX-License-Identifier: Apache-2.0 */
/* throttle.h - requests from an address, counted in memory for the process. */
#ifndef ACME_THROTTLE_H
#define ACME_THROTTLE_H

#include "acme/acme.h"

/* Takes a token of that address or network; returns 0, or how long there is none,
 * microseconds.  The rate has a count.  Any thread. */
int64_t throttle(const struct network *address, struct rate rate, int64_t mono_us);

#endif

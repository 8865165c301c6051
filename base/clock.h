/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - what time it is.
 *
 * Rules take `now` as an argument; only steps ask the clock.  Deadlines are
 * measured with clock_mono_ms(), which no one can set. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Seconds since 1970, UTC.  Milliseconds since 1970, UTC. */
int64_t clock_now(void);
int64_t clock_now_ms(void);

/* Moves clock_now() by that many seconds from the system's time; for tests. */
void clock_shift(int64_t seconds);

/* Milliseconds of a clock that never goes back. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);	/* the same in microseconds */

/* RFC 3339 in UTC ("2026-11-24T10:00:00Z"), in the arena. */
const char *clock_print(struct arena *a, int64_t when);

/* Reads RFC 3339 with any offset; fractions of a second are cut off.  False: not
 * such a time. */
bool clock_parse(const char *text, int64_t *when);

/* Reads "47d", "6h", "15m", "90s" or a sum of these without spaces ("1d12h") into
 * seconds, at least 0.  False: not a duration. */
bool clock_duration_parse(const char *text, int64_t *seconds);

/* The shortest such text ("47d"), in the arena. */
const char *clock_duration_print(struct arena *a, int64_t seconds);

#endif

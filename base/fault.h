/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - faults that a test asks for, in builds with --enable-faults only.
 *
 *	BREVET_CRASH=point:n		_exit(137) when that point is passed the n-th time
 *	BREVET_COMMIT_ERROR=error:n[:m]	the n-th commit, and m - 1 behind it, fail with
 *					that errno (or MDB_..., negative)
 *	BREVET_CLOCK=file		clock_now() is so many seconds ahead as stand in that
 *					file, whenever it is written; monotonic clocks are not
 *
 * Points: before-commit, after-commit (store/txn.c); others where crash_point() stands. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdint.h>

#ifdef BREVET_FAULTS

void crash_point(const char *name);

/* The error of this commit; 0: none.  Each call is one commit. */
int fault_commit(void);

/* Seconds that the clock is ahead. */
int64_t fault_clock(void);

#else

#define crash_point(name) ((void)0)
#define fault_commit()	  (0)
#define fault_clock()	  ((int64_t)0)

#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* threads.h - who exists: the loops, the writer, the signers. */
#ifndef SERVER_THREADS_H
#define SERVER_THREADS_H

#include "base/pool.h"
#include "server/config.h"
#include "server/http.h"

#define LOOPS_MAX 64

struct threads {
	struct store	*store;
	struct loop	*main;			/* signals, admin socket; main's own thread */
	struct loop	*loops[LOOPS_MAX];
	unsigned	 n;
	struct lane	*writer_lane, *crypto_lane;
	struct writer	*writer;
	struct pool	*crypto;
	int64_t		 began;			/* seconds since 1970 */
};

/* The limits of the configuration. */
struct http_limits threads_limits(const struct config *c);

/* Makes the loops with all that stands on them, and starts every thread.  False with
 * serverInternal; then nothing runs. */
bool threads_start(struct threads *t, struct store *s, const struct config *c,
		   struct problem *p);

/* The reverse, once no flow lives: joins signers and writer, frees the loops. */
void threads_stop(struct threads *t);

#endif

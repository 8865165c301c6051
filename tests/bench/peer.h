/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - one client of the server under test: a connection at a time, made when it is
 * needed, and on it one request at a time. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>

#include "tests/bench/answer.h"
#include "tests/bench/target.h"

struct peer;

struct ask {
	const char	*method, *url;
	const char	*body;		/* of a POST; NULL: none */
	bool		 close;		/* the last request of its connection */
	/* Called once, never from inside peer_ask().  What the answer holds lives as long
	 * as this call. */
	void		(*took)(void *arg, const struct answer *answer);
	void		*arg;
};

struct peer *peer_new(struct target *t);
void peer_free(struct peer *p);

/* Sends a request.  One that is unanswered when a connection ends that had answered
 * before is sent again, once, on a new connection. */
void peer_ask(struct peer *p, const struct ask *ask);

/* Ends the connection, if there is one. */
void peer_hang_up(struct peer *p);

/* Is there a connection? */
bool peer_is_open(const struct peer *p);

#endif

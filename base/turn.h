/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h - not too many at a time: who wants what can't be had by all at once (a name, an
 * address, a socket) stands in line for it, and is woken when it is his turn. */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/flow.h"

struct line;
struct part;

/* Lines, each with the key that its turns share.  They belong to one loop; all zero:
 * none. */
struct lines {
	struct line	*buckets[1024];
};

/* One turn; all zero: none is held.  It lives as long as the flow. */
struct turn {
	struct flow	*flow;
	unsigned	 ticket;	/* who has to wait sets it, and until when a turn */
	int64_t		 due;		/* is of use: clock_mono_ms() */
	unsigned	 most;
	bool		 fair;
	bool		 waits;
	struct turn	*next;		/* in the line, while it waits */
	struct line	*line;		/* NULL: neither held nor waited for */
	struct part	*part;		/* of the line */
	struct lines	*lines;
};

/* True: the flow has its turn.  False: as many as `most` have theirs with this key, the
 * flow stands in line; it is woken with the ticket when it has its turn. */
bool turn_take(struct lines *l, struct turn *t, struct flow *f, const char *key, unsigned most);

/* A turn that is shared fairly among the parts of a key. */
struct share {
	struct flow	*flow;
	const char	*key, *part;
	unsigned	 most;		/* of the key */
};

/* The same, but no part has more turns than it leaves free: alone it gets half of them, beside
 * another one a third, and some are left for one that comes late.  Who waits for others of his
 * part is overtaken by those of other parts. */
bool turn_share(struct lines *l, struct turn *t, const struct share *s);

/* Gives the turn to who waits and is not too late for it, or leaves the line.  None held is
 * fine. */
void turn_give(struct turn *t);

/* Only leaves the line, if it stands there. */
void turn_leave(struct turn *t);

/* What it was held for has succeeded: those behind it may hope.  None held is fine. */
void turn_good(struct turn *t);

/* Does it wait behind turns with its key and part one of which was good not long ago? */
bool turn_hopes(const struct turn *t);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* lane.h - the inbox of a thread (or of a pool): the only mutex of the house. */
#ifndef BASE_LANE_H
#define BASE_LANE_H

#include <stddef.h>

/* What a lane carries.  It is part of something larger, and is in one lane at most;
 * whoever takes it calls open(). */
struct letter {
	struct letter	*next;
	void		(*open)(struct letter *l);
};

struct lane;

/* A lane for one or more threads that sleep in lane_wait(); with `fd`, one that an
 * event loop watches.  Aborts when the system has none left. */
struct lane *lane_new(int fd);
void lane_free(struct lane *l);

/* Puts a letter at the end; any thread. */
void lane_send(struct lane *l, struct letter *letter);

/* All letters in the order of their sending, linked by next; NULL: none.  lane_wait()
 * sleeps until there is one, and returns NULL only when the lane is closed and empty. */
struct letter *lane_take(struct lane *l);
struct letter *lane_wait(struct lane *l);

/* The first letter alone, for a pool; NULL: closed and empty. */
struct letter *lane_wait_one(struct lane *l);

/* Wakes all who sleep, for the last time. */
void lane_close(struct lane *l);

/* How many letters lie in it. */
size_t lane_length(struct lane *l);

/* Readable while letters wait; -1 without. */
int lane_fd(const struct lane *l);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - an event loop: its event_base, its lane, its timers. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <event2/event.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lane.h"

/* What the upper layers keep on a loop.  base/ does not know them; loop_free() frees
 * them, the last slot first. */
enum loop_slot {
	SLOT_RESOLVER,
	SLOT_DIALLER,
	SLOT_FETCHER,
	SLOT_ACME,
	SLOT_HTTP,
	LOOP_SLOTS
};

struct loop {
	struct event_base	*base;
	struct lane		*lane;
	struct event		*inbox;
	unsigned		 number;	/* 0, 1, ... */
	size_t			 flows;		/* alive; only this loop's thread counts */
	void			*slot[LOOP_SLOTS];
	void			(*slot_free[LOOP_SLOTS])(void *);
	pthread_t		 thread;
};

/* A loop that does not run yet.  Aborts when the system has none left. */
struct loop *loop_new(unsigned number);
void loop_free(struct loop *l);

void loop_keep(struct loop *l, enum loop_slot slot, void *thing, void (*release)(void *));

/* Runs the loop in a thread of its own until loop_stop() (any thread), and waits for
 * that thread. */
void loop_start(struct loop *l);
void loop_stop(struct loop *l);
void loop_join(struct loop *l);

/* Runs run(arg) on the loop's thread, soon; any thread. */
void loop_call(struct loop *l, void (*run)(void *arg), void *arg);

/* A timer that fires once, after ms milliseconds; event_free() ends it. */
struct event *loop_timer(struct loop *l, int64_t ms, event_callback_fn run, void *arg);

#endif

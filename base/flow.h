/* SPDX-License-Identifier: Apache-2.0 */
/* flow.h - everything the server does is a flow: a list of steps, each naming the
 * place (thread) it runs on.
 *
 * A flow belongs to one thread at a time, the one that runs its step, so the code of
 * a step needs no locks.  Every flow begins and ends on its loop. */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/lane.h"
#include "base/problem.h"

struct loop;
struct edit;

enum place {
	ON_LOOP,	/* the event loop the flow was born on: may wait       */
	ON_WRITER,	/* the one thread that changes the store: never waits  */
	ON_CRYPTO,	/* a pool thread: may burn CPU or block on an HSM      */
	PLACES
};

enum flow_next {
	FLOW_NEXT,	/* run the step below                                  */
	FLOW_WAIT,	/* an answer is on its way; flow_wake() runs the next  */
	FLOW_FAIL,	/* f->problem is set: skip to the last step            */
	FLOW_AGAIN	/* back to the first step                              */
};

struct flow;

struct flow_step {
	enum place	  where;
	enum flow_next	(*run)(struct flow *f);
	const char	 *name;		/* for logs and timings */
};

#define STEP(function) (function), #function

struct flow {
	struct letter		 letter;	/* in one lane at most */
	const struct flow_step	*steps, *at;
	struct loop		*loop;
	struct arena		*arena;		/* freed when the flow ends */
	struct edit		*txn;		/* in ON_WRITER steps only */
	struct problem		 problem;
	void			*data;		/* what it is about: see the kind's file */
	/* Called before each ON_WRITER step; false: the step is not run, the flow
	 * fails with the problem that was set. */
	bool			(*guard)(struct flow *f);
	void			(*ended)(struct flow *f);	/* on the loop; or NULL */
	const struct flow_step	*again;		/* of the writer: where its batch began */
	struct problem		 before;	/* of the writer: the problem as it was then */
	bool			 job;		/* runs again when its commit is lost */
	unsigned		 retry;		/* of the writer: seconds it waited last for that */
	int64_t			 due;		/* of the writer: when it does, clock_mono_ms() */
	unsigned		 ticket;
	bool			 asleep;
	uint64_t		 number;	/* the request id in logs */
};

/* Where flows go that leave their thread.  Set once, before the first flow starts;
 * ON_LOOP needs none. */
void flow_place(enum place where, struct lane *lane);

/* A flow with an arena of its own, on that loop (whose thread calls this).  It does
 * nothing until flow_start(). */
struct flow *flow_new(struct loop *loop, const struct flow_step *steps, void *data);

/* Runs it, as far as it goes on this thread.  The flow may be gone afterwards. */
void flow_start(struct flow *f);

/* Always FLOW_FAIL, after setting the problem. */
enum flow_next flow_fail(struct flow *f, enum problem_type type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* After f->problem is set: moves the flow to its last step, which flow_pass() then
 * runs; for who holds the flow outside its steps. */
void flow_abandon(struct flow *f);

/* Ends the flow on its loop, without running another step; any thread that holds it. */
void flow_drop(struct flow *f);

/* A new ticket, to be armed before the question is asked whose answer calls
 * flow_wake() with it. */
unsigned flow_arm(struct flow *f);

/* On the flow's own loop: lets it run again, later, if the ticket is still the newest;
 * else does nothing.  The flow must not have ended: who can call this later than that
 * is cancelled by the flow's owner or arena. */
void flow_wake(struct flow *f, unsigned ticket);

/* Runs steps as long as they are at that place; for the writer, which then commits and
 * calls flow_pass(). */
void flow_steps(struct flow *f, enum place here);

/* Hands the flow to the thread of its next step, or ends it. */
void flow_pass(struct flow *f);

#endif

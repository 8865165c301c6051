/* SPDX-License-Identifier: Apache-2.0 */
/* local.h - what ACME keeps on each loop: configuration, key cache, waiters. */
#ifndef ACME_LOCAL_H
#define ACME_LOCAL_H

#include "acme/acme.h"
#include "acme/jwk.h"
#include "base/turn.h"

#define KEY_CACHE 256		/* slots, by thumbprint */
#define WAIT_BUCKETS 256	/* by the last octet of the id */

struct waiter {
	struct waiter	*next, **here;	/* in its bucket; here NULL: not waiting */
	struct id	 id;
	struct flow	*flow;
	unsigned	 ticket;
	bool		(*settled)(struct flow *f);
	struct event	*timer;
};

/* A flow that waits for an answer of va/, or for its turn to ask; in its arena. */
struct asking {
	struct asking	*next, **here;	/* here NULL: it asks nothing */
	struct flow	*flow;
	unsigned	 ticket;
	void		(*give_up)(struct asking *asking);	/* nobody is woken by va/ then */
};

struct acme_local {
	struct loop			*loop;
	struct store			*store;
	const struct acme_config	*config;
	struct {
		uint8_t		 thumbprint[32];
		enum key_type	 type;
		EVP_PKEY	*object;
	} keys[KEY_CACHE];
	struct waiter			*waiters[WAIT_BUCKETS];
	struct asking			*askings;
	struct lines			 hooks;		/* of hook.c: who asks the webhook */
	struct lines			 accounts;	/* that validate, of seat.c */
	struct lines			 slow;		/* and are slow at it */
	bool				 stopping;
	struct event			*clock_timer;	/* of ahead.c, on one loop */
	bool				 clock_behind;	/* and that is told */
	struct event			*crl_timer;	/* of crljob.c, on one loop */
	unsigned			 crl_running;
	struct own			*own;		/* of own.c, on one loop */
	struct sweep			*sweep;		/* of sweep.c, on one loop */
};

struct acme_local *acme_local(const struct loop *l);

/* The key object of an account and its type, owned by the cache: use it at once.  NULL:
 * the stored key is none (never). */
EVP_PKEY *acme_key(struct acme_local *l, const struct account *account, struct arena *a,
		   enum key_type *type);

/* Holds the request until settled(f) is true or the configured time is over
 * (FLOW_WAIT), or not at all (FLOW_NEXT).  settled() looks at a view of its own; it is
 * asked now, and after each commit that changed that object. */
enum flow_next wait_settled(struct flow *f, const struct id *id,
			    bool (*settled)(struct flow *f));

/* These objects have changed; on the loop. */
void wait_changed(struct acme_local *l, const struct id *ids, size_t n);

/* The flow begins to wait, and has been woken. */
void asking_enter(struct acme_local *l, struct asking *asking);
void asking_leave(struct asking *asking);

/* The server stops: gives up all that is asked, wakes who asked. */
void asking_drop(struct acme_local *l);

/* Is our own certificate still the right one?  Else a new one is issued. */
void acme_own_look(struct own *own);

/* Ends the timer of own.c. */
void acme_own_free(struct own *own);

/* Ends the timer of sweep.c. */
void acme_sweep_free(struct sweep *sweep);

/* Wakes all who wait. */
void wait_release(struct acme_local *l);

/* Does anybody wait on any loop?  The writer asks after its commit. */
bool wait_any(void);

#endif

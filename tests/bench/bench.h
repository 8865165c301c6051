/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h - a load: what it is made of, and its workers, each of which does one thing at
 * a time.  All of it runs on one thread. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/account.h"
#include "tests/bench/leaf.h"
#include "tests/bench/names.h"
#include "tests/bench/options.h"
#include "tests/bench/peer.h"
#include "tests/bench/process.h"
#include "tests/bench/respond.h"
#include "tests/bench/stats.h"
#include "tests/bench/target.h"

#define NONCE_ROOM 256

struct bench;
struct order;
struct slow;

struct worker {
	struct bench	*bench;
	struct peer	*peer;
	unsigned	 number;
	char		 nonce[NONCE_ROOM];	/* of the last reply; "": fetch one */
	struct order	*order;			/* NULL: none now */
	double		 began;			/* of an item that is no order */
	uint64_t	 item;
	/* the signed request under way */
	const struct account *account;
	const char	*url, *payload;
	bool		 again;			/* badNonce was its answer once */
	void		(*took)(struct worker *w, const struct answer *answer);
};

struct idle {
	struct peer	**peers;
	uint64_t	 n, asked, answered, failed, lost;
	char		 fault[160];		/* of the first that failed */
	struct process	 before, after;
};

struct bench {
	const struct options	*options;
	struct arena		*arena;
	struct event_base	*loop;
	struct target		*target;
	struct respond		*respond;	/* NULL: no orders */
	struct names		*names;
	struct account		*accounts;	/* behind those of the load one for each slow one */
	struct leaf		*leaves;
	struct worker		*workers;	/* options->concurrency of them */
	struct stats		 stats;
	struct idle		 idle;
	struct slow		*slow;		/* NULL: none */
	/* the phase that runs */
	void			(*start)(struct worker *w, uint64_t item);
	uint64_t		 next, items;
	uint64_t		 working;	/* workers that are not done */
	bool			 show;		/* progress, on the terminal */
	const char		*fault;		/* of a phase that must not fail */
	/* of the load */
	bool			 stalled, interrupted;
	double			 began, ended;	/* ms */
	double			 client_cpu;	/* ms */
	uint64_t		 requests, opened;
	struct process		 before, after;
};

/* Reads the directory, opens idle connections, registers accounts, runs the load.  False
 * after telling on standard error why it could not begin. */
bool run(struct bench *b);

/* --- worker.c ---------------------------------------------------------------------------- */

void workers_open(struct bench *b);
void workers_close(struct bench *b);

/* Lets the workers start all items, each the next one when it is done with the last. */
void workers_run(struct bench *b, uint64_t items,
		 void (*start)(struct worker *w, uint64_t item));

/* The worker is done with its item. */
void worker_next(struct worker *w);

/* Signs and sends payload ("": POST-as-GET) to url; both stay until took() was called. */
void worker_post(struct worker *w, const struct account *account, const char *url,
		 const char *payload,
		 void (*took)(struct worker *w, const struct answer *answer));

/* Sends a newNonce request. */
void worker_nonce(struct worker *w, void (*took)(void *worker, const struct answer *answer));

/* --- order.c ----------------------------------------------------------------------------- */

void order_start(struct worker *w, uint64_t number);

/* The load stops while the order is under way: it failed. */
void order_abandon(struct order *o, const char *type, const char *detail);

/* The text of a member; "": it is none.  The payload that orders these names. */
const char *order_text(const json_t *j, const char *member);
const char *order_identifiers(struct arena *a, const char *const *names, size_t n);

/* --- slow.c ------------------------------------------------------------------------------ */

struct slow_count {
	uint64_t	 held;			/* at the moment */
	uint64_t	 ended;			/* when their time was over: invalid */
	uint64_t	 strange;		/* otherwise, and */
	char		 fault[240];		/* how the first one did */
};

/* Lets the server begin with all slow validations, one after another within the time that
 * each takes. */
void slow_open(struct bench *b);
const struct slow_count *slow_count(const struct slow *s);
void slow_close(struct slow *s);

/* --- idle.c ------------------------------------------------------------------------------ */

/* Opens all idle connections, each with one request on it. */
void idle_open(struct bench *b);
/* Counts those that are gone. */
void idle_count(struct bench *b);
void idle_close(struct bench *b);

/* --- report.c ---------------------------------------------------------------------------- */

void report(struct bench *b);
void report_json(struct bench *b);

#endif

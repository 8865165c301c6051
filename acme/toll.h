/* SPDX-License-Identifier: Apache-2.0 */
/* toll.h - one request (or job) before the rate limits: which rates hold for it, and the
 * buckets of the store. */
#ifndef ACME_TOLL_H
#define ACME_TOLL_H

#include "acme/acme.h"

struct refusal {
	int64_t			 wait_us;	/* until the same request passes; 0: it does */
	enum limit		 limit;
	struct rate		 rate;
	const char		*name;		/* too many for which; "": nothing to name */
};

/* A rate, and whose it is: the account's or binding's that the operator gave it to, or
 * everybody's (NULL). */
struct given {
	bool			 known;
	struct rate		 rate;
	const struct id		*owner;
};

struct toll {
	const struct acme_config *config;
	const struct view	*view;
	struct edit		*edit;		/* its edit; NULL: only to look */
	struct arena		*arena;
	const struct id		*account, *binding;	/* all zero: none */
	int64_t			 now_us;
	struct given		 given[LIMITS];		/* see toll_rate() */
	struct refusal		 longest;		/* of those that were looked at */
	/* of an order */
	uint32_t		 directory;
	const struct ident	*idents;
	size_t			 n;
	uint8_t			 hash[32];		/* of their names */
	bool			 renewal;		/* by its names */
	bool			 exempt;		/* by `replaces` ... */
	bool			 again;			/* ... but not the first to name it */
};

/* What the operator has given to the account goes before what he gave to its binding, that
 * before the configuration. */
const struct given *toll_rate(struct toll *k, enum limit limit);

/* Is there a token?  Changes nothing; the longest wait is kept. */
void toll_look(struct toll *k, enum limit limit, struct blob whose, const char *name);

/* Takes one, or puts one back. */
void toll_spend(struct toll *k, enum limit limit, struct blob whose);
void toll_refund(struct toll *k, enum limit limit, struct blob whose);

/* The problem of that refusal.  Always false. */
bool toll_refuse(struct request *rq, const struct refusal *r, struct problem *p);

/* False, with the problem, when something that was looked at has to be waited for. */
bool toll_passes(const struct toll *k, struct request *rq, struct problem *p);

#endif

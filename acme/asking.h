/* SPDX-License-Identifier: Apache-2.0 */
/* asking.h - one request (or job) before the rate limits: which rates hold for it, and the
 * buckets of the store. */
#ifndef ACME_ASKING_H
#define ACME_ASKING_H

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

struct asking {
	const struct acme_config *config;
	const struct view	*view;
	struct edit		*edit;		/* its edit; NULL: only to look */
	struct arena		*arena;
	const struct id		*account, *binding;	/* all zero: none */
	int64_t			 now_us;
	struct given		 given[LIMITS];		/* see asking_rate() */
	struct refusal		 longest;		/* of those that were looked at */
	/* of an order */
	uint32_t		 directory;
	const struct ident	*idents;
	size_t			 n;
	uint8_t			 hash[32];		/* of their names */
	bool			 renewal;
};

/* What the operator has given to the account goes before what he gave to its binding, that
 * before the configuration. */
const struct given *asking_rate(struct asking *k, enum limit limit);

/* Is there a token?  Changes nothing; the longest wait is kept. */
void asking_look(struct asking *k, enum limit limit, struct blob whose, const char *name);

/* Takes one, or puts one back. */
void asking_spend(struct asking *k, enum limit limit, struct blob whose);
void asking_refund(struct asking *k, enum limit limit, struct blob whose);

/* The problem of that refusal.  Always false. */
bool asking_refuse(struct request *rq, const struct refusal *r, struct problem *p);

/* False, with the problem, when something that was looked at has to be waited for. */
bool asking_passes(const struct asking *k, struct request *rq, struct problem *p);

#endif

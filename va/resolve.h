/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h - questions to DNS, without waiting.
 *
 * A lookup asks one name for one type, or for two side by side, and wakes a flow once,
 * when all answers are there; the next step looks at them. */
#ifndef VA_RESOLVE_H
#define VA_RESOLVE_H

#include "base/flow.h"
#include "base/loop.h"
#include "base/problem.h"
#include "va/addr.h"

#define RESOLVE_ANCHOR "/usr/share/dns/root.key"
#define LOOKUP_ADDRESSES_MAX 64

struct ub_ctx;
struct va;
struct attempt;
struct posting;

/* What va/ keeps in SLOT_RESOLVER. */
struct resolver {
	struct ub_ctx	*dns;
	struct attempt	*attempts;	/* ask.c's list */
	struct posting	*postings;	/* post.c's */
};

/* A resolver with the options of va; NULL with serverInternal. */
struct resolver *resolver_open(struct loop *l, const struct va *va, struct problem *p);
void resolver_close(void *resolver);

struct question {
	struct lookup	*lookup;
	int		 type;		/* ns_t_a ... */
	int		 id;		/* libunbound's, while pending */
	bool		 pending;
	bool		 bogus;		/* DNSSEC says no: the rest is void */
	int		 rcode;		/* ns_r_noerror ... */
	const char	*why;		/* it is bogus, or NULL */
	struct blob	 packet;	/* the answer, a copy */
};

struct lookup {
	struct resolver	*resolver;
	struct flow	*flow;
	unsigned	 ticket;
	const char	*name;
	struct question	 questions[2];
	unsigned	 n, left;
};

/* Asks for records of that type (ns_t_txt ...); for AAAA and A.  The flow is woken with
 * the ticket, its step returns FLOW_WAIT next.  k and name live as long as the flow. */
void lookup_start(struct lookup *k, struct flow *f, unsigned ticket, const char *name,
		  int type);
void lookup_host(struct lookup *k, struct flow *f, unsigned ticket, const char *name);

/* Nobody is woken any more.  Nothing to cancel is fine. */
void lookup_cancel(struct lookup *k);

/* Is there an answer to work with: none bogus, at least one answered well ("no such
 * name" is well)?  False with the problem dns. */
bool lookup_ok(const struct lookup *k, struct problem *p);

/* Did one of the questions fail, did the server say NXDOMAIN to the first? */
bool lookup_partial(const struct lookup *k);
bool lookup_nxdomain(const struct lookup *k);

/* The addresses in the answers, at most max; returns how many. */
size_t lookup_addresses(const struct lookup *k, union address *list, size_t max);

/* The next TXT record of the first answer, its strings joined, in the arena; *at begins
 * with 0.  False: no more. */
bool lookup_text(const struct lookup *k, struct arena *a, unsigned *at, struct blob *text);

#endif

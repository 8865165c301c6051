/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.h - clean-up: which records go when, a page at a time; docs/storage.md tells why.
 *
 * A round goes through all kinds of records:
 *
 *	while (sweep_look(&at, v, a, &terms, &page))
 *		if (page.n > 0)
 *			sweep_apply(e, a, &terms, &page, &sum), in an edit
 *
 * Nothing is remembered on disk: what a round did not come to is found by the next one. */
#ifndef ACME_SWEEP_H
#define ACME_SWEEP_H

#include "acme/acme.h"

#define SWEEP_PAGE 256		/* rows that are looked at at a time, and changed at most */
#define SWEEP_KEY  320		/* octets of the longest key */

/* When, and how long what is kept. */
struct sweep_terms {
	int64_t	now;
	int64_t	orders;		/* seconds behind the end of an order or authorization that led */
	int64_t	certificates;	/* ... to no certificate; behind that of a certificate */
	int64_t	failing;	/* behind the last of a name's failures */
};

struct sweep_terms sweep_terms(const struct acme_config *c, int64_t now);

enum sweep_kind {	/* in the order in which a round goes through them */
	SWEEP_RESTORE,		/* rows of CRLs that went while the clock was wrong come back */
	SWEEP_PLAN,		/* certificates of older stores: when they are to be renewed */
	SWEEP_ENDED,		/* certificates that were not renewed: nobody waits any more */
	SWEEP_REVOKED,		/* rows of CRLs */
	SWEEP_ORDERS,		/* that led to no certificate */
	SWEEP_UNPROVED,		/* authorizations */
	SWEEP_CERTS,		/* with their orders and renewals */
	SWEEP_PROVED,		/* authorizations whose orders are gone */
	SWEEP_LIMITS, SWEEP_FAILING,
	SWEEP_INCIDENTS,
	SWEEP_KINDS
};

/* How far a round is.  All zero: at its begin, and no other was before it. */
struct sweep_at {
	enum sweep_kind		kind;
	bool			walk;	/* this round walks the tables without ends, too, and
					 * looks again at what it had to leave */
	bool			restore;	/* the clock was set back, or this is the first */
	bool			within[SWEEP_KINDS];	/* behind this one: */
	struct store_end	end[SWEEP_KINDS];
	uint8_t			key[SWEEP_KEY];
	size_t			keylen;
};

struct sweep_page {
	enum sweep_kind		 kind;
	size_t			 n;		/* of SWEEP_PLAN: 1, and the writer looks */
	struct store_end	*ends;		/* of kinds that have ends */
	struct blob		*keys;		/* of others */
	struct id		*ids;		/* of incidents */
};

/* The next page, in the arena, perhaps an empty one, and `at` behind it.  False: the round is
 * over, and the next one can begin. */
bool sweep_look(struct sweep_at *at, const struct view *v, struct arena *a,
		const struct sweep_terms *t, struct sweep_page *page);

/* What became of rows. */
enum sweep_count {
	SWEPT_ORDER, SWEPT_AUTHZ, SWEPT_CERT, SWEPT_CRL_ENTRY, SWEPT_LIMIT, SWEPT_FAILURE,
	SWEPT_INCIDENT, SWEEP_COUNTS
};

/* A certificate that ended without another one in its place. */
struct sweep_unrenewed {
	struct serial	 serial;
	struct id	 account;
	const char	*names;
	int64_t		 not_after;
};

struct sweep_sum {
	uint64_t		 n[SWEEP_COUNTS];
	struct sweep_unrenewed	*unrenewed;	/* nunrenewed */
	size_t			 nunrenewed;
};

/* Carries a page out, as far as what it says still holds; fills *sum, in the arena. */
void sweep_apply(struct edit *e, struct arena *a, const struct sweep_terms *t,
		 const struct sweep_page *page, struct sweep_sum *sum);

#endif

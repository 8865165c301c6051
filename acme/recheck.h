/* SPDX-License-Identifier: Apache-2.0 */
/* recheck.h - CAA once more at finalize, of names whose check is too old (RFC 8657
 * section 5.5; CA/Browser Forum's Baseline Requirements 4.2.2.1). */
#ifndef ACME_RECHECK_H
#define ACME_RECHECK_H

#include "acme/local.h"

/* One name of the order. */
struct recheck_name {
	const struct ident	*ident;
	struct va_caa		 caa;
};

struct recheck {
	struct asking		 asking;	/* first */
	struct recheck_name	*names;		/* n that are due */
	size_t			 n, begun;
	int64_t			 began_ms;	/* monotonic */
	bool			 stopped;	/* by the end of the server */
	struct problem		 problem;	/* what all of them came to, or none */
};

/* Is there one to check?  Begins then. */
bool recheck_due(struct recheck *r, const struct request *rq, const struct order *order);

/* Two steps of the request's flow: asks for some names side by side; goes back to the first
 * of its steps until all have answers, within the time of one validation.  Then r->problem
 * is caa or dns with a subproblem for each name that can't be issued for, or none.  Fails
 * only when the server stops. */
enum flow_next recheck_ask(struct recheck *r, struct flow *f);
enum flow_next recheck_heard(struct recheck *r, struct flow *f);

/* What was seen, kept with the order.  In an edit. */
void recheck_record(const struct recheck *r, struct edit *e, const struct id *order);

#endif

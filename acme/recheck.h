/* SPDX-License-Identifier: Apache-2.0 */
/* recheck.h - CAA once more at finalize, of names whose check is too old (RFC 8657
 * section 5.5; CA/Browser Forum's Baseline Requirements 4.2.2.1). */
#ifndef ACME_RECHECK_H
#define ACME_RECHECK_H

#include "acme/local.h"

struct recheck {
	struct asking		 asking;	/* first */
	const struct order	*order;
	const struct authz	**authz;	/* of the order, in its order */
	size_t			 at;		/* the identifier that is checked now */
	bool			 asked;
	struct va_caa		 caa;
	const char		**records;	/* evidence, nrecord */
	size_t			 nrecord;
};

/* Is there one to check?  Begins then. */
bool recheck_due(struct recheck *r, const struct request *rq, const struct order *order);

/* Two steps of the request's flow: asks for the next name, if there is one; goes back to the
 * first of its steps until all are checked, or fails with caa or dns. */
enum flow_next recheck_ask(struct recheck *r, struct flow *f);
enum flow_next recheck_heard(struct recheck *r, struct flow *f);

/* What was seen, kept with the order.  In its edit. */
void recheck_record(const struct recheck *r, struct edit *e, const struct id *order);

#endif

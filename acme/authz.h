/* SPDX-License-Identifier: Apache-2.0 */
/* authz.h - reading an authorization for its owner; used by its poll and by challenges. */
#ifndef ACME_AUTHZ_H
#define ACME_AUTHZ_H

#include "acme/acme.h"
#include "acme/show.h"

struct authz_seen {
	struct id		 id;		/* set by the caller */
	const struct authz	*authz;		/* as last read */
	size_t			 number;	/* of the challenge in question */
	bool			 started;	/* its validation, by this request */
};

/* Reads the authorization; false: no such one of this account. */
bool authz_read(struct request *rq, struct authz_seen *seen);

/* For wait_settled(): rq->doing begins with a struct authz_seen; reads it anew. */
bool authz_settled(struct flow *f);

#endif

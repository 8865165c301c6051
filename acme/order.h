/* SPDX-License-Identifier: Apache-2.0 */
/* order.h - reading an order for its owner; used by its poll and by finalize. */
#ifndef ACME_ORDER_H
#define ACME_ORDER_H

#include "acme/acme.h"
#include "acme/show.h"

struct order_seen {
	struct id		 id;		/* set by the caller */
	const struct order	*order;		/* as last read */
	enum order_status	 status;
	bool			 validating;	/* one of its challenges is being validated, */
	struct id		 awaited;	/* of this authorization */
};

/* Reads the order and its status; false: no such order of this account. */
bool order_read(struct request *rq, struct order_seen *seen);

/* For wait_settled(): rq->doing begins with a struct order_seen; reads it anew. */
bool order_settled(struct flow *f);

/* 200 with the order and its Location. */
void order_reply_json(struct request *rq, const struct order_seen *seen);

#endif

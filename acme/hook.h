/* SPDX-License-Identifier: Apache-2.0 */
/* hook.h - the webhook: a service of the operator's that is asked about each new order
 * (docs/webhook.md). */
#ifndef ACME_HOOK_H
#define ACME_HOOK_H

#include <stddef.h>

#include "base/flow.h"

struct acme_profile;
struct limits_ask;
struct request;

enum hook_event {
	HOOK_ORDER,		/* "order" */
	HOOK_AUTHORIZATION	/* "authorization" */
};

/* Makes rq->hook, what the webhook is asked about these identifiers (lent until the flow
 * ends); NULL when there is no webhook.  Before the steps below. */
void hook_begin(struct request *rq, enum hook_event event, const struct acme_profile *profile,
		const struct limits_ask *ask);

/* Steps on the loop, in this order: limits, and a place among those that ask; the question;
 * what its answer means.  A refusal is rejectedIdentifier with the reason, or serverInternal
 * with 503 when there is no answer and none means no. */
enum flow_next hook_turn(struct flow *f);
enum flow_next hook_ask(struct flow *f);
enum flow_next hook_judge(struct flow *f);

#endif

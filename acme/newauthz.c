/* SPDX-License-Identifier: Apache-2.0 */
/* newauthz.c - POST /acme/new-authz, RFC 8555 section 7.4.1: pre-authorization. */
#include <string.h>

#include "acme/count.h"
#include "acme/hook.h"
#include "acme/limits.h"
#include "acme/offer.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"
#include "acme/terms.h"
#include "base/clock.h"

struct newauthz {
	const struct acme_profile	*profile;
	struct authz			 fresh;
	struct limits_ask		 ask;
	const struct authz		*authz;		/* that one, or the one there was */
};

static enum flow_next
newauthz_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct newauthz *n = rq->doing = arena_alloc(f->arena, sizeof(*n));
	struct ident ident = { 0 };
	struct scope scope;

	if (rq->payload == NULL)
		return flow_fail(f, PROBLEM_MALFORMED,
				 "newAuthz wants {\"identifier\": ...} as payload");
	if (!terms_check(rq, rq->account->agreed, &f->problem) ||
	    !offer_scope(rq, NULL, &scope, &n->profile, &f->problem))
		return FLOW_FAIL;
	if (!offer_ident(&ident, f->arena, json_object_get(rq->payload, "identifier"),
			 &f->problem) || !offer_permitted(rq, n->profile, &ident, &f->problem)) {
		if (f->problem.type == PROBLEM_REJECTED_IDENTIFIER ||
		    f->problem.type == PROBLEM_UNSUPPORTED_IDENTIFIER)
			f->problem.status = 403;
		return FLOW_FAIL;
	}
	if (ident.wildcard)
		return flow_fail(f, PROBLEM_MALFORMED, "no pre-authorization for wildcards: name "
				 "them in an order (RFC 8555 section 7.4.1)");
	offer_make(&n->fresh, rq, n->profile, &ident);
	n->fresh.id = id_new(clock_now_ms());
	n->fresh.scope = scope;
	n->ask = (struct limits_ask){ &n->fresh.ident, 1, NULL };
	hook_begin(rq, HOOK_AUTHORIZATION, n->profile, &n->ask);
	return FLOW_NEXT;
}

static enum flow_next
newauthz_apply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct newauthz *n = rq->doing;

	if (!edit_room(f->txn, &f->problem) ||
	    !offer_still(rq, edit_view(f->txn), &f->problem))
		return FLOW_FAIL;
	n->authz = offer_find(rq, edit_view(f->txn), n->profile, &n->fresh.ident, clock_now());
	if (n->authz != NULL)
		return FLOW_NEXT;
	if (!limits_order(rq, f->txn, &n->ask, &f->problem))
		return FLOW_FAIL;
	n->authz = &n->fresh;
	offer_add(rq, f->txn, &n->fresh);
	return FLOW_NEXT;
}

static enum flow_next
newauthz_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct newauthz *n = rq->doing;
	bool made;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	made = n->authz == &n->fresh;
	reply_json(rq, made ? 201 : 200, show_authz(rq, n->authz));
	reply_header(rq, "Location", show_authz_url(rq, &n->authz->id));
	if (made)
		count_authz_made(1);
	return FLOW_NEXT;
}

const struct flow_step newauthz_steps[] = {
	{ ON_LOOP,   STEP(newauthz_check) },	/* payload -> an identifier we would serve */
	{ ON_LOOP,   STEP(hook_turn) },
	{ ON_LOOP,   STEP(hook_ask) },		/* the webhook, if there is one            */
	{ ON_LOOP,   STEP(hook_judge) },
	{ ON_WRITER, STEP(newauthz_apply) },	/* the one there is, or a new one          */
	{ ON_LOOP,   STEP(newauthz_reply) },
	{ 0 }
};

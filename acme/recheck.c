/* SPDX-License-Identifier: Apache-2.0 */
/* recheck.c - CAA once more at finalize, one name after the other.  Runs on: loop. */
#include "acme/recheck.h"

#include "acme/policy.h"
#include "acme/reply.h"
#include "acme/show.h"
#include "base/clock.h"

/* The challenge that control of it was proved by; NULL: none. */
static const struct challenge *
proof(const struct authz *authz)
{
	for (size_t i = 0; authz != NULL && i < authz->nchallenge; i++)
		if (authz->challenges[i].state == CHALLENGE_VALID)
			return &authz->challenges[i];
	return NULL;
}

/* Names that a binding vouches for were never checked before. */
static bool
due(const struct recheck *r, const struct request *rq, size_t i)
{
	const struct challenge *c = proof(r->authz[i]);

	return c != NULL && r->order->idents[i].type == IDENT_DNS &&
	       (rq->now - c->validated >= rq->config->caa_age ||
		policy_prevalidated(rq->binding, &r->order->idents[i]));
}

static bool
next(struct recheck *r, const struct request *rq)
{
	while (r->at < r->order->nident && !due(r, rq, r->at))
		r->at++;
	return r->at < r->order->nident;
}

static void
recheck_give_up(struct asking *asking)
{
	va_caa_cancel(&((struct recheck *)asking)->caa);
}

bool
recheck_due(struct recheck *r, const struct request *rq, const struct order *order)
{
	struct arena *a = rq->flow->arena;
	struct view *v = view_open(rq->store);

	*r = (struct recheck){ .order = order, .authz = status_order_authz(order, v, a) };
	view_close(v);
	r->records = arena_alloc(a, order->nident * sizeof(r->records[0]));
	return next(r, rq);
}

enum flow_next
recheck_ask(struct recheck *r, struct flow *f)
{
	const struct request *rq = REQUEST(f);

	r->asked = false;
	if (!next(r, rq))
		return FLOW_NEXT;
	r->asked = true;
	r->caa = (struct va_caa){
		.va = rq->config->va,
		.ident = r->order->idents[r->at],
		.method = (enum va_method)proof(r->authz[r->at])->method,
		.account_url = show_account_url(rq, &rq->account->id),
		.waiter = f,
		.ticket = flow_arm(f),
	};
	r->asking = (struct asking){ .flow = f, .ticket = r->caa.ticket,
				     .give_up = recheck_give_up };
	va_caa_check(&r->caa);
	asking_enter(acme_local(f->loop), &r->asking);
	return FLOW_WAIT;
}

enum flow_next
recheck_heard(struct recheck *r, struct flow *f)
{
	if (!r->asked)
		return FLOW_NEXT;
	asking_leave(&r->asking);
	if (r->caa.problem.type != PROBLEM_NONE) {
		f->problem = r->caa.problem;
		return FLOW_FAIL;
	}
	if (r->caa.record != NULL)
		r->records[r->nrecord++] = r->caa.record;
	r->at++;
	return FLOW_AGAIN;
}

void
recheck_record(const struct recheck *r, struct edit *e, const struct id *order)
{
	struct arena *a = arena_new();
	int64_t now_ms = clock_now_ms();

	for (size_t i = 0; i < r->nrecord; i++)
		store_evidence_add(e, order, now_ms,
				   arena_printf(a, "{\"caa\":%s}", r->records[i]));
	arena_free(a);
}

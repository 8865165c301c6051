/* SPDX-License-Identifier: Apache-2.0 */
/* recheck.c - CAA once more at finalize.  Runs on: loop. */
#include "acme/recheck.h"

#include <string.h>

#include "acme/jobs.h"
#include "acme/reply.h"
#include "acme/show.h"
#include "base/clock.h"

#define ABREAST	     8		/* names that are asked for at the same time */
#define EVIDENCE_MAX 16		/* rows of an order, or one for each name if these are more */

/* The challenge that control of it was proved by; NULL: none. */
static const struct challenge *
proof(const struct authz *authz)
{
	for (size_t i = 0; authz != NULL && i < authz->nchallenge; i++)
		if (authz->challenges[i].state == CHALLENGE_VALID)
			return &authz->challenges[i];
	return NULL;
}

/* Without a response there was never a check: a binding vouches for the name. */
static bool
never_checked(const struct authz *authz)
{
	static const uint8_t none[sizeof(authz->thumbprint)];

	return memcmp(authz->thumbprint, none, sizeof(none)) == 0;
}

static void
recheck_give_up(struct asking *asking)
{
	struct recheck *r = (struct recheck *)asking;

	for (size_t i = 0; i < r->begun; i++)
		va_caa_cancel(&r->names[i].caa);
	r->stopped = true;
}

bool
recheck_due(struct recheck *r, const struct request *rq, const struct order *order)
{
	struct arena *a = rq->flow->arena;
	struct view *v = view_open(rq->store);
	const struct authz **authz = status_order_authz(order, v, a);

	view_close(v);
	*r = (struct recheck){ .began_ms = clock_mono_ms() };
	r->names = arena_alloc(a, order->nident * sizeof(r->names[0]));
	for (size_t i = 0; i < order->nident; i++) {
		const struct challenge *c = proof(authz[i]);

		if (c == NULL || order->idents[i].type != IDENT_DNS ||
		    (rq->now - c->validated < rq->config->caa_age && !never_checked(authz[i])))
			continue;
		r->names[r->n].ident = &order->idents[i];
		r->names[r->n++].caa.method = (enum va_method)c->method;
	}
	return r->n > 0;
}

static void
recheck_begin(struct recheck *r, struct flow *f, struct recheck_name *name, unsigned ticket)
{
	const struct request *rq = REQUEST(f);
	int64_t left = r->began_ms + va_timeout_ms(rq->config->va) - clock_mono_ms();

	name->caa = (struct va_caa){
		.va = rq->config->va,
		.ident = *name->ident,
		.method = name->caa.method,
		.account_url = show_account_url(rq, &rq->account->id),
		.account_urls_old = jobs_account_urls_old(rq->config, f->arena,
							  rq->directory->number, &rq->account->id),
		.timeout_ms = left < 1 ? 1 : (int)left,
		.waiter = f,
		.ticket = ticket,
	};
	va_caa_check(&name->caa);
}

enum flow_next
recheck_ask(struct recheck *r, struct flow *f)
{
	struct acme_local *l = acme_local(f->loop);
	unsigned pending = 0, ticket = flow_arm(f);

	r->stopped = r->stopped || l->stopping;
	if (r->stopped)
		return FLOW_NEXT;
	for (size_t i = 0; i < r->begun; i++)
		if (va_caa_pending(&r->names[i].caa)) {
			r->names[i].caa.ticket = ticket;
			pending++;
		}
	for (; r->begun < r->n && pending < ABREAST; pending++)
		recheck_begin(r, f, &r->names[r->begun++], ticket);
	if (pending == 0)
		return FLOW_NEXT;
	r->asking.flow = f;
	r->asking.ticket = ticket;
	r->asking.give_up = recheck_give_up;
	asking_enter(l, &r->asking);
	return FLOW_WAIT;
}

/* The first refusal speaks for all; each has its subproblem. */
static void
recheck_judge(struct recheck *r, struct arena *a)
{
	struct problem *sub = arena_alloc(a, r->n * sizeof(*sub));
	size_t nsub = 0, first = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->names[i].caa.problem.type == PROBLEM_NONE)
			continue;
		sub[nsub] = r->names[i].caa.problem;
		sub[nsub].ident = r->names[i].ident;
		if (sub[first].type != PROBLEM_CAA && sub[nsub].type == PROBLEM_CAA)
			first = nsub;
		nsub++;
	}
	if (nsub == 0)
		return;
	r->problem = sub[first];
	r->problem.ident = NULL;
	if (nsub > 1)
		problem(&r->problem, sub[first].type, "%.200s; and %zu more: see the subproblems",
			sub[first].detail, nsub - 1);
	r->problem.sub = sub;
	r->problem.nsub = nsub;
}

enum flow_next
recheck_heard(struct recheck *r, struct flow *f)
{
	asking_leave(&r->asking);
	if (r->stopped) {
		problem_status(&f->problem, PROBLEM_SERVER_INTERNAL, 503,
			       "the server stops; finalize again in a moment");
		f->problem.retry_after = 5;
		return FLOW_FAIL;
	}
	for (size_t i = 0; i < r->n; i++)
		if (i >= r->begun || va_caa_pending(&r->names[i].caa))
			return FLOW_AGAIN;
	recheck_judge(r, f->arena);
	return FLOW_NEXT;
}

void
recheck_record(const struct recheck *r, struct edit *e, const struct id *order)
{
	struct arena *a = arena_new();
	int64_t now_ms = clock_now_ms();
	size_t most = r->n > EVIDENCE_MAX ? r->n : EVIDENCE_MAX;

	for (size_t i = 0; i < r->n; i++)
		store_evidence_add(e, order, now_ms, arena_printf(a, "{\"caa\":%s}",
								  r->names[i].caa.record), most);
	arena_free(a);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* newaccount.c - POST /acme/new-account, RFC 8555 section 7.3. */
#include <string.h>

#include "acme/contact.h"
#include "acme/count.h"
#include "acme/eab.h"
#include "acme/jwk.h"
#include "acme/limits.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"
#include "acme/terms.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

struct newaccount {
	struct account	 account;	/* the one there is, or the one to be */
	bool		 found;
	bool		 only_existing;
	struct eab	 eab;
};

/* The account that has this key, if any. */
static void
newaccount_find(struct request *rq, const struct view *v)
{
	struct newaccount *n = rq->doing;
	const struct account *there;
	struct id id;

	if (!store_account_find(v, rq->directory->number, rq->jwk->thumbprint, &id))
		return;
	there = store_account_get(v, rq->flow->arena, &id);
	n->account = *there;
	n->found = true;
}

static bool
newaccount_refused(const struct account *account, struct problem *p)
{
	if (account->state == ACCOUNT_VALID)
		return false;
	problem_status(p, PROBLEM_UNAUTHORIZED, 401, "the account of this key is %s; "
		       "register with a new key", status_account_name(account->state));
	return true;
}

/* Without agreement, contacts and the rest an account that exists is found all the same
 * (section 7.3.1; docs/tests.md, 15 and 16). */
static enum flow_next
newaccount_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct newaccount *n = rq->doing = arena_alloc(f->arena, sizeof(*n));
	bool agreed, given;
	struct view *v;

	if (rq->payload == NULL)
		return flow_fail(f, PROBLEM_MALFORMED, "newAccount wants a JSON object as payload");
	if (!json_flag(rq->payload, "onlyReturnExisting", &n->only_existing, &f->problem) ||
	    !json_flag(rq->payload, "termsOfServiceAgreed", &agreed, &f->problem))
		return FLOW_FAIL;
	v = view_open(rq->store);
	newaccount_find(rq, v);
	view_close(v);
	if (n->found)
		return newaccount_refused(&n->account, &f->problem) ? FLOW_FAIL : FLOW_NEXT;
	if (jwk_blocked(rq->jwk, f->arena, rq->store))
		return flow_fail(f, PROBLEM_BAD_PUBLIC_KEY, "the key was reported as "
				 "compromised: make a new one");
	if (n->only_existing)
		return flow_fail(f, PROBLEM_ACCOUNT_DOES_NOT_EXIST, "no account has this key");
	if (!terms_check(rq, agreed ? clock_now() : 0, &f->problem) ||
	    !contact_parse(&n->account, &given, f->arena, rq->payload, &f->problem) ||
	    !eab_check(&n->eab, rq, &f->problem))
		return FLOW_FAIL;
	n->account.state = ACCOUNT_VALID;
	n->account.scope.directory = rq->directory->number;
	if (n->eab.binding != NULL)
		n->account.scope.binding = n->eab.binding->id;
	memcpy(n->account.thumbprint, rq->jwk->thumbprint, 32);
	n->account.jwk = rq->jwk->text;
	n->account.agreed = agreed ? rq->now : 0;
	n->account.agent = rq->agent == NULL ? "" : rq->agent;
	n->account.address = rq->address;
	return FLOW_NEXT;
}

static enum flow_next
newaccount_apply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct newaccount *n = rq->doing;

	if (n->found)
		return FLOW_NEXT;
	newaccount_find(rq, edit_view(f->txn));		/* two at once: one account */
	if (n->found)
		return newaccount_refused(&n->account, &f->problem) ? FLOW_FAIL : FLOW_NEXT;
	if (!edit_room(f->txn, &f->problem) ||
	    !eab_usable(&n->eab, edit_view(f->txn), f->arena, &f->problem) ||
	    !limits_account(rq, n->eab.binding, f->txn, &f->problem))
		return FLOW_FAIL;
	n->account.id = id_new(clock_now_ms());
	n->account.created = clock_now();
	store_account_add(f->txn, &n->account);
	eab_spend(&n->eab, f->txn, f->arena, &n->account);
	return FLOW_NEXT;
}

static enum flow_next
newaccount_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct newaccount *n = rq->doing;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	reply_json(rq, n->found ? 200 : 201, show_account(rq, &n->account));
	reply_header(rq, "Location", show_account_url(rq, &n->account.id));
	metric_add(&count_accounts, n->found ? COUNT_ACCOUNT_FOUND : COUNT_ACCOUNT_CREATED, 0,
		   1);
	if (!n->found)
		log_event(LOG_INFO, "account created", "s:s, s:s, s:s, s:s, s:s*", "account",
			  id_print(f->arena, &n->account.id), "address", rq->address,
			  "agent", n->account.agent, "directory", rq->directory->name,
			  "binding", n->eab.binding == NULL ? NULL :
			  id_print(f->arena, &n->eab.binding->id));
	return FLOW_NEXT;
}

const struct flow_step newaccount_steps[] = {
	{ ON_LOOP,   STEP(newaccount_check) },	/* the key's account, or one to be made */
	{ ON_WRITER, STEP(newaccount_apply) },	/* is made, unless another was faster   */
	{ ON_LOOP,   STEP(newaccount_reply) },	/* 201, 200 or the problem              */
	{ 0 }
};

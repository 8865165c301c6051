/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - POST /acme/account/:id and its orders, RFC 8555 sections 7.3.2,
 * 7.3.6 and 7.1.2.1. */
#include <string.h>

#include "acme/contact.h"
#include "acme/count.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"
#include "base/clock.h"
#include "base/json.h"

#define ORDERS_PAGE 100

struct account_change {
	struct account	account;	/* as it is, or will be */
	bool		contact;	/* contacts are replaced */
	bool		deactivate;
	bool		agree;		/* to the terms of service, anew */
};

/* The URL must be the one of the account that signs. */
static bool
account_mine(struct request *rq)
{
	struct id id;

	return id_parse(rq->part[0], strlen(rq->part[0]), &id) &&
	       id_equal(&id, &rq->account->id);
}

static enum flow_next
account_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct account_change *c = rq->doing = arena_alloc(f->arena, sizeof(*c));
	const char *status;

	if (!account_mine(rq))
		return show_nothing(f);
	c->account = *rq->account;
	if (rq->payload == NULL)
		return FLOW_NEXT;
	if (!json_text_maybe(rq->payload, "status", &status, NULL, &f->problem) ||
	    !contact_parse(&c->account, &c->contact, f->arena, rq->payload, &f->problem))
		return FLOW_FAIL;
	if (!json_flag(rq->payload, "termsOfServiceAgreed", &c->agree, &f->problem))
		return FLOW_FAIL;
	c->deactivate = status != NULL && strcmp(status, "deactivated") == 0;
	return FLOW_NEXT;
}

/* A deactivated account acts no more: its orders cannot be finalized, and what is being
 * validated or issued for it ends invalid (section 7.3.6). */
static enum flow_next
account_apply(struct flow *f)
{
	struct account_change *c = REQUEST(f)->doing;
	const struct account *now;
	struct account next;

	if (!c->contact && !c->deactivate && !c->agree)
		return FLOW_NEXT;
	now = store_account_get(edit_view(f->txn), f->arena, &c->account.id);
	next = *now;
	if (c->contact) {
		next.contact = c->account.contact;
		next.ncontact = c->account.ncontact;
	}
	if (c->agree)
		next.agreed = clock_now();
	if (c->deactivate)
		next.state = ACCOUNT_DEACTIVATED;
	store_account_put(f->txn, &next);
	c->account = next;
	return FLOW_NEXT;
}

static enum flow_next
account_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct account_change *c = rq->doing;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	reply_json(rq, 200, show_account(rq, &c->account));
	if (c->deactivate)
		metric_add(&count_accounts, COUNT_ACCOUNT_DEACTIVATED, 0, 1);
	else if (c->contact)
		metric_add(&count_accounts, COUNT_ACCOUNT_UPDATED, 0, 1);
	return FLOW_NEXT;
}

const struct flow_step account_steps[] = {
	{ ON_LOOP,   STEP(account_check) },	/* mine? what is to change?        */
	{ ON_WRITER, STEP(account_apply) },	/* new contacts; deactivation      */
	{ ON_LOOP,   STEP(account_reply) },	/* the account as it now is        */
	{ 0 }
};

static enum flow_next
orders_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct id *before = rq->doing = arena_alloc(f->arena, sizeof(*before));

	if (!account_mine(rq))
		return show_nothing(f);
	if (rq->part[1] != NULL && !id_parse(rq->part[1], strlen(rq->part[1]), before))
		return show_nothing(f);
	return show_only(rq, &f->problem) ? FLOW_NEXT : FLOW_FAIL;
}

/* Invalid orders are left out (section 7.1.2.1). */
static enum flow_next
orders_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	json_t *list;
	struct view *v;
	struct id *ids;
	size_t n;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	list = json_array();
	v = view_open(rq->store);
	n = store_order_list(v, f->arena, &rq->account->id,
			     rq->part[1] == NULL ? NULL : rq->doing, ORDERS_PAGE, &ids);
	for (size_t i = 0; i < n; i++) {
		const struct order *order = store_order_get(v, f->arena, &ids[i]);

		if (order != NULL &&
		    status_order_read(order, v, f->arena, rq->now) != STATUS_INVALID)
			json_array_append_new(list, json_string(show_order_url(rq, &ids[i])));
	}
	view_close(v);
	reply_json(rq, 200, json_pack("{s:o}", "orders", list));
	if (n == ORDERS_PAGE)
		reply_header(rq, "Link", arena_printf(f->arena, "<%s/orders/%s>;rel=\"next\"",
						      show_account_url(rq, &rq->account->id),
						      id_print(f->arena, &ids[n - 1])));
	return FLOW_NEXT;
}

const struct flow_step orders_steps[] = {
	{ ON_LOOP, STEP(orders_check) },
	{ ON_LOOP, STEP(orders_reply) },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/* neworder.c - POST /acme/new-order, RFC 8555 section 7.4. */
#include <string.h>

#include "acme/count.h"
#include "acme/hook.h"
#include "acme/limits.h"
#include "acme/offer.h"
#include "acme/replaces.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"
#include "acme/terms.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* For subproblems: the identifier as the client sent it, if it is one at all. */
static const struct ident *
ident_as_sent(struct arena *a, const json_t *item)
{
	const char *type = json_string_value(json_object_get(item, "type"));
	const char *value = json_string_value(json_object_get(item, "value"));
	struct ident *ident;

	if (type == NULL || value == NULL || (strcmp(type, "dns") != 0 && strcmp(type, "ip") != 0))
		return NULL;
	ident = arena_alloc(a, sizeof(*ident));
	ident->type = strcmp(type, "ip") == 0 ? IDENT_IP : IDENT_DNS;
	ident->shown = arena_strdup(a, value);
	return ident;
}

static bool
known_already(const struct ident *list, size_t n, const struct ident *one)
{
	for (size_t i = 0; i < n; i++)
		if (ident_equal(&list[i], one))
			return true;
	return false;
}

/* The identifiers in the client's order and spelling, duplicates folded. */
static bool
idents_parse(struct request *rq, const struct acme_profile *profile, struct order *order,
	     struct problem *p)
{
	const json_t *list = json_object_get(rq->payload, "identifiers");
	struct arena *a = rq->flow->arena;
	size_t n = json_array_size(list), nsub = 0;
	struct problem *sub;

	if (!json_is_array(list) || n == 0)
		return problem(p, PROBLEM_MALFORMED, "\"identifiers\" must be an array with at "
			       "least one identifier");
	if (n > rq->config->names_max)
		return problem(p, PROBLEM_MALFORMED, "%zu identifiers; an order has at most %zu",
			       n, rq->config->names_max);
	order->idents = arena_alloc(a, n * sizeof(order->idents[0]));
	sub = arena_alloc(a, n * sizeof(*sub));
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);
		struct ident one = { 0 };

		if (!offer_ident(&one, a, item, &sub[nsub]) ||
		    !offer_permitted(rq, profile, &one, &sub[nsub]))
			sub[nsub++].ident = ident_as_sent(a, item);
		else if (!known_already(order->idents, order->nident, &one))
			order->idents[order->nident++] = one;
	}
	for (size_t i = 0; i < nsub; i++)	/* of the whole request, whatever else is wrong */
		if (sub[i].type == PROBLEM_INVALID_PROFILE)
			return offer_refused(a, &sub[i], 1, p);
	return nsub == 0 || offer_refused(a, sub, nsub, p);
}

static bool
time_member(const struct request *rq, const char *member, int64_t *when, struct problem *p)
{
	const char *text;

	if (!json_text_maybe(rq->payload, member, &text, NULL, p))
		return false;
	if (text != NULL && !clock_parse(text, when))
		return problem(p, PROBLEM_MALFORMED, "\"%s\" is not a time of RFC 3339: "
			       "\"%.40s\"", member, text);
	return true;
}

/* What was asked for is kept exactly, or refused: never altered (section 7.4). */
static bool
times_check(const struct request *rq, const struct acme_profile *profile, struct order *order,
	    struct problem *p)
{
	const struct issuer *issuer = rq->directory->issuer->issuer;
	int64_t earliest = rq->now - profile->backdate, from, life;

	if (earliest < issuer_not_before(issuer))
		earliest = issuer_not_before(issuer);
	if (!time_member(rq, "notBefore", &order->not_before, p) ||
	    !time_member(rq, "notAfter", &order->not_after, p))
		return false;
	if (order->not_before != 0 &&
	    (order->not_before < earliest || order->not_before > rq->now + 48 * 3600))
		return problem(p, PROBLEM_MALFORMED, "\"notBefore\" must lie between %s and 48 "
			       "hours from now", clock_print(rq->flow->arena, earliest));
	from = order->not_before != 0 ? order->not_before : earliest;
	if (order->not_after != 0 && order->not_after <= (from > rq->now ? from : rq->now))
		return problem(p, PROBLEM_MALFORMED, "\"notAfter\" lies before the certificate's "
			       "life begins");
	life = acme_profile_life(profile, rq->now, from);
	if (order->not_after != 0 && order->not_after > from + life - 1)
		return problem(p, PROBLEM_MALFORMED, "\"notAfter\" is later than profile %s "
			       "allows: at most %s from notBefore", profile->name,
			       clock_duration_print(rq->flow->arena, life));
	return order->not_after <= issuer_not_after(issuer) ||
	       problem(p, PROBLEM_MALFORMED, "\"notAfter\" is later than the issuer's own end");
}

struct neworder {
	struct order			 order;
	const struct acme_profile	*profile;
	struct authz			*authz;		/* nauthz new ones, if they are needed */
	struct limits_ask		 ask;
	size_t				 made;		/* that were needed */
	enum order_status		 status;
	enum problem_type		 ended;		/* of an order that made way */
};

static enum flow_next
neworder_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct neworder *n = rq->doing = arena_alloc(f->arena, sizeof(*n));
	struct order *order = &n->order;
	int64_t now_ms = clock_now_ms();
	const char *profile;

	if (rq->payload == NULL)
		return flow_fail(f, PROBLEM_MALFORMED, "newOrder wants a JSON object as payload");
	if (!terms_check(rq, rq->account->agreed, &f->problem) ||
	    !json_text_maybe(rq->payload, "profile", &profile, NULL, &f->problem) ||
	    !offer_scope(rq, profile, &order->scope, &n->profile, &f->problem) ||
	    !idents_parse(rq, n->profile, order, &f->problem) ||
	    !times_check(rq, n->profile, order, &f->problem))
		return FLOW_FAIL;
	order->account = rq->account->id;
	if (!replaces_check(rq, order, &f->problem))
		return FLOW_FAIL;
	order->id = id_new(now_ms);
	order->state = ORDER_PENDING;
	order->created = rq->now;
	order->expires = rq->now + rq->config->order_life;
	order->nauthz = order->nident;
	order->authz = arena_alloc(f->arena, order->nauthz * sizeof(order->authz[0]));
	n->authz = arena_alloc(f->arena, order->nauthz * sizeof(n->authz[0]));
	for (size_t i = 0; i < order->nauthz; i++) {
		order->authz[i] = id_new(now_ms);
		offer_make(&n->authz[i], rq, n->profile, &order->idents[i]);
		n->authz[i].id = order->authz[i];
		n->authz[i].order = order->id;
		n->authz[i].scope = order->scope;
	}
	n->ask = limits_ask(order);
	hook_begin(rq, HOOK_ORDER, n->profile, &n->ask);
	return FLOW_NEXT;
}

/* An authorization that the account has already serves as well. */
static enum flow_next
neworder_apply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct neworder *n = rq->doing;
	const struct view *v = edit_view(f->txn);
	int64_t now = clock_now();

	if (!edit_room(f->txn, &f->problem) || !offer_still(rq, v, &f->problem) ||
	    !replaces_still(f, &n->order, &f->problem))
		return FLOW_FAIL;
	n->ask = limits_ask(&n->order);
	if (!limits_order(rq, f->txn, &n->ask, &f->problem))
		return FLOW_FAIL;
	n->made = 0;
	for (size_t i = 0; i < n->order.nauthz; i++) {
		const struct authz *there = offer_find(rq, v, n->profile, &n->order.idents[i], now);

		if (there != NULL) {
			n->order.authz[i] = there->id;
			continue;
		}
		n->order.authz[i] = n->authz[i].id;
		offer_add(rq, f->txn, &n->authz[i]);
		n->made++;
	}
	store_order_add(f->txn, &n->order);
	n->ended = replaces_claim(f, &n->order);
	n->status = status_order_read(&n->order, edit_view(f->txn), f->arena, now);
	return FLOW_NEXT;
}

static enum flow_next
neworder_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct neworder *n = rq->doing;
	const struct order *order;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	order = &n->order;
	reply_json(rq, 201, show_order(rq, order, n->status));
	reply_header(rq, "Location", show_order_url(rq, &order->id));
	metric_add(&count_orders, COUNT_ORDER_CREATED, 0, 1);
	count_authz_made(n->made);
	if (n->ended != PROBLEM_NONE)
		metric_add(&count_orders, COUNT_ORDER_INVALID, count_problem(n->ended), 1);
	log_event(LOG_INFO, "order created", "s:s, s:s, s:s, s:s, s:s*", "order",
		  id_print(f->arena, &order->id), "account", id_print(f->arena, &order->account),
		  "profile", n->profile->name, "names",
		  ident_list(f->arena, order->idents, order->nident), "replaces", order->replaces);
	return FLOW_NEXT;
}

const struct flow_step neworder_steps[] = {
	{ ON_LOOP,   STEP(neworder_check) },	/* payload -> an order we would serve   */
	{ ON_LOOP,   STEP(hook_turn) },		/* the webhook, if there is one: not too */
	{ ON_LOOP,   STEP(hook_ask) },		/* many at a time; waits for its answer */
	{ ON_LOOP,   STEP(hook_judge) },
	{ ON_WRITER, STEP(neworder_apply) },	/* stored with its authorizations       */
	{ ON_LOOP,   STEP(neworder_reply) },	/* 201 with the order, or the problem   */
	{ 0 }
};

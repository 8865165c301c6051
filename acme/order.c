/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - POST-as-GET /acme/order/:id, RFC 8555 section 7.4.  Runs on: loop. */
#include "acme/order.h"

#include <string.h>

#include "acme/local.h"
#include "acme/reply.h"
#include "acme/routes.h"

/* The problem document of a challenge; false: that is none. */
static bool
blame_read(const char *document, struct problem *p)
{
	json_t *o = json_loads(document, 0, NULL);
	const char *type = json_string_value(json_object_get(o, "type"));
	const char *detail = json_string_value(json_object_get(o, "detail"));
	const char *name = type == NULL ? NULL : strrchr(type, ':');
	bool found = false;

	for (int t = PROBLEM_NONE + 1; name != NULL && t < PROBLEM_TYPES && !found; t++) {
		found = strcmp(name + 1, problem_name((enum problem_type)t)) == 0;
		if (found)
			problem(p, (enum problem_type)t, "%s", detail == NULL ? "" : detail);
	}
	json_decref(o);
	return found;
}

/* What the challenge that failed says, or else what became of the authorization. */
static void
blame(struct problem *p, const struct authz *authz, enum authz_state state)
{
	for (size_t i = 0; i < authz->nchallenge && state == AUTHZ_INVALID; i++)
		if (authz->challenges[i].error != NULL &&
		    authz->challenges[i].state == CHALLENGE_INVALID &&
		    blame_read(authz->challenges[i].error, p))
			return;
	problem(p, PROBLEM_UNAUTHORIZED, "the authorization is %s",
		authz->state == state ? status_authz_name(state) : "expired");
}

/* Why an order is invalid that no job has failed: which of its authorizations are not
 * valid. */
static const struct order *
order_blamed(struct arena *a, const struct order *order, const struct authz *const *authz,
	     int64_t now)
{
	struct problem p = { 0 }, *sub = arena_alloc(a, order->nauthz * sizeof(*sub));
	struct order *told = arena_memdup(a, order, sizeof(*order));
	size_t nsub = 0;

	for (size_t i = 0; i < order->nauthz; i++) {
		enum authz_state state;

		if (authz[i] == NULL)
			continue;
		state = status_authz(authz[i], now);
		if (state == AUTHZ_PENDING || state == AUTHZ_VALID)
			continue;
		blame(&sub[nsub], authz[i], state);
		sub[nsub++].ident = &authz[i]->ident;
	}
	problem(&p, PROBLEM_UNAUTHORIZED, nsub == 0 ? "the order expired; make a new one" :
		"authorizations of the order are not valid; make a new order");
	p.sub = sub;
	p.nsub = nsub;
	told->error = problem_print(&p, a);
	return told;
}

/* Status, what is awaited, and why it failed. */
static void
order_judge(struct order_seen *seen, const struct view *v, struct arena *a, int64_t now)
{
	const struct order *order = seen->order;
	bool open = order->state == ORDER_PENDING ||
		    (order->state == ORDER_INVALID && order->error == NULL);
	const struct authz **authz = open ? status_order_authz(order, v, a) : NULL;

	seen->status = status_order(order, authz, now);
	seen->validating = false;
	if (seen->status == STATUS_INVALID && open)
		seen->order = order_blamed(a, order, authz, now);
	if (seen->status != STATUS_PENDING)
		return;
	for (size_t i = 0; i < order->nauthz; i++)
		if (status_validating(authz[i])) {
			seen->validating = true;
			seen->awaited = authz[i]->id;
		}
}

bool
order_read(struct request *rq, struct order_seen *seen)
{
	struct view *v = view_open(rq->store);
	struct arena *a = rq->flow->arena;

	seen->order = store_order_get(v, a, &seen->id);
	if (seen->order != NULL && !id_equal(&seen->order->account, &rq->account->id))
		seen->order = NULL;
	if (seen->order != NULL)
		order_judge(seen, v, a, rq->now);
	view_close(v);
	return seen->order != NULL;
}

bool
order_settled(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct order_seen *seen = rq->doing;

	return !order_read(rq, seen) ||
	       (seen->status != STATUS_PROCESSING && !seen->validating);
}

void
order_reply_json(struct request *rq, const struct order_seen *seen)
{
	reply_json(rq, 200, show_order(rq, seen->order, seen->status));
	reply_header(rq, "Location", show_order_url(rq, &seen->id));
	if (seen->status == STATUS_PROCESSING || seen->validating)
		reply_header(rq, "Retry-After", "1");
}

static enum flow_next
order_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct order_seen *seen = rq->doing = arena_alloc(f->arena, sizeof(*seen));

	if (!id_parse(rq->part[0], strlen(rq->part[0]), &seen->id) || !order_read(rq, seen))
		return show_nothing(f);
	return show_only(rq, &f->problem) ? FLOW_NEXT : FLOW_FAIL;
}

static enum flow_next
order_hold(struct flow *f)
{
	struct order_seen *seen = REQUEST(f)->doing;

	if (seen->status == STATUS_PROCESSING)
		return wait_settled(f, &seen->id, order_settled);
	if (seen->validating)	/* several orders may share it */
		return wait_settled(f, &seen->awaited, order_settled);
	return FLOW_NEXT;
}

static enum flow_next
order_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct order_seen *seen = rq->doing;

	if (f->problem.type == PROBLEM_NONE && seen->order == NULL)
		show_nothing(f);	/* cleaned up while the request was held */
	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	order_reply_json(rq, seen);
	return FLOW_NEXT;
}

const struct flow_step order_steps[] = {
	{ ON_LOOP, STEP(order_check) },		/* mine?                             */
	{ ON_LOOP, STEP(order_hold) },		/* being worked on: wait a moment    */
	{ ON_LOOP, STEP(order_reply) },
	{ 0 }
};

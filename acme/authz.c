/* SPDX-License-Identifier: Apache-2.0 */
/* authz.c - POST /acme/authz/:id, RFC 8555 sections 7.5 and 7.5.2. */
#include "acme/authz.h"

#include <string.h>

#include "acme/local.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "base/clock.h"
#include "base/json.h"

bool
authz_read(struct request *rq, struct authz_seen *seen)
{
	struct view *v = view_open(rq->store);

	seen->authz = store_authz_get(v, rq->flow->arena, &seen->id);
	view_close(v);
	if (seen->authz != NULL && !id_equal(&seen->authz->account, &rq->account->id))
		seen->authz = NULL;
	return seen->authz != NULL;
}

bool
authz_settled(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing;

	return !authz_read(rq, seen) || !status_validating(seen->authz);
}

static const struct flow_step authz_change_steps[];

static enum flow_next
authz_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing = arena_alloc(f->arena, sizeof(*seen));

	if (!id_parse(rq->part[0], strlen(rq->part[0]), &seen->id) || !authz_read(rq, seen))
		return show_nothing(f);
	if (rq->payload == NULL)
		return FLOW_NEXT;
	f->steps = authz_change_steps;
	return FLOW_AGAIN;
}

static enum flow_next
authz_hold(struct flow *f)
{
	struct authz_seen *seen = REQUEST(f)->doing;

	if (!status_validating(seen->authz))
		return FLOW_NEXT;
	return wait_settled(f, &seen->id, authz_settled);
}

static enum flow_next
authz_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	if (seen->authz == NULL) {	/* cleaned up while the request was held */
		show_nothing(f);
		return reply_problem(f);
	}
	reply_json(rq, 200, show_authz(rq, seen->authz));
	if (status_validating(seen->authz))
		reply_header(rq, "Retry-After", "1");
	return FLOW_NEXT;
}

const struct flow_step authz_steps[] = {
	{ ON_LOOP, STEP(authz_check) },		/* mine?                             */
	{ ON_LOOP, STEP(authz_hold) },		/* being validated: wait a moment    */
	{ ON_LOOP, STEP(authz_reply) },
	{ 0 }
};

/* --- {"status": "deactivated"} ---------------------------------------------------- */

static enum flow_next
authz_change_check(struct flow *f)
{
	const char *status = json_text(REQUEST(f)->payload, "status", NULL, &f->problem);

	if (status == NULL)
		return FLOW_FAIL;
	if (strcmp(status, "deactivated") != 0)
		return flow_fail(f, PROBLEM_MALFORMED,
				 "\"status\" of an authorization can only become deactivated");
	return FLOW_NEXT;
}

static enum flow_next
authz_deactivate(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing;
	const struct authz *there = store_authz_get(edit_view(f->txn), f->arena, &seen->id);
	enum authz_state state;
	struct authz *next;

	seen->authz = there;
	if (there == NULL)	/* cleaned up just now */
		return show_nothing(f);
	state = status_authz(there, clock_now());
	if (state == AUTHZ_DEACTIVATED)
		return FLOW_NEXT;
	if (state != AUTHZ_PENDING && state != AUTHZ_VALID)
		return flow_fail(f, PROBLEM_MALFORMED, "the authorization is %s already",
				 status_authz_name(state));
	next = arena_memdup(f->arena, there, sizeof(*there));
	next->state = AUTHZ_DEACTIVATED;
	store_authz_put(f->txn, next);
	edit_changed(f->txn, &next->id);
	seen->authz = next;
	return FLOW_NEXT;
}

static const struct flow_step authz_change_steps[] = {
	{ ON_LOOP,   STEP(authz_change_check) },
	{ ON_WRITER, STEP(authz_deactivate) },	/* pending or valid -> deactivated       */
	{ ON_LOOP,   STEP(authz_reply) },
	{ 0 }
};

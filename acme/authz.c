/* SPDX-License-Identifier: Apache-2.0 */
/* authz.c - POST-as-GET /acme/authz/:id, RFC 8555 section 7.5.  Runs on: loop. */
#include "acme/authz.h"

#include <string.h>

#include "acme/local.h"
#include "acme/reply.h"
#include "acme/routes.h"

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

static enum flow_next
authz_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing = arena_alloc(f->arena, sizeof(*seen));

	if (!id_parse(rq->part[0], strlen(rq->part[0]), &seen->id) || !authz_read(rq, seen))
		return show_nothing(f);
	return show_only(rq, &f->problem) ? FLOW_NEXT : FLOW_FAIL;
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

/* SPDX-License-Identifier: Apache-2.0 */
/* challenge.c - POST /acme/chall/:id/:number, RFC 8555 section 7.5.1: the client is
 * ready.  The validation itself is a job: validate.c. */
#include <stdlib.h>
#include <string.h>

#include "acme/authz.h"
#include "acme/count.h"
#include "acme/jobs.h"
#include "acme/local.h"
#include "acme/policy.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "base/clock.h"

/* May a validation start?  An authorization that is settled keeps its challenges as
 * they are; so does one of whose challenges another is being validated. */
static bool
challenge_may_start(const struct authz *authz, size_t number, int64_t now)
{
	return status_authz(authz, now) == AUTHZ_PENDING && !status_validating(authz) &&
	       authz->challenges[number].state == CHALLENGE_PENDING;
}

/* The configuration may offer less than when the authorization was made. */
static bool
challenge_offered(const struct request *rq, const struct authz *authz, size_t number,
		  struct problem *p)
{
	const struct acme_profile *profile = jobs_profile(rq->config, authz->scope.profile);
	enum method method = authz->challenges[number].method;

	return (profile != NULL && (policy_methods(rq->directory, profile, rq->binding,
						   &authz->ident) & METHOD_BIT(method)) != 0) ||
	       problem(p, PROBLEM_MALFORMED, "%s is no longer offered here: make a new order",
		       method_name(method));
}

static const struct flow_step challenge_read_steps[];

static enum flow_next
challenge_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing = arena_alloc(f->arena, sizeof(*seen));
	const char *number = rq->part[1];

	if (!id_parse(rq->part[0], strlen(rq->part[0]), &seen->id) || !authz_read(rq, seen) ||
	    strlen(number) != 1 || *number < '0' || *number > '9' ||
	    (seen->number = (size_t)(*number - '0')) >= seen->authz->nchallenge)
		return show_nothing(f);
	if (rq->payload == NULL || status_authz(seen->authz, rq->now) == AUTHZ_VALID) {
		f->steps = challenge_read_steps;	/* nothing changes */
		return FLOW_AGAIN;
	}
	if (status_authz(seen->authz, rq->now) != AUTHZ_PENDING)
		return flow_fail(f, PROBLEM_MALFORMED, "the authorization is %s, not pending: "
				 "make a new order",
				 status_authz_name(status_authz(seen->authz, rq->now)));
	return challenge_offered(rq, seen->authz, seen->number, &f->problem) ? FLOW_NEXT :
	       FLOW_FAIL;
}

/* The key authorization is that of the account's key now (section 8.3). */
static enum flow_next
challenge_apply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing;
	struct job job = { JOB_VALIDATE, seen->id, (uint32_t)seen->number };
	const struct authz *there;
	struct authz next;

	there = store_authz_get(edit_view(f->txn), f->arena, &seen->id);
	if (there == NULL || !challenge_may_start(there, seen->number, clock_now()))
		return FLOW_NEXT;
	next = *there;
	next.challenges[seen->number].state = CHALLENGE_PROCESSING;
	memcpy(next.thumbprint, rq->account->thumbprint, sizeof(next.thumbprint));
	store_authz_put(f->txn, &next);
	edit_job(f->txn, &job);
	edit_changed(f->txn, &next.id);
	seen->started = true;
	return FLOW_NEXT;
}

static enum flow_next
challenge_hold(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing;

	return wait_settled(f, &seen->id, authz_settled);
}

static enum flow_next
challenge_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct authz_seen *seen = rq->doing;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	if (!authz_read(rq, seen)) {
		show_nothing(f);
		return reply_problem(f);
	}
	if (seen->started)
		metric_add(&count_challenges, count_method(
			seen->authz->challenges[seen->number].method),
			COUNT_CHALLENGE_STARTED, 1);
	reply_json(rq, 200, show_challenge(rq, seen->authz, seen->number));
	reply_header(rq, "Link", arena_printf(f->arena, "<%s>;rel=\"up\"",
					      show_authz_url(rq, &seen->id)));
	if (status_validating(seen->authz))
		reply_header(rq, "Retry-After", "1");
	return FLOW_NEXT;
}

const struct flow_step challenge_steps[] = {
	{ ON_LOOP,   STEP(challenge_check) },	/* mine, and pending?                   */
	{ ON_WRITER, STEP(challenge_apply) },	/* pending -> processing, and the job   */
	{ ON_LOOP,   STEP(challenge_hold) },	/* wait a moment for its verdict        */
	{ ON_LOOP,   STEP(challenge_reply) },
	{ 0 }
};

static const struct flow_step challenge_read_steps[] = {
	{ ON_LOOP, STEP(challenge_hold) },
	{ ON_LOOP, STEP(challenge_reply) },
	{ 0 }
};

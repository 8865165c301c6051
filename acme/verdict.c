/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c - what a validation has come to, in the records.  Runs on: writer. */
#include "acme/verdict.h"

#include <assert.h>

#include "acme/limits.h"
#include "base/clock.h"

#define EVIDENCE_MAX 16		/* attempts whose evidence is kept, those before a crash too */

/* The order that an authorization was made for fails with it; others that share it are
 * judged when somebody looks. */
static bool
order_fails(struct edit *e, struct arena *a, const struct id *id)
{
	const struct order *there = store_order_get(edit_view(e), a, id);
	struct order next;

	if (there == NULL || there->state != ORDER_PENDING)
		return false;
	next = *there;
	next.state = ORDER_INVALID;
	store_order_put(e, &next);
	edit_changed(e, id);
	return true;
}

/* persistUntil of dns-persist-01 does not bound it: draft -01 says until when the record
 * proves, not for how long the proof is good. */
static void
verdict_good(struct edit *e, const struct verdict *v, struct authz *authz)
{
	struct challenge *c = &authz->challenges[v->number];

	assert(v->evidence != NULL);
	authz->state = AUTHZ_VALID;
	authz->expires = clock_now() + v->config->authz_life;
	c->state = CHALLENGE_VALID;
	c->validated = clock_now();
	c->error = NULL;
	store_authz_put(e, authz);
	store_authz_remember(e, authz);
	limits_proved(e, authz);
}

static void
verdict_bad(struct edit *e, const struct verdict *v, struct authz *authz)
{
	enum problem_type type = v->problem->type;

	authz->state = AUTHZ_INVALID;
	authz->challenges[v->number].state = CHALLENGE_INVALID;
	store_authz_put(e, authz);
	if (type != PROBLEM_SERVER_INTERNAL &&
	    type != PROBLEM_RATE_LIMITED)	/* our own trouble, not the client's */
		limits_failed(v->config, e, authz);
}

bool
verdict_put(struct edit *e, const struct authz *authz, const struct verdict *v)
{
	struct arena *a = arena_new();
	struct authz next = *authz;
	bool good = v->problem->type == PROBLEM_NONE, failed = false;

	next.challenges = arena_memdup(a, authz->challenges,
				       authz->nchallenge * sizeof(*authz->challenges));
	if (!good)
		next.challenges[v->number].error = problem_print(v->problem, a);
	if (v->evidence != NULL)
		store_evidence_add(e, &next.id, clock_now_ms(), v->evidence, EVIDENCE_MAX);
	edit_changed(e, &next.id);
	if (!v->final)
		store_authz_put(e, &next);
	else if (good)
		verdict_good(e, v, &next);
	else
		verdict_bad(e, v, &next);
	if (v->final && !good)
		failed = order_fails(e, a, &next.order);
	arena_free(a);
	return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* offer.c - authorizations for an identifier: found again or made.
 * Runs on: loop, writer. */
#include "acme/offer.h"

#include <string.h>

#include "acme/policy.h"
#include "acme/profile.h"
#include "acme/status.h"
#include "base/clock.h"
#include "base/json.h"

/* What is left of a reused authorization's life must do for the client's next steps. */
#define REUSE_LEAST 300		/* seconds */

bool
offer_scope(const struct request *rq, const char *name, struct scope *scope,
	    const struct acme_profile **profile, struct problem *p)
{
	if (rq->binding != NULL && !policy_binding(rq->binding, rq->now, p))
		return false;
	*profile = profile_choose(rq->directory, rq->binding, name, p);
	if (*profile == NULL)
		return false;
	*scope = rq->account->scope;
	scope->profile = (*profile)->number;
	scope->issuer = rq->directory->issuer->number;
	return true;
}

bool
offer_still(const struct request *rq, const struct view *v, struct problem *p)
{
	return rq->binding == NULL ||
	       policy_binding(store_binding_get(v, rq->flow->arena, &rq->binding->id),
			      clock_now(), p);
}

bool
offer_ident(struct ident *ident, struct arena *a, const json_t *item, struct problem *p)
{
	const char *type, *value;
	size_t len;

	if (!json_is_object(item))
		return problem(p, PROBLEM_MALFORMED, "an identifier is not an object with "
			       "\"type\" and \"value\"");
	if ((type = json_text(item, "type", NULL, p)) == NULL ||
	    (value = json_text(item, "value", &len, p)) == NULL)
		return false;
	if (strcmp(type, "dns") == 0)
		return ident_parse_dns(ident, a, value, len, p);
	if (strcmp(type, "ip") != 0)
		return problem(p, PROBLEM_UNSUPPORTED_IDENTIFIER, "identifier type \"%.20s\" is "
			       "not supported; use dns or ip", type);
	if (!ident_parse_ip(ident, a, value, len, p))
		return false;
	/* One spelling for each address (RFC 8738 section 3, RFC 5952). */
	return strcmp(ident->value, ident->shown) == 0 ||
	       problem(p, PROBLEM_MALFORMED, "\"%.60s\" must be written \"%.60s\"",
		       ident->shown, ident->value);
}

bool
offer_refused(struct arena *a, const struct problem *sub, size_t nsub, struct problem *p)
{
	if (nsub == 1) {
		*p = sub[0];
		p->ident = NULL;
		return false;
	}
	problem(p, PROBLEM_COMPOUND, "%zu identifiers are refused: see the subproblems", nsub);
	p->sub = arena_memdup(a, sub, nsub * sizeof(*sub));
	p->nsub = nsub;
	return false;
}

bool
offer_permitted(const struct request *rq, const struct acme_profile *profile,
		const struct ident *ident, struct problem *p)
{
	static const struct acme_profile any;

	if (!policy_ident(rq->config, rq->directory, rq->binding, ident, p))
		return false;
	if (policy_provable(rq->directory, profile, rq->binding, ident, p))
		return true;
	if (json_object_get(rq->payload, "profile") != NULL &&
	    policy_methods(rq->directory, &any, rq->binding, ident) != 0)
		p->type = PROBLEM_INVALID_PROFILE;	/* another profile would do */
	return false;
}

/* Each method that is offered, its proof still to come. */
static void
challenges_make(struct authz *authz, struct arena *a, unsigned methods)
{
	authz->challenges = arena_alloc(a, METHODS_MAX * sizeof(authz->challenges[0]));
	for (unsigned m = 1; m <= METHODS_MAX; m++)
		if ((methods & METHOD_BIT(m)) != 0)
			authz->challenges[authz->nchallenge++] = (struct challenge){
				.method = (enum method)m,
				.state = CHALLENGE_PENDING,
				.token = m == METHOD_DNS_PERSIST_01 ? "" : token_new(a),
			};
}

void
offer_make(struct authz *authz, const struct request *rq, const struct acme_profile *profile,
	   const struct ident *ident)
{
	struct arena *a = rq->flow->arena;

	*authz = (struct authz){
		.account = rq->account->id,
		.state = AUTHZ_PENDING,
		.created = rq->now,
		.expires = rq->now + rq->config->order_life,
		.ident = *ident,
	};
	if (ident->wildcard) {
		authz->ident.value += 2;
		authz->ident.shown += 2;
	}
	if (!policy_prevalidated(rq->binding, ident)) {
		challenges_make(authz, a, policy_methods(rq->directory, profile, rq->binding,
							 ident));
		return;
	}
	/* One challenge, since clients look for one (docs/tests.md, 28 and 34), even where
	 * none is offered. */
	challenges_make(authz, a, METHOD_BIT(ident->wildcard ? METHOD_DNS_01 : METHOD_HTTP_01));
	authz->state = AUTHZ_VALID;
	authz->challenges[0].state = CHALLENGE_VALID;
	authz->challenges[0].validated = rq->now;
}

/* Are its challenges those that would be offered now?  Of a valid one, is its proof? */
static bool
methods_still(const struct authz *authz, unsigned methods)
{
	unsigned has = 0;

	for (size_t i = 0; i < authz->nchallenge; i++)
		if (authz->state != AUTHZ_VALID || authz->challenges[i].state == CHALLENGE_VALID)
			has |= METHOD_BIT(authz->challenges[i].method);
	return authz->state == AUTHZ_VALID ? (has & methods) != 0 : has == methods;
}

static bool
untried(const struct authz *authz)
{
	for (size_t i = 0; i < authz->nchallenge; i++)
		if (authz->challenges[i].state != CHALLENGE_PENDING)
			return false;
	return true;
}

/* The spelling must be the same too: it is echoed. */
static bool
usable(const struct authz *authz, const struct ident *ident, unsigned methods, int64_t now)
{
	return authz != NULL && status_authz(authz, now) == authz->state &&
	       methods_still(authz, methods) && authz->expires - now >= REUSE_LEAST &&
	       strcmp(authz->ident.shown, ident->wildcard ? ident->shown + 2 : ident->shown) == 0;
}

const struct authz *
offer_find(const struct request *rq, const struct view *v, const struct acme_profile *profile,
	   const struct ident *ident, int64_t now)
{
	struct arena *a = rq->flow->arena;
	unsigned methods = policy_methods(rq->directory, profile, rq->binding, ident);
	const struct authz *there = NULL;

	if (policy_prevalidated(rq->binding, ident))
		return NULL;
	if (rq->config->reuse_valid)
		there = store_authz_find(v, a, &rq->account->id, ident, AUTHZ_VALID);
	if (usable(there, ident, methods, now) && profile_fresh(profile, there, now))
		return there;
	there = NULL;
	if (rq->config->reuse_pending)
		there = store_authz_find(v, a, &rq->account->id, ident, AUTHZ_PENDING);
	return usable(there, ident, methods, now) && untried(there) ? there : NULL;
}

/* Of one that no challenge has proved, what stands for that. */
static void
offer_vouch(const struct request *rq, struct edit *e, const struct authz *authz)
{
	struct arena *a = rq->flow->arena;
	json_t *evidence = json_keep(a, json_pack("{s:{s:s, s:s}}", "prevalidated", "binding",
						  id_print(a, &rq->binding->id), "at",
						  clock_print(a, rq->now)));

	store_evidence_add(e, &authz->id, clock_now_ms(), json_print(a, evidence), 1);
}

void
offer_add(const struct request *rq, struct edit *e, const struct authz *authz)
{
	store_authz_add(e, authz);
	if (authz->state == AUTHZ_VALID)
		offer_vouch(rq, e, authz);
	if (rq->config->reuse_pending && authz->state == AUTHZ_PENDING)
		store_authz_remember(e, authz);
}

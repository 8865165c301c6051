/* SPDX-License-Identifier: Apache-2.0 */
/* offer.c - authorizations for an identifier: found again or made.
 * Runs on: loop, writer. */
#include "acme/offer.h"

#include <string.h>

#include "acme/status.h"
#include "base/json.h"

/* What is left of a reused authorization's life must do for the client's next steps. */
#define REUSE_LEAST 300		/* seconds */

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

/* A wildcard is proved by DNS alone, an address never is (RFC 8555 section 8.4, RFC 8738
 * section 6). */
static bool
method_fits(enum method method, const struct ident *ident)
{
	if (method == METHOD_DNS_01)
		return ident->type == IDENT_DNS;
	return !ident->wildcard;
}

void
offer_make(struct authz *authz, struct arena *a, const struct request *rq,
	   const struct ident *ident)
{
	static const enum method methods[] = { METHOD_HTTP_01, METHOD_DNS_01 };

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
	authz->challenges = arena_alloc(a, 2 * sizeof(authz->challenges[0]));
	for (size_t i = 0; i < 2; i++)
		if (method_fits(methods[i], ident))
			authz->challenges[authz->nchallenge++] = (struct challenge){
				.method = methods[i],
				.state = CHALLENGE_PENDING,
				.token = token_new(a),
			};
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
usable(const struct authz *authz, const struct ident *ident, enum authz_state state, int64_t now)
{
	return authz != NULL && status_authz(authz, now) == state &&
	       authz->expires - now >= REUSE_LEAST &&
	       strcmp(authz->ident.shown, ident->wildcard ? ident->shown + 2 : ident->shown) == 0;
}

const struct authz *
offer_find(const struct request *rq, const struct view *v, const struct ident *ident,
	   int64_t now)
{
	struct arena *a = rq->flow->arena;
	const struct authz *there = NULL;

	if (rq->config->reuse_valid)
		there = store_authz_find(v, a, &rq->account->id, ident, AUTHZ_VALID);
	if (usable(there, ident, AUTHZ_VALID, now))
		return there;
	there = NULL;
	if (rq->config->reuse_pending)
		there = store_authz_find(v, a, &rq->account->id, ident, AUTHZ_PENDING);
	return usable(there, ident, AUTHZ_PENDING, now) && untried(there) ? there : NULL;
}

void
offer_add(const struct request *rq, struct edit *e, const struct authz *authz)
{
	store_authz_add(e, authz);
	if (rq->config->reuse_pending)
		store_authz_remember(e, authz);
}

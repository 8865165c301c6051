/* SPDX-License-Identifier: Apache-2.0 */
/* limit_set.c - the operator gives an account or a binding a rate of its own.
 * Runs on: loop, writer. */
#include <string.h>

#include "acme/limits.h"
#include "acme/operator.h"
#include "base/log.h"

/* {"account": ID} or {"binding": ID}, {"limit": "orders", "rate": "300/3h"}; the rate
 * "default" takes it back. */
static bool
set_check(struct operator *o, struct problem *p)
{
	struct store_rate *r = o->doing = arena_alloc(o->arena, sizeof(*r));
	bool account = json_object_get(o->call.request, "account") != NULL;
	const char *name, *text;
	struct rate rate;
	enum limit limit;

	r->kind = account ? 'a' : 'b';
	if (!operator_id(o, account ? "account" : "binding", &r->whose, p) ||
	    !operator_text(o, "limit", &name, p) || !operator_text(o, "rate", &text, p))
		return false;
	if (!limit_parse(name, &limit) || limit == LIMIT_REQUESTS ||
	    (limit == LIMIT_ACCOUNTS && account))
		return problem(p, PROBLEM_MALFORMED, "\"%.40s\" is no limit of %s: use orders, "
			       "renewals, name, names or failures%s", name,
			       account ? "an account" : "a binding",
			       account ? "" : ", or accounts");
	r->limit = limit;
	r->count = -1;
	if (strcmp(text, "default") == 0)
		return true;
	if (!rate_parse(text, &rate))
		return problem(p, PROBLEM_MALFORMED, "\"%.40s\" is not a rate: write 300/3h, off "
			       "or default", text);
	r->count = rate.count;
	r->period = rate.period;
	return true;
}

static bool
set_apply(struct operator *o, struct edit *e, struct problem *p)
{
	const struct store_rate *r = o->doing;
	struct store_rate there = *r;

	if (r->kind == 'a' ? store_account_get(edit_view(e), o->arena, &r->whose) == NULL :
	    store_binding_get(edit_view(e), o->arena, &r->whose) == NULL)
		return problem(p, PROBLEM_MALFORMED, "no such %s", r->kind == 'a' ? "account" :
			       "binding");
	if (r->count < 0 && !store_rate_get(edit_view(e), &there))
		return problem(p, PROBLEM_MALFORMED, "it has the default already");
	store_rate_put(e, r);
	return true;
}

static void
set_done(struct operator *o)
{
	const struct store_rate *r = o->doing;

	log_event(LOG_INFO, "limit set", "s:s, s:s, s:s, s:s", r->kind == 'a' ? "account" :
		  "binding", id_print(o->arena, &r->whose), "limit",
		  limit_name((enum limit)r->limit), "rate", r->count < 0 ? "default" :
		  rate_print(o->arena, (struct rate){ r->count, r->period }), "by", "operator");
}

const struct command limit_set_command = { "limit-set", set_check, set_apply, set_done };

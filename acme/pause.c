/* SPDX-License-Identifier: Apache-2.0 */
/* pause.c - no new orders: told by the operator, or after days of failures.
 * Runs on: loop, writer. */
#include "acme/pause.h"

#include <string.h>

#include "acme/operator.h"
#include "base/clock.h"
#include "base/log.h"

/* --- clients ----------------------------------------------------------------------- */

static bool
paused(const struct request *rq, const struct pause *pause, struct problem *p)
{
	struct arena *a = rq->flow->arena;
	bool account = pause->kind != PAUSED_NAME, name = pause->kind != PAUSED_ACCOUNT;

	return problem(p, PROBLEM_RATE_LIMITED, "%s%s%.90s%s paused since %s (%.60s): once that is "
		       "mended, ask the CA's operator to resume it%s%s",
		       account ? "this account is" : "", name && account ? ", for " : "",
		       name ? pause->name : "", name && account ? "," : name ? " is" : "",
		       clock_print(a, pause->since), pause->why, account ? ", account " : "",
		       account ? id_print(a, &rq->account->id) : "");
}

bool
pause_check(const struct request *rq, const struct view *v, const struct ident *idents,
	    size_t n, struct problem *p)
{
	struct arena *a = rq->flow->arena;
	struct pause pause = { .kind = PAUSED_ACCOUNT, .account = rq->account->id };

	if (store_pause_get(v, a, &pause))
		return paused(rq, &pause, p);
	for (size_t i = 0; i < n; i++) {
		pause.name = ident_base(&idents[i]);
		pause.kind = PAUSED_NAME;
		if (store_pause_get(v, a, &pause))
			return paused(rq, &pause, p);
		pause.kind = PAUSED_ACCOUNT_NAME;
		if (store_pause_get(v, a, &pause))
			return paused(rq, &pause, p);
	}
	return true;
}

void
pause_failed(const struct acme_config *c, struct edit *e, const struct authz *authz)
{
	const char *name = ident_base(&authz->ident);
	struct failing failing = store_failing_get(edit_view(e), &authz->account, name);
	struct pause pause = { .kind = PAUSED_ACCOUNT_NAME, .account = authz->account,
			       .name = name, .since = clock_now(),
			       .why = "its validations have failed for days" };

	failing.last = pause.since;
	if (failing.count++ == 0)
		failing.first = failing.last;
	store_failing_put(e, &authz->account, name, &failing);
	if (c->limits.enabled && c->limits.pause_after > 0 &&
	    failing.count >= c->limits.pause_failures &&
	    failing.last - failing.first >= c->limits.pause_after)
		store_pause_put(e, &pause);
}

/* --- the operator ------------------------------------------------------------------ */

/* {"account": ID}, {"name": NAME}, or both. */
static bool
pause_read(struct operator *o, struct problem *p)
{
	struct pause *pause = o->doing = arena_alloc(o->arena, sizeof(*pause));
	const char *account;
	struct ident ident;

	if (!operator_text_maybe(o, "account", &account, p) ||
	    !operator_text_maybe(o, "name", &pause->name, p) ||
	    !operator_text_maybe(o, "why", &pause->why, p))
		return false;
	if (account == NULL && pause->name == NULL)
		return problem(p, PROBLEM_MALFORMED, "which account, or which name?");
	if (account != NULL && !operator_id(o, "account", &pause->account, p))
		return false;
	pause->kind = pause->name == NULL ? PAUSED_ACCOUNT : account == NULL ? PAUSED_NAME :
		      PAUSED_ACCOUNT_NAME;
	if (pause->name != NULL &&
	    !ident_parse_ip(&ident, o->arena, pause->name, strlen(pause->name), p)) {
		if (!ident_parse_host(&ident, o->arena, pause->name, strlen(pause->name), p))
			return false;
		pause->name = ident_base(&ident);
	}
	if (pause->why == NULL)
		pause->why = "by the operator";
	pause->since = clock_now();
	return true;
}

static bool
pause_apply(struct operator *o, struct edit *e, struct problem *p)
{
	struct pause *pause = o->doing, there = *pause;

	if (pause->kind != PAUSED_NAME &&
	    store_account_get(edit_view(e), o->arena, &pause->account) == NULL)
		return problem(p, PROBLEM_MALFORMED, "no such account");
	if (store_pause_get(edit_view(e), o->arena, &there))
		return problem(p, PROBLEM_MALFORMED, "it is paused already, since %s (%.60s)",
			       clock_print(o->arena, there.since), there.why);
	store_pause_put(e, pause);
	return true;
}

/* What failed before is forgotten, or the next failure would pause it again.  Of an account
 * all its names are resumed too. */
static bool
resume_apply(struct operator *o, struct edit *e, struct problem *p)
{
	const struct pause *pause = o->doing;
	struct pause *all;
	size_t n = store_pause_list(edit_view(e), o->arena, &all), found = 0;

	for (size_t i = 0; i < n; i++) {
		bool mine = all[i].kind == pause->kind ||
			    (pause->kind == PAUSED_ACCOUNT && all[i].kind == PAUSED_ACCOUNT_NAME);

		if (!mine || !id_equal(&all[i].account, &pause->account) ||
		    (pause->name != NULL && strcmp(all[i].name, pause->name) != 0))
			continue;
		found += store_pause_del(e, &all[i]);
		if (all[i].kind == PAUSED_ACCOUNT_NAME)
			store_failing_put(e, &all[i].account, all[i].name,
					  &(struct failing){ 0 });
	}
	return found > 0 || problem(p, PROBLEM_MALFORMED, "it is not paused");
}

static void
pause_done(struct operator *o)
{
	const struct pause *pause = o->doing;

	log_event(LOG_INFO, strcmp(o->call.command, "pause") == 0 ? "paused" : "resumed",
		  "s:s*, s:s*, s:s", "account", pause->kind == PAUSED_NAME ? NULL :
		  id_print(o->arena, &pause->account), "name", pause->name, "by", "operator");
}

const struct command pause_command = { "pause", pause_read, pause_apply, pause_done };
const struct command resume_command = { "resume", pause_read, resume_apply, pause_done };

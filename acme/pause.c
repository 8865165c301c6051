/* SPDX-License-Identifier: Apache-2.0 */
/* pause.c - no new orders: told by the operator, or after days of failures.
 * Runs on: loop, writer. */
#include "acme/pause.h"

#include <string.h>

#include "acme/limits.h"
#include "acme/operator.h"
#include "base/clock.h"
#include "base/log.h"

#define WHY_MAX 200		/* octets */

/* --- clients ----------------------------------------------------------------------- */

static bool
paused(struct request *rq, const struct pause *pause, struct problem *p)
{
	struct arena *a = rq->flow->arena;
	const char *account = pause->kind == PAUSED_NAME ? "" :
			      arena_printf(a, "account %s", id_print(a, &pause->account));
	bool both = pause->kind == PAUSED_ACCOUNT_NAME;

	problem(p, PROBLEM_RATE_LIMITED, "%.70s%s is paused since %s (%.45s): once it is mended, "
		"ask the CA's operator to resume it",
		pause->kind == PAUSED_ACCOUNT ? "" : pause->name,
		both ? arena_printf(a, " of %s", account) : account,
		clock_print(a, pause->since), pause->why);
	p->link = limits_link(rq);
	rq->limited = LIMITS;
	return false;
}

bool
pause_check(struct request *rq, const struct view *v, const struct ident *idents, size_t n,
	    struct problem *p)
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

bool
pause_failed(const struct acme_config *c, struct edit *e, struct arena *a,
	     const struct authz *authz)
{
	const struct acme_limits *l = &c->limits;
	const char *name = ident_base(&authz->ident);
	struct failing failing = store_failing_get(edit_view(e), &authz->account, name);
	struct pause pause = { PAUSED_ACCOUNT_NAME, authz->account, name, clock_now(),
			       "its validations have failed for days" }, there = pause;

	if (!l->enabled || l->pause_after == 0)
		return false;
	/* Whoever has not tried for so long has not failed all the time; nor was there a failure
	 * in the time to come. */
	if (failing.count == 0 || pause.since - failing.last > l->pause_after ||
	    failing.first > pause.since)
		failing = (struct failing){ .first = pause.since };
	failing.last = pause.since;
	failing.count += failing.count < UINT32_MAX;
	store_failing_put(e, &authz->account, name, &failing);
	if (failing.count < l->pause_failures || failing.last - failing.first < l->pause_after ||
	    store_pause_get(edit_view(e), a, &there))
		return false;
	store_pause_put(e, &pause);
	return true;
}

/* --- the operator ------------------------------------------------------------------ */

/* As names stand in orders: the canonical value, without "*.". */
static bool
pause_name(const struct operator *o, const char **name, struct problem *p)
{
	struct problem no_address = { 0 };
	struct ident ident;

	if (!ident_parse_ip(&ident, o->arena, *name, strlen(*name), &no_address) &&
	    !ident_parse_host(&ident, o->arena, *name, strlen(*name), p))
		return false;
	*name = ident_base(&ident);
	return true;
}

/* {"account": ID}, {"name": NAME}, or both. */
static bool
pause_read(struct operator *o, struct problem *p)
{
	struct pause *pause = o->doing = arena_alloc(o->arena, sizeof(*pause));
	const char *account;

	if (!operator_text_maybe(o, "account", &account, p) ||
	    !operator_text_maybe(o, "name", &pause->name, p) ||
	    !operator_text_maybe(o, "why", &pause->why, p))
		return false;
	if (account == NULL && pause->name == NULL)
		return problem(p, PROBLEM_MALFORMED, "which account, or which name?");
	if (account != NULL && !operator_id(o, "account", &pause->account, p))
		return false;
	if (pause->name != NULL && !pause_name(o, &pause->name, p))
		return false;
	pause->kind = pause->name == NULL ? PAUSED_ACCOUNT : account == NULL ? PAUSED_NAME :
		      PAUSED_ACCOUNT_NAME;
	if (pause->why == NULL || *pause->why == '\0')
		pause->why = "by the operator";
	pause->since = clock_now();
	return strlen(pause->why) <= WHY_MAX ||
	       problem(p, PROBLEM_MALFORMED, "why is longer than %d octets", WHY_MAX);
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

/* What failed before is forgotten, or the next failure would pause it again. */
static bool
resume_one(struct edit *e, struct arena *a, const struct pause *pause)
{
	if (pause->kind == PAUSED_ACCOUNT_NAME)
		limits_proved(e, a, &pause->account, pause->name);
	return store_pause_del(e, pause);
}

/* Of an account all its names are resumed too. */
static bool
resume_apply(struct operator *o, struct edit *e, struct problem *p)
{
	const struct pause *pause = o->doing;
	struct pause *names;
	size_t n = 0, found = resume_one(e, o->arena, pause);

	if (pause->kind == PAUSED_ACCOUNT)
		n = store_pause_list(edit_view(e), o->arena, PAUSED_ACCOUNT_NAME, &pause->account,
				     &names);
	for (size_t i = 0; i < n; i++)
		found += resume_one(e, o->arena, &names[i]);
	json_object_set_new(o->answer, "resumed", json_integer((json_int_t)found));
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

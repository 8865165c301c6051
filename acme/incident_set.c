/* SPDX-License-Identifier: Apache-2.0 */
/* incident_set.c - the operator starts and ends incidents.  Runs on: loop, writer. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "acme/incident.h"
#include "acme/operator.h"
#include "acme/revoke.h"
#include "base/clock.h"
#include "base/log.h"

#define SPREAD	   86400		/* unless something else is said */
#define SPREAD_MAX (366 * 86400)
#define URL_MAX	   255

/* --- what is wanted ----------------------------------------------------------------- */

static const struct {
	const char	*name;
	int		 number;
} reasons[] = {
	{ "unspecified", REASON_NONE }, { "keyCompromise", REASON_KEY_COMPROMISE },
	{ "affiliationChanged", REASON_AFFILIATION_CHANGED }, { "superseded", REASON_SUPERSEDED },
	{ "cessationOfOperation", REASON_CESSATION },
	{ "privilegeWithdrawn", REASON_PRIVILEGE_WITHDRAWN },
};
#define NREASON (sizeof(reasons) / sizeof(reasons[0]))

const char *
acme_reason_name(int reason)
{
	for (size_t i = 0; i < NREASON; i++)
		if (reasons[i].number == reason)
			return reasons[i].name;
	return "?";
}

static bool
reason_read(const char *text, int *reason, struct problem *p)
{
	*reason = REASON_SUPERSEDED;
	for (size_t i = 0; i < NREASON && text != NULL; i++)
		if (strcasecmp(text, reasons[i].name) == 0) {
			*reason = reasons[i].number;
			return true;
		}
	return text == NULL || problem(p, PROBLEM_BAD_REVOCATION_REASON, "\"%.40s\" is not a "
				       "reason: use keyCompromise, affiliationChanged, superseded, "
				       "cessationOfOperation, privilegeWithdrawn or unspecified",
				       text);
}

static bool
url_read(const char *text, struct problem *p)
{
	const char *host = text == NULL ? NULL :
			   strncmp(text, "https://", 8) == 0 ? text + 8 :
			   strncmp(text, "http://", 7) == 0 ? text + 7 : NULL;
	bool good = host != NULL && strlen(text) <= URL_MAX && isalnum((unsigned char)*host);

	for (const char *c = host; good && *c != '\0'; c++)
		good = *c > ' ' && *c < 127 && strchr("\"<>\\^`{|}", *c) == NULL;
	if (!good)
		return problem(p, PROBLEM_MALFORMED, "explanation \"%.80s\" is not a http or https "
			       "URL of at most %d octets", text == NULL ? "" : text, URL_MAX);
	return true;
}

static bool
duration_read(const char *text, const char *what, int64_t *seconds, struct problem *p)
{
	if (clock_duration_parse(text, seconds) && *seconds >= SLOT_SECONDS &&
	    *seconds <= SPREAD_MAX)
		return true;
	return problem(p, PROBLEM_MALFORMED, "%s \"%.40s\" is not a duration between 5m and 366d",
		       what, text);
}

/* Windows must be over before their certificates are revoked. */
static bool
times_read(const struct incident_wish *wish, struct incident *incident, struct problem *p)
{
	int64_t after = 0;

	if (wish->revoke_after != NULL && !duration_read(wish->revoke_after, "revoke-after", &after,
							 p))
		return false;
	incident->spread = after != 0 && after / 2 < SPREAD ? after / 2 : SPREAD;
	if (wish->spread != NULL && !duration_read(wish->spread, "spread", &incident->spread, p))
		return false;
	if (incident->spread < SLOT_SECONDS)
		incident->spread = SLOT_SECONDS;
	incident->revoke_at = after == 0 ? 0 : incident->created + after;
	return after == 0 || after >= incident->spread ||
	       problem(p, PROBLEM_MALFORMED, "revoke-after %.20s is less than spread %.20s: some "
		       "would be revoked before they are renewed", wish->revoke_after,
		       wish->spread);
}

bool
acme_incident_read(const struct incident_wish *wish, struct arena *a, int64_t now,
		   struct incident *incident, struct problem *p)
{
	*incident = (struct incident){ .state = INCIDENT_MARKING, .created = now,
				       .where = wish->where, .explanation = wish->explanation };
	if (wish->where == NULL)
		return problem(p, PROBLEM_MALFORMED, "which certificates?");
	return where_parse(a, wish->where, p) != NULL && url_read(wish->explanation, p) &&
	       times_read(wish, incident, p) && reason_read(wish->reason, &incident->reason, p);
}

/* --- start -------------------------------------------------------------------------- */

/* {"where": TEXT, "explanation": URL}, and maybe spread, revoke_after (durations), reason. */
static bool
start_check(struct operator *o, struct problem *p)
{
	struct incident *incident = o->doing = arena_alloc(o->arena, sizeof(*incident));
	struct incident_wish wish;

	return operator_text(o, "where", &wish.where, p) &&
	       operator_text(o, "explanation", &wish.explanation, p) &&
	       operator_text_maybe(o, "spread", &wish.spread, p) &&
	       operator_text_maybe(o, "revoke_after", &wish.revoke_after, p) &&
	       operator_text_maybe(o, "reason", &wish.reason, p) &&
	       acme_incident_read(&wish, o->arena, clock_now(), incident, p);
}

static bool
start_apply(struct operator *o, struct edit *e, struct problem *p)
{
	struct incident *incident = o->doing;
	const struct where *w = incident_where(edit_view(e), o->arena, incident->where, p);

	if (w == NULL || !incident_known(edit_view(e), o->arena, w, p) || !edit_room(e, p))
		return false;
	incident->id = id_new(clock_now_ms());
	store_incident_put(e, incident);
	edit_job(e, &(struct job){ .kind = JOB_INCIDENT, .id = incident->id });
	json_object_set_new(o->answer, "incident", json_string(id_print(o->arena, &incident->id)));
	return true;
}

static void
start_done(struct operator *o)
{
	const struct incident *incident = o->doing;

	log_event(LOG_WARN, "incident started", "s:s, s:s, s:s, s:s, s:s*, s:s", "incident",
		  id_print(o->arena, &incident->id), "where", incident->where, "explanation",
		  incident->explanation, "spread", clock_duration_print(o->arena, incident->spread),
		  "revoke_at", incident->revoke_at == 0 ? NULL :
		  clock_print(o->arena, incident->revoke_at), "by", "operator");
}

const struct command incident_start_command = {
	"incident-start", start_check, start_apply, start_done
};

/* --- end ---------------------------------------------------------------------------- */

static bool
end_check(struct operator *o, struct problem *p)
{
	o->doing = arena_alloc(o->arena, sizeof(struct id));
	return operator_id(o, "incident", o->doing, p);
}

/* Its job sees it and ends. */
static bool
end_apply(struct operator *o, struct edit *e, struct problem *p)
{
	const struct incident *there = store_incident_get(edit_view(e), o->arena, o->doing);
	struct incident next;

	if (there == NULL)
		return problem(p, PROBLEM_MALFORMED, "no such incident");
	if (there->state == INCIDENT_ENDED)
		return problem(p, PROBLEM_MALFORMED, "it has ended already");
	next = *there;
	next.state = INCIDENT_ENDED;
	store_incident_put(e, &next);
	json_object_set_new(o->answer, "revoked", json_integer((json_int_t)next.revoked));
	return true;
}

static void
end_done(struct operator *o)
{
	log_event(LOG_WARN, "incident ended", "s:s, s:s", "incident",
		  id_print(o->arena, o->doing), "by", "operator");
}

const struct command incident_end_command = { "incident-end", end_check, end_apply, end_done };

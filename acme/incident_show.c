/* SPDX-License-Identifier: Apache-2.0 */
/* incident_show.c - what an incident would do, and how far it is: counted, certificate by
 * certificate, when somebody asks. */
#include <string.h>

#include "acme/incident.h"
#include "base/clock.h"

#define NAMES_MAX 10		/* certificates whose names are shown */

static void
set_text(json_t *o, const char *member, const char *text)
{
	json_object_set_new(o, member, json_string(text));
}

static void
set_count(json_t *o, const char *member, uint64_t n)
{
	json_object_set_new(o, member, json_integer((json_int_t)n));
}

/* What the operator has said. */
static void
set_plan(json_t *o, struct arena *a, const struct incident *incident)
{
	set_text(o, "where", incident->where);
	set_text(o, "explanation", incident->explanation);
	set_text(o, "spread", clock_duration_print(a, incident->spread));
	set_text(o, "windows_until", clock_print(a, incident->created + incident->spread));
	if (incident->revoke_at != 0) {
		set_text(o, "revoke_at", clock_print(a, incident->revoke_at));
		set_text(o, "reason", acme_reason_name(incident->reason));
	}
}

/* --- beforehand --------------------------------------------------------------------- */

struct preview {
	const struct incident	*incident;
	json_t			*groups, *names;
	uint64_t		 matched, replaced, broken;
};

static json_t *
group_of(struct preview *preview, const char *issuer, const char *profile)
{
	size_t i;
	json_t *group;

	json_array_foreach(preview->groups, i, group)
		if (strcmp(json_string_value(json_object_get(group, "issuer")), issuer) == 0 &&
		    strcmp(json_string_value(json_object_get(group, "profile")), profile) == 0)
			return group;
	group = json_pack("{s:s, s:s, s:i}", "issuer", issuer, "profile", profile,
			  "certificates", 0);
	json_array_append_new(preview->groups, group);
	return group;
}

static const char *
name_of(const struct view *v, struct arena *a, char kind, uint32_t number)
{
	const char *name = store_name(v, a, kind, number);

	return name == NULL ? "?" : name;
}

static void
preview_take(struct preview *preview, const struct view *v, struct arena *a,
	     const struct cert *cert)
{
	json_t *group = group_of(preview, name_of(v, a, 'i', cert->scope.issuer),
				 name_of(v, a, 'p', cert->scope.profile));
	struct cert_facts facts;
	bool settled = incident_settled(v, a, &cert->serial, preview->incident->created);

	preview->matched++;
	preview->replaced += settled;
	preview->broken += !settled && preview->incident->revoke_at != 0 &&
			   cert->not_after >= preview->incident->revoke_at;
	set_count(group, "certificates",
		  (uint64_t)json_integer_value(json_object_get(group, "certificates")) + 1);
	if (json_array_size(preview->names) < NAMES_MAX && cert_read(&facts, a, cert->der))
		json_array_append_new(preview->names, json_string(ident_list(a, facts.idents,
									     facts.nident)));
}

/* A page in a view of its own. */
static bool
preview_page(struct preview *preview, struct store *s, struct incident_page *page,
	     struct problem *p)
{
	struct arena *a = arena_new();
	struct view *v = view_open(s);
	const struct where *w = incident_where(v, a, preview->incident->where, p);
	bool good = w != NULL && incident_known(v, a, w, p);

	page->where = w;
	if (good)
		incident_search(v, a, page);
	for (size_t i = 0; good && i < page->n; i++)
		preview_take(preview, v, a, page->certs[i]);
	view_close(v);
	arena_free(a);
	return good;
}

json_t *
acme_incident_preview(struct store *s, const struct incident *incident, struct problem *p)
{
	struct preview preview = { incident, json_array(), json_array(), 0, 0, 0 };
	struct incident_page page = { .now = incident->created, .created = incident->created };
	json_t *o = json_object();
	struct arena *a = arena_new();
	bool good;

	set_plan(o, a, incident);
	json_object_set_new(o, "groups", preview.groups);
	json_object_set_new(o, "names", preview.names);
	do {
		good = preview_page(&preview, s, &page, p);
	} while (good && !page.last);
	set_count(o, "matched", preview.matched);
	set_count(o, "replaced", preview.replaced);
	set_count(o, "waiting", preview.matched - preview.replaced);
	if (incident->revoke_at != 0)
		set_count(o, "broken", preview.broken);
	arena_free(a);
	if (good)
		return o;
	json_decref(o);
	return NULL;
}

/* --- meanwhile ---------------------------------------------------------------------- */

struct progress {
	uint64_t	replaced, waiting, revoked, expired;
};

static void
progress_take(struct progress *progress, const struct view *v, struct arena *a,
	      const struct serial *serial, int64_t now)
{
	const struct cert *cert = store_cert_get(v, a, serial);
	const struct renewal *renewal = store_renewal_get(v, a, serial);

	if (renewal != NULL && !serial_none(&renewal->successor))
		progress->replaced++;
	else if (cert != NULL && cert->state == CERT_ISSUED && cert->not_after >= now)
		progress->waiting++;
	if (cert != NULL && cert->state == CERT_REVOKED)
		progress->revoked++;
	else if (cert == NULL || cert->not_after < now)
		progress->expired++;
}

/* The last one of a page is where the next begins. */
static bool
progress_page(struct progress *progress, struct store *s, const struct id *id, struct serial *at,
	      int64_t now)
{
	struct arena *a = arena_new();
	struct view *v = view_open(s);
	struct serial *serials;
	size_t n = store_incident_cert_list(v, a, id, serial_none(at) ? NULL : at, INCIDENT_BATCH,
					    &serials);

	for (size_t i = 0; i < n; i++)
		progress_take(progress, v, a, &serials[i], now);
	if (n > 0)
		*at = serials[n - 1];
	view_close(v);
	arena_free(a);
	return n == INCIDENT_BATCH;
}

const char *
acme_incident_state(enum incident_state state)
{
	static const char *const names[] = {
		[INCIDENT_MARKING] = "marking", [INCIDENT_OPEN] = "open",
		[INCIDENT_REVOKING] = "revoking", [INCIDENT_ENDED] = "ended",
	};

	return names[state];
}

json_t *
acme_incident_status(struct store *s, const struct incident *incident, int64_t now)
{
	struct progress progress = { 0, 0, 0, 0 };
	struct serial at = { { 0 } };
	struct arena *a = arena_new();
	json_t *o = json_object();

	while (progress_page(&progress, s, &incident->id, &at, now))
		;
	set_text(o, "incident", id_print(a, &incident->id));
	set_text(o, "state", acme_incident_state(incident->state));
	set_text(o, "started", clock_print(a, incident->created));
	set_plan(o, a, incident);
	set_count(o, "matched", incident->matched);
	set_count(o, "replaced", progress.replaced);
	set_count(o, "waiting", progress.waiting);
	set_count(o, "expired", progress.expired);
	set_count(o, "revoked", progress.revoked);
	arena_free(a);
	return o;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* incident_find.c - the certificates that an expression picks, and which of them others want. */
#include <string.h>

#include "acme/incident.h"
#include "base/clock.h"

#define LOOK_MAX 4096		/* certificates a page */
#define RIVALS_PAGE 256
#define LIST_MAX 110		/* octets of what there is, in a message */

/* --- names -------------------------------------------------------------------------- */

static bool
unknown(const struct view *v, struct arena *a, char kind, const struct where *w,
	struct problem *p)
{
	const char *list = "", *name;

	for (uint32_t n = 1; (name = store_name(v, a, kind, n)) != NULL; n++) {
		if (strlen(list) + strlen(name) > LIST_MAX) {
			list = arena_printf(a, "%s ...", list);
			break;
		}
		list = arena_printf(a, "%s%s %s", list, n == 1 ? "" : ",", name);
	}
	return problem(p, PROBLEM_MALFORMED, "column %d: there is no %s \"%.40s\"; there are%s",
		       w->column, where_field(w->kind), w->text, list);
}

static bool
number_names(const struct view *v, struct arena *a, char kind, struct where *w,
	     struct problem *p)
{
	const char *name;

	for (uint32_t n = 1; (name = store_name(v, a, kind, n)) != NULL; n++)
		if (strcmp(name, w->text) == 0) {
			w->number = n;
			return true;
		}
	return unknown(v, a, kind, w, p);
}

static bool
resolve(const struct view *v, struct arena *a, struct where *w, struct problem *p)
{
	switch (w->kind) {
	case WHERE_ISSUER:
		return number_names(v, a, 'i', w, p);
	case WHERE_PROFILE:
		return number_names(v, a, 'p', w, p);
	case WHERE_DIRECTORY:
		return number_names(v, a, 'd', w, p);
	default:
		return (w->left == NULL || resolve(v, a, w->left, p)) &&
		       (w->right == NULL || resolve(v, a, w->right, p));
	}
}

const struct where *
incident_where(const struct view *v, struct arena *a, const char *text, struct problem *p)
{
	struct where *w = where_parse(a, text, p);

	return w != NULL && resolve(v, a, w, p) ? w : NULL;
}

bool
incident_known(const struct view *v, struct arena *a, const struct where *w, struct problem *p)
{
	bool account = w->kind == WHERE_ACCOUNT;

	if (account ? store_account_get(v, a, &w->id) == NULL :
	    w->kind == WHERE_BINDING && store_binding_get(v, a, &w->id) == NULL)
		return problem(p, PROBLEM_MALFORMED, "column %d: there is no %s %s; \"brevet %s "
			       "list\" shows them", w->column, where_field(w->kind), w->text,
			       account ? "account" : "eab");
	return (w->left == NULL || incident_known(v, a, w->left, p)) &&
	       (w->right == NULL || incident_known(v, a, w->right, p));
}

/* --- certificates ------------------------------------------------------------------- */

/* Was it made since?  One of the time to come was made before, by a clock that was ahead. */
static bool
newer(const struct cert *cert, const struct incident_page *page)
{
	return cert->created > page->created && cert->created <= page->now + CLOCK_AHEAD;
}

static bool
matches(struct arena *a, const struct incident_page *page, const struct cert *cert)
{
	struct cert_facts facts = { .nident = 0 };

	if (cert->state != CERT_ISSUED || id_none(&cert->account) ||
	    cert->not_after < page->now || newer(cert, page))
		return false;
	if (where_wants_names(page->where) && !cert_read(&facts, a, cert->der))
		return false;
	return where_holds(page->where, cert, facts.idents, facts.nident);
}

/* Will it be one that is issued, or lost, any moment? */
static bool
signing(const struct view *v, struct arena *a, const struct incident_page *page,
	const struct cert *cert)
{
	const struct order *order;

	if (!page->waits || cert->state != CERT_INTENDED || id_none(&cert->account) ||
	    cert->created > page->created)
		return false;
	order = store_order_get(v, a, &cert->order);
	return order != NULL && order->state == ORDER_PROCESSING &&
	       serial_equal(&order->serial, &cert->serial);
}

void
incident_search(const struct view *v, struct arena *a, struct incident_page *page)
{
	const struct serial *after = serial_none(&page->at) ? NULL : &page->at;
	struct serial *serials;
	size_t n = store_cert_list(v, a, after, LOOK_MAX, &serials), i = 0;

	page->certs = arena_alloc(a, INCIDENT_BATCH * sizeof(page->certs[0]));
	page->n = 0;
	page->signing = false;
	for (; i < n && page->n < INCIDENT_BATCH; i++) {
		const struct cert *cert = store_cert_get(v, a, &serials[i]);

		if (signing(v, a, page, cert)) {
			page->signing = true;
			break;
		}
		if (matches(a, page, cert))
			page->certs[page->n++] = cert;
		page->at = serials[i];
	}
	page->last = i == n && n < LOOK_MAX;
}

bool
incident_settled(const struct view *v, struct arena *a, const struct serial *serial, int64_t now)
{
	const struct cert *cert = store_cert_get(v, a, serial);
	const struct renewal *renewal = store_renewal_get(v, a, serial);

	return cert == NULL || cert->state != CERT_ISSUED || cert->not_after < now ||
	       (renewal != NULL && !store_renewal_open(renewal));
}

/* --- other incidents ---------------------------------------------------------------- */

struct rivals
incident_rivals(const struct view *v, struct arena *a, const struct incident *incident)
{
	struct rivals rivals = { NULL, 0 };
	struct id *ids, *after = NULL;
	size_t n;

	do {
		const struct incident **all;

		n = store_incident_list(v, a, after, RIVALS_PAGE, &ids);
		all = arena_alloc(a, (rivals.n + n + 1) * sizeof(all[0]));
		for (size_t i = 0; i < rivals.n; i++)
			all[i] = rivals.all[i];
		rivals.all = all;
		for (size_t i = 0; i < n; i++) {
			const struct incident *one = store_incident_get(v, a, after = &ids[i]);

			if (one->state != INCIDENT_ENDED && one->revoke_at != 0 &&
			    !id_equal(&one->id, &incident->id))
				rivals.all[rivals.n++] = one;
		}
	} while (n == RIVALS_PAGE);
	return rivals;
}

int64_t
incident_revoked_at(const struct view *v, struct arena *a, const struct incident *incident,
		    const struct rivals *rivals, const struct serial *serial)
{
	int64_t at = incident->revoke_at;

	for (size_t i = 0; i < rivals->n; i++) {
		const struct incident *one = rivals->all[i];

		if ((at == 0 || one->revoke_at < at) &&
		    store_incident_cert_has(v, a, &one->id, serial))
			at = one->revoke_at;
	}
	return at;
}

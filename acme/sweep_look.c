/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_look.c - clean-up: what has ended, is not needed, and goes. */
#include "acme/sweep.h"
#include "acme/sweep_rules.h"

#include <assert.h>
#include <string.h>

#define FAILING_LEAST 86400

struct sweep_terms
sweep_terms(const struct acme_config *c, int64_t now)
{
	int64_t failing = 2 * c->limits.pause_after;

	return (struct sweep_terms){ now, c->retention.orders, c->retention.certificates,
				     failing < FAILING_LEAST ? FAILING_LEAST : failing };
}

/* --- kinds with ends ---------------------------------------------------------------- */

static const struct ended_kind {
	char	kind;		/* in the index of ends; 0: has none */
	bool	again;		/* what was left is looked at by each walk */
	int64_t	(*until)(const struct sweep_terms *t);
	bool	(*goes)(const struct sweep_ask *q, const struct store_end *end);
} ended_kinds[SWEEP_KINDS] = {
	[SWEEP_RESTORE] = { 0, false, NULL, sweep_unlisted },
	[SWEEP_ENDED] = { 'c', false, sweep_until_now, sweep_waited_for },
	[SWEEP_ORDERS] = { 'o', false, sweep_until_orders, sweep_order_goes },
	[SWEEP_UNPROVED] = { 'a', false, sweep_until_orders, sweep_unproved_goes },
	[SWEEP_CERTS] = { 'c', true, sweep_until_certs, sweep_cert_goes },
	[SWEEP_PROVED] = { 'a', true, sweep_until_certs, sweep_proved_goes },
};

/* True: there is more. */
static bool
ended_look(struct sweep_at *at, const struct sweep_ask *q, struct sweep_page *page)
{
	const struct ended_kind *kind = &ended_kinds[at->kind];
	struct store_end_query query = { kind->kind, kind->until(q->terms),
					 at->within[at->kind] ? &at->end[at->kind] : NULL,
					 SWEEP_PAGE };
	struct store_end *ends;
	size_t n = store_end_list(q->view, q->arena, &query, &ends);

	page->ends = ends;
	for (size_t i = 0; i < n; i++) {
		at->end[at->kind] = ends[i];
		at->within[at->kind] = true;
		if (kind->goes(q, &ends[i]))
			ends[page->n++] = ends[i];
	}
	return n == SWEEP_PAGE;
}

bool
sweep_goes(const struct sweep_ask *q, enum sweep_kind kind, const struct store_end *end)
{
	return ended_kinds[kind].goes(q, end);
}

/* All certificates, in the order of their serials. */
static bool
restore_look(struct sweep_at *at, const struct sweep_ask *q, struct sweep_page *page)
{
	struct store_end *last = &at->end[SWEEP_RESTORE];
	struct serial *serials;
	size_t n = store_cert_list(q->view, q->arena, at->within[SWEEP_RESTORE] ? &last->serial :
				   NULL, SWEEP_PAGE, &serials);

	page->ends = arena_alloc(q->arena, SWEEP_PAGE * sizeof(page->ends[0]));
	for (size_t i = 0; i < n; i++) {
		*last = (struct store_end){ .serial = serials[i] };
		if (sweep_unlisted(q, last))
			page->ends[page->n++] = *last;
	}
	at->within[SWEEP_RESTORE] = n == SWEEP_PAGE;
	return n == SWEEP_PAGE;
}

/* --- kinds that are walked ---------------------------------------------------------- */

struct stale_query
sweep_stale(enum sweep_kind kind, const struct sweep_terms *t)
{
	return (struct stale_query){
		.kind = kind == SWEEP_LIMITS ? STALE_LIMITS : kind == SWEEP_FAILING ?
			STALE_FAILING : STALE_REVOKED,
		.now = t->now,
		.newest = t->now - t->certificates,
		.failing = t->now - t->failing,
		.look = SWEEP_PAGE,
	};
}

static bool
stale_look(struct sweep_at *at, const struct sweep_ask *q, struct sweep_page *page)
{
	struct stale_query query = sweep_stale(at->kind, q->terms);
	struct blob last;

	if (at->within[at->kind])
		query.after = (struct blob){ at->key, at->keylen };
	page->n = store_stale_list(q->view, q->arena, &query, &page->keys, &last);
	at->within[at->kind] = last.data != NULL;
	if (last.data == NULL)
		return false;
	assert(last.len <= sizeof(at->key));
	memcpy(at->key, last.data, last.len);
	at->keylen = last.len;
	return true;
}

/* One at a time: it may have many certificates. */
static bool
incidents_look(const struct sweep_ask *q, struct sweep_page *page)
{
	struct id *ids, after;
	size_t n;

	for (bool within = false;; within = true) {
		n = store_incident_list(q->view, q->arena, within ? &after : NULL, SWEEP_PAGE,
					&ids);
		for (size_t i = 0; i < n; i++)
			if (sweep_incident_goes(q, &ids[i])) {
				page->ids = &ids[i];
				page->n = 1;
				return true;
			}
		if (n < SWEEP_PAGE)
			return false;
		after = ids[n - 1];
	}
}

/* One page after the other, until the mark of the upgrade is gone. */
static bool
plan_look(const struct sweep_ask *q, struct sweep_page *page)
{
	struct serial last;

	page->n = store_unplanned_get(q->view, &last);
	return page->n > 0;
}

/* --- a round ------------------------------------------------------------------------ */

/* What was left to others the last time. */
static void
look_again(struct sweep_at *at)
{
	for (int kind = 0; kind < SWEEP_KINDS; kind++)
		if (ended_kinds[kind].again)
			at->within[kind] = false;
}

bool
sweep_look(struct sweep_at *at, const struct view *v, struct arena *a,
	   const struct sweep_terms *t, struct sweep_page *page)
{
	struct sweep_ask q = { v, a, t };
	bool more;

	if (at->kind == SWEEP_KINDS) {
		at->kind = 0;
		return false;
	}
	if (at->kind == 0 && at->walk)
		look_again(at);
	*page = (struct sweep_page){ .kind = at->kind };
	if (ended_kinds[at->kind].kind != 0)
		more = ended_look(at, &q, page);
	else if (at->kind == SWEEP_RESTORE)
		more = at->restore && restore_look(at, &q, page);
	else if (at->kind == SWEEP_PLAN)
		more = plan_look(&q, page);
	else if (!at->walk)
		more = false;
	else if (at->kind == SWEEP_INCIDENTS)
		more = incidents_look(&q, page);
	else
		more = stale_look(at, &q, page);
	if (!more)
		at->kind++;
	return true;
}

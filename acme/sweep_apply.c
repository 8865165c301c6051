/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_apply.c - clean-up: a page of records goes, with what belongs to them.  Each page is
 * one edit that leaves everything consistent.  Runs on: writer. */
#include "acme/limits.h"
#include "acme/sweep_rules.h"

struct apply {
	struct sweep_ask	 ask;		/* first, of the edit */
	struct edit		*edit;
	struct sweep_sum	*sum;
};

/* --- certificates that were not renewed ---------------------------------------------- */

const struct ident *
sweep_names(const struct sweep_ask *q, const struct cert *cert, size_t *n)
{
	const struct order *order = store_order_get(q->view, q->arena, &cert->order);
	struct cert_facts facts;

	if (order != NULL) {
		*n = order->nident;
		return order->idents;
	}
	*n = 0;
	if (!cert_read(&facts, q->arena, cert->der))
		return NULL;
	*n = facts.nident;
	return facts.idents;
}

/* A younger one has the same names, though its order did not say what it replaces. */
static bool
renewed_silently(const struct apply *x, const struct cert *cert, const struct ident *idents,
		 size_t n)
{
	struct newest newest;

	return limits_newest(x->ask.view, cert, idents, n, &newest) &&
	       newest.not_after > cert->not_after;
}

static void
close_renewal(const struct apply *x, const struct store_end *end)
{
	const struct cert *cert = store_cert_get(x->ask.view, x->ask.arena, &end->serial);
	const struct ident *idents;
	size_t n;

	store_renewal_close(x->edit, &end->serial);
	if (cert == NULL || cert->state != CERT_ISSUED)
		return;
	idents = sweep_names(&x->ask, cert, &n);
	if (renewed_silently(x, cert, idents, n))
		return;
	x->sum->unrenewed[x->sum->nunrenewed++] = (struct sweep_unrenewed){
		cert->serial, cert->account, ident_list(x->ask.arena, idents, n),
		cert->not_after
	};
}

/* --- what goes ---------------------------------------------------------------------- */

/* The certificate that it was to replace can be named again, unless it did replace it: that stays
 * true where the younger one had the shorter life. */
static void
drop_order(const struct apply *x, const struct order *order)
{
	const struct renewal *renewal = order->replaces == NULL ? NULL :
		store_renewal_get(x->ask.view, x->ask.arena, &order->replaced);

	if (renewal != NULL && id_equal(&renewal->order, &order->id) &&
	    order->state != ORDER_VALID) {
		struct renewal next = *renewal;

		next.order = (struct id){ .b = { 0 } };
		store_renewal_put(x->edit, &next);
	}
	store_order_del(x->edit, order);
	x->sum->n[SWEPT_ORDER]++;
}

static void
drop_cert(const struct apply *x, const struct store_end *end)
{
	const struct cert *cert = store_cert_get(x->ask.view, x->ask.arena, &end->serial);
	const struct order *order = store_order_get(x->ask.view, x->ask.arena, &cert->order);

	if (order != NULL && order->state != ORDER_PROCESSING &&
	    serial_equal(&order->serial, &cert->serial))
		drop_order(x, order);
	store_renewal_del(x->edit, &cert->serial);
	store_cert_del(x->edit, cert);
	x->sum->n[SWEPT_CERT]++;
}

static void
apply_end(const struct apply *x, enum sweep_kind kind, const struct store_end *end)
{
	if (kind == SWEEP_RESTORE) {
		store_cert_put(x->edit, store_cert_get(x->ask.view, x->ask.arena, &end->serial));
	} else if (kind == SWEEP_ENDED) {
		close_renewal(x, end);
	} else if (kind == SWEEP_ORDERS) {
		drop_order(x, store_order_get(x->ask.view, x->ask.arena, &end->id));
	} else if (kind == SWEEP_CERTS) {
		drop_cert(x, end);
	} else {
		store_authz_del(x->edit, store_authz_get(x->ask.view, x->ask.arena, &end->id));
		x->sum->n[SWEPT_AUTHZ]++;
	}
}

static void
apply_stale(const struct apply *x, enum sweep_kind kind, struct blob key)
{
	struct stale_query q = sweep_stale(kind, x->ask.terms);

	if (store_stale_del(x->edit, &q, key))
		x->sum->n[kind == SWEEP_LIMITS ? SWEPT_LIMIT : kind == SWEEP_FAILING ?
			  SWEPT_FAILURE : SWEPT_CRL_ENTRY]++;
}

/* Its certificates first, a page in each edit. */
static void
apply_incident(const struct apply *x, const struct id *id)
{
	struct serial *serials;
	size_t n = store_incident_cert_list(x->ask.view, x->ask.arena, id, NULL, SWEEP_PAGE,
					    &serials);

	for (size_t i = 0; i < n; i++)
		store_incident_cert_del(x->edit, id, &serials[i]);
	if (n == SWEEP_PAGE)
		return;
	store_incident_del(x->edit, id);
	x->sum->n[SWEPT_INCIDENT]++;
}

void
sweep_apply(struct edit *e, struct arena *a, const struct sweep_terms *t,
	    const struct sweep_page *page, struct sweep_sum *sum)
{
	struct apply x = { { edit_view(e), a, t }, e, sum };

	*sum = (struct sweep_sum){
		.unrenewed = arena_alloc(a, page->n * sizeof(sum->unrenewed[0]))
	};
	for (size_t i = 0; i < page->n; i++) {
		if (page->kind == SWEEP_PLAN)
			sweep_plan(&x.ask, e);
		else if (page->keys != NULL)
			apply_stale(&x, page->kind, page->keys[i]);
		else if (page->ids != NULL)
			apply_incident(&x, &page->ids[i]);
		else if (sweep_goes(&x.ask, page->kind, &page->ends[i]))
			apply_end(&x, page->kind, &page->ends[i]);
	}
}

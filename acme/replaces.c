/* SPDX-License-Identifier: Apache-2.0 */
/* replaces.c - an order that renews a certificate, and says so (RFC 9773 section 5).
 * Runs on: loop, writer. */
#include "acme/replaces.h"

#include <string.h>

#include "acme/certid.h"
#include "acme/issue.h"
#include "acme/renewal.h"
#include "acme/reply.h"
#include "base/clock.h"
#include "base/json.h"

/* The certificate that the order replaces; NULL: it names none that we know.  Where an account
 * moved to another directory or CA, its clients still name what they have. */
static const struct cert *
find(const struct view *v, struct arena *a, const struct order *order, int64_t now)
{
	const struct cert *cert = store_cert_get(v, a, &order->replaced);

	return cert != NULL && cert->der.len > 0 && now <= cert->not_after &&
	       cert->scope.directory == order->scope.directory ? cert : NULL;
}

/* An order that replaces it and cannot be finalized, for its profile or issuer is configured no
 * more, makes way for another one; NULL: none does.  lost: what it has lost. */
static const struct order *
makes_way(const struct request *rq, const struct view *v, const struct renewal *r,
	  struct problem *lost)
{
	const struct order *order = store_order_get(v, rq->flow->arena, &r->order);
	struct issue_means means;

	return order != NULL && order->state == ORDER_PENDING &&
	       !issue_means(rq->config, &order->scope, &means, lost) ? order : NULL;
}

/* May the order's account replace it, and is it the first to do so? */
static bool
may_replace(const struct request *rq, const struct view *v, const struct order *order,
	    const struct cert *cert, struct problem *p)
{
	struct arena *a = rq->flow->arena;
	const struct renewal *r;
	struct problem lost;

	if (!renewal_ours(cert, &order->account, &order->scope.binding))
		return problem(p, PROBLEM_UNAUTHORIZED, "\"replaces\": the certificate is not "
			       "this account's");
	r = store_renewal_get(v, a, &cert->serial);
	return r == NULL || !renewal_replaced(v, a, r, clock_now()) ||
	       makes_way(rq, v, r, &lost) != NULL ||
	       problem(p, PROBLEM_ALREADY_REPLACED, "\"replaces\": another order replaces that "
		       "certificate already");
}

static bool
name_in_common(const struct order *order, const struct cert_facts *facts)
{
	for (size_t i = 0; i < order->nident; i++)
		for (size_t k = 0; k < facts->nident; k++)
			if (ident_equal(&order->idents[i], &facts->idents[k]))
				return true;
	return false;
}

static void
forget(struct order *order)
{
	order->replaces = NULL;
	memset(&order->replaced, 0, sizeof(order->replaced));
}

/* What was found is judged in the order's favour, but not what is no answer to any question. */
static bool
judge(const struct request *rq, const struct view *v, struct order *order,
      const struct certid *id, struct problem *p)
{
	struct arena *a = rq->flow->arena;
	const struct cert *cert = find(v, a, order, rq->now);
	struct cert_facts facts;

	if (cert == NULL || !cert_read(&facts, a, cert->der) ||
	    !blob_equal(facts.authority, (struct blob){ id->key, id->nkey })) {
		forget(order);
		return true;
	}
	if (!may_replace(rq, v, order, cert, p))
		return false;
	return name_in_common(order, &facts) ||
	       problem(p, PROBLEM_MALFORMED, "\"replaces\": the order has no identifier in common "
		       "with that certificate");
}

bool
replaces_check(const struct request *rq, struct order *order, struct problem *p)
{
	struct certid id;
	struct view *v;
	size_t len;
	bool good;

	if (!json_text_maybe(rq->payload, "replaces", &order->replaces, &len, p))
		return false;
	if (order->replaces == NULL)
		return true;
	if (!certid_parse(&id, order->replaces, len, p))
		return false;
	order->replaced = id.serial;
	v = view_open(rq->store);
	good = judge(rq, v, order, &id, p);
	view_close(v);
	return good;
}

bool
replaces_still(struct flow *f, struct order *order, struct problem *p)
{
	const struct view *v = edit_view(f->txn);
	const struct cert *cert;

	if (order->replaces == NULL)
		return true;
	cert = find(v, f->arena, order, clock_now());
	if (cert == NULL) {
		forget(order);
		return true;
	}
	return may_replace(REQUEST(f), v, order, cert, p);
}

/* Its profile may come back, but of two orders for one certificate only the younger one goes on. */
static enum problem_type
end_older(struct flow *f, const struct renewal *r)
{
	const struct view *v = edit_view(f->txn);
	struct problem lost = { 0 };
	const struct order *older = makes_way(REQUEST(f), v, r, &lost);
	struct order next;

	if (older == NULL || !renewal_replaced(v, f->arena, r, clock_now()))
		return PROBLEM_NONE;
	next = *older;
	next.state = ORDER_INVALID;
	next.error = problem_print(&lost, f->arena);
	store_order_put(f->txn, &next);
	edit_changed(f->txn, &next.id);
	return lost.type;
}

enum problem_type
replaces_claim(struct flow *f, const struct order *order)
{
	const struct view *v = edit_view(f->txn);
	enum problem_type ended = PROBLEM_NONE;
	const struct renewal *there;
	struct renewal next = { .serial = order->replaced };
	const struct cert *cert;
	struct window window;

	if (order->replaces == NULL)
		return PROBLEM_NONE;
	there = store_renewal_get(v, f->arena, &order->replaced);
	if (there != NULL) {
		next = *there;
		ended = end_older(f, there);
	} else {	/* issued by a version that planned nothing */
		cert = store_cert_get(v, f->arena, &order->replaced);
		window = renewal_window(cert, NULL);
		next.not_after = cert->not_after;
		next.start = window.start;
		next.end = window.end;
		next.closed = cert->state == CERT_REVOKED;
	}
	next.order = order->id;
	store_renewal_put(f->txn, &next);
	return ended;
}

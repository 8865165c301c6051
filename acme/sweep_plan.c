/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_plan.c - clean-up: certificates of stores that knew no renewals get theirs, as far as it
 * follows from them alone: the window that renewalInfo has told, and who came after them.
 * Runs on: writer. */
#include <string.h>

#include "acme/limits.h"
#include "acme/renewal.h"
#include "acme/sweep_rules.h"

#define SOME 64		/* in a commit: each changes rows of slots */

/* The older one of the same names has a successor, as if this one were issued now. */
static void
succeed(struct edit *e, struct arena *a, const struct serial *before, const struct cert *cert)
{
	const struct cert *old = store_cert_get(edit_view(e), a, before);
	const struct renewal *there = store_renewal_get(edit_view(e), a, before);
	struct renewal next;

	if (old == NULL || !store_renewal_open(there) ||
	    !renewal_ours(old, &cert->account, &cert->scope.binding))
		return;
	next = *there;
	next.successor = cert->serial;
	store_renewal_put(e, &next);
}

/* Serials are about in the order of their time.  Format 1 did not know who is the newest. */
static void
plan(const struct sweep_ask *q, struct edit *e, const struct cert *cert)
{
	struct window window = renewal_window(cert, NULL);
	struct renewal renewal = { .serial = cert->serial, .not_after = cert->not_after,
				   .start = window.start, .end = window.end };
	struct serial before = { { 0 } };
	struct newest newest;
	const struct cert *next;
	size_t n;
	const struct ident *idents = sweep_names(q, cert, &n);
	bool any = n > 0 && limits_newest(q->view, cert, idents, n, &newest);
	int order = any ? memcmp(newest.serial.b, cert->serial.b, SERIAL_LEN) : -1;

	if (order > 0) {
		next = store_cert_get(q->view, q->arena, &newest.serial);
		if (next != NULL && renewal_ours(cert, &next->account, &next->scope.binding))
			renewal.successor = next->serial;
	} else if (order < 0 && n > 0) {
		before = limits_newest_put(e, q->arena, cert, idents, n);
	}
	store_renewal_put(e, &renewal);
	if (!serial_none(&before))
		succeed(e, q->arena, &before, cert);
}

/* Is it a client's, good, and without a plan?  A new order may have made one. */
static bool
unplanned(const struct sweep_ask *q, const struct cert *cert)
{
	return cert->state == CERT_ISSUED && cert->not_after >= q->terms->now &&
	       !id_none(&cert->account) &&
	       store_renewal_get(q->view, q->arena, &cert->serial) == NULL;
}

void
sweep_plan(const struct sweep_ask *q, struct edit *e)
{
	struct serial last, *serials;
	size_t n;

	if (!store_unplanned_get(q->view, &last))
		return;
	n = store_cert_list(q->view, q->arena, &last, SOME, &serials);
	for (size_t i = 0; i < n; i++) {
		const struct cert *cert = store_cert_get(q->view, q->arena, &serials[i]);

		if (unplanned(q, cert))
			plan(q, e, cert);
	}
	store_unplanned_put(e, n < SOME ? NULL : &serials[n - 1]);
}

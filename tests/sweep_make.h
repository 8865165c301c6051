/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_make.h - rounds of clean-up in a store of a test's own, and what there is to be swept. */
#ifndef TESTS_SWEEP_MAKE_H
#define TESTS_SWEEP_MAKE_H

#include "acme/sweep_rules.h"
#include "tests/store_make.h"

/* Rounds in a world where an order's end is 2000 and a certificate's 9000 (sample.h). */
static const struct sweep_terms terms = { .orders = 100, .certificates = 1000, .failing = 50 };

static struct sweep_sum total;	/* of the last round */

/* A whole round at that time. */
SAMPLE void
sweep_on(struct sweep_at *at, int64_t now)
{
	struct sweep_terms t = terms;
	struct sweep_page page;
	struct sweep_sum sum;

	t.now = now;
	total = (struct sweep_sum){
		.unrenewed = arena_alloc(a, 100 * sizeof(total.unrenewed[0]))
	};
	for (;;) {
		struct edit *e = edit_begin(s);
		bool more = sweep_look(at, edit_view(e), a, &t, &page);

		if (more && page.n > 0) {
			sweep_apply(e, a, &t, &page, &sum);
			for (int i = 0; i < SWEEP_COUNTS; i++)
				total.n[i] += sum.n[i];
			for (size_t i = 0; i < sum.nunrenewed; i++)
				total.unrenewed[total.nunrenewed++] = sum.unrenewed[i];
		}
		commit(e);
		if (!more)
			return;
	}
}

/* The same by a server that has just been started. */
SAMPLE void
sweep_round(int64_t now)
{
	struct sweep_at at = { .walk = true };

	sweep_on(&at, now);
}

/* --- what is in the store ------------------------------------------------------------- */

SAMPLE bool
order_there(unsigned n)
{
	defer_struct(view) *v = view_open(s);
	struct id id = sample_id(n);

	return store_order_get(v, a, &id) != NULL;
}

SAMPLE bool
authz_there(unsigned n)
{
	defer_struct(view) *v = view_open(s);
	struct id id = sample_id(n);

	return store_authz_get(v, a, &id) != NULL;
}

SAMPLE bool
cert_there(unsigned n)
{
	defer_struct(view) *v = view_open(s);
	struct serial serial = sample_serial(n);

	return store_cert_get(v, a, &serial) != NULL;
}

/* --- what is put there ---------------------------------------------------------------- */

SAMPLE void
order_make(struct edit *e, unsigned n, enum order_state state, unsigned cert)
{
	struct order order = sample_order(a, n, 1, false);

	order.state = state;
	if (cert != 0) {
		order.has_csr = true;
		order.serial = sample_serial(cert);
	}
	store_order_add(e, &order);
}

SAMPLE void
cert_make(struct edit *e, unsigned n, unsigned order, enum cert_state state)
{
	struct cert cert = sample_cert(a, n, 300);

	cert.order = sample_id(order);
	store_cert_add(e, &cert);
	cert.state = state;
	cert.revoked = 5000;
	store_cert_put(e, &cert);
}

SAMPLE void
authz_make(struct edit *e, unsigned n, unsigned account, enum authz_state state,
	   enum challenge_state challenge)
{
	struct authz authz = sample_authz(a, n, false);

	authz.account = sample_id(account);
	authz.state = state;
	authz.challenges[1].state = challenge;
	store_authz_add(e, &authz);
	store_evidence_add(e, &authz.id, 1000, "{}", 9);
}

SAMPLE void
renewal_make(struct edit *e, unsigned n, unsigned successor, unsigned incident, bool closed)
{
	struct renewal renewal = sample_renewal(n, 3000, 4000);

	renewal.not_after = 9000;
	renewal.closed = closed;
	if (successor != 0)
		renewal.successor = sample_serial(successor);
	if (incident != 0)
		renewal.incident = sample_id(incident);
	store_renewal_put(e, &renewal);
}

SAMPLE void
incident_make(struct edit *e, unsigned n, enum incident_state state)
{
	struct incident incident = { .id = sample_id(n), .state = state, .created = 1000,
				     .spread = 500, .revoke_at = 9500, .where = "", .explanation =
				     "" };

	store_incident_put(e, &incident);
}

#endif

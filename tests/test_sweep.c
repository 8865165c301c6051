/* SPDX-License-Identifier: Apache-2.0 */
/* test_sweep.c - clean-up of orders, authorizations and rows without an end: what goes at which
 * second, and each thing that must stay. */
#include "acme/renewal.h"
#include "tests/sweep_make.h"

/* --- orders --------------------------------------------------------------------------- */

static void
orders(void)
{
	static const struct row {
		const char		*what;
		enum order_state	 state;
		unsigned		 cert;		/* that it names */
		bool			 stands;	/* there is one */
		bool			 goes;
	} rows[] = {
		{ "a pending one", ORDER_PENDING, 0, false, true },
		{ "an invalid one", ORDER_INVALID, 0, false, true },
		{ "a valid one whose certificate is gone", ORDER_VALID, 900, false, true },
		{ "must stay: one that is being processed", ORDER_PROCESSING, 901, false, false },
		{ "must stay: one that led to a certificate", ORDER_VALID, 902, true, false },
		{ "must stay: one whose certificate may be signed", ORDER_INVALID, 903, true,
		  false },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct edit *e = edit_begin(s);

	for (unsigned i = 0; i < n; i++) {
		order_make(e, 100 + i, rows[i].state, rows[i].cert);
		if (rows[i].stands)
			cert_make(e, rows[i].cert, 100 + i, rows[i].state == ORDER_VALID ?
				  CERT_ISSUED : CERT_ABANDONED);
	}
	commit(e);
	sweep_round(2100);
	ok(total.n[SWEPT_ORDER] == 0, "no order goes in the second before");
	sweep_round(2101);
	for (unsigned i = 0; i < n; i++)
		ok(order_there(100 + i) != rows[i].goes, "order: %s", rows[i].what);
	ok(total.n[SWEPT_ORDER] == 3, "three orders went: %d", (int)total.n[SWEPT_ORDER]);
	sweep_round(10000);
	ok(order_there(104) && cert_there(902), "order and certificate stand together");
	sweep_round(10001);
	ok(!order_there(104) && !cert_there(902), "and go together");
	ok(!order_there(105) && !cert_there(903), "the abandoned one, too");
	ok(order_there(103), "the one in process does not");
}

/* --- authorizations ------------------------------------------------------------------- */

static void
authorizations(void)
{
	static const struct row {
		const char		*what;
		enum authz_state	 state;
		enum challenge_state	 challenge;
		bool			 goes;
	} rows[] = {
		{ "a pending one", AUTHZ_PENDING, CHALLENGE_PENDING, true },
		{ "one that failed", AUTHZ_INVALID, CHALLENGE_INVALID, true },
		{ "must stay: one that is being validated", AUTHZ_PENDING, CHALLENGE_PROCESSING,
		  false },
		{ "must stay: one that was proved", AUTHZ_VALID, CHALLENGE_VALID, false },
		{ "must stay: proved, then given up", AUTHZ_DEACTIVATED, CHALLENGE_VALID, false },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct edit *e = edit_begin(s);

	for (unsigned i = 0; i < n; i++)
		authz_make(e, 200 + i, 7, rows[i].state, rows[i].challenge);
	commit(e);
	sweep_round(2100);
	ok(total.n[SWEPT_AUTHZ] == 0, "no authorization goes in the second before");
	sweep_round(2101);
	for (unsigned i = 0; i < n; i++)
		ok(authz_there(200 + i) != rows[i].goes, "authorization: %s", rows[i].what);
}

/* One that is being validated when its time comes. */
static void
validating(void)
{
	struct sweep_at at = { .walk = true };
	struct authz authz = sample_authz(a, 230, false);
	struct edit *e = edit_begin(s);

	authz_make(e, 230, 7, AUTHZ_PENDING, CHALLENGE_PROCESSING);
	commit(e);
	sweep_on(&at, 2101);
	authz.account = sample_id(7);
	authz.state = AUTHZ_INVALID;
	authz.challenges[1].state = CHALLENGE_INVALID;
	e = edit_begin(s);
	store_authz_put(e, &authz);
	commit(e);
	at.walk = true;
	sweep_on(&at, 3000);
	ok(authz_there(230), "one that was being validated is not looked for");
	at.walk = true;
	sweep_on(&at, 3001);
	ok(!authz_there(230), "the next walk finds it");
}

/* Proved ones stay as long as an order of their account may have used them. */
static void
evidence(void)
{
	struct order old = sample_order(a, 220, 1, false), young = sample_order(a, 221, 1, false);
	struct id id = sample_id(203);
	struct edit *e = edit_begin(s);
	const char **texts;
	struct view *v;

	old.account = young.account = sample_id(7);
	old.created = 2000;
	young.created = 2001;
	old.expires = young.expires = 90000;
	store_order_add(e, &old);
	store_order_add(e, &young);
	commit(e);
	sweep_round(3001);
	ok(authz_there(203), "must stay: proved, and an order was made before its end");
	v = view_open(s);
	ok(store_evidence_list(v, a, &id, 9, &texts) == 1, "must stay: its evidence");
	view_close(v);
	e = edit_begin(s);
	store_order_del(e, &old);
	commit(e);
	sweep_round(3000);
	ok(authz_there(203), "must stay: its retention is not over");
	sweep_round(3001);
	ok(!authz_there(203) && !authz_there(204), "it goes when only younger orders stand");
	v = view_open(s);
	ok(store_evidence_list(v, a, &id, 9, &texts) == 0, "and its evidence");
	view_close(v);
	ok(authz_there(202), "the one with a job is still there");
}

/* --- rows without an end -------------------------------------------------------------- */

static void
limits(void)
{
	static const uint8_t hash[32] = { 5 }, young[32] = { 6 };
	struct id account = sample_id(1);
	struct blob whose = { account.b, ID_LEN };
	struct newest newest = { sample_serial(1), 1, 8999 }, later = { sample_serial(2), 1, 9000 };
	struct edit *e = edit_begin(s);
	struct view *v;

	store_bucket_put(e, 1, whose, (struct bucket){ 9999999999, 5 });
	store_bucket_put(e, 2, whose, (struct bucket){ 10000000000, 5 });
	store_newest_put(e, 1, hash, NULL, &newest);
	store_newest_put(e, 1, hash, &account, &newest);
	store_newest_put(e, 1, young, &account, &later);
	store_failing_put(e, &account, "old", &(struct failing){ 1, 9949, 3 });
	store_failing_put(e, &account, "new", &(struct failing){ 1, 9950, 3 });
	store_rate_put(e, &(struct store_rate){ 'a', account, 1, 5, 60 });
	store_pause_put(e, &(struct pause){ PAUSED_ACCOUNT, account, NULL, 1, "x" });
	commit(e);
	sweep_round(10000);
	v = view_open(s);
	ok(store_bucket_get(v, 1, whose).full_at == 0, "a bucket that is full again goes");
	ok(store_bucket_get(v, 2, whose).full_at != 0, "must stay: one that lacks something");
	ok(!store_newest_get(v, 1, hash, NULL, &newest), "the newest certificate of long ago goes");
	ok(!store_newest_get(v, 1, hash, &account, &newest), "and that of an account");
	ok(store_newest_get(v, 1, young, &account, &newest), "must stay: one in its retention");
	ok(store_failing_get(v, &account, "old").count == 0, "old failures go");
	ok(store_failing_get(v, &account, "new").count == 3, "must stay: younger ones");
	ok(store_rate_get(v, &(struct store_rate){ 'a', account, 1, 0, 0 }),
	   "must stay: a rate that the operator gave");
	ok(store_pause_get(v, a, &(struct pause){ PAUSED_ACCOUNT, account, NULL, 0, NULL }),
	   "must stay: a pause");
	view_close(v);
}

/* More than one page, and a walk that goes on behind the last one. */
static void
pages(void)
{
	struct edit *e = edit_begin(s);
	struct order young = sample_order(a, 4999, 1, false);
	struct store_counts before = store_counts(edit_view(e)), n;
	struct view *v;

	young.expires = 9000;
	store_order_add(e, &young);
	for (unsigned i = 0; i < 3 * SWEEP_PAGE; i++) {
		struct id whose = sample_id(5000 + i);

		order_make(e, 5000 + i, ORDER_PENDING, 0);
		store_bucket_put(e, 1, (struct blob){ whose.b, ID_LEN }, (struct bucket){ 1, 1 });
	}
	commit(e);
	sweep_round(2101);
	v = view_open(s);
	n = store_counts(v);
	view_close(v);
	ok(total.n[SWEPT_ORDER] == 3 * SWEEP_PAGE && total.n[SWEPT_LIMIT] >= 3 * SWEEP_PAGE,
	   "three pages go in a round");
	ok(n.n[COUNT_ORDERS][ORDER_PENDING] == before.n[COUNT_ORDERS][ORDER_PENDING] + 1,
	   "orders are counted as they are: %d", (int)n.n[COUNT_ORDERS][ORDER_PENDING]);
}

/* An order that named a certificate in `replaces` and came to nothing. */
static void
replaces(void)
{
	struct order order = sample_order(a, 600, 1, false);
	struct renewal renewal = sample_renewal(600, 3000, 4000);
	struct edit *e = edit_begin(s);
	struct view *v;

	order.replaces = "x";
	order.replaced = renewal.serial;
	renewal.not_after = 90000;
	renewal.order = order.id;
	store_order_add(e, &order);
	store_renewal_put(e, &renewal);
	commit(e);
	sweep_round(2101);
	v = view_open(s);
	ok(store_renewal_get(v, a, &renewal.serial) != NULL &&
	   id_none(&store_renewal_get(v, a, &renewal.serial)->order),
	   "what it was to replace can be named by another one");
	view_close(v);
}

/* One that led to a certificate, which ended long before the one that it replaced. */
static void
replaced(void)
{
	struct order order = sample_order(a, 610, 1, false);
	struct renewal renewal = sample_renewal(610, 3000, 4000), taken;
	struct edit *e = edit_begin(s);
	struct view *v;

	order.state = ORDER_VALID;
	order.has_csr = true;
	order.serial = sample_serial(611);
	order.replaces = "x";
	order.replaced = renewal.serial;
	renewal.not_after = 90000;
	renewal.order = order.id;
	renewal.successor = order.serial;
	store_order_add(e, &order);
	store_renewal_put(e, &renewal);
	cert_make(e, 611, 610, CERT_ISSUED);
	commit(e);
	sweep_round(10001);
	ok(!order_there(610) && !cert_there(611), "the younger one goes");
	v = view_open(s);
	taken = *store_renewal_get(v, a, &renewal.serial);
	ok(renewal_replaced(v, a, &taken, 10001), "must stay: that it replaced the older one");
	taken.order = (struct id){ { 0 } };
	ok(!renewal_replaced(v, a, &taken, 10001), "which a mere successor does not");
	view_close(v);
}

int
main(void)
{
	store_make();
	orders();
	authorizations();
	evidence();
	validating();
	limits();
	pages();
	replaces();
	replaced();
	return store_end();
}

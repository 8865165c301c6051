/* SPDX-License-Identifier: Apache-2.0 */
/* test_ends.c - which records have ended, and what deleting them leaves. */
#include "tests/store_make.h"

static const char *
ended(char kind, int64_t until, const struct store_end *after, size_t max)
{
	defer_struct(view) *v = view_open(s);
	struct store_end_query q = { kind, until, after, max };
	const char *text = "";
	struct store_end *ends;
	size_t n = store_end_list(v, a, &q, &ends);

	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s%d:%u ", text, (int)ends[i].at, kind == 'c' ?
				    ends[i].serial.b[SERIAL_LEN - 1] : ends[i].id.b[ID_LEN - 1]);
	return text;
}

static void
ends(void)
{
	struct order order = sample_order(a, 10, 1, true), later = sample_order(a, 11, 1, false);
	struct authz authz = sample_authz(a, 20, true);
	struct cert cert = sample_cert(a, 30, 500);
	struct store_end after = { .at = 2000, .id = order.id };
	struct edit *e = edit_begin(s);

	later.expires = 3000;
	store_order_add(e, &order);
	store_order_add(e, &later);
	store_authz_add(e, &authz);
	store_authz_remember(e, &authz);
	store_cert_add(e, &cert);
	for (int i = 0; i < 40; i++)
		store_evidence_add(e, &authz.id, 1000 + i, "{}", 100);
	store_evidence_add(e, &order.id, 1000, "{}", 100);
	commit(e);
	is(ended('o', 2000, NULL, 9), "", "none has ended before its end");
	is(ended('o', 2001, NULL, 9), "2000:10 ", "an order has");
	is(ended('o', 9999, NULL, 9), "2000:10 3000:11 ", "both");
	is(ended('o', 9999, NULL, 1), "2000:10 ", "not more than wanted");
	is(ended('o', 9999, &after, 9), "3000:11 ", "those behind one");
	is(ended('a', 9999, NULL, 9), "2000:20 ", "an authorization");
	is(ended('c', 9001, NULL, 9), "9000:30 ", "a certificate");
	is(ended('c', 9000, NULL, 9), "", "not yet");
	e = edit_begin(s);
	store_order_del(e, &order);
	store_authz_del(e, &authz);
	store_cert_del(e, &cert);
	commit(e);
	is(ended('o', 9999, NULL, 9), "3000:11 ", "deleted: the order's end");
	is(ended('a', 9999, NULL, 9), "", "the authorization's");
	is(ended('c', 9999, NULL, 9), "", "the certificate's");
}

static void
gone(void)
{
	struct order order = sample_order(a, 10, 1, false);
	struct authz authz = sample_authz(a, 20, false);
	struct serial serial = sample_serial(30);
	defer_struct(view) *v = view_open(s);
	struct store_counts n = store_counts(v);
	const char **texts;
	struct id *ids;

	ok(store_order_get(v, a, &order.id) == NULL && store_authz_get(v, a, &authz.id) == NULL &&
	   store_cert_get(v, a, &serial) == NULL, "none of the three is there");
	ok(n.n[COUNT_ORDERS][ORDER_PENDING] == 1 && n.n[COUNT_AUTHZ][AUTHZ_PENDING] == 0 &&
	   n.n[COUNT_CERTS][CERT_ISSUED] == 0, "none is counted");
	ok(store_order_list(v, a, &order.account, NULL, 9, &ids) == 1 &&
	   ids[0].b[ID_LEN - 1] == 11, "the account has the other order");
	ok(store_authz_find(v, a, &authz.account, &authz.ident, AUTHZ_PENDING) == NULL,
	   "nobody finds the authorization");
	ok(store_evidence_list(v, a, &authz.id, 9, &texts) == 0 &&
	   store_evidence_list(v, a, &order.id, 9, &texts) == 0, "the evidence is gone");
}

/* Another one was remembered since: it stays. */
static void
remembered(void)
{
	struct authz old = sample_authz(a, 21, false), new = sample_authz(a, 22, false);
	struct edit *e = edit_begin(s);
	const struct authz *found;

	store_authz_add(e, &old);
	store_authz_remember(e, &old);
	store_authz_add(e, &new);
	store_authz_remember(e, &new);
	store_authz_del(e, &old);
	found = store_authz_find(edit_view(e), a, &new.account, &new.ident, AUTHZ_PENDING);
	ok(found != NULL && id_equal(&found->id, &new.id), "the newer authorization is found");
	edit_abort(e);
}

static void
revoked(void)
{
	struct cert cert = sample_cert(a, 31, 500);
	struct edit *e = edit_begin(s);
	struct revoked *rows;

	store_cert_add(e, &cert);
	cert.state = CERT_REVOKED;
	cert.revoked = 1500;
	store_cert_put(e, &cert);
	ok(store_revoked_list(edit_view(e), a, cert.scope.issuer, 3, &rows) == 1, "in the list");
	store_revoked_del(e, &cert);
	ok(store_revoked_list(edit_view(e), a, cert.scope.issuer, 3, &rows) == 0, "not any more");
	ok(store_cert_get(edit_view(e), a, &cert.serial) != NULL, "the certificate is there");
	store_cert_put(e, &cert);
	store_cert_del(e, &cert);
	ok(store_revoked_list(edit_view(e), a, cert.scope.issuer, 3, &rows) == 0,
	   "it goes with the certificate");
	edit_abort(e);
}

int
main(void)
{
	store_make();
	ends();
	gone();
	remembered();
	revoked();
	return store_end();
}

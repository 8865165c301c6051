/* SPDX-License-Identifier: Apache-2.0 */
/* test_sweep.c - clean-up: what goes at which second, and each thing that must stay. */
#include <signal.h>

#include "acme/renewal.h"
#include "acme/sweep_rules.h"
#include "tests/store_make.h"

/* Rounds in a world where an order's end is 2000 and a certificate's 9000 (sample.h). */
static const struct sweep_terms terms = { .orders = 100, .certificates = 1000, .failing = 50 };

static struct sweep_sum total;

/* A whole round at that time. */
static void
sweep_on(struct sweep_at *at, int64_t now)
{
	struct sweep_terms t = terms;
	struct sweep_page page;
	struct sweep_sum sum;

	t.now = now;
	total = (struct sweep_sum){ .late = arena_alloc(a, 100 * sizeof(total.late[0])) };
	for (;;) {
		struct edit *e = edit_begin(s);
		bool more = sweep_look(at, edit_view(e), a, &t, &page);

		if (more && page.n > 0) {
			sweep_apply(e, a, &t, &page, &sum);
			for (int i = 0; i < SWEEP_COUNTS; i++)
				total.n[i] += sum.n[i];
			for (size_t i = 0; i < sum.nlate; i++)
				total.late[total.nlate++] = sum.late[i];
		}
		commit(e);
		if (!more)
			return;
	}
}

/* The same by a server that has just been started. */
static void
sweep_round(int64_t now)
{
	struct sweep_at at = { .walk = true };

	sweep_on(&at, now);
}

/* --- what is in the store ------------------------------------------------------------- */

static bool
order_there(unsigned n)
{
	defer_struct(view) *v = view_open(s);
	struct id id = sample_id(n);

	return store_order_get(v, a, &id) != NULL;
}

static bool
authz_there(unsigned n)
{
	defer_struct(view) *v = view_open(s);
	struct id id = sample_id(n);

	return store_authz_get(v, a, &id) != NULL;
}

static bool
cert_there(unsigned n)
{
	defer_struct(view) *v = view_open(s);
	struct serial serial = sample_serial(n);

	return store_cert_get(v, a, &serial) != NULL;
}

/* --- orders --------------------------------------------------------------------------- */

static void
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

static void
cert_make(struct edit *e, unsigned n, unsigned order, enum cert_state state)
{
	struct cert cert = sample_cert(a, n, 300);

	cert.order = sample_id(order);
	store_cert_add(e, &cert);
	cert.state = state;
	cert.revoked = 5000;
	store_cert_put(e, &cert);
}

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

/* --- certificates --------------------------------------------------------------------- */

static void
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

static void
incident_make(struct edit *e, unsigned n, enum incident_state state)
{
	struct incident incident = { .id = sample_id(n), .state = state, .created = 1000,
				     .spread = 500, .revoke_at = 9500, .where = "", .explanation =
				     "" };

	store_incident_put(e, &incident);
}

static void
certificates(void)
{
	static const struct row {
		const char	*what;
		enum cert_state	 state;
		unsigned	 incident;
		bool		 goes;
	} rows[] = {
		{ "an issued one", CERT_ISSUED, 0, true },
		{ "an abandoned one", CERT_ABANDONED, 0, true },
		{ "must stay: one that is being signed", CERT_INTENDED, 0, false },
		{ "must stay: a revoked one in the CRL", CERT_REVOKED, 0, false },
		{ "must stay: one of an open incident", CERT_ISSUED, 50, false },
		{ "one of an incident that has ended", CERT_ISSUED, 51, true },
	};
	const size_t n = sizeof(rows) / sizeof(rows[0]);
	struct serial serial;
	struct edit *e = edit_begin(s);

	incident_make(e, 50, INCIDENT_OPEN);
	incident_make(e, 51, INCIDENT_ENDED);
	for (unsigned i = 0; i < n; i++) {
		cert_make(e, 300 + i, 8, rows[i].state);
		renewal_make(e, 300 + i, 1, rows[i].incident, false);
		serial = sample_serial(300 + i);
		if (rows[i].incident != 0)
			store_incident_cert_put(e, &(struct id[]){ sample_id(rows[i].incident) }[0],
						&serial);
	}
	commit(e);
	sweep_round(10000);
	ok(total.n[SWEPT_CERT] == 0, "no certificate goes in the second before");
	sweep_round(10001);
	for (unsigned i = 0; i < n; i++) {
		defer_struct(view) *v = view_open(s);

		serial = sample_serial(300 + i);
		ok(cert_there(300 + i) != rows[i].goes, "certificate: %s", rows[i].what);
		ok((store_renewal_get(v, a, &serial) == NULL) == rows[i].goes, "its renewal, too");
	}
}

static void
incidents(void)
{
	struct id ended = sample_id(51), many = sample_id(52), open = sample_id(50);
	struct serial serial, *serials;
	struct edit *e = edit_begin(s);
	struct view *v;

	incident_make(e, 52, INCIDENT_ENDED);
	for (unsigned i = 0; i < 2 * SWEEP_PAGE + 5; i++) {
		serial = sample_serial(1000 + i);
		store_incident_cert_put(e, &many, &serial);
	}
	commit(e);
	sweep_round(10500);
	v = view_open(s);
	ok(store_incident_get(v, a, &ended) != NULL, "must stay: an incident in its retention");
	view_close(v);
	sweep_round(10501);
	v = view_open(s);
	ok(store_incident_get(v, a, &ended) == NULL && store_incident_get(v, a, &many) == NULL &&
	   total.n[SWEPT_INCIDENT] == 2, "two incidents went");
	ok(store_incident_cert_list(v, a, &many, NULL, 9, &serials) == 0, "with all their rows");
	ok(store_incident_get(v, a, &open) != NULL &&
	   store_incident_cert_list(v, a, &open, NULL, 9, &serials) == 1,
	   "must stay: an incident that is open");
	view_close(v);
}

/* RFC 5280 section 3.3: until a CRL of after its end has told of it. */
static void
revoked(void)
{
	struct crl crl = { .issuer = 0x01020304, .shard = 3, .number = 1, .this_update = 9000,
			   .next_update = 99000, .der = sample_blob(a, 10) };
	struct cert cert = sample_cert(a, 303, 300);
	struct edit *e = edit_begin(s);
	struct view *v;

	store_crl_put(e, &crl);
	commit(e);
	sweep_round(20000);
	v = view_open(s);
	ok(store_revoked_stands(v, &cert), "must stay: no CRL since the certificate's last second");
	ok(store_crl_this_update(v, 0x01020304, 3) == 9000 &&
	   store_crl_this_update(v, 0x01020304, 2) == 0, "thisUpdate of CRLs");
	view_close(v);
	e = edit_begin(s);
	crl.this_update = 9001;
	store_crl_put(e, &crl);
	commit(e);
	sweep_round(20000);
	v = view_open(s);
	ok(!store_revoked_stands(v, &cert), "a CRL of after its end: its entry goes");
	view_close(v);
	ok(!cert_there(303), "then the certificate");
	ok(cert_there(302), "the one that is being signed stays for ever");
	/* The operator revokes an expired one. */
	e = edit_begin(s);
	cert = sample_cert(a, 310, 300);
	cert.state = CERT_REVOKED;
	cert.revoked = 8990;
	store_cert_add(e, &cert);
	store_cert_put(e, &cert);
	commit(e);
	sweep_round(20000);
	v = view_open(s);
	ok(store_revoked_stands(v, &cert), "must stay: no CRL has told of it at all");
	view_close(v);
}

/* The clock was wrong, and a CRL that was made then told for the last time of what is good still. */
static void
unlisted(void)
{
	struct sweep_at at = { .walk = true };
	struct cert cert = sample_cert(a, 620, 300);
	struct edit *e = edit_begin(s);
	struct view *v;

	cert_make(e, 620, 8, CERT_REVOKED);
	store_revoked_del(e, &cert);
	commit(e);
	sweep_on(&at, 9000);
	v = view_open(s);
	ok(!store_revoked_stands(v, &cert), "a revocation that is in no list");
	view_close(v);
	at.restore = true;
	sweep_on(&at, 9001);
	v = view_open(s);
	ok(!store_revoked_stands(v, &cert), "stays away when its certificate has ended");
	view_close(v);
	sweep_on(&at, 9000);
	v = view_open(s);
	ok(store_revoked_stands(v, &cert), "must stay: comes back while that is good");
	view_close(v);
}

static void
blocked(void)
{
	static const uint8_t hash[32] = { 1 };
	struct edit *e = edit_begin(s);
	struct view *v;

	store_key_block(e, hash, 1);
	commit(e);
	sweep_round(1000000);
	v = view_open(s);
	ok(store_key_blocked(v, hash), "must stay: a blocked key, for ever");
	view_close(v);
}

/* --- certificates that nobody renewed ------------------------------------------------- */

static void
unrenewed(void)
{
	struct serial serial = sample_serial(400);
	struct edit *e = edit_begin(s);
	struct store_due due;

	order_make(e, 400, ORDER_VALID, 400);
	cert_make(e, 400, 400, CERT_ISSUED);
	renewal_make(e, 400, 0, 0, false);
	cert_make(e, 401, 9, CERT_ISSUED);
	renewal_make(e, 401, 1, 0, false);	/* has a successor */
	cert_make(e, 402, 9, CERT_ISSUED);
	renewal_make(e, 402, 0, 0, true);	/* closed */
	cert_make(e, 403, 9, CERT_REVOKED);
	renewal_make(e, 403, 0, 0, false);
	commit(e);
	sweep_round(9000);
	ok(total.nlate == 0, "in its last second it may still be renewed");
	sweep_round(9001);
	ok(total.nlate == 1 && serial_equal(&total.late[0].serial, &serial), "one was not renewed");
	is(total.nlate == 1 ? total.late[0].names : "", "name0.example", "it is named");
	e = edit_begin(s);
	due = store_due_count(edit_view(e), 1000000);
	ok(due.begun == 0 && due.ended == 0, "nobody waits for any of them");
	edit_abort(e);
	sweep_round(9002);
	ok(total.nlate == 0, "it is told once");
}

/* A retention of nothing at all: one that ends between two kinds of a round. */
static void
unseen(void)
{
	struct sweep_terms t = { .now = 9001 };
	struct store_end end = { .at = 9000, .serial = sample_serial(410) };
	struct edit *e = edit_begin(s);
	struct sweep_ask q = { edit_view(e), a, &t };

	cert_make(e, 410, 9, CERT_ISSUED);
	renewal_make(e, 410, 0, 0, false);
	ok(!sweep_goes(&q, SWEEP_CERTS, &end), "must stay: one of which it is not yet known that "
	   "nobody renewed it");
	renewal_make(e, 410, 0, 0, true);
	ok(sweep_goes(&q, SWEEP_CERTS, &end), "then it goes");
	edit_abort(e);
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
	store_newest_put(e, 1, hash, &newest);
	store_newest_put(e, 1, young, &later);
	store_failing_put(e, &account, "old", &(struct failing){ 1, 9949, 3 });
	store_failing_put(e, &account, "new", &(struct failing){ 1, 9950, 3 });
	store_rate_put(e, &(struct store_rate){ 'a', account, 1, 5, 60 });
	store_pause_put(e, &(struct pause){ PAUSED_ACCOUNT, account, NULL, 1, "x" });
	commit(e);
	sweep_round(10000);
	v = view_open(s);
	ok(store_bucket_get(v, 1, whose).full_at == 0, "a bucket that is full again goes");
	ok(store_bucket_get(v, 2, whose).full_at != 0, "must stay: one that lacks something");
	ok(!store_newest_get(v, 1, hash, &newest), "the newest certificate of long ago goes");
	ok(store_newest_get(v, 1, young, &newest), "must stay: one in its retention");
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
	struct store_counts n;
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
	ok(n.n[COUNT_ORDERS][ORDER_PENDING] == 1, "orders are counted as they are: %d",
	   (int)n.n[COUNT_ORDERS][ORDER_PENDING]);
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

/* --- readers that died ---------------------------------------------------------------- */

static int
reader_dies(void)
{
	struct problem p = { 0 };

	view_open(store_open_reader(dir, &p));
	kill(getpid(), SIGKILL);
	return 0;
}

/* Writes the same 40 KiB again and again; how many of these the file became larger by. */
static uint64_t
larger(void)
{
	uint64_t map, before = store_used(s, &map);

	for (int i = 0; i < 200; i++) {
		struct edit *e = edit_begin(s);

		store_meta_put(e, "test", sample_blob(a, 40960));
		commit(e);
	}
	return (store_used(s, &map) - before) / 40960;
}

static void
readers(void)
{
	uint64_t held;

	larger();
	ok(larger() < 10, "what was freed is used again");
	ok(child(reader_dies) == 255, "a reader is killed");
	held = larger();
	ok(held > 150, "what it sees is held: the file gets larger by %d times 40 KiB", (int)held);
	store_readers_check(s);
	ok(larger() < 10, "it is noticed");
}

int
main(void)
{
	struct problem p = { 0 };

	a = arena_new();
	dir = sample_folder(a);
	s = store_open(dir, MAP, true, &p);
	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		return 1;
	}
	orders();
	authorizations();
	evidence();
	validating();
	certificates();
	incidents();
	revoked();
	unlisted();
	blocked();
	unrenewed();
	unseen();
	limits();
	pages();
	replaces();
	replaced();
	readers();
	return store_end();
}

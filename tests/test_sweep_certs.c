/* SPDX-License-Identifier: Apache-2.0 */
/* test_sweep_certs.c - clean-up of certificates: at which second, and whatever must stay because a
 * CRL, an incident or the operator still needs it; those that nobody renewed. */
#include "tests/sweep_make.h"

/* --- certificates --------------------------------------------------------------------- */

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
	ok(total.nunrenewed == 0, "in its last second it may still be renewed");
	sweep_round(9001);
	ok(total.nunrenewed == 1 && serial_equal(&total.unrenewed[0].serial, &serial),
	   "one was not renewed");
	is(total.nunrenewed == 1 ? total.unrenewed[0].names : "", "name0.example", "it is named");
	e = edit_begin(s);
	due = store_due_count(edit_view(e), 1000000);
	ok(due.begun == 0 && due.ended == 0, "nobody waits for any of them");
	edit_abort(e);
	sweep_round(9002);
	ok(total.nunrenewed == 0, "it is told once");
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

int
main(void)
{
	store_make();
	certificates();
	incidents();
	revoked();
	unlisted();
	blocked();
	unrenewed();
	unseen();
	return store_end();
}

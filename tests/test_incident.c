/* SPDX-License-Identifier: Apache-2.0 */
/* test_incident.c - the search for the certificates of an incident, page by page: which are
 * there, and that it waits for those that are being signed. */
#include <stdlib.h>

#include "acme/incident.h"
#include "tests/store_make.h"

#define NOW 1000000

static const struct where *everything;
static struct id account;

static void
cert_make(struct edit *e, unsigned n, const struct cert *like)
{
	struct cert cert = *like;

	cert.serial = sample_serial(n);
	cert.scope = (struct scope){ 1, 1, 1, { { 0 } } };
	cert.der = (struct blob){ (const uint8_t *)"x", 1 };
	store_cert_add(e, &cert);
	if (cert.state == CERT_REVOKED)
		store_cert_put(e, &cert);
}

static struct incident_page
page_of(struct serial at, bool waits)
{
	struct incident_page page = { .where = everything, .now = NOW, .created = NOW - 10,
				      .at = at, .waits = waits };
	struct view *v = view_open(s);

	incident_search(v, a, &page);
	view_close(v);
	return page;
}

static const char *
found(const struct incident_page *page)
{
	const char *text = "";

	for (size_t i = 0; i < page->n; i++)
		text = arena_printf(a, "%s%u ", text, page->certs[i]->serial.b[SERIAL_LEN - 1]);
	return arena_printf(a, "%sat %u%s%s", text, page->at.b[SERIAL_LEN - 1],
			    page->last ? ", last" : "", page->signing ? ", signing" : "");
}

/* One of each kind; 4 is being signed. */
static void
fill(void)
{
	struct order order = sample_order(a, 40, 1, false);
	struct edit *e = edit_begin(s);
	const struct cert rows[] = {
		{ .state = CERT_ISSUED, .created = NOW - 10, .not_after = NOW },
		{ .state = CERT_ISSUED, .created = NOW - 9, .not_after = NOW + 9 },
		{ .state = CERT_ISSUED, .created = NOW - 20, .not_after = NOW - 1 },
		{ .state = CERT_INTENDED, .created = NOW - 10, .not_after = NOW + 9 },
		{ .state = CERT_ABANDONED, .created = NOW - 20, .not_after = NOW + 9 },
		{ .state = CERT_REVOKED, .created = NOW - 20, .not_after = NOW + 9 },
		{ .state = CERT_ISSUED, .created = NOW - 20, .not_after = NOW + 9 },
	};

	order.state = ORDER_PROCESSING;
	order.has_csr = true;
	order.serial = sample_serial(4);
	store_order_add(e, &order);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert like = rows[i];

		like.account = account;
		like.order = order.id;
		cert_make(e, i + 1, &like);
	}
	cert_make(e, 8, &(struct cert){ .state = CERT_ISSUED, .created = NOW - 20,
					.not_after = NOW + 9 });
	commit(e);
}

static void
test_states(void)
{
	struct serial none = { { 0 } };
	struct incident_page page = page_of(none, false);
	struct cert cert;
	struct edit *e;

	is(found(&page), "1 7 at 8, last", "signed, good and old enough, and a client's");
	page = page_of(none, true);
	is(found(&page), "1 at 3, signing", "it stops before one that is being signed");
	page = page_of(page.at, true);
	is(found(&page), "at 3, signing", "and again");
	e = edit_begin(s);
	cert = *store_cert_get(edit_view(e), a, &(struct serial){ .b = { [19] = 4 } });
	cert.state = CERT_ISSUED;
	cert.der = (struct blob){ (const uint8_t *)"x", 1 };
	store_cert_put(e, &cert);
	commit(e);
	page = page_of(page.at, true);
	is(found(&page), "4 7 at 8, last", "until it is signed");
	page = page_of(sample_serial(8), true);
	is(found(&page), "at 8, last", "nothing is behind the last");
}

static void
test_pages(void)
{
	struct edit *e = edit_begin(s);
	struct serial at = sample_serial(8);
	size_t sum = 0, pages = 0;
	struct incident_page page;

	for (unsigned n = 100; n < 100 + 3 * INCIDENT_BATCH; n++)
		cert_make(e, n, &(struct cert){ .state = CERT_ISSUED, .account = account,
						.created = NOW - 20, .not_after = NOW + 9 });
	commit(e);
	do {
		page = page_of(at, true);
		at = page.at;
		sum += page.n;
		pages++;
	} while (!page.last && pages < 9);
	ok(sum == 3 * INCIDENT_BATCH && (pages == 3 || pages == 4),
	   "%zu certificates on %zu pages, none twice", sum, pages);
}

static void
test_settled(void)
{
	struct renewal renewal = { .serial = sample_serial(1), .not_after = NOW, .start = NOW,
				   .end = NOW + 1 };
	struct edit *e = edit_begin(s);
	const struct view *v = edit_view(e);
	const struct {
		unsigned	n;
		bool		settled;
		const char	*what;
	} rows[] = {
		{ 1, false, "one without a renewal" }, { 3, true, "one that has expired" },
		{ 5, true, "one that was lost" }, { 6, true, "one that is revoked" },
		{ 7, false, "one that lives" }, { 9, true, "one that is gone" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct serial serial = sample_serial(rows[i].n);

		ok(incident_settled(v, a, &serial, NOW) == rows[i].settled, "%s is %swaited for",
		   rows[i].what, rows[i].settled ? "not " : "");
	}
	store_renewal_put(e, &renewal);
	ok(!incident_settled(v, a, &renewal.serial, NOW), "one with an open renewal is");
	renewal.successor = sample_serial(2);
	store_renewal_put(e, &renewal);
	ok(incident_settled(v, a, &renewal.serial, NOW), "one with a successor is not");
	edit_abort(e);
}

int
main(void)
{
	struct problem p = { 0 };
	struct edit *e;

	store_make();
	account = sample_id(1);
	e = edit_begin(s);
	store_name_number(e, 'i', "main");
	commit(e);
	everything = incident_where(edit_view(e = edit_begin(s)), a, "issuer = main", &p);
	edit_abort(e);
	fill();
	test_states();
	test_pages();
	test_settled();
	return store_end();
}

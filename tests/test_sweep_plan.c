/* SPDX-License-Identifier: Apache-2.0 */
/* test_sweep_plan.c - certificates of stores that knew no renewals get theirs: which, what window,
 * who came after whom; exactly, wherever it was cut off. */
#include "acme/limits.h"
#include "acme/renewal.h"
#include "tests/sweep_make.h"
#include "tests/unpack.h"

#define MANY 200	/* more than a few commits */

/* As an older version left it: certificates, no renewals, the mark of the upgrade. */
static void
mark(struct edit *e)
{
	store_unplanned_put(e, &(struct serial){ .b = { 0 } });
}

static bool
marked(void)
{
	defer_struct(view) *v = view_open(s);
	struct serial last;

	return store_unplanned_get(v, &last);
}

/* A certificate for the name of that number, of that account. */
static struct cert
cert_for(unsigned n, unsigned name, unsigned account)
{
	struct cert cert = sample_cert(a, n, 300);

	cert.scope.binding = sample_id(0);
	cert.account = sample_id(account);
	cert.order = sample_id(10000 + name);
	cert.not_after = 9000 + n;
	return cert;
}

static void
order_for(struct edit *e, unsigned name)
{
	struct order order = sample_order(a, 10000 + name, 1, false);

	order.state = ORDER_VALID;
	order.idents[0].value = order.idents[0].shown = arena_printf(a, "w%u.example", name);
	store_order_add(e, &order);
}

/* "open", "closed", "none" or who came after it. */
static const char *
planned(const struct serial *serial)
{
	defer_struct(view) *v = view_open(s);
	const struct renewal *r = store_renewal_get(v, a, serial);

	if (r == NULL)
		return "none";
	if (r->closed)
		return "closed";
	return serial_none(&r->successor) ? "open" :
	       arena_printf(a, "%u", r->successor.b[SERIAL_LEN - 2] << 8 |
			    r->successor.b[SERIAL_LEN - 1]);
}

/* --- which ---------------------------------------------------------------------------- */

static const struct row {
	const char	*what;
	unsigned	 name, account;
	enum cert_state	 state;
	bool		 ended;
	const char	*planned;
} rows[] = {		/* number 1 and so on, in the order of their time */
	{ "the first of three", 1, 1, CERT_ISSUED, false, "3" },
	{ "the server's own", 2, 0, CERT_ISSUED, false, "none" },
	{ "the second", 1, 1, CERT_ISSUED, false, "8" },
	{ "one that is over", 3, 1, CERT_ISSUED, true, "none" },
	{ "a revoked one", 4, 1, CERT_REVOKED, false, "none" },
	{ "one that is being signed", 5, 1, CERT_INTENDED, false, "none" },
	{ "one that was never signed", 6, 1, CERT_ABANDONED, false, "none" },
	{ "the third", 1, 1, CERT_ISSUED, false, "open" },
	{ "the only one", 7, 1, CERT_ISSUED, false, "open" },
	{ "one with a younger one of another account", 8, 1, CERT_ISSUED, false, "open" },
	{ "that one", 8, 2, CERT_ISSUED, false, "open" },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* newest: the older version knew for some names who is it, as formats 2 and 3 did. */
static void
make_rows(struct edit *e, bool newest)
{
	for (unsigned i = 1; i < 9; i++)
		order_for(e, i);
	for (unsigned i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct cert cert = cert_for(i + 1, row->name, row->account);
		const struct order *order = store_order_get(edit_view(e), a, &cert.order);

		if (row->ended)
			cert.not_after = 4999;
		store_cert_add(e, &cert);
		cert.state = row->state;
		cert.revoked = 4000;
		store_cert_put(e, &cert);
		if (newest && row->state == CERT_ISSUED)
			limits_newest_put(e, a, &cert, order->idents, order->nident);
	}
	mark(e);
}

/* All older ones name the newest at once, where it was known. */
static void
which(bool newest)
{
	struct cert cert;
	struct window window;
	const struct renewal *r;
	struct edit *e;
	struct view *v;

	store_make();
	cert = cert_for(9, 7, 1);
	e = edit_begin(s);
	make_rows(e, newest);
	commit(e);
	sweep_round(5000);
	for (unsigned i = 0; i < ROWS; i++) {
		struct serial serial = sample_serial(i + 1);
		const char *want = newest && i == 0 ? "8" : rows[i].planned;

		is(planned(&serial), want, arena_printf(a, "%s: %s", newest ? "format 3" :
							"format 1", rows[i].what));
	}
	ok(!marked(), "it is done once");
	window = renewal_window(&cert, NULL);
	v = view_open(s);
	r = store_renewal_get(v, a, &cert.serial);
	ok(r != NULL && r->start == window.start && r->end == window.end &&
	   r->not_after == cert.not_after, "the window that renewalInfo told stays");
	ok(store_due_count(v, window.end + SLOT_SECONDS).ended == 4, "four are overdue by then");
	view_close(v);
	store_close(s);
	sample_remove(a, dir);
	arena_free(a);
}

/* A new order that names one, and a certificate that was issued, before their turn. */
static void
meanwhile(void)
{
	struct renewal claim = sample_renewal(2, 3000, 4000);
	struct renewal plan = sample_renewal(700, 6000, 7000);
	struct cert old, new, named;
	const struct order *order;
	struct edit *e;
	struct view *v;

	store_make();
	old = cert_for(1, 1, 1);
	new = cert_for(700, 1, 1);
	named = cert_for(2, 2, 1);
	e = edit_begin(s);
	order_for(e, 1);
	order_for(e, 2);
	store_cert_add(e, &old);
	store_cert_add(e, &named);
	mark(e);
	claim.order = sample_id(55);
	store_renewal_put(e, &claim);
	store_cert_add(e, &new);
	order = store_order_get(edit_view(e), a, &new.order);
	limits_newest_put(e, a, &new, order->idents, order->nident);
	store_renewal_put(e, &plan);
	commit(e);
	sweep_round(5000);
	is(planned(&old.serial), "700", "renewed since the upgrade");
	v = view_open(s);
	ok(store_renewal_get(v, a, &named.serial)->start == 3000 &&
	   id_equal(&store_renewal_get(v, a, &named.serial)->order, &claim.order),
	   "what a new order has named is as it was");
	ok(store_renewal_get(v, a, &new.serial)->start == 6000, "so is what was issued since");
	view_close(v);
	store_close(s);
	sample_remove(a, dir);
	arena_free(a);
}

/* --- cut off -------------------------------------------------------------------------- */

/* All renewals, as text. */
static const char *
everything(void)
{
	defer_struct(view) *v = view_open(s);
	struct renewal *list;
	size_t n = store_renewal_list(v, a, NULL, 2 * MANY, &list);
	const char *text = arena_printf(a, "%zu:", n);
	uint32_t lengths[SLOTS_LENGTHS], sum = 0;

	store_slots_lengths(v, lengths);
	for (size_t i = 0; i < SLOTS_LENGTHS; i++)
		sum += lengths[i];
	for (size_t i = 0; i < n; i++)
		text = arena_printf(a, "%s %ld-%ld%s", text, (long)list[i].start,
				    (long)list[i].end, planned(&list[i].serial));
	return arena_printf(a, "%s, %u, %u", text, sum, (unsigned)store_due_count(v, 99999).begun);
}

/* A round that dies behind so many commits, the last of which is lost; then another one. */
static const char *
cut_off(int commits)
{
	struct sweep_at at = { .walk = true };
	struct sweep_terms t = terms;
	struct sweep_page page;
	struct sweep_sum sum;
	const char *text;
	struct edit *e;

	store_make();
	e = edit_begin(s);
	for (unsigned i = 0; i < MANY / 2; i++)
		order_for(e, i);
	for (unsigned i = 0; i < MANY; i++) {
		struct cert cert = cert_for(i + 1, i % (MANY / 2), 1);

		store_cert_add(e, &cert);
	}
	mark(e);
	commit(e);
	t.now = 5000;
	while (commits-- > 0) {
		e = edit_begin(s);
		while (sweep_look(&at, edit_view(e), a, &t, &page) && page.kind != SWEEP_PLAN)
			;
		sweep_apply(e, a, &t, &page, &sum);
		if (commits == 0)
			edit_abort(e);
		else
			commit(e);
	}
	reopen();
	ok(marked(), "not all are planned");
	sweep_round(5000);
	ok(!marked(), "then all are");
	text = strdup(everything());
	store_close(s);
	sample_remove(a, dir);
	arena_free(a);
	return text;
}

static void
crashes(void)
{
	const char *whole = cut_off(0);

	ok(strncmp(whole, "200: ", 5) == 0 && strstr(whole, ", 100, 100") != NULL,
	   "of 200 certificates 100 have come after the others");
	for (int commits = 1; commits < 5; commits++) {
		const char *text = cut_off(commits);

		ok(strcmp(text, whole) == 0, "the same when commit %d is lost", commits);
		free((void *)text);
	}
	free((void *)whole);
}

/* --- what older versions left ----------------------------------------------------------- */

static void
sample(const char *name, const char *hex)
{
	const struct cert *cert;
	struct serial serial;
	struct renewal *list;
	struct problem p = { 0 };
	struct view *v;
	int64_t now;

	a = arena_new();
	dir = unpack(a, name);
	s = store_open(dir, MAP, false, &p);
	if (!ok(s != NULL && serial_hex_parse(hex, &serial), "%s: %s", name, p.detail))
		exit(1);
	v = view_open(s);
	cert = store_cert_get(v, a, &serial);
	now = cert->not_before + 7200;
	view_close(v);
	ok(marked(), "it is marked");
	sweep_round(now);
	v = view_open(s);
	ok(store_renewal_list(v, a, NULL, 10, &list) == 1 &&
	   serial_equal(&list[0].serial, &serial) && store_renewal_open(&list[0]) &&
	   list[0].start == renewal_window(cert, NULL).start,
	   "the certificate that was not revoked, nor the server's own, is planned");
	view_close(v);
	store_close(s);
	sample_remove(a, dir);
	arena_free(a);
}

int
main(void)
{
	which(false);
	which(true);
	meanwhile();
	crashes();
	sample("store-format-1", "6b05dff504eff6d4f7786a9582984a2958afa9ee");
	sample("store-format-3", "6b0cb1a1f17c1af6fad95c89eaa4112739938317");
	return tap_done();
}

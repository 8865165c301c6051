/* SPDX-License-Identifier: Apache-2.0 */
/* crash_books.c - the store that a killed server leaves, walked from end to end: does all that is
 * kept beside the records tell the same as these? */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/crash.h"

#define PAGE	 500
#define ROW	 ((int64_t)SLOT_SECONDS * SLOTS_ROW)
#define AHEAD	 (60 * 288)	/* slots: longer than a certificate lives */
#define ROWS_OLD 40		/* 12 hours each: longer than the clock of any test runs */

struct walk {
	const struct view	*view;
	struct arena		*arena;		/* of a page */
	int64_t			 now;
	struct books		*books;
	uint64_t		 certs[COUNT_STATES];	/* by state */
	uint32_t		 issuer;
	uint32_t		 loads[AHEAD];	/* by their middle, from the row of now on */
	uint32_t		 lengths[ROWS_OLD + 1][SLOTS_LENGTHS];	/* by how old the row is */
	uint64_t		 ended;
	const char		*wrong;
};

static int64_t
slot_of(int64_t time)
{
	return time / SLOT_SECONDS;
}

static void
wrong(struct walk *w, const char *what, const struct serial *serial)
{
	if (w->wrong == NULL)
		w->wrong = arena_printf(w->arena, "%s: %s", serial_hex(w->arena, serial), what);
}

/* --- certificates --------------------------------------------------------------------- */

static void
cert_walk(struct walk *w, const struct cert *cert)
{
	const struct order *order;

	w->certs[cert->state]++;
	if (cert->state == CERT_REVOKED)
		w->books->revoked++;
	if ((cert->state != CERT_ISSUED && cert->state != CERT_REVOKED) || id_none(&cert->account))
		return;
	w->books->certs++;
	w->issuer = cert->scope.issuer;
	order = store_order_get(w->view, w->arena, &cert->order);
	if (order == NULL || order->state != ORDER_VALID ||
	    !serial_equal(&order->serial, &cert->serial))
		wrong(w, "a certificate that is not its order's", &cert->serial);
	if (store_renewal_get(w->view, w->arena, &cert->serial) == NULL)
		wrong(w, "a certificate without a plan", &cert->serial);
	if (cert->state == CERT_REVOKED && !store_revoked_stands(w->view, cert))
		wrong(w, "no CRL would have it", &cert->serial);
}

static void
certs_walk(struct walk *w)
{
	struct serial after, *serials;
	bool within = false;
	size_t n;

	do {
		w->arena = arena_new();
		n = store_cert_list(w->view, w->arena, within ? &after : NULL, PAGE, &serials);
		for (size_t i = 0; i < n && w->wrong == NULL; i++)
			cert_walk(w, store_cert_get(w->view, w->arena, &serials[i]));
		if (w->wrong != NULL)
			return;
		within = n > 0;
		if (within)
			after = serials[n - 1];
		arena_free(w->arena);
	} while (n == PAGE);
}

/* --- renewals ------------------------------------------------------------------------- */

static void
open_walk(struct walk *w, const struct renewal *r)
{
	int64_t middle = r->start + (r->end - r->start) / 2, now_row = w->now / ROW;
	int64_t old = now_row - middle / ROW, at = slot_of(middle) - now_row * SLOTS_ROW;

	w->books->open++;
	w->books->begun += slot_of(r->start) < slot_of(w->now);
	w->ended += slot_of(r->end - 1) < slot_of(w->now);
	if (at >= AHEAD || old > ROWS_OLD)
		wrong(w, "a window that is far away", &r->serial);
	else if (at >= 0)
		w->loads[at]++;
	if (old <= ROWS_OLD)
		w->lengths[old < 0 ? 0 : old][slots_class(r->end - r->start)]++;
}

static void
renewal_walk(struct walk *w, const struct renewal *r)
{
	const struct cert *cert = store_cert_get(w->view, w->arena, &r->serial), *next;
	const struct order *order;

	w->books->renewals++;
	if (cert == NULL)
		wrong(w, "a plan without a certificate", &r->serial);
	if (!r->closed && serial_none(&r->successor))
		open_walk(w, r);
	if (cert != NULL && cert->state == CERT_REVOKED && !r->closed)
		wrong(w, "it is revoked, and waited for", &r->serial);
	if (serial_none(&r->successor) || r->not_after + RETENTION < w->now)
		return;
	next = store_cert_get(w->view, w->arena, &r->successor);
	if (next == NULL || store_renewal_get(w->view, w->arena, &r->successor) == NULL)
		wrong(w, "its successor is gone", &r->serial);
	order = id_none(&r->order) ? NULL : store_order_get(w->view, w->arena, &r->order);
	if (order != NULL && order->state == ORDER_VALID &&
	    (order->replaces == NULL || !serial_equal(&order->replaced, &r->serial)))
		wrong(w, "an order that replaced another one", &r->serial);
}

static void
renewals_walk(struct walk *w)
{
	struct renewal *list;
	struct serial after;
	bool within = false;
	size_t n;

	do {
		w->arena = arena_new();
		n = store_renewal_list(w->view, w->arena, within ? &after : NULL, PAGE, &list);
		for (size_t i = 0; i < n && w->wrong == NULL; i++)
			renewal_walk(w, &list[i]);
		if (w->wrong != NULL)
			return;
		within = n > 0;
		if (within)
			after = list[n - 1].serial;
		arena_free(w->arena);
	} while (n == PAGE);
}

/* --- what is kept beside them --------------------------------------------------------- */

static const char *
due_wrong(const struct walk *w, struct arena *a)
{
	struct due *due, after;
	size_t sum = 0, n;

	do {
		n = store_due_list(w->view, a, INT64_MAX / 2, sum == 0 ? NULL : &after, PAGE, &due);
		for (size_t i = 0; i < n; i++) {
			const struct renewal *r = store_renewal_get(w->view, a, &due[i].serial);

			if (r == NULL || r->closed || !serial_none(&r->successor) ||
			    r->start != due[i].start || r->end != due[i].end)
				return arena_printf(a, "%s is due, but not so",
						    serial_hex(a, &due[i].serial));
		}
		sum += n;
		after = n > 0 ? due[n - 1] : after;
	} while (n == PAGE);
	return sum == w->books->open ? NULL :
	       arena_printf(a, "%zu renewals are open, the index has %zu", w->books->open, sum);
}

/* Rows that are over may be counted still, or not. */
static bool
lengths_good(const struct walk *w)
{
	uint32_t lengths[SLOTS_LENGTHS], sums[SLOTS_LENGTHS] = { 0 };

	store_slots_lengths(w->view, lengths);
	for (size_t old = 0; old <= ROWS_OLD; old++) {
		for (size_t i = 0; i < SLOTS_LENGTHS; i++)
			sums[i] += w->lengths[old][i];
		if (memcmp(lengths, sums, sizeof(sums)) == 0)
			return true;
	}
	return false;
}

static const char *
slots_wrong(const struct walk *w, struct arena *a)
{
	uint32_t *loads = arena_alloc(a, AHEAD * sizeof(loads[0]));
	struct store_due due = store_due_count(w->view, w->now);

	store_slots_load(w->view, (uint32_t)(w->now / ROW * SLOTS_ROW), AHEAD, loads);
	for (size_t i = 0; i < AHEAD; i++)
		if (loads[i] != w->loads[i])
			return arena_printf(a, "slot %zu has %u windows, but %u are planned", i,
					    loads[i], w->loads[i]);
	if (!lengths_good(w))
		return "the lengths of windows";
	return due.begun == w->books->begun && due.ended == w->ended ? NULL :
	       arena_printf(a, "%zu windows have begun, %zu ended; counted as %zu, %zu",
			    w->books->begun, (size_t)w->ended, (size_t)due.begun,
			    (size_t)due.ended);
}

static const char *
counts_wrong(const struct walk *w, struct arena *a)
{
	struct store_counts counts = store_counts(w->view);

	for (int i = 0; i < COUNT_STATES; i++)
		if (counts.n[COUNT_CERTS][i] != w->certs[i])
			return arena_printf(a, "%zu certificates in state %d, counted as %zu",
					    (size_t)w->certs[i], i,
					    (size_t)counts.n[COUNT_CERTS][i]);
	return store_revocations(w->view) == w->books->revoked ? NULL :
	       arena_printf(a, "%zu certificates are revoked, by %zu revocations",
			    w->books->revoked, (size_t)store_revocations(w->view));
}

/* --- incidents and the CRL ------------------------------------------------------------ */

/* One that has ended may be on its way out. */
static const char *
incident_wrong(const struct walk *w, struct arena *a, const struct id *id)
{
	const struct incident *incident = store_incident_get(w->view, a, id);
	struct serial *serials;
	size_t n = store_incident_cert_list(w->view, a, id, NULL, 10000, &serials), revoked = 0;

	w->books->incidents[incident->state]++;
	for (size_t i = 0; i < n; i++) {
		const struct cert *cert = store_cert_get(w->view, a, &serials[i]);

		revoked += cert != NULL && cert->state == CERT_REVOKED;
	}
	if (incident->revoked > incident->matched ||
	    (incident->state == INCIDENT_ENDED ? n > incident->matched || revoked != n ||
	     incident->revoked != incident->matched :
	     n != incident->matched || revoked != incident->revoked))
		return arena_printf(a, "incident %s in state %d has %zu certificates, %zu of them "
				    "revoked; it counts %zu and %zu", id_print(a, id),
				    (int)incident->state, n, revoked, (size_t)incident->matched,
				    (size_t)incident->revoked);
	return NULL;
}

static const char *
incidents_wrong(const struct walk *w, struct arena *a)
{
	struct id *ids;
	size_t n = store_incident_list(w->view, a, NULL, PAGE, &ids);
	const char *what = NULL;

	for (size_t i = 0; i < n && what == NULL; i++)
		what = incident_wrong(w, a, &ids[i]);
	return what;
}

static const char *
crl_wrong(const struct walk *w, struct arena *a)
{
	const struct crl *crl = store_crl_get(w->view, a, w->issuer, 0);

	if (crl == NULL)
		return NULL;
	if (crl->number < w->books->crl)
		return "the CRL's number is lower than before";
	w->books->crl = crl->number;
	return NULL;
}

/* --- all of it ------------------------------------------------------------------------ */

static const char *
walked(struct walk *w, struct arena *a)
{
	const char *what;

	certs_walk(w);
	if (w->wrong == NULL)
		renewals_walk(w);
	if (w->wrong != NULL) {
		what = arena_strdup(a, w->wrong);
		arena_free(w->arena);
		return what;
	}
	what = due_wrong(w, a);
	if (what == NULL)
		what = slots_wrong(w, a);
	if (what == NULL)
		what = counts_wrong(w, a);
	if (what == NULL)
		what = incidents_wrong(w, a);
	return what == NULL ? crl_wrong(w, a) : what;
}

const char *
crash_books(struct arena *a, const char *dir, int64_t now, struct books *books)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(arena_printf(a, "%s/data", dir), &p);
	struct walk *w = arena_alloc(a, sizeof(*w));
	struct view *v;
	const char *what;

	if (s == NULL)
		return arena_strdup(a, p.detail);
	v = view_open(s);
	memset(books, 0, offsetof(struct books, crl));	/* the rest goes on */
	memset(w, 0, sizeof(*w));
	w->view = v;
	w->now = now;
	w->books = books;
	what = walked(w, a);
	view_close(v);
	store_close(s);
	return what;
}

/* --- while the server runs ------------------------------------------------------------ */

static uint64_t
objects(struct store *s)
{
	struct view *v = view_open(s);
	struct store_counts counts = store_counts(v);
	uint64_t sum = 0;

	for (int i = 0; i < COUNT_STATES; i++)
		sum += counts.n[COUNT_ORDERS][i] + counts.n[COUNT_CERTS][i];
	view_close(v);
	return sum;
}

/* Is an incident in that state, its time over? */
static bool
is_over(struct store *s, struct arena *a, enum incident_state state, int64_t now)
{
	struct view *v = view_open(s);
	struct id *ids;
	size_t n = store_incident_list(v, a, NULL, PAGE, &ids);
	bool found = false;

	for (size_t i = 0; i < n && !found; i++) {
		const struct incident *incident = store_incident_get(v, a, &ids[i]);

		found = incident->state == state && incident->revoke_at <= now;
	}
	view_close(v);
	return found;
}

bool
crash_deletes(struct crash *all, unsigned ms)
{
	struct problem p = { 0 };
	struct arena *a = arena_new();
	struct store *s = store_open_reader(arena_printf(a, "%s/data", all->scene.server->dir), &p);
	int64_t clock = crash_now(all);
	uint64_t before = 0, now;
	bool begun = false;

	for (; s != NULL && !begun && ms > 0; ms--) {
		now = objects(s);
		begun = is_over(s, a, INCIDENT_REVOKING, clock) ||
			(now < before && !is_over(s, a, INCIDENT_OPEN, clock));
		before = now;
		usleep(1000);
	}
	if (s != NULL)
		store_close(s);
	arena_free(a);
	return begun;
}

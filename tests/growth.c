/* SPDX-License-Identifier: Apache-2.0 */
/* growth.c - how large a store gets in a year of a fleet with certificates of six days, which
 * are renewed every fourth: the records of each issuance go through store/ as the server's do,
 * and clean-up is the server's own, under a clock that is set.
 *
 *	growth [HOSTS [DAYS [RETENTION]]]	e.g. 2000 365 30; retention in days, or "never"
 *
 * Without arguments it is a small test of docs/storage.md's promise. */
#include <sys/stat.h>

#include "acme/limits.h"
#include "acme/sweep.h"
#include "base/clock.h"
#include "store/records.h"
#include "tests/sample.h"
#include "tests/tap.h"

#define DAY	 86400
#define START	 1790000000	/* seconds since 1970 */
#define STEPS	 8		/* of a day; each has its share of the fleet, and a round */
#define EVERY	 4		/* days from one renewal to the next */
#define LIFE	 (6 * DAY)
#define COMMIT	 16		/* issuances in one */
#define DER	 760		/* octets of a P-256 leaf with one name */
#define LOST	 20		/* one order of so many comes to nothing */
#define REVOKED	 200		/* one certificate of so many is revoked */
#define WHY	 700		/* octets of the evidence of a validation by http-01 */

struct growth {
	unsigned	 hosts, days;
	int64_t		 retention;	/* seconds; -1: nothing is deleted */
	struct store	*store;
	const char	*dir, *evidence;
	struct serial	*last;		/* certificate of each host */
	uint64_t	 issued, revoked, swept, unrenewed;
	int64_t		 longest_us, pages_us, pages;	/* of clean-up's edits, the sync aside */
	struct sweep_at	 at;
	int64_t		 now, walked;
};

static void
commit(struct edit *e)
{
	struct problem p = { 0 };

	if (edit_commit(e, &p))
		return;
	printf("Bail out! %s\n", p.detail);
	exit(1);
}

/* --- one issuance --------------------------------------------------------------------- */

struct issuance {
	struct growth	*g;
	struct edit	*edit;
	struct arena	*arena;
	unsigned	 host;
	struct ident	 ident;
	struct order	 order;
	struct authz	 authz;
};

/* The authorization of the last order is good for seven days. */
static struct id
authz_take(struct issuance *i, bool proved)
{
	const struct authz *there = store_authz_find(edit_view(i->edit), i->arena,
						     &i->order.account, &i->ident, AUTHZ_VALID);
	struct authz authz = sample_authz(i->arena, 1, false);

	if (there != NULL && there->expires - i->g->now >= 300)
		return there->id;
	authz.id = id_new(i->g->now * 1000);
	authz.account = i->order.account;
	authz.order = i->order.id;
	authz.scope = i->order.scope;
	authz.created = i->g->now;
	authz.expires = i->g->now + 7 * DAY;
	authz.ident = i->ident;
	store_authz_add(i->edit, &authz);
	if (!proved)
		return authz.id;
	authz.state = AUTHZ_VALID;
	authz.challenges[0].state = CHALLENGE_VALID;
	authz.challenges[0].validated = i->g->now;
	store_authz_put(i->edit, &authz);
	store_authz_remember(i->edit, &authz);
	store_evidence_add(i->edit, &authz.id, i->g->now * 1000, i->g->evidence, 16);
	return authz.id;
}

static void
order_make(struct issuance *i, bool proved)
{
	i->order = (struct order){
		.id = id_new(i->g->now * 1000), .account = sample_id(i->host + 1),
		.scope = { .directory = 1, .profile = 1, .issuer = 1 }, .state = ORDER_PENDING,
		.created = i->g->now, .expires = i->g->now + 7 * DAY, .idents = &i->ident,
		.nident = 1, .nauthz = 1,
	};
	i->order.authz = arena_alloc(i->arena, sizeof(struct id));
	i->order.authz[0] = authz_take(i, proved);
	store_order_add(i->edit, &i->order);
	store_bucket_put(i->edit, LIMIT_ORDERS, BLOB_ID(&i->order.account),
			 (struct bucket){ (i->g->now + 60) * 1000000, 4320000 });
}

static struct cert
cert_make(struct issuance *i)
{
	struct cert cert = {
		.serial = serial_new(i->g->now), .account = i->order.account,
		.order = i->order.id, .scope = i->order.scope, .state = CERT_INTENDED,
		.created = i->g->now, .not_after = i->g->now + LIFE,
	};

	i->order.state = ORDER_PROCESSING;
	i->order.has_csr = true;
	i->order.spki = sample_blob(i->arena, 91);
	i->order.serial = cert.serial;
	store_cert_add(i->edit, &cert);
	store_order_put(i->edit, &i->order);
	cert.state = CERT_ISSUED;
	cert.not_before = i->g->now;
	cert.der = sample_blob(i->arena, DER);
	store_cert_put(i->edit, &cert);
	i->order.state = ORDER_VALID;
	store_order_put(i->edit, &i->order);
	return cert;
}

static void
renew(struct issuance *i, const struct cert *cert)
{
	struct newest newest = { cert->serial, cert->not_before, cert->not_after };
	const struct renewal *last = store_renewal_get(edit_view(i->edit), i->arena,
						       &i->g->last[i->host]);
	struct renewal next = { .serial = cert->serial, .not_after = cert->not_after,
				.start = i->g->now + 3 * DAY, .end = i->g->now + EVERY * DAY };
	uint8_t hash[32] = { 0 };

	if (last != NULL) {
		struct renewal done = *last;

		done.successor = cert->serial;
		done.order = i->order.id;
		store_renewal_put(i->edit, &done);
	}
	store_renewal_put(i->edit, &next);
	memcpy(hash, &i->host, sizeof(i->host));
	store_newest_put(i->edit, 1, hash, NULL, &newest);
	i->g->last[i->host] = cert->serial;
}

static void
issue(struct growth *g, struct edit *e, struct arena *a, unsigned host)
{
	struct issuance i = { .g = g, .edit = e, .arena = a, .host = host };
	const char *name = arena_printf(a, "host-%05u.prod.corp.example", host);
	struct cert cert;

	i.ident = (struct ident){ IDENT_DNS, false, name, name };
	if (g->issued % LOST == LOST - 1)	/* one more, that nobody goes on with */
		order_make(&i, false);
	order_make(&i, true);
	cert = cert_make(&i);
	renew(&i, &cert);
	if (++g->issued % REVOKED == 0) {
		cert.state = CERT_REVOKED;
		cert.revoked = g->now;
		store_cert_put(e, &cert);
		g->revoked++;
	}
}

static void
crl_sign(struct growth *g, struct edit *e, struct arena *a)
{
	struct revoked *rows;
	size_t n = store_revoked_list(edit_view(e), a, 1, 0, &rows);

	store_crl_put(e, &(struct crl){
		.issuer = 1, .number = (uint64_t)g->now, .this_update = g->now,
		.next_update = g->now + 4 * DAY, .der = sample_blob(a, 400 + 40 * n) });
}

/* --- clean-up, as acme/sweep.c does it -------------------------------------------------- */

static bool
sweep_page(struct growth *g, const struct sweep_terms *t)
{
	struct arena *a = arena_new();
	struct view *v = view_open(g->store);
	struct sweep_page page;
	struct sweep_sum sum;
	struct edit *e;
	bool more = sweep_look(&g->at, v, a, t, &page);
	int64_t took = clock_mono_us();

	view_close(v);
	if (more && page.n > 0) {
		e = edit_begin(g->store);
		sweep_apply(e, a, t, &page, &sum);
		took = clock_mono_us() - took;
		g->longest_us = took > g->longest_us ? took : g->longest_us;
		g->pages_us += took;
		g->pages++;
		commit(e);
		g->unrenewed += sum.nunrenewed;
		for (int i = 0; i < SWEEP_COUNTS; i++)
			g->swept += sum.n[i];
	}
	arena_free(a);
	return more;
}

static void
sweep_round(struct growth *g)
{
	struct sweep_terms t = { g->now, 7 * DAY, g->retention, 14 * DAY };

	if (g->retention < 0)
		return;
	g->at.walk = g->now - g->walked >= 3600;
	if (g->at.walk)
		g->walked = g->now;
	while (sweep_page(g, &t))
		;
}

/* --- days ------------------------------------------------------------------------------- */

static uint64_t
file_size(const struct growth *g)
{
	struct arena *a = arena_new();
	struct stat st = { .st_size = 0 };

	stat(arena_printf(a, "%s/data.mdb", g->dir), &st);
	arena_free(a);
	return (uint64_t)st.st_size;
}

static struct store_counts
counts(const struct growth *g)
{
	defer_struct(view) *v = view_open(g->store);

	return store_counts(v);
}

static unsigned long long
sum(uint64_t a, uint64_t b)
{
	return a + b;
}

static void
tell(const struct growth *g, unsigned day)
{
	struct store_counts n = counts(g);
	const uint64_t *certs = n.n[COUNT_CERTS], *orders = n.n[COUNT_ORDERS];
	const uint64_t *authz = n.n[COUNT_AUTHZ];
	uint64_t map;

	printf("# day %3u  issued %8llu  in store: %7llu certificates %7llu orders %7llu authz"
	       "  %7.1f MiB used, file %7.1f MiB\n", day, (unsigned long long)g->issued,
	       sum(certs[CERT_ISSUED], certs[CERT_REVOKED]),
	       sum(orders[ORDER_VALID], orders[ORDER_PENDING]),
	       sum(authz[AUTHZ_VALID], authz[AUTHZ_PENDING]),
	       (double)store_used(g->store, &map) / 1048576, (double)file_size(g) / 1048576);
	fflush(stdout);
}

/* Hosts whose turn it is in this step of the cycle of renewals. */
static void
step(struct growth *g, unsigned number)
{
	struct edit *e = edit_begin(g->store);
	struct arena *a = arena_new();
	unsigned n = 0;

	g->now = START + (int64_t)number * DAY / STEPS;
	clock_shift(g->now - time(NULL));
	for (unsigned host = number % (EVERY * STEPS); host < g->hosts; host += EVERY * STEPS) {
		issue(g, e, a, host);
		if (++n % COMMIT == 0) {
			commit(e);
			arena_free(a);
			a = arena_new();
			e = edit_begin(g->store);
		}
	}
	if (number % STEPS == 0)
		crl_sign(g, e, a);
	commit(e);
	arena_free(a);
	sweep_round(g);
}

/* The size of the file after three quarters of the days, and at the end. */
static void
run(struct growth *g, uint64_t size[2])
{
	for (unsigned day = 0; day < g->days; day++) {
		for (unsigned i = 0; i < STEPS; i++)
			step(g, day * STEPS + i);
		if ((day + 1) % 30 == 0 || day + 1 == g->days)
			tell(g, day + 1);
		if (day + 1 == g->days * 3 / 4)
			size[0] = file_size(g);
	}
	size[1] = file_size(g);
}

static void
check(struct growth *g)
{
	struct store_counts n = counts(g);
	uint64_t per_day = (uint64_t)g->hosts / EVERY, size[2] = { 0 };
	uint64_t kept = per_day * (uint64_t)(g->retention / DAY + 6 + 1);

	run(g, size);
	n = counts(g);
	printf("# %llu revoked, %llu rows swept, %llu not renewed\n",
	       (unsigned long long)g->revoked, (unsigned long long)g->swept,
	       (unsigned long long)g->unrenewed);
	if (g->retention < 0)
		return;
	printf("# %lld pages, %lld us each, the longest %lld us, without their commits\n",
	       (long long)g->pages, (long long)(g->pages_us / (g->pages == 0 ? 1 : g->pages)),
	       (long long)g->longest_us);
	ok(size[1] < size[0] + size[0] / 20, "the last quarter of %u days: from %llu to %llu KiB, "
	   "less than 5 %% more", g->days, (unsigned long long)size[0] / 1024,
	   (unsigned long long)size[1] / 1024);
	ok(n.n[COUNT_CERTS][CERT_ISSUED] + n.n[COUNT_CERTS][CERT_REVOKED] <= kept,
	   "certificates of %lld days and no older ones", (long long)g->retention / DAY + 6);
	ok(n.n[COUNT_ORDERS][ORDER_VALID] == n.n[COUNT_CERTS][CERT_ISSUED] +
	   n.n[COUNT_CERTS][CERT_REVOKED], "each has its order");
	ok(g->unrenewed == 0, "none ended without a successor");
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct problem p = { 0 };
	struct growth g = {
		.hosts = argc > 1 ? (unsigned)atoi(argv[1]) : 256,
		.days = argc > 2 ? (unsigned)atoi(argv[2]) : 100,
		.retention = argc > 3 ? (strcmp(argv[3], "never") == 0 ? -1 :
					 (int64_t)atoi(argv[3]) * DAY) : 10 * DAY,
		.dir = sample_folder(a),
		.evidence = sample_text(a, WHY, 'e'),
	};

	g.last = arena_alloc(a, g.hosts * sizeof(g.last[0]));
	g.store = store_open(g.dir, (uint64_t)16 << 30, true, &p);
	if (g.store == NULL) {
		printf("Bail out! %s\n", p.detail);
		return 1;
	}
	check(&g);
	store_close(g.store);
	sample_remove(a, g.dir);
	arena_free(a);
	return tap_done();
}

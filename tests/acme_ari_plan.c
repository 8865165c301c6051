/* SPDX-License-Identifier: Apache-2.0 */
/* acme_ari_plan.c - renewals as the store has them: planned evenly, each in its slot, and known
 * which certificate follows which (RFC 9773). */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/ari.h"
#include "tests/scene.h"
#include "tests/stored.h"

#define FLEET 200
#define NAMES 64		/* of the scene */
#define PARTS 10		/* of the band */

static struct scene scene;
static struct arena *a;

/* --- the store, while the server is away ---------------------------------------------- */

static struct store *
store_of_scene(void)
{
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	return server_store(a, scene.server);
}

static void
serve_again(struct client *c, struct store *s)
{
	store_close(s);
	ok(server_again(scene.server), "the server starts again");
	client_hang_up(c);
	*c->nonce = '\0';
}

static struct serial
serial_of(const struct leaf_facts *l)
{
	struct serial serial;

	if (!serial_parse(l->serial, strlen(l->serial), &serial))
		abort();
	return serial;
}

/* The renewal of that certificate; ends the test when there is none. */
static struct renewal
renewal_of(struct store *s, const struct leaf_facts *l)
{
	defer_struct(view) *v = view_open(s);
	struct serial serial = serial_of(l);
	const struct renewal *r = store_renewal_get(v, a, &serial);

	if (r == NULL) {
		printf("Bail out! a certificate without renewal\n");
		exit(1);
	}
	return *r;
}

static bool
follows(struct store *s, const struct leaf_facts *old, const struct leaf_facts *next)
{
	struct renewal r = renewal_of(s, old);
	struct serial serial = serial_of(next);

	return serial_equal(&r.successor, &serial);
}

static bool
awaited(struct store *s, const struct leaf_facts *l)
{
	struct renewal r = renewal_of(s, l);

	return serial_none(&r.successor) && !r.closed;
}

/* The loads of all slots, and how many of them are not what the open renewals make. */
struct sum {
	uint64_t	open, planned, wrong, most;
};

static struct sum
sum_loads(struct store *s)
{
	defer_struct(view) *v = view_open(s);
	struct sum sum = { 0 };
	struct renewal *list;
	size_t n = store_renewal_list(v, a, NULL, 10000, &list);
	uint32_t first = (uint32_t)(clock_now() / SLOT_SECONDS) - 400 * 288, days = 800;
	uint32_t *loads = arena_alloc(a, days * 288 * sizeof(*loads));
	uint32_t *mine = arena_alloc(a, days * 288 * sizeof(*mine));

	store_slots_load(v, first, days * 288, loads);
	for (size_t i = 0; i < n; i++) {
		if (list[i].closed || !serial_none(&list[i].successor))
			continue;
		sum.open++;
		mine[(list[i].start + list[i].end) / 2 / SLOT_SECONDS - first]++;
	}
	for (size_t i = 0; i < days * 288; i++) {
		sum.planned += loads[i];
		sum.wrong += loads[i] != mine[i];
		if (loads[i] > sum.most)
			sum.most = loads[i];
	}
	return sum;
}

static void
books_are_right(struct store *s, uint64_t open, const char *when)
{
	struct sum sum = sum_loads(s);

	ok(sum.open == open && sum.planned == open && sum.wrong == 0, "%s %llu renewals are "
	   "awaited, and each counts in its slot: %llu, %llu, wrong %llu", when,
	   (unsigned long long)open, (unsigned long long)sum.open,
	   (unsigned long long)sum.planned, (unsigned long long)sum.wrong);
}

/* --- flat ---------------------------------------------------------------------------- */

static void
fleet_issue(struct client *c, struct leaf_facts fleet[FLEET])
{
	for (size_t i = 0; i < FLEET; i++) {
		const char *names[] = {
			arena_printf(a, "n%zu.example.test", i % NAMES),
			arena_printf(a, "n%zu.example.test", (i % NAMES + 1 + i / NAMES) % NAMES),
		};
		struct issued issued = { 0 };

		if (!client_issue(c, scene.responder, names, 2, &issued)) {
			printf("Bail out! %s\n", client_why(c));
			exit(1);
		}
		fleet[i] = leaf_facts(a, issued.pem);
		EVP_PKEY_free(issued.key);
	}
}

static void
windows_are_flat(struct store *s, const struct leaf_facts fleet[FLEET])
{
	unsigned in[PARTS] = { 0 }, outside = 0, odd = 0, least = FLEET, most = 0;

	for (size_t i = 0; i < FLEET; i++) {
		struct renewal r = renewal_of(s, &fleet[i]);
		int64_t life = fleet[i].not_after - fleet[i].not_before;
		int64_t from = fleet[i].not_before + life / 2, until;
		int64_t middle = (r.start + r.end) / 2, half = (r.end - r.start) / 2;

		until = fleet[i].not_before + life * 66 / 100;
		outside += r.start < from || r.end > until;
		odd += r.end - r.start != life / 48 && r.end - r.start != (life + 1) / 48;
		from += half;
		until -= half;
		if (middle >= from && middle <= until)
			in[(middle - from) * PARTS / (until - from + 1)]++;
	}
	for (size_t i = 0; i < PARTS; i++) {
		least = in[i] < least ? in[i] : least;
		most = in[i] > most ? in[i] : most;
	}
	ok(outside == 0, "all windows lie in the band");
	ok(odd == 0, "each has a 48th of the lifetime");
	ok(least >= FLEET / PARTS / 2 && most <= FLEET / PARTS * 2, "%d certificates of one "
	   "minute: %u to %u in each tenth of the band", FLEET, least, most);
	ok(sum_loads(s).most <= 1, "and no two in one slot");
}

static void
test_flat(void)
{
	struct leaf_facts *fleet = arena_alloc(a, FLEET * sizeof(*fleet));
	struct client *c = member(&scene, "ES256");
	struct renewal_info info;
	struct store *s;
	struct renewal r;

	fleet_issue(c, fleet);
	s = store_of_scene();
	windows_are_flat(s, fleet);
	books_are_right(s, FLEET, "at first");
	r = renewal_of(s, &fleet[FLEET / 2]);
	serve_again(c, s);
	ok(info_get(c, fleet[FLEET / 2].certid, &info) == 200 && info.start == r.start &&
	   info.end == r.end, "a client is told that window");
	leave(c);
}

/* --- who follows whom ------------------------------------------------------------------ */

static struct leaf_facts
issue(struct client *c, const char *name, const char *replaces)
{
	struct leaf_facts l = issue_or_end(c, scene.responder, name, replaces), copy = l;

	copy.certid = arena_strdup(a, l.certid);
	copy.serial = arena_strdup(a, l.serial);
	copy.der = arena_strdup(a, l.der);
	return copy;
}

static void
revoke(struct client *c, const struct leaf_facts *l)
{
	client_post(c, client_url(c, "revoke-cert"), arena_printf(
		c->arena, "{\"certificate\":\"%s\"}", l->der));
	ok(c->reply.status == 200, "a certificate is revoked: %s", c->detail);
}

static void
test_successors(void)
{
	struct client *c = member(&scene, "ES256"), *other = member(&scene, "ES256");
	struct leaf_facts one = issue(c, "n1.example.test", NULL), two, three, four, foreign;
	struct leaf_facts gone = issue(c, "n2.example.test", NULL);
	struct store *s;

	two = issue(c, "n1.example.test", one.certid);
	three = issue(c, "n1.example.test", NULL);
	foreign = issue(other, "n1.example.test", NULL);
	four = issue(c, "n1.example.test", NULL);
	revoke(c, &gone);
	s = store_of_scene();
	ok(follows(s, &one, &two), "by `replaces`");
	ok(follows(s, &two, &three), "by the same names");
	ok(follows(s, &three, &four), "also behind another account's certificate");
	ok(awaited(s, &foreign) && awaited(s, &four), "nor does the next one follow that");
	ok(!awaited(s, &gone), "nobody waits for the renewal of a revoked one");
	books_are_right(s, FLEET + 2, "now");
	serve_again(c, s);
	ok(order_replacing(c, "n1.example.test", two.certid) == 201,
	   "who has a successor of the same names may still be replaced: %s", c->detail);
	order_replacing(c, "n1.example.test", one.certid);
	ok(c->reply.status == 409, "but not who was replaced: %d", c->reply.status);
	leave(other);
	leave(c);
}

/* --- certificates of versions that planned nothing -------------------------------------- */

static void
forget(struct store *s, const struct leaf_facts *l)
{
	struct serial serial = serial_of(l);
	struct edit *e = edit_begin(s);

	store_renewal_del(e, &serial);
	ok(edit_commit(e, NULL), "a certificate whose renewal is not planned");
}

static void
test_unplanned(void)
{
	struct client *c = member(&scene, "ES256");
	struct leaf_facts l = issue(c, "n5.example.test", NULL);
	struct store *s = store_of_scene();
	int64_t life = l.not_after + 1 - l.not_before, middle = l.not_after - life / 3;
	struct renewal_info info, again;
	struct renewal r;

	forget(s, &l);
	serve_again(c, s);
	ok(info_get(c, l.certid, &info) == 200 && info.start == middle - life / 100 &&
	   info.end == middle + life / 100, "its window stands around two thirds of its life");
	ok(order_replacing(c, "n5.example.test", l.certid) == 201, "it may be replaced: %s",
	   c->detail);
	order_replacing(c, "n5.example.test", l.certid);
	ok(c->reply.status == 409, "once: %d", c->reply.status);
	ok(info_get(c, l.certid, &again) == 200 && again.start == info.start &&
	   again.end == info.end, "its window is still the same");
	s = store_of_scene();
	r = renewal_of(s, &l);
	ok(!id_none(&r.order) && awaited(s, &l), "now it is known who replaces it");
	serve_again(c, s);
	leave(c);
}

/* --- options ---------------------------------------------------------------------------- */

static void
window_of(const char *what, const char *const *settings, double from, double until)
{
	struct leaf_facts l;
	struct renewal_info info;
	struct client *c;
	double life;

	if (!scene_begin(&scene, 0, settings))
		exit(1);
	c = member(&scene, "ES256");
	l = issue(c, "n0.example.test", NULL);
	life = (double)(l.not_after + 1 - l.not_before);
	ok(info_get(c, l.certid, &info) == 200, "%s: %d", what, c->reply.status);
	ok(info.start < info.end && (double)(info.start - l.not_before) >= life * from - 2 &&
	   (double)(info.end - l.not_before) <= life * until + 2,
	   "%s: the window from %.3f to %.3f of the life", what,
	   (double)(info.start - l.not_before) / life, (double)(info.end - l.not_before) / life);
	ok(info.end - info.start > 1, "it has %lld s", (long long)(info.end - info.start));
	ok(info.retry >= 60 && (double)info.retry <= life / 48 + 60, "asked for each %ld s",
	   info.retry);
	leave(c);
	scene_stop(&scene);
}

static void
test_options(void)
{
	window_of("20 to 40", (const char *const[]){ "renewal.from=20", "renewal.until=40", NULL },
		  .2, .4);
	window_of("no smoothing", (const char *const[]){ "renewal.smoothing=false", NULL },
		  .65, .68);
	window_of("six days", (const char *const[]){ "profile.default.lifetime=160h", NULL },
		  .5, .66);
	window_of("six hours", (const char *const[]){ "profile.default.lifetime=6h",
		  "profile.default.backdate=0s", NULL }, .5, .66);
	window_of("two minutes", (const char *const[]){ "profile.default.lifetime=2m",
		  "profile.default.backdate=0s", NULL }, .5, .66);
	window_of("two minutes without smoothing", (const char *const[]){
		  "profile.default.lifetime=2m", "profile.default.backdate=0s",
		  "renewal.smoothing=false", NULL }, .48, .52);
	/* Where its window should be it was not issued yet. */
	window_of("born old", (const char *const[]){ "profile.default.lifetime=6h",
		  "renewal.from=10", "renewal.until=11", NULL }, .16, .2);
}

int
main(void)
{
	a = arena_new();
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	test_flat();
	test_successors();
	test_unplanned();
	scene_stop(&scene);
	test_options();
	arena_free(a);
	return tap_done();
}

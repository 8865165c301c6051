/* SPDX-License-Identifier: Apache-2.0 */
/* acme_dated.c - a server that lives through the dated limits of the CA/Browser Forum: from a
 * year before the first one to behind the last one, with orders that are made before a boundary
 * and finalized in the second before it or in its first one. */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "tests/profiled.h"
#include "tests/stored.h"

#define DAY	 ((int64_t)86400)
#define HOUR	 ((int64_t)3600)
#define MINUTE	 ((int64_t)60)
#define BACKDATE HOUR
#define TRIES	 8		/* to do something within one second */
#define TLS	 ",\"profile\":\"tlsserver\""

static struct scene scene;
static struct client *c;
static EVP_PKEY *key;			/* of all certificates */

static int64_t
when(const char *text)
{
	int64_t t;

	if (!clock_parse(text, &t))
		abort();
	return t;
}

/* --- the clock ---------------------------------------------------------------------- */

/* A clock before the server is there. */
static void
begin_at(int64_t second)
{
	char ahead[32];

	snprintf(ahead, sizeof(ahead), "%lld\n", (long long)(second - time(NULL)));
	if (!stage_write(scene.dir, "ca.clock", ahead))
		abort();
}

/* --- orders ------------------------------------------------------------------------- */

/* An order for a name, proved if it has to be; no URL: it is refused. */
static struct client_order
made(const char *name, const char *more)
{
	order_with(c, arena_printf(c->arena, DNS("%s"), name), more);
	return order_proved(c, &scene);
}

/* Its certificate; NULL: it gets none. */
static const char *
issued(struct client_order *order, const char *name)
{
	return client_finalize(c, order, csr_of_names(c->arena, key, &name, 1)) ?
	       client_download(c, order->certificate) : NULL;
}

static void
lives(const char *pem, int days, const char *what)
{
	struct facts f = pem == NULL ? (struct facts){ 0 } : facts_of(pem);

	ok(pem != NULL && f.life == days * DAY, "%s: %lld days%s%s", what,
	   (long long)(f.life / DAY), pem == NULL ? ": " : "", pem == NULL ? client_why(c) : "");
}

/* --- one boundary ---------------------------------------------------------------------- */

static const struct boundary {
	const char	*date;		/* its first second */
	int		 before, after;	/* days that certificates live */
	int		 age;		/* of a proof, in days, that is too old from then on */
	int		 asks;		/* days from it to a notAfter that is too late then */
} boundaries[] = {
	{ "2026-03-15T00:00:00Z", 397, 199, 300, 250 },
	{ "2027-03-15T00:00:00Z", 199, 99, 150, 150 },
	{ "2029-03-15T00:00:00Z", 99, 46, 11, 60 },
};

struct prepared {
	const char		*fresh, *old;		/* names */
	struct client_order	 early[2 * TRIES];	/* for fresh, ready */
	struct client_order	 aged[2 * TRIES];	/* for old */
	struct client_order	 asking, fleet;		/* with notAfter; of another profile */
};

/* So long before that the proof is as old as it shall be, in whole days; it takes a moment. */
static void
prove_old(const struct boundary *b, struct prepared *p)
{
	struct client_order order;

	server_clock_at(scene.server, when(b->date) - b->age * DAY - MINUTE);
	order = made(p->old, TLS);
	is(status_of(c, order.url), "ready", arena_printf(
		c->arena, "%s is proved %d days before %s", p->old, b->age, b->date));
}

/* An hour before. */
static void
prepare(const struct boundary *b, struct prepared *p)
{
	int64_t then = when(b->date);

	server_clock_at(scene.server, then - HOUR);
	for (int i = 0; i < 2 * TRIES; i++) {
		p->early[i] = made(p->fresh, TLS);
		p->aged[i] = made(p->old, TLS);
	}
	is(p->aged[0].status, "ready", "the old proof serves an hour before");
	p->asking = made(p->fresh, arena_printf(c->arena, TLS ",\"notAfter\":\"%s\"", clock_print(
							 c->arena, then + b->asks * DAY)));
	ok(p->asking.url != NULL, "notAfter %d days from then may be asked for", b->asks);
	p->fleet = made(p->old, ",\"profile\":\"fleet\"");
}

/* What begins behind the boundary has the limit of then, though it is signed before. */
static void
test_not_before(const struct boundary *b, const struct prepared *p)
{
	int64_t then = when(b->date);
	struct client_order order;
	const char *from = clock_print(c->arena, then);

	order = made(p->fresh, arena_printf(c->arena, TLS ",\"notBefore\":\"%s\"", from));
	lives(issued(&order, p->fresh), b->after, "signed before, from the boundary on");
	order = made(p->fresh, arena_printf(c->arena, TLS ",\"notBefore\":\"%s\"", clock_print(
						     c->arena, then - 1)));
	lives(issued(&order, p->fresh), b->before, "from the second before it on");
	ok(made(p->fresh, arena_printf(
			c->arena, TLS ",\"notBefore\":\"%s\",\"notAfter\":\"%s\"", from,
			clock_print(c->arena, then + b->after * DAY - 1))).url != NULL,
	   "notAfter in the last second of the new limit");
	order_with(c, arena_printf(c->arena, DNS("%s"), p->fresh), arena_printf(
		c->arena, TLS ",\"notBefore\":\"%s\",\"notAfter\":\"%s\"", from,
		clock_print(c->arena, then + b->after * DAY)));
	told(c, 400, "malformed", "a second more is too late");
}

/* A certificate that is signed in that second: one of so many orders.  A second later it may be
 * refused. */
static const char *
signed_at(int64_t second, struct client_order *orders, const char *name)
{
	const char *pem = NULL;

	for (int i = 0; i < TRIES; i++) {
		server_clock_begins(scene.server, second);
		pem = issued(&orders[i], name);
		if (pem != NULL && facts_of(pem).begins + BACKDATE == second)
			break;
		printf("# not within the second: %s\n", pem == NULL ? client_why(c) : "");
	}
	ok(pem != NULL && facts_of(pem).begins + BACKDATE == second, "signed at %s%s%s",
	   clock_print(c->arena, second), pem == NULL ? ": " : "", pem == NULL ? client_why(c) :
	   "");
	return pem;
}

/* The status of an order that is made in that second. */
static const char *
made_at(int64_t second, const char *name, int64_t order_life)
{
	const char *status = "none";
	int64_t expires = 0;

	for (int i = 0; i < TRIES && expires - order_life != second; i++) {
		server_clock_begins(scene.server, second);
		order_with(c, arena_printf(c->arena, DNS("%s"), name), TLS);
		status = text(c->json, "status");
		if (status == NULL || !clock_parse(text(c->json, "expires"), &expires))
			return client_why(c);
	}
	ok(expires - order_life == second, "an order at %s", clock_print(c->arena, second));
	return status;
}

static void
test_before(const struct boundary *b, struct prepared *p)
{
	int64_t then = when(b->date);

	lives(signed_at(then - 1, p->early, p->fresh), b->before, "a second before");
	signed_at(then - 1, p->aged, p->old);
	is(made_at(then - 1, p->old, 30 * DAY), "ready", "the old proof serves a new order, too");
}

static void
test_after(const struct boundary *b, struct prepared *p)
{
	int64_t then = when(b->date);
	struct client_order *late = &p->aged[TRIES];
	const char *names[] = { p->old };
	const json_t *sub;

	lives(signed_at(then, &p->early[TRIES], p->fresh), b->after, "made before, signed then");
	is(made_at(then, p->old, 30 * DAY), "pending", "the old proof serves no new order");
	client_post(c, late->finalize, csr_payload(c, csr_of_names(c->arena, key, names, 1)));
	told(c, 403, "unauthorized", "nor one that was ready");
	sub = json_array_get(json_object_get(c->json, "subproblems"), 0);
	ok(strstr(c->detail, "too old for a certificate of profile tlsserver") != NULL &&
	   strstr(text(sub, "detail"), arena_printf(c->arena, "%d days ago", b->age)) != NULL,
	   "%s: %s", c->detail, text(sub, "detail"));
	is(status_of(c, late->url), "invalid", "which is invalid");
	ok(strstr(text(json_object_get(c->json, "error"), "detail"), "too old") != NULL,
	   "and tells why");
	names[0] = p->fresh;
	client_post(c, p->asking.finalize, csr_payload(c, csr_of_names(c->arena, key, names, 1)));
	told(c, 400, "malformed", "7.4 a notAfter of the old limit is not cut");
	ok(strstr(c->detail, "\"notAfter\" of the order is later than profile tlsserver") != NULL,
	   "%s", c->detail);
	is(status_of(c, p->asking.url), "invalid", "that order is invalid, too");
	lives(issued(&p->fleet, p->old), 47, "another profile asks neither for the date nor for "
	      "the proof's age");
}

static void
test_boundary(size_t i)
{
	struct prepared *p = arena_alloc(c->arena, sizeof(*p));

	p->fresh = arena_printf(c->arena, "n%zu.example.test", 2 * i);
	p->old = arena_printf(c->arena, "n%zu.example.test", 2 * i + 1);
	prove_old(&boundaries[i], p);
	prepare(&boundaries[i], p);
	test_not_before(&boundaries[i], p);
	test_before(&boundaries[i], p);
	test_after(&boundaries[i], p);
	client_clear(c);
}

static bool
begin(void)
{
	scene_prepare(&scene, 0);
	begin_at(when("2025-05-01T00:00:00Z"));
	if (!scene_serve(&scene, (const char *const[]){
			 "workers=2", "order.reuse=valid", "order.lifetime=30d",
			 "order.authz_lifetime=398d", NULL }))
		return false;
	c = visitor(&scene);
	/* Its own certificate is of the server's time. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c->trust), X509_V_FLAG_NO_CHECK_TIME);
	if (client_account(c, "ES256", AGREED))
		return true;
	printf("Bail out! no account: %s\n", client_why(c));
	return false;
}

/* What finalize refused was not even begun: nothing was to be signed, and then was not. */
static void
test_none_abandoned(void)
{
	struct store *s;
	struct view *v;

	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	s = server_store(c->arena, scene.server);
	v = view_open(s);
	ok(store_counts(v).n[COUNT_CERTS][CERT_ABANDONED] == 0, "no certificate was abandoned");
	view_close(v);
	store_close(s);
	ok(server_again(scene.server), "it starts again");
}

int
main(void)
{
#ifndef BREVET_FAULTS
	tap_skip("the dated limits", "built without --enable-faults");
	return tap_done();
#endif
	if (!begin())
		return 1;
	key = key_new("ES256");
	for (size_t i = 0; i < COUNT(boundaries); i++)
		test_boundary(i);
	EVP_PKEY_free(key);
	test_none_abandoned();
	leave(c);
	scene_stop(&scene);
	return tap_done();
}

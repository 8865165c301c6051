/* SPDX-License-Identifier: Apache-2.0 */
/* acme_rates.c - the rate limits of orders and certificates at their edges, over the wire: the
 * last request that passes, the first that is refused, and that the same one passes at the
 * moment that Retry-After names. */
#include <stdlib.h>

#include "tests/limited.h"

#define ONE   "n1.example.test"
#define TWO   "n2.example.test"
#define THREE "n3.example.test"

/* What was refused, at the moment that was named: refused a minute before, passes then.
 * False: no clock. */
static bool
passes_then(struct client *c, const char *names, long after, const char *what)
{
	ok(after > 120, "%s: in %ld s", what, after);
	if (!later(after - 60))
		return false;
	ok(limited_order(c, names) == 429, "%s: refused a minute before", what);
	limited_later(60);
	passes(c, names, "and passes then");
	return true;
}

/* --- orders ------------------------------------------------------------------------ */

static void
orders_survive(struct client *c, const char *what)
{
	ok(server_again(scene.server), "A-17 %s and a start", what);
	client_hang_up(c);
	refused(c, ONE, "new orders", what);
}

static void
test_orders(void)
{
	struct client *c, *other;
	long after;

	limited_begin((const char *const[]){ "limit.orders=3/1d", NULL });
	c = member(&scene, "ES256");
	other = member(&scene, "ES256");
	ok(limited_order(c, ONE) == 201 && limited_order(c, ONE) == 201, "two orders");
	ok(limited_authz(c, TWO) == 201, "a pre-authorization is the third");
	after = refused(c, ONE, "too many new orders of this account: the limit is 3/1d; the same "
			"request passes at 20", "A-17 the fourth");
	limited_authz(c, ONE);
	limited(c, "new orders", "nor another pre-authorization");
	passes(other, ONE, "another account has its own");
	ok(server_stop(scene.server) == 0, "a stop");
	orders_survive(c, "A-17 a stop");
	server_kill(scene.server);
	orders_survive(c, "A-17 kill -9");
	if (passes_then(c, ONE, after, "A-17 an order"))
		refused(c, ONE, "new orders", "and only one");
	leave(other);
	leave(c);
	scene_stop(&scene);
}

/* The page that refusals link to. */
static void
test_help(void)
{
	struct client *c;
	const char *help;

	limited_begin((const char *const[]){ "limit.orders=1/1d", "limit.failures=off", NULL });
	c = member(&scene, "ES256");
	limited_order(c, ONE);
	limited_order(c, ONE);
	help = reply_link(&c->reply, c->arena, "help", 0);
	ok(client_get(c, "GET", help) == 200, "Link help: %s", help);
	ok(strstr((const char *)c->reply.body.data, "\n1/1d         new orders") != NULL &&
	   strstr((const char *)c->reply.body.data, "\noff          failed") != NULL,
	   "the page has the rates");
	is(reply_only(&c->reply, "Content-Type"), "text/plain; charset=utf-8", "it is text");
	leave(c);
	scene_stop(&scene);
}

/* --- certificates ------------------------------------------------------------------ */

static void
test_names(void)
{
	struct client *c, *other;
	long after;

	limited_begin((const char *const[]){ "limit.names=2/1d", NULL });
	c = member(&scene, "ES256");
	other = member(&scene, "ES256");
	ok(limited_issue(c, ONE " " TWO), "a certificate");
	ok(limited_issue(other, TWO " " ONE " " TWO), "the same names by another account");
	after = refused(c, TWO " " ONE, "certificates for exactly these names: the limit is 2/1d",
			"a third for the same names");
	passes(c, ONE, "one of the names alone passes");
	passes(c, ONE " " TWO " " THREE, "one name more, too");
	passes_then(c, ONE " " TWO, after, "the same names");
	leave(other);
	leave(c);
	scene_stop(&scene);
}

/* Orders that passed while there was a token meet the limit again when they are finalized. */
static void
test_finalize(void)
{
	static const char *const name = ONE;
	struct client *c;
	struct client_order order[2];
	EVP_PKEY *key = key_new("ES256");
	struct blob csr;
	long after;

	limited_begin((const char *const[]){ "limit.names=1/1d", NULL });
	c = member(&scene, "ES256");
	csr = csr_of_names(c->arena, key, &name, 1);
	for (int i = 0; i < 2; i++)
		ok(client_order_new(c, &name, 1, &order[i]) &&
		   client_prove(c, scene.responder, order[i].authz[0]) != NULL, "a ready order");
	ok(client_finalize(c, &order[0], csr), "the first gets the last certificate");
	ok(!client_finalize(c, &order[1], csr), "the second does not");
	after = limited(c, "exactly these names", "the second");
	ok(client_order_get(c, order[1].url, &order[1]), "it is there still");
	is(order[1].status, "ready", "and ready");
	if (later(after))
		ok(client_finalize(c, &order[1], csr), "it gets its certificate then");
	EVP_PKEY_free(key);
	leave(c);
	scene_stop(&scene);
}

static void
test_name(void)
{
	struct client *c;
	long after;

	limited_begin((const char *const[]){ "limit.name=2/1d", NULL });
	c = member(&scene, "ES256");
	ok(limited_issue(c, ONE) && limited_issue(c, ONE " " TWO), "two certificates with a name");
	after = refused(c, THREE " " ONE, "too many certificates for " ONE ": the limit is 2/1d",
			"a third with that name");
	passes(c, TWO, "the other name passes");
	passes_then(c, THREE " " ONE, after, "the name");
	leave(c);
	scene_stop(&scene);
}

/* --- renewals ---------------------------------------------------------------------- */

/* 6 hours of life, of which one lies behind at the start: a third is over after an hour. */
static void
test_renewals(void)
{
	struct client *c;

	limited_begin((const char *const[]){ "limit.orders=1/30d", "limit.names=1/30d",
		      "limit.name=1/30d", "profile.default.lifetime=6h", NULL });
	c = member(&scene, "ES256");
	ok(limited_issue(c, ONE " " TWO), "a certificate that lives 6 hours");
	refused(c, ONE " " TWO, "the limit is 1/30d", "a second one at once");
	if (later(HOUR - 60)) {
		refused(c, ONE " " TWO, "", "one before a third of its life is over");
		limited_later(62);
		for (int i = 0; i < 5; i++) {
			ok(limited_issue(c, TWO " " ONE), "A-17 a renewal is free");
			refused(c, TWO " " ONE, "", "one of the renewed one, which is young,");
			limited_later(4 * HOUR);
		}
		refused(c, ONE, "", "one of its names, which is no renewal,");
	}
	leave(c);
	scene_stop(&scene);
}

/* What is begun and never finished does count. */
static void
test_unfinished(void)
{
	struct client *c, *other;

	limited_begin((const char *const[]){ "limit.renewals=2/1d", "profile.default.lifetime=6h",
		      NULL });
	c = member(&scene, "ES256");
	other = member(&scene, "ES256");
	ok(limited_issue(c, ONE) && limited_issue(c, TWO), "two certificates");
	if (later(HOUR + 2)) {
		passes(c, ONE, "a renewal is begun");
		passes(c, TWO, "another");
		refused(c, ONE, "too many unfinished renewals of this account: the limit is 2/1d",
			"a third");
		passes(c, THREE, "a new name is no matter of it");
		ok(limited_issue(other, TWO), "nor is another account");
		limited_later(12 * HOUR);
		ok(limited_issue(c, ONE), "one is free again, and finished");
		passes(c, TWO, "which gives it back");
		refused(c, TWO, "", "one more");
	}
	leave(other);
	leave(c);
	scene_stop(&scene);
}

/* --- what fails -------------------------------------------------------------------- */

static void
test_failures(void)
{
	struct client *c, *other;
	long after;

	limited_begin((const char *const[]){ "limit.failures=2/1d", NULL });
	c = member(&scene, "ES256");
	other = member(&scene, "ES256");
	fails(c, ONE, 1);
	ok(limited_issue(c, ONE), "a success between: failures are forgotten");
	fails(c, ONE, 2);
	after = refused(c, TWO " " ONE, "too many failed validations of " ONE ": the limit is 2/1d",
			"an order after two failures");
	passes(c, TWO, "another name passes");
	passes(other, ONE, "another account, too");
	passes_then(c, TWO " " ONE, after, "the name");
	leave(other);
	leave(c);
	scene_stop(&scene);
}

/* Long after the issuer's end nothing is signed: our own fault, so it costs nothing. */
static void
test_refunds(void)
{
	static const char *const name = ONE;
	EVP_PKEY *key = key_new("ES256");
	struct client *c;
	bool moved;

	limited_begin((const char *const[]){ "limit.orders=2/60d", "limit.names=1/60d",
		      "limit.name=1/60d", NULL });
	c = member(&scene, "ES256");
	moved = later((int64_t)30 * 365 * DAY);
	for (int i = 0; i < 4 && moved; i++) {
		struct client_order order;

		ok(client_order_new(c, &name, 1, &order) &&
		   client_prove(c, scene.responder, order.authz[0]) != NULL,
		   "A-17 an order, after %d that failed here", i);
		ok(!client_finalize(c, &order, csr_of_names(c->arena, key, &name, 1)) &&
		   c->reply.status == 200, "it comes to nothing");
		is(order.status, "invalid", "by our own fault");
	}
	if (moved) {
		passes(c, ONE, "A-17 refunded are as many as there were");
		passes(c, TWO, "two");
		refused(c, TWO, "new orders", "A-17 and no more");
	}
	EVP_PKEY_free(key);
	leave(c);
	scene_stop(&scene);
}

static void
test_longest(void)
{
	struct client *c;
	long after;

	limited_begin((const char *const[]){ "limit.orders=2/4d", "limit.failures=1/1h",
		      "limit.names=1/1d", NULL });
	c = member(&scene, "ES256");
	ok(limited_issue(c, ONE), "a certificate");
	fails(c, TWO, 1);
	after = refused(c, ONE, "new orders", "what two limits refuse");
	ok(after > DAY, "Retry-After is that of the longer one: %ld s", after);
	after = refused(c, TWO, "new orders", "what two others refuse");
	passes_then(c, ONE, after, "then it");
	leave(c);
	scene_stop(&scene);
}

int
main(void)
{
	test_orders();
	test_help();
	test_names();
	test_finalize();
	test_name();
	test_renewals();
	test_unfinished();
	test_failures();
	test_refunds();
	test_longest();
	return tap_done();
}

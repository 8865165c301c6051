/* SPDX-License-Identifier: Apache-2.0 */
/* acme_limits.c - each rate limit at its edge, over the wire: the last request that passes,
 * the first that is refused, and that it passes at the moment that Retry-After names. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/limited.h"
#include "tests/tap.h"

#define ONE "n1.example.test"
#define TWO "n2.example.test"

static void
ended(void)
{
	ok(limited_end() == 0, "the server ends with status 0");
}

static bool
later(int64_t seconds)
{
	if (limited_later(seconds))
		return true;
	tap_skip("a moment later", "built without --enable-faults");
	return false;
}

static long
refused(struct client *c, const char *detail, const char *what)
{
	long after = limited_wait(c, detail);

	ok(after >= 0, "%s is rateLimited: %s", what, client_why(c));
	return after;
}

static void
fails(struct client *c, const char *name)
{
	ok(limited_fail(c, name), "%s is not proved", name);
}

/* The same request at the moment that its refusal named: refused a minute before, passes
 * then.  False: no clock. */
static bool
passes_then(struct client *c, const char *names, long after, const char *what)
{
	ok(after > 120, "%s: in %ld s", what, after);
	if (!later(after - 60))
		return false;
	ok(limited_order(c, names) == 429, "%s: refused a minute before", what);
	limited_later(60);
	return ok(limited_order(c, names) == 201, "%s: passes then", what);
}

/* --- orders ------------------------------------------------------------------------ */

static void
orders_survive(struct client *c, const char *what)
{
	ok(server_again(scene.server), "A-17 %s and a start", what);
	client_hang_up(c);
	limited_order(c, ONE);
	refused(c, "new orders", what);
}

static void
test_orders(void)
{
	struct client *c, *other;
	long after;

	limited_begin((const char *const[]){ "limit.orders=3/1d", NULL });
	c = limited_client();
	other = limited_client();
	ok(limited_order(c, ONE) == 201 && limited_order(c, ONE) == 201, "two orders");
	ok(client_post(c, client_url(c, "new-authz"), "{\"identifier\":{\"type\":\"dns\",\"value\":\""
		       TWO "\"}}") == 201, "a pre-authorization is the third");
	limited_order(c, ONE);
	after = refused(c, "too many new orders of this account: the limit is 3/1d; the same "
			   "request passes at 20", "A-17 the fourth");
	client_post(c, client_url(c, "new-authz"), "{\"identifier\":{\"type\":\"dns\",\"value\":\"" ONE
		    "\"}}");
	refused(c, "new orders", "nor another pre-authorization");
	ok(limited_order(other, ONE) == 201, "another account has its own");
	ok(server_stop(scene.server) == 0, "a stop");
	orders_survive(c, "A-17 a stop");
	server_kill(scene.server);
	orders_survive(c, "A-17 kill -9");
	if (passes_then(c, ONE, after, "A-17 an order")) {
		limited_order(c, ONE);
		refused(c, "new orders", "and only one");
	}
	is(c->fault, "", "every reply was as it must be");
	client_close(other);
	client_close(c);
	ended();
}

/* The page that refusals link to. */
static void
test_help(void)
{
	struct client *c;
	const char *help;

	limited_begin((const char *const[]){ "limit.orders=1/1d", "limit.failures=off", NULL });
	c = limited_client();
	limited_order(c, ONE);
	limited_order(c, ONE);
	help = reply_link(&c->reply, c->arena, "help", 0);
	ok(client_get(c, "GET", help) == 200, "Link help: %s", help);
	ok(strstr((const char *)c->reply.body.data, "\n1/1d         new orders") != NULL &&
	   strstr((const char *)c->reply.body.data, "\noff          failed") != NULL,
	   "the page has the rates");
	is(reply_only(&c->reply, "Content-Type"), "text/plain; charset=utf-8", "it is text");
	client_close(c);
	ended();
}

/* --- certificates ------------------------------------------------------------------ */

static void
test_names(void)
{
	struct client *c, *other;
	long after;

	limited_begin((const char *const[]){ "limit.names=2/1d", NULL });
	c = limited_client();
	other = limited_client();
	ok(limited_issue(c, ONE " " TWO), "a certificate");
	ok(limited_issue(other, TWO " " ONE " " TWO), "the same names by another account");
	limited_order(c, TWO " " ONE);
	after = refused(c, "certificates for exactly these names: the limit is 2/1d",
			   "a third for the same names");
	ok(limited_order(c, ONE) == 201, "one of the names alone passes");
	ok(limited_order(c, ONE " " TWO " n3.example.test") == 201, "one name more, too");
	passes_then(c, ONE " " TWO, after, "the same names");
	client_close(other);
	client_close(c);
	ended();
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
	c = limited_client();
	csr = csr_of_names(c->arena, key, &name, 1);
	for (int i = 0; i < 2; i++)
		ok(client_order_new(c, &name, 1, &order[i]) &&
		   client_prove(c, scene.responder, order[i].authz[0]) != NULL, "an order is ready");
	ok(client_finalize(c, &order[0], csr), "the first gets the last certificate");
	ok(!client_finalize(c, &order[1], csr), "the second does not");
	after = refused(c, "exactly these names", "the second");
	ok(client_order_get(c, order[1].url, &order[1]), "it is there still");
	is(order[1].status, "ready", "and ready");
	if (later(after))
		ok(client_finalize(c, &order[1], csr), "it gets its certificate then");
	EVP_PKEY_free(key);
	client_close(c);
	ended();
}

static void
test_name(void)
{
	struct client *c;
	long after;

	limited_begin((const char *const[]){ "limit.name=2/1d", NULL });
	c = limited_client();
	ok(limited_issue(c, ONE) && limited_issue(c, ONE " " TWO), "two certificates with a name");
	limited_order(c, "n3.example.test " ONE);
	after = refused(c, "too many certificates for " ONE ": the limit is 2/1d",
			   "a third with that name");
	ok(limited_order(c, TWO) == 201, "the other name passes");
	passes_then(c, "n3.example.test " ONE, after, "the name");
	client_close(c);
	ended();
}

/* --- renewals ---------------------------------------------------------------------- */

/* 6 hours of life, of which one lies behind at the start: a third is over after an hour. */
static void
test_renewals(void)
{
	struct client *c;

	limited_begin((const char *const[]){ "limit.orders=1/30d", "limit.names=1/30d",
		      "limit.name=1/30d", "profile.default.lifetime=6h", NULL });
	c = limited_client();
	ok(limited_issue(c, ONE " " TWO), "a certificate that lives 6 hours");
	limited_order(c, ONE " " TWO);
	refused(c, "the limit is 1/30d", "no second one at once");
	if (later(HOUR - 60)) {
		ok(limited_order(c, ONE " " TWO) == 429, "nor before a third of its life is over");
		limited_later(62);
		for (int i = 0; i < 5; i++) {
			ok(limited_issue(c, TWO " " ONE), "A-17 a renewal is free");
			ok(limited_order(c, TWO " " ONE) == 429, "the renewed one is young again");
			limited_later(4 * HOUR);
		}
		ok(limited_order(c, ONE) == 429, "one of its names is no renewal");
	}
	client_close(c);
	ended();
}

/* What is begun and never finished does count. */
static void
test_unfinished(void)
{
	struct client *c, *other;

	limited_begin((const char *const[]){ "limit.renewals=2/1d", "profile.default.lifetime=6h",
		      NULL });
	c = limited_client();
	other = limited_client();
	ok(limited_issue(c, ONE) && limited_issue(c, TWO), "two certificates");
	if (later(HOUR + 2)) {
		ok(limited_order(c, ONE) == 201 && limited_order(c, TWO) == 201, "two renewals begun");
		limited_order(c, ONE);
		refused(c, "too many unfinished renewals of this account: the limit is 2/1d",
			   "a third");
		ok(limited_order(c, "n3.example.test") == 201, "a new name is no matter of it");
		ok(limited_issue(other, TWO), "nor is another account");
		limited_later(12 * HOUR);
		ok(limited_issue(c, ONE), "one is free again, and finished");
		ok(limited_order(c, TWO) == 201, "which gives it back");
		ok(limited_order(c, TWO) == 429, "but once");
	}
	client_close(other);
	client_close(c);
	ended();
}

/* --- what fails -------------------------------------------------------------------- */

static void
test_failures(void)
{
	struct client *c, *other;
	long after;

	limited_begin((const char *const[]){ "limit.failures=2/1d", NULL });
	c = limited_client();
	other = limited_client();
	fails(c, ONE);
	ok(limited_issue(c, ONE), "a success between: failures are forgotten");
	fails(c, ONE);
	fails(c, ONE);
	limited_order(c, TWO " " ONE);
	after = refused(c, "too many failed validations of " ONE ": the limit is 2/1d",
			   "after two failures");
	ok(limited_order(c, TWO) == 201, "another name passes");
	ok(limited_order(other, ONE) == 201, "another account, too");
	passes_then(c, TWO " " ONE, after, "the name");
	client_close(other);
	client_close(c);
	ended();
}

/* Long after the issuer's end nothing is signed: our own fault, so it costs nothing. */
static void
test_refunds(void)
{
	static const char *const name = ONE;
	EVP_PKEY *key = key_new("ES256");
	struct client *c;

	limited_begin((const char *const[]){ "limit.orders=2/60d", "limit.names=1/60d",
		      "limit.name=1/60d", NULL });
	c = limited_client();
	for (int i = 0; i < 4 && (i > 0 || later((int64_t)30 * 365 * DAY)); i++) {
		struct client_order order;

		ok(client_order_new(c, &name, 1, &order) &&
		   client_prove(c, scene.responder, order.authz[0]) != NULL,
		   "A-17 an order, after %d that failed here", i);
		ok(!client_finalize(c, &order, csr_of_names(c->arena, key, &name, 1)) &&
		   c->reply.status == 200, "it comes to nothing");
		is(order.status, "invalid", "by our own fault");
	}
	if (server_clock(scene.server, (int64_t)30 * 365 * DAY)) {
		ok(limited_order(c, ONE) == 201 && limited_order(c, TWO) == 201,
		   "A-17 refunded are as many as there were");
		ok(limited_order(c, TWO) == 429, "A-17 and no more");
	}
	EVP_PKEY_free(key);
	client_close(c);
	ended();
}

/* --- addresses --------------------------------------------------------------------- */

static void
test_accounts(void)
{
	struct client *c, *none;
	long after;

	limited_begin((const char *const[]){ "limit.accounts=2/1d", "limit.exempt=", NULL });
	c = limited_client();
	client_close(limited_client());
	none = client_open(scene.server->url, scene.server->root);
	ok(!client_account(none, "ES256", "{}"), "a third account");
	after = refused(none, "too many new accounts from this network: the limit is 2/1d",
			   "a third account");
	ok(client_account(c, NULL, "{}") && c->reply.status == 200, "one that is known is found");
	if (later(after - 60)) {
		ok(!client_account(none, NULL, "{}"), "refused a minute before");
		limited_later(60);
		ok(client_account(none, NULL, "{}") && none->reply.status == 201, "passes then");
	}
	client_close(none);
	client_close(c);
	ended();
}

static unsigned
gets(struct client *c, unsigned tries)
{
	unsigned n = 0;

	while (n < tries && client_get(c, "GET", scene.server->url) == 200)
		n++;
	return n;
}

static void
test_requests(void)
{
	struct client *c;
	const char *nonce;
	unsigned n;
	long after;

	limited_begin((const char *const[]){ "limit.requests=20/40s", "limit.exempt=", NULL });
	c = client_open(scene.server->url, scene.server->root);
	n = gets(c, 100);
	ok(n >= 20 && n <= 22, "20 requests and few more: %u", n);
	after = refused(c, "too many requests from this address: the limit is 20/40s",
			   "the next");
	nonce = arena_strdup(c->arena, c->nonce);
	ok(after >= 1 && after <= 2 && *nonce != '\0', "in %ld s, with a nonce", after);
	sleep((unsigned)after);
	ok(gets(c, 1) == 1, "passes then");
	is(c->fault, "", "every reply was as it must be");
	client_close(c);
	ended();

	limited_begin((const char *const[]){ "limit.requests=20/1h", "limit.accounts=1/1h", NULL });
	c = limited_client();
	ok(gets(c, 50) == 50, "addresses that are exempt go on");
	client_close(limited_client());
	client_close(c);
	ended();
}

/* --- several, and none -------------------------------------------------------------- */

static void
test_longest(void)
{
	struct client *c;
	long after;

	limited_begin((const char *const[]){ "limit.orders=1/1h", "limit.failures=1/2d",
		      "limit.name=1/1d", NULL });
	c = limited_client();
	fails(c, ONE);
	limited_order(c, ONE);
	after = refused(c, "failed validations", "two limits: the one that lasts longer");
	ok(after > DAY, "is what Retry-After names: %ld s", after);
	passes_then(c, ONE, after, "then it");
	client_close(c);
	ended();
}

static void
test_disabled(void)
{
	struct client *c;

	limited_begin((const char *const[]){ "limit.enabled=false", "limit.orders=1/1d",
		      "limit.names=1/1d", "limit.name=1/1d", "limit.failures=1/1d",
		      "limit.accounts=1/1d", "limit.requests=1/1d", "limit.exempt=", NULL });
	c = limited_client();
	fails(c, ONE);
	fails(c, ONE);
	ok(limited_issue(c, ONE) && limited_issue(c, ONE), "limit.enabled = false: none holds");
	client_get(c, "GET", arena_printf(c->arena, "%s/help/limits", c->base));
	ok(strstr((const char *)c->reply.body.data, "no rate limits just now") != NULL,
	   "and the page says so");
	client_close(c);
	ended();
}

static void
test_off(void)
{
	struct client *c;

	limited_begin((const char *const[]){ "limit.orders=off", "limit.names=off",
		      "limit.name=off", "limit.failures=off", "limit.accounts=off",
		      "limit.requests=off", "limit.renewals=off", "limit.exempt=", NULL });
	c = limited_client();
	fails(c, ONE);
	ok(limited_issue(c, ONE) && limited_issue(c, ONE), "all of them off: none holds");
	client_close(c);
	ended();
}

/* --- many at once ------------------------------------------------------------------ */

#define CLIENTS 8
#define TRIES	10

static struct client *owner;
static atomic_uint made, limited;

static void *
order_often(void *arg)
{
	struct client *c = client_open(scene.server->url, scene.server->root);

	(void)arg;
	EVP_PKEY_up_ref(owner->key);
	c->key = owner->key;
	snprintf(c->kid, sizeof(c->kid), "%s", owner->kid);
	for (int i = 0; i < TRIES; i++) {
		int status = limited_order(c, ONE);

		atomic_fetch_add(&made, status == 201);
		atomic_fetch_add(&limited, status == 429);
	}
	client_close(c);
	return NULL;
}

static void
test_parallel(void)
{
	pthread_t threads[CLIENTS];

	limited_begin((const char *const[]){ "limit.orders=30/10d", "workers=2", NULL });
	owner = limited_client();
	for (int i = 0; i < CLIENTS; i++)
		if (pthread_create(&threads[i], NULL, order_often, NULL) != 0)
			abort();
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	ok(made == 30 && limited == CLIENTS * TRIES - 30, "A-17 %d orders at once, 30 may pass: %u do",
	   CLIENTS * TRIES, (unsigned)made);
	client_close(owner);
	ended();
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
	test_accounts();
	test_requests();
	test_longest();
	test_disabled();
	test_off();
	test_parallel();
	return tap_done();
}

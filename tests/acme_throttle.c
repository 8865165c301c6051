/* SPDX-License-Identifier: Apache-2.0 */
/* acme_throttle.c - rate limits by address, over the wire; limits that are off; many clients at
 * one limit at once. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/limited.h"

#define ONE "n1.example.test"

/* --- addresses --------------------------------------------------------------------- */

static void
test_accounts(void)
{
	struct client *c, *none;
	long after;

	limited_begin((const char *const[]){ "limit.accounts=2/1d", "limit.exempt=", NULL });
	c = member(&scene, "ES256");
	leave(member(&scene, "ES256"));
	none = visitor(&scene);
	ok(!client_account(none, "ES256", "{}"), "two accounts, no third");
	after = limited(none, "too many new accounts from this network: the limit is 2/1d",
			"the third");
	ok(client_account(c, NULL, "{}") && c->reply.status == 200, "one that is known is found");
	if (later(after - 60)) {
		ok(!client_account(none, NULL, "{}"), "refused a minute before");
		limited_later(60);
		ok(client_account(none, NULL, "{}") && none->reply.status == 201, "passes then");
	}
	leave(none);
	leave(c);
	scene_stop(&scene);
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
	unsigned n;
	long after;

	limited_begin((const char *const[]){ "limit.requests=20/40s", "limit.exempt=", NULL });
	c = visitor(&scene);
	n = gets(c, 100);
	ok(n >= 20 && n <= 22, "20 requests and few more: %u", n);
	after = limited(c, "too many requests from this address: the limit is 20/40s", "the next");
	ok(after >= 1 && after <= 2 && *c->nonce != '\0', "in %ld s, with a nonce", after);
	sleep(after > 0 ? (unsigned)after : 1);
	ok(gets(c, 1) == 1, "passes then");
	leave(c);
	scene_stop(&scene);
}

static void
test_exempt(void)
{
	struct client *c;

	limited_begin((const char *const[]){ "limit.requests=20/1h", "limit.accounts=1/1h",
		      "limit.exempt=192.0.2.0/24 127.0.0.1", NULL });
	c = member(&scene, "ES256");
	ok(gets(c, 50) == 50, "addresses that are exempt go on");
	leave(member(&scene, "ES256"));
	leave(c);
	scene_stop(&scene);
}

/* --- none -------------------------------------------------------------------------- */

static void
test_disabled(void)
{
	struct client *c;

	limited_begin((const char *const[]){ "limit.enabled=false", "limit.orders=1/1d",
		      "limit.names=1/1d", "limit.name=1/1d", "limit.failures=1/1d",
		      "limit.accounts=1/1d", "limit.requests=1/1d", "limit.exempt=", NULL });
	c = member(&scene, "ES256");
	fails(c, ONE, 2);
	ok(limited_issue(c, ONE) && limited_issue(c, ONE), "limit.enabled = false: none holds");
	client_get(c, "GET", arena_printf(c->arena, "%s/help/limits", c->base));
	ok(strstr((const char *)c->reply.body.data, "no rate limits just now") != NULL,
	   "and the page says so");
	leave(c);
	scene_stop(&scene);
}

static void
test_off(void)
{
	struct client *c;

	limited_begin((const char *const[]){ "limit.orders=off", "limit.names=off",
		      "limit.name=off", "limit.failures=off", "limit.accounts=off",
		      "limit.requests=off", "limit.renewals=off", "limit.exempt=", NULL });
	c = member(&scene, "ES256");
	fails(c, ONE, 1);
	ok(limited_issue(c, ONE) && limited_issue(c, ONE), "all of them off: none holds");
	leave(c);
	scene_stop(&scene);
}

/* --- many at once ------------------------------------------------------------------ */

#define CLIENTS 8
#define TRIES	10
#define LIMIT	30

static atomic_uint made, turned_away;

static void *
order_often(void *arg)
{
	struct client *c = arg;

	for (int i = 0; i < TRIES; i++) {
		int status = limited_order(c, ONE);

		atomic_fetch_add(&made, status == 201);
		atomic_fetch_add(&turned_away, status == 429);
	}
	return NULL;
}

static void
test_parallel(void)
{
	struct client *owner, *clients[CLIENTS];
	pthread_t threads[CLIENTS];

	limited_begin((const char *const[]){ "limit.orders=30/10d", "workers=2", NULL });
	owner = member(&scene, "ES256");
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = twin(&scene, owner);
	for (int i = 0; i < CLIENTS; i++)
		if (pthread_create(&threads[i], NULL, order_often, clients[i]) != 0)
			abort();
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(threads[i], NULL);
		leave(clients[i]);
	}
	ok(made == LIMIT && turned_away == CLIENTS * TRIES - LIMIT,
	   "A-17 %d orders at once, %d may pass: %u do", CLIENTS * TRIES, LIMIT, (unsigned)made);
	leave(owner);
	scene_stop(&scene);
}

int
main(void)
{
	test_accounts();
	test_requests();
	test_exempt();
	test_disabled();
	test_off();
	test_parallel();
	return tap_done();
}

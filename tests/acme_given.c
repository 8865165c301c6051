/* SPDX-License-Identifier: Apache-2.0 */
/* acme_given.c - rates that the operator gives to one account or binding: brevet limit. */
#include <stdlib.h>

#include "tests/bind.h"
#include "tests/limited.h"

#define ONE "n1.example.test"

static void
sets(struct client *c, const char *limit, int status, const char *says)
{
	runs(c, words(c, "limit set --account", limit), status, says);
}

static void
test_own(void)
{
	struct client *c = member(&scene, "ES256"), *other = member(&scene, "ES256");

	passes(c, ONE, "the first of two orders");
	passes(c, ONE, "the second");
	ok(limited_order(c, ONE) == 429, "the third is refused");
	sets(c, "orders 4/1d", 0, "set");
	passes(c, ONE, "raised to four: two of them are left");
	passes(c, ONE, "that was one");
	ok(limited_order(c, ONE) == 429 && limited_wait(c, "the limit is 4/1d") > 0,
	   "the fifth is refused: %s", c->detail);
	sets(c, "orders off", 0, "set");
	passes(c, ONE, "off: no limit");
	passes(c, ONE, "none at all");
	runs(c, "limit list", 0, arena_printf(c->arena, "orders     off           of account %s",
					      limited_id(c)));
	runs(c, "limit list --json", 0, "\"limit\": \"orders\"");
	runs(c, "limit list", 0, "orders     2/1d          new orders and pre-authorizations");
	passes(other, ONE, "another account has the default");
	passes(other, ONE, "which is two");
	ok(limited_order(other, ONE) == 429, "and no more");
	sets(c, "orders default", 0, "set");
	server_kill(scene.server);
	ok(server_again(scene.server), "kill -9 and a start");
	client_hang_up(c);
	passes(c, ONE, "default: a rate that was changed leaves at least one");
	ok(limited_order(c, ONE) == 429, "but no more");
	leave(other);
	leave(c);
}

/* Who has a rate of his own for certificates does not share with others. */
static void
test_own_names(void)
{
	struct client *c = member(&scene, "ES256"), *other = member(&scene, "ES256");

	ok(limited_issue(other, ONE), "the only certificate of the day for a name");
	ok(limited_order(c, ONE) == 429, "not for another account either");
	sets(c, "names 2/1d", 0, "set");
	ok(limited_issue(c, ONE) && limited_issue(c, ONE), "with a rate of its own it has two");
	ok(limited_order(c, ONE) == 429, "and no third");
	leave(other);
	leave(c);
}

static void
test_set_wrong(void)
{
	struct client *c = member(&scene, "ES256");

	sets(c, "orders 300", 1, "\"300\" is not a rate: write 300/3h, off or default");
	sets(c, "things 1/1d", 1, "\"things\" is no limit of an account: use orders, renewals, "
	     "name, names or failures");
	sets(c, "requests 1/1d", 1, "is no limit of an account");
	sets(c, "accounts 1/1d", 1, "is no limit of an account");
	sets(c, "orders default", 1, "it has the default already");
	sets(c, "orders", 2, "set --account ID | --binding ID");
	sets(c, "orders 1/1d --binding x", 2, "set --account ID | --binding ID");
	sets(c, "orders 1/1d --json", 2, "set --account ID | --binding ID");
	runs(c, "limit set --account " LIMITED_NOBODY " orders 1/1d", 1, "no such account");
	runs(c, "limit set --binding " LIMITED_NOBODY " orders 1/1d", 1, "no such binding");
	runs(c, "limit set --binding x orders 1/1d", 1, "is not the id of a binding; \"brevet eab");
	runs(c, "limit set orders 1/1d", 2, "set --account ID | --binding ID");
	runs(c, "limit list --account x", 2, "set --account ID | --binding ID");
	leave(c);
}

/* Accounts of a binding share nothing but its rates; one's own goes before. */
static void
test_binding(void)
{
	struct binding_key key = eab_add(scene.server, "--uses unlimited");
	struct client *c = visitor(&scene), *other = visitor(&scene);
	struct client *free = member(&scene, "ES256");

	runs(c, arena_printf(c->arena, "limit set --binding %s orders 1/1d", key.kid), 0, "set");
	runs(c, arena_printf(c->arena, "limit set --binding %s accounts 2/1d", key.kid), 0, "set");
	runs(c, "limit list", 0, arena_printf(c->arena, "accounts   2/1d          of binding %s",
					      key.kid));
	ok(eab_register(c, &key) == 201 && eab_register(other, &key) == 201, "its two accounts");
	passes(c, ONE, "the only order of one");
	passes(other, ONE, "the only order of the other");
	refused(c, ONE, "the limit is 1/1d", "one more");
	sets(other, "orders 2/1d", 0, "set");
	passes(other, ONE, "a rate of the account goes before");
	passes(free, ONE, "who has no binding has the default");
	passes(free, ONE, "which is two");
	eab_register(free, &key);
	limited(free, "new accounts from this network: the limit is 2/1d", "a third account of it");
	leave(other);
	leave(c);
	ok(client_account(free, "ES256", AGREED), "others may register");
	leave(free);
}

int
main(void)
{
	limited_begin((const char *const[]){ "limit.orders=2/1d", NULL });
	test_own();
	test_set_wrong();
	scene_stop(&scene);
	limited_begin((const char *const[]){ "limit.orders=2/1d", "limit.exempt=",
		      "directory.default.eab=optional", NULL });
	test_binding();
	scene_stop(&scene);
	limited_begin((const char *const[]){ "limit.names=1/1d", NULL });
	test_own_names();
	scene_stop(&scene);
	return tap_done();
}

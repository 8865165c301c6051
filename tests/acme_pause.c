/* SPDX-License-Identifier: Apache-2.0 */
/* acme_pause.c - who gets no new orders: accounts and names that the operator pauses, a name
 * that an account has failed to prove for days; and rates that the operator gives. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/limited.h"

#define ONE "n1.example.test"
#define TWO "n2.example.test"
#define NOBODY "AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw"	/* an id, but nobody's */

/* No order, and no moment that ends it. */
static void
stays(struct client *c, const char *names, const char *detail)
{
	long after = refused(c, names, detail, "an order");

	ok(after == 0, "without Retry-After");
}

/* brevet ARGUMENTS: its exit status, and that it says this. */
static void
runs(struct client *c, const char *arguments, int status, const char *says)
{
	const char *said;
	int is = limited_run(c, arguments, &said);

	if (!ok(is == status && strstr(said, says) != NULL, "brevet %s: %d, \"%s\"", arguments,
		status, says))
		printf("# %d, %s\n", is, said);
}

static const char *
words(struct client *c, const char *before, const char *after)
{
	return arena_printf(c->arena, "%s %s %s", before, limited_id(c), after);
}

/* --- the operator pauses ------------------------------------------------------------ */

static void
test_account(void)
{
	static const char *const name = ONE;
	EVP_PKEY *key = key_new("ES256");
	struct client *c = member(&scene, "ES256"), *other = member(&scene, "ES256");
	struct client_order order;

	ok(client_order_new(c, &name, 1, &order), "an order");
	runs(c, words(c, "account pause", "--why \"it asks too often\""), 0, "paused");
	stays(c, ONE, arena_printf(c->arena, "account %s is paused since 20", limited_id(c)));
	stays(c, ONE, "(it asks too often): once it is mended, ask the CA's operator to resume");
	ok(limited_authz(c, ONE) == 429, "nor a pre-authorization");
	passes(other, ONE, "another account is none of it");
	ok(client_prove(c, scene.responder, order.authz[0]) != NULL &&
	   client_finalize(c, &order, csr_of_names(c->arena, key, &name, 1)),
	   "the order that it has goes on");
	ok(client_account(c, NULL, "{\"onlyReturnExisting\":true}"), "and it is an account");
	runs(c, "account list", 0, "  paused since 20");
	runs(c, words(c, "account show", ""), 0, ": it asks too often");
	runs(c, words(c, "account pause", ""), 1, "it is paused already, since 20");
	server_kill(scene.server);
	ok(server_again(scene.server), "kill -9 and a start");
	client_hang_up(c);
	stays(c, ONE, "is paused since");
	runs(c, words(c, "account resume", ""), 0, "resumed");
	passes(c, ONE, "resumed: an order");
	runs(c, words(c, "account resume", ""), 1, "it is not paused");
	EVP_PKEY_free(key);
	leave(other);
	leave(c);
}

static void
test_account_name(void)
{
	struct client *c = member(&scene, "ES256"), *other = member(&scene, "ES256");

	runs(c, words(c, "account pause", "--name " ONE), 0, "paused");
	stays(c, TWO " " ONE, arena_printf(c->arena, ONE " of account %s is paused since",
					     limited_id(c)));
	stays(c, "*." ONE, "is paused since");
	stays(c, "N1.Example.TEST", "is paused since");
	passes(c, TWO, "another name passes");
	passes(other, ONE, "another account, too");
	runs(c, "account list", 0, "  " ONE " paused since 20");
	runs(c, "name list", 0, arena_printf(c->arena, ONE "  of account %s  paused since",
					     limited_id(c)));
	runs(c, words(c, "account resume", "--name " TWO), 1, "it is not paused");
	runs(c, words(c, "account resume", "--name N1.example.TEST"), 0, "resumed");
	passes(c, ONE, "resumed: an order");
	runs(c, words(c, "account pause", "--name " ONE), 0, "paused");
	runs(c, words(c, "account pause", "--name " TWO), 0, "paused");
	runs(c, words(other, "account resume", ""), 1, "it is not paused");
	runs(c, words(c, "account resume", ""), 0, "resumed");
	passes(c, ONE " " TWO, "the account is resumed with all its names");
	leave(other);
	leave(c);
}

static void
test_name(void)
{
	struct client *c = member(&scene, "ES256"), *other = member(&scene, "ES256");

	runs(c, "name pause *.N1.example.test --why \"moved to another CA\"", 0, "paused");
	stays(c, ONE, ONE " is paused since 20");
	stays(other, TWO " *." ONE, "(moved to another CA)");
	passes(other, TWO, "another name passes");
	runs(c, "name list", 0, ONE "  paused since");
	runs(c, "name resume " TWO, 1, "it is not paused");
	runs(c, "name resume " ONE, 0, "resumed");
	passes(c, ONE, "resumed: an order");
	runs(c, "name pause 192.0.2.7", 0, "paused");
	client_post(c, client_url(c, "new-order"),
		    "{\"identifiers\":[{\"type\":\"ip\",\"value\":\"192.0.2.7\"}]}");
	ok(limited_wait(c, "192.0.2.7 is paused") == 0, "an address likewise: %s", c->detail);
	runs(c, "name resume 192.0.2.7", 0, "resumed");
	leave(other);
	leave(c);
}

static void
test_wrong(void)
{
	struct client *c = member(&scene, "ES256");
	char why[202];

	memset(why, 'w', 201);
	why[201] = '\0';
	runs(c, "account pause nobody", 1, "is not the id of an account; \"brevet account list\"");
	runs(c, "account pause " NOBODY, 1, "no such account");
	runs(c, "account pause", 2, "pause ID");
	runs(c, words(c, "account show", "--name x"), 2, "pause ID");
	runs(c, words(c, "account resume", "--why x"), 2, "pause ID");
	runs(c, words(c, "account pause", "--name a..b"), 1, "is not a DNS name");
	runs(c, words(c, "account pause", arena_printf(c->arena, "--why %s", why)), 1,
	     "why is longer than 200 octets");
	runs(c, "name pause", 2, "pause NAME");
	runs(c, "name list more", 2, "pause NAME");
	runs(c, "name resume x --why y", 2, "pause NAME");
	runs(c, "name pause a_b.example", 1, "is not a DNS name");
	leave(c);
}

/* --- failures pause ----------------------------------------------------------------- */

/* The log may be a moment late. */
static bool
logged(long from, const char *event)
{
	for (int i = 0; i < 100; i++) {
		if (server_event(scene.server, from, event, "none") == 0)
			return true;
		usleep(50000);
	}
	return false;
}

/* Three failures, and two days since the first one. */
static void
test_failing(void)
{
	struct client *c = member(&scene, "ES256"), *other = member(&scene, "ES256");
	long log = server_log_size(scene.server);

	fails(c, ONE, 3);
	passes(c, ONE, "three failures in a day pause nobody");
	if (!later(2 * DAY - 60))
		goto out;
	fails(c, ONE, 1);
	passes(c, ONE, "nor before two days are over");
	later(120);
	fails(c, ONE, 1);
	stays(c, ONE, arena_printf(c->arena, ONE " of account %s is paused since",
				   limited_id(c)));
	stays(c, "*." ONE, "(its validations have failed for days): once it is mended");
	ok(logged(log, "paused"), "the log tells of it");
	passes(c, TWO, "another name passes");
	passes(other, ONE, "another account, too");
	later(90 * (int64_t)DAY);
	stays(c, ONE, "is paused since");
	runs(c, words(c, "account resume", "--name " ONE), 0, "resumed");
	fails(c, ONE, 3);
	passes(c, ONE, "resumed: what failed before is forgotten");
out:
	leave(other);
	leave(c);
}

static void
test_forgotten(void)
{
	struct client *c = member(&scene, "ES256");

	fails(c, ONE, 3);
	if (later(DAY)) {
		ok(limited_issue(c, ONE), "a success");
		later(DAY - HOUR);
		fails(c, ONE, 2);
		later(2 * HOUR);
		fails(c, ONE, 1);
		passes(c, ONE, "days before a success do not count");
		later(30 * (int64_t)DAY);
		fails(c, ONE, 3);
		passes(c, ONE, "nor do those before a month without any try");
		later(DAY);
		fails(c, ONE, 1);
		later(DAY + 60);
		fails(c, ONE, 1);
		stays(c, ONE, "is paused since");
	}
	leave(c);
}

/* What the operator has paused keeps his reason. */
static void
test_both(void)
{
	static const char *const name = ONE;
	struct client_order order[5];
	struct client *c = member(&scene, "ES256");

	for (int i = 0; i < 5; i++)
		ok(client_order_new(c, &name, 1, &order[i]), "an order");
	runs(c, words(c, "account pause", "--name " ONE " --why \"told by phone\""), 0, "paused");
	for (int i = 0; i < 3; i++)
		is(client_prove(c, NULL, order[i].authz[0]), "invalid", "it fails");
	if (later(DAY)) {
		is(client_prove(c, NULL, order[3].authz[0]), "invalid", "a day later it does");
		later(DAY + 60);
		is(client_prove(c, NULL, order[4].authz[0]), "invalid", "and so it goes on");
		stays(c, ONE, "(told by phone)");
	}
	leave(c);
}

/* --- rates that the operator gives -------------------------------------------------- */

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
	runs(c, "limit set --account " NOBODY " orders 1/1d", 1, "no such account");
	runs(c, "limit set --binding " NOBODY " orders 1/1d", 1, "no such binding");
	runs(c, "limit set --binding x orders 1/1d", 1, "is not the id of a binding; \"brevet eab");
	runs(c, "limit set orders 1/1d", 2, "set --account ID | --binding ID");
	runs(c, "limit list --account x", 2, "set --account ID | --binding ID");
	leave(c);
}

int
main(void)
{
	/* Pauses hold whether limits do or not. */
	limited_begin((const char *const[]){ "limit.enabled=false", NULL });
	test_account();
	test_account_name();
	test_name();
	test_wrong();
	scene_stop(&scene);
	limited_begin((const char *const[]){ "limit.pause_after=2d", "limit.pause_failures=3",
		      "limit.failures=off", NULL });
	test_failing();
	scene_stop(&scene);
	limited_begin((const char *const[]){ "limit.pause_after=2d", "limit.pause_failures=3",
		      "limit.failures=off", NULL });
	test_forgotten();
	test_both();
	scene_stop(&scene);
	limited_begin((const char *const[]){ "limit.orders=2/1d", NULL });
	test_own();
	test_set_wrong();
	scene_stop(&scene);
	limited_begin((const char *const[]){ "limit.names=1/1d", NULL });
	test_own_names();
	scene_stop(&scene);
	return tap_done();
}

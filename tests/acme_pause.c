/* SPDX-License-Identifier: Apache-2.0 */
/* acme_pause.c - who gets no new orders: accounts and names that the operator pauses, a name
 * that an account has failed to prove for days. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/limited.h"

#define ONE "n1.example.test"
#define TWO "n2.example.test"

/* No order, and no moment that ends it. */
static void
stays(struct client *c, const char *names, const char *detail)
{
	long after = refused(c, names, detail, "an order");

	ok(after == 0, "without Retry-After");
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
	runs(c, "account pause " LIMITED_NOBODY, 1, "no such account");
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
	for (int i = 0; i < 600; i++) {
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
	return tap_done();
}

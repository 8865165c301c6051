/* SPDX-License-Identifier: Apache-2.0 */
/* acme_ari_limits.c - A-17: orders that replace a certificate are free of rate limits (RFC 9773
 * section 5), the first one to name it at least; pauses hold for them, too. */

#include "tests/ari.h"
#include "tests/limited.h"

#define ONE   "n1.example.test"
#define TWO   "n2.example.test"
#define THREE "n3.example.test"

static void
replaces(struct client *c, const char *name, const char *certid, const char *what)
{
	if (!ok(order_replacing(c, name, certid) == 201, "%s", what))
		printf("# %s\n", client_why(c));
}

/* --- free ----------------------------------------------------------------------------- */

/* Each limit lets one pass. */
#define TIGHT "limit.orders=1/1d", "limit.renewals=1/1d", "limit.name=1/1d", \
	      "limit.names=1/1d", "limit.failures=1/1d"

static void
test_free(void)
{
	struct client *c;
	struct leaf_facts first, next;

	limited_begin((const char *const[]){ TIGHT, NULL });
	c = member(&scene, "ES256");
	first = issue_or_end(c, scene.responder, ONE, NULL);
	refused(c, ONE, "too many ", "A-17 another order");
	next = issue_or_end(c, scene.responder, ONE, first.certid);
	next = issue_or_end(c, scene.responder, ONE, next.certid);
	ok(issue_or_end(c, scene.responder, ONE, next.certid).not_after > 0,
	   "three renewals in a row pass all limits");
	refused(c, ONE, "too many ", "A-17 an order that replaces nothing");
	order_replacing(c, ONE, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
	limited(c, "too many ", "A-17 one that replaces an unknown certificate");
	order_replacing(c, ONE, first.certid);
	ok(c->reply.status == 409, "what is replaced exempts from nothing: %d", c->reply.status);
	leave(c);
	scene_stop(&scene);
}

/* --- but only once --------------------------------------------------------------------- */

static void
give_up(struct client *c)
{
	const char *authz = arena_strdup(c->arena, json_string_value(json_array_get(
		json_object_get(c->json, "authorizations"), 0)));

	client_post(c, authz, "{\"status\":\"deactivated\"}");
	ok(c->reply.status == 200, "the order is given up: %s", client_why(c));
}

static void
test_once(void)
{
	struct client *c;
	struct leaf_facts l;

	limited_begin((const char *const[]){ TIGHT, "limit.failures=off", NULL });
	c = member(&scene, "ES256");
	l = issue_or_end(c, scene.responder, TWO, NULL);
	replaces(c, TWO, l.certid, "the first order that replaces it");
	give_up(c);
	replaces(c, TWO, l.certid, "the second one counts as a renewal");
	give_up(c);
	order_replacing(c, TWO, l.certid);
	limited(c, "unfinished renewals", "A-17 the third one");
	leave(c);
	scene_stop(&scene);
}

static void
test_failures(void)
{
	struct client *c;
	struct leaf_facts l, k;

	limited_begin((const char *const[]){ "limit.failures=1/1d", "order.reuse=none", NULL });
	c = member(&scene, "ES256");
	l = issue_or_end(c, scene.responder, THREE, NULL);
	k = issue_or_end(c, scene.responder, THREE, NULL);
	fails(c, THREE, 1);
	refused(c, THREE, "failed validations of " THREE, "A-17 an order after that");
	replaces(c, THREE, l.certid, "but not the first that replaces a certificate");
	ok(client_prove(c, NULL, arena_strdup(c->arena, json_string_value(json_array_get(
		json_object_get(c->json, "authorizations"), 0)))) != NULL, "which fails as well");
	order_replacing(c, THREE, l.certid);
	limited(c, "failed validations of " THREE, "A-17 the second one");
	replaces(c, THREE, k.certid, "another certificate may be replaced");
	leave(c);
	scene_stop(&scene);
}

/* --- pauses ---------------------------------------------------------------------------- */

static void
test_paused(void)
{
	struct client *c;
	struct leaf_facts l;
	const char *said;

	limited_begin((const char *const[]){ NULL });
	c = member(&scene, "ES256");
	l = issue_or_end(c, scene.responder, ONE, NULL);
	limited_run(c, arena_printf(c->arena, "account pause %s --why \"asks each second\"",
				    limited_id(c)), &said);
	order_replacing(c, ONE, l.certid);
	limited(c, "is paused", "a renewal of a paused account");
	limited_run(c, arena_printf(c->arena, "account resume %s", limited_id(c)), &said);
	replaces(c, ONE, l.certid, "resumed, it may renew");
	leave(c);
	scene_stop(&scene);
}

int
main(void)
{
	test_free();
	test_once();
	test_failures();
	test_paused();
	return tap_done();
}

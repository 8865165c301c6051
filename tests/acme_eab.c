/* SPDX-License-Identifier: Apache-2.0 */
/* acme_eab.c - registering with an external account binding (RFC 8555 section 7.3.4): as it
 * should be, its key spent, fifty at once, and what each directory wants.  What is wrong with
 * one: attack_eab.c.  The numbers in the texts are rows of docs/tests.md. */
#include <pthread.h>
#include <stdlib.h>

#include "base/json.h"
#include "tests/attack.h"
#include "tests/bind.h"

#define RACERS 50

static struct scene scene;
static struct binding_key many;	/* for any number of accounts */

/* A client of a directory of the server; path "": the default. */
static struct client *
client_at(const char *path)
{
	char url[300];
	struct client *c;

	snprintf(url, sizeof(url), "https://localhost:%u%s/directory", scene.server->port, path);
	c = client_open(url, scene.server->root);
	if (c == NULL)
		abort();
	return c;
}

static struct client *
client_new(void)
{
	return client_at("");
}

/* --- as it should be -------------------------------------------------------------- */

static bool
echoes(const struct client *c, const char *eab)
{
	json_t *sent = json_loads(eab, 0, NULL);
	bool same = json_equal(sent, json_object_get(c->json, "externalAccountBinding"));

	json_decref(sent);
	return same;
}

static void
test_good(void)
{
	struct client *c = client_new();
	struct eab_plan plan = eab_plan_for(c, &many);
	const char *eab = eab_print(c->arena, &plan);

	client_get(c, "GET", scene.server->url);
	ok(json_is_true(json_object_get(json_object_get(c->json, "meta"),
					"externalAccountRequired")),
	   "7.3.4 the directory tells that a binding is wanted");
	ok(eab_send(c, eab, "") == 201, "7.3.4 a bound account: 201");
	ok(echoes(c, eab), "7.3.4 the reply has the binding as it was sent");
	client_post(c, c->kid, "");
	ok(echoes(c, eab), "7.3.4 so has the account, whenever it is read");
	client_post(c, c->kid, "{\"contact\":[\"mailto:a@example.test\"]}");
	ok(c->reply.status == 200 && echoes(c, eab), "7.3.4 an update leaves it");
	client_post(c, c->kid, "{\"externalAccountBinding\":{\"payload\":\"\"}}");
	ok(c->reply.status == 200 && echoes(c, eab), "7.3.4 one in an update is not looked at");
	leave(c);
}

/* HS256 is what clients send, longer ones are MACs too. */
static void
test_algorithms(void)
{
	static const char *const algs[] = { "HS256", "HS384", "HS512" };

	for (size_t i = 0; i < COUNT(algs); i++) {
		struct client *c = client_new();
		struct eab_plan plan = eab_plan_for(c, &many);

		plan.alg = algs[i];
		ok(eab_send(c, eab_print(c->arena, &plan), "") == 201, "J-17 alg %s: 201",
		   algs[i]);
		leave(c);
	}
}

/* The same key as JSON that is not canonical. */
static const char *
spelled(struct client *c, size_t how)
{
	json_t *jwk = json_keep(c->arena, json_loads(key_jwk(c->arena, c->key), 0, NULL));
	const char *x = text(jwk, "x"), *y = text(jwk, "y");

	switch (how) {
	case 0:		/* another order */
		return arena_printf(c->arena, "{\"kty\":\"EC\",\"y\":\"%s\",\"x\":\"%s\","
				    "\"crv\":\"P-256\"}", y, x);
	case 1:		/* white space */
		return arena_printf(c->arena, " {\n \"y\" : \"%s\",\t\"x\":\"%s\",\r\n"
				    "\"crv\":\"P-256\",\"kty\":\"EC\"}\n", y, x);
	case 2:		/* more members */
		return arena_printf(c->arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\","
				    "\"use\":\"sig\",\"alg\":\"ES256\",\"x\":\"%s\",\"y\":\"%s\"}",
				    x, y);
	default:	/* an escape */
		return arena_printf(c->arena, "{\"kty\":\"\\u0045C\",\"crv\":\"P-256\","
				    "\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	}
}

/* The payload is compared as a key, not as text (18). */
static void
test_spellings(void)
{
	for (size_t i = 0; i < 4; i++) {
		struct client *c = client_new();
		struct eab_plan plan = eab_plan_for(c, &many);

		plan.payload = spelled(c, i);
		eab_send(c, eab_print(c->arena, &plan), "");
		told(c, 201, "", "J-17, 18: the same key in another spelling: %s", plan.payload);
		leave(c);
	}
}

/* --- the key is spent ------------------------------------------------------------- */

/* what somebody has used, or has seen another use. */
static void
test_replay(struct arena *a)
{
	struct binding_key once = eab_add(scene.server, "--uses 1");
	struct client *c = client_new(), *thief = client_new();
	struct eab_plan plan = eab_plan_for(c, &once), more;
	const char *eab = eab_print(a, &plan);
	char first[256];

	ok(eab_send(c, eab, "") == 201, "A-12 a key for one account");
	ok(eab_number(scene.server, &once, "uses") == 1, "A-12 its use is spent");
	snprintf(first, sizeof(first), "%s", c->kid);
	eab_plan_for(thief, &once);
	eab_send(thief, eab, "");
	told(thief, 403, "unauthorized", "A-12 the same member with another account's key");
	more = eab_plan_for(thief, &once);
	eab_send(thief, eab_print(a, &more), "");
	told(thief, 403, "unauthorized", "A-12 the spent key with another account's key");
	ok(strstr(thief->detail, "spent") != NULL, "A-12 and it says so: %s", thief->detail);
	ok(eab_number(scene.server, &once, "uses") == 1, "A-12 one use it is still");
	ok(eab_send(c, eab, "") == 200, "16: the known key again, with the spent binding: 200");
	is(c->kid, first, "16: the same account");
	ok(echoes(c, eab), "16: and its binding");
	ok(client_account(c, NULL, AGREED) && c->reply.status == 200,
	   "16: the known key without a binding: 200");
	ok(client_account(c, NULL, "{\"onlyReturnExisting\":true}") && c->reply.status == 200,
	   "15, 16: onlyReturnExisting without a binding: 200");
	ok(eab_send(c, eab, ",\"onlyReturnExisting\":true") == 200,
	   "15: onlyReturnExisting with the spent binding: 200");
	ok(eab_send(c, "{}", "") == 200, "16: the known key with nonsense: 200");
	ok(eab_number(scene.server, &once, "uses") == 1, "16: none of it spends a use");
	leave(thief);
	leave(c);
}

struct racer {
	struct client		*c;
	const char		*payload;
	pthread_barrier_t	*start;
};

static void *
race(void *arg)
{
	struct racer *r = arg;

	client_nonce(r->c);
	client_get(r->c, "HEAD", client_url(r->c, "new-nonce"));
	pthread_barrier_wait(r->start);
	client_account(r->c, NULL, r->payload);
	return NULL;
}

/* fifty accounts at the same moment, by a key for some of them. */
static void
test_race(unsigned uses)
{
	struct binding_key few = eab_add(scene.server, uses == 1 ? "" : "--uses 7");
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	pthread_barrier_t start;
	unsigned made = 0, spent = 0;
	struct arena *a = arena_new();
	const char *said;

	pthread_barrier_init(&start, NULL, RACERS);
	for (size_t i = 0; i < RACERS; i++) {
		struct client *c = client_new();
		struct eab_plan plan = eab_plan_for(c, &few);

		racers[i] = (struct racer){ .c = c, .start = &start };
		racers[i].payload = eab_payload(c->arena, eab_print(c->arena, &plan), "");
		pthread_create(&threads[i], NULL, race, &racers[i]);
	}
	for (size_t i = 0; i < RACERS; i++) {
		struct client *c = racers[i].c;

		pthread_join(threads[i], NULL);
		made += c->reply.status == 201;
		spent += c->reply.status == 403 && strstr(c->detail, "spent") != NULL;
		leave(c);
	}
	pthread_barrier_destroy(&start);
	ok(made == uses, "A-14 %d at once with a key for %u: %u accounts", RACERS, uses, made);
	ok(spent == RACERS - uses, "A-14 and the others are told that it is spent: %u", spent);
	ok(eab_number(scene.server, &few, "uses") == (long)uses, "A-14 no use too many is counted");
	eab_run(a, scene.server, "list", &said);
	ok(strstr(said, arena_printf(a, "%s  spent    %u/%u ", few.kid, uses, uses)) != NULL,
	   "A-14 the list says so");
	arena_free(a);
}

/* --- what a directory wants ------------------------------------------------------- */

static void
test_missing(void)
{
	struct client *c = client_new();

	ok(!client_account(c, "ES256", AGREED), "no binding, no account");
	told(c, 403, "externalAccountRequired", "7.3.4 a missing binding: %s", c->detail);
	ok(!client_account(c, NULL, "{\"onlyReturnExisting\":true}"), "and it made none");
	told(c, 400, "accountDoesNotExist", "16: onlyReturnExisting asks for none");
	leave(c);
}

static void
test_optional(void)
{
	struct binding_key key = eab_add(scene.server, "--directory open");
	struct client *c = client_at("/open");
	struct eab_plan plan;

	client_get(c, "GET", arena_printf(c->arena, "%s/open/directory", c->base));
	ok(json_object_get(json_object_get(c->json, "meta"), "externalAccountRequired") == NULL,
	   "7.3.4 optional: the directory wants none");
	ok(client_account(c, "ES256", AGREED) && c->reply.status == 201,
	   "7.3.4 optional: an account without");
	ok(json_object_get(c->json, "externalAccountBinding") == NULL, "7.3.4 nothing to echo");
	plan = eab_plan_for(c, &key);
	plan.hmac = many.hmac;
	eab_send(c, eab_print(c->arena, &plan), "");
	told(c, 403, "unauthorized", "7.3.4 optional: a wrong one is refused all the same");
	plan.hmac = NULL;
	ok(eab_send(c, eab_print(c->arena, &plan), "") == 201 &&
	   echoes(c, eab_print(c->arena, &plan)), "7.3.4 optional: a good one binds");
	leave(c);
}

static void
test_none(struct arena *a)
{
	static const char *const members[] = { "null", "[]", "\"x\"", "{\"protected\":1}" };
	struct client *c = client_at("/free");
	struct eab_plan plan;
	const char *said;

	for (size_t i = 0; i < COUNT(members); i++) {
		eab_plan_for(c, &many);
		eab_send(c, members[i], "");
		told(c, 201, "", "7.3.4 none: the member %s is ignored", members[i]);
		ok(json_object_get(c->json, "externalAccountBinding") == NULL,
		   "7.3.4 none: and not echoed");
	}
	plan = eab_plan_for(c, &many);
	ok(eab_send(c, eab_print(a, &plan), "") == 201 &&
	   json_object_get(c->json, "externalAccountBinding") == NULL,
	   "7.3.4 none: nor is one that is good elsewhere");
	ok(eab_run(a, scene.server, "add --directory free", &said) == 1, "no binding is added");
	ok(strstr(said, "eab = optional or required") != NULL, "where nobody looks at it: %s",
	   said);
	leave(c);
}

int
main(void)
{
	struct arena *a = arena_new();

	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "directory.default.eab=required",
			 "directory.open.eab=optional", "directory.free.eab=none", NULL }))
		return 1;
	many = eab_add(scene.server, "--uses unlimited --label many");
	test_good();
	test_algorithms();
	test_spellings();
	test_replay(a);
	test_race(1);
	test_race(7);
	test_missing();
	test_optional();
	test_none(a);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

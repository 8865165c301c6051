/* SPDX-License-Identifier: Apache-2.0 */
/* acme_eab.c - registering with an external account binding (RFC 8555 section 7.3.4): every
 * part of it wrong, its key spent, fifty at once.  The numbers in the texts are rows of
 * docs/tests.md. */
#include <pthread.h>
#include <stdlib.h>

#include "base/b64.h"
#include "tests/attack.h"
#include "tests/bind.h"

#define RACERS 50

static struct scene scene;
static struct binding_key many, other;	/* for any number; of directory "other" */

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

/* newAccount with that binding and the key the client has. */
static int
register_as(struct client *c, const char *eab, const char *more)
{
	client_account(c, NULL, eab_payload(c->arena, eab, more));
	return c->reply.status;
}

static struct eab_plan
plan_for(struct client *c, const struct binding_key *key)
{
	EVP_PKEY_free(c->key);
	c->key = key_new("ES256");
	return (struct eab_plan){ .key = key, .account = c->key,
				  .url = client_url(c, "new-account") };
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
	struct eab_plan plan = plan_for(c, &many);
	const char *eab = eab_print(c->arena, &plan);

	client_get(c, "GET", scene.server->url);
	ok(json_is_true(json_object_get(json_object_get(c->json, "meta"),
					"externalAccountRequired")),
	   "7.3.4 the directory tells that a binding is wanted");
	ok(register_as(c, eab, "") == 201, "7.3.4 a bound account: 201");
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
		struct eab_plan plan = plan_for(c, &many);

		plan.alg = algs[i];
		ok(register_as(c, eab_print(c->arena, &plan), "") == 201, "J-17 alg %s: 201",
		   algs[i]);
		leave(c);
	}
}

/* The payload is compared as a key, not as text (18). */
static void
test_spellings(void)
{
	for (size_t i = 0; i < 4; i++) {
		struct client *c = client_new();
		struct eab_plan plan = plan_for(c, &many);
		json_t *jwk = json_loads(key_jwk(c->arena, c->key), 0, NULL);
		const char *x = text(jwk, "x"), *y = text(jwk, "y");
		const char *const spellings[] = {
			arena_printf(c->arena, "{\"kty\":\"EC\",\"y\":\"%s\",\"x\":\"%s\","
				     "\"crv\":\"P-256\"}", y, x),
			arena_printf(c->arena, " {\n \"y\" : \"%s\",\t\"x\":\"%s\",\"crv\":\"P-256\","
				     "\r\n\"kty\":\"EC\"}\n", y, x),
			arena_printf(c->arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":"
				     "\"%s\",\"kid\":\"a\",\"use\":\"sig\",\"alg\":\"ES256\"}", x, y),
			arena_printf(c->arena, "{\"kty\":\"\\u0045C\",\"crv\":\"P-256\",\"x\":\"%s\","
				     "\"y\":\"%s\"}", x, y),
		};

		plan.payload = spellings[i];
		register_as(c, eab_print(c->arena, &plan), "");
		told(c, 201, "", "J-17, 18: the same key in another spelling: %s", spellings[i]);
		json_decref(jwk);
		leave(c);
	}
}

/* --- wrong in one part ------------------------------------------------------------ */

static void
cut(struct arena *a, struct blob *mac)
{
	(void)a;
	mac->len--;
}

static void
cut_half(struct arena *a, struct blob *mac)
{
	(void)a;
	mac->len /= 2;
}

static void
empty(struct arena *a, struct blob *mac)
{
	(void)a;
	mac->len = 0;
}

static void
one_bit(struct arena *a, struct blob *mac)
{
	uint8_t *copy = arena_memdup(a, mac->data, mac->len);

	copy[mac->len - 1] ^= 1;
	mac->data = copy;
}

static void
longer(struct arena *a, struct blob *mac)
{
	uint8_t *copy = arena_alloc(a, mac->len + 1);

	memcpy(copy, mac->data, mac->len);
	*mac = (struct blob){ copy, mac->len + 1 };
}

static void
zeros(struct arena *a, struct blob *mac)
{
	mac->data = arena_alloc(a, mac->len);
}

/* All of the plan but key, account and url is the case's. */
static void
refused(const char *title, struct eab_plan plan, int status, const char *type)
{
	struct client *c = client_new();
	struct eab_plan good = plan_for(c, &many);

	plan.key = good.key;
	plan.account = good.account;
	if (plan.url == NULL)
		plan.url = good.url;
	register_as(c, eab_print(c->arena, &plan), "");
	told(c, status, type, "J-17 %s: %s", title, client_why(c));
	ok(c->reply.status < 400 || *c->detail != '\0', "J-17 and the reply says why");
	leave(c);
}

static void
test_header(struct arena *a)
{
	static const char *const algs[] = { "RS256", "none", "None", "ES256", "EdDSA", "HS1",
					    "hs256", "HS256 ", "" };
	char *url = arena_printf(a, "https://localhost:%u/acme/new-account", scene.server->port);

	for (size_t i = 0; i < COUNT(algs); i++)
		refused(arena_printf(a, "alg \"%s\"", algs[i]), (struct eab_plan){ .alg = algs[i] },
			400, "malformed");
	refused("alg is a number", (struct eab_plan){ .header = arena_printf(
		a, "{\"alg\":256,\"kid\":\"%s\",\"url\":\"%s\"}", many.kid, url) }, 400,
		"malformed");
	refused("no alg", (struct eab_plan){ .header = arena_printf(
		a, "{\"kid\":\"%s\",\"url\":\"%s\"}", many.kid, url) }, 400, "malformed");
	refused("no kid", (struct eab_plan){ .header = arena_printf(
		a, "{\"alg\":\"HS256\",\"url\":\"%s\"}", url) }, 400, "malformed");
	refused("kid is a number", (struct eab_plan){ .header = arena_printf(
		a, "{\"alg\":\"HS256\",\"kid\":1,\"url\":\"%s\"}", url) }, 400, "malformed");
	refused("no url", (struct eab_plan){ .header = arena_printf(
		a, "{\"alg\":\"HS256\",\"kid\":\"%s\"}", many.kid) }, 400, "malformed");
	refused("a nonce", (struct eab_plan){ .more = ",\"nonce\":\"AAAA\"" }, 400, "malformed");
	refused("an empty nonce", (struct eab_plan){ .more = ",\"nonce\":\"\"" }, 400, "malformed");
	refused("jwk as well", (struct eab_plan){ .more = ",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}" },
		400, "malformed");
	refused("crit", (struct eab_plan){ .more = ",\"crit\":[\"x\"],\"x\":1" }, 400, "malformed");
	refused("b64", (struct eab_plan){ .more = ",\"b64\":false" }, 400, "malformed");
	refused("kid twice", (struct eab_plan){ .more = ",\"kid\":\"x\"" }, 400, "malformed");
	refused("the header is an array", (struct eab_plan){ .header = "[]" }, 400, "malformed");
	refused("the header is empty", (struct eab_plan){ .header = "" }, 400, "malformed");
}

static void
test_urls(struct arena *a)
{
	unsigned port = scene.server->port;
	const char *const urls[] = {
		"", "/acme/new-account",
		arena_printf(a, "https://localhost:%u/acme/new-order", port),
		arena_printf(a, "https://localhost:%u/other/acme/new-account", port),
		arena_printf(a, "https://localhost:%u/acme/new-account/", port),
		arena_printf(a, "https://localhost:%u/acme/new-account?x", port),
		arena_printf(a, "https://LOCALHOST:%u/acme/new-account", port),
		arena_printf(a, "http://localhost:%u/acme/new-account", port),
		"https://localhost/acme/new-account",
		"https://other.example.test/acme/new-account",
	};

	for (size_t i = 0; i < COUNT(urls); i++)
		refused(arena_printf(a, "url \"%s\"", urls[i]), (struct eab_plan){ .url = urls[i] },
			400, "malformed");
}

static void
test_keys(struct arena *a)
{
	const char *const kids[] = {
		"", "1", NOBODY, other.kid, arena_printf(a, "%s=", many.kid),
		arena_printf(a, "%sA", many.kid), arena_printf(a, "%.29s", many.kid),
		arena_printf(a, " %s", many.kid), arena_printf(a, "%s\\n", many.kid),
		arena_printf(a, "https://localhost:%u/acme/account/%s", scene.server->port,
			     many.kid),
	};

	for (size_t i = 0; i < COUNT(kids); i++)
		refused(arena_printf(a, "kid \"%s\"", kids[i]), (struct eab_plan){ .kid = kids[i] },
			403, "unauthorized");
	refused("kid and key of another directory's binding", (struct eab_plan){
		.kid = other.kid, .hmac = other.hmac }, 403, "unauthorized");
	refused("the key of another binding", (struct eab_plan){ .hmac = other.hmac }, 403,
		"unauthorized");
	refused("an empty key", (struct eab_plan){ .hmac = "" }, 403, "unauthorized");
	refused("the kid as the key", (struct eab_plan){ .hmac = many.kid }, 403, "unauthorized");
	refused("the key with a zero behind", (struct eab_plan){
		.hmac = arena_printf(a, "%sA", many.hmac) }, 403, "unauthorized");
}

static void
test_mac(void)
{
	refused("the MAC is an octet short", (struct eab_plan){ .mangle = cut }, 403,
		"unauthorized");
	refused("the MAC is half", (struct eab_plan){ .mangle = cut_half }, 403, "unauthorized");
	refused("the MAC is empty", (struct eab_plan){ .mangle = empty }, 400, "malformed");
	refused("the MAC is one bit off", (struct eab_plan){ .mangle = one_bit }, 403,
		"unauthorized");
	refused("the MAC is an octet long", (struct eab_plan){ .mangle = longer }, 403,
		"unauthorized");
	refused("the MAC is all zeros", (struct eab_plan){ .mangle = zeros }, 403, "unauthorized");
	refused("HS512, and the MAC is cut to that of HS256", (struct eab_plan){
		.alg = "HS512", .mangle = cut_half }, 403, "unauthorized");
	refused("nothing is wrong", (struct eab_plan){ .mangle = NULL }, 201, "");
}

/* the payload. */
static void
test_payload(struct arena *a)
{
	EVP_PKEY *stranger = key_new("ES256");
	const char *const payloads[] = {
		"", "{}", "null", "[]", "\\\"\\\"", "x", "{\"kty\":\"EC\"}",
		"{\"kty\":\"oct\",\"k\":\"AAAA\"}",
	};

	for (size_t i = 0; i < COUNT(payloads); i++) {
		struct client *c = client_new();
		struct eab_plan plan = plan_for(c, &many);

		plan.payload = payloads[i];
		register_as(c, eab_print(a, &plan), "");
		ok(c->reply.status == 400, "A-13 the payload is %s: %s", payloads[i], client_why(c));
		leave(c);
	}
	refused("A-13 the payload is another key", (struct eab_plan){
		.payload = key_jwk(a, stranger) }, 403, "unauthorized");
	EVP_PKEY_free(stranger);
}

/* The member is not even a JWS. */
static void
test_member(struct arena *a)
{
	struct client *c = client_new();
	struct eab_plan plan = plan_for(c, &many);
	const char *good = eab_print(a, &plan), *inner = arena_strndup(a, good + 1,
								       strlen(good) - 2);
	const char *const members[] = {
		"null", "true", "1", "\"\"", "[]", "{}", "[{}]",
		arena_printf(a, "[%s]", good),
		arena_printf(a, "{%s,\"header\":{}}", inner),
		arena_printf(a, "{%s,\"signatures\":[]}", inner),
		"{\"protected\":\"\",\"payload\":\"\",\"signature\":\"\"}",
		"{\"protected\":\"e30\",\"payload\":\"e30\",\"signature\":\"AA\"}",
		"{\"protected\":\"e30=\",\"payload\":\"e30\",\"signature\":\"AA\"}",
		"{\"protected\":1,\"payload\":\"e30\",\"signature\":\"AA\"}",
		"{\"payload\":\"e30\",\"signature\":\"AA\"}",
	};

	for (size_t i = 0; i < COUNT(members); i++) {
		register_as(c, members[i], "");
		told(c, 400, "malformed", "J-17 the member is %.40s: %s", members[i],
		     client_why(c));
	}
	leave(c);
}

/* J-2: a key of the outer signature is never one of a MAC. */
static void
test_outer(struct arena *a)
{
	struct client *c = client_new();
	struct eab_plan plan = plan_for(c, &many);
	struct jws jws = { .payload = eab_payload(a, eab_print(a, &plan), ""), .url = plan.url };

	jws.header = arena_printf(a, "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"%s\"},"
				  "\"nonce\":\"%s\",\"url\":\"%s\"}", many.hmac, client_nonce(c),
				  plan.url);
	client_post_jws(c, plan.url, &jws, true);
	told(c, 400, "badSignatureAlgorithm", "J-2 the request itself is signed by HS256");
	jws = (struct jws){ .payload = jws.payload, .url = plan.url };
	jws.header = arena_printf(a, "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"%s\"},"
				  "\"nonce\":\"%s\",\"url\":\"%s\"}", many.hmac, client_nonce(c),
				  plan.url);
	client_post_jws(c, plan.url, &jws, true);
	told(c, 400, "badPublicKey", "J-2 the request's key is a secret");
	jws = (struct jws){ .payload = jws.payload, .url = plan.url, .alg = "HS256" };
	client_post_jws(c, plan.url, &jws, true);
	told(c, 400, "badSignatureAlgorithm", "J-1 HS256 and a public key");
	leave(c);
}

/* --- the key is spent ------------------------------------------------------------- */

/* what somebody has used, or has seen another use. */
static void
test_replay(struct arena *a)
{
	struct binding_key once = eab_add(scene.server, "--uses 1");
	struct client *c = client_new(), *thief = client_new();
	struct eab_plan plan = plan_for(c, &once), more;
	const char *eab = eab_print(a, &plan);
	char first[256];

	ok(register_as(c, eab, "") == 201, "A-12 a key for one account");
	ok(eab_number(scene.server, &once, "uses") == 1, "A-12 its use is spent");
	snprintf(first, sizeof(first), "%s", c->kid);
	plan_for(thief, &once);
	register_as(thief, eab, "");
	told(thief, 403, "unauthorized", "A-12 the same member with another account's key");
	more = plan_for(thief, &once);
	register_as(thief, eab_print(a, &more), "");
	told(thief, 403, "unauthorized", "A-12 the spent key with another account's key");
	ok(strstr(thief->detail, "spent") != NULL, "A-12 and it says so: %s", thief->detail);
	ok(eab_number(scene.server, &once, "uses") == 1, "A-12 one use it is still");
	ok(register_as(c, eab, "") == 200, "16: the known key again, with the spent binding: 200");
	is(c->kid, first, "16: the same account");
	ok(echoes(c, eab), "16: and its binding");
	ok(client_account(c, NULL, AGREED) && c->reply.status == 200,
	   "16: the known key without a binding: 200");
	ok(client_account(c, NULL, "{\"onlyReturnExisting\":true}") && c->reply.status == 200,
	   "15, 16: onlyReturnExisting without a binding: 200");
	ok(register_as(c, eab, ",\"onlyReturnExisting\":true") == 200,
	   "15: onlyReturnExisting with the spent binding: 200");
	ok(register_as(c, "{}", "") == 200, "16: the known key with nonsense: 200");
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
		struct eab_plan plan = plan_for(c, &few);

		racers[i] = (struct racer){ c, eab_payload(c->arena, eab_print(c->arena, &plan), ""),
					    &start };
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
	plan = plan_for(c, &key);
	plan.mangle = one_bit;
	register_as(c, eab_print(c->arena, &plan), "");
	told(c, 403, "unauthorized", "7.3.4 optional: a wrong one is refused all the same");
	plan.mangle = NULL;
	ok(register_as(c, eab_print(c->arena, &plan), "") == 201 &&
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
		plan_for(c, &many);
		register_as(c, members[i], "");
		told(c, 201, "", "7.3.4 none: the member %s is ignored", members[i]);
		ok(json_object_get(c->json, "externalAccountBinding") == NULL,
		   "7.3.4 none: and not echoed");
	}
	plan = plan_for(c, &many);
	ok(register_as(c, eab_print(a, &plan), "") == 201 &&
	   json_object_get(c->json, "externalAccountBinding") == NULL,
	   "7.3.4 none: nor is one that is good elsewhere");
	ok(eab_run(a, scene.server, "add --directory free", &said) == 1, "no binding is added");
	ok(strstr(said, "eab = optional or required") != NULL, "where nobody looks at it: %s", said);
	leave(c);
}

int
main(void)
{
	struct arena *a = arena_new();
	long before;

	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "directory.default.eab=required",
			 "directory.other.eab=required", "directory.open.eab=optional",
			 "directory.free.eab=none", NULL }))
		return 1;
	many = eab_add(scene.server, "--uses unlimited --label many");
	other = eab_add(scene.server, "--uses unlimited --directory other");
	test_good();
	test_algorithms();
	test_spellings();
	before = eab_number(scene.server, &many, "uses");
	test_header(a);
	test_urls(a);
	test_keys(a);
	test_payload(a);
	test_member(a);
	test_outer(a);
	ok(eab_number(scene.server, &many, "uses") == before, "J-17 what was refused has no use spent");
	test_mac();
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

/* SPDX-License-Identifier: Apache-2.0 */
/* attack_eab.c - external account bindings that are wrong in one part (J-17, J-2, A-13). */
#include "tests/attack.h"
#include "tests/bind.h"

static struct scene scene;
static struct binding_key many, other;	/* for any number; of directory "other" */

/* --- the MAC, changed ------------------------------------------------------------ */

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
	struct client *c = visitor(&scene);
	struct eab_plan good = eab_plan_for(c, &many);

	plan.key = good.key;
	plan.account = good.account;
	if (plan.url == NULL)
		plan.url = good.url;
	eab_send(c, eab_print(c->arena, &plan), "");
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
	refused("jwk as well", (struct eab_plan){
		.more = ",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}" }, 400, "malformed");
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
		struct client *c = visitor(&scene);
		struct eab_plan plan = eab_plan_for(c, &many);

		plan.payload = payloads[i];
		eab_send(c, eab_print(a, &plan), "");
		ok(c->reply.status == 400, "A-13 the payload is %s: %s", payloads[i],
		   client_why(c));
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
	struct client *c = visitor(&scene);
	struct eab_plan plan = eab_plan_for(c, &many);
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
		eab_send(c, members[i], "");
		told(c, 400, "malformed", "J-17 the member is %.40s: %s", members[i],
		     client_why(c));
	}
	leave(c);
}

/* J-2: a key of the outer signature is never one of a MAC. */
static void
test_outer(struct arena *a)
{
	struct client *c = visitor(&scene);
	struct eab_plan plan = eab_plan_for(c, &many);
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

int
main(void)
{
	struct arena *a = arena_new();
	long before;

	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "directory.default.eab=required",
			 "directory.other.eab=required", NULL }))
		return 1;
	many = eab_add(scene.server, "--uses unlimited");
	other = eab_add(scene.server, "--uses unlimited --directory other");
	before = eab_number(scene.server, &many, "uses");
	test_header(a);
	test_urls(a);
	test_keys(a);
	test_mac();
	test_payload(a);
	test_member(a);
	test_outer(a);
	ok(before == 0 && eab_number(scene.server, &many, "uses") == 0,
	   "J-17 none of what was refused has spent a use");
	refused("nothing is wrong", (struct eab_plan){ .mangle = NULL }, 201, "");
	ok(eab_number(scene.server, &many, "uses") == 1, "J-17 and that spends one");
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

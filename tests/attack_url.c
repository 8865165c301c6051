/* SPDX-License-Identifier: Apache-2.0 */
/* attack_url.c - attacks on what binds a request to its place: nonce, url, kid, payload
 * (J-12, J-13, J-15, J-19, J-20). */
#include <stdlib.h>

#include "base/b64.h"
#include "tests/attack.h"

#define SET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static struct scene scene;
static struct client *victim;	/* with all kinds of objects */
static struct thing things[THINGS];

/* --- J-12 ------------------------------------------------------------------------- */

/* Another server's nonces, and whole requests sent again. */
static void
test_nonces(void)
{
	struct client *c = twin(&scene, victim);
	char *dir = arena_printf(c->arena, "%s/other", scene.dir);
	struct server *other = server_begin(stage_brevet(), dir,
					    (const char *const[]){ "workers=1", NULL });
	struct client *there = client_open(other->url, other->root);
	struct jws jws = { .nonce = client_nonce(there), .payload = "" };
	const char *body;
	char *forged;

	client_post_jws(c, c->kid, &jws, false);
	told(c, 400, "badNonce", "J-12 a nonce of another server");
	for (size_t back = 3; back < 36; back += 8) {
		forged = arena_strdup(c->arena, client_nonce(c));
		forged[strlen(forged) - back] ^= 1;	/* stays in the alphabet, mostly */
		if (strspn(forged + strlen(forged) - back, SET) != back)
			forged[strlen(forged) - back] = 'B';
		jws = (struct jws){ .nonce = forged, .payload = "" };
		client_post_jws(c, c->kid, &jws, false);
		told(c, 400, "badNonce", "J-12 a nonce with another character, %zu from its end",
		     back);
	}
	client_close(there);
	server_free(other);
	jws = (struct jws){ .payload = GOOD };
	client_post_jws(c, client_url(c, "new-order"), &jws, false);
	told(c, 201, "", "a request");
	body = jws_print(c->arena, &jws);
	for (int i = 0; i < 3; i++) {
		client_send(c, "POST", client_url(c, "new-order"), "application/jose+json", body);
		told(c, 400, "badNonce", "J-12 the very same request again");
	}
	leave(c);
}

/* --- J-13 ------------------------------------------------------------------------- */

/* newOrder with that url in its header, the request's target and headers as they are
 * given; the first reply. */
static void
placed(struct client *c, const char *url, const char *target, const char *headers)
{
	struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c), .url = url,
			   .payload = GOOD };
	const char *body, *all;

	jws_sign(c->arena, &jws);
	body = jws_print(c->arena, &jws);
	all = arena_printf(c->arena, "POST %s HTTP/1.1\r\n%sContent-Type: application/jose+json\r\n"
			   "Content-Length: %zu\r\n\r\n%s", target, headers, strlen(body), body);
	wire_close(raw(c, all, strlen(all)));
}

static void
test_urls(void)
{
	struct client *c = twin(&scene, victim);
	const char *host = strstr(c->base, "://") + 3, *url = client_url(c, "new-order");
	const char *usual = arena_printf(c->arena, "Host: %s\r\n", host);
	const char *wrong[] = {
		arena_printf(c->arena, "http://%s/acme/new-order", host),
		arena_printf(c->arena, "HTTPS://%s/acme/new-order", host),
		arena_printf(c->arena, "https://LOCALHOST:%u/acme/new-order", c->port),
		arena_printf(c->arena, "https://localhost.:%u/acme/new-order", c->port),
		arena_printf(c->arena, "https://127.0.0.1:%u/acme/new-order", c->port),
		"https://localhost/acme/new-order", "https://localhost:443/acme/new-order",
		"https://evil.test/acme/new-order", "https:///acme/new-order",
		arena_printf(c->arena, "https://user@%s/acme/new-order", host),
		arena_printf(c->arena, "https://localhost:0%u/acme/new-order", c->port),
		arena_printf(c->arena, "%s?", url), arena_printf(c->arena, "%s?a=b", url),
		arena_printf(c->arena, "%s#", url), arena_printf(c->arena, "%s/", url),
		arena_printf(c->arena, "%s/.", url), arena_printf(c->arena, "%s.", url),
		arena_printf(c->arena, " %s", url), arena_printf(c->arena, "%s ", url),
		arena_printf(c->arena, "%s//acme/new-order", c->base),
		arena_printf(c->arena, "%s/acme/../acme/new-order", c->base),
		arena_printf(c->arena, "%s/acme/%%6eew-order", c->base),
		arena_printf(c->arena, "%s/acme/new-ordes", c->base),
		arena_printf(c->arena, "%s/acme/new-orde", c->base), "/acme/new-order", "",
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		placed(c, wrong[i], "/acme/new-order", usual);
		told(c, 403, "unauthorized", "J-13 url \"%s\"", wrong[i]);
	}
	placed(c, url, "/acme/new-order", usual);
	told(c, 201, "", "J-13 the url as it was handed out");
	leave(c);
}

static void
test_hosts(void)
{
	struct client *c = twin(&scene, victim);
	const char *host = strstr(c->base, "://") + 3, *url = client_url(c, "new-order");
	const char *evil = "https://evil.test/acme/new-order";

	placed(c, evil, "/acme/new-order", "Host: evil.test\r\n");
	told(c, 403, "unauthorized", "J-13 Host and url of another host");
	placed(c, evil, "/acme/new-order", arena_printf(c->arena, "Host: %s\r\n"
	       "X-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\n"
	       "Forwarded: host=evil.test;proto=https\r\n", host));
	told(c, 403, "unauthorized", "J-13 forwarded headers are not read");
	placed(c, "http://evil.test/acme/new-order", "/acme/new-order", "Host: evil.test\r\n"
	       "X-Forwarded-Proto: http\r\n");
	told(c, 403, "unauthorized", "J-13 forwarded scheme");
	placed(c, url, "/acme/new-order", "Host: evil.test\r\n");
	told(c, 201, "", "J-13 Host decides nothing: the right url with another one");
	ok(strncmp(reply_only(&c->reply, "Location"), c->base, strlen(c->base)) == 0,
	   "J-13 nor is it in any URL");
	placed(c, url, url, arena_printf(c->arena, "Host: %s\r\n", host));
	told(c, 400, "malformed", "J-13 absolute-form");
	placed(c, url, "/acme/new-order", arena_printf(c->arena, "Host: %s\r\nHost: evil.test\r\n",
						       host));
	told(c, 400, "malformed", "J-13 two Hosts");
	placed(c, url, "/acme/new-order?x", arena_printf(c->arena, "Host: %s\r\n", host));
	told(c, 403, "unauthorized", "J-13 a query behind the target");
	placed(c, arena_printf(c->arena, "%s?x", url), "/acme/new-order?x",
	       arena_printf(c->arena, "Host: %s\r\n", host));
	told(c, 403, "unauthorized", "J-13 a query behind both");
	leave(c);
}

/* --- J-15 ------------------------------------------------------------------------- */

static void
test_kids(void)
{
	struct client *c = member(&scene, "ES256");
	const char *id = strrchr(victim->kid, '/') + 1, *mine = strrchr(c->kid, '/') + 1;
	const char *kids[] = {
		arena_printf(c->arena, "%s/acme/account/1/../%s", c->base, mine),
		arena_printf(c->arena, "%s/acme/account/%s?1", c->base, mine),
		arena_printf(c->arena, "%s/acme/account/%s#", c->base, mine),
		arena_printf(c->arena, "%s/acme/account/%s/", c->base, mine),
		arena_printf(c->arena, "%s/acme/account/%s/orders", c->base, mine),
		arena_printf(c->arena, "%s/acme/account//%s", c->base, mine),
		arena_printf(c->arena, "%s/acme/account/%%41%s", c->base, mine + 1),
		arena_printf(c->arena, "%s/acme/account/%.*s", c->base, (int)strlen(mine) - 1,
			     mine),
		arena_printf(c->arena, "%s/acme/account/%sA", c->base, mine),
		arena_printf(c->arena, "%s/acme/account/%s\\u0000", c->base, mine),
		arena_printf(c->arena, "%s/acme/account/ %s", c->base, mine),
		arena_printf(c->arena, "%s/ACME/account/%s", c->base, mine),
		arena_printf(c->arena, "%s/acme/order/%s", c->base, mine),
		arena_printf(c->arena, "%s/other/acme/account/%s", c->base, mine),
		arena_printf(c->arena, "http://%s/acme/account/%s", strstr(c->base, "://") + 3,
			     mine),
		arena_printf(c->arena, "https://evil.test/acme/account/%s", mine),
		arena_printf(c->arena, "/acme/account/%s", mine), mine, "0", "1e0", "",
	};
	struct jws jws;

	for (size_t i = 0; i < COUNT(kids); i++) {
		jws = (struct jws){ .payload = "" };
		jws.header = arena_printf(c->arena, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":"
					  "\"%s\",\"url\":\"%s\"}", kids[i], client_nonce(c),
					  c->kid);
		client_post_jws(c, c->kid, &jws, false);
		told(c, 400, "malformed", "J-15 kid \"%s\"", kids[i]);
	}
	jws = (struct jws){ .kid = arena_printf(c->arena, "%s/acme/account/" NOBODY, c->base),
			    .payload = "" };
	client_post_jws(c, c->kid, &jws, false);
	told(c, 400, "accountDoesNotExist", "J-15 kid of no account");
	jws = (struct jws){ .kid = arena_printf(c->arena, "%s/acme/account/%s", c->base, id),
			    .payload = "" };
	client_post_jws(c, victim->kid, &jws, false);
	told(c, 400, "malformed", "J-15 another's kid, signed by our key");
	leave(c);
}

/* --- J-19 ------------------------------------------------------------------------- */

/* What each resource says to "", {}, null and []. */
static void
test_payloads(void)
{
	static const struct {
		const char *name;
		int status[2];	/* to "" and {} */
	} wants[] = {
		{ "account", { 200, 200 } }, { "orders", { 200, 400 } }, { "order", { 200, 400 } },
		{ "authz", { 200, 400 } }, { "challenge", { 200, 200 } },
		{ "finalize", { 403, 403 } }, { "cert", { 200, 400 } },
		{ "directory", { 200, 400 } }, { "new-nonce", { 204, 400 } },
		{ "new-order", { 400, 400 } }, { "new-authz", { 400, 400 } },
		{ "key-change", { 400, 400 } }, { "revoke-cert", { 400, 400 } },
	};
	static const char *const payloads[] = { "", "{}", "null", "[]" };
	struct client *c = twin(&scene, victim);

	for (size_t i = 0; i < THINGS; i++)
		for (size_t k = 0; k < COUNT(payloads); k++) {
			int want = k < 2 ? wants[i].status[k] : 400;

			client_post(c, things[i].url, payloads[k]);
			told(c, want, want < 400 ? "" : want == 403 ? "orderNotReady" :
			     "malformed", "J-19 %s: \"%s\"", wants[i].name, payloads[k]);
		}
	leave(c);
}

static void
test_gets(void)
{
	struct client *c = twin(&scene, victim);
	static const char *const methods[] = { "GET", "HEAD" };

	for (size_t i = 0; i < THINGS; i++)
		for (size_t k = 0; k < COUNT(methods); k++) {
			bool free = strcmp(things[i].name, "new-nonce") == 0 ||
				    (strcmp(things[i].name, "directory") == 0 && k == 0);

			client_get(c, methods[k], things[i].url);
			ok(free ? c->reply.status / 100 == 2 : c->reply.status == 405,
			   "J-19 %s of %s: %d", methods[k], things[i].name, c->reply.status);
		}
	leave(c);
}

/* --- J-20 ------------------------------------------------------------------------- */

/* A request made for one resource, sent to every other one; its nonce is fresh each time. */
static void
test_elsewhere(void)
{
	struct client *c = twin(&scene, victim);
	unsigned refused = 0, tries = 0;

	for (size_t i = 0; i < THINGS; i++)
		for (size_t k = 0; k < THINGS; k++) {
			struct jws jws = { .url = things[i].url, .payload = things[i].payload };

			if (i == k)
				continue;
			tries++;
			client_post_jws(c, things[k].url, &jws, false);
			refused += c->reply.status == 403 && strcmp(c->type, "unauthorized") == 0;
		}
	ok(refused == tries, "J-20 %u of %u requests for one resource refused by another", refused,
	   tries);
	leave(c);
}

/* The inner JWS of keyChange as a request of its own, and newAccount's as an inner one. */
static void
test_inner(void)
{
	struct client *c = member(&scene, "ES256");
	const char *change = client_url(c, "key-change"), *url = client_url(c, "new-account");
	EVP_PKEY *fresh = key_new("ES256");
	struct jws inner = { .key = fresh, .url = change };
	struct jws outer = { .key = fresh, .nonce = client_nonce(c), .url = url,
			     .payload = AGREED };

	inner.payload = arena_printf(c->arena, "{\"account\":\"%s\",\"oldKey\":%s}", c->kid,
				     key_jwk(c->arena, c->key));
	jws_sign(c->arena, &inner);
	client_send(c, "POST", change, "application/jose+json", jws_print(c->arena, &inner));
	told(c, 400, "malformed", "J-20 the inner JWS of keyChange as an outer one");
	client_send(c, "POST", url, "application/jose+json", jws_print(c->arena, &inner));
	told(c, 400, "badNonce", "J-20 the same sent to newAccount");
	client_send(c, "POST", client_url(c, "revoke-cert"), "application/jose+json",
		    jws_print(c->arena, &inner));
	told(c, 400, "badNonce", "J-20 the same sent to revokeCert");
	jws_sign(c->arena, &outer);
	client_post(c, change, jws_print(c->arena, &outer));
	told(c, 400, "malformed", "J-20 newAccount's JWS as inner one");
	ok(client_post(c, c->kid, "") == 200, "J-20 the account's key is what it was");
	EVP_PKEY_free(fresh);
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	victim = member(&scene, "ES256");
	things_make(victim, &scene, things);
	test_nonces();
	test_urls();
	test_hosts();
	test_kids();
	test_elsewhere();
	test_inner();
	test_gets();
	test_payloads();
	leave(victim);
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_conform.c - demands of RFC 8555 that no other test shows, and the options that depart
 * from it.  The numbers in the texts are its sections. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/b64.h"
#include "tests/attack.h"
#include "tests/chain.h"

#define RACERS 20
#define PAGE   100

static struct scene scene;

/* --- 7.1.2.1: the list of orders -------------------------------------------------- */

/* How often the URL stands in the list, over all its pages; *pages of them. */
static unsigned
times_listed(struct client *c, const char *list, const char *url, unsigned *pages)
{
	unsigned n = 0;

	for (*pages = 0; list != NULL && client_post(c, list, "") == 200; ++*pages) {
		const json_t *orders = json_object_get(c->json, "orders"), *one;
		size_t i;

		json_array_foreach(orders, i, one)
			n += strcmp(json_string_value(one), url) == 0;
		list = reply_link(&c->reply, c->arena, "next", 0);
	}
	return n;
}

static void
test_orders(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order first, gone, last;
	const char *list = arena_printf(c->arena, "%s/orders", c->kid);
	unsigned pages, made = 0;

	ordered(c, "n0.example.test", &first);
	ordered(c, "n1.example.test", &gone);
	is(client_prove(c, NULL, gone.authz[0]), "invalid", "an authorization that fails");
	for (int i = 0; i < PAGE + 10; i++)
		made += strcmp(ordered(c, "n2.example.test", &last), "pending") == 0;
	ok(made == PAGE + 10, "%u more orders", made);
	ok(times_listed(c, list, first.url, &pages) == 1, "7.1.2.1 a pending order is listed once");
	ok(pages == 2, "7.1.2.1 on %u pages, by Link next", pages);
	ok(times_listed(c, list, last.url, &pages) == 1, "7.1.2.1 so is the last one");
	ok(times_listed(c, list, gone.url, &pages) == 0, "7.1.2.1 an invalid one is not");
	leave(c);
}

/* --- 7.1.3, 7.5: an order's life -------------------------------------------------- */

static const char *
dump(struct client *c, const char *url, const char *name)
{
	char *s;

	client_post(c, url, "");
	s = json_dumps(json_object_get(c->json, name), JSON_COMPACT | JSON_SORT_KEYS);
	return arena_own(c->arena, s, free);
}

static void
test_order(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	const char *idents, *authz, *error;

	ok(order_ready(c, &scene, "n0.example.test", &order), "a ready order");
	ok(text(c->json, "expires") != NULL, "7.1.4 a valid authorization has expires");
	idents = dump(c, order.url, "identifiers");
	authz = dump(c, order.url, "authorizations");
	ok(text(c->json, "expires") != NULL, "7.1.3 a ready order has expires");
	ok(client_finalize(c, &order, csr_for(c, "n0.example.test")), "issued");
	is(dump(c, order.url, "identifiers"), idents, "7.1.3 identifiers are as they were");
	is(dump(c, order.url, "authorizations"), authz, "7.1.3 authorizations, too");
	ok(text(c->json, "expires") != NULL, "7.1.3 a valid order has expires");
	ordered(c, "n1.example.test", &order);
	client_prove(c, NULL, order.authz[0]);
	is(status_of(c, order.url), "invalid", "7.1.6 an authorization that failed: invalid");
	error = text(json_object_get(c->json, "error"), "type");
	ok(error != NULL && strncmp(error, "urn:ietf:params:acme:error:", 27) == 0,
	   "7.1.3 its error says why");
	leave(c);
}

/* Members of a challenge's response that nobody knows (8.2). */
static void
test_response(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	const char *token;

	ordered(c, "n0.example.test", &order);
	client_post(c, order.authz[0], "");
	token = client_challenge(c->json, "http-01", "token");
	responder_put(scene.responder, token, key_authorization(c->arena, c->key, token));
	client_post(c, client_challenge(c->json, "http-01", "url"),
		    "{\"type\":\"dns-01\",\"status\":\"valid\",\"token\":\"x\",\"url\":\"x\","
		    "\"keyAuthorization\":\"x.y\"}");
	told(c, 200, "", "7.5.1 unknown members of a response are ignored");
	is(text(c->json, "type"), "http-01", "7.5.1 and change nothing");
	is(text(c->json, "token"), token, "7.5.1 not the token either");
	is(client_prove(c, NULL, order.authz[0]), "valid", "7.5.1 it is proved all the same");
	leave(c);
}

/* --- 7.3: accounts ---------------------------------------------------------------- */

static void
test_ignored(void)
{
	struct client *c = visitor(&scene);

	ok(client_account(c, "ES256", "{\"termsOfServiceAgreed\":true,\"status\":\"deactivated\","
			  "\"orders\":\"https://evil.test/\",\"key\":{},\"externalAccountBinding\":"
			  "{\"protected\":\"e30\",\"payload\":\"e30\",\"signature\":\"AA\"}}"),
	   "7.3 newAccount with members that are not its own");
	is(text(c->json, "status"), "valid", "7.3 a status is ignored");
	ok(strncmp(text(c->json, "orders"), c->base, strlen(c->base)) == 0, "7.3 orders, too");
	ok(json_object_get(c->json, "externalAccountBinding") == NULL && json_object_get(c->json,
	   "key") == NULL, "7.3.4 what is not verified is not told again");
	client_get(c, "GET", scene.server->url);
	ok(!json_is_true(json_object_get(json_object_get(c->json, "meta"),
					 "externalAccountRequired")), "7.3.4 nor is it demanded");
	leave(c);
}

static void *
register_key(void *arg)
{
	struct client *c = arg;

	client_account(c, NULL, AGREED);
	return NULL;
}

/* One key, one account (11.1), however many ask at once. */
static void
test_one_account(void)
{
	EVP_PKEY *key = key_new("ES256");
	struct client *list[RACERS];
	pthread_t threads[RACERS];
	unsigned made = 0, found = 0, same = 0;

	for (size_t i = 0; i < RACERS; i++) {
		list[i] = visitor(&scene);
		EVP_PKEY_up_ref(key);
		list[i]->key = key;
		client_get(list[i], "HEAD", client_url(list[i], "new-nonce"));
	}
	for (size_t i = 0; i < RACERS; i++)
		pthread_create(&threads[i], NULL, register_key, list[i]);
	for (size_t i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		made += list[i]->reply.status == 201;
		found += list[i]->reply.status == 200;
	}
	for (size_t i = 0; i < RACERS; i++)
		same += strcmp(list[i]->kid, list[0]->kid) == 0;
	ok(made == 1 && found == RACERS - 1 && same == RACERS, "11.1 %d newAccounts with one key "
	   "at once: %u made, %u found, %u the same", RACERS, made, found, same);
	for (size_t i = 0; i < RACERS; i++)
		leave(list[i]);
	EVP_PKEY_free(key);
}

/* --- 6.1: what clients should send ------------------------------------------------ */

static void
test_bare(void)
{
	struct client *c = visitor(&scene);
	const char *get = arena_printf(c->arena, "GET /directory HTTP/1.1\r\nHost: %s\r\n\r\n",
				       strstr(c->base, "://") + 3);

	wire_close(raw(c, get, strlen(get)));
	told(c, 200, "", "6.1 a request without User-Agent and Accept-Language");
	leave(c);
}

/* --- departures, when they are switched on ---------------------------------------- */

/* r without its zero octet, 63 in all. */
static int
short_signature(struct client *c)
{
	struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c),
			   .url = client_url(c, "new-order"), .payload = GOOD };
	struct blob octets;

	do {
		jws.signature = NULL;
		jws_sign(c->arena, &jws);
		octets = b64_parse(c->arena, jws.signature, strlen(jws.signature), NULL);
	} while (octets.data[0] != 0);
	jws.signature = b64_print(c->arena, octets.data + 1, octets.len - 1);
	return client_send(c, "POST", jws.url, "application/jose+json",
			   jws_print(c->arena, &jws));
}

static void
test_quirks(const char *old_base)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	struct blob der = csr_for(c, "n0.example.test");
	const char *csr = b64_print(c->arena, der.data, der.len);
	struct jws jws = { .payload = "" };

	ok(short_signature(c) == 201, "quirks: a signature of 63 octets");
	ok(order_ready(c, &scene, "n0.example.test", &order), "a ready order");
	client_post(c, order.finalize, arena_printf(c->arena, "{\"csr\":\"%s==\"}", csr));
	told(c, 200, "", "quirks: a padded CSR");
	jws.kid = arena_printf(c->arena, "%s%s", old_base, c->kid + strlen(c->base));
	client_post_jws(c, c->kid, &jws, false);
	told(c, 200, "", "base_url_old: a kid with the former base");
	jws = (struct jws){ .payload = "" };
	jws.url = arena_printf(c->arena, "%s%s", old_base, c->kid + strlen(c->base));
	client_post_jws(c, c->kid, &jws, false);
	told(c, 403, "unauthorized", "base_url_old: but not as url");
	leave(c);
}

int
main(void)
{
	static const char *const old = "https://old.example.test:14000";
	char former[80];

	snprintf(former, sizeof(former), "base_url_old=%s", old);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	test_orders();
	test_order();
	test_response();
	test_ignored();
	test_one_account();
	test_bare();
	scene_stop(&scene);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=1", former,
			 "quirks=padded-csr,short-es256", NULL }))
		return 1;
	test_quirks(old);
	scene_stop(&scene);
	return tap_done();
}

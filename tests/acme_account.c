/* SPDX-License-Identifier: Apache-2.0 */
/* acme_account.c - the directory, newNonce, accounts, and HTTP itself, over the wire.  The
 * numbers in the texts are rows of docs/tests.md. */
#include <string.h>

#include "base/b64.h"
#include "tests/scene.h"

#define TERMS "https://terms.example.test/1"

static struct scene scene;

static void
check_directory(struct client *c, const char *how)
{
	static const char *const members[] = {
		"newNonce", "newAccount", "newOrder", "newAuthz", "revokeCert", "keyChange",
		"renewalInfo"
	};
	const json_t *meta = json_object_get(c->json, "meta");

	ok(c->reply.status == 200, "the directory by %s: %d", how, c->reply.status);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *url = text(c->json, members[i]);

		ok(url != NULL && strncmp(url, c->base, strlen(c->base)) == 0,
		   "%s is a URL of this server", members[i]);
	}
	is(text(meta, "termsOfService"), TERMS, "the terms");
	ok(json_is_array(json_object_get(meta, "caaIdentities")), "caaIdentities is an array");
	ok(reply_header(&c->reply, "Replay-Nonce", 0) != NULL, "3: a nonce on the directory");
}

static void
test_directory(void)
{
	struct client *c = visitor(&scene);

	client_get(c, "GET", scene.server->url);
	check_directory(c, "GET");
	client_account(c, "ES256", AGREED);
	client_post(c, scene.server->url, "");
	check_directory(c, "POST-as-GET");
	leave(c);
}

static void
test_new_nonce(void)
{
	static const struct {
		const char *method;
		int status;
	} ways[] = { { "HEAD", 200 }, { "GET", 204 }, { "POST", 204 }, { "HEAD", 200 } };
	struct client *c = visitor(&scene);
	const char *seen[4] = { NULL }, *url = client_url(c, "new-nonce"), *cache;

	client_account(c, "ES256", AGREED);
	for (size_t i = 0; i < 4; i++) {
		const char *method = ways[i].method;
		int status = strcmp(method, "POST") == 0 ? client_post(c, url, "") :
			     client_get(c, method, url);

		ok(status == ways[i].status, "3: %s newNonce: %d", method, status);
		ok(c->reply.body.len == 0, "3: no body");
		cache = reply_only(&c->reply, "Cache-Control");
		is(cache, "no-store", "J-12: not to be stored");
		seen[i] = reply_only(&c->reply, "Replay-Nonce");
		for (size_t k = 0; k < i; k++)
			ok(seen[i] != NULL && strcmp(seen[i], seen[k]) != 0, "a fresh nonce");
	}
	leave(c);
}

static void
check_account(struct client *c, const char *contact)
{
	const json_t *list = json_object_get(c->json, "contact");

	is(text(c->json, "status"), "valid", "the account is valid");
	ok(json_is_array(list), "25: contact is an array");
	is(json_string_value(json_array_get(list, 0)), contact, "its contact");
	ok(json_array_size(list) == (contact == NULL ? 0 : 1), "and no other");
	ok(json_is_true(json_object_get(c->json, "termsOfServiceAgreed")), "it agreed");
	ok(text(c->json, "orders") != NULL, "it has a list of orders");
	ok(json_object_get(c->json, "onlyReturnExisting") == NULL &&
	   json_object_get(c->json, "nonsense") == NULL, "nothing else is echoed");
}

/* The same key again, however it asks, is the account that is there (15, 16). */
static void
test_known_key(void)
{
	static const char *const again[] = {
		"{}", "{\"onlyReturnExisting\":true}",
		"{\"termsOfServiceAgreed\":true,\"contact\":[\"mailto:other@example.test\"]}",
		("{\"onlyReturnExisting\":true,\"termsOfServiceAgreed\":true,"
		 "\"contact\":[\"mailto:b@example.test\"],\"status\":\"valid\"}"),
	};
	struct client *c = visitor(&scene);
	char first[256];

	ok(client_account(c, "ES256", "{\"termsOfServiceAgreed\":true,\"nonsense\":1,"
			  "\"contact\":[\"mailto:a@example.test\"]}"), "newAccount");
	ok(c->reply.status == 201, "12: a new account: 201");
	check_account(c, "mailto:a@example.test");
	snprintf(first, sizeof(first), "%s", c->kid);
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		client_account(c, NULL, again[i]);
		ok(c->reply.status == 200, "12, 16: the same key again: %d", c->reply.status);
		is(c->kid, first, "12, 16: the same Location");
		check_account(c, "mailto:a@example.test");
	}
	leave(c);
}

static void
test_unknown_key(void)
{
	struct client *c = visitor(&scene);

	ok(!client_account(c, "ES256", "{\"onlyReturnExisting\":true}"), "no such account");
	ok(c->reply.status == 400, "15: an unknown key: 400");
	is(c->type, "accountDoesNotExist", "15: accountDoesNotExist");
	ok(!client_account(c, NULL, "{\"onlyReturnExisting\":true,\"termsOfServiceAgreed\":true,"
			   "\"contact\":[]}"), "15: with contact and agreement too");
	is(c->type, "accountDoesNotExist", "15: accountDoesNotExist");
	ok(!client_account(c, NULL, "{}"), "nothing was made, and terms must be agreed to");
	is(c->type, "userActionRequired", "12a, 12: userActionRequired");
	ok(c->reply.status == 403, "12a, 12: 403");
	is(reply_link(&c->reply, c->arena, "terms-of-service", 0), TERMS, "12a, 12: Link");
	is(text(c->json, "instance"), TERMS, "12a, 12: instance");
	leave(c);
}

static void
test_update(void)
{
	struct client *c = visitor(&scene);

	client_account(c, "RS256", "{\"termsOfServiceAgreed\":true,"
		       "\"contact\":[\"mailto:a@example.test\"]}");
	ok(client_post(c, c->kid, "") == 200, "an account is read by POST-as-GET");
	check_account(c, "mailto:a@example.test");
	ok(client_post(c, c->kid, "{}") == 200, "20: an empty update: 200");
	ok(reply_header(&c->reply, "Location", 0) == NULL, "12: an update has no Location");
	check_account(c, "mailto:a@example.test");
	ok(client_post(c, c->kid, "{\"contact\":[\"mailto:b@example.test\"],\"orders\":\"x\","
		       "\"termsOfServiceAgreed\":false,\"status\":\"valid\"}") == 200,
	   "contacts are replaced, the rest is ignored");
	check_account(c, "mailto:b@example.test");
	ok(client_post(c, c->kid, "{\"contact\":[]}") == 200, "an empty array removes them");
	check_account(c, NULL);
	ok(client_post(c, c->kid, "") == 200, "and it stays so");
	check_account(c, NULL);
	leave(c);
}

static void
test_orders(void)
{
	struct client *c = visitor(&scene);
	const char *urls[3], *list;
	struct client_order order;
	const json_t *got;

	client_account(c, "ES256", AGREED);
	list = text(c->json, "orders");
	for (size_t i = 0; i < 3; i++) {
		const char *name = arena_printf(c->arena, "n%zu.example.test", i);

		client_order_new(c, &name, 1, &order);
		urls[i] = order.url;
	}
	ok(client_post(c, list, "") == 200, "the list of orders");
	got = json_object_get(c->json, "orders");
	ok(json_array_size(got) == 3, "has all three");
	for (size_t i = 0; i < 3; i++) {
		bool there = false;

		for (size_t k = 0; k < 3; k++) {
			const char *one = json_string_value(json_array_get(got, k));

			there = there || (one != NULL && strcmp(one, urls[i]) == 0);
		}
		ok(there, "order %zu is in it", i);
	}
	leave(c);
}

/* Kids that are not quite an account's (J-15); type and status are all that clients go
 * by (17). */
static void
test_kids(void)
{
	struct client *c = visitor(&scene);
	const char *cut, *id;

	client_account(c, "ES256", AGREED);
	id = strrchr(c->kid, '/') + 1;
	cut = arena_strndup(c->arena, c->kid, strlen(c->kid) - strlen(id));
	const struct {
		const char *kid, *type;
	} kids[] = {
		{ arena_printf(c->arena, "%s%s", cut, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		  "accountDoesNotExist" },
		{ arena_printf(c->arena, "%s/", c->kid), "malformed" },
		{ arena_printf(c->arena, "%s?x", c->kid), "malformed" },
		{ arena_printf(c->arena, "%s1/../%s", cut, id), "malformed" },
		{ arena_printf(c->arena, "%s/%s", cut, id), "malformed" },
		{ arena_printf(c->arena, "https://other.example.test%s",
			       c->kid + strlen(c->base)), "malformed" },
		{ c->kid + strlen(c->base), "malformed" },
		{ id, "malformed" },
		{ "1", "malformed" },
		{ "", "malformed" },
	};
	for (size_t i = 0; i < sizeof(kids) / sizeof(kids[0]); i++) {
		struct jws jws = { .kid = kids[i].kid, .payload = "" };

		client_post_jws(c, c->kid, &jws, false);
		ok(c->reply.status == 400, "J-15: kid %s: 400: %s", kids[i].kid, c->detail);
		is(c->type, kids[i].type, "its type");
	}
	leave(c);
}

/* One connection for all requests, and several requests at once on it. */
static void
test_connection(void)
{
	struct client *c = visitor(&scene);
	const struct wire *first;
	const char *get = arena_printf(c->arena, "GET /directory HTTP/1.1\r\nHost: %s\r\n\r\n",
				       strstr(c->base, "://") + 3);
	unsigned good = 0;

	client_get(c, "GET", scene.server->url);
	first = c->wire;
	client_account(c, "ES256", AGREED);
	client_post(c, c->kid, "");
	client_get(c, "GET", "/nowhere");
	ok(c->reply.status == 404, "an unknown path: 404");
	client_get(c, "GET", scene.server->url);
	ok(first != NULL && c->wire == first, "the connection is kept, after an error too");
	for (size_t i = 0; i < 20 && c->wire != NULL; i++)
		wire_send_text(c->wire, get);
	for (size_t i = 0; i < 20 && c->wire != NULL; i++)
		good += wire_read(c->wire, c->arena, &c->reply, false) && c->reply.status == 200;
	ok(good == 20, "R-19: 20 requests sent at once: %u replies", good);
	leave(c);
}

/* OpenBSD's client speaks HTTP/1.0 (6). */
static void
test_http10(void)
{
	struct client *c = visitor(&scene);

	c->http10 = true;
	ok(client_get(c, "GET", scene.server->url) == 200, "6: GET by HTTP/1.0");
	ok(json_is_object(c->json) && !c->reply.chunked, "6: not in chunks");
	ok(c->wire == NULL, "6: and the connection is closed");
	ok(client_get(c, "HEAD", client_url(c, "new-nonce")) == 200, "6: HEAD by HTTP/1.0");
	ok(client_account(c, "ES256", AGREED), "6: POST by HTTP/1.0");
	ok(client_get(c, "GET", "/nowhere") == 404, "6: an error by HTTP/1.0");
	leave(c);
}

static void
test_methods(void)
{
	struct client *c = visitor(&scene);
	const char *allow;

	client_get(c, "OPTIONS", client_url(c, "new-order"));
	ok(c->reply.status == 204, "OPTIONS: 204: %d", c->reply.status);
	is(reply_only(&c->reply, "Access-Control-Allow-Origin"), "*", "1.5: any origin");
	is(reply_only(&c->reply, "Access-Control-Allow-Headers"), "Content-Type",
	   "1.5: Content-Type may be sent");
	ok(client_get(c, "GET", client_url(c, "new-order")) == 405, "GET newOrder: 405");
	allow = reply_only(&c->reply, "Allow");
	is(allow, "POST", "with Allow");
	client_get(c, "DELETE", client_url(c, "new-nonce"));
	allow = reply_only(&c->reply, "Allow");
	ok(allow != NULL && strstr(allow, "HEAD") && strstr(allow, "GET") && strstr(allow, "POST"),
	   "newNonce allows %s", allow);
	client_get(c, "GET", scene.server->url);
	ok(reply_only(&c->reply, "Access-Control-Expose-Headers") != NULL &&
	   strstr(reply_only(&c->reply, "Access-Control-Expose-Headers"), "Replay-Nonce") != NULL,
	   "1.5: scripts may read Replay-Nonce");
	leave(c);
}

/* What certificates point to is served without TLS, and nothing of ACME is there. */
static void
test_plain(void)
{
	struct client *c;
	char url[64];

	snprintf(url, sizeof(url), "http://localhost:%u/", scene.server->http_port);
	c = client_open(url, NULL);
	client_get(c, "GET", "/directory");
	ok(c->reply.status == 404, "no directory without TLS: %d", c->reply.status);
	ok(client_get(c, "GET", "/acme/new-nonce") == 404, "no newNonce without TLS");
	client_close(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2",
			 "terms_of_service=" TERMS, NULL }))
		return 1;
	test_directory();
	test_new_nonce();
	test_known_key();
	test_unknown_key();
	test_update();
	test_orders();
	test_kids();
	test_connection();
	test_http10();
	test_methods();
	test_plain();
	scene_stop(&scene);
	return tap_done();
}

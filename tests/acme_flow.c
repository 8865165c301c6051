/* SPDX-License-Identifier: Apache-2.0 */
/* acme_flow.c - issuance over the wire, as the clients of docs/tests.md need it.  The
 * numbers in the texts are its rows. */
#include <pthread.h>
#include <string.h>

#include "base/b64.h"
#include "tests/chain.h"
#include "tests/scene.h"

#define N0 "n0.example.test"
#define N1 "n1.example.test"
#define N2 "n2.example.test"

static struct scene scene;

/* Sends {} to the http-01 challenge of an authorization, with that answer in place. */
static int
respond(struct client *c, const char *authz, const char *answer)
{
	const char *url, *token;

	client_post(c, authz, "");
	url = client_challenge(c->json, "http-01", "url");
	token = client_challenge(c->json, "http-01", "token");
	if (url == NULL || token == NULL)
		return 0;
	responder_put(scene.responder, token, answer != NULL ? answer :
		      key_authorization(c->arena, c->key, token));
	return client_post(c, url, "{}");
}

static void
test_key_kinds(void)
{
	static const char *const algs[] = { "ES256", "ES384", "ES512", "RS256", "EdDSA" };
	static const char *const names[] = { N0, N1, N2 };

	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		struct client *c = member(&scene, algs[i]);
		struct issued issued = { .key = i % 2 == 0 ? NULL : key_new_rsa(2048) };
		bool good;

		ok(c->reply.status == 201, "account, %s: %d", algs[i], c->reply.status);
		good = client_issue(c, scene.responder, names, 1 + i % 3, &issued);
		ok(good, "%s: issued: %s", algs[i], good ? "" : client_why(c));
		if (good)
			is(chain_wrong(issued.pem, scene.server->root, names, 1 + i % 3,
				       issued.key), NULL, "the chain, the names and the key");
		EVP_PKEY_free(issued.key);
		leave(c);
	}
}

static void
check_order(struct client *c, const struct client_order *order)
{
	static const char *const members[] = {
		"status", "expires", "identifiers", "authorizations", "finalize"
	};
	const json_t *first;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		ok(json_object_get(c->json, members[i]) != NULL, "the order has %s", members[i]);
	first = json_array_get(json_object_get(c->json, "identifiers"), 0);
	is(text(first, "value"), "N0.Example.test", "22: identifiers come back as they were sent");
	ok(json_object_get(c->json, "error") == NULL && order->certificate == NULL,
	   "25: no error and no certificate yet");
	is(order->status, "pending", "30: newOrder is pending");
	ok(order->nauthz == 3, "one authorization for each name");
}

static void
check_authz(struct client *c, const char *url, bool wildcard)
{
	const json_t *list, *one;
	size_t i;

	client_post(c, url, "");
	is(text(c->json, "status"), "pending", "the authorization is pending");
	ok(text(c->json, "expires") != NULL, "it has an end");
	is(text(json_object_get(c->json, "identifier"), "value"),
	   wildcard ? "n1.example.test" : "N0.Example.test", "35: its name, without *.");
	ok(json_is_true(json_object_get(c->json, "wildcard")) == wildcard,
	   "26: wildcard is %s", wildcard ? "true" : "left out");
	ok(wildcard || json_object_get(c->json, "wildcard") == NULL, "35: never wildcard false");
	list = json_object_get(c->json, "challenges");
	ok(json_array_size(list) == (wildcard ? 1 : 2), "its challenges: %zu",
	   json_array_size(list));
	json_array_foreach(list, i, one) {
		const char *type = text(one, "type"), *token = text(one, "token");

		ok(type != NULL && text(one, "url") != NULL, "27: type and url");
		is(text(one, "status"), "pending", "27: status");
		ok(token != NULL && b64_parse(c->arena, token, strlen(token), NULL).len >= 16,
		   "27: a token of 128 bits or more");
		ok(json_object_get(one, "error") == NULL, "26: no error");
		ok(!wildcard || strcmp(type, "dns-01") == 0, "a wildcard is proved by dns-01");
	}
}

/* Shapes of the objects, before anything is validated. */
static void
test_shapes(void)
{
	static const char *const names[] = { "N0.Example.test", "*.n1.example.test", N1 };
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	bool good = client_order_new(c, names, 3, &order);

	ok(good, "newOrder: 201 with Location (12): %s", client_why(c));
	check_order(c, &order);
	check_authz(c, order.authz[0], false);
	check_authz(c, order.authz[1], true);
	ok(client_post(c, order.url, "") == 200, "the order is read by POST-as-GET");
	is(reply_only(&c->reply, "Location"), order.url, "12: its polls carry Location");
	ok(reply_header(&c->reply, "Retry-After", 0) == NULL, "nothing runs: no Retry-After");
	ok(client_post(c, order.finalize, "{\"csr\":\"AAAA\"}") == 403, "31: not ready: 403");
	is(c->type, "orderNotReady", "31: orderNotReady, before the CSR is looked at");
	leave(c);
}

static void
check_finalized(struct client *c, const struct client_order *order)
{
	ok(c->reply.status == 200, "43: finalize is answered with 200: %d", c->reply.status);
	is(text(c->json, "status"), "valid", "30: valid in that same reply");
	ok(text(c->json, "certificate") != NULL, "30: with the certificate");
	is(reply_only(&c->reply, "Location"), order->url, "12: with the order's Location");
}

static void
check_download(struct client *c, const char *certificate)
{
	const char *type;

	ok(client_post(c, certificate, "") == 200, "the certificate is read by POST-as-GET");
	type = reply_only(&c->reply, "Content-Type");
	is(type, "application/pem-certificate-chain", "5: its media type");
	ok(reply_link(&c->reply, c->arena, "up", 0) == NULL, "11: no Link up there");
	ok(chain_length((const char *)c->reply.body.data) >= 2, "40: two certificates or more");
	ok(client_post(c, certificate, "{}") == 400, "8: {} is no POST-as-GET");
}

/* A challenge: its reply, and how the three views of it move (11, 23, 29, 33). */
static void
check_challenge(struct client *c, const struct client_order *order, size_t i)
{
	const char *url, *up, *status;

	client_post(c, order->authz[i], "");
	url = client_challenge(c->json, "http-01", "url");
	ok(client_post(c, url, "") == 200, "a challenge is read by POST-as-GET");
	is(text(c->json, "status"), "pending", "8: which starts nothing");
	ok(respond(c, order->authz[i], NULL) == 200, "33: the challenge's reply is 200");
	is(text(c->json, "url"), url, "33: and has its url");
	up = reply_link(&c->reply, c->arena, "up", 0);
	is(up, order->authz[i], "11: and a Link up to the authorization");
	status = text(c->json, "status");
	ok(status != NULL && (strcmp(status, "processing") == 0 || strcmp(status, "valid") == 0),
	   "its status is %s", status);
	client_post(c, order->authz[i], "");
	is(text(c->json, "status"), "valid", "one poll of the authorization later: valid");
	ok(text(c->json, "expires") != NULL, "with an end");
	ok(client_challenge(c->json, "http-01", "validated") != NULL, "28: the challenge has "
	   "validated");
	ok(client_challenge(c->json, "http-01", "token") != NULL, "28: and its token");
	client_post(c, url, "");
	is(text(c->json, "status"), "valid", "29: the challenge says so too");
	ok(client_post(c, url, "{}") == 200, "a valid challenge may be sent again");
	is(text(c->json, "status"), "valid", "and stays valid");
}

static void
test_order(void)
{
	static const char *const names[] = { "N0.Example.test", N1 };
	struct client *c = member(&scene, "ES256");
	EVP_PKEY *key = key_new("ES256");
	struct client_order order;
	const char *csr, *other;
	struct blob der;

	ok(client_order_new(c, names, 2, &order), "newOrder");
	check_challenge(c, &order, 0);
	client_post(c, order.url, "");
	is(text(c->json, "status"), "pending", "29: the order waits for the second name");
	check_challenge(c, &order, 1);
	client_post(c, order.url, "");
	is(text(c->json, "status"), "ready", "29: now the order is ready");
	/* 38: common name, other order, other case */
	der = csr_make(c->arena, &(struct csr_plan){ .key = key, .cn = N1,
		.san = "DNS:n1.example.test,DNS:n0.EXAMPLE.test",
		.extensions = (const char *const[]){ "extendedKeyUsage", "serverAuth,clientAuth",
						     "keyUsage", "keyCertSign", NULL } });
	csr = arena_printf(c->arena, "{\"csr\":\"%s\"}", b64_print(c->arena, der.data, der.len));
	client_post(c, order.finalize, csr);
	check_finalized(c, &order);
	client_order_get(c, NULL, &order);
	check_download(c, order.certificate);
	ok(client_post(c, order.finalize, csr) == 200, "31: the same finalize again: 200");
	is(text(c->json, "certificate"), order.certificate, "31: and the same certificate");
	der = csr_of_names(c->arena, key, names, 2);
	other = arena_printf(c->arena, "{\"csr\":\"%s\"}", b64_print(c->arena, der.data, der.len));
	ok(client_post(c, order.finalize, other) == 403, "another CSR: 403");
	is(c->type, "orderNotReady", "another CSR: orderNotReady");
	client_post(c, order.url, "");
	is(text(c->json, "certificate"), order.certificate, "the order stays as it was");
	is(chain_wrong(client_download(c, order.certificate), scene.server->root, names, 2, key),
	   NULL, "38: the chain, whatever the CSR asked for");
	EVP_PKEY_free(key);
	leave(c);
}

/* A certificate with the last key, as certbot --reuse-key does (38); and polls counted:
 * each first answer is final. */
static void
test_polls(void)
{
	static const char *const names[] = { N0, N1, N2 };
	struct client *c = member(&scene, "ES256");
	struct issued one = { .key = NULL }, two = { .key = NULL };
	const char *first;
	bool good = client_issue(c, scene.responder, names, 3, &one);

	ok(good, "issued: %s", good ? "" : client_why(c));
	ok(c->polls <= 3 * 2, "%u reads of 3 authorizations and the order", c->polls);
	ok(c->requests <= 1 + 1 + 1 + 3 * 3 + 1 + 1 + 1, "%u requests in all", c->requests);
	first = good ? chain_serial(c->arena, one.pem) : "";
	two.key = one.key;
	good = client_issue(c, scene.responder, names, 3, &two);
	ok(good && strcmp(first, chain_serial(c->arena, two.pem)) != 0,
	   "38: again with the same key: another serial");
	EVP_PKEY_free(one.key);
	leave(c);
}

/* What the responder says is wrong. */
static void
test_refuted(void)
{
	static const char *const names[] = { N0, N1 };
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	const json_t *list, *error;
	const char *url;

	client_order_new(c, names, 2, &order);
	ok(respond(c, order.authz[0], "token.of-somebody-else") == 200, "the challenge's reply");
	client_post(c, order.authz[0], "");
	is(text(c->json, "status"), "invalid", "a wrong answer: the authorization is invalid");
	list = json_object_get(c->json, "challenges");
	ok(json_array_size(list) == 1, "26: only the challenge that failed is shown");
	is(client_challenge(c->json, "http-01", "status"), "invalid", "and it is invalid");
	error = json_object_get(json_array_get(list, 0), "error");
	is(text(error, "type"), "urn:ietf:params:acme:error:unauthorized", "its error's type");
	ok(text(error, "detail") != NULL && strstr(text(error, "detail"), "somebody-else") == NULL,
	   "its error's detail does not repeat the page: %s", text(error, "detail"));
	url = client_challenge(c->json, "http-01", "url");
	ok(client_post(c, url, "{}") == 400, "the challenge can't be tried again");
	client_post(c, order.url, "");
	is(text(c->json, "status"), "invalid", "29: the order is invalid");
	ok(client_post(c, order.finalize, "{\"csr\":\"\"}") == 403, "finalize: 403");
	is(c->type, "orderNotReady", "finalize: orderNotReady");
	leave(c);
}

/* Trailing white space is fine, anything else is not (36, V-10). */
static void
test_answers(void)
{
	static const struct {
		const char *before, *after, *status;
	} cases[] = {
		{ "", "\n", "valid" }, { "", " \r\n\t ", "valid" }, { " ", "", "invalid" },
		{ "", "x", "invalid" }, { "", "\nmore", "invalid" }, { "\xef\xbb\xbf", "", "invalid" },
	};
	static const char *const names[] = { N0 };
	struct client *c = member(&scene, "ES256");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client_order order;
		const char *token;

		client_order_new(c, names, 1, &order);
		client_post(c, order.authz[0], "");
		token = client_challenge(c->json, "http-01", "token");
		respond(c, order.authz[0], arena_printf(c->arena, "%s%s%s", cases[i].before,
			key_authorization(c->arena, c->key, token), cases[i].after));
		client_post(c, order.authz[0], "");
		is(text(c->json, "status"), cases[i].status, "36: white space and more around it");
	}
	leave(c);
}

/* Nothing of another account can be told from what does not exist (12a, 6). */
static void
test_strangers(void)
{
	static const char *const names[] = { N0 };
	struct client *owner = member(&scene, "ES256"), *c = member(&scene, "ES256");
	struct issued issued = { .key = NULL };
	const char *urls[6], *nothing;
	char body[600];

	ok(client_issue(owner, scene.responder, names, 1, &issued), "the owner's certificate");
	client_post(owner, issued.order.authz[0], "");
	urls[0] = issued.order.url;
	urls[1] = issued.order.authz[0];
	urls[2] = client_challenge(owner->json, "http-01", "url");
	urls[3] = issued.order.finalize;
	urls[4] = issued.order.certificate;
	urls[5] = owner->kid;
	nothing = client_url(c, "order/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	ok(client_post(c, nothing, "") == 404, "32: no such order: 404");
	snprintf(body, sizeof(body), "%s", (const char *)c->reply.body.data);
	for (size_t i = 0; i < 6; i++) {
		ok(client_post(c, urls[i], "") == 404, "another's %s: 404",
		   urls[i] + strlen(c->base));
		is((const char *)c->reply.body.data, body, "the same body");
	}
	EVP_PKEY_free(issued.key);
	leave(owner);
	leave(c);
}

/* Two finalize at once make one certificate. */
struct racer {
	struct client	*c;
	const char	*url, *payload;
	int		 status;
};

static void *
race(void *arg)
{
	struct racer *r = arg;

	r->status = client_post(r->c, r->url, r->payload);
	return NULL;
}

static void
test_race(void)
{
	static const char *const names[] = { N0 };
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	struct racer racers[8];
	pthread_t threads[8];
	unsigned good = 0;

	client_order_new(c, names, 1, &order);
	is(client_prove(c, scene.responder, order.authz[0]), "valid", "proved");
	for (size_t i = 0; i < 8; i++) {
		EVP_PKEY *key = key_new("ES256");
		struct blob der = csr_of_names(c->arena, key, names, 1);

		racers[i] = (struct racer){ twin(&scene, c), order.finalize,
			arena_printf(c->arena, "{\"csr\":\"%s\"}",
				     b64_print(c->arena, der.data, der.len)), 0 };
		EVP_PKEY_free(key);
		client_get(racers[i].c, "HEAD", client_url(racers[i].c, "new-nonce"));
		pthread_create(&threads[i], NULL, race, &racers[i]);
	}
	for (size_t i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		good += racers[i].status == 200;
		if (racers[i].status != 200 && (racers[i].status != 403 ||
		    strcmp(racers[i].c->type, "orderNotReady") != 0))
			ok(false, "a loser gets %s", client_why(racers[i].c));
		leave(racers[i].c);
	}
	ok(good == 1, "eight finalize at once with eight CSRs: %u was taken", good);
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	test_key_kinds();
	test_shapes();
	test_order();
	test_polls();
	test_refuted();
	test_answers();
	test_strangers();
	test_race();
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* attack_state.c - attacks on states: what an authorization is good for, many requests at
 * once, what happened meanwhile. */
#include <arpa/nameser.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/b64.h"
#include "tests/attack.h"
#include "tests/chain.h"
#include "tests/fake_dns.h"

#define RACERS 50
#define ISSUED "brevet_objects{kind=\"certificate\",state=\"issued\"}"

static struct scene scene;
static uint16_t metrics;
/* The second row gets its text while the test runs. */
static struct fake_record records[] = {
	{ "_acme-challenge.n9.example.test", ns_t_txt, "nothing" },
	{ "_acme-challenge.n8.example.test", ns_t_txt, "nothing" },
	{ NULL, 0, NULL }
};

/* --- what an authorization is good for ---------------------------------- */

static void
test_exact(void)
{
	static const char *const others[] = {
		"n1.example.test", "sub.n3.example.test", "example.test", "n3.example.test.test",
		"xn3.example.test", "n33.example.test", "*.n3.example.test", "*.example.test",
	};
	struct client *c = member(&scene, "ES256"), *d = member(&scene, "ES256");
	struct client_order order;

	ok(order_ready(c, &scene, "n3.example.test", &order), "n3.example.test is proved");
	is(ordered(c, "n3.example.test", &order), "ready", "A-2 it is good for that name again");
	for (size_t i = 0; i < COUNT(others); i++)
		is(ordered(c, others[i], &order), "pending",
		   arena_printf(c->arena, "%s not for %s", *others[i] == '*' ? "A-3" : "A-2",
				others[i]));
	is(ordered(d, "n3.example.test", &order), "pending", "A-2 nor for another account");
	leave(c);
	leave(d);
}

/* Answers the dns-01 challenge of an authorization; its status. */
static const char *
prove_by_dns(struct client *c, struct fake_record *record, const char *authz)
{
	const char *url, *answer, *status = "pending";
	struct blob hash;

	client_post(c, authz, "");
	url = client_challenge(c->json, "dns-01", "url");
	answer = key_authorization(c->arena, c->key, client_challenge(c->json, "dns-01", "token"));
	hash.data = arena_alloc(c->arena, 32);
	EVP_Q_digest(NULL, "SHA256", NULL, answer, strlen(answer), (uint8_t *)(uintptr_t)hash.data,
		     NULL);
	fake_dns_change(record, b64_print(c->arena, hash.data, 32));
	client_post(c, url, "{}");
	for (int i = 0; i < 10 && strcmp(status, "pending") == 0; i++)
		status = status_of(c, authz);
	return status;
}

static void
test_wildcard(void)
{
	static const char *const name = "*.n9.example.test";
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	EVP_PKEY *key = key_new("ES256");

	is(ordered(c, name, &order), "pending", "an order for a wildcard");
	client_post(c, order.authz[0], "");
	ok(json_array_size(json_object_get(c->json, "challenges")) == 1 &&
	   client_challenge(c->json, "http-01", "url") == NULL, "A-3 it is proved by dns-01 only");
	is(prove_by_dns(c, &records[0], order.authz[0]), "valid", "8.4 a TXT record proves it");
	ok(client_finalize(c, &order, csr_of_names(c->arena, key, &name, 1)), "A-3 it is issued");
	is(chain_wrong(client_download(c, order.certificate), scene.server->root, &name, 1, key),
	   NULL, "A-3 the wildcard and nothing else");
	is(ordered(c, name, &order), "ready", "A-3 the wildcard again needs no new proof");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n9.example.test")));
	told(c, 400, "badCSR", "A-3 a CSR for the base name");
	is(ordered(c, "n9.example.test", &order), "pending", "A-3 the base name does");
	EVP_PKEY_free(key);
	leave(c);
}

/* --- what nobody knows ------------------------------------------------------- */

static void
test_unknown(void)
{
	struct client *c = member(&scene, "ES256");
	const char *url = client_url(c, "new-order"), *authz = client_url(c, "new-authz");
	struct client_order order;
	const char *challenge;

	client_post(c, url, "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":"
		    "\"a\"}]}");
	told(c, 400, "unsupportedIdentifier", "A-4 an unknown type in newOrder");
	client_post(c, url, "{\"identifiers\":[{\"type\":\"\",\"value\":\"n0.example.test\"}]}");
	told(c, 400, "unsupportedIdentifier", "A-4 an empty type");
	client_post(c, authz, "{\"identifier\":{\"type\":\"email\",\"value\":\"a@b.test\"}}");
	told(c, 403, "unsupportedIdentifier", "A-4 an unknown type in newAuthz");
	client_post(c, authz, "{\"identifier\":[]}");
	told(c, 400, "malformed", "A-4 an array as identifier");
	client_post(c, url, "{\"identifiers\":[]}");
	told(c, 400, "malformed", "A-4 no identifiers");
	client_post(c, url, "{\"identifiers\":[[]]}");
	told(c, 400, "malformed", "A-4 an array in identifiers");
	ordered(c, "n0.example.test", &order);
	client_post(c, order.authz[0], "{\"status\":\"valid\"}");
	told(c, 400, "malformed", "A-4 an authorization can't be made valid");
	client_post(c, order.authz[0], "{\"status\":\"\"}");
	told(c, 400, "malformed", "A-4 nor anything else");
	client_post(c, order.authz[0], "");
	challenge = client_challenge(c->json, "http-01", "url");
	for (const char *n = "39/a-"; *n != '\0'; n++) {
		client_post(c, arena_printf(c->arena, "%.*s%c", (int)strlen(challenge) - 1,
					    challenge, *n), "{}");
		told(c, 404, "malformed", "A-4 challenge \"%c\"", *n);
	}
	client_post(c, c->kid, "{\"status\":\"revoked\"}");
	ok(c->reply.status == 200 && strcmp(text(c->json, "status"), "valid") == 0,
	   "A-4 an unknown status of an account is ignored");
	client_post(c, client_url(c, "revoke-cert"), "{\"certificate\":\"\"}");
	told(c, 400, "malformed", "A-4 an empty certificate");
	ok(client_get(c, "GET", scene.server->url) == 200, "A-4 the server lives");
	leave(c);
}

/* --- many at once ------------------------------------------------------------ */

struct racer {
	struct client	*c;
	const char	*url, *payload;
	int		 status;
};

static pthread_barrier_t start;

static void *
race(void *arg)
{
	struct racer *r = arg;

	client_get(r->c, "HEAD", client_url(r->c, "new-nonce"));
	pthread_barrier_wait(&start);
	r->status = client_post(r->c, r->url, r->payload);
	return NULL;
}

static void
run(struct racer *racers, size_t n)
{
	pthread_t threads[RACERS];

	pthread_barrier_init(&start, NULL, (unsigned)n);
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, race, &racers[i]) != 0)
			abort();
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
}

static void
finalize_at_once(bool same)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	struct racer racers[RACERS];
	unsigned good = 0, late = 0;
	long before;

	if (!ok(order_ready(c, &scene, "n4.example.test", &order), "a ready order"))
		return;
	for (size_t i = 0; i < RACERS; i++)
		racers[i] = (struct racer){ twin(&scene, c), order.finalize,
			same && i > 0 ? racers[0].payload :
			csr_payload(c, csr_for(c, "n4.example.test")), 0 };
	before = metric_now(metrics, ISSUED);
	run(racers, RACERS);
	for (size_t i = 0; i < RACERS; i++) {
		const char *status = text(racers[i].c->json, "status");

		good += racers[i].status == 200 && status != NULL &&
			(strcmp(status, "valid") == 0 || strcmp(status, "processing") == 0);
		late += racers[i].status == 403 && strcmp(racers[i].c->type, "orderNotReady") == 0;
		leave(racers[i].c);
	}
	ok(good + late == RACERS, "A-5 %d at once with %s: %u times 200, %u times orderNotReady",
	   RACERS, same ? "one CSR" : "a CSR each", good, late);
	ok(same ? good == RACERS : good == 1, "A-5 %s", same ? "all are told of it" : "one wins");
	for (int i = 0; i < 60 && strcmp(status_of(c, order.url), "processing") == 0;)
		i++;	/* each is held for a while */
	is(status_of(c, order.url), "valid", "A-5 the order is valid");
	ok(metric_soon(metrics, ISSUED, before + 1) == before + 1,
	   "A-5 one certificate was issued: %ld, then %ld", before, metric_now(metrics, ISSUED));
	leave(c);
}

/* --- what happened since the order was ready --------------------------------- */

static void
not_issued(struct client *c, const struct client_order *order, int status, const char *type,
	   const char *what)
{
	long before = metric_now(metrics, ISSUED);

	client_post(c, order->finalize, csr_payload(c, csr_for(c, "n5.example.test")));
	told(c, status, type, "A-6 finalize, %s", what);
	usleep(50000);
	ok(metric_now(metrics, ISSUED) == before, "A-6 nothing is issued");
}

static void
test_since(void)
{
	struct client *c = member(&scene, "ES256"), *d = member(&scene, "ES256");
	struct client_order order, next;
	const char *command;
	const json_t *error;

	ordered(c, "n5.example.test", &order);
	not_issued(c, &order, 403, "orderNotReady", "pending");
	ok(order_ready(c, &scene, "n5.example.test", &order), "a ready order");
	not_issued(d, &order, 404, "malformed", "by another account");
	is(ordered(c, "n5.example.test", &next), "ready", "a second one, by the same proof");
	client_post(c, order.authz[0], "{\"status\":\"deactivated\"}");
	is(text(c->json, "status"), "deactivated", "7.5.2 the authorization is deactivated");
	not_issued(c, &order, 403, "orderNotReady", "its authorization deactivated");
	not_issued(c, &next, 403, "orderNotReady", "the second one, too");
	is(status_of(c, order.url), "invalid", "7.1.6 the order is invalid");
	error = json_object_get(c->json, "error");
	is(text(json_array_get(json_object_get(error, "subproblems"), 0), "detail"),
	   "the authorization is deactivated", "7.1.3 and says why");
	is(ordered(c, "n5.example.test", &next), "pending", "7.5.2 it counts for no new order");
	ok(order_ready(c, &scene, "n5.example.test", &order), "a ready order");
	command = arena_printf(c->arena, "%s account revoke %s --config %s/brevet.conf >/dev/null",
			       stage_brevet(), strrchr(c->kid, '/') + 1, scene.server->dir);
	ok(system(command) == 0, "the operator revokes the account");
	not_issued(c, &order, 401, "unauthorized", "the account revoked");
	leave(c);
	leave(d);
}

/* --- one validation at a time ------------------------------------------------ */

static void
test_validations(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	struct racer racers[RACERS];
	const char *urls[2], *token;
	unsigned hits = responder_hits(scene.responder), processing = 0;

	ordered(c, "n8.example.test", &order);
	client_post(c, order.authz[0], "");
	urls[0] = client_challenge(c->json, "http-01", "url");
	urls[1] = client_challenge(c->json, "dns-01", "url");
	token = client_challenge(c->json, "http-01", "token");
	responder_put_late(scene.responder, token, key_authorization(c->arena, c->key, token),
			   1800);
	for (size_t i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){ twin(&scene, c), urls[i % 2], "{}", 0 };
		client_get(racers[i].c, "HEAD", client_url(c, "new-nonce"));	/* is connected */
	}
	client_post(c, urls[0], "{}");
	is(text(c->json, "status"), "processing", "http-01 is under way");
	run(racers, RACERS);
	for (size_t i = 0; i < RACERS; i++) {
		const char *status = text(racers[i].c->json, "status");

		processing += i % 2 == 1 && status != NULL && strcmp(status, "processing") == 0;
		leave(racers[i].c);
	}
	ok(processing == 0, "A-9 the other challenge of the authorization is not begun");
	is(client_prove(c, NULL, order.authz[0]), "valid", "A-9 the first one decides");
	ok(responder_hits(scene.responder) == hits + 1, "A-9 sent %d times, it was asked %u times",
	   RACERS / 2 + 1, responder_hits(scene.responder) - hits);
	leave(c);
}

int
main(void)
{
	struct fake_dns *dns = fake_dns_start(records);
	char resolver[64], listen_at[64];

	metrics = port_free();
	snprintf(resolver, sizeof(resolver), "validation.resolvers=127.0.0.1@%u",
		 fake_dns_port(dns));
	snprintf(listen_at, sizeof(listen_at), "metrics.listen=127.0.0.1:%u", metrics);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=4", "order.reuse=valid",
			 resolver, listen_at, NULL }))
		return 1;
	test_exact();
	test_wildcard();
	test_unknown();
	finalize_at_once(true);
	finalize_at_once(false);
	test_since();
	test_validations();
	scene_stop(&scene);
	fake_dns_stop(dns);
	return tap_done();
}

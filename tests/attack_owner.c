/* SPDX-License-Identifier: Apache-2.0 */
/* attack_owner.c - attacks on what belongs to whom: deactivated accounts, many names, others'
 * resources, bad CSRs. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/attack.h"

#define VALIDATED "brevet_objects{kind=\"authorization\",state=\"valid\"}"

static struct scene scene;
static uint16_t metrics;

/* --- a deactivated account --------------------------------------------------- */

static void
test_deactivated(void)
{
	static const char *const names[] = { "n6.example.test" };
	struct client *c = member(&scene, "ES256"), *d;
	struct thing things[THINGS];
	struct issued issued = { .key = NULL };
	struct client_order order, pending;
	unsigned refused = 0;
	const char *url, *token;
	struct jws jws = { .payload = NULL };
	long before;

	things_make(c, &scene, things);
	ok(client_issue(c, scene.responder, names, 1, &issued), "a certificate");
	ok(order_ready(c, &scene, "n7.example.test", &order), "a ready order");
	ordered(c, "n10.example.test", &pending);
	client_post(c, pending.authz[0], "");
	url = client_challenge(c->json, "http-01", "url");
	token = client_challenge(c->json, "http-01", "token");
	responder_put_late(scene.responder, token, key_authorization(c->arena, c->key, token),
			   1300);
	client_post(c, url, "{}");
	is(text(c->json, "status"), "processing", "a validation under way");
	before = metric_now(metrics, VALIDATED);
	client_post(c, c->kid, "{\"status\":\"deactivated\"}");
	ok(c->reply.status == 200, "7.3.6 the account is deactivated");
	is(text(c->json, "status"), "deactivated", "7.3.6 and says so");
	for (size_t i = 0; i < THINGS; i++)
		refused += client_post(c, things[i].url, things[i].payload) == 401 &&
			   strcmp(c->type, "unauthorized") == 0;
	ok(refused == THINGS, "A-7 %u of %d resources: 401", refused, THINGS);
	client_account(c, NULL, AGREED);
	told(c, 401, "unauthorized", "A-7 newAccount with its key");
	client_account(c, NULL, "{\"onlyReturnExisting\":true}");
	told(c, 401, "unauthorized", "A-7 to look for the account");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n7.example.test")));
	told(c, 401, "unauthorized", "A-7 its ready order");
	usleep(1500000);
	ok(metric_now(metrics, VALIDATED) == before, "A-7, V-31 the validation proves nothing: "
	   "%ld valid ones, as before", metric_now(metrics, VALIDATED));
	d = visitor(&scene);
	jws.key = issued.key;
	jws.payload = cert_payload(d, leaf_der(d->arena, issued.pem), "");
	client_post_jws(d, client_url(d, "revoke-cert"), &jws, true);
	told(d, 200, "", "A-7 its certificate's key still revokes");
	EVP_PKEY_free(issued.key);
	leave(d);
	leave(c);
}

/* --- many names -------------------------------------------------------------- */

static const char *
many(struct client *c, size_t n, const char *fmt)
{
	const char *list = "";

	for (size_t i = 0; i < n; i++) {
		char name[64];

		snprintf(name, sizeof(name), i % 2 == 0 ? "a%zu.example.test" : "A%zu.Example.TEST",
			 strcmp(fmt, "same") == 0 ? (size_t)0 : i);
		list = arena_printf(c->arena, "%s%s{\"type\":\"dns\",\"value\":\"%s\"}", list,
				    i == 0 ? "" : ",", name);
	}
	return arena_printf(c->arena, "{\"identifiers\":[%s]}", list);
}

static void
test_many(void)
{
	struct client *c = member(&scene, "ES256");
	const char *url = client_url(c, "new-order");

	client_post(c, url, many(c, 101, "other"));
	told(c, 400, "malformed", "A-8 101 names");
	client_post(c, url, many(c, 700, "same"));
	told(c, 400, "malformed", "A-8 one name 700 times");
	client_post(c, url, many(c, 100, "other"));
	told(c, 201, "", "A-8 100 names");
	ok(json_array_size(json_object_get(c->json, "authorizations")) == 100,
	   "A-8 an authorization each");
	client_post(c, url, many(c, 100, "same"));
	told(c, 201, "", "A-8 one name 100 times, in two spellings");
	ok(json_array_size(json_object_get(c->json, "authorizations")) == 1 &&
	   json_array_size(json_object_get(c->json, "identifiers")) == 1, "A-8 it is one");
	leave(c);
}

/* --- what belongs to another ------------------------------------------------ */

/* The same URL with an id of the same length that nobody has. */
static const char *
nobodys(struct client *c, const char *url)
{
	char *s = arena_strdup(c->arena, url), *id = strchr(strstr(s, "/acme/") + 6, '/') + 1;

	memset(id, 'A', strcspn(id, "/"));
	return s;
}

static const char *
answer_to(struct client *c, const char *url, const char *payload)
{
	client_post(c, url, payload);
	return arena_printf(c->arena, "%d %s", c->reply.status,
			    (const char *)c->reply.body.data);
}

static void
test_matrix(void)
{
	struct client *owner = member(&scene, "ES256"), *c = member(&scene, "ES256");
	struct thing things[THINGS];
	const char *payloads[] = {
		"", "{}", "[]", "{\"status\":\"deactivated\"}", "{\"contact\":[]}",
		csr_payload(c, csr_for(c, "n0.example.test")),
		arena_printf(c->arena, "{\"account\":\"%s\"}", owner->kid),
	};
	unsigned alike = 0, gone = 0, tries = 0;

	things_make(owner, &scene, things);
	for (size_t i = 0; i < THINGS; i++)
		for (size_t k = 0; k < COUNT(payloads) && things[i].own; k++) {
			const char *theirs = answer_to(c, things[i].url, payloads[k]);
			const char *nothing = answer_to(c, nobodys(c, things[i].url), payloads[k]);

			tries++;
			gone += strncmp(theirs, "404 ", 4) == 0 ||
				strcmp(payloads[k], "[]") == 0;	/* malformed before that */
			if (strcmp(theirs, nothing) == 0)
				alike++;
			else
				printf("# %s: %s\n# %s\n", things[i].url, theirs, nothing);
		}
	ok(tries == 7 * COUNT(payloads) && gone == tries, "A-10 another's resource is not there: "
	   "%u of %u", gone, tries);
	ok(alike == tries, "A-10 and can't be told from one that does not exist: %u", alike);
	is(status_of(owner, things[2].url), "pending", "A-10 the owner's order is as it was");
	is(status_of(owner, things[3].url), "pending", "A-10 the authorization, too");
	is(client_challenge(owner->json, "http-01", "status"), "pending",
	   "A-10 and the challenge");
	is(status_of(owner, owner->kid), "valid", "A-10 and the account");
	leave(owner);
	leave(c);
}

/* --- a bad CSR -------------------------------------------------------------- */

static void
test_retry(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	const char *status;

	ok(order_ready(c, &scene, "n11.example.test", &order), "a ready order");
	for (int i = 0; i < 3; i++) {
		client_post(c, order.finalize, csr_payload(c, csr_for(c, "n12.example.test")));
		told(c, 400, "badCSR", "A-16 a CSR for another name");
		is(status_of(c, order.url), "ready", "A-16 the order is still ready");
		ok(json_object_get(c->json, "error") == NULL, "A-16 and has no error");
	}
	ok(client_finalize(c, &order, csr_for(c, "n11.example.test")), "A-16 a good one follows");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n11.example.test")));
	told(c, 403, "orderNotReady", "A-16 another CSR once it is valid");
	ordered(c, "n13.example.test", &order);
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n13.example.test")));
	told(c, 403, "orderNotReady", "A-16 a pending order");
	status = client_prove(c, NULL, order.authz[0]);	/* nobody answers */
	is(status, "invalid", "an authorization that fails");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n13.example.test")));
	told(c, 403, "orderNotReady", "A-16 an invalid order");
	leave(c);
}

int
main(void)
{
	char listen_at[64];

	metrics = port_free();
	snprintf(listen_at, sizeof(listen_at), "metrics.listen=127.0.0.1:%u", metrics);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", listen_at, NULL }))
		return 1;
	test_deactivated();
	test_many();
	test_matrix();
	test_retry();
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_bound_end.c - a binding that is spent, expired, renewed, revoked: what its accounts may
 * do no more, and what they always may. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/attack.h"
#include "tests/bind.h"
#include "tests/stored.h"

static struct scene scene;

/* What an account has while its binding is good. */
struct belongings {
	struct client		*c;
	struct client_order	 ready, pending;
	struct issued		 issued;
};

static struct belongings
belongings_of(const struct binding_key *key)
{
	static const char *const names[] = { "n1.example.test", "n2.example.test" };
	struct belongings b = { .c = eab_client(scene.server, key) };

	if (!client_issue(b.c, scene.responder, names, 1, &b.issued) ||
	    !order_ready(b.c, &scene, names[1], &b.ready) ||
	    !client_order_new(b.c, names, 1, &b.pending)) {
		printf("Bail out! no certificate: %s\n", client_why(b.c));
		exit(1);
	}
	return b;
}

/* No account, no order, no certificate; why: a word of the reason. */
static void
check_ended(struct belongings *b, const struct binding_key *key, const char *why)
{
	struct client *fresh = visitor(&scene), *c = b->c;

	eab_register(fresh, key);
	told(fresh, 403, "unauthorized", "7.3.4 %s: no new account", why);
	ok(strstr(fresh->detail, why) != NULL, "7.3.4 it is told why: %s", fresh->detail);
	leave(fresh);
	order_for(c, dns_ident(c, "n1.example.test"));
	told(c, 403, "unauthorized", "%s: no new order", why);
	ok(strstr(c->detail, why) != NULL && strstr(c->detail, "operator") != NULL,
	   "it is told why, and how to come back: %s", c->detail);
	authz_for(c, dns_ident(c, "n3.example.test"));
	told(c, 403, "unauthorized", "%s: no new authorization", why);
	client_post(c, b->ready.finalize, csr_payload(c, csr_for(c, "n2.example.test")));
	told(c, 403, "unauthorized", "%s: no certificate", why);
	is(status_of(c, b->ready.url), "ready", "and the order is as it was");
	ok(client_account(c, NULL, AGREED) && c->reply.status == 200,
	   "16: the known key is still answered with 200");
}

/* What takes away is never refused. */
static void
check_taking_away(struct belongings *b, const char *why)
{
	struct client *c = b->c;

	ok(client_download(c, b->issued.order.certificate) != NULL,
	   "%s: the certificate can be had still", why);
	client_post(c, client_url(c, "revoke-cert"), cert_payload(
		c, leaf_der(c->arena, b->issued.pem), ",\"reason\":4"));
	told(c, 200, "", "%s: and revoked", why);
	client_post(c, b->pending.authz[0], "{\"status\":\"deactivated\"}");
	told(c, 200, "", "%s: an authorization can be deactivated", why);
	client_post(c, c->kid, "{\"contact\":[\"mailto:a@example.test\"]}");
	told(c, 200, "", "%s: contacts can be changed", why);
	client_post(c, c->kid, "{\"status\":\"deactivated\"}");
	told(c, 200, "", "%s: the account can be deactivated", why);
}

/* brevet eab WORDS of that key; its exit status. */
static int
operator_does(struct arena *a, const char *verb, const struct binding_key *key,
	      const char *options, const char **said)
{
	return eab_run(a, scene.server, arena_printf(a, "%s %s %s", verb, key->kid, options), said);
}

static void
test_expired(struct arena *a)
{
	struct binding_key key = eab_add(scene.server, "--uses unlimited --expires 1h");
	struct belongings b = belongings_of(&key);
	struct client *fresh = visitor(&scene), *c = b.c;
	const char *said;

	ok(operator_does(a, "renew", &key, "--expires 1s", &said) == 0, "it expires soon");
	sleep(2);
	check_ended(&b, &key, "expired");
	eab_run(a, scene.server, "list", &said);
	ok(strstr(said, arena_printf(a, "%s  expired ", key.kid)) != NULL, "the list says so");
	ok(operator_does(a, "renew", &key, "--expires 1h", &said) == 0, "it is renewed");
	ok(strstr(said, "renewed; it expires 20") != NULL, "until when is told: %s", said);
	ok(eab_register(fresh, &key) == 201, "renewed: a new account");
	order_for(c, dns_ident(c, "n3.example.test"));
	told(c, 201, "", "renewed: a new order");
	client_post(c, b.ready.finalize, csr_payload(c, csr_for(c, "n2.example.test")));
	told(c, 200, "", "renewed: the order that was ready gets its certificate");
	leave(fresh);
	ok(operator_does(a, "renew", &key, "--expires 1s", &said) == 0, "it expires again");
	sleep(2);
	check_taking_away(&b, "expired");
	EVP_PKEY_free(b.issued.key);
	leave(c);
}

static void
test_spent(struct arena *a)
{
	struct binding_key key = eab_add(scene.server, "--uses 1 --expires 1h");
	struct client *c = eab_client(scene.server, &key), *fresh = visitor(&scene);
	const char *said;

	order_for(c, dns_ident(c, "n1.example.test"));
	told(c, 201, "", "its key is spent: orders go on");
	ok(eab_register(fresh, &key) == 403, "but no further account");
	ok(operator_does(a, "renew", &key, "--uses 2", &said) == 0, "two more");
	ok(strstr(said, "it expires 20") != NULL, "its end stays: %s", said);
	ok(eab_number(scene.server, &key, "uses_max") == 3, "one and two are three");
	ok(eab_register(fresh, &key) == 201 && eab_register(fresh, &key) == 201 &&
	   eab_register(fresh, &key) == 403, "two more accounts, not three");
	ok(operator_does(a, "renew", &key, "--uses unlimited --expires never", &said) == 0,
	   "any number");
	ok(strstr(said, "expires never") != NULL && eab_register(fresh, &key) == 201,
	   "for ever: %s", said);
	leave(c);
	leave(fresh);
}

static void
test_revoked(struct arena *a)
{
	struct binding_key key = eab_add(scene.server, "--uses unlimited");
	struct binding_key untouched = eab_add(scene.server, "");
	struct belongings b = belongings_of(&key);
	struct client *second = eab_client(scene.server, &key);
	struct client *c = eab_client(scene.server, &untouched);
	const char *said;

	ok(operator_does(a, "revoke", &key, "", &said) == 0, "a binding is revoked");
	check_ended(&b, &key, "revoked");
	check_taking_away(&b, "revoked");
	ok(operator_does(a, "revoke", &key, "", &said) == 1 &&
	   strstr(said, "revoked already") != NULL, "a second time it is refused");
	ok(operator_does(a, "renew", &key, "--expires 1d", &said) == 1 &&
	   strstr(said, "add a new one") != NULL, "and it is never renewed");
	ok(client_post(second, second->kid, "") == 200, "its accounts are there still");
	ok(operator_does(a, "revoke", &key, "--accounts", &said) == 0, "they are revoked too");
	is(said, "revoked, and 1 of its accounts\n", "the one that was not deactivated yet");
	client_post(second, second->kid, "");
	told(second, 401, "unauthorized", "and gets nothing any more");
	order_for(c, dns_ident(c, "n1.example.test"));
	told(c, 201, "", "another binding's account is as it was");
	EVP_PKEY_free(b.issued.key);
	leave(second);
	leave(b.c);
	leave(c);
}

static struct binding
binding_in(struct edit *e, struct arena *a, const struct binding_key *key)
{
	struct id id;

	if (!id_parse(key->kid, strlen(key->kid), &id))
		abort();
	return *store_binding_get(edit_view(e), a, &id);
}

static void
deny_in_store(const struct binding_key *key, const char *name)
{
	struct arena *a = arena_new();
	struct store *s = server_store(a, scene.server);
	struct edit *e = edit_begin(s);
	struct binding next = binding_in(e, a, key);

	next.deny = (const char *[]){ name, NULL };
	store_binding_put(e, &next);
	server_store_commit(s, e);
	arena_free(a);
}

/* A name that was fine when it was ordered. */
static void
test_names_at_finalize(void)
{
	struct binding_key key = eab_add(scene.server, "--names .example.test");
	struct client *c = eab_client(scene.server, &key);
	struct client_order order;

	ok(order_ready(c, &scene, "n4.example.test", &order), "an order is ready");
	ok(server_stop(scene.server) == 0, "the server stops");
	deny_in_store(&key, "n4.example.test");
	ok(server_again(scene.server), "and starts");
	client_hang_up(c);
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n4.example.test")));
	told(c, 400, "rejectedIdentifier", "finalize asks the rules again: %s", c->detail);
	leave(c);
}

/* The order is being issued, as a crash leaves it; revoked: its binding is. */
static void
processing_in_store(const struct binding_key *key, const struct client_order *order, bool revoked)
{
	struct arena *a = arena_new();
	EVP_PKEY *pair = key_new("ES256");
	struct store *s = server_store(a, scene.server);
	struct edit *e = edit_begin(s);
	struct binding binding = binding_in(e, a, key);
	const char *text_id = strrchr(order->url, '/') + 1;
	struct cert cert = { .state = CERT_INTENDED, .created = clock_now() };
	uint8_t spki[200], *at = spki;
	struct order next;
	struct id id;

	if (!id_parse(text_id, strlen(text_id), &id))
		abort();
	next = *store_order_get(edit_view(e), a, &id);
	next.spki = (struct blob){ spki, (size_t)i2d_PUBKEY(pair, &at) };
	next.state = ORDER_PROCESSING;
	next.has_csr = true;
	next.serial = cert.serial = serial_new(cert.created);
	cert.not_after = cert.created + 86400;
	cert.order = id;
	cert.account = next.account;
	cert.scope = next.scope;
	store_cert_add(e, &cert);
	store_order_put(e, &next);
	edit_job(e, &(struct job){ .kind = JOB_ISSUE, .id = id });
	binding.state = revoked ? BINDING_REVOKED : BINDING_VALID;
	store_binding_put(e, &binding);
	server_store_commit(s, e);
	EVP_PKEY_free(pair);
	arena_free(a);
}

/* A certificate that was on its way when its binding was revoked is not signed. */
static void
test_revoked_while_issuing(bool revoked)
{
	struct binding_key key = eab_add(scene.server, "");
	struct client *c = eab_client(scene.server, &key);
	struct client_order order;
	const char *status;

	ok(order_ready(c, &scene, "n4.example.test", &order), "an order is ready");
	ok(server_stop(scene.server) == 0, "the server stops");
	processing_in_store(&key, &order, revoked);
	ok(server_again(scene.server), "and starts with a certificate to issue");
	client_hang_up(c);
	while (strcmp(status = status_of(c, order.url), "processing") == 0)
		usleep(100000);
	is(status, revoked ? "invalid" : "valid", revoked ? "its binding was revoked" :
	   "its binding is good");
	if (revoked)
		ok(strstr(text(json_object_get(c->json, "error"), "detail"), "was revoked") != NULL,
		   "the order tells why");
	leave(c);
}

int
main(void)
{
	struct arena *a = arena_new();

	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "directory.default.eab=required", NULL }))
		return 1;
	test_expired(a);
	test_spent(a);
	test_revoked(a);
	test_names_at_finalize();
	test_revoked_while_issuing(false);
	test_revoked_while_issuing(true);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

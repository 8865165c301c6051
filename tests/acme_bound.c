/* SPDX-License-Identifier: Apache-2.0 */
/* acme_bound.c - what bound accounts may have and for how long: a binding's names, methods
 * and profiles; its end, and what works behind it; names that count as validated.  The
 * numbers in the texts are rows of docs/tests.md. */
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/attack.h"
#include "tests/bind.h"
#include "tests/chain.h"

static struct scene scene;

/* A client with an account of its own under that binding. */
static struct client *
bound(const struct binding_key *key)
{
	struct client *c = visitor(&scene);

	if (eab_register(c, key) != 201) {
		printf("Bail out! no bound account: %s\n", client_why(c));
		exit(1);
	}
	return c;
}

/* newOrder with the identifiers of that JSON array. */
static int
order_for(struct client *c, const char *idents)
{
	return client_post(c, client_url(c, "new-order"),
			   arena_printf(c->arena, "{\"identifiers\":[%s]}", idents));
}

static const char *
dns(struct client *c, const char *name)
{
	return arena_printf(c->arena, "{\"type\":\"dns\",\"value\":\"%s\"}", name);
}

static const char *
ip(struct client *c, const char *address)
{
	return arena_printf(c->arena, "{\"type\":\"ip\",\"value\":\"%s\"}", address);
}

static int
authz_for(struct client *c, const char *ident)
{
	return client_post(c, client_url(c, "new-authz"),
			   arena_printf(c->arena, "{\"identifier\":%s}", ident));
}

/* --- names, methods, profiles ------------------------------------------------------ */

static void
test_names(void)
{
	static const struct row {
		const char	*type, *value;
		bool		 permitted;
	} rows[] = {
		{ "dns", "n1.example.test", true },
		{ "dns", "N1.Example.test", true },
		{ "dns", "www.n1.example.test", false },
		{ "dns", "*.n1.example.test", false },
		{ "dns", "n2.example.test", true },
		{ "dns", "a.b.n2.example.test", true },
		{ "dns", "*.n2.example.test", false },	/* it would stand for x.n2 */
		{ "dns", "*.a.n2.example.test", true },
		{ "dns", "x.n2.example.test", false },
		{ "dns", "y.x.n2.example.test", true },
		{ "dns", "an2.example.test", false },
		{ "dns", "n3.example.test", false },
		{ "dns", "a.n3.example.test", true },
		{ "dns", "*.n3.example.test", true },
		{ "dns", "a.b.n3.example.test", false },
		{ "dns", "n0.example.test", false },
		{ "ip", "10.1.2.3", true },
		{ "ip", "10.2.0.1", false },
		{ "ip", "fd00:1::5", true },
		{ "ip", "fd00:2::5", false },
	};
	struct binding_key key = eab_add(scene.server, "--names n1.example.test,.n2.example.test "
					 "--names '*.n3.example.test' --names 10.1.0.0/16 "
					 "--names fd00:1::/32 --deny x.n2.example.test");
	struct client *c = bound(&key);
	const json_t *list;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *ident = arena_printf(c->arena, "{\"type\":\"%s\",\"value\":\"%s\"}",
						 rows[i].type, rows[i].value);
		bool good = rows[i].permitted;

		order_for(c, ident);
		told(c, good ? 201 : 400, good ? "" : "rejectedIdentifier", "A-25 %s is %s",
		     rows[i].value, good ? "permitted" : "refused");
		ok(good || strstr(c->detail, "binding") != NULL, "A-25 and the rule is told: %s",
		   c->detail);
		if (rows[i].value[0] == '*')
			continue;
		authz_for(c, ident);
		ok(good ? c->reply.status == 201 : c->reply.status == 403 &&
		   strcmp(c->type, "rejectedIdentifier") == 0, "A-25 newAuthz says the same");
	}
	order_for(c, arena_printf(c->arena, "%s,%s,%s", dns(c, "n0.example.test"),
				  dns(c, "n1.example.test"), dns(c, "x.n2.example.test")));
	told(c, 400, "compound", "two of three are refused");
	list = json_object_get(c->json, "subproblems");
	ok(json_array_size(list) == 2, "each by a subproblem");
	leave(c);
}

/* The types of an authorization's challenges, with spaces between. */
static const char *
challenges_of(struct client *c)
{
	const json_t *list = json_object_get(c->json, "challenges");
	const char *all = "";

	for (size_t i = 0; i < json_array_size(list); i++)
		all = arena_printf(c->arena, "%s%s%s", all, i == 0 ? "" : " ",
				   text(json_array_get(list, i), "type"));
	return all;
}

static void
test_methods(void)
{
	struct binding_key by_dns = eab_add(scene.server, "--methods dns-01");
	struct binding_key by_http = eab_add(scene.server, "--methods http-01");
	struct client *d = bound(&by_dns), *h = bound(&by_http);

	authz_for(d, dns(d, "n1.example.test"));
	is(challenges_of(d), "dns-01", "of two methods the binding has one");
	order_for(d, ip(d, "127.0.0.1"));
	told(d, 400, "rejectedIdentifier", "an address, which DNS does not prove: %s", d->detail);
	order_for(d, dns(d, "*.n1.example.test"));
	told(d, 201, "", "a wildcard, which it does");
	authz_for(h, dns(h, "n1.example.test"));
	is(challenges_of(h), "http-01", "the other binding has the other");
	order_for(h, dns(h, "*.n1.example.test"));
	told(h, 400, "rejectedIdentifier", "a wildcard, which HTTP does not prove");
	order_for(h, ip(h, "127.0.0.1"));
	told(h, 201, "", "an address, which it does");
	leave(d);
	leave(h);
}

/* Hours from notBefore to notAfter. */
static long
hours(const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509 *leaf = PEM_read_bio_X509(in, NULL, NULL, NULL);
	int days = 0, seconds = 0;

	if (leaf == NULL || ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf),
					   X509_get0_notAfter(leaf)) != 1)
		abort();
	X509_free(leaf);
	BIO_free(in);
	return days * 24L + (seconds + 3599) / 3600;
}

static void
test_profiles(void)
{
	static const char *const names[] = { "n1.example.test" };
	struct binding_key brief = eab_add(scene.server, "--profiles short");
	struct binding_key usual = eab_add(scene.server, "--profiles short,default");
	struct binding_key *keys[] = { &brief, &usual };

	for (size_t i = 0; i < 2; i++) {
		struct client *c = bound(keys[i]);
		struct issued issued = { .key = NULL };

		ok(client_issue(c, scene.responder, names, 1, &issued), "a certificate");
		ok(hours(issued.pem) == (i == 0 ? 6 : 47 * 24), "it lives %ld hours: %s",
		   hours(issued.pem), i == 0 ? "the one profile of its binding" :
		   "the directory's first of those that its binding has");
		EVP_PKEY_free(issued.key);
		leave(c);
	}
}

/* --- its end ------------------------------------------------------------------------ */

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
	struct belongings b = { .c = bound(key) };

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
	order_for(c, dns(c, "n1.example.test"));
	told(c, 403, "unauthorized", "%s: no new order", why);
	ok(strstr(c->detail, why) != NULL && strstr(c->detail, "operator") != NULL,
	   "it is told why, and how to come back: %s", c->detail);
	authz_for(c, dns(c, "n3.example.test"));
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
	order_for(c, dns(c, "n3.example.test"));
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
	struct client *c = bound(&key), *fresh = visitor(&scene);
	const char *said;

	order_for(c, dns(c, "n1.example.test"));
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
	struct client *second = bound(&key), *c = bound(&untouched);
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
	order_for(c, dns(c, "n1.example.test"));
	told(c, 201, "", "another binding's account is as it was");
	EVP_PKEY_free(b.issued.key);
	leave(second);
	leave(b.c);
	leave(c);
}

/* The store of the stopped server. */
static struct store *
store_of_server(struct arena *a)
{
	struct problem p = { 0 };
	struct store *s = store_open(arena_printf(a, "%s/data", scene.server->dir),
				     (uint64_t)1 << 30, false, &p);

	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	return s;
}

static void
commit(struct store *s, struct edit *e)
{
	struct problem p = { 0 };

	ok(edit_commit(e, &p), "the store is changed by hand");
	store_close(s);
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
	struct store *s = store_of_server(a);
	struct edit *e = edit_begin(s);
	struct binding next = binding_in(e, a, key);

	next.deny = (const char *[]){ name, NULL };
	store_binding_put(e, &next);
	commit(s, e);
	arena_free(a);
}

/* A name that was fine when it was ordered. */
static void
test_names_at_finalize(void)
{
	struct binding_key key = eab_add(scene.server, "--names .example.test");
	struct client *c = bound(&key);
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
	struct store *s = store_of_server(a);
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
	commit(s, e);
	EVP_PKEY_free(pair);
	arena_free(a);
}

/* A certificate that was on its way when its binding was revoked is not signed. */
static void
test_revoked_while_issuing(bool revoked)
{
	struct binding_key key = eab_add(scene.server, "");
	struct client *c = bound(&key);
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

/* --- names that count as validated --------------------------------------------------- */

/* The order of c's last reply, ready, and its only authorization, valid by one challenge of
 * that type; leaves the authorization in c->json. */
static void
check_ready(struct client *c, struct client_order *order, const char *value, const char *type)
{
	const json_t *list, *one;

	*order = (struct client_order){ .url = reply_only(&c->reply, "Location") };
	told(c, 201, "", "34: %s: ordered", value);
	ok(client_order_get(c, NULL, order) && strcmp(order->status, "ready") == 0,
	   "34: it is ready at once");
	ok(order->nauthz == 1 && client_post(c, order->authz[0], "") == 200,
	   "34: it has an authorization");
	is(text(c->json, "status"), "valid", "34: that is valid");
	is(text(json_object_get(c->json, "identifier"), "value"), value, "34: for that name");
	list = json_object_get(c->json, "challenges");
	one = json_array_get(list, 0);
	ok(json_array_size(list) == 1, "28: by one challenge");
	is(text(one, "type"), type, "28: of a type that clients look for");
	is(text(one, "status"), "valid", "28: that is valid");
	ok(text(one, "url") != NULL && text(one, "token") != NULL &&
	   text(one, "validated") != NULL, "28: with url and token");
}

static bool
finalized(struct client *c, struct client_order *order, const char *san)
{
	EVP_PKEY *key = key_new("ES256");
	struct csr_plan plan = { .key = key, .san = san };
	bool good = client_finalize(c, order, csr_make(c->arena, &plan));

	EVP_PKEY_free(key);
	return good;
}

static void
test_prevalidated(void)
{
	static const struct row {
		const char	*type, *asked, *value, *challenge, *san;
	} rows[] = {
		{ "dns", "n5.example.test", "n5.example.test", "http-01", "DNS:n5.example.test" },
		{ "dns", "no.such.n5.example.test", "no.such.n5.example.test", "http-01",
		  "DNS:no.such.n5.example.test" },
		{ "dns", "*.n5.example.test", "n5.example.test", "dns-01",
		  "DNS:*.n5.example.test" },
		{ "ip", "10.9.8.7", "10.9.8.7", "http-01", "IP:10.9.8.7" },
		{ "ip", "fd00::7", "fd00::7", "http-01", "IP:fd00::7" },
	};
	struct binding_key key = eab_add(scene.server, "--prevalidated --names .n5.example.test,"
					 "10.0.0.0/8,fd00::/8");
	unsigned hits = responder_hits(scene.responder);
	struct client *c = bound(&key);
	struct client_order order;

	for (size_t i = 0; i < COUNT(rows); i++) {
		order_for(c, arena_printf(c->arena, "{\"type\":\"%s\",\"value\":\"%s\"}",
					  rows[i].type, rows[i].asked));
		check_ready(c, &order, rows[i].value, rows[i].challenge);
		ok(json_is_true(json_object_get(c->json, "wildcard")) == (rows[i].asked[0] == '*'),
		   "35: wildcard is told of one");
		ok(finalized(c, &order, rows[i].san), "34: %s gets its certificate: %s",
		   rows[i].asked, client_why(c));
	}
	ok(responder_hits(scene.responder) == hits, "34: and nobody was asked");
	order_for(c, dns(c, "n6.example.test"));
	told(c, 400, "rejectedIdentifier", "34: a name outside is refused");
	order_for(c, arena_printf(c->arena, "%s,%s", dns(c, "n5.example.test"),
				  dns(c, "n6.example.test")));
	told(c, 400, "rejectedIdentifier", "34: beside one inside, too");
	order_for(c, ip(c, "127.0.0.1"));
	told(c, 400, "rejectedIdentifier", "34: so is an address outside");
	leave(c);
}

/* What a client may do with what it never had to prove. */
static void
test_prevalidated_objects(void)
{
	struct binding_key key = eab_add(scene.server, "--prevalidated --names .n5.example.test");
	struct client *c = bound(&key);
	struct client_order order;
	const char *url, *first;

	authz_for(c, dns(c, "n5.example.test"));
	told(c, 201, "", "7.4.1 pre-authorization of such a name");
	is(text(c->json, "status"), "valid", "7.4.1 is valid at once");
	order_for(c, dns(c, "n5.example.test"));
	check_ready(c, &order, "n5.example.test", "http-01");
	url = client_challenge(c->json, "http-01", "url");
	ok(client_post(c, url, "{}") == 200, "its challenge can be answered");
	is(text(c->json, "status"), "valid", "which changes nothing");
	first = order.authz[0];
	ok(strcmp(ordered(c, "n5.example.test", &order), "ready") == 0, "another order");
	ok(strcmp(order.authz[0], first) != 0, "has an authorization of its own");
	client_post(c, order.authz[0], "{\"status\":\"deactivated\"}");
	is(text(c->json, "status"), "deactivated", "its authorization can be given up");
	is(status_of(c, order.url), "invalid", "then the order is invalid");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n5.example.test")));
	told(c, 403, "orderNotReady", "and gets no certificate");
	leave(c);
}

/* The methods of directory and binding are none for what needs no proof. */
static void
test_prevalidated_methods(void)
{
	struct binding_key key = eab_add(scene.server, "--prevalidated --directory dns --names "
					 "10.0.0.0/8,.n5.example.test --methods dns-01");
	char url[300];
	struct client *c;
	struct client_order order;

	snprintf(url, sizeof(url), "https://localhost:%u/dns/directory", scene.server->port);
	c = client_open(url, scene.server->root);
	ok(eab_register(c, &key) == 201, "a directory that offers dns-01 alone");
	order_for(c, ip(c, "10.1.1.1"));
	check_ready(c, &order, "10.1.1.1", "http-01");
	order_for(c, dns(c, "n5.example.test"));
	check_ready(c, &order, "n5.example.test", "http-01");
	leave(c);
}

/* Only what --names has is vouched for: a binding without it is not made. */
static void
test_prevalidated_needs_names(struct arena *a)
{
	const char *said;

	ok(eab_run(a, scene.server, "add --prevalidated", &said) == 1, "all names at once are not "
	   "prevalidated");
	ok(strstr(said, "give --names") != NULL, "it says what to give: %s", said);
}

int
main(void)
{
	struct arena *a = arena_new();

	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "directory.default.eab=required",
			 "profile.short.lifetime=6h", "directory.dns.eab=required",
			 "directory.dns.methods=dns-01", NULL }))
		return 1;
	test_names();
	test_methods();
	test_profiles();
	test_expired(a);
	test_spent(a);
	test_revoked(a);
	test_names_at_finalize();
	test_revoked_while_issuing(false);
	test_revoked_while_issuing(true);
	test_prevalidated();
	test_prevalidated_objects();
	test_prevalidated_methods();
	test_prevalidated_needs_names(a);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

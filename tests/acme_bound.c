/* SPDX-License-Identifier: Apache-2.0 */
/* acme_bound.c - what bound accounts may have: a binding's names, methods and profiles; names
 * that count as validated.  For how long: acme_bound_end.c.  The numbers in the texts are
 * rows of docs/tests.md. */
#include <openssl/pem.h>
#include <stdlib.h>

#include "tests/attack.h"
#include "tests/bind.h"

static struct scene scene;

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
	struct client *c = eab_client(scene.server, &key);
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
	order_for(c, arena_printf(c->arena, "%s,%s,%s", dns_ident(c, "n0.example.test"),
				  dns_ident(c, "n1.example.test"),
				  dns_ident(c, "x.n2.example.test")));
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
	struct client *d = eab_client(scene.server, &by_dns);
	struct client *h = eab_client(scene.server, &by_http);

	authz_for(d, dns_ident(d, "n1.example.test"));
	is(challenges_of(d), "dns-01", "of two methods the binding has one");
	order_for(d, ip_ident(d, "127.0.0.1"));
	told(d, 400, "rejectedIdentifier", "an address, which DNS does not prove: %s", d->detail);
	order_for(d, dns_ident(d, "*.n1.example.test"));
	told(d, 201, "", "a wildcard, which it does");
	authz_for(h, dns_ident(h, "n1.example.test"));
	is(challenges_of(h), "http-01", "the other binding has the other");
	order_for(h, dns_ident(h, "*.n1.example.test"));
	told(h, 400, "rejectedIdentifier", "a wildcard, which HTTP does not prove");
	order_for(h, ip_ident(h, "127.0.0.1"));
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
	struct binding_key usual = eab_add(scene.server, "--profiles fleet,short");
	struct binding_key *keys[] = { &brief, &usual };

	for (size_t i = 0; i < 2; i++) {
		struct client *c = eab_client(scene.server, keys[i]);
		struct issued issued = { .key = NULL };

		ok(client_issue(c, scene.responder, names, 1, &issued), "a certificate");
		ok(hours(issued.pem) == (i == 0 ? 6 : 47 * 24), "it lives %ld hours: %s",
		   hours(issued.pem), i == 0 ? "the one profile of its binding" :
		   "the first of its binding");
		EVP_PKEY_free(issued.key);
		leave(c);
	}
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
	struct client *c = eab_client(scene.server, &key);
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
	order_for(c, dns_ident(c, "n6.example.test"));
	told(c, 400, "rejectedIdentifier", "34: a name outside is refused");
	order_for(c, arena_printf(c->arena, "%s,%s", dns_ident(c, "n5.example.test"),
				  dns_ident(c, "n6.example.test")));
	told(c, 400, "rejectedIdentifier", "34: beside one inside, too");
	order_for(c, ip_ident(c, "127.0.0.1"));
	told(c, 400, "rejectedIdentifier", "34: so is an address outside");
	leave(c);
}

/* What a client may do with what it never had to prove. */
static void
test_prevalidated_objects(void)
{
	struct binding_key key = eab_add(scene.server, "--prevalidated --names .n5.example.test");
	struct client *c = eab_client(scene.server, &key);
	struct client_order order;
	const char *url, *first;

	authz_for(c, dns_ident(c, "n5.example.test"));
	told(c, 201, "", "7.4.1 pre-authorization of such a name");
	is(text(c->json, "status"), "valid", "7.4.1 is valid at once");
	order_for(c, dns_ident(c, "n5.example.test"));
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
	order_for(c, ip_ident(c, "10.1.1.1"));
	check_ready(c, &order, "10.1.1.1", "http-01");
	order_for(c, dns_ident(c, "n5.example.test"));
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
	test_prevalidated();
	test_prevalidated_objects();
	test_prevalidated_methods();
	test_prevalidated_needs_names(a);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

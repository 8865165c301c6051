/* SPDX-License-Identifier: Apache-2.0 */
/* acme_methods.c - which challenges are offered, and each of them over the wire, for names,
 * wildcards and addresses (RFC 8555 section 8, RFC 8737, RFC 8738, dns-account-01,
 * dns-persist-01). */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bind.h"
#include "tests/fake_alpn.h"
#include "tests/fake_web.h"
#include "tests/trial.h"

static struct trial trial;
static struct fake_alpn *alpn;

/* The first gets the name that belongs to an account. */
static struct fake_record records[] = {
	{ "account.test", ns_t_txt, "" },
	{ "_acme-challenge.a1.test", ns_t_txt, "" },
	{ "_validation-persist.p1.test", ns_t_txt, "" },
	{ "_validation-persist.p2.test", ns_t_txt, CA_NAME },
	{ "six.test", ns_t_aaaa, "::1" },
	{ "www.vouched.test", FAKE_CAA, "0 issue ;" },
	{ NULL, 0, NULL }
};

/* The challenges of the last authorization that was read, in their order. */
static const char *
offered(struct client *c)
{
	const json_t *list = json_object_get(c->json, "challenges"), *one;
	const char *all = "";
	size_t i;

	json_array_foreach(list, i, one)
		all = arena_printf(c->arena, "%s%s%s", all, i == 0 ? "" : " ", text(one, "type"));
	return all;
}

static void
offers(struct client *c, const char *type, const char *name, const char *want)
{
	struct client_order order = order_of(c, type, name);

	client_post(c, order.authz[0], "");
	is(offered(c), want, arena_printf(c->arena, "what is offered for %s", name));
}

/* The TXT record that an account puts for dns-persist-01. */
static void
persist(struct client *c, const char *kid, const char *more)
{
	record_set(&trial, "_validation-persist.p1.test", ns_t_txt, arena_printf(
		c->arena, CA_NAME "; accounturi=%s%s", kid, more));
}

/* --- what is offered --------------------------------------------------------------- */

static void
test_offers(void)
{
	struct client *c = member(&trial.scene, "ES256");

	offers(c, "dns", "a1.test", "http-01 dns-01 tls-alpn-01 dns-account-01 dns-persist-01");
	offers(c, "dns", "*.a1.test", "dns-01 dns-account-01 dns-persist-01");
	offers(c, "ip", "127.0.0.1", "http-01 tls-alpn-01");
	offers(c, "ip", "::1", "http-01 tls-alpn-01");
	leave(c);
}

static void
test_members(void)
{
	static const char *const methods[] = { "http-01", "dns-01", "tls-alpn-01",
					       "dns-account-01" };
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "a1.test");
	const json_t *list, *one, *names;

	for (size_t i = 0; i < COUNT(methods); i++)
		ok(strlen(token_of(c, order.authz[0], methods[i])) == 43, "27: %s has a token",
		   methods[i]);
	list = json_object_get(c->json, "challenges");
	one = json_array_get(list, json_array_size(list) - 1);
	is(text(one, "type"), "dns-persist-01", "dns-persist-01 stands last");
	ok(json_object_get(one, "token") == NULL, "dns-persist-01 has no token");
	is(text(one, "accounturi"), c->kid, "dns-persist-01 names the account");
	names = json_object_get(one, "issuer-domain-names");
	ok(json_array_size(names) == 1, "dns-persist-01 names one issuer");
	is(json_string_value(json_array_get(names, 0)), CA_NAME, "dns-persist-01: this CA");
	is(text(one, "status"), "pending", "dns-persist-01 has a status");
	ok(text(one, "url") != NULL && json_object_size(one) == 5, "dns-persist-01 has a URL");
	leave(c);
}

/* A client of another directory. */
static struct client *
client_at(const char *directory)
{
	char url[300];
	struct client *c;

	snprintf(url, sizeof(url), "https://localhost:%u/%s/directory",
		 trial.scene.server->port, directory);
	c = client_open(url, trial.scene.server->root);
	if (c == NULL || !client_account(c, "ES256", AGREED)) {
		printf("Bail out! no account of %s: %s\n", directory, client_why(c));
		exit(1);
	}
	return c;
}

static void
test_configured(void)
{
	struct client *strict = client_at("strict"), *web = client_at("web");
	struct binding_key key = eab_add(trial.scene.server, "--directory bound --methods "
					 "tls-alpn-01,dns-01 --names .test --names 127.0.0.0/8");
	struct client *bound = visitor(&trial.scene);

	snprintf(bound->path, sizeof(bound->path), "/bound");
	ok(eab_register(bound, &key) == 201, "a bound account: %s", client_why(bound));
	offers(strict, "dns", "a1.test", "dns-01");
	offers(strict, "dns", "*.a1.test", "dns-01");
	client_post(strict, client_url(strict, "new-order"),
		    "{\"identifiers\":[{\"type\":\"ip\",\"value\":\"127.0.0.1\"}]}");
	told(strict, 400, "rejectedIdentifier", "a profile of dns-01 alone: an address");
	offers(web, "dns", "a1.test", "http-01 tls-alpn-01");
	client_post(web, client_url(web, "new-order"),
		    "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"*.a1.test\"}]}");
	told(web, 400, "rejectedIdentifier", "a directory without DNS: a wildcard");
	offers(bound, "dns", "a1.test", "dns-01 tls-alpn-01");
	offers(bound, "dns", "*.a1.test", "dns-01");
	offers(bound, "ip", "127.0.0.1", "tls-alpn-01");
	leave(strict);
	leave(web);
	leave(bound);
}

/* A binding vouches for names: no challenge, but CAA is asked for, and evidence says why. */
static void
test_vouched(void)
{
	struct binding_key key = eab_add(trial.scene.server, "--directory bound --names "
					 ".vouched.test --prevalidated");
	struct client *c = visitor(&trial.scene);
	struct client_order order;
	const json_t *o, *row;

	snprintf(c->path, sizeof(c->path), "/bound");
	ok(eab_register(c, &key) == 201, "a bound account: %s", client_why(c));
	order = order_of(c, "dns", "www.vouched.test");
	is(order.status, "ready", "34: a binding vouches for the name");
	o = shown(&trial, c, "authz", order.authz[0]);
	row = evidence(o, 0, "prevalidated");
	is(text(row, "binding"), key.kid, "V-32 which is its evidence");
	ok(text(row, "at") != NULL, "and when");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "www.vouched.test")));
	told(c, 403, "caa", "A-1 CAA is asked for at finalize");
	leave(c);
}

/* --- tls-alpn-01 ------------------------------------------------------------------- */

/* Proves an identifier by that certificate; the order. */
static struct client_order
by_alpn(struct client *c, const char *type, const char *name, const struct fake_alpn_case *served)
{
	struct client_order order = order_of(c, type, name);
	const char *token = token_of(c, order.authz[0], "tls-alpn-01");

	fake_alpn_serve(alpn, served, key_authorization(c->arena, c->key, token));
	respond(c, order.authz[0], "tls-alpn-01");
	decided(c, order.authz[0]);
	return order;
}

static void
check_dial(struct client *c, const char *authz, const char *section, const char *address)
{
	const json_t *o = shown(&trial, c, "authz", authz), *row = evidence(o, 0, "validation");
	const json_t *dial = json_array_get(json_object_get(row, "dials"), 0);

	is(text(row, "method"), "tls-alpn-01", "evidence: the method");
	is(text(row, "section"), section, "evidence: its section");
	is(text(dial, "address"), address, "evidence: the address");
	ok(json_integer_value(json_object_get(dial, "port")) == fake_alpn_port(alpn),
	   "evidence: the port");
}

static void
test_alpn(void)
{
	static const struct fake_alpn_case good = { "DNS:n0.example.test", RIGHT, SELF, USUAL };
	static const struct fake_alpn_case off = { "DNS:n0.example.test", BIT_OFF, SELF, USUAL };
	static const struct fake_alpn_case no_alpn = { "DNS:n0.example.test", RIGHT, SELF,
						       NO_ALPN };
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = by_alpn(c, "dns", "n0.example.test", &good);

	is(text(c->json, "status"), "valid", "V-14 tls-alpn-01 proves a name");
	check_dial(c, order.authz[0], "3.2.2.4.20", "127.0.0.1");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n0.example.test")));
	told(c, 200, "", "V-14 and it is issued");
	leave(c);
	c = member(&trial.scene, "ES256");
	by_alpn(c, "dns", "n0.example.test", &off);
	failed(c, "tls-alpn-01", "unauthorized", "SHA-256", "V-14 another digest");
	by_alpn(c, "dns", "n0.example.test", &no_alpn);
	failed(c, "tls-alpn-01", "unauthorized", "acme-tls/1", "V-14 no ALPN");
	leave(c);
}

/* --- addresses --------------------------------------------------------------------- */

static char web_says[200];	/* before anything asks */

static void
serve(struct fake_client *client, const char *head)
{
	(void)head;
	fake_printf(client, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(web_says),
		    web_says);
}

static void
issued_to(struct client *c, const struct client_order *order, const char *address)
{
	EVP_PKEY *key = key_new("ES256");
	struct csr_plan plan = { .key = key, .san = arena_printf(c->arena, "IP:%s", address) };

	client_post(c, order->finalize, csr_payload(c, csr_make(c->arena, &plan)));
	told(c, 200, "", "8738: %s has a certificate", address);
	EVP_PKEY_free(key);
}

static void
test_address_alpn(const char *address)
{
	struct client *c = member(&trial.scene, "ES256");
	struct fake_alpn_case good = { arena_printf(c->arena, "IP:%s", address), RIGHT, SELF, USUAL };
	struct client_order order = by_alpn(c, "ip", address, &good);

	is(text(c->json, "status"), "valid",
	   arena_printf(c->arena, "8738: tls-alpn-01 proves %s", address));
	check_dial(c, order.authz[0], "3.2.2.5.7", address);
	issued_to(c, &order, address);
	leave(c);
}

static void
test_address_web(const char *address)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "ip", address);
	const char *token = token_of(c, order.authz[0], "http-01");
	const json_t *row;

	snprintf(web_says, sizeof(web_says), "%s", key_authorization(c->arena, c->key, token));
	is(proved(&trial, c, order.authz[0]), "valid",
	   arena_printf(c->arena, "8738: http-01 proves %s", address));
	row = evidence(shown(&trial, c, "authz", order.authz[0]), 0, "validation");
	is(text(row, "section"), "3.2.2.5.6", "evidence: its section");
	ok(json_array_size(json_object_get(row, "lookups")) == 0, "8738: no DNS is asked");
	issued_to(c, &order, address);
	leave(c);
}

/* Where there is IPv6, a host that has nothing else. */
static void
test_six(void)
{
	struct fake_web *web = fake_web_start("::1", trial.scene.port, false, serve);
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "six.test");
	const char *token = token_of(c, order.authz[0], "http-01");
	const json_t *row;

	snprintf(web_says, sizeof(web_says), "%s", key_authorization(c->arena, c->key, token));
	is(proved(&trial, c, order.authz[0]), "valid", "a host with IPv6 alone");
	row = evidence(shown(&trial, c, "authz", order.authz[0]), 0, "validation");
	is(text(json_array_get(json_object_get(row, "dials"), 0), "address"), "::1",
	   "evidence: the address");
	leave(c);
	test_address_web("::1");
	test_address_alpn("::1");
	fake_web_stop(web);
}

/* --- dns-account-01 ---------------------------------------------------------------- */

/* "_ujmmovf2vn55tgye._acme-challenge" for an account's URL. */
static const char *
account_prefix(struct client *c)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t hash[32];
	char label[17] = "";

	EVP_Q_digest(NULL, "SHA256", NULL, c->kid, strlen(c->kid), hash, NULL);
	for (unsigned i = 0; i < 16; i++) {
		unsigned bit = i * 5, two = (unsigned)hash[bit / 8] << 8 | hash[bit / 8 + 1];

		label[i] = alphabet[two >> (11 - bit % 8) & 31];
	}
	return arena_printf(c->arena, "_%s._acme-challenge", label);
}

/* With the record at the prefix of `where`, before the base name. */
static void
by_account(struct client *c, struct client *where, const char *name)
{
	struct client_order order = order_of(c, "dns", name);
	const char *token = token_of(c, order.authz[0], "dns-account-01");

	fake_dns_rename(&records[0], arena_printf(c->arena, "%s.a1.test", account_prefix(where)));
	fake_dns_change(&records[0], dns_value(c, token));
	record_set(&trial, "_acme-challenge.a1.test", ns_t_txt, dns_value(c, token));
	respond(c, order.authz[0], "dns-account-01");
	decided(c, order.authz[0]);
}

static void
test_account(void)
{
	struct client *c = member(&trial.scene, "ES256"), *d = member(&trial.scene, "ES256");
	const json_t *row, *lookup;
	const char *url;

	by_account(c, c, "a1.test");
	is(text(c->json, "status"), "valid", "dns-account-01 proves a name");
	url = client_challenge(c->json, "dns-account-01", "url");
	url = arena_printf(c->arena, "%.*s", (int)(strrchr(url, '/') - url), url);
	row = evidence(shown(&trial, c, "authz", url), 0, "validation");
	is(text(row, "section"), "3.2.2.4.21", "evidence: its section");
	lookup = json_array_get(json_object_get(row, "lookups"), 0);
	is(text(lookup, "name"), records[0].name, "evidence: the name that was asked for");
	is(json_string_value(json_array_get(json_object_get(lookup, "answers"), 0)),
	   records[0].value, "evidence: the record");
	by_account(c, c, "*.a1.test");
	is(text(c->json, "status"), "valid", "dns-account-01 proves a wildcard at its base name");
	by_account(d, c, "a1.test");
	failed(d, "dns-account-01", "dns", d->kid, "dns-account-01 at another account's label");
	fake_dns_rename(&records[0], "account.test");
	fake_dns_change(&records[0], "");
	record_set(&trial, "_acme-challenge.a1.test", ns_t_txt, "");
	leave(c);
	leave(d);
}

/* --- dns-persist-01 ---------------------------------------------------------------- */

static void
by_persist(struct client *c, const char *name)
{
	struct client_order order = order_of(c, "dns", name);

	respond(c, order.authz[0], "dns-persist-01");
	decided(c, order.authz[0]);
}

static void
test_persist(void)
{
	struct client *c = member(&trial.scene, "ES256"), *d = member(&trial.scene, "ES256");
	struct client_order order;
	const json_t *row;

	persist(c, c->kid, "");
	by_persist(c, "p1.test");
	is(text(c->json, "status"), "valid", "dns-persist-01 proves a name");
	order = order_of(c, "dns", "p1.test");
	is(order.status, "ready", "and the proof is used again");
	row = evidence(shown(&trial, c, "authz", order.authz[0]), 0, "validation");
	is(text(row, "section"), "3.2.2.4.22", "evidence: its section");
	is(json_string_value(json_array_get(json_object_get(json_array_get(
		json_object_get(row, "lookups"), 0), "answers"), 0)),
	   record_of(&trial, "_validation-persist.p1.test", ns_t_txt)->value,
	   "evidence: the record");
	by_persist(c, "*.p1.test");
	failed(c, "dns-persist-01", "unauthorized", "policy=wildcard",
	       "dns-persist-01: a wildcard wants a policy");
	by_persist(d, "p1.test");
	failed(d, "dns-persist-01", "unauthorized", "accounturi",
	       "dns-persist-01: another account's record");
	by_persist(d, "p2.test");
	failed(d, "dns-persist-01", "malformed", "accounturi", "dns-persist-01: nobody's record");
	persist(c, d->kid, "; policy=wildcard; persistUntil=1000");
	by_persist(d, "*.p1.test");
	failed(d, "dns-persist-01", "unauthorized", "persistUntil", "dns-persist-01: over");
	persist(c, d->kid, "; policy=wildcard; persistUntil=4102444800");
	by_persist(d, "*.p1.test");
	is(text(d->json, "status"), "valid", "dns-persist-01 proves a wildcard");
	record_set(&trial, "_validation-persist.p1.test", ns_t_txt, "");
	leave(c);
	leave(d);
}

/* --- the configuration changes ----------------------------------------------------- */

/* The configuration is edited while the server does not run. */
static void
edited(struct client *c, const char *script)
{
	const char *command = arena_printf(c->arena, "sed -i '%s' '%s/brevet.conf'", script,
					   trial.scene.server->dir);

	ok(server_stop(trial.scene.server) == 0, "the server ends with status 0");
	if (system(command) != 0)
		abort();
	trial_again(&trial);
	come_again(c);
}

/* A proof by a method that is offered no more is not used again. */
static void
test_no_more(void)
{
	struct client *c = client_at("web");
	struct client_order order = order_of(c, "dns", "n1.example.test");

	is(proved(&trial, c, order.authz[0]), "valid", "a name is proved by http-01");
	is(order_of(c, "dns", "n1.example.test").status, "ready", "which is used again");
	edited(c, "s/{ \"http-01\", \"tls-alpn-01\", }/{ \"tls-alpn-01\", }/");
	order = order_of(c, "dns", "n1.example.test");
	is(order.status, "pending", "not when http-01 is offered no more");
	client_post(c, order.authz[0], "");
	is(offered(c), "tls-alpn-01", "and another way is");
	leave(c);
}

/* A validation whose directory has gone meanwhile. */
static void
test_gone(void)
{
	static const struct fake_alpn_case silent = { .manner = SILENT };
	struct client *c = client_at("web");
	struct client_order order = order_of(c, "dns", "n0.example.test");
	const json_t *o = NULL, *error;

	fake_alpn_serve(alpn, &silent, "");
	respond(c, order.authz[0], "tls-alpn-01");
	edited(c, "/^directory web/,/^}/d");
	for (int i = 0; i < 100; i++) {
		o = shown(&trial, c, "authz", order.authz[0]);
		if (strcmp(text(o, "status"), "pending") != 0)
			break;
		usleep(50000);
	}
	is(text(o, "status"), "invalid", "V-31 a validation whose directory is gone proves nothing");
	error = json_object_get(json_array_get(json_object_get(o, "challenges"), 0), "error");
	ok(strstr(text(error, "detail"), "directory no more") != NULL, "V-31 it says so: %s",
	   text(error, "detail"));
	client_close(c);
}

int
main(void)
{
	char port[64];

	alpn = fake_alpn_start();
	snprintf(port, sizeof(port), "validation.tls_port=%u", fake_alpn_port(alpn));
	trial_begin(&trial, records, (const char *const[]){ "validation.caa=always",
		    "order.reuse=valid", port, "validation.allow_addresses=127.0.0.1,::1",
		    "directory.default.methods=http-01,dns-01,tls-alpn-01,dns-account-01,"
		    "dns-persist-01",
		    "directory.strict.profiles=strict", "profile.strict.methods=dns-01",
		    "directory.web.methods=http-01,tls-alpn-01", "directory.web.profiles=default",
		    "directory.bound.eab=required", NULL });
	test_offers();
	test_members();
	test_configured();
	test_vouched();
	test_alpn();
	test_address_alpn("127.0.0.1");
	test_address_web("127.0.0.1");
	if (fake_alpn_six(alpn))
		test_six();
	else
		tap_skip("addresses of IPv6", "there is no ::1");
	test_account();
	test_persist();
	test_no_more();
	test_gone();
	trial_end(&trial);
	fake_alpn_stop(alpn);
	return tap_done();
}

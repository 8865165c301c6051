/* SPDX-License-Identifier: Apache-2.0 */
/* acme_methods.c - each challenge over the wire, for names, wildcards and addresses (RFC 8555
 * section 8, RFC 8737, RFC 8738, dns-account-01, dns-persist-01), and its evidence. */
#include <arpa/nameser.h>
#include <stdlib.h>

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
	{ NULL, 0, NULL }
};

/* The TXT record that an account puts for dns-persist-01. */
static void
persist(struct client *c, const char *kid, const char *more)
{
	record_set(&trial, "_validation-persist.p1.test", ns_t_txt, arena_printf(
		c->arena, CA_NAME "; accounturi=%s%s", kid, more));
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
	struct fake_alpn_case good = { arena_printf(c->arena, "IP:%s", address), RIGHT, SELF,
				       USUAL };
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

int
main(void)
{
	char port[64];

	alpn = fake_alpn_start();
	snprintf(port, sizeof(port), "validation.tls_port=%u", fake_alpn_port(alpn));
	trial_begin(&trial, records, (const char *const[]){ "validation.caa=always",
		    "order.reuse=valid", port, "validation.allow_addresses=127.0.0.1,::1",
		    "directory.default.methods=http-01,dns-01,tls-alpn-01,dns-account-01,"
		    "dns-persist-01", NULL });
	test_alpn();
	test_address_alpn("127.0.0.1");
	test_address_web("127.0.0.1");
	if (fake_alpn_six(alpn))
		test_six();
	else
		tap_skip("addresses of IPv6", "there is no ::1");
	test_account();
	test_persist();
	trial_end(&trial);
	fake_alpn_stop(alpn);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_offer.c - which challenges are offered, as directory, profile and binding have it, what
 * their objects say, and what becomes of a proof when the configuration changes. */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bind.h"
#include "tests/fake_alpn.h"
#include "tests/trial.h"

static struct trial trial;
static struct fake_alpn *alpn;
static struct fake_record records[] = {
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
	for (int i = 0; i < 600; i++) {
		o = shown(&trial, c, "authz", order.authz[0]);
		if (strcmp(text(o, "status"), "pending") != 0)
			break;
		usleep(50000);
	}
	is(text(o, "status"), "invalid", "V-31 whose directory is gone proves nothing");
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
	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "order.reuse=valid", port,
		    "directory.default.methods=http-01,dns-01,tls-alpn-01,dns-account-01,"
		    "dns-persist-01",
		    "directory.strict.profiles=strict", "profile.strict.methods=dns-01",
		    "directory.web.methods=http-01,tls-alpn-01", "directory.web.profiles=fleet",
		    "directory.bound.eab=required", NULL });
	test_offers();
	test_members();
	test_configured();
	test_vouched();
	test_no_more();
	test_gone();
	trial_end(&trial);
	fake_alpn_stop(alpn);
	return tap_done();
}

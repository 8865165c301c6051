/* SPDX-License-Identifier: Apache-2.0 */
/* acme_policy.c - the rules for names over the wire: what is refused and how that is told, in
 * which directory, after a reload, and at the end of an order. */
#include <stdlib.h>

#include "tests/attack.h"

static struct scene scene;

static const char *
ident(struct client *c, const char *type, const char *value)
{
	return arena_printf(c->arena, "{\"type\":\"%s\",\"value\":\"%s\"}", type, value);
}

/* newOrder with the identifiers of that JSON array. */
static int
order_for(struct client *c, const char *idents)
{
	return client_post(c, client_url(c, "new-order"),
			   arena_printf(c->arena, "{\"identifiers\":[%s]}", idents));
}

static int
order_dns(struct client *c, const char *name)
{
	return order_for(c, ident(c, "dns", name));
}

static int
authz_for(struct client *c, const char *idents)
{
	return client_post(c, client_url(c, "new-authz"),
			   arena_printf(c->arena, "{\"identifier\":%s}", idents));
}

/* An account in the directory of that path. */
static struct client *
member_of(const char *path)
{
	char url[300];
	struct client *c;

	snprintf(url, sizeof(url), "https://localhost:%u%s/directory", scene.server->port, path);
	c = client_open(url, scene.server->root);
	if (c == NULL || !client_account(c, "ES256", AGREED)) {
		printf("Bail out! no account: %s\n", c == NULL ? "" : client_why(c));
		exit(1);
	}
	return c;
}

/* The types of the last reply's challenges, with spaces between. */
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

/* Changes brevet.conf by a command of sed, and reloads it. */
static void
configure(const char *command)
{
	char line[1400];

	snprintf(line, sizeof(line), "sed -i '%s' %s/brevet.conf && %s reload --config "
		 "%s/brevet.conf >/dev/null", command, scene.server->dir, stage_brevet(),
		 scene.server->dir);
	ok(system(line) == 0, "brevet.conf changes: %s", command);
}

/* --- what is refused, and how that is told ------------------------------------------- */

static const struct {
	const char	*type, *value;
	const char	*problem;	/* "": permitted */
	const char	*says;
} rows[] = {
	{ "dns", "n1.example.test", "", "" },
	{ "dns", "N1.Example.TEST", "", "" },
	{ "dns", "*.wild.test", "", "" },
	{ "ip", "127.0.0.1", "", "" },
	{ "dns", "n9.example.test", "rejectedIdentifier", "denied by this CA" },
	{ "dns", "*.example.test", "rejectedIdentifier", "n9.example.test" },
	{ "dns", "a.secret.example.test", "rejectedIdentifier", "\".secret.example.test\"" },
	{ "dns", "www.elsewhere.test", "rejectedIdentifier", "names that this CA allows" },
	{ "ip", "192.168.0.1", "rejectedIdentifier", "names that this CA allows" },
	{ "ip", "::ffff:127.0.0.1", "rejectedIdentifier", "the form of IPv6" },
	{ "dns", "127.0.0.1", "rejectedIdentifier", "address" },
	{ "dns", "xn--ls8h.example.test", "rejectedIdentifier", "internationalized" },
	{ "dns", "co.uk", "rejectedIdentifier", "public suffix" },
	{ "dns", "a.b.c.d.example.test", "rejectedIdentifier", "6 labels" },
	{ "dns", "a-name-of-forty-one-octets.b.example.test", "rejectedIdentifier", "41 octets" },
	{ "dns", "a-name-of-forty-octets-it.b.example.test", "", "" },
	{ "dns", "n1_.example.test", "malformed", "not a DNS name" },
	{ "ip", "127.0.0.256", "malformed", "not an IP address" },
	{ "email", "a@example.test", "unsupportedIdentifier", "use dns or ip" },
};

static void
test_each(struct client *c)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *one = ident(c, rows[i].type, rows[i].value);
		bool good = *rows[i].problem == '\0';

		order_for(c, one);
		told(c, good ? 201 : 400, rows[i].problem, "A-25 newOrder for %s: %s",
		     rows[i].value, good ? "made" : rows[i].problem);
		ok(good || strstr(c->detail, rows[i].says) != NULL, "A-25 it says why: %s",
		   c->detail);
		ok(json_object_get(c->json, "identifier") == NULL &&
		   json_object_get(c->json, "subproblems") == NULL, "6.7.1 one problem as it is");
		if (good)
			continue;
		authz_for(c, one);
		told(c, strcmp(rows[i].problem, "malformed") == 0 ? 400 : 403, rows[i].problem,
		     "7.4.1 newAuthz says so too, with 403 unless it is malformed");
	}
}

static void
check_sub(const json_t *list, size_t at, const char *type, const char *value)
{
	const json_t *sub = json_array_get(list, at), *who = json_object_get(sub, "identifier");
	const char *is_type = text(sub, "type");

	ok(is_type != NULL && strcmp(strrchr(is_type, ':') + 1, type) == 0 &&
	   text(sub, "detail") != NULL, "6.7.1 subproblem %zu is %s: %s", at, type,
	   text(sub, "detail"));
	if (value == NULL)
		ok(who == NULL, "6.7.1 without an identifier, since that is of no type of ours");
	else
		is(text(who, "value"), value, "6.7.1 with the identifier as it was sent");
}

static void
test_several(struct client *c)
{
	const json_t *list;

	order_for(c, arena_printf(c->arena, "%s,%s,%s", ident(c, "dns", "n1.example.test"),
				  ident(c, "dns", "N9.example.test"),
				  ident(c, "dns", "n2.example.test")));
	told(c, 400, "rejectedIdentifier", "6.7.1 one of three is refused: that problem");
	ok(strstr(c->detail, "n9.example.test") != NULL, "and it says which: %s", c->detail);

	order_for(c, arena_printf(c->arena, "%s,%s,%s,%s", ident(c, "dns", "N9.Example.test"),
				  ident(c, "dns", "n1.example.test"), ident(c, "ip", "10.0.0.999"),
				  ident(c, "email", "a@example.test")));
	told(c, 400, "compound", "6.7.1 three of four are refused: %s", c->detail);
	list = json_object_get(c->json, "subproblems");
	ok(json_array_size(list) == 3, "6.7.1 one subproblem each");
	check_sub(list, 0, "rejectedIdentifier", "N9.Example.test");
	check_sub(list, 1, "malformed", "10.0.0.999");
	check_sub(list, 2, "unsupportedIdentifier", NULL);
	ok(json_object_get(c->json, "identifier") == NULL, "6.7.1 none at the top");
}

static void
test_count(struct client *c)
{
	const char *list = ident(c, "dns", "n0.example.test");

	for (int i = 1; i < 4; i++)
		list = arena_printf(c->arena, "%s,%s", list, ident(c, "dns", arena_printf(
					    c->arena, "n%d.example.test", i)));
	order_for(c, list);
	told(c, 201, "", "A-8 as many names as order.names says");
	order_for(c, arena_printf(c->arena, "%s,%s", list, ident(c, "dns", "n4.example.test")));
	told(c, 400, "malformed", "A-8 one more: %s", c->detail);
	ok(strstr(c->detail, "5 identifiers; an order has at most 4") != NULL, "it says how many");
}

/* --- directories ---------------------------------------------------------------------- */

static void
test_methods(void)
{
	struct client *all = member_of(""), *d = member_of("/dns"), *w = member_of("/web");

	authz_for(all, ident(all, "dns", "n1.example.test"));
	is(challenges_of(all), "http-01 dns-01 tls-alpn-01", "a name: all methods of the "
	   "directory");
	authz_for(all, ident(all, "ip", "127.0.0.1"));
	is(challenges_of(all), "http-01 tls-alpn-01", "an address: none by DNS");
	authz_for(d, ident(d, "dns", "n1.example.test"));
	is(challenges_of(d), "dns-01", "another directory, other methods");
	order_for(d, ident(d, "ip", "127.0.0.1"));
	told(d, 400, "rejectedIdentifier", "an address where there is DNS alone: %s", d->detail);
	authz_for(d, ident(d, "ip", "127.0.0.1"));
	told(d, 403, "rejectedIdentifier", "by newAuthz too");
	order_dns(d, "*.wild.test");
	told(d, 201, "", "a wildcard, by DNS");
	order_dns(w, "*.wild.test");
	told(w, 400, "rejectedIdentifier", "a wildcard where there is HTTP alone: %s", w->detail);
	leave(all);
	leave(d);
	leave(w);
}

static void
test_directories(void)
{
	struct client *all = member_of(""), *w = member_of("/web");

	order_dns(w, "n1.example.test");
	told(w, 201, "", "a name that server and directory allow");
	order_dns(w, "n3.example.test");
	told(w, 400, "rejectedIdentifier", "one that the directory does not allow");
	ok(strstr(w->detail, "directory web allows") != NULL, "it says whose rule: %s", w->detail);
	order_dns(all, "n3.example.test");
	told(all, 201, "", "another directory does");
	order_dns(w, "n2.example.test");
	told(w, 400, "rejectedIdentifier", "one that the directory allows and denies");
	ok(strstr(w->detail, "denied by directory web") != NULL, "it says so: %s", w->detail);
	order_dns(w, "a.elsewhere.test");
	told(w, 400, "rejectedIdentifier", "one that the directory allows, but not the server");
	ok(strstr(w->detail, "this CA allows") != NULL, "it says whose rule: %s", w->detail);
	leave(all);
	leave(w);
}

/* --- rules that change ---------------------------------------------------------------- */

#define DENY	"s/\"n9.example.test\"/\"n9.example.test\", \"n5.example.test\"/"
#define ALLOW	"s/, \"n5.example.test\"//"

static void
test_reload(struct client *c)
{
	struct client_order order;

	is(ordered(c, "n5.example.test", &order), "pending", "a name is permitted");
	configure(DENY);
	order_dns(c, "n5.example.test");
	told(c, 400, "rejectedIdentifier", "after a reload it is not");
	configure(ALLOW);
	is(ordered(c, "n5.example.test", &order), "pending", "after another it is again");
}

/* An order that is ready is judged by the rules as they are when it ends. */
static void
test_finalize(struct client *c)
{
	struct client_order order;

	ok(order_ready(c, &scene, "n5.example.test", &order), "an order is ready");
	configure(DENY);
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n5.example.test")));
	told(c, 400, "rejectedIdentifier", "its name is denied meanwhile: no certificate");
	ok(strstr(c->detail, "denied by this CA") != NULL, "it says why: %s", c->detail);
	is(status_of(c, order.url), "ready", "the order is as it was");
	configure(ALLOW);
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "n5.example.test")));
	told(c, 200, "", "it is not any more: the certificate");
}

/* What was proved in a way that is offered no more does not count for new orders. */
static void
test_method_gone(struct client *c)
{
	struct client_order proved, begun, next;
	const char *url;

	ok(order_ready(c, &scene, "n6.example.test", &proved), "a name is proved by http-01");
	is(ordered(c, "n6.example.test", &next), "ready", "a second order uses that again");
	is(ordered(c, "n7.example.test", &begun), "pending", "another is begun");
	configure("s/^directory default {/&\\n\\tmethods = { \"dns-01\" }/");
	client_post(c, begun.authz[0], "");
	url = client_challenge(c->json, "http-01", "url");
	client_post(c, url, "{}");
	told(c, 400, "malformed", "http-01 is offered no more: %s", c->detail);
	is(ordered(c, "n6.example.test", &next), "pending", "and what it has proved is to be "
	   "proved anew");
	client_post(c, next.authz[0], "");
	is(challenges_of(c), "dns-01", "by what is offered");
	client_post(c, proved.finalize, csr_payload(c, csr_for(c, "n6.example.test")));
	told(c, 200, "", "an order that was ready is not taken back");
	configure("/^\\tmethods = { \"dns-01\" }$/d");
	is(ordered(c, "n6.example.test", &next), "ready", "offered again, it counts again");
}

/* An authorization that nobody has tried serves new orders only with the same methods. */
static void
test_pending_again(struct client *c)
{
	struct client_order one, two;

	configure("s/reuse = .*/reuse = { \"pending\" }/");
	is(ordered(c, "n8.example.test", &one), "pending", "an order");
	is(ordered(c, "n8.example.test", &two), "pending", "and another");
	is(two.authz[0], one.authz[0], "share an authorization");
	configure("s/^directory default {/&\\n\\tmethods = { \"dns-01\" }/");
	is(ordered(c, "n8.example.test", &two), "pending", "with fewer methods");
	ok(strcmp(two.authz[0], one.authz[0]) != 0, "it is a new one");
	configure("/^\\tmethods = { \"dns-01\" }$/d");
}

int
main(void)
{
	struct client *c;

	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "order.reuse=valid", "order.names=4",
			 "policy.allow=.example.test,.wild.test,10.0.0.0/8,127.0.0.0/8",
			 "policy.deny=n9.example.test,.secret.example.test",
			 "policy.labels=5", "policy.length=40", "directory.default.eab=none",
			 "directory.dns.methods=dns-01", "directory.web.methods=http-01",
			 "directory.web.allow=n1.example.test,n2.example.test,.elsewhere.test,"
			 ".wild.test",
			 "directory.web.deny=n2.example.test", NULL }))
		return 1;
	c = member(&scene, "ES256");
	test_each(c);
	test_several(c);
	test_count(c);
	test_methods();
	test_directories();
	test_reload(c);
	test_finalize(c);
	test_method_gone(c);
	test_pending_again(c);
	leave(c);
	scene_stop(&scene);
	return tap_done();
}

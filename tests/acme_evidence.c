/* SPDX-License-Identifier: Apache-2.0 */
/* acme_evidence.c - what is kept of a validation, good or bad, and how `brevet show` tells it:
 * addresses, redirects, DNS answers with their security, CAA; what a peer said is bounded and
 * harmless (V-9). */
#include <arpa/nameser.h>
#include <ctype.h>
#include <time.h>

#include "base/clock.h"
#include "tests/command.h"
#include "tests/fake_web.h"
#include "tests/trial.h"

#define ODD   "\x1b[31mred\x07\xff\xc2\x9b" "2J\r\n<b>\"\\"
#define MANY  "_acme-challenge.many.test"
#define PLAIN "?[31mred????" "2J??" "<b>\"\\"

static struct trial trial;
static struct fake_record records[] = {
	{ "hop.test", ns_t_a, "127.0.0.2" }, { "hop.test", 0, "AD" },
	{ "hop.test", FAKE_CAA, "0 issue " CA_NAME },
	{ "odd.test", ns_t_a, "127.0.0.2" },
	{ "_acme-challenge.odd.test", ns_t_txt, ODD },
	{ MANY, ns_t_txt, "1" }, { MANY, ns_t_txt, "2" }, { MANY, ns_t_txt, "3" },
	{ MANY, ns_t_txt, "4" }, { MANY, ns_t_txt, "5" }, { MANY, ns_t_txt, "6" },
	{ MANY, ns_t_txt, "7" }, { MANY, ns_t_txt, "8" }, { MANY, ns_t_txt, "9" },
	{ MANY, ns_t_txt, "10" },
	{ "_acme-challenge.led.test", ns_t_cname, "elsewhere.test" },
	{ "elsewhere.test", ns_t_txt, "x" },
	{ "bogus.test", 0, "BOGUS" },
	{ "nobody.test", ns_t_a, "127.0.0.3" },
	{ "private.test", ns_t_a, "169.254.169.254" }, { "private.test", ns_t_a, "127.0.0.2" },
	{ NULL, 0, NULL }
};

/* The web server at 127.0.0.2 sends everybody to the scene's. */
static void
serve(struct fake_client *client, const char *head)
{
	const char *path = strchr(head, ' ') + 1;

	if (strstr(head, "Host: odd.test") != NULL)
		fake_printf(client, "HTTP/1.1 302 Found\r\nLocation: http://n0.example.test:22/"
			    "\x1b[2J%%1b%%00\"<>\\\xff\r\nContent-Length: 0\r\n\r\n");
	else
		fake_printf(client, "HTTP/1.1 302 Found\r\nLocation: http://n0.example.test%.*s\r\n"
			    "Content-Length: 0\r\n\r\n", (int)strcspn(path, " "), path);
}

static const json_t *
at(const json_t *o, const char *list, size_t n)
{
	return json_array_get(json_object_get(o, list), n);
}

static long
number(const json_t *o, const char *member)
{
	const json_t *n = json_object_get(o, member);

	return json_is_integer(n) ? (long)json_integer_value(n) : -1;
}

/* Is it a time of the last minute? */
static bool
recent(const char *when)
{
	struct tm tm = { 0 };
	time_t now = (time_t)clock_now(), then;

	if (when == NULL || strptime(when, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		return false;
	then = timegm(&tm);
	return then <= now && then > now - 60;
}

/* --- what went well ---------------------------------------------------------------- */

static void
check_dials(const json_t *row, const char *token)
{
	const json_t *dial = at(row, "dials", 0);

	ok(json_array_size(json_object_get(row, "dials")) == 2 && number(row, "redirects") == 1,
	   "evidence: a redirect, and two connections");
	is(text(dial, "address"), "127.0.0.2", "evidence: the first address");
	ok(number(dial, "port") == trial.scene.port && number(dial, "status") == 302,
	   "evidence: its port and status");
	ok(strstr(text(dial, "to"), token) != NULL, "evidence: the URL: %s", text(dial, "to"));
	dial = at(row, "dials", 1);
	is(text(dial, "address"), "127.0.0.1", "evidence: the second address");
	ok(number(dial, "status") == 200 && number(dial, "ms") >= 0, "evidence: its status");
	ok(strncmp(text(dial, "to"), "http://n0.example.test/.well-known/", 35) == 0,
	   "evidence: where the redirect led: %s", text(dial, "to"));
}

static void
check_lookups(const json_t *row)
{
	const json_t *six = at(row, "lookups", 0), *four = at(row, "lookups", 1);

	if (strcmp(text(six, "type"), "AAAA") != 0) {	/* whichever was faster */
		six = four;
		four = at(row, "lookups", 0);
	}
	ok(json_array_size(json_object_get(row, "lookups")) == 2, "evidence: two lookups");
	is(text(four, "name"), "hop.test", "evidence: the name");
	is(text(four, "type"), "A", "evidence: A");
	is(json_string_value(at(four, "answers", 0)), "127.0.0.2", "evidence: its answer");
	is(text(four, "rcode"), "NOERROR", "evidence: its rcode");
	is(text(four, "security"), "secure", "evidence: the resolver vouches for it");
	ok(json_array_size(json_object_get(six, "answers")) == 0, "evidence: no AAAA");
	is(text(row, "dnssec"), "trust-ad", "evidence: who is believed");
}

static void
check_caa(const json_t *caa)
{
	const json_t *lookup = at(caa, "lookups", 0);

	is(text(caa, "method"), "caa", "evidence of CAA");
	is(text(caa, "for"), "http-01", "evidence: for which method");
	is(text(caa, "section"), "4.2.2.1", "evidence: its section");
	is(text(caa, "at"), "hop.test", "evidence: where the record stood");
	is(text(lookup, "type"), "CAA", "evidence: a lookup of CAA");
	is(json_string_value(at(lookup, "answers", 0)), "0 issue " CA_NAME, "evidence: the record");
	is(text(lookup, "security"), "secure", "evidence: the resolver vouches for it");
	ok(json_is_null(json_object_get(caa, "problem")), "evidence: it permits");
}

static void
check_authz(struct client *c, const json_t *o, const struct client_order *order)
{
	const json_t *ident = json_object_get(o, "identifier");

	is(text(o, "authz"), strrchr(order->authz[0], '/') + 1, "show authz: its id");
	is(text(ident, "value"), "hop.test", "show authz: the name");
	is(text(o, "status"), "valid", "show authz: its status");
	is(text(o, "account"), strrchr(c->kid, '/') + 1, "show authz: its account");
	is(text(o, "order"), strrchr(order->url, '/') + 1, "show authz: its order");
	ok(recent(text(o, "created")) && text(o, "expires") != NULL, "show authz: its times");
	ok(json_array_size(json_object_get(o, "challenges")) == 3, "show authz: its challenges");
	is(text(at(o, "challenges", 0), "status"), "valid", "show authz: the one that was proved");
	ok(recent(text(at(o, "challenges", 0), "validated")), "show authz: when");
	is(text(at(o, "challenges", 1), "status"), "pending", "show authz: another one");
	ok(evidence_rows(o) == 1, "show authz: one row of evidence");
}

static void
check_text(struct client *c, const struct client_order *order)
{
	static const char *const lines[] = {
		"\nidentifier {\"type\":\"dns\",\"value\":\"hop.test\"}\n", "\nstatus valid\n",
		"\n      method http-01\n", "\n      section 3.2.2.4.19\n",
		"\n      redirects 1\n", "\n          answers [\"127.0.0.2\"]\n",
		"\n          security secure\n", "\n      at hop.test\n", "\n      problem null\n"
	};
	const char *said = shown_text(&trial, c, "authz", order->authz[0]);

	for (size_t i = 0; i < COUNT(lines); i++)
		ok(strstr(said, lines[i]) != NULL, "show authz says%.*s",
		   (int)strlen(lines[i]) - 2, lines[i] + 1);
	said = shown_text(&trial, c, "order", order->url);
	ok(strstr(said, "\nnames hop.test\n") != NULL && strstr(said, "\nstatus valid\n") != NULL &&
	   strstr(said, "\nserial ") != NULL, "show order says names, status and serial");
	ok(strstr(said, strrchr(order->authz[0], '/') + 1) != NULL, "and the authorizations");
}

static void
test_good(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "hop.test");
	const char *token = token_of(c, order.authz[0], "http-01");
	const json_t *o, *row;

	is(proved(&trial, c, order.authz[0]), "valid", "a name is proved by way of a redirect");
	o = shown(&trial, c, "authz", order.authz[0]);
	row = evidence(o, 0, "validation");
	check_authz(c, o, &order);
	is(text(row, "method"), "http-01", "evidence: the method");
	is(text(row, "section"), "3.2.2.4.19", "evidence: its section");
	is(text(json_object_get(row, "identifier"), "value"), "hop.test", "evidence: the name");
	ok(recent(text(row, "began")) && number(row, "took_ms") >= 0, "evidence: when");
	ok(json_is_null(json_object_get(row, "problem")), "evidence: no problem");
	check_dials(row, token);
	check_lookups(row);
	check_caa(evidence(o, 0, "caa"));
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "hop.test")));
	told(c, 200, "", "it is issued");
	o = shown(&trial, c, "order", order.url);
	is(text(o, "order"), strrchr(order.url, '/') + 1, "show order: its id");
	is(json_string_value(at(o, "authorizations", 0)), strrchr(order.authz[0], '/') + 1,
	   "show order: its authorization");
	ok(text(o, "serial") != NULL && evidence_rows(o) == 0, "show order: a serial; CAA was new");
	check_text(c, &order);
	leave(c);
}

/* --- what did not ------------------------------------------------------------------ */

/* A validation that fails; its first row. */
static const json_t *
fails(struct client *c, const char *name, const char *method)
{
	struct client_order order = order_of(c, "dns", name);

	respond(c, order.authz[0], method);
	decided(c, order.authz[0]);
	return evidence(shown(&trial, c, "authz", order.authz[0]), 0, "validation");
}

static void
test_bad(void)
{
	struct client *c = member(&trial.scene, "ES256");
	const json_t *row = fails(c, "nobody.test", "http-01"), *one;

	one = at(row, "dials", 0);
	failed(c, "http-01", "connection", "127.0.0.3", "nobody listens");
	is(text(one, "address"), "127.0.0.3", "evidence: the address");
	ok(text(one, "why") != NULL && number(one, "status") == -1, "evidence: why: %s",
	   text(one, "why"));
	ok(strncmp(text(row, "problem"), "connection: ", 12) == 0, "evidence: the problem");
	row = fails(c, "bogus.test", "http-01");
	failed(c, "http-01", "dns", "bogus.test", "the resolver says bogus");
	ok(strstr(text(row, "problem"), "signature expired") != NULL, "evidence: why: %s",
	   text(row, "problem"));
	ok(json_array_size(json_object_get(row, "dials")) == 0, "evidence: nobody is dialled");
	row = fails(c, "private.test", "http-01");
	one = at(row, "lookups", 0);
	if (strcmp(text(one, "type"), "A") != 0)
		one = at(row, "lookups", 1);
	ok(json_array_size(json_object_get(one, "answers")) == 2, "evidence: both addresses");
	ok(json_array_size(json_object_get(row, "dials")) >= 1 &&
	   strcmp(text(at(row, "dials", 0), "address"), "127.0.0.2") == 0,
	   "V-7 evidence: the one that was dialled");
	row = fails(c, "none.test", "dns-01");
	one = at(row, "lookups", 0);
	is(text(one, "rcode"), "NXDOMAIN", "evidence: no such name");
	is(text(one, "name"), "_acme-challenge.none.test", "evidence: which");
	is(text(row, "section"), "3.2.2.4.7", "evidence: the section of dns-01");
	row = fails(c, "led.test", "dns-01");
	is(text(at(row, "lookups", 0), "alias"), "elsewhere.test", "evidence: where CNAME led");
	row = fails(c, "many.test", "dns-01");
	one = at(row, "lookups", 0);
	ok(json_array_size(json_object_get(one, "answers")) == 8 && number(one, "more") == 2,
	   "V-9 evidence: eight records of ten, and how many more");
	leave(c);
}

/* Every octet of a text that is printed is one that a terminal may get. */
static bool
harmless(const char *said)
{
	for (; *said != '\0'; said++)
		if (!isprint((unsigned char)*said) && *said != '\n')
			return false;
	return true;
}

static void
test_odd(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "odd.test");
	const json_t *o, *row;
	const char *said;

	respond(c, order.authz[0], "dns-01");
	decided(c, order.authz[0]);
	failed(c, "dns-01", "unauthorized", PLAIN, "V-9 what the record says");
	o = shown(&trial, c, "authz", order.authz[0]);
	row = evidence(o, 0, "validation");
	is(json_string_value(at(at(row, "lookups", 0), "answers", 0)), PLAIN, "V-9 in evidence");
	said = shown_text(&trial, c, "authz", order.authz[0]);
	ok(said != NULL && harmless(said), "V-9 and for a terminal");
	order = order_of(c, "dns", "odd.test");
	respond(c, order.authz[0], "http-01");
	decided(c, order.authz[0]);
	failed(c, "http-01", "connection", "redirect", "V-9 what a redirect says");
	ok(harmless(error_of(c, "http-01", "detail")), "V-9 is harmless");
	said = shown_text(&trial, c, "authz", order.authz[0]);
	ok(said != NULL && harmless(said), "V-9 and for a terminal");
	leave(c);
}

/* --- the command ------------------------------------------------------------------- */

static int
show(struct client *c, const char *words, const char **said)
{
	return command_run(c->arena, trial.scene.server, arena_printf(c->arena, "show %s", words),
			   said);
}

static void
test_command(void)
{
	static const struct {
		const char	*words;
		int		 status;
		const char	*says;
	} cases[] = {
		{ "authz " NOBODY, 1, "no authz \"" NOBODY "\"" },
		{ "order " NOBODY " --json", 1, "no order \"" NOBODY "\"" },
		{ "authz x", 1, "no authz \"x\"; its id is the last part of its URL" },
		{ "authz ''", 1, "no authz \"\"" },
		{ "", 2, "authz ID, order ID or cert SERIAL" }, { "authz", 2, "authz ID, order ID" },
		{ "cert " NOBODY, 1, "no certificate \"" NOBODY "\"; give its serial" },
		{ "certificate 1", 2, "authz ID, order ID" }, { "cert 01", 1, "no certificate \"01\"" },
		{ "authz " NOBODY " " NOBODY, 2, NOBODY },
	};
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "n0.example.test");
	const char *said;
	const json_t *o;

	for (size_t i = 0; i < COUNT(cases); i++) {
		int status = show(c, cases[i].words, &said);

		ok(status == cases[i].status && strstr(said, cases[i].says) != NULL,
		   "show %s: %d: %.*s", cases[i].words, status, (int)strcspn(said, "\n"), said);
	}
	ok(shown(&trial, c, "order", order.authz[0]) == NULL, "an authorization is no order");
	ok(shown(&trial, c, "authz", order.url) == NULL, "and the reverse");
	o = shown(&trial, c, "authz", order.authz[0]);
	is(text(o, "status"), "pending", "a pending one");
	ok(evidence_rows(o) == 0, "has no evidence");
	o = shown(&trial, c, "order", order.url);
	is(text(o, "status"), "pending", "a pending order");
	ok(text(o, "serial") == NULL, "has no serial");
	leave(c);
}

int
main(void)
{
	struct fake_web *web;

	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "validation.dnssec=trust-ad", "validation.allow_addresses=127.0.0.0/8", NULL });
	web = fake_web_start("127.0.0.2", trial.scene.port, false, serve);
	test_good();
	test_bad();
	test_odd();
	test_command();
	trial_end(&trial);
	fake_web_stop(web);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_hook.c - the webhook (docs/webhook.md): what it is asked, and what its answers do, good
 * ones and bad ones. */
#include <stdlib.h>

#include "tests/bind.h"
#include "tests/hooked.h"

/* --- what it is asked -------------------------------------------------------------- */

static void
test_question(void)
{
	struct client *c = visitor(&scene);
	json_t *asked;
	const char *want;

	client_account(c, "ES256", "{\"contact\":[\"mailto:a@example.test\"],"
				   "\"termsOfServiceAgreed\":true}");
	hooked_order(c, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"N0.Example.TEST\"},"
		 "{\"type\":\"dns\",\"value\":\"*.n1.example.test\"},"
		 "{\"type\":\"ip\",\"value\":\"127.0.0.1\"}]}");
	told(c, 201, "", "{\"allow\":true}: the order is made");
	ok(fake_hook_questions(hook) == 1, "one question: %u", fake_hook_questions(hook));
	ok(fake_hook_head(hook, "POST /decide?for=1 HTTP/1.1\r\n"), "to the URL");
	ok(fake_hook_head(hook, "\r\nContent-Type: application/json\r\n"), "in JSON");
	ok(fake_hook_head(hook, "\r\nHost: " HOOK_HOST ":"), "with its Host");
	ok(fake_hook_signed(hook), "the signature is good, the timestamp is now");
	ok(fake_hook_tampered(hook), "not with another body, timestamp or secret");
	asked = fake_hook_body(hook);
	want = arena_printf(c->arena, "{\"event\":\"order\",\"directory\":\"default\",\"account\":"
			    "\"%s\",\"contacts\":[\"mailto:a@example.test\"],\"address\":"
			    "\"127.0.0.1\",\"profile\":\"fleet\",\"identifiers\":[{\"type\":"
			    "\"dns\",\"value\":\"n0.example.test\"},{\"type\":\"dns\",\"value\":"
			    "\"*.n1.example.test\"},{\"type\":\"ip\",\"value\":\"127.0.0.1\"}]}",
			    strrchr(c->kid, '/') + 1);
	is(arena_own(c->arena, json_dumps(asked, JSON_COMPACT), free), want, "what the question "
	   "says");
	json_decref(asked);
	client_post(c, client_url(c, "new-authz"), "{\"identifier\":{\"type\":\"dns\",\"value\":"
						   "\"n2.example.test\"}}");
	told(c, 201, "", "newAuthz is asked about too");
	asked = fake_hook_body(hook);
	is(text(asked, "event"), "authorization", "as an authorization");
	json_decref(asked);
	leave(c);
}

/* Of an account with an external account binding also the binding. */
static void
test_binding(void)
{
	struct binding_key key = eab_add(scene.server, "--label 'The \"partner\"'");
	struct client *c = visitor(&scene);
	json_t *asked;

	ok(eab_register(c, &key) == 201, "an account with a binding");
	hooked_order(c, GOOD);
	told(c, 201, "", "its order");
	asked = fake_hook_body(hook);
	is(text(json_object_get(asked, "binding"), "id"), key.kid, "the binding's id");
	is(text(json_object_get(asked, "binding"), "label"), "The \"partner\"", "and its label");
	json_decref(asked);
	leave(c);
}

/* --- a no -------------------------------------------------------------------------- */

/* The answer, and what the client is told about an order for n0.example.test. */
static const struct row {
	const char		*what;
	struct hook_plan	 plan;
	int			 status;
	const char		*type, *detail;
} answers[] = {
	{ "yes, and more", SAYS("{\"allow\":true,\"ttl\":[1],\"refused\":[]}"), 201, "", "" },
	{ "no", SAYS("{\"allow\":false}"), 400, "rejectedIdentifier",
	  "this CA's operator does not permit this" },
	{ "no, why", SAYS("{\"allow\":false,\"reason\":\"not in the inventory\"}"), 400,
	  "rejectedIdentifier",
	  "this CA's operator does not permit this: not in the inventory" },
	{ "no, a reason that is no text", SAYS("{\"allow\":false,\"reason\":7}"), 400,
	  "rejectedIdentifier", "this CA's operator does not permit this" },
	{ "no, a reason with control characters", SAYS("{\"allow\":false,\"reason\":"
	  "\"a\\r\\nSet-Cookie: b\\u001b[2J\\u00e9\"}"), 400, "rejectedIdentifier",
	  "this CA's operator does not permit this: a??Set-Cookie: b?[2J??" },
	{ "no, whatever \"refused\" is", SAYS("{\"allow\":false,\"refused\":7}"), 400,
	  "rejectedIdentifier", "this CA's operator does not permit this" },
	{ "the identifier is refused", SAYS("{\"refused\":[{\"type\":\"dns\",\"value\":"
	  "\"N0.example.test\",\"reason\":\"sold\"}]}"), 400, "rejectedIdentifier",
	  "\"n0.example.test\": this CA's operator does not permit it: sold" },
	{ "refused without a reason", SAYS("{\"refused\":[{\"type\":\"dns\",\"value\":"
	  "\"n0.example.test\"}]}"), 400, "rejectedIdentifier",
	  "\"n0.example.test\": this CA's operator does not permit it" },
	{ "yes and refused at once is no", SAYS("{\"allow\":true,\"refused\":[{\"type\":\"dns\","
	  "\"value\":\"n0.example.test\"}]}"), 400, "rejectedIdentifier",
	  "\"n0.example.test\": this CA's operator does not permit it" },
	{ "another one is refused: all are", SAYS("{\"refused\":[{\"type\":\"dns\",\"value\":"
	  "\"n1.example.test\",\"reason\":\"gone\"}]}"), 400, "rejectedIdentifier",
	  "this CA's operator does not permit this: gone" },
	{ "nonsense is refused: all are", SAYS("{\"refused\":[7]}"), 400, "rejectedIdentifier",
	  "this CA's operator does not permit this" },
};

static void
test_answers(void)
{
	struct client *c = member(&scene, "ES256");

	for (size_t i = 0; i < COUNT(answers); i++) {
		const struct row *r = &answers[i];

		fake_hook_plan(hook, &r->plan);
		hooked_order(c, GOOD);
		told(c, r->status, r->type, "%s", r->what);
		is(c->detail, r->detail, "and so it says");
	}
	client_post(c, client_url(c, "new-authz"), "{\"identifier\":{\"type\":\"dns\",\"value\":"
						   "\"n1.example.test\"}}");
	told(c, 403, "rejectedIdentifier", "a no to newAuthz is 403");
	leave(c);
}

/* A reason of that length. */
static void
test_long_reason(size_t n, size_t most)
{
	struct client *c = member(&scene, "ES256");
	char *reason = arena_alloc(c->arena, n + 1);
	struct hook_plan plan = { .how = HOOK_SAYS };

	memset(reason, 'x', n);
	plan.text = arena_printf(c->arena, OK200 "{\"allow\":false,\"reason\":\"%s\"}", reason);
	fake_hook_plan(hook, &plan);
	hooked_order(c, GOOD);
	told(c, 400, "rejectedIdentifier", "a reason of %zu octets", n);
	ok(strlen(c->detail) <= most && strstr(c->detail, "xxx") != NULL, "%zu octets are told",
	   strlen(c->detail));
	leave(c);
}

/* Subproblems for those that are named, with identifiers as the client spelled them. */
static void
test_several(void)
{
	static const struct hook_plan plan =
		SAYS("{\"allow\":false,\"reason\":\"two\",\"refused\":["
		     "{\"type\":\"ip\",\"value\":\"127.0.0.1\",\"reason\":\"r1\"},"
		     "{\"type\":\"dns\",\"value\":\"n1.example.test\",\"reason\":\"r2\"},"
		     "{\"type\":\"dns\",\"value\":\"n9.example.test\",\"reason\":\"r3\"}]}");
	struct client *c = member(&scene, "ES256");
	const json_t *subs, *sub;

	fake_hook_plan(hook, &plan);
	hooked_order(c, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"n0.example.test\"},"
		 "{\"type\":\"dns\",\"value\":\"N1.example.test\"},"
		 "{\"type\":\"ip\",\"value\":\"127.0.0.1\"}]}");
	told(c, 400, "compound", "two of three identifiers are refused");
	subs = json_object_get(c->json, "subproblems");
	ok(json_array_size(subs) == 2, "a subproblem each");
	sub = json_array_get(subs, 0);
	is(text(json_object_get(sub, "identifier"), "value"), "N1.example.test", "the name");
	is(text(sub, "detail"), "\"n1.example.test\": this CA's operator does not permit it: r2",
	   "its reason");
	sub = json_array_get(subs, 1);
	is(text(json_object_get(sub, "identifier"), "type"), "ip", "the address");
	is(text(sub, "detail"), "\"127.0.0.1\": this CA's operator does not permit it: r1",
	   "its reason");
	leave(c);
}

/* --- no answer --------------------------------------------------------------------- */

static const struct {
	const char		*what;
	struct hook_plan	 plan;
	const char		*log;		/* in the log's line */
} absences[] = {
	{ "status 500", { HOOK_SAYS, "HTTP/1.1 500 Oops\r\n\r\n{\"allow\":true}", 0 },
	  "status 500, not 200" },
	{ "status 404", { HOOK_SAYS, "HTTP/1.1 404 No\r\n\r\n{\"allow\":true}", 0 },
	  "status 404, not 200" },
	{ "status 201", { HOOK_SAYS, "HTTP/1.1 201 Made\r\n\r\n{\"allow\":true}", 0 },
	  "status 201, not 200" },
	{ "status 204", { HOOK_SAYS, "HTTP/1.1 204 None\r\n\r\n", 0 }, "status 204, not 200" },
	{ "a redirect", { HOOK_SAYS, "HTTP/1.1 307 There\r\nLocation: /yes\r\n"
	  "Content-Length: 14\r\n\r\n{\"allow\":true}", 0 }, "status 307, not 200" },
	{ "a redirect as GET", { HOOK_SAYS, "HTTP/1.1 302 There\r\nLocation: /yes\r\n\r\n", 0 },
	  "status 302, not 200" },
	{ "nothing in it", SAYS(""), "the webhook's answer" },
	{ "no JSON", SAYS("yes"), "the webhook's answer" },
	{ "no object", SAYS("[true]"), "the webhook's answer" },
	{ "neither yes nor no", SAYS("{}"), "has neither" },
	{ "allow as text", SAYS("{\"allow\":\"true\"}"), "has neither" },
	{ "allow as a number", SAYS("{\"allow\":1}"), "has neither" },
	{ "nobody is refused", SAYS("{\"refused\":[]}"), "has neither" },
	{ "refused is no list", SAYS("{\"allow\":true,\"refused\":{\"a\":1}}"), "has neither" },
	{ "something behind it", SAYS("{\"allow\":true} x"), "the webhook's answer" },
	{ "allow twice", SAYS("{\"allow\":true,\"allow\":true}"), "the webhook's answer" },
	{ "gzip", { HOOK_SAYS, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08", 0 },
	  "the webhook's answer" },
	{ "an endless body", { HOOK_ENDLESS, OK200 "{\"allow\":true}", 0 }, "longer than 65536" },
	{ "an endless body of an error", { HOOK_ENDLESS, "HTTP/1.1 500 Oops\r\n\r\n", 0 },
	  "longer than 65536" },
	{ "an endless head", { HOOK_ENDLESS, "HTTP/1.1 200 OK\r\nX: ", 0 }, "the head of" },
	{ "less than Content-Length", { HOOK_SAYS, "HTTP/1.1 200 OK\r\nContent-length: 15\r\n\r\n"
	  "{\"allow\":true}", 0 }, "remaining" },
	{ "no HTTP", { HOOK_SAYS, "SSH-2.0-OpenSSH_9.2\r\n", 0 }, "HTTP/0.9" },
	{ "the end of the connection", { HOOK_HANGS_UP, "", 0 }, "Empty reply" },
	{ "silence", { HOOK_STALLS, "", 0 }, "no whole answer within 3000 ms" },
	{ "an octet now and then", { HOOK_DRIPS, OK200 "{\"allow\":true}", 0 },
	  "no whole answer within 3000 ms" },
};

static void
refused_as_absent(struct client *c, long from, const char *log, const char *what)
{
	hooked_order(c, GOOD);
	told(c, 503, "serverInternal", "no answer, no order: %s", what);
	is(reply_only(&c->reply, "Retry-After"), "30", "Retry-After");
	is(c->detail, "the service that decides about new orders does not answer; try again",
	   "the client learns no more");
	ok(hooked_absent(from, log), "the operator does: %s", log);
}

static void
test_absent(void)
{
	struct client *c = member(&scene, "ES256");
	unsigned before;
	long began, from;

	for (size_t i = 0; i < COUNT(absences); i++) {
		before = fake_hook_questions(hook);
		fake_hook_plan(hook, &absences[i].plan);
		from = server_log_size(scene.server);
		began = now_ms();
		refused_as_absent(c, from, absences[i].log, absences[i].what);
		ok(now_ms() - began < HOOK_MS + 5000, "within the time limit: %ld ms",
		   now_ms() - began);
		ok(fake_hook_questions(hook) == before + 1, "asked once: no redirect is followed, "
		   "nothing is repeated");
	}
	client_post(c, c->kid, "");
	client_post(c, text(c->json, "orders"), "");
	ok(json_array_size(json_object_get(c->json, "orders")) == 0, "none of these was stored");
	leave(c);
}

/* What says yes to anything, but is not to be believed. */
static void
test_impostors(void)
{
	struct hook_ca stranger, namesake;
	struct client *c = member(&scene, "ES256");
	const struct {
		const char		*what, *log;
		const struct hook_ca	*ca;
		enum hook_cert		 cert;
	} rows[] = {
		{ "a certificate of another CA", "certificate", &stranger, HOOK_GOOD },
		{ "of another CA with the same name", "Fetching", &namesake, HOOK_GOOD },
		{ "a certificate for another name", "SSL", &hook_ca, HOOK_OTHER_NAME },
		{ "an expired certificate", "expired", &hook_ca, HOOK_EXPIRED },
		{ "no TLS", "SSL", &hook_ca, HOOK_PLAIN },
	};

	stranger = hook_ca_new("Stranger CA", hooked_path(c, "stranger.pem"));
	namesake = hook_ca_new("Hook CA", hooked_path(c, "namesake.pem"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fake_hook *other = fake_hook_start(rows[i].ca, rows[i].cert, HOOK_SECRET);
		long from = server_log_size(scene.server);

		ok(hooked_at(c, HOOK_HOST, fake_hook_port(other)), "reload");
		refused_as_absent(c, from, rows[i].log, rows[i].what);
		ok(fake_hook_questions(other) == 0, "it never sees the question");
		fake_hook_stop(other);
	}
	hook_ca_free(&stranger);
	hook_ca_free(&namesake);
	leave(c);
}

static void
test_places(void)
{
	struct client *c = member(&scene, "ES256");
	uint16_t port = fake_hook_port(hook);
	const struct {
		const char	*host;
		uint16_t	 port;
		const char	*log;		/* NULL: it answers */
	} rows[] = {
		{ HOOK_HOST, port_free(), "connection refused" },
		{ "127.0.0.1", port, NULL },
		{ "two.example.test", port, NULL },	/* at one of its addresses */
		{ "dead.example.test", port, "SERVFAIL" },
		{ "nowhere.example.test", port, "no address" },
		{ "empty.example.test", port, "no address" },
		{ "mute.example.test", port, "no answer about the addresses" },
		{ "[::1]", port, "connection refused" },
		{ "n63.example.test", port, "SSL" },	/* of the hosts file */
		{ "HOOK.Example.Test", port, NULL },
	};

	fake_hook_plan(hook, &answers[0].plan);
	for (size_t i = 0; i < COUNT(rows); i++) {
		long from = server_log_size(scene.server);

		ok(hooked_at(c, rows[i].host, rows[i].port), "reload: %s", rows[i].host);
		if (rows[i].log != NULL)
			refused_as_absent(c, from, rows[i].log, rows[i].host);
		else
			ok(hooked_order(c, GOOD) == 201, "%s answers: %s", rows[i].host,
			   client_why(c));
	}
	ok(hooked_back(c), "the webhook again");
	leave(c);
}

int
main(void)
{
	if (!hooked_begin())
		return 1;
	test_question();
	test_binding();
	test_answers();
	test_long_reason(300, 255);
	test_long_reason(60000, 255);
	test_several();
	test_absent();
	test_impostors();
	test_places();
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	hooked_end();
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_hook.c - the webhook (docs/webhook.md): what it is asked, what its answers do, good ones
 * and bad; what happens while it is slow, many ask, the server stops or the client goes. */
#include <arpa/nameser.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/attack.h"
#include "tests/bind.h"
#include "tests/fake_dns.h"
#include "tests/fake_hook.h"

#define SECRET	"0123456789abcdef0123456789abcdef"
#define TURNS	64			/* questions at a time: acme/hook.c */
#define PATIENT 1000			/* ms: webhook.timeout */
#define OK200	"HTTP/1.1 200 OK\r\n\r\n"
#define SAYS(json) { HOOK_SAYS, OK200 json, 0 }
#define ASKED(result) "brevet_webhook_total{result=\"" result "\"}"

static struct scene scene;
static struct fake_hook *hook;
static struct hook_ca ca;
static uint16_t metrics;
static unsigned orders;		/* that were made */

static struct fake_record records[] = {
	{ HOOK_HOST, ns_t_a, "127.0.0.1" },
	{ "two.example.test", ns_t_a, "127.0.0.9" },
	{ "two.example.test", ns_t_a, "127.0.0.1" },
	{ "dead.example.test", 0, "SERVFAIL" },
	{ "mute.example.test", 0, "SILENT" },
	{ "empty.example.test", ns_t_txt, "no address" },
	{ NULL, 0, NULL }
};

static const char *
path(struct client *c, const char *file)
{
	return arena_printf(c->arena, "%s/%s", scene.dir, file);
}

/* Adds that to the configuration, where it goes before what stands there, and reloads. */
static bool
configure(struct client *c, const char *text)
{
	FILE *f = fopen(path(c, "ca/brevet.conf"), "a");

	return f != NULL && fputs(text, f) != EOF && fclose(f) == 0 &&
	       system(arena_printf(c->arena, "%s reload --config %s >%s 2>&1", stage_brevet(),
				   path(c, "ca/brevet.conf"), path(c, "reload"))) == 0;
}

static bool
hook_at(struct client *c, const char *host, uint16_t port)
{
	return configure(c, arena_printf(c->arena, "webhook { url = \"https://%s:%u/decide?for=1\" "
					 "}\n", host, port));
}

static bool
hook_back(struct client *c)
{
	return hook_at(c, HOOK_HOST, fake_hook_port(hook));
}

static int
order(struct client *c, const char *payload)
{
	int status = client_post(c, client_url(c, "new-order"), payload);

	orders += status == 201;
	return status;
}

/* --- what it is asked -------------------------------------------------------------- */

static void
test_question(void)
{
	struct client *c = visitor(&scene);
	json_t *asked;
	const char *want;

	client_account(c, "ES256", "{\"contact\":[\"mailto:a@example.test\"],"
				   "\"termsOfServiceAgreed\":true}");
	order(c, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"N0.Example.TEST\"},"
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
			    "\"127.0.0.1\",\"profile\":\"default\",\"identifiers\":[{\"type\":"
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
	order(c, GOOD);
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
		order(c, GOOD);
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
	order(c, GOOD);
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
	order(c, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"n0.example.test\"},"
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
	{ "silence", { HOOK_STALLS, "", 0 }, "no whole answer within 1000 ms" },
	{ "an octet now and then", { HOOK_DRIPS, OK200 "{\"allow\":true}", 0 },
	  "no whole answer within 1000 ms" },
};

/* Does that stand in a line of the event behind that place of the log? */
static bool
logged(struct client *c, long from, const char *event, const char *words)
{
	FILE *in = fopen(scene.server->log, "r");
	const char *want = arena_printf(c->arena, "\"event\":\"%s\"", event);
	char line[4096];
	bool found = false;

	if (in == NULL || fseek(in, from, SEEK_SET) != 0)
		return false;
	while (!found && fgets(line, sizeof(line), in) != NULL)
		found = strstr(line, want) != NULL && strstr(line, words) != NULL;
	fclose(in);
	return found;
}

static void
refused_as_absent(struct client *c, long from, const char *log, const char *what)
{
	order(c, GOOD);
	told(c, 503, "serverInternal", "no answer, no order: %s", what);
	is(reply_only(&c->reply, "Retry-After"), "30", "Retry-After");
	is(c->detail, "the service that decides about new orders does not answer; try again",
	   "the client learns no more");
	if (!ok(logged(c, from, "webhook absent", log), "the operator does: %s", log))
		refused_as_absent(c, from, "", what);	/* shows what was told */
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
		ok(now_ms() - began < PATIENT + 1500, "within the time limit: %ld ms",
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
		{ "a certificate for another name", "SSL", &ca, HOOK_OTHER_NAME },
		{ "an expired certificate", "expired", &ca, HOOK_EXPIRED },
		{ "no TLS", "SSL", &ca, HOOK_PLAIN },
	};

	stranger = hook_ca_new("Stranger CA", path(c, "stranger.pem"));
	namesake = hook_ca_new("Hook CA", path(c, "namesake.pem"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fake_hook *other = fake_hook_start(rows[i].ca, rows[i].cert, SECRET);
		long from = server_log_size(scene.server);

		ok(hook_at(c, HOOK_HOST, fake_hook_port(other)), "reload");
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

		ok(hook_at(c, rows[i].host, rows[i].port), "reload: %s", rows[i].host);
		if (rows[i].log != NULL)
			refused_as_absent(c, from, rows[i].log, rows[i].host);
		else
			ok(order(c, GOOD) == 201, "%s answers: %s", rows[i].host, client_why(c));
	}
	ok(hook_back(c), "the webhook again");
	leave(c);
}

/* --- reload ------------------------------------------------------------------------ */

static void
test_absent_allows(void)
{
	struct client *c = member(&scene, "ES256");
	unsigned before = fake_hook_questions(hook);
	long from = server_log_size(scene.server);

	ok(configure(c, "webhook { absent = allow }\n"), "absent = allow");
	fake_hook_plan(hook, &absences[0].plan);
	ok(order(c, GOOD) == 201, "then no answer is a yes: %s", client_why(c));
	ok(logged(c, from, "webhook absent", "\"holds\":\"allow\""), "which the log tells");
	fake_hook_plan(hook, &answers[1].plan);
	ok(order(c, GOOD) == 400, "and a no is a no");
	ok(fake_hook_questions(hook) == before + 2, "both were asked");
	ok(configure(c, "webhook { absent = refuse }\n"), "absent = refuse");
	fake_hook_plan(hook, &absences[0].plan);
	ok(order(c, GOOD) == 503, "and no answer is no order again");
	leave(c);
}

static void
test_reload(void)
{
	static const struct hook_plan yes = SAYS("{\"allow\":true}");
	struct client *c = member(&scene, "ES256");
	unsigned before;

	fake_hook_plan(hook, &yes);
	ok(order(c, GOOD) == 201, "an order");
	stage_write(scene.dir, "secret2", "another secret, as long as it must be\n");
	chmod(path(c, "secret2"), 0600);
	ok(configure(c, arena_printf(c->arena, "webhook { secret = \"%s\" }\n", path(c, "secret2"))),
	   "another secret");
	ok(order(c, GOOD) == 201 && !fake_hook_signed(hook), "signs the next question");
	ok(configure(c, arena_printf(c->arena, "webhook { secret = \"%s\" }\n", path(c, "secret"))),
	   "the first one again");
	ok(order(c, GOOD) == 201 && fake_hook_signed(hook), "signs the next one");
	ok(configure(c, "webhook { ca = \"\" }\n"), "the system's roots");
	ok(order(c, GOOD) == 503, "do not know it");
	ok(configure(c, arena_printf(c->arena, "webhook { ca = \"%s\" }\n", path(c, "hook.pem"))),
	   "the right root");
	ok(order(c, GOOD) == 201, "does");
	chmod(path(c, "secret2"), 0644);
	ok(!configure(c, arena_printf(c->arena, "webhook { secret = \"%s\" }\n",
				      path(c, "secret2"))), "a secret that others can read is "
	   "refused");
	chmod(path(c, "secret2"), 0600);
	ok(configure(c, arena_printf(c->arena, "webhook { secret = \"%s\" }\n", path(c, "secret"))),
	   "the configuration is good again");
	before = fake_hook_questions(hook);
	ok(configure(c, "webhook { url = \"\" }\n"), "no webhook");
	ok(order(c, GOOD) == 201 && fake_hook_questions(hook) == before, "nobody is asked");
	ok(hook_back(c), "the webhook again");
	leave(c);
}

/* What the limits refuse is not asked about. */
static void
test_limits(void)
{
	struct client *c = member(&scene, "ES256");
	unsigned before = fake_hook_questions(hook);

	ok(configure(c, "limit { enabled = true\n orders = \"1/1h\" }\n"), "an order an hour");
	ok(order(c, GOOD) == 201, "the first one");
	ok(order(c, GOOD) == 429, "the second one: %s", client_why(c));
	ok(fake_hook_questions(hook) == before + 1, "the webhook heard of the first only");
	ok(configure(c, "limit { enabled = false }\n"), "no limits");
	leave(c);
}

/* --- many -------------------------------------------------------------------------- */

static void
test_connections(void)
{
	struct client *c = member(&scene, "ES256");
	static const struct hook_plan yes = {
		HOOK_SAYS, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"allow\":true}", 0
	}, ends = SAYS("{\"allow\":true}");
	unsigned before, made = 0;

	fake_hook_plan(hook, &yes);
	order(c, GOOD);
	before = fake_hook_connections(hook);
	for (int i = 0; i < 20; i++)
		made += order(c, GOOD) == 201;
	ok(made == 20 && fake_hook_connections(hook) == before, "%u questions over one connection",
	   made);
	fake_hook_plan(hook, &ends);
	for (int i = 0; i < 20; i++)
		made += order(c, GOOD) == 201;
	ok(made == 40 && fake_hook_connections(hook) >= before + 19, "and where it is closed, over "
	   "another: %u", fake_hook_connections(hook) - before);
	leave(c);
}

#define MANY 100

/* That many newOrder requests at once, each on its own connection. */
static void
many_send(struct client *c, struct wire *wires[MANY])
{
	const char *url = client_url(c, "new-order"), *body;

	for (int i = 0; i < MANY; i++) {
		struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c),
				   .url = url, .payload = GOOD };

		jws_sign(c->arena, &jws);
		body = jws_print(c->arena, &jws);
		wires[i] = wire_open(c->trust, c->host, c->port);
		wire_send_text(wires[i], arena_printf(
			c->arena, "POST /acme/new-order HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Type: application/jose+json\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(body), body));
	}
}

/* How many of them have that status. */
static unsigned
many_read(struct client *c, struct wire *wires[MANY], int status)
{
	unsigned n = 0;

	for (int i = 0; i < MANY; i++) {
		struct reply r = { 0 };

		n += wires[i] != NULL && wire_read(wires[i], c->arena, &r, false) &&
		     r.status == status;
		wire_close(wires[i]);
	}
	return n;
}

static void
test_many(void)
{
	static const struct hook_plan gathers = {
		HOOK_GATHERS, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"allow\":true}", TURNS
	}, stalls = { HOOK_STALLS, "", 0 };
	struct client *c = member(&scene, "ES256");
	struct wire *wires[MANY];
	unsigned before = fake_hook_questions(hook), n;
	long began;

	ok(configure(c, "webhook { timeout = 20s }\n"), "time enough");
	fake_hook_plan(hook, &gathers);
	many_send(c, wires);
	n = many_read(c, wires, 201);
	orders += n;
	ok(n == MANY, "%d orders at once: %u are made", MANY, n);
	ok(fake_hook_questions(hook) == before + MANY, "after a question each");
	ok(fake_hook_most(hook) == TURNS, "at most %u at a time", fake_hook_most(hook));
	ok(configure(c, "webhook { timeout = 1s }\n"), "little time");
	fake_hook_plan(hook, &stalls);
	began = now_ms();
	many_send(c, wires);
	n = many_read(c, wires, 503);
	ok(n == MANY, "%d orders at once, and silence: %u are refused", MANY, n);
	ok(now_ms() - began < 10000, "none waits for all the others: %ld ms", now_ms() - began);
	leave(c);
}

/* --- the end ----------------------------------------------------------------------- */

struct poster {
	struct client	*c;
	int		 status;
};

static void *
post(void *arg)
{
	struct poster *p = arg;

	p->status = client_post(p->c, client_url(p->c, "new-order"), GOOD);
	return NULL;
}

/* Until the webhook has so many questions. */
static bool
asked(unsigned n)
{
	for (int i = 0; i < 1000 && fake_hook_questions(hook) < n; i++)
		usleep(10000);
	return fake_hook_questions(hook) >= n;
}

static void
test_lost(void)
{
	static const struct hook_plan stalls = { HOOK_STALLS, "", 0 };
	static const struct hook_plan yes = SAYS("{\"allow\":true}");
	struct client *c = member(&scene, "ES256");
	struct wire *wires[MANY];
	unsigned before = fake_hook_questions(hook);

	ok(configure(c, "webhook { timeout = 2s }\n"), "two seconds");
	fake_hook_plan(hook, &stalls);
	many_send(c, wires);
	ok(asked(before + TURNS), "questions are under way");
	for (int i = 0; i < MANY; i++)
		wire_close(wires[i]);
	fake_hook_plan(hook, &yes);
	ok(order(c, GOOD) == 201, "clients that went away take no turn for ever: %s",
	   client_why(c));
	leave(c);
}

/* Asked, and standing in line: all are answered when the server stops. */
static void
test_stop(void)
{
	static const struct hook_plan stalls = { HOOK_STALLS, "", 0 };
	struct client *c = member(&scene, "ES256");
	struct poster poster = { member(&scene, "ES256"), 0 };
	struct wire *wires[MANY];
	unsigned before = fake_hook_questions(hook), n;
	pthread_t thread;
	long began;

	ok(configure(c, "webhook { timeout = 60s }\n"), "a minute");
	fake_hook_plan(hook, &stalls);
	pthread_create(&thread, NULL, post, &poster);
	ok(asked(before + 1), "a question is under way");
	many_send(c, wires);
	ok(asked(before + TURNS), "and as many as may be, others in line");
	began = now_ms();
	ok(server_stop(scene.server) == 0, "R-22 the server ends with status 0");
	ok(now_ms() - began < 6000, "R-22 soon: %ld ms", now_ms() - began);
	pthread_join(thread, NULL);
	ok(poster.status == 503, "R-22 the client is answered: %s", client_why(poster.c));
	is(reply_only(&poster.c->reply, "Retry-After"), "5", "R-22 and comes back");
	n = many_read(c, wires, 503);
	ok(n == MANY, "R-22 all are: %u", n);
	leave(poster.c);
	leave(c);
}

static void
test_counts(void)
{
	long allowed = metric_now(metrics, ASKED("allowed"));

	ok(allowed > 20 && (unsigned long)allowed <= orders + 1 + MANY, "allowed: %ld", allowed);
	ok(metric_now(metrics, ASKED("refused")) > (long)COUNT(answers), "refused: %ld",
	   metric_now(metrics, ASKED("refused")));
	ok(metric_now(metrics, ASKED("unusable")) >= 17, "unusable: %ld",
	   metric_now(metrics, ASKED("unusable")));
	ok(metric_now(metrics, ASKED("unreachable")) >= 17 + MANY, "unreachable: %ld",
	   metric_now(metrics, ASKED("unreachable")));
	ok(metric_now(metrics, "brevet_webhook_seconds_count") >= allowed + MANY, "and how long "
	   "each took");
}

static bool
begin(struct fake_dns *dns)
{
	struct arena *a = arena_new();
	const char *settings[] = {
		"workers=1", "webhook.timeout=1s", "limit.enabled=false",
		"directory.default.eab=optional",
		arena_printf(a, "validation.resolvers=127.0.0.1@%u", fake_dns_port(dns)),
		arena_printf(a, "metrics.listen=127.0.0.1:%u", metrics),
		arena_printf(a, "webhook.url=https://" HOOK_HOST ":%u/decide?for=1",
			     fake_hook_port(hook)),
		arena_printf(a, "webhook.secret=%s/secret", scene.dir),
		arena_printf(a, "webhook.ca=%s/hook.pem", scene.dir), NULL
	};
	bool good = scene_serve(&scene, settings);

	arena_free(a);
	return good;
}

int
main(void)
{
	struct fake_dns *dns = fake_dns_start(records);
	char file[512];

	scene_prepare(&scene, 0);
	stage_write(scene.dir, "secret", SECRET "\n");
	snprintf(file, sizeof(file), "%s/secret", scene.dir);
	chmod(file, 0600);
	snprintf(file, sizeof(file), "%s/hook.pem", scene.dir);
	ca = hook_ca_new("Hook CA", file);
	hook = fake_hook_start(&ca, HOOK_GOOD, SECRET);
	metrics = port_free();
	if (begin(dns)) {
		test_question();
		test_binding();
		test_answers();
		test_long_reason(300, 255);
		test_long_reason(60000, 255);
		test_several();
		test_absent();
		test_impostors();
		test_places();
		test_absent_allows();
		test_reload();
		test_limits();
		test_connections();
		test_many();
		test_lost();
		test_counts();
		test_stop();
	}
	scene_end(&scene);
	fake_hook_stop(hook);
	hook_ca_free(&ca);
	fake_dns_stop(dns);
	return tap_done();
}

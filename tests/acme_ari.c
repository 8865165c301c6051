/* SPDX-License-Identifier: Apache-2.0 */
/* acme_ari.c - renewal information, and orders that replace a certificate (RFC 9773; 44). */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rand.h"
#include "tests/ari.h"
#include "tests/scene.h"

#define DAY 86400

static struct scene scene;

static bool
told(const struct client *c, int status, const char *type, const char *what)
{
	bool good = ok(c->reply.status == status && strcmp(c->type, type) == 0, "%s: %d %s", what,
		       status, type);

	if (!good)
		printf("# got %d %s: %s\n", c->reply.status, c->type, c->detail);
	return good;
}

/* An order that replaces that certificate is made. */
static void
made(struct client *c, const char *name, const char *certid, const char *what)
{
	if (!ok(order_replacing(c, name, certid) == 201, "%s", what))
		printf("# got %d %s: %s\n", c->reply.status, c->type, c->detail);
}

/* --- renewalInfo -------------------------------------------------------------------- */

static void
test_window(struct client *c, const struct leaf_facts *l)
{
	struct renewal_info info, again;
	int64_t life = l->not_after + 1 - l->not_before;

	ok(info_get(c, l->certid, &info) == 200, "a certificate has renewal information: %d",
	   c->reply.status);
	ok(info.start < info.end && info.end - info.start > 1, "its window has a length: %lld s",
	   (long long)(info.end - info.start));
	ok(info.start >= l->not_before + life / 2 - 1 &&
	   info.end <= l->not_before + life * 66 / 100 + 1,
	   "it lies between 50 and 66 percent of its life: %.1f to %.1f",
	   (double)(info.start - l->not_before) * 100 / (double)life,
	   (double)(info.end - l->not_before) * 100 / (double)life);
	ok(strlen(info.start_text) == strlen("2026-01-01T00:00:00Z"), "whole seconds: %s",
	   info.start_text);
	ok(info.explanation == NULL && json_object_size(c->json) == 1, "nothing else is said");
	ok(info.retry == 6 * 3600, "Retry-After of six hours: %ld", info.retry);
	is(reply_only(&c->reply, "Cache-Control"), "public, max-age=60", "a cache may keep it");
	ok(reply_header(&c->reply, "Replay-Nonce", 0) == NULL, "so it has no nonce");
	ok(info_get(c, l->certid_zero, &again) == 200 && again.start == info.start,
	   "44: the serial with a 00 before it");
	ok(info_get(c, l->certid_bare, &again) == 200 && again.start == info.start,
	   "44: the serial without any");
}

/* The server's own certificate is one of its issuer's, too. */
static void
test_own(struct client *c, const struct leaf_facts *l)
{
	struct renewal_info info;
	struct serial serial;

	if (!ok(serial_hex_parse(wire_serial(c->wire, c->arena), &serial), "its own serial"))
		return;
	ok(info_get(c, arena_printf(c->arena, "%s.%s", l->key, serial_print(c->arena, &serial)),
		    &info) == 200 && info.start < info.end, "it tells of its own certificate");
}

/* Queries and odd headers change nothing (section 6). */
static void
test_odd(struct client *c, const struct leaf_facts *l)
{
	static const char *const behind[] = { "?", "?a=b", "?certid=x.y&cache=no", "?%00" };
	struct renewal_info info, again;

	info_get(c, l->certid, &info);
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++)
		ok(info_get(c, arena_printf(c->arena, "%s%s", l->certid, behind[i]),
			    &again) == 200 && again.start == info.start && again.end == info.end,
		   "the query %s is ignored: %d", behind[i], c->reply.status);
}

static void
test_refused(struct client *c, const struct leaf_facts *l)
{
	const struct {
		const char	*certid;
		int		 status;
		const char	*what;
	} rows[] = {
		{ arena_printf(c->arena, "%s.AIdlQyE", l->key), 404, "an unknown serial" },
		{ arena_printf(c->arena, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.%s", l->serial), 404,
		  "another issuer's key" },
		{ arena_printf(c->arena, "%.24s.%s", l->key, l->serial), 404, "half of the key" },
		{ l->serial, 400, "no dot" },
		{ arena_printf(c->arena, "%s.", l->key), 400, "no serial" },
		{ arena_printf(c->arena, ".%s", l->serial), 400, "no key" },
		{ arena_printf(c->arena, "%s=", l->certid), 400, "padding" },
		{ arena_printf(c->arena, "%s.AA", l->key), 400, "the serial 0" },
		{ arena_printf(c->arena, "%s%%41", l->certid), 400, "an escape" },
		{ arena_printf(c->arena, "%s/", l->certid), 404, "a slash behind it" },
		{ "", 404, "nothing" },
	};
	struct renewal_info info;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		info_get(c, rows[i].certid, &info);
		told(c, rows[i].status, "malformed", rows[i].what);
	}
}

static void
test_methods(struct client *c, const struct leaf_facts *l)
{
	const char *url = arena_printf(c->arena, "%s/%s", client_url(c, "renewal-info"),
				       l->certid);

	ok(client_get(c, "HEAD", url) == 405, "HEAD: 405, is %d", c->reply.status);
	is(reply_only(&c->reply, "Allow"), "GET", "Allow");
	ok(client_post(c, url, "") == 405, "POST-as-GET: 405, is %d", c->reply.status);
	ok(client_get(c, "DELETE", url) == 405, "DELETE: 405, is %d", c->reply.status);
	ok(client_get(c, "OPTIONS", url) == 204, "OPTIONS: 204, is %d", c->reply.status);
}

/* --- replaces ----------------------------------------------------------------------- */

static const char *
order_member(struct client *c, const char *url, const char *member)
{
	return client_post(c, url, "") == 200 ? text(c->json, member) : client_why(c);
}

static void
test_replaces(struct client *c)
{
	struct leaf_facts old = issue_or_end(c, scene.responder, "n1.example.test", NULL), next;
	EVP_PKEY *key = key_new("ES256");
	struct client_order order;
	const char *name = "n1.example.test", *url;

	c->replaces = old.certid;
	ok(client_order_new(c, &name, 1, &order), "an order that replaces it: %s", c->detail);
	is(text(c->json, "replaces"), old.certid, "the order says so");
	url = order.url;
	is(order_member(c, url, "replaces"), old.certid, "and whenever it is read");
	order_replacing(c, name, old.certid);
	told(c, 409, "alreadyReplaced", "another one while that is under way");
	order_replacing(c, name, old.certid_zero);
	told(c, 409, "alreadyReplaced", "44: the same with a 00 before the serial");
	c->replaces = NULL;
	client_prove(c, scene.responder, order.authz[0]);
	is(order_member(c, url, "status"), "ready", "it goes on");
	client_finalize(c, &order, csr_of_names(c->arena, key, &name, 1));
	is(text(c->json, "replaces"), old.certid, "the order that is valid says so");
	next = leaf_facts(c->arena, client_download(c, order.certificate));
	order_replacing(c, name, old.certid);
	told(c, 409, "alreadyReplaced", "another one after that");
	made(c, name, next.certid, "but its successor may be replaced");
	EVP_PKEY_free(key);
}

/* An order that came to nothing replaces nothing. */
static void
test_undone(struct client *c)
{
	struct leaf_facts old = issue_or_end(c, scene.responder, "n2.example.test", NULL);
	struct client_order order;
	const char *name = "n2.example.test", *url;

	c->replaces = old.certid;
	ok(client_order_new(c, &name, 1, &order), "an order that replaces a certificate: %s",
	   c->detail);
	c->replaces = NULL;
	url = order.url;
	client_post(c, order.authz[0], "{\"status\":\"deactivated\"}");
	is(order_member(c, url, "status"), "invalid", "it becomes invalid");
	is(text(c->json, "replaces"), old.certid, "and says still what it would have replaced");
	made(c, name, old.certid, "then another one may replace it");
	order_replacing(c, name, old.certid);
	told(c, 409, "alreadyReplaced", "but one only");
}

/* Nor does one whose time is over. */
static void
test_lapsed(struct client *c)
{
	struct leaf_facts old = issue_or_end(c, scene.responder, "n6.example.test", NULL);

	made(c, "n6.example.test", old.certid, "an order that nobody goes on with");
	if (!server_clock(scene.server, 7 * DAY - 60)) {
		tap_skip("an order that lapses", "built without --enable-faults");
		return;
	}
	order_replacing(c, "n6.example.test", old.certid);
	told(c, 409, "alreadyReplaced", "a minute before it expires");
	server_clock(scene.server, 7 * DAY + 1);
	made(c, "n6.example.test", old.certid, "then another one may replace the certificate");
}

static void
test_soft(struct client *c, const struct leaf_facts *l)
{
	const struct {
		const char	*certid, *what;
	} rows[] = {
		{ "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", "an unknown certificate" },
		{ arena_printf(c->arena, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.%s", l->serial),
		  "another CA's with the same serial" },
		{ arena_printf(c->arena, "%s.AIdlQyE", l->key), "an unknown serial" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		made(c, "n0.example.test", rows[i].certid,
		     arena_printf(c->arena, "44: %s is not looked at", rows[i].what));
		ok(json_object_get(c->json, "replaces") == NULL, "and not echoed");
	}
}

static void
test_wrong(struct client *c, const struct leaf_facts *l)
{
	static const char *const values[] = {
		"1", "null", "true", "[]", "{}", "\"\"", "\"x\"", "\"AIdlQyE\"", "\"a.b.c\"",
		"\"aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE=\"",
		"\"aYhba4dGQEHhs3uEe6CuLN4ByNQ.AA\"",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		client_post(c, client_url(c, "new-order"), arena_printf(
			c->arena, "{\"identifiers\":[{\"type\":\"dns\",\"value\":"
			"\"n0.example.test\"}],\"replaces\":%s}", values[i]));
		told(c, 400, "malformed", arena_printf(c->arena, "replaces: %s", values[i]));
	}
	order_replacing(c, "n9.example.test", l->certid);
	told(c, 400, "malformed", "no name in common");
}

static void
test_strangers(struct client *c, const struct leaf_facts *l)
{
	struct client *other = member(&scene, "ES256");

	order_replacing(other, "n0.example.test", l->certid);
	told(other, 403, "unauthorized", "A-10 another account's certificate");
	made(c, "n0.example.test", l->certid, "which is not replaced by that");
	leave(other);
}

/* --- one of many -------------------------------------------------------------------- */

#define RACERS 50

/* All of them are sent before any answer is read. */
static void
test_race(struct client *c)
{
	struct leaf_facts old = issue_or_end(c, scene.responder, "n3.example.test", NULL);
	struct client *racers[RACERS];
	unsigned made = 0, conflicts = 0;

	for (size_t i = 0; i < RACERS; i++) {
		struct jws jws = { .key = c->key, .kid = c->kid, .payload = arena_printf(
			c->arena, "{\"identifiers\":[{\"type\":\"dns\",\"value\":"
			"\"n3.example.test\"}],\"replaces\":\"%s\"}", old.certid) };
		const char *body;

		racers[i] = twin(&scene, c);
		jws.nonce = client_nonce(racers[i]);
		jws.url = client_url(racers[i], "new-order");
		jws_sign(racers[i]->arena, &jws);
		body = jws_print(racers[i]->arena, &jws);
		wire_send_text(racers[i]->wire, arena_printf(
			racers[i]->arena, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: "
			"application/jose+json\r\nContent-Length: %zu\r\n\r\n%s",
			strstr(jws.url, "/acme/"), strstr(c->base, "://") + 3, strlen(body),
			body));
	}
	for (size_t i = 0; i < RACERS; i++) {
		if (wire_read(racers[i]->wire, racers[i]->arena, &racers[i]->reply, false)) {
			client_took(racers[i]);
			made += racers[i]->reply.status == 201;
			conflicts += racers[i]->reply.status == 409 &&
				     strcmp(racers[i]->type, "alreadyReplaced") == 0;
		}
		client_close(racers[i]);
	}
	ok(made == 1 && conflicts == RACERS - 1, "of %d orders at once that replace it one is "
	   "made: %u, and %u are told alreadyReplaced", RACERS, made, conflicts);
}

/* --- later -------------------------------------------------------------------------- */

static void
test_restart(struct client *c, const struct leaf_facts *l)
{
	struct renewal_info info, again;

	info_get(c, l->certid, &info);
	ok(server_stop(scene.server) == 0 && server_again(scene.server), "the server starts anew");
	client_hang_up(c);
	*c->nonce = '\0';
	ok(info_get(c, l->certid, &again) == 200 && again.start == info.start &&
	   again.end == info.end, "the window is the same as before");
}

static void
test_revoked(struct client *c)
{
	const char *name = "n4.example.test";
	struct leaf_facts l = issue_or_end(c, scene.responder, name, NULL);
	struct renewal_info info;
	int64_t now;

	client_post(c, client_url(c, "revoke-cert"), arena_printf(
		c->arena, "{\"certificate\":\"%s\"}", l.der));
	ok(c->reply.status == 200, "is revoked: %s", c->detail);
	now = clock_now();
	ok(info_get(c, l.certid, &info) == 200, "it has renewal information: %d",
	   c->reply.status);
	ok(info.start < info.end && info.end < now && info.start > now - 2 * 3600,
	   "its window is over: %lld s ago to %lld s ago", (long long)(now - info.start),
	   (long long)(now - info.end));
	made(c, name, l.certid, "it may be replaced");
	is(text(c->json, "replaces"), l.certid, "and the order says so");
}

static void
test_expired(struct client *c, const struct leaf_facts *l)
{
	struct renewal_info info;

	if (!server_clock(scene.server, l->not_after + 2 - clock_now())) {
		tap_skip("an expired certificate", "built without --enable-faults");
		return;
	}
	info_get(c, l->certid, &info);
	told(c, 404, "malformed", "an expired certificate");
	made(c, "n0.example.test", l->certid, "44: to replace one is not looked at");
	ok(json_object_get(c->json, "replaces") == NULL, "and not echoed");
}

int
main(void)
{
	struct leaf_facts l;
	struct client *c;

	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	c = member(&scene, "ES256");
	l = issue_or_end(c, scene.responder, "n0.example.test", NULL);
	test_window(c, &l);
	test_own(c, &l);
	test_odd(c, &l);
	test_refused(c, &l);
	test_methods(c, &l);
	test_replaces(c);
	test_undone(c);
	test_soft(c, &l);
	test_wrong(c, &l);
	test_strangers(c, &l);
	test_race(c);
	test_restart(c, &l);
	test_revoked(c);
	test_lapsed(c);
	test_expired(c, &l);
	leave(c);
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_validation.c - attempts of a validation (RFC 8555 section 8.2): which failures are tried
 * again, what the client sees meanwhile, how long all of it may take, and what becomes of a
 * validation that nobody wants any more (V-12, V-30, V-31). */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/trial.h"

#define DECIDED	 "authorization decided"
#define ALWAYS	 1000000
#define TIMEOUT_MS 3000	/* of the second server */
#define SLACK_MS 1800		/* that a busy machine may add */

static struct trial trial;
static uint16_t metrics;
static struct fake_record records[] = {
	{ "_acme-challenge.n1.example.test", 0, "SERVFAIL" },
	{ "_acme-challenge.n1.example.test", ns_t_txt, "nothing yet" },
	{ "n2.example.test", 0, "SERVFAIL" },
	{ "n3.example.test", FAKE_CAA, "0 issue ;" },
	{ "n7.example.test", 0, "SILENT" },
	{ "_acme-challenge.n8.example.test", 0, "SILENT" },
	{ NULL, 0, NULL }
};

/* --- attempts ---------------------------------------------------------------------- */

/* One validation that goes on while others are begun. */
struct run {
	struct client_order	 order;
	const char		*method, *token;
	long			 from;		/* the log's size */
};

static struct run
run_begin(struct client *c, const char *name, const char *method, unsigned failures)
{
	struct run r = { order_of(c, "dns", name), method, NULL,
			 server_log_size(trial.scene.server) };

	r.token = token_of(c, r.order.authz[0], method);
	responder_put_after(trial.scene.responder, r.token,
			    key_authorization(c->arena, c->key, r.token), failures);
	respond(c, r.order.authz[0], method);
	is(text(c->json, "status"), "processing", arena_printf(c->arena, "%s: processing", name));
	return r;
}

/* What the client sees between two attempts. */
static void
check_between(struct client *c, const struct run *r, const char *type)
{
	const json_t *list, *one;
	size_t errors = 0, i;

	for (i = 0; i < 1000; i++) {
		client_post(c, r->order.authz[0], "");
		if (*error_of(c, r->method, "type") != '\0')
			break;
		usleep(20000);
	}
	is(error_of(c, r->method, "type"), type, "8.2 the error of the last attempt");
	is(client_challenge(c->json, r->method, "status"), "processing", "8.2 still processing");
	is(text(c->json, "status"), "pending", "23: its authorization is pending");
	is(reply_only(&c->reply, "Retry-After"), "1", "8.2 Retry-After");
	list = json_object_get(c->json, "challenges");
	json_array_foreach(list, i, one)
		errors += json_object_get(one, "error") != NULL;
	ok(errors == 1, "D 9 the other challenges have no error");
	client_post(c, client_challenge(c->json, r->method, "url"), "");
	is(text(c->json, "status"), "processing", "8.2 the challenge says so too");
	ok(json_object_get(c->json, "error") != NULL &&
	   reply_only(&c->reply, "Retry-After") != NULL, "8.2 with error and Retry-After");
	is(status_of(c, r->order.url), "pending", "8.2 the order waits");
	ok(json_object_get(c->json, "error") == NULL, "25: and has no error");
}

static void
check_good(struct client *c, const struct run *r, const char *what)
{
	is(decided(c, r->order.authz[0]), "valid", what);
	ok(client_challenge(c->json, r->method, "validated") != NULL &&
	   *error_of(c, r->method, "type") == '\0', "8.2 no error is left");
	is(status_of(c, r->order.url), "ready", "8.2 the order is ready");
}

/* Three attempts are one validation (the only one of dns-01 so far). */
static void
check_metrics(void)
{
	ok(metric_soon(metrics, "brevet_validation_seconds_count{method=\"dns-01\"}", 1) == 1,
	   "8.2 attempts are counted as one validation");
	ok(metric_soon(metrics, "brevet_challenges_total{method=\"dns-01\",result=\"ok\"}", 1) ==
	   1 &&
	   metric_now(metrics, "brevet_challenges_total{method=\"dns-01\",result=\"dns\"}") <= 0,
	   "8.2 with one result");
	ok(metric_now(metrics, "brevet_validation_seconds_bucket{method=\"dns-01\",le=\"1\"}") ==
	   0, "8.2 and the time of all attempts");
}

static void
check_attempts(struct client *c, const struct run *r, size_t attempts, const char *what)
{
	const json_t *o = shown(&trial, c, "authz", r->order.authz[0]);

	ok(evidence_rows(o) == attempts, "%s: %zu attempts are in evidence", what,
	   evidence_rows(o));
}

/* Who polls the order alone hears why, too. */
static void
check_order_error(struct client *c)
{
	const json_t *error = json_object_get(c->json, "error");
	const json_t *sub = json_array_get(json_object_get(error, "subproblems"), 0);

	is(text(sub, "type"), "urn:ietf:params:acme:error:connection", "7.1.3 its error has the "
	   "challenge's type");
	ok(strstr(text(sub, "detail"), "Fetching http://n5.example.test/") != NULL,
	   "7.1.3 and what that says: %s", text(sub, "detail"));
	is(text(json_object_get(sub, "identifier"), "value"), "n5.example.test",
	   "6.7.1 of that identifier");
}

static struct {
	struct client	*c;
	struct run	 twice, dns, caa, forbidden, never, wrong;
} runs;

/* What takes long goes on while other things are tried. */
static void
test_attempts(void)
{
	struct client *c = runs.c = member(&trial.scene, "ES256");

	runs.twice = run_begin(c, "n0.example.test", "http-01", 2);
	runs.dns = run_begin(c, "n1.example.test", "dns-01", 0);
	runs.caa = run_begin(c, "n2.example.test", "http-01", 0);
	runs.forbidden = run_begin(c, "n3.example.test", "http-01", 0);
	runs.never = run_begin(c, "n5.example.test", "http-01", ALWAYS);
	runs.wrong = run_begin(c, "n6.example.test", "http-01", ALWAYS);
	check_between(c, &runs.twice, "connection");
	check_between(c, &runs.dns, "dns");
	check_between(c, &runs.caa, "dns");
	record_set(&trial, "_acme-challenge.n1.example.test", 0, "AD");
	record_set(&trial, "_acme-challenge.n1.example.test", ns_t_txt,
		   dns_value(c, runs.dns.token));
	record_set(&trial, "n2.example.test", 0, "AD");
	/* the right token now, the wrong answer */
	responder_put(trial.scene.responder, runs.wrong.token, "a.b");
}

static void
test_attempts_good(struct responder *web)
{
	struct client *c = runs.c;

	check_good(c, &runs.twice, "8.2 two connections fail, the third attempt is good");
	ok(responder_asked(web, runs.twice.token) == 3, "8.2 it was asked %u times",
	   responder_asked(web, runs.twice.token));
	check_attempts(c, &runs.twice, 3, "8.2 failing twice");
	check_good(c, &runs.dns, "8.2 DNS comes back: good");
	check_metrics();
	check_good(c, &runs.caa, "8.2, V-22 the servers of CAA come back: good");
	ok(responder_asked(web, runs.caa.token) >= 2, "8.2 control is proved again before CAA");
}

static void
test_attempts_bad(struct responder *web)
{
	struct client *c = runs.c;

	decided(c, runs.forbidden.order.authz[0]);
	failed(c, "http-01", "caa", "0 issue \";\" at n3.example.test", "CAA forbids");
	ok(responder_asked(web, runs.forbidden.token) == 1, "8.2 which is not tried again");
	check_attempts(c, &runs.forbidden, 1, "8.2 CAA");
	decided(c, runs.never.order.authz[0]);
	failed(c, "http-01", "connection", "n5.example.test", "8.2 it never answers");
	ok(responder_asked(web, runs.never.token) == 3, "8.2 after three attempts");
	check_attempts(c, &runs.never, 3, "8.2 never");
	is(status_of(c, runs.never.order.url), "invalid", "8.2 the order is invalid then");
	check_order_error(c);
	decided(c, runs.wrong.order.authz[0]);
	failed(c, "http-01", "unauthorized", "n6.example.test", "8.2 a wrong answer ends it");
	leave(c);
}

static void
test_unauthorized(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "n9.example.test");
	const char *token = token_of(c, order.authz[0], "http-01");

	responder_put(trial.scene.responder, token, "somebody.else");
	respond(c, order.authz[0], "http-01");
	decided(c, order.authz[0]);
	failed(c, "http-01", "unauthorized", "n9.example.test", "8.2 a wrong answer");
	ok(responder_asked(trial.scene.responder, token) == 1, "8.2 is not asked for again");
	leave(c);
}

/* --- V-30 -------------------------------------------------------------------------- */

static void
test_posts(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "n10.example.test");
	const char *token = token_of(c, order.authz[0], "http-01"), *url;
	long from = server_log_size(trial.scene.server);
	unsigned good = 0;

	responder_put_late(trial.scene.responder, token,
			   key_authorization(c->arena, c->key, token), 1500);
	url = client_challenge(c->json, "http-01", "url");
	for (int i = 0; i < 100; i++)
		good += client_post(c, url, "{}") == 200;
	ok(good == 100, "V-30 the same challenge is sent a hundred times");
	is(decided(c, order.authz[0]), "valid", "V-30 it is valid");
	for (int i = 0; i < 100; i++)
		good += client_post(c, url, "{}") == 200;
	ok(good == 200, "V-30 and a hundred times more");
	ok(responder_asked(trial.scene.responder, token) == 1, "V-30 one validation was run");
	ok(server_event_soon(trial.scene.server, from, DECIDED, "attempts") == 1,
	   "V-30 and decided");
	check_attempts(c, &(struct run){ .order = order }, 1, "V-30");
	leave(c);
}

/* --- V-31 -------------------------------------------------------------------------- */

/* What the store holds of an authorization is changed while no server runs. */
static void
authz_change(const char *url, void (*change)(struct authz *authz))
{
	struct arena *a = arena_new();
	struct problem p = { 0 };
	struct store *s = store_open(arena_printf(a, "%s/data", trial.scene.server->dir),
				     (uint64_t)1 << 30, false, &p);
	const char *text = strrchr(url, '/') + 1;
	struct authz next;
	struct edit *e;
	struct id id;

	if (s == NULL || !id_parse(text, strlen(text), &id)) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	e = edit_begin(s);
	next = *store_authz_get(edit_view(e), a, &id);
	change(&next);
	store_authz_put(e, &next);
	if (!edit_commit(e, &p)) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	store_close(s);
	arena_free(a);
}

static void
expire(struct authz *authz)
{
	authz->expires = clock_now() - 1;
}

/* The time of the authorization is over before the validation is. */
static void
test_expired(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct run r = run_begin(c, "n11.example.test", "http-01", 2);
	const json_t *o;

	ok(server_stop(trial.scene.server) == 0, "the server ends with status 0");
	authz_change(r.order.authz[0], expire);
	trial_again(&trial);
	come_again(c);
	is(decided(c, r.order.authz[0]), "invalid", "V-31 an authorization that expired");
	for (int i = 0; i < 400 && strcmp(error_of(c, "http-01", "type"), "unauthorized") != 0;
	     i++) {
		usleep(50000);
		status_of(c, r.order.authz[0]);
	}
	failed(c, "http-01", "unauthorized", "expired meanwhile", "V-31 its validation proves "
	       "nothing");
	is(status_of(c, r.order.url), "invalid", "V-31 the order is invalid");
	o = shown(&trial, c, "authz", r.order.authz[0]);
	is(text(o, "status"), "invalid", "V-31 so is the authorization in the store");
	leave(c);
}

/* Deactivated between two attempts. */
static void
test_deactivated(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct run r = run_begin(c, "n12.example.test", "http-01", 2);
	const json_t *o = NULL, *error;
	unsigned asked;

	check_between(c, &r, "connection");
	client_post(c, c->kid, "{\"status\":\"deactivated\"}");
	is(text(c->json, "status"), "deactivated", "V-31 the account is deactivated");
	asked = responder_asked(trial.scene.responder, r.token);
	for (int i = 0; i < 400; i++) {
		o = shown(&trial, c, "authz", r.order.authz[0]);
		if (strcmp(text(o, "status"), "pending") != 0)
			break;
		usleep(50000);
	}
	is(text(o, "status"), "invalid", "V-31 its validation proves nothing");
	error = json_object_get(json_array_get(json_object_get(o, "challenges"), 0), "error");
	ok(text(error, "detail") != NULL && strstr(text(error, "detail"), "deactivated") != NULL,
	   "V-31 and says why: %s", text(error, "detail"));
	ok(responder_asked(trial.scene.responder, r.token) == asked,
	   "V-31 nobody is asked any more");
	leave(c);
}

/* The client gives the authorization up between two attempts. */
static void
test_given_up(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct run r = run_begin(c, "n13.example.test", "http-01", 2);
	unsigned asked;

	check_between(c, &r, "connection");
	client_post(c, r.order.authz[0], "{\"status\":\"deactivated\"}");
	is(text(c->json, "status"), "deactivated", "V-31 the authorization is given up");
	asked = responder_asked(trial.scene.responder, r.token);
	usleep(1500000);
	is(status_of(c, r.order.authz[0]), "deactivated", "V-31 and stays so");
	ok(responder_asked(trial.scene.responder, r.token) == asked,
	   "V-31 nobody is asked any more");
	leave(c);
}

/* --- the time of all attempts ------------------------------------------------------ */

static void
check_time(const struct run *r, const char *what)
{
	long took = server_event_soon(trial.scene.server, r->from, DECIDED, "ms");

	ok(took >= 0 && took <= TIMEOUT_MS + SLACK_MS, "V-12 %s: a verdict after %ld ms of %d",
	   what, took, TIMEOUT_MS);
}

/* Ten attempts are allowed, but not the time for them; and what the proof took, CAA has no
 * more. */
static void
test_bounded(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct responder *web = trial.scene.responder;
	struct run never = run_begin(c, "n14.example.test", "http-01", ALWAYS), caa, dns;

	decided(c, never.order.authz[0]);
	failed(c, "http-01", "connection", "n14.example.test", "V-12 it never answers");
	check_time(&never, "attempts");
	ok(responder_asked(web, never.token) == 2, "V-12 after two, for the third has no time");
	dns = run_begin(c, "n8.example.test", "dns-01", 0);
	caa = (struct run){ .order = order_of(c, "dns", "n7.example.test"),
			    .from = server_log_size(trial.scene.server) };
	caa.token = token_of(c, caa.order.authz[0], "http-01");
	responder_put_late(web, caa.token, key_authorization(c->arena, c->key, caa.token), 2000);
	respond(c, caa.order.authz[0], "http-01");
	decided(c, dns.order.authz[0]);
	failed(c, "dns-01", "dns", "n8.example.test", "V-12 DNS is silent");
	decided(c, caa.order.authz[0]);
	failed(c, "http-01", "dns", "n7.example.test", "V-12, V-22 slow, and CAA is silent");
	check_time(&caa, "the proof and CAA together");
	leave(c);
}

int
main(void)
{
	char at[64];

	metrics = port_free();
	snprintf(at, sizeof(at), "metrics.listen=127.0.0.1:%u", metrics);
	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "order.hold=0s", "validation.attempts=3", at, NULL });
	test_attempts();
	test_unauthorized();
	test_posts();
	test_deactivated();
	test_given_up();
	test_attempts_good(trial.scene.responder);
	test_attempts_bad(trial.scene.responder);
	test_expired();
	trial_end(&trial);
	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "order.hold=0s", "validation.attempts=10", "validation.timeout=3s", NULL });
	test_bounded();
	trial_end(&trial);
	return tap_done();
}

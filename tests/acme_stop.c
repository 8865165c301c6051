/* SPDX-License-Identifier: Apache-2.0 */
/* acme_stop.c - the server stops, or is killed, wherever a validation or a check at finalize
 * waits: it ends at once, and what was begun is ended by the next one (V-32, R-22, R-23). */
#include <arpa/nameser.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "tests/trial.h"

#define STOP_MS	    5000	/* it would wait for ten seconds */
#define COMMITS_MAX 12		/* of an account, an order and a validation; it has some four */

static struct trial trial;
static struct fake_record records[] = {
	{ "n1.example.test", 0, "AD" },
	{ "n5.example.test", 0, "AD" },
	{ NULL, 0, NULL }
};

/* --- where a validation waits ------------------------------------------------------ */

struct place {
	const char	*what, *name;
	unsigned	 jobs;		/* that stand then, at least */
	/* Begins it, and returns when it waits there. */
	void		(*begin)(struct client *c, const char *authz, const char *token);
	void		(*mend)(struct client *c, const char *token);	/* or NULL */
};

static void
answer(struct client *c, const char *token, unsigned late_ms, unsigned failures)
{
	const char *text = key_authorization(c->arena, c->key, token);

	if (failures > 0)
		responder_put_after(trial.scene.responder, token, text, failures);
	else
		responder_put_late(trial.scene.responder, token, text, late_ms);
}

static void
asked(const char *token)
{
	for (int i = 0; i < 3000 && responder_asked(trial.scene.responder, token) == 0; i++)
		usleep(10000);
}

static void
begin_attempt(struct client *c, const char *authz, const char *token)
{
	answer(c, token, 3000, 0);
	respond(c, authz, "http-01");
	asked(token);
}

static void
begin_caa(struct client *c, const char *authz, const char *token)
{
	record_set(&trial, "n1.example.test", 0, "SILENT");
	answer(c, token, 0, 0);
	respond(c, authz, "http-01");
	asked(token);
	usleep(200000);
}

static void
begin_pause(struct client *c, const char *authz, const char *token)
{
	answer(c, token, 0, 2);
	respond(c, authz, "http-01");
	do {
		usleep(10000);
		client_post(c, authz, "");
	} while (*error_of(c, "http-01", "type") == '\0');
}

/* Another one has the account's only turn. */
static void
begin_line(struct client *c, const char *authz, const char *token)
{
	struct client_order first = order_of(c, "dns", "n4.example.test");

	begin_attempt(c, first.authz[0], token_of(c, first.authz[0], "http-01"));
	answer(c, token, 0, 0);
	respond(c, authz, "http-01");
	usleep(100000);
	ok(responder_asked(trial.scene.responder, token) == 0, "one of an account at a time");
}

static void
mend_answer(struct client *c, const char *token)
{
	answer(c, token, 0, 0);
}

static void
mend_caa(struct client *c, const char *token)
{
	(void)c, (void)token;
	record_set(&trial, "n1.example.test", 0, "AD");
}

static const struct place places[] = {
	{ "an attempt", "n0.example.test", 1, begin_attempt, mend_answer },
	{ "CAA", "n1.example.test", 1, begin_caa, mend_caa },
	{ "a pause", "n2.example.test", 1, begin_pause, mend_answer },
	{ "the line of its account", "n3.example.test", 2, begin_line, NULL },
};

/* Stops it, at once and without anything left, or kills it. */
static void
stop(bool killed, const char *what)
{
	long began = now_ms(), from = server_log_size(trial.scene.server);

	if (killed) {
		server_kill(trial.scene.server);
		return;
	}
	ok(server_stop(trial.scene.server) == 0, "R-22 in %s: it stops with status 0", what);
	ok(now_ms() - began < STOP_MS, "R-22 in %s: after %ld ms", what, now_ms() - began);
	ok(server_event(trial.scene.server, from, "stopped with work in hand", "flows") == -1,
	   "R-22 in %s: nothing is in hand", what);
}

/* Valid, and for a reason that is kept. */
static void
check_valid(struct client *c, const char *authz, const char *what)
{
	const json_t *o, *row;

	is(decided(c, authz), "valid",
	   arena_printf(c->arena, "R-23, V-32 %s: it is decided", what));
	o = shown(&trial, c, "authz", authz);
	row = evidence(o, evidence_rows(o) - 1, "validation");
	ok(row != NULL && json_is_null(json_object_get(row, "problem")) &&
	   evidence(o, evidence_rows(o) - 1, "caa") != NULL, "V-32 %s: with its evidence", what);
}

static void
test_place(const struct place *place, bool killed)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", place->name);
	const char *token = token_of(c, order.authz[0], "http-01");
	const char *what = arena_printf(c->arena, "%s, %s", place->what,
					killed ? "killed" : "stopped");
	long from;

	place->begin(c, order.authz[0], token);
	from = server_log_size(trial.scene.server);
	stop(killed, what);
	is(text(shown(&trial, c, "authz", order.authz[0]), "status"), "pending",
	   arena_printf(c->arena, "V-32 %s: it is pending", what));
	if (place->mend != NULL)
		place->mend(c, token);
	trial_again(&trial);
	come_again(c);
	ok(server_event_soon(trial.scene.server, from, "jobs resumed", "jobs") >= (long)place->jobs,
	   "R-23 %s: %u resumed", what, place->jobs);
	check_valid(c, order.authz[0], what);
	ok(client_post(c, order.finalize, csr_payload(c, csr_for(c, place->name))) == 200,
	   "R-23 %s: it is issued: %d", what, c->reply.status);
	leave(c);
}

/* --- where finalize waits ---------------------------------------------------------- */

struct poster {
	struct client	*c;
	const char	*url, *payload;
};

static void *
post(void *arg)
{
	struct poster *p = arg;

	client_post(p->c, p->url, p->payload);
	return NULL;
}

static void
test_finalize(bool killed)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "n5.example.test");
	const char *csr = csr_payload(c, csr_for(c, "n5.example.test"));
	struct poster poster = { c, order.finalize, csr };
	pthread_t thread;

	is(proved(&trial, c, order.authz[0]), "valid", "a name is proved");
	record_set(&trial, "n5.example.test", 0, "SILENT");
	client_get(c, "HEAD", client_url(c, "new-nonce"));
	c->once = true;
	pthread_create(&thread, NULL, post, &poster);
	usleep(1500000);
	stop(killed, "CAA at finalize");
	pthread_join(thread, NULL);
	if (killed)
		ok(c->unanswered, "R-23 finalize is not answered");
	else
		told(c, 503, "serverInternal", "R-22 finalize is told to come again");
	ok(killed || reply_only(&c->reply, "Retry-After") != NULL, "R-22 and when");
	record_set(&trial, "n5.example.test", 0, "AD");
	trial_again(&trial);
	come_again(c);
	c->once = false;
	is(status_of(c, order.url), "ready", "R-23 the order is ready still");
	client_post(c, order.finalize, csr);
	told(c, 200, "", "R-23 and can be finalized");
	leave(c);
}

/* --- at each commit ---------------------------------------------------------------- */

/* The server ends when that point is passed the nth time; false: it was not. */
static bool
round_of(const char *point, unsigned n)
{
	struct client *c = visitor(&trial.scene);
	const char *name = "n6.example.test", *token, *status;
	struct client_order order = { .url = NULL };
	char value[64];
	bool over;

	snprintf(value, sizeof(value), "%s:%u", point, n);
	setenv("BREVET_CRASH", value, 1);
	trial_again(&trial);
	unsetenv("BREVET_CRASH");
	if (client_account(c, "ES256", AGREED) && client_order_new(c, &name, 1, &order) &&
	    (token = token_of(c, order.authz[0], "http-01")) != NULL) {
		answer(c, token, 0, 0);
		respond(c, order.authz[0], "http-01");
		client_post(c, order.authz[0], "");
		usleep(100000);
	}
	over = client_get(c, "GET", trial.scene.server->url) == 200;
	server_kill(trial.scene.server);
	if (order.nauthz > 0) {
		const json_t *o = shown(&trial, c, "authz", order.authz[0]);

		status = text(o, "status");
		ok(status != NULL && (strcmp(status, "valid") != 0 || evidence_rows(o) > 0),
		   "V-32 %s: %s, with %zu rows of evidence", value, status, evidence_rows(o));
		trial_again(&trial);
		come_again(c);
		if (respond(c, order.authz[0], "http-01") == 200)
			check_valid(c, order.authz[0], value);
		server_stop(trial.scene.server);
	}
	client_close(c);
	return !over;
}

static void
test_point(const char *point)
{
	unsigned n = 1;

	while (n < COMMITS_MAX && round_of(point, n))
		n++;
	ok(n > 3 && n < COMMITS_MAX, "V-32 %s: at each of %u commits", point, n - 1);
}

int
main(void)
{
	trial_begin(&trial, records, (const char *const[]){ "workers=1", "validation.caa=always",
		    "order.hold=0s", "validation.attempts=3", "validation.caa_age=0s",
		    "validation.per_account=1", "validation.dnssec=trust-ad", NULL });
	for (size_t i = 0; i < COUNT(places); i++) {
		test_place(&places[i], false);
		test_place(&places[i], true);
	}
	test_finalize(false);
	test_finalize(true);
	ok(server_stop(trial.scene.server) == 0, "the server ends with status 0");
#ifdef BREVET_FAULTS
	test_point("before-commit");
	test_point("after-commit");
#else
	(void)test_point;
	tap_skip("V-32 the server ends at each commit", "needs --enable-faults");
#endif
	trial_again(&trial);
	trial_end(&trial);
	return tap_done();
}

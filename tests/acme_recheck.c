/* SPDX-License-Identifier: Apache-2.0 */
/* acme_recheck.c - CAA once more at finalize, for every name whose check is too old (A-1, V-22,
 * V-27). */
#include <arpa/nameser.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/trial.h"

#define NAMES  12	/* of one order: more than are asked for side by side */
#define OURS   "0 issue " CA_NAME
#define FORBID "0 issue ;"

static struct trial trial;

/* n0 to n11.example.test permit us at first. */
static struct fake_record records[] = {
	{ "n0.example.test", FAKE_CAA, OURS }, { "n1.example.test", FAKE_CAA, OURS },
	{ "n2.example.test", FAKE_CAA, OURS }, { "n3.example.test", FAKE_CAA, OURS },
	{ "n4.example.test", FAKE_CAA, OURS }, { "n5.example.test", FAKE_CAA, OURS },
	{ "n6.example.test", FAKE_CAA, OURS }, { "n7.example.test", FAKE_CAA, OURS },
	{ "n8.example.test", FAKE_CAA, OURS }, { "n9.example.test", FAKE_CAA, OURS },
	{ "n10.example.test", FAKE_CAA, OURS }, { "n11.example.test", FAKE_CAA, OURS },
	{ "n11.example.test", 0, "AD" },
	{ "c3.test", FAKE_CAA, FORBID }, { "c3.test", FAKE_CAA, "0 issuewild " CA_NAME },
	{ "_acme-challenge.c3.test", ns_t_txt, "" },
	{ NULL, 0, NULL }
};

/* An order of twelve names, ready. */
struct twelve {
	struct client_order	 order;
	const char		*names[NAMES];
	const char		*csr;
	unsigned		 given[NAMES];	/* records, before */
};

static void
twelve_ready(struct client *c, struct twelve *t)
{
	EVP_PKEY *key = key_new("ES256");

	for (size_t i = 0; i < NAMES; i++)
		t->names[i] = arena_printf(c->arena, "n%zu.example.test", i);
	t->csr = csr_payload(c, csr_of_names(c->arena, key, t->names, NAMES));
	EVP_PKEY_free(key);
	if (!client_order_new(c, t->names, NAMES, &t->order))
		abort();
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(proved(&trial, c, t->order.authz[i]), "valid") != 0)
			ok(false, "%s is proved: %s", t->names[i],
			   error_of(c, "http-01", "detail"));
	is(status_of(c, t->order.url), "ready", "an order of twelve names is ready");
}

static void
finalize(struct client *c, struct twelve *t)
{
	for (size_t i = 0; i < NAMES; i++)
		t->given[i] = fake_dns_given(trial.dns, record_of(&trial, t->names[i], FAKE_CAA));
	client_post(c, t->order.finalize, t->csr);
}

/* Of how many names the record was given since, once and only once. */
static unsigned
asked_once(struct twelve *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < NAMES; i++)
		n += fake_dns_given(trial.dns, record_of(&trial, t->names[i], FAKE_CAA)) ==
		     t->given[i] + 1;
	return n;
}

/* Is there a subproblem for each of these, and for no other? */
static bool
subproblems_of(struct client *c, const char *const *names, size_t n)
{
	const json_t *list = json_object_get(c->json, "subproblems"), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *name = text(json_object_get(one, "identifier"), "value");

		if (i >= n || name == NULL || strcmp(name, names[i]) != 0)
			return false;
	}
	return json_array_size(list) == n;
}

static void
test_each(struct client *c, struct twelve *t)
{
	static const size_t places[] = { 0, 5, NAMES - 1 };

	for (size_t i = 0; i < COUNT(places); i++) {
		const char *name = t->names[places[i]];

		record_set(&trial, name, FAKE_CAA, FORBID);
		finalize(c, t);
		told(c, 403, "caa", "A-1 %s forbids: finalize", name);
		ok(strstr(c->detail, "0 issue \";\"") != NULL && strstr(c->detail, name) != NULL,
		   "A-1 naming the record and where it stood: %s", c->detail);
		ok(subproblems_of(c, &name, 1), "A-1 and the identifier in a subproblem");
		ok(asked_once(t) == NAMES, "A-1 each of the names was asked for: %u",
		   asked_once(t));
		is(status_of(c, t->order.url), "ready", "A-1 the order stays ready");
		record_set(&trial, name, FAKE_CAA, OURS);
	}
}

static void
test_several(struct client *c, struct twelve *t)
{
	const char *both[] = { t->names[3], t->names[10] };
	const char *mixed[] = { t->names[3], t->names[11] };

	record_set(&trial, both[0], FAKE_CAA, FORBID);
	record_set(&trial, both[1], FAKE_CAA, OURS "; validationmethods=dns-01");
	finalize(c, t);
	told(c, 403, "caa", "A-1 two names forbid: finalize");
	ok(strstr(c->detail, "and 1 more") != NULL, "A-1 it says so: %s", c->detail);
	ok(subproblems_of(c, both, 2), "A-1 with a subproblem for each");
	record_set(&trial, both[1], FAKE_CAA, OURS);
	record_set(&trial, mixed[1], 0, "SERVFAIL");
	finalize(c, t);
	told(c, 403, "caa", "A-1 one forbids, one can't be asked for: finalize");
	ok(subproblems_of(c, mixed, 2), "A-1 with a subproblem for each");
	record_set(&trial, mixed[0], FAKE_CAA, OURS);
	finalize(c, t);
	told(c, 400, "dns", "V-22 one can't be asked for: finalize");
	record_set(&trial, mixed[1], 0, "SILENT");
	finalize(c, t);
	told(c, 400, "dns", "V-22 silence: finalize");
	record_set(&trial, mixed[1], 0, "AD");
	is(status_of(c, t->order.url), "ready", "V-22 the order stays ready");
}

/* Nobody is asked for what is refused anyway, nor once it is issued. */
static void
test_not_asked(struct client *c, struct twelve *t)
{
	const json_t *o;

	finalize(c, t);
	ok(asked_once(t) == NAMES, "A-1 good records are asked for, too");
	told(c, 200, "", "V-27 CAA permits again: finalize");
	finalize(c, t);
	told(c, 200, "", "31: finalize again");
	ok(asked_once(t) == 0, "A-1 asks nobody");
	o = shown(&trial, c, "order", t->order.url);
	ok(evidence_rows(o) == 16, "the order has %zu rows of evidence: the last ones",
	   evidence_rows(o));
	ok(json_is_null(json_object_get(evidence(o, 15, "caa"), "problem")) &&
	   json_is_null(json_object_get(evidence(o, 4, "caa"), "problem")),
	   "those of the last finalize are good");
	is(text(evidence(o, 15, "caa"), "at"), "n11.example.test", "where the record stood");
}

static void
test_twelve(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct twelve t;
	unsigned before;

	twelve_ready(c, &t);
	before = fake_dns_given(trial.dns, record_of(&trial, t.names[0], FAKE_CAA));
	client_post(c, t.order.finalize, csr_payload(c, csr_for(c, "n0.example.test")));
	told(c, 400, "badCSR", "a CSR for other names");
	ok(fake_dns_given(trial.dns, record_of(&trial, t.names[0], FAKE_CAA)) == before,
	   "asks nobody");
	test_each(c, &t);
	test_several(c, &t);
	test_not_asked(c, &t);
	leave(c);
}

/* What a check at finalize knows of the proof: wildcard and account. */
static void
test_proof(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = by_dns(&trial, c, "*.c3.test");
	struct fake_record *wild = record_of(&trial, "c3.test", FAKE_CAA) + 1;
	const char *csr = csr_payload(c, csr_for(c, "*.c3.test"));

	fake_dns_change(wild, "0 issuewild other.example");
	client_post(c, order.finalize, csr);
	told(c, 403, "caa", "V-24, V-27 issuewild has changed: finalize");
	fake_dns_change(wild, "0 issuewild " CA_NAME "; accounturi=https://other.example/1");
	client_post(c, order.finalize, csr);
	told(c, 403, "caa", "V-26, V-27 accounturi has changed: finalize");
	fake_dns_change(wild, "0 issuewild " CA_NAME "; validationmethods=dns-01");
	client_post(c, order.finalize, csr);
	told(c, 200, "", "V-26 by the method of the proof: finalize");
	fake_dns_change(wild, "0 issuewild " CA_NAME);
	leave(c);
}

/* An address has no CAA. */
static void
test_address(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "ip", "127.0.0.1");
	EVP_PKEY *key = key_new("ES256");
	struct csr_plan plan = { .key = key, .san = "IP:127.0.0.1" };

	is(proved(&trial, c, order.authz[0]), "valid", "an address is proved");
	ok(evidence(shown(&trial, c, "authz", order.authz[0]), 0, "caa") == NULL,
	   "which has no CAA");
	client_post(c, order.finalize, csr_payload(c, csr_make(c->arena, &plan)));
	told(c, 200, "", "nor at finalize");
	EVP_PKEY_free(key);
	leave(c);
}

/* --- eight hours ------------------------------------------------------------------- */

static void
ago(struct authz *authz, int64_t seconds)
{
	for (size_t i = 0; i < authz->nchallenge; i++)
		if (authz->challenges[i].state == CHALLENGE_VALID)
			authz->challenges[i].validated = clock_now() - seconds;
}

/* All of an order's authorizations were validated so many seconds ago. */
static void
order_ages(struct client *c, const struct client_order *order, int64_t seconds)
{
	struct problem p = { 0 };
	struct store *s;
	struct edit *e;

	ok(server_stop(trial.scene.server) == 0, "the server ends with status 0");
	s = store_open(arena_printf(c->arena, "%s/data", trial.scene.server->dir),
		       (uint64_t)1 << 30, false, &p);
	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	e = edit_begin(s);
	for (size_t i = 0; i < order->nauthz; i++) {
		const char *word = strrchr(order->authz[i], '/') + 1;
		struct authz authz;
		struct id id;

		if (!id_parse(word, strlen(word), &id))
			abort();
		authz = *store_authz_get(edit_view(e), c->arena, &id);
		ago(&authz, seconds);
		store_authz_put(e, &authz);
	}
	ok(edit_commit(e, &p), "validated %lld s ago", (long long)seconds);
	store_close(s);
	trial_again(&trial);
	come_again(c);
}

static void
test_hours(void)
{
	static const char *const names[] = { "n0.example.test", "n1.example.test" };
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order, next;
	EVP_PKEY *key = key_new("ES256");
	const char *csr = csr_payload(c, csr_of_names(c->arena, key, names, 2));

	client_order_new(c, names, 2, &order);
	for (size_t i = 0; i < 2; i++)
		is(proved(&trial, c, order.authz[i]), "valid", "a name is proved");
	client_order_new(c, names, 2, &next);
	is(next.authz[0], order.authz[0], "and its authorization is used again");
	record_set(&trial, names[1], FAKE_CAA, FORBID);
	order_ages(c, &order, 8 * 3600 - 60);
	client_post(c, order.finalize, csr);
	told(c, 200, "", "V-27 CAA has changed before eight hours are over: finalize");
	order_ages(c, &next, 8 * 3600 + 1);
	client_post(c, next.finalize, csr);
	told(c, 403, "caa", "V-27 and behind them: finalize");
	record_set(&trial, names[1], FAKE_CAA, OURS);
	client_post(c, next.finalize, csr);
	told(c, 200, "", "V-27 it permits again: finalize");
	EVP_PKEY_free(key);
	leave(c);
}

int
main(void)
{
	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "validation.caa_age=0s", "validation.timeout=3s",
		    "validation.dnssec=trust-ad", NULL });
	test_twelve();
	test_proof();
	test_address();
	trial_end(&trial);
	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "order.reuse=valid", NULL });
	test_hours();
	trial_end(&trial);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_caa.c - CAA over the wire, when control is proved (V-20, V-22, V-24, V-26).  What records
 * say is judged by tests/test_caa.c; at finalize: tests/acme_recheck.c. */
#include <arpa/nameser.h>
#include <stdlib.h>

#include "tests/trial.h"

#define OURS   "0 issue " CA_NAME
#define FORBID "0 issue ;"

static struct trial trial;

static struct fake_record records[] = {
	{ "n0.example.test", FAKE_CAA, FORBID },
	{ "c1.test", FAKE_CAA, "0 issue other.example" },
	{ "c2.test", FAKE_CAA, "0 issue " CA_NAME }, { "c2.test", FAKE_CAA, "0 issuewild ;" },
	{ "c3.test", FAKE_CAA, FORBID }, { "c3.test", FAKE_CAA, "0 issuewild " CA_NAME },
	{ "c4.test", FAKE_CAA, FORBID }, { "c5.test", FAKE_CAA, FORBID },
	{ "c6.test", FAKE_CAA, OURS "; validationmethods=dns-01" },
	{ "c7.test", FAKE_CAA, OURS "; validationmethods=http-01,tls-alpn-01" },
	{ "c8.test", 0, "SERVFAIL" }, { "www.c8.test", ns_t_txt, "x" },
	{ "c9.test", 0, "SILENT" },
	{ "_acme-challenge.www.c1.test", ns_t_txt, "" },
	{ "_acme-challenge.c2.test", ns_t_txt, "" }, { "_acme-challenge.c3.test", ns_t_txt, "" },
	{ "_acme-challenge.c4.test", ns_t_txt, "" }, { "_acme-challenge.c5.test", ns_t_txt, "" },
	{ "_acme-challenge.c6.test", ns_t_txt, "" },
	{ "_acme-challenge.c7.test", ns_t_txt, "" },
	{ "_acme-challenge.www.c8.test", ns_t_txt, "" },
	{ "_acme-challenge.www.c9.test", ns_t_txt, "" },
	{ NULL, 0, NULL }
};

static void
permits(struct client *c, const char *name, const char *what)
{
	by_dns(&trial, c, name);
	is(text(c->json, "status"), "valid", what);
}

static void
forbids(struct client *c, const char *name, const char *words, const char *what)
{
	struct client_order order = by_dns(&trial, c, name);

	failed(c, "dns-01", "caa", words, what);
	is(status_of(c, order.url), "invalid", "the order is invalid");
}

static void
test_validation(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = order_of(c, "dns", "n0.example.test");

	proved(&trial, c, order.authz[0]);
	failed(c, "http-01", "caa", "the record 0 issue \";\" at n0.example.test names no CA",
	       "V-20 CAA forbids");
	forbids(c, "www.c1.test", "0 issue \"other.example\" at c1.test names another CA",
		"V-20 CAA above forbids");
	forbids(c, "*.c2.test", "0 issuewild \";\" at c2.test", "V-24 a wildcard: issuewild");
	permits(c, "c2.test", "V-24 not its base name");
	permits(c, "*.c3.test", "V-24 issuewild permits");
	forbids(c, "c3.test", "0 issue \";\" at c3.test", "V-24 not its base name");
	permits(c, "c6.test", "V-26 validationmethods lists the method");
	forbids(c, "c7.test", "does not list the method", "V-26 validationmethods lists others");
	leave(c);
}

/* A client of the directory "partner". */
static struct client *
partner(void)
{
	char url[300];
	struct client *c;

	snprintf(url, sizeof(url), "https://localhost:%u/partner/directory",
		 trial.scene.server->port);
	c = client_open(url, trial.scene.server->root);
	if (c == NULL || !client_account(c, "ES256", AGREED)) {
		printf("Bail out! no account of partner\n");
		exit(1);
	}
	return c;
}

static void
permits_account(struct client *c, const char *account, bool good, const char *what)
{
	record_set(&trial, "c4.test", FAKE_CAA,
		   arena_printf(c->arena, OURS "; accounturi=%s", account));
	by_dns(&trial, c, "c4.test");
	if (good)
		is(text(c->json, "status"), "valid", what);
	else
		failed(c, "dns-01", "caa", "names another account", what);
}

static void
test_accounts(void)
{
	struct client *c = member(&trial.scene, "ES256"), *d = member(&trial.scene, "ES256");
	struct client *p = partner();

	permits_account(c, c->kid, true, "V-26 accounturi is the account's URL");
	permits_account(c, d->kid, false, "V-26 accounturi is that of another account");
	permits_account(c, arena_printf(c->arena, "%s/", c->kid), false, "V-26 with more behind");
	permits_account(p, p->kid, true, "V-26 accounturi of another directory's account");
	permits_account(p, arena_printf(p->arena, "%s/acme/account/%s", p->base,
					strrchr(p->kid, '/') + 1), false,
			"V-26 without the directory's path");
	record_set(&trial, "c4.test", FAKE_CAA, FORBID);	/* not what dies with a client */
	record_set(&trial, "_acme-challenge.c4.test", ns_t_txt, "");
	leave(c);
	leave(d);
	leave(p);
}

static void
test_failing(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order order = by_dns(&trial, c, "www.c8.test");
	const json_t *o;

	failed(c, "dns-01", "dns", "Looking up CAA at c8.test: DNS answers SERVFAIL",
	       "V-22 SERVFAIL above");
	o = shown(&trial, c, "authz", order.authz[0]);
	ok(json_is_null(json_object_get(evidence(o, 0, "validation"), "problem")),
	   "V-22 control was proved");
	ok(strstr(text(evidence(o, 0, "caa"), "problem"), "SERVFAIL") != NULL,
	   "V-22 and CAA failed, the evidence says: %s", text(evidence(o, 0, "caa"), "problem"));
	by_dns(&trial, c, "www.c9.test");
	failed(c, "dns-01", "dns", "timeout: no answer about the CAA records", "V-22 silence");
	leave(c);
}

/* Where CAA does not count, the evidence says why. */
static void
test_exempt(const char *setting, const char *why)
{
	struct client *c;
	struct client_order order;
	const json_t *caa;

	trial_begin(&trial, records, (const char *const[]){ setting, "validation.caa_age=0s",
							    NULL });
	c = member(&trial.scene, "ES256");
	order = by_dns(&trial, c, "c5.test");
	is(text(c->json, "status"), "valid",
	   arena_printf(c->arena, "%s: CAA is not obeyed", setting));
	caa = evidence(shown(&trial, c, "authz", order.authz[0]), 0, "caa");
	is(text(caa, "exempt"), why, "the evidence says why");
	ok(json_array_size(json_object_get(caa, "lookups")) == 0, "and that nobody was asked");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "c5.test")));
	told(c, 200, "", "nor at finalize");
	leave(c);
	trial_end(&trial);
}

int
main(void)
{
	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "validation.timeout=3s", "validation.dnssec=trust-ad",
		    "directory.partner.issuer=main", NULL });
	test_validation();
	test_accounts();
	test_failing();
	trial_end(&trial);
	test_exempt("validation.caa=off", "validation.caa = off");
	test_exempt("validation.caa=auto", "validation.insecure");
	return tap_done();
}

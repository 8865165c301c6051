/* SPDX-License-Identifier: Apache-2.0 */
/* acme_persisted.c - a proof by dns-persist-01 counts for ten days to the second, whatever the
 * profile, while others go on (TLS BR 3.2.2.4.22). */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "tests/profiled.h"
#include "tests/trial.h"

#define DAY   ((int64_t)86400)
#define HOUR  ((int64_t)3600)
#define TRIES 12

static struct trial trial;
static struct fake_record records[] = {
	{ "_validation-persist.p1.test", ns_t_txt, "" },
	{ NULL, 0, NULL }
};
static struct client *c;

/* The status of an order of that profile that is made in that second. */
static void
made_at(int64_t second, const char *profile, const char *want)
{
	const char *status = "";
	int64_t expires = 0;

	for (int i = 0; i < TRIES && expires - 30 * DAY != second; i++) {
		server_clock_begins(trial.scene.server, second);
		order_with(c, DNS("p1.test"), arena_printf(c->arena, ",\"profile\":\"%s\"", profile));
		status = text(c->json, "status");
		if (status == NULL || !clock_parse(text(c->json, "expires"), &expires))
			break;
	}
	ok(expires - 30 * DAY == second, "an order of profile %s at %s", profile,
	   clock_print(c->arena, second));
	is(status, want, want);
}

/* When dns-persist-01 has proved it. */
static int64_t
proved_by_record(void)
{
	struct client_order order = order_of(c, "dns", "p1.test");
	int64_t when = 0;

	respond(c, order.authz[0], "dns-persist-01");
	is(decided(c, order.authz[0]), "valid", "a record proves it");
	if (!clock_parse(client_challenge(c->json, "dns-persist-01", "validated"), &when))
		abort();
	return when;
}

static void
test_persisted(void)
{
	int64_t when = proved_by_record();
	struct client_order order, other;

	other = order_of(c, "dns", "n0.example.test");
	is(proved(&trial, c, other.authz[0]), "valid", "http-01 proves another");
	server_clock_begins(trial.scene.server, when + 10 * DAY - HOUR);
	order = order_of(c, "dns", "p1.test");
	is(order.status, "ready", "an hour before ten days are over: an order");
	made_at(when + 10 * DAY, "tlsserver", "ready");
	made_at(when + 10 * DAY + 1, "tlsserver", "pending");
	made_at(when + 10 * DAY + 2, "fleet", "pending");
	is(status_of(c, order.url), "invalid", "the one of before is invalid");
	client_post(c, order.finalize, csr_payload(c, csr_for(c, "p1.test")));
	told(c, 403, "orderNotReady", "A-6 it gets no certificate");
	other = order_of(c, "dns", "n0.example.test");
	is(other.status, "ready", "the proof by http-01 serves on");
}

int
main(void)
{
#ifndef BREVET_FAULTS
	tap_skip("ten days of dns-persist-01", "built without --enable-faults");
	return tap_done();
#endif
	trial_begin(&trial, records, (const char *const[]){
		    "workers=2", "order.reuse=valid", "order.lifetime=30d",
		    "order.authz_lifetime=398d",
		    "directory.default.methods=http-01,dns-persist-01", NULL });
	c = member(&trial.scene, "ES256");
	record_set(&trial, "_validation-persist.p1.test", ns_t_txt,
		   arena_printf(c->arena, CA_NAME "; accounturi=%s", c->kid));
	test_persisted();
	leave(c);
	trial_end(&trial);
	return tap_done();
}

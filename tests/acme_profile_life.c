/* SPDX-License-Identifier: Apache-2.0 */
/* acme_profile_life.c - what becomes of orders whose profile changes, and what the operator
 * sees of profiles. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bind.h"
#include "tests/command.h"
#include "tests/profiled.h"

static struct scene scene;

/* --- changes --------------------------------------------------------------------------------- */

/* sed on the configuration, and a reload. */
static bool
configure(const char *sed)
{
	char command[1600];

	snprintf(command, sizeof(command), "sed -i -E '%s' %s/brevet.conf && %s reload --config "
		 "%s/brevet.conf >/dev/null", sed, scene.server->dir, stage_brevet(),
		 scene.server->dir);
	return system(command) == 0;
}

static void
test_changes(void)
{
	static const char *const names[] = { NAME };
	struct client *c = member(&scene, "ES256");
	struct client_order order = ready(c, &scene, "session");
	EVP_PKEY *key = key_new("ES256");
	const char *csr = csr_payload(c, csr_of_names(c->arena, key, names, 1));

	ok(configure("s/^profile session /profile meeting /; s/\"session\", /\"meeting\", /"),
	   "a reload without profile session");
	client_post(c, order.finalize, csr);
	told(c, 400, "invalidProfile", "an order of it cannot be finalized");
	is(status_of(c, order.url), "ready", "it stays ready");
	is(text(c->json, "profile"), "session", "and tells its profile for all that");
	order_with(c, DNS(NAME), ",\"profile\":\"session\"");
	told(c, 400, "invalidProfile", "no other has it");
	client_get(c, "GET", "/directory");
	ok(json_object_get(json_object_get(json_object_get(c->json, "meta"), "profiles"),
			   "meeting") != NULL, "the directory tells the new one");
	ok(configure("s/^profile meeting /profile session /; s/\"meeting\", /\"session\", /; "
		     "/^profile session/,/^}/s/\"6h\"/\"2h\"/"), "it is back, and shorter");
	ok(client_finalize(c, &order, csr_of_names(c->arena, key, names, 1)), "the order gets its "
	   "certificate: %s", client_why(c));
	ok(facts_of(client_download(c, order.certificate)).life == 2 * 3600, "R-21 as the profile "
	   "is now");
	EVP_PKEY_free(key);
	leave(c);
}

/* A notAfter that the profile allowed when the order was made, and allows no more. */
static void
test_shortened(void)
{
	static const char *const names[] = { NAME };
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	time_t end = time(NULL) + 10 * 86400;
	EVP_PKEY *key = key_new("ES256");
	char until[32];
	struct tm tm;

	strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &tm));
	order_with(c, DNS(NAME), arena_printf(
		c->arena, ",\"profile\":\"fleet\",\"notAfter\":\"%s\"", until));
	told(c, 201, "", "notAfter in ten days");
	order = order_proved(c, &scene);
	ok(configure("/^profile fleet/,/^}/s/\"47d\"/\"5d\"/"), "the profile gives five");
	client_post(c, order.finalize, csr_payload(c, csr_of_names(c->arena, key, names, 1)));
	told(c, 400, "malformed", "7.4 what was asked for is not altered");
	ok(strstr(c->detail, "\"notAfter\" of the order is later") != NULL, "%s", c->detail);
	is(status_of(c, order.url), "invalid", "that was its end");
	is(text(json_object_get(c->json, "error"), "type"), "urn:ietf:params:acme:error:malformed",
	   "it tells why");
	client_post(c, order.finalize, csr_payload(c, csr_of_names(c->arena, key, names, 1)));
	told(c, 403, "orderNotReady", "also when it is tried again");
	ok(configure("/^profile fleet/,/^}/s/\"5d\"/\"47d\"/"), "as before");
	order_with(c, DNS(NAME), ",\"profile\":\"fleet\",\"notAfter\":\"2090-01-01T00:00:00Z\"");
	told(c, 400, "malformed", "7.4 notAfter beyond all");
	EVP_PKEY_free(key);
	leave(c);
}

/* --- the operator -------------------------------------------------------------------- */

/* What a command prints. */
static const char *
said(struct client *c, const char *words)
{
	const char *out;

	command_run(c->arena, scene.server, words, &out);
	return out;
}

static void
test_operator(void)
{
	struct binding_key key = eab_add(scene.server, "--profiles session");
	struct client *c = eab_client(scene.server, &key);
	const char *url, *check;

	order_with(c, DNS(NAME), "");
	url = arena_strdup(c->arena, reply_only(&c->reply, "Location"));
	ok(strstr(said(c, arena_printf(c->arena, "show order %s", strrchr(url, '/') + 1)),
		  "\nprofile session\n") != NULL, "brevet show order tells the profile");
	ok(strstr(said(c, arena_printf(c->arena, "eab show %s --json", key.kid)),
		  "\"profile\":\"session\"") != NULL, "brevet eab show, too");
	check = said(c, "check");
	ok(strstr(check, "\nprofile session: 2h\n") != NULL &&
	   strstr(check, "\nprofile tlsserver: ") != NULL &&
	   strstr(check, " by the CA/Browser Forum's schedule") != NULL, "brevet check, what each "
	   "gives today");
	ok(strstr(said(c, "check --set profile.fleet.crl=false"), "nobody learns that one was "
		  "revoked") != NULL, "and doubts long lives without a CRL");
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "order.reuse=valid", "directory.default.eab=optional",
			 "directory.web.profiles=session,fleet", NULL }))
		return 1;
	test_changes();
	test_shortened();
	test_operator();
	scene_stop(&scene);
	return tap_done();
}

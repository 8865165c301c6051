/* SPDX-License-Identifier: Apache-2.0 */
/* acme_ari_gone.c - orders that replace a certificate, and cannot be finalized any more, for their
 * profile or issuer was taken out of the configuration (RFC 9773 section 5). */

#include "tests/ari.h"
#include "tests/places.h"
#include "tests/profiled.h"

#define BEFORE ISSUER_OTHER PROFILE_SHORT \
	       "directory part { issuer = other\n profiles = { fleet, short } }\n"

static struct scene scene;

/* What is configured next, and what the order in between has lost by that. */
static const struct change {
	const char	*what, *text, *name;
	const char	*problem, *error;
} changes[] = {
	{ "the profile", ISSUER_OTHER "directory part { issuer = other\n profiles = { fleet } }\n",
	  "n0.example.test", "invalidProfile", "urn:ietf:params:acme:error:invalidProfile" },
	{ "the profile, in that directory", ISSUER_OTHER PROFILE_SHORT
	  "directory part { issuer = other\n profiles = { fleet } }\n",
	  "n1.example.test", "invalidProfile", "urn:ietf:params:acme:error:invalidProfile" },
	{ "the issuer", PROFILE_SHORT "directory part { profiles = { fleet, short } }\n",
	  "n2.example.test", "unauthorized", "urn:ietf:params:acme:error:unauthorized" },
};

/* An order that replaces the certificate, ready. */
static struct client_order
replacing(struct client *c, const char *name, const char *profile, const char *certid)
{
	struct client_order order;

	order_with(c, arena_printf(c->arena, "{\"type\":\"dns\",\"value\":\"%s\"}", name),
		   arena_printf(c->arena, ",\"profile\":\"%s\",\"replaces\":\"%s\"", profile,
				certid));
	told(c, 201, "", "an order of profile %s that replaces it", profile);
	order = order_proved(c, &scene);
	is(status_of(c, order.url), "ready", "is ready");
	return order;
}

static void
configure(const char *text, const char *what)
{
	ok(places_configure(&scene, text), "%s", what);
}

/* Of two orders, one goes on, also when what was lost is back. */
static void
test_gone(struct client *c, const struct change *change)
{
	struct leaf_facts old = issue_or_end(c, scene.responder, change->name, NULL);
	struct client_order older = replacing(c, change->name, "short", old.certid), younger;
	const char *csr = csr_payload(c, csr_for(c, change->name));

	order_replacing(c, change->name, old.certid);
	told(c, 409, "alreadyReplaced", "no second one");
	configure(change->text, arena_printf(c->arena, "%s goes", change->what));
	client_post(c, older.finalize, csr);
	told(c, strcmp(change->problem, "unauthorized") == 0 ? 403 : 400, change->problem,
	     "then it cannot be finalized");
	younger = replacing(c, change->name, "fleet", old.certid);
	is(status_of(c, older.url), "invalid", "which was the end of the older one");
	is(text(json_object_get(c->json, "error"), "type"), change->error, "it tells why");
	order_replacing(c, change->name, old.certid);
	told(c, 409, "alreadyReplaced", "no third one");
	configure(BEFORE, "all is back");
	client_post(c, older.finalize, csr);
	told(c, 403, "orderNotReady", "the older one is not");
	order_replacing(c, change->name, old.certid);
	told(c, 409, "alreadyReplaced", "still no third one");
	ok(client_finalize(c, &younger, csr_for(c, change->name)),
	   "the younger one gets the certificate: %s", client_why(c));
	configure(change->text, "gone again");
	order_replacing(c, change->name, old.certid);
	told(c, 409, "alreadyReplaced", "what was issued stays the successor");
	configure(BEFORE, "and back");
}

/* Back before anybody asked. */
static void
test_back(struct client *c)
{
	const char *name = "n3.example.test";
	struct leaf_facts old = issue_or_end(c, scene.responder, name, NULL);
	struct client_order order = replacing(c, name, "short", old.certid);

	configure(changes[0].text, "the profile goes");
	configure(BEFORE, "and is back");
	order_replacing(c, name, old.certid);
	told(c, 409, "alreadyReplaced", "the order holds the certificate again");
	ok(client_finalize(c, &order, csr_for(c, name)), "and replaces it: %s", client_why(c));
}

int
main(void)
{
	struct client *c;

	if (!places_begin(&scene, (const char *const[]){ "workers=2", NULL }) ||
	    !places_configure(&scene, BEFORE))
		return 1;
	c = place_member(&scene, PART, NULL);
	for (size_t i = 0; i < COUNT(changes); i++)
		test_gone(c, &changes[i]);
	test_back(c);
	leave(c);
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_profiles.c - kinds of certificates over the wire (draft-ietf-acme-profiles): what the
 * directory tells, what an order may ask for and gets, in each directory and under each
 * binding. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/bind.h"
#include "tests/chain.h"
#include "tests/profiled.h"

static struct scene scene;

/* --- certificates ------------------------------------------------------------------- */

/* What tlsserver gives to one that is signed now (tests/test_dated.c has the table). */
static long
scheduled(long now)
{
	return (now >= 1868227200 ? 46L : now >= 1805068800 ? 99L : 199L) * 86400;
}

/* --- what the directory tells --------------------------------------------------------- */

static struct client *
client_at(const char *path)
{
	char url[300];

	snprintf(url, sizeof(url), "https://localhost:%u%s/directory", scene.server->port, path);
	return client_open(url, scene.server->root);
}

static void
test_meta(void)
{
	static const struct {
		const char	*path, *names;	/* in this order */
	} rows[] = {
		{ "", "fleet tlsserver shortlived session strict dns" },
		{ "/web", "session fleet" },
		{ "/plain", "fleet tlsserver shortlived session strict" },	/* no dns-01 */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = client_at(rows[i].path);
		json_t *profiles, *described;
		const char *names = "", *name;

		client_get(c, "GET", arena_printf(c->arena, "%s/directory", rows[i].path));
		profiles = json_object_get(json_object_get(c->json, "meta"), "profiles");
		json_object_foreach(profiles, name, described) {
			names = arena_printf(c->arena, "%s%s%s", names, *names == '\0' ? "" : " ",
					     name);
			ok(json_is_string(described) && json_string_length(described) > 0,
			   "%s is \"%s\"", name, json_string_value(described));
		}
		is(names, rows[i].names, "in their order");
		client_close(c);
	}
}

/* --- what an order may ask for --------------------------------------------------------- */

static void
test_asked(void)
{
	static const struct {
		const char	*more;
		int		 status;
		const char	*gets;		/* or the type of the problem */
		const char	*detail;
	} rows[] = {
		{ "", 201, "fleet", "" },
		{ ",\"profile\":\"fleet\"", 201, "fleet", "" },
		{ ",\"profile\":\"session\"", 201, "session", "" },
		{ ",\"profile\":\"SESSION\"", 201, "session", "" },
		{ ",\"profile\":\"tlsserver\"", 201, "tlsserver", "" },
		{ ",\"profile\":\"\"", 400, "invalidProfile", "possible: fleet, tlsserver" },
		{ ",\"profile\":\"nobody\"", 400, "invalidProfile",
		  "\"nobody\"; possible: fleet, tlsserver, shortlived, session, strict, dns" },
		{ ",\"profile\":\"fleet \"", 400, "invalidProfile", "\"fleet \"" },
		{ ",\"profile\":\"\\u00e4\\n\"", 400, "invalidProfile", "\"???\"" },
		{ ",\"profile\":\"fleet\\u0000\"", 400, "malformed", "" },
		{ ",\"profile\":5", 400, "malformed", "\"profile\"" },
		{ ",\"profile\":null", 400, "malformed", "\"profile\"" },
		{ ",\"profile\":true", 400, "malformed", "\"profile\"" },
		{ ",\"profile\":[\"fleet\"]", 400, "malformed", "\"profile\"" },
		{ ",\"profile\":{}", 400, "malformed", "\"profile\"" },
	};
	struct client *c = member(&scene, "ES256");

	for (size_t i = 0; i < COUNT(rows); i++) {
		order_with(c, DNS(NAME), rows[i].more);
		told(c, rows[i].status, rows[i].status == 201 ? "" : rows[i].gets,
		     "45: order%s: %s", rows[i].more, rows[i].gets);
		if (rows[i].status == 201)
			is(text(c->json, "profile"), rows[i].gets, "it tells its profile");
		else
			ok(strstr(c->detail, rows[i].detail) != NULL, "%s", c->detail);
	}
	leave(c);
}

/* A profile that has no way to prove what is asked for. */
static void
test_unfit(void)
{
	struct client *c = member(&scene, "ES256");

	order_with(c, "{\"type\":\"ip\",\"value\":\"127.0.0.1\"}", ",\"profile\":\"dns\"");
	told(c, 400, "invalidProfile", "an address by dns-01 alone");
	ok(json_object_get(c->json, "subproblems") == NULL, "it concerns the whole order");
	order_with(c, DNS("localhost") ",{\"type\":\"ip\",\"value\":\"127.0.0.1\"}",
		   ",\"profile\":\"dns\"");
	told(c, 400, "invalidProfile", "whatever else is wrong");
	order_with(c, DNS("localhost"), ",\"profile\":\"dns\"");
	told(c, 400, "rejectedIdentifier", "a name that no profile can have");
	order_with(c, DNS("*.example.test"), ",\"profile\":\"dns\"");
	told(c, 201, "", "what it can prove");
	leave(c);
}

/* --- what it gets ------------------------------------------------------------------------ */

static void
test_certificates(void)
{
	static const struct {
		const char	*profile;
		long		 life, backdate;	/* life 0: as the day says */
		bool		 crl, client;
	} rows[] = {
		{ "fleet", 47 * 86400, 3600, true, false },
		{ "tlsserver", 0, 3600, true, false },
		{ "shortlived", 160 * 3600, 3600, false, false },
		{ "session", 6 * 3600, 300, true, false },
		{ "strict", 86400, 60, true, true },
	};
	static const char *const names[] = { NAME };
	struct client *c = member(&scene, "ES256");

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client_order order = ready(c, &scene, rows[i].profile);
		EVP_PKEY *key = key_new("ES384");
		const char *pem;
		struct facts f;

		ok(client_finalize(c, &order, csr_of_names(c->arena, key, names, 1)),
		   "it is issued: %s", client_why(c));
		pem = client_download(c, order.certificate);
		ok(chain_wrong(pem, scene.server->root, names, 1, key) == NULL, "a good one");
		f = facts_of(pem);
		ok(f.life == (rows[i].life != 0 ? rows[i].life : scheduled(clock_now())),
		   "it lives %ld seconds", (long)f.life);
		ok(f.begins <= clock_now() - rows[i].backdate &&
		   f.begins > clock_now() - rows[i].backdate - 60, "and began %ld s ago",
		   rows[i].backdate);
		ok(f.crl == rows[i].crl, "it has %s CRL pointer", rows[i].crl ? "a" : "no");
		ok(f.client == rows[i].client, "and is%s for clients", f.client ? "" : " not");
		EVP_PKEY_free(key);
	}
	leave(c);
}

/* A key that the profile does not have leaves the order ready. */
static void
test_keys(void)
{
	static const char *const names[] = { NAME };
	static const struct {
		const char	*alg;
		const char	*says;		/* NULL: good */
	} rows[] = {
		{ "ES256", "the key of the CSR is ecdsa-p256; certificates of profile strict" },
		{ "RS256", "the key of the CSR is rsa-2048; certificates of profile strict" },
		{ "ES384", NULL },
	};
	struct client *c = member(&scene, "ES256");
	struct client_order order = ready(c, &scene, "strict");

	for (size_t i = 0; i < COUNT(rows); i++) {
		EVP_PKEY *key = key_new(rows[i].alg);
		struct blob csr = csr_of_names(c->arena, key, names, 1);

		if (rows[i].says == NULL) {
			ok(client_finalize(c, &order, csr), "C-8 a key of the profile");
		} else {
			client_post(c, order.finalize, csr_payload(c, csr));
			told(c, 400, "badCSR", "C-8 %s", rows[i].alg);
			ok(strstr(c->detail, rows[i].says) != NULL, "%s", c->detail);
			is(status_of(c, order.url), "ready", "the order stays ready");
		}
		EVP_PKEY_free(key);
	}
	leave(c);
}

/* --- who may have what --------------------------------------------------------------------- */

static void
test_bindings(void)
{
	static const struct {
		const char	*profiles, *asks, *gets, *possible;
	} rows[] = {
		{ "", NULL, "fleet", NULL },
		{ "", "tlsserver", "tlsserver", NULL },
		{ "--profiles session,shortlived", NULL, "session", NULL },
		{ "--profiles shortlived,session", NULL, "shortlived", NULL },
		{ "--profiles shortlived,session", "session", "session", NULL },
		{ "--profiles shortlived,session", "Session", "session", NULL },
		{ "--profiles shortlived,session", "fleet", NULL,
		  "\"fleet\"; possible: shortlived, session" },
		{ "--profiles dns", NULL, "dns", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct binding_key key = eab_add(scene.server, rows[i].profiles);
		struct client *c = eab_client(scene.server, &key);

		order_with(c, DNS(NAME), rows[i].asks == NULL ? "" :
			   arena_printf(c->arena, ",\"profile\":\"%s\"", rows[i].asks));
		told(c, rows[i].gets != NULL ? 201 : 400, rows[i].gets != NULL ? "" :
		     "invalidProfile", "a binding with %s asks for %s", rows[i].profiles,
		     rows[i].asks == NULL ? "none" : rows[i].asks);
		if (rows[i].gets != NULL)
			is(text(c->json, "profile"), rows[i].gets, "and gets it");
		else
			ok(strstr(c->detail, rows[i].possible) != NULL, "%s",
			   c->detail);
		leave(c);
	}
}

/* newAuthz has the methods of the profile that orders get which name none. */
static void
test_newauthz(void)
{
	struct binding_key key = eab_add(scene.server, "--profiles dns,fleet");
	struct client *c = eab_client(scene.server, &key);

	authz_for(c, DNS(NAME));
	told(c, 201, "", "7.4.1 a pre-authorization under a binding for profile dns");
	ok(json_array_size(json_object_get(c->json, "challenges")) == 1 &&
	   client_challenge(c->json, "dns-01", "url") != NULL, "7.4.1 by dns-01 alone");
	leave(c);
}

static void
test_directories(void)
{
	struct client *c = client_at("/web");

	ok(client_account(c, "ES256", AGREED), "another directory");
	order_with(c, DNS(NAME), "");
	is(text(c->json, "profile"), "session", "its first profile is its default");
	order_with(c, DNS(NAME), ",\"profile\":\"fleet\"");
	is(text(c->json, "profile"), "fleet", "its other one can be had");
	order_with(c, DNS(NAME), ",\"profile\":\"tlsserver\"");
	told(c, 400, "invalidProfile", "A-25 one of another directory cannot");
	ok(strstr(c->detail, "possible: session, fleet") != NULL, "%s", c->detail);
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){
			 "workers=2", "order.reuse=valid", "directory.default.eab=optional",
			 "profile.strict.lifetime=1d", "profile.strict.backdate=1m",
			 "profile.strict.client_auth=true", "profile.strict.key_types=ecdsa-p384",
			 "profile.dns.methods=dns-01", "directory.web.methods=http-01",
			 "directory.web.profiles=session,fleet", "directory.plain.methods=http-01",
			 NULL }))
		return 1;
	test_meta();
	test_asked();
	test_unfit();
	test_certificates();
	test_keys();
	test_bindings();
	test_newauthz();
	test_directories();
	scene_stop(&scene);
	return tap_done();
}

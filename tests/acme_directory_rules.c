/* SPDX-License-Identifier: Apache-2.0 */
/* acme_directory_rules.c - what each directory of one server permits: keys, names, methods,
 * bindings; and paths that are none. */
#include <stdlib.h>
#include <string.h>

#include "tests/places.h"

static struct scene scene;
static struct client *members[PLACES];

/* --- keys ------------------------------------------------------------------------- */

static int
change_key(struct client *c, EVP_PKEY *next)
{
	const char *url = client_url(c, "key-change");
	struct jws inner = { .key = next, .url = url };

	inner.payload = arena_printf(c->arena, "{\"account\":\"%s\",\"oldKey\":%s}", c->kid,
				     key_jwk(c->arena, c->key));
	jws_sign(c->arena, &inner);
	return client_post(c, url, jws_print(c->arena, &inner));
}

/* Into a key that has an account in the other directory, where nothing changes. */
static void
test_rollover(void)
{
	struct client *c = place_member(&scene, PART, NULL), *d = place_member(&scene, MAIN, NULL);
	struct client *e = place_member(&scene, PART, NULL);
	EVP_PKEY *old = c->key;

	ok(change_key(c, e->key) == 409, "a key of another account there: %s", client_why(c));
	ok(strncmp(reply_only(&c->reply, "Location"), e->kid, strlen(e->kid)) == 0,
	   "whose URL is told");
	ok(change_key(c, d->key) == 200, "a key of an account elsewhere: %s", client_why(c));
	c->key = d->key;
	is(status_of(c, c->kid), "valid", "is its key now");
	is(status_of(d, d->kid), "valid", "and still that of the other");
	c->key = old;
	client_post(c, c->kid, "");
	told(c, 400, "malformed", "the old one is no more");
	leave(c);
	leave(d);
	leave(e);
}

/* An account key of whatever directory is no certificate key (C-11). */
static void
test_account_key(void)
{
	static const char *const names[] = { "n3.example.test" };
	struct client *c = place_member(&scene, MAIN, NULL), *d = place_member(&scene, PART, NULL);
	struct client_order order;

	ok(order_ready(c, &scene, names[0], &order), "a ready order");
	client_post(c, order.finalize, csr_payload(c, csr_of_names(c->arena, d->key, names, 1)));
	told(c, 400, "badCSR", "C-11 the key of an account of another directory");
	ok(places_configure(&scene, ISSUER_OTHER PROFILE_SHORT DIRECTORY_PARTNER),
	   "part is removed");
	client_post(c, order.finalize, csr_payload(c, csr_of_names(c->arena, d->key, names, 1)));
	told(c, 400, "badCSR", "C-11 also when that one is there no more");
	ok(places_configure(&scene, DIRECTORIES), "part is added");
	leave(c);
	leave(d);
}

/* --- rules ------------------------------------------------------------------------ */

/* newOrder in each for that name: the status. */
static void
test_names(void)
{
	static const struct {
		const char	*name;
		int		 status[PLACES];
	} rows[] = {
		{ "n0.example.test", { 201, 201, 201 } },
		{ "n3.example.test", { 201, 201, 400 } },
		{ "n9.example.test", { 201, 400, 201 } },
		{ "n4.other.test", { 201, 400, 400 } },
		{ "*.example.test", { 201, 400, 400 } },	/* part has no dns-01 */
		{ "*.other.test", { 201, 400, 400 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		for (int k = 0; k < PLACES; k++) {
			struct client *c = members[k];
			struct client_order order;

			client_order_new(c, &rows[i].name, 1, &order);
			told(c, rows[i].status[k], rows[i].status[k] == 201 ? "" :
			     "rejectedIdentifier", "A-25 %s in %s", rows[i].name, c->path);
		}
}

static void
test_methods(void)
{
	static const char *const names[] = { "n3.example.test" };

	for (int i = 0; i < PARTNER; i++) {
		struct client *c = members[i];
		struct client_order order;
		bool dns;

		ok(client_order_new(c, names, 1, &order), "an order in %s", c->path);
		client_post(c, order.authz[0], "");
		dns = client_challenge(c->json, "dns-01", "url") != NULL;
		ok(client_challenge(c->json, "http-01", "url") != NULL && dns == (i == MAIN),
		   "%s offers its methods", c->path);
	}
}

/* What a key has proved in one is not proved in another. */
static void
test_proofs(void)
{
	static const char *const names[] = { "n1.example.test" };
	struct client_order order;

	ok(order_ready(members[MAIN], &scene, names[0], &order), "proved in one");
	is(ordered(members[MAIN], names[0], &order), "ready", "it is used again there");
	for (int i = 1; i < PLACES; i++)
		is(ordered(members[i], names[0], &order), "pending", "but nowhere else");
}

/* --- bindings --------------------------------------------------------------------- */

static char why[256];		/* what the last bind() was told */

/* newAccount in a directory with a binding key of any, its URL as given (NULL: right). */
static int
bind(int place, const struct binding_key *with, const char *url)
{
	struct client *c = place_visitor(&scene, place);
	struct eab_plan plan = { .key = with, .url = url };
	int status;

	c->key = key_new("ES256");
	plan.account = c->key;
	if (url == NULL)
		plan.url = client_url(c, "new-account");
	client_account(c, NULL, eab_payload(c->arena, eab_print(c->arena, &plan), ""));
	status = c->reply.status;
	snprintf(why, sizeof(why), "%s", client_why(c));
	leave(c);
	return status;
}

static void
test_bindings(void)
{
	struct binding_key part = eab_add(scene.server, "--directory part --uses unlimited");
	struct binding_key partner = eab_add(scene.server, "--directory partner --uses unlimited "
							   "--names n1.example.test");
	struct client *c = place_visitor(&scene, PARTNER);
	const char *other = arena_printf(c->arena, "%s/part/acme/new-account", c->base);

	ok(bind(PART, &part, NULL) == 201, "a binding of part in part: %s", why);
	ok(bind(PARTNER, &partner, NULL) == 201, "one of partner in partner: %s", why);
	ok(bind(PART, &partner, NULL) == 403, "A-13 one of partner in part: %s", why);
	ok(bind(PARTNER, &part, NULL) == 403, "A-13 one of part in partner: %s", why);
	ok(bind(PARTNER, &partner, other) == 400, "A-13 one for the URL of part: %s", why);
	ok(bind(MAIN, &part, NULL) == 201, "the default directory looks at none: %s", why);
	client_account(c, "ES256", AGREED);
	told(c, 403, "externalAccountRequired", "partner wants one");
	leave(c);
	ok(eab_number(scene.server, &part, "uses") == 1 &&
	   eab_number(scene.server, &partner, "uses") == 1, "A-13 each was used once: %ld, %ld",
	   eab_number(scene.server, &part, "uses"), eab_number(scene.server, &partner, "uses"));
	c = place_visitor(&scene, PARTNER);
	ok(eab_register(c, &partner) == 201, "an account of a binding for one name");
	client_post(c, client_url(c, "new-order"), GOOD);
	told(c, 400, "rejectedIdentifier", "which partner would allow others another name");
	leave(c);
}

/* --- paths ------------------------------------------------------------------------ */

static void
test_tricks(void)
{
	static const char *const tricks[] = {
		"/part/../part/directory", "/acme/../part/directory", "/partner/../part/directory",
		"/part/./directory", "/./part/directory", "//part/directory", "/part//directory",
		"/PART/directory", "/Part/directory", "/par/directory", "/parts/directory",
		"/part-ner/directory", "/partne/directory", "/partnerx/directory",
		"/part%2fdirectory", "/%70art/directory", "/part%2Fdirectory", "/part/%64irectory",
		"/part%00/directory", "/part;x/directory", "/part\\directory", "/part/directory/",
		"/part", "/part/", "/partner", "/part/acme", "/part/part/directory",
		"/part/partner/directory", "/partner/part/directory", "/directory/part",
		"/directory/part/directory", "/acme/part/directory", "/part.directory",
		"/part/directory.", "/part/directory%20", "/part /directory",
	};
	struct client *c = place_member(&scene, PART, NULL);
	unsigned gone = 0, refused = 0, tries = 0;

	for (size_t i = 0; i < COUNT(tricks); i++) {
		client_get(c, "GET", tricks[i]);
		gone += c->reply.status == 404 || c->reply.status == 400;
		if (c->reply.status != 404 && c->reply.status != 400)
			printf("# %s: %d\n", tricks[i], c->reply.status);
	}
	ok(gone == COUNT(tricks), "J-13 %u of %zu paths lead nowhere", gone, COUNT(tricks));
	for (size_t i = 0; i < COUNT(tricks); i++) {
		char *path = arena_strdup(c->arena, tricks[i]), *end = strstr(path, "directory");
		struct jws jws = { .payload = GOOD };
		const char *url;

		if (end == NULL || strchr(path, ' ') != NULL)
			continue;
		*end = '\0';
		url = arena_printf(c->arena, "%s%sacme/new-order%s", c->base, path,
				   end + strlen("directory"));
		client_post_jws(c, url, &jws, false);
		tries++;
		refused += c->reply.status == 404 || c->reply.status == 400;
		client_get(c, "HEAD", client_url(c, "new-nonce"));
	}
	ok(refused > 20 && refused == tries, "J-13 no order by %u of %u", refused, tries);
	client_post(c, c->kid, "");
	client_post(c, text(c->json, "orders"), "");
	ok(json_array_size(json_object_get(c->json, "orders")) == 0, "J-13 none was made");
	leave(c);
}

int
main(void)
{
	if (!places_begin(&scene, (const char *const[]){ "workers=2", "order.reuse=valid", NULL }))
		return 1;
	ok(places_configure(&scene, DIRECTORIES), "directories are added by a reload");
	for (int i = 0; i < PLACES; i++)
		members[i] = place_member(&scene, i, NULL);
	test_rollover();
	test_names();
	test_methods();
	test_proofs();
	test_bindings();
	test_tricks();
	test_account_key();
	for (int i = 0; i < PLACES; i++)
		leave(members[i]);
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_ari_bound.c - whose certificate an order may replace: the accounts of one binding renew
 * for each other, nobody else does; other directories are other CAs (RFC 9773 section 5,
 * security of `replaces`; A-10). */

#include "tests/ari.h"
#include "tests/places.h"

static struct scene scene;

static void
test_bindings(void)
{
	struct binding_key ours = eab_add(scene.server, "--uses 2");
	struct binding_key theirs = eab_add(scene.server, "");
	struct client *one = eab_client(scene.server, &ours);
	struct client *two = eab_client(scene.server, &ours);
	struct client *other = eab_client(scene.server, &theirs);
	struct leaf_facts l = issue_or_end(one, scene.responder, "n0.example.test", NULL);

	order_replacing(other, "n0.example.test", l.certid);
	ok(other->reply.status == 403 && strcmp(other->type, "unauthorized") == 0,
	   "A-10 an account of another binding replaces nothing: %s", client_why(other));
	ok(order_replacing(two, "n0.example.test", l.certid) == 201,
	   "one of the same binding may: %s", two->detail);
	is(text(two->json, "replaces"), l.certid, "its order says so");
	order_replacing(one, "n0.example.test", l.certid);
	ok(one->reply.status == 409, "then not even its own account: %d", one->reply.status);
	leave(other);
	leave(two);
	leave(one);
}

static void
test_directories(void)
{
	struct client *c = place_member(&scene, MAIN, NULL);
	struct client *d = place_member(&scene, PART, NULL);
	struct leaf_facts of_main = issue_or_end(c, scene.responder, "n1.example.test", NULL);
	struct leaf_facts of_part = issue_or_end(d, scene.responder, "n1.example.test", NULL);
	struct renewal_info info;

	ok(strcmp(of_main.key, of_part.key) != 0, "two directories with two issuers");
	ok(info_get(c, of_main.certid, &info) == 200 && info_get(d, of_part.certid, &info) == 200,
	   "each tells of its certificates");
	ok(info_get(c, of_part.certid, &info) == 200 && info_get(d, of_main.certid, &info) == 200,
	   "and of the other's: a serial is the server's");
	ok(info_get(c, arena_printf(c->arena, "%s.%s", of_main.key, of_part.serial), &info) == 404,
	   "A-21 but not under the wrong issuer");
	ok(order_replacing(d, "n1.example.test", of_main.certid) == 201 &&
	   json_object_get(d->json, "replaces") == NULL,
	   "44: a certificate of another directory is not looked at: %s", d->detail);
	ok(order_replacing(c, "n1.example.test", of_main.certid) == 201 &&
	   json_object_get(c->json, "replaces") != NULL, "and not replaced by that: %s",
	   c->detail);
	leave(d);
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){
		"workers=2", "directory.default.eab=required", NULL }))
		return 1;
	test_bindings();
	scene_stop(&scene);
	if (!places_begin(&scene, (const char *const[]){ "workers=2", NULL }) ||
	    !places_configure(&scene, DIRECTORIES))
		return 1;
	test_directories();
	scene_stop(&scene);
	return tap_done();
}

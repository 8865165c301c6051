/* SPDX-License-Identifier: Apache-2.0 */
/* acme_reload.c - R-21: limits that change while the server runs, and what outlives
 * several reloads. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/scene.h"

#define BIG 3000

static struct scene scene;
static struct client *c;

static bool
reload(void)
{
	return system(arena_printf(c->arena, "%s reload --config %s/brevet.conf >/dev/null",
				   stage_brevet(), scene.server->dir)) == 0;
}

/* Adds that to the configuration. */
static bool
configure(const char *text)
{
	FILE *f = fopen(arena_printf(c->arena, "%s/brevet.conf", scene.server->dir), "a");

	return f != NULL && fputs(text, f) != EOF && fclose(f) == 0 && reload();
}

/* The status of a body of BIG octets on a new connection. */
static int
big_body(void)
{
	char *body = arena_alloc(c->arena, BIG + 1);

	memset(body, 'x', BIG);
	client_hang_up(c);
	return client_send(c, "POST", client_url(c, "new-account"), "application/jose+json",
			   body);
}

static void
test_limits(void)
{
	int status = big_body();

	ok(status == 400, "a body of %d octets is read: %d", BIG, status);
	ok(configure("limits { body = \"2K\" }\n"), "R-21 a smaller limit is taken");
	status = big_body();
	ok(status == 413, "R-21 it holds for the next connection: %d", status);
}

/* What the server was started with must not go with its first configuration. */
static void
test_nonces(void)
{
	struct jws jws = { .nonce = client_nonce(c), .payload = "{}" };
	const char *file = arena_printf(c->arena, "%s/data/nonces", scene.server->dir);
	struct stat st;
	int status;

	for (int i = 0; i < 3; i++)
		ok(reload(), "R-21 reload %d", i + 1);
	client_hang_up(c);
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	ok(stat(file, &st) == 0, "nonces are kept after reloads");
	ok(server_again(scene.server), "and starts again");
	c->key = key_new("ES256");
	status = client_post_jws(c, client_url(c, "new-account"), &jws, true);
	ok(status == 201, "a nonce from before is good: %d %s", status, client_why(c));
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	c = visitor(&scene);
	test_limits();
	test_nonces();
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	leave(c);
	scene_end(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_clock.c - what the time does to a server: its own certificate is renewed at half of
 * its life, and nothing is issued while the clock is behind the newest commit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/scene.h"
#include "tests/stored.h"

/* A certificate of 60 seconds, 28 of which lie in the past: half of its life is over in a
 * second or two. */
#define LIFE	 "profile.default.lifetime=60s"
#define BACKDATE "profile.default.backdate=28s"
#define RENEWALS 2
#define PATIENCE 60000		/* ms */

static struct scene scene;

/* --- the server's own certificate ------------------------------------------------- */

/* The serial number of the certificate that a new connection gets. */
static const char *
own_serial(struct client *c)
{
	struct wire *w = wire_open(c->trust, c->host, c->port);
	const char *serial = w == NULL ? "no connection" : wire_serial(w, c->arena);

	wire_close(w);
	return serial;
}

static void
test_renewal(void)
{
	struct client *c = member(&scene, "ES256");
	const char *first, *serial = own_serial(c);
	const struct wire *kept = c->wire;

	for (int i = 0; i < RENEWALS; i++) {
		long began = now_ms();

		first = serial;
		while (strcmp(serial = own_serial(c), first) == 0 && now_ms() - began < PATIENCE)
			usleep(100000);
		ok(strcmp(serial, first) != 0 && strcmp(serial, "no connection") != 0,
		   "its own certificate is renewed after half of its life: %s", serial);
	}
	client_post(c, c->kid, "");
	ok(c->reply.status == 200 && c->wire == kept, "connections from before go on: %d",
	   c->reply.status);
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	sleep(3);
	ok(server_again(scene.server), "and starts when half of that life is over");
	client_hang_up(c);
	client_post(c, c->kid, "");
	ok(c->reply.status == 200, "with one that is good: %d", c->reply.status);
	leave(c);
}

/* --- R-11 ------------------------------------------------------------------------- */

/* Something is written by a clock that is so many seconds ahead. */
static void
write_ahead(int64_t seconds)
{
	struct arena *a = arena_new();
	struct problem p = { 0 };
	struct store *s = server_store(a, scene.server);
	struct edit *e;

	clock_shift(seconds);
	e = edit_begin(s);
	store_meta_put(e, "test", (struct blob){ (const uint8_t *)"x", 1 });
	ok(edit_commit(e, &p), "a commit %lld s from now%s", (long long)seconds, p.detail);
	clock_shift(0);
	store_close(s);
	arena_free(a);
}

static void
test_behind(void)
{
	static const char *const names[] = { "n0.example.test" };
	struct client *c = member(&scene, "ES256");
	struct issued issued = { .key = NULL };

	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	write_ahead(3600);
	ok(server_again(scene.server), "R-11 it serves, though the clock is behind");
	client_hang_up(c);
	ok(!client_issue(c, scene.responder, names, 1, &issued), "R-11 it issues nothing");
	ok(c->reply.status == 503 && strstr(c->detail, "clock") != NULL, "R-11 and says why: %s",
	   client_why(c));
	is(reply_only(&c->reply, "Retry-After"), "60", "R-11 Retry-After");
	client_post(c, issued.order.url, "");
	is(text(c->json, "status"), "ready", "R-11 the order stays ready");
	EVP_PKEY_free(issued.key);
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", LIFE, BACKDATE, NULL }))
		return 1;
	test_renewal();
	scene_stop(&scene);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	test_behind();
	scene_stop(&scene);
	return tap_done();
}

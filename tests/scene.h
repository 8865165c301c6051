/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - folder, responder and server together, and the clients that come to it: what
 * most tests over the wire begin and end with. */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "tests/client.h"
#include "tests/tap.h"

#define AGREED "{\"termsOfServiceAgreed\":true}"

/* The names n0.example.test to n63.example.test are 127.0.0.1, where the responder is. */
struct scene {
	char			*dir;
	struct responder	*responder;
	uint16_t		 port;		/* of the responder */
	struct server		*server;
};

/* False, after a line that says so to the harness, when the server does not come up. */
bool scene_begin(struct scene *sc, unsigned delay_ms, const char *const *settings);
/* The same in two steps: folder and responder; then the server, in sc->dir/ca. */
void scene_prepare(struct scene *sc, unsigned delay_ms);
bool scene_serve(struct scene *sc, const char *const *settings);
void scene_end(struct scene *sc);

/* The same, with a server that runs and must end well. */
__attribute__((unused)) static void
scene_stop(struct scene *sc)
{
	ok(server_stop(sc->server) == 0, "the server ends with status 0");
	scene_end(sc);
}

/* A client of the scene's server, without and with an account of its own; never NULL.
 * The caller lets it leave(). */
struct client *visitor(const struct scene *sc);
struct client *member(const struct scene *sc, const char *alg);
/* A second connection of the same account. */
struct client *twin(const struct scene *sc, const struct client *c);

/* Every reply was as it must be; closes it. */
__attribute__((unused)) static void
leave(struct client *c)
{
	is(c->fault, "", "every reply was as it must be (1, 5, 6, 10, 24, 25)");
	client_close(c);
}

/* A member of a JSON object as text, NULL: none. */
const char *text(const json_t *o, const char *name);

/* Milliseconds of a clock that never goes back. */
long now_ms(void);

#endif

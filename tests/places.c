/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - one server with several directories, for tests. */
#include "tests/places.h"

#include <stdlib.h>
#include <string.h>

const char *const place_paths[PLACES] = { "", "/part", "/partner" };

static char *initial;		/* the configuration that init wrote */

static void
initial_read(const struct scene *sc)
{
	char file[600];
	size_t room = 0;
	FILE *in;

	snprintf(file, sizeof(file), "%s/brevet.conf", sc->server->dir);
	in = fopen(file, "r");
	if (in == NULL || getdelim(&initial, &room, '\0', in) <= 0)
		abort();
	fclose(in);
}

bool
places_begin(struct scene *sc, const char *const *settings)
{
	char command[1200];

	if (!scene_begin(sc, 0, settings))
		return false;
	free(initial);
	initial = NULL;
	initial_read(sc);
	snprintf(command, sizeof(command), "%s init --dir %s/other --name Other --host localhost "
		 "--listen 127.0.0.1:%u >/dev/null", stage_brevet(), sc->dir, port_free());
	return system(command) == 0;
}

void
places_write(const struct scene *sc, const char *text)
{
	struct arena *a = arena_new();

	if (!stage_write(sc->server->dir, "brevet.conf", arena_printf(a, "%s\n%s", initial, text)))
		abort();
	arena_free(a);
}

bool
places_configure(const struct scene *sc, const char *text)
{
	char command[2400];

	places_write(sc, text);
	fflush(stdout);
	snprintf(command, sizeof(command), "%s reload --config %s/brevet.conf >%s/reload 2>&1 || "
		 "{ sed 's/^/# /' %s/reload; false; }", stage_brevet(), sc->server->dir, sc->dir,
		 sc->dir);
	return system(command) == 0;
}

const char *
place_url(struct arena *a, const struct scene *sc, int place)
{
	return arena_printf(a, "https://localhost:%u%s/directory", sc->server->port,
			    place_paths[place]);
}

const char *
place_root(struct arena *a, const struct scene *sc, int place)
{
	return place == PART ? arena_printf(a, "%s/other/root.pem", sc->dir) : sc->server->root;
}

struct client *
place_visitor(const struct scene *sc, int place)
{
	struct arena *a = arena_new();
	struct client *c = client_open(place_url(a, sc, place), sc->server->root);

	if (c == NULL)
		abort();
	arena_free(a);
	return c;
}

struct client *
place_member(const struct scene *sc, int place, EVP_PKEY *key)
{
	struct client *c = place_visitor(sc, place);
	const char *payload = AGREED;

	c->key = key_new("ES256");
	if (key != NULL) {
		EVP_PKEY_free(c->key);
		EVP_PKEY_up_ref(key);
		c->key = key;
	}
	if (place == PARTNER) {
		struct binding_key bound = eab_add(sc->server, "--directory partner");
		struct eab_plan plan = { .key = &bound, .account = c->key,
					 .url = client_url(c, "new-account") };

		payload = eab_payload(c->arena, eab_print(c->arena, &plan), "");
	}
	if (!client_account(c, NULL, payload)) {
		printf("Bail out! no account in %s: %s\n", place_paths[place], client_why(c));
		exit(1);
	}
	return c;
}

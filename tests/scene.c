/* SPDX-License-Identifier: Apache-2.0 */
/* scene.c - folder, responder, server and clients together, for tests. */
#include "tests/scene.h"

#include <stdlib.h>
#include <time.h>

#define NAMES 64
#define MORE  16

static void
write_hosts(const char *dir)
{
	char text[NAMES * 48], *at = text;

	for (unsigned i = 0; i < NAMES; i++)
		at += sprintf(at, "127.0.0.1 n%u.example.test\n", i);
	if (!stage_write(dir, "hosts", text))
		abort();
}

void
scene_prepare(struct scene *sc, unsigned delay_ms)
{
	*sc = (struct scene){ .dir = stage_new() };
	sc->responder = responder_start(&sc->port, delay_ms);
	write_hosts(sc->dir);
}

bool
scene_serve(struct scene *sc, const char *const *settings)
{
	const char *all[MORE + 5] = { "validation.allow_addresses=127.0.0.1",
				      "order.reuse=none" };
	char port[64], hosts[512], dir[512];
	size_t n = 2;

	snprintf(dir, sizeof(dir), "%s/ca", sc->dir);
	snprintf(port, sizeof(port), "validation.http_port=%u", sc->port);
	snprintf(hosts, sizeof(hosts), "validation.hosts_file=%s/hosts", sc->dir);
	all[n++] = port;
	all[n++] = hosts;
	while (settings != NULL && *settings != NULL && n < MORE + 4)
		all[n++] = *settings++;
	sc->server = server_begin(stage_brevet(), dir, all);
	if (sc->server == NULL)
		printf("Bail out! %s does not come up\n", stage_brevet());
	return sc->server != NULL;
}

bool
scene_begin(struct scene *sc, unsigned delay_ms, const char *const *settings)
{
	scene_prepare(sc, delay_ms);
	if (scene_serve(sc, settings))
		return true;
	scene_end(sc);
	return false;
}

void
scene_end(struct scene *sc)
{
	server_free(sc->server);
	responder_join(sc->responder);
	stage_free(sc->dir);
}

struct client *
visitor(const struct scene *sc)
{
	struct client *c = client_open(sc->server->url, sc->server->root);

	if (c == NULL)
		abort();
	return c;
}

struct client *
member(const struct scene *sc, const char *alg)
{
	struct client *c = visitor(sc);

	if (!client_account(c, alg, AGREED)) {
		printf("Bail out! no account: %s\n", client_why(c));
		exit(1);
	}
	return c;
}

struct client *
twin(const struct scene *sc, const struct client *c)
{
	struct client *t = visitor(sc);

	EVP_PKEY_up_ref(c->key);
	t->key = c->key;
	snprintf(t->kid, sizeof(t->kid), "%s", c->kid);
	return t;
}

const char *
text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

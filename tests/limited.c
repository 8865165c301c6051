/* SPDX-License-Identifier: Apache-2.0 */
/* limited.c - a scene for tests of rate limits and pauses. */
#include "tests/limited.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/command.h"

#define NAMES 8

struct scene scene;

static int64_t ahead;

void
limited_begin(const char *const *settings)
{
	ahead = 0;
	if (!scene_begin(&scene, 0, settings))
		exit(1);
}

bool
limited_later(int64_t seconds)
{
	ahead += seconds;
	return server_clock(scene.server, ahead);
}

static size_t
names_split(struct client *c, const char *text, const char *list[NAMES])
{
	char *save, *copy = arena_strdup(c->arena, text);
	size_t n = 0;

	for (char *w = strtok_r(copy, " ", &save); w != NULL && n < NAMES;
	     w = strtok_r(NULL, " ", &save))
		list[n++] = w;
	return n;
}

int
limited_order(struct client *c, const char *names)
{
	struct client_order order;
	const char *list[NAMES];
	size_t n = names_split(c, names, list);

	client_order_new(c, list, n, &order);
	return c->reply.status;
}

int
limited_authz(struct client *c, const char *name)
{
	return client_post(c, client_url(c, "new-authz"), arena_printf(
		c->arena, "{\"identifier\":{\"type\":\"dns\",\"value\":\"%s\"}}", name));
}

bool
limited_issue(struct client *c, const char *names)
{
	struct issued issued = { 0 };
	const char *list[NAMES];
	size_t n = names_split(c, names, list);
	bool done = client_issue(c, scene.responder, list, n, &issued);

	EVP_PKEY_free(issued.key);
	return done;
}

bool
limited_fail(struct client *c, const char *name)
{
	struct client_order order;
	const char *status;

	if (!client_order_new(c, &name, 1, &order))
		return false;
	status = client_prove(c, NULL, order.authz[0]);
	return status != NULL && strcmp(status, "invalid") == 0;
}

long
limited_wait(struct client *c, const char *detail)
{
	const char *after = reply_only(&c->reply, "Retry-After");

	if (c->reply.status != 429 || strcmp(c->type, "rateLimited") != 0 ||
	    reply_link(&c->reply, c->arena, "help", 0) == NULL || strstr(c->detail, detail) == NULL)
		return -1;
	return after == NULL ? 0 : strtol(after, NULL, 10);
}

const char *
limited_id(const struct client *c)
{
	return strrchr(c->kid, '/') + 1;
}

int
limited_run(struct client *c, const char *arguments, const char **said)
{
	return command_run(c->arena, scene.server, arguments, said);
}

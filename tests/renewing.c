/* SPDX-License-Identifier: Apache-2.0 */
/* renewing.c - for tests of `brevet renewals`: a scene, and what the command tells. */
#include "tests/renewing.h"

#include <stdlib.h>

#include "tests/chain.h"
#include "tests/command.h"

#define NAMES 8

struct scene scene;

void
renewing_begin(const char *const *settings)
{
	char clock[520];

	if (!scene_begin(&scene, 0, settings))
		exit(1);
	snprintf(clock, sizeof(clock), "%s.clock", scene.server->dir);
	setenv("BREVET_CLOCK", clock, 1);
}

struct serial
renewing_issue(struct client *c, const char *names)
{
	char *save, *copy = arena_strdup(c->arena, names);
	struct issued issued = { .key = NULL };
	const char *list[NAMES];
	struct serial serial;
	size_t n = 0;

	for (char *w = strtok_r(copy, " ", &save); w != NULL && n < NAMES;
	     w = strtok_r(NULL, " ", &save))
		list[n++] = arena_printf(c->arena, "%s.example.test", w);
	if (!client_issue(c, scene.responder, list, n, &issued) ||
	    !serial_hex_parse(chain_serial(c->arena, issued.pem), &serial)) {
		printf("Bail out! no certificate for %s: %s\n", names, client_why(c));
		exit(1);
	}
	EVP_PKEY_free(issued.key);
	return serial;
}

int
renewing_run(struct arena *a, const char *words, const char **said)
{
	return command_run(a, scene.server, arena_printf(a, "renewals %s", words), said);
}

json_t *
renewing_list(const char *words)
{
	struct arena *a = arena_new();
	json_t *list = json_array(), *o;
	const char *said, *end;

	if (renewing_run(a, arena_printf(a, "--json %s", words), &said) != 0)
		printf("# %s\n", said);
	for (; (end = strchr(said, '\n')) != NULL; said = end + 1) {
		o = json_loadb(said, (size_t)(end - said), 0, NULL);
		if (o == NULL)
			printf("# not JSON: %.*s\n", (int)(end - said), said);
		json_array_append_new(list, o);
	}
	arena_free(a);
	return list;
}

const char *
renewing_states(struct arena *a, const char *words)
{
	json_t *list = renewing_list(words);
	const char *all = "";

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *name = json_string_value(
			json_array_get(json_object_get(o, "names"), 0));

		all = arena_printf(a, "%s%s%.*s:%s", all, i == 0 ? "" : " ",
				   name == NULL ? 1 : (int)strcspn(name, "."),
				   name == NULL ? "?" : name, text(o, "state"));
	}
	json_decref(list);
	return all;
}

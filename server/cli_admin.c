/* SPDX-License-Identifier: Apache-2.0 */
/* cli_admin.c - commands that ask the running server: status, reload. */
#include <stdio.h>
#include <string.h>

#include "server/admin.h"
#include "server/cli.h"

json_t *
cli_ask(const struct config *c, json_t *request)
{
	struct problem p = { 0 };
	char path[4096];
	json_t *reply;

	snprintf(path, sizeof(path), "%s/" ADMIN_SOCKET, c->data);
	reply = admin_ask(path, request, &p);
	json_decref(request);
	if (reply == NULL)
		cli_failed(&p);
	return reply;
}

/* One line a member. */
static void
print_members(const json_t *reply)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)reply, key, value) {
		if (strcmp(key, "ok") == 0)
			continue;
		if (json_is_string(value))
			printf("%-14s %s\n", key, json_string_value(value));
		else if (json_is_integer(value))
			printf("%-14s %lld\n", key, (long long)json_integer_value(value));
	}
}

static int
ask_and_print(int argc, char **argv, const char *name)
{
	struct cli_config options = { 0 };
	bool done;
	int status = cli_config_options(&options, argc, argv, 0, &done);
	struct config *c;
	json_t *reply;

	if (done)
		return status;
	c = cli_config_read(&options);
	if (c == NULL)
		return EXIT_FAILED;
	reply = cli_ask(c, json_pack("{s:s}", "command", name));
	acme_config_release(&c->acme);
	if (reply == NULL)
		return EXIT_FAILED;
	print_members(reply);
	json_decref(reply);
	return EXIT_GOOD;
}

int
cli_status(int argc, char **argv)
{
	return ask_and_print(argc, argv, "status");
}

int
cli_reload(int argc, char **argv)
{
	return ask_and_print(argc, argv, "reload");
}

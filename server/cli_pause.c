/* SPDX-License-Identifier: Apache-2.0 */
/* cli_pause.c - brevet name pause|resume|list, and the same for accounts: who gets no new
 * orders. */
#include "server/cli_pause.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "server/admin.h"

int
pause_ask(const struct config *c, const char *verb, const struct pause_options *o)
{
	json_t *reply = cli_ask(c, json_pack("{s:s, s:s*, s:s*, s:s*}", "command", verb, "account",
					     o->account, "name", o->name, "why", o->why));

	if (reply == NULL)
		return EXIT_FAILED;
	puts(strcmp(verb, "pause") == 0 ? "paused" : "resumed");
	json_decref(reply);
	return EXIT_GOOD;
}

void
pause_lines(const struct view *v, struct arena *a, const struct id *account)
{
	struct pause whole = { .kind = PAUSED_ACCOUNT, .account = *account }, *names;
	size_t n = store_pause_list(v, a, PAUSED_ACCOUNT_NAME, account, &names);

	if (store_pause_get(v, a, &whole))
		printf("  paused since %s: %s\n", clock_print(a, whole.since), whole.why);
	for (size_t i = 0; i < n; i++)
		printf("  %s paused since %s: %s\n", names[i].name, clock_print(a, names[i].since),
		       names[i].why);
}

/* --- brevet name ------------------------------------------------------------------- */

static void
name_lines(const struct view *v, struct arena *a, enum paused kind)
{
	struct pause *all;
	size_t n = store_pause_list(v, a, kind, NULL, &all);

	for (size_t i = 0; i < n; i++)
		printf("%s%s%s  paused since %s: %s\n", all[i].name, kind == PAUSED_NAME ? "" :
		       "  of account ", kind == PAUSED_NAME ? "" : id_print(a, &all[i].account),
		       clock_print(a, all[i].since), all[i].why);
}

static int
name_list(const struct config *c)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	struct arena *a;
	struct view *v;

	if (s == NULL)
		return cli_failed(&p);
	a = arena_new();
	v = view_open(s);
	name_lines(v, a, PAUSED_NAME);
	name_lines(v, a, PAUSED_ACCOUNT_NAME);
	view_close(v);
	arena_free(a);
	store_close(s);
	return EXIT_GOOD;
}

static bool
usage_fits(const struct pause_options *o, char **words, int n)
{
	if (n == 1 && strcmp(words[0], "list") == 0)
		return o->why == NULL;
	return n == 2 && (strcmp(words[0], "pause") == 0 ||
			  (strcmp(words[0], "resume") == 0 && o->why == NULL));
}

int
cli_name(int argc, char **argv)
{
	static const struct option options[] = {
		{ "why", required_argument, NULL, 'w' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct pause_options given = { 0 };
	struct cli_config config = { 0 };
	int o, status = EXIT_USAGE;
	struct config *c;

	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (o == 'w')
			given.why = optarg;
		else if (!cli_config_option(&config, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	if (!usage_fits(&given, argv + optind, argc - optind)) {
		fprintf(stderr, "brevet name: pause NAME [--why TEXT], resume NAME or list; try "
			"\"brevet name --help\"\n");
		return EXIT_USAGE;
	}
	c = cli_config_read(&config);
	if (c == NULL)
		return EXIT_FAILED;
	given.name = argv[optind + 1];
	status = strcmp(argv[optind], "list") == 0 ? name_list(c) :
		 pause_ask(c, argv[optind], &given);
	acme_config_release(&c->acme);
	return status;
}

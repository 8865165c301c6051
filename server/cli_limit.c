/* SPDX-License-Identifier: Apache-2.0 */
/* cli_limit.c - brevet limit set|list: the rates of brevet.conf, and those that the operator
 * gives to one account or binding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/admin.h"
#include "server/cli.h"

struct limit_options {
	struct cli_config	 config;
	const char		*account, *binding;	/* or NULL */
	bool			 json;
};

/* --- list -------------------------------------------------------------------------- */

static const char *
kind_name(const struct store_rate *r)
{
	return r->kind == 'a' ? "account" : "binding";
}

static const char *
rate_text(struct arena *a, const struct store_rate *r)
{
	return rate_print(a, (struct rate){ r->count, r->period });
}

/* Of a newer version's store. */
static bool
unknown(const struct store_rate *r)
{
	return r->limit >= LIMITS;
}

static void
list_text(const struct acme_limits *l, struct arena *a, const struct store_rate *own, size_t n)
{
	if (!l->enabled)
		puts("limit.enabled is false: none of these holds");
	for (unsigned i = 0; i < LIMITS; i++)
		printf("%-9s  %-12s  %s\n", limit_name((enum limit)i), rate_print(a, l->rates[i]),
		       limit_help((enum limit)i));
	for (size_t i = 0; i < n; i++)
		if (!unknown(&own[i]))
			printf("%-9s  %-12s  of %s %s\n", limit_name((enum limit)own[i].limit),
			       rate_text(a, &own[i]), kind_name(&own[i]),
			       id_print(a, &own[i].whose));
}

static void
list_json(const struct acme_limits *l, struct arena *a, const struct store_rate *own, size_t n)
{
	json_t *rates = json_object(), *list = json_array(), *all;

	for (unsigned i = 0; i < LIMITS; i++)
		json_object_set_new(rates, limit_name((enum limit)i),
				    json_string(rate_print(a, l->rates[i])));
	for (size_t i = 0; i < n; i++)
		if (!unknown(&own[i]))
			json_array_append_new(list, json_pack(
				"{s:s, s:s, s:s}", kind_name(&own[i]), id_print(a, &own[i].whose),
				"limit", limit_name((enum limit)own[i].limit),
				"rate", rate_text(a, &own[i])));
	all = json_pack("{s:b, s:o, s:o}", "enabled", l->enabled, "limits", rates, "own", list);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int
limit_list(const struct config *c, bool json)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	struct store_rate *own;
	struct arena *a;
	struct view *v;
	size_t n;

	if (s == NULL)
		return cli_failed(&p);
	a = arena_new();
	v = view_open(s);
	n = store_rate_list(v, a, &own);
	view_close(v);
	store_close(s);
	(json ? list_json : list_text)(&c->acme.limits, a, own, n);
	arena_free(a);
	return EXIT_GOOD;
}

/* --- set --------------------------------------------------------------------------- */

static int
limit_set(const struct limit_options *o, const struct config *c, char **words)
{
	json_t *reply = cli_ask(c, json_pack(
		"{s:s, s:s, s:s, s:s}", "command", "limit-set",
		o->account != NULL ? "account" : "binding",
		o->account != NULL ? o->account : o->binding, "limit", words[0], "rate", words[1]));

	if (reply == NULL)
		return EXIT_FAILED;
	json_decref(reply);
	puts("set");
	return EXIT_GOOD;
}

static bool
usage_fits(const struct limit_options *o, char **words, int n)
{
	if (n == 1 && strcmp(words[0], "list") == 0)
		return o->account == NULL && o->binding == NULL;
	return n == 3 && strcmp(words[0], "set") == 0 && !o->json &&
	       (o->account != NULL) != (o->binding != NULL);
}

int
cli_limit(int argc, char **argv)
{
	static const struct option options[] = {
		{ "account", required_argument, NULL, 'a' },
		{ "binding", required_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct limit_options given = { 0 };
	int o, status = EXIT_USAGE;
	struct config *c;

	while ((o = cli_option(argc, argv, options, &status)) > 0) {
		if (o == 'a')
			given.account = optarg;
		else if (o == 'b')
			given.binding = optarg;
		else if (o == 'j')
			given.json = true;
		else if (!cli_config_option(&given.config, o))
			return EXIT_USAGE;
	}
	if (o == 0)
		return status;
	if (!usage_fits(&given, argv + optind, argc - optind)) {
		fprintf(stderr, "brevet limit: set --account ID | --binding ID LIMIT RATE, or "
			"list; try \"brevet limit --help\"\n");
		return EXIT_USAGE;
	}
	c = cli_config_read(&given.config);
	if (c == NULL)
		return EXIT_FAILED;
	status = strcmp(argv[optind], "list") == 0 ? limit_list(c, given.json) :
		 limit_set(&given, c, argv + optind + 1);
	acme_config_release(&c->acme);
	return status;
}

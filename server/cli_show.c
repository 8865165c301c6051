/* SPDX-License-Identifier: Apache-2.0 */
/* cli_show.c - brevet show authz|order ID: an authorization or order, and what was asked and
 * seen when control was proved; brevet show cert SERIAL: whose it is, and what came after it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/cli.h"

/* A member in one line where it is short, else a line for each of its members, deeper. */
static void
print_value(const char *name, const json_t *value, int depth)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	const char *key;
	json_t *one;
	size_t i;

	if (text == NULL)
		abort();
	printf("%*s%s", 2 * depth, "", name);
	if (json_is_string(value)) {
		printf(" %s\n", json_string_value(value));
	} else if (strlen(text) <= 80 || (json_object_size(value) == 0 && json_array_size(value) == 0)) {
		printf(" %s\n", text);
	} else {
		putchar('\n');
		json_object_foreach((json_t *)value, key, one)
			print_value(key, one, depth + 1);
		json_array_foreach(value, i, one)
			print_value("-", one, depth + 1);
	}
	free(text);
}

static void
print_object(json_t *o, bool json)
{
	const char *key;
	json_t *value;

	if (json) {
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	json_object_foreach(o, key, value)
		print_value(key, value, 0);
}

/* NULL after a message: there is none. */
static json_t *
look(const struct view *v, struct arena *a, const char *kind, const char *text)
{
	bool cert = strcmp(kind, "cert") == 0;
	struct serial serial;
	json_t *o = NULL;
	struct id id;

	if (cert && serial_hex_parse(text, &serial))
		o = acme_inspect_cert(v, a, &serial, clock_now());
	else if (!cert && id_parse(text, strlen(text), &id))
		o = strcmp(kind, "authz") == 0 ? acme_inspect_authz(v, a, &id, clock_now()) :
		    acme_inspect_order(v, a, &id, clock_now());
	if (o == NULL && cert)
		fprintf(stderr, "brevet: no certificate \"%s\"; give its serial in hexadecimal\n",
			text);
	else if (o == NULL)
		fprintf(stderr, "brevet: no %s \"%s\"; its id is the last part of its URL, and "
			"stands in the log\n", kind, text);
	return o;
}

static int
show(struct store *s, const char *kind, const char *text, bool json)
{
	struct arena *a = arena_new();
	struct view *v = view_open(s);
	json_t *o = look(v, a, kind, text);

	view_close(v);
	if (o != NULL)
		print_object(o, json);
	json_decref(o);
	arena_free(a);
	return o == NULL ? EXIT_FAILED : EXIT_GOOD;
}

static bool
is_kind(const char *word)
{
	return strcmp(word, "authz") == 0 || strcmp(word, "order") == 0 ||
	       strcmp(word, "cert") == 0;
}

int
cli_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct cli_config given = { 0 };
	struct problem p = { 0 };
	int o, status = EXIT_USAGE;
	bool json = false;
	struct config *c;
	struct store *s;

	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (o == 'j')
			json = true;
		else if (!cli_config_option(&given, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	if (!cli_words(argc, argv, 2))
		return EXIT_USAGE;
	if (argc - optind != 2 || !is_kind(argv[optind])) {
		fprintf(stderr, "brevet show: authz ID, order ID or cert SERIAL; try \"brevet show "
			"--help\"\n");
		return EXIT_USAGE;
	}
	c = cli_config_read(&given);
	if (c == NULL)
		return EXIT_FAILED;
	s = store_open_reader(c->data, &p);
	status = s == NULL ? cli_failed(&p) : show(s, argv[optind], argv[optind + 1], json);
	if (s != NULL)
		store_close(s);
	acme_config_release(&c->acme);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - what the subcommands share. */
#include "server/cli.h"

#include <stdio.h>
#include <string.h>

int
cli_failed(const struct problem *p)
{
	fprintf(stderr, "brevet: %s\n", p->detail);
	return EXIT_FAILED;
}

static const struct command *
command_of(const char *name)
{
	const struct command *c = commands;

	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	return c;
}

int
cli_option(int argc, char **argv, const struct option *options, int *status)
{
	int o;

	opterr = 0;
	o = getopt_long(argc, argv, "", options, NULL);
	if (o == 'h') {
		printf("usage: brevet %s %s", argv[0], command_of(argv[0])->usage);
		*status = EXIT_GOOD;
		return 0;
	}
	if (o == '?') {
		fprintf(stderr, "brevet %s: %s: no such option, or its value is missing; try "
			"\"brevet %s --help\"\n", argv[0], argv[optind - 1], argv[0]);
		*status = EXIT_USAGE;
		return 0;
	}
	return o;
}

bool
cli_words(int argc, char **argv, int most)
{
	int at = optind + most;

	if (at >= argc)
		return true;
	fprintf(stderr, "brevet %s: \"%s\" makes no sense here; try \"brevet %s --help\"\n",
		argv[0], argv[at], argv[0]);
	return false;
}

bool
cli_config_option(struct cli_config *c, int o)
{
	if (o == 'c') {
		c->file = optarg;
	} else if (c->nsetting < SETTINGS_MAX) {
		c->settings[c->nsetting++] = optarg;
	} else {
		fprintf(stderr, "brevet: too many --set\n");
		return false;
	}
	return true;
}

int
cli_config_options(struct cli_config *c, int argc, char **argv, int words, bool *done)
{
	static const struct option options[] = { CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 } };
	int o, status = EXIT_GOOD;

	*done = true;
	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (!cli_config_option(c, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	if (!cli_words(argc, argv, words))
		return EXIT_USAGE;
	*done = false;
	return EXIT_GOOD;
}

struct config *
cli_config_read(const struct cli_config *c)
{
	const char *file = config_find(c->file);
	struct problem p = { 0 };
	struct config *config;

	if (file == NULL) {
		fprintf(stderr, "brevet: no configuration: give --config FILE; \"brevet init\" "
			"makes one\n");
		return NULL;
	}
	config = config_read(file, c->settings, &p);
	if (config == NULL)
		cli_failed(&p);
	return config;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - what the subcommands share. */
#ifndef SERVER_CLI_H
#define SERVER_CLI_H

#include <getopt.h>
#include <stdbool.h>

#include "base/problem.h"
#include "server/config.h"

#define SETTINGS_MAX 200

enum {
	EXIT_GOOD = 0,
	EXIT_FAILED = 1,	/* it could not be done; the message says what to do */
	EXIT_USAGE = 2		/* the command line makes no sense */
};

/* A subcommand.  run() gets argv from its own name on, returns an exit status. */
struct command {
	const char	*name;
	const char	*help;		/* one line */
	const char	*usage;		/* the rest of its --help */
	int		(*run)(int argc, char **argv);
};

extern const struct command commands[];

int cli_init(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_reload(int argc, char **argv);
int cli_account(int argc, char **argv);
int cli_clock(int argc, char **argv);
int cli_revoke(int argc, char **argv);
int cli_show(int argc, char **argv);
int cli_eab(int argc, char **argv);
int cli_simulate(int argc, char **argv);
int cli_policy(int argc, char **argv);
int cli_limit(int argc, char **argv);
int cli_name(int argc, char **argv);
int cli_renewals(int argc, char **argv);
int cli_incident(int argc, char **argv);

/* The next option of a command, as getopt_long() gives it; -1: no more.  Handles --help
 * and unknown options (*status is the exit status then, and it returns 0). */
int cli_option(int argc, char **argv, const struct option *options, int *status);

/* After the options, at argv + optind, stand the words.  False, after a message: more than
 * `most` of them. */
bool cli_words(int argc, char **argv, int most);

/* Prints "brevet: ..." to standard error; returns EXIT_FAILED. */
int cli_failed(const struct problem *p);

/* Options of commands that work with a configuration. */
struct cli_config {
	const char	*file;			/* of --config, or NULL */
	const char	*settings[SETTINGS_MAX + 1];	/* of --set */
	size_t		 nsetting;
};

#define CLI_CONFIG_OPTIONS						\
	{ "config", required_argument, NULL, 'c' },			\
	{ "set", required_argument, NULL, 's' },			\
	{ "help", no_argument, NULL, 'h' }

/* Takes one of these options as cli_option() gave it; false, after a message: too many. */
bool cli_config_option(struct cli_config *c, int o);

/* Parses a command that has no other options than these, and so many words at most.
 * EXIT_GOOD: go on; *done: exit with what was returned. */
int cli_config_options(struct cli_config *c, int argc, char **argv, int words, bool *done);

/* The lifetime of a profile that `brevet init` writes ("47d"); NULL: it writes none of that
 * name. */
const char *cli_init_lifetime(const char *profile);

/* Finds and reads the configuration; NULL after a message. */
struct config *cli_config_read(const struct cli_config *c);

/* Sends a request (takes the reference) to the server that runs with this configuration;
 * the caller owns the reply.  NULL after a message. */
json_t *cli_ask(const struct config *c, json_t *request);

#endif

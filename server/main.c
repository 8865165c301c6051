/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the table of subcommands. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "server/cli.h"

static int cli_help(int argc, char **argv);
static int cli_version(int argc, char **argv);

#define CONFIG_USAGE							\
	"  --config FILE    configuration; else $BREVET_CONFIG, ./brevet.conf,\n" \
	"                   /etc/brevet/brevet.conf\n"			\
	"  --set KEY=VALUE  overrides one option; may be repeated\n"

const struct command commands[] = {
	{ "init", "make a CA: root, issuing CA, configuration, store",
	  "--dir DIR [--name TEXT] [--host NAME]... [--listen ADDR:PORT]\n"
	  "            [--key-type p256|p384|rsa2048|rsa3072|rsa4096] [--set KEY=VALUE]...\n\n"
	  "  --dir DIR        folder to make; it must not hold a CA yet\n"
	  "  --name TEXT      name of the CA in its certificates (default \"Brevet\")\n"
	  "  --host NAME      name or address in the server's certificate; the first is in the\n"
	  "                   directory URL (default localhost)\n"
	  "  --listen A:P     where to serve (default 0.0.0.0:443)\n"
	  "  --key-type TYPE  of root and issuing CA (default p256)\n"
	  "  --set KEY=VALUE  an option for brevet.conf; may be repeated\n", cli_init },
	{ "serve", "run the server in the foreground",
	  "--config FILE [--set KEY=VALUE]...\n\n" CONFIG_USAGE, cli_serve },
	{ "check", "check configuration, keys, chain and store",
	  "--config FILE [--set KEY=VALUE]...\n\n" CONFIG_USAGE, cli_check },
	{ "status", "ask the running server how it is",
	  "--config FILE\n\n" CONFIG_USAGE, cli_status },
	{ "reload", "let the running server read its configuration anew",
	  "--config FILE\n\n" CONFIG_USAGE, cli_reload },
	{ "account", "list or show accounts; revoke, pause or resume one",
	  "list | show ID | revoke ID | pause ID | resume ID  [--config FILE]\n\n"
	  "pause: no new orders until it is resumed; what it has goes on\n"
	  "  --name NAME      only for that name\n"
	  "  --why TEXT       is told to its client\n"
	  "resume: the account and all its names, also those that failures have paused\n"
	  "  --name NAME      only that name\n" CONFIG_USAGE, cli_account },
	{ "name", "pause or resume a name for all accounts; list those that are paused",
	  "pause NAME [--why TEXT] | resume NAME | list  [--config FILE]\n\n"
	  "  --why TEXT       is told to the clients\n" CONFIG_USAGE, cli_name },
	{ "limit", "rate limits: give an account or a binding its own; list all",
	  "set --account ID | --binding ID LIMIT RATE  or  list  [--config FILE]\n\n"
	  "set: LIMIT is orders, renewals, name, names, failures; of a binding also accounts\n"
	  "     RATE is 300/3h (300 at once, then one each 36 s), off, or default\n"
	  "list: those of brevet.conf, then those that were set\n"
	  "  --json           for programs\n" CONFIG_USAGE, cli_limit },
	{ "revoke", "revoke a certificate",
	  "SERIAL [--reason N] [--config FILE]\n\n"
	  "  SERIAL           in hexadecimal, as \"openssl x509 -serial\" prints it\n"
	  "  --reason N       1 keyCompromise (blocks the key), 3 affiliationChanged,\n"
	  "                   4 superseded, 5 cessationOfOperation, 9 privilegeWithdrawn;\n"
	  "                   default 0, none\n" CONFIG_USAGE, cli_revoke },
	{ "eab", "external account bindings: add, list, show, revoke, renew",
	  "add [OPTION]... | list | show ID | revoke ID | renew ID  [--config FILE]\n\n"
	  "add: a key to register with; prints it, once, and what to type into each client\n"
	  "  --label TEXT         what it is for\n"
	  "  --organisation TEXT  whose it is\n"
	  "  --contact KIND:ADDR  KIND is technical or authorising; may be repeated\n"
	  "  --names LIST         names that its accounts may have: www.corp.example,\n"
	  "                       .corp.example (it and all below), *.corp.example,\n"
	  "                       10.0.0.0/8; may be repeated; default all of the directory\n"
	  "  --deny LIST          names that they may not have for all that\n"
	  "  --profiles LIST      profiles that they may use, the first for orders that name\n"
	  "                       none; default all of the directory\n"
	  "  --methods LIST       challenges that they may use; default all of the directory\n"
	  "  --directory NAME     section of brevet.conf (default \"default\")\n"
	  "  --uses N|unlimited   accounts that can register with it (default 1)\n"
	  "  --expires DURATION   365d, 12h: behind that no accounts, orders, certificates;\n"
	  "                       default never\n"
	  "  --prevalidated       what --names has needs no proof\n"
	  "list, show: one line each; one with its accounts, orders and certificates\n"
	  "revoke: no accounts, orders, certificates under it from now on\n"
	  "  --accounts           its accounts are revoked too\n"
	  "renew: one that has expired or is spent serves again\n"
	  "  --expires DURATION   from now on; or never\n"
	  "  --uses N|unlimited   so many accounts more\n"
	  "add, list, show:\n"
	  "  --json               for programs\n" CONFIG_USAGE, cli_eab },
	{ "incident", "have certificates renewed early, and revoke what is left",
	  "start --where EXPRESSION --explanation URL [OPTION]... | status [ID] | list | end ID\n"
	  "                 [--config FILE]\n\n"
	  "start: tells what would be; with --yes, begins\n"
	  "  --where EXPRESSION   certificates: issuer, profile, directory, account, binding,\n"
	  "                       name, key, serial = VALUE; issued < <= > >= TIME; issued\n"
	  "                       between TIME and TIME; with and, or, not and parentheses\n"
	  "  --explanation URL    is shown to their clients\n"
	  "  --spread DURATION    their windows lie within it (default 1d, or half of\n"
	  "                       --revoke-after)\n"
	  "  --revoke-after DURATION\n"
	  "                       then all of them are revoked; default never\n"
	  "  --reason NAME        of the revocation: keyCompromise (blocks the keys),\n"
	  "                       affiliationChanged, superseded (default),\n"
	  "                       cessationOfOperation, privilegeWithdrawn, unspecified\n"
	  "  --dry-run            changes nothing, which is the default\n"
	  "  --yes                begins\n"
	  "status: how far those are that have not ended, or one; list: all of them\n"
	  "end: nothing is revoked any more; the windows stay\n"
	  "start, status, list:\n"
	  "  --json               for programs\n" CONFIG_USAGE, cli_incident },
	{ "show", "show an authorization or order, with what was asked and seen; a certificate",
	  "authz ID | order ID | cert SERIAL  [--json] [--config FILE]\n\n"
	  "  ID               the last part of its URL\n"
	  "  SERIAL           in hexadecimal\n"
	  "  --json           for programs\n" CONFIG_USAGE, cli_show },
	{ "renewals", "list the certificates that should be renewed by now, and whose they are",
	  "[--due] [--overdue] [--limit N] [--json] [--config FILE]\n\n"
	  "  --due            those in their window, which has begun and not ended\n"
	  "  --overdue        those whose window has ended; without both: both\n"
	  "  --limit N        the N most urgent; default all\n"
	  "  --json           for programs, an object a line\n" CONFIG_USAGE
	  "\nOverdue ones come first, then who has least time left.  Exit status: 0 they are\n"
	  "listed, be there any or none, 1 it could not be done, 2 the command line is wrong.\n",
	  cli_renewals },
	{ "policy", "tell which names would be issued, and by which rule",
	  "test NAME... [--directory NAME] [--binding ID] [--profile NAME] [--json]\n"
	  "                         [--config FILE]\n\n"
	  "  NAME             a DNS name, a wildcard or an address\n"
	  "  --directory NAME of brevet.conf; default that of the binding, else \"default\"\n"
	  "  --binding ID     as an account under it; else one without any\n"
	  "  --profile NAME   that the order names; default none\n"
	  "  --json           for programs, an object a line\n" CONFIG_USAGE
	  "\nThe file is judged as it is now, before a reload too.  Exit status: 0 all are\n"
	  "permitted, 1 one is refused or it could not be done, 2 the command line is wrong.\n",
	  cli_policy },
	{ "clock", "tell whether the clock is behind the newest commit; say that it is right",
	  "[accept] [--json] [--config FILE]\n\n"
	  "without a word: the time now, and that of the newest commit.  While the clock is\n"
	  "behind that one, nothing is issued\n"
	  "accept: the clock was ahead, and is right now.  Issuance goes on at once; orders\n"
	  "        and proofs that were made while it was ahead are good no more.  With or\n"
	  "        without a running server\n"
	  "  --json           for programs\n" CONFIG_USAGE, cli_clock },
	{ "simulate", "tell how evenly a fleet would renew, under a virtual clock",
	  "--fleet N --profile NAME | --lifetime DURATION  [OPTION]...\n\n"
	  "  --fleet N            certificates, 1 to 100M\n"
	  "  --profile NAME       tlsserver (199d), fleet (47d), shortlived (160h), session (6h);\n"
	  "                       with --config one of brevet.conf\n"
	  "  --lifetime DURATION  1h to 398d\n"
	  "  --years Y            how long (default five lifetimes)\n"
	  "  --clients KIND       ari (default), cron, or mixed: half of each\n"
	  "  --start burst        all have their first certificate in one day (default), or\n"
	  "          spread       evenly, in the time from one renewal to the next\n"
	  "  --outage START,LENGTH  the server is down: 120d,2d\n"
	  "  --band FROM,UNTIL    percent of the lifetime, where windows lie (default 50,66)\n"
	  "  --no-smoothing       windows at a fixed part of the lifetime\n"
	  "  --compare            with smoothing, then without\n"
	  "  --csv FILE           a line an hour: issued, failed, expired\n"
	  "  --svg FILE           a picture\n"
	  "  --seed N             another course of chance (default 1)\n" CONFIG_USAGE,
	  cli_simulate },
	{ "help", "this text; \"help config\" lists the options of brevet.conf",
	  "[config | COMMAND]\n", cli_help },
	{ "version", "print the version", "\n", cli_version },
	{ NULL, NULL, NULL, NULL }
};

static const struct command *
find(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static void
overview(FILE *out)
{
	fputs("usage: brevet COMMAND [OPTION]...\n\n"
	      "An ACME certificate authority for short-lived certificates.\n\n", out);
	for (const struct command *c = commands; c->name != NULL; c++)
		fprintf(out, "  %-8s %s\n", c->name, c->help);
	fputs("\n\"brevet COMMAND --help\" tells a command's options.\n", out);
}

static int
cli_help(int argc, char **argv)
{
	const struct command *c;

	if (argc > 2) {
		fprintf(stderr, "brevet help: at most one word; try \"brevet help\"\n");
		return EXIT_USAGE;
	}
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		overview(stdout);
		return EXIT_GOOD;
	}
	if (strcmp(argv[1], "config") == 0) {
		config_help(stdout);
		return EXIT_GOOD;
	}
	c = find(argv[1]);
	if (c == NULL) {
		fprintf(stderr, "brevet help: no command \"%s\"; try \"brevet help\"\n", argv[1]);
		return EXIT_USAGE;
	}
	printf("usage: brevet %s %s", c->name, c->usage);
	return EXIT_GOOD;
}

static int
cli_version(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	int status = EXIT_USAGE;

	if (cli_option(argc, argv, options, &status) == 0)
		return status;
	if (!cli_words(argc, argv, 0))
		return EXIT_USAGE;
	puts(PACKAGE_STRING);
	return EXIT_GOOD;
}

int
main(int argc, char **argv)
{
	const struct command *c;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		overview(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0)
		argv[1] += 2;
	if (strcmp(argv[1], "--help") == 0)
		return cli_help(argc - 1, argv + 1);
	c = find(argv[1]);
	if (c == NULL) {
		fprintf(stderr, "brevet: no command \"%s\"; try \"brevet help\"\n", argv[1]);
		return EXIT_USAGE;
	}
	return c->run(argc - 1, argv + 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cli_account.c - brevet account list|show|revoke|pause|resume, brevet revoke: who has what,
 * and taking it away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/admin.h"
#include "server/cli_pause.h"

#define PAGE 256

static void
print_line(const struct account *account, struct arena *a)
{
	printf("%s  %-11s  %s  %s", id_print(a, &account->id), status_account_name(account->state),
	       clock_print(a, account->created), account->address);
	for (size_t i = 0; i < account->ncontact; i++)
		printf("  %s", account->contact[i]);
	putchar('\n');
}

static int
account_list(struct store *s)
{
	struct id last, *after = NULL, *ids;
	size_t n;

	do {
		struct arena *a = arena_new();
		struct view *v = view_open(s);

		n = store_account_list(v, a, after, PAGE, &ids);
		for (size_t i = 0; i < n; i++) {
			print_line(store_account_get(v, a, &ids[i]), a);
			pause_lines(v, a, &ids[i]);
		}
		view_close(v);
		if (n > 0) {
			last = ids[n - 1];
			after = &last;
		}
		arena_free(a);
	} while (n == PAGE);
	return EXIT_GOOD;
}

static void
print_order(const struct view *v, struct arena *a, const struct id *id)
{
	const struct order *order = store_order_get(v, a, id);

	if (order == NULL)
		return;
	printf("  order %s  %s  %s", id_print(a, id), clock_print(a, order->created),
	       ident_list(a, order->idents, order->nident));
	if (order->state == ORDER_VALID)
		printf("  serial %s", serial_hex(a, &order->serial));
	putchar('\n');
}

static int
account_show(struct store *s, const char *text)
{
	struct arena *a = arena_new();
	struct view *v = view_open(s);
	const struct account *account = NULL;
	struct id id, *ids;
	size_t n = 0;

	if (id_parse(text, strlen(text), &id))
		account = store_account_get(v, a, &id);
	if (account == NULL) {
		fprintf(stderr, "brevet: no account \"%s\"; \"brevet account list\" shows all\n",
			text);
	} else {
		print_line(account, a);
		printf("  agent %s\n", account->agent);
		pause_lines(v, a, &id);
		n = store_order_list(v, a, &id, NULL, PAGE, &ids);
		for (size_t i = 0; i < n; i++)
			print_order(v, a, &ids[i]);
		if (n == PAGE)
			puts("  ... older orders are left out");
	}
	view_close(v);
	arena_free(a);
	return account == NULL ? EXIT_FAILED : EXIT_GOOD;
}

static int
order_server(const struct config *c, json_t *request, const char *done)
{
	json_t *reply = cli_ask(c, request);

	if (reply == NULL)
		return EXIT_FAILED;
	json_decref(reply);
	puts(done);
	return EXIT_GOOD;
}

static int
account_revoke(const struct config *c, const struct pause_options *o)
{
	return order_server(c, json_pack("{s:s, s:s}", "command", "account-revoke", "account",
					 o->account), "revoked");
}

static int
account_pause(const struct config *c, const struct pause_options *o)
{
	return pause_ask(c, "pause", o);
}

static int
account_resume(const struct config *c, const struct pause_options *o)
{
	return pause_ask(c, "resume", o);
}

/* list without an account, show with one. */
static int
account_look(const struct config *c, const struct pause_options *o)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	int status;

	if (s == NULL)
		return cli_failed(&p);
	status = o->account == NULL ? account_list(s) : account_show(s, o->account);
	store_close(s);
	return status;
}

static const struct verb {
	const char	*name;
	bool		 id, takes_name, takes_why;
	int		(*run)(const struct config *c, const struct pause_options *o);
} verbs[] = {
	{ "list", false, false, false, account_look },
	{ "show", true, false, false, account_look },
	{ "revoke", true, false, false, account_revoke },
	{ "pause", true, true, true, account_pause },
	{ "resume", true, true, false, account_resume },
};

/* NULL after a message: the words make no sense. */
static const struct verb *
find_verb(const struct pause_options *o, const char *name, int words)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *verb = &verbs[i];

		if (strcmp(verb->name, name) == 0 && words == 1 + verb->id &&
		    (o->name == NULL || verb->takes_name) && (o->why == NULL || verb->takes_why))
			return verb;
	}
	fprintf(stderr, "brevet account: list, show ID or revoke ID, pause ID or resume ID; try "
		"\"brevet account --help\"\n");
	return NULL;
}

int
cli_account(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' }, { "why", required_argument, NULL, 'w' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct pause_options given = { 0 };
	struct cli_config config = { 0 };
	int o, status = EXIT_USAGE;
	const struct verb *verb;
	struct config *c;

	while ((o = cli_option(argc, argv, options, &status)) > 0) {
		if (o == 'n')
			given.name = optarg;
		else if (o == 'w')
			given.why = optarg;
		else if (!cli_config_option(&config, o))
			return EXIT_USAGE;
	}
	if (o == 0)
		return status;
	verb = find_verb(&given, optind < argc ? argv[optind] : "", argc - optind);
	if (verb == NULL)
		return EXIT_USAGE;
	c = cli_config_read(&config);
	if (c == NULL)
		return EXIT_FAILED;
	given.account = verb->id ? argv[optind + 1] : NULL;
	status = verb->run(c, &given);
	acme_config_release(&c->acme);
	return status;
}

static bool
reason_parse(const char *text, int *reason)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 0 || n > 10) {
		fprintf(stderr, "brevet revoke: --reason %s: not a number from 0 to 10; try "
			"\"brevet revoke --help\"\n", text);
		return false;
	}
	*reason = (int)n;
	return true;
}

int
cli_revoke(int argc, char **argv)
{
	static const struct option options[] = {
		{ "reason", required_argument, NULL, 'r' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct cli_config given = { 0 };
	int o, status = EXIT_USAGE, reason = 0;
	const char *serial;
	struct config *c;

	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (o == 'r' ? !reason_parse(optarg, &reason) : !cli_config_option(&given, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	if (!cli_words(argc, argv, 1))
		return EXIT_USAGE;
	if (optind == argc) {
		fprintf(stderr, "brevet revoke: which? give the serial in hexadecimal\n");
		return EXIT_USAGE;
	}
	serial = argv[optind];
	c = cli_config_read(&given);
	if (c == NULL)
		return EXIT_FAILED;
	status = order_server(c, json_pack("{s:s, s:s, s:i}", "command", "revoke", "serial",
					   serial, "reason", reason),
			      "revoked; the CRL knows it within seconds");
	acme_config_release(&c->acme);
	return status;
}

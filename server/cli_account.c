/* SPDX-License-Identifier: Apache-2.0 */
/* cli_account.c - brevet account list|show|revoke, brevet revoke: who has what, and taking
 * it away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/admin.h"
#include "server/cli.h"

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
		for (size_t i = 0; i < n; i++)
			print_line(store_account_get(v, a, &ids[i]), a);
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
account_run(const struct config *c, const char *verb, const char *id)
{
	struct problem p = { 0 };
	struct store *s;
	int status;

	if (strcmp(verb, "revoke") == 0)
		return order_server(c, json_pack("{s:s, s:s}", "command", "account-revoke",
						 "account", id), "revoked");
	s = store_open_reader(c->data, &p);
	if (s == NULL)
		return cli_failed(&p);
	status = strcmp(verb, "list") == 0 ? account_list(s) : account_show(s, id);
	store_close(s);
	return status;
}

int
cli_account(int argc, char **argv)
{
	struct cli_config options = { 0 };
	const char *verb, *id;
	struct config *c;
	bool done;
	int status = cli_config_options(&options, argc, argv, 2, &done);

	if (done)
		return status;
	verb = optind < argc ? argv[optind] : "";
	id = optind + 1 < argc ? argv[optind + 1] : NULL;
	if (strcmp(verb, "list") == 0 ? id != NULL : id == NULL ||
	    (strcmp(verb, "show") != 0 && strcmp(verb, "revoke") != 0)) {
		fprintf(stderr, "brevet account: list, show ID or revoke ID; try \"brevet account "
			"--help\"\n");
		return EXIT_USAGE;
	}
	c = cli_config_read(&options);
	if (c == NULL)
		return EXIT_FAILED;
	status = account_run(c, verb, id);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* cli_eab.c - brevet eab add|list|show|revoke|renew: external account bindings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli_eab.h"

enum {
	VERB_ADD = 1,
	VERB_LIST = 2,
	VERB_SHOW = 4,
	VERB_REVOKE = 8,
	VERB_RENEW = 16
};

static const struct verb {
	const char	*name;
	unsigned	 bit;
	bool		 id;		/* a word behind it */
	const char	*command;	/* for the server; NULL: the store is read */
} verbs[] = {
	{ "add", VERB_ADD, false, "eab-add" },
	{ "list", VERB_LIST, false, NULL },
	{ "show", VERB_SHOW, true, NULL },
	{ "revoke", VERB_REVOKE, true, "eab-revoke" },
	{ "renew", VERB_RENEW, true, "eab-renew" },
};

enum kind { ONE, MANY, CONTACT, USES, FLAG, JSON };

static const struct row {
	const char	*option;
	enum kind	 kind;
	unsigned	 verbs;
	const char	*member;	/* of the request */
} rows[] = {
	{ "label", ONE, VERB_ADD, "label" },
	{ "organisation", ONE, VERB_ADD, "organisation" },
	{ "contact", CONTACT, VERB_ADD, NULL },
	{ "names", MANY, VERB_ADD, "names" },
	{ "deny", MANY, VERB_ADD, "deny" },
	{ "profiles", MANY, VERB_ADD, "profiles" },
	{ "methods", MANY, VERB_ADD, "methods" },
	{ "directory", ONE, VERB_ADD, "directory" },
	{ "uses", USES, VERB_ADD | VERB_RENEW, "uses" },
	{ "expires", ONE, VERB_ADD | VERB_RENEW, "expires" },
	{ "prevalidated", FLAG, VERB_ADD, "prevalidated" },
	{ "accounts", FLAG, VERB_REVOKE, "accounts" },
	{ "json", JSON, VERB_ADD | VERB_LIST | VERB_SHOW, NULL },
};

#define ROWS	  (sizeof(rows) / sizeof(rows[0]))
#define ROW_FIRST 256		/* getopt's values of rows; below: letters */

struct eab_options {
	struct cli_config	 config;
	unsigned		 given;		/* bits: rows */
	json_t			*request;
	bool			 json;
};

static bool
wrong(const char *option, const char *value, const char *want)
{
	fprintf(stderr, "brevet eab: --%s %s: %s; try \"brevet eab --help\"\n", option, value,
		want);
	return false;
}

static json_t *
list_of(json_t *request, const char *member)
{
	json_t *list = json_object_get(request, member);

	if (list == NULL) {
		list = json_array();
		json_object_set_new(request, member, list);
	}
	return list;
}

/* Words with commas between. */
static bool
add_words(json_t *request, const struct row *row, char *words)
{
	json_t *list = list_of(request, row->member);
	char *save;

	if (strspn(words, ", ") == strlen(words))
		return wrong(row->option, words, "nothing stands there");
	for (char *w = strtok_r(words, ", ", &save); w != NULL; w = strtok_r(NULL, ", ", &save))
		json_array_append_new(list, json_string(w));
	return true;
}

static bool
add_contact(json_t *request, const char *text)
{
	static const char *const kinds[] = { "technical", "authorising" };

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(kinds[i]);

		if (strncmp(text, kinds[i], n) != 0 || text[n] != ':' || text[n + 1] == '\0')
			continue;
		json_array_append_new(list_of(request, kinds[i]), json_string(text + n + 1));
		return true;
	}
	return wrong("contact", text, "write technical:ADDRESS or authorising:ADDRESS");
}

static bool
add_uses(json_t *request, const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (strcmp(text, "unlimited") == 0)
		n = 0;
	else if (*end != '\0' || n < 1 || n > 1000000000)
		return wrong("uses", text, "a number from 1 to 1000000000, or \"unlimited\"");
	json_object_set_new(request, "uses", json_integer(n));
	return true;
}

static bool
take_row(struct eab_options *e, size_t i)
{
	const struct row *row = &rows[i];

	e->given |= 1u << i;
	switch (row->kind) {
	case MANY:
		return add_words(e->request, row, optarg);
	case CONTACT:
		return add_contact(e->request, optarg);
	case USES:
		return add_uses(e->request, optarg);
	case FLAG:
		json_object_set_new(e->request, row->member, json_true());
		return true;
	case JSON:
		e->json = true;
		return true;
	case ONE:
		break;
	}
	if (json_object_set_new(e->request, row->member, json_string(optarg)) == 0)
		return true;
	return wrong(row->option, optarg, "not UTF-8");
}

/* Fills options from the command line; false: exit with *status. */
static bool
options_take(struct eab_options *e, int argc, char **argv, int *status)
{
	struct option options[ROWS + 4] = { CLI_CONFIG_OPTIONS };
	int o;

	for (size_t i = 0; i < ROWS; i++)
		options[i + 3] = (struct option){
			rows[i].option, rows[i].kind == FLAG || rows[i].kind == JSON ?
			no_argument : required_argument, NULL, ROW_FIRST + (int)i
		};
	*status = EXIT_USAGE;
	while ((o = cli_option(argc, argv, options, status)) > 0)
		if (o >= ROW_FIRST ? !take_row(e, (size_t)o - ROW_FIRST) :
		    !cli_config_option(&e->config, o))
			return false;
	return o < 0 && cli_words(argc, argv, 2);
}

/* The verb, with the words and options that are its own; NULL after a message. */
static const struct verb *
verb_find(const struct eab_options *e, const char *name, const char *id)
{
	const struct verb *verb = NULL;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			verb = &verbs[i];
	if (verb == NULL || verb->id != (id != NULL)) {
		fprintf(stderr, "brevet eab: add, list, show ID, revoke ID or renew ID; try "
			"\"brevet eab --help\"\n");
		return NULL;
	}
	for (size_t i = 0; i < ROWS; i++)
		if ((e->given & 1u << i) != 0 && (rows[i].verbs & verb->bit) == 0) {
			fprintf(stderr, "brevet eab %s: --%s makes no sense here; try \"brevet eab "
				"--help\"\n", name, rows[i].option);
			return NULL;
		}
	return verb;
}

/* A pattern of DNS names, not of addresses. */
static bool
dns_pattern(const char *text)
{
	return strpbrk(text, ":/") == NULL &&
	       strpbrk(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL;
}

/* A name that the binding permits, for the lines of the clients; in the arena. */
static const char *
name_example(struct arena *a, const json_t *request)
{
	const json_t *names = json_object_get(request, "names");

	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *text = json_string_value(json_array_get(names, i));
		size_t skip = strspn(text, "*.");

		if (dns_pattern(text))
			return skip == 0 ? text : arena_printf(a, "www.%s", text + skip);
	}
	return "www.example.org";
}

static void
added_print(const struct config *c, const json_t *added, const char *name)
{
	const char *expires = json_string_value(json_object_get(added, "expires"));

	printf("key id         %s\n"
	       "HMAC key       %s\n"
	       "               (kept where the server alone reads it: it is not shown again)\n"
	       "directory URL  %s\n"
	       "expires        %s\n\n",
	       json_string_value(json_object_get(added, "kid")),
	       json_string_value(json_object_get(added, "hmac_key")),
	       json_string_value(json_object_get(added, "directory_url")),
	       expires == NULL ? "never" : expires);
	eab_clients(c, added, name);
}

static void
changed_print(const struct verb *verb, const json_t *answer)
{
	const char *expires = json_string_value(json_object_get(answer, "expires"));
	const json_t *accounts = json_object_get(answer, "accounts");

	if (verb->bit == VERB_RENEW)
		printf("renewed; it expires %s\n", expires == NULL ? "never" : expires);
	else if (accounts != NULL)
		printf("revoked, and %lld of its accounts\n",
		       (long long)json_integer_value(accounts));
	else
		puts("revoked: no new accounts and orders; --accounts revokes its accounts too");
}

/* Sends the request to the server. */
static int
eab_order(const struct config *c, const struct verb *verb, const struct eab_options *e)
{
	json_t *answer = cli_ask(c, json_incref(e->request));

	if (answer == NULL)
		return EXIT_FAILED;
	if (verb->bit != VERB_ADD) {
		changed_print(verb, answer);
	} else if (e->json) {
		json_object_del(answer, "ok");
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		added_print(c, answer, name_example(c->arena, e->request));
	}
	json_decref(answer);
	return EXIT_GOOD;
}

static int
eab_read(const struct config *c, const struct verb *verb, const char *id, bool json)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	int status;

	if (s == NULL)
		return cli_failed(&p);
	status = verb->bit == VERB_LIST ? eab_list(s, json) : eab_show(s, id, json);
	store_close(s);
	return status;
}

static int
eab_run(struct eab_options *e, const char *name, const char *id)
{
	const struct verb *verb = verb_find(e, name, id);
	struct config *c;
	int status;

	if (verb == NULL)
		return EXIT_USAGE;
	c = cli_config_read(&e->config);
	if (c == NULL)
		return EXIT_FAILED;
	if (verb->command != NULL)
		json_object_set_new(e->request, "command", json_string(verb->command));
	if (verb->id)
		json_object_set_new(e->request, "binding", json_string(id));
	status = verb->command != NULL ? eab_order(c, verb, e) : eab_read(c, verb, id, e->json);
	acme_config_release(&c->acme);
	return status;
}

int
cli_eab(int argc, char **argv)
{
	struct eab_options e = { .request = json_object() };
	int status;

	if (options_take(&e, argc, argv, &status))
		status = eab_run(&e, optind < argc ? argv[optind] : "",
				 optind + 1 < argc ? argv[optind + 1] : NULL);
	json_decref(e.request);
	return status;
}

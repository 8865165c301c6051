/* SPDX-License-Identifier: Apache-2.0 */
/* cli_policy.c - brevet policy test: which names would be issued, and which rule says so.
 * By the configuration as the file is now; a running server is not asked. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "server/cli.h"

struct policy_options {
	struct cli_config	 config;
	const char		*directory, *binding, *profile;	/* NULL: not given */
	bool			 json;
	char			**names;	/* ends with NULL */
};

/* Fills options from the command line; false: exit with *status. */
static bool
options_take(struct policy_options *given, int argc, char **argv, int *status)
{
	static const struct option options[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "binding", required_argument, NULL, 'b' },
		{ "profile", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	int o;

	*status = EXIT_USAGE;
	while ((o = cli_option(argc, argv, options, status)) > 0) {
		if (o == 'd')
			given->directory = optarg;
		else if (o == 'b')
			given->binding = optarg;
		else if (o == 'p')
			given->profile = optarg;
		else if (o == 'j')
			given->json = true;
		else if (!cli_config_option(&given->config, o))
			return false;
	}
	if (o == 0)
		return false;
	if (optind + 1 >= argc || strcmp(argv[optind], "test") != 0) {
		fprintf(stderr, "brevet policy: test NAME...; try \"brevet policy --help\"\n");
		return false;
	}
	given->names = argv + optind + 1;
	return true;
}

/* --- who asks ----------------------------------------------------------------------- */

static const struct binding *
find_binding(const char *text, const struct view *v, struct arena *a)
{
	const struct binding *binding = NULL;
	struct id id;

	if (id_parse(text, strlen(text), &id))
		binding = store_binding_get(v, a, &id);
	if (binding == NULL)
		fprintf(stderr, "brevet policy: no binding \"%s\"; \"brevet eab list\" shows all\n",
			text);
	return binding;
}

/* The directory of the binding, or the one that is named, or the default. */
static bool
find_directory(struct policy_question *q, const char *named, struct arena *a)
{
	const char *name = named == NULL ? "default" : named, *of;

	if (q->binding != NULL) {
		of = store_name(q->view, a, 'd', q->binding->directory);
		if (named != NULL && strcmp(named, of) != 0) {
			fprintf(stderr, "brevet policy: the binding is one of directory %s, not of "
				"%s\n", of, named);
			return false;
		}
		name = of;
	}
	q->directory = acme_directory(q->config, name);
	if (q->directory == NULL)
		fprintf(stderr, "brevet policy: brevet.conf has no directory \"%s\"; "
			"\"brevet check\" lists them\n", name);
	return q->directory != NULL;
}

/* --- what is told ------------------------------------------------------------------- */

static const char *
text_of(const json_t *o, const char *member)
{
	return json_string_value(json_object_get(o, member));
}

static void
rule_print(const json_t *rule)
{
	const char *list = text_of(rule, "list"), *pattern = text_of(rule, "pattern");

	printf("  %-20s ", text_of(rule, "of"));
	if (list == NULL)
		puts("has no rule for it");
	else if (strcmp(list, "deny") == 0)
		printf("denies %s\n", pattern);
	else if (pattern != NULL)
		printf("allows %s\n", pattern);
	else
		puts("allows other names, not this one");
}

static void
methods_print(const json_t *methods)
{
	size_t i;
	json_t *method;

	printf("  %-20s", "challenges");
	json_array_foreach((json_t *)methods, i, method)
		printf(" %s", json_string_value(method));
	putchar('\n');
}

static void
answer_print(const char *name, const json_t *answer)
{
	bool good = json_is_true(json_object_get(answer, "permitted"));
	size_t i;
	json_t *rule;

	printf("%s: %s\n", name, good ? "permitted" : "refused");
	json_array_foreach(json_object_get(answer, "rules"), i, rule)
		rule_print(rule);
	if (!good) {
		printf("  %-20s %s\n", strrchr(text_of(json_object_get(answer, "problem"), "type"),
					       ':') + 1,
		       text_of(json_object_get(answer, "problem"), "detail"));
		return;
	}
	if (json_is_true(json_object_get(answer, "validated")))
		printf("  %-20s none: it counts as validated\n", "challenges");
	else
		methods_print(json_object_get(answer, "methods"));
	printf("  %-20s %s\n", "profile", text_of(answer, "profile"));
}

/* What else decides, to people. */
static void
notes_print(const struct policy_question *q)
{
	if (q->directory->eab == EAB_REQUIRED && q->binding == NULL)
		printf("note: new accounts of directory %s want a binding; --binding ID asks for "
		       "one\n", q->directory->name);
	if (q->config->webhook.url != NULL)
		printf("note: %s is asked about each order, too\n", q->config->webhook.url);
}

static bool
names_test(const struct policy_question *q, const struct policy_options *given)
{
	bool good = true;

	for (char **name = given->names; *name != NULL; name++) {
		json_t *answer = acme_policy_explain(q, *name);

		good = json_is_true(json_object_get(answer, "permitted")) && good;
		if (given->json) {
			json_dumpf(answer, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			answer_print(*name, answer);
		}
		json_decref(answer);
	}
	if (!given->json)
		notes_print(q);
	return good;
}

static int
policy_test(const struct config *c, const struct policy_options *given)
{
	struct policy_question q = { .config = &c->acme, .profile = given->profile,
				     .now = clock_now() };
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	struct arena *a;
	struct view *v;
	bool good = true;

	if (s == NULL)
		return cli_failed(&p);
	a = arena_new();
	q.view = v = view_open(s);
	if (given->binding != NULL) {
		q.binding = find_binding(given->binding, v, a);
		good = q.binding != NULL;
	}
	good = good && find_directory(&q, given->directory, a) && names_test(&q, given);
	view_close(v);
	store_close(s);
	arena_free(a);
	return good ? EXIT_GOOD : EXIT_FAILED;
}

int
cli_policy(int argc, char **argv)
{
	struct policy_options given = { 0 };
	struct config *c;
	int status;

	if (!options_take(&given, argc, argv, &status))
		return status;
	c = cli_config_read(&given.config);
	if (c == NULL)
		return EXIT_FAILED;
	status = policy_test(c, &given);
	acme_config_release(&c->acme);
	return status;
}

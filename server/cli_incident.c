/* SPDX-License-Identifier: Apache-2.0 */
/* cli_incident.c - brevet incident start|status|list|end: certificates that are to be renewed
 * before their time. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "server/admin.h"
#include "server/cli.h"

#define PAGE 256

struct incident_options {
	struct cli_config	 config;
	struct incident_wish	 wish;
	const char		*id;		/* or NULL */
	bool			 json, dry, yes;
};

static const char *
text_of(const json_t *o, const char *member)
{
	const char *text = json_string_value(json_object_get(o, member));

	return text == NULL ? "" : text;
}

static long long
count_of(const json_t *o, const char *member)
{
	return (long long)json_integer_value(json_object_get(o, member));
}

static void
print_json(const json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
}

/* --- start -------------------------------------------------------------------------- */

static void
print_groups(const json_t *preview)
{
	size_t i;
	json_t *group, *names;

	json_array_foreach(json_object_get(preview, "groups"), i, group)
		printf("               %lld of issuer %s, profile %s\n",
		       count_of(group, "certificates"), text_of(group, "issuer"),
		       text_of(group, "profile"));
	json_array_foreach(json_object_get(preview, "names"), i, names)
		printf("%-14s %s\n", i == 0 ? "such as" : "", json_string_value(names));
}

/* Clients learn of it when they ask for the window the next time. */
static void
print_clients(const struct config *c, const struct incident_options *o)
{
	const char *poll;
	struct arena *a = arena_new();
	int64_t after;

	poll = clock_duration_print(a, c->acme.renewal.poll);
	printf("%-14s hear of it within %s, when they ask next (renewal.poll)\n", "clients", poll);
	if (o->wish.revoke_after != NULL && clock_duration_parse(o->wish.revoke_after, &after) &&
	    after < 2 * c->acme.renewal.poll)
		printf("               --revoke-after %s leaves some of them little time or none:\n"
		       "               twice %s is safe\n", o->wish.revoke_after, poll);
	arena_free(a);
}

static void
print_preview(const json_t *preview)
{
	puts("Nothing is changed.  With --yes this begins:\n");
	printf("%-14s %s\n", "where", text_of(preview, "where"));
	printf("%-14s %lld certificates, of them %lld replaced already\n", "matching",
	       count_of(preview, "matched"), count_of(preview, "replaced"));
	print_groups(preview);
	printf("%-14s %lld move into the time from now until %s\n", "windows",
	       count_of(preview, "matched"), text_of(preview, "windows_until"));
	printf("%-14s %s\n", "explanation", text_of(preview, "explanation"));
	if (*text_of(preview, "revoke_at") == '\0')
		printf("%-14s never\n", "revoked");
	else
		printf("%-14s %s, all of them, reason %s; %lld would break\n"
		       "               if none were replaced until then\n", "revoked",
		       text_of(preview, "revoke_at"), text_of(preview, "reason"),
		       count_of(preview, "broken"));
}

static int
start_preview(const struct config *c, const struct incident_options *o)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	struct incident incident;
	json_t *preview = NULL;
	struct arena *a;

	if (s == NULL)
		return cli_failed(&p);
	a = arena_new();
	if (acme_incident_read(&o->wish, a, clock_now(), &incident, &p))
		preview = acme_incident_preview(s, &incident, &p);
	store_close(s);
	arena_free(a);
	if (preview == NULL)
		return cli_failed(&p);
	if (o->json) {
		print_json(preview);
	} else {
		print_preview(preview);
		print_clients(c, o);
	}
	json_decref(preview);
	return EXIT_GOOD;
}

static int
incident_start(const struct config *c, const struct incident_options *o)
{
	json_t *reply;

	if (!o->yes)
		return start_preview(c, o);
	reply = cli_ask(c, json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*}", "command",
				     "incident-start", "where", o->wish.where, "explanation",
				     o->wish.explanation, "spread", o->wish.spread, "revoke_after",
				     o->wish.revoke_after, "reason", o->wish.reason));
	if (reply == NULL)
		return EXIT_FAILED;
	if (o->json)
		print_json(reply);
	else
		printf("started: %s\n\"brevet incident status\" tells how far it is\n",
		       text_of(reply, "incident"));
	json_decref(reply);
	return EXIT_GOOD;
}

static int
incident_end(const struct config *c, const struct incident_options *o)
{
	json_t *reply = cli_ask(c, json_pack("{s:s, s:s}", "command", "incident-end", "incident",
					     o->id));
	long long revoked;

	if (reply == NULL)
		return EXIT_FAILED;
	revoked = count_of(reply, "revoked");
	if (revoked > 0)
		printf("ended; %lld had been revoked\n", revoked);
	else
		puts("ended; nothing was revoked");
	json_decref(reply);
	return EXIT_GOOD;
}

/* --- status and list ---------------------------------------------------------------- */

static void
print_status(const json_t *o)
{
	printf("%s  %s  started %s\n", text_of(o, "incident"), text_of(o, "state"),
	       text_of(o, "started"));
	printf("  where        %s\n", text_of(o, "where"));
	printf("  explanation  %s\n", text_of(o, "explanation"));
	printf("  windows      until %s\n", text_of(o, "windows_until"));
	if (*text_of(o, "revoke_at") != '\0')
		printf("  revocation   %s, %s\n", text_of(o, "revoke_at"), text_of(o, "reason"));
	printf("  matched      %lld certificates\n", count_of(o, "matched"));
	printf("  replaced     %lld\n", count_of(o, "replaced"));
	printf("  waiting      %lld that are in use and not replaced\n", count_of(o, "waiting"));
	printf("  expired      %lld\n", count_of(o, "expired"));
	printf("  revoked      %lld\n", count_of(o, "revoked"));
}

static void
print_line(const json_t *o)
{
	printf("%s  %-8s  %s  matched %lld, revoked %lld  %s\n", text_of(o, "incident"),
	       text_of(o, "state"), text_of(o, "started"), count_of(o, "matched"),
	       count_of(o, "revoked"), text_of(o, "where"));
}

/* The line of a list: what the incident's record alone tells. */
static json_t *
line_of(struct arena *a, const struct incident *incident)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "incident", id_print(a, &incident->id),
			 "state", acme_incident_state(incident->state), "started",
			 clock_print(a, incident->created), "matched",
			 (json_int_t)incident->matched, "revoked", (json_int_t)incident->revoked,
			 "where", incident->where);
}

/* All of them, or those that have not ended, with their progress if it is wanted. */
static json_t *
collect(struct store *s, bool all, bool progress)
{
	struct arena *a = arena_new();
	json_t *list = json_array();
	struct id *ids, *after = NULL;
	size_t n;

	do {
		struct view *v = view_open(s);
		const struct incident **page;

		n = store_incident_list(v, a, after, PAGE, &ids);
		page = arena_alloc(a, n * sizeof(*page));
		for (size_t i = 0; i < n; i++)
			page[i] = store_incident_get(v, a, &ids[i]);
		view_close(v);
		for (size_t i = 0; i < n; i++)
			if (all || page[i]->state != INCIDENT_ENDED)
				json_array_append_new(list, progress ?
					acme_incident_status(s, page[i], clock_now()) :
					line_of(a, page[i]));
		after = n == 0 ? NULL : &ids[n - 1];
	} while (n == PAGE);
	arena_free(a);
	return list;
}

/* NULL after a message. */
static json_t *
one(struct store *s, const char *text)
{
	struct arena *a = arena_new();
	const struct incident *incident = NULL;
	struct view *v = view_open(s);
	json_t *status = NULL;
	struct id id;

	if (id_parse(text, strlen(text), &id))
		incident = store_incident_get(v, a, &id);
	view_close(v);
	if (incident == NULL)
		fprintf(stderr, "brevet: no incident \"%s\"; \"brevet incident list\" shows all\n",
			text);
	else
		status = json_pack("[o]", acme_incident_status(s, incident, clock_now()));
	arena_free(a);
	return status;
}

static int
incident_look(const struct config *c, const struct incident_options *o)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	bool list = strcmp(o->id == NULL ? "" : o->id, "list") == 0;
	json_t *found, *each;
	size_t i;

	if (s == NULL)
		return cli_failed(&p);
	found = o->id != NULL && !list ? one(s, o->id) : collect(s, list, !list);
	store_close(s);
	if (found == NULL)
		return EXIT_FAILED;
	if (o->json)
		print_json(o->id != NULL && !list ? json_array_get(found, 0) : found);
	else if (json_array_size(found) == 0)
		puts(list ? "no incidents" : "no incident is under way");
	else
		json_array_foreach(found, i, each)
			(list ? print_line : print_status)(each);
	json_decref(found);
	return EXIT_GOOD;
}

/* --- the command line --------------------------------------------------------------- */

static bool
wish_fits(const struct incident_options *o)
{
	return o->wish.where != NULL && o->wish.explanation != NULL && !(o->dry && o->yes);
}

static bool
usage_fits(const struct incident_options *o, char **words, int n)
{
	bool bare = o->wish.where == NULL && o->wish.explanation == NULL &&
		    o->wish.spread == NULL && o->wish.revoke_after == NULL &&
		    o->wish.reason == NULL && !o->dry && !o->yes;

	if (n == 1 && strcmp(words[0], "start") == 0)
		return wish_fits(o);
	if (n == 2 && strcmp(words[0], "end") == 0)
		return bare && !o->json;
	return bare && ((n == 1 && strcmp(words[0], "list") == 0) ||
			((n == 1 || n == 2) && strcmp(words[0], "status") == 0));
}

static bool
option_take(struct incident_options *given, int o)
{
	const struct {
		int		  o;
		const char	**text;
	} texts[] = {
		{ 'w', &given->wish.where }, { 'e', &given->wish.explanation },
		{ 'p', &given->wish.spread }, { 'r', &given->wish.revoke_after },
		{ 'n', &given->wish.reason },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].o == o) {
			*texts[i].text = optarg;
			return true;
		}
	given->json = given->json || o == 'j';
	given->dry = given->dry || o == 'd';
	given->yes = given->yes || o == 'y';
	return o == 'j' || o == 'd' || o == 'y' || cli_config_option(&given->config, o);
}

static int
incident_run(const struct config *c, struct incident_options *o, char **words)
{
	if (strcmp(words[0], "start") == 0)
		return incident_start(c, o);
	o->id = strcmp(words[0], "list") == 0 ? words[0] : words[1];
	return strcmp(words[0], "end") == 0 ? incident_end(c, o) : incident_look(c, o);
}

int
cli_incident(int argc, char **argv)
{
	static const struct option options[] = {
		{ "where", required_argument, NULL, 'w' },
		{ "explanation", required_argument, NULL, 'e' },
		{ "spread", required_argument, NULL, 'p' },
		{ "revoke-after", required_argument, NULL, 'r' },
		{ "reason", required_argument, NULL, 'n' },
		{ "dry-run", no_argument, NULL, 'd' }, { "yes", no_argument, NULL, 'y' },
		{ "json", no_argument, NULL, 'j' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct incident_options given = { 0 };
	int o, status = EXIT_USAGE;
	struct config *c;

	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (!option_take(&given, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	if (!usage_fits(&given, argv + optind, argc - optind)) {
		fprintf(stderr, "brevet incident: start --where EXPRESSION --explanation URL, "
			"status [ID], list or end ID; try \"brevet incident --help\"\n");
		return EXIT_USAGE;
	}
	c = cli_config_read(&given.config);
	if (c == NULL)
		return EXIT_FAILED;
	status = incident_run(c, &given, argv + optind);
	acme_config_release(&c->acme);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cli_clock.c - brevet clock [accept]: is the clock behind the newest commit, and the operator's
 * word that it is right. */
#include <stdio.h>
#include <string.h>

#include "acme/acme.h"
#include "base/clock.h"
#include "server/admin.h"
#include "server/cli.h"

/* --- the clock now ------------------------------------------------------------------ */

static json_t *
clock_read(struct store *s, struct arena *a)
{
	struct view *v = view_open(s);
	int64_t now = clock_now(), newest = store_last_time(v), behind = acme_clock_behind(v, now);

	view_close(v);
	return json_pack("{s:s, s:s, s:I, s:I}", "now", clock_print(a, now), "newest",
			 clock_print(a, newest), "behind", (json_int_t)behind, "certificates",
			 (json_int_t)acme_clock_certificates(s, now));
}

static long long
count_of(const json_t *o, const char *member)
{
	return (long long)json_integer_value(json_object_get(o, member));
}

static void
print_certificates(struct arena *a, long long n)
{
	if (n > 0)
		printf("%lld certificates were made in the time to come, and begin then.  To "
		       "revoke them:\n"
		       "brevet incident start --where 'issued > %s' \\\n"
		       "    --explanation URL --revoke-after 1h --yes\n", n,
		       clock_print(a, clock_now() + CLOCK_AHEAD));
}

static void
print_clock(struct arena *a, const json_t *o)
{
	int64_t behind = count_of(o, "behind");

	printf("%-14s %s\n", "now", json_string_value(json_object_get(o, "now")));
	printf("%-14s %s\n", "newest commit", json_string_value(json_object_get(o, "newest")));
	if (behind == 0)
		puts("The clock is not behind: certificates are issued.");
	else
		printf("The clock is behind by %s: nothing is issued until it has caught up.\n"
		       "Is it wrong?  Set it.  Is it right now, and was ahead?  "
		       "\"brevet clock accept\"\n", clock_duration_print(a, behind));
	print_certificates(a, count_of(o, "certificates"));
}

static void
print_json(const json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int
clock_show(const struct config *c, bool json)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(c->data, &p);
	struct arena *a;
	json_t *o;

	if (s == NULL)
		return cli_failed(&p);
	a = arena_new();
	o = clock_read(s, a);
	store_close(s);
	if (json)
		print_json(o);
	else
		print_clock(a, o);
	json_decref(o);
	arena_free(a);
	return EXIT_GOOD;
}

/* --- accept ------------------------------------------------------------------------- */

/* Without a server: one may not come up while it cannot have a certificate of its own. */
static json_t *
accept_here(struct store *s)
{
	struct clock_accepted done;
	struct problem p = { 0 };
	struct edit *e = edit_begin(s);
	struct arena *a;
	json_t *reply;

	if (!acme_clock_accept(e, clock_now(), &done, &p)) {
		edit_abort(e);
		cli_failed(&p);
		return NULL;
	}
	if (!edit_commit(e, &p)) {
		cli_failed(&p);
		return NULL;
	}
	a = arena_new();
	reply = json_object();
	acme_clock_answer(reply, a, &done);
	arena_free(a);
	return reply;
}

static int
clock_accept(const struct config *c, bool json)
{
	struct problem p = { 0 };
	struct store *s = store_open(c->data, (uint64_t)c->map, false, &p);
	json_t *reply;

	if (s == NULL) {	/* a server has it */
		reply = cli_ask(c, json_pack("{s:s}", "command", "clock-accept"));
	} else {
		reply = accept_here(s);
		store_close(s);
	}
	if (reply == NULL)
		return EXIT_FAILED;
	json_object_del(reply, "ok");
	if (json)
		print_json(reply);
	else
		printf("accepted: certificates are issued again\n%lld orders and %lld "
		       "authorizations of the time to come are good no more\n",
		       count_of(reply, "orders"), count_of(reply, "authorizations"));
	json_decref(reply);
	return EXIT_GOOD;
}

/* --- the command line --------------------------------------------------------------- */

int
cli_clock(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct cli_config config = { 0 };
	int o, status = EXIT_USAGE;
	bool json = false, accept;
	struct config *c;

	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (o == 'j')
			json = true;
		else if (!cli_config_option(&config, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	accept = optind < argc && strcmp(argv[optind], "accept") == 0;
	if (!cli_words(argc, argv, accept))
		return EXIT_USAGE;
	c = cli_config_read(&config);
	if (c == NULL)
		return EXIT_FAILED;
	status = accept ? clock_accept(c, json) : clock_show(c, json);
	acme_config_release(&c->acme);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_policy_cli.c - brevet policy test: what it says of names, directories, bindings and
 * pauses that are put into the store by hand, and its exit status. */
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/command.h"
#include "tests/scene.h"

static struct scene scene;
static struct arena *a;
static const char *good, *revoked, *expired, *bare, *lost;	/* ids of bindings */

/* brevet policy WORDS; its exit status, and all that it prints in *said. */
static int
policy(const char *words, const char **said)
{
	return command_run(a, scene.server, arena_printf(a, "policy %s", words), said);
}

static const char *
add(struct edit *e, const char *directory, struct binding binding)
{
	static const char *none[] = { NULL };

	binding.id = id_new(clock_now_ms());
	binding.directory = store_name_number(e, 'd', directory);
	binding.created = clock_now();
	binding.label = binding.organisation = "";
	binding.technical = binding.authorising = binding.deny = none;
	if (binding.allow == NULL)
		binding.allow = none;
	if (binding.profiles == NULL)
		binding.profiles = none;
	store_binding_add(e, &binding);
	return id_print(a, &binding.id);
}

static void
fill_store(void)
{
	static const char *names[] = { "www.corp.test", "*.dev.corp.test", NULL };
	static const char *profiles[] = { "short", NULL }, *gone[] = { "gone", NULL };
	struct problem p = { 0 };
	struct store *s = store_open(arena_printf(a, "%s/data", scene.server->dir),
				     (uint64_t)1 << 30, false, &p);
	struct edit *e;

	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	e = edit_begin(s);
	good = add(e, "partner", (struct binding){ .state = BINDING_VALID, .allow = names,
		   .profiles = profiles, .prevalidated = true });
	revoked = add(e, "partner", (struct binding){ .state = BINDING_REVOKED });
	expired = add(e, "partner", (struct binding){ .state = BINDING_VALID, .expires = 1 });
	bare = add(e, "default", (struct binding){ .state = BINDING_VALID, .profiles = gone });
	lost = add(e, "former", (struct binding){ .state = BINDING_VALID });
	store_pause_put(e, &(struct pause){ .kind = PAUSED_NAME, .name = "paused.corp.test",
			.since = 1700000000, .why = "by the operator" });
	if (!edit_commit(e, &p))
		ok(false, "commit: %s", p.detail);
	store_close(s);
}

/* --- cases ------------------------------------------------------------------------------ */

static void
test_usage(void)
{
	static const char *const wrong[] = {
		"", "test", "nonsense a.test", "test --nonsense a.test", "test --binding",
		"--json", "test --json"
	};
	const char *said;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int status = policy(wrong[i], &said);

		ok(status == 2 && strstr(said, "brevet policy") != NULL, "policy %s: %d, %s",
		   wrong[i], status, said);
	}
	ok(policy("--help", &said) == 0 && strstr(said, "test NAME...") != NULL, "--help");
}

static void
told(const char *words, int want, const char *says)
{
	const char *said;
	int status = policy(words, &said);

	ok(status == want && strstr(said, says) != NULL, "policy %s: %d, %s", words, status, said);
}

static void
test_refusals(void)
{
	told("test --directory nowhere a.test", 1,
	     "has no directory \"nowhere\"; \"brevet check\" lists them");
	told("test --binding nobody a.test", 1, "brevet eab list");
	told(arena_printf(a, "test --binding %s --directory default a.test", good), 1,
	     "one of directory partner, not of default");
	told(arena_printf(a, "test --binding %s --directory partner www.corp.test", good), 0,
	     "permitted");
	told(arena_printf(a, "test --binding %s a.test", lost), 1, "has no directory \"former\"");
	told("test --set policy.allow=10.0.0.300 a.test", 1, "policy.allow: \"10.0.0.300\"");
}

/* options, name, status, what is said */
static const struct {
	const char	*options, *name;
	int		 status;
	const char	*says[5];
} rows[] = {
	{ "", "www.corp.test", 0, { "www.corp.test: permitted\n", "server               allows "
	  ".corp.test\n", "directory default    has no rule for it\n",
	  "challenges           http-01 dns-01 tls-alpn-01\n", "profile              default\n" } },
	{ "", "WWW.CORP.TEST", 0, { "WWW.CORP.TEST: permitted\n" } },
	{ "", "'*.corp.test'", 1, { "denies .secret.corp.test\n", "rejectedIdentifier" } },
	{ "", "'*.dev.corp.test'", 0, { "challenges           dns-01\n" } },
	{ "", "10.0.0.1", 0, { "allows 10.0.0.0/8\n",
	  "challenges           http-01 tls-alpn-01\n" } },
	{ "", "11.0.0.1", 1, { "server               allows other names, not this one\n" } },
	{ "", "a.secret.corp.test", 1, { "server               denies .secret.corp.test\n" } },
	{ "", "www_.corp.test", 1, { "malformed            \"www_.corp.test\" is not a DNS" } },
	{ "", "corp.test/x", 1, { ": refused\n", "malformed" } },
	{ "", "$(printf 'a\\377.test')", 1, { ": refused\n", "malformed" } },
	{ "", "''", 1, { ": refused\n", "empty" } },
	{ "", "paused.corp.test", 1, { "rateLimited          paused.corp.test is paused since "
	  "2023-11-14", "(by the operator)", "brevet name resume" } },
	{ "", "www.corp.test a.test", 1, { "www.corp.test: permitted\n", "a.test: refused\n" } },
	{ "", "a.test www.corp.test", 1, { "www.corp.test: permitted\n", "a.test: refused\n" } },
	{ "--directory partner", "www.corp.test", 0, { "directory partner", "note: new accounts of "
	  "directory partner want a binding" } },
	{ "--directory partner", "x.corp.test", 1,
	  { "directory partner    denies x.corp.test\n" } },
	{ "--directory narrow", "www.corp.test", 0, { "challenges           dns-01\n",
	  "profile              short\n" } },
	{ "--directory narrow", "10.0.0.1", 1, { "no way to prove control" } },
	{ "--directory web", "'*.dev.corp.test'", 1,
	  { "no way to prove control", "a wildcard is proved by DNS alone" } },
	{ "--profile session", "www.corp.test", 0, { "profile              session\n" } },
	{ "--profile nobody", "www.corp.test", 1, { "invalidProfile       this account may not have "
	  "profile \"nobody\"; possible: " } },
	{ "--directory narrow --profile default", "www.corp.test", 1,
	  { "invalidProfile", "possible: short\n" } },
	{ "--set policy.allow=.other.test", "www.corp.test", 1, { "allows other names" } },
	{ "--set webhook.url=https://w.test/ --set webhook.secret=secret", "www.corp.test", 0,
	  { "note: https://w.test/ is asked about each order, too\n" } },
};

static void
test_rows(void)
{
	const char *said;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = policy(arena_printf(a, "test %s %s", rows[i].options,
						 rows[i].name), &said);
		bool all = true;

		for (size_t k = 0; k < 5 && rows[i].says[k] != NULL; k++)
			all = all && strstr(said, rows[i].says[k]) != NULL;
		if (!ok(status == rows[i].status && all, "%s %s: status %d, and why",
			rows[i].options, rows[i].name, rows[i].status))
			printf("# %d\n%s\n", status, said);
	}
}

static void
binding_case(const char *id, const char *name, int status, const char *says)
{
	const char *said;
	int got = policy(arena_printf(a, "test --binding %s %s", id, name), &said);

	if (!ok(got == status && strstr(said, says) != NULL, "a binding, %s: %s", name, says))
		printf("# %d\n%s\n", got, said);
}

static void
test_bindings(void)
{
	binding_case(good, "www.corp.test", 0, "binding              allows www.corp.test\n");
	binding_case(good, "www.corp.test", 0, "challenges           none: it counts as "
		     "validated\n");
	binding_case(good, "www.corp.test", 0, "profile              short\n");
	binding_case(good, "'*.dev.corp.test'", 0, "allows *.dev.corp.test\n");
	binding_case(good, "x.corp.test", 1, "denied by directory partner");
	binding_case(good, "y.corp.test", 1, "the account's binding allows");
	binding_case(revoked, "www.corp.test", 1, "unauthorized         the external account "
		     "binding was revoked");
	binding_case(expired, "www.corp.test", 1, "the external account binding has expired");
	binding_case(bare, "www.corp.test", 1, "none of this directory's profiles");
}

static void
test_json(void)
{
	const char *said;
	json_t *o;
	int status = policy(arena_printf(a, "test --json --binding %s www.corp.test", good), &said);

	o = json_loads(said, 0, NULL);
	ok(status == 0 && o != NULL, "--json is JSON: %s", said);
	ok(json_is_true(json_object_get(o, "permitted")) &&
	   json_is_true(json_object_get(o, "validated")) &&
	   json_array_size(json_object_get(o, "methods")) == 0 &&
	   json_array_size(json_object_get(o, "rules")) == 3, "a permitted one");
	json_decref(o);
	status = policy("test --json --directory partner x.corp.test", &said);
	o = json_loads(said, 0, NULL);
	ok(status == 1 && json_is_false(json_object_get(o, "permitted")) &&
	   json_is_object(json_object_get(o, "problem")) &&
	   json_object_get(o, "methods") == NULL, "a refused one, and no notes: %s", said);
	json_decref(o);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){
			 "policy.allow=.corp.test,10.0.0.0/8", "policy.deny=.secret.corp.test",
			 "directory.partner.eab=required", "directory.partner.deny=x.corp.test",
			 "directory.web.methods=http-01", "profile.default.lifetime=47d",
			 "profile.short.lifetime=6h", "profile.short.methods=dns-01",
			 "directory.narrow.profiles=short", NULL }))
		return 1;
	a = arena_new();
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	stage_write(scene.server->dir, "secret", "0123456789abcdef0123456789abcdef");
	chmod(arena_printf(a, "%s/secret", scene.server->dir), 0600);
	fill_store();
	test_usage();
	test_refusals();
	test_rows();
	test_bindings();
	test_json();
	scene_end(&scene);
	arena_free(a);
	return tap_done();
}

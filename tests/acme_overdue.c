/* SPDX-License-Identifier: Apache-2.0 */
/* acme_overdue.c - brevet renewals: what it lists, in which order and what of it, of windows that
 * are put into the store by hand; and that it reads no more than what is due. */
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "store/records.h"
#include "tests/command.h"
#include "tests/renewing.h"
#include "tests/stored.h"

#define PLANNED 100000

static struct arena *a;
static struct serial serials[8];
static const char *account, *bound;	/* ids */

/* --- the store ---------------------------------------------------------------------- */

/* Windows around now: of the certificates with these numbers. */
static const struct window {
	size_t		number;
	int64_t		start, end, not_after;		/* seconds from now */
	bool		closed, renewed;
} windows[] = {
	{ 0, -7200, -3600, 7249, false, false },
	{ 1, -7200, -60, 605, false, false },
	{ 2, -60, 3600, 4009, false, false },
	{ 3, -10, 10000, 3 * 86400 + 7300, false, false },
	{ 4, 5000, 6000, 7000, false, false },
	{ 5, -9000, -8000, -10, false, false },
	{ 6, -9000, -8000, 100, true, false },
	{ 7, -9000, -8000, 100, false, true },
};

static void
put_windows(void)
{
	struct store *s = server_store(a, scene.server);
	struct edit *e = edit_begin(s);
	int64_t now = clock_now();

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		const struct window *w = &windows[i];
		struct renewal renewal = {
			.serial = serials[w->number], .start = now + w->start, .end = now + w->end,
			.not_after = now + w->not_after, .closed = w->closed,
		};

		if (w->renewed)
			renewal.successor = serials[0];
		store_renewal_put(e, &renewal);
	}
	server_store_commit(s, e);
}

/* --- what is listed ------------------------------------------------------------------- */

static void
test_usage(void)
{
	static const struct row {
		const char	*words;
		int		 status;
		const char	*says;
	} rows[] = {
		{ "", 0, "0 overdue, 0 due\n" },
		{ "--due", 0, "0 due\n" },
		{ "--overdue", 0, "0 overdue\n" },
		{ "--json", 0, "" },
		{ "--limit all", 0, "0 overdue, 0 due\n" },
		{ "--help", 0, "usage: brevet renewals [--due] [--overdue]" },
		{ "word", 2, "\"word\" makes no sense here" },
		{ "--nonsense", 2, "--nonsense: no such option" },
		{ "--limit", 2, "its value is missing" },
		{ "--limit some", 2, "--limit some: not a number and not \"all\"" },
		{ "--limit 1x", 2, "--limit 1x: not a number" },
		{ "--limit -1", 2, "--limit -1: not a number" },
		{ "--limit ''", 2, "not a number" },
		{ "--config /nonexistent/brevet.conf", 1, "/nonexistent/brevet.conf" },
	};
	const char *said;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = renewing_run(a, rows[i].words, &said);

		ok(status == rows[i].status && strstr(said, rows[i].says) != NULL,
		   "renewals %s: status %d: %.*s", rows[i].words, status,
		   (int)strcspn(rows[i].says, "\n"), rows[i].says);
	}
}

static void
test_order(void)
{
	is(renewing_states(a, ""), "n5:overdue n1:overdue n0:overdue n2:due n3:due",
	   "overdue ones first, then by the time that is left");
	is(renewing_states(a, "--overdue"), "n5:overdue n1:overdue n0:overdue", "overdue ones");
	is(renewing_states(a, "--due"), "n2:due n3:due", "due ones");
	is(renewing_states(a, "--due --overdue --limit 4"),
	   "n5:overdue n1:overdue n0:overdue n2:due", "the most urgent");
	is(renewing_states(a, "--limit 0"), "", "none");
}

static void
check_member(const json_t *o, const char *member, const char *want)
{
	is(text(o, member), want, arena_printf(a, "member %s", member));
}

static void
test_json(void)
{
	json_t *list = renewing_list("");
	const json_t *with = json_array_get(list, 1), *without = json_array_get(list, 2);
	const json_t *names = json_object_get(without, "names");
	json_int_t left = json_integer_value(json_object_get(with, "left"));

	check_member(without, "serial", serial_hex(a, &serials[0]));
	ok(json_array_size(names) == 2, "both names");
	check_member(without, "account", account);
	check_member(without, "client", "brevet-tests");
	check_member(without, "agent", "brevet-tests");
	check_member(without, "binding", NULL);
	check_member(without, "directory", "default");
	check_member(without, "profile", "fleet");
	check_member(without, "order", NULL);
	check_member(without, "incident", NULL);
	check_member(with, "account", bound);
	check_member(with, "label", "The Partner");
	ok(text(with, "binding") != NULL, "the binding");
	ok(left > 500 && left <= 606, "seconds left: %d", (int)left);
	ok(strlen(text(with, "not_after")) == 20, "until when");
	ok(text(json_object_get(with, "window"), "start") != NULL &&
	   text(json_object_get(with, "window"), "end") != NULL, "its window");
	left = json_integer_value(json_object_get(json_array_get(list, 0), "left"));
	ok(left < 0, "expired: %d", (int)left);
	json_decref(list);
}

static void
test_text(void)
{
	static const char *const lines[] = {
		"overdue  expired ", "\noverdue  2h left ", "\ndue      1h6m left ",
		"\ndue      3d2h left ",
		"  n0.example.test n10.example.test\n",
		"\n  brevet-tests  account ",
		" (The Partner)  directory default  profile fleet  window 20",
		"\n3 overdue, 2 due\n",
	};
	const char *said;

	renewing_run(a, "", &said);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!ok(strstr(said, lines[i]) != NULL, "a line of text: %zu", i))
			printf("# \"%s\" is not in:\n# %s\n", lines[i], said);
	renewing_run(a, "--limit 2 --overdue", &said);
	ok(strstr(said, "\n3 overdue; the 2 most urgent are shown\n") != NULL, "a part of them");
}

/* brevet show cert */
static void
test_show(void)
{
	static const struct row {
		size_t		number;
		const char	*has[3];
	} rows[] = {
		{ 0, { "\nstate issued\n", "\nrenewal overdue\n", "\nnames [\"n0.example." } },
		{ 1, { "\nlabel The Partner\n", "\nwindow {\"start\":\"20", "\nclient brevet-" } },
		{ 4, { "\nrenewal planned\n", "\nnot_after 20", "\norder " } },
		{ 6, { "\nrenewal closed\n", "\nprofile fleet\n", "\nissuer " } },
		{ 7, { "\nrenewal renewed\n", "\nsuccessor ", "\naccount " } },
	};
	const char *said;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *serial = serial_hex(a, &serials[rows[i].number]);

		command_run(a, scene.server, arena_printf(a, "show cert %s", serial), &said);
		for (size_t k = 0; k < 3; k++)
			if (!ok(strstr(said, rows[i].has[k]) != NULL, "show cert: %s",
				strtok(arena_strdup(a, rows[i].has[k]), "\n")))
				printf("# %s\n", said);
	}
}

/* Of a certificate whose order has been cleaned up. */
static void
test_no_order(void)
{
	struct store *s = server_store(a, scene.server);
	struct edit *e = edit_begin(s);
	const struct cert *cert = store_cert_get(edit_view(e), a, &serials[0]);
	const struct order *order = store_order_get(edit_view(e), a, &cert->order);
	const json_t *names;
	json_t *list;

	store_order_del(e, order);
	server_store_commit(s, e);
	list = renewing_list("--overdue");
	names = json_object_get(json_array_get(list, 2), "names");
	ok(json_array_size(names) == 2, "names of the certificate itself");
	is(json_string_value(json_array_get(names, 1)), "n10.example.test", "the second");
	json_decref(list);
}

/* --- how much is read --------------------------------------------------------------------- */

static struct serial
serial_number(unsigned n)
{
	struct serial serial = { { 1 } };

	for (unsigned i = 0; i < 4; i++)
		serial.b[SERIAL_LEN - 1 - i] = (uint8_t)(n >> 8 * i);
	return serial;
}

/* As many that are planned; whoever reads one of their records dies of it. */
static void
put_planned(void)
{
	static const uint8_t damaged[] = { 0xff };
	struct store *s = server_store(a, scene.server);
	struct edit *e = edit_begin(s);
	int64_t now = clock_now();

	for (unsigned n = 0; n < PLANNED; n++) {
		struct renewal renewal = {
			.serial = serial_number(n), .start = now + 100000 + n,
			.end = now + 200000 + n, .not_after = now + 300000 + n,
		};

		store_renewal_put(e, &renewal);
		edit_put(e, TABLE_RENEWALS, BLOB_ID(&renewal.serial), BLOB(damaged));
	}
	server_store_commit(s, e);
}

static void
test_size(void)
{
	put_planned();
	is(renewing_states(a, ""), "n5:overdue n1:overdue n0:overdue n2:due n3:due",
	   "a hundred thousand that are planned: none of them is read");
}

static void
test_damage(void)
{
	static const uint8_t damaged[] = { 0xff };
	struct store *s = server_store(a, scene.server);
	struct edit *e = edit_begin(s);
	const char *said;
	int status;

	edit_put(e, TABLE_RENEWALS, BLOB_ID(&serials[2]), BLOB(damaged));
	server_store_commit(s, e);
	status = renewing_run(a, "", &said);
	ok(status != 0 && strstr(said, "not a renewal") != NULL,
	   "and to read such a record is death: %s", said);
}

int
main(void)
{
	struct binding_key key;
	struct client *c, *partner;

	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	a = arena_new();
	renewing_begin((const char *const[]){ "workers=2",
					      "directory.default.eab=optional", NULL });
	key = eab_add(scene.server, "--label 'The Partner'");
	c = member(&scene, "ES256");
	partner = eab_client(scene.server, &key);
	account = arena_strdup(a, strrchr(c->kid, '/') + 1);
	bound = arena_strdup(a, strrchr(partner->kid, '/') + 1);
	test_usage();
	for (unsigned i = 0; i < 8; i++)
		serials[i] = renewing_issue(i == 1 ? partner : c, i == 0 ? "n0 n10" :
					    arena_printf(a, "n%u", i));
	leave(c);
	leave(partner);
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	put_windows();
	test_order();
	test_json();
	test_text();
	test_show();
	test_no_order();
	test_size();
	test_damage();
	scene_end(&scene);
	arena_free(a);
	return tap_done();
}

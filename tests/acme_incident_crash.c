/* SPDX-License-Identifier: Apache-2.0 */
/* acme_incident_crash.c - R-2: the server ends at each commit of an incident, right before it and
 * right behind it.  Started again, the incident goes on to its end: every certificate that
 * matches has its window, is revoked once and stands in the CRL, and no other one.  Most
 * certificates are rows that are put into the store by hand. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "tests/incident_rows.h"
#include "tests/scene.h"

#define AFTER  10800
#define ROUNDS 40	/* an incident has some ten commits */

static struct scene scene;
static struct arena *a;
static struct id account;

static const char *
data_dir(void)
{
	return arena_printf(a, "%s/data", scene.server->dir);
}

static void
shell(const char *command)
{
	if (system(command) != 0) {
		printf("Bail out! %s\n", command);
		exit(1);
	}
}

/* --- brevet incident ------------------------------------------------------------------ */

static const char *
ask(const char *arguments, const char *member)
{
	FILE *f = popen(arena_printf(a, "%s incident %s --json --config %s/brevet.conf "
				     "2>/dev/null", stage_brevet(), arguments, scene.server->dir),
			"r");
	json_t *o = f == NULL ? NULL : json_loadf(f, 0, NULL);
	json_t *one = json_is_array(o) ? json_array_get(o, 0) : o;
	const char *said = json_string_value(json_object_get(one, member));

	said = said == NULL ? NULL : arena_strdup(a, said);
	json_decref(o);
	pclose(f);
	return said;
}

/* The id of the new incident; NULL: no answer. */
static const char *
start(void)
{
	return ask(arena_printf(a, "start --where 'account = %s' --explanation "
				"https://status.example.test/ --spread 2h --revoke-after 3h "
				"--yes", id_print(a, &account)), "incident");
}

static bool
is_dead(void)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)scene.server->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

/* The incident comes to that state, or behind it; false: not, and the server has died. */
static bool
reaches(const char *id, const char *state)
{
	static const char order[] = "marking open revoking ended";

	for (int i = 0; i < 1200; i++) {
		const char *now = ask(arena_printf(a, "status %s", id), "state");

		if (now != NULL && strstr(order, now) >= strstr(order, state))
			return true;
		if (is_dead())
			return false;
		usleep(50000);
	}
	return false;
}

/* From where it is to its end, or from its start (*id is NULL); false: the server died. */
static bool
goes_on(const char **id)
{
	if (*id == NULL)
		*id = start();
	if (*id == NULL || !reaches(*id, "open"))
		return false;
	server_clock(scene.server, AFTER + 5);
	return reaches(*id, "ended");
}

/* --- rounds --------------------------------------------------------------------------- */

/* Beside the running server. */
struct look {
	struct store	*store;
	struct view	*view;
};

static struct look
look_open(void)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(data_dir(), &p);

	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	return (struct look){ s, view_open(s) };
}

static void
look_close(struct look look)
{
	view_close(look.view);
	store_close(look.store);
}

static struct crl_facts
crl_now(void)
{
	struct look look = look_open();
	struct crl_facts facts = crl_of(look.view, a);

	look_close(look);
	return facts;
}

static void
again(void)
{
	if (server_again(scene.server))
		return;
	printf("Bail out! the server does not start\n");
	exit(1);
}

static void
rewind_data(void)
{
	shell(arena_printf(a, "rm -rf %s && cp -a %s.first %s", data_dir(), data_dir(),
			   data_dir()));
	server_clock(scene.server, 0);
}

/* All is as it must be, or what is not.  A start signs the CRL at once if it must be signed. */
static const char *
judged(const char **id, const struct crl_facts *crl)
{
	const char *wrong;
	struct look look;

	if (!goes_on(id))
		return "it does not come to its end";
	if (server_stop(scene.server) != 0)
		return "the server does not stop well";
	again();
	for (int i = 0; i < 1200 && !crl_now().current; i++)
		usleep(50000);
	look = look_open();
	wrong = rows_wrong(look.view, a, *id, crl);
	look_close(look);
	return wrong;
}

/* The server ends when that point is passed the nth time; false: it was not. */
static bool
round_of(const char *point, unsigned n)
{
	const char *value = arena_printf(a, "%s:%u", point, n), *id = NULL, *told, *wrong;
	struct crl_facts crl;
	bool done;

	rewind_data();
	setenv("BREVET_CRASH", value, 1);
	again();
	unsetenv("BREVET_CRASH");
	done = goes_on(&id);
	told = id;
	crl = crl_now();
	server_kill(scene.server);
	again();
	if (id == NULL)
		id = ask("list", "incident");
	wrong = judged(&id, &crl);
	ok(wrong == NULL, "R-2 A-24 %s: %s%s: %s", value, done ? "not reached" : "the end",
	   told != NULL ? ", start told" : "", wrong == NULL ? "all goes on" : wrong);
	server_stop(scene.server);
	return !done;
}

static void
test_point(const char *point)
{
	unsigned n = 1;

	while (n < ROUNDS && round_of(point, n))
		n++;
	ok(n > 6 && n < ROUNDS, "R-2 %s: at each of %u commits", point, n - 1);
}

/* Nothing ends it. */
static void
test_even(void)
{
	const char *id = NULL, *wrong;
	struct crl_facts crl;
	struct look look;
	unsigned most;

	rewind_data();
	again();
	id = start();
	ok(id != NULL && reaches(id, "open"), "an incident of %d certificates", ROWS_MATCHING);
	look = look_open();
	most = rows_fullest(look.view, a);
	look_close(look);
	ok(most <= 2 * ROWS_MATCHING / (ROWS_SPREAD / SLOT_SECONDS), "windows are spread evenly: "
	   "the fullest of %d slots has %u", ROWS_SPREAD / SLOT_SECONDS, most);
	crl = crl_now();
	wrong = judged(&id, &crl);
	ok(wrong == NULL, "it comes to its end: %s", wrong == NULL ? "all is right" : wrong);
	server_stop(scene.server);
}

int
main(void)
{
	struct client *c;
	const char *kid;

#ifndef BREVET_FAULTS
	tap_skip("R-2 the server ends at each commit of an incident", "needs --enable-faults");
	return tap_done();
#endif
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	a = arena_new();
	c = member(&scene, "ES256");
	kid = strrchr(c->kid, '/') + 1;
	id_parse(kid, strlen(kid), &account);
	leave(c);
	server_stop(scene.server);
	rows_fill(data_dir(), &account);
	shell(arena_printf(a, "cp -a %s %s.first", data_dir(), data_dir()));
	test_even();
	test_point("before-commit");
	test_point("after-commit");
	again();
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_renewals.c - who is due and who is overdue, from issue to renewal: what brevet renewals
 * lists and the gauges count, while the server's clock moves on (RFC 9773). */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/b64.h"
#include "tests/ari.h"
#include "tests/attack.h"
#include "tests/command.h"
#include "tests/renewing.h"

#define HOSTS 6
#define PATIENCE 600		/* tenths of a second */
#define SLOT  300		/* seconds: at that pace the gauges move */

static struct arena *a;
static uint16_t metrics;	/* their port */
static struct leaf_facts leaves[HOSTS];
static struct renewal_info windows[HOSTS];

/* --- the clock, and what is seen ----------------------------------------------------- */

/* The server's clock, and that of the commands, says so. */
static void
at(int64_t when)
{
	if (!server_clock(scene.server, when - time(NULL))) {
		tap_skip("the clock moves on", "built without --enable-faults");
		exit(tap_done());
	}
}

static const char *
hex_of(const struct leaf_facts *l)
{
	struct serial serial;

	if (b64_decode(l->serial, strlen(l->serial), serial.b, SERIAL_LEN) != SERIAL_LEN)
		abort();
	return serial_hex(a, &serial);
}

/* How a host's first certificate stands in the list; "-": not. */
static const char *
state_in(const json_t *list, size_t host)
{
	const char *serial = hex_of(&leaves[host]);

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(text(json_array_get(list, i), "serial"), serial) == 0)
			return arena_strdup(a, text(json_array_get(list, i), "state"));
	return "-";
}

static const char *
state_of(size_t host)
{
	json_t *list = renewing_list("");
	const char *state = state_in(list, host);

	json_decref(list);
	return state;
}

/* Those of all hosts, one after the other. */
static const char *
states(void)
{
	json_t *list = renewing_list("");
	const char *all = state_in(list, 0);

	for (size_t i = 1; i < HOSTS; i++)
		all = arena_printf(a, "%s %s", all, state_in(list, i));
	json_decref(list);
	return all;
}

static const char *
gauges(void)
{
	return arena_printf(a, "%ld due, %ld overdue", metric_now(metrics, "brevet_renewals_due"),
			    metric_now(metrics, "brevet_renewals_overdue"));
}

/* What brevet show cert tells of a host's first certificate. */
static const char *
shown(size_t host, const char *member)
{
	const char *said;
	json_t *o;

	command_run(a, scene.server, arena_printf(a, "show cert %s --json", hex_of(&leaves[host])),
		    &said);
	o = json_loads(said, 0, NULL);
	said = text(o, member);
	said = said == NULL ? NULL : arena_strdup(a, said);
	json_decref(o);
	return said;
}

/* --- certificates ------------------------------------------------------------------- */

static const char *
name_of(size_t host)
{
	return arena_printf(a, "n%zu.example.test", host);
}

static struct leaf_facts
issue(struct client *c, size_t host, const char *replaces)
{
	struct leaf_facts l;

	if (!issue_replacing(c, scene.responder, name_of(host), replaces, &l)) {
		printf("Bail out! no certificate for n%zu: %s\n", host, client_why(c));
		exit(1);
	}
	return l;
}

static int64_t
last_of_windows(bool end)
{
	int64_t last = 0;

	for (size_t i = 0; i < HOSTS; i++)
		if (last < (end ? windows[i].end : windows[i].start))
			last = end ? windows[i].end : windows[i].start;
	return last;
}

/* --- cases -------------------------------------------------------------------------- */

static void
test_new(struct client *c)
{
	for (size_t i = 0; i < HOSTS; i++) {
		leaves[i] = issue(c, i, NULL);
		ok(info_get(c, leaves[i].certid, &windows[i]) == 200, "a window of n%zu", i);
	}
	is(states(), "- - - - - -", "new certificates: nobody is waited for");
	is(gauges(), "0 due, 0 overdue", "nor counted");
	is(shown(0, "renewal"), "planned", "they are planned");
}

/* Each one a few seconds before and behind. */
static void
test_edges(void)
{
	at(windows[0].start - 10);
	is(state_of(0), "-", "before its window");
	at(windows[0].start);
	is(state_of(0), "due", "in its window");
	is(shown(0, "renewal"), "due", "show cert says so too");
	at(windows[0].end - 10);
	is(state_of(0), "due", "at the end of its window");
	at(windows[0].end);
	is(state_of(0), "overdue", "its window has passed");
}

static void
test_gauges(void)
{
	long due;

	at(last_of_windows(true) + SLOT);
	is(states(), "overdue overdue overdue overdue overdue overdue", "all windows have passed");
	is(gauges(), "0 due, 6 overdue", "a slot later, all are counted");
	at(windows[0].start + 2 * SLOT);
	due = metric_now(metrics, "brevet_renewals_due") +
	      metric_now(metrics, "brevet_renewals_overdue");
	ok(due >= 1 && due <= HOSTS, "in a window somebody is due: %ld", due);
	at(last_of_windows(true) + SLOT);
}

static void
test_renewed(struct client *c)
{
	struct leaf_facts after = issue(c, 0, leaves[0].certid);

	is(state_of(0), "-", "who was renewed by \"replaces\" is not waited for");
	is(shown(0, "renewal"), "renewed", "it is renewed");
	is(shown(0, "successor"), hex_of(&after), "by its successor");
	after = issue(c, 1, NULL);
	is(state_of(1), "-", "nor who was renewed without it, for the same names");
	is(shown(1, "successor"), hex_of(&after), "and it knows its successor");
	is(states(), "- - overdue overdue overdue overdue", "the others are");
	is(gauges(), "0 due, 4 overdue", "as many are counted");
}

static void
test_revoked(void)
{
	const char *said;
	int status = command_run(a, scene.server, arena_printf(a, "revoke %s", hex_of(&leaves[2])),
				 &said);

	ok(status == 0, "one is revoked: %s", strtok(arena_strdup(a, said), "\n"));
	is(state_of(2), "-", "and not waited for");
	is(shown(2, "renewal"), "closed", "nobody waits");
	is(gauges(), "0 due, 3 overdue", "nor counted");
}

/* Another account's certificate for the same name may be another host's. */
static void
test_stranger(struct client *stranger)
{
	issue(stranger, 3, NULL);
	is(state_of(3), "overdue", "who has a stranger's namesake is waited for");
	is(gauges(), "0 due, 3 overdue", "and counted");
}

/* What came to nothing is no renewal. */
static void
test_tried(struct client *c)
{
	json_t *list;

	ok(order_replacing(c, name_of(4), leaves[4].certid) == 201, "an order that replaces one");
	is(state_of(4), "overdue", "is no renewal until its certificate is there");
	list = renewing_list("");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(text(json_array_get(list, i), "serial"), hex_of(&leaves[4])) == 0)
			ok(text(json_array_get(list, i), "replaced_by") != NULL,
			   "but the list tells the order");
	json_decref(list);
}

static void
test_restart(void)
{
	ok(server_stop(scene.server) == 0 && server_again(scene.server), "the server starts anew");
	is(states(), "- - - - overdue overdue", "the list is as before");
	is(gauges(), "0 due, 2 overdue", "and the gauges");
}

/* Each its own, by turns: whose the newest of these names is does not matter. */
static void
test_turns(struct client *c, struct client *stranger)
{
	issue(c, 3, NULL);
	is(state_of(3), "-", "who has renewed beside a stranger's namesake is not waited for");
	ok(shown(3, "successor") != NULL, "and has a successor");
	is(gauges(), "0 due, 2 overdue", "nor counted");
	leaves[3] = issue(stranger, 3, NULL);
	issue(c, 3, NULL);
	issue(stranger, 3, NULL);
	ok(shown(3, "successor") != NULL, "and so has the stranger's");
}

/* The clean-up looks each second here. */
static void
test_expired(void)
{
	at(leaves[5].not_after - 10);
	is(state_of(5), "overdue", "to the last second somebody is waited for");
	at(leaves[5].not_after + 1);
	for (int i = 0; i < PATIENCE && strcmp(state_of(5), "-") != 0; i++)
		usleep(100000);
	is(state_of(5), "-", "but not for what has expired");
	is(shown(5, "renewal"), "closed", "nobody waits");
	is(shown(5, "successor"), NULL, "and it has no successor");
}

int
main(void)
{
	struct client *c, *stranger;

	a = arena_new();
	metrics = port_free();
	renewing_begin((const char *const[]){
			"workers=2", "profile.fleet.lifetime=10d", "retention.every=1s",
			"retention.doubt=0s",
			arena_printf(a, "metrics.listen=127.0.0.1:%u", metrics), NULL });
	c = member(&scene, "ES256");
	stranger = member(&scene, "ES256");
	test_new(c);
	test_edges();
	test_gauges();
	test_renewed(c);
	test_revoked();
	test_stranger(stranger);
	test_tried(c);
	test_turns(c, stranger);
	test_restart();
	test_expired();
	leave(c);
	leave(stranger);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

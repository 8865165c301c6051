/* SPDX-License-Identifier: Apache-2.0 */
/* acme_incident.c - incidents over the wire: what clients are told, what becomes of their
 * certificates when the time is over, two incidents at a time, and a restart. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/incidents.h"

#define HOUR 3600

static int64_t
now(void)
{
	return clock_now() + ahead;
}

/* A new incident; its id. */
static const char *
start(const char *where, const char *why, const char *more)
{
	const json_t *o = run_json(arena_printf(a, "start --where '%s' --explanation %s %s --yes",
						where, why, more));

	if (o == NULL) {
		printf("Bail out! no incident\n");
		exit(1);
	}
	return text(o, "incident");
}

/* Its status, when it is in that state. */
static const json_t *
await(const char *id, const char *state)
{
	const json_t *o = NULL;

	for (int i = 0; i < 600; i++) {
		o = run_json(arena_printf(a, "status %s", id));
		if (o == NULL || strcmp(text(o, "state"), state) == 0)
			break;
		usleep(100000);
	}
	is(o == NULL ? "" : text(o, "state"), state, "its state");
	return o;
}

static void
progress(const char *id, const char *state, const long counts[4])
{
	static const char *const members[] = { "matched", "replaced", "waiting", "revoked" };
	const json_t *o = await(id, state);

	for (size_t i = 0; i < 4; i++)
		ok(count(o, members[i]) == counts[i], "%s: %ld, is %ld", members[i], counts[i],
		   count(o, members[i]));
}

static void
moved(int cert, const char *why, int64_t from, int64_t until)
{
	struct renewal_info info = info_of(cert);

	ok(info.start >= from && info.start < info.end && info.end <= until,
	   "%s has a window %lld to %lld s behind the start", name_of(cert),
	   (long long)(info.start - from), (long long)(info.end - from));
	is(info.explanation, why, "and its explanation");
}

static void
listed_soon(int cert, long reason)
{
	long is = -1;

	for (int i = 0; i < 600 && (is = listed(cert)) == -1; i++)
		usleep(100000);
	ok(is == reason, "A-24 the CRL has %s, reason %ld", name_of(cert), is);
}

/* --- one from its start to its end ---------------------------------------------------- */

/* N0 is replaced, N1 is not. */
static void
test_whole(void)
{
	int64_t began = now();
	const char *id = start("issuer = main and name != n2.example.test", WHY("1"),
			       "--spread 2h --revoke-after 6h"), *said;
	struct leaf_facts next;
	struct renewal_info info;

	progress(id, "open", (const long[]){ 2, 0, 2, 0 });
	moved(N0, WHY("1"), began, now() + 2 * HOUR);
	moved(N1, WHY("1"), began, now() + 2 * HOUR);
	for (int i = N2; i < CERTS; i++)
		untouched(i);
	next = issue(N0, leaf[N0].certid);
	ok(info_get(main_client, next.certid, &info) == 200 && info.explanation == NULL &&
	   info.start > began + 6 * HOUR, "what replaces one is none of them");
	progress(id, "open", (const long[]){ 2, 1, 1, 0 });
	ok(run("status", &said) == 0 && strstr(said, id) != NULL &&
	   strstr(said, "\n  waiting      1 that") != NULL, "status without an id tells of it");
	ok(listed(N0) == -1 && listed(N1) == -1, "nothing is revoked before the time");
	ahead += 6 * HOUR + 5;
	if (!server_clock(scene.server, ahead)) {
		tap_skip("A-24 revocation", "built without --enable-faults");
		return;
	}
	progress(id, "ended", (const long[]){ 2, 1, 0, 2 });
	listed_soon(N0, 4);
	listed_soon(N1, 4);
	ok(listed(N2) == -1, "no other certificate is revoked");
	leaf[N0] = next;
	ok(listed(N0) == -1, "nor what has replaced one");
	ok(info_get(main_client, leaf[N1].certid, &info) == 200 && info.end < now() &&
	   info.explanation != NULL, "who asks now is told to renew, and why");
	ok(run("status", &said) == 0 && strcmp(said, "no incident is under way\n") == 0,
	   "it is over");
	ok(run(arena_printf(a, "end %s", id), &said) == 1 && strstr(said, "ended already") != NULL,
	   "and cannot be ended");
	ok(run("list", &said) == 0 && strstr(said, id) != NULL &&
	   strstr(said, "  ended     ") != NULL && strstr(said, "matched 2, revoked 2  issuer")
	   != NULL, "the list has it");
}

/* --- two at a time, and one that is ended --------------------------------------------- */

static void
test_two(void)
{
	const char *first = start("directory = part", WHY("2"), "--spread 1h --revoke-after 2h"),
		   *second, *said;
	int64_t began;

	progress(first, "open", (const long[]){ 2, 0, 2, 0 });
	moved(P3, WHY("2"), now() - 60, now() + HOUR);
	began = now();
	second = start("name = n3.example.test", WHY("3"), "--spread 3h");
	progress(second, "open", (const long[]){ 1, 0, 1, 0 });
	moved(P3, WHY("3"), began, now() + 3 * HOUR);
	moved(P4, WHY("2"), began - 60, now() + HOUR);
	progress(first, "open", (const long[]){ 2, 0, 2, 0 });
	ok(run(arena_printf(a, "end %s", first), &said) == 0, "the first is ended");
	is(said, "ended; nothing was revoked\n", "says so");
	progress(first, "ended", (const long[]){ 2, 0, 2, 0 });
	if (server_clock(scene.server, ahead += 2 * HOUR + 5)) {
		sleep(3);
		progress(first, "ended", (const long[]){ 2, 0, 2, 0 });
		ok(listed(P3) == -1 && listed(P4) == -1, "its time is over, and none is revoked");
	}
	moved(P4, WHY("2"), began - 60, began + HOUR + 60);
	issue(P3, leaf[P3].certid);
	progress(second, "ended", (const long[]){ 1, 1, 0, 0 });
}

/* Two hosts have certificates of the same names, so the first one's has the other's for a
 * successor.  Both are revoked in the end, so both hosts are told. */
static void
test_twins(void)
{
	struct leaf_facts other = issue(P4, NULL);
	int64_t began = now();
	struct renewal_info info;
	const char *id, *said;

	id = start("name = n4.example.test", WHY("5"), "--spread 1h --revoke-after 2h");
	progress(id, "open", (const long[]){ 2, 1, 1, 0 });
	moved(P4, WHY("5"), began, now() + HOUR);
	ok(info_get(part_client, other.certid, &info) == 200 && info.explanation != NULL &&
	   info.start >= began && info.end <= now() + HOUR, "so has the other of its names");
	ok(run(arena_printf(a, "end %s", id), &said) == 0, "it is ended");
}

/* The second one has more time than the first one gives. */
static void
test_hasty(void)
{
	int64_t began = now();
	const char *first = start("name = n4.example.test", WHY("6"), "--revoke-after 1h");
	const char *second, *said;

	await(first, "open");
	second = start("name = n4.example.test", WHY("7"), "--spread 366d");
	await(second, "open");
	moved(P4, WHY("7"), began, began + HOUR);
	ok(run(arena_printf(a, "end %s", first), &said) == 0 &&
	   run(arena_printf(a, "end %s", second), &said) == 0, "they are ended");
}

/* A stop and a start lie between; keys are blocked if they were compromised. */
static void
test_restart(void)
{
	const char *id = start("name = n2.example.test", WHY("4"),
			       "--revoke-after 1h --reason keyCompromise");

	progress(id, "open", (const long[]){ 1, 0, 1, 0 });
	ok(server_stop(scene.server) == 0, "a stop, while it is open");
	ok(server_again(scene.server), "and a start");
	client_hang_up(main_client);
	client_hang_up(part_client);
	moved(N2, WHY("4"), now() - 120, now() + HOUR / 2);
	if (!server_clock(scene.server, ahead += HOUR + 5))
		return;
	progress(id, "ended", (const long[]){ 1, 0, 0, 1 });
	listed_soon(N2, 1);
}

int
main(void)
{
	if (!incidents_begin())
		return 1;
	test_whole();
	test_two();
	test_twins();
	test_hasty();
	test_restart();
	leave(main_client);
	leave(part_client);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

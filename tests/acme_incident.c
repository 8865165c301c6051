/* SPDX-License-Identifier: Apache-2.0 */
/* acme_incident.c - incidents over the wire: which certificates an expression picks, what their
 * clients are told, what becomes of them when the time is over, and what changes
 * nothing. */
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/clock.h"
#include "tests/ari.h"
#include "tests/places.h"

#define HOUR   3600
#define WHY(n) "https://status.example.test/" n

enum { N0, N1, N2, P3, P4, CERTS };	/* of the default directory, of part */

static struct scene scene;
static struct arena *a;
static struct client *main_client, *part_client;
static struct leaf_facts leaf[CERTS];
static struct renewal_info before[CERTS];
static int64_t ahead;

static struct client *
client_of(int cert)
{
	return cert < P3 ? main_client : part_client;
}

static const char *
name_of(int cert)
{
	return arena_printf(a, "n%d.example.test", cert);
}

static int64_t
now(void)
{
	return clock_now() + ahead;
}

/* --- brevet incident ------------------------------------------------------------------ */

/* Its exit status, and all that it says. */
static int
run(const char *arguments, const char **said)
{
	char text[16384];
	FILE *f = popen(arena_printf(a, "BREVET_CLOCK=%s.clock %s incident %s --config "
				     "%s/brevet.conf 2>&1", scene.server->dir, stage_brevet(),
				     arguments, scene.server->dir), "r");
	size_t n;
	int status;

	if (f == NULL)
		abort();
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	status = pclose(f);
	*said = arena_strdup(a, text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *
line(const char *said)
{
	return arena_strndup(a, said, strcspn(said, "\n"));
}

/* What it says as JSON; NULL: it fails. */
static const json_t *
run_json(const char *arguments)
{
	const char *said;
	json_t *o = NULL;

	if (run(arena_printf(a, "%s --json", arguments), &said) == 0)
		o = json_loads(said, 0, NULL);
	if (o == NULL)
		printf("# brevet incident %s: %s\n", arguments, said);
	return arena_own(a, o, (void (*)(void *))json_decref);
}

static long
count(const json_t *o, const char *member)
{
	const json_t *n = json_object_get(o, member);

	return json_is_integer(n) ? (long)json_integer_value(n) : -1;
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

	for (int i = 0; i < 100; i++) {
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

/* --- certificates --------------------------------------------------------------------- */

static struct leaf_facts
issue(int cert, const char *replaces)
{
	struct leaf_facts l;

	if (!issue_replacing(client_of(cert), scene.responder, name_of(cert), replaces, &l)) {
		printf("Bail out! no certificate for %s: %s\n", name_of(cert),
		       client_why(client_of(cert)));
		exit(1);
	}
	return l;
}

static struct renewal_info
info_of(int cert)
{
	struct renewal_info info;

	if (info_get(client_of(cert), leaf[cert].certid, &info) != 200)
		ok(false, "renewal information of %s", name_of(cert));
	return info;
}

/* All is as it was. */
static void
untouched(int cert)
{
	struct renewal_info info = info_of(cert);

	ok(info.start == before[cert].start && info.end == before[cert].end &&
	   info.explanation == NULL, "%s has the window that it had", name_of(cert));
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

/* --- the list of what is revoked ------------------------------------------------------ */

/* The reason in its entry; 0: an entry without one, -1: none. */
static long
listed(int cert)
{
	const char *issuer = cert < P3 ? "main" : "other";
	struct wire *w = wire_open(NULL, "localhost", scene.server->http_port);
	X509_CRL *crl = NULL;
	X509_REVOKED *entry;
	ASN1_ENUMERATED *why;
	struct reply r;
	struct blob der = b64_parse(a, leaf[cert].der, strlen(leaf[cert].der), NULL);
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	long reason = -1;

	if (w != NULL && wire_send_text(w, arena_printf(a, "GET /crl/%s/0.crl HTTP/1.1\r\n"
							"Host: localhost\r\n\r\n", issuer)) &&
	    wire_read(w, a, &r, false) && r.status == 200) {
		at = r.body.data;
		crl = d2i_X509_CRL(NULL, &at, (long)r.body.len);
	}
	if (crl != NULL && X509_CRL_get0_by_cert(crl, &entry, x) == 1) {
		why = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
		reason = why == NULL ? 0 : ASN1_ENUMERATED_get(why);
		ASN1_ENUMERATED_free(why);
	}
	wire_close(w);
	X509_CRL_free(crl);
	X509_free(x);
	return reason;
}

static void
listed_soon(int cert, long reason)
{
	long is = -1;

	for (int i = 0; i < 150 && (is = listed(cert)) == -1; i++)
		usleep(100000);
	ok(is == reason, "A-24 the CRL has %s, reason %ld", name_of(cert), is);
}

/* --- the expression ------------------------------------------------------------------- */

static const char *
serial_of(int cert)
{
	struct blob b = b64_parse(a, leaf[cert].serial, strlen(leaf[cert].serial), NULL);
	const char *hex = "";

	for (size_t i = 0; i < b.len; i++)
		hex = arena_printf(a, "%s%02X", hex, b.data[i]);
	return hex;
}

static const char *
key_of(int cert)
{
	struct blob der = b64_parse(a, leaf[cert].der, strlen(leaf[cert].der), NULL);
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	uint8_t *spki = NULL, hash[32];
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	const char *hex = "";

	SHA256(spki, (size_t)n, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		hex = arena_printf(a, "%s%02x", hex, hash[i]);
	OPENSSL_free(spki);
	X509_free(x);
	return hex;
}

static void
test_expressions(void)
{
	const struct row {
		const char	*where;
		long		 matched;
	} rows[] = {
		{ "issuer = main", 3 }, { "issuer = other", 2 }, { "issuer != main", 2 },
		{ "profile = default", 3 }, { "profile = short", 2 },
		{ "directory = default", 3 }, { "directory = partner", 0 },
		{ "directory = part and not name = n3.example.test", 1 },
		{ "name = n1.example.test", 1 }, { "name = *.example.test", 5 },
		{ "name = .example.test and issuer = main", 3 }, { "name = localhost.example", 0 },
		{ arena_printf(a, "account = %s", strrchr(main_client->kid, '/') + 1), 3 },
		{ arena_printf(a, "serial = %s", serial_of(N2)), 1 },
		{ arena_printf(a, "serial = %s or serial = %s", serial_of(N2), serial_of(P4)), 2 },
		{ arena_printf(a, "key = %s", key_of(P3)), 1 },
		{ "issued >= 2026-01-01", 5 }, { "issued < 2026-01-01", 0 },
		{ "issued between 2020-01-01 and 2100-01-01", 5 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const json_t *o = run_json(arena_printf(a, "start --where '%s' --explanation %s",
							rows[i].where, WHY("0")));

		ok(count(o, "matched") == rows[i].matched, "%s: %ld, is %ld", rows[i].where,
		   rows[i].matched, count(o, "matched"));
	}
}

static void
test_dry(void)
{
	const char *said;
	const json_t *o = run_json("start --where 'issuer = main' --explanation " WHY("0")
				   " --revoke-after 5d --dry-run");

	ok(count(o, "waiting") == 3 && count(o, "replaced") == 0 && count(o, "broken") == 3,
	   "a dry run counts");
	is(text(o, "reason"), "superseded", "the reason that none is given for");
	is(text(o, "spread"), "1d", "a day for the windows");
	is(text(json_array_get(json_object_get(o, "groups"), 0), "profile"), "default",
	   "by profiles");
	ok(run("start --where 'issuer = main' --explanation " WHY("0") " --revoke-after 6h", &said)
	   == 0 && strstr(said, "Nothing is changed.  With --yes this begins") != NULL &&
	   strstr(said, "3 certificates, of which 0 have been") != NULL &&
	   strstr(said, "3 of issuer main, profile default") != NULL &&
	   strstr(said, "n0.example.test") != NULL && strstr(said, "reason superseded; 3 would")
	   != NULL, "so do words for people");
	ok(run("list", &said) == 0, "list");
	is(said, "no incidents\n", "nothing has begun");
	for (int i = 0; i < CERTS; i++)
		untouched(i);
}

static void
test_errors(void)
{
	static const struct {
		const char	*arguments;
		int		 status;
		const char	*says;
	} rows[] = {
		{ "start", 2, "start --where EXPRESSION" },
		{ "start --where 'issuer = main'", 2, "start --where EXPRESSION" },
		{ "start --explanation " WHY("0"), 2, "start --where EXPRESSION" },
		{ "start x --where 'issuer = main' --explanation " WHY("0"), 2, "try" },
		{ "start --yes --dry-run --where 'issuer = main' --explanation " WHY("0"), 2,
		  "try" },
		{ "", 2, "try" }, { "end", 2, "try" }, { "list x", 2, "try" },
		{ "status --yes", 2, "try" }, { "again", 2, "try" },
		{ "status nobody", 1, "no incident \"nobody\"; \"brevet incident list\" shows" },
		{ "end nobody", 1, "not the id of an incident" },
		{ "end AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw", 1, "no such incident" },
	};
	/* Refused by the dry run as well as by the server. */
	static const struct {
		const char	*where, *more, *says;
	} both[] = {
		{ "issuer = mian", "", "column 10: there is no issuer \"mian\"; there are main, "
		  "other" },
		{ "profile = x", "", "there is no profile \"x\"; there are default, short" },
		{ "directory = x", "", "there is no directory \"x\"; there are default, part" },
		{ "account = AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw", "", "column 11: there is no account "
		  "AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw; \"brevet account list\" shows" },
		{ "binding = AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw", "", "\"brevet eab list\" shows" },
		{ "issuer main", "", "column 8: expected = or !=, not \"main\"" },
		{ "", "", "column 1: expected issuer, profile" },
		{ "issuer = main", "--explanation status.example.test", "is not a http or https" },
		{ "issuer = main", "--explanation https://", "is not a http or https URL" },
		{ "issuer = main", "--explanation \"https://a b\"", "is not a http or https URL" },
		{ "issuer = main", "--spread 1x", "spread \"1x\" is not a duration between" },
		{ "issuer = main", "--spread 10s", "spread \"10s\" is not a duration between" },
		{ "issuer = main", "--revoke-after 400d", "is not a duration between 5m and 366d" },
		{ "issuer = main", "--spread 2h --revoke-after 1h", "less than spread 2h" },
		{ "issuer = main", "--reason compromised", "\"compromised\" is not a reason" },
	};
	const char *said;
	int status;

	for (size_t i = 0; i < COUNT(rows); i++) {
		status = run(rows[i].arguments, &said);
		ok(status == rows[i].status && strstr(said, rows[i].says) != NULL, "%s: %d, %s",
		   rows[i].arguments, status, line(said));
	}
	for (size_t i = 0; i < COUNT(both) * 2; i++) {
		const char *mode = i % 2 == 0 ? "--dry-run" : "--yes";

		status = run(arena_printf(a, "start --where '%s' --explanation %s %s %s",
					  both[i / 2].where, WHY("0"), both[i / 2].more, mode),
			     &said);
		ok(status == 1 && strstr(said, both[i / 2].says) != NULL, "%s %s %s: %d, %s",
		   both[i / 2].where, both[i / 2].more, mode, status, line(said));
	}
	ok(run("list", &said) == 0 && strcmp(said, "no incidents\n") == 0, "none has begun");
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
	   strstr(said, "  ended     ") != NULL && strstr(said, "2 certificates, 2 revoked  issuer")
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
	if (!places_begin(&scene, NULL) || !places_configure(&scene, DIRECTORIES))
		return 1;
	a = arena_new();
	main_client = place_member(&scene, MAIN, NULL);
	part_client = place_member(&scene, PART, NULL);
	for (int i = 0; i < CERTS; i++) {
		leaf[i] = issue(i, NULL);
		before[i] = info_of(i);
	}
	test_expressions();
	test_dry();
	test_errors();
	test_whole();
	test_two();
	test_restart();
	leave(main_client);
	leave(part_client);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* acme_incident_crash.c - R-2: the server ends at each commit of an incident, right before it and
 * right behind it.  Started again, the incident goes on to its end: every certificate that
 * matches has its window, is revoked once and stands in the CRL, and no other one.  Most
 * certificates are rows that are put into the store by hand. */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "store/store.h"
#include "tests/scene.h"

#define MATCHING 300	/* more than one edit takes */
#define REPLACED 5	/* of these, before it begins */
#define OTHERS	 40
#define REVOKED	 7
#define SPREAD	 7200
#define AFTER	 10800
#define DAY	 86400
#define ROUNDS	 40	/* an incident has some ten commits */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct scene scene;
static struct arena *a;
static struct id account;
static struct serial certs[MATCHING + OTHERS + REVOKED];
static struct renewal before[MATCHING + OTHERS + REVOKED];
static uint32_t issuer;
static int64_t revocations;	/* before it begins */

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

/* --- the certificates ----------------------------------------------------------------- */

static bool
is_matching(size_t i)
{
	return i < MATCHING;
}

static void
cert_put(struct edit *e, size_t i, int64_t now)
{
	struct cert cert = {
		.serial = serial_new(now), .state = CERT_ISSUED, .created = now - 1000,
		.account = is_matching(i) || i >= MATCHING + OTHERS ? account :
			   id_new(clock_now_ms()),
		.scope = { 1, 1, issuer, { { 0 } } }, .not_before = now - 1000,
		.not_after = now + 40 * DAY,
		.der = { (const uint8_t *)"none", 4 },
	};

	certs[i] = cert.serial;
	store_cert_add(e, &cert);
	before[i] = (struct renewal){ .serial = cert.serial, .not_after = cert.not_after,
				      .start = now + 20 * DAY, .end = now + 21 * DAY };
	if (i < REPLACED)
		before[i].successor = serial_new(now);
	if (i >= MATCHING + OTHERS) {
		cert.state = CERT_REVOKED;
		cert.revoked = now - 10;
		store_cert_put(e, &cert);
		before[i].closed = true;
	}
	store_renewal_put(e, &before[i]);
}

static void
fill(void)
{
	struct problem p = { 0 };
	struct store *s = store_open(data_dir(), (uint64_t)1 << 30, false, &p);
	int64_t now = clock_now();
	struct edit *e;

	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	e = edit_begin(s);
	issuer = store_name_number(e, 'i', "main");
	for (size_t i = 0; i < COUNT(certs); i++)
		cert_put(e, i, now);
	revocations = (int64_t)store_revocations(edit_view(e));
	if (!edit_commit(e, &p))
		exit(1);
	store_close(s);
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

	for (int i = 0; i < 400; i++) {
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

/* --- what must hold at the end -------------------------------------------------------- */

/* What is wrong with one; NULL: nothing. */
static const char *
cert_wrong(const struct view *v, size_t i, const struct incident *incident)
{
	const struct cert *cert = store_cert_get(v, a, &certs[i]);
	const struct renewal *r = store_renewal_get(v, a, &certs[i]);

	if (cert == NULL || r == NULL)
		return "a certificate is gone";
	if (!is_matching(i) && (cert->state == CERT_REVOKED) != (i >= MATCHING + OTHERS))
		return "a certificate that does not match is revoked";
	if (!is_matching(i) || i < REPLACED) {
		if (r->start != before[i].start || r->end != before[i].end)
			return "a window is moved that nobody waits for";
	} else if (r->start < incident->created || r->start > incident->created + SPREAD ||
		   r->end > incident->revoke_at || !id_equal(&r->incident, &incident->id)) {
		return arena_printf(a, "window %lld to %lld s behind the start",
				    (long long)(r->start - incident->created),
				    (long long)(r->end - incident->created));
	}
	if (is_matching(i) && (cert->state != CERT_REVOKED || cert->reason != 4 ||
			       cert->revoked < incident->revoke_at))
		return "a certificate is not revoked, or too early";
	return NULL;
}

static bool
is_listed(const struct serial *serials, size_t n, const struct serial *serial)
{
	for (size_t i = 0; i < n; i++)
		if (serial_equal(&serials[i], serial))
			return true;
	return false;
}

/* All that match and no other: the incident's own list, its numbers, and how often anything was
 * revoked. */
static const char *
incident_wrong(const struct view *v, const struct incident *incident)
{
	struct serial *serials;
	size_t n = store_incident_cert_list(v, a, &incident->id, NULL, 1000, &serials);

	if (n != MATCHING || incident->matched != MATCHING)
		return arena_printf(a, "%zu certificates, %llu", n,
				    (unsigned long long)incident->matched);
	for (size_t i = 0; i < MATCHING; i++)
		if (!is_listed(serials, n, &certs[i]))
			return "one is lost";
	if (incident->revoked != MATCHING ||
	    (int64_t)store_revocations(v) - revocations != MATCHING)
		return arena_printf(a, "%lld revocations, %llu",
				    (long long)store_revocations(v) - revocations,
				    (unsigned long long)incident->revoked);
	return NULL;
}

struct crl_facts {
	uint64_t	number;
	int		entries;
	bool		current;
};

static struct crl_facts
crl_of(const struct view *v)
{
	const struct crl *crl = store_crl_get(v, a, issuer, 0);
	const uint8_t *at = crl == NULL ? NULL : crl->der.data;
	X509_CRL *x = crl == NULL ? NULL : d2i_X509_CRL(NULL, &at, (long)crl->der.len);
	struct crl_facts facts = { 0, -1, false };

	if (x != NULL)
		facts = (struct crl_facts){ crl->number,
			sk_X509_REVOKED_num(X509_CRL_get_REVOKED(x)),
			crl->revocations == store_revocations(v) };
	X509_CRL_free(x);
	return facts;
}

/* It has each once, and a number that is higher than that of one that said less. */
static const char *
crl_wrong(const struct view *v, const struct crl_facts *was)
{
	struct crl_facts is = crl_of(v);

	if (is.entries != MATCHING + REVOKED)
		return arena_printf(a, "the CRL has %d entries", is.entries);
	return is.number > was->number || (is.number == was->number && is.entries == was->entries) ?
	       NULL : "the CRL's number is not higher";
}

/* The index of those that are waited for has those, and no job is left. */
static const char *
index_wrong(const struct view *v)
{
	struct renewal *all;
	struct due *due;
	struct job *jobs;
	size_t n = store_renewal_list(v, a, NULL, 1000, &all), open = 0;
	size_t waiting = store_due_list(v, a, INT64_MAX, NULL, 1000, &due);

	for (size_t i = 0; i < n; i++)
		open += !all[i].closed && serial_none(&all[i].successor);
	if (open != waiting || open != OTHERS)
		return arena_printf(a, "%zu renewals are open, %zu are in the index", open,
				    waiting);
	return store_job_list(v, a, NULL, 10, &jobs) == 0 ? NULL : "a job is left";
}

static const char *
all_wrong(const struct view *v, const char *id_text, const struct crl_facts *crl)
{
	const struct incident *incident;
	const char *wrong;
	struct id id;

	id_parse(id_text, strlen(id_text), &id);
	incident = store_incident_get(v, a, &id);
	wrong = incident_wrong(v, incident);
	for (size_t i = 0; i < COUNT(certs) && wrong == NULL; i++)
		wrong = cert_wrong(v, i, incident);
	if (wrong == NULL)
		wrong = crl_wrong(v, crl);
	return wrong == NULL ? index_wrong(v) : wrong;
}

/* Windows that begin in the fullest slot. */
static unsigned
fullest(const struct view *v)
{
	int64_t now = clock_now();
	unsigned slots[SPREAD / SLOT_SECONDS + 2] = { 0 }, most = 0;

	for (size_t i = REPLACED; i < MATCHING; i++) {
		const struct renewal *r = store_renewal_get(v, a, &certs[i]);
		int64_t slot = r->start / SLOT_SECONDS - now / SLOT_SECONDS;

		if (slot < 0 || slot >= (int64_t)COUNT(slots))
			return MATCHING;
		if (++slots[slot] > most)
			most = slots[slot];
	}
	return most;
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
	struct crl_facts facts = crl_of(look.view);

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
	for (int i = 0; i < 200 && !crl_now().current; i++)
		usleep(50000);
	look = look_open();
	wrong = all_wrong(look.view, *id, crl);
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
	ok(id != NULL && reaches(id, "open"), "an incident of %d certificates", MATCHING);
	look = look_open();
	most = fullest(look.view);
	look_close(look);
	ok(most <= 2 * MATCHING / (SPREAD / SLOT_SECONDS), "windows are spread evenly: the fullest "
	   "of %d slots has %u", SPREAD / SLOT_SECONDS, most);
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
	fill();
	shell(arena_printf(a, "cp -a %s %s.first", data_dir(), data_dir()));
	test_even();
	test_point("before-commit");
	test_point("after-commit");
	again();
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_turn.c - not too many validations of one name or connections to one address at a
 * time: a black hole holds up only who waits for it (V-29). */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "tests/fake_web.h"
#include "tests/tap.h"
#include "va/va.h"

#define THUMB ".0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define MOST 8
#define TIMEOUT_MS 4000
#define MANY 1000
#define GOOD 200

/* --- the web: "hole" is never answered, "slow" late, "toward" leads there, "right" at once - */

static atomic_int held, peak;	/* of what is not answered at once */

static void
serve(struct fake_client *c, const char *head)
{
	char token[32] = "";
	int now, before = atomic_load(&peak);

	if (sscanf(head, "GET /.well-known/acme-challenge/%31[a-z] ", token) != 1)
		return;
	if (strcmp(token, "right") != 0) {
		now = atomic_fetch_add(&held, 1) + 1;
		while (now > before && !atomic_compare_exchange_weak(&peak, &before, now))
			;
		fake_pause(c, strcmp(token, "hole") == 0 ? 30000 : 30);
		atomic_fetch_sub(&held, 1);
	}
	if (strcmp(token, "toward") == 0)
		fake_printf(c, "HTTP/1.1 302 Found\r\nLocation: http://b0.test/\r\n\r\n");
	else
		fake_printf(c, "HTTP/1.1 200 OK\r\n\r\n%s%s", token, THUMB);
}

/* Counts anew, when the web has noticed that those of before are gone. */
static void
peak_begin(void)
{
	for (int i = 0; i < 10000 && atomic_load(&held) > 0; i++)
		usleep(1000);
	atomic_store(&peak, 0);
}

/* --- many validations -------------------------------------------------------------------- */

struct asked {
	struct validation	 v;
	const char		*name;
	bool			 answered;
	unsigned		 order;		/* 1, 2, ... */
};

static struct loop *loop;
static unsigned waiting, answers;
static int64_t first_ms, last_ms;	/* when the last list was begun */
static const char *account;	/* of those that start; NULL: none */

static enum flow_next
asked_ask(struct flow *f)
{
	struct asked *q = f->data;
	struct problem p = { 0 };

	if (!ident_parse_dns(&q->v.ident, f->arena, q->name, strlen(q->name), &p))
		abort();
	q->v.key_auth = arena_printf(f->arena, "%s%s", q->v.token, THUMB);
	q->v.method = VA_HTTP_01;
	q->v.waiter = f;
	q->v.ticket = flow_arm(f);
	waiting++;
	last_ms = clock_mono_ms();
	va_validate(&q->v);
	return FLOW_WAIT;
}

static enum flow_next
asked_answer(struct flow *f)
{
	struct asked *q = f->data;

	q->answered = true;
	q->order = ++answers;
	if (--waiting == 0)
		event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step asked_steps[] = {
	{ ON_LOOP, STEP(asked_ask) },
	{ ON_LOOP, STEP(asked_answer) },
	{ 0 }
};

/* Starts n of them; "%d" in the name is the number. */
static void
start(struct asked *list, int n, struct va *va, const char *name, const char *token)
{
	first_ms = clock_mono_ms();
	for (int i = 0; i < n; i++) {
		char text[64];

		snprintf(text, sizeof(text), name, i);
		list[i] = (struct asked){ .name = strdup(text), .v = { .va = va, .token = token } };
		list[i].v.account_url = account;
		flow_start(flow_new(loop, asked_steps, &list[i]));
	}
}

static void
finish(struct asked *list, int n)
{
	for (int i = 0; i < n; i++)
		free((char *)list[i].name);
}

static int
count(const struct asked *list, int n, enum problem_type type, const char *words)
{
	int found = 0;

	for (int i = 0; i < n; i++)
		found += list[i].answered && list[i].v.problem.type == type &&
			 strstr(list[i].v.problem.detail, words) != NULL;
	return found;
}

/* Those that had a turn at the silent address, and those that waited for one in vain.  A machine on
 * which they did not begin at about the same time leaves some for whom a turn comes in time. */
static bool
in_vain(const struct asked *list, int n, int64_t spread_ms, const char *words)
{
	int had = count(list, n, PROBLEM_CONNECTION, "timeout");

	return (had == MOST || (had > MOST && spread_ms > TIMEOUT_MS / 20)) &&
	       count(list, n, PROBLEM_RATE_LIMITED, words) == n - had;
}

static int
slowest(const struct asked *list, int n)
{
	int most = 0;

	for (int i = 0; i < n; i++)
		if (list[i].v.took_ms > most)
			most = (int)list[i].v.took_ms;
	return most;
}

static void
run(void)
{
	if (waiting > 0)
		event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

/* --- the cases ------------------------------------------------------------------------------ */

/* A thousand of them first, good ones behind. */
static void
test_hole(struct va *va, const char *name, const char *words)
{
	static struct asked bad[MANY], good[GOOD];
	int64_t spread;
	int alone;

	start(good, GOOD, va, "g%d.test", "right");
	run();
	alone = slowest(good, GOOD);
	finish(good, GOOD);
	peak_begin();
	start(bad, MANY, va, name, "hole");
	spread = last_ms - first_ms;
	start(good, GOOD, va, "g%d.test", "right");
	run();
	ok(count(good, GOOD, PROBLEM_NONE, "") == GOOD, "V-29 %s: all others are good", name);
	ok(slowest(good, GOOD) < alone + TIMEOUT_MS - 200,
	   "V-29 %s: others take %d ms, alone %d ms", name, slowest(good, GOOD), alone);
	ok(atomic_load(&peak) == MOST, "V-29 %s: %d connections to it at a time", name,
	   atomic_load(&peak));
	ok(in_vain(bad, MANY, spread, words), "V-29 %s: %s", name, bad[MANY - 1].v.problem.detail);
	ok(slowest(bad, MANY) < 10000, "V-29 %s: each has its verdict in time", name);
	finish(bad, MANY);
	finish(good, GOOD);
}

/* Who is slow is not held up more than needed. */
static void
test_slow(struct va *va, int most, const char *what)
{
	static struct asked slow[100];

	peak_begin();
	start(slow, 100, va, "s%d.test", "slow");
	run();
	ok(count(slow, 100, PROBLEM_NONE, "") == 100, "%s: all have their turn", what);
	ok(atomic_load(&peak) == most, "%s: %d at a time", what, atomic_load(&peak));
	finish(slow, 100);
}

/* Those who wait can be given up, and the others go on. */
static void
test_cancel(struct va *va)
{
	static struct asked slow[40];

	start(slow, 40, va, "s%d.test", "slow");
	for (int i = 0; i < 40; i += 2)
		va_cancel(&slow[i].v);
	for (int i = 0; i < 40; i += 2)
		flow_wake(slow[i].v.waiter, slow[i].v.ticket);
	run();
	ok(count(slow, 40, PROBLEM_NONE, "") == 20 &&
	   count(slow, 40, PROBLEM_SERVER_INTERNAL, "given up") == 20,
	   "every other one is given up");
	finish(slow, 40);
}

/* --- of one account ---------------------------------------------------------------------- */

/* The last of them was answered before the first of those. */
static bool
before(const struct asked *these, int n, const struct asked *those, int nthose)
{
	unsigned last = 0, first = answers + 1;

	for (int i = 0; i < n; i++)
		last = these[i].order > last ? these[i].order : last;
	for (int i = 0; i < nthose; i++)
		first = those[i].order < first ? those[i].order : first;
	return last < first;
}

/* With 2 * MOST connections: one address alone has half of them, two have a third each. */
static void
test_share(struct va *va)
{
	static struct asked bad[100], good[100], others[100];
	int64_t spread;

	account = "https://ca.test/acme/account/one";
	peak_begin();
	start(bad, 100, va, "b%d.test", "slow");
	run();
	ok(atomic_load(&peak) == MOST, "an account's, one address: %d at a time",
	   atomic_load(&peak));
	finish(bad, 100);
	peak_begin();
	start(bad, 100, va, "s%d.test", "slow");
	run();
	ok(atomic_load(&peak) > MOST && atomic_load(&peak) <= MOST + MOST / 2,
	   "an account's, two addresses: %d at a time", atomic_load(&peak));
	finish(bad, 100);
	start(bad, 100, va, "b%d.test", "hole");
	spread = last_ms - first_ms;
	start(good, 100, va, "g%d.test", "right");
	account = "https://ca.test/acme/account/other";
	start(others, 100, va, "b%d.test", "right");
	run();
	ok(count(good, 100, PROBLEM_NONE, "") == 100 && before(good, 100, bad, 100),
	   "V-29 an account's, beside a silent address: at once, and good");
	ok(count(others, 100, PROBLEM_NONE, "") == 100 && before(others, 100, bad, 100),
	   "V-29 another account's at that address: at once");
	ok(in_vain(bad, 100, spread, "of this account"), "V-29 %s", bad[99].v.problem.detail);
	finish(bad, 100);
	finish(good, 100);
	finish(others, 100);
	account = NULL;
}

/* After a while, does the last of them wait behind others that get on? */
static void
test_hopes(struct va *va, const char *name, const char *token, bool want)
{
	static struct asked list[60];
	unsigned before = answers;

	start(list, 60, va, name, token);
	for (int i = 0; i < 20 && (i == 0 || (want && answers == before)); i++) {
		event_base_loopexit(loop->base, &(struct timeval){ 0, 100000 });
		event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
	}
	ok(va_hopes(&list[59].v) == want && !list[59].answered, "%s, %s: the last %s", name,
	   token, want ? "may hope" : "waits in vain");
	run();
	ok(!va_hopes(&list[59].v), "%s, %s: not afterwards", name, token);
	finish(list, 60);
}

/* Who waits for his account until his time is over waits for nothing else. */
static void
test_late(struct va *va, const char *what)
{
	static struct asked bad[20], others[20];

	account = "https://ca.test/acme/account/one";
	start(bad, 20, va, "b%d.test", "hole");
	event_base_loopexit(loop->base, &(struct timeval){ 1, 0 });
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
	account = "https://ca.test/acme/account/other";
	start(others, 20, va, "b%d.test", "hole");
	run();
	ok(count(others, 20, PROBLEM_CONNECTION, "timeout") == 4 &&
	   slowest(bad, 20) < TIMEOUT_MS + 1700,
	   "V-29 four at a time %s: each has its verdict in time, the last after %d ms", what,
	   slowest(bad, 20));
	finish(bad, 20);
	finish(others, 20);
	account = NULL;
}

/* --- the end of the loop ----------------------------------------------------------------- */

/* At the end of the loop nobody's end wakes another. */
static void
test_drop(struct va *va)
{
	static struct asked slow[40];

	start(slow, 40, va, "s%d.test", "hole");
	event_base_loop(loop->base, EVLOOP_NONBLOCK);
	va_drop(loop);
	for (int i = 0; i < 40; i++)
		flow_wake(slow[i].v.waiter, slow[i].v.ticket);
	run();
	ok(count(slow, 40, PROBLEM_SERVER_INTERNAL, "given up") == 40 && loop->flows == 0,
	   "all are dropped, no flow is left");
	finish(slow, 40);
}

#define LEFT (2 * (MOST + 5))	/* half of them of an account */

/* The loop may end while some wait, also one that began before those whom it waits for.
 * ASan tells if its flow is left. */
static enum flow_next
leave_ask(struct flow *f)
{
	struct asked *list = f->data;
	struct problem p = { 0 };

	for (int i = 0; i < LEFT; i++) {
		const char *name = arena_printf(f->arena, i == 0 ? "g%d.test" : "b%d.test", i);

		if (!ident_parse_dns(&list[i].v.ident, f->arena, name, strlen(name), &p))
			abort();
		list[i].v.method = VA_HTTP_01;
		list[i].v.token = i == 0 ? "toward" : "hole";
		list[i].v.key_auth = THUMB;
		list[i].v.waiter = f;
		va_validate(&list[i].v);
		list[i].v.waiter = NULL;
	}
	return FLOW_NEXT;
}

static void
test_leave(struct asked *list, struct va *va, struct va *shared)
{
	static const struct flow_step steps[] = { { ON_LOOP, STEP(leave_ask) }, { 0 } };

	for (int i = 0; i < LEFT; i++)
		list[i].v.va = i < LEFT / 2 ? va : shared;
	for (int i = LEFT / 2; i < LEFT; i++)
		list[i].v.account_url = "https://ca.test/acme/account/one";
	flow_start(flow_new(loop, steps, list));
	event_base_loopexit(loop->base, &(struct timeval){ 0, 200000 });
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
	ok(loop->flows == LEFT, "%zu validations at the end of the loop", loop->flows);
}

/* --- the stage -------------------------------------------------------------------------------- */

static void
write_hosts(char *file)
{
	int fd = mkstemp(file);
	FILE *f = fdopen(fd, "w");

	if (f == NULL)
		abort();
	fprintf(f, "127.0.0.2 one.test\n");
	for (int i = 0; i < MANY; i++)
		fprintf(f, "127.0.0.2 b%d.test\n127.0.0.1 g%d.test\n127.0.0.%d s%d.test\n", i, i,
			1 + i % 2, i);
	if (fclose(f) != 0)
		abort();
}

static struct va *
open_va(const struct va_options *usual, int per_target, int connections)
{
	struct va_options o = *usual;
	struct problem p = { 0 };
	struct va *va;

	o.per_target = per_target;
	o.connections = connections;
	va = va_open(&o, &p);
	if (va == NULL)
		printf("# %s\n", p.detail);
	return va;
}

int
main(void)
{
	static const char *const allow[] = { "127.0.0.0/8", NULL };
	static const char *const resolvers[] = { "127.0.0.1@1", NULL };
	char hosts[] = "/tmp/brevet-turn-XXXXXX";
	struct va_options o = { .allow_addresses = allow, .timeout_ms = TIMEOUT_MS,
				.hosts_file = hosts, .resolvers = resolvers };
	struct fake_web *web = fake_web_start("127.0.0.1", 0, false, serve),
			*other = fake_web_start("127.0.0.2", fake_web_port(web), false, serve);
	struct problem p = { 0 };
	static struct asked left[LEFT];
	struct va *usual, *few, *shared, *narrow[2];

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	write_hosts(hosts);
	o.http_port = fake_web_port(web);
	usual = open_va(&o, MOST, 0);
	few = open_va(&o, 0, 5);
	o.per_account = MOST;
	shared = open_va(&o, 100, 0);
	narrow[0] = open_va(&o, 4, 0);
	narrow[1] = open_va(&o, 0, 4);
	unlink(hosts);
	loop = loop_new(0);
	ok(va_attach(loop, usual, &p), "attached %s", p.detail);
	test_slow(usual, 2 * MOST, "two addresses");
	test_slow(few, 5, "in all");
	test_cancel(usual);
	test_hole(usual, "b%d.test", "8 other validations were waiting for 127.0.0.2 for longer");
	test_hole(usual, "one.test", "8 other validations of this name took longer");
	test_share(shared);
	test_hopes(usual, "b%d.test", "slow", true);
	test_hopes(usual, "one.test", "slow", true);
	test_hopes(few, "s%d.test", "slow", true);
	test_hopes(usual, "b%d.test", "hole", false);
	account = "https://ca.test/acme/account/one";
	test_hopes(shared, "b%d.test", "slow", true);
	account = NULL;
	test_late(narrow[0], "at an address");
	test_late(narrow[1], "in all");
	test_drop(usual);
	test_leave(left, usual, shared);
	loop_free(loop);
	va_release(usual);
	va_release(few);
	va_release(shared);
	va_release(narrow[0]);
	va_release(narrow[1]);
	fake_web_stop(web);
	fake_web_stop(other);
	return tap_done();
}

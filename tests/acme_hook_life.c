/* SPDX-License-Identifier: Apache-2.0 */
/* acme_hook_life.c - the webhook while the server lives: reloads, limits, many questions at
 * once, clients that go, the end of the server. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/hooked.h"

#define ASKED(result) "brevet_webhook_total{result=\"" result "\"}"

static const struct hook_plan yes = SAYS("{\"allow\":true}");
static const struct hook_plan no = SAYS("{\"allow\":false}");
static const struct hook_plan stalls = { HOOK_STALLS, "", 0 };
static const struct hook_plan broken = { HOOK_SAYS, "HTTP/1.1 500 Oops\r\n\r\n", 0 };
static const struct hook_plan stays = {
	HOOK_SAYS, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"allow\":true}", 0
};

/* --- reload ------------------------------------------------------------------------ */

static void
test_absent_allows(void)
{
	struct client *c = member(&scene, "ES256");
	unsigned before = fake_hook_questions(hook);
	long from = server_log_size(scene.server);

	ok(hooked_configure(c, "webhook { absent = allow }\n"), "absent = allow");
	fake_hook_plan(hook, &broken);
	ok(hooked_order(c, GOOD) == 201, "then no answer is a yes: %s", client_why(c));
	ok(hooked_absent(from, "\"holds\":\"allow\""), "which the log tells");
	fake_hook_plan(hook, &no);
	ok(hooked_order(c, GOOD) == 400, "and a no is a no");
	ok(fake_hook_questions(hook) == before + 2, "both were asked");
	ok(hooked_configure(c, "webhook { absent = refuse }\n"), "absent = refuse");
	fake_hook_plan(hook, &broken);
	ok(hooked_order(c, GOOD) == 503, "and no answer is no order again");
	leave(c);
}

/* An option of the webhook that names a file of the scene's folder, from now on. */
static bool
file_is(struct client *c, const char *option, const char *file)
{
	return hooked_configure(c, arena_printf(c->arena, "webhook { %s = \"%s\" }\n", option,
						hooked_path(c, file)));
}

static void
test_reload(void)
{
	struct client *c = member(&scene, "ES256");
	unsigned before;

	fake_hook_plan(hook, &yes);
	ok(hooked_order(c, GOOD) == 201, "an order");
	stage_write(scene.dir, "secret2", "another secret, as long as it must be\n");
	chmod(hooked_path(c, "secret2"), 0600);
	ok(file_is(c, "secret", "secret2"),
	   "another secret");
	ok(hooked_order(c, GOOD) == 201 && !fake_hook_signed(hook), "signs the next question");
	ok(file_is(c, "secret", "secret"),
	   "the first one again");
	ok(hooked_order(c, GOOD) == 201 && fake_hook_signed(hook), "signs the next one");
	ok(hooked_configure(c, "webhook { ca = \"\" }\n"), "the system's roots");
	ok(hooked_order(c, GOOD) == 503, "do not know it");
	ok(file_is(c, "ca", "hook.pem"),
	   "the right root");
	ok(hooked_order(c, GOOD) == 201, "does");
	chmod(hooked_path(c, "secret2"), 0644);
	ok(!file_is(c, "secret", "secret2"), "a secret that others can read is "
	   "refused");
	chmod(hooked_path(c, "secret2"), 0600);
	ok(file_is(c, "secret", "secret"),
	   "the configuration is good again");
	before = fake_hook_questions(hook);
	ok(hooked_configure(c, "webhook { url = \"\" }\n"), "no webhook");
	ok(hooked_order(c, GOOD) == 201 && fake_hook_questions(hook) == before, "nobody is asked");
	ok(hooked_back(c), "the webhook again");
	leave(c);
}

/* What the limits refuse is not asked about. */
static void
test_limits(void)
{
	struct client *c = member(&scene, "ES256");
	unsigned before = fake_hook_questions(hook);

	ok(hooked_configure(c, "limit { enabled = true\n orders = \"1/1h\" }\n"),
	   "an order an hour");
	ok(hooked_order(c, GOOD) == 201, "the first one");
	ok(hooked_order(c, GOOD) == 429, "the second one: %s", client_why(c));
	ok(fake_hook_questions(hook) == before + 1, "the webhook heard of the first only");
	ok(hooked_configure(c, "limit { enabled = false }\n"), "no limits");
	leave(c);
}

/* --- many -------------------------------------------------------------------------- */

static void
test_connections(void)
{
	struct client *c = member(&scene, "ES256");
	unsigned before, made = 0;

	fake_hook_plan(hook, &stays);
	hooked_order(c, GOOD);
	before = fake_hook_connections(hook);
	for (int i = 0; i < 20; i++)
		made += hooked_order(c, GOOD) == 201;
	ok(made == 20 && fake_hook_connections(hook) == before, "%u questions over one connection",
	   made);
	fake_hook_plan(hook, &yes);
	for (int i = 0; i < 20; i++)
		made += hooked_order(c, GOOD) == 201;
	ok(made == 40 && fake_hook_connections(hook) >= before + 19, "and where it is closed, over "
	   "another: %u", fake_hook_connections(hook) - before);
	leave(c);
}

#define MANY 100

/* That many newOrder requests at once, each on its own connection. */
static void
many_send(struct client *c, struct wire *wires[MANY])
{
	const char *url = client_url(c, "new-order"), *body;

	for (int i = 0; i < MANY; i++) {
		struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c),
				   .url = url, .payload = GOOD };

		jws_sign(c->arena, &jws);
		body = jws_print(c->arena, &jws);
		wires[i] = wire_open(c->trust, c->host, c->port);
		wire_send_text(wires[i], arena_printf(
			c->arena, "POST /acme/new-order HTTP/1.1\r\nHost: localhost\r\n"
			"Content-Type: application/jose+json\r\nContent-Length: %zu\r\n\r\n%s",
			strlen(body), body));
	}
}

/* How many of them have that status. */
static unsigned
many_read(struct client *c, struct wire *wires[MANY], int status)
{
	unsigned n = 0;

	for (int i = 0; i < MANY; i++) {
		struct reply r = { 0 };

		n += wires[i] != NULL && wire_read(wires[i], c->arena, &r, false) &&
		     r.status == status;
		wire_close(wires[i]);
	}
	return n;
}

static void
test_many(void)
{
	static const struct hook_plan gathers = {
		HOOK_GATHERS, "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"allow\":true}",
		HOOK_TURNS + 1	/* which never come */
	};
	struct client *c = member(&scene, "ES256");
	struct wire *wires[MANY];
	unsigned before = fake_hook_questions(hook), n;
	long began;

	ok(hooked_configure(c, "webhook { timeout = 20s }\n"), "time enough");
	fake_hook_plan(hook, &gathers);
	many_send(c, wires);
	n = many_read(c, wires, 201);
	ok(n == MANY, "%d orders at once: %u are made", MANY, n);
	ok(fake_hook_questions(hook) == before + MANY, "after a question each");
	ok(fake_hook_most(hook) == HOOK_TURNS, "at most %u at a time", fake_hook_most(hook));
	ok(hooked_configure(c, "webhook { timeout = 1s }\n"), "little time");
	fake_hook_plan(hook, &stalls);
	began = now_ms();
	many_send(c, wires);
	n = many_read(c, wires, 503);
	ok(n == MANY, "%d orders at once, and silence: %u are refused", MANY, n);
	ok(now_ms() - began < 40000, "none waits for all the others: %ld ms", now_ms() - began);
	leave(c);
}

/* --- the end ----------------------------------------------------------------------- */

struct poster {
	struct client	*c;
	int		 status;
};

static void *
post(void *arg)
{
	struct poster *p = arg;

	p->status = client_post(p->c, client_url(p->c, "new-order"), GOOD);
	return NULL;
}

/* Until the webhook has so many questions. */
static bool
asked(unsigned n)
{
	for (int i = 0; i < 6000 && fake_hook_questions(hook) < n; i++)
		usleep(10000);
	return fake_hook_questions(hook) >= n;
}

static void
test_lost(void)
{
	struct client *c = member(&scene, "ES256");
	struct wire *wires[MANY];
	unsigned before = fake_hook_questions(hook);

	ok(hooked_configure(c, "webhook { timeout = 2s }\n"), "two seconds");
	fake_hook_plan(hook, &stalls);
	many_send(c, wires);
	ok(asked(before + HOOK_TURNS), "questions are under way");
	for (int i = 0; i < MANY; i++)
		wire_close(wires[i]);
	fake_hook_plan(hook, &yes);
	/* who comes next has little more time than those before him, who have not ended yet */
	for (int i = 0; i < 5 && hooked_order(c, GOOD) != 201; i++)
		;
	ok(c->reply.status == 201, "clients that went away take no turn for ever: %s",
	   client_why(c));
	leave(c);
}

/* Asked, and standing in line: all are answered when the server stops. */
static void
test_stop(void)
{
	struct client *c = member(&scene, "ES256");
	struct poster poster = { member(&scene, "ES256"), 0 };
	struct wire *wires[MANY];
	unsigned before = fake_hook_questions(hook), n;
	pthread_t thread;
	long began;

	ok(hooked_configure(c, "webhook { timeout = 60s }\n"), "a minute");
	fake_hook_plan(hook, &stalls);
	pthread_create(&thread, NULL, post, &poster);
	ok(asked(before + 1), "a question is under way");
	many_send(c, wires);
	ok(asked(before + HOOK_TURNS), "and as many as may be");
	sleep(2);	/* the others are read, and stand in line */
	began = now_ms();
	ok(server_stop(scene.server) == 0, "R-22 the server ends with status 0");
	ok(now_ms() - began < 20000, "R-22 soon: %ld ms", now_ms() - began);
	pthread_join(thread, NULL);
	ok(poster.status == 503, "R-22 the client is answered: %s", client_why(poster.c));
	is(reply_only(&poster.c->reply, "Retry-After"), "5", "R-22 and comes back");
	n = many_read(c, wires, 503);
	ok(n == MANY, "R-22 all are: %u", n);
	leave(poster.c);
	leave(c);
}

static void
test_counts(void)
{
	long allowed = metric_now(hook_metrics, ASKED("allowed"));

	ok(allowed > 100, "allowed: %ld", allowed);
	ok(metric_now(hook_metrics, ASKED("refused")) == 1, "refused: 1");
	ok(metric_now(hook_metrics, ASKED("unusable")) == 2, "unusable: 2");
	ok(metric_now(hook_metrics, ASKED("unreachable")) > MANY, "unreachable: %ld",
	   metric_now(hook_metrics, ASKED("unreachable")));
	ok(metric_now(hook_metrics, "brevet_webhook_seconds_count") >= allowed + MANY, "and how "
	   "long each took");
}

int
main(void)
{
	if (!hooked_begin())
		return 1;
	test_absent_allows();
	test_reload();
	test_limits();
	test_connections();
	test_many();
	test_lost();
	test_counts();
	test_stop();
	hooked_end();
	return tap_done();
}

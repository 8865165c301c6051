/* SPDX-License-Identifier: Apache-2.0 */
/* acme_hole.c - a thousand validations against a host that takes connections and never answers:
 * the orders of others go on as before (V-29), and one account has only so many turns. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/trial.h"

#define MANY	   (1000 / STAGE_ROOM)
#define OF_ONE	   (500 / STAGE_ROOM) /* of them one account's, the others of more */
#define IN_ORDER   100
#define WORKERS	   2
#define PER_TARGET 32		/* the default, on each loop */
#define TIMES	   15		/* orders that are measured */
#define LINE	   8		/* validations of one account that has two turns */

static struct trial trial;
static struct fake_record records[MANY + 1];

/* b0.hole.test to b999.hole.test are 127.0.0.2. */
static void
make_records(void)
{
	static char names[MANY][24];

	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "b%d.hole.test", i);
		records[i] = (struct fake_record){ names[i], ns_t_a, "127.0.0.2" };
	}
}

/* Nobody accepts there: the system does, as long as there is room. */
static int
hole_open(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.2", &at.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 4096) != 0)
		abort();
	return fd;
}

static struct {
	int		fds[MANY];	/* that wait for an answer */
	unsigned	n;
} inside;

/* How many have come since the last count. */
static unsigned
hole_count(int fd)
{
	unsigned before = inside.n;

	while (inside.n < MANY && (inside.fds[inside.n] = accept(fd, NULL, NULL)) >= 0)
		inside.n++;
	return inside.n - before;
}

static void
hole_close(int fd)
{
	while (inside.n > 0)
		close(inside.fds[--inside.n]);
	close(fd);
}

/* --- the crowd --------------------------------------------------------------------- */

/* Orders for so many names of the hole, from that number on, all of them begun. */
static unsigned
crowd(int first, int n)
{
	struct client *c = member(&trial.scene, "ES256");
	const char *names[IN_ORDER];
	struct client_order order;
	unsigned begun = 0;

	for (int at = first; at < first + n; at += IN_ORDER) {
		for (int i = 0; i < IN_ORDER; i++)
			names[i] = arena_printf(c->arena, "b%d.hole.test", at + i);
		if (!client_order_new(c, names, IN_ORDER, &order)) {
			ok(false, "an order of %d names: %s", IN_ORDER, client_why(c));
			break;
		}
		for (size_t i = 0; i < order.nauthz; i++)
			begun += respond(c, order.authz[i], "http-01") == 200;
	}
	leave(c);
	return begun;
}

static int
by_size(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The median time of an order, in milliseconds. */
static long
median(struct client *c, const char *what)
{
	static const char *const names[] = { "n0.example.test" };
	long took[TIMES];
	unsigned good = 0;

	for (size_t i = 0; i < TIMES; i++) {
		struct issued issued = { .key = NULL };
		long began = now_ms();

		good += client_issue(c, trial.scene.responder, names, 1, &issued);
		took[i] = now_ms() - began;
		EVP_PKEY_free(issued.key);
	}
	qsort(took, TIMES, sizeof(took[0]), by_size);
	ok(good == TIMES, "V-29 %s: %u of %d orders are issued, the median in %ld ms", what, good,
	   TIMES, took[TIMES / 2]);
	return took[TIMES / 2];
}

/* Stops the server, and starts it with another order.hold: who begins many validations does
 * not wait for them, who orders as usual is told of his at once. */
static void
again_with(struct client *c, const char *hold)
{
	const char *command = arena_printf(c->arena, "sed -i 's/hold = .*/hold = \"%s\"/' "
					   "%s/brevet.conf", hold, trial.scene.server->dir);
	long began = now_ms();

	ok(server_stop(trial.scene.server) == 0, "the server ends with status 0");
	ok(now_ms() - began < 5000, "after %ld ms", now_ms() - began);
	if (system(command) != 0)
		abort();
	trial_again(&trial);
	come_again(c);
}

static void
test_hole(void)
{
	struct client *c = member(&trial.scene, "ES256");
	int hole = hole_open(trial.scene.port);
	long usual = median(c, "alone"), busy, from;
	unsigned begun, came;

	again_with(c, "0s");
	begun = crowd(0, OF_ONE);
	for (int i = OF_ONE; i < MANY; i += IN_ORDER)
		begun += crowd(i, IN_ORDER);
	ok(begun == MANY, "V-29 %u validations are begun", begun);
	came = hole_count(hole);
	ok(came > 0 && came <= WORKERS * PER_TARGET, "V-29 %u connections at a time", came);
	from = server_log_size(trial.scene.server);
	again_with(c, "1s");
	ok(server_event_soon(trial.scene.server, from, "jobs resumed", "jobs") == MANY,
	   "R-23 %ld are resumed", server_event(trial.scene.server, from, "jobs resumed", "jobs"));
	busy = median(c, "beside them");
	ok(busy < 4 * usual + 250, "V-29 which is as fast as alone: %ld ms, then %ld", usual, busy);
	came = hole_count(hole);
	ok(came > 0 && came <= WORKERS * PER_TARGET, "V-29 %u connections at a time", came);
	leave(c);
	hole_close(hole);
}

/* --- turns of one account ---------------------------------------------------------- */

static unsigned
asked(const char *const *tokens)
{
	unsigned n = 0;

	for (size_t i = 0; i < LINE; i++)
		n += responder_asked(trial.scene.responder, tokens[i]);
	return n;
}

static void
test_line(void)
{
	struct client *c = member(&trial.scene, "ES256"), *d = member(&trial.scene, "ES256");
	const char *tokens[LINE], *url, *challenges[LINE];
	struct client_order orders[LINE], other = order_of(d, "dns", "n20.example.test");
	unsigned valid = 0;

	for (size_t i = 0; i < LINE; i++) {
		orders[i] = order_of(c, "dns", arena_printf(c->arena, "n%zu.example.test", i));
		tokens[i] = token_of(c, orders[i].authz[0], "http-01");
		challenges[i] = client_challenge(c->json, "http-01", "url");
		responder_put_late(trial.scene.responder, tokens[i],
				   key_authorization(c->arena, c->key, tokens[i]), 1500);
	}
	url = token_of(d, other.authz[0], "http-01");
	responder_put(trial.scene.responder, url, key_authorization(d->arena, d->key, url));
	url = client_challenge(d->json, "http-01", "url");
	for (size_t i = 0; i < LINE; i++)
		client_post(c, challenges[i], "{}");
	client_post(d, url, "{}");
	for (int i = 0; i < 1000 && asked(tokens) < 2; i++)
		usleep(10000);
	usleep(300000);
	ok(asked(tokens) == 2, "V-29 an account has two turns: %u are asked", asked(tokens));
	is(status_of(d, other.authz[0]), "valid", "V-29 another account need not wait");
	client_post(c, challenges[LINE - 1], "");
	is(text(c->json, "status"), "processing", "V-29 who waits is processing");
	for (size_t i = 0; i < LINE; i++)
		valid += strcmp(decided(c, orders[i].authz[0]), "valid") == 0;
	ok(valid == LINE, "V-29 all of them are proved: their time begins with their turn: %u",
	   valid);
	leave(c);
	leave(d);
}

int
main(void)
{
	make_records();
	trial_begin(&trial, records, (const char *const[]){ "workers=2", "validation.caa=always",
		    "order.hold=1s", "validation.timeout=60s",
		    "validation.allow_addresses=127.0.0.0/8", NULL });
	test_hole();
	trial_end(&trial);
	trial_begin(&trial, records, (const char *const[]){ "workers=1", "validation.caa=always",
		    "order.hold=0s", "validation.per_account=2", "validation.timeout=5s", NULL });
	test_line();
	trial_end(&trial);
	return tap_done();
}

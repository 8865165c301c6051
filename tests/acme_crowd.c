/* SPDX-License-Identifier: Apache-2.0 */
/* acme_crowd.c - one account asks for hundreds of validations that hang: it has its share of the
 * connections, and its own other orders go on before any of these is over (V-29).  Where they do
 * not hang, but are slow, each has its turn in time. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/trial.h"

#define MANY	   200
#define HOLES	   8
#define PER_TARGET 32
#define MOST	   128		/* connections of an account, on the only loop */

static struct trial trial;

static const struct crowd {
	const char	*what;
	unsigned	 holes;		/* addresses; 0: DNS does not answer */
	unsigned	 least, most;	/* connections */
} crowds[] = {
	{ "one silent address", 1, PER_TARGET, PER_TARGET },
	{ "silent name servers", 0, 0, 0 },
	{ "eight silent addresses", HOLES, HOLES, MOST },
};

static struct fake_record records[COUNT(crowds) * MANY + 1];

/* Crowd 0: b0-0.hole.test, b0-1.hole.test ...; holes are 127.0.0.2 and so on. */
static void
make_records(void)
{
	static char names[COUNT(crowds) * MANY][24], at[HOLES][16];
	size_t n = 0;

	for (unsigned i = 0; i < HOLES; i++)
		snprintf(at[i], sizeof(at[i]), "127.0.0.%u", 2 + i);
	for (size_t i = 0; i < COUNT(crowds); i++)
		for (unsigned k = 0; k < MANY; k++, n++) {
			unsigned holes = crowds[i].holes;

			snprintf(names[n], sizeof(names[n]), "b%zu-%u.hole.test", i, k);
			records[n] = (struct fake_record){ names[n], 0, "SILENT" };
			if (holes > 0)
				records[n] = (struct fake_record){ names[n], ns_t_a,
								   at[k % holes] };
		}
}

/* --- holes: the system accepts there, nobody answers --------------------------------- */

static int holes[HOLES], inside[COUNT(crowds) * MANY];
static unsigned ninside;

static void
holes_open(uint16_t port)
{
	for (unsigned i = 0; i < HOLES; i++) {
		struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

		holes[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i);
		setsockopt(holes[i], SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
		if (bind(holes[i], (struct sockaddr *)&at, sizeof(at)) != 0 ||
		    listen(holes[i], 4096) != 0)
			abort();
	}
}

/* How many have come since the last count. */
static unsigned
holes_count(void)
{
	unsigned before = ninside;

	for (unsigned i = 0; i < HOLES; i++)
		while (ninside < COUNT(inside) &&
		       (inside[ninside] = accept(holes[i], NULL, NULL)) >= 0)
			ninside++;
	return ninside - before;
}

static void
holes_close(void)
{
	while (ninside > 0)
		close(inside[--ninside]);
	for (unsigned i = 0; i < HOLES; i++)
		close(holes[i]);
}

/* --- the crowd ----------------------------------------------------------------------- */

static unsigned
crowd_begin(struct client *c, size_t number)
{
	const char *names[MANY / 2];
	struct client_order order;
	unsigned begun = 0;

	for (unsigned at = 0; at < MANY; at += COUNT(names)) {
		for (unsigned i = 0; i < COUNT(names); i++)
			names[i] = arena_printf(c->arena, "b%zu-%u.hole.test", number, at + i);
		if (!client_order_new(c, names, COUNT(names), &order)) {
			ok(false, "an order of %zu names: %s", COUNT(names), client_why(c));
			break;
		}
		for (size_t i = 0; i < order.nauthz; i++)
			begun += respond(c, order.authz[i], "http-01") == 200;
	}
	return begun;
}

/* Verdicts about names that begin so. */
static unsigned
decided_of(const char *prefix)
{
	FILE *in = fopen(trial.scene.server->log, "r");
	char *line = NULL;
	size_t room = 0;
	unsigned found = 0;

	while (in != NULL && getline(&line, &room, in) > 0) {
		json_t *j = json_loads(line, 0, NULL);
		const char *event = text(j, "event"), *name = text(j, "identifier");

		found += event != NULL && strcmp(event, "authorization decided") == 0 &&
			 name != NULL && strncmp(name, prefix, strlen(prefix)) == 0;
		json_decref(j);
	}
	free(line);
	if (in != NULL)
		fclose(in);
	return found;
}

static void
check_order(struct client *c, const char *name, const char *who, const struct crowd *crowd)
{
	struct client_order order = order_of(c, "dns", name);

	is(proved(&trial, c, order.authz[0]), "valid",
	   arena_printf(c->arena, "V-29 %s: %s is proved", crowd->what, who));
}

static void
test_crowd(size_t number)
{
	const struct crowd *crowd = &crowds[number];
	struct client *c = member(&trial.scene, "ES256"), *d = member(&trial.scene, "ES256");
	const char *prefix = arena_printf(c->arena, "b%zu-", number);
	unsigned begun = crowd_begin(c, number), came;

	ok(begun == MANY, "V-29 %s: %u validations of one account", crowd->what, begun);
	check_order(d, "n0.example.test", "another account's name", crowd);
	for (unsigned i = 1; i < 4; i++)
		check_order(c, arena_printf(c->arena, "n%zu.example.test", number * 3 + i),
			    "one more of its names", crowd);
	came = decided_of(prefix);
	ok(came == 0, "V-29 %s: before any of these is over: %u are", crowd->what, came);
	came = holes_count();
	ok(came >= crowd->least && came <= crowd->most, "V-29 %s: %u connections", crowd->what,
	   came);
	leave(c);
	leave(d);
}

/* --- slow, but one after the other ---------------------------------------------------- */

#define LINE	16
#define LATE_MS 550		/* LINE times as much is more than a validation has */

static void
test_line(void)
{
	struct client *c = member(&trial.scene, "ES256");
	const char *challenges[LINE], *token;
	struct client_order orders[LINE];
	unsigned valid = 0;

	for (size_t i = 0; i < LINE; i++) {
		orders[i] = order_of(c, "dns", arena_printf(c->arena, "n%zu.example.test", i));
		token = token_of(c, orders[i].authz[0], "http-01");
		challenges[i] = client_challenge(c->json, "http-01", "url");
		responder_put_late(trial.scene.responder, token,
				   key_authorization(c->arena, c->key, token), LATE_MS);
	}
	for (size_t i = 0; i < LINE; i++)
		client_post(c, challenges[i], "{}");
	for (size_t i = 0; i < LINE; i++)
		valid += strcmp(decided(c, orders[i].authz[0]), "valid") == 0;
	ok(valid == LINE, "V-29 of %d validations at a slow target, one at a time, %u are proved",
	   LINE, valid);
	leave(c);
}

/* --- CAA: with a seat only ------------------------------------------------------------ */

static void
begin_after(struct client *c, const struct client_order *order, unsigned failures)
{
	const char *token = token_of(c, order->authz[0], "http-01");
	const char *url = client_challenge(c->json, "http-01", "url");

	responder_put_after(trial.scene.responder, token,
			    key_authorization(c->arena, c->key, token), failures);
	client_post(c, url, "{}");
}

/* The first pauses after a failure, and gives its seat to the second, who keeps it while nobody
 * answers for CAA. */
static void
test_caa(void)
{
	struct client *c = member(&trial.scene, "ES256");
	struct client_order slow = order_of(c, "dns", "n0.example.test"),
			    silent = order_of(c, "dns", "n1.example.test");
	long took;

	begin_after(c, &slow, 1);
	begin_after(c, &silent, 0);
	is(decided(c, slow.authz[0]), "valid", "V-29 who waits for a seat to check CAA");
	ok(decided_of("n1.example.test") == 1, "V-29 asks when he has it");
	for (int i = 0; i < 500 && decided_of("n0.example.test") == 0; i++)
		usleep(20000);		/* the log may be a moment late */
	took = server_event(trial.scene.server, 0, "authorization decided", "ms");
	ok(took >= 0 && took < 3000, "V-29 and the time until then is not his: he took %ld ms",
	   took);
	is(decided(c, silent.authz[0]), "invalid", "V-29 after the one who had it");
	leave(c);
}

int
main(void)
{
	make_records();
	trial_begin(&trial, records, (const char *const[]){ "workers=1", "validation.caa=always",
		    "order.hold=0s", "validation.allow_addresses=127.0.0.0/8",
		    "order.reuse=none", "validation.timeout=60s", NULL });
	holes_open(trial.scene.port);
	for (size_t i = 0; i < COUNT(crowds); i++)
		test_crowd(i);
	trial_end(&trial);
	holes_close();
	trial_begin(&trial, records, (const char *const[]){ "workers=1", "order.hold=0s",
		    "validation.per_account=2", "validation.per_target=1",
		    "validation.timeout=3s", NULL });
	test_line();
	trial_end(&trial);
	records[0] = (struct fake_record){ "n1.example.test", 0, "SILENT" };
	trial_begin(&trial, records, (const char *const[]){ "workers=1", "order.hold=0s",
		    "validation.per_account=1", "validation.attempts=2", "validation.caa=always",
		    "validation.timeout=3s", NULL });
	test_caa();
	trial_end(&trial);
	return tap_done();
}

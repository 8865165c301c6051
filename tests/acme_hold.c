/* SPDX-License-Identifier: Apache-2.0 */
/* acme_hold.c - what takes time: requests held for a verdict, Retry-After, stopping and
 * dying in the middle of a validation, peers that are slow. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scene.h"

#define HOLD	  1000		/* ms, the default */
#define LONG_HOLD 10000		/* as we set it for what must come sooner */
#define LATE	  4000		/* ms that a busy machine may add */
#define SLOW	  3000		/* of an answer that comes after the end */
#define DEADLINE  2		/* seconds, as we set it */

static struct scene scene;

/* An order for one name whose http-01 answer comes late; returns the challenge's URL. */
static const char *
slow_order(struct client *c, struct client_order *order, unsigned ms)
{
	static const char *const names[] = { "n0.example.test" };
	const char *token;

	if (!client_order_new(c, names, 1, order) || client_post(c, order->authz[0], "") != 200)
		abort();
	token = client_challenge(c->json, "http-01", "token");
	responder_put_late(scene.responder, token, key_authorization(c->arena, c->key, token), ms);
	return client_challenge(c->json, "http-01", "url");
}

static void
check_held(const struct client *c, const char *what, long began)
{
	long ms = now_ms() - began;

	ok(c->reply.status == 200, "%s: 200", what);
	is(reply_only(&c->reply, "Retry-After"), "1", "9: Retry-After: 1");
	ok(ms >= HOLD - 50 && ms < HOLD + LATE, "%s: held for %ld ms", what, ms);
}

/* A validation may outlast one hold, so polls until it is final. */
static const char *
verdict(struct client *c, const char *authz)
{
	const char *status;
	int polls = 0;

	do {
		client_post(c, authz, "");
		status = text(c->json, "status");
	} while (++polls < 10 && status != NULL && strcmp(status, "pending") == 0);
	return status;
}

/* Slower than requests are held: three views of it, and how they say so. */
static void
test_slow(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	const char *url = slow_order(c, &order, 6000);
	long began = now_ms();

	client_post(c, url, "{}");
	check_held(c, "the challenge", began);
	is(text(c->json, "status"), "processing", "the challenge is processing");
	began = now_ms();
	client_post(c, order.authz[0], "");
	check_held(c, "the authorization", began);
	is(text(c->json, "status"), "pending", "23: the authorization is still pending");
	is(client_challenge(c->json, "http-01", "status"), "processing", "23: its challenge is "
	   "processing");
	began = now_ms();
	client_post(c, order.url, "");
	check_held(c, "the order", began);
	is(text(c->json, "status"), "pending", "30: the order is pending");
	is(verdict(c, order.authz[0]), "valid", "then it is valid");
	ok(reply_header(&c->reply, "Retry-After", 0) == NULL, "and nothing to wait for");
	ok(responder_hits(scene.responder) == 1, "one validation was made");
	leave(c);
}

/* Faster than that: the challenge's own reply tells the verdict, as soon as it is known. */
static void
test_fast(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	const char *url = slow_order(c, &order, 300);
	long began = now_ms();

	client_post(c, url, "{}");
	is(text(c->json, "status"), "valid", "a verdict within the hold comes with the reply");
	ok(now_ms() - began < LONG_HOLD - 1000, "told as soon as it is known");
	leave(c);
}

struct poster {
	struct client	*c;
	const char	*url;
};

static void *
post(void *arg)
{
	struct poster *p = arg;

	client_post(p->c, p->url, "{}");
	return NULL;
}

/* Waits until the responder is asked, once more than before. */
static void
begun(unsigned before)
{
	while (responder_hits(scene.responder) == before)
		usleep(10000);
}

/* The request that is held when the server stops is answered; the validation goes on when
 * it serves again. */
static void
test_stop(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	struct poster poster = { c, slow_order(c, &order, SLOW) };
	pthread_t thread;
	unsigned before;
	long from;

	before = responder_hits(scene.responder);
	pthread_create(&thread, NULL, post, &poster);
	begun(before);
	from = server_log_size(scene.server);
	ok(server_stop(scene.server) == 0, "R-22: stops with status 0");
	pthread_join(thread, NULL);
	ok(c->reply.status == 200, "R-22: the request in flight was answered: %d",
	   c->reply.status);
	is(text(c->json, "status"), "processing", "R-22: with what was known");
	ok(server_again(scene.server), "serves again");
	ok(server_event_soon(scene.server, from, "jobs resumed", "jobs") == 1,
	   "R-23: one job resumed");
	client_hang_up(c);
	is(verdict(c, order.authz[0]), "valid", "R-23: and it reached its verdict");
	leave(c);
}

static void
test_kill(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	struct poster poster = { c, slow_order(c, &order, SLOW) };
	pthread_t thread;
	unsigned before;
	long from;

	c->once = true;
	before = responder_hits(scene.responder);
	pthread_create(&thread, NULL, post, &poster);
	begun(before);
	from = server_log_size(scene.server);
	server_kill(scene.server);
	pthread_join(thread, NULL);
	ok(c->unanswered, "V-32, R-23: killed with a request in flight");
	ok(server_again(scene.server), "serves again");
	ok(server_event_soon(scene.server, from, "jobs resumed", "jobs") == 1,
	   "R-23: one job resumed");
	c->once = false;
	*c->nonce = '\0';
	is(verdict(c, order.authz[0]), "valid", "V-32, R-23: and it reached its verdict");
	leave(c);
}

/* --- slow peers ------------------------------------------------------------------------------ */

/* Sends the text octet by octet until the server has enough; how long that took. */
static long
drip(struct client *c, const char *all)
{
	struct wire *w = wire_open(c->trust, c->host, c->port);
	long began = now_ms();

	for (const char *at = all; w != NULL && now_ms() - began < 20000; at++) {
		if (*at == '\0' || !wire_send(w, at, 1))
			break;
		usleep(100000);
	}
	if (w != NULL)
		ok(wire_ended(w), "R-14: it is cut off");
	wire_close(w);
	return now_ms() - began;
}

static void
check_cut(const char *what, long ms)
{
	ok(ms >= DEADLINE * 1000 - 100 && ms < DEADLINE * 1000 + LATE, "R-14: %s: cut after %ld "
	   "ms", what, ms);
}

static void
test_slow_peers(void)
{
	struct client *c = member(&scene, "ES256");
	struct arena *a = arena_new();
	struct wire *w = wire_open(c->trust, c->host, c->port);
	struct reply reply;
	long began;

	wire_send_text(w, arena_printf(a, "GET /directory HTTP/1.1\r\nHost: %s\r\n\r\n", c->host));
	ok(wire_read(w, a, &reply, false) && reply.status == 200, "a request");
	began = now_ms();
	ok(wire_ended(w), "then it is idle, and closed");
	check_cut("idle after a request", now_ms() - began);
	wire_close(w);
	check_cut("a slow head", drip(c, "GET /directory HTTP/1.1\r\nHost: localhost\r\n"
				      "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	check_cut("a slow body", drip(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n"
				      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	arena_free(a);
	client_close(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	test_slow();
	test_stop();
	test_kill();
	scene_stop(&scene);
	if (!scene_begin(&scene, 0, (const char *const[]){ "limits.idle=2s",
			 "limits.request=2s", NULL }))
		return 1;
	test_slow_peers();
	scene_stop(&scene);
	if (!scene_begin(&scene, 0, (const char *const[]){ "order.hold=10s", NULL }))
		return 1;
	test_fast();
	scene_stop(&scene);
	return tap_done();
}

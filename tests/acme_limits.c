/* SPDX-License-Identifier: Apache-2.0 */
/* acme_limits.c - limits.connections, limits.held, the length of the writer's lane, and the
 * descriptors that the system gives, each at its edge. */
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/attack.h"

#define CONNECTIONS 20
#define GUESTS	    10		/* where there are descriptors for half of them */
#define LANE	    4096	/* flows that the writer's lane takes */
#define HOLD	    3000	/* ms, as we set it */
#define GROUP	    256		/* connections at the same time */

static struct scene scene;

/* --- connections ------------------------------------------------------------------ */

/* Somebody who connects, as soon as he is let in. */
struct guest {
	pthread_t	 thread;
	struct client	*c;
	atomic_int	 status;	/* of GET directory; 0: not yet */
};

static void *
come(void *arg)
{
	struct guest *g = arg;

	atomic_store(&g->status, client_get(g->c, "GET", scene.server->url));
	return NULL;
}

static void
guest_start(struct guest *g)
{
	*g = (struct guest){ .c = visitor(&scene) };
	if (pthread_create(&g->thread, NULL, come, g) != 0)
		abort();
}

static void
guest_end(struct guest *g)
{
	pthread_join(g->thread, NULL);
	client_close(g->c);
}

static void
test_connections(void)
{
	struct client *list[CONNECTIONS];
	struct guest late;
	unsigned good = 0;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		list[i] = visitor(&scene);
		good += client_get(list[i], "GET", scene.server->url) == 200;
	}
	ok(good == CONNECTIONS, "limits.connections: %u of %d are served", good, CONNECTIONS);
	guest_start(&late);
	usleep(1200000);
	ok(atomic_load(&late.status) == 0, "limits.connections: one more waits");
	ok(client_get(list[0], "GET", scene.server->url) == 200,
	   "limits.connections: the others are served");
	client_hang_up(list[0]);
	pthread_join(late.thread, NULL);
	ok(late.status == 200, "limits.connections: and is served when one has gone");
	client_close(late.c);
	for (size_t i = 0; i < CONNECTIONS; i++)
		client_close(list[i]);
}

/* --- requests that are held ------------------------------------------------------- */

/* The URL of a challenge that takes longer than a request is held. */
static const char *
slow_challenge(struct client *c, const char *name)
{
	struct client_order order;
	const char *token;

	if (!client_order_new(c, &name, 1, &order) || client_post(c, order.authz[0], "") != 200)
		abort();
	token = client_challenge(c->json, "http-01", "token");
	responder_put_late(scene.responder, token, key_authorization(c->arena, c->key, token),
			   4 * HOLD);
	return client_challenge(c->json, "http-01", "url");
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

static void
test_held(uint16_t metrics)
{
	struct client *c = member(&scene, "ES256"), *d = member(&scene, "ES256");
	struct poster first = { c, slow_challenge(c, "n0.example.test") };
	const char *second = slow_challenge(d, "n1.example.test");
	pthread_t thread;
	long began;

	pthread_create(&thread, NULL, post, &first);
	for (int i = 0; i < 600 && metric_now(metrics, "brevet_held_requests") != 1; i++)
		usleep(5000);
	began = now_ms();
	client_post(d, second, "{}");
	ok(now_ms() - began < HOLD / 2, "limits.held: one more is answered at once: %ld ms",
	   now_ms() - began);
	is(text(d->json, "status"), "processing", "limits.held: with what is known");
	is(reply_only(&d->reply, "Retry-After"), "1", "limits.held: and when to come again");
	pthread_join(thread, NULL);
	is(text(c->json, "status"), "processing", "limits.held: the first one was held");
	client_post(d, second, "");
	is(text(d->json, "status"), "processing", "limits.held: there is room again");
	leave(c);
	leave(d);
}

/* --- descriptors ------------------------------------------------------------ */

static unsigned
complaints(long from)
{
	FILE *in = fopen(scene.server->log, "r");
	char line[1024];
	unsigned n = 0;

	if (in == NULL)
		abort();
	fseek(in, from, SEEK_SET);
	while (fgets(line, sizeof(line), in) != NULL)
		n += strstr(line, "\"accept failed\"") != NULL;
	fclose(in);
	return n;
}

static void
descriptors_limit(rlim_t soft, struct rlimit *before)
{
	struct rlimit next = *before;

	if (soft != 0)
		next.rlim_cur = soft;
	if (prlimit(scene.server->pid, RLIMIT_NOFILE, &next, NULL) != 0)
		abort();
}

/* Some more come than there are descriptors for. */
static void
test_descriptors(void)
{
	struct client *c = member(&scene, "ES256");
	struct guest guests[GUESTS];
	long from = server_log_size(scene.server);
	struct rlimit before;
	unsigned served = 0;

	prlimit(scene.server->pid, RLIMIT_NOFILE, NULL, &before);
	descriptors_limit((rlim_t)server_fds(scene.server) + GUESTS / 2, &before);
	for (size_t i = 0; i < GUESTS; i++)
		guest_start(&guests[i]);
	for (int i = 0; i < 20 && (i < 2 || served < GUESTS / 2 || complaints(from) < 2); i++) {
		sleep(1);
		served = 0;
		for (size_t k = 0; k < GUESTS; k++)
			served += atomic_load(&guests[k].status) == 200;
	}
	ok(served >= GUESTS / 2 && served < GUESTS, "R-12 no descriptors left: %u of %d "
	   "connections are served, the others wait", served, GUESTS);
	ok(complaints(from) >= 2 && complaints(from) <= 10, "R-12 accepting pauses between its "
	   "tries: %u lines in the log", complaints(from));
	client_post(c, c->kid, "{\"contact\":[]}");
	ok(c->reply.status == 200, "R-12 who is in is served: %d", c->reply.status);
	descriptors_limit(0, &before);
	served = 0;
	for (size_t i = 0; i < GUESTS; i++) {
		guest_end(&guests[i]);
		served += guests[i].status == 200;
	}
	ok(served == GUESTS, "R-12 with descriptors again %u of %d are served", served, GUESTS);
	leave(c);
}

/* --- the writer's lane ------------------------------------------------------------ */

/* Who holds the store's lock for writing lets the writer wait. */
struct stop {
	MDB_env	*env;
	MDB_txn	*txn;
};

static struct stop
writer_stop(void)
{
	const char *dir = scene.server->dir;
	struct stop stop;
	char path[600];

	snprintf(path, sizeof(path), "%s/data", dir);
	if (mdb_env_create(&stop.env) != 0 || mdb_env_open(stop.env, path, 0, 0600) != 0 ||
	    mdb_txn_begin(stop.env, NULL, 0, &stop.txn) != 0)
		abort();
	return stop;
}

static void
writer_go(struct stop *stop)
{
	mdb_txn_abort(stop->txn);
	mdb_env_close(stop->env);
}

/* Asks for the account on a connection of its own, and does not wait for the answer. */
static struct wire *
ask(struct client *c, const char *nonce)
{
	struct jws jws = { .key = c->key, .nonce = nonce, .url = client_url(c, "new-account"),
			   .payload = "{}" };
	struct wire *w = wire_open(c->trust, c->host, c->port);
	const char *body;

	jws_sign(c->arena, &jws);
	body = jws_print(c->arena, &jws);
	if (w == NULL || !wire_send_text(w, arena_printf(
		c->arena, "POST /acme/new-account HTTP/1.1\r\nHost: %s\r\nContent-Type: "
		"application/jose+json\r\nContent-Length: %zu\r\n\r\n%s",
		strstr(c->base, "://") + 3, strlen(body), body)))
		abort();
	return w;
}

/* Waits until so many flows are in the lane. */
static bool
lane_is(uint16_t metrics, long n)
{
	long is = -1;

	for (int i = 0; i < 2000 && is != n; i++) {
		is = metric_now(metrics, "brevet_lane_length{lane=\"writer\"}");
		if (is != n)
			usleep(5000);
	}
	return is == n;
}

/* n requests that wait for the writer, in groups whose connections then end. */
static bool
lane_fill(struct client *c, uint16_t metrics, long n)
{
	struct wire *group[GROUP];
	bool good = true;
	long there = 0;

	while (there < n && good) {
		long more = n - there < GROUP ? n - there : GROUP;

		for (long i = 0; i < more; i++)
			group[i] = ask(c, client_nonce(c));
		there += more;
		good = lane_is(metrics, there);
		for (long i = 0; i < more; i++)
			wire_close(group[i]);
		client_clear(c);
	}
	return good;
}

static void
test_lane(uint16_t metrics)
{
	struct client *c = member(&scene, "ES256");
	struct stop stop = writer_stop();
	struct wire *first = ask(c, client_nonce(c));

	sleep(1);		/* the writer has taken it, and waits */
	ok(lane_fill(c, metrics, LANE), "%d requests wait for the writer", LANE);
	client_get(c, "GET", scene.server->url);
	ok(c->reply.status == 200, "one more is taken: %d", c->reply.status);
	wire_close(ask(c, client_nonce(c)));
	ok(lane_is(metrics, LANE + 1), "and one more");
	client_get(c, "GET", scene.server->url);
	told(c, 503, "serverInternal", "a long lane: 503: %s", c->detail);
	is(reply_only(&c->reply, "Retry-After"), "2", "a long lane: Retry-After");
	writer_go(&stop);
	ok(lane_is(metrics, 0), "the writer has done all of them");
	wire_read(first, c->arena, &c->reply, false);
	ok(c->reply.status == 200, "who has waited gets his answer: %d", c->reply.status);
	client_post(c, c->kid, "");
	ok(c->reply.status == 200, "and others are welcome: %d", c->reply.status);
	wire_close(first);
	leave(c);
}

int
main(void)
{
	char listen[64];
	uint16_t metrics = port_free();

	snprintf(listen, sizeof(listen), "metrics.listen=127.0.0.1:%u", metrics);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=1", "limits.connections=20",
			 NULL }))
		return 1;
	test_connections();
	scene_stop(&scene);
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=1", "limits.held=1",
			 "order.hold=3s", listen, NULL }))
		return 1;
	test_descriptors();
	if (STAGE_ROOM == 1)
		test_lane(metrics);
	else
		tap_skip("a long lane", "thousands of handshakes take too long here");
	test_held(metrics);	/* leaves validations behind */
	scene_stop(&scene);
	return tap_done();
}

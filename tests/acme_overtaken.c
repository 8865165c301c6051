/* SPDX-License-Identifier: Apache-2.0 */
/* acme_overtaken.c - R-2: the server ends right behind the commit of a finalize, an hour before one
 * of the CA/Browser Forum's dates, and is started again a minute after it: what was accepted then
 * is signed by the limits of now, or not at all. */
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "store/store.h"
#include "tests/profiled.h"
#include "tests/stored.h"

#define DAY	    ((int64_t)86400)
#define HOUR	    ((int64_t)3600)
#define COMMITS_MAX 20
#define ORDERS	    4

static const struct overtaken {
	const char	*what, *date;
	int64_t		 proved;	/* seconds before the date */
	int64_t		 until;		/* seconds from it to what is asked for; 0: nothing */
	int64_t		 life;		/* of its certificate; 0: it gets none */
	const char	*type, *says;	/* and why */
} cases[] = {
	{ "one that asks for nothing", "2026-03-15T00:00:00Z", 2 * HOUR, 0, 199 * DAY, NULL, NULL },
	{ "a notAfter that is too late now", "2027-03-15T00:00:00Z", 2 * HOUR, 150 * DAY, 0,
	  "urn:ietf:params:acme:error:malformed", "\"notAfter\" of the order is later" },
	{ "a proof that is too old now", "2029-03-15T00:00:00Z", 11 * DAY, 0, 0,
	  "urn:ietf:params:acme:error:unauthorized", "proofs of control are too old" },
};

static struct scene scene;
static struct client *c;

/* A server of that time, with a client that does not look at the dates of its certificate. */
static bool
begin_at(int64_t second)
{
	char ahead[32];

	scene_prepare(&scene, 0);
	snprintf(ahead, sizeof(ahead), "%lld\n", (long long)(second - time(NULL)));
	if (!stage_write(scene.dir, "ca.clock", ahead) ||
	    !scene_serve(&scene, (const char *const[]){
			 "workers=2", "order.reuse=valid", "order.authz_lifetime=398d", NULL }))
		return false;
	c = visitor(&scene);
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c->trust), X509_V_FLAG_NO_CHECK_TIME);
	return client_account(c, "ES256", AGREED);
}

/* What the store of the server has, which does not run. */
static enum order_state
stored(const char *url)
{
	struct arena *a = arena_new();
	struct store *s = server_store(a, scene.server);
	const struct order *order = NULL;
	enum order_state state;
	struct view *v;
	struct id id;

	v = view_open(s);
	if (id_parse(strrchr(url, '/') + 1, strlen(strrchr(url, '/') + 1), &id))
		order = store_order_get(v, a, &id);
	state = order == NULL ? ORDER_INVALID : order->state;
	view_close(v);
	store_close(s);
	arena_free(a);
	return state;
}

/* Finalizes until the server has ended right behind that commit; false: it has gone on to the next
 * one, since others come in between. */
static bool
finalize_and_end(const struct client_order *order, const char *csr)
{
	for (unsigned n = 1; n < COMMITS_MAX; n++) {
		setenv("BREVET_CRASH", arena_printf(c->arena, "after-commit:%u", n), 1);
		client_hang_up(c);
		*c->nonce = '\0';
		c->once = true;
		if (server_again(scene.server))
			client_post(c, order->finalize, csr);
		c->once = false;
		unsetenv("BREVET_CRASH");
		server_kill(scene.server);
		if (stored(order->url) != ORDER_PENDING)
			return stored(order->url) == ORDER_PROCESSING;
	}
	return false;
}

/* Its status in the end. */
static const char *
settled(struct client_order *order)
{
	for (int i = 0; i < 600; i++) {
		if (!client_order_get(c, order->url, order))
			return client_why(c);
		if (strcmp(order->status, "processing") != 0)
			break;
		usleep(50000);
	}
	return order->status;
}

static void
judged(const struct overtaken *o, struct client_order *order)
{
	const json_t *error;
	const char *pem;

	if (o->life == 0) {
		is(settled(order), "invalid", o->what);
		error = json_object_get(c->json, "error");
		is(text(error, "type"), o->type, "R-2 its error");
		ok(text(error, "detail") != NULL && strstr(text(error, "detail"), o->says) != NULL,
		   "R-2 %s", text(error, "detail"));
		return;
	}
	is(settled(order), "valid", o->what);
	pem = order->certificate == NULL ? NULL : client_download(c, order->certificate);
	ok(pem != NULL && facts_of(pem).life == o->life, "R-2 it lives as long as may be now: %lld "
	   "days", pem == NULL ? 0LL : (long long)(facts_of(pem).life / DAY));
}

static void
overtaken_case(const struct overtaken *o)
{
	static const char *const names[] = { NAME };
	EVP_PKEY *key = key_new("ES256");
	struct client_order orders[ORDERS], *order = orders;
	const char *csr, *more = "";
	int64_t then;

	if (!clock_parse(o->date, &then) || !begin_at(then - o->proved))
		exit(1);
	ready(c, &scene, "tlsserver");
	server_clock_at(scene.server, then - HOUR);
	if (o->until != 0)
		more = arena_printf(c->arena, ",\"notAfter\":\"%s\"",
				    clock_print(c->arena, then + o->until));
	for (int i = 0; i < ORDERS; i++) {
		order_with(c, DNS(NAME), arena_printf(c->arena, ",\"profile\":\"tlsserver\"%s",
						      more));
		orders[i] = order_proved(c, &scene);
	}
	is(order->status, "ready", "an order, an hour before");
	csr = csr_payload(c, csr_of_names(c->arena, key, names, 1));
	ok(server_stop(scene.server) == 0, "a stop");
	while (order < orders + ORDERS && !finalize_and_end(order, csr))
		order++;
	if (!ok(order < orders + ORDERS, "R-2 the server ends when it is processing"))
		order = orders;
	server_clock_at(scene.server, then + 60);
	ok(server_again(scene.server), "R-2 and starts a minute after %s", o->date);
	client_hang_up(c);
	*c->nonce = '\0';
	judged(o, order);
	EVP_PKEY_free(key);
	client_close(c);
	scene_stop(&scene);
}

int
main(void)
{
#ifndef BREVET_FAULTS
	tap_skip("R-2 orders that a date overtakes", "needs --enable-faults");
	return tap_done();
#endif
	for (size_t i = 0; i < COUNT(cases); i++)
		overtaken_case(&cases[i]);
	return tap_done();
}

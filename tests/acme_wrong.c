/* SPDX-License-Identifier: Apache-2.0 */
/* acme_wrong.c - the table of wrong requests, over TLS: each gets its problem document;
 * and after many rounds of them the server has as many descriptors and as much memory as
 * before, and works.  $WRONG_ROUNDS: how many (100). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/chain.h"
#include "tests/scene.h"
#include "tests/wrong.h"

#define TERMS	  "https://terms.example.test/1"
#define WARM	  10		/* rounds until memory is compared */
#define GROWTH	  (4096 * STAGE_ROOM)		/* KiB */

static const char *const names[] = { "n0.example.test", "n1.example.test" };

/* --- the bench ------------------------------------------------------------------------ */

static const char *
keep(struct bench *b, const char *text)
{
	if (text == NULL)
		abort();
	return arena_strdup(b->arena, text);
}

/* An order whose authorizations are valid: it waits for a CSR. */
static void
ready_order(struct bench *b, struct scene *scene)
{
	struct client_order order;

	if (!client_order_new(b->c, names, 2, &order))
		abort();
	b->finalize = keep(b, order.finalize);
	for (size_t i = 0; i < 2; i++)
		is(client_prove(b->c, scene->responder, order.authz[i]), "valid", "proved");
}

static void
bench_open(struct bench *b, struct scene *scene)
{
	struct client *other = client_open(scene->server->url, scene->server->root);
	struct issued issued = { .key = NULL };
	struct client_order order;

	b->arena = arena_new();
	b->c = client_open(scene->server->url, scene->server->root);
	b->fresh = key_new("ES256");
	b->rsa = key_new_rsa(2048);
	ok(client_account(other, "ES256", AGREED), "the other account");
	b->stranger = other->key;
	other->key = NULL;
	client_close(other);
	ok(client_account(b->c, "ES256", AGREED), "the account");
	b->account = keep(b, b->c->kid);
	b->orders = keep(b, json_string_value(json_object_get(b->c->json, "orders")));
	ok(client_order_new(b->c, names, 2, &order), "a pending order");
	b->pending = keep(b, order.url);
	b->unready = keep(b, order.finalize);
	b->authz = keep(b, order.authz[0]);
	client_post(b->c, b->authz, "");
	b->challenge = keep(b, client_challenge(b->c->json, "http-01", "url"));
	ready_order(b, scene);
	ok(client_issue(b->c, scene->responder, names, 2, &issued), "a certificate");
	b->certificate = keep(b, issued.order.certificate);
	EVP_PKEY_free(issued.key);
	is(b->c->fault, "", "so far every reply was as it must be");
}

static void
bench_close(struct bench *b)
{
	for (size_t i = 0; i < sizeof(b->others) / sizeof(b->others[0]); i++)
		EVP_PKEY_free(b->others[i]);
	EVP_PKEY_free(b->fresh);
	EVP_PKEY_free(b->stranger);
	EVP_PKEY_free(b->rsa);
	client_close(b->c);
	arena_free(b->arena);
}

/* --- one case ------------------------------------------------------------------------- */

/* What the reply lacks; NULL: it is as the table says. */
static const char *
judge(const struct bench *b, const struct wrong *w)
{
	const struct client *c = b->c;

	if (c->reply.status != w->status)
		return "status";
	if (b->raw && !b->ended)
		return "the connection stays";
	if (w->status == 0)
		return NULL;
	if (strcmp(c->type, w->type) != 0)
		return "type";
	if (strstr(c->detail, w->word) == NULL)
		return "detail";
	if (*c->fault != '\0')
		return c->fault;
	if (w->status == 405 && reply_header(&c->reply, "Allow", 0) == NULL)
		return "no Allow";
	if (strcmp(w->type, "badSignatureAlgorithm") == 0 &&
	    json_array_size(json_object_get(c->json, "algorithms")) < 5)
		return "no algorithms";
	if (strcmp(w->type, "compound") == 0 &&
	    json_array_size(json_object_get(c->json, "subproblems")) < 2)
		return "no subproblems";
	return NULL;
}

static void
run(struct bench *b, const struct wrong *w)
{
	b->raw = false;
	*b->c->fault = '\0';
	w->make(b, w->arg);
}

static void
check(struct bench *b, const struct wrong *w)
{
	const char *what;

	run(b, w);
	what = judge(b, w);
	ok(what == NULL, "%s: %d %s: %.100s", w->what, b->c->reply.status, b->c->type,
	   b->c->detail);
	if (what != NULL)
		printf("# want: %d %s: %s (%s)\n", w->status, w->type, w->word, what);
	client_clear(b->c);
}

/* All of them; how many were not as they should be. */
static unsigned
round_of(struct bench *b)
{
	unsigned failed = 0;

	for (const struct wrong *w = wrongs; w->make != NULL; w++) {
		run(b, w);
		if (judge(b, w) != NULL)
			failed++;
		client_clear(b->c);
	}
	return failed;
}

/* --- many rounds ---------------------------------------------------------------------- */

/* The server's descriptors when nobody is connected: as many as wanted, or as many as
 * stay for two seconds. */
static int
fds_at_rest(struct bench *b, const struct server *s, int want)
{
	int n = -1, last = -1;

	client_hang_up(b->c);
	for (int same = 0; same < 40; same++) {
		usleep(50000);
		n = server_fds(s);
		if (n == want)
			break;
		if (n != last)
			same = 0;
		last = n;
	}
	return n;
}

static void
rounds(struct bench *b, const struct server *s, unsigned n)
{
	int before = fds_at_rest(b, s, 0), after;
	long warm = server_memory(s), end;
	unsigned failed = 0;

	for (unsigned i = 0; i < n; i++) {
		failed += round_of(b);
		if (i + 1 == WARM)
			warm = server_memory(s);
	}
	after = fds_at_rest(b, s, before);
	end = server_memory(s);
	ok(failed == 0, "%u rounds: %u replies were not as they should be", n, failed);
	ok(before > 0 && after == before, "%d descriptors before, %d after", before, after);
	ok(n <= WARM || end - warm < GROWTH, "%ld KiB after %d rounds, %ld at the end", warm, WARM,
	   end);
}

int
main(void)
{
	const char *text = getenv("WRONG_ROUNDS");
	struct bench b = { .arena = NULL };
	struct issued issued = { .key = NULL };
	struct scene scene;
	size_t n = 0;

	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2",
			 "terms_of_service=" TERMS, NULL }))
		return 1;
	bench_open(&b, &scene);
	for (const struct wrong *w = wrongs; w->make != NULL; w++, n++)
		check(&b, w);
	ok(n >= 150, "%zu wrong requests", n);
	rounds(&b, scene.server, text == NULL ? 100 : (unsigned)strtoul(text, NULL, 10));
	ok(client_issue(b.c, scene.responder, names, 2, &issued), "still a good one is issued");
	is(issued.pem == NULL ? "nothing" : chain_wrong(issued.pem, scene.server->root, names, 2,
	   issued.key), NULL, "its chain");
	EVP_PKEY_free(issued.key);
	bench_close(&b);
	scene_stop(&scene);
	return tap_done();
}

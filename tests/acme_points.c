/* SPDX-License-Identifier: Apache-2.0 */
/* acme_points.c - R-2: the server ends at each commit of an account and a certificate, right
 * before it and right behind it.  Started again, it has all that it acknowledged, and what was
 * begun can be ended. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "tests/chain.h"
#include "tests/scene.h"

#define COMMITS_MAX 40		/* of one issuance; it has some eight */
#define POLLS	    2000

static const char *const names[] = { "n0.example.test", "n1.example.test" };
static struct scene scene;

/* An issuance that the server may not survive. */
struct attempt {
	struct client	*c;
	struct issued	 issued;
	char		 kid[256], order[256];	/* acknowledged; "": not */
	bool		 done;
};

static void
try(struct attempt *t)
{
	struct client *c = t->c;

	if (!client_account(c, NULL, AGREED))
		return;
	snprintf(t->kid, sizeof(t->kid), "%s", c->kid);
	t->done = client_issue(c, scene.responder, names, 2, &t->issued);
	if (t->issued.order.url != NULL)
		snprintf(t->order, sizeof(t->order), "%s", t->issued.order.url);
}

/* Goes on with an order wherever it stands; its last status, or what went wrong. */
static const char *
finish(struct client *c, const char *url, EVP_PKEY *key, struct client_order *order)
{
	for (int i = 0; i < POLLS; i++) {
		if (!client_order_get(c, url, order))
			return client_why(c);
		if (strcmp(order->status, "pending") == 0) {
			for (size_t k = 0; k < order->nauthz; k++)
				client_prove(c, scene.responder, order->authz[k]);
		} else if (strcmp(order->status, "ready") == 0) {
			client_finalize(c, order, csr_of_names(c->arena, key, names, 2));
		} else if (strcmp(order->status, "processing") != 0) {
			break;
		}
		usleep(10000);
	}
	return order->status;
}

static const char *
finished(struct attempt *t)
{
	struct client *c = t->c;
	struct client_order order = { .url = NULL };
	const char *status, *pem;

	client_hang_up(c);
	*c->nonce = '\0';
	if (!client_account(c, NULL, AGREED))
		return "the account is not there";
	if (*t->kid != '\0' && strcmp(c->kid, t->kid) != 0)
		return "another account";
	if (*t->order == '\0')
		return client_issue(c, scene.responder, names, 2, &t->issued) ? NULL :
		       client_why(c);
	status = finish(c, t->order, t->issued.key, &order);
	if (strcmp(status, "valid") != 0)
		return status;
	pem = client_download(c, order.certificate);
	return pem == NULL ? client_why(c) :
	       chain_wrong(pem, scene.server->root, names, 2, t->issued.key);
}

/* The server ends when that point is passed the nth time; false: it was not. */
static bool
round_of(const char *point, unsigned n)
{
	struct attempt t = { .c = visitor(&scene), .issued = { .key = key_new("ES256") } };
	char value[64];
	const char *wrong;

	snprintf(value, sizeof(value), "%s:%u", point, n);
	setenv("BREVET_CRASH", value, 1);
	if (!server_again(scene.server))
		abort();
	unsetenv("BREVET_CRASH");
	t.c->key = key_new("ES256");
	try(&t);
	server_kill(scene.server);
	if (!server_again(scene.server))
		abort();
	wrong = finished(&t);
	ok(wrong == NULL, "R-2 %s: %s%s%s: %s", value, t.done ? "not reached" : "the end",
	   *t.kid != '\0' ? ", account told" : "", *t.order != '\0' ? ", order told" : "",
	   wrong == NULL ? "all goes on" : wrong);
	EVP_PKEY_free(t.issued.key);
	client_close(t.c);
	server_stop(scene.server);
	return !t.done;
}

static void
test_point(const char *point)
{
	unsigned n = 1;

	while (n < COMMITS_MAX && round_of(point, n))
		n++;
	ok(n > 4 && n < COMMITS_MAX, "R-2 %s: at each of %u commits", point, n - 1);
}

int
main(void)
{
#ifndef BREVET_FAULTS
	tap_skip("R-2 the server ends at each commit", "needs --enable-faults");
	return tap_done();
#endif
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	server_stop(scene.server);
	test_point("before-commit");
	test_point("after-commit");
	ok(server_again(scene.server), "and it serves on");
	scene_stop(&scene);
	return tap_done();
}

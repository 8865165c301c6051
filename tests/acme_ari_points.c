/* SPDX-License-Identifier: Apache-2.0 */
/* acme_ari_points.c - R-2: the server ends at each commit of one renewal by `replaces`, right
 * before it and right behind it.  Started again, it has all that it acknowledged; the renewal can
 * be ended, once; and the store is whole: no order with two certificates, each certificate
 * planned, each successor known, each window counted in its slot. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "store/store.h"
#include "tests/ari.h"
#include "tests/chain.h"
#include "tests/scene.h"

#define COMMITS_MAX 40		/* of one renewal; it has some six */
#define POLLS	    2000
#define CERTS_MAX   1000

static const char *const names[] = { "n0.example.test" };
static struct scene scene;
static struct arena *a;

/* One renewal that the server may not survive. */
struct attempt {
	struct client	*c;
	const char	*old;		/* what it replaces */
	struct issued	 issued;
	char		 order[256];	/* acknowledged; "": not */
	char		 certificate[256];
	bool		 done;
};

/* --- the client ----------------------------------------------------------------------- */

static void
try(struct attempt *t)
{
	struct client_order *order = &t->issued.order;

	t->c->replaces = t->old;
	t->done = client_issue(t->c, scene.responder, names, 1, &t->issued);
	t->c->replaces = NULL;
	if (order->url != NULL)
		snprintf(t->order, sizeof(t->order), "%s", order->url);
	if (order->certificate != NULL)
		snprintf(t->certificate, sizeof(t->certificate), "%s", order->certificate);
}

/* The order that was made, but not told of: the newest one of the account. */
static const char *
untold(struct client *c)
{
	const char *orders;

	client_post(c, c->kid, "");
	orders = text(c->json, "orders");
	if (orders == NULL || client_post(c, orders, "") != 200)
		return "";
	orders = json_string_value(json_array_get(json_object_get(c->json, "orders"), 0));
	return orders == NULL ? "" : orders;
}

/* Makes the order again, if it was not told of; its URL. */
static const char *
order_of(struct attempt *t)
{
	struct client *c = t->c;

	if (*t->order != '\0')
		return t->order;
	if (order_replacing(c, names[0], t->old) == 201)
		return reply_only(&c->reply, "Location");
	return strcmp(c->type, "alreadyReplaced") == 0 ? untold(c) : "";
}

/* Goes on with an order wherever it stands; NULL, or what went wrong. */
static const char *
finish(struct attempt *t, const char *url, struct client_order *order)
{
	struct client *c = t->c;

	for (int i = 0; i < POLLS; i++) {
		if (!client_order_get(c, url, order))
			return client_why(c);
		if (text(c->json, "replaces") == NULL ||
		    strcmp(text(c->json, "replaces"), t->old) != 0)
			return "the order does not say what it replaces";
		if (strcmp(order->status, "pending") == 0)
			client_prove(c, scene.responder, order->authz[0]);
		else if (strcmp(order->status, "ready") == 0)
			client_finalize(c, order, csr_of_names(c->arena, t->issued.key, names, 1));
		else if (strcmp(order->status, "processing") != 0)
			break;
		usleep(10000);
	}
	return strcmp(order->status, "valid") == 0 ? NULL : order->status;
}

/* What is wrong after a new start; NULL: nothing.  *pem: the new certificate. */
static const char *
finished(struct attempt *t, const char **pem)
{
	struct client *c = t->c;
	struct client_order order = { .url = NULL };
	const char *wrong;

	client_hang_up(c);
	*c->nonce = '\0';
	wrong = finish(t, arena_strdup(c->arena, order_of(t)), &order);
	if (wrong != NULL)
		return wrong;
	if (*t->certificate != '\0' && strcmp(t->certificate, order.certificate) != 0)
		return "another certificate than the one that was told";
	*pem = client_download(c, order.certificate);
	if (*pem == NULL)
		return client_why(c);
	wrong = chain_wrong(*pem, scene.server->root, names, 1, t->issued.key);
	if (wrong != NULL)
		return wrong;
	order_replacing(c, names[0], t->old);
	return strcmp(c->type, "alreadyReplaced") == 0 ? NULL : "replaced twice";
}

/* --- the store ------------------------------------------------------------------------ */

struct certs {
	const struct cert	*cert[CERTS_MAX];
	size_t			 n;
};

/* Those that were issued for orders. */
static void
certs_read(const struct view *v, struct certs *certs)
{
	struct store_end_query q = { .kind = 'c', .until = INT64_MAX, .max = CERTS_MAX };
	struct store_end *ends;
	size_t n = store_end_list(v, a, &q, &ends);

	for (size_t i = 0; i < n; i++) {
		const struct cert *cert = store_cert_get(v, a, &ends[i].serial);

		if (cert->state == CERT_ISSUED && !id_none(&cert->order))
			certs->cert[certs->n++] = cert;
	}
}

static const char *
cert_wrong(const struct view *v, const struct certs *certs, size_t i)
{
	const struct cert *cert = certs->cert[i];
	const struct order *order = store_order_get(v, a, &cert->order);

	if (order == NULL || order->state != ORDER_VALID ||
	    !serial_equal(&order->serial, &cert->serial))
		return "a certificate that is not its order's";
	for (size_t k = 0; k < i; k++)
		if (id_equal(&certs->cert[k]->order, &cert->order))
			return "an order with two certificates";
	if (store_renewal_get(v, a, &cert->serial) == NULL)
		return "a certificate without a plan";
	return NULL;
}

/* Renewals, the index of the open ones, and the slots: all tell the same. */
static const char *
books_wrong(const struct view *v, size_t ncert)
{
	uint32_t first = (uint32_t)(clock_now() / SLOT_SECONDS), n = 60 * 288, sum = 0;
	uint32_t *loads = arena_alloc(a, n * sizeof(*loads));
	struct renewal *list;
	struct due *due;
	size_t nlist = store_renewal_list(v, a, NULL, CERTS_MAX, &list), open = 0;

	for (size_t i = 0; i < nlist; i++)
		open += !list[i].closed && serial_none(&list[i].successor);
	store_slots_load(v, first, n, loads);
	for (uint32_t i = 0; i < n; i++)
		sum += loads[i];
	if (nlist != ncert)
		return "a plan without a certificate";
	if (store_due_list(v, a, INT64_MAX / 2, NULL, CERTS_MAX, &due) != open)
		return "the index of what is due";
	return sum == open ? NULL : "the slots";
}

static const char *
successor_wrong(const struct view *v, const struct leaf_facts *old, const struct leaf_facts *next)
{
	struct serial serial, successor;
	const struct renewal *r;
	const struct order *order;

	if (!serial_parse(old->serial, strlen(old->serial), &serial) ||
	    !serial_parse(next->serial, strlen(next->serial), &successor))
		return "serials";
	r = store_renewal_get(v, a, &serial);
	if (r == NULL || !serial_equal(&r->successor, &successor))
		return "the old certificate does not know its successor";
	order = store_order_get(v, a, &r->order);
	return order != NULL && serial_equal(&order->serial, &successor) ? NULL :
	       "another order replaced it";
}

static const char *
store_wrong(const struct leaf_facts *old, const struct leaf_facts *next)
{
	struct problem p = { 0 };
	struct store *s = store_open(arena_printf(a, "%s/data", scene.server->dir),
				     (uint64_t)1 << 30, false, &p);
	struct certs certs = { .n = 0 };
	const char *wrong;
	struct view *v;

	if (s == NULL)
		return arena_strdup(a, p.detail);
	v = view_open(s);
	certs_read(v, &certs);
	wrong = successor_wrong(v, old, next);
	for (size_t i = 0; i < certs.n && wrong == NULL; i++)
		wrong = cert_wrong(v, &certs, i);
	if (wrong == NULL)
		wrong = books_wrong(v, certs.n);
	view_close(v);
	store_close(s);
	return wrong;
}

/* --- rounds --------------------------------------------------------------------------- */

/* The server ends when that point is passed the nth time; false: it was not.  *old becomes
 * its successor. */
static bool
round_of(struct client *c, struct leaf_facts *old, const char *point, unsigned n)
{
	struct attempt t = { .c = c, .old = old->certid, .issued = { .key = key_new("ES256") } };
	const char *wrong, *pem = NULL;
	struct leaf_facts next;
	char value[64];

	snprintf(value, sizeof(value), "%s:%u", point, n);
	setenv("BREVET_CRASH", value, 1);
	if (!server_again(scene.server))
		abort();
	unsetenv("BREVET_CRASH");
	client_hang_up(c);
	*c->nonce = '\0';
	try(&t);
	server_kill(scene.server);
	if (!server_again(scene.server))
		abort();
	wrong = finished(&t, &pem);
	ok(wrong == NULL, "R-2 %s: %s%s: %s", value, t.done ? "not reached" : "the end",
	   *t.order != '\0' ? ", order told" : "", wrong == NULL ? "all goes on" : wrong);
	server_stop(scene.server);
	if (pem == NULL) {
		printf("Bail out! no certificate\n");
		exit(1);
	}
	next = leaf_facts(a, pem);
	wrong = store_wrong(old, &next);
	ok(wrong == NULL, "R-2 and the store is whole: %s", wrong == NULL ? "yes" : wrong);
	*old = next;
	EVP_PKEY_free(t.issued.key);
	return !t.done;
}

static void
test_point(struct client *c, struct leaf_facts *old, const char *point)
{
	unsigned n = 1;

	while (n < COMMITS_MAX && round_of(c, old, point, n))
		n++;
	ok(n > 4 && n < COMMITS_MAX, "R-2 %s: at each of %u commits of a renewal", point, n - 1);
}

int
main(void)
{
	struct leaf_facts old;
	struct client *c;

#ifndef BREVET_FAULTS
	tap_skip("R-2 the server ends at each commit of a renewal", "needs --enable-faults");
	return tap_done();
#endif
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", "order.reuse=none", NULL }))
		return 1;
	a = arena_new();
	c = member(&scene, "ES256");
	if (!issue_replacing(c, scene.responder, names[0], NULL, &old))
		return 1;
	server_stop(scene.server);
	test_point(c, &old, "before-commit");
	test_point(c, &old, "after-commit");
	ok(server_again(scene.server), "and it serves on");
	client_close(c);
	arena_free(a);
	scene_stop(&scene);
	return tap_done();
}

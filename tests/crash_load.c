/* SPDX-License-Identifier: Apache-2.0 */
/* crash_load.c - a client under load, and its log of what it sent and what was
 * acknowledged. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/b64.h"
#include "tests/crash.h"

#define PAUSE_MS 10		/* between two registrations */

const char *const kind_names[KINDS] = { "account", "order", "authz", "chall", "cert" };

/* --- the log -------------------------------------------------------------------------- */

static void
log_line(struct worker *w, const char *what, const char *url, const char *text)
{
	json_t *o = json_pack("{s:i, s:s, s:s, s:s}", "client", (int)w->number, "what", what,
			      "url", url, "text", text);
	char *line = json_dumps(o, JSON_COMPACT);
	struct client *c = w->c;
	const char *whole;

	if (line == NULL)
		abort();
	whole = arena_printf(c->arena, "%s\n", line);
	if (write(w->all->log, whole, strlen(whole)) != (ssize_t)strlen(whole))
		abort();	/* O_APPEND, O_DSYNC: whole, and on the disk */
	json_decref(o);
	free(line);
}

static bool
kind_of(const char *url, enum kind *kind)
{
	for (int i = 0; i < KINDS; i++) {
		char part[32];

		snprintf(part, sizeof(part), "/acme/%s/", kind_names[i]);
		*kind = (enum kind)i;
		if (strstr(url, part) != NULL)
			return true;
	}
	return false;
}

static void
acknowledged(struct worker *w, const char *url, const char *text)
{
	struct item *item = w->items;
	enum kind kind;

	log_line(w, "acknowledged", url, text);
	if (!kind_of(url, &kind))
		return;
	while (item != NULL && strcmp(item->url, url) != 0)
		item = item->next;
	if (item == NULL) {
		item = calloc(1, sizeof(*item));
		if (item == NULL || (item->url = strdup(url)) == NULL)
			abort();
		item->kind = kind;
		item->next = w->items;
		w->items = item;
	}
	free(item->text);
	item->text = strdup(text);
	item->fresh = true;
}

/* --- a client under load -------------------------------------------------------------- */

/* The server is gone: waits until it is there again. */
static void
wait_at_gate(struct worker *w)
{
	struct crash *all = w->all;
	unsigned epoch;

	pthread_mutex_lock(&all->mutex);
	epoch = all->epoch;
	all->waiting++;
	pthread_cond_broadcast(&all->changed);
	while (all->epoch == epoch)
		pthread_cond_wait(&all->changed, &all->mutex);
	all->waiting--;
	pthread_mutex_unlock(&all->mutex);
	w->unanswered = false;
}

/* One signed request, and its reply's entry in the log; false: the server died. */
static bool
ask(struct worker *w, const char *url, const char *payload, bool by_key)
{
	struct client *c = w->c;
	const char *location;

	for (int i = 0; i < 2; i++) {
		struct jws jws = { .payload = payload };

		log_line(w, "sent", url, payload);
		client_post_jws(c, url, &jws, by_key);
		if (c->reply.status == 0) {
			w->unanswered = c->unanswered;
			*c->nonce = '\0';
			client_hang_up(c);
			wait_at_gate(w);
			return false;
		}
		if (strcmp(c->type, "badNonce") != 0)	/* from before a crash */
			break;
	}
	location = reply_only(&c->reply, "Location");
	if (c->reply.status == 200 || c->reply.status == 201)
		acknowledged(w, location == NULL ? url : location,
			     (const char *)c->reply.body.data);
	else
		log_line(w, "refused", url, (const char *)c->reply.body.data);
	return true;
}

const char *
crash_text(const json_t *o, const char *member)
{
	const char *s = json_string_value(json_object_get(o, member));

	return s == NULL ? "" : s;
}

static void
order_forget(struct worker *w)
{
	free(w->order);
	free(w->csr);
	w->order = w->csr = NULL;
}

void
crash_order_done(struct worker *w, bool good)
{
	if (good)
		w->done++;
	else
		w->failed++;
	order_forget(w);
}

static bool
order_begin(struct worker *w)
{
	struct client *c = w->c;
	const char *list = "", *location, *more = crash_order_plan(w);

	for (size_t i = 0; i < w->nname; i++)
		list = arena_printf(c->arena, "%s%s{\"type\":\"dns\",\"value\":\"%s\"}", list,
				    i == 0 ? "" : ",", w->names[i]);
	if (!ask(w, client_url(c, "new-order"),
		 arena_printf(c->arena, "{\"identifiers\":[%s]%s}", list, more), false)) {
		w->before.cut = w->before.cut || w->renews;
		return false;
	}
	location = reply_only(&c->reply, "Location");
	if (!crash_order_made(w, location))
		crash_order_done(w, false);
	else if (location != NULL && c->reply.status == 201)
		w->order = strdup(location);
	return true;
}

/* It becomes invalid, and so does the order in hand. */
static bool
give_up(struct worker *w, const char *authz)
{
	for (struct item *item = w->items; item != NULL; item = item->next)
		if (strcmp(item->url, w->order) == 0 || strcmp(item->url, authz) == 0)
			item->given_up = true;
	return ask(w, authz, "{\"status\":\"deactivated\"}", false) && ask(w, w->order, "", false);
}

/* Answers the http-01 challenge of an authorization that is pending. */
static bool
prove(struct worker *w, const char *url)
{
	struct client *c = w->c;
	const char *token, *challenge;

	if (!ask(w, url, "", false))
		return false;
	token = client_challenge(c->json, "http-01", "token");
	challenge = client_challenge(c->json, "http-01", "url");
	if (strcmp(crash_text(c->json, "status"), "pending") != 0 || token == NULL ||
	    challenge == NULL)
		return true;
	responder_put(w->all->scene.responder, token,
		      key_authorization(c->arena, c->key, token));
	return ask(w, challenge, "{}", false) && ask(w, url, "", false);
}

static bool
finalize(struct worker *w, const char *url)
{
	const char *names[NAMES_MAX];
	struct client *c = w->c;
	struct blob der;
	EVP_PKEY *key;

	if (w->csr == NULL) {
		for (size_t i = 0; i < w->nname; i++)
			names[i] = w->names[i];
		key = key_new("ES256");
		der = csr_of_names(c->arena, key, names, w->nname);
		w->csr = strdup(b64_print(c->arena, der.data, der.len));
		EVP_PKEY_free(key);
	}
	return ask(w, url, arena_printf(c->arena, "{\"csr\":\"%s\"}", w->csr), false);
}

static bool
order_pending(struct worker *w, const struct client_order *order)
{
	if (w->fate == GIVEN_UP)
		return give_up(w, order->authz[0]);
	for (size_t i = 0; i < order->nauthz; i++)
		if (!prove(w, order->authz[i]))
			return false;
	return true;
}

/* It has got as far as it shall. */
static void
order_end(struct worker *w)
{
	w->ended[w->fate]++;
	if (w->fate == ISSUED)
		crash_order_done(w, true);
	else
		order_forget(w);
}

/* Was its time over before it was done?  Then it has not failed. */
static bool
too_late(const struct worker *w)
{
	const struct item *item = w->items;
	int64_t now = crash_now(w->all);

	while (strcmp(item->url, w->order) != 0)
		item = item->next;
	if (w->c->reply.status == 404)
		return now > crash_gone(w, item);
	return strcmp(crash_text(w->c->json, "status"), "invalid") == 0 && now >= crash_over(item);
}

static void
order_failed(struct worker *w)
{
	if (too_late(w)) {
		order_forget(w);
		return;
	}
	printf("# order %s: %s\n", w->order, (const char *)w->c->reply.body.data);
	crash_order_done(w, false);
}

static bool
order_valid(struct worker *w, const char *certificate)
{
	struct client *c = w->c;

	if (!ask(w, certificate, "", false))
		return false;
	if (c->reply.status != 200) {
		order_failed(w);
		return true;
	}
	crash_order_issued(w, (const char *)c->reply.body.data);
	order_end(w);
	return true;
}

/* The next thing to be done for the order in hand, as its status says. */
static bool
order_advance(struct worker *w)
{
	struct client *c = w->c;
	struct client_order order = { .url = w->order };

	if (!ask(w, w->order, "", false))
		return false;
	if (!client_order_get(c, NULL, &order))
		order_failed(w);
	else if (w->fate == LEFT ||
		 (w->fate == GIVEN_UP && strcmp(order.status, "invalid") == 0))
		order_end(w);
	else if (strcmp(order.status, "pending") == 0)
		return order_pending(w, &order);
	else if (strcmp(order.status, "ready") == 0)
		return finalize(w, order.finalize);
	else if (strcmp(order.status, "valid") == 0)
		return order_valid(w, order.certificate);
	else if (strcmp(order.status, "processing") != 0)
		order_failed(w);
	return true;	/* the next look is held until there is something to see */
}

/* Another account, with a key of its own. */
static void
register_bound(struct worker *w)
{
	struct client *c = w->c;
	struct eab_plan plan = { .key = &w->all->binding, .url = client_url(c, "new-account") };

	EVP_PKEY_free(c->key);
	plan.account = c->key = key_new("ES256");
	if (!ask(w, plan.url, eab_payload(c->arena, eab_print(c->arena, &plan), ""), true))
		return;
	if (c->reply.status == 201) {
		EVP_PKEY_up_ref(c->key);
		w->items->key = c->key;
		w->registered++;
	} else {
		w->failed++;
	}
	usleep(PAUSE_MS * 1000);
}

void *
crash_work(void *arg)
{
	struct worker *w = arg;
	struct client *c = w->c;

	while (!atomic_load(&w->all->over)) {
		if (w->registers) {
			register_bound(w);
		} else if (*c->kid == '\0') {
			if (ask(w, client_url(c, "new-account"), "{}", true) &&
			    c->reply.status <= 201)
				snprintf(c->kid, sizeof(c->kid), "%s",
					 reply_only(&c->reply, "Location"));
		} else if (w->order == NULL) {
			order_begin(w);
		} else {
			order_advance(w);
		}
		client_clear(c);
	}
	return NULL;
}

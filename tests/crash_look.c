/* SPDX-License-Identifier: Apache-2.0 */
/* crash_look.c - is what was acknowledged still there, and does what was begun end? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/chain.h"
#include "tests/crash.h"

#define SAMPLE	50		/* one in so many older objects is looked at again */
#define VERDICT	30		/* seconds */
#define MEMBERS 7

static int
rank(const char *status)
{
	static const char *const ranks[] = { "pending", "ready", "processing", "valid", NULL };

	for (int i = 0; ranks[i] != NULL; i++)
		if (strcmp(ranks[i], status) == 0)
			return i;
	return -1;	/* invalid: nothing here gives a reason for it */
}

static bool
same(const json_t *a, const json_t *b, const char *member)
{
	const json_t *x = json_object_get(a, member), *y = json_object_get(b, member);

	return (x == NULL && y == NULL) || json_equal((json_t *)x, (json_t *)y);
}

static bool
same_challenges(const json_t *was, const json_t *now)
{
	const json_t *old = json_object_get(was, "challenges"), *list, *one, *other;
	size_t i, k;

	list = json_object_get(now, "challenges");
	json_array_foreach(list, i, one) {
		bool there = false;

		json_array_foreach(old, k, other)
			there = there || (same(one, other, "url") && same(one, other, "type") &&
					  same(one, other, "token"));
		if (!there)
			return false;
	}
	return json_array_size(list) > 0;
}

/* What has gone wrong with an object since it was acknowledged; NULL: nothing.  moved: its
 * status may be any. */
static const char *
compare(enum kind kind, bool moved, const json_t *was, const json_t *now)
{
	static const char *const members[KINDS][MEMBERS] = {
		[ORDER] = { "identifiers", "authorizations", "finalize", "expires", "notAfter",
			    "replaces", "profile" },
		[AUTHZ] = { "identifier", "wildcard" },
		[CHALLENGE] = { "type", "url", "token" },
	};
	int before = rank(crash_text(was, "status")), after = rank(crash_text(now, "status"));

	if (kind == ACCOUNT)
		return json_equal((json_t *)was, (json_t *)now) ? NULL : "not the same";
	for (size_t i = 0; i < MEMBERS && members[kind][i] != NULL; i++)
		if (!same(was, now, members[kind][i]))
			return members[kind][i];
	if (after < before && !moved)
		return "its status moved backwards";
	if (before == rank("valid") && !moved && !(same(was, now, "expires") &&
					 same(was, now, "certificate")))
		return "expires or certificate";
	if (kind == AUTHZ && !same_challenges(was, now))
		return "challenges";
	return NULL;
}

/* May its status be any, for its client gave it up or its time is over?  A challenge is as its
 * authorization. */
static bool
may_move(const struct crash *all, const struct worker *w, const struct item *item)
{
	const struct item *owner = item->kind == CHALLENGE ? crash_authz_of(w, item) : item;

	return owner == NULL || owner->given_up || crash_now(all) >= crash_over(owner);
}

static bool
serial_new(struct crash *all, const char *pem)
{
	struct arena *a = arena_new();
	const char *serial = chain_serial(a, pem);
	bool fresh = serial != NULL;

	for (size_t i = 0; i < all->nserial && fresh; i++)
		fresh = strcmp(all->serials[i], serial) != 0;
	if (fresh) {
		all->serials = realloc(all->serials, (all->nserial + 1) * sizeof(char *));
		if (all->serials == NULL || (all->serials[all->nserial++] = strdup(serial)) == NULL)
			abort();
	}
	arena_free(a);
	return fresh;
}

/* Asks for an object again; NULL: it is as it was, or has moved on, or is gone because its
 * time was over. */
static const char *
look(struct crash *all, struct worker *w, struct client *c, struct item *item)
{
	json_t *was;
	const char *what;

	if (client_post(c, item->url, "") == 404 && crash_now(all) > crash_gone(w, item)) {
		all->gone[item->kind]++;
		return NULL;
	}
	if (c->reply.status != 200)
		return client_why(c);
	if (item->kind == CERTIFICATE)
		return strcmp((const char *)c->reply.body.data, item->text) == 0 ? NULL :
		       "other octets";
	was = json_loads(item->text, 0, NULL);
	what = compare(item->kind, may_move(all, w, item), was, c->json);
	json_decref(was);
	return what;
}

/* Does the server work on it?  An authorization is pending while its challenge is
 * validated. */
static bool
worked_on(const json_t *o)
{
	const json_t *list = json_object_get(o, "challenges"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(crash_text(one, "status"), "processing") == 0)
			return true;
	return strcmp(crash_text(o, "status"), "processing") == 0;
}

/* Waits until nobody works on the object any more. */
static bool
verdict(struct client *c, const struct item *item, bool moved, time_t until)
{
	while (worked_on(c->json)) {
		if (time(NULL) > until)
			return false;
		usleep(20000);
		if (client_post(c, item->url, "") != 200)
			return false;
	}
	return moved || strcmp(crash_text(c->json, "status"), "invalid") != 0;
}

/* As the account that the object belongs to. */
static void
act_for(struct client *c, const struct worker *w, const struct item *item)
{
	EVP_PKEY *key = item->key != NULL ? item->key : w->c->key;

	EVP_PKEY_up_ref(key);
	EVP_PKEY_free(c->key);
	c->key = key;
	snprintf(c->kid, sizeof(c->kid), "%s", item->key != NULL ? item->url : w->c->kid);
}

bool
crash_look_binding(const struct crash *all)
{
	json_t *o = eab_shown(all->scene.server, &all->binding);
	json_int_t uses = json_integer_value(json_object_get(o, "uses"));
	size_t accounts = json_array_size(json_object_get(o, "accounts"));
	unsigned registered = all->workers[all->n - 1].registered;
	bool good = o != NULL && (size_t)uses == accounts && accounts >= registered;

	if (!good)
		printf("# A-12 %lld uses are spent for %zu accounts, %u acknowledged\n",
		       (long long)uses, accounts, registered);
	json_decref(o);
	return good;
}

/* --- second orders -------------------------------------------------------------------- */

/* One that replaces the same; false: the answer is not that. */
static bool
second(struct client *c, const json_t *first, int status)
{
	json_t *o = json_pack("{s:O, s:O}", "identifiers", json_object_get(first, "identifiers"),
			      "replaces", json_object_get(first, "replaces"));
	char *payload = json_dumps(o, JSON_COMPACT);
	bool good;

	client_post(c, client_url(c, "new-order"), payload);
	good = c->reply.status == status && (status == 201 ?
	       same(o, c->json, "replaces") : strcmp(c->type, "alreadyReplaced") == 0);
	free(payload);
	json_decref(o);
	return good;
}

/* Only where the first is invalid there may be a second order, and then no third.  c->json: the
 * first. */
static const char *
look_second(struct crash *all, struct client *c, struct item *item)
{
	json_t *first = json_incref(c->json);
	bool invalid = strcmp(crash_text(first, "status"), "invalid") == 0, good;

	item->asked = true;
	all->again++;
	good = second(c, first, invalid ? 201 : 409) && (!invalid || second(c, first, 409));
	json_decref(first);
	return good ? NULL : invalid ? "invalid, but not replaced" : "replaced twice";
}

/* --- all of it ------------------------------------------------------------------------ */

static bool
wants_second(const struct crash *all, const struct item *item)
{
	return item->kind == ORDER && item->replaces_end > crash_now(all) + 5 && !item->asked;
}

/* What is wrong with it; NULL: nothing. */
static const char *
look_whole(struct crash *all, struct worker *w, struct client *c, struct item *item)
{
	const char *what = look(all, w, c, item);

	if (what != NULL || c->reply.status == 404)
		return what;
	if (!verdict(c, item, may_move(all, w, item), time(NULL) + VERDICT))
		return "no good verdict";
	if (item->kind == CERTIFICATE && item->fresh && !serial_new(all, item->text))
		return "its serial was there before";
	return wants_second(all, item) ? look_second(all, c, item) : NULL;
}

unsigned
crash_look(struct crash *all, struct worker *w, bool everything)
{
	struct client *c = client_open(all->scene.server->url, all->scene.server->root);
	unsigned bad = 0, i = 0;

	for (struct item *item = w->items; item != NULL; item = item->next) {
		const char *what;

		if (!item->fresh && !everything && i++ % SAMPLE != 0)
			continue;
		act_for(c, w, item);
		all->looked[item->kind]++;
		what = look_whole(all, w, c, item);
		if (what != NULL) {
			bad++;
			printf("# %s: %s\n# was: %s\n# is:  %s\n", item->url, what, item->text,
			       (const char *)c->reply.body.data);
		}
		item->fresh = false;
		client_clear(c);
	}
	client_close(c);
	return bad;
}

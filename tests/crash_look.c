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

/* What has gone wrong with an object since it was acknowledged; NULL: nothing. */
static const char *
compare(enum kind kind, const json_t *was, const json_t *now)
{
	static const char *const members[KINDS][5] = {
		[ORDER] = { "identifiers", "authorizations", "finalize", "expires", "notAfter" },
		[AUTHZ] = { "identifier", "wildcard" },
		[CHALLENGE] = { "type", "url", "token" },
	};
	int before = rank(crash_text(was, "status")), after = rank(crash_text(now, "status"));

	if (kind == ACCOUNT)
		return json_equal((json_t *)was, (json_t *)now) ? NULL : "not the same";
	for (size_t i = 0; i < 5 && members[kind][i] != NULL; i++)
		if (!same(was, now, members[kind][i]))
			return members[kind][i];
	if (after < before)
		return "its status moved backwards";
	if (before == rank("valid") && !(same(was, now, "expires") &&
					 same(was, now, "certificate")))
		return "expires or certificate";
	if (kind == AUTHZ && !same_challenges(was, now))
		return "challenges";
	return NULL;
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

/* Asks for an object again; NULL: it is as it was, or has moved on. */
static const char *
look(struct client *c, struct item *item)
{
	json_t *was;
	const char *what;

	if (client_post(c, item->url, "") != 200)
		return client_why(c);
	if (item->kind == CERTIFICATE)
		return strcmp((const char *)c->reply.body.data, item->text) == 0 ? NULL :
		       "other octets";
	was = json_loads(item->text, 0, NULL);
	what = compare(item->kind, was, c->json);
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
verdict(struct client *c, const struct item *item, time_t until)
{
	while (worked_on(c->json)) {
		if (time(NULL) > until)
			return false;
		usleep(20000);
		if (client_post(c, item->url, "") != 200)
			return false;
	}
	return strcmp(crash_text(c->json, "status"), "invalid") != 0;
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

unsigned
crash_look(struct crash *all, struct worker *w, bool everything)
{
	struct client *c = client_open(all->scene.server->url, all->scene.server->root);
	time_t until = time(NULL) + VERDICT;
	unsigned bad = 0, i = 0;

	for (struct item *item = w->items; item != NULL; item = item->next) {
		const char *what;

		if (!item->fresh && !everything && i++ % SAMPLE != 0)
			continue;
		act_for(c, w, item);
		all->looked[item->kind]++;
		what = look(c, item);
		if (what == NULL && !verdict(c, item, until))
			what = "no good verdict";
		if (what == NULL && item->kind == CERTIFICATE && item->fresh &&
		    !serial_new(all, item->text))
			what = "its serial was there before";
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

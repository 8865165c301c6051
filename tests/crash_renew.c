/* SPDX-License-Identifier: Apache-2.0 */
/* crash_renew.c - clients under load: which orders renew a certificate by `replaces`, which of
 * them end without one, and for how long the server must keep what it told. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/ari.h"
#include "tests/crash.h"

#define LEFT_OF 10	/* seconds that a certificate must live on to be renewed */
#define ONE_IN	16	/* orders are given up, and left alone */

/* --- orders --------------------------------------------------------------------------- */

static bool
may_renew(struct worker *w)
{
	const struct before *before = &w->before;

	return *before->certid != '\0' && crash_now(w->all) < before->not_after - LEFT_OF &&
	       rand_r(&w->seed) % 3 != 0;
}

/* Those of a brief certificate have names of their own, so that one that lives for long never
 * follows upon it.  One client has no others: so its proofs of control go too. */
static void
new_names(struct worker *w)
{
	w->brief = rand_r(&w->seed) % 3 == 0 || w->number + 2 == w->all->n;
	w->nname = 1 + (unsigned)rand_r(&w->seed) % NAMES_MAX;
	for (size_t i = 0; i < w->nname; i++)	/* never the same name twice */
		snprintf(w->names[i], sizeof(w->names[i]), "n%u.example.test",
			 ((unsigned)rand_r(&w->seed) % 10 + (w->brief ? 10 : 0)) * NAMES_MAX +
			 (unsigned)i);
}

const char *
crash_order_plan(struct worker *w)
{
	int chance = rand_r(&w->seed) % ONE_IN;

	w->fate = chance == 0 ? GIVEN_UP : chance == 1 ? LEFT : ISSUED;
	w->renews = may_renew(w);
	if (w->renews) {
		memcpy(w->names, w->before.names, sizeof(w->names));
		w->nname = w->before.nname;
		w->brief = w->before.brief;
	} else {
		new_names(w);
	}
	return arena_printf(w->c->arena, "%s%s%s%s", w->brief ? ",\"profile\":\"" BRIEF "\"" : "",
			    w->renews ? ",\"replaces\":\"" : "",
			    w->renews ? w->before.certid : "", w->renews ? "\"" : "");
}

bool
crash_order_made(struct worker *w, const char *location)
{
	struct client *c = w->c;
	const char *echo = crash_text(c->json, "replaces");
	bool made = c->reply.status == 201 && location != NULL, good;

	if (!w->renews)
		return made;
	if (w->before.cut && strcmp(c->type, "alreadyReplaced") == 0) {
		w->untold++;
		*w->before.certid = '\0';
		return true;
	}
	good = made && (strcmp(echo, w->before.certid) == 0 ||
			(*echo == '\0' && crash_now(w->all) > w->before.not_after));
	if (good && *echo != '\0') {
		w->items->replaces_end = w->before.not_after;
		w->renewed++;
	} else if (!good) {
		printf("# order that replaces %s: %s %s\n", w->before.certid, client_why(c), echo);
	}
	*w->before.certid = '\0';
	return good;
}

void
crash_order_issued(struct worker *w, const char *pem)
{
	struct leaf_facts leaf = leaf_facts(w->c->arena, pem);

	w->before = (struct before){ .nname = w->nname, .brief = w->brief,
				     .not_after = leaf.not_after };
	memcpy(w->before.names, w->names, sizeof(w->names));
	snprintf(w->before.certid, sizeof(w->before.certid), "%s", leaf.certid);
}

/* --- how long it stays ---------------------------------------------------------------- */

static int64_t
expires(const json_t *o)
{
	int64_t at;

	return clock_parse(crash_text(o, "expires"), &at) ? at : INT64_MAX;
}

static bool
is_brief(const json_t *order)
{
	return strcmp(crash_text(order, "profile"), BRIEF) == 0;
}

int64_t
crash_over(const struct item *item)
{
	json_t *o = json_loads(item->text, 0, NULL);
	int64_t at = INT64_MAX;

	if ((item->kind == ORDER && strcmp(crash_text(o, "status"), "valid") != 0) ||
	    item->kind == AUTHZ)
		at = expires(o);
	json_decref(o);
	return at;
}

static int64_t
cert_end(const struct item *item)
{
	struct arena *a = arena_new();
	int64_t end = leaf_facts(a, item->text).not_after;

	arena_free(a);
	return end;
}

/* A certificate is signed behind its order; one that lives for long outlives the test. */
static int64_t
order_end(const struct item *item)
{
	json_t *o = json_loads(item->text, 0, NULL);
	int64_t end = crash_over(item);

	if (is_brief(o))
		end = expires(o) - ORDER_LIFE + BRIEF_LIFE - 1;
	json_decref(o);
	return end;
}

const struct item *
crash_authz_of(const struct worker *w, const struct item *challenge)
{
	for (const struct item *item = w->items; item != NULL; item = item->next)
		if (item->kind == AUTHZ &&
		    strstr(challenge->url, strrchr(item->url, '/') + 1) != NULL)
			return item;
	return NULL;
}

int64_t
crash_gone(const struct worker *w, const struct item *item)
{
	int64_t end = INT64_MAX;

	if (item->kind == CHALLENGE)
		item = crash_authz_of(w, item);
	if (item == NULL)
		return end;
	if (item->kind == ORDER)
		end = order_end(item);
	else if (item->kind == AUTHZ)
		end = crash_over(item);
	else if (item->kind == CERTIFICATE)
		end = cert_end(item);
	return end == INT64_MAX ? end : end + RETENTION;
}

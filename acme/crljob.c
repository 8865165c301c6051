/* SPDX-License-Identifier: Apache-2.0 */
/* crljob.c - job: sign each issuer's CRL anew after a revocation, and before it is half as
 * old as it may get (RFC 5280 section 5).  It is looked at every few seconds, on one loop,
 * so that many revocations share one signature.
 *
 * Numbers are times, or one more than the last number where the clock went back: so a
 * store that was restored from a backup still counts upwards. */
#include <stdlib.h>

#include "acme/count.h"
#include "acme/jobs.h"
#include "acme/local.h"
#include "base/clock.h"
#include "base/log.h"

#define LOOK_MS 10000
#define AHEAD	60		/* seconds; one from so far in the future was made by a wrong clock */

struct crl_work {
	struct store			*store;
	const struct acme_config	*config;	/* kept */
	const struct acme_issuer	*issuer;
	uint64_t			 revocations;	/* that it knows of */
	struct crl_content		 content;
	struct blob			 der;
};

static void
take_entries(struct crl_work *w, const struct view *v, struct arena *a)
{
	struct crl_entry *entries;
	struct revoked *rows;
	size_t n;

	w->revocations = store_revocations(v);
	n = store_revoked_list(v, a, w->issuer->number, 0, &rows);
	entries = arena_alloc(a, n * sizeof(*entries));
	for (size_t i = 0; i < n; i++) {	/* none of a clock that was ahead */
		int64_t revoked = rows[i].revoked < w->content.this_update ? rows[i].revoked :
				  w->content.this_update;

		entries[i] = (struct crl_entry){ rows[i].serial, revoked, rows[i].reason };
	}
	w->content.entries = entries;
	w->content.nentry = n;
}

static enum flow_next
crljob_begin(struct flow *f)
{
	struct crl_work *w = f->data;
	struct view *v = view_open(w->store);
	const struct crl *last = store_crl_get(v, f->arena, w->issuer->number, 0);
	int64_t now = clock_now();

	w->content = (struct crl_content){
		.number = (uint64_t)now,
		.this_update = now,
		.next_update = now + w->config->crl_life,
		.url = w->issuer->crl_url,
	};
	if (last != NULL && last->number >= w->content.number)
		w->content.number = last->number + 1;
	take_entries(w, v, f->arena);
	view_close(v);
	return FLOW_NEXT;
}

static enum flow_next
crljob_sign(struct flow *f)
{
	struct crl_work *w = f->data;
	int64_t began = clock_mono_us();

	if (!issuer_sign_crl(w->issuer->issuer, &w->content, f->arena, &w->der, &f->problem))
		return FLOW_FAIL;
	metric_observe(&count_signing_seconds, SIGNING_CRL, 0, clock_mono_us() - began);
	return FLOW_NEXT;
}

static enum flow_next
crljob_record(struct flow *f)
{
	const struct crl_work *w = f->data;

	store_crl_put(f->txn, &(struct crl){
		.issuer = w->issuer->number,
		.number = w->content.number,
		.revocations = w->revocations,
		.this_update = w->content.this_update,
		.next_update = w->content.next_update,
		.der = w->der,
	});
	return FLOW_NEXT;
}

static enum flow_next
crljob_end(struct flow *f)
{
	const struct crl_work *w = f->data;

	if (f->problem.type != PROBLEM_NONE)
		log_event(LOG_ERROR, "CRL not signed", "s:s, s:s", "issuer", w->issuer->name,
			  "detail", f->problem.detail);
	else
		log_event(LOG_INFO, "CRL signed", "s:s, s:I, s:s", "issuer", w->issuer->name,
			  "number", (json_int_t)w->content.number, "next_update",
			  clock_print(f->arena, w->content.next_update));
	return FLOW_NEXT;
}

static const struct flow_step crljob_steps[] = {
	{ ON_LOOP,   STEP(crljob_begin) },	/* number and times                */
	{ ON_CRYPTO, STEP(crljob_sign) },
	{ ON_WRITER, STEP(crljob_record) },
	{ ON_LOOP,   STEP(crljob_end) },
	{ 0 }
};

static void
crljob_ended(struct flow *f)
{
	const struct crl_work *w = f->data;

	acme_local(f->loop)->crl_running--;
	acme_config_release(w->config);
}

static bool
crl_due(struct acme_local *l, const struct acme_issuer *issuer)
{
	struct arena *a = arena_new();
	struct view *v = view_open(l->store);
	const struct crl *last = store_crl_get(v, a, issuer->number, 0);
	int64_t now = clock_now();
	bool due = last == NULL || last->revocations != store_revocations(v) ||
		   last->this_update > now + AHEAD ||
		   now >= last->this_update + (last->next_update - last->this_update) / 2;

	view_close(v);
	arena_free(a);
	return due;
}

static void
crl_look(evutil_socket_t fd, short what, void *arg)
{
	struct acme_local *l = arg;

	(void)fd, (void)what;
	if (l->crl_running > 0)
		return;
	for (size_t i = 0; i < l->config->nissuer; i++) {
		struct crl_work *w;
		struct flow *f;

		if (!crl_due(l, &l->config->issuers[i]))
			continue;
		f = flow_new(l->loop, crljob_steps, NULL);
		f->data = w = arena_alloc(f->arena, sizeof(*w));
		w->store = l->store;
		w->config = acme_config_keep(l->config);
		w->issuer = &w->config->issuers[i];
		f->ended = crljob_ended;
		l->crl_running++;
		flow_start(f);
	}
}

static void
crl_begin(void *arg)
{
	struct acme_local *l = arg;
	struct timeval tv = { LOOK_MS / 1000, 0 };

	l->crl_timer = event_new(l->loop->base, -1, EV_PERSIST, crl_look, l);
	if (l->crl_timer == NULL || event_add(l->crl_timer, &tv) != 0)
		abort();
	crl_look(-1, 0, l);
}

void
acme_crl_start(struct loop *loop)
{
	loop_call(loop, crl_begin, acme_local(loop));
}

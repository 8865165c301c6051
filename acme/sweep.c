/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - clean-up of the store, on one loop: rounds of small pages, each found on the loop,
 * deleted by the writer in one commit, and followed by a pause in which others have their turn.
 *
 * A round goes to the newest end that is due; once an hour it also walks the tables that have
 * no index of ends.  Where it is lives in memory: a start begins with a full round. */
#include "acme/sweep.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "acme/count.h"
#include "acme/local.h"
#include "base/clock.h"
#include "base/log.h"

#define FIRST_MS 2000		/* behind the start, which has other work */
#define PAUSE_MS 10		/* between two pages */
#define AGAIN_MS 60000		/* after a commit that was lost; and to see if it is wanted */
#define WALK	 3600		/* seconds */
#define JUMP	 3600		/* seconds that the clock goes ahead of the monotonic one ... */
#define DOWN	 (30 * 86400)	/* ... or, at a start, of the last commit: is it wrong? */

struct sweep {
	struct acme_local	*local;
	struct event		*timer;
	struct sweep_at		 at;
	int64_t			 walked;	/* when the last such round began; 0: none yet */
	int64_t			 looked;	/* when the last page was looked for, or would have been */
	int64_t			 looked_mono;	/* the same, monotonic, seconds; 0: before the start */
	int64_t			 trusted_mono;	/* from then on the clock is believed */
	uint64_t		 n[SWEEP_COUNTS];	/* in this round */
};

struct sweep_work {
	struct sweep		*sweep;
	struct sweep_terms	 terms;
	struct sweep_page	 page;
	struct sweep_sum	 sum;
	bool			 over;		/* the round is */
};

static _Atomic int64_t swept;

int64_t
acme_swept(void)
{
	return atomic_load(&swept);
}

static void sweep_later(struct sweep *s, int64_t ms);

static const struct flow_step nothing_steps[];

static enum flow_next
sweep_find(struct flow *f)
{
	struct sweep_work *w = f->data;
	struct view *v = view_open(w->sweep->local->store);

	w->over = !sweep_look(&w->sweep->at, v, f->arena, &w->terms, &w->page);
	view_close(v);
	if (!w->over && w->page.n > 0)
		return FLOW_NEXT;
	f->steps = nothing_steps;
	return FLOW_AGAIN;
}

static enum flow_next
sweep_delete(struct flow *f)
{
	struct sweep_work *w = f->data;

	sweep_apply(f->txn, f->arena, &w->terms, &w->page, &w->sum);
	return FLOW_NEXT;
}

static void
tell_unrenewed(struct arena *a, const struct sweep_unrenewed *cert)
{
	log_event(LOG_WARN, "certificate expired, not renewed", "s:s, s:s, s:s, s:s", "names",
		  cert->names, "account", id_print(a, &cert->account), "serial",
		  serial_hex(a, &cert->serial), "not_after", clock_print(a, cert->not_after));
}

static void
tell_round(const struct sweep *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < SWEEP_COUNTS; i++)
		sum += s->n[i];
	if (sum == 0)
		return;
	log_event(LOG_INFO, "store cleaned up", "s:I, s:I, s:I, s:I, s:I", "orders",
		  (json_int_t)s->n[SWEPT_ORDER], "authorizations", (json_int_t)s->n[SWEPT_AUTHZ],
		  "certificates", (json_int_t)s->n[SWEPT_CERT], "crl_entries",
		  (json_int_t)s->n[SWEPT_CRL_ENTRY], "others",
		  (json_int_t)(s->n[SWEPT_LIMIT] + s->n[SWEPT_FAILURE] + s->n[SWEPT_INCIDENT]));
}

static void
round_over(struct sweep *s, int64_t now)
{
	tell_round(s);
	memset(s->n, 0, sizeof(s->n));
	s->at.walk = s->at.restore = false;
	atomic_store(&swept, now);
}

/* What was not kept is found again: this round begins anew. */
static enum flow_next
sweep_lost(struct sweep *s)
{
	s->at = (struct sweep_at){ .walk = true, .restore = s->at.restore };
	sweep_later(s, AGAIN_MS);
	return FLOW_NEXT;
}

static enum flow_next
sweep_end(struct flow *f)
{
	struct sweep_work *w = f->data;
	struct sweep *s = w->sweep;

	if (f->problem.type != PROBLEM_NONE)
		return sweep_lost(s);
	for (size_t i = 0; i < SWEEP_COUNTS; i++) {
		metric_add(&count_swept, i, 0, w->sum.n[i]);
		s->n[i] += w->sum.n[i];
	}
	metric_add(&count_unrenewed, 0, 0, w->sum.nunrenewed);
	for (size_t i = 0; i < w->sum.nunrenewed; i++)
		tell_unrenewed(f->arena, &w->sum.unrenewed[i]);
	if (w->over)
		round_over(s, w->terms.now);
	sweep_later(s, w->over ? s->local->config->retention.every * 1000 : PAUSE_MS);
	return FLOW_NEXT;
}

static const struct flow_step sweep_steps[] = {
	{ ON_LOOP,   STEP(sweep_find) },	/* a page of what has ended, and goes */
	{ ON_WRITER, STEP(sweep_delete) },	/* it goes                            */
	{ ON_LOOP,   STEP(sweep_end) },		/* told; the next page after a pause  */
	{ 0 }
};

/* Instead of its first step: nothing on this page goes. */
static const struct flow_step nothing_steps[] = {
	{ ON_LOOP,   STEP(sweep_end) },
	{ 0 }
};

/* A clock that is ahead would make things end that are good for years, and nothing brings back
 * what is deleted: so a jump is not believed at once. */
static bool
sweep_doubts(struct sweep *s, int64_t now)
{
	int64_t mono = clock_mono_ms() / 1000, doubt = s->local->config->retention.doubt;
	int64_t ahead = now - s->looked - (s->looked_mono == 0 ? 0 : mono - s->looked_mono);

	if (s->looked != 0 && ahead > (s->looked_mono == 0 ? DOWN : JUMP) && doubt > 0) {
		s->trusted_mono = mono + doubt;
		log_event(LOG_WARN, "clock jumped ahead, clean-up waits", "s:I, s:I", "ahead",
			  (json_int_t)ahead, "wait", (json_int_t)doubt);
	}
	if (now < s->looked) {	/* set back: what is behind us may still come to its end */
		s->at = (struct sweep_at){ .restore = true };
		s->trusted_mono = 0;
	}
	s->looked = now;
	s->looked_mono = mono;
	return mono < s->trusted_mono;
}

static void
sweep_due(evutil_socket_t fd, short what, void *arg)
{
	struct sweep *s = arg;
	struct acme_local *l = s->local;
	int64_t now = clock_now();
	struct sweep_work *w;
	struct flow *f;

	(void)fd, (void)what;
	if (l->stopping)
		return;
	if (l->config->retention.every == 0) {
		sweep_later(s, AGAIN_MS);
		return;
	}
	if (sweep_doubts(s, now)) {
		sweep_later(s, l->config->retention.every * 1000);
		return;
	}
	if (s->at.kind == 0 && (now >= s->walked + WALK || now < s->walked)) {
		s->at.walk = true;
		s->walked = now;
		store_readers_check(l->store);	/* what a dead one sees is used again */
	}
	f = flow_new(l->loop, sweep_steps, NULL);
	f->data = w = arena_alloc(f->arena, sizeof(*w));
	w->sweep = s;
	w->terms = sweep_terms(l->config, now);
	flow_start(f);
}

static void
sweep_later(struct sweep *s, int64_t ms)
{
	if (s->timer != NULL)
		event_free(s->timer);
	s->timer = loop_timer(s->local->loop, ms, sweep_due, s);
}

void
acme_sweep_free(struct sweep *s)
{
	if (s == NULL)
		return;
	if (s->timer != NULL)
		event_free(s->timer);
	free(s);
}

static void
sweep_begin(void *arg)
{
	struct acme_local *l = arg;

	l->sweep = calloc(1, sizeof(*l->sweep));
	if (l->sweep == NULL)
		abort();
	l->sweep->local = l;
	l->sweep->at.restore = true;	/* the clock may have been wrong until the last stop */
	l->sweep->looked = store_time_before(l->store);	/* it may have been set meanwhile */
	sweep_later(l->sweep, l->config->retention.every * 1000 < FIRST_MS ?
			      l->config->retention.every * 1000 : FIRST_MS);
}

void
acme_sweep_start(struct loop *loop)
{
	loop_call(loop, sweep_begin, acme_local(loop));
}

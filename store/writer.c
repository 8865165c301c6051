/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c - the thread that changes the store: takes all flows that wait, runs their
 * steps in one edit, commits once, and only then lets them go.  No reply overtakes its
 * commit.  Runs on: writer. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/flow.h"
#include "base/log.h"
#include "base/metric.h"
#include "store/txn.h"

#define BATCH_MAX  256
#define RETRY_MAX  60		/* seconds */
#define GATHER_US  1000
#define NAP_MS	   10		/* while jobs wait for their retry */
#define COMPLAINT_MS 1000	/* between two lines about a full disk */

static struct metric commits = { "brevet_commits_total", "Commits by what became of them",
	METRIC_COUNTER, { { "result", (const char *const[]){ "kept", "full", "lost", NULL } } },
	0, { 0 }, NULL };
/* LMDB writes and syncs within mdb_txn_commit(), and tells of neither: the sync alone could
 * be timed only by a store that leaves it to us (MDB_NOSYNC), and that one may be torn. */
static struct metric commit_seconds = { "brevet_commit_seconds",
	"Writing and syncing one commit", METRIC_HISTOGRAM, { { NULL, NULL } }, 0, { 0 }, NULL };
static struct metric commit_flows = { "brevet_commit_flows", "Flows that shared one commit",
	METRIC_SIZES, { { NULL, NULL } }, 0, { 0 }, NULL };

struct writer {
	struct store		*store;
	struct lane		*lane;
	struct writer_hooks	 hooks;
	pthread_t		 thread;
	struct letter		*first, **last;	/* out of the lane, not served yet */
	struct flow		*delayed;	/* jobs whose commit was lost */
	size_t			 crowd;		/* flows in the last batch */
	int64_t			 complained;	/* clock_mono_ms() */
	atomic_bool		 ending;
	atomic_uint_fast64_t	 commits, flows;
};

static struct flow *
flow_of(struct letter *l)
{
	return (struct flow *)((char *)l - offsetof(struct flow, letter));
}

/* --- what waits ------------------------------------------------------------------- */

static void
writer_append(struct writer *w, struct letter *chain)
{
	*w->last = chain;
	while (*w->last != NULL)
		w->last = &(*w->last)->next;
}

static void
writer_delay(struct writer *w, struct flow *f)
{
	f->retry = f->retry == 0 ? 1 : f->retry * 2;
	if (f->retry > RETRY_MAX)
		f->retry = RETRY_MAX;
	f->due = clock_mono_ms() + f->retry * 1000;
	f->letter.next = w->delayed == NULL ? NULL : &w->delayed->letter;
	w->delayed = f;
}

static struct flow *
flow_behind(struct flow *f)
{
	return f->letter.next == NULL ? NULL : flow_of(f->letter.next);
}

/* Jobs whose time has come wait like all others. */
static void
writer_resume(struct writer *w)
{
	struct flow *list = w->delayed, *next;
	int64_t now;

	if (list == NULL)
		return;
	now = clock_mono_ms();
	w->delayed = NULL;
	for (struct flow *f = list; f != NULL; f = next) {
		next = flow_behind(f);
		if (f->due <= now) {
			f->letter.next = NULL;
			writer_append(w, &f->letter);
		} else {
			f->letter.next = w->delayed == NULL ? NULL : &w->delayed->letter;
			w->delayed = f;
		}
	}
}

/* Sleeps until something waits; now and then for nothing.  False: it is over. */
static bool
writer_wait(struct writer *w)
{
	const struct timespec nap = { 0, NAP_MS * 1000000 };
	bool ending = atomic_load(&w->ending);	/* asked before the lane: see join */

	writer_resume(w);
	writer_append(w, lane_take(w->lane));
	if (w->first != NULL)
		return true;
	if (w->delayed == NULL) {
		writer_append(w, lane_wait(w->lane));
		return w->first != NULL;
	}
	nanosleep(&nap, NULL);
	return !ending;
}

/* Under load a commit costs more than its flows: where the last one had company, more
 * of it is about to come, and one commit soon is better than two now.  A flow that
 * comes alone does not wait. */
static void
writer_gather(struct writer *w)
{
	const struct timespec pause = { 0, GATHER_US * 1000 };

	if (w->crowd < 2)
		return;
	nanosleep(&pause, NULL);
	writer_append(w, lane_take(w->lane));
}

/* The first ones that wait, ready to be run, and run again. */
static size_t
writer_take(struct writer *w, struct flow *batch[BATCH_MAX])
{
	size_t n = 0;

	while (n < BATCH_MAX && w->first != NULL) {
		struct flow *f = batch[n++] = flow_of(w->first);

		w->first = f->letter.next;
		f->again = f->at;
		f->before = f->problem;
	}
	if (w->first == NULL)
		w->last = &w->first;
	return n;
}

/* --- a batch ---------------------------------------------------------------------- */

static void
batch_step(struct edit *e, struct flow *f)
{
	unsigned changes = edit_changes(e);

	f->at = f->again;
	f->problem = f->before;
	f->txn = e;
	flow_steps(f, ON_WRITER);
	f->txn = NULL;
	/* A step checks everything before it changes anything: what it changed is kept,
	 * though it failed.  A job may keep a problem and record it. */
	assert(f->job || edit_failed(e) || f->problem.type == f->before.type ||
	       edit_changes(e) == changes);
}

static enum kept
batch_commit(struct writer *w, struct edit *e, size_t n)
{
	bool changed = edit_changes(e) > 0;
	int64_t began = clock_mono_us();
	enum kept kept = edit_end(e);

	if (kept == KEPT && !changed)
		return kept;
	metric_add(&commits, kept, 0, 1);
	if (kept != KEPT)
		return kept;
	metric_observe(&commit_seconds, 0, 0, clock_mono_us() - began);
	metric_observe(&commit_flows, 0, 0, (int64_t)n);
	atomic_fetch_add(&w->commits, 1);
	atomic_fetch_add(&w->flows, n);
	return kept;
}

static void
batch_kept(struct writer *w, struct edit *e, struct flow **batch, size_t n)
{
	size_t nid, njob;
	const struct id *ids = edit_ids(e, &nid);
	const struct job *jobs = edit_jobs(e, &njob);

	if (nid > 0 && w->hooks.changed != NULL)
		w->hooks.changed(w->hooks.arg, ids, nid);
	for (size_t i = 0; i < njob && w->hooks.job != NULL; i++)
		w->hooks.job(w->hooks.arg, &jobs[i]);
	for (size_t i = 0; i < n; i++) {
		batch[i]->retry = 0;
		flow_pass(batch[i]);
	}
}

static void
batch_lost(struct writer *w, enum kept kept, struct flow **batch, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct flow *f = batch[i];

		f->at = f->again;
		f->problem = f->before;
		if (f->job) {
			writer_delay(w, f);
			continue;
		}
		edit_problem(kept, &f->problem);
		flow_abandon(f);
		flow_pass(f);
	}
}

static void
batch_complain(struct writer *w, enum kept kept, const struct edit *e, struct flow **batch,
	       size_t n)
{
	int64_t now = clock_mono_ms();

	if (kept == LOST_FULL && w->complained != 0 && now - w->complained < COMPLAINT_MS)
		return;
	if (kept == LOST_FULL)
		w->complained = now;
	log_flow = n == 1 ? batch[0]->number : 0;
	log_event(LOG_ERROR, "commit lost", "s:s, s:I", "error", edit_error(e), "flows",
		  (json_int_t)n);
	log_flow = 0;
}

/* A batch that is lost through one of its flows is run again, each in its own edit. */
static void
batch_write(struct writer *w, struct flow **batch, size_t n)
{
	struct edit *e = edit_begin(w->store);
	enum kept kept;

	for (size_t i = 0; i < n && !edit_failed(e); i++)
		batch_step(e, batch[i]);
	kept = batch_commit(w, e, n);
	if (kept == KEPT) {
		batch_kept(w, e, batch, n);
	} else if (kept == LOST_FULL || n == 1) {
		batch_complain(w, kept, e, batch, n);
		batch_lost(w, kept, batch, n);
	}
	edit_free(e);
	if (kept == LOST && n > 1)
		for (size_t i = 0; i < n; i++)
			batch_write(w, &batch[i], 1);
}

/* --- the thread ------------------------------------------------------------------- */

static void *
writer_main(void *arg)
{
	struct writer *w = arg;
	struct flow *batch[BATCH_MAX];
	size_t n;

	while (writer_wait(w)) {
		writer_gather(w);
		if ((n = writer_take(w, batch)) == 0)
			continue;
		w->crowd = n;
		batch_write(w, batch, n);
	}
	/* Their rows stand in `jobs`: the next start takes them up. */
	for (struct flow *f = w->delayed, *next; f != NULL; f = next) {
		next = flow_behind(f);
		flow_drop(f);
	}
	return NULL;
}

void
store_metrics_register(void)
{
	metric_register(&commits);
	metric_register(&commit_seconds);
	metric_register(&commit_flows);
}

struct writer *
writer_start(struct store *s, struct lane *lane, const struct writer_hooks *hooks)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->store = s;
	w->lane = lane;
	if (hooks != NULL)
		w->hooks = *hooks;
	w->last = &w->first;
	if (pthread_create(&w->thread, NULL, writer_main, w) != 0)
		abort();
	pthread_setname_np(w->thread, "writer");
	return w;
}

void
writer_join(struct writer *w)
{
	atomic_store(&w->ending, true);
	lane_close(w->lane);
	pthread_join(w->thread, NULL);
	free(w);
}

struct writer_counts
writer_counts(const struct writer *w)
{
	return (struct writer_counts){ atomic_load(&w->commits), atomic_load(&w->flows) };
}

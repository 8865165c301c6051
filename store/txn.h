/* SPDX-License-Identifier: Apache-2.0 */
/* txn.h - the only calls that read or write the store: what an engine must provide.
 *
 * The records above know tables, keys and values, and nothing of LMDB.  Nobody checks
 * a put: the first error sticks in the edit, which then writes nothing more and cannot
 * be kept.  From there on its view shows the last commit, so that a step reads on
 * undisturbed until its edit is dropped. */
#ifndef STORE_TXN_H
#define STORE_TXN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>

#include "store/schema.h"
#include "store/store.h"

/* The value of a key; .data is NULL when there is none.  Valid until the view ends or
 * the edit changes: who keeps it, copies it. */
struct blob view_get(const struct view *v, enum table t, struct blob key);

/* Calls row(arg, key, value) for the rows from that key on (view_scan_back: for those
 * before it, the last first) until it returns false.  row() changes nothing. */
void view_scan(const struct view *v, enum table t, struct blob from,
	       bool (*row)(void *arg, struct blob key, struct blob value), void *arg);
void view_scan_back(const struct view *v, enum table t, struct blob before,
		    bool (*row)(void *arg, struct blob key, struct blob value), void *arg);

/* The same inside an edit are view_get(edit_view(e), ...) and so on. */
void edit_put(struct edit *e, enum table t, struct blob key, struct blob value);
void edit_del(struct edit *e, enum table t, struct blob key);

/* Makes the edit one that cannot be kept; why is a constant text. */
void edit_fail(struct edit *e, const char *why);

/* Memory until the edit ends, for keys and values to be put. */
struct arena *edit_arena(struct edit *e);

/* What became of a commit. */
enum kept {
	KEPT,
	LOST_FULL,	/* disk or map are full: nothing was kept, later it may be */
	LOST		/* for a reason that lies in the edit: nothing was kept */
};

/* Commits, or aborts after an error; edit_commit() for the writer.  What cannot be
 * survived (a failed fsync, a corrupt file) is logged and aborts the process.  The edit
 * lives on, for the questions below, until edit_free(). */
enum kept edit_end(struct edit *e);
void edit_free(struct edit *e);

bool edit_failed(const struct edit *e);
const char *edit_error(const struct edit *e);
/* What edit_changed() and edit_job() left. */
const struct id *edit_ids(const struct edit *e, size_t *n);
const struct job *edit_jobs(const struct edit *e, size_t *n);

/* Fills the problem of a commit that was lost. */
bool edit_problem(enum kept kept, struct problem *p);

/* For edit_job() in store/job.c: the hook gets it after the commit. */
void edit_tell(struct edit *e, const struct job *job);

/* A record that cannot be read: logs table and key, and aborts. */
noreturn void store_corrupt(enum table t, struct blob key, const char *why);

/* For messages and logs. */
const char *table_name(enum table t);

/* Bytes on the stack as a blob. */
#define BLOB(bytes) ((struct blob){ (const uint8_t *)(bytes), sizeof(bytes) })

#endif

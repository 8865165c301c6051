/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - the end of an edit, good or bad.  Runs on: writer.
 *
 * What a failed commit means with LMDB 0.9.24.  mdb_txn_commit() writes the new pages
 * (none of which the last commit uses), syncs them, then writes the meta page through a
 * descriptor opened with O_DSYNC:
 *
 *	pages	ENOSPC, EDQUOT, EFBIG, EROFS; EIO also for a short write, which is how
 *		a file system that gets full answers
 *	sync	EIO, and seldom ENOSPC, EDQUOT (thin or remote disks)
 *	meta	anything; the environment answers MDB_PANIC from then on
 *
 * After the first two the last commit still stands, and the next one writes and syncs
 * all its pages anew.  So "full" is survived wherever it came from; EIO only while the
 * disk has no room, where it is the short write; all else aborts the process. */
#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/fault.h"
#include "store/codec.h"
#include "store/env.h"
#include "store/records.h"
#include "store/txn.h"

#define TRIM_COMMITS 256
#define ROOM_SHORT_WRITE (1024 * 1024)	/* less is free: EIO was a short write */

/* The last time seen goes back only when somebody says so (security: a clock that was set back). */
static void
edit_stamp(struct edit *e)
{
	int64_t now = clock_now();

	if (e->changes > 0 && store_last_time(&e->view) < now)
		time_put(e, now);
}

static bool
disk_full(const struct store *s)
{
	struct statvfs fs;

	return statvfs(s->dir, &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < ROOM_SHORT_WRITE;
}

/* Sorts the errors of puts and commits; does not return for those that are the end. */
static enum kept
judge(const struct store *s, int err)
{
	if (err == 0)
		return KEPT;
	if (err == MDB_MAP_FULL || err == ENOSPC || err == EDQUOT || err == EFBIG ||
	    err == EROFS || (err == EIO && disk_full(s)))
		return LOST_FULL;
	if (err > 0 || err == MDB_PANIC || err == MDB_CORRUPTED ||
	    err == MDB_PAGE_NOTFOUND || err == MDB_INVALID)
		store_die("commit", err);
	return LOST;
}

/* After a failed commit: MDB_PANIC means that the meta page could not be written, so
 * that nobody knows which commit stands. */
static void
probe(struct store *s)
{
	MDB_txn *txn;
	int err = mdb_txn_begin(s->env, NULL, 0, &txn);

	if (err != 0)
		store_die("commit", err);
	mdb_txn_abort(txn);
}

static void
txn_drop(struct edit *e)
{
	if (e->view.txn != e->txn)
		mdb_txn_abort(e->view.txn);
	if (e->txn != NULL)
		mdb_txn_abort(e->txn);
	e->txn = e->view.txn = NULL;
}

enum kept
edit_end(struct edit *e)
{
	enum kept kept;

	counts_write(e);
	edit_stamp(e);
	if (e->err == 0 && e->changes > 0)
		e->err = fault_commit();
	if (e->err != 0 || e->changes == 0) {
		txn_drop(e);
		return judge(e->view.store, e->err);
	}
	crash_point("before-commit");
	e->err = mdb_txn_commit(e->txn);
	e->txn = e->view.txn = NULL;
	kept = judge(e->view.store, e->err);
	if (kept != KEPT) {
		probe(e->view.store);
		return kept;
	}
	crash_point("after-commit");
	if (++e->view.store->commits % TRIM_COMMITS == 0)
		store_trim(e->view.store);
	return kept;
}

void
edit_free(struct edit *e)
{
	txn_drop(e);
	arena_free(e->arena);
	free(e->ids);
	free(e->jobs);
	free(e);
}

void
edit_abort(struct edit *e)
{
	edit_free(e);
}

bool
edit_problem(enum kept kept, struct problem *p)
{
	if (kept == LOST)
		return problem(p, PROBLEM_SERVER_INTERNAL, "The server cannot store this");
	problem_status(p, PROBLEM_SERVER_INTERNAL, 503,
		       "The server cannot store anything now (disk or map full); "
		       "try again later");
	p->retry_after = 5;
	return false;
}

bool
edit_commit(struct edit *e, struct problem *p)
{
	enum kept kept = edit_end(e);

	if (kept == LOST && p != NULL)
		problem(p, PROBLEM_SERVER_INTERNAL, "not stored: %s", edit_error(e));
	if (kept == LOST_FULL && p != NULL)
		edit_problem(kept, p);
	edit_free(e);
	return kept == KEPT;
}

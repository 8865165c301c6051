/* SPDX-License-Identifier: Apache-2.0 */
/* txn.c - views and edits: the only calls to LMDB that read or write the store.
 * Runs on: any (views), writer (edits). */
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/env.h"

#define ROOM_PERCENT 90

noreturn void
store_die(const char *what, int err)
{
	log_event(LOG_ERROR, "store failed", "s:s, s:s", "in", what, "error",
		  mdb_strerror(err));
	abort();
}

const char *
table_name(enum table t)
{
	static const char *const names[TABLES] = {
		[TABLE_META] = "meta", [TABLE_NAMES] = "names",
		[TABLE_ACCOUNTS] = "accounts", [TABLE_ACCOUNT_KEYS] = "account_keys",
		[TABLE_ORDERS] = "orders", [TABLE_ACCOUNT_ORDERS] = "account_orders",
		[TABLE_AUTHZ] = "authz", [TABLE_CERTS] = "certs", [TABLE_CRLS] = "crls",
		[TABLE_ENDS] = "ends", [TABLE_JOBS] = "jobs",
		[TABLE_ACCOUNT_AUTHZ] = "account_authz",
		[TABLE_REVOKED] = "revoked", [TABLE_BLOCKED_KEYS] = "blocked_keys",
		[TABLE_BINDINGS] = "bindings", [TABLE_BINDING_ACCOUNTS] = "binding_accounts",
		[TABLE_LIMITS] = "limits", [TABLE_RATES] = "rates",
		[TABLE_PAUSES] = "pauses", [TABLE_FAILING] = "failing",
		[TABLE_EVIDENCE] = "evidence",
		[TABLE_RENEWALS] = "renewals",
		[TABLE_DUE] = "due",
		[TABLE_SLOTS] = "slots",
		[TABLE_INCIDENTS] = "incidents",
		[TABLE_INCIDENT_CERTS] = "incident_certs"
	};

	return names[t];
}

void
store_corrupt(enum table t, struct blob key, const char *why)
{
	char hex[2 * 64 + 1] = "";

	for (size_t i = 0; i < key.len && i < 64; i++) {
		hex[2 * i] = "0123456789abcdef"[key.data[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[key.data[i] & 15];
	}
	log_event(LOG_ERROR, "store corrupt", "s:s, s:s, s:s", "table", table_name(t),
		  "key", hex, "why", why);
	abort();
}

/* --- views ------------------------------------------------------------------------ */

static MDB_txn *
txn_read(struct store *s)
{
	MDB_txn *txn;
	int err = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);

	if (err == MDB_READERS_FULL) {	/* slots of processes that died */
		store_readers_check(s);
		err = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
	}
	if (err != 0)
		store_die("view_open", err);
	return txn;
}

struct view *
view_open(struct store *s)
{
	struct view *v = malloc(sizeof(*v));

	if (v == NULL)
		abort();
	*v = (struct view){ s, txn_read(s) };
	return v;
}

void
view_close(struct view *v)
{
	mdb_txn_abort(v->txn);
	free(v);
}

/* LMDB takes pointers to what it does not change. */
static MDB_val
val(struct blob b)
{
	return (MDB_val){ b.len, b.data == NULL ? (void *)"" : (void *)(uintptr_t)b.data };
}

static struct blob
blob(MDB_val v)
{
	return (struct blob){ v.mv_data, v.mv_size };
}

struct blob
view_get(const struct view *v, enum table t, struct blob key)
{
	MDB_val k = val(key), value;
	int err = mdb_get(v->txn, v->store->dbi[t], &k, &value);

	if (err == MDB_NOTFOUND || err == MDB_BAD_VALSIZE)	/* a key that cannot be */
		return (struct blob){ NULL, 0 };
	if (err != 0)
		store_corrupt(t, key, mdb_strerror(err));
	return blob(value);
}

static void
scan(const struct view *v, enum table t, struct blob from, bool back,
     bool (*row)(void *arg, struct blob key, struct blob value), void *arg)
{
	MDB_cursor *c;
	MDB_val k = val(from), value;
	int err = mdb_cursor_open(v->txn, v->store->dbi[t], &c);

	if (err != 0)
		store_corrupt(t, from, mdb_strerror(err));
	err = mdb_cursor_get(c, &k, &value, from.len == 0 ? MDB_FIRST : MDB_SET_RANGE);
	if (back)	/* to the row before; behind all: to the last */
		err = mdb_cursor_get(c, &k, &value, err == 0 ? MDB_PREV : MDB_LAST);
	while (err == 0 && row(arg, blob(k), blob(value)))
		err = mdb_cursor_get(c, &k, &value, back ? MDB_PREV : MDB_NEXT);
	mdb_cursor_close(c);
	if (err != 0 && err != MDB_NOTFOUND)
		store_corrupt(t, from, mdb_strerror(err));
}

void
view_scan(const struct view *v, enum table t, struct blob from,
	  bool (*row)(void *arg, struct blob key, struct blob value), void *arg)
{
	scan(v, t, from, false, row, arg);
}

void
view_scan_back(const struct view *v, enum table t, struct blob before,
	       bool (*row)(void *arg, struct blob key, struct blob value), void *arg)
{
	scan(v, t, before, true, row, arg);
}

/* --- edits ------------------------------------------------------------------------ */

struct edit *
edit_begin(struct store *s)
{
	struct edit *e = calloc(1, sizeof(*e));
	int err;

	if (e == NULL)
		abort();
	err = mdb_txn_begin(s->env, NULL, 0, &e->txn);
	if (err != 0)
		store_die("edit_begin", err);
	e->view = (struct view){ s, e->txn };
	e->arena = arena_new();
	return e;
}

/* A transaction that had an error answers no more questions: reads go on in another,
 * and what they gave so far stays valid. */
static void
edit_stick(struct edit *e, int err)
{
	if (e->err != 0)
		return;
	e->err = err;
	e->view.txn = txn_read(e->view.store);
}

void
edit_fail(struct edit *e, const char *why)
{
	if (e->err == 0)
		e->why = why;
	edit_stick(e, MDB_INCOMPATIBLE);
}

void
edit_put(struct edit *e, enum table t, struct blob key, struct blob value)
{
	MDB_val k = val(key), v = val(value);
	int err;

	if (e->err != 0)
		return;
	e->changes++;
	err = mdb_put(e->txn, e->view.store->dbi[t], &k, &v, 0);
	if (err != 0)
		edit_stick(e, err);
}

void
edit_del(struct edit *e, enum table t, struct blob key)
{
	MDB_val k = val(key);
	int err;

	if (e->err != 0)
		return;
	err = mdb_del(e->txn, e->view.store->dbi[t], &k, NULL);
	if (err == 0)
		e->changes++;
	else if (err != MDB_NOTFOUND)
		edit_stick(e, err);
}

const struct view *
edit_view(const struct edit *e)
{
	return &e->view;
}

unsigned
edit_changes(const struct edit *e)
{
	return e->changes;
}

struct arena *
edit_arena(struct edit *e)
{
	return e->arena;
}

bool
edit_failed(const struct edit *e)
{
	return e->err != 0;
}

const char *
edit_error(const struct edit *e)
{
	return e->why != NULL ? e->why : mdb_strerror(e->err);
}

bool
edit_room(const struct edit *e, struct problem *p)
{
	if (!store_filling(e->view.store, ROOM_PERCENT))
		return true;
	problem_status(p, PROBLEM_SERVER_INTERNAL, 503,
		       "The server's store is nearly full; try again later");
	p->retry_after = 60;
	return false;
}

/* Makes room for one more element of a growing array. */
static void *
grow(void *list, size_t n, size_t *size, size_t each)
{
	if (n < *size)
		return list;
	*size = *size == 0 ? 16 : *size * 2;
	list = realloc(list, *size * each);
	if (list == NULL)
		abort();
	return list;
}

void
edit_changed(struct edit *e, const struct id *id)
{
	e->ids = grow(e->ids, e->nid, &e->ids_size, sizeof(e->ids[0]));
	e->ids[e->nid++] = *id;
}

void
edit_tell(struct edit *e, const struct job *job)
{
	e->jobs = grow(e->jobs, e->njob, &e->jobs_size, sizeof(e->jobs[0]));
	e->jobs[e->njob++] = *job;
}

const struct id *
edit_ids(const struct edit *e, size_t *n)
{
	*n = e->nid;
	return e->ids;
}

const struct job *
edit_jobs(const struct edit *e, size_t *n)
{
	*n = e->njob;
	return e->jobs;
}

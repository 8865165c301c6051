/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - the store without its writer: opening, edits that fail, names, times, a full
 * map. */
#include "store/store.h"

#include "base/clock.h"
#include "tests/store_make.h"

static unsigned
mode_of(const char *file)
{
	struct stat st;

	return stat(arena_printf(a, "%s/%s", dir, file), &st) == 0 ? st.st_mode & 0777 : 0;
}

/* --- opening -------------------------------------------------------------------------- */

static int
open_second(void)
{
	struct problem p = { 0 };
	const char *pid = arena_printf(a, "process %ld", (long)getppid());

	if (store_open(dir, MAP, true, &p) != NULL)
		return 1;
	return strstr(p.detail, pid) != NULL && strstr(p.detail, "stop it") != NULL ? 0 : 2;
}

static void
opening(void)
{
	struct problem p = { 0 };
	const char *deep = arena_printf(a, "%s/none/none", dir);
	const char *made = arena_printf(a, "%s/made", dir);

	ok(store_open(dir, MAP, false, &p) == NULL && p.type == PROBLEM_SERVER_INTERNAL,
	   "no store in an empty folder");
	ok(strstr(p.detail, "brevet init") != NULL, "says what to do: %s", p.detail);
	ok(mode_of("lock") == 0, "and leaves nothing there");
	ok(store_open_reader(dir, &p) == NULL && strstr(p.detail, "brevet init") != NULL,
	   "nor for a reader");
	ok(store_open(deep, MAP, true, &p) == NULL, "nowhere: %s", p.detail);

	s = store_open(made, MAP, true, &p);
	ok(s != NULL && mode_of("made") == 0700, "a folder is made, for its owner only");
	store_close(s);
	sample_remove(a, made);

	s = store_open(dir, MAP, true, &p);
	ok(s != NULL, "a store is made");
	ok(mode_of("data.mdb") == 0600 && mode_of("lock") == 0600 && mode_of("lock.mdb") == 0600,
	   "its files are for their owner only");
	ok(child(open_second) == 0, "a second process is refused, and told which one to stop");
	ok(store_open(dir, MAP, false, &p) == NULL, "a second time in one process, too");
	reopen();
	ok(s != NULL, "it opens again");
	ok(store_full(s) < 2, "and is nearly empty: %u %%", store_full(s));
}

static int
open_reader(void)
{
	struct problem p = { 0 };
	struct store *r = store_open_reader(dir, &p);
	struct view *v;

	if (r == NULL)
		return 1;
	v = view_open(r);
	if (store_account_get(v, a, &(struct id){ { 0 } }) != NULL)
		return 2;
	if (store_meta_get(v, a, "hello").len != 5)
		return 3;
	view_close(v);
	store_close(r);
	return 0;
}

static void
readers(void)
{
	struct edit *e = edit_begin(s);

	store_meta_put(e, "hello", BLOB_TEXT("world"));
	commit(e);
	ok(child(open_reader) == 0, "a reader beside it sees what is there");
}

static void
formats(void)
{
	struct edit *e = edit_begin(s);
	struct problem p = { 0 };
	uint8_t format[4] = { 0, 0, 0, 7 };

	store_meta_put(e, "format", BLOB(format));
	store_meta_put(e, "version", BLOB_TEXT("brevet 9.9"));
	commit(e);
	store_close(s);
	s = NULL;
	ok(store_open(dir, MAP, true, &p) == NULL && strstr(p.detail, "format 7") != NULL &&
	   strstr(p.detail, "brevet 9.9") != NULL, "%s", p.detail);
	ok(store_open_reader(dir, &p) == NULL && strstr(p.detail, "format 7") != NULL,
	   "nor for a reader");
	sample_remove(a, dir);
	mkdir(dir, 0700);
	s = store_open(dir, MAP, true, &p);
}

static void
damaged(void)
{
	struct problem p = { 0 };
	const char *made = arena_printf(a, "%s/made", dir);
	FILE *f;

	mkdir(made, 0700);
	f = fopen(arena_printf(a, "%s/data.mdb", made), "w");
	for (int i = 0; i < 20000; i++)
		fputs("nonsense", f);
	fclose(f);
	ok(store_open(made, MAP, false, &p) == NULL && strstr(p.detail, "backup") != NULL,
	   "no LMDB file: %s", p.detail);
	sample_remove(a, made);
}

/* --- small things ---------------------------------------------------------------------- */

static void
names(void)
{
	struct edit *e = edit_begin(s);

	ok(store_name_number(e, 'p', "default") == 1 && store_name_number(e, 'p', "short") == 2 &&
	   store_name_number(e, 'i', "short") == 1 && store_name_number(e, 'd', "") == 1 &&
	   store_name_number(e, 'p', "default") == 1, "names get numbers, each kind its own");
	commit(e);
	reopen();
	e = edit_begin(s);
	ok(store_name_number(e, 'p', "short") == 2 && store_name_number(e, 'p', "long") == 3 &&
	   store_name_number(e, 'i', "other") == 2, "and keep them");
	is(store_name(edit_view(e), a, 'p', 3), "long", "the name of a number");
	is(store_name(edit_view(e), a, 'd', 1), "", "which may be empty");
	ok(store_name(edit_view(e), a, 'p', 4) == NULL, "and of none");
	edit_abort(e);
}

static void
times(void)
{
	struct view *v;
	struct edit *e;
	int64_t last;

	clock_shift(1000);
	e = edit_begin(s);
	store_meta_put(e, "x", BLOB_TEXT("1"));
	commit(e);
	clock_shift(-1000);
	v = view_open(s);
	last = store_last_time(v);
	view_close(v);
	ok(last >= clock_now() + 1999, "a commit keeps the time");
	e = edit_begin(s);
	store_meta_put(e, "x", BLOB_TEXT("2"));
	commit(e);
	v = view_open(s);
	ok(store_last_time(v) == last, "which does not go back");
	view_close(v);
	clock_shift(0);
}

static void
sticky(void)
{
	struct edit *e = edit_begin(s);
	struct problem p = { 0 };
	struct view *v;

	store_meta_put(e, "before", BLOB_TEXT("1"));
	ok(edit_changes(e) == 1, "one change");
	store_meta_put(e, "", BLOB_TEXT("no key"));
	store_meta_put(e, "after", BLOB_TEXT("1"));
	ok(edit_failed(e), "a put that cannot be sticks: %s", edit_error(e));
	ok(store_meta_get(edit_view(e), a, "hello").len == 5 &&
	   store_meta_get(edit_view(e), a, "before").data == NULL,
	   "the edit reads on in the last commit");
	ok(!edit_commit(e, &p) && p.type == PROBLEM_SERVER_INTERNAL && problem_http(&p) == 500,
	   "it is not kept: %s", p.detail);
	v = view_open(s);
	ok(store_meta_get(v, a, "before").data == NULL &&
	   store_meta_get(v, a, "after").data == NULL, "none of it");
	view_close(v);
	e = edit_begin(s);
	ok(edit_commit(e, &p), "an edit of nothing is kept");
}

/* --- a full map ------------------------------------------------------------------------- */

/* Adds orders, one an edit, until one is not kept; returns how many were. */
static unsigned
fill(unsigned from, struct problem *p)
{
	unsigned n = from;

	for (;; n++) {
		struct order order = sample_order(a, n, 20, false);
		struct edit *e = edit_begin(s);

		store_order_add(e, &order);
		if (!edit_commit(e, p))
			return n - from;
	}
}

static void
full(void)
{
	struct problem p = { 0 }, room = { 0 };
	struct order order;
	struct view *v;
	struct edit *e;
	struct id *ids;
	unsigned n;

	store_close(s);
	sample_remove(a, dir);
	mkdir(dir, 0700);
	s = store_open(dir, 512 * 1024, true, &p);
	e = edit_begin(s);
	ok(edit_room(e, &room), "there is room");
	edit_abort(e);
	n = fill(1000, &p);
	ok(n > 50 && problem_http(&p) == 503 && p.retry_after == 5, "%u orders, then: %s", n,
	   p.detail);
	e = edit_begin(s);
	ok(!edit_room(e, &room) && problem_http(&room) == 503 && room.retry_after == 60,
	   "no room: %s", room.detail);
	edit_abort(e);
	v = view_open(s);
	order = sample_order(a, 1000 + n, 1, false);
	ok(store_order_get(v, a, &order.id) == NULL, "nothing of the lost one");
	ok(store_order_list(v, a, &order.account, NULL, 10000, &ids) == n, "nor in the list");
	ok(store_order_get(v, a, &ids[0]) != NULL && store_order_get(v, a, &ids[n - 1]) != NULL,
	   "all others are there");
	view_close(v);
	store_close(s);
	s = store_open(dir, MAP, false, &p);	/* a larger map */
	ok(s != NULL && kept(add_order, &order), "with a larger map it goes on");
}

/* Adds orders, one an edit, while there is room; returns how many. */
static unsigned
fill_room(struct problem *p)
{
	unsigned n = 0;

	for (;; n++) {
		struct order order = sample_order(a, 2000 + n, 20, false);
		struct edit *e = edit_begin(s);

		if (!edit_room(e, p)) {
			edit_abort(e);
			return n;
		}
		store_order_add(e, &order);
		if (!edit_commit(e, p))
			return n;
	}
}

static unsigned
empty(unsigned n)
{
	unsigned gone = 0;

	for (unsigned i = 0; i < n; i++) {
		struct order order = sample_order(a, 2000 + i, 20, false);
		struct edit *e = edit_begin(s);

		store_order_del(e, &order);
		gone += edit_commit(e, NULL);
	}
	return gone;
}

/* Clean-up makes room. */
static void
emptied(void)
{
	struct problem p = { 0 };
	unsigned n;

	store_close(s);
	sample_remove(a, dir);
	mkdir(dir, 0700);
	s = store_open(dir, 4 * 1024 * 1024, true, &p);
	n = fill_room(&p);
	ok(n > 500 && p.retry_after == 60 && store_full(s) >= 90, "%u orders, then there is no room",
	   n);
	ok(empty(n) == n, "all of them go");
	ok(store_full(s) < 20, "%u %% are in use", store_full(s));
	ok(fill_room(&p) == n, "then there is room for as many: %u", n);
}

int
main(void)
{
	a = arena_new();
	dir = sample_folder(a);
	opening();
	readers();
	sticky();
	names();
	times();
	formats();
	damaged();
	full();
	emptied();
	return store_end();
}

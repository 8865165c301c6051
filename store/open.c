/* SPDX-License-Identifier: Apache-2.0 */
/* open.c - the environment, its databases, its lock, its format.  Runs on: main. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/codec.h"
#include "store/env.h"
#include "store/records.h"
#include "store/txn.h"

#ifdef HAVE_CONFIG_H
#include <config.h>
#else
#define PACKAGE_STRING "brevet"
#endif

#define FORMAT_RENEWALS 4	/* has these, and ends by kind */
#define FREE_PAGES  0		/* LMDB's own table: commit -> how many pages it freed, which */
#define READERS_MAX 1024
#define LESS	    5		/* percent, until there is room again: not for one order alone */
#define DIR_MODE    0700
#define FILE_MODE   0600

/* What an error of the system or of LMDB means for the operator. */
static bool
refuse(struct problem *p, const char *dir, int err)
{
	const char *hint = "";

	if (err == EACCES || err == EPERM)
		hint = "; run as the user that owns it";
	else if (err == MDB_INVALID || err == MDB_VERSION_MISMATCH || err == MDB_CORRUPTED)
		hint = "; data.mdb is damaged or none of ours: restore a backup";
	else if (err == ENOMEM)
		hint = "; is the map larger than the address space (ulimit -v)?";
	return problem(p, PROBLEM_SERVER_INTERNAL, "The store in %s cannot be opened: %s%s",
		       dir, mdb_strerror(err), hint);
}

static char *
path(const char *dir, const char *file)
{
	char *s;

	if (asprintf(&s, "%s/%s", dir, file) < 0)
		abort();
	return s;
}

static bool
data_exists(const char *dir)
{
	char *data = path(dir, "data.mdb");
	struct stat st;
	bool there = stat(data, &st) == 0 || errno != ENOENT;

	free(data);
	return there;
}

/* So that a new name survives a power cut.  False: errno. */
static bool
folder_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = fsync(fd) == 0;
	close(fd);
	return done;
}

static bool
folder_make(const char *dir, bool create, struct problem *p)
{
	char *above;
	bool done;

	if (!create)
		return data_exists(dir) ||
		       problem(p, PROBLEM_SERVER_INTERNAL,
			       "There is no store in %s; \"brevet init\" makes one", dir);
	if (mkdir(dir, DIR_MODE) != 0)
		return errno == EEXIST || refuse(p, dir, errno);
	above = path(dir, "..");
	done = folder_sync(above);
	free(above);
	return done || refuse(p, dir, errno);
}

/* The lock goes with the descriptor: a process that dies leaves none. */
static bool
lock_take(struct store *s, struct problem *p)
{
	char *file = path(s->dir, "lock"), pid[24] = "";
	int n;

	s->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	free(file);
	if (s->lock < 0)
		return refuse(p, s->dir, errno);
	if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return refuse(p, s->dir, errno);
		if (read(s->lock, pid, sizeof(pid) - 1) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		return problem(p, PROBLEM_SERVER_INTERNAL,
			       "Another brevet (process %s) uses the store in %s; stop it "
			       "first", pid[0] == '\0' ? "unknown" : pid, s->dir);
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(s->lock, 0) != 0 || pwrite(s->lock, pid, (size_t)n, 0) != n)
		return refuse(p, s->dir, errno);
	return true;
}

static bool
env_open(struct store *s, uint64_t map, unsigned flags, struct problem *p)
{
	MDB_stat st;
	int err = mdb_env_create(&s->env);

	if (err != 0)
		return refuse(p, s->dir, err);
	if ((err = mdb_env_set_maxreaders(s->env, READERS_MAX)) != 0 ||
	    (err = mdb_env_set_maxdbs(s->env, TABLES)) != 0 ||
	    (map != 0 && (err = mdb_env_set_mapsize(s->env, map)) != 0) ||
	    (err = mdb_env_open(s->env, s->dir, MDB_NOTLS | flags, FILE_MODE)) != 0 ||
	    (err = mdb_env_stat(s->env, &st)) != 0)
		return refuse(p, s->dir, err);
	s->page = st.ms_psize;
	store_readers_check(s);
	return true;
}

/* The handles of the tables from one to before another, made where missing if flags
 * say MDB_CREATE. */
static int
tables_open(struct store *s, enum table from, enum table to, unsigned flags)
{
	MDB_txn *txn;
	int err = mdb_txn_begin(s->env, NULL, flags == 0 ? MDB_RDONLY : 0, &txn);

	if (err != 0)
		return err;
	for (enum table t = from; t < to && err == 0; t++)
		err = mdb_dbi_open(txn, table_name(t), flags, &s->dbi[t]);
	if (err == 0)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return err;
}

/* 0: there is none yet, "brevet init" was cut short. */
static uint32_t
format_read(struct store *s, char version[64])
{
	defer_struct(view) *v = view_open(s);
	struct blob name = view_get(v, TABLE_META, BLOB_TEXT("version"));
	struct blob value = view_get(v, TABLE_META, BLOB_TEXT("format"));
	struct decoder d = decoder_new(value, NULL);

	if (name.data != NULL)
		snprintf(version, 64, "%.*s", (int)name.len, (const char *)name.data);
	return decode_u32(&d);
}

static int64_t
time_read(struct store *s)
{
	defer_struct(view) *v = view_open(s);

	return store_last_time(v);
}

int64_t
store_time_before(const struct store *s)
{
	return s->time_before;
}

static bool
format_write(struct store *s, uint32_t before, struct problem *p)
{
	struct edit *e = edit_begin(s);
	struct encoder c = { .arena = edit_arena(e) };

	if (before != 0 && before < FORMAT_RENEWALS) {
		ends_upgrade(e);
		store_unplanned_put(e, &(struct serial){ .b = { 0 } });
	}
	encode_u32(&c, STORE_FORMAT);
	store_meta_put(e, "format", encoder_blob(&c));
	store_meta_put(e, "version", BLOB_TEXT(PACKAGE_STRING));
	return edit_commit(e, p) && (folder_sync(s->dir) || refuse(p, s->dir, errno));
}

/* A store of another format is not touched. */
static bool
format_check(struct store *s, bool create, bool reader, struct problem *p)
{
	char version[64] = "another version";
	uint32_t format = 0;
	int err = tables_open(s, TABLE_META, TABLE_META + 1, 0);

	if (err != 0 && err != MDB_NOTFOUND)
		return refuse(p, s->dir, err);
	if (err == 0) {
		format = format_read(s, version);
		s->time_before = time_read(s);
	}
	if (format == 0 && !create)
		return problem(p, PROBLEM_SERVER_INTERNAL,
			       "The store in %s is empty; \"brevet init\" makes one", s->dir);
	if (format > STORE_FORMAT)
		return problem(p, PROBLEM_SERVER_INTERNAL,
			       "The store in %s has format %u, which %s reads; this is %s "
			       "and reads format %d", s->dir, format, version,
			       PACKAGE_STRING, STORE_FORMAT);
	if (format < STORE_FORMAT && reader)
		return problem(p, PROBLEM_SERVER_INTERNAL,
			       "The store in %s has format %u; start \"brevet serve\" once, "
			       "which brings it to format %d", s->dir, format, STORE_FORMAT);
	err = tables_open(s, TABLE_META, TABLES, reader ? 0 : MDB_CREATE);
	if (err != 0)
		return refuse(p, s->dir, err);
	return format == STORE_FORMAT || format_write(s, format, p);
}

static struct store *
store_new(const char *dir)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->dir = strdup(dir)) == NULL)
		abort();
	s->lock = -1;
	return s;
}

struct store *
store_open(const char *dir, uint64_t map, bool create, struct problem *p)
{
	struct store *s;

	if (!folder_make(dir, create, p))
		return NULL;
	s = store_new(dir);
	if (lock_take(s, p) && env_open(s, map, 0, p) && format_check(s, create, false, p))
		return s;
	store_close(s);
	return NULL;
}

struct store *
store_open_reader(const char *dir, struct problem *p)
{
	struct store *s;

	if (!folder_make(dir, false, p))
		return NULL;
	s = store_new(dir);
	if (env_open(s, 0, MDB_RDONLY, p) && format_check(s, false, true, p))
		return s;
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	if (s->env != NULL)
		mdb_env_close(s->env);
	if (s->lock >= 0)
		close(s->lock);
	free(s->dir);
	free(s);
}

/* The oldest commit that somebody reads: a line for each reader, its commit the last word. */
static int
reader_line(const char *line, void *arg)
{
	size_t *oldest = arg, commit;

	if (sscanf(line, "%*d %*x %zu", &commit) == 1 && commit < *oldest)
		*oldest = commit;
	return 0;
}

/* Pages that were freed before that, and before the last one, which the next one may need back:
 * they are used again before the file grows. */
static uint64_t
pages_free(const struct store *s, size_t oldest)
{
	size_t commit, n;
	uint64_t sum = 0;
	MDB_cursor *c;
	MDB_txn *txn;
	MDB_val k, v;

	if (mdb_reader_list(s->env, reader_line, &oldest) < 0 ||
	    mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn) != 0)
		return 0;
	if (mdb_cursor_open(txn, FREE_PAGES, &c) == 0) {
		while (mdb_cursor_get(c, &k, &v, MDB_NEXT) == 0) {
			memcpy(&commit, k.mv_data, sizeof(commit));
			memcpy(&n, v.mv_data, sizeof(n));
			if (commit >= oldest)
				break;
			sum += n;
		}
		mdb_cursor_close(c);
	}
	mdb_txn_abort(txn);
	return sum;
}

static MDB_envinfo
info_read(const struct store *s)
{
	MDB_envinfo info = { .me_mapsize = 0 };

	if (mdb_env_info(s->env, &info) != 0)
		abort();
	return info;
}

uint64_t
store_used(const struct store *s, uint64_t *size)
{
	MDB_envinfo info = info_read(s);
	uint64_t made = info.me_last_pgno + 1, free = pages_free(s, info.me_last_txnid);

	*size = info.me_mapsize;
	return (made - (free < made ? free : made)) * s->page;
}

unsigned
store_full(const struct store *s)
{
	uint64_t size, used = store_used(s, &size);

	return (unsigned)(used * 100 / size);
}

/* The free ones are counted only where that matters, and once for each commit. */
bool
store_filling(struct store *s, unsigned percent)
{
	MDB_envinfo info = info_read(s);

	if ((info.me_last_pgno + 1) * s->page * 100 / info.me_mapsize < percent)
		return false;
	if (s->looked != s->commits + 1) {
		s->filling = store_full(s) >= (s->filling ? percent - LESS : percent);
		s->looked = s->commits + 1;
	}
	return s->filling;
}

void
store_readers_check(struct store *s)
{
	int dead;

	if (mdb_reader_check(s->env, &dead) != 0)
		return;	/* it is tried again */
}

/* Where the map lies; LMDB does not tell.  0: not found, then nothing is let go. */
static uintptr_t
map_find(const struct store *s)
{
	char *file = path(s->dir, "data.mdb"), *full = realpath(file, NULL), line[4352];
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t at = 0;

	while (full != NULL && maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		if (strstr(line, full) != NULL) {
			at = (uintptr_t)strtoull(line, NULL, 16);
			break;
		}
	if (maps != NULL)
		fclose(maps);
	free(full);
	free(file);
	return at;
}

/* Pages that were looked at count as our memory until they are let go; the kernel keeps
 * them in its cache, where the next look finds them. */
void
store_trim(struct store *s)
{
	MDB_envinfo info;

	if (s->map == 0)
		s->map = map_find(s);
	if (s->map != 0 && mdb_env_info(s->env, &info) == 0)
		madvise((void *)s->map, (info.me_last_pgno + 1) * s->page, MADV_DONTNEED);
}

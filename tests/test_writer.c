/* SPDX-License-Identifier: Apache-2.0 */
/* test_writer.c - the writer thread with real flows: group commit, lost commits, jobs. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/flow.h"
#include "base/loop.h"
#include "store/records.h"
#include "tests/sample.h"
#include "tests/tap.h"

#define MAP   (64u << 20)
#define LOOPS 3
#define WORKS 1500

/* What a flow of this test does, and what came of it. */
struct work {
	unsigned		 number;	/* of its account */
	enum { ADD, FAIL, FAIL_ONCE, BREAK, BREAK_ONCE, CHANGE_AND_FAIL } what;
	bool			 two;		/* one account in each of two steps */
	unsigned		 runs;		/* of its writer step */
	struct problem		 got;
	bool			 stored;	/* when it replied */
	bool			 hooked;	/* the hook came before the reply */
};

static struct arena *a;
static const char *dir;
static struct store *s;
static struct lane *lane;
static struct loop *loops[LOOPS];
static struct writer *writer;
static struct work works[WORKS];
static atomic_uint replied, ended, job_calls, change_calls;
static _Atomic uint64_t hooked[WORKS];		/* ids told */

/* --- the flows -------------------------------------------------------------------------- */

static struct id
account_id(const struct work *work, unsigned step)
{
	return sample_id(work->number * 2 + step);
}

static enum flow_next
work_add(struct flow *f, unsigned step)
{
	struct work *work = f->data;
	struct account account = sample_account(f->arena, work->number * 2 + step);

	store_account_add(f->txn, &account);
	edit_changed(f->txn, &account.id);
	return FLOW_NEXT;
}

static enum flow_next
work_apply(struct flow *f)
{
	struct work *work = f->data;
	struct job job = { JOB_ISSUE, account_id(work, 0), work->number };

	work->runs++;
	if (work->what == FAIL || (work->what == FAIL_ONCE && work->runs < 2))
		return flow_fail(f, PROBLEM_ORDER_NOT_READY, "not ready");
	if (work->what == BREAK || (work->what == BREAK_ONCE && work->runs < 2))
		edit_fail(f->txn, "broken by the test");
	work_add(f, 0);
	if (work->what == CHANGE_AND_FAIL)
		return flow_fail(f, PROBLEM_ORDER_NOT_READY, "too late");
	edit_job(f->txn, &job);
	return FLOW_NEXT;
}

static enum flow_next
work_apply_two(struct flow *f)
{
	struct work *work = f->data;

	return work->two ? work_add(f, 1) : FLOW_NEXT;
}

static enum flow_next
work_reply(struct flow *f)
{
	struct work *work = f->data;
	struct view *v = view_open(s);
	struct id id = account_id(work, 0);

	work->got = f->problem;
	work->stored = store_account_get(v, f->arena, &id) != NULL;
	work->hooked = atomic_load(&hooked[work - works]) > 0;
	view_close(v);
	atomic_fetch_add(&replied, 1);
	return FLOW_NEXT;
}

static const struct flow_step work_steps[] = {
	{ ON_WRITER, STEP(work_apply) },
	{ ON_WRITER, STEP(work_apply_two) },
	{ ON_LOOP, STEP(work_reply) },
	{ 0 }
};

static void
work_ended(struct flow *f)
{
	(void)f;
	atomic_fetch_add(&ended, 1);
}

static bool
work_guard(struct flow *f)
{
	return problem(&f->problem, PROBLEM_UNAUTHORIZED, "guarded");
}

/* Starts, on the loop's thread, all works of it. */
struct start {
	struct loop	*loop;
	size_t		 from, to;
	bool		 job, guard;
};

static void
start(void *arg)
{
	struct start *start = arg;

	for (size_t i = start->from; i < start->to; i++) {
		struct flow *f = flow_new(start->loop, work_steps, &works[i]);

		f->ended = work_ended;
		f->job = start->job;
		f->guard = start->guard ? work_guard : NULL;
		flow_start(f);
	}
	free(start);
}

static void
start_on(unsigned loop, size_t from, size_t to, bool job, bool guard)
{
	struct start *order = malloc(sizeof(*order));

	*order = (struct start){ loops[loop], from, to, job, guard };
	loop_call(loops[loop], start, order);
}

/* --- the world ---------------------------------------------------------------------------- */

static void
hook_changed(void *arg, const struct id *ids, size_t n)
{
	(void)arg;
	for (size_t i = 0; i < n; i++)
		for (size_t w = 0; w < WORKS; w++) {
			struct id id = account_id(&works[w], 0);

			if (works[w].number != 0 && id_equal(&id, &ids[i]))
				atomic_fetch_add(&hooked[w], 1);
		}
	atomic_fetch_add(&change_calls, 1);
}

static void
hook_job(void *arg, const struct job *job)
{
	(void)arg, (void)job;
	atomic_fetch_add(&job_calls, 1);
}

static const struct writer_hooks hooks = { hook_changed, hook_job, NULL };

static void
world_open(uint64_t map)
{
	struct problem p = { 0 };

	s = store_open(dir, map, true, &p);
	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	lane = lane_new(0);
	flow_place(ON_WRITER, lane);
	for (unsigned i = 0; i < LOOPS; i++) {
		loops[i] = loop_new(i);
		loop_start(loops[i]);
	}
	memset(works, 0, sizeof(works));
	for (size_t i = 0; i < WORKS; i++)
		hooked[i] = 0;
	replied = ended = job_calls = change_calls = 0;
}

static void
world_close(bool keep)
{
	if (writer != NULL)
		writer_join(writer);
	writer = NULL;
	for (unsigned i = 0; i < LOOPS; i++)
		loop_stop(loops[i]);
	for (unsigned i = 0; i < LOOPS; i++) {
		loop_join(loops[i]);
		loop_free(loops[i]);
	}
	lane_free(lane);
	store_close(s);
	if (!keep) {
		sample_remove(a, dir);
		mkdir(dir, 0700);
	}
}

/* Waits up to a minute. */
static bool
reaches(atomic_uint *count, unsigned n)
{
	for (int i = 0; i < 60000 && atomic_load(count) < n; i++)
		usleep(1000);
	return atomic_load(count) == n;
}

static bool
lane_reaches(size_t n)
{
	for (int i = 0; i < 60000 && lane_length(lane) < n; i++)
		usleep(1000);
	return lane_length(lane) == n;
}

/* Numbers them from `first`. */
static void
works_set(size_t from, size_t to, unsigned first)
{
	for (size_t i = from; i < to; i++)
		works[i] = (struct work){ .number = first + (unsigned)(i - from) };
}

static bool
works_all(size_t from, size_t to, enum problem_type got, bool stored)
{
	for (size_t i = from; i < to; i++)
		if (works[i].got.type != got || works[i].stored != stored ||
		    (stored && !works[i].hooked))
			return false;
	return true;
}

static bool
account_there(unsigned number)
{
	struct id id = sample_id(number);
	struct view *v = view_open(s);
	bool there = store_account_get(v, a, &id) != NULL;

	view_close(v);
	return there;
}

static size_t
jobs_standing(void)
{
	struct view *v = view_open(s);
	struct job *found;
	size_t n = store_job_list(v, a, NULL, 2 * WORKS, &found);

	view_close(v);
	return n;
}

/* --- batches -------------------------------------------------------------------------- */

static void
group_commit(void)
{
	struct writer_counts counts;

	world_open(MAP);
	works_set(0, WORKS, 1);
	writer = writer_start(s, lane, &hooks);
	for (unsigned i = 0; i < LOOPS; i++)
		start_on(i, i * WORKS / LOOPS, (i + 1) * WORKS / LOOPS, false, false);
	ok(reaches(&ended, WORKS), "%u flows from %d loops", WORKS, LOOPS);
	counts = writer_counts(writer);
	ok(works_all(0, WORKS, PROBLEM_NONE, true), "each reply found its commit, after the hook");
	ok(counts.flows == WORKS && counts.commits < WORKS / 4, "%u flows in %u commits",
	   (unsigned)counts.flows, (unsigned)counts.commits);
	ok(job_calls == WORKS && change_calls == counts.commits,
	   "each job was told, and the changes of a commit in one call");
	world_close(true);
	world_open(MAP);
	ok(jobs_standing() == WORKS, "the jobs stand after a restart");
	world_close(false);
}

/* All these lie in the lane before the writer starts, so they are one batch. */
static void
one_batch(void)
{
	world_open(MAP);
	works_set(0, 100, 1);
	works[10].what = FAIL;
	for (size_t i = 0; i < 100; i++)
		works[i].two = true;
	start_on(0, 0, 100, false, false);
	start_on(0, 100, 101, false, true);
	works_set(100, 101, 500);
	lane_reaches(101);
	writer = writer_start(s, lane, &hooks);
	ok(reaches(&ended, 101) && writer_counts(writer).commits == 1, "one batch");
	ok(works[10].got.type == PROBLEM_ORDER_NOT_READY && !works[10].stored,
	   "a failed step fails alone");
	ok(works_all(0, 10, PROBLEM_NONE, true) && works_all(11, 100, PROBLEM_NONE, true),
	   "the others do not");
	ok(account_there(3) && account_there(199), "both steps of a flow are kept");
	ok(works[100].got.type == PROBLEM_UNAUTHORIZED && works[100].runs == 0,
	   "the guard keeps a flow from its step");
	world_close(false);
}

static void
broken(void)
{
	world_open(MAP);
	works_set(0, 100, 1);
	works[10].what = FAIL;
	works[20].what = BREAK;
	works[15].what = FAIL_ONCE;
	works[19].what = BREAK_ONCE;
	works[30].two = true;
	start_on(1, 0, 100, false, false);
	lane_reaches(100);
	writer = writer_start(s, lane, &hooks);
	ok(reaches(&ended, 100), "a batch with one that breaks it");
	ok(works[20].got.type == PROBLEM_SERVER_INTERNAL && problem_http(&works[20].got) == 500 &&
	   !works[20].stored, "which fails: %s", works[20].got.detail);
	ok(works_all(0, 10, PROBLEM_NONE, true) && works_all(11, 20, PROBLEM_NONE, true) &&
	   works_all(21, 100, PROBLEM_NONE, true), "the others do not, whatever they said first");
	ok(works[10].got.type == PROBLEM_ORDER_NOT_READY, "or for their own reason");
	ok(works[0].runs == 2 && works[10].runs == 2 && works[19].runs == 2 &&
	   works[20].runs == 1, "those that had been run were run again");
	ok(account_there(63), "both steps of a flow");
	ok(jobs_standing() == 98 && job_calls == 98, "a job for each that was kept, told once");
	world_close(false);
}

static void
many(void)
{
	world_open(MAP);
	works_set(0, 600, 1);
	start_on(2, 0, 600, false, false);
	lane_reaches(600);
	writer = writer_start(s, lane, NULL);
	ok(reaches(&ended, 600) && writer_counts(writer).commits == 3,
	   "600 flows are three batches of at most 256; no hooks is fine");
	world_close(false);
}

/* --- lost commits --------------------------------------------------------------------- */

static void
full(void)
{
	unsigned stored = 0, lost = 0, odd = 0;

	world_open(512 * 1024);
	works_set(0, WORKS, 1);
	writer = writer_start(s, lane, &hooks);
	for (unsigned i = 0; i < LOOPS; i++)
		start_on(i, i * WORKS / LOOPS, (i + 1) * WORKS / LOOPS, false, false);
	ok(reaches(&ended, WORKS), "a map that gets full: all flows end");
	for (size_t i = 0; i < WORKS; i++) {
		bool there = account_there(works[i].number * 2);

		if (works[i].got.type == PROBLEM_NONE && there)
			stored++;
		else if (problem_http(&works[i].got) == 503 && works[i].got.retry_after == 5 &&
			 !there && !works[i].hooked)
			lost++;
		else
			odd++;
	}
	ok(stored > 0 && lost > 0 && odd == 0, "%u are stored, %u are not and know it", stored,
	   lost);
	ok(jobs_standing() == stored && job_calls == stored, "nothing is half done");
	world_close(false);
}

static void
job_again(void)
{
	world_open(MAP);
	works_set(0, 1, 1);
	works_set(1, 20, 100);
	works[0].what = BREAK_ONCE;
	start_on(0, 0, 1, true, false);
	lane_reaches(1);
	writer = writer_start(s, lane, &hooks);
	usleep(50000);
	ok(ended == 0, "a job whose commit is lost waits");
	start_on(1, 1, 20, false, false);
	ok(reaches(&ended, 19), "others go on");
	ok(reaches(&ended, 20) && works[0].runs == 2 && works_all(0, 20, PROBLEM_NONE, true),
	   "and then it is run again");
	world_close(false);
}

static void
job_dropped(void)
{
	struct edit *e;
	struct job job = { JOB_ISSUE, sample_id(2), 1 };

	world_open(MAP);
	e = edit_begin(s);
	edit_job(e, &job);
	ok(edit_commit(e, NULL), "a job stands");
	works_set(0, 1, 1);
	works[0].what = BREAK;
	start_on(0, 0, 1, true, false);
	lane_reaches(1);
	writer = writer_start(s, lane, &hooks);
	while (lane_length(lane) > 0)
		usleep(1000);
	writer_join(writer);
	writer = NULL;
	ok(reaches(&ended, 1) && replied == 0, "one that waits at the end is dropped");
	world_close(true);
	world_open(MAP);
	ok(jobs_standing() == 1, "its row stands");
	world_close(false);
}

static void
join_serves(void)
{
	world_open(MAP);
	works_set(0, 300, 1);
	start_on(0, 0, 300, false, false);
	lane_reaches(300);
	writer = writer_start(s, lane, &hooks);
	writer_join(writer);
	writer = NULL;
	ok(reaches(&ended, 300) && works_all(0, 300, PROBLEM_NONE, true),
	   "what lies in the lane at the end is served");
	world_close(false);
}

/* --- what ends the process --------------------------------------------------------------- */

/* The system calls of LMDB, which a test makes fail: the sync, and the write of the meta
 * page (which is shorter than a page). */
static atomic_int sync_error, meta_error;

int
fdatasync(int fd)
{
	errno = atomic_load(&sync_error);
	return errno != 0 ? -1 : (int)syscall(SYS_fdatasync, fd);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	errno = len < 512 ? atomic_load(&meta_error) : 0;
	return errno != 0 ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, len, at);
}

/* Runs one flow in a child process; its exit code, or -1: aborted, or -2. */
static int
child(int what, int sync, int meta)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		world_open(MAP);
		sync_error = sync;
		meta_error = meta;
		works_set(0, 1, 1);
		works[0].what = what;
		writer = writer_start(s, lane, &hooks);
		start_on(0, 0, 1, false, false);
		reaches(&ended, 1);
		_exit(problem_http(&works[0].got) == 503 ? 53 :
		      works[0].got.type == PROBLEM_NONE ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	       WTERMSIG(status) == SIGABRT ? -1 : -2;
}

/* Is the account of that one flow there, after a restart? */
static bool
child_stored(void)
{
	bool stored;

	world_open(MAP);
	stored = account_there(2);
	world_close(false);
	return stored;
}

static void
errors(void)
{
	ok(child(CHANGE_AND_FAIL, 0, 0) == -1 && !child_stored(),
	   "a step that changes and fails is a mistake of ours");
	ok(child(ADD, 0, 0) == 0 && child_stored(), "one that changes is not");
	ok(child(ADD, EIO, 0) == -1 && !child_stored(), "a failed sync ends the process");
	ok(child(ADD, ENOSPC, 0) == 53 && !child_stored(), "not if the disk is full: 503");
	ok(child(ADD, 0, EIO) == -1 && !child_stored(), "a lost meta page ends the process");
	ok(child(ADD, 0, ENOSPC) == -1 && !child_stored(), "even if the disk is full");
}

#ifdef BREVET_FAULTS

/* The same with a fault of base/fault.h. */
static int
faulty(const char *name, const char *value)
{
	int result;

	setenv(name, value, 1);
	result = child(ADD, 0, 0);
	unsetenv(name);
	return result;
}

static void
faults(void)
{
	/* The first commit makes the store. */
	ok(faulty("BREVET_CRASH", "before-commit:2") == 137 && !child_stored(),
	   "R-2 a crash before the commit: nothing is stored");
	ok(faulty("BREVET_CRASH", "after-commit:2") == 137 && child_stored(),
	   "R-2 a crash after it: all is");
	ok(faulty("BREVET_COMMIT_ERROR", "28:2") == 53 && !child_stored(), "disk full: 503");
	ok(faulty("BREVET_COMMIT_ERROR", "-30792:2:5") == 53 && !child_stored(),
	   "map full: 503");
	ok(faulty("BREVET_COMMIT_ERROR", "-30784:2") == 1 && !child_stored(),
	   "another error fails the flow");
}

#else

static void
faults(void)
{
	tap_skip("crashes and commit errors", "needs --enable-faults");
}

#endif

int
main(void)
{
	a = arena_new();
	dir = sample_folder(a);
	errors();
	faults();
	group_commit();
	one_batch();
	broken();
	many();
	full();
	job_again();
	job_dropped();
	join_serves();
	rmdir(dir);
	arena_free(a);
	return tap_done();
}

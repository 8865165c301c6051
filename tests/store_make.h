/* SPDX-License-Identifier: Apache-2.0 */
/* store_make.h - a store of a test's own, without its writer: opened anew, changed, and looked
 * at by another process. */
#ifndef TESTS_STORE_MAKE_H
#define TESTS_STORE_MAKE_H

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/records.h"
#include "tests/sample.h"
#include "tests/tap.h"

#define MAP (64u << 20)

static struct arena *a;
static const char *dir;
static struct store *s;

SAMPLE void
commit(struct edit *e)
{
	struct problem p = { 0 };

	if (!edit_commit(e, &p))
		ok(false, "commit: %s", p.detail);
}

/* In a new folder. */
SAMPLE void
store_make(void)
{
	struct problem p = { 0 };

	a = arena_new();
	dir = sample_folder(a);
	s = store_open(dir, MAP, true, &p);
	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
}

/* Closes and opens it: what is read then was on the disk. */
SAMPLE void
reopen(void)
{
	struct problem p = { 0 };

	if (s != NULL)
		store_close(s);
	s = store_open(dir, MAP, false, &p);
	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
}

/* What a child process says: 0 to 255, or -1 when SIGABRT ended it. */
SAMPLE int
child(int (*run)(void))
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		_exit(run());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	       WTERMSIG(status) == SIGABRT ? -1 : 255;
}

/* Is an edit with that change kept? */
SAMPLE bool
kept(void (*change)(struct edit *e, const void *record), const void *record)
{
	struct edit *e = edit_begin(s);

	change(e, record);
	return edit_commit(e, NULL);
}

SAMPLE void
add_order(struct edit *e, const void *record)
{
	store_order_add(e, record);
}

/* Closes the store and removes its folder; main's result. */
SAMPLE int
store_end(void)
{
	store_close(s);
	sample_remove(a, dir);
	arena_free(a);
	return tap_done();
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* tap.h - Test Anything Protocol for our test programs, one line per check. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

/* One check; the text says what holds.  Returns the check's outcome. */
__attribute__((format(printf, 2, 3), unused)) static bool
ok(bool holds, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", holds ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!holds)
		tap_failed++;
	fflush(stdout);
	return holds;
}

/* Equal strings; tells both when they differ. */
__attribute__((unused)) static bool
is(const char *got, const char *want, const char *what)
{
	bool same = got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;

	ok(same, "%s", what);
	if (!same)
		printf("# got:  %s\n# want: %s\n", got == NULL ? "(null)" : got,
		       want == NULL ? "(null)" : want);
	return same;
}

/* A case that cannot run here, with its reason. */
__attribute__((unused)) static void
tap_skip(const char *what, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_count, what, reason);
}

/* The plan, and main's result. */
__attribute__((unused)) static int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed == 0 ? 0 : 1;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - faults that a test asks for by environment variables. */
#include "base/fault.h"

#ifdef BREVET_FAULTS

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
crash_point(const char *name)
{
	static atomic_uint passed;
	const char *want = getenv("BREVET_CRASH");
	size_t len = strlen(name);

	if (want == NULL || strncmp(want, name, len) != 0 || want[len] != ':')
		return;
	if (atomic_fetch_add(&passed, 1) + 1 == strtoul(want + len + 1, NULL, 10))
		_exit(137);
}

int
fault_commit(void)
{
	static atomic_uint commits;
	const char *want = getenv("BREVET_COMMIT_ERROR");
	unsigned first, count = 1, now = atomic_fetch_add(&commits, 1) + 1;
	int err;

	if (want == NULL || sscanf(want, "%d:%u:%u", &err, &first, &count) < 2)
		return 0;
	return now >= first && now - first < count ? err : 0;
}

#else

/* ISO C wants a translation unit not to be empty. */
extern const char fault_none[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - faults that a test asks for by environment variables. */
#include "base/fault.h"

#ifdef BREVET_FAULTS

#include <fcntl.h>
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

/* A file that is being written may be empty: what it said before holds. */
int64_t
fault_clock(void)
{
	static _Atomic int64_t ahead;
	const char *file = getenv("BREVET_CLOCK");
	int fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC);
	char text[24] = "";

	if (fd < 0)
		return atomic_load(&ahead);
	if (read(fd, text, sizeof(text) - 1) > 0)
		atomic_store(&ahead, strtoll(text, NULL, 10));
	close(fd);
	return atomic_load(&ahead);
}

#else

/* ISO C wants a translation unit not to be empty. */
extern const char fault_none[];

#endif

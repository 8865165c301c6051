/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - stores of older formats, as their versions left them (tests/corpus/store-format-N). */
#ifndef TESTS_UNPACK_H
#define TESTS_UNPACK_H

#include "tests/sample.h"

/* Unpacks such a sample; its new folder, in the arena. */
SAMPLE const char *
unpack(struct arena *arena, const char *sample)
{
	const char *srcdir = getenv("srcdir"), *folder = sample_folder(arena);
	const char *from = arena_printf(arena, "%s/tests/corpus/%s", srcdir == NULL ? "." : srcdir,
					sample);
	const char *line = arena_printf(arena, "gzip -dc '%s/data.mdb.gz' >'%s/data.mdb'", from,
					folder);

	if (system(line) != 0) {
		printf("Bail out! %s\n", line);
		exit(1);
	}
	return folder;
}

#endif

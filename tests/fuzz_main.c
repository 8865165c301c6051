/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_main.c - replays a fuzz target over files and directories, one check each.  Without
 * arguments: over the corpus of the program's name (fuzz_csr: tests/corpus/csr). */
#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target that is not content aborts; there is no other outcome. */
static void
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, room = 0, n;

	if (f == NULL) {
		ok(false, "%s can be read", path);
		return;
	}
	do {
		if (size == room) {
			room = room * 2 + 4096;
			data = realloc(data, room);
			if (data == NULL)
				abort();
		}
		n = fread(data + size, 1, room - size, f);
		size += n;
	} while (n > 0);
	fclose(f);
	/* Exactly as large as the input, so that a sanitizer sees what lies behind. */
	data = realloc(data, size > 0 ? size : 1);
	if (data == NULL)
		abort();
	LLVMFuzzerTestOneInput(data, size);
	ok(true, "%s", path);
	free(data);
}

static int
visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay(const char *path)
{
	struct dirent **list;
	struct stat st;
	char *inner;
	int n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	n = scandir(path, &list, visible, alphasort);
	for (int i = 0; i < n; i++) {
		if (asprintf(&inner, "%s/%s", path, list[i]->d_name) < 0)
			abort();
		replay(inner);
		free(inner);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strrchr(argv[0], '/');
	char *corpus;

	name = name == NULL ? argv[0] : name + 1;
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	ok(true, "no input at all");
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1 && strncmp(name, "fuzz_", 5) == 0) {
		if (asprintf(&corpus, "%s/tests/corpus/%s", srcdir != NULL ? srcdir : ".",
			     name + 5) < 0)
			abort();
		replay(corpus);
		free(corpus);
	}
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_readers.c - a reader of the store that died holds nothing for long. */
#include <signal.h>

#include "tests/store_make.h"

static int
reader_dies(void)
{
	struct problem p = { 0 };

	view_open(store_open_reader(dir, &p));
	kill(getpid(), SIGKILL);
	return 0;
}

/* Writes the same 40 KiB again and again; how many of these the file became larger by. */
static uint64_t
larger(void)
{
	uint64_t map, before = store_used(s, &map);

	for (int i = 0; i < 200; i++) {
		struct edit *e = edit_begin(s);

		store_meta_put(e, "test", sample_blob(a, 40960));
		commit(e);
	}
	return (store_used(s, &map) - before) / 40960;
}

static void
readers(void)
{
	uint64_t held;

	larger();
	ok(larger() < 10, "what was freed is used again");
	ok(child(reader_dies) == 255, "a reader is killed");
	held = larger();
	ok(held > 150, "what it sees is held: the file gets larger by %d times 40 KiB", (int)held);
	store_readers_check(s);
	ok(larger() < 10, "it is noticed");
}

int
main(void)
{
	store_make();
	readers();
	return store_end();
}

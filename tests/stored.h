/* SPDX-License-Identifier: Apache-2.0 */
/* stored.h - the store of a server that does not run, for tests that look into it or change it. */
#ifndef TESTS_STORED_H
#define TESTS_STORED_H

#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"
#include "tests/stage.h"
#include "tests/tap.h"

/* For the caller to close; ends the program when it cannot be opened. */
__attribute__((unused)) static struct store *
server_store(struct arena *a, const struct server *server)
{
	struct problem p = { 0 };
	struct store *s = store_open(arena_printf(a, "%s/data", server->dir), (uint64_t)1 << 30,
				     false, &p);

	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	return s;
}

/* Commits what was changed, and closes it. */
__attribute__((unused)) static void
server_store_commit(struct store *s, struct edit *e)
{
	struct problem p = { 0 };

	ok(edit_commit(e, &p), "the store is changed by hand: %s", p.detail);
	store_close(s);
}

#endif

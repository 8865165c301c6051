/* SPDX-License-Identifier: Apache-2.0 */
/* env.h - the LMDB environment and its transactions, for store/open.c, store/txn.c and
 * store/commit.c alone. */
#ifndef STORE_ENV_H
#define STORE_ENV_H

#include <lmdb.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "store/schema.h"
#include "store/store.h"

struct store {
	MDB_env		*env;
	MDB_dbi		 dbi[TABLES];
	size_t		 page;		/* bytes */
	char		*dir;
	int		 lock;		/* the locked file; -1: a reader */
	int64_t		 time_before;	/* store_time_before() */
	unsigned	 commits;	/* of the writer */
	unsigned	 looked;	/* after so many, and one, store_filling() did; 0: not yet */
	bool		 filling;
	uintptr_t	 map;		/* where data.mdb is mapped; 0: not looked for yet */
};

struct view {
	struct store	*store;
	MDB_txn		*txn;
};

struct edit {
	struct view	 view;		/* of txn; of the last commit after an error */
	MDB_txn		*txn;
	int		 err;		/* the first */
	const char	*why;		/* of edit_fail() */
	unsigned	 changes;
	struct arena	*arena;
	struct id	*ids;
	size_t		 nid, ids_size;
	struct job	*jobs;
	size_t		 njob, jobs_size;
	int64_t		 counts[COUNT_KINDS][COUNT_STATES];	/* what it adds */
};

/* Is so much of the map in use, or more?  Once it is, until clearly less is.  For the writer. */
bool store_filling(struct store *s, unsigned percent);

/* Lets go of the mapped pages that are not in use just now; the writer. */
void store_trim(struct store *s);

/* Logs what cannot be survived, and aborts. */
noreturn void store_die(const char *what, int err);

#endif

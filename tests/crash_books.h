/* SPDX-License-Identifier: Apache-2.0 */
/* crash_books.h - the store that a killed server leaves, walked from end to end. */
#ifndef TESTS_CRASH_BOOKS_H
#define TESTS_CRASH_BOOKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* The store, looked at while nobody has it open. */
struct books {
	size_t		 certs, renewals, open, begun, revoked;
	uint64_t	 crl;		/* its number */
	unsigned	 incidents[5];	/* by state, of all looks */
};

/* What is wrong in the store of that folder, in the arena; NULL: nothing.  All indexes and sums
 * tell the same, nothing lacks what belongs to it, incidents have what they count. */
const char *crash_books(struct arena *a, const char *dir, int64_t now, struct books *books);

#endif

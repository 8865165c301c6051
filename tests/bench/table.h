/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - values by text: what validations may ask for at the moment. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stddef.h>

#define TABLE_BUCKETS 4096

struct entry;

/* All zero: empty. */
struct table {
	struct entry	*buckets[TABLE_BUCKETS];
};

/* Sets a value, which stays the caller's.  Returns the one that stood there, or NULL. */
void *table_put(struct table *t, const char *key, void *value);

/* Of a key of n octets; NULL: it is not there. */
void *table_get(const struct table *t, const char *key, size_t n);

/* Returns what is no longer there, or NULL. */
void *table_drop(struct table *t, const char *key);

/* Forgets all keys. */
void table_clear(struct table *t);

#endif

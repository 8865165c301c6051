/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - values by text. */
#include "tests/bench/table.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct entry	*next;
	void		*value;
	char		 key[];
};

static struct entry *const *
find(const struct table *t, const char *key, size_t n)
{
	struct entry *const *at;
	unsigned h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)key[i]) * 16777619u;
	at = &t->buckets[h % TABLE_BUCKETS];
	while (*at != NULL && (strncmp((*at)->key, key, n) != 0 || (*at)->key[n] != '\0'))
		at = &(*at)->next;
	return at;
}

void *
table_put(struct table *t, const char *key, void *value)
{
	size_t n = strlen(key);
	struct entry **at = (struct entry **)find(t, key, n), *e = *at;
	void *before = NULL;

	if (e == NULL) {
		*at = e = calloc(1, sizeof(*e) + n + 1);
		if (e == NULL)
			abort();
		memcpy(e->key, key, n);
	} else {
		before = e->value;
	}
	e->value = value;
	return before;
}

void *
table_get(const struct table *t, const char *key, size_t n)
{
	const struct entry *e = *find(t, key, n);

	return e == NULL ? NULL : e->value;
}

void *
table_drop(struct table *t, const char *key)
{
	struct entry **at = (struct entry **)find(t, key, strlen(key)), *e = *at;
	void *value;

	if (e == NULL)
		return NULL;
	value = e->value;
	*at = e->next;
	free(e);
	return value;
}

void
table_clear(struct table *t)
{
	for (size_t i = 0; i < TABLE_BUCKETS; i++)
		for (struct entry *e = t->buckets[i], *next; e != NULL; e = next) {
			next = e->next;
			free(e);
		}
	memset(t, 0, sizeof(*t));
}

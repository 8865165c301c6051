/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory that lives as long as a flow, and owns foreign objects.
 *
 * Nothing taken from an arena is freed by hand.  Out of memory aborts. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* Bytes that somebody else owns. */
struct blob {
	const uint8_t	*data;
	size_t		 len;
};

bool blob_equal(struct blob a, struct blob b);

/* A new, empty arena; the caller ends it with arena_free(). */
struct arena *arena_new(void);

/* Releases what the arena owns, the last first, then its memory.  NULL is fine. */
void arena_free(struct arena *a);

/* n zeroed bytes, aligned for anything.  Never NULL. */
void *arena_alloc(struct arena *a, size_t n);

/* Copies; the text functions end theirs with a NUL.  Never NULL. */
void *arena_memdup(struct arena *a, const void *data, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct blob arena_blob(struct arena *a, const void *data, size_t n);

/* release(obj) is called by arena_free().  Returns obj; a NULL obj is not kept. */
void *arena_own(struct arena *a, void *obj, void (*release)(void *));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - memory that lives as long as a flow. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK	 4096
#define ALIGN(n) (((n) + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1))

struct block {
	struct block	*next;
	size_t		 used, size;
	max_align_t	 mem[];
};

struct owned {
	struct owned	*next;
	void		*obj;
	void		(*release)(void *);
};

struct arena {
	struct block	*blocks;	/* the first one is being filled */
	struct owned	*owned;
};

static struct block *
block_new(size_t size)
{
	struct block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		abort();
	b->next = NULL;
	b->used = 0;
	b->size = size;
	return b;
}

/* The arena lives in its own first block: one malloc for a small flow. */
struct arena *
arena_new(void)
{
	struct block *b = block_new(BLOCK - sizeof(struct block));
	struct arena *a = (struct arena *)b->mem;

	a->blocks = b;
	a->owned = NULL;
	b->used = ALIGN(sizeof(*a));
	return a;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct owned *o = a->owned; o != NULL; o = o->next)
		o->release(o->obj);
	for (struct block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct block *b = a->blocks;
	void *p;

	n = ALIGN(n == 0 ? 1 : n);
	if (n > b->size - b->used) {
		struct block *fresh = block_new(n > BLOCK / 2 ? n : BLOCK);

		if (n > BLOCK / 2) {	/* of its own, behind the one being filled */
			fresh->next = b->next;
			b->next = fresh;
		} else {
			fresh->next = b;
			a->blocks = fresh;
		}
		b = fresh;
	}
	p = (char *)b->mem + b->used;
	b->used += n;
	return memset(p, 0, n);
}

void *
arena_memdup(struct arena *a, const void *data, size_t n)
{
	void *p = arena_alloc(a, n);

	return n == 0 ? p : memcpy(p, data, n);
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

struct blob
arena_blob(struct arena *a, const void *data, size_t n)
{
	return (struct blob){ arena_memdup(a, data, n), n };
}

bool
blob_equal(struct blob a, struct blob b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

void *
arena_own(struct arena *a, void *obj, void (*release)(void *))
{
	struct owned *o;

	if (obj == NULL)
		return NULL;
	o = arena_alloc(a, sizeof(*o));
	o->obj = obj;
	o->release = release;
	o->next = a->owned;
	a->owned = o;
	return obj;
}

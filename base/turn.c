/* SPDX-License-Identifier: Apache-2.0 */
/* turn.c - lines of flows that wait for their turn, first come, first served.
 * Runs on: loop. */
#include "base/turn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct line {		/* it is there while somebody has a turn or waits */
	struct line	*next;		/* in its bucket */
	unsigned	 held;
	struct turn	*first, **last;	/* who waits */
	char		 key[];
};

static struct line **
line_place(struct lines *l, const char *key)
{
	uint32_t h = 2166136261u;	/* FNV-1a */
	struct line **at;

	for (const char *c = key; *c != '\0'; c++)
		h = (h ^ (uint8_t)*c) * 16777619u;
	at = &l->buckets[h % (sizeof(l->buckets) / sizeof(l->buckets[0]))];
	while (*at != NULL && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

static struct line *
line_of(struct lines *l, const char *key)
{
	struct line **at = line_place(l, key);
	size_t size = strlen(key) + 1;

	if (*at == NULL) {
		*at = calloc(1, sizeof(**at) + size);
		if (*at == NULL)
			abort();
		(*at)->last = &(*at)->first;
		memcpy((*at)->key, key, size);
	}
	return *at;
}

bool
turn_take(struct lines *l, struct turn *t, struct flow *f, const char *key, unsigned most)
{
	struct line *line = line_of(l, key);

	*t = (struct turn){ .flow = f, .most = most, .line = line, .lines = l };
	if (line->first == NULL && line->held < most) {
		line->held++;
		return true;
	}
	t->waits = true;
	*line->last = t;
	line->last = &t->next;
	return false;
}

static void
line_leave(struct line *line, struct turn *t)
{
	struct turn **at = &line->first;

	assert(t->waits);
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (*at == NULL)
		line->last = at;
	t->waits = false;
}

static void
line_end(struct lines *l, struct line *line)
{
	struct line **place;

	if (line->held > 0 || line->first != NULL)
		return;
	place = line_place(l, line->key);
	*place = line->next;
	free(line);
}

void
turn_give(struct turn *t)
{
	struct line *line = t->line;

	if (line == NULL)
		return;
	t->line = NULL;
	if (t->waits)
		line_leave(line, t);
	else
		line->held--;
	while (line->first != NULL && line->held < line->first->most) {
		struct turn *next = line->first;

		line_leave(line, next);
		if (next->due < clock_mono_ms()) {
			next->line = NULL;
			continue;
		}
		line->held++;
		flow_wake(next->flow, next->ticket);
	}
	line_end(t->lines, line);
}

void
turn_leave(struct turn *t)
{
	struct line *line = t->line;

	if (line == NULL || !t->waits)
		return;
	t->line = NULL;
	line_leave(line, t);
	line_end(t->lines, line);
}

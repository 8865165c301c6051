/* SPDX-License-Identifier: Apache-2.0 */
/* turn.c - lines of flows that wait for their turn, first come, first served, unless they share.
 * Runs on: loop. */
#include "base/turn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define HOPE_MS 5000

struct part {		/* likewise */
	struct part	*next;		/* of the line */
	unsigned	 users;		/* turns held and waited for */
	unsigned	 held;
	int64_t		 good;		/* monotonic, ms: the last one; 0: none */
	char		 key[];
};

struct line {		/* it is there while somebody has a turn or waits */
	struct line	*next;		/* in its bucket */
	unsigned	 held;
	struct turn	*first, **last;	/* who waits */
	struct part	*parts;
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

static struct part **
part_place(struct line *line, const char *key)
{
	struct part **at = &line->parts;

	while (*at != NULL && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

static struct part *
part_of(struct line *line, const char *key)
{
	struct part **at = part_place(line, key);
	size_t size = strlen(key) + 1;

	if (*at == NULL) {
		*at = calloc(1, sizeof(**at) + size);
		if (*at == NULL)
			abort();
		memcpy((*at)->key, key, size);
	}
	(*at)->users++;
	return *at;
}

static void
part_end(struct line *line, struct part *part)
{
	struct part **place;

	if (--part->users > 0)
		return;
	place = part_place(line, part->key);
	*place = part->next;
	free(part);
}

/* --- taking ----------------------------------------------------------------------- */

static bool
turn_fits(const struct turn *t)
{
	return t->line->held + (t->fair ? t->part->held : 0) < t->most;
}

static void
turn_hold(struct turn *t)
{
	t->line->held++;
	t->part->held++;
}

static bool
turn_begin(struct turn *t)
{
	struct line *line = t->line;

	if ((t->fair || line->first == NULL) && turn_fits(t)) {
		turn_hold(t);
		return true;
	}
	t->waits = true;
	*line->last = t;
	line->last = &t->next;
	return false;
}

bool
turn_take(struct lines *l, struct turn *t, struct flow *f, const char *key, unsigned most)
{
	struct line *line = line_of(l, key);

	*t = (struct turn){ .flow = f, .most = most, .lines = l, .line = line,
			    .part = part_of(line, "") };
	return turn_begin(t);
}

/* Whenever one is given back all who wait are looked at: so nobody fits who waits, and who
 * comes and fits overtakes none of his own part. */
bool
turn_share(struct lines *l, struct turn *t, const struct share *s)
{
	struct line *line = line_of(l, s->key);

	*t = (struct turn){ .flow = s->flow, .most = s->most, .lines = l, .line = line,
			    .part = part_of(line, s->part), .fair = true };
	return turn_begin(t);
}

/* --- giving ----------------------------------------------------------------------- */

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
	assert(line->parts == NULL);
	place = line_place(l, line->key);
	*place = line->next;
	free(line);
}

/* Those who wait have their turn, as many as may; one who is too late for it has none. */
static void
line_move(struct line *line)
{
	struct turn **at = &line->first;
	int64_t now = *at == NULL ? 0 : clock_mono_ms();

	for (struct turn *t; (t = *at) != NULL && line->held < t->most;) {
		bool late = t->due < now;

		if (!late && !turn_fits(t)) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		if (*at == NULL)
			line->last = at;
		t->waits = false;
		if (late) {
			part_end(line, t->part);
			t->line = NULL;
			continue;
		}
		turn_hold(t);
		flow_wake(t->flow, t->ticket);
	}
}

void
turn_give(struct turn *t)
{
	struct line *line = t->line;

	if (line == NULL)
		return;
	t->line = NULL;
	if (t->waits) {
		line_leave(line, t);
	} else {
		line->held--;
		t->part->held--;
	}
	part_end(line, t->part);
	line_move(line);
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
	part_end(line, t->part);
	line_end(t->lines, line);
}

void
turn_good(struct turn *t)
{
	if (t->line != NULL)
		t->part->good = clock_mono_ms();
}

bool
turn_hopes(const struct turn *t)
{
	return t->line != NULL && t->waits && t->part->good > 0 &&
	       clock_mono_ms() - t->part->good < HOPE_MS;
}

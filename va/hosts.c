/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.c - the table of validation.hosts_file, immutable after it was read.
 *
 *	# address    names
 *	10.0.0.7     www.corp.example mail.corp.example
 *	fd00::7      www.corp.example
 */
#include "va/hosts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/defer.h"
#include "base/ident.h"

struct host {		/* one name on one line */
	struct host	*next;		/* in its bucket; while reading: the one before */
	const char	*name;
	union address	 address;
};

struct hosts {
	size_t		  mask;
	struct host	**buckets;
};

DEFER(FILE, fclose)

static size_t
hosts_hash(const char *name)
{
	uint32_t h = 2166136261u;	/* FNV-1a */

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}

/* Puts what a line says before *last. */
static bool
hosts_line(struct arena *a, char *line, struct host **last, size_t *count)
{
	char *rest, *word;
	union address address;

	line[strcspn(line, "#\n")] = '\0';
	word = strtok_r(line, " \t\r", &rest);
	if (word == NULL)
		return true;
	if (!address_parse(&address, word))
		return false;
	while ((word = strtok_r(NULL, " \t\r", &rest)) != NULL) {
		struct host *h = arena_alloc(a, sizeof(*h));
		size_t n = strlen(word);

		n -= n > 1 && word[n - 1] == '.';
		for (char *c = word; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		h->name = arena_strndup(a, word, n);
		h->address = address;
		h->next = *last;
		*last = h;
		++*count;
	}
	return true;
}

/* The last line comes first, so that each bucket gets the order of the file. */
static const struct hosts *
hosts_table(struct arena *a, struct host *last, size_t count)
{
	struct hosts *t = arena_alloc(a, sizeof(*t));
	size_t size = 16;

	while (size < count)
		size *= 2;
	t->mask = size - 1;
	t->buckets = arena_alloc(a, size * sizeof(struct host *));
	for (struct host *h = last, *next; h != NULL; h = next) {
		struct host **bucket = &t->buckets[hosts_hash(h->name) & t->mask];

		next = h->next;
		h->next = *bucket;
		*bucket = h;
	}
	return t;
}

const struct hosts *
hosts_read(struct arena *a, const char *file, struct problem *p)
{
	defer(FILE) *in = fopen(file, "re");
	struct host *last = NULL;
	size_t size = 0, count = 0, number = 0;
	char *line = NULL;
	bool good = true, all;

	if (in == NULL) {
		problem(p, PROBLEM_SERVER_INTERNAL, "validation.hosts_file: %.150s: %s", file,
			strerrordesc_np(errno));
		return NULL;
	}
	while (good && getline(&line, &size, in) >= 0) {
		number++;
		good = hosts_line(a, line, &last, &count);
	}
	all = !ferror(in);
	free(line);
	if (!good)
		problem(p, PROBLEM_SERVER_INTERNAL, "validation.hosts_file: %.150s line %zu does "
			"not begin with an address", file, number);
	else if (!all)
		problem(p, PROBLEM_SERVER_INTERNAL, "validation.hosts_file: %.150s cannot be "
			"read", file);
	return good && all ? hosts_table(a, last, count) : NULL;
}

size_t
hosts_find(const struct hosts *t, const char *name, union address *list, size_t max)
{
	size_t n = 0;

	if (t == NULL)
		return 0;
	for (struct host *h = t->buckets[hosts_hash(name) & t->mask]; h != NULL; h = h->next)
		if (strcmp(h->name, name) == 0 && n < max)
			list[n++] = h->address;
	return n;
}

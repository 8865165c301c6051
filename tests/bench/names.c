/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - the names that are ordered. */
#include "tests/bench/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ident.h"

struct names {
	const struct options	*options;
	char			**list;		/* of a file; NULL: made from the seed */
	uint64_t		 n, room;
};

/* splitmix64: a bijection, so different numbers make different names. */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void
add(struct names *names, const char *name)
{
	if (names->n == names->room) {
		names->room = names->room * 2 + 1024;
		names->list = realloc(names->list, names->room * sizeof(*names->list));
		if (names->list == NULL)
			abort();
	}
	names->list[names->n] = strdup(name);
	if (names->list[names->n++] == NULL)
		abort();
}

/* The last word of a line, so that a hosts file will do. */
static bool
read_line(struct names *names, char *line)
{
	char *name = NULL, *rest, *word;

	line[strcspn(line, "#\n")] = '\0';
	for (word = strtok_r(line, " \t\r", &rest); word != NULL;
	     word = strtok_r(NULL, " \t\r", &rest))
		name = word;
	if (name == NULL)
		return true;
	if (!ident_dns_ok(name, strlen(name))) {
		fprintf(stderr, "brevet-bench: %s: \"%s\" is not a name\n",
			names->options->names_file, name);
		return false;
	}
	add(names, name);
	return true;
}

static bool
read_file(struct names *names)
{
	const struct options *o = names->options;
	FILE *in = fopen(o->names_file, "r");
	char line[1024];
	bool good = true;

	if (in == NULL) {
		fprintf(stderr, "brevet-bench: %s: %s\n", o->names_file, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), in) != NULL)
		good = read_line(names, line);
	fclose(in);
	if (good && names->n < o->orders * o->names) {
		fprintf(stderr, "brevet-bench: %s has %llu names, the orders need %llu\n",
			o->names_file, (unsigned long long)names->n,
			(unsigned long long)(o->orders * o->names));
		return false;
	}
	return good;
}

struct names *
names_open(const struct options *o)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names == NULL)
		abort();
	names->options = o;
	if (o->names_file == NULL || read_file(names))
		return names;
	names_close(names);
	return NULL;
}

void
names_close(struct names *names)
{
	for (uint64_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
	free(names);
}

const char *
names_get(const struct names *names, struct arena *a, uint64_t n)
{
	if (names->list != NULL)
		return names->list[n];
	return arena_printf(a, "b%016llx.%s",
			    (unsigned long long)mix(mix(names->options->seed) + n),
			    names->options->domain);
}

bool
names_write_hosts(const struct names *names)
{
	const struct options *o = names->options;
	bool out_is_ours = strcmp(o->write_hosts, "-") != 0, good;
	FILE *out = out_is_ours ? fopen(o->write_hosts, "w") : stdout;
	struct arena *a = arena_new();
	const char *colon = strrchr(o->http, ':');
	size_t n = colon == NULL ? strlen(o->http) : (size_t)(colon - o->http);
	const char *address = arena_strndup(a, o->http, n);

	if (*address == '[')		/* [::1]:80 */
		address = arena_strndup(a, address + 1, n - 2);
	for (uint64_t i = 0; out != NULL && i < o->orders * o->names; i++) {
		struct arena *one = arena_new();

		fprintf(out, "%s %s\n", address, names_get(names, one, i));
		arena_free(one);
	}
	good = out != NULL && fflush(out) == 0 && ferror(out) == 0;
	if (!good)
		fprintf(stderr, "brevet-bench: %s: %s\n", o->write_hosts, strerror(errno));
	if (out != NULL && out_is_ours)
		fclose(out);
	arena_free(a);
	return good;
}

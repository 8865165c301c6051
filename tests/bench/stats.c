/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - how long things took and what went wrong. */
#include "tests/bench/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const names[STAGES] = {
	"newNonce", "newAccount", "newOrder", "authorizations", "challenge", "finalize",
	"download", "whole",
};

double
stats_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void
stats_add(struct stats *s, enum stage stage, double ms)
{
	struct series *series = &s->series[stage];

	if (series->n == series->room) {
		series->room = series->room * 2 + 1024;
		series->ms = realloc(series->ms, series->room * sizeof(*series->ms));
		if (series->ms == NULL)
			abort();
	}
	series->ms[series->n++] = (float)ms;
}

void
stats_fail(struct stats *s, enum stage stage, const char *type, const char *detail)
{
	struct failure **at = &s->failures, *f;

	s->failed++;
	for (; (f = *at) != NULL; at = &f->next)
		if (f->stage == stage && strncmp(f->type, type, sizeof(f->type) - 1) == 0) {
			f->count++;
			return;
		}
	*at = f = calloc(1, sizeof(*f));
	if (f == NULL)
		abort();
	f->stage = stage;
	f->count = 1;
	snprintf(f->type, sizeof(f->type), "%s", type);
	snprintf(f->detail, sizeof(f->detail), "%s", detail);
	for (char *c = f->detail; *c != '\0'; c++)	/* of a peer: to a terminal, to JSON */
		if (*c < ' ' || *c > '~')
			*c = '?';
	for (char *c = f->type; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void
stats_free(struct stats *s)
{
	for (struct failure *f = s->failures, *next; f != NULL; f = next) {
		next = f->next;
		free(f);
	}
	for (int i = 0; i < STAGES; i++)
		free(s->series[i].ms);
}

static int
compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* The smallest sample that at least percent of all do not exceed. */
static double
rank(const struct series *series, size_t percent)
{
	size_t nth = (series->n * percent + 99) / 100;

	return (double)series->ms[nth == 0 ? 0 : nth - 1];
}

struct percentiles
stats_percentiles(struct stats *s, enum stage stage)
{
	struct series *series = &s->series[stage];
	double sum = 0;

	if (series->n == 0)
		return (struct percentiles){ 0 };
	qsort(series->ms, series->n, sizeof(*series->ms), compare);
	for (size_t i = 0; i < series->n; i++)
		sum += (double)series->ms[i];
	return (struct percentiles){
		.n = series->n, .mean = sum / (double)series->n, .p50 = rank(series, 50),
		.p90 = rank(series, 90), .p99 = rank(series, 99), .max = rank(series, 100),
	};
}

const char *
stats_name(enum stage stage)
{
	return names[stage];
}

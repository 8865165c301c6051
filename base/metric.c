/* SPDX-License-Identifier: Apache-2.0 */
/* metric.c - counters and latency histograms, one set of cells per thread. */
#include "base/metric.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 8192
/* A histogram's cells: a count per bucket, the last one of infinity, and the sum in us. */
#define CELLS	  (METRIC_BUCKETS + 2)

struct block {
	struct block			*next;
	_Atomic uint64_t		 cells[CELLS_MAX];
};

static const int64_t times[METRIC_BUCKETS] = {		/* microseconds */
	100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000, 2500000, 5000000, 10000000, 20000000
};

static const int64_t sizes[METRIC_BUCKETS] = {
	1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536
};

static struct metric *families, **last = &families;
static size_t cells_used;
static _Atomic(struct block *) blocks;
static _Thread_local struct block *mine;

static size_t
count(const char *const *values)
{
	size_t n = 0;

	while (values != NULL && values[n] != NULL)
		n++;
	return n == 0 ? 1 : n;
}

/* Cells or histograms of a family: one for each combination of its labels' values. */
static size_t
cells(const struct metric *m)
{
	size_t n = 1;

	for (size_t i = 0; i < METRIC_LABELS; i++)
		n *= m->n[i];
	return n;
}

void
metric_register(struct metric *m)
{
	for (size_t i = 0; i < METRIC_LABELS; i++)
		m->n[i] = count(m->labels[i].values);
	m->offset = cells_used;
	cells_used += cells(m) * (m->kind == METRIC_COUNTER ? 1 : CELLS);
	assert(cells_used <= CELLS_MAX);
	m->next = NULL;
	*last = m;
	last = &m->next;
}

static struct block *
block_new(void)
{
	struct block *b = calloc(1, sizeof(*b));

	if (b == NULL)
		abort();
	b->next = atomic_load(&blocks);
	while (!atomic_compare_exchange_weak(&blocks, &b->next, b))
		;
	return b;
}

static size_t
cell_at(const struct metric *m, const size_t place[METRIC_LABELS])
{
	size_t at = 0;

	for (size_t i = 0; i < METRIC_LABELS; i++) {
		assert(place[i] < m->n[i]);
		at = at * m->n[i] + place[i];
	}
	return m->offset + at * (m->kind == METRIC_COUNTER ? 1 : CELLS);
}

static size_t
cell_of(const struct metric *m, size_t first, size_t second)
{
	return cell_at(m, (const size_t[METRIC_LABELS]){ first, second, 0 });
}

/* Only this thread writes the cell: no locked instruction is needed. */
static void
add(size_t cell, uint64_t n)
{
	_Atomic uint64_t *c;

	if (mine == NULL)
		mine = block_new();
	c = &mine->cells[cell];
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

void
metric_add(const struct metric *m, size_t first, size_t second, uint64_t n)
{
	if (m->n[0] > 0)
		add(cell_of(m, first, second), n);
}

void
metric_add_at(const struct metric *m, const size_t place[METRIC_LABELS], uint64_t n)
{
	if (m->n[0] > 0)
		add(cell_at(m, place), n);
}

void
metric_observe(const struct metric *m, size_t first, size_t second, int64_t value)
{
	const int64_t *bounds = m->kind == METRIC_SIZES ? sizes : times;
	size_t cell, bucket = 0;

	if (m->n[0] == 0)
		return;
	cell = cell_of(m, first, second);
	while (bucket < METRIC_BUCKETS && value > bounds[bucket])
		bucket++;
	add(cell + bucket, 1);
	add(cell + METRIC_BUCKETS + 1, value > 0 ? (uint64_t)value : 0);
}

size_t
metric_place(const char *const *values, const char *value)
{
	size_t i = 0;

	while (values[i + 1] != NULL && strcmp(values[i], value) != 0)
		i++;
	return i;
}

static uint64_t
sum(size_t cell)
{
	uint64_t n = 0;

	for (struct block *b = atomic_load(&blocks); b != NULL; b = b->next)
		n += atomic_load_explicit(&b->cells[cell], memory_order_relaxed);
	return n;
}

static uint64_t
sum_at(const struct metric *m, size_t cell)
{
	uint64_t n = 0;

	if (m->kind == METRIC_COUNTER)
		return sum(cell);
	for (size_t i = 0; i <= METRIC_BUCKETS; i++)
		n += sum(cell + i);
	return n;
}

uint64_t
metric_sum(const struct metric *m, size_t first, size_t second)
{
	return sum_at(m, cell_of(m, first, second));
}

/* {a="x",b="y"}, with `more` as another pair. */
static void
print_labels(FILE *out, const struct metric *m, const size_t *place, const char *more)
{
	const char *comma = "";

	if (m->labels[0].name == NULL && *more == '\0')
		return;
	fputc('{', out);
	for (size_t i = 0; i < METRIC_LABELS && m->labels[i].name != NULL; i++) {
		fprintf(out, "%s%s=\"%s\"", comma, m->labels[i].name,
			m->labels[i].values[place[i]]);
		comma = ",";
	}
	if (*more != '\0')
		fprintf(out, "%s%s", comma, more);
	fputc('}', out);
}

static void
print_histogram(FILE *out, const struct metric *m, const size_t *place)
{
	const int64_t *bounds = m->kind == METRIC_SIZES ? sizes : times;
	double unit = m->kind == METRIC_SIZES ? 1 : 1e6;
	size_t cell = cell_at(m, place);
	uint64_t n = 0;
	char le[40];

	for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
		n += sum(cell + i);
		if (i < METRIC_BUCKETS)
			snprintf(le, sizeof(le), "le=\"%g\"", (double)bounds[i] / unit);
		else
			snprintf(le, sizeof(le), "le=\"+Inf\"");
		fprintf(out, "%s_bucket", m->name);
		print_labels(out, m, place, le);
		fprintf(out, " %llu\n", (unsigned long long)n);
	}
	fprintf(out, "%s_sum", m->name);
	print_labels(out, m, place, "");
	fprintf(out, " %.6f\n%s_count", (double)sum(cell + METRIC_BUCKETS + 1) / unit, m->name);
	print_labels(out, m, place, "");
	fprintf(out, " %llu\n", (unsigned long long)n);
}

/* The nth combination of the labels' values. */
static void
print_cell(FILE *out, const struct metric *m, size_t nth)
{
	size_t place[METRIC_LABELS];
	uint64_t n;

	for (size_t i = METRIC_LABELS; i-- > 0; nth /= m->n[i])
		place[i] = nth % m->n[i];
	n = sum_at(m, cell_at(m, place));

	if (n == 0 && m->labels[0].name != NULL)
		return;
	if (m->kind != METRIC_COUNTER) {
		print_histogram(out, m, place);
		return;
	}
	fputs(m->name, out);
	print_labels(out, m, place, "");
	fprintf(out, " %llu\n", (unsigned long long)n);
}

void
metric_print(FILE *out)
{
	for (const struct metric *m = families; m != NULL; m = m->next) {
		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
			m->kind == METRIC_COUNTER ? "counter" : "histogram");
		for (size_t i = 0; i < cells(m); i++)
			print_cell(out, m, i);
	}
}

void
metric_gauge(FILE *out, const char *name, const char *help, const char *labels, double value)
{
	if (help != NULL)	/* the first of its family */
		fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
	fprintf(out, "%s%s%s%s %.17g\n", name, *labels == '\0' ? "" : "{", labels,
		*labels == '\0' ? "" : "}", value);
}

void
metric_free(void)
{
	for (struct block *b = atomic_exchange(&blocks, NULL), *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	mine = NULL;
}

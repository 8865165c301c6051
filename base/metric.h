/* SPDX-License-Identifier: Apache-2.0 */
/* metric.h - counters and latency histograms, one set of cells per thread.
 *
 * Counting is one relaxed addition to memory that no other thread writes; the sum is
 * made when somebody looks.  A family is a constant of the file that counts, and is
 * registered before threads start:
 *
 *	struct metric metric_nonces = { "brevet_nonces_total", "Nonces ...",
 *		METRIC_COUNTER, { { "result", results } } };
 *	metric_add(&metric_nonces, 1, 0, 1);
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define METRIC_LABELS  3
#define METRIC_BUCKETS 17		/* 100 us to 20 s, and infinity */

enum metric_kind {
	METRIC_COUNTER,
	METRIC_HISTOGRAM,		/* seconds */
	METRIC_SIZES			/* a histogram of numbers */
};

struct metric {
	const char		*name, *help;
	enum metric_kind	 kind;
	struct metric_label {
		const char		*name;
		const char *const	*values;	/* ends with NULL */
	} labels[METRIC_LABELS];
	/* set by metric_register() */
	size_t			 offset, n[METRIC_LABELS];
	struct metric		*next;
};

/* Once for each family, from main, before any thread counts. */
void metric_register(struct metric *m);

/* Adds to the cell of these label values (their places in the lists; 0 where the family
 * has no such label).  For families of one or two labels.  Any thread. */
void metric_add(const struct metric *m, size_t first, size_t second, uint64_t n);

/* The same with a place for each label. */
void metric_add_at(const struct metric *m, const size_t place[METRIC_LABELS], uint64_t n);

/* Adds one observation to a histogram: microseconds, or a number.  Before the family is
 * registered nothing is counted. */
void metric_observe(const struct metric *m, size_t first, size_t second, int64_t value);

/* The place of a value in a label's list, or of its last value, which stands for all
 * others. */
size_t metric_place(const char *const *values, const char *value);

/* The sum over all threads of a counter's cell, or of a histogram's observations. */
uint64_t metric_sum(const struct metric *m, size_t first, size_t second);

/* All families in Prometheus' text format 0.0.4; cells that are 0 are left out, except
 * where a family has no labels. */
void metric_print(FILE *out);

/* One gauge in the same format. */
void metric_gauge(FILE *out, const char *name, const char *help, const char *labels,
		  double value);

/* Frees the cells of all threads; after they have ended. */
void metric_free(void);

#endif

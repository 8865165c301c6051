/* SPDX-License-Identifier: Apache-2.0 */
/* simulate.h - what brevet simulate runs, and the files that it writes. */
#ifndef SERVER_SIMULATE_H
#define SERVER_SIMULATE_H

#include <stdio.h>

#include "acme/acme.h"

/* One simulation, or the same with and without smoothing. */
struct simulate {
	struct simulation	 run;		/* .smooth: of the first */
	struct simulated	 result[2];
	int			 nresult;
	const char		*csv, *svg;	/* files, or NULL */
};

/* Fills the results, which are freed afterwards. */
void simulate_run(struct simulate *s);
void simulate_free(struct simulate *s);

/* "with smoothing", of a result. */
const char *simulate_title(const struct simulate *s, int i);

/* The hours from the third lifetime on, without an outage and the day after it; all that
 * acme_simulated_part() tells of them. */
struct simulated_part simulate_steady(const struct simulate *s, int i);

/* To standard output: a row for each of the first lifetimes, the outage, and the rest. */
void simulate_print(const struct simulate *s);

/* A line an hour: its begin, and what was issued, failed and expired in it, of each result.
 * False: could not be written, see errno. */
bool simulate_csv(const struct simulate *s, FILE *out);

/* A picture of issuance per hour, a panel for each result; below 150 KB however long the time
 * is.  False: could not be written, see errno. */
bool simulate_svg(const struct simulate *s, FILE *out);

#endif

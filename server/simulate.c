/* SPDX-License-Identifier: Apache-2.0 */
/* simulate.c - runs a simulation, with and without smoothing, and picks what is told of it. */
#include "server/simulate.h"

#include <inttypes.h>

#include "base/clock.h"

#define HOUR 3600
#define DAY  24		/* hours */

void
simulate_run(struct simulate *s)
{
	struct simulation run = s->run;

	for (int i = 0; i < s->nresult; i++) {
		run.smooth = s->run.smooth && i == 0;
		acme_simulate(&run, &s->result[i]);
		if (run.progress != NULL)
			fputs("\r     \r", stderr);
	}
}

void
simulate_free(struct simulate *s)
{
	for (int i = 0; i < s->nresult; i++)
		acme_simulated_free(&s->result[i]);
}

const char *
simulate_title(const struct simulate *s, int i)
{
	return s->run.smooth && i == 0 ? "with smoothing" : "without smoothing";
}

/* Hours from the start of the outage to a day after its end; none: 0 to 0. */
static void
outage_hours(const struct simulate *s, size_t *from, size_t *until)
{
	const struct simulation *run = &s->run;

	*from = *until = 0;
	if (run->outage_length == 0)
		return;
	*from = (size_t)(run->outage_start / HOUR);
	*until = (size_t)((run->outage_start + run->outage_length + HOUR - 1) / HOUR) + DAY;
}

struct simulated_part
simulate_steady(const struct simulate *s, int i)
{
	struct simulated_part part = { .from = (size_t)(2 * s->run.lifetime / HOUR),
				       .until = s->result[i].hours };

	outage_hours(s, &part.skip_from, &part.skip_until);
	acme_simulated_part(&s->result[i], &part);
	return part;
}

/* --- the table ---------------------------------------------------------------------- */

static void
row_print(const char *name, const struct simulated_part *p)
{
	printf("%-22s %12.1f %10" PRIu32 " %10.2f %10" PRId64 " %10" PRId64 "\n", name, p->mean,
	       p->peak, p->mean > 0 ? p->peak / p->mean : 0, p->failed, p->expired);
}

/* The first lifetimes, a row each; the outage; the rest. */
static void
table_print(const struct simulate *s, int i)
{
	size_t hours = s->result[i].hours;
	struct simulated_part part;
	char name[32];

	printf("\n%-22s %12s %10s %10s %10s %10s\n", simulate_title(s, i), "mean/hour", "peak/hour",
	       "peak/mean", "failed", "expired");
	for (int64_t n = 1; n <= 6 && n * s->run.lifetime <= s->run.length; n++) {
		part = (struct simulated_part){
			.from = (size_t)((n - 1) * s->run.lifetime / HOUR),
			.until = (size_t)(n * s->run.lifetime / HOUR) };
		acme_simulated_part(&s->result[i], &part);
		snprintf(name, sizeof(name), "lifetime %" PRId64, n);
		row_print(name, &part);
	}
	part = (struct simulated_part){ 0 };
	outage_hours(s, &part.from, &part.until);
	acme_simulated_part(&s->result[i], &part);
	if (part.until > 0)
		row_print("outage and a day more", &part);
	part = simulate_steady(s, i);
	if (part.from < hours)
		row_print(part.skip_until > 0 ? "from the third on *" : "from the third on", &part);
}

void
simulate_print(const struct simulate *s)
{
	const struct simulation *run = &s->run;
	const struct simulated *r = &s->result[0];
	struct arena *a = arena_new();

	printf("%" PRId64 " certificates of %s, %s", run->fleet,
	       clock_duration_print(a, run->lifetime),
	       clock_duration_print(a, (int64_t)r->hours * HOUR));
	if (run->outage_length > 0)
		printf(", %s down after %s", clock_duration_print(a, run->outage_length),
		       clock_duration_print(a, run->outage_start));
	putchar('\n');
	for (int i = 0; i < s->nresult; i++)
		table_print(s, i);
	if (run->outage_length > 0)
		puts("* mean and peak without the outage and the day after it");
	for (int i = 0; i < s->nresult; i++)
		printf("%s: %" PRId64 " issued, %" PRId64 " of them renewals; %" PRId64
		       " had expired; planned by %" PRId64 "\n", simulate_title(s, i),
		       s->result[i].nissued, s->result[i].nrenewed, s->result[i].nexpired,
		       s->result[i].batch);
	arena_free(a);
}

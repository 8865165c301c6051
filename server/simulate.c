/* SPDX-License-Identifier: Apache-2.0 */
/* simulate.c - runs a simulation, with and without smoothing, and picks what is told of it. */
#include "server/simulate.h"

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

void
simulate_outage(const struct simulate *s, size_t *from, size_t *until)
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

	simulate_outage(s, &part.skip_from, &part.skip_until);
	acme_simulated_part(&s->result[i], &part);
	return part;
}

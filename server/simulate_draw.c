/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_draw.c - a simulation as SVG: issuance per hour over time.
 *
 * Time is cut into columns, of as many hours as it takes to have no more than COLUMNS; a column is
 * as high as its busiest hour.  The scale leaves out the beginning, so that the first issuance of a
 * fleet, which no CA can smooth, does not make all else look flat. */
#include "server/simulate.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"

#define WIDTH	 960
#define LEFT	 80
#define RIGHT	 20
#define TOP	 56		/* of the first panel */
#define PANEL	 220
#define GAP	 60		/* below a panel: its axis, the title of the next */
#define PLOT	 (WIDTH - LEFT - RIGHT)
#define COLUMNS	 PLOT
#define INK	 "#333"
#define PALE	 "#ddd"

/* A panel: one result, where it is drawn, and what is the height of one certificate. */
struct panel {
	const struct simulate	*s;
	int			 i;
	double			 top, most;
	FILE			*out;
};

static double
x_of(const struct panel *p, double hour)
{
	return LEFT + PLOT * hour / (double)p->s->result[p->i].hours;
}

static double
y_of(const struct panel *p, double issued)
{
	return p->top + PANEL * (1 - (issued < p->most ? issued : p->most) / p->most);
}

/* 1, 2 or 5 times a power of ten, so that `most` has no more steps than that. */
static double
step_of(double most, int steps)
{
	static const double nice[] = { 1, 2, 5, 10 };
	double power = pow(10, floor(log10(most / steps)));

	for (size_t i = 0; i < 3; i++)
		if (nice[i] * power * steps >= most)
			return nice[i] * power;
	return 10 * power;
}

static void
text(const struct panel *p, double x, double y, const char *anchor, const char *words)
{
	fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
		words);
}

/* --- parts of a panel ---------------------------------------------------------------- */

static void
draw_outage(const struct panel *p)
{
	const struct simulation *run = &p->s->run;
	double from = x_of(p, (double)run->outage_start / 3600), width;

	if (run->outage_length == 0)
		return;
	width = x_of(p, (double)(run->outage_start + run->outage_length) / 3600) - from;
	fprintf(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" "
		"fill=\"#f4c7c3\"/>\n", from, p->top, width < 1 ? 1 : width, PANEL);
	text(p, from, p->top + 14, "middle", "outage");
}

static void
draw_heights(const struct panel *p)
{
	double step = step_of(p->most, 5);
	char words[32];

	for (double at = 0; at <= p->most * 1.0001; at += step) {
		fprintf(p->out, "<path d=\"M%d %.1fH%d\" stroke=\"" PALE "\"/>\n", LEFT,
			y_of(p, at), WIDTH - RIGHT);
		snprintf(words, sizeof(words), "%.10g", at);
		text(p, LEFT - 6, y_of(p, at) + 4, "end", words);
	}
}

/* In hours, days or years. */
static void
draw_times(const struct panel *p)
{
	double hours = (double)p->s->result[p->i].hours, unit = 1, step;
	const char *name = "hours";
	char words[64];

	if (hours > 4 * 24) {
		unit = 24;
		name = "days";
	}
	step = step_of(hours / unit, 12);
	for (double at = 0; at * unit <= hours; at += step) {
		fprintf(p->out, "<path d=\"M%.1f %.1fv5\" stroke=\"" INK "\"/>\n",
			x_of(p, at * unit), p->top + PANEL);
		snprintf(words, sizeof(words), "%.10g", at);
		text(p, x_of(p, at * unit), p->top + PANEL + 18, "middle", words);
	}
	snprintf(words, sizeof(words), "%s since the first certificate", name);
	text(p, WIDTH - RIGHT, p->top + PANEL + 34, "end", words);
}

static void
draw_columns(const struct panel *p)
{
	const struct simulated *r = &p->s->result[p->i];
	size_t each = (r->hours + COLUMNS - 1) / COLUMNS;
	uint32_t most;

	fprintf(p->out, "<path fill=\"%s\" d=\"M%d %.1f", p->i == 0 && p->s->run.smooth ?
		"#2a6fb0" : "#c8641e", LEFT, y_of(p, 0));
	for (size_t at = 0; at < r->hours; at += each) {
		most = 0;
		for (size_t i = at; i < at + each && i < r->hours; i++)
			if (r->issued[i] > most)
				most = r->issued[i];
		fprintf(p->out, "\nV%.1fH%.1f", y_of(p, most),
			x_of(p, (double)(at + each < r->hours ? at + each : r->hours)));
	}
	fprintf(p->out, "V%.1fZ\"/>\n", y_of(p, 0));
}

static void
draw_mean(const struct panel *p)
{
	struct simulated_part steady = simulate_steady(p->s, p->i);
	double y = y_of(p, steady.mean);
	char words[128];

	if (steady.issued == 0)
		return;
	fprintf(p->out, "<path d=\"M%.1f %.1fH%d\" stroke=\"" INK "\" stroke-dasharray=\"5 4\"/>\n",
		x_of(p, (double)steady.from), y, WIDTH - RIGHT);
	snprintf(words, sizeof(words), "from the third lifetime on: mean %.0f, peak %" PRIu32
		 ", peak / mean %.2f", steady.mean, steady.peak, steady.peak / steady.mean);
	text(p, WIDTH - RIGHT, p->top - 6, "end", words);
}

/* --- panels -------------------------------------------------------------------------- */

/* What the scale ends with: the busiest hour behind a quarter of a lifetime, rounded up. */
static double
most_of(const struct simulate *s, int i)
{
	struct simulated_part part = { .from = (size_t)(s->run.lifetime / 4 / 3600),
				       .until = s->result[i].hours };
	double step;

	acme_simulated_part(&s->result[i], &part);
	if (part.peak == 0) {
		part.from = 0;
		acme_simulated_part(&s->result[i], &part);
	}
	step = step_of(part.peak < 5 ? 5 : part.peak, 5);
	return ceil(part.peak < 5 ? 5 : part.peak / step) * step;
}

static void
draw_panel(const struct panel *p)
{
	char words[64];

	draw_heights(p);
	draw_outage(p);
	draw_columns(p);
	draw_mean(p);
	draw_times(p);
	snprintf(words, sizeof(words), "certificates per hour, %s", simulate_title(p->s, p->i));
	text(p, LEFT, p->top - 6, "start", words);
}

static const char *
clients_words(enum simulated_clients clients)
{
	return clients == CLIENTS_ARI ? "ARI clients" : clients == CLIENTS_CRON ?
	       "cron clients" : "half ARI, half cron clients";
}

static void
draw_title(const struct simulate *s, FILE *out)
{
	struct arena *a = arena_new();

	fprintf(out, "<text x=\"%d\" y=\"24\" font-size=\"16\">%" PRId64 " certificates of %s, %s, "
		"%s</text>\n", LEFT, s->run.fleet, clock_duration_print(a, s->run.lifetime),
		s->run.burst ? "all begun in a burst" : "begun evenly",
		clients_words(s->run.clients));
	arena_free(a);
}

bool
simulate_svg(const struct simulate *s, FILE *out)
{
	int height = TOP + s->nresult * (PANEL + GAP);

	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"" INK
		"\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height, WIDTH,
		height, WIDTH, height);
	draw_title(s, out);
	for (int i = 0; i < s->nresult; i++) {
		const struct panel p = { s, i, TOP + i * (PANEL + GAP), most_of(s, i), out };

		draw_panel(&p);
	}
	fputs("</svg>\n", out);
	return fflush(out) == 0 && !ferror(out);
}

/* --- CSV ----------------------------------------------------------------------------- */

bool
simulate_csv(const struct simulate *s, FILE *out)
{
	struct arena *a;

	fputs("time,issued,failed,expired", out);
	if (s->nresult > 1)
		fputs(",issued_plain,failed_plain,expired_plain", out);
	for (size_t hour = 0; hour < s->result[0].hours; hour++) {
		a = arena_new();
		fprintf(out, "\n%s", clock_print(a, SIMULATION_BEGIN + (int64_t)hour * 3600));
		for (int i = 0; i < s->nresult; i++)
			fprintf(out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu32, s->result[i].issued[hour],
				s->result[i].failed[hour], s->result[i].expired[hour]);
		arena_free(a);
	}
	putc('\n', out);
	return fflush(out) == 0 && !ferror(out);
}

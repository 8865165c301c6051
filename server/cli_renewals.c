/* SPDX-License-Identifier: Apache-2.0 */
/* cli_renewals.c - brevet renewals: which certificates should have been renewed by now, and
 * whose they are.  Reads what is due, and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/cli.h"

#define PAGE	   256
#define FIRST_SIZE 1024

struct renewals {
	struct cli_config	 config;
	bool			 due, overdue, json;
	size_t			 limit;
	int64_t			 now;
	struct row {
		struct serial	serial;
		int64_t		not_after;
		bool		overdue;
	}			*rows;		/* n, by urgency once they are all there */
	size_t			 n, size, noverdue;
};

/* --- what is due -------------------------------------------------------------------- */

static void
row_add(struct renewals *r, struct row row)
{
	if (r->n == r->size) {
		r->size = r->size == 0 ? FIRST_SIZE : 2 * r->size;
		r->rows = reallocarray(r->rows, r->size, sizeof(*r->rows));
		if (r->rows == NULL)
			abort();
	}
	r->rows[r->n++] = row;
	r->noverdue += row.overdue;
}

static void
row_take(struct renewals *r, const struct view *v, struct arena *a, const struct due *due)
{
	bool overdue = due->end <= r->now;
	const struct renewal *renewal;

	if (overdue ? !r->overdue : !r->due)
		return;
	renewal = store_renewal_get(v, a, &due->serial);
	if (renewal != NULL)
		row_add(r, (struct row){ due->serial, renewal->not_after, overdue });
}

/* Who has missed the window comes first, then who has least time left. */
static int
more_urgent(const void *x, const void *y)
{
	const struct row *one = x, *two = y;

	if (one->overdue != two->overdue)
		return one->overdue ? -1 : 1;
	if (one->not_after != two->not_after)
		return one->not_after < two->not_after ? -1 : 1;
	return memcmp(one->serial.b, two->serial.b, SERIAL_LEN);
}

static void
collect(struct renewals *r, struct store *s)
{
	struct due last, *after = NULL, *due;
	size_t n;

	do {
		struct arena *a = arena_new();
		struct view *v = view_open(s);

		n = store_due_list(v, a, r->now, after, PAGE, &due);
		for (size_t i = 0; i < n; i++)
			row_take(r, v, a, &due[i]);
		view_close(v);
		if (n > 0) {
			last = due[n - 1];
			after = &last;
		}
		arena_free(a);
	} while (n == PAGE);
	if (r->n > 0)
		qsort(r->rows, r->n, sizeof(*r->rows), more_urgent);
}

/* --- what is printed ---------------------------------------------------------------- */

static const char *
text_of(const json_t *o, const char *member)
{
	const char *text = json_string_value(json_object_get(o, member));

	return text == NULL ? "-" : text;
}

static void
print_list(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%s%s", i == 0 ? "  " : " ", json_string_value(json_array_get(list, i)));
}

/* As long as matters: the two largest units. */
static const char *
left_print(struct arena *a, int64_t left)
{
	if (left <= 0)
		return "expired";
	left -= left % (left >= 86400 ? 3600 : left >= 3600 ? 60 : 1);
	return arena_printf(a, "%s left", clock_duration_print(a, left));
}

static void
print_text(const json_t *o, struct arena *a)
{
	const json_t *window = json_object_get(o, "window");

	printf("%-7s  %-12s  %s  %s", text_of(o, "state"),
	       left_print(a, json_integer_value(json_object_get(o, "left"))),
	       text_of(o, "not_after"), text_of(o, "serial"));
	print_list(json_object_get(o, "names"));
	printf("\n  %s  account %s", text_of(o, "client"), text_of(o, "account"));
	print_list(json_object_get(o, "contact"));
	if (json_object_get(o, "binding") != NULL)
		printf("  binding %s (%s)", text_of(o, "binding"), text_of(o, "label"));
	printf("  directory %s  profile %s  window %s to %s\n", text_of(o, "directory"),
	       text_of(o, "profile"), text_of(window, "start"), text_of(window, "end"));
}

/* One that was renewed since it was looked for is left out. */
static void
print_row(const struct renewals *r, const struct view *v, struct arena *a, const struct row *row)
{
	json_t *o = acme_inspect_renewal(v, a, &row->serial, r->now);

	if (o == NULL)
		return;
	if (r->json) {
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_text(o, a);
	}
	json_decref(o);
}

static void
print_summary(const struct renewals *r, size_t shown)
{
	if (r->overdue)
		printf("%zu overdue%s", r->noverdue, r->due ? ", " : "");
	if (r->due)
		printf("%zu due", r->n - r->noverdue);
	if (shown < r->n)
		printf("; the %zu most urgent are shown", shown);
	putchar('\n');
}

static void
print_all(const struct renewals *r, struct store *s)
{
	size_t shown = r->n < r->limit ? r->n : r->limit;

	for (size_t begin = 0; begin < shown; begin += PAGE) {
		struct arena *a = arena_new();
		struct view *v = view_open(s);

		for (size_t i = begin; i < shown && i < begin + PAGE; i++)
			print_row(r, v, a, &r->rows[i]);
		view_close(v);
		arena_free(a);
	}
	if (!r->json)
		print_summary(r, shown);
}

/* --- the command -------------------------------------------------------------------- */

static bool
limit_parse(struct renewals *r, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (strcmp(text, "all") == 0) {
		r->limit = SIZE_MAX;
		return true;
	}
	if (*text < '0' || *text > '9' || *end != '\0') {
		fprintf(stderr, "brevet renewals: --limit %s: not a number and not \"all\"; try "
			"\"brevet renewals --help\"\n", text);
		return false;
	}
	r->limit = n;
	return true;
}

/* False, after a message: it makes no sense. */
static bool
take_option(struct renewals *r, int o)
{
	switch (o) {
	case 'd':
		r->due = true;
		return true;
	case 'o':
		r->overdue = true;
		return true;
	case 'j':
		r->json = true;
		return true;
	case 'l':
		return limit_parse(r, optarg);
	default:
		return cli_config_option(&r->config, o);
	}
}

static int
renewals(struct renewals *r)
{
	struct config *c = cli_config_read(&r->config);
	struct problem p = { 0 };
	int status = EXIT_GOOD;
	struct store *s;

	if (c == NULL)
		return EXIT_FAILED;
	s = store_open_reader(c->data, &p);
	if (s == NULL) {
		status = cli_failed(&p);
	} else {
		collect(r, s);
		print_all(r, s);
		store_close(s);
		free(r->rows);
	}
	acme_config_release(&c->acme);
	return status;
}

int
cli_renewals(int argc, char **argv)
{
	static const struct option options[] = {
		{ "due", no_argument, NULL, 'd' }, { "overdue", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' }, { "limit", required_argument, NULL, 'l' },
		CLI_CONFIG_OPTIONS, { NULL, 0, NULL, 0 }
	};
	struct renewals r = { .limit = SIZE_MAX, .now = clock_now() };
	int o, status = EXIT_USAGE;

	while ((o = cli_option(argc, argv, options, &status)) > 0)
		if (!take_option(&r, o))
			return EXIT_USAGE;
	if (o == 0)
		return status;
	if (!cli_words(argc, argv, 0))
		return EXIT_USAGE;
	if (!r.due && !r.overdue)
		r.due = r.overdue = true;
	return renewals(&r);
}

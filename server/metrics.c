/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - GET /metrics in Prometheus' text format: the counters of all threads, and
 * gauges that are read when somebody asks.  Runs on: loop. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "server/metrics.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"
#include "server/http.h"

static const struct threads *threads;

void
metrics_start(const struct threads *t)
{
	threads = t;
	acme_metrics_register();
	store_metrics_register();
}

static void
print_objects(FILE *out)
{
	static const struct kind {
		const char	*name, *states[COUNT_STATES];
	} kinds[COUNT_KINDS] = {
		[COUNT_ACCOUNTS] = { "account", { NULL, "valid", "deactivated", "revoked" } },
		[COUNT_ORDERS] = { "order", { NULL, "pending", "processing", "valid",
					      "invalid" } },
		[COUNT_AUTHZ] = { "authorization", { NULL, "pending", "valid", "invalid",
						     "deactivated", "revoked" } },
		[COUNT_CERTS] = { "certificate", { NULL, "intended", "issued", "abandoned",
						   "revoked" } },
	};
	const char *help = "Objects in the store, by stored state";
	struct view *v = view_open(threads->store);
	struct store_counts counts = store_counts(v);
	char labels[80];

	view_close(v);
	for (size_t i = 0; i < COUNT_KINDS; i++)
		for (size_t s = 1; s < COUNT_STATES && kinds[i].states[s] != NULL; s++) {
			snprintf(labels, sizeof(labels), "kind=\"%s\",state=\"%s\"",
				 kinds[i].name, kinds[i].states[s]);
			metric_gauge(out, "brevet_objects", help, labels,
				     (double)counts.n[i][s]);
			help = NULL;
		}
}

#define INCIDENTS_MAX 1000	/* the oldest; those that have ended are cleaned up */

/* Those under way. */
static void
print_incidents(FILE *out)
{
	const char *help = "Incidents under way";
	struct view *v = view_open(threads->store);
	struct arena *a = arena_new();
	unsigned n[INCIDENT_ENDED + 1] = { 0 };
	char labels[40];
	struct id *ids;
	size_t all = store_incident_list(v, a, NULL, INCIDENTS_MAX, &ids);

	for (size_t i = 0; i < all; i++)
		n[store_incident_get(v, a, &ids[i])->state]++;
	view_close(v);
	arena_free(a);
	for (int state = INCIDENT_MARKING; state < INCIDENT_ENDED; state++) {
		snprintf(labels, sizeof(labels), "state=\"%s\"",
			 acme_incident_state((enum incident_state)state));
		metric_gauge(out, "brevet_incidents", help, labels, n[state]);
		help = NULL;
	}
}

static void
print_lanes(FILE *out)
{
	const char *name = "brevet_lane_length", *help = "Flows that wait for a thread";
	char labels[40];

	metric_gauge(out, name, help, "lane=\"writer\"",
		     (double)lane_length(threads->writer_lane));
	metric_gauge(out, name, NULL, "lane=\"crypto\"",
		     (double)lane_length(threads->crypto_lane));
	for (unsigned i = 0; i < threads->n; i++) {
		snprintf(labels, sizeof(labels), "lane=\"loop-%u\"", i);
		metric_gauge(out, name, NULL, labels,
			     (double)lane_length(threads->loops[i]->lane));
	}
}

static double
open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	double n = -1;		/* the folder's own descriptor */

	if (d == NULL)
		return 0;
	for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n += *e->d_name != '.';
	closedir(d);
	return n;
}

static double
resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long size, resident = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void
print_process(FILE *out)
{
	struct rusage u;
	struct rlimit files;

	getrusage(RUSAGE_SELF, &u);
	getrlimit(RLIMIT_NOFILE, &files);
	fprintf(out, "# HELP process_cpu_seconds_total User and system CPU\n"
		"# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n",
		(double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	metric_gauge(out, "process_resident_memory_bytes", "Resident memory", "",
		     resident_bytes());
	metric_gauge(out, "process_open_fds", "Open file descriptors", "", open_files());
	metric_gauge(out, "process_max_fds", "File descriptors that may be open", "",
		     (double)files.rlim_cur);
	metric_gauge(out, "process_start_time_seconds", "Start, seconds since 1970", "",
		     (double)threads->began);
}

static void
print_map(FILE *out)
{
	uint64_t size, used = store_used(threads->store, &size);

	metric_gauge(out, "brevet_store_map_used_percent", "Share of the store's map in use", "",
		     (double)(used * 100 / size));
	metric_gauge(out, "brevet_store_map_used_bytes", "Bytes of the store's map in use", "",
		     (double)used);
	metric_gauge(out, "brevet_store_map_bytes", "Bytes that the store's map has", "",
		     (double)size);
}

static void
print_clock(FILE *out)
{
	struct view *v = view_open(threads->store);
	int64_t behind = acme_clock_behind(v, clock_now());

	view_close(v);
	metric_gauge(out, "brevet_clock_behind_seconds", "Seconds that the clock is behind the "
		     "newest commit; above 0 nothing is issued", "", (double)behind);
}

/* What the slots of time tell, so at the pace of a slot. */
static void
print_renewals(FILE *out)
{
	enum { HOUR = 3600 / SLOT_SECONDS };
	int64_t now = clock_now();
	uint32_t loads[HOUR];
	uint64_t hour = 0;
	struct view *v = view_open(threads->store);
	struct store_due due = store_due_count(v, now);

	store_slots_load(v, (uint32_t)(now / SLOT_SECONDS), HOUR, loads);
	view_close(v);
	for (size_t i = 0; i < HOUR; i++)
		hour += loads[i];
	metric_gauge(out, "brevet_renewals_due",
		     "Certificates in their renewal window, without a successor", "",
		     (double)(due.begun - due.ended));
	metric_gauge(out, "brevet_renewals_overdue",
		     "Certificates whose renewal window has ended, without a successor", "",
		     (double)due.ended);
	metric_gauge(out, "brevet_renewals_hour",
		     "Renewals to come in the next hour: windows that have their middle there", "",
		     (double)hour);
}

static void
print_all(FILE *out)
{
	metric_print(out);
	print_objects(out);
	print_incidents(out);
	print_lanes(out);
	metric_gauge(out, "brevet_held_requests", "Requests that wait for a verdict", "",
		     (double)acme_held());
	metric_gauge(out, "brevet_connections", "Open connections", "",
		     (double)http_connections());
	print_map(out);
	print_renewals(out);
	print_clock(out);
	metric_gauge(out, "brevet_sweep_timestamp_seconds", "When the last clean-up of the store "
		     "ended, seconds since 1970", "", (double)acme_swept());
	metric_gauge(out, "brevet_info", "This server", "version=\"" PACKAGE_VERSION "\"", 1);
	print_process(out);
}

static enum flow_next
metrics_reply(struct flow *f)
{
	struct request *rq = f->data;
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (strcmp(rq->path, "/metrics") != 0) {
		rq->reply.status = 404;
		return FLOW_NEXT;
	}
	out = open_memstream(&text, &len);
	if (out == NULL)
		abort();
	print_all(out);
	fclose(out);
	arena_own(f->arena, text, free);
	rq->reply = (struct reply){
		.status = 200,
		.headers = { { "Content-Type", "text/plain; version=0.0.4" } },
		.nheader = 1,
		.body = { (const uint8_t *)text, len },
	};
	return FLOW_NEXT;
}

const struct flow_step metrics_steps[] = {
	{ ON_LOOP, STEP(metrics_reply) },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - prints what a load has shown, as text or as JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"

/* What the figures are divided by; 0: nothing was good. */
static double
each(const struct bench *b, double sum)
{
	return b->stats.good == 0 ? 0 : sum / (double)b->stats.good;
}

static double
seconds(const struct bench *b)
{
	return (b->ended - b->began) / 1e3;
}

static double
rate(const struct bench *b)
{
	return b->ended > b->began ? (double)b->stats.good / seconds(b) : 0;
}

static double
cpu(const struct process *p)
{
	return p->user + p->system;
}

/* KiB of server memory for each idle connection. */
static double
idle_memory(const struct idle *idle)
{
	uint64_t n = idle->answered - idle->failed;

	return n == 0 ? 0 : ((double)idle->after.rss - (double)idle->before.rss) / (double)n;
}

/* --- Text --------------------------------------------------------------------------------- */

static void
print_summary(struct bench *b)
{
	const struct options *o = b->options;
	const struct stats *s = &b->stats;
	const char *what = o->orders > 0 ? "orders" : "newNonce requests";

	if (b->stalled)
		printf("STALLED: no reply for %llu s\n", (unsigned long long)o->stall);
	if (b->interrupted)
		puts("interrupted");
	if (b->items == 0) {
		printf("%.1f s without a load\n", seconds(b));
		return;
	}
	printf("%llu %s in %.2f s: %.1f/s, %llu failed\n", (unsigned long long)s->good,
	       what, seconds(b), rate(b), (unsigned long long)s->failed);
	printf("%llu in flight, connections: %s", (unsigned long long)o->concurrency,
	       options_word("connections", o->connections));
	if (o->orders > 0)
		printf(", %llu accounts (%s), %llu names an order, keys %s",
		       (unsigned long long)o->accounts,
		       options_word("account-key", o->account_key),
		       (unsigned long long)o->names, options_word("key-type", o->key_type));
	putchar('\n');
}

static void
print_latencies(struct bench *b)
{
	puts("\nms                   p50       p90       p99       max");
	for (int i = 0; i < STAGES; i++) {
		struct percentiles p = stats_percentiles(&b->stats, (enum stage)i);

		if (p.n > 0)
			printf("%-14s %9.3f %9.3f %9.3f %9.3f\n", stats_name((enum stage)i),
			       p.p50, p.p90, p.p99, p.max);
	}
	putchar('\n');
}

static void
print_server(const struct bench *b)
{
	const struct process *before = &b->before, *after = &b->after;
	double user = after->user - before->user, system = after->system - before->system;

	if (b->options->pid == 0)
		return;
	if (!after->alive || !before->alive) {
		printf("server       no process %llu\n", (unsigned long long)b->options->pid);
		return;
	}
	if (b->stats.good > 0)
		printf("server       CPU %.3f ms each (user %.3f, system %.3f), in all %.0f ms\n",
		       each(b, user + system), each(b, user), each(b, system), user + system);
	else
		printf("server       CPU %.0f ms\n", user + system);
	printf("             memory %.1f -> %.1f MiB, at most %.1f MiB\n",
	       (double)before->rss / 1024, (double)after->rss / 1024,
	       (double)after->peak / 1024);
	if (after->may_io && b->stats.good > 0)
		printf("             written %.1f KiB each, in all %.1f MiB\n",
		       each(b, (double)(after->written - before->written)) / 1024,
		       (double)(after->written - before->written) / 1048576);
}

static void
print_idle(const struct bench *b)
{
	const struct idle *idle = &b->idle;

	if (idle->n == 0)
		return;
	printf("idle         %llu connections, %llu not opened, %llu lost",
	       (unsigned long long)idle->n, (unsigned long long)idle->failed,
	       (unsigned long long)idle->lost);
	if (idle->failed > 0)
		printf(" (%s)", idle->fault);
	if (idle->after.alive)
		printf(", %.1f KiB of server memory each", idle_memory(idle));
	putchar('\n');
}

static void
print_load(struct bench *b)
{
	const struct stats *s = &b->stats;

	print_latencies(b);
	printf("requests     %llu (%.2f each), %llu new connections, %llu polls\n",
	       (unsigned long long)b->requests, each(b, (double)b->requests),
	       (unsigned long long)b->opened, (unsigned long long)s->polls);
	printf("repeated     %llu after badNonce, %llu after a closed connection\n",
	       (unsigned long long)s->bad_nonces, (unsigned long long)b->target->resent);
	if (b->respond != NULL)
		printf("%-12s looked for %llu times, %llu in vain, %llu authorizations were "
		       "valid already\n", options_word("method", b->options->method),
		       (unsigned long long)respond_hits(b->respond),
		       (unsigned long long)respond_misses(b->respond),
		       (unsigned long long)s->reused);
	printf("client       CPU %.3f ms each\n", each(b, b->client_cpu));
}

static void
print_slow(const struct bench *b)
{
	const struct slow_count *n = slow_count(b->slow);

	printf("slow         %llu validations held, %llu ended when their time was over, %llu "
	       "otherwise%s%s\n", (unsigned long long)n->held, (unsigned long long)n->ended,
	       (unsigned long long)n->strange, n->strange > 0 ? ": " : "", n->fault);
}

void
report(struct bench *b)
{
	print_summary(b);
	if (b->items > 0)
		print_load(b);
	print_server(b);
	print_idle(b);
	if (b->slow != NULL)
		print_slow(b);
	for (const struct failure *f = b->stats.failures; f != NULL; f = f->next)
		printf("failed       %llu %s: %s: %s\n", (unsigned long long)f->count,
		       stats_name(f->stage), f->type, f->detail);
}

/* --- JSON --------------------------------------------------------------------------------- */

static json_t *
whole(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* A tenth of a microsecond is enough for anything here. */
static json_t *
real(double x)
{
	return json_real((double)(long long)(x * 1e4 + (x < 0 ? -0.5 : 0.5)) / 1e4);
}

static json_t *
json_setting(const struct bench *b)
{
	const struct options *o = b->options;

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:b, s:o}",
			 "directory", o->directory, "method", options_word("method", o->method),
			 "until", options_word("until", o->until), "slow", whole(o->slow),
			 "orders", whole(o->orders), "accounts", whole(o->accounts),
			 "concurrency", whole(o->concurrency), "names", whole(o->names),
			 "key_type", options_word("key-type", o->key_type),
			 "account_key", options_word("account-key", o->account_key),
			 "connections", options_word("connections", o->connections),
			 "polite", o->polite, "new_nonce", whole(o->new_nonce));
}

static json_t *
json_latencies(struct bench *b)
{
	json_t *all = json_object();

	for (int i = 0; i < STAGES; i++) {
		struct percentiles p = stats_percentiles(&b->stats, (enum stage)i);

		if (p.n > 0)
			json_object_set_new(all, stats_name((enum stage)i), json_pack(
				"{s:o, s:o, s:o, s:o, s:o, s:o}", "count", whole(p.n),
				"mean", real(p.mean), "p50", real(p.p50), "p90", real(p.p90),
				"p99", real(p.p99), "max", real(p.max)));
	}
	return all;
}

static json_t *
json_failures(const struct bench *b)
{
	json_t *all = json_array();

	for (const struct failure *f = b->stats.failures; f != NULL; f = f->next)
		json_array_append_new(all, json_pack("{s:s, s:s, s:o, s:s}",
						     "stage", stats_name(f->stage),
						     "type", f->type, "count", whole(f->count),
						     "detail", f->detail));
	return all;
}

static json_t *
json_server(const struct bench *b)
{
	const struct process *before = &b->before, *after = &b->after;
	double user = after->user - before->user, system = after->system - before->system;
	double written = (double)(after->written - before->written);

	if (!before->alive || !after->alive)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "pid", whole(b->options->pid), "cpu_ms", real(cpu(after) - cpu(before)),
			 "cpu_ms_each", real(each(b, user + system)),
			 "user_ms_each", real(each(b, user)),
			 "system_ms_each", real(each(b, system)),
			 "rss_kib_before", whole(before->rss), "rss_kib", whole(after->rss),
			 "rss_kib_peak", whole(after->peak), "written_bytes_each",
			 after->may_io ? real(each(b, written)) : json_null());
}

static json_t *
json_idle(const struct bench *b)
{
	const struct idle *idle = &b->idle;

	if (idle->n == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "connections", whole(idle->n),
			 "not_opened", whole(idle->failed), "lost", whole(idle->lost),
			 "rss_kib_before", whole(idle->before.rss),
			 "rss_kib_each", idle->after.alive ? real(idle_memory(idle)) :
			 json_null());
}

static json_t *
json_slow(const struct bench *b)
{
	const struct slow_count *n = b->slow == NULL ? NULL : slow_count(b->slow);

	if (n == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:s}", "held", whole(n->held), "ended",
			 whole(n->ended), "strange", whole(n->strange), "fault", n->fault);
}

void
report_json(struct bench *b)
{
	const struct stats *s = &b->stats;
	json_t *all = json_object();

	json_object_set_new(all, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(all, "setting", json_setting(b));
	json_object_set_new(all, "ok", whole(s->good));
	json_object_set_new(all, "failed", whole(s->failed));
	json_object_set_new(all, "stalled", json_boolean(b->stalled));
	json_object_set_new(all, "interrupted", json_boolean(b->interrupted));
	json_object_set_new(all, "seconds", real(seconds(b)));
	json_object_set_new(all, "per_second", real(rate(b)));
	json_object_set_new(all, "latency_ms", json_latencies(b));
	json_object_set_new(all, "failures", json_failures(b));
	json_object_set_new(all, "requests", whole(b->requests));
	json_object_set_new(all, "requests_each", real(each(b, (double)b->requests)));
	json_object_set_new(all, "connections", whole(b->opened));
	json_object_set_new(all, "polls", whole(s->polls));
	json_object_set_new(all, "bad_nonces", whole(s->bad_nonces));
	json_object_set_new(all, "resent", whole(b->target->resent));
	json_object_set_new(all, "authorizations_reused", whole(s->reused));
	if (b->respond != NULL)
		json_object_set_new(all, "proofs_seen", whole(respond_hits(b->respond)));
	json_object_set_new(all, "slow", json_slow(b));
	json_object_set_new(all, "client_cpu_ms_each", real(each(b, b->client_cpu)));
	json_object_set_new(all, "server", json_server(b));
	json_object_set_new(all, "idle", json_idle(b));
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	putchar('\n');
	json_decref(all);
}

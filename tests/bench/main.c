/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - brevet-bench, a load generator for ACME servers. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/bench/bench.h"

#define OTHER_FILES 64

/* Room for all connections; false after telling. */
static bool
raise_limit(const struct options *o)
{
	uint64_t need = o->idle + o->concurrency * (2 + o->names) + 3 * o->slow + OTHER_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
		return true;
	if (need > limit.rlim_max) {
		fprintf(stderr, "brevet-bench: it needs %llu open files, the limit is %llu "
			"(ulimit -Hn)\n", (unsigned long long)need,
			(unsigned long long)limit.rlim_max);
		return false;
	}
	limit.rlim_cur = need;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool
prepare(struct bench *b)
{
	const struct options *o = b->options;

	b->target = target_open(b->loop, o->directory, o->ca);
	if (b->target == NULL)
		return false;
	workers_open(b);
	if (o->orders == 0)
		return true;
	b->respond = respond_open(b->loop, o);
	if (b->respond == NULL)
		return false;
	b->accounts = account_list(b->arena, o->accounts + o->slow, o->account_key);
	b->leaves = leaf_list(b->arena, o->keys, o->key_type);
	return true;
}

static bool
all_good(const struct bench *b)
{
	return !b->stalled && !b->interrupted && b->stats.failed == 0 &&
	       b->stats.good == b->options->orders + b->options->new_nonce &&
	       b->idle.failed == 0 && b->idle.lost == 0 &&
	       (b->slow == NULL || slow_count(b->slow)->strange == 0);
}

static void
release(struct bench *b)
{
	idle_close(b);
	slow_close(b->slow);
	workers_close(b);
	respond_close(b->respond);
	stats_free(&b->stats);
	target_close(b->target);
	arena_free(b->arena);
	event_base_free(b->loop);
}

static bool
bench(struct bench *b)
{
	bool good;

	b->loop = event_base_new();
	if (b->loop == NULL)
		abort();
	b->arena = arena_new();
	good = raise_limit(b->options) && prepare(b) && run(b);
	if (good && b->options->json)
		report_json(b);
	else if (good)
		report(b);
	good = good && all_good(b);
	release(b);
	return good;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct bench b = { .options = &options };
	int status = options_parse(&options, argc, argv);
	bool good;

	if (status >= 0)
		return status;
	signal(SIGPIPE, SIG_IGN);
	b.names = names_open(&options);
	if (b.names == NULL)
		return 1;
	if (options.write_hosts != NULL)
		good = names_write_hosts(b.names);
	else
		good = bench(&b);
	names_close(b.names);
	return good ? 0 : 1;
}

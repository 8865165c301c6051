/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - the phases of a load. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define LOOK_MS	 500
#define TERMINAL "\r\033[K"

static void
progress(const struct bench *b, double now)
{
	const struct stats *s = &b->stats;
	uint64_t done = s->good + s->failed;
	double seconds = (now - b->began) / 1e3;

	if (b->began == 0)
		fprintf(stderr, TERMINAL "  getting ready: %llu connections, %llu of %llu slow "
			"validations", (unsigned long long)b->target->opened,
			b->slow == NULL ? 0ull : (unsigned long long)slow_count(b->slow)->held,
			(unsigned long long)b->options->slow);
	else if (b->items > 0)
		fprintf(stderr, TERMINAL "  %llu/%llu  %.0f/s  %llu failed  %.0f s",
			(unsigned long long)done, (unsigned long long)b->items,
			(double)s->good / seconds, (unsigned long long)s->failed, seconds);
	else
		fprintf(stderr, TERMINAL "  %llu idle connections  %.0f s",
			(unsigned long long)b->idle.n, seconds);
}

/* Every half second. */
static void
look(evutil_socket_t fd, short what, void *arg)
{
	struct bench *b = arg;
	const struct target *t = b->target;
	double now = stats_now();

	(void)fd;
	(void)what;
	if (b->show)
		progress(b, now);
	if (t->busy > 0 && now - t->heard >= (double)b->options->stall * 1e3) {
		b->stalled = true;
		event_base_loopbreak(b->loop);
	}
}

static void
interrupt(evutil_socket_t fd, short what, void *arg)
{
	struct bench *b = arg;

	(void)fd;
	(void)what;
	b->interrupted = true;
	event_base_loopbreak(b->loop);
}

static bool
going(const struct bench *b)
{
	return !b->stalled && !b->interrupted && b->fault == NULL;
}

/* --- The directory ------------------------------------------------------------------------ */

static void
took_directory(void *arg, const struct answer *answer)
{
	struct bench *b = arg;
	struct target *t = b->target;
	const json_t *j = answer->status == 200 ? answer_json(answer) : NULL;
	const char *nonce = json_string_value(json_object_get(j, "newNonce"));
	const char *account = json_string_value(json_object_get(j, "newAccount"));
	const char *order = json_string_value(json_object_get(j, "newOrder"));

	event_base_loopbreak(b->loop);
	if (answer->status == 0)
		b->fault = arena_printf(b->arena, "%s: %s", b->options->directory, answer->fault);
	else if (nonce == NULL || account == NULL || order == NULL)
		b->fault = arena_printf(b->arena, "%s: HTTP %d, not an ACME directory",
					b->options->directory, answer->status);
	else if (target_path(t, nonce) == NULL)
		b->fault = arena_printf(b->arena, "newNonce is %s, which is not on %s",
					nonce, t->base);
	if (b->fault != NULL)
		return;
	t->new_nonce = arena_strdup(b->arena, nonce);
	t->new_account = arena_strdup(b->arena, account);
	t->new_order = arena_strdup(b->arena, order);
}

static void
read_directory(struct bench *b)
{
	struct peer *peer = peer_new(b->target);

	peer_ask(peer, &(struct ask){
		.method = "GET", .url = b->options->directory, .took = took_directory, .arg = b,
	});
	event_base_dispatch(b->loop);
	peer_free(peer);
}

/* --- Accounts ----------------------------------------------------------------------------- */

static void
took_account(struct worker *w, const struct answer *answer)
{
	struct bench *b = w->bench;
	const char *type, *detail;

	if ((answer->status != 201 && answer->status != 200) || answer->location == NULL) {
		type = answer_type(answer, &detail);
		if (b->fault == NULL)
			b->fault = arena_printf(b->arena, "newAccount: %s: %s", type, detail);
	} else {
		b->accounts[w->item].url = arena_strdup(b->arena, answer->location);
		stats_add(&b->stats, STAGE_NEW_ACCOUNT, stats_now() - w->began);
	}
	worker_next(w);
}

static void
start_account(struct worker *w, uint64_t item)
{
	struct bench *b = w->bench;

	w->began = stats_now();
	worker_post(w, &b->accounts[item], b->target->new_account,
		    "{\"termsOfServiceAgreed\":true}", took_account);
}

/* --- Only newNonce ------------------------------------------------------------------------ */

static void
took_nonce(void *arg, const struct answer *answer)
{
	struct worker *w = arg;
	struct stats *s = &w->bench->stats;
	const char *type, *detail;

	if (answer->status == 200 && answer->nonce != NULL) {
		stats_add(s, STAGE_NEW_NONCE, stats_now() - w->began);
		s->good++;
	} else {
		type = answer_type(answer, &detail);
		stats_fail(s, STAGE_NEW_NONCE, type, detail);
	}
	worker_next(w);
}

static void
start_nonce(struct worker *w, uint64_t item)
{
	(void)item;
	w->began = stats_now();
	worker_nonce(w, took_nonce);
}

/* --- The load ----------------------------------------------------------------------------- */

static double
own_cpu(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;
}

/* Whatever is under way when a load is stopped has failed. */
static void
abandon(struct bench *b)
{
	const char *type = b->stalled ? "stalled" : "interrupted";
	const char *detail = b->stalled ? "the server stopped answering" : "by a signal";

	for (uint64_t i = 0; i < b->options->concurrency; i++)
		if (b->workers[i].order != NULL)
			order_abandon(b->workers[i].order, type, detail);
}

static void
hold(struct bench *b)
{
	struct timeval wait = { .tv_sec = (long)b->options->seconds };

	event_base_loopexit(b->loop, &wait);
	event_base_dispatch(b->loop);
}

static void
load(struct bench *b)
{
	const struct options *o = b->options;
	struct target *t = b->target;
	uint64_t requests = t->requests, opened = t->opened;
	double cpu;

	for (uint64_t i = 0; o->connections != CONNECTIONS_KEEP && i < o->concurrency; i++)
		peer_hang_up(b->workers[i].peer);
	b->items = 0;
	b->before = process_read(o->pid);
	cpu = own_cpu();
	b->began = stats_now();
	if (o->orders > 0)
		workers_run(b, o->orders, order_start);
	else if (o->new_nonce > 0)
		workers_run(b, o->new_nonce, start_nonce);
	else
		hold(b);
	b->ended = b->stalled ? t->heard : stats_now();
	b->client_cpu = own_cpu() - cpu;
	b->after = process_read(o->pid);
	b->requests = t->requests - requests;
	b->opened = t->opened - opened;
	if (!going(b))
		abandon(b);
	idle_count(b);
}

static void
phases(struct bench *b)
{
	read_directory(b);
	if (going(b) && b->options->idle > 0)
		idle_open(b);
	if (going(b) && b->options->orders > 0)
		workers_run(b, b->options->accounts + b->options->slow, start_account);
	if (going(b) && b->options->slow > 0)
		slow_open(b);
	if (going(b))
		load(b);
}

bool
run(struct bench *b)
{
	struct timeval every = { .tv_usec = LOOK_MS * 1000 };
	struct event *timer = event_new(b->loop, -1, EV_PERSIST, look, b);
	struct event *stop = evsignal_new(b->loop, SIGINT, interrupt, b);

	if (timer == NULL || stop == NULL || event_add(timer, &every) != 0 ||
	    event_add(stop, NULL) != 0)
		abort();
	b->show = isatty(STDERR_FILENO) == 1;
	phases(b);
	if (b->show)
		fputs(TERMINAL, stderr);
	event_free(timer);
	event_free(stop);
	if (b->fault != NULL)
		fprintf(stderr, "brevet-bench: %s\n", b->fault);
	else if (b->began == 0)
		fprintf(stderr, "brevet-bench: %s before the load began\n", b->stalled ?
			"the server stopped answering" : "interrupted");
	return b->fault == NULL && b->began != 0;
}

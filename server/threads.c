/* SPDX-License-Identifier: Apache-2.0 */
/* threads.c - who exists: the loops, the writer, the signers; started and stopped in
 * order.  Runs on: main. */
#include "server/threads.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"
#include "server/metrics.h"

static unsigned
cores(int64_t configured)
{
	long n = configured != 0 ? (long)configured : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > LOOPS_MAX ? LOOPS_MAX : (unsigned)n;
}

struct http_limits
threads_limits(const struct config *c)
{
	return (struct http_limits){
		.size = { .head = (size_t)c->head, .body = (size_t)c->body },
		.idle = c->idle,
		.request = c->request,
		.connections = c->connections,
	};
}

static bool
make_loop(struct threads *t, const struct config *c, struct problem *p)
{
	struct loop *l = loop_new(t->n);
	struct http_options http = {
		.limits = threads_limits(c),
		.writer = t->writer_lane,
		.metrics = metrics_steps,
	};

	t->loops[t->n++] = l;
	if (!va_attach(l, c->acme.va, p))
		return false;
	acme_attach(l, t->store, &c->acme);
	http_attach(l, &http);
	return true;
}

static void
free_loops(struct threads *t)
{
	for (unsigned i = 0; i < t->n; i++)
		loop_free(t->loops[i]);
	loop_free(t->main);
	lane_free(t->writer_lane);
	lane_free(t->crypto_lane);
}

bool
threads_start(struct threads *t, struct store *s, const struct config *c, struct problem *p)
{
	unsigned n = cores(c->workers);
	struct writer_hooks hooks;

	*t = (struct threads){ .store = s, .main = loop_new(LOOPS_MAX), .began = clock_now() };
	metrics_start(t);
	t->writer_lane = lane_new(0);
	t->crypto_lane = lane_new(0);
	flow_place(ON_WRITER, t->writer_lane);
	flow_place(ON_CRYPTO, t->crypto_lane);
	for (unsigned i = 0; i < n; i++)
		if (!make_loop(t, c, p)) {
			free_loops(t);
			return false;
		}
	hooks = acme_writer_hooks(t->loops, t->n);
	t->writer = writer_start(s, t->writer_lane, &hooks);
	t->crypto = pool_start(t->crypto_lane, cores(c->signers));
	for (unsigned i = 0; i < t->n; i++)
		loop_start(t->loops[i]);
	return true;
}

void
threads_stop(struct threads *t)
{
	pool_join(t->crypto);
	writer_join(t->writer);
	for (unsigned i = 0; i < t->n; i++)
		loop_stop(t->loops[i]);
	for (unsigned i = 0; i < t->n; i++)
		loop_join(t->loops[i]);
	free_loops(t);
	metric_free();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* wait.c - requests that are held until an object is settled.  Runs on: loop.
 *
 * A waiter enters the table first, then looks, then waits; the writer commits first,
 * then asks whether anybody waits: so no change is missed. */
#include <stdatomic.h>

#include "acme/local.h"

static atomic_size_t held;

size_t
acme_held(void)
{
	return atomic_load_explicit(&held, memory_order_relaxed);
}

bool
wait_any(void)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load(&held) > 0;
}

static void
leave(struct waiter *w)
{
	if (w->here == NULL)
		return;
	*w->here = w->next;
	if (w->next != NULL)
		w->next->here = w->here;
	w->here = NULL;
	if (w->timer != NULL)
		event_free(w->timer);
	w->timer = NULL;
	atomic_fetch_sub(&held, 1);
}

static void
leave_and_wake(struct waiter *w)
{
	leave(w);
	flow_wake(w->flow, w->ticket);
}

static void
wait_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	leave_and_wake(arg);
}

enum flow_next
wait_settled(struct flow *f, const struct id *id, bool (*settled)(struct flow *f))
{
	struct acme_local *l = acme_local(f->loop);
	struct waiter *w = arena_alloc(f->arena, sizeof(*w));
	struct waiter **bucket = &l->waiters[id->b[ID_LEN - 1]];

	if (l->config->hold_ms == 0 || l->stopping)
		return FLOW_NEXT;
	if (atomic_fetch_add(&held, 1) >= l->config->held_max) {
		atomic_fetch_sub(&held, 1);
		return FLOW_NEXT;
	}
	w->id = *id;
	w->flow = f;
	w->settled = settled;
	w->ticket = flow_arm(f);
	w->next = *bucket;
	w->here = bucket;
	if (w->next != NULL)
		w->next->here = &w->next;
	*bucket = w;
	atomic_thread_fence(memory_order_seq_cst);
	if (settled(f)) {
		leave(w);
		return FLOW_NEXT;
	}
	w->timer = loop_timer(f->loop, l->config->hold_ms, wait_over, w);
	return FLOW_WAIT;
}

void
wait_changed(struct acme_local *l, const struct id *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (struct waiter *w = l->waiters[ids[i].b[ID_LEN - 1]], *next; w != NULL;
		     w = next) {
			next = w->next;
			if (id_equal(&w->id, &ids[i]) && w->settled(w->flow))
				leave_and_wake(w);
		}
}

void
wait_release(struct acme_local *l)
{
	for (size_t i = 0; i < WAIT_BUCKETS; i++)
		while (l->waiters[i] != NULL)
			leave_and_wake(l->waiters[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - an event loop.  Runs on: loop. */
#include "base/loop.h"

#include <stdlib.h>
#include <string.h>

/* Opens every letter that lies in the lane now; letters sent meanwhile wait for the
 * next turn, so that sockets get theirs. */
static void
loop_inbox(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd, (void)what;
	for (struct letter *m = lane_take(l->lane), *next; m != NULL; m = next) {
		next = m->next;
		m->open(m);
	}
}

struct loop *
loop_new(unsigned number)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->base = event_base_new()) == NULL)
		abort();
	l->number = number;
	l->lane = lane_new(1);
	l->inbox = event_new(l->base, lane_fd(l->lane), EV_READ | EV_PERSIST, loop_inbox, l);
	if (l->inbox == NULL || event_add(l->inbox, NULL) != 0)
		abort();
	return l;
}

void
loop_free(struct loop *l)
{
	for (int i = LOOP_SLOTS - 1; i >= 0; i--)
		if (l->slot[i] != NULL)
			l->slot_free[i](l->slot[i]);
	event_free(l->inbox);
	/* What libevent has put off until later: the last of connections that were closed. */
	if (l->flows == 0)
		event_base_loop(l->base, EVLOOP_NONBLOCK);
	event_base_free(l->base);
	lane_free(l->lane);
	free(l);
}

void
loop_keep(struct loop *l, enum loop_slot slot, void *thing, void (*release)(void *))
{
	l->slot[slot] = thing;
	l->slot_free[slot] = release;
}

static void *
loop_main(void *arg)
{
	struct loop *l = arg;

	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

void
loop_start(struct loop *l)
{
	if (pthread_create(&l->thread, NULL, loop_main, l) != 0)
		abort();
}

struct call {
	struct letter	 letter;	/* first */
	void		(*run)(void *arg);
	void		*arg;
};

static void
call_open(struct letter *l)
{
	struct call *c = (struct call *)l;

	c->run(c->arg);
	free(c);
}

void
loop_call(struct loop *l, void (*run)(void *arg), void *arg)
{
	struct call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->letter.open = call_open;
	c->run = run;
	c->arg = arg;
	lane_send(l->lane, &c->letter);
}

static void
loop_break(void *arg)
{
	struct loop *l = arg;

	event_base_loopbreak(l->base);
}

void
loop_stop(struct loop *l)
{
	loop_call(l, loop_break, l);
}

void
loop_join(struct loop *l)
{
	pthread_join(l->thread, NULL);
}

struct event *
loop_timer(struct loop *l, int64_t ms, event_callback_fn run, void *arg)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	struct event *e = evtimer_new(l->base, run, arg);

	if (e == NULL || evtimer_add(e, &tv) != 0)
		abort();
	return e;
}

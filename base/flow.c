/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c - runs steps, and passes the flow on. */
#include "base/flow.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"

static struct lane *lanes[PLACES];
static atomic_uint_fast64_t numbers;

void
flow_place(enum place where, struct lane *lane)
{
	lanes[where] = lane;
}

/* A flow comes out of a lane, on the thread that its next step wants. */
static void
flow_open(struct letter *l)
{
	struct flow *f = (struct flow *)((char *)l - offsetof(struct flow, letter));

	flow_steps(f, f->at->where);
	if (!f->asleep)
		flow_pass(f);
}

struct flow *
flow_new(struct loop *loop, const struct flow_step *steps, void *data)
{
	struct arena *a = arena_new();
	struct flow *f = arena_alloc(a, sizeof(*f));

	f->letter.open = flow_open;
	f->arena = a;
	f->loop = loop;
	f->steps = f->at = steps;
	f->data = data;
	f->number = atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed) + 1;
	loop->flows++;
	return f;
}

void
flow_start(struct flow *f)
{
	if (f->at->where != ON_LOOP) {
		flow_pass(f);
		return;
	}
	flow_steps(f, ON_LOOP);
	if (!f->asleep)
		flow_pass(f);
}

enum flow_next
flow_fail(struct flow *f, enum problem_type type, const char *fmt, ...)
{
	char detail[sizeof(f->problem.detail)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	problem(&f->problem, type, "%s", detail);
	return FLOW_FAIL;
}

unsigned
flow_arm(struct flow *f)
{
	return ++f->ticket;
}

void
flow_wake(struct flow *f, unsigned ticket)
{
	if (ticket != f->ticket)
		return;
	f->ticket++;
	lane_send(f->loop->lane, &f->letter);
}

void
flow_abandon(struct flow *f)
{
	assert(f->problem.type != PROBLEM_NONE);
	while (f->at[1].run != NULL)
		f->at++;
}

void
flow_drop(struct flow *f)
{
	while (f->at->run != NULL)
		f->at++;
	lane_send(f->loop->lane, &f->letter);
}

static bool
flow_step(struct flow *f)
{
	const struct flow_step *at = f->at;
	enum flow_next next;

	if (at->where == ON_WRITER && f->guard != NULL && !f->guard(f))
		next = FLOW_FAIL;
	else
		next = at->run(f);
	switch (next) {
	case FLOW_NEXT:
		f->at++;
		break;
	case FLOW_WAIT:
		assert(at->where == ON_LOOP);
		f->at++;
		f->asleep = true;
		return false;
	case FLOW_FAIL:
		flow_abandon(f);
		break;
	case FLOW_AGAIN:
		f->at = f->steps;
		break;
	}
	return true;
}

void
flow_steps(struct flow *f, enum place here)
{
	log_flow = f->number;
	f->asleep = false;
	while (f->at->run != NULL && f->at->where == here && flow_step(f))
		;
	log_flow = 0;
}

static void
flow_end(struct flow *f)
{
	f->loop->flows--;
	if (f->ended != NULL)
		f->ended(f);
	arena_free(f->arena);
}

void
flow_pass(struct flow *f)
{
	if (f->at->run == NULL) {
		assert((f->at - 1)->where == ON_LOOP);
		flow_end(f);
	} else if (f->at->where == ON_LOOP) {
		lane_send(f->loop->lane, &f->letter);
	} else {
		lane_send(lanes[f->at->where], &f->letter);
	}
}

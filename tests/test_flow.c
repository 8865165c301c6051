/* SPDX-License-Identifier: Apache-2.0 */
/* test_flow.c - flows pass from thread to thread, wait, fail and end. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/flow.h"
#include "base/loop.h"
#include "base/pool.h"
#include "tests/tap.h"

static struct loop *loop;
static struct lane *done;		/* the test waits here */
static _Thread_local bool on_the_loop;

struct trip {
	char		 path[200];
	int		 again;
	unsigned	 ticket, stale;
};

struct word {
	struct letter	letter;
	struct problem	problem;
	char		path[200];
};

static void
say(struct flow *f, const char *word)
{
	strcat(((struct trip *)f->data)->path, word);
}

static enum flow_next
on_loop(struct flow *f)
{
	say(f, on_the_loop ? "L" : "?");
	return FLOW_NEXT;
}

static enum flow_next
on_crypto(struct flow *f)
{
	say(f, on_the_loop ? "?" : "C");
	return FLOW_NEXT;
}

static enum flow_next
again_twice(struct flow *f)
{
	say(f, "a");
	return ((struct trip *)f->data)->again++ < 2 ? FLOW_AGAIN : FLOW_NEXT;
}

static enum flow_next
fails(struct flow *f)
{
	return flow_fail(f, PROBLEM_DNS, "no %s", "luck");
}

static void
wakes(evutil_socket_t fd, short what, void *arg)
{
	struct flow *f = arg;
	struct trip *t = f->data;

	(void)fd, (void)what;
	flow_wake(f, t->stale);		/* does nothing */
	flow_wake(f, t->ticket);
	flow_wake(f, t->ticket);	/* does nothing: it has woken */
	say(f, "w");
}

static void
free_event(void *e)
{
	event_free(e);
}

static enum flow_next
waits(struct flow *f)
{
	struct trip *t = f->data;

	t->stale = flow_arm(f);
	t->ticket = flow_arm(f);
	arena_own(f->arena, loop_timer(f->loop, 1, wakes, f), free_event);
	say(f, "z");
	return FLOW_WAIT;
}

/* The answer comes before the flow has gone to sleep. */
static enum flow_next
woken_at_once(struct flow *f)
{
	say(f, "o");
	flow_wake(f, flow_arm(f));
	return FLOW_WAIT;
}

static void
ended(struct flow *f)
{
	struct word *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->problem = f->problem;
	strcpy(w->path, ((struct trip *)f->data)->path);
	lane_send(done, &w->letter);
}

static const struct flow_step round_steps[] = {
	{ ON_LOOP, STEP(on_loop) }, { ON_CRYPTO, STEP(on_crypto) },
	{ ON_CRYPTO, STEP(on_crypto) }, { ON_LOOP, STEP(on_loop) }, { 0 }
};
static const struct flow_step again_steps[] = {
	{ ON_LOOP, STEP(again_twice) }, { ON_LOOP, STEP(on_loop) }, { 0 }
};
static const struct flow_step fail_steps[] = {
	{ ON_LOOP, STEP(on_loop) }, { ON_CRYPTO, STEP(fails) }, { ON_LOOP, STEP(again_twice) },
	{ ON_LOOP, STEP(on_loop) }, { 0 }
};
static const struct flow_step wait_steps[] = {
	{ ON_LOOP, STEP(waits) }, { ON_LOOP, STEP(woken_at_once) }, { ON_LOOP, STEP(on_loop) },
	{ 0 }
};

static void
begin(void *arg)
{
	struct flow *f = flow_new(loop, arg, NULL);

	on_the_loop = true;
	f->data = arena_alloc(f->arena, sizeof(struct trip));
	f->ended = ended;
	flow_start(f);
}

static struct word *
next_word(void)
{
	return (struct word *)lane_wait_one(done);
}

static void
trip(const struct flow_step *steps, const char *path, enum problem_type type, const char *what)
{
	struct word *w;

	loop_call(loop, begin, (void *)steps);
	w = next_word();
	is(w->path, path, what);
	ok(w->problem.type == type, "%s: its problem", what);
	free(w);
}

static void
lanes(void)
{
	struct lane *l = lane_new(0);
	struct letter m[3];

	ok(lane_take(l) == NULL, "an empty lane");
	for (int i = 0; i < 3; i++)
		lane_send(l, &m[i]);
	ok(lane_length(l) == 3, "three letters");
	ok(lane_wait_one(l) == &m[0], "the first one alone");
	ok(lane_take(l) == &m[1] && m[1].next == &m[2] && m[2].next == NULL,
	   "the rest in the order of their sending");
	lane_close(l);
	ok(lane_wait(l) == NULL && lane_wait_one(l) == NULL, "closed and empty");
	lane_free(l);
}

int
main(void)
{
	struct lane *crypto = lane_new(0);
	struct pool *pool;

	lanes();
	done = lane_new(0);
	flow_place(ON_CRYPTO, crypto);
	pool = pool_start(crypto, 2);
	loop = loop_new(0);
	loop_start(loop);
	trip(round_steps, "LCCL", PROBLEM_NONE, "each step on its thread");
	trip(again_steps, "aaaL", PROBLEM_NONE, "back to the first step");
	trip(fail_steps, "LL", PROBLEM_DNS, "a failure skips to the last step");
	trip(wait_steps, "zwoL", PROBLEM_NONE, "woken once, by the newest ticket only");
	for (int i = 0; i < 200; i++)
		loop_call(loop, begin, (void *)round_steps);
	for (int i = 0, good = 0; i < 200; i++) {
		struct word *w = next_word();

		good += strcmp(w->path, "LCCL") == 0;
		free(w);
		if (i == 199)
			ok(good == 200, "200 flows at once");
	}
	pool_join(pool);
	loop_stop(loop);
	loop_join(loop);
	ok(loop->flows == 0, "no flow lives");
	loop_free(loop);
	lane_free(crypto);
	lane_free(done);
	return tap_done();
}

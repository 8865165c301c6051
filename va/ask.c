/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - one validation: the steps of its method, its deadline, its verdict.
 * Runs on: loop. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "va/local.h"

static enum flow_next unknown_refuse(struct flow *f);

/* A method that is stored or configured, but not built in. */
static const struct flow_step unknown_steps[] = {
	{ ON_LOOP, STEP(unknown_refuse) },
	{ ON_LOOP, STEP(va_report) },
	{ 0 }
};

static const struct method {
	const char		*name;
	const struct flow_step	*steps;
} methods[] = {
	[0] = { "unknown", unknown_steps },
	[VA_HTTP_01] = { "http-01", http01_steps },
	[VA_DNS_01] = { "dns-01", dns01_steps },
	[VA_TLS_ALPN_01] = { "tls-alpn-01", unknown_steps },
};

static const struct method *
method_of(enum va_method method)
{
	size_t n = sizeof(methods) / sizeof(methods[0]);

	return &methods[(size_t)method < n ? (size_t)method : 0];
}

static enum flow_next
unknown_refuse(struct flow *f)
{
	return flow_fail(f, PROBLEM_SERVER_INTERNAL, "the challenge %s cannot be validated",
			 method_of(ATTEMPT(f)->method)->name);
}

bool
va_attach(struct loop *l, struct va *va, struct problem *p)
{
	struct resolver *r = resolver_open(l, va, p);
	struct fetcher *m = r == NULL ? NULL : fetcher_open(l, p);

	if (r != NULL)
		loop_keep(l, SLOT_RESOLVER, r, resolver_close);
	if (m != NULL)
		loop_keep(l, SLOT_FETCHER, m, fetcher_close);
	return m != NULL;
}

unsigned
attempt_wait(struct attempt *a, enum problem_type late, const char *fmt, ...)
{
	char detail[sizeof(a->late.detail)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	problem(&a->late, late, "%s", detail);
	return a->ticket = flow_arm(a->flow);
}

int
attempt_left(const struct attempt *a)
{
	int64_t left = a->began + a->va->timeout_ms - clock_mono_ms();

	return left < 1 ? 1 : (int)left;
}

/* Nobody wakes the flow any more, but the lane if it is in there. */
static void
attempt_quiet(struct attempt *a)
{
	lookup_cancel(&a->lookup);
	fetch_cancel(&a->fetch);
}

static void
attempt_late(evutil_socket_t fd, short what, void *arg)
{
	struct attempt *a = arg;

	(void)fd, (void)what;
	attempt_quiet(a);
	a->flow->problem = a->late;
	flow_wake(a->flow, a->ticket);	/* no effect if it is in the lane */
}

static void
attempt_ended(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);

	attempt_quiet(a);
	event_free(a->deadline);
	*a->here = a->next;
	if (a->next != NULL)
		a->next->here = a->here;
	va_release(a->va);
}

static struct attempt *
attempt_new(struct validation *v)
{
	struct loop *l = v->waiter->loop;
	struct resolver *r = l->slot[SLOT_RESOLVER];
	struct flow *f = flow_new(l, method_of(v->method)->steps, NULL);
	struct attempt *a = arena_alloc(f->arena, sizeof(*a));

	f->data = a;
	f->ended = attempt_ended;
	a->v = v;
	a->va = va_keep(v->va);
	a->flow = f;
	a->method = v->method;
	a->ident = v->ident;
	a->ident.value = a->ident.shown = arena_strdup(f->arena, v->ident.value);
	a->token = arena_strdup(f->arena, v->token);
	a->key_auth = arena_strdup(f->arena, v->key_auth);
	a->began = clock_mono_ms();
	a->deadline = loop_timer(l, a->va->timeout_ms, attempt_late, a);
	a->next = r->attempts;
	a->here = &r->attempts;
	if (a->next != NULL)
		a->next->here = &a->next;
	r->attempts = a;
	return a;
}

void
va_validate(struct validation *v)
{
	struct attempt *a = attempt_new(v);
	uint64_t number = log_flow;

	v->problem = (struct problem){ 0 };
	v->flow = a->flow;
	flow_start(a->flow);
	log_flow = number;
}

enum flow_next
va_report(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	struct validation *v = a->v;
	int64_t took = clock_mono_ms() - a->began;

	if (v == NULL)
		return FLOW_NEXT;
	log_event(LOG_DEBUG, "validation finished", "s:s, s:s, s:s, s:i, s:s, s:s, s:I",
		  "method", method_of(a->method)->name, "identifier", a->ident.value,
		  "address", a->address, "redirects", (int)a->redirects,
		  "problem", problem_name(f->problem.type), "detail", f->problem.detail,
		  "took_ms", (json_int_t)took);
	v->problem = f->problem;
	memcpy(v->address, a->address, sizeof(v->address));
	v->redirects = a->redirects;
	v->took_ms = took;
	v->flow = NULL;
	flow_wake(v->waiter, v->ticket);
	return FLOW_NEXT;
}

void
va_cancel(struct validation *v)
{
	struct flow *f = v->flow;
	struct attempt *a;

	if (f == NULL)
		return;
	a = ATTEMPT(f);
	v->flow = NULL;
	a->v = NULL;
	problem(&v->problem, PROBLEM_SERVER_INTERNAL, "the validation was given up");
	f->problem = v->problem;
	attempt_quiet(a);
	if (a->ticket != f->ticket)
		return;		/* in the lane: it ends when it comes out */
	while (f->at->run != NULL)
		f->at++;
	flow_pass(f);
}

void
va_drop(struct loop *l)
{
	struct resolver *r = l->slot[SLOT_RESOLVER];

	for (struct attempt *a = r == NULL ? NULL : r->attempts, *next; a != NULL; a = next) {
		next = a->next;
		if (a->v != NULL)
			va_cancel(a->v);
	}
	if (r != NULL)
		posting_drop(r);
}

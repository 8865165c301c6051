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
	const char		*section, *section_ip;	/* of the Baseline Requirements */
	const struct flow_step	*steps;
} methods[] = {
	[0] = { "unknown", "", "", unknown_steps },
	[VA_HTTP_01] = { "http-01", "3.2.2.4.19", "3.2.2.5.6", http01_steps },
	[VA_DNS_01] = { "dns-01", "3.2.2.4.7", "", dns01_steps },
	[VA_TLS_ALPN_01] = { "tls-alpn-01", "3.2.2.4.20", "3.2.2.5.7", tlsalpn01_steps },
	[VA_DNS_ACCOUNT_01] = { "dns-account-01", "3.2.2.4.21", "", dnsaccount01_steps },
	[VA_DNS_PERSIST_01] = { "dns-persist-01", "3.2.2.4.22", "", dnspersist01_steps },
};

static const struct method *
method_of(enum va_method method)
{
	size_t n = sizeof(methods) / sizeof(methods[0]);

	return &methods[(size_t)method < n ? (size_t)method : 0];
}

const char *
va_method_name(enum va_method method)
{
	return method_of(method)->name;
}

const char *
va_method_section(enum va_method method, enum ident_type type)
{
	return type == IDENT_IP ? method_of(method)->section_ip : method_of(method)->section;
}

static enum flow_next
unknown_refuse(struct flow *f)
{
	return flow_fail(f, PROBLEM_SERVER_INTERNAL, "the challenge %s cannot be validated",
			 method_of(ATTEMPT(f)->method)->name);
}

int
va_timeout_ms(const struct va *va)
{
	return va->timeout_ms;
}

bool
va_attach(struct loop *l, struct va *va, struct problem *p)
{
	struct resolver *r = resolver_open(l, va, p);
	struct dialler *d = r == NULL ? NULL : dialler_open(p);
	struct fetcher *m = d == NULL ? NULL : fetcher_open(l, p);

	if (r != NULL)
		loop_keep(l, SLOT_RESOLVER, r, resolver_close);
	if (d != NULL)
		loop_keep(l, SLOT_DIALLER, d, dialler_close);
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
	int64_t left = a->began + a->timeout_ms - clock_mono_ms();

	return left < 1 ? 1 : (int)left;
}

/* Nobody wakes the flow any more, but the lane if it is in there. */
static void
attempt_quiet(struct attempt *a)
{
	lookup_cancel(&a->lookup);
	fetch_cancel(&a->fetch);
	shake_cancel(&a->shake);
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
	dial_give(a);
	turn_give(&a->turn);
	event_free(a->deadline);
	*a->here = a->next;
	if (a->next != NULL)
		a->next->here = a->here;
	va_release(a->va);
}

struct attempt *
attempt_new(struct va *va, const struct flow *waiter, const struct flow_step *steps,
	    int timeout_ms)
{
	struct resolver *r = waiter->loop->slot[SLOT_RESOLVER];
	struct flow *f = flow_new(waiter->loop, steps, NULL);
	struct attempt *a = arena_alloc(f->arena, sizeof(*a));

	f->data = a;
	f->ended = attempt_ended;
	a->va = va_keep(va);
	a->flow = f;
	a->began = clock_mono_ms();
	record_begin(&a->record, f->arena);
	a->lookup.record = &a->record;
	a->timeout_ms = timeout_ms == 0 || timeout_ms > va->timeout_ms ? va->timeout_ms :
			timeout_ms;
	a->deadline = loop_timer(f->loop, a->timeout_ms, attempt_late, a);
	a->next = r->attempts;
	a->here = &r->attempts;
	if (a->next != NULL)
		a->next->here = &a->next;
	r->attempts = a;
	return a;
}

static const char *
copy_or_null(struct arena *a, const char *text)
{
	return text == NULL ? NULL : arena_strdup(a, text);
}

void
attempt_account(struct attempt *a, const char *url, const char *const *old)
{
	struct arena *arena = a->flow->arena;
	size_t n = 0;

	a->account_url = copy_or_null(arena, url);
	while (old != NULL && old[n] != NULL)
		n++;
	a->account_urls_old = arena_alloc(arena, (n + 1) * sizeof(a->account_urls_old[0]));
	while (n-- > 0)
		a->account_urls_old[n] = arena_strdup(arena, old[n]);
}

bool
attempt_account_is(const struct attempt *a, const char *url)
{
	const char **old = a->account_urls_old;

	if (a->account_url == NULL)
		return false;
	if (strcmp(url, a->account_url) == 0)
		return true;
	while (*old != NULL && strcmp(url, *old) != 0)
		old++;
	return *old != NULL;
}

void
va_validate(struct validation *v)
{
	struct attempt *a = attempt_new(v->va, v->waiter, method_of(v->method)->steps,
					v->timeout_ms);
	struct arena *arena = a->flow->arena;
	uint64_t number = log_flow;

	a->v = v;
	a->method = v->method;
	a->ident = v->ident;
	a->ident.value = a->ident.shown = arena_strdup(arena, v->ident.value);
	a->wildcard = v->wildcard;
	attempt_account(a, v->account_url, v->account_urls_old);
	a->token = copy_or_null(arena, v->token);
	a->key_auth = copy_or_null(arena, v->key_auth);
	v->problem = (struct problem){ 0 };
	v->record = NULL;
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
	v->record = record_print(a, v->waiter->arena);
	v->flow = NULL;
	flow_wake(v->waiter, v->ticket);
	return FLOW_NEXT;
}

void
attempt_cancel(struct attempt *a)
{
	struct flow *f = a->flow;

	a->v = NULL;
	a->caa = NULL;
	problem(&f->problem, PROBLEM_SERVER_INTERNAL, "given up");
	attempt_quiet(a);
	if (a->ticket != f->ticket)
		return;		/* in the lane: it ends when it comes out */
	while (f->at->run != NULL)
		f->at++;
	flow_pass(f);
}

bool
va_hopes(const struct validation *v)
{
	return v->flow != NULL && dial_hopes(ATTEMPT(v->flow));
}

void
va_cancel(struct validation *v)
{
	struct flow *f = v->flow;

	if (f == NULL)
		return;
	v->flow = NULL;
	problem(&v->problem, PROBLEM_SERVER_INTERNAL, "the validation was given up");
	attempt_cancel(ATTEMPT(f));
}

void
va_drop(struct loop *l)
{
	struct resolver *r = l->slot[SLOT_RESOLVER];

	for (struct attempt *a = r == NULL ? NULL : r->attempts; a != NULL; a = a->next)
		dial_leave(a);
	for (struct attempt *a = r == NULL ? NULL : r->attempts, *next; a != NULL; a = next) {
		next = a->next;
		if (a->v != NULL)
			va_cancel(a->v);
		else if (a->caa != NULL)
			va_caa_cancel(a->caa);
	}
	if (r != NULL)
		posting_drop(r);
}

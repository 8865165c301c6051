/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - job: prove or disprove control of one identifier (RFC 8555 section 8). */
#include <string.h>

#include "acme/count.h"
#include "acme/jobs.h"
#include "acme/limits.h"
#include "acme/local.h"
#include "acme/status.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"

struct validate {
	struct validate		*next, **here;	/* among those that run on this loop */
	const struct authz	*authz;
	struct validation	 question;
	bool			 asked, dropped;
	bool			 decided, order_failed, paused;	/* by the edit */
	int64_t			 began_us;
};

static void
enter(struct acme_local *l, struct validate *job)
{
	job->next = l->validations;
	job->here = &l->validations;
	if (job->next != NULL)
		job->next->here = &job->next;
	l->validations = job;
}

static void
leave(struct validate *job)
{
	*job->here = job->next;
	if (job->next != NULL)
		job->next->here = job->here;
}

void
validate_drop(struct acme_local *l)
{
	for (struct validate *job = l->validations; job != NULL; job = job->next) {
		va_cancel(&job->question);
		job->dropped = true;
		flow_wake(job->question.waiter, job->question.ticket);
	}
}

/* The authorization of the job, if it still waits for this validation. */
static const struct authz *
validate_due(const struct view *v, struct arena *a, const struct job *job)
{
	const struct authz *authz = store_authz_get(v, a, &job->id);

	if (authz == NULL || job->arg >= authz->nchallenge || authz->state != AUTHZ_PENDING ||
	    authz->challenges[job->arg].state != CHALLENGE_PROCESSING)
		return NULL;
	return authz;
}

static enum flow_next
validate_ask(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing = arena_alloc(f->arena, sizeof(*job));
	struct view *v = view_open(w->store);
	const struct challenge *c;

	job->authz = validate_due(v, f->arena, &w->job);
	view_close(v);
	job->dropped = acme_local(f->loop)->stopping;
	if (job->authz == NULL || job->dropped)
		return FLOW_NEXT;
	c = &job->authz->challenges[w->job.arg];
	job->question = (struct validation){
		.va = w->config->va,
		.method = (enum va_method)c->method,
		.ident = job->authz->ident,
		.token = c->token,
		.key_auth = arena_printf(f->arena, "%s.%s", c->token,
					 b64_print(f->arena, job->authz->thumbprint, 32)),
		.waiter = f,
	};
	job->question.ident.wildcard = false;	/* its base name */
	job->question.ticket = flow_arm(f);
	job->asked = true;
	job->began_us = clock_mono_us();
	enter(acme_local(f->loop), job);
	va_validate(&job->question);
	return FLOW_WAIT;
}

static enum flow_next
validate_heard(struct flow *f)
{
	struct validate *job = WORK(f)->doing;

	if (job->asked) {
		leave(job);
		metric_observe(&count_validation_seconds,
			       count_method((enum method)job->question.method), 0,
			       clock_mono_us() - job->began_us);
	}
	return FLOW_NEXT;
}

/* The order that an authorization was made for fails with it; others that share it are
 * judged when somebody looks. */
static bool
order_fails(struct flow *f, const struct id *id, bool our_fault)
{
	const struct order *there = store_order_get(edit_view(f->txn), f->arena, id);
	struct order next;

	if (there == NULL || there->state != ORDER_PENDING)
		return false;
	next = *there;
	next.state = ORDER_INVALID;
	store_order_put(f->txn, &next);
	if (our_fault)
		limits_order_refund(WORK(f)->config, f->txn, f->arena, &next);
	edit_changed(f->txn, id);
	return true;
}

/* What follows from the verdict. */
static void
validate_follow(struct flow *f, const struct authz *authz)
{
	const struct work *w = WORK(f);
	struct validate *job = w->doing;
	bool our_fault = job->question.problem.type == PROBLEM_SERVER_INTERNAL;

	if (authz->state == AUTHZ_VALID) {
		store_authz_remember(f->txn, authz);
		limits_proved(f->txn, f->arena, &authz->account, ident_base(&authz->ident));
		return;
	}
	job->order_failed = order_fails(f, &authz->order, our_fault);
	job->paused = !our_fault && limits_failed(w->config, f->txn, f->arena, authz);
}

/* The verdict in the records; the account may have gone meanwhile (V-31). */
static enum flow_next
validate_record(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing;
	const struct view *v = edit_view(f->txn);
	const struct authz *there = validate_due(v, f->arena, &w->job);
	const struct account *account;
	struct challenge *c;
	struct authz next;

	job->decided = job->order_failed = job->paused = false;
	if (job->dropped)	/* the server stops; the next one does it */
		return FLOW_NEXT;
	edit_job_done(f->txn, &w->job);
	if (there == NULL || !job->asked)
		return FLOW_NEXT;
	account = store_account_get(v, f->arena, &there->account);
	if (account == NULL || account->state != ACCOUNT_VALID)
		problem(&job->question.problem, PROBLEM_UNAUTHORIZED,
			"the account was deactivated meanwhile");
	next = *there;
	c = &next.challenges[w->job.arg];
	if (job->question.problem.type == PROBLEM_NONE) {
		next.state = AUTHZ_VALID;
		next.expires = clock_now() + w->config->authz_life;
		c->state = CHALLENGE_VALID;
		c->validated = clock_now();
	} else {
		next.state = AUTHZ_INVALID;
		c->state = CHALLENGE_INVALID;
		c->error = problem_print(&job->question.problem, f->arena);
	}
	store_authz_put(f->txn, &next);
	validate_follow(f, &next);
	job->decided = true;
	edit_changed(f->txn, &next.id);
	return FLOW_NEXT;
}

static enum flow_next
validate_end(struct flow *f)
{
	const struct work *w = WORK(f);
	const struct validate *job = w->doing;
	const struct problem *p = &job->question.problem;

	if (!job->decided)
		return FLOW_NEXT;
	metric_add(&count_challenges, count_method((enum method)job->question.method),
		   count_challenge(p->type), 1);
	if (job->order_failed)
		metric_add(&count_orders, COUNT_ORDER_INVALID, count_problem(p->type), 1);
	count_authz_decided((enum method)job->question.method, p->type);
	log_event(LOG_INFO, "authorization decided", "s:s, s:s, s:s, s:s, s:s*, s:s*, s:s, s:I",
		  "authz", id_print(f->arena, &job->authz->id),
		  "account", id_print(f->arena, &job->authz->account),
		  "identifier", job->authz->ident.value,
		  "status", p->type == PROBLEM_NONE ? "valid" : "invalid",
		  "problem", p->type == PROBLEM_NONE ? NULL : problem_name(p->type),
		  "detail", p->type == PROBLEM_NONE ? NULL : p->detail,
		  "address", job->question.address, "ms", (json_int_t)job->question.took_ms);
	if (job->paused)
		log_event(LOG_WARN, "paused", "s:s, s:s, s:s", "account",
			  id_print(f->arena, &job->authz->account), "name",
			  ident_base(&job->authz->ident), "by", "failures");
	return FLOW_NEXT;
}

const struct flow_step validate_steps[] = {
	{ ON_LOOP,   STEP(validate_ask) },	/* va/ asks; waits for its verdict      */
	{ ON_LOOP,   STEP(validate_heard) },
	{ ON_WRITER, STEP(validate_record) },	/* authorization valid or invalid       */
	{ ON_LOOP,   STEP(validate_end) },
	{ 0 }
};

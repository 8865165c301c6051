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
	struct asking		 asking;	/* first */
	const struct authz	*authz;		/* NULL: nobody waits for it any more */
	struct validation	 question;
	struct va_caa		 caa;		/* asked when control is proved */
	struct problem		 problem;	/* of this attempt, or none */
	unsigned		 attempt;	/* 1, 2, ... */
	int64_t			 began_ms;	/* monotonic, of the first one */
	struct event		*pause;		/* until the next one */
	bool			 dropped;	/* the server stops; the next one does it */
	bool			 decided, again, order_failed;	/* by the edit */
};

#define PAUSE_MS 1000		/* before the second attempt; before each other thrice the last */

static void
validate_give_up(struct asking *asking)
{
	struct validate *job = (struct validate *)asking;

	va_cancel(&job->question);
	va_caa_cancel(&job->caa);
	job->dropped = true;
}

/* Waits for what comes with that ticket. */
static enum flow_next
validate_wait(struct flow *f, unsigned ticket)
{
	struct validate *job = WORK(f)->doing;

	job->asking.ticket = ticket;
	asking_enter(acme_local(f->loop), &job->asking);
	return FLOW_WAIT;
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

static struct validate *
validate_new(struct flow *f)
{
	struct validate *job = WORK(f)->doing = arena_alloc(f->arena, sizeof(*job));

	job->asking.flow = f;
	job->asking.give_up = validate_give_up;
	job->began_ms = clock_mono_ms();
	return job;
}

/* What is left of the time for all attempts. */
static int
validate_left_ms(const struct work *w, const struct validate *job)
{
	int64_t left = job->began_ms + va_timeout_ms(w->config->va) - clock_mono_ms();

	return left < 1 ? 1 : (int)left;
}

static enum flow_next
validate_ask(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing == NULL ? validate_new(f) : w->doing;
	struct view *v = view_open(w->store);
	const struct challenge *c;

	job->authz = validate_due(v, f->arena, &w->job);
	view_close(v);
	job->dropped = acme_local(f->loop)->stopping;
	if (job->authz == NULL || job->dropped)
		return FLOW_NEXT;
	c = &job->authz->challenges[w->job.arg];
	job->attempt++;
	job->question = (struct validation){
		.va = w->config->va,
		.method = (enum va_method)c->method,
		.ident = job->authz->ident,
		.wildcard = job->authz->ident.wildcard,
		.account_url = jobs_account_url(w->config, f->arena, job->authz->scope.directory,
						&job->authz->account),
		.token = c->token,
		.key_auth = arena_printf(f->arena, "%s.%s", c->token,
					 b64_print(f->arena, job->authz->thumbprint, 32)),
		.timeout_ms = validate_left_ms(w, job),
		.waiter = f,
	};
	job->question.ident.wildcard = false;	/* its base name */
	job->question.ticket = flow_arm(f);
	va_validate(&job->question);
	return validate_wait(f, job->question.ticket);
}

/* As it was ordered: the base name of a wildcard stands behind "*.". */
static struct ident
validate_ident(const struct authz *authz, struct arena *a)
{
	struct ident ident = authz->ident;

	if (ident.wildcard)
		ident.value = ident.shown = arena_printf(a, "*.%s", ident.value);
	return ident;
}

/* Control is proved; may we issue for it (RFC 8659)? */
static enum flow_next
validate_caa(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing;

	asking_leave(&job->asking);
	if (job->authz == NULL || job->dropped)
		return FLOW_NEXT;
	metric_observe(&count_validation_seconds,
		       count_method((enum method)job->question.method), 0,
		       job->question.took_ms * 1000);
	job->problem = job->question.problem;
	job->caa = (struct va_caa){ .flow = NULL };
	if (job->problem.type != PROBLEM_NONE)
		return FLOW_NEXT;
	job->caa = (struct va_caa){
		.va = w->config->va,
		.ident = validate_ident(job->authz, f->arena),
		.method = job->question.method,
		.account_url = job->question.account_url,
		.waiter = f,
		.ticket = flow_arm(f),
	};
	va_caa_check(&job->caa);
	return validate_wait(f, job->caa.ticket);
}

/* Trouble that may pass (RFC 8555 section 8.2). */
static bool
validate_may_pass(const struct work *w, const struct validate *job)
{
	enum problem_type type = job->problem.type;

	return (type == PROBLEM_CONNECTION || type == PROBLEM_DNS) &&
	       job->attempt < w->config->attempts && validate_left_ms(w, job) > 2 * PAUSE_MS;
}

static enum flow_next
validate_heard(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing;

	asking_leave(&job->asking);
	if (job->authz == NULL || job->dropped)
		return FLOW_NEXT;
	if (job->caa.waiter != NULL)
		job->problem = job->caa.problem;
	job->again = validate_may_pass(w, job);
	return FLOW_NEXT;
}

/* The order that an authorization was made for fails with it; others that share it are
 * judged when somebody looks. */
static bool
order_fails(struct edit *e, struct arena *a, const struct id *id)
{
	const struct order *there = store_order_get(edit_view(e), a, id);
	struct order next;

	if (there == NULL || there->state != ORDER_PENDING)
		return false;
	next = *there;
	next.state = ORDER_INVALID;
	store_order_put(e, &next);
	edit_changed(e, id);
	return true;
}

static void
evidence_add(struct edit *e, struct arena *a, const struct validate *job)
{
	if (job->question.record == NULL)
		return;
	store_evidence_add(e, &job->authz->id, clock_now_ms(), job->caa.record == NULL ?
			   arena_printf(a, "{\"validation\":%s}", job->question.record) :
			   arena_printf(a, "{\"validation\":%s,\"caa\":%s}", job->question.record,
					job->caa.record));
}

static void
verdict_good(struct edit *e, const struct work *w, struct authz *authz)
{
	struct challenge *c = &authz->challenges[w->job.arg];

	authz->state = AUTHZ_VALID;
	authz->expires = clock_now() + w->config->authz_life;
	c->state = CHALLENGE_VALID;
	c->validated = clock_now();
	c->error = NULL;
	store_authz_put(e, authz);
	store_authz_remember(e, authz);
	limits_proved(e, authz);
}

static void
verdict_bad(struct edit *e, const struct work *w, struct authz *authz, struct arena *a)
{
	struct validate *job = w->doing;

	authz->state = AUTHZ_INVALID;
	authz->challenges[w->job.arg].state = CHALLENGE_INVALID;
	store_authz_put(e, authz);
	if (job->problem.type != PROBLEM_SERVER_INTERNAL &&
	    job->problem.type != PROBLEM_RATE_LIMITED)	/* our own trouble, not the client's */
		limits_failed(w->config, e, authz);
	job->order_failed = order_fails(e, a, &authz->order);
}

/* The verdict in the records, or what is wrong so far; the account may have gone meanwhile, or
 * the time (V-31). */
static enum flow_next
validate_record(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing;
	const struct view *v = edit_view(f->txn);
	const struct authz *there = validate_due(v, f->arena, &w->job);
	const struct account *account;
	struct authz next;

	job->decided = job->order_failed = false;
	if (job->dropped)
		return FLOW_NEXT;
	if (there == NULL || job->authz == NULL) {
		job->again = false;
		edit_job_done(f->txn, &w->job);
		return FLOW_NEXT;
	}
	account = store_account_get(v, f->arena, &there->account);
	if (account == NULL || account->state != ACCOUNT_VALID) {
		problem(&job->problem, PROBLEM_UNAUTHORIZED,
			"the account was deactivated meanwhile");
		job->again = false;
	}
	next = *there;
	if (job->problem.type != PROBLEM_NONE)
		next.challenges[w->job.arg].error = problem_print(&job->problem, f->arena);
	evidence_add(f->txn, f->arena, job);
	edit_changed(f->txn, &next.id);
	if (job->again) {
		store_authz_put(f->txn, &next);
		return FLOW_NEXT;
	}
	if (job->problem.type == PROBLEM_NONE)
		verdict_good(f->txn, w, &next);
	else
		verdict_bad(f->txn, w, &next, f->arena);
	edit_job_done(f->txn, &w->job);
	job->decided = true;
	return FLOW_NEXT;
}

static void
validate_tell(const struct flow *f)
{
	const struct validate *job = WORK(f)->doing;
	const struct problem *p = &job->problem;
	bool good = p->type == PROBLEM_NONE;

	metric_add(&count_challenges, count_method((enum method)job->question.method),
		   count_challenge(p->type), 1);
	if (job->order_failed)
		metric_add(&count_orders, COUNT_ORDER_INVALID, count_problem(p->type), 1);
	count_authz_decided((enum method)job->question.method, p->type);
	log_event(LOG_INFO, "authorization decided",
		  "s:s, s:s, s:s, s:s, s:s*, s:s*, s:s, s:I, s:i",
		  "authz", id_print(f->arena, &job->authz->id),
		  "account", id_print(f->arena, &job->authz->account),
		  "identifier", job->authz->ident.value, "status", good ? "valid" : "invalid",
		  "problem", good ? NULL : problem_name(p->type),
		  "detail", good ? NULL : p->detail, "address", job->question.address,
		  "ms", (json_int_t)(clock_mono_ms() - job->began_ms),
		  "attempts", (int)job->attempt);
}

static void
validate_paused(evutil_socket_t fd, short what, void *arg)
{
	struct validate *job = arg;

	(void)fd, (void)what;
	flow_wake(job->asking.flow, job->asking.ticket);
}

static enum flow_next
validate_end(struct flow *f)
{
	struct validate *job = WORK(f)->doing;
	int64_t pause = PAUSE_MS;

	if (job->decided)
		validate_tell(f);
	if (!job->again || job->dropped || acme_local(f->loop)->stopping)
		return FLOW_NEXT;
	for (unsigned i = 1; i < job->attempt; i++)
		pause *= 3;
	job->pause = loop_timer(f->loop, pause, validate_paused, job);
	return validate_wait(f, flow_arm(f));
}

/* The job stands until its verdict: if the server stops here, the next one has it. */
static enum flow_next
validate_again(struct flow *f)
{
	struct validate *job = WORK(f)->doing;
	bool again = job->pause != NULL && !job->dropped;

	asking_leave(&job->asking);
	if (job->pause != NULL)
		event_free(job->pause);
	job->pause = NULL;
	return again ? FLOW_AGAIN : FLOW_NEXT;
}

const struct flow_step validate_steps[] = {
	{ ON_LOOP,   STEP(validate_ask) },	/* va/ asks; waits for its verdict      */
	{ ON_LOOP,   STEP(validate_caa) },	/* control is proved: waits for CAA     */
	{ ON_LOOP,   STEP(validate_heard) },	/* is it over, or may trouble pass?     */
	{ ON_WRITER, STEP(validate_record) },	/* authorization valid or invalid       */
	{ ON_LOOP,   STEP(validate_end) },	/* told; or a pause, and once more      */
	{ ON_LOOP,   STEP(validate_again) },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - job: prove or disprove control of one identifier (RFC 8555 section 8).
 *
 * Its time begins when it has a place among those of its account, and is for all attempts and
 * their CAA checks together.  For CAA, which asks DNS much, who was slow needs a place anew;
 * waiting for it costs no time. */
#include <stdlib.h>
#include <string.h>

#include "acme/count.h"
#include "acme/jobs.h"
#include "acme/local.h"
#include "acme/seat.h"
#include "acme/status.h"
#include "acme/verdict.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"

struct validate {
	struct asking		 asking;	/* first */
	struct seat		 seat;
	int64_t			 since_ms;	/* it waits for one to check CAA; 0: not */
	const struct authz	*authz;		/* NULL: nobody waits for it any more */
	struct validation	 question;
	struct va_caa		 caa;		/* asked when control is proved */
	struct problem		 problem;	/* of this attempt, or none */
	unsigned		 attempt;	/* 1, 2, ... */
	int64_t			 began_ms;	/* monotonic, of the first one */
	struct event		*pause;		/* until the next one */
	bool			 dropped;	/* the server stops; the next one does it */
	bool			 decided, again, order_failed, paused;	/* by the edit */
};

/* Before the second attempt, and before each other one: libunbound keeps a failure for five
 * seconds. */
#define PAUSE_MS   1000
#define PAUSES_MS  6000
#define ATTEMPT_MS 500		/* what must be left for one more */

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

/* Is it still good for anything (V-31)?  False with unauthorized. */
static bool
validate_wanted(const struct work *w, const struct view *v, struct arena *a,
		const struct authz *authz, struct problem *p)
{
	const struct account *account = store_account_get(v, a, &authz->account);

	if (account == NULL || account->state != ACCOUNT_VALID)
		return problem(p, PROBLEM_UNAUTHORIZED, "the account was deactivated meanwhile");
	if (acme_directory_of(w->config, authz->scope.directory) == NULL)
		return problem(p, PROBLEM_UNAUTHORIZED, "this CA has the account's directory no "
			       "more");
	return status_authz(authz, clock_now()) == AUTHZ_PENDING ||
	       problem(p, PROBLEM_UNAUTHORIZED, "the authorization expired meanwhile: make a new "
		       "order");
}

static void
validate_free(void *arg)
{
	struct validate *job = arg;

	seat_leave(&job->seat);
}

static struct validate *
validate_new(struct flow *f)
{
	struct validate *job = WORK(f)->doing = arena_alloc(f->arena, sizeof(*job));

	job->asking.flow = f;
	job->asking.give_up = validate_give_up;
	job->seat.flow = f;
	job->seat.question = &job->question;
	return arena_own(f->arena, job, validate_free);
}

/* Looks at the authorization as it is now; false: there is nothing to do. */
static bool
validate_look(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing;
	struct view *v = view_open(w->store);

	job->question = (struct validation){ .flow = NULL };
	job->authz = validate_due(v, f->arena, &w->job);
	if (job->authz != NULL)
		validate_wanted(w, v, f->arena, job->authz, &job->question.problem);
	view_close(v);
	job->dropped = job->dropped || acme_local(f->loop)->stopping;
	return job->authz != NULL && !job->dropped &&
	       job->question.problem.type == PROBLEM_NONE;
}

static enum flow_next
validate_sit(struct flow *f)
{
	struct validate *job = WORK(f)->doing;
	unsigned ticket = flow_arm(f);

	return seat_take(&job->seat, ticket) ? FLOW_NEXT : validate_wait(f, ticket);
}

static enum flow_next
validate_line_up(struct flow *f)
{
	struct validate *job = WORK(f)->doing == NULL ? validate_new(f) : WORK(f)->doing;

	if (!validate_look(f) || seat_held(&job->seat))
		return FLOW_NEXT;
	job->seat.account = id_print(f->arena, &job->authz->account);
	return validate_sit(f);
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
	struct validate *job = w->doing;
	const struct challenge *c;

	asking_leave(&job->asking);
	if (job->attempt++ == 0)
		job->began_ms = clock_mono_ms();
	if (!validate_look(f))
		return FLOW_NEXT;
	seat_watch(&job->seat);
	c = &job->authz->challenges[w->job.arg];
	job->question = (struct validation){
		.va = w->config->va,
		.method = (enum va_method)c->method,
		.ident = job->authz->ident,
		.wildcard = job->authz->ident.wildcard,
		.account_url = jobs_account_url(w->config, f->arena, job->authz->scope.directory,
						&job->authz->account),
		.account_urls_old = jobs_account_urls_old(w->config, f->arena,
							  job->authz->scope.directory,
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

/* Control of a name is proved, so CAA is asked (RFC 8659): nobody asks that of an address. */
static bool
validate_proved(const struct validate *job)
{
	return job->authz != NULL && !job->dropped && job->problem.type == PROBLEM_NONE &&
	       job->authz->ident.type == IDENT_DNS;
}

/* va/ has its verdict. */
static enum flow_next
validate_return(struct flow *f)
{
	struct validate *job = WORK(f)->doing;

	asking_leave(&job->asking);
	seat_busy(&job->seat);
	job->caa = (struct va_caa){ .flow = NULL };
	job->problem = job->question.problem;
	if (!validate_proved(job) || !seat_slow(&job->seat))
		return FLOW_NEXT;
	job->since_ms = clock_mono_ms();
	return validate_sit(f);
}

/* May we issue for it? */
static enum flow_next
validate_caa(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing;

	asking_leave(&job->asking);
	if (job->since_ms != 0)
		job->began_ms += clock_mono_ms() - job->since_ms;
	job->since_ms = 0;
	if (!validate_proved(job))
		return FLOW_NEXT;
	job->caa = (struct va_caa){
		.va = w->config->va,
		.ident = validate_ident(job->authz, f->arena),
		.method = job->question.method,
		.account_url = job->question.account_url,
		.account_urls_old = job->question.account_urls_old,
		.timeout_ms = validate_left_ms(w, job),
		.waiter = f,
		.ticket = flow_arm(f),
	};
	va_caa_check(&job->caa);
	return validate_wait(f, job->caa.ticket);
}

static int64_t
validate_pause_ms(const struct validate *job)
{
	return job->attempt == 1 ? PAUSE_MS : PAUSES_MS;
}

/* Trouble that may pass (RFC 8555 section 8.2), and time for one more attempt? */
static bool
validate_may_pass(const struct work *w, const struct validate *job)
{
	enum problem_type type = job->problem.type;

	return (type == PROBLEM_CONNECTION || type == PROBLEM_DNS) &&
	       job->attempt < w->config->attempts &&
	       validate_left_ms(w, job) > validate_pause_ms(job) + ATTEMPT_MS;
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

/* What is kept of this attempt; NULL: nothing was asked. */
static const char *
validate_evidence(struct arena *a, const struct validate *job)
{
	const char *text = job->question.record, *caa = job->caa.record;

	if (text == NULL)
		return NULL;
	return caa == NULL ? arena_printf(a, "{\"validation\":%s}", text) :
	       arena_printf(a, "{\"validation\":%s,\"caa\":%s}", text, caa);
}

/* The verdict in the records, or what is wrong so far. */
static enum flow_next
validate_record(struct flow *f)
{
	struct work *w = WORK(f);
	struct validate *job = w->doing;
	const struct view *v = edit_view(f->txn);
	const struct authz *there = validate_due(v, f->arena, &w->job);

	job->decided = job->order_failed = job->paused = false;
	if (job->dropped)
		return FLOW_NEXT;
	if (there == NULL || job->authz == NULL) {
		job->again = false;
		edit_job_done(f->txn, &w->job);
		return FLOW_NEXT;
	}
	if (!validate_wanted(w, v, f->arena, there, &job->problem))
		job->again = false;
	job->order_failed = verdict_put(f->txn, there, &(struct verdict){
		.config = w->config, .number = w->job.arg, .problem = &job->problem,
		.evidence = validate_evidence(f->arena, job), .final = !job->again }, &job->paused);
	job->decided = !job->again;
	if (job->decided)
		edit_job_done(f->txn, &w->job);
	return FLOW_NEXT;
}

static void
validate_tell(const struct flow *f)
{
	const struct work *w = WORK(f);
	const struct validate *job = w->doing;
	const struct problem *p = &job->problem;
	enum method method = job->authz->challenges[w->job.arg].method;
	int64_t took_ms = clock_mono_ms() - job->began_ms;
	bool good = p->type == PROBLEM_NONE;

	metric_observe(&count_validation_seconds, count_method(method), 0, took_ms * 1000);
	metric_add(&count_challenges, count_method(method), count_challenge(p->type), 1);
	if (job->order_failed)
		metric_add(&count_orders, COUNT_ORDER_INVALID, count_problem(p->type), 1);
	count_authz_decided(method, p->type);
	log_event(LOG_INFO, "authorization decided",
		  "s:s, s:s, s:s, s:s, s:s*, s:s*, s:s, s:I, s:i",
		  "authz", id_print(f->arena, &job->authz->id),
		  "account", id_print(f->arena, &job->authz->account),
		  "identifier", job->authz->ident.value, "status", good ? "valid" : "invalid",
		  "problem", good ? NULL : problem_name(p->type),
		  "detail", good ? NULL : p->detail, "address", job->question.address,
		  "ms", (json_int_t)took_ms, "attempts", (int)job->attempt);
	if (job->paused)
		log_event(LOG_WARN, "paused", "s:s, s:s, s:s", "account",
			  id_print(f->arena, &job->authz->account), "name",
			  ident_base(&job->authz->ident), "by", "failures");
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

	if (job->decided)
		validate_tell(f);
	if (!job->again || job->dropped || acme_local(f->loop)->stopping)
		return FLOW_NEXT;
	seat_watch(&job->seat);
	job->pause = loop_timer(f->loop, validate_pause_ms(job), validate_paused, job);
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
	{ ON_LOOP,   STEP(validate_line_up) },	/* waits for a seat of its account      */
	{ ON_LOOP,   STEP(validate_ask) },	/* va/ asks; waits for its verdict      */
	{ ON_LOOP,   STEP(validate_return) },	/* proved slowly: waits for one anew    */
	{ ON_LOOP,   STEP(validate_caa) },	/* control is proved: waits for CAA     */
	{ ON_LOOP,   STEP(validate_heard) },	/* is it over, or may trouble pass?     */
	{ ON_WRITER, STEP(validate_record) },	/* authorization valid or invalid       */
	{ ON_LOOP,   STEP(validate_end) },	/* told; or a pause, and once more      */
	{ ON_LOOP,   STEP(validate_again) },
	{ 0 }
};

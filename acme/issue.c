/* SPDX-License-Identifier: Apache-2.0 */
/* issue.c - job: sign the certificate of one order.  Ends in a verdict, always. */
#include "acme/issue.h"

#include <openssl/sha.h>
#include <string.h>

#include "acme/count.h"
#include "acme/dated.h"
#include "acme/jobs.h"
#include "acme/limits.h"
#include "acme/policy.h"
#include "acme/profile.h"
#include "acme/renewal.h"
#include "acme/status.h"
#include "base/clock.h"
#include "base/log.h"

struct issue {
	const struct order		*order;
	struct issue_means		 means;
	struct leaf			 leaf;
	struct blob			 der;
	struct problem			 problem;	/* of the verdict */
	enum renewal_of			 renews;	/* of what was issued */
};

bool
issue_clock_check(const struct view *v, int64_t now, struct problem *p)
{
	if (acme_clock_behind(v, now) == 0)
		return true;
	problem_status(p, PROBLEM_SERVER_INTERNAL, 503, "the server's clock is behind the time "
		       "that it has seen already: nothing is issued until its operator has seen to "
		       "it");
	p->retry_after = 60;
	return false;
}

void
issue_intend(struct edit *e, struct order *order, int64_t now, int64_t until)
{
	struct cert cert = {
		.account = order->account,
		.order = order->id,
		.scope = order->scope,
		.state = CERT_INTENDED,
		.created = now,
		.not_after = until,
	};

	order->serial = cert.serial = serial_new(now);
	SHA256(order->spki.data, order->spki.len, cert.spki_hash);
	store_cert_add(e, &cert);
	store_order_put(e, order);
	edit_changed(e, &order->id);
}

bool
issue_means(const struct acme_config *c, const struct scope *scope, struct issue_means *means,
	    struct problem *p)
{
	const struct directory *d = acme_directory_of(c, scope->directory);
	enum problem_type type = PROBLEM_UNAUTHORIZED;
	const char *lost = NULL;

	means->profile = jobs_profile(c, scope->profile);
	means->issuer = jobs_issuer(c, scope->issuer);
	if (d == NULL) {
		lost = "directory";
	} else if (!profile_offered(d, means->profile)) {
		lost = "profile";
		type = PROBLEM_INVALID_PROFILE;
	} else if (means->issuer == NULL) {
		lost = "issuer";
	}
	return lost == NULL ||
	       problem(p, type, "the %s of this order is no longer offered: make a new order",
		       lost);
}

bool
issue_validity(const struct issue_means *means, const struct order *order, struct leaf *leaf,
	       struct problem *p)
{
	const struct issuer *issuer = means->issuer->issuer;
	int64_t asked_from = order == NULL ? 0 : order->not_before;
	int64_t asked_until = order == NULL ? 0 : order->not_after;
	int64_t latest, life;

	leaf->not_before = asked_from != 0 ? asked_from : means->now - means->profile->backdate;
	if (leaf->not_before < issuer_not_before(issuer))
		leaf->not_before = issuer_not_before(issuer);
	life = acme_profile_life(means->profile, means->now, leaf->not_before);
	latest = leaf->not_before + life - 1;
	if (latest > issuer_not_after(issuer))
		latest = issuer_not_after(issuer);
	leaf->not_after = asked_until != 0 ? asked_until : latest;
	return leaf->not_after <= latest ||
	       problem(p, PROBLEM_MALFORMED, "\"notAfter\" of the order is later than profile "
		       "%.60s now allows, %ld days from notBefore within the issuer's own life: "
		       "make a new order", means->profile->name, (long)(life / 86400));
}

static void
too_old(const struct authz *authz, int64_t now, struct problem *p)
{
	enum method method = METHOD_HTTP_01;
	int64_t days = (now - dated_proof(authz, &method)) / 86400;

	problem(p, PROBLEM_UNAUTHORIZED, "control was proved %d days ago by %s; that counts for "
		"%d days now", (int)days, method_name(method),
		(int)(dated_reuse(method, now) / 86400));
	p->ident = &authz->ident;
}

bool
issue_proofs(const struct issue_means *means, const struct order *order, const struct view *v,
	     struct arena *a, struct problem *p)
{
	const struct authz **authz;
	struct problem *sub;
	size_t n = 0;

	if (means->profile->lifetime != LIFETIME_CABF)
		return true;
	authz = status_order_authz(order, v, a);
	sub = arena_alloc(a, order->nauthz * sizeof(*sub));
	for (size_t i = 0; i < order->nauthz; i++)
		if (authz[i] != NULL && !profile_fresh(means->profile, authz[i], means->now))
			too_old(authz[i], means->now, &sub[n++]);
	if (n == 0)
		return true;
	problem(p, PROBLEM_UNAUTHORIZED, "proofs of control are too old for a certificate of "
		"profile %.60s: make a new order", means->profile->name);
	p->sub = sub;
	p->nsub = n;
	return false;
}

static const struct order *
issue_due(const struct view *v, struct arena *a, const struct job *job)
{
	const struct order *order = store_order_get(v, a, &job->id);

	return order != NULL && order->state == ORDER_PROCESSING ? order : NULL;
}

/* An order found processing at start: what was intended may have been signed, so its
 * serial is never used again. */
static enum flow_next
issue_renumber(struct flow *f)
{
	struct work *w = WORK(f);
	const struct order *order = issue_due(edit_view(f->txn), f->arena, &w->job);
	int64_t now = clock_now(), until = now;
	const struct cert *cert;
	struct cert lost;
	struct order next;

	if (order == NULL)
		return FLOW_NEXT;
	cert = store_cert_get(edit_view(f->txn), f->arena, &order->serial);
	if (cert != NULL) {
		lost = *cert;
		lost.state = CERT_ABANDONED;
		until = lost.not_after;
		store_cert_put(f->txn, &lost);
	}
	next = *order;
	issue_intend(f->txn, &next, now, until);
	return FLOW_NEXT;
}

/* Is what the account may do still so? */
static bool
issue_allowed(const struct account *account, const struct view *v, struct arena *a, int64_t now,
	      struct problem *p)
{
	if (account == NULL || account->state != ACCOUNT_VALID)
		return problem(p, PROBLEM_UNAUTHORIZED, "the account was deactivated meanwhile");
	return id_none(&account->scope.binding) ||
	       policy_binding(store_binding_get(v, a, &account->scope.binding), now, p);
}

static bool
issue_prepare(const struct work *w, struct issue *job, const struct view *v, struct arena *a)
{
	const struct account *account = store_account_get(v, a, &job->order->account);
	int64_t now = clock_now();

	if (!issue_clock_check(v, now, &job->problem) ||
	    !issue_means(w->config, &job->order->scope, &job->means, &job->problem))
		return false;
	if (!issue_allowed(account, v, a, now, &job->problem))
		return false;
	job->leaf = (struct leaf){
		.serial = job->order->serial,
		.idents = job->order->idents,
		.nident = job->order->nident,
		.spki = job->order->spki,
		.crl_url = job->means.profile->crl ? job->means.issuer->crl_url : NULL,
		.issuer_url = job->means.issuer->issuer_url,
		.client_auth = job->means.profile->client_auth,
		.common_name = job->means.profile->common_name,
	};
	job->means.now = now;
	if (!issue_validity(&job->means, job->order, &job->leaf, &job->problem) ||
	    !issue_proofs(&job->means, job->order, v, a, &job->problem))
		return false;
	if (job->leaf.not_after <= now)
		return problem(&job->problem, PROBLEM_SERVER_INTERNAL,
			       "the issuer's certificate has expired");
	return true;
}

static enum flow_next
issue_begin(struct flow *f)
{
	struct work *w = WORK(f);
	struct issue *job = w->doing = arena_alloc(f->arena, sizeof(*job));
	struct view *v = view_open(w->store);

	job->order = issue_due(v, f->arena, &w->job);
	if (job->order != NULL)
		issue_prepare(w, job, v, f->arena);
	view_close(v);
	return FLOW_NEXT;
}

static enum flow_next
issue_sign(struct flow *f)
{
	struct issue *job = WORK(f)->doing;
	int64_t began = clock_mono_us();

	if (job->order == NULL || job->problem.type != PROBLEM_NONE)
		return FLOW_NEXT;
	issuer_sign_leaf(job->means.issuer->issuer, &job->leaf, f->arena, &job->der, &job->problem);
	metric_observe(&count_signing_seconds, SIGNING_CERTIFICATE, 0,
		       clock_mono_us() - began);
	return FLOW_NEXT;
}

/* The operator reads why; the client is told what concerns it. */
static const char *
issue_error(const struct issue *job, struct arena *a)
{
	struct problem told = job->problem;

	if (told.type == PROBLEM_SERVER_INTERNAL)
		problem(&told, PROBLEM_SERVER_INTERNAL, "issuance failed; the operator finds "
			"the reason in the log under order %s", id_print(a, &job->order->id));
	return problem_print(&told, a);
}

/* What the certificate means for those before and after it. */
static enum renewal_of
issue_follow(struct flow *f, const struct order *order, const struct cert *cert)
{
	const struct acme_config *c = WORK(f)->config;
	struct serial before = limits_cert_issued(c, f->txn, f->arena, order, cert);

	return renewal_issued(f, c, order, cert, &before);
}

static enum flow_next
issue_record(struct flow *f)
{
	struct work *w = WORK(f);
	struct issue *job = w->doing;
	const struct view *v = edit_view(f->txn);
	const struct order *order = issue_due(v, f->arena, &w->job);
	bool issued = job->problem.type == PROBLEM_NONE;
	const struct cert *there;
	struct order next;
	struct cert cert;

	edit_job_done(f->txn, &w->job);
	if (order == NULL || job->order == NULL)
		return FLOW_NEXT;
	there = store_cert_get(v, f->arena, &order->serial);
	cert = *there;
	cert.state = issued ? CERT_ISSUED : CERT_ABANDONED;
	if (issued) {
		cert.not_before = job->leaf.not_before;
		cert.not_after = job->leaf.not_after;
		cert.der = job->der;
	}
	store_cert_put(f->txn, &cert);
	next = *order;
	next.state = issued ? ORDER_VALID : ORDER_INVALID;
	next.error = issued ? NULL : issue_error(job, f->arena);
	store_order_put(f->txn, &next);
	if (issued)
		job->renews = issue_follow(f, &next, &cert);
	else
		limits_cert_refund(w->config, f->txn, f->arena, &next);
	if (job->problem.type == PROBLEM_SERVER_INTERNAL)
		limits_order_refund(w->config, f->txn, f->arena, &next);
	edit_changed(f->txn, &next.id);
	return FLOW_NEXT;
}

static void
count_end(const struct issue *job)
{
	enum problem_type type = job->problem.type;
	bool issued = type == PROBLEM_NONE;

	if (issued)
		metric_add(&count_renewals, job->renews, 0, 1);
	metric_add(&count_orders, issued ? COUNT_ORDER_VALID : COUNT_ORDER_INVALID,
		   count_problem(type), 1);
	metric_add(&count_certificates, issued ? COUNT_CERT_ISSUED : COUNT_CERT_ABANDONED,
		   count_problem(type), 1);
}

static enum flow_next
issue_end(struct flow *f)
{
	const struct issue *job = WORK(f)->doing;
	struct arena *a = f->arena;

	if (job->order == NULL)
		return FLOW_NEXT;
	count_end(job);
	if (job->problem.type != PROBLEM_NONE)
		log_event(LOG_ERROR, "issuance failed", "s:s, s:s, s:s, s:s", "order",
			  id_print(a, &job->order->id), "serial",
			  serial_hex(a, &job->order->serial), "problem",
			  problem_name(job->problem.type), "detail", job->problem.detail);
	else
		log_event(LOG_INFO, "certificate issued", "s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s",
			  "serial", serial_hex(a, &job->order->serial), "names",
			  ident_list(a, job->order->idents, job->order->nident), "not_after",
			  clock_print(a, job->leaf.not_after), "order",
			  id_print(a, &job->order->id), "account",
			  id_print(a, &job->order->account), "issuer", job->means.issuer->name,
			  "profile", job->means.profile->name, "not_before",
			  clock_print(a, job->leaf.not_before));
	return FLOW_NEXT;
}

#define ISSUE								\
	{ ON_LOOP,   STEP(issue_begin) },	/* the order -> what to sign     */ \
	{ ON_CRYPTO, STEP(issue_sign) },	/* the issuer signs, or says why */ \
	{ ON_WRITER, STEP(issue_record) },	/* stored, order valid/invalid   */ \
	{ ON_LOOP,   STEP(issue_end) },						\
	{ 0 }

const struct flow_step issue_steps[] = { ISSUE };

const struct flow_step issue_resumed_steps[] = {
	{ ON_WRITER, STEP(issue_renumber) },	/* a new serial, the old one is lost */
	ISSUE
};

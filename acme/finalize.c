/* SPDX-License-Identifier: Apache-2.0 */
/* finalize.c - POST /acme/finalize/:id, RFC 8555 section 7.4.  Issuing is a job:
 * issue.c. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "acme/count.h"
#include "acme/issue.h"
#include "acme/jwk.h"
#include "acme/limits.h"
#include "acme/local.h"
#include "acme/offer.h"
#include "acme/order.h"
#include "acme/policy.h"
#include "acme/profile.h"
#include "acme/recheck.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/json.h"

struct finalize {
	struct order_seen	seen;		/* first: order_settled() reads it */
	struct csr		csr;
	uint8_t			hash[32];	/* SHA-256 of the CSR */
	bool			repeated;	/* the same CSR as before: just look */
	struct recheck		recheck;	/* of CAA */
	struct issue_means	means;
	struct leaf		leaf;		/* its validity */
	struct problem		late;		/* time has overtaken the order, or none */
};

static const struct flow_step finalize_recheck_steps[];

static struct blob
csr_octets(struct request *rq, struct problem *p)
{
	const char *text, *why = "";
	struct blob der = { NULL, 0 };
	size_t len;

	if (rq->payload == NULL) {
		problem(p, PROBLEM_MALFORMED, "finalize wants {\"csr\": ...} as payload");
		return der;
	}
	if ((text = json_text(rq->payload, "csr", &len, p)) == NULL)
		return der;
	if (rq->config->quirk_padded_csr)
		while (len > 0 && text[len - 1] == '=')
			len--;
	der = b64_parse(rq->flow->arena, text, len, &why);
	if (der.data == NULL)
		problem(p, PROBLEM_BAD_CSR, strncmp(text, "-----BEGIN", 10) == 0 ?
			"\"csr\" is PEM; send the DER in base64url" : "\"csr\" %s", why);
	return der;
}

static bool
not_ready(const struct order_seen *seen, struct problem *p)
{
	return problem(p, PROBLEM_ORDER_NOT_READY, "the order is %s, not ready%s",
		       status_order_name(seen->status), seen->status == STATUS_PENDING ?
		       ": fulfil its authorizations first" : "");
}

static bool
key_of_ca(const struct request *rq, const struct csr *csr)
{
	for (size_t i = 0; i < rq->config->nissuer; i++)
		if (blob_equal(issuer_spki(rq->config->issuers[i].issuer), csr->spki))
			return true;
	return false;
}

/* Of whatever directory, also one that is configured no more. */
static bool
key_of_account(const struct request *rq, const struct view *v, const struct jwk *jwk)
{
	struct id id;

	for (uint32_t i = 1; store_name(v, rq->flow->arena, 'd', i) != NULL; i++)
		if (store_account_find(v, i, jwk->thumbprint, &id))
			return true;
	return false;
}

/* The account key never becomes a certificate's key, whoever's it is (section 11.1); nor
 * does a key that is known to others. */
static bool
key_is_free(struct request *rq, const struct csr *csr, struct problem *p)
{
	struct view *v = view_open(rq->store);
	uint8_t hash[32];
	struct jwk jwk;
	bool taken, blocked;

	jwk_of(&jwk, rq->flow->arena, &csr->key);
	SHA256(csr->spki.data, csr->spki.len, hash);
	taken = key_of_account(rq, v, &jwk);
	blocked = store_key_blocked(v, hash);
	view_close(v);
	if (key_of_ca(rq, csr))
		return problem(p, PROBLEM_BAD_CSR, "the key of the CSR is the CA's own");
	if (taken)
		return problem(p, PROBLEM_BAD_CSR, "the key of the CSR is an account key: "
			       "make a key for the certificate alone");
	return !blocked || problem(p, PROBLEM_BAD_CSR, "the key of the CSR was reported as "
				   "compromised: make a new one");
}

/* The rules may have changed since the order was made. */
static bool
still_permitted(const struct request *rq, const struct order *order, struct problem *p)
{
	for (size_t i = 0; i < order->nident; i++)
		if (!policy_ident(rq->config, rq->directory, rq->binding, &order->idents[i], p))
			return false;
	return true;
}

static bool
csr_check(struct request *rq, struct finalize *fin, struct blob der, struct problem *p)
{
	const struct order *order = fin->seen.order;
	struct ident *sorted = arena_memdup(rq->flow->arena, order->idents,
					    order->nident * sizeof(*sorted));

	qsort(sorted, order->nident, sizeof(*sorted), ident_compare);
	return issue_means(rq->config, &order->scope, &fin->means, p) &&
	       still_permitted(rq, order, p) && csr_parse(&fin->csr, rq->flow->arena, der, p) &&
	       csr_names_check(&fin->csr, sorted, order->nident, p) &&
	       profile_key(fin->means.profile, &fin->csr.key, p) && key_is_free(rq, &fin->csr, p);
}

static enum flow_next
finalize_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct finalize *fin = rq->doing = arena_alloc(f->arena, sizeof(*fin));
	struct order_seen *seen = &fin->seen;
	struct blob der;

	if (!id_parse(rq->part[0], strlen(rq->part[0]), &seen->id) || !order_read(rq, seen))
		return show_nothing(f);
	if (seen->status == STATUS_PENDING || seen->status == STATUS_INVALID) {
		not_ready(seen, &f->problem);
		return FLOW_FAIL;
	}
	der = csr_octets(rq, &f->problem);
	if (der.data == NULL)
		return FLOW_FAIL;
	SHA256(der.data, der.len, fin->hash);
	if (seen->status != STATUS_READY) {	/* docs/conformance.md, decision 5 */
		fin->repeated = memcmp(fin->hash, seen->order->csr_hash, 32) == 0;
		return fin->repeated || not_ready(seen, &f->problem) ? FLOW_NEXT : FLOW_FAIL;
	}
	if (!csr_check(rq, fin, der, &f->problem))
		return FLOW_FAIL;
	if (!recheck_due(&fin->recheck, rq, seen->order))
		return FLOW_NEXT;
	f->steps = finalize_recheck_steps;
	return FLOW_AGAIN;
}

/* What was asked for and what was proved may have been good when the order was made, and be so
 * no more (acme/dated.h). */
static bool
in_time(struct finalize *fin, const struct view *v, struct arena *a)
{
	fin->late = (struct problem){ 0 };
	return issue_validity(&fin->means, fin->seen.order, &fin->leaf, &fin->late) &&
	       issue_proofs(&fin->means, fin->seen.order, v, a, &fin->late);
}

/* It will never be good again, so this is the order's end. */
static enum flow_next
overtaken(struct flow *f, const struct finalize *fin, struct order *next)
{
	next->state = ORDER_INVALID;
	next->error = problem_print(&fin->late, f->arena);
	store_order_put(f->txn, next);
	edit_changed(f->txn, &next->id);
	return FLOW_NEXT;
}

static enum flow_next
finalize_begin(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct finalize *fin = rq->doing;
	const struct view *v = edit_view(f->txn);
	int64_t now = clock_now();
	struct order next;

	if (fin->repeated)
		return FLOW_NEXT;
	fin->seen.order = store_order_get(v, f->arena, &fin->seen.id);
	if (fin->seen.order == NULL)	/* cleaned up just now */
		return show_nothing(f);
	if (fin->recheck.problem.type != PROBLEM_NONE) {	/* forbidden: no more than that */
		recheck_record(&fin->recheck, f->txn, &fin->seen.id);
		return FLOW_NEXT;
	}
	fin->seen.status = status_order_read(fin->seen.order, v, f->arena, now);
	if (fin->seen.status != STATUS_READY) {
		/* Another finalize was faster. */
		fin->repeated = fin->seen.order->has_csr &&
				memcmp(fin->hash, fin->seen.order->csr_hash, 32) == 0;
		return fin->repeated || not_ready(&fin->seen, &f->problem) ? FLOW_NEXT :
		       FLOW_FAIL;
	}
	next = *fin->seen.order;
	fin->means.now = now;
	if (!issue_clock_check(v, now, &f->problem))
		return FLOW_FAIL;
	if (!in_time(fin, v, f->arena))
		return overtaken(f, fin, &next);
	if (!edit_room(f->txn, &f->problem) || !offer_still(rq, v, &f->problem) ||
	    !limits_cert(rq, f->txn, &next, &f->problem))
		return FLOW_FAIL;
	next.state = ORDER_PROCESSING;
	next.has_csr = true;
	memcpy(next.csr_hash, fin->hash, sizeof(next.csr_hash));
	next.spki = fin->csr.spki;
	issue_intend(f->txn, &next, now, fin->leaf.not_after);
	recheck_record(&fin->recheck, f->txn, &next.id);
	edit_job(f->txn, &(struct job){ .kind = JOB_ISSUE, .id = next.id });
	return FLOW_NEXT;
}

static enum flow_next
finalize_ask(struct flow *f)
{
	struct finalize *fin = REQUEST(f)->doing;

	return recheck_ask(&fin->recheck, f);
}

static enum flow_next
finalize_heard(struct flow *f)
{
	struct finalize *fin = REQUEST(f)->doing;

	return recheck_heard(&fin->recheck, f);
}

static enum flow_next
finalize_hold(struct flow *f)
{
	struct finalize *fin = REQUEST(f)->doing;

	if (fin->recheck.problem.type != PROBLEM_NONE) {
		f->problem = fin->recheck.problem;
		return FLOW_FAIL;
	}
	if (fin->late.type != PROBLEM_NONE) {
		metric_add(&count_orders, COUNT_ORDER_INVALID, count_problem(fin->late.type), 1);
		f->problem = fin->late;
		return FLOW_FAIL;
	}
	return wait_settled(f, &fin->seen.id, order_settled);
}

static enum flow_next
finalize_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct finalize *fin = rq->doing;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	if (!order_read(rq, &fin->seen)) {
		show_nothing(f);
		return reply_problem(f);
	}
	if (!fin->repeated)
		metric_add(&count_orders, COUNT_ORDER_PROCESSING, 0, 1);
	order_reply_json(rq, &fin->seen);
	return FLOW_NEXT;
}

const struct flow_step finalize_steps[] = {
	{ ON_LOOP,   STEP(finalize_check) },	/* order ready, CSR parses, names match */
	{ ON_WRITER, STEP(finalize_begin) },	/* ready -> processing, serial, job     */
	{ ON_LOOP,   STEP(finalize_hold) },	/* wait a moment for the certificate    */
	{ ON_LOOP,   STEP(finalize_reply) },	/* the order as it now is, or problem   */
	{ 0 }
};

/* Instead of its first step, when a CAA check is too old. */
static const struct flow_step finalize_recheck_steps[] = {
	{ ON_LOOP,   STEP(finalize_ask) },	/* some names' CAA; waits for DNS        */
	{ ON_LOOP,   STEP(finalize_heard) },	/* the next ones, until all are checked  */
	{ ON_WRITER, STEP(finalize_begin) },	/* or only what was seen is kept         */
	{ ON_LOOP,   STEP(finalize_hold) },
	{ ON_LOOP,   STEP(finalize_reply) },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/* operator.c - what the operator orders: an account or a certificate is revoked. */
#include "acme/count.h"
#include "acme/revoke.h"
#include "base/log.h"

static enum flow_next
operator_account(struct flow *f)
{
	const struct operator_order *o = f->data;
	const struct account *there = store_account_get(edit_view(f->txn), f->arena,
							&o->account);
	struct account next;

	if (there == NULL)
		return flow_fail(f, PROBLEM_MALFORMED, "no such account");
	if (there->state != ACCOUNT_VALID)
		return flow_fail(f, PROBLEM_MALFORMED, "the account is not valid any more");
	next = *there;
	next.state = ACCOUNT_REVOKED;
	store_account_put(f->txn, &next);
	return FLOW_NEXT;
}

static enum flow_next
operator_certificate(struct flow *f)
{
	const struct operator_order *o = f->data;
	const struct cert *there = store_cert_get(edit_view(f->txn), f->arena, &o->serial);

	if (!revoke_reason_ok(o->reason) && o->reason != REASON_PRIVILEGE_WITHDRAWN)
		return flow_fail(f, PROBLEM_BAD_REVOCATION_REASON,
				 "reasons are 0, 1, 3, 4, 5 and 9");
	if (there == NULL)
		return flow_fail(f, PROBLEM_MALFORMED, "no certificate has that serial");
	if (there->state == CERT_REVOKED)
		return flow_fail(f, PROBLEM_ALREADY_REVOKED, "it is revoked already");
	if (there->state == CERT_INTENDED)	/* the job that signs it would undo this */
		return flow_fail(f, PROBLEM_MALFORMED, "it is being issued just now: try again "
				 "in a moment");
	revoke_record(f->txn, there, (int)o->reason);
	return FLOW_NEXT;
}

static enum flow_next
operator_apply(struct flow *f)
{
	const struct operator_order *o = f->data;

	return id_none(&o->account) ? operator_certificate(f) : operator_account(f);
}

static enum flow_next
operator_reply(struct flow *f)
{
	const struct operator_order *o = f->data;

	if (f->problem.type == PROBLEM_NONE && id_none(&o->account)) {
		metric_add(&count_certificates, COUNT_CERT_REVOKED, 0, 1);
		log_event(LOG_INFO, "certificate revoked", "s:s, s:i, s:s", "serial",
			  serial_hex(f->arena, &o->serial), "reason", (int)o->reason, "by",
			  "operator");
	} else if (f->problem.type == PROBLEM_NONE) {
		log_event(LOG_INFO, "account revoked", "s:s, s:s", "account",
			  id_print(f->arena, &o->account), "by", "operator");
	}
	o->done(o->arg, f->problem.type == PROBLEM_NONE ? NULL : &f->problem);
	return FLOW_NEXT;
}

static const struct flow_step operator_steps[] = {
	{ ON_WRITER, STEP(operator_apply) },
	{ ON_LOOP,   STEP(operator_reply) },
	{ 0 }
};

void
acme_operator(struct loop *l, const struct operator_order *order)
{
	struct flow *f = flow_new(l, operator_steps, NULL);

	f->data = arena_memdup(f->arena, order, sizeof(*order));
	flow_start(f);
}

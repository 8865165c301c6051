/* SPDX-License-Identifier: Apache-2.0 */
/* operator_revoke.c - the operator revokes an account or a certificate. */
#include <string.h>

#include "acme/count.h"
#include "acme/operator.h"
#include "acme/revoke.h"
#include "base/log.h"

static bool
account_check(struct operator *o, struct problem *p)
{
	o->doing = arena_alloc(o->arena, sizeof(struct id));
	return operator_id(o, "account", o->doing, p);
}

static bool
account_apply(struct operator *o, struct edit *e, struct problem *p)
{
	const struct account *there = store_account_get(edit_view(e), o->arena, o->doing);
	struct account next;

	if (there == NULL)
		return problem(p, PROBLEM_MALFORMED, "no such account");
	if (there->state != ACCOUNT_VALID)
		return problem(p, PROBLEM_MALFORMED, "the account is not valid any more");
	next = *there;
	next.state = ACCOUNT_REVOKED;
	store_account_put(e, &next);
	return true;
}

static void
account_done(struct operator *o)
{
	log_event(LOG_INFO, "account revoked", "s:s, s:s", "account",
		  id_print(o->arena, o->doing), "by", "operator");
}

const struct command account_revoke_command = {
	"account-revoke", account_check, account_apply, account_done
};

struct cert_revoke {
	struct serial	serial;
	int64_t		reason;		/* RFC 5280 section 5.3.1; 0: none */
};

static bool
cert_check(struct operator *o, struct problem *p)
{
	struct cert_revoke *r = o->doing = arena_alloc(o->arena, sizeof(*r));
	const json_t *reason = json_object_get(o->call.request, "reason");
	const char *serial;

	if (!operator_text(o, "serial", &serial, p))
		return false;
	if (!serial_hex_parse(serial, &r->serial))
		return problem(p, PROBLEM_MALFORMED, "that is not a serial in hexadecimal");
	if (reason != NULL && !json_is_integer(reason))
		return problem(p, PROBLEM_MALFORMED, "the reason is not a number");
	r->reason = json_integer_value(reason);
	return revoke_reason_ok(r->reason) || r->reason == REASON_PRIVILEGE_WITHDRAWN ||
	       problem(p, PROBLEM_BAD_REVOCATION_REASON, "reasons are 0, 1, 3, 4, 5 and 9");
}

static bool
cert_apply(struct operator *o, struct edit *e, struct problem *p)
{
	const struct cert_revoke *r = o->doing;
	const struct cert *there = store_cert_get(edit_view(e), o->arena, &r->serial);

	if (there == NULL)
		return problem(p, PROBLEM_MALFORMED, "no certificate has that serial");
	if (there->state == CERT_REVOKED)
		return problem(p, PROBLEM_ALREADY_REVOKED, "it is revoked already");
	if (there->state == CERT_INTENDED)	/* the job that signs it would undo this */
		return problem(p, PROBLEM_MALFORMED, "it is being issued just now: try again "
			       "in a moment");
	revoke_record(e, there, (int)r->reason);
	return true;
}

static void
cert_done(struct operator *o)
{
	const struct cert_revoke *r = o->doing;

	metric_add(&count_certificates, COUNT_CERT_REVOKED, 0, 1);
	log_event(LOG_INFO, "certificate revoked", "s:s, s:i, s:s", "serial",
		  serial_hex(o->arena, &r->serial), "reason", (int)r->reason, "by", "operator");
}

const struct command cert_revoke_command = { "revoke", cert_check, cert_apply, cert_done };

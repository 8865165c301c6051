/* SPDX-License-Identifier: Apache-2.0 */
/* revoke.c - POST /acme/revoke-cert, RFC 8555 section 7.6: by the account that ordered
 * the certificate, by one that holds valid authorizations for all its names, or by the
 * certificate's own key. */
#include "acme/revoke.h"

#include "acme/count.h"
#include "acme/jwk.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

struct revoke {
	struct cert_facts	 facts;		/* of the certificate that was sent */
	struct blob		 der;
	int			 reason;
	bool			 by_key;	/* its own key signs */
};

bool
revoke_reason_ok(int64_t reason)
{
	return reason == REASON_NONE || reason == REASON_KEY_COMPROMISE ||
	       reason == REASON_AFFILIATION_CHANGED || reason == REASON_SUPERSEDED ||
	       reason == REASON_CESSATION;
}

void
revoke_record(struct edit *e, const struct cert *cert, int reason)
{
	struct cert next = *cert;
	int64_t now = clock_now();

	if (next.state != CERT_REVOKED)
		next.revoked = now;
	next.state = CERT_REVOKED;
	next.reason = reason;
	store_cert_put(e, &next);
	store_renewal_close(e, &next.serial);
	if (reason == REASON_KEY_COMPROMISE)
		store_key_block(e, next.spki_hash, now);
}

static bool
certificate_parse(struct request *rq, struct revoke *r, struct problem *p)
{
	const char *text, *why = "";
	size_t len;

	if ((text = json_text(rq->payload, "certificate", &len, p)) == NULL)
		return false;
	r->der = b64_parse(rq->flow->arena, text, len, &why);
	if (r->der.data == NULL)
		return problem(p, PROBLEM_MALFORMED, "\"certificate\" %s", why);
	return cert_read(&r->facts, rq->flow->arena, r->der) ||
	       problem(p, PROBLEM_MALFORMED, "\"certificate\" is not the DER of a certificate");
}

static bool
reason_parse(struct request *rq, struct revoke *r, struct problem *p)
{
	const json_t *j = json_object_get(rq->payload, "reason");

	if (j == NULL)
		return true;
	if (!json_is_integer(j))
		return problem(p, PROBLEM_MALFORMED, "\"reason\" is not a number");
	r->reason = (int)json_integer_value(j);
	return revoke_reason_ok(json_integer_value(j)) ||
	       problem(p, PROBLEM_BAD_REVOCATION_REASON, "reason %lld is not accepted; use 0, 1, "
		       "3, 4 or 5", (long long)json_integer_value(j));
}

/* The stored certificate, if it is the very one that was sent: a forged one with the
 * same serial is another. */
static const struct cert *
stored(const struct view *v, struct arena *a, const struct revoke *r)
{
	const struct cert *cert = store_cert_get(v, a, &r->facts.serial);

	return cert != NULL && cert->der.len > 0 && blob_equal(cert->der, r->der) ? cert : NULL;
}

/* Is there a valid authorization of the account for each name?  For no names: no. */
static bool
holds_all(const struct request *rq, const struct view *v, const struct revoke *r, int64_t now)
{
	size_t n = 0;

	for (; n < r->facts.nident; n++) {
		const struct authz *authz = store_authz_find(v, rq->flow->arena,
							     &rq->account->id,
							     &r->facts.idents[n],
							     AUTHZ_VALID);

		if (authz == NULL || status_authz(authz, now) != AUTHZ_VALID)
			return false;
	}
	return n > 0;
}

/* Who signs, may he?  The reason that is recorded depends on it. */
static bool
authorised(const struct request *rq, const struct view *v, const struct cert *cert,
	   struct revoke *r, struct problem *p)
{
	if (rq->account == NULL)
		return r->by_key || problem(p, PROBLEM_UNAUTHORIZED,
					    "the key that signs is not the certificate's");
	if (id_equal(&cert->account, &rq->account->id))
		return true;
	if (!holds_all(rq, v, r, clock_now()))
		return problem(p, PROBLEM_UNAUTHORIZED, "this account did not order the "
			       "certificate and has no valid authorizations for all of its names");
	r->reason = REASON_CESSATION;
	return true;
}

static bool
may_revoke(const struct request *rq, const struct view *v, const struct cert *cert,
	   struct revoke *r, struct problem *p)
{
	if (cert == NULL || cert->scope.directory != rq->directory->number)
		return problem_status(p, PROBLEM_MALFORMED, 404,
				      "this CA has not issued that certificate");
	if (!authorised(rq, v, cert, r, p))
		return false;
	/* A proof of compromise may still be added. */
	if (cert->state == CERT_REVOKED &&
	    !(r->by_key && cert->reason != REASON_KEY_COMPROMISE))
		return problem(p, PROBLEM_ALREADY_REVOKED, "Certificate already revoked");
	if (clock_now() > cert->not_after)
		return problem(p, PROBLEM_MALFORMED, "the certificate has expired");
	return true;
}

static enum flow_next
revoke_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct revoke *r = rq->doing = arena_alloc(f->arena, sizeof(*r));
	struct view *v;
	bool good;

	if (rq->payload == NULL)
		return flow_fail(f, PROBLEM_MALFORMED,
				 "revokeCert wants {\"certificate\": ...} as payload");
	if (!certificate_parse(rq, r, &f->problem) || !reason_parse(rq, r, &f->problem))
		return FLOW_FAIL;
	if (rq->account == NULL) {
		r->by_key = blob_equal(key_spki(&rq->jwk->key, f->arena), r->facts.spki);
		r->reason = REASON_KEY_COMPROMISE;	/* it proves that somebody has it */
	}
	v = view_open(rq->store);
	good = may_revoke(rq, v, stored(v, f->arena, r), r, &f->problem);
	view_close(v);
	return good ? FLOW_NEXT : FLOW_FAIL;
}

static enum flow_next
revoke_apply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct revoke *r = rq->doing;
	const struct view *v = edit_view(f->txn);
	const struct cert *there = stored(v, f->arena, r);

	if (!may_revoke(rq, v, there, r, &f->problem))
		return FLOW_FAIL;
	revoke_record(f->txn, there, r->reason);
	return FLOW_NEXT;
}

static enum flow_next
revoke_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct revoke *r = rq->doing;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	reply_status(rq, 200);
	metric_add(&count_certificates, COUNT_CERT_REVOKED, 0, 1);
	log_event(LOG_INFO, "certificate revoked", "s:s, s:i, s:s, s:s, s:s*", "serial",
		  serial_hex(f->arena, &r->facts.serial), "reason", r->reason, "by",
		  rq->account == NULL ? "key" : "account", "names",
		  ident_list(f->arena, r->facts.idents, r->facts.nident), "account",
		  rq->account == NULL ? NULL : id_print(f->arena, &rq->account->id));
	return FLOW_NEXT;
}

const struct flow_step revoke_steps[] = {
	{ ON_LOOP,   STEP(revoke_check) },	/* our certificate, and may he revoke it?  */
	{ ON_WRITER, STEP(revoke_apply) },	/* still so: revoked, the key blocked      */
	{ ON_LOOP,   STEP(revoke_reply) },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/* keychange.c - POST /acme/key-change, RFC 8555 section 7.3.5: the payload is a JWS by
 * the new key inside the JWS by the old one. */
#include <string.h>

#include "acme/count.h"
#include "acme/jwk.h"
#include "acme/jws.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"
#include "base/json.h"
#include "base/log.h"

struct keychange {
	struct jwk		 jwk;		/* the new key */
	struct account		 account;	/* as it is afterwards */
};

/* Inner header: jwk and no kid, the outer url, no nonce; signed by the new key. */
static bool
inner_check(struct request *rq, struct jws *inner, struct jwk *jwk, struct problem *p)
{
	const char *url, *outer = json_string_value(json_object_get(rq->header, "url"));
	defer(EVP_PKEY) *object = NULL;

	if (!jws_take(inner, rq->flow->arena, rq->payload, p))
		return false;
	if (json_object_get(inner->header, "kid") != NULL ||
	    json_object_get(inner->header, "jwk") == NULL)
		return problem(p, PROBLEM_MALFORMED, "the inner JWS wants \"jwk\" (the new key) "
			       "and no \"kid\"");
	if (!jwk_parse(jwk, rq->flow->arena, json_object_get(inner->header, "jwk"), p))
		return false;
	object = key_open(&jwk->key);
	if (object == NULL)
		return problem(p, PROBLEM_BAD_PUBLIC_KEY, "the new key is not a valid public key");
	if (!jws_verify(inner, object, jwk->key.type, rq->config->quirk_short_es256, p))
		return false;
	if (json_object_get(inner->header, "nonce") != NULL)
		return problem(p, PROBLEM_MALFORMED, "the inner JWS must not have a \"nonce\"");
	if ((url = json_text(inner->header, "url", NULL, p)) == NULL)
		return false;
	return strcmp(url, outer) == 0 ||
	       problem(p, PROBLEM_MALFORMED, "\"url\" of the inner JWS is not that of the outer");
}

/* {"account": URL, "oldKey": JWK}, both those of the account that signs. */
static bool
payload_check(struct request *rq, const struct jws *inner, struct problem *p)
{
	const char *account, *kid = json_string_value(json_object_get(rq->header, "kid"));
	struct blob text = jws_payload(inner, rq->flow->arena, p);
	const json_t *o;
	struct jwk old;

	if (text.data == NULL ||
	    (o = json_parse(rq->flow->arena, text.data, text.len, "the inner payload", p)) ==
	    NULL || (account = json_text(o, "account", NULL, p)) == NULL)
		return false;
	if (strcmp(account, kid) != 0)
		return problem(p, PROBLEM_MALFORMED, "\"account\" is not the account that signs");
	if (!jwk_parse(&old, rq->flow->arena, json_object_get(o, "oldKey"), p))
		return false;
	return memcmp(old.thumbprint, rq->account->thumbprint, 32) == 0 ||
	       problem(p, PROBLEM_MALFORMED, "\"oldKey\" is not the account's key");
}

static enum flow_next
keychange_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct keychange *k = rq->doing = arena_alloc(f->arena, sizeof(*k));
	struct jws inner = { 0 };

	if (rq->payload == NULL)
		return flow_fail(f, PROBLEM_MALFORMED, "keyChange wants a JWS as payload");
	if (!inner_check(rq, &inner, &k->jwk, &f->problem) ||
	    !payload_check(rq, &inner, &f->problem))
		return FLOW_FAIL;
	if (jwk_blocked(&k->jwk, f->arena, rq->store))
		return flow_fail(f, PROBLEM_BAD_PUBLIC_KEY, "the new key was reported as "
				 "compromised: make another");
	return FLOW_NEXT;
}

static enum flow_next
keychange_apply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct keychange *k = rq->doing;
	struct id taken;

	if (store_account_find(edit_view(f->txn), rq->directory->number, k->jwk.thumbprint,
			       &taken)) {
		problem_status(&f->problem, PROBLEM_MALFORMED, 409,
			       "the new key is the key of an account already");
		f->problem.location = show_account_url(rq, &taken);
		return FLOW_FAIL;
	}
	k->account = *store_account_get(edit_view(f->txn), f->arena, &rq->account->id);
	memcpy(k->account.thumbprint, k->jwk.thumbprint, 32);
	k->account.jwk = k->jwk.text;
	store_account_put(f->txn, &k->account);
	return FLOW_NEXT;
}

static enum flow_next
keychange_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct keychange *k = rq->doing;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	reply_json(rq, 200, show_account(rq, &k->account));
	metric_add(&count_accounts, COUNT_ACCOUNT_ROLLED, 0, 1);
	log_event(LOG_INFO, "account key changed", "s:s, s:s", "account",
		  id_print(f->arena, &k->account.id), "address", rq->address);
	return FLOW_NEXT;
}

const struct flow_step keychange_steps[] = {
	{ ON_LOOP,   STEP(keychange_check) },	/* both JWS fit together                 */
	{ ON_WRITER, STEP(keychange_apply) },	/* nobody has the new key: it is taken   */
	{ ON_LOOP,   STEP(keychange_reply) },
	{ 0 }
};

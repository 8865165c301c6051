/* SPDX-License-Identifier: Apache-2.0 */
/* eab.c - external account binding of a new account.  Runs on: loop, writer. */
#include "acme/eab.h"

#include <string.h>

#include "acme/jwk.h"
#include "acme/jws.h"
#include "acme/policy.h"
#include "base/clock.h"
#include "base/json.h"

#define BASE64URL_MINUS 62	/* of six bits */

void
eab_key_new(uint8_t key[BINDING_KEY])
{
	do
		rand_bytes(key, BINDING_KEY);
	while (key[0] >> 2 == BASE64URL_MINUS);
}

/* kid and url, and neither nonce nor jwk. */
static bool
header_check(const struct jws *jws, const struct request *rq, const char **kid,
	     struct problem *p)
{
	const char *url, *outer = json_string_value(json_object_get(rq->header, "url"));

	if (json_object_get(jws->header, "nonce") != NULL)
		return problem(p, PROBLEM_MALFORMED, "its protected header must not have a "
			       "\"nonce\"");
	if (json_object_get(jws->header, "jwk") != NULL)
		return problem(p, PROBLEM_MALFORMED, "its protected header must not have a "
			       "\"jwk\"; it names its key by \"kid\"");
	if ((*kid = json_text(jws->header, "kid", NULL, p)) == NULL ||
	    (url = json_text(jws->header, "url", NULL, p)) == NULL)
		return false;
	return strcmp(url, outer) == 0 ||
	       problem(p, PROBLEM_MALFORMED, "its \"url\" is not that of the request, %.120s",
		       outer);
}

static const struct binding *
find(const struct request *rq, const char *kid)
{
	const struct binding *binding = NULL;
	struct view *v;
	struct id id;

	if (!id_parse(kid, strlen(kid), &id))
		return NULL;
	v = view_open(rq->store);
	binding = store_binding_get(v, rq->flow->arena, &id);
	view_close(v);
	return binding != NULL && binding->directory == rq->directory->number ? binding : NULL;
}

/* The payload is the key that signs the request, however it is spelled. */
static bool
payload_check(const struct jws *jws, const struct request *rq, struct problem *p)
{
	struct blob text = jws_payload(jws, rq->flow->arena, p);
	const json_t *key;
	struct jwk jwk;

	if (text.data == NULL || (key = json_parse(rq->flow->arena, text.data, text.len,
						   "its payload", p)) == NULL ||
	    !jwk_parse(&jwk, rq->flow->arena, key, p))
		return false;
	return memcmp(jwk.thumbprint, rq->jwk->thumbprint, sizeof(jwk.thumbprint)) == 0 ||
	       problem(p, PROBLEM_UNAUTHORIZED, "its payload is another key than the one that "
		       "signs the request");
}

/* Its JWS, header, key and MAC, and payload, in this order. */
static bool
member_check(struct eab *eab, const struct request *rq, const json_t *member,
	     struct problem *p)
{
	struct jws jws = { 0 };
	const char *kid = NULL;

	if (!json_is_object(member))
		return problem(p, PROBLEM_MALFORMED, "not a JSON object");
	if (!jws_take_mac(&jws, rq->flow->arena, member, p) ||
	    !header_check(&jws, rq, &kid, p))
		return false;
	eab->binding = find(rq, kid);
	if (eab->binding == NULL ||
	    !jws_verify_mac(&jws, (struct blob){ eab->binding->key, BINDING_KEY }))
		return problem(p, PROBLEM_UNAUTHORIZED, "its key id and MAC are not those of a "
			       "binding here: check the key id and the HMAC key");
	eab->jws = json_print(rq->flow->arena, member);
	return payload_check(&jws, rq, p);
}

bool
eab_check(struct eab *eab, const struct request *rq, struct problem *p)
{
	const json_t *member = json_object_get(rq->payload, "externalAccountBinding");
	struct problem why = { 0 };

	*eab = (struct eab){ NULL, NULL };
	if (rq->directory->eab == EAB_NONE || (member == NULL &&
					       rq->directory->eab == EAB_OPTIONAL))
		return true;
	if (member == NULL)
		return problem(p, PROBLEM_EXTERNAL_ACCOUNT_REQUIRED, "new accounts want an "
			       "external account binding: ask the CA's operator for a key id "
			       "and an HMAC key");
	if (!member_check(eab, rq, member, &why))
		return problem(p, why.type == PROBLEM_UNAUTHORIZED ? why.type : PROBLEM_MALFORMED,
			       "externalAccountBinding: %.200s", why.detail);
	return policy_binding(eab->binding, rq->now, p);
}

bool
eab_usable(const struct eab *eab, const struct view *v, struct arena *a, struct problem *p)
{
	const struct binding *now;

	if (eab->binding == NULL)
		return true;
	now = store_binding_get(v, a, &eab->binding->id);
	if (!policy_binding(now, clock_now(), p))
		return false;
	return now->uses_max == 0 || now->uses < now->uses_max ||
	       problem(p, PROBLEM_UNAUTHORIZED, "the external account binding is spent: it was for "
		       "%llu account%s; ask the CA's operator for another",
		       (unsigned long long)now->uses_max, now->uses_max == 1 ? "" : "s");
}

void
eab_spend(const struct eab *eab, struct edit *e, struct arena *a,
	  const struct account *account)
{
	struct binding next;

	if (eab->binding == NULL)
		return;
	next = *store_binding_get(edit_view(e), a, &eab->binding->id);
	next.uses++;
	store_binding_put(e, &next);
	store_binding_join(e, &next.id, &account->id, eab->jws);
}

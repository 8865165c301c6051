/* SPDX-License-Identifier: Apache-2.0 */
/* show.c - stored objects as clients see them.  Runs on: loop. */
#include "acme/show.h"

#include <stdlib.h>
#include <string.h>

#include "acme/jobs.h"
#include "acme/reply.h"
#include "base/clock.h"

const char *
show_account_url(const struct request *rq, const struct id *id)
{
	return reply_url(rq, "/acme/account/%s", id_print(rq->flow->arena, id));
}

const char *
show_order_url(const struct request *rq, const struct id *id)
{
	return reply_url(rq, "/acme/order/%s", id_print(rq->flow->arena, id));
}

const char *
show_authz_url(const struct request *rq, const struct id *id)
{
	return reply_url(rq, "/acme/authz/%s", id_print(rq->flow->arena, id));
}

static void
set(json_t *o, const char *member, const char *text)
{
	json_object_set_new(o, member, json_string(text));
}

static void
set_time(json_t *o, const char *member, struct arena *a, int64_t when)
{
	if (when != 0)
		set(o, member, clock_print(a, when));
}

/* What is kept as JSON text; NULL: nothing. */
static void
set_json(json_t *o, const char *member, const char *text)
{
	json_t *value;

	if (text == NULL)
		return;
	value = json_loads(text, 0, NULL);
	if (value == NULL)
		abort();
	json_object_set_new(o, member, value);
}

/* Of a bound account, what bound it (section 7.3.4). */
static void
set_binding(json_t *o, const struct request *rq, const struct account *account)
{
	const char *jws;
	struct view *v;

	if (id_none(&account->scope.binding))
		return;
	v = view_open(rq->store);
	jws = store_binding_jws(v, rq->flow->arena, &account->scope.binding, &account->id);
	view_close(v);
	set_json(o, "externalAccountBinding", jws);
}

json_t *
show_account(const struct request *rq, const struct account *account)
{
	json_t *o = json_object(), *contact = json_array();

	set(o, "status", status_account_name(account->state));
	for (size_t i = 0; i < account->ncontact; i++)
		json_array_append_new(contact, json_string(account->contact[i]));
	json_object_set_new(o, "contact", contact);
	if (account->agreed != 0)
		json_object_set_new(o, "termsOfServiceAgreed", json_true());
	set_binding(o, rq, account);
	set(o, "orders", reply_url(rq, "/acme/account/%s/orders",
				   id_print(rq->flow->arena, &account->id)));
	return o;
}

/* Also that of an order whose profile the configuration has no more. */
static void
set_profile(json_t *o, const struct request *rq, uint32_t number)
{
	const struct acme_profile *profile = jobs_profile(rq->config, number);
	const char *name = profile == NULL ? NULL : profile->name;
	struct view *v;

	if (name == NULL) {
		v = view_open(rq->store);
		name = store_name(v, rq->flow->arena, 'p', number);
		view_close(v);
	}
	if (name != NULL)
		set(o, "profile", name);
}

json_t *
show_order(const struct request *rq, const struct order *order, enum order_status status)
{
	struct arena *a = rq->flow->arena;
	json_t *o = json_object(), *idents = json_array(), *authz = json_array();

	set(o, "status", status_order_name(status));
	set_time(o, "expires", a, order->expires);
	for (size_t i = 0; i < order->nident; i++)
		json_array_append_new(idents, ident_json(&order->idents[i]));
	json_object_set_new(o, "identifiers", idents);
	set_profile(o, rq, order->scope.profile);
	set_time(o, "notBefore", a, order->not_before);
	set_time(o, "notAfter", a, order->not_after);
	if (order->replaces != NULL)
		set(o, "replaces", order->replaces);
	set_json(o, "error", order->error);
	for (size_t i = 0; i < order->nauthz; i++)
		json_array_append_new(authz, json_string(show_authz_url(rq, &order->authz[i])));
	json_object_set_new(o, "authorizations", authz);
	set(o, "finalize", reply_url(rq, "/acme/finalize/%s", id_print(a, &order->id)));
	if (status == STATUS_VALID)
		set(o, "certificate", reply_url(rq, "/acme/cert/%s",
						serial_print(a, &order->serial)));
	return o;
}

#define PERSIST_NAMES 10	/* that clients take */

/* dns-persist-01 names what its record must say instead of a token. */
static void
set_persist(json_t *o, const struct request *rq)
{
	const char *const *name = rq->config->caa_identities;
	json_t *names = json_array();

	for (; *name != NULL && json_array_size(names) < PERSIST_NAMES; name++)
		json_array_append_new(names, json_string(*name));
	json_object_set_new(o, "issuer-domain-names", names);
	set(o, "accounturi", show_account_url(rq, &rq->account->id));
}

/* type, url, status and token come before the nested error: acme.sh reads it with
 * regular expressions (docs/tests.md, 26). */
json_t *
show_challenge(const struct request *rq, const struct authz *authz, size_t number)
{
	const struct challenge *c = &authz->challenges[number];
	struct arena *a = rq->flow->arena;
	json_t *o = json_object();

	set(o, "type", method_name(c->method));
	set(o, "url", reply_url(rq, "/acme/chall/%s/%zu", id_print(a, &authz->id), number));
	set(o, "status", status_challenge_name(c->state));
	if (c->method == METHOD_DNS_PERSIST_01)
		set_persist(o, rq);
	else
		set(o, "token", c->token);
	set_time(o, "validated", a, c->validated);
	set_json(o, "error", c->error);
	return o;
}

/* Of a settled authorization only the challenge that settled it is of interest. */
static bool
challenge_shown(const struct authz *authz, enum authz_state state, size_t i)
{
	enum challenge_state is = authz->challenges[i].state;

	if (authz->state == AUTHZ_VALID)
		return is == CHALLENGE_VALID;
	if (state == AUTHZ_INVALID && authz->state == AUTHZ_INVALID)
		return is == CHALLENGE_INVALID;
	return true;
}

json_t *
show_authz(const struct request *rq, const struct authz *authz)
{
	enum authz_state state = status_authz(authz, rq->now);
	json_t *o = json_object(), *list = json_array();

	set(o, "status", status_authz_name(state));
	set_time(o, "expires", rq->flow->arena, authz->expires);
	json_object_set_new(o, "identifier", ident_json(&authz->ident));
	for (size_t i = 0; i < authz->nchallenge; i++)
		if (challenge_shown(authz, state, i))
			json_array_append_new(list, show_challenge(rq, authz, i));
	json_object_set_new(o, "challenges", list);
	if (authz->ident.wildcard)
		json_object_set_new(o, "wildcard", json_true());
	return o;
}

enum flow_next
show_nothing(struct flow *f)
{
	problem_status(&f->problem, PROBLEM_MALFORMED, 404,
		       "this account has no such resource");
	return FLOW_FAIL;
}

bool
show_only(const struct request *rq, struct problem *p)
{
	if (rq->payload == NULL)
		return true;
	return problem(p, PROBLEM_MALFORMED, "this resource is read with POST-as-GET: the payload "
		       "must be the empty string (RFC 8555 section 6.3)");
}

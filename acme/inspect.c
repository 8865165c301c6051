/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - an authorization or order as its operator sees it, with what was asked and
 * seen when control was proved. */
#include "acme/acme.h"
#include "acme/status.h"
#include "base/clock.h"

#define EVIDENCE_MAX 1000

static json_t *
evidence_json(const struct view *v, struct arena *a, const struct id *id)
{
	json_t *list = json_array();
	const char **texts;
	size_t n = store_evidence_list(v, a, id, EVIDENCE_MAX, &texts);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_loads(texts[i], 0, NULL));
	return list;
}

static void
set(json_t *o, const char *member, const char *text)
{
	json_object_set_new(o, member, json_string(text));
}

static void
set_error(json_t *o, const char *error)
{
	if (error != NULL)
		json_object_set_new(o, "error", json_loads(error, 0, NULL));
}

static void
set_profile(json_t *o, const struct view *v, struct arena *a, uint32_t number)
{
	const char *name = store_name(v, a, 'p', number);

	if (name != NULL)
		set(o, "profile", name);
}

static json_t *
challenges_json(const struct authz *authz, struct arena *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < authz->nchallenge; i++) {
		const struct challenge *c = &authz->challenges[i];
		json_t *o = json_object();

		set(o, "type", method_name(c->method));
		set(o, "status", status_challenge_name(c->state));
		if (c->validated != 0)
			set(o, "validated", clock_print(a, c->validated));
		set_error(o, c->error);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
acme_inspect_authz(const struct view *v, struct arena *a, const struct id *id, int64_t now)
{
	const struct authz *authz = store_authz_get(v, a, id);
	json_t *o;

	if (authz == NULL)
		return NULL;
	o = json_object();
	set(o, "authz", id_print(a, id));
	json_object_set_new(o, "identifier", ident_json(&authz->ident));
	if (authz->ident.wildcard)
		json_object_set_new(o, "wildcard", json_true());
	set(o, "status", status_authz_name(status_authz(authz, now)));
	set(o, "account", id_print(a, &authz->account));
	if (!id_none(&authz->order))
		set(o, "order", id_print(a, &authz->order));
	set(o, "created", clock_print(a, authz->created));
	set(o, "expires", clock_print(a, authz->expires));
	json_object_set_new(o, "challenges", challenges_json(authz, a));
	json_object_set_new(o, "evidence", evidence_json(v, a, id));
	return o;
}

json_t *
acme_inspect_order(const struct view *v, struct arena *a, const struct id *id, int64_t now)
{
	const struct order *order = store_order_get(v, a, id);
	json_t *o, *list;

	if (order == NULL)
		return NULL;
	o = json_object();
	list = json_array();
	set(o, "order", id_print(a, id));
	set(o, "names", ident_list(a, order->idents, order->nident));
	set(o, "status", acme_order_status(order, v, a, now));
	set(o, "account", id_print(a, &order->account));
	set_profile(o, v, a, order->scope.profile);
	set(o, "created", clock_print(a, order->created));
	set(o, "expires", clock_print(a, order->expires));
	if (order->replaces != NULL)
		set(o, "replaces", serial_hex(a, &order->replaced));
	set_error(o, order->error);
	if (order->state == ORDER_VALID)
		set(o, "serial", serial_hex(a, &order->serial));
	for (size_t i = 0; i < order->nauthz; i++)
		json_array_append_new(list, json_string(id_print(a, &order->authz[i])));
	json_object_set_new(o, "authorizations", list);
	json_object_set_new(o, "evidence", evidence_json(v, a, id));
	return o;
}

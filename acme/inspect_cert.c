/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_cert.c - a certificate as its operator sees it: whose it is, by which client, when it
 * shall be renewed, and what came after it. */
#include "acme/acme.h"
#include "base/clock.h"

static void
set(json_t *o, const char *member, const char *text)
{
	if (text != NULL && *text != '\0')
		json_object_set_new(o, member, json_string(text));
}

/* Of the order; where that has gone, of the certificate itself. */
static void
set_names(json_t *o, const struct view *v, struct arena *a, const struct cert *cert)
{
	const struct order *order = store_order_get(v, a, &cert->order);
	json_t *names = json_array();
	struct cert_facts facts = { .nident = 0 };

	if (order != NULL) {
		facts.idents = order->idents;
		facts.nident = order->nident;
	} else if (!cert_read(&facts, a, cert->der)) {
		facts.nident = 0;
	}
	for (size_t i = 0; i < facts.nident; i++)
		json_array_append_new(names, json_string(facts.idents[i].value));
	json_object_set_new(o, "names", names);
}

static void
set_account(json_t *o, const struct view *v, struct arena *a, const struct cert *cert)
{
	const struct account *account = store_account_get(v, a, &cert->account);
	json_t *contact = json_array();

	if (!id_none(&cert->account))
		set(o, "account", id_print(a, &cert->account));
	for (size_t i = 0; account != NULL && i < account->ncontact; i++)
		json_array_append_new(contact, json_string(account->contact[i]));
	json_object_set_new(o, "contact", contact);
	set(o, "client", acme_client_family(a, account == NULL ? "" : account->agent));
	set(o, "agent", account == NULL ? NULL : account->agent);
}

static void
set_scope(json_t *o, const struct view *v, struct arena *a, const struct scope *scope)
{
	const struct binding *binding = id_none(&scope->binding) ? NULL :
					store_binding_get(v, a, &scope->binding);

	if (!id_none(&scope->binding))
		set(o, "binding", id_print(a, &scope->binding));
	set(o, "label", binding == NULL ? NULL : binding->label);
	set(o, "directory", store_name(v, a, 'd', scope->directory));
	set(o, "profile", store_name(v, a, 'p', scope->profile));
	set(o, "issuer", store_name(v, a, 'i', scope->issuer));
}

static json_t *
facts_json(const struct view *v, struct arena *a, const struct cert *cert)
{
	json_t *o = json_object();

	set(o, "serial", serial_hex(a, &cert->serial));
	set_names(o, v, a, cert);
	set_account(o, v, a, cert);
	set_scope(o, v, a, &cert->scope);
	return o;
}

static const char *
renewal_word(const struct renewal *renewal, int64_t now)
{
	if (!store_renewal_open(renewal))
		return renewal->closed ? "closed" : "renewed";
	return now >= renewal->end ? "overdue" : now >= renewal->start ? "due" : "planned";
}

static void
set_renewal(json_t *o, struct arena *a, const struct renewal *renewal)
{
	json_t *window = json_object();

	set(window, "start", clock_print(a, renewal->start));
	set(window, "end", clock_print(a, renewal->end));
	json_object_set_new(o, "window", window);
	if (!id_none(&renewal->order))
		set(o, "replaced_by", id_print(a, &renewal->order));
	if (!serial_none(&renewal->successor))
		set(o, "successor", serial_hex(a, &renewal->successor));
	if (!id_none(&renewal->incident))
		set(o, "incident", id_print(a, &renewal->incident));
}

json_t *
acme_inspect_renewal(const struct view *v, struct arena *a, const struct serial *serial,
		     int64_t now)
{
	const struct renewal *renewal = store_renewal_get(v, a, serial);
	const struct cert *cert = store_cert_get(v, a, serial);
	json_t *o;

	if (renewal == NULL || cert == NULL || !store_renewal_open(renewal))
		return NULL;
	o = facts_json(v, a, cert);
	set(o, "state", renewal_word(renewal, now));
	set(o, "not_after", clock_print(a, renewal->not_after));
	json_object_set_new(o, "left", json_integer(renewal->not_after + 1 - now));
	set_renewal(o, a, renewal);
	return o;
}

json_t *
acme_inspect_cert(const struct view *v, struct arena *a, const struct serial *serial, int64_t now)
{
	static const char *const words[] = {
		[CERT_INTENDED] = "intended", [CERT_ISSUED] = "issued",
		[CERT_ABANDONED] = "abandoned", [CERT_REVOKED] = "revoked"
	};
	const struct renewal *renewal = store_renewal_get(v, a, serial);
	const struct cert *cert = store_cert_get(v, a, serial);
	json_t *o;

	if (cert == NULL)
		return NULL;
	o = facts_json(v, a, cert);
	set(o, "state", words[cert->state]);
	if (!id_none(&cert->order))
		set(o, "order", id_print(a, &cert->order));
	set(o, "not_before", clock_print(a, cert->not_before));
	set(o, "not_after", clock_print(a, cert->not_after));
	if (cert->state == CERT_REVOKED)
		set(o, "revoked", clock_print(a, cert->revoked));
	if (renewal != NULL) {
		set(o, "renewal", renewal_word(renewal, now));
		set_renewal(o, a, renewal);
	}
	return o;
}

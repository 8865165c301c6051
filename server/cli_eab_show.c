/* SPDX-License-Identifier: Apache-2.0 */
/* cli_eab_show.c - brevet eab list and show, from the store. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "server/cli_eab.h"

#define PAGE 256

/* --- a binding --------------------------------------------------------------------- */

/* What its accounts and those to be may do. */
static const char *
state_word(const struct binding *b)
{
	if (b->state == BINDING_REVOKED)
		return "revoked";
	if (b->expires != 0 && clock_now() >= b->expires)
		return "expired";
	return b->uses_max != 0 && b->uses >= b->uses_max ? "spent" : "valid";
}

static void
set(json_t *o, const char *member, const char *text)
{
	if (text != NULL && *text != '\0')
		json_object_set_new(o, member, json_string(text));
}

static void
set_list(json_t *o, const char *member, const char *const *list)
{
	json_t *array = json_array();

	for (; *list != NULL; list++)
		json_array_append_new(array, json_string(*list));
	json_object_set_new(o, member, array);
}

static void
set_methods(json_t *o, unsigned methods)
{
	const char *list[METHODS_MAX + 1] = { NULL };
	size_t n = 0;

	for (unsigned m = 1; m <= METHODS_MAX; m++)
		if ((methods & METHOD_BIT(m)) != 0)
			list[n++] = method_name((enum method)m);
	set_list(o, "methods", list);
}

/* All but the key. */
static json_t *
binding_json(const struct view *v, struct arena *a, const struct binding *b)
{
	json_t *o = json_object();

	set(o, "kid", id_print(a, &b->id));
	set(o, "state", state_word(b));
	set(o, "directory", store_name(v, a, 'd', b->directory));
	set(o, "label", b->label);
	set(o, "organisation", b->organisation);
	set_list(o, "technical", b->technical);
	set_list(o, "authorising", b->authorising);
	set(o, "created", clock_print(a, b->created));
	set(o, "expires", b->expires == 0 ? NULL : clock_print(a, b->expires));
	json_object_set_new(o, "uses", json_integer((json_int_t)b->uses));
	if (b->uses_max != 0)
		json_object_set_new(o, "uses_max", json_integer((json_int_t)b->uses_max));
	set_list(o, "names", b->allow);
	set_list(o, "deny", b->deny);
	set_list(o, "profiles", b->profiles);
	set_methods(o, b->methods);
	json_object_set_new(o, "prevalidated", json_boolean(b->prevalidated));
	return o;
}

static void
json_line(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static const char *
uses_print(struct arena *a, const struct binding *b)
{
	if (b->uses_max == 0)
		return arena_printf(a, "%llu/unlimited", (unsigned long long)b->uses);
	return arena_printf(a, "%llu/%llu", (unsigned long long)b->uses,
			    (unsigned long long)b->uses_max);
}

/* --- list -------------------------------------------------------------------------- */

static void
list_line(const struct view *v, struct arena *a, const struct binding *b, bool json)
{
	const char *directory = store_name(v, a, 'd', b->directory);

	if (json) {
		json_line(binding_json(v, a, b));
		return;
	}
	printf("%s  %-7s  %-11s  %-20s  %s%s%s\n", id_print(a, &b->id), state_word(b),
	       uses_print(a, b), b->expires == 0 ? "never expires" : clock_print(a, b->expires),
	       directory == NULL ? "?" : directory, *b->label == '\0' ? "" : "  ", b->label);
}

int
eab_list(struct store *s, bool json)
{
	struct id last, *after = NULL, *ids;
	size_t n;

	do {
		struct arena *a = arena_new();
		struct view *v = view_open(s);

		n = store_binding_list(v, a, after, PAGE, &ids);
		for (size_t i = 0; i < n; i++)
			list_line(v, a, store_binding_get(v, a, &ids[i]), json);
		view_close(v);
		if (n > 0) {
			last = ids[n - 1];
			after = &last;
		}
		arena_free(a);
	} while (n == PAGE);
	return EXIT_GOOD;
}

/* --- show -------------------------------------------------------------------------- */

static const char *
cert_word(enum cert_state state)
{
	static const char *const words[] = {
		[CERT_INTENDED] = "intended", [CERT_ISSUED] = "issued",
		[CERT_ABANDONED] = "abandoned", [CERT_REVOKED] = "revoked"
	};

	return words[state];
}

static json_t *
cert_json(const struct view *v, struct arena *a, const struct order *order)
{
	const struct cert *cert = order->has_csr ? store_cert_get(v, a, &order->serial) : NULL;
	json_t *o;

	if (cert == NULL)
		return NULL;
	o = json_object();
	set(o, "serial", serial_hex(a, &cert->serial));
	set(o, "state", cert_word(cert->state));
	set(o, "not_after", clock_print(a, cert->not_after));
	return o;
}

static json_t *
order_json(const struct view *v, struct arena *a, const struct order *order)
{
	json_t *o = json_object(), *names = json_array(), *cert = cert_json(v, a, order);
	const char *profile = store_name(v, a, 'p', order->scope.profile);

	set(o, "id", id_print(a, &order->id));
	set(o, "status", acme_order_status(order, v, a, clock_now()));
	set(o, "created", clock_print(a, order->created));
	if (profile != NULL)
		set(o, "profile", profile);
	for (size_t i = 0; i < order->nident; i++)
		json_array_append_new(names, json_string(order->idents[i].value));
	json_object_set_new(o, "names", names);
	if (cert != NULL)
		json_object_set_new(o, "certificate", cert);
	return o;
}

/* Newest first. */
static json_t *
orders_json(const struct view *v, struct arena *a, const struct id *account)
{
	struct id *before = NULL, *ids;
	json_t *list = json_array();
	size_t n;

	do {
		n = store_order_list(v, a, account, before, PAGE, &ids);
		for (size_t i = 0; i < n; i++) {
			const struct order *order = store_order_get(v, a, &ids[i]);

			if (order != NULL)
				json_array_append_new(list, order_json(v, a, order));
		}
		before = n > 0 ? &ids[n - 1] : NULL;
	} while (n == PAGE);
	return list;
}

static json_t *
account_json(const struct view *v, struct arena *a, const struct account *account)
{
	json_t *o = json_object(), *contact = json_array();

	set(o, "id", id_print(a, &account->id));
	set(o, "status", status_account_name(account->state));
	set(o, "created", clock_print(a, account->created));
	set(o, "address", account->address);
	set(o, "agent", account->agent);
	for (size_t i = 0; i < account->ncontact; i++)
		json_array_append_new(contact, json_string(account->contact[i]));
	json_object_set_new(o, "contact", contact);
	json_object_set_new(o, "orders", orders_json(v, a, &account->id));
	return o;
}

static json_t *
accounts_json(const struct view *v, struct arena *a, const struct id *binding)
{
	struct id *after = NULL, *ids;
	json_t *list = json_array();
	size_t n;

	do {
		n = store_binding_accounts(v, a, binding, after, PAGE, &ids);
		for (size_t i = 0; i < n; i++) {
			const struct account *account = store_account_get(v, a, &ids[i]);

			if (account != NULL)
				json_array_append_new(list, account_json(v, a, account));
		}
		after = n > 0 ? &ids[n - 1] : NULL;
	} while (n == PAGE);
	return list;
}

static const char *
text_of(const json_t *o, const char *member)
{
	const char *text = json_string_value(json_object_get(o, member));

	return text == NULL ? "" : text;
}

static void
print_list(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%s%s", i == 0 ? "" : " ", json_string_value(json_array_get(list, i)));
}

static void
print_row(const json_t *o, const char *member, const char *none)
{
	const json_t *value = json_object_get(o, member);

	printf("%-13s  ", member);
	if (json_array_size(value) > 0)
		print_list(value);
	else
		fputs(json_is_string(value) ? json_string_value(value) : none, stdout);
	putchar('\n');
}

static void
print_order(const json_t *o)
{
	const json_t *cert = json_object_get(o, "certificate");

	printf("  order %s  %-10s  %s  %s  ", text_of(o, "id"), text_of(o, "status"),
	       text_of(o, "created"), text_of(o, "profile"));
	print_list(json_object_get(o, "names"));
	putchar('\n');
	if (cert != NULL)
		printf("    certificate %s  %s  until %s\n", text_of(cert, "serial"),
		       text_of(cert, "state"), text_of(cert, "not_after"));
}

static void
print_account(const json_t *o)
{
	const json_t *orders = json_object_get(o, "orders");

	printf("account %s  %s  %s  %s  %s\n", text_of(o, "id"), text_of(o, "status"),
	       text_of(o, "created"), text_of(o, "address"), text_of(o, "agent"));
	for (size_t i = 0; i < json_array_size(orders); i++)
		print_order(json_array_get(orders, i));
}

static void
print_binding(const json_t *o, const char *uses)
{
	const json_t *accounts = json_object_get(o, "accounts");

	print_row(o, "kid", "");
	print_row(o, "state", "");
	printf("%-13s  %s\n", "uses", uses);
	print_row(o, "expires", "never");
	print_row(o, "created", "");
	print_row(o, "directory", "?");
	print_row(o, "label", "-");
	print_row(o, "organisation", "-");
	print_row(o, "technical", "-");
	print_row(o, "authorising", "-");
	print_row(o, "names", "any that the directory has");
	print_row(o, "deny", "-");
	print_row(o, "profiles", "all of the directory");
	print_row(o, "methods", "all of the directory");
	printf("%-13s  %s\n", "prevalidated",
	       json_is_true(json_object_get(o, "prevalidated")) ? "yes" : "no");
	for (size_t i = 0; i < json_array_size(accounts); i++)
		print_account(json_array_get(accounts, i));
}

int
eab_show(struct store *s, const char *id, bool json)
{
	struct arena *a = arena_new();
	struct view *v = view_open(s);
	const struct binding *b = NULL;
	struct id kid;
	json_t *o;

	if (id_parse(id, strlen(id), &kid))
		b = store_binding_get(v, a, &kid);
	if (b == NULL) {
		fprintf(stderr, "brevet: no binding \"%s\"; \"brevet eab list\" shows all\n", id);
	} else {
		o = binding_json(v, a, b);
		json_object_set_new(o, "accounts", accounts_json(v, a, &kid));
		if (json) {
			json_line(o);
		} else {
			print_binding(o, uses_print(a, b));
			json_decref(o);
		}
	}
	view_close(v);
	arena_free(a);
	return b == NULL ? EXIT_FAILED : EXIT_GOOD;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - orders, and which account has which (RFC 8555 section 7.1.3). */
#include "store/records.h"

#define IDENT_LEAST 4		/* octets of the shortest ident */
#define ORDER_VERSION 2
#define ORDER_NO_REPLACES 1	/* the version before "replaces" */

struct blob
order_encode(const struct order *order, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, ORDER_VERSION);
	encode_time(&c, order->expires);
	encode_id(&c, &order->account);
	encode_scope(&c, &order->scope);
	encode_u8(&c, order->state);
	encode_time(&c, order->created);
	encode_time(&c, order->not_before);
	encode_time(&c, order->not_after);
	encode_length(&c, order->nident);
	for (size_t i = 0; i < order->nident; i++)
		encode_ident(&c, &order->idents[i]);
	encode_length(&c, order->nauthz);
	for (size_t i = 0; i < order->nauthz; i++)
		encode_id(&c, &order->authz[i]);
	encode_maybe(&c, order->error);
	encode_u8(&c, order->has_csr);
	if (order->has_csr) {
		encode_bytes(&c, order->csr_hash, sizeof(order->csr_hash));
		encode_serial(&c, &order->serial);
		encode_blob(&c, order->spki);
	}
	encode_maybe(&c, order->replaces);
	if (order->replaces != NULL)
		encode_serial(&c, &order->replaced);
	return encoder_blob(&c);
}

bool
order_decode(struct blob bytes, struct arena *a, struct order *order)
{
	struct decoder d = decoder_new(bytes, a);
	unsigned version;

	version = decode_u8(&d);
	if (version != ORDER_VERSION && version != ORDER_NO_REPLACES)
		return false;
	order->expires = decode_time(&d);
	order->account = decode_id(&d);
	order->scope = decode_scope(&d);
	order->state = (enum order_state)decode_enum(&d, ORDER_INVALID);
	order->created = decode_time(&d);
	order->not_before = decode_time(&d);
	order->not_after = decode_time(&d);
	order->nident = decode_count(&d, IDENT_LEAST);
	order->idents = arena_alloc(a, order->nident * sizeof(order->idents[0]));
	for (size_t i = 0; i < order->nident; i++)
		order->idents[i] = decode_ident(&d);
	order->nauthz = decode_count(&d, ID_LEN);
	order->authz = arena_alloc(a, order->nauthz * sizeof(order->authz[0]));
	for (size_t i = 0; i < order->nauthz; i++)
		order->authz[i] = decode_id(&d);
	order->error = decode_maybe(&d);
	order->has_csr = decode_flag(&d);
	if (order->has_csr) {
		decode_bytes(&d, order->csr_hash, sizeof(order->csr_hash));
		order->serial = decode_serial(&d);
		order->spki = decode_blob(&d);
	}
	order->replaces = version == ORDER_NO_REPLACES ? NULL : decode_maybe(&d);
	if (order->replaces != NULL)
		order->replaced = decode_serial(&d);
	return decoder_done(&d);
}

const struct order *
store_order_get(const struct view *v, struct arena *a, const struct id *id)
{
	struct blob bytes = view_get(v, TABLE_ORDERS, BLOB_ID(id));
	struct order *order;

	if (bytes.data == NULL)
		return NULL;
	order = arena_alloc(a, sizeof(*order));
	order->id = *id;
	if (!order_decode(bytes, a, order))
		store_corrupt(TABLE_ORDERS, BLOB_ID(id), "not an order");
	return order;
}

static struct blob
under_account(struct arena *a, const struct id *account, const struct id *order)
{
	struct encoder c = { .arena = a };

	encode_id(&c, account);
	encode_id(&c, order);
	return encoder_blob(&c);
}

void
store_order_add(struct edit *e, const struct order *order)
{
	struct ended record = { TABLE_ORDERS, 'o', BLOB_ID(&order->id) };
	struct arena *a = edit_arena(e);

	ended_add(e, &record, order_encode(order, a));
	edit_put(e, TABLE_ACCOUNT_ORDERS, under_account(a, &order->account, &order->id),
		 (struct blob){ NULL, 0 });
}

void
store_order_put(struct edit *e, const struct order *order)
{
	struct ended record = { TABLE_ORDERS, 'o', BLOB_ID(&order->id) };

	ended_put(e, &record, order_encode(order, edit_arena(e)));
}

void
store_order_del(struct edit *e, const struct order *order)
{
	struct ended record = { TABLE_ORDERS, 'o', BLOB_ID(&order->id) };

	ended_del(e, &record);
	edit_del(e, TABLE_ACCOUNT_ORDERS,
		 under_account(edit_arena(e), &order->account, &order->id));
	evidence_del(e, &order->id);
}

struct list {
	const struct id	*account;
	struct id	*ids;
	size_t		 n, max;
};

static bool
list_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;

	(void)value;
	if (key.len != 2 * ID_LEN)
		store_corrupt(TABLE_ACCOUNT_ORDERS, key, "not two ids");
	if (list->n == list->max || memcmp(key.data, list->account->b, ID_LEN) != 0)
		return false;
	memcpy(list->ids[list->n++].b, key.data + ID_LEN, ID_LEN);
	return true;
}

bool
store_order_first(const struct view *v, const struct id *account, struct id *id)
{
	struct list list = { .account = account, .ids = id, .max = 1 };

	view_scan(v, TABLE_ACCOUNT_ORDERS, BLOB_ID(account), list_row, &list);
	return list.n == 1;
}

size_t
store_order_list(const struct view *v, struct arena *a, const struct id *account,
		 const struct id *before, size_t max, struct id **ids)
{
	struct list list = { .account = account, .max = max };
	struct id last;

	memset(last.b, 0xff, sizeof(last.b));
	*ids = list.ids = arena_alloc(a, max * sizeof(list.ids[0]));
	view_scan_back(v, TABLE_ACCOUNT_ORDERS,
		       under_account(a, account, before == NULL ? &last : before),
		       list_row, &list);
	return list.n;
}

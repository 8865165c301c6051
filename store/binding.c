/* SPDX-License-Identifier: Apache-2.0 */
/* binding.c - external account bindings, and whose accounts are bound by them
 * (RFC 8555 section 7.3.4). */
#include "store/records.h"

static void
encode_list(struct encoder *c, const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	encode_length(c, n);
	for (size_t i = 0; i < n; i++)
		encode_text(c, list[i]);
}

static const char **
decode_list(struct decoder *d)
{
	size_t n = decode_count(d, 1);
	const char **list = arena_alloc(d->arena, (n + 1) * sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = decode_text(d);
	return list;
}

struct blob
binding_encode(const struct binding *binding, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, RECORD_VERSION);
	encode_u32(&c, binding->directory);
	encode_u8(&c, binding->state);
	encode_time(&c, binding->created);
	encode_time(&c, binding->expires);
	encode_u64(&c, binding->uses);
	encode_u64(&c, binding->uses_max);
	encode_bytes(&c, binding->key, sizeof(binding->key));
	encode_text(&c, binding->label);
	encode_text(&c, binding->organisation);
	encode_list(&c, binding->technical);
	encode_list(&c, binding->authorising);
	encode_list(&c, binding->allow);
	encode_list(&c, binding->deny);
	encode_list(&c, binding->profiles);
	encode_u32(&c, binding->methods);
	encode_u8(&c, binding->prevalidated);
	return encoder_blob(&c);
}

bool
binding_decode(struct blob bytes, struct arena *a, struct binding *binding)
{
	struct decoder d = decoder_new(bytes, a);

	if (decode_u8(&d) != RECORD_VERSION)
		return false;
	binding->directory = decode_u32(&d);
	binding->state = (enum binding_state)decode_enum(&d, BINDING_REVOKED);
	binding->created = decode_time(&d);
	binding->expires = decode_time(&d);
	binding->uses = decode_u64(&d);
	binding->uses_max = decode_u64(&d);
	decode_bytes(&d, binding->key, sizeof(binding->key));
	binding->label = decode_text(&d);
	binding->organisation = decode_text(&d);
	binding->technical = decode_list(&d);
	binding->authorising = decode_list(&d);
	binding->allow = decode_list(&d);
	binding->deny = decode_list(&d);
	binding->profiles = decode_list(&d);
	binding->methods = decode_u32(&d);
	binding->prevalidated = decode_flag(&d);
	return decoder_done(&d);
}

const struct binding *
store_binding_get(const struct view *v, struct arena *a, const struct id *id)
{
	struct blob bytes = view_get(v, TABLE_BINDINGS, BLOB_ID(id));
	struct binding *binding;

	if (bytes.data == NULL)
		return NULL;
	binding = arena_alloc(a, sizeof(*binding));
	binding->id = *id;
	if (!binding_decode(bytes, a, binding))
		store_corrupt(TABLE_BINDINGS, BLOB_ID(id), "not a binding");
	return binding;
}

static void
binding_write(struct edit *e, const struct binding *binding, bool there)
{
	if ((view_get(edit_view(e), TABLE_BINDINGS, BLOB_ID(&binding->id)).data != NULL) != there)
		edit_fail(e, there ? "there is no such binding to be replaced" :
			  "a binding of that id stands already");
	edit_put(e, TABLE_BINDINGS, BLOB_ID(&binding->id),
		 binding_encode(binding, edit_arena(e)));
}

void
store_binding_add(struct edit *e, const struct binding *binding)
{
	binding_write(e, binding, false);
}

void
store_binding_put(struct edit *e, const struct binding *binding)
{
	binding_write(e, binding, true);
}

size_t
store_binding_list(const struct view *v, struct arena *a, const struct id *after, size_t max,
		   struct id **ids)
{
	return id_list(v, a, TABLE_BINDINGS, (struct blob){ NULL, 0 }, after, max, ids);
}

static struct blob
member_key(struct arena *a, const struct id *binding, const struct id *account)
{
	struct encoder c = { .arena = a };

	encode_id(&c, binding);
	encode_id(&c, account);
	return encoder_blob(&c);
}

void
store_binding_join(struct edit *e, const struct id *binding, const struct id *account,
		   const char *jws)
{
	edit_put(e, TABLE_BINDING_ACCOUNTS, member_key(edit_arena(e), binding, account),
		 BLOB_TEXT(jws));
}

const char *
store_binding_jws(const struct view *v, struct arena *a, const struct id *binding,
		  const struct id *account)
{
	struct blob value = view_get(v, TABLE_BINDING_ACCOUNTS,
				     member_key(a, binding, account));

	return value.data == NULL ? NULL : arena_strndup(a, (const char *)value.data, value.len);
}

size_t
store_binding_accounts(const struct view *v, struct arena *a, const struct id *binding,
		       const struct id *after, size_t max, struct id **ids)
{
	return id_list(v, a, TABLE_BINDING_ACCOUNTS, BLOB_ID(binding), after, max, ids);
}

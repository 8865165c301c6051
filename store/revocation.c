/* SPDX-License-Identifier: Apache-2.0 */
/* revocation.c - what stands in the CRLs, and the keys that are blocked. */
#include "store/records.h"

#define COUNT BLOB_TEXT("revocations")

static struct blob
revoked_key(struct arena *a, uint32_t issuer, uint32_t shard, const struct serial *serial)
{
	struct encoder c = { .arena = a };

	encode_u32(&c, issuer);
	encode_u32(&c, shard);
	if (serial != NULL)
		encode_serial(&c, serial);
	return encoder_blob(&c);
}

uint64_t
store_revocations(const struct view *v)
{
	struct blob value = view_get(v, TABLE_META, COUNT);
	struct decoder d = decoder_new(value, NULL);
	uint64_t n = decode_u64(&d);

	if (value.data != NULL && !decoder_done(&d))
		store_corrupt(TABLE_META, COUNT, "not a number");
	return value.data == NULL ? 0 : n;
}

void
revoked_put(struct edit *e, const struct cert *cert)
{
	struct arena *a = edit_arena(e);
	struct encoder row = { .arena = a }, count = { .arena = a };

	encode_u8(&row, RECORD_VERSION);
	encode_time(&row, cert->revoked);
	encode_u8(&row, (unsigned)cert->reason);
	encode_time(&row, cert->not_after);
	encode_u64(&count, store_revocations(edit_view(e)) + 1);
	edit_put(e, TABLE_REVOKED, revoked_key(a, cert->scope.issuer, cert->shard,
					       &cert->serial), encoder_blob(&row));
	edit_put(e, TABLE_META, COUNT, encoder_blob(&count));
}

void
store_revoked_del(struct edit *e, const struct cert *cert)
{
	edit_del(e, TABLE_REVOKED, revoked_key(edit_arena(e), cert->scope.issuer, cert->shard,
					       &cert->serial));
}

bool
store_revoked_stands(const struct view *v, const struct cert *cert)
{
	struct arena *a = arena_new();
	struct blob key = revoked_key(a, cert->scope.issuer, cert->shard, &cert->serial);
	bool stands = view_get(v, TABLE_REVOKED, key).data != NULL;

	arena_free(a);
	return stands;
}

struct list {
	struct blob	 prefix;
	struct arena	*arena;
	struct revoked	*rows;
	size_t		 n, size;
};

static bool
list_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;
	struct decoder d = decoder_new(value, NULL);
	struct revoked *row;

	if (key.len != list->prefix.len + SERIAL_LEN ||
	    memcmp(key.data, list->prefix.data, list->prefix.len) != 0)
		return false;
	if (list->n == list->size) {
		struct revoked *more = arena_alloc(list->arena, (list->size * 2 + 64) *
						   sizeof(*more));

		if (list->n > 0)
			memcpy(more, list->rows, list->n * sizeof(*more));
		list->rows = more;
		list->size = list->size * 2 + 64;
	}
	row = &list->rows[list->n++];
	memcpy(row->serial.b, key.data + list->prefix.len, SERIAL_LEN);
	if (decode_u8(&d) != RECORD_VERSION)
		store_corrupt(TABLE_REVOKED, key, "not a revocation");
	row->revoked = decode_time(&d);
	row->reason = (int)decode_u8(&d);
	row->not_after = decode_time(&d);
	if (!decoder_done(&d))
		store_corrupt(TABLE_REVOKED, key, "not a revocation");
	return true;
}

size_t
store_revoked_list(const struct view *v, struct arena *a, uint32_t issuer, uint32_t shard,
		   struct revoked **rows)
{
	struct list list = { .prefix = revoked_key(a, issuer, shard, NULL), .arena = a };

	view_scan(v, TABLE_REVOKED, list.prefix, list_row, &list);
	*rows = list.rows;
	return list.n;
}

/* --- keys ------------------------------------------------------------------------- */

void
store_key_block(struct edit *e, const uint8_t spki_hash[32], int64_t now)
{
	struct encoder c = { .arena = edit_arena(e) };

	encode_u8(&c, RECORD_VERSION);
	encode_time(&c, now);
	edit_put(e, TABLE_BLOCKED_KEYS, (struct blob){ spki_hash, 32 }, encoder_blob(&c));
}

bool
store_key_blocked(const struct view *v, const uint8_t spki_hash[32])
{
	return view_get(v, TABLE_BLOCKED_KEYS, (struct blob){ spki_hash, 32 }).data != NULL;
}

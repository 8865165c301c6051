/* SPDX-License-Identifier: Apache-2.0 */
/* end.c - records with an end: one row in `ends` for each, written in the same edit.
 * Runs on: writer. */
#include "store/records.h"

#define HEAD 9		/* version, end */

/* The row of a record whose bytes are these.  One octet of the value, then its end. */
static struct blob
end_key(struct edit *e, const struct ended *record, struct blob value)
{
	struct encoder c = { .arena = edit_arena(e) };

	if (value.len < HEAD)
		store_corrupt(record->table, record->key, "too short");
	encode_bytes(&c, value.data + 1, HEAD - 1);
	encode_u8(&c, (unsigned char)record->kind);
	encode_bytes(&c, record->key.data, record->key.len);
	return encoder_blob(&c);
}

void
ended_add(struct edit *e, const struct ended *record, struct blob value)
{
	if (view_get(edit_view(e), record->table, record->key).data != NULL) {
		edit_fail(e, "a record of that name stands already");
		return;
	}
	counts_change(e, record->table, (struct blob){ NULL, 0 }, value);
	edit_put(e, record->table, record->key, value);
	edit_put(e, TABLE_ENDS, end_key(e, record, value), (struct blob){ NULL, 0 });
}

void
ended_put(struct edit *e, const struct ended *record, struct blob value)
{
	struct blob old = view_get(edit_view(e), record->table, record->key);
	struct blob was, is = end_key(e, record, value);

	if (old.data == NULL) {
		edit_fail(e, "there is no such record to be replaced");
		return;
	}
	was = end_key(e, record, old);
	counts_change(e, record->table, old, value);
	edit_put(e, record->table, record->key, value);
	if (blob_equal(was, is))
		return;
	edit_del(e, TABLE_ENDS, was);
	edit_put(e, TABLE_ENDS, is, (struct blob){ NULL, 0 });
}

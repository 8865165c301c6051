/* SPDX-License-Identifier: Apache-2.0 */
/* end.c - records with an end: one row in `ends` for each, written in the same edit. */
#include "store/records.h"

#define HEAD 9		/* version, end */

/* The row of a record whose bytes are these: its end lies behind one octet of the value. */
static struct blob
end_key(struct edit *e, const struct ended *record, struct blob value)
{
	struct encoder c = { .arena = edit_arena(e) };

	if (value.len < HEAD)
		store_corrupt(record->table, record->key, "too short");
	encode_u8(&c, (unsigned char)record->kind);
	encode_bytes(&c, value.data + 1, HEAD - 1);
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

void
ended_del(struct edit *e, const struct ended *record)
{
	struct blob old = view_get(edit_view(e), record->table, record->key);
	struct blob was;

	if (old.data == NULL) {
		edit_fail(e, "there is no such record to be deleted");
		return;
	}
	was = end_key(e, record, old);
	counts_change(e, record->table, old, (struct blob){ NULL, 0 });
	edit_del(e, record->table, record->key);
	edit_del(e, TABLE_ENDS, was);
}

/* --- what has ended ----------------------------------------------------------------- */

struct list {
	char			 kind;
	int64_t			 until;
	struct blob		 after;
	struct store_end	*ends;
	size_t			 n, max;
};

static bool
list_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;
	struct decoder d = decoder_new(key, NULL);
	struct store_end *end;

	(void)value;
	if (blob_equal(key, list->after))
		return true;
	if (list->n == list->max || decode_u8(&d) != (unsigned char)list->kind)
		return false;
	end = &list->ends[list->n];
	*end = (struct store_end){ .at = decode_time(&d) };
	if (end->at >= list->until)
		return false;
	if (list->kind == 'c')
		end->serial = decode_serial(&d);
	else
		end->id = decode_id(&d);
	if (!decoder_done(&d))
		store_corrupt(TABLE_ENDS, key, "not an end");
	list->n++;
	return true;
}

size_t
store_end_list(const struct view *v, struct arena *a, const struct store_end_query *q,
	       struct store_end **ends)
{
	struct list list = { .kind = q->kind, .until = q->until, .max = q->max };
	struct encoder from = { .arena = a };

	encode_u8(&from, (unsigned char)q->kind);
	if (q->after != NULL) {
		encode_time(&from, q->after->at);
		if (q->kind == 'c')
			encode_serial(&from, &q->after->serial);
		else
			encode_id(&from, &q->after->id);
		list.after = encoder_blob(&from);
	}
	*ends = list.ends = arena_alloc(a, q->max * sizeof(list.ends[0]));
	view_scan(v, TABLE_ENDS, encoder_blob(&from), list_row, &list);
	return list.n;
}

/* --- before format 4 ---------------------------------------------------------------- */

#define OLD_HEAD 9		/* time, kind */

static bool
old_row(void *arg, struct blob key, struct blob value)
{
	struct encoder *c = arg;

	(void)value;
	/* New ones begin with a letter, which no time of the next million years does. */
	if (key.len < OLD_HEAD || key.data[0] != 0)
		return false;
	encode_blob(c, key);
	return c->len < 65536;
}

/* Some rows; returns how many octets of keys they have.  Their memory is not the edit's: there are
 * millions. */
static size_t
some_upgrade(struct edit *e, struct arena *a)
{
	struct encoder old = { .arena = a };
	struct decoder d;

	view_scan(edit_view(e), TABLE_ENDS, (struct blob){ NULL, 0 }, old_row, &old);
	d = decoder_new(encoder_blob(&old), a);
	while (d.at < d.end && !edit_failed(e)) {
		struct blob key = decode_blob(&d);
		struct encoder new = { .arena = a };

		encode_u8(&new, key.data[OLD_HEAD - 1]);
		encode_bytes(&new, key.data, OLD_HEAD - 1);
		encode_bytes(&new, key.data + OLD_HEAD, key.len - OLD_HEAD);
		edit_del(e, TABLE_ENDS, key);
		edit_put(e, TABLE_ENDS, encoder_blob(&new), (struct blob){ NULL, 0 });
	}
	return old.len;
}

void
ends_upgrade(struct edit *e)
{
	size_t some;

	do {
		struct arena *a = arena_new();

		some = some_upgrade(e, a);
		arena_free(a);
	} while (some > 0 && !edit_failed(e));
}

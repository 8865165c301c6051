/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c - what was asked and seen when control was proved. */
#include "store/records.h"

static struct blob
evidence_key(struct arena *a, const struct id *id, uint64_t ms)
{
	struct encoder c = { .arena = a };

	encode_id(&c, id);
	encode_u64(&c, ms);
	return encoder_blob(&c);
}

struct list {
	struct arena	*arena;
	struct blob	 id;
	const char	**texts;
	size_t		 n, max;
};

static bool
of_id(struct blob key, struct blob id)
{
	return key.len >= id.len && memcmp(key.data, id.data, id.len) == 0;
}

static bool
list_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;

	if (list->n == list->max || !of_id(key, list->id))
		return false;
	list->texts[list->n++] = arena_strndup(list->arena, (const char *)value.data, value.len);
	return true;
}

size_t
store_evidence_list(const struct view *v, struct arena *a, const struct id *id, size_t max,
		    const char ***texts)
{
	struct list list = { .arena = a, .id = BLOB_ID(id), .max = max };

	*texts = list.texts = arena_alloc(a, max * sizeof(list.texts[0]));
	view_scan(v, TABLE_EVIDENCE, list.id, list_row, &list);
	return list.n;
}

/* What is there already. */
struct rows {
	struct blob	 id;
	size_t		 n;
	uint64_t	 first, last;		/* milliseconds */
};

static bool
row_seen(void *arg, struct blob key, struct blob value)
{
	struct rows *rows = arg;
	struct decoder d;

	(void)value;
	if (!of_id(key, rows->id))
		return false;
	d = decoder_new((struct blob){ key.data + ID_LEN, key.len - ID_LEN }, NULL);
	rows->last = decode_u64(&d);
	if (!decoder_done(&d))
		store_corrupt(TABLE_EVIDENCE, key, "not an id and a time");
	if (rows->n++ == 0)
		rows->first = rows->last;
	return true;
}

/* Behind the last one, whatever the clock says: two may be of one millisecond. */
void
store_evidence_add(struct edit *e, const struct id *id, int64_t now_ms, const char *text,
		   size_t most)
{
	struct rows rows = { .id = BLOB_ID(id) };
	uint64_t ms = (uint64_t)now_ms;

	view_scan(edit_view(e), TABLE_EVIDENCE, rows.id, row_seen, &rows);
	if (rows.n > 0 && ms <= rows.last)
		ms = rows.last + 1;
	if (rows.n >= most)
		edit_del(e, TABLE_EVIDENCE, evidence_key(edit_arena(e), id, rows.first));
	edit_put(e, TABLE_EVIDENCE, evidence_key(edit_arena(e), id, ms), BLOB_TEXT(text));
}

/* The keys of an id's rows: nothing may change while they are looked for. */
struct keys {
	struct arena	*arena;
	struct blob	 id;
	struct blob	 key[16];
	size_t		 n;
};

static bool
key_seen(void *arg, struct blob key, struct blob value)
{
	struct keys *keys = arg;

	(void)value;
	if (keys->n == sizeof(keys->key) / sizeof(keys->key[0]) || !of_id(key, keys->id))
		return false;
	keys->key[keys->n++] = (struct blob){ arena_memdup(keys->arena, key.data, key.len),
					      key.len };
	return true;
}

void
evidence_del(struct edit *e, const struct id *id)
{
	struct keys keys;

	do {
		keys = (struct keys){ .arena = edit_arena(e), .id = BLOB_ID(id) };
		view_scan(edit_view(e), TABLE_EVIDENCE, keys.id, key_seen, &keys);
		for (size_t i = 0; i < keys.n; i++)
			edit_del(e, TABLE_EVIDENCE, keys.key[i]);
	} while (keys.n > 0 && !edit_failed(e));
}

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

/* Two of one millisecond keep both: the second takes the next one that is free. */
void
store_evidence_add(struct edit *e, const struct id *id, int64_t now_ms, const char *text)
{
	uint64_t ms = (uint64_t)now_ms;
	struct blob key = evidence_key(edit_arena(e), id, ms);

	while (view_get(edit_view(e), TABLE_EVIDENCE, key).data != NULL)
		key = evidence_key(edit_arena(e), id, ++ms);
	edit_put(e, TABLE_EVIDENCE, key, BLOB_TEXT(text));
}

struct list {
	struct arena	*arena;
	struct blob	 id;
	const char	**texts;
	size_t		 n, max;
};

static bool
list_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;

	if (list->n == list->max || key.len < list->id.len ||
	    memcmp(key.data, list->id.data, list->id.len) != 0)
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

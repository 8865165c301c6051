/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - pages of ids that stand in a table's keys. */
#include "store/records.h"

struct page {
	enum table	 table;
	struct blob	 prefix;
	const struct id	*after;
	struct id	*ids;
	size_t		 n, max;
};

static bool
page_row(void *arg, struct blob key, struct blob value)
{
	struct page *page = arg;
	size_t skip = page->prefix.len;

	(void)value;
	if (page->n == page->max || key.len < skip ||
	    (skip > 0 && memcmp(key.data, page->prefix.data, skip) != 0))
		return false;
	if (key.len != skip + ID_LEN)
		store_corrupt(page->table, key, "does not end with an id");
	if (page->after == NULL || memcmp(key.data + skip, page->after->b, ID_LEN) != 0)
		memcpy(page->ids[page->n++].b, key.data + skip, ID_LEN);
	return true;
}

size_t
id_list(const struct view *v, struct arena *a, enum table t, struct blob prefix,
	const struct id *after, size_t max, struct id **ids)
{
	struct page page = { .table = t, .prefix = prefix, .after = after, .max = max };
	struct encoder from = { .arena = a };

	encode_bytes(&from, prefix.data, prefix.len);
	if (after != NULL)
		encode_id(&from, after);
	*ids = page.ids = arena_alloc(a, max * sizeof(page.ids[0]));
	view_scan(v, t, encoder_blob(&from), page_row, &page);
	return page.n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - pages of ids and of serials that stand in a table's keys. */
#include "store/records.h"

struct page {
	enum table	 table;
	struct blob	 prefix;
	const uint8_t	*after;		/* or NULL */
	uint8_t		*names;		/* n of them, each len octets */
	size_t		 len, n, max;
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
	if (key.len != skip + page->len)
		store_corrupt(page->table, key, "does not end with a name");
	if (page->after == NULL || memcmp(key.data + skip, page->after, page->len) != 0)
		memcpy(page->names + page->len * page->n++, key.data + skip, page->len);
	return true;
}

static void
page_fill(struct page *page, const struct view *v, struct arena *a)
{
	struct encoder from = { .arena = a };

	encode_bytes(&from, page->prefix.data, page->prefix.len);
	if (page->after != NULL)
		encode_bytes(&from, page->after, page->len);
	page->names = arena_alloc(a, page->max * page->len);
	view_scan(v, page->table, encoder_blob(&from), page_row, page);
}

size_t
id_list(const struct view *v, struct arena *a, enum table t, struct blob prefix,
	const struct id *after, size_t max, struct id **ids)
{
	struct page page = { t, prefix, after == NULL ? NULL : after->b, NULL, ID_LEN, 0, max };

	page_fill(&page, v, a);
	*ids = (struct id *)page.names;
	return page.n;
}

size_t
serial_list(const struct view *v, struct arena *a, enum table t, struct blob prefix,
	    const struct serial *after, size_t max, struct serial **serials)
{
	struct page page = { t, prefix, after == NULL ? NULL : after->b, NULL, SERIAL_LEN, 0, max };

	page_fill(&page, v, a);
	*serials = (struct serial *)page.names;
	return page.n;
}

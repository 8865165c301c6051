/* SPDX-License-Identifier: Apache-2.0 */
/* counts.c - how many objects stand in each state: changed in the same edit as the
 * object, so that the numbers are right after a crash, and cheap for ever.
 *
 * The value "counts" in `meta`: for accounts, orders, authorizations and certificates in
 * turn, COUNT_STATES numbers u64, by state; that of state 0 is always 0. */
#include "store/env.h"
#include "store/records.h"

/* Where the state stands in a record: behind version, end or thumbprint, ids, scope. */
static const struct counted {
	enum table	table;
	size_t		state;
} counted[COUNT_KINDS] = {
	[COUNT_ACCOUNTS] = { TABLE_ACCOUNTS, 1 + 32 + 34 },
	[COUNT_ORDERS] = { TABLE_ORDERS, 1 + 8 + ID_LEN + 34 },
	[COUNT_AUTHZ] = { TABLE_AUTHZ, 1 + 8 + 2 * ID_LEN + 34 },
	[COUNT_CERTS] = { TABLE_CERTS, 1 + 8 + 2 * ID_LEN + 34 },
};

#define NAME BLOB_TEXT("counts")

static void
move(struct edit *e, size_t kind, struct blob record, int by)
{
	uint8_t state = record.data[counted[kind].state];

	if (state < COUNT_STATES)
		e->counts[kind][state] += by;
}

void
counts_change(struct edit *e, enum table t, struct blob old, struct blob new)
{
	for (size_t i = 0; i < COUNT_KINDS; i++)
		if (counted[i].table == t) {
			if (old.data != NULL)
				move(e, i, old, -1);
			if (new.data != NULL)
				move(e, i, new, 1);
		}
}

struct store_counts
store_counts(const struct view *v)
{
	struct blob value = view_get(v, TABLE_META, NAME);
	struct decoder d = decoder_new(value, NULL);
	struct store_counts counts = { 0 };

	if (value.data == NULL)
		return counts;
	for (size_t i = 0; i < COUNT_KINDS; i++)
		for (size_t state = 0; state < COUNT_STATES; state++)
			counts.n[i][state] = decode_u64(&d);
	if (!decoder_done(&d))
		store_corrupt(TABLE_META, NAME, "no counts");
	return counts;
}

void
counts_write(struct edit *e)
{
	struct store_counts counts;
	struct encoder c = { .arena = edit_arena(e) };
	bool changed = false;

	for (size_t i = 0; i < COUNT_KINDS; i++)
		for (size_t state = 0; state < COUNT_STATES; state++)
			changed = changed || e->counts[i][state] != 0;
	if (!changed)
		return;
	counts = store_counts(edit_view(e));
	for (size_t i = 0; i < COUNT_KINDS; i++)
		for (size_t state = 0; state < COUNT_STATES; state++)
			encode_u64(&c, counts.n[i][state] + (uint64_t)e->counts[i][state]);
	edit_put(e, TABLE_META, NAME, encoder_blob(&c));
}

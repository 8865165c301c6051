/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c - how much is to be renewed in each slot of time: kept by store_renewal_put(), so that
 * nobody has to count certificates. */
#include "store/records.h"

enum column {
	COLUMN_LOAD = 'p',
	COLUMN_START = 's',
	COLUMN_END = 'e'
};

struct slots {
	uint64_t	n[SLOTS_ROW];
};

static struct blob
slots_key(struct arena *a, uint32_t row, enum column column)
{
	struct encoder c = { .arena = a };

	encode_u32(&c, row);
	encode_u8(&c, column);
	return encoder_blob(&c);
}

static void
slots_decode(struct blob key, struct blob value, struct slots *slots)
{
	struct decoder d = decoder_new(value, NULL);
	bool wide = key.data[key.len - 1] == COLUMN_LOAD;

	for (size_t i = 0; i < SLOTS_ROW; i++)
		slots->n[i] = wide ? decode_u64(&d) : decode_u32(&d);
	if (!decoder_done(&d))
		store_corrupt(TABLE_SLOTS, key, "not a row of slots");
}

static void
slots_get(const struct view *v, struct blob key, struct slots *slots)
{
	struct blob value = view_get(v, TABLE_SLOTS, key);

	*slots = (struct slots){ { 0 } };
	if (value.data != NULL)
		slots_decode(key, value, slots);
}

static void
slots_put(struct edit *e, struct blob key, const struct slots *slots)
{
	struct encoder c = { .arena = edit_arena(e) };
	bool wide = key.data[key.len - 1] == COLUMN_LOAD;
	uint64_t sum = 0;

	for (size_t i = 0; i < SLOTS_ROW; i++) {
		sum += slots->n[i];
		if (wide)
			encode_u64(&c, slots->n[i]);
		else
			encode_u32(&c, (uint32_t)slots->n[i]);
	}
	if (sum > 0)
		edit_put(e, TABLE_SLOTS, key, encoder_blob(&c));
	else if (view_get(edit_view(e), TABLE_SLOTS, key).data != NULL)
		edit_del(e, TABLE_SLOTS, key);
}

/* Adds to (or takes from) a column's slots from first to last. */
static void
column_change(struct edit *e, enum column column, uint32_t first, uint32_t last, int64_t by)
{
	for (uint32_t row = first / SLOTS_ROW; row <= last / SLOTS_ROW; row++) {
		struct blob key = slots_key(edit_arena(e), row, column);
		struct slots slots;

		slots_get(edit_view(e), key, &slots);
		for (uint32_t i = 0; i < SLOTS_ROW; i++)
			if (row * SLOTS_ROW + i >= first && row * SLOTS_ROW + i <= last)
				slots.n[i] += (uint64_t)by;
		slots_put(e, key, &slots);
	}
}

static uint32_t
slot_of(int64_t time)
{
	return (uint32_t)(time / SLOT_SECONDS);
}

void
slots_change(struct edit *e, const struct renewal *renewal, bool add)
{
	uint32_t first = slot_of(renewal->start), last = slot_of(renewal->end - 1);
	int64_t share = SLOT_LOAD / ((int64_t)last - first + 1);

	if (share == 0)
		share = 1;
	column_change(e, COLUMN_LOAD, first, last, add ? share : -share);
	column_change(e, COLUMN_START, first, first, add ? 1 : -1);
	column_change(e, COLUMN_END, last, last, add ? 1 : -1);
}

void
store_slots_load(const struct view *v, uint32_t first, size_t n, uint64_t *loads)
{
	uint8_t key[5] = { 0, 0, 0, 0, COLUMN_LOAD };
	struct slots slots = { { 0 } };
	uint32_t row, read = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		row = (uint32_t)(first + i) / SLOTS_ROW;
		if (row != read) {
			for (unsigned b = 0; b < 4; b++)
				key[b] = (uint8_t)(row >> (24 - 8 * b));
			slots_get(v, BLOB(key), &slots);
			read = row;
		}
		loads[i] = slots.n[(first + i) % SLOTS_ROW];
	}
}

struct sum {
	struct store_due	due;
	uint32_t		now;		/* its slot */
};

static bool
sum_row(void *arg, struct blob key, struct blob value)
{
	struct sum *sum = arg;
	struct decoder d = decoder_new(key, NULL);
	uint32_t row = decode_u32(&d);
	unsigned column = decode_u8(&d);
	struct slots slots;

	if (!decoder_done(&d))
		store_corrupt(TABLE_SLOTS, key, "not a row and a column");
	if (row > sum->now / SLOTS_ROW)
		return false;
	if (column == COLUMN_LOAD)
		return true;
	slots_decode(key, value, &slots);
	for (uint32_t i = 0; i < SLOTS_ROW && row * SLOTS_ROW + i < sum->now; i++)
		if (column == COLUMN_START)
			sum->due.begun += slots.n[i];
		else
			sum->due.ended += slots.n[i];
	return true;
}

struct store_due
store_due_count(const struct view *v, int64_t now)
{
	struct sum sum = { .now = slot_of(now) };

	view_scan(v, TABLE_SLOTS, (struct blob){ NULL, 0 }, sum_row, &sum);
	return sum.due;
}

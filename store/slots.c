/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c - how much is to be renewed in each slot of time: kept by store_renewal_put(), so that
 * nobody has to count certificates. */
#include "store/records.h"

enum column {
	COLUMN_START = 's',
	COLUMN_END = 'e',
	COLUMN_MIDDLE = 'm',
	COLUMN_LENGTH = 'l',
	COLUMN_FIRST = 'f'
};

#define ROW_ALL	   UINT32_MAX
#define ROW_OCTETS (4 * SLOTS_ROW)

struct slots {
	uint32_t	n[SLOTS_ROW];
};

static struct blob
slots_key(uint8_t key[5], uint32_t row, enum column column)
{
	for (unsigned b = 0; b < 4; b++)
		key[b] = (uint8_t)(row >> (24 - 8 * b));
	key[4] = (uint8_t)column;
	return (struct blob){ key, 5 };
}

static void
slots_decode(struct blob key, struct blob value, struct slots *slots)
{
	const uint8_t *b = value.data;

	if (value.len != ROW_OCTETS)
		store_corrupt(TABLE_SLOTS, key, "not a row of slots");
	for (size_t i = 0; i < SLOTS_ROW; i++, b += 4)
		slots->n[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
			      (uint32_t)b[2] << 8 | b[3];
}

static void
slots_get(const struct view *v, uint32_t row, enum column column, struct slots *slots)
{
	uint8_t octets[5];
	struct blob key = slots_key(octets, row, column);
	struct blob value = view_get(v, TABLE_SLOTS, key);

	*slots = (struct slots){ { 0 } };
	if (value.data != NULL)
		slots_decode(key, value, slots);
}

static void
slots_put(struct edit *e, uint32_t row, enum column column, const struct slots *slots)
{
	uint8_t octets[5], row_octets[ROW_OCTETS], *b = row_octets;
	struct blob key = slots_key(octets, row, column);
	uint32_t any = 0;

	for (size_t i = 0; i < SLOTS_ROW; i++, b += 4) {
		any |= slots->n[i];
		for (unsigned k = 0; k < 4; k++)
			b[k] = (uint8_t)(slots->n[i] >> (24 - 8 * k));
	}
	if (any != 0)
		edit_put(e, TABLE_SLOTS, key, BLOB(row_octets));
	else if (view_get(edit_view(e), TABLE_SLOTS, key).data != NULL)
		edit_del(e, TABLE_SLOTS, key);
}

static void
slots_add(struct edit *e, uint32_t row, enum column column, size_t at, int by)
{
	struct slots slots;

	slots_get(edit_view(e), row, column, &slots);
	slots.n[at] += (uint32_t)by;
	slots_put(e, row, column, &slots);
}

/* --- windows ------------------------------------------------------------------------ */

static uint32_t
slot_of(int64_t time)
{
	return (uint32_t)(time / SLOT_SECONDS);
}

size_t
slots_class(int64_t length)
{
	unsigned octave;
	size_t class;

	if (length < 32)
		return 0;
	octave = 63 - (unsigned)__builtin_clzll((uint64_t)length);
	class = (octave - 5) * 8 + ((uint64_t)length >> (octave - 3)) % 8;
	return class < SLOTS_LENGTHS ? class : SLOTS_LENGTHS - 1;
}

/* The first row that counts. */
static uint32_t
first_row(const struct view *v)
{
	struct slots first;

	slots_get(v, ROW_ALL, COLUMN_FIRST, &first);
	return first.n[0];
}

void
slots_change(struct edit *e, const struct renewal *renewal, bool add)
{
	uint32_t start = slot_of(renewal->start), end = slot_of(renewal->end - 1);
	uint32_t middle = slot_of(renewal->start + (renewal->end - renewal->start) / 2);
	uint32_t row = middle / SLOTS_ROW;
	size_t class = slots_class(renewal->end - renewal->start);
	int by = add ? 1 : -1;

	slots_add(e, start / SLOTS_ROW, COLUMN_START, start % SLOTS_ROW, by);
	slots_add(e, end / SLOTS_ROW, COLUMN_END, end % SLOTS_ROW, by);
	if (row < first_row(edit_view(e)))
		return;
	slots_add(e, row, COLUMN_MIDDLE, middle % SLOTS_ROW, by);
	slots_add(e, row, COLUMN_LENGTH, class, by);
	slots_add(e, ROW_ALL, COLUMN_LENGTH, class, by);
}

void
store_slots_load(const struct view *v, uint32_t first, size_t n, uint32_t *loads)
{
	struct slots slots;

	while (n > 0) {
		size_t at = first % SLOTS_ROW, some = SLOTS_ROW - at < n ? SLOTS_ROW - at : n;

		slots_get(v, first / SLOTS_ROW, COLUMN_MIDDLE, &slots);
		memcpy(loads, slots.n + at, some * sizeof(loads[0]));
		first += (uint32_t)some;
		loads += some;
		n -= some;
	}
}

void
store_slots_lengths(const struct view *v, uint32_t lengths[SLOTS_LENGTHS])
{
	struct slots all;

	slots_get(v, ROW_ALL, COLUMN_LENGTH, &all);
	memcpy(lengths, all.n, SLOTS_LENGTHS * sizeof(lengths[0]));
}

/* --- what is over ------------------------------------------------------------------- */

struct passed {
	struct passed	*next;
	struct blob	 key;
};

struct passing {
	struct slots	 all;
	uint32_t	 now;		/* its row */
	struct passed	*passed;
	struct arena	*arena;
};

static bool
passing_row(void *arg, struct blob key, struct blob value)
{
	struct passing *p = arg;
	struct decoder d = decoder_new(key, NULL);
	uint32_t row = decode_u32(&d);
	unsigned column = decode_u8(&d);
	struct passed *passed;
	struct slots slots;

	if (row >= p->now)
		return false;
	if (column != COLUMN_LENGTH && column != COLUMN_MIDDLE)
		return true;
	if (column == COLUMN_LENGTH) {
		slots_decode(key, value, &slots);
		for (size_t i = 0; i < SLOTS_LENGTHS; i++)
			p->all.n[i] -= slots.n[i];
	}
	passed = arena_alloc(p->arena, sizeof(*passed));
	passed->key = arena_blob(p->arena, key.data, key.len);
	passed->next = p->passed;
	p->passed = passed;
	return true;
}

void
store_slots_pass(struct edit *e, int64_t now)
{
	const struct view *v = edit_view(e);
	struct slots first = { { slot_of(now) / SLOTS_ROW } };
	struct passing *p;

	if (first_row(v) >= first.n[0])
		return;
	p = arena_alloc(edit_arena(e), sizeof(*p));
	p->now = first.n[0];
	p->arena = edit_arena(e);
	slots_get(v, ROW_ALL, COLUMN_LENGTH, &p->all);
	view_scan(v, TABLE_SLOTS, (struct blob){ NULL, 0 }, passing_row, p);
	for (; p->passed != NULL; p->passed = p->passed->next)
		edit_del(e, TABLE_SLOTS, p->passed->key);
	slots_put(e, ROW_ALL, COLUMN_LENGTH, &p->all);
	slots_put(e, ROW_ALL, COLUMN_FIRST, &first);
}

/* --- a clock that was ahead --------------------------------------------------------- */

struct row {
	struct slots	middle, length;
};

struct rewinding {
	uint32_t	  first, until;	/* rows that count again */
	struct row	**rows;		/* of each; NULL: nothing is in it */
	struct slots	  all;
	struct arena	 *arena;
};

static bool
rewinding_row(void *arg, struct blob key, struct blob value)
{
	struct rewinding *r = arg;
	struct decoder k = decoder_new(key, NULL), d = decoder_new(value, NULL);
	int64_t start = decode_time(&k), end = decode_time(&d);
	uint32_t middle = slot_of(start + (end - start) / 2), row = middle / SLOTS_ROW;
	size_t class = slots_class(end - start);
	struct row **at;

	if (row < r->first || row >= r->until)
		return true;
	at = &r->rows[row - r->first];
	if (*at == NULL)
		*at = arena_alloc(r->arena, sizeof(**at));
	(*at)->middle.n[middle % SLOTS_ROW]++;
	(*at)->length.n[class]++;
	r->all.n[class]++;
	return true;
}

/* They were deleted, and nothing was added since. */
void
slots_rewind(struct edit *e, int64_t now)
{
	const struct view *v = edit_view(e);
	struct rewinding r = { slot_of(now) / SLOTS_ROW, first_row(v), .arena = arena_new() };
	struct slots first = { { r.first } };

	if (r.first < r.until) {
		r.rows = arena_alloc(r.arena, (r.until - r.first) * sizeof(r.rows[0]));
		slots_get(v, ROW_ALL, COLUMN_LENGTH, &r.all);
		view_scan(v, TABLE_DUE, (struct blob){ NULL, 0 }, rewinding_row, &r);
		for (uint32_t i = 0; i < r.until - r.first; i++)
			if (r.rows[i] != NULL) {
				slots_put(e, r.first + i, COLUMN_MIDDLE, &r.rows[i]->middle);
				slots_put(e, r.first + i, COLUMN_LENGTH, &r.rows[i]->length);
			}
		slots_put(e, ROW_ALL, COLUMN_LENGTH, &r.all);
		slots_put(e, ROW_ALL, COLUMN_FIRST, &first);
	}
	arena_free(r.arena);
}

/* --- what is due -------------------------------------------------------------------- */

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
	if (column != COLUMN_START && column != COLUMN_END)
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

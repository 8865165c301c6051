/* SPDX-License-Identifier: Apache-2.0 */
/* renewal.c - when certificates shall be renewed, and which of them are due (RFC 9773). */
#include "store/records.h"

struct blob
renewal_encode(const struct renewal *renewal, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, RECORD_VERSION);
	encode_time(&c, renewal->not_after);
	encode_time(&c, renewal->start);
	encode_time(&c, renewal->end);
	encode_id(&c, &renewal->order);
	encode_serial(&c, &renewal->successor);
	encode_id(&c, &renewal->incident);
	encode_u8(&c, renewal->closed);
	return encoder_blob(&c);
}

bool
renewal_decode(struct blob bytes, struct arena *a, struct renewal *renewal)
{
	struct decoder d = decoder_new(bytes, a);

	if (decode_u8(&d) != RECORD_VERSION)
		return false;
	renewal->not_after = decode_time(&d);
	renewal->start = decode_time(&d);
	renewal->end = decode_time(&d);
	renewal->order = decode_id(&d);
	renewal->successor = decode_serial(&d);
	renewal->incident = decode_id(&d);
	renewal->closed = decode_flag(&d);
	return decoder_done(&d) && renewal->start < renewal->end;
}

static void
renewal_read(struct blob key, struct blob value, struct renewal *renewal)
{
	if (key.len != SERIAL_LEN || !renewal_decode(value, NULL, renewal))
		store_corrupt(TABLE_RENEWALS, key, "not a renewal");
	memcpy(renewal->serial.b, key.data, SERIAL_LEN);
}

const struct renewal *
store_renewal_get(const struct view *v, struct arena *a, const struct serial *serial)
{
	struct blob bytes = view_get(v, TABLE_RENEWALS, BLOB_ID(serial));
	struct renewal *renewal;

	if (bytes.data == NULL)
		return NULL;
	renewal = arena_alloc(a, sizeof(*renewal));
	renewal_read(BLOB_ID(serial), bytes, renewal);
	return renewal;
}

/* --- open ones, by the begin of their window ---------------------------------------- */

static struct blob
due_key(struct arena *a, int64_t start, const struct serial *serial)
{
	struct encoder c = { .arena = a };

	encode_time(&c, start);
	encode_serial(&c, serial);
	return encoder_blob(&c);
}

bool
store_renewal_open(const struct renewal *renewal)
{
	return renewal != NULL && !renewal->closed && serial_none(&renewal->successor);
}

static void
due_put(struct edit *e, const struct renewal *renewal)
{
	struct encoder end = { .arena = edit_arena(e) };

	encode_time(&end, renewal->end);
	edit_put(e, TABLE_DUE, due_key(edit_arena(e), renewal->start, &renewal->serial),
		 encoder_blob(&end));
	slots_change(e, renewal, true);
}

static void
due_del(struct edit *e, const struct renewal *renewal)
{
	edit_del(e, TABLE_DUE, due_key(edit_arena(e), renewal->start, &renewal->serial));
	slots_change(e, renewal, false);
}

void
store_renewal_put(struct edit *e, const struct renewal *renewal)
{
	struct arena *a = edit_arena(e);
	const struct renewal *old = store_renewal_get(edit_view(e), a, &renewal->serial);
	bool was = store_renewal_open(old), is = store_renewal_open(renewal);

	edit_put(e, TABLE_RENEWALS, BLOB_ID(&renewal->serial), renewal_encode(renewal, a));
	if (was && is && old->start == renewal->start && old->end == renewal->end)
		return;
	if (was)
		due_del(e, old);
	if (is)
		due_put(e, renewal);
}

void
store_renewal_close(struct edit *e, const struct serial *serial)
{
	const struct renewal *old = store_renewal_get(edit_view(e), edit_arena(e), serial);
	struct renewal next;

	if (old == NULL || old->closed)
		return;
	next = *old;
	next.closed = true;
	store_renewal_put(e, &next);
}

void
store_renewal_del(struct edit *e, const struct serial *serial)
{
	const struct renewal *old = store_renewal_get(edit_view(e), edit_arena(e), serial);

	if (old == NULL)
		return;
	if (store_renewal_open(old))
		due_del(e, old);
	edit_del(e, TABLE_RENEWALS, BLOB_ID(serial));
}

/* --- those of older formats ---------------------------------------------------------- */

#define UNPLANNED BLOB_TEXT("unplanned")

bool
store_unplanned_get(const struct view *v, struct serial *last)
{
	struct blob value = view_get(v, TABLE_META, UNPLANNED);
	struct decoder d = decoder_new(value, NULL);

	if (value.data == NULL)
		return false;
	*last = decode_serial(&d);
	if (!decoder_done(&d))
		store_corrupt(TABLE_META, UNPLANNED, "not a serial");
	return true;
}

void
store_unplanned_put(struct edit *e, const struct serial *last)
{
	if (last != NULL)
		edit_put(e, TABLE_META, UNPLANNED, BLOB_ID(last));
	else
		edit_del(e, TABLE_META, UNPLANNED);
}

/* --- lists -------------------------------------------------------------------------- */

struct list {
	struct blob	 after;
	int64_t		 now;
	struct renewal	*renewals;
	struct due	*due;
	size_t		 n, max;
};

static bool
list_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;

	if (blob_equal(key, list->after))
		return true;
	if (list->n == list->max)
		return false;
	renewal_read(key, value, &list->renewals[list->n++]);
	return true;
}

size_t
store_renewal_list(const struct view *v, struct arena *a, const struct serial *after, size_t max,
		   struct renewal **renewals)
{
	struct list list = { .max = max };

	if (after != NULL)
		list.after = BLOB_ID(after);
	*renewals = list.renewals = arena_alloc(a, max * sizeof(list.renewals[0]));
	view_scan(v, TABLE_RENEWALS, list.after, list_row, &list);
	return list.n;
}

static bool
due_row(void *arg, struct blob key, struct blob value)
{
	struct list *list = arg;
	struct decoder k = decoder_new(key, NULL), d = decoder_new(value, NULL);
	struct due due = { .start = decode_time(&k) };

	if (blob_equal(key, list->after))
		return true;
	if (list->n == list->max || due.start > list->now)
		return false;
	due.serial = decode_serial(&k);
	due.end = decode_time(&d);
	if (!decoder_done(&k) || !decoder_done(&d))
		store_corrupt(TABLE_DUE, key, "not a window");
	list->due[list->n++] = due;
	return true;
}

size_t
store_due_list(const struct view *v, struct arena *a, int64_t now, const struct due *after,
	       size_t max, struct due **due)
{
	struct list list = { .now = now, .max = max };

	if (after != NULL)
		list.after = due_key(a, after->start, &after->serial);
	*due = list.due = arena_alloc(a, max * sizeof(list.due[0]));
	view_scan(v, TABLE_DUE, list.after, due_row, &list);
	return list.n;
}

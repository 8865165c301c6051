/* SPDX-License-Identifier: Apache-2.0 */
/* meta.c - named values, and the numbers that stand for configured names. */
#include <assert.h>

#include "store/records.h"

struct blob
store_meta_get(const struct view *v, struct arena *a, const char *name)
{
	struct blob value = view_get(v, TABLE_META, BLOB_TEXT(name));

	return value.data == NULL ? value : arena_blob(a, value.data, value.len);
}

void
store_meta_put(struct edit *e, const char *name, struct blob value)
{
	edit_put(e, TABLE_META, BLOB_TEXT(name), value);
}

int64_t
store_last_time(const struct view *v)
{
	struct blob key = BLOB_TEXT("time"), value = view_get(v, TABLE_META, key);
	struct decoder d = decoder_new(value, NULL);
	int64_t last = decode_time(&d);

	if (value.data != NULL && !decoder_done(&d))
		store_corrupt(TABLE_META, key, "not a time");
	return last;
}

void
time_put(struct edit *e, int64_t now)
{
	struct encoder c = { .arena = edit_arena(e) };

	encode_time(&c, now);
	edit_put(e, TABLE_META, BLOB_TEXT("time"), encoder_blob(&c));
}

void
store_time_accept(struct edit *e, int64_t now)
{
	assert(now < store_last_time(edit_view(e)));
	time_put(e, now);
	slots_rewind(e, now);
}

/* --- names ------------------------------------------------------------------------ */

static struct blob
name_key(struct arena *a, char kind, const char *name)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, (unsigned char)kind);
	encode_u8(&c, 'N');
	encode_bytes(&c, name, strlen(name));
	return encoder_blob(&c);
}

static struct blob
number_key(struct arena *a, char kind, uint32_t number)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, (unsigned char)kind);
	encode_u8(&c, '#');
	encode_u32(&c, number);
	return encoder_blob(&c);
}

struct last {
	char		kind;
	uint32_t	number;
};

static bool
number_last(void *arg, struct blob key, struct blob value)
{
	struct last *last = arg;
	struct decoder d = decoder_new(key, NULL);

	(void)value;
	if (decode_u8(&d) == (unsigned char)last->kind && decode_u8(&d) == '#')
		last->number = decode_u32(&d);
	return false;
}

uint32_t
store_name_number(struct edit *e, char kind, const char *name)
{
	const struct view *v = edit_view(e);
	struct arena *a = edit_arena(e);
	struct blob key = name_key(a, kind, name), value = view_get(v, TABLE_NAMES, key);
	struct last last = { kind, 0 };
	struct encoder c = { .arena = a };

	if (value.data != NULL) {
		struct decoder d = decoder_new(value, NULL);
		uint32_t number = decode_u32(&d);

		if (!decoder_done(&d))
			store_corrupt(TABLE_NAMES, key, "not a number");
		return number;
	}
	view_scan_back(v, TABLE_NAMES, number_key(a, kind, UINT32_MAX), number_last, &last);
	encode_u32(&c, last.number + 1);
	edit_put(e, TABLE_NAMES, key, encoder_blob(&c));
	edit_put(e, TABLE_NAMES, number_key(a, kind, last.number + 1), BLOB_TEXT(name));
	return last.number + 1;
}

const char *
store_name(const struct view *v, struct arena *a, char kind, uint32_t number)
{
	struct blob name = view_get(v, TABLE_NAMES, number_key(a, kind, number));

	if (name.data == NULL)
		return NULL;
	return arena_strndup(a, (const char *)name.data, name.len);
}

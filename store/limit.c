/* SPDX-License-Identifier: Apache-2.0 */
/* limit.c - what rate limits and pauses remember. */
#include "store/records.h"

/* --- buckets ----------------------------------------------------------------------- */

static struct blob
quota_key(struct arena *a, unsigned limit, struct blob whose)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, limit);
	encode_bytes(&c, whose.data, whose.len);
	return encoder_blob(&c);
}

int64_t
store_quota_get(const struct view *v, unsigned limit, struct blob whose)
{
	struct arena *a = arena_new();
	struct blob key = quota_key(a, limit, whose), value = view_get(v, TABLE_QUOTAS, key);
	struct decoder d = decoder_new(value, NULL);
	int64_t full_at = decode_time(&d);

	if (value.data != NULL && !decoder_done(&d))
		store_corrupt(TABLE_QUOTAS, key, "not a time");
	arena_free(a);
	return full_at;
}

void
store_quota_put(struct edit *e, unsigned limit, struct blob whose, int64_t full_at)
{
	struct blob key = quota_key(edit_arena(e), limit, whose);
	struct encoder c = { .arena = edit_arena(e) };

	encode_time(&c, full_at);
	edit_put(e, TABLE_QUOTAS, key, encoder_blob(&c));
}

/* --- other rates ------------------------------------------------------------------- */

static struct blob
rate_key(struct arena *a, const struct store_rate *rate)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, (unsigned char)rate->kind);
	encode_id(&c, &rate->whose);
	encode_u8(&c, rate->limit);
	return encoder_blob(&c);
}

static void
rate_read(struct store_rate *rate, struct blob key, struct blob value)
{
	struct decoder k = decoder_new(key, NULL), d = decoder_new(value, NULL);

	rate->kind = (char)decode_u8(&k);
	rate->whose = decode_id(&k);
	rate->limit = decode_u8(&k);
	rate->count = (int64_t)decode_u64(&d);
	rate->period = decode_time(&d);
	if (!decoder_done(&k) || !decoder_done(&d))
		store_corrupt(TABLE_RATES, key, "not a rate");
}

bool
store_rate_get(const struct view *v, struct store_rate *rate)
{
	struct arena *a = arena_new();
	struct blob key = rate_key(a, rate), value = view_get(v, TABLE_RATES, key);

	if (value.data != NULL)
		rate_read(rate, key, value);
	arena_free(a);
	return value.data != NULL;
}

void
store_rate_put(struct edit *e, const struct store_rate *rate)
{
	struct blob key = rate_key(edit_arena(e), rate);
	struct encoder c = { .arena = edit_arena(e) };

	if (rate->count < 0) {
		edit_del(e, TABLE_RATES, key);
		return;
	}
	encode_u64(&c, (uint64_t)rate->count);
	encode_time(&c, rate->period);
	edit_put(e, TABLE_RATES, key, encoder_blob(&c));
}

/* Rows of one size that come together. */
struct rows {
	struct arena	*arena;
	char		*data;
	size_t		 n, size, each;
};

static void *
rows_add(struct rows *rows)
{
	if (rows->n == rows->size) {
		char *more;

		rows->size = rows->size == 0 ? 16 : rows->size * 2;
		more = arena_alloc(rows->arena, rows->size * rows->each);
		if (rows->n > 0)
			memcpy(more, rows->data, rows->n * rows->each);
		rows->data = more;
	}
	return rows->data + rows->each * rows->n++;
}

static bool
rate_row(void *arg, struct blob key, struct blob value)
{
	rate_read(rows_add(arg), key, value);
	return true;
}

size_t
store_rate_list(const struct view *v, struct arena *a, struct store_rate **rates)
{
	struct rows rows = { .arena = a, .each = sizeof(**rates) };

	view_scan(v, TABLE_RATES, (struct blob){ NULL, 0 }, rate_row, &rows);
	*rates = (void *)rows.data;
	return rows.n;
}

/* --- pauses ------------------------------------------------------------------------ */

static struct blob
pause_key(struct arena *a, const struct pause *pause)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, pause->kind);
	if (pause->kind != PAUSED_NAME)
		encode_id(&c, &pause->account);
	if (pause->kind != PAUSED_ACCOUNT)
		encode_bytes(&c, pause->name, strlen(pause->name));
	return encoder_blob(&c);
}

static void
pause_read(struct pause *pause, struct arena *a, struct blob key, struct blob value)
{
	struct decoder k = decoder_new(key, a), d = decoder_new(value, a);

	pause->kind = (enum paused)decode_u8(&k);
	if (pause->kind != PAUSED_NAME)
		pause->account = decode_id(&k);
	if (pause->kind != PAUSED_ACCOUNT)
		pause->name = arena_strndup(a, (const char *)k.at, (size_t)(k.end - k.at));
	pause->since = decode_time(&d);
	pause->why = decode_text(&d);
	if (k.failed || !decoder_done(&d))
		store_corrupt(TABLE_PAUSES, key, "not a pause");
}

bool
store_pause_get(const struct view *v, struct arena *a, struct pause *pause)
{
	struct blob key = pause_key(a, pause), value = view_get(v, TABLE_PAUSES, key);

	if (value.data != NULL)
		pause_read(pause, a, key, value);
	return value.data != NULL;
}

void
store_pause_put(struct edit *e, const struct pause *pause)
{
	struct encoder c = { .arena = edit_arena(e) };

	encode_time(&c, pause->since);
	encode_text(&c, pause->why);
	edit_put(e, TABLE_PAUSES, pause_key(edit_arena(e), pause), encoder_blob(&c));
}

bool
store_pause_del(struct edit *e, const struct pause *pause)
{
	struct blob key = pause_key(edit_arena(e), pause);
	bool there = view_get(edit_view(e), TABLE_PAUSES, key).data != NULL;

	if (there)
		edit_del(e, TABLE_PAUSES, key);
	return there;
}

static bool
pause_row(void *arg, struct blob key, struct blob value)
{
	struct rows *rows = arg;

	pause_read(rows_add(rows), rows->arena, key, value);
	return true;
}

size_t
store_pause_list(const struct view *v, struct arena *a, struct pause **pauses)
{
	struct rows rows = { .arena = a, .each = sizeof(**pauses) };

	view_scan(v, TABLE_PAUSES, (struct blob){ NULL, 0 }, pause_row, &rows);
	*pauses = (void *)rows.data;
	return rows.n;
}

/* --- failures ---------------------------------------------------------------------- */

static struct blob
failing_key(struct arena *a, const struct id *account, const char *name)
{
	struct encoder c = { .arena = a };

	encode_id(&c, account);
	encode_bytes(&c, name, strlen(name));
	return encoder_blob(&c);
}

struct failing
store_failing_get(const struct view *v, const struct id *account, const char *name)
{
	struct arena *a = arena_new();
	struct blob key = failing_key(a, account, name), value = view_get(v, TABLE_FAILING, key);
	struct decoder d = decoder_new(value, NULL);
	struct failing failing = { .first = decode_time(&d) };

	failing.last = decode_time(&d);
	failing.count = decode_u32(&d);
	if (value.data != NULL && !decoder_done(&d))
		store_corrupt(TABLE_FAILING, key, "not failures");
	arena_free(a);
	return failing;
}

void
store_failing_put(struct edit *e, const struct id *account, const char *name,
		  const struct failing *failing)
{
	struct blob key = failing_key(edit_arena(e), account, name);
	struct encoder c = { .arena = edit_arena(e) };

	if (failing->count == 0) {
		if (view_get(edit_view(e), TABLE_FAILING, key).data != NULL)
			edit_del(e, TABLE_FAILING, key);
		return;
	}
	encode_time(&c, failing->first);
	encode_time(&c, failing->last);
	encode_u32(&c, failing->count);
	edit_put(e, TABLE_FAILING, key, encoder_blob(&c));
}

/* --- sets of names ----------------------------------------------------------------- */

static struct blob
names_key(struct arena *a, uint32_t directory, const uint8_t hash[32])
{
	struct encoder c = { .arena = a };

	encode_u32(&c, directory);
	encode_bytes(&c, hash, 32);
	return encoder_blob(&c);
}

bool
store_names_get(const struct view *v, uint32_t directory, const uint8_t hash[32],
		struct serial *serial)
{
	struct arena *a = arena_new();
	struct blob key = names_key(a, directory, hash);
	struct blob value = view_get(v, TABLE_NAME_SETS, key);
	struct decoder d = decoder_new(value, NULL);

	*serial = decode_serial(&d);
	if (value.data != NULL && !decoder_done(&d))
		store_corrupt(TABLE_NAME_SETS, key, "not a serial");
	arena_free(a);
	return value.data != NULL;
}

void
store_names_put(struct edit *e, uint32_t directory, const uint8_t hash[32],
		const struct serial *serial)
{
	struct encoder c = { .arena = edit_arena(e) };

	encode_serial(&c, serial);
	edit_put(e, TABLE_NAME_SETS, names_key(edit_arena(e), directory, hash),
		 encoder_blob(&c));
}

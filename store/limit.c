/* SPDX-License-Identifier: Apache-2.0 */
/* limit.c - what rate limits and pauses remember.
 *
 * Every order looks here many times, so keys are put together on the stack. */
#include <assert.h>

#include "store/records.h"

#define NEWEST 255		/* behind the limits */

/* The longest has a kind, an id and a DNS name: far below the 511 octets of LMDB. */
struct key {
	size_t	len;
	uint8_t	b[1 + ID_LEN + IDENT_DNS_MAX];
};

static void
key_add(struct key *k, const void *data, size_t len)
{
	assert(len <= sizeof(k->b) - k->len);
	memcpy(k->b + k->len, data, len);
	k->len += len;
}

static struct key
key_new(unsigned first)
{
	struct key k;

	k.len = 1;
	k.b[0] = (uint8_t)first;
	return k;
}

static struct blob
key_blob(const struct key *k)
{
	return (struct blob){ k->b, k->len };
}

/* --- buckets ----------------------------------------------------------------------- */

static struct key
bucket_key(unsigned limit, struct blob whose)
{
	struct key k = { .len = 0 };
	uint8_t what = (uint8_t)limit;

	key_add(&k, whose.data, whose.len);
	key_add(&k, &what, 1);
	return k;
}

struct bucket
store_bucket_get(const struct view *v, unsigned limit, struct blob whose)
{
	struct key k = bucket_key(limit, whose);
	struct blob value = view_get(v, TABLE_LIMITS, key_blob(&k));
	struct decoder d = decoder_new(value, NULL);
	struct bucket bucket = { .full_at = decode_time(&d) };

	bucket.each = decode_time(&d);
	if (value.data != NULL && (!decoder_done(&d) || bucket.each == 0))
		store_corrupt(TABLE_LIMITS, key_blob(&k), "not a bucket");
	return bucket;
}

void
store_bucket_put(struct edit *e, unsigned limit, struct blob whose, struct bucket bucket)
{
	struct key k = bucket_key(limit, whose);
	struct encoder c = { .arena = edit_arena(e) };

	if (bucket.full_at == 0) {
		edit_del(e, TABLE_LIMITS, key_blob(&k));
		return;
	}
	encode_time(&c, bucket.full_at);
	encode_time(&c, bucket.each);
	edit_put(e, TABLE_LIMITS, key_blob(&k), encoder_blob(&c));
}

/* --- other rates ------------------------------------------------------------------- */

static struct key
rate_key(const struct store_rate *rate)
{
	struct key k = key_new((unsigned char)rate->kind);
	uint8_t limit = (uint8_t)rate->limit;

	key_add(&k, rate->whose.b, ID_LEN);
	key_add(&k, &limit, 1);
	return k;
}

static void
rate_read(struct store_rate *rate, struct blob key, struct blob value)
{
	struct decoder k = decoder_new(key, NULL), d = decoder_new(value, NULL);

	rate->kind = (char)decode_u8(&k);
	rate->whose = decode_id(&k);
	rate->limit = decode_u8(&k);
	rate->count = decode_time(&d);
	rate->period = decode_time(&d);
	if (!decoder_done(&k) || !decoder_done(&d))
		store_corrupt(TABLE_RATES, key, "not a rate");
}

bool
store_rate_get(const struct view *v, struct store_rate *rate)
{
	struct key k = rate_key(rate);
	struct blob value = view_get(v, TABLE_RATES, key_blob(&k));

	if (value.data != NULL)
		rate_read(rate, key_blob(&k), value);
	return value.data != NULL;
}

void
store_rate_put(struct edit *e, const struct store_rate *rate)
{
	struct key k = rate_key(rate);
	struct encoder c = { .arena = edit_arena(e) };

	if (rate->count < 0) {
		edit_del(e, TABLE_RATES, key_blob(&k));
		return;
	}
	encode_time(&c, rate->count);
	encode_time(&c, rate->period);
	edit_put(e, TABLE_RATES, key_blob(&k), encoder_blob(&c));
}

/* Rows of one size that come together, of those whose key begins with the prefix. */
struct rows {
	struct arena	*arena;
	struct blob	 prefix;
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

static struct key
pause_key(const struct pause *pause)
{
	struct key k = key_new(pause->kind);

	if (pause->kind != PAUSED_NAME)
		key_add(&k, pause->account.b, ID_LEN);
	if (pause->kind != PAUSED_ACCOUNT)
		key_add(&k, pause->name, strlen(pause->name));
	return k;
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
	struct key k = pause_key(pause);
	struct blob value = view_get(v, TABLE_PAUSES, key_blob(&k));

	if (value.data != NULL)
		pause_read(pause, a, key_blob(&k), value);
	return value.data != NULL;
}

void
store_pause_put(struct edit *e, const struct pause *pause)
{
	struct key k = pause_key(pause);
	struct encoder c = { .arena = edit_arena(e) };

	encode_time(&c, pause->since);
	encode_text(&c, pause->why);
	edit_put(e, TABLE_PAUSES, key_blob(&k), encoder_blob(&c));
}

bool
store_pause_del(struct edit *e, const struct pause *pause)
{
	struct key k = pause_key(pause);
	bool there = view_get(edit_view(e), TABLE_PAUSES, key_blob(&k)).data != NULL;

	edit_del(e, TABLE_PAUSES, key_blob(&k));
	return there;
}

static bool
pause_row(void *arg, struct blob key, struct blob value)
{
	struct rows *rows = arg;

	if (key.len < rows->prefix.len ||
	    memcmp(key.data, rows->prefix.data, rows->prefix.len) != 0)
		return false;
	pause_read(rows_add(rows), rows->arena, key, value);
	return true;
}

size_t
store_pause_list(const struct view *v, struct arena *a, enum paused kind,
		 const struct id *account, struct pause **pauses)
{
	struct rows rows = { .arena = a, .each = sizeof(**pauses) };
	struct key k = key_new(kind);

	if (account != NULL)
		key_add(&k, account->b, ID_LEN);
	rows.prefix = key_blob(&k);
	view_scan(v, TABLE_PAUSES, rows.prefix, pause_row, &rows);
	*pauses = (void *)rows.data;
	return rows.n;
}

/* --- failures ---------------------------------------------------------------------- */

static struct key
failing_key(const struct id *account, const char *name)
{
	struct key k = { .len = 0 };

	key_add(&k, account->b, ID_LEN);
	key_add(&k, name, strlen(name));
	return k;
}

struct failing
store_failing_get(const struct view *v, const struct id *account, const char *name)
{
	struct key k = failing_key(account, name);
	struct blob value = view_get(v, TABLE_FAILING, key_blob(&k));
	struct decoder d = decoder_new(value, NULL);
	struct failing failing = { .first = decode_time(&d) };

	failing.last = decode_time(&d);
	failing.count = decode_u32(&d);
	if (value.data != NULL && !decoder_done(&d))
		store_corrupt(TABLE_FAILING, key_blob(&k), "not failures");
	return failing;
}

void
store_failing_put(struct edit *e, const struct id *account, const char *name,
		  const struct failing *failing)
{
	struct key k = failing_key(account, name);
	struct encoder c = { .arena = edit_arena(e) };

	if (failing->count == 0) {
		edit_del(e, TABLE_FAILING, key_blob(&k));
		return;
	}
	encode_time(&c, failing->first);
	encode_time(&c, failing->last);
	encode_u32(&c, failing->count);
	edit_put(e, TABLE_FAILING, key_blob(&k), encoder_blob(&c));
}

/* --- sets of names ----------------------------------------------------------------- */

static struct key
newest_key(uint32_t directory, const uint8_t hash[32], const struct id *holder)
{
	struct key k = { .len = 0 };
	uint8_t number[4] = { (uint8_t)(directory >> 24), (uint8_t)(directory >> 16),
			      (uint8_t)(directory >> 8), (uint8_t)directory };
	uint8_t what = NEWEST;

	key_add(&k, number, sizeof(number));
	key_add(&k, hash, 32);
	if (holder != NULL)
		key_add(&k, holder->b, ID_LEN);
	key_add(&k, &what, 1);
	return k;
}

bool
store_newest_get(const struct view *v, uint32_t directory, const uint8_t hash[32],
		 const struct id *holder, struct newest *newest)
{
	struct key k = newest_key(directory, hash, holder);
	struct blob value = view_get(v, TABLE_LIMITS, key_blob(&k));
	struct decoder d = decoder_new(value, NULL);

	newest->serial = decode_serial(&d);
	newest->not_before = decode_time(&d);
	newest->not_after = decode_time(&d);
	if (value.data != NULL && !decoder_done(&d))
		store_corrupt(TABLE_LIMITS, key_blob(&k), "not a certificate");
	return value.data != NULL;
}

void
store_newest_put(struct edit *e, uint32_t directory, const uint8_t hash[32],
		 const struct id *holder, const struct newest *newest)
{
	struct key k = newest_key(directory, hash, holder);
	struct encoder c = { .arena = edit_arena(e) };

	encode_serial(&c, &newest->serial);
	encode_time(&c, newest->not_before);
	encode_time(&c, newest->not_after);
	edit_put(e, TABLE_LIMITS, key_blob(&k), encoder_blob(&c));
}

void
store_newest_del(struct edit *e, uint32_t directory, const uint8_t hash[32],
		 const struct id *holder)
{
	struct key k = newest_key(directory, hash, holder);

	edit_del(e, TABLE_LIMITS, key_blob(&k));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c - rows that say no more: what has no end in `ends`, found by walking its table. */
#include "store/records.h"

#define NEWEST	   255		/* the last octet of a key in TABLE_LIMITS (store/limit.c) */
#define CRL_MOMENT 60		/* seconds; a CRL's entries are read before its thisUpdate, but
				 * never so long before */

/* A bucket that is full again, and a set of names whose last certificate is long gone. */
static bool
stale_limit(const struct stale_query *q, struct blob key, struct blob value)
{
	struct decoder d = decoder_new(value, NULL);
	struct newest newest;
	int64_t full_at;

	if (key.len > 0 && key.data[key.len - 1] == NEWEST) {
		newest.serial = decode_serial(&d);
		newest.not_before = decode_time(&d);
		newest.not_after = decode_time(&d);
		return decoder_done(&d) && newest.not_after < q->newest;
	}
	full_at = decode_time(&d);
	return !d.failed && full_at / 1000000 < q->now;
}

static bool
stale_failing(const struct stale_query *q, struct blob value)
{
	struct decoder d = decoder_new(value, NULL);
	int64_t last;

	decode_time(&d);
	last = decode_time(&d);
	return !d.failed && last < q->failing;
}

/* Has a CRL told of it that was made after the certificate's end (RFC 5280 section 3.3)?  Not one
 * of the future, by a clock that was wrong. */
static bool
stale_revoked(const struct view *v, const struct stale_query *q, struct blob key,
	      struct blob value)
{
	struct decoder k = decoder_new(key, NULL), d = decoder_new(value, NULL);
	uint32_t issuer = decode_u32(&k), shard = decode_u32(&k);
	int64_t told = store_crl_this_update(v, issuer, shard), revoked, not_after;

	decode_u8(&d);
	revoked = decode_time(&d);
	decode_u8(&d);
	not_after = decode_time(&d);
	return !k.failed && decoder_done(&d) && told > not_after && q->now > not_after &&
	       told > revoked + CRL_MOMENT;
}

static enum table
table_of(enum stale kind)
{
	return kind == STALE_LIMITS ? TABLE_LIMITS : kind == STALE_FAILING ? TABLE_FAILING :
	       TABLE_REVOKED;
}

static bool
is_stale(const struct view *v, const struct stale_query *q, struct blob key, struct blob value)
{
	switch (q->kind) {
	case STALE_LIMITS:
		return stale_limit(q, key, value);
	case STALE_FAILING:
		return stale_failing(q, value);
	case STALE_REVOKED:
		return stale_revoked(v, q, key, value);
	}
	return false;
}

struct walk {
	const struct view		*view;
	const struct stale_query	*q;
	struct arena			*arena;
	struct blob			*keys, last;
	size_t				 n, seen;
};

static struct blob
copy(struct arena *a, struct blob b)
{
	return (struct blob){ arena_memdup(a, b.data, b.len), b.len };
}

static bool
walk_row(void *arg, struct blob key, struct blob value)
{
	struct walk *walk = arg;

	if (blob_equal(key, walk->q->after))
		return true;
	if (is_stale(walk->view, walk->q, key, value))
		walk->keys[walk->n++] = copy(walk->arena, key);
	if (++walk->seen < walk->q->look)
		return true;
	walk->last = copy(walk->arena, key);
	return false;
}

size_t
store_stale_list(const struct view *v, struct arena *a, const struct stale_query *q,
		 struct blob **keys, struct blob *last)
{
	struct walk walk = { .view = v, .q = q, .arena = a };

	*keys = walk.keys = arena_alloc(a, q->look * sizeof(walk.keys[0]));
	view_scan(v, table_of(q->kind), q->after, walk_row, &walk);
	*last = walk.last;
	return walk.n;
}

bool
store_stale_del(struct edit *e, const struct stale_query *q, struct blob key)
{
	struct blob value = view_get(edit_view(e), table_of(q->kind), key);

	if (value.data == NULL || !is_stale(edit_view(e), q, key, value))
		return false;
	edit_del(e, table_of(q->kind), key);
	return true;
}

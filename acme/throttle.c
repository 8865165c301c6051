/* SPDX-License-Identifier: Apache-2.0 */
/* throttle.c - buckets of addresses in a table of fixed size, without locks.
 *
 * A place is 64 bits: when the bucket is full again (50, microseconds: 35 years) and a tag of
 * the address (14).  An address has four places to be in; when all are others' that are not
 * full yet, the one that will be soonest is forgotten.  So a flood from many addresses takes
 * no memory, and what it makes the table forget is only what others had spent.  Two addresses
 * that share places and tag, one pair in 268 million, share their tokens. */
#include "acme/throttle.h"

#include <stdatomic.h>
#include <string.h>

#include "acme/rate.h"

#define PLACES	 65536u
#define WAYS	 4u
#define TAG_BITS 14
#define TAG_MASK ((1u << TAG_BITS) - 1)

static _Atomic uint64_t places[PLACES];
static _Atomic uint64_t secret;		/* 0: not made yet */

/* Keyed, so that nobody can choose addresses that share their places. */
static uint64_t
hash(const struct network *n)
{
	uint64_t key = atomic_load(&secret), h, word;

	if (key == 0) {
		uint64_t fresh;

		rand_bytes(&fresh, sizeof(fresh));
		fresh |= 1;
		if (atomic_compare_exchange_strong(&secret, &key, fresh))
			key = fresh;
	}
	h = key ^ (uint64_t)n->family;
	for (size_t i = 0; i < sizeof(n->octets); i += sizeof(word)) {
		memcpy(&word, n->octets + i, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	h *= key;
	return h ^ h >> 32;
}

static int64_t
full_at(uint64_t place)
{
	return (int64_t)(place >> TAG_BITS);
}

/* The address's place, or the one that it may have. */
static _Atomic uint64_t *
place_of(uint64_t h, uint64_t *value)
{
	_Atomic uint64_t *set = &places[h / (TAG_MASK + 1) % (PLACES / WAYS) * WAYS], *best = set;

	*value = atomic_load(set);
	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t there = atomic_load(&set[i]);

		if (there != 0 && (there & TAG_MASK) == (h & TAG_MASK)) {
			*value = there;
			return &set[i];
		}
		if (there >> TAG_BITS < *value >> TAG_BITS) {
			*value = there;
			best = &set[i];
		}
	}
	return best;
}

int64_t
throttle(const struct network *address, struct rate rate, int64_t mono_us)
{
	uint64_t h = hash(address), is, next;
	_Atomic uint64_t *place;

	do {
		struct bucket bucket = { 0, rate_each(rate) };
		int64_t wait;

		place = place_of(h, &is);
		if ((is & TAG_MASK) == (h & TAG_MASK))
			bucket.full_at = full_at(is);
		wait = rate_wait(rate, bucket, mono_us);
		if (wait > 0)
			return wait;
		bucket = rate_take(rate, bucket, mono_us);
		next = (uint64_t)bucket.full_at << TAG_BITS | (h & TAG_MASK);
	} while (!atomic_compare_exchange_weak(place, &is, next));
	return 0;
}

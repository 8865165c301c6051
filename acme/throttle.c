/* SPDX-License-Identifier: Apache-2.0 */
/* throttle.c - buckets of addresses in a table of fixed size, without locks.
 *
 * A place is 64 bits: when the bucket is full again (44, in units of 100 us) and a tag of
 * the address (20).  An address has four places to be in; when all are others' that are not
 * full yet, the one that will be soonest is forgotten.  So a flood from many addresses takes
 * no memory, and costs nobody more than what he had spent. */
#include "acme/throttle.h"

#include <stdatomic.h>
#include <string.h>

#include "acme/rate.h"

#define PLACES	 65536u
#define WAYS	 4u
#define TAG_BITS 20
#define TAG_MASK ((1u << TAG_BITS) - 1)
#define UNIT_US	 100

static _Atomic uint64_t places[PLACES];
static _Atomic uint64_t secret;		/* 0: not made yet */

/* So that nobody can choose addresses that share their places. */
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
	return (int64_t)(place >> TAG_BITS) * UNIT_US;
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
throttle(const char *address, struct rate rate, int64_t mono_us)
{
	struct network n;
	uint64_t h, is, next;
	int64_t full, wait;
	_Atomic uint64_t *place;

	if (!network_around(&n, address, 32, 64))
		return 0;
	h = hash(&n);
	do {
		place = place_of(h, &is);
		full = is != 0 && (is & TAG_MASK) == (h & TAG_MASK) ? full_at(is) : 0;
		wait = rate_wait(rate, full, mono_us);
		if (wait > 0)
			return wait;
		/* Rounded up: a rate is never exceeded. */
		full = rate_take(rate, full, mono_us) + UNIT_US - 1;
		next = (uint64_t)(full / UNIT_US) << TAG_BITS | (h & TAG_MASK);
	} while (!atomic_compare_exchange_weak(place, &is, next));
	return 0;
}

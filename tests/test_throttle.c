/* SPDX-License-Identifier: Apache-2.0 */
/* test_throttle.c - requests of addresses, counted without locks in a table of fixed size. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>

#include "acme/throttle.h"
#include "tests/tap.h"

#define SECOND ((int64_t)1000000)
#define NOW    (1000 * SECOND)
#define FLOOD  1000000u

static struct network
network(const char *address)
{
	struct network n;

	ok(network_around(&n, address, 32, 64), "%s is an address", address);
	return n;
}

/* Of the nth address of a flood. */
static struct network
one_of_many(uint32_t n)
{
	struct network one = { .family = AF_INET, .bits = 32 };

	one.octets[0] = 10;
	one.octets[1] = (uint8_t)(n >> 16);
	one.octets[2] = (uint8_t)(n >> 8);
	one.octets[3] = (uint8_t)n;
	return one;
}

static unsigned
passes(const struct network *n, struct rate rate, int64_t now, unsigned tries)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < tries; i++)
		passed += throttle(n, rate, now) == 0;
	return passed;
}

static void
test_edge(void)
{
	const struct rate r = { 5, 10 };
	struct network one = network("192.0.2.1"), two = network("192.0.2.2");
	unsigned n = passes(&one, r, NOW, 5);
	int64_t wait = throttle(&one, r, NOW);

	ok(n == 5, "five of five at once: %u", n);
	ok(wait == 2 * SECOND, "the sixth in 2 s: %lld us", (long long)wait);
	ok(throttle(&one, r, NOW + wait - 1) == 1, "not a microsecond sooner");
	ok(throttle(&one, r, NOW + wait) == 0, "at that moment it passes");
	ok(throttle(&one, r, NOW + wait) == 2 * SECOND, "and only it: a refusal costs nothing");
	n = passes(&two, r, NOW, 6);
	ok(n == 5, "another address has five of its own: %u", n);
	n = passes(&one, r, NOW + 60 * SECOND, 10);
	ok(n == 5, "a minute later five again, not thirty: %u", n);
	n = passes(&one, (struct rate){ 500, 10 }, NOW + 61 * SECOND, 1000);
	ok(n == 50, "a reload with a hundred times the rate: 50 within a second: %u", n);
	n = passes(&one, (struct rate){ 5, 1 }, NOW + 61 * SECOND, 10);
	ok(n == 1, "one with less of a bucket: one is left: %u", n);
}

static void
test_families(void)
{
	const struct rate r = { 2, 3600 };
	struct network here = network("2001:db8:1:2::1"), there = network("2001:db8:1:2:ffff::9");
	struct network next = network("2001:db8:1:3::1");
	struct network four = network("192.0.2.9"), mapped = network("::ffff:192.0.2.9");
	unsigned n = passes(&here, r, NOW, 1) + passes(&there, r, NOW, 2);

	ok(n == 2, "a /64 of IPv6 is one: %u", n);
	n = passes(&next, r, NOW, 3);
	ok(n == 2, "the next /64 is another: %u", n);
	n = passes(&four, r, NOW, 1) + passes(&mapped, r, NOW, 2);
	ok(n == 2, "an address of IPv4, mapped or not, is one: %u", n);
}

/* --- threads ----------------------------------------------------------------------- */

static const struct rate shared_rate = { 10000, 3600 };
static struct network shared;
static atomic_uint passed;
static atomic_bool go;

static void *
hammer(void *arg)
{
	(void)arg;
	while (!atomic_load(&go))
		;
	atomic_fetch_add(&passed, passes(&shared, shared_rate, NOW, 5000));
	return NULL;
}

static void
test_threads(void)
{
	pthread_t threads[8];

	shared = network("198.51.100.1");
	for (size_t i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, hammer, NULL) != 0)
			return;
	atomic_store(&go, true);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	ok(atomic_load(&passed) == 10000, "10000 of 40000 by 8 threads at once, not one more or "
	   "less: %u", atomic_load(&passed));
}

/* --- a flood ----------------------------------------------------------------------- */

static void
test_flood(void)
{
	const struct rate r = { 10, 3600 };
	struct network victim = network("203.0.113.1"), one;
	unsigned refused = 0, n;

	passes(&victim, r, NOW, 4);
	for (uint32_t i = 0; i < FLOOD; i++) {
		one = one_of_many(i);
		refused += throttle(&one, r, NOW) != 0;
	}
	ok(refused == 0, "a million addresses with a request each: %u refused", refused);
	n = passes(&victim, r, NOW, 20);
	ok(n >= 6 && n <= 10, "who was there before has what was left, or all of it: %u", n);
	n = passes(&victim, r, NOW, 20);
	ok(n == 0, "and is limited still: %u", n);
	one = one_of_many(FLOOD / 2);
	n = passes(&one, r, NOW + 1, 20);
	ok(n >= 9 && n <= 10, "as are those of the flood: %u", n);
	n = passes(&victim, r, NOW + 3600 * SECOND, 20);
	ok(n == 10, "an hour later nothing is left of it: %u", n);
}

int
main(void)
{
	test_edge();
	test_families();
	test_threads();
	test_flood();
	return tap_done();
}

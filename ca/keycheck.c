/* SPDX-License-Identifier: Apache-2.0 */
/* keycheck.c - is this public key fit for an account or a certificate (TLS BR 6.1.1.3,
 * J-8 to J-10). */
#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

#include "ca/key.h"

DEFER(BIGNUM, BN_free)
DEFER(BN_CTX, BN_CTX_free)

#define FERMAT_ROUNDS 100
#define ROCA_LARGEST  167

/* All below 752. */
static const uint16_t primes[] = {
	2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79,
	83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
	173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257, 263,
	269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367,
	373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463,
	467, 479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557, 563, 569, 571, 577, 587,
	593, 599, 601, 607, 613, 617, 619, 631, 641, 643, 647, 653, 659, 661, 673, 677, 683,
	691, 701, 709, 719, 727, 733, 739, 743, 751
};

#define NPRIMES (sizeof(primes) / sizeof(primes[0]))

/* n mod m, without a bignum. */
static uint32_t
residue(struct blob n, uint32_t m)
{
	uint64_t r = 0;

	for (size_t i = 0; i + 4 <= n.len; i += 4) {
		uint32_t word = (uint32_t)n.data[i] << 24 | (uint32_t)n.data[i + 1] << 16 |
				(uint32_t)n.data[i + 2] << 8 | n.data[i + 3];

		r = (r << 32 | word) % m;
	}
	return (uint32_t)r;
}

/* Is r a power of 65537 modulo the prime? */
static bool
roca_power(uint32_t r, uint32_t prime)
{
	uint32_t x = 1;

	do {
		if (x == r)
			return true;
		x = x * (65537 % prime) % prime;
	} while (x != 1);
	return false;
}

/* The smallest factor of n below 752, or 0; and whether n has the shape of the keys of
 * CVE-2017-15361 (ROCA): a power of 65537 modulo each prime from 3 to 167. */
static uint32_t
small_factor(struct blob n, bool *roca)
{
	size_t i = 0;

	*roca = true;
	while (i < NPRIMES) {
		uint64_t product = 1;
		size_t end = i;
		uint32_t r;

		/* One long division for as many primes as fit. */
		while (end < NPRIMES && product * primes[end] <= UINT32_MAX)
			product *= primes[end++];
		r = residue(n, (uint32_t)product);
		for (; i < end; i++) {
			if (r % primes[i] == 0)
				return primes[i];
			if (*roca && primes[i] <= ROCA_LARGEST)
				*roca = roca_power(r % primes[i], primes[i]);
		}
	}
	return 0;
}

static bool
square_modulo(uint32_t r, uint32_t m)
{
	r %= m;
	for (uint32_t x = 0; x <= m / 2; x++)
		if (x * x % m == r)
			return true;
	return false;
}

/* The integer part of the square root, by Newton from above. */
static void
root(BIGNUM *x, const BIGNUM *n, BN_CTX *ctx)
{
	defer(BIGNUM) *y = BN_new();

	if (y == NULL || BN_one(x) != 1 || BN_lshift(x, x, (BN_num_bits(n) + 1) / 2) != 1)
		abort();
	for (;;) {
		if (BN_div(y, NULL, n, x, ctx) != 1 || BN_add(y, y, x) != 1 ||
		    BN_rshift1(y, y) != 1)
			abort();
		if (BN_cmp(y, x) >= 0)
			return;
		BN_swap(x, y);
	}
}

/* Is (a + k)^2 - n a square? */
static bool
fermat_hit(const BIGNUM *a, uint32_t k, const BIGNUM *n, BN_CTX *ctx)
{
	defer(BIGNUM) *t = BN_dup(a);
	defer(BIGNUM) *s = BN_new();

	if (t == NULL || s == NULL || BN_add_word(t, k) != 1 || BN_sqr(t, t, ctx) != 1 ||
	    BN_sub(t, t, n) != 1)
		abort();
	if (BN_is_zero(t) || BN_is_negative(t))
		return BN_is_zero(t);
	root(s, t, ctx);
	if (BN_sqr(s, s, ctx) != 1)
		abort();
	return BN_cmp(s, t) == 0;
}

/* Two primes so close that Fermat's method finds them.  Squares are rare modulo these
 * numbers, so a bignum is needed in about one round of 100 only. */
static bool
close_primes(struct blob modulus)
{
	const uint32_t m = 64 * 63 * 65 * 11;
	defer(BN_CTX) *ctx = BN_CTX_new();
	defer(BIGNUM) *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	defer(BIGNUM) *a = BN_new();
	uint64_t from, nm = residue(modulus, m);

	if (ctx == NULL || n == NULL || a == NULL)
		abort();
	root(a, n, ctx);
	if (fermat_hit(a, 0, n, ctx))
		return true;	/* a square itself, if a^2 = n */
	if (BN_add_word(a, 1) != 1)
		abort();
	from = BN_mod_word(a, m);
	for (uint32_t k = 0; k < FERMAT_ROUNDS; k++) {
		uint32_t r = (uint32_t)(((from + k) * (from + k) + m - nm) % m);

		if (square_modulo(r, 64) && square_modulo(r, 63) && square_modulo(r, 65) &&
		    square_modulo(r, 11) && fermat_hit(a, k, n, ctx))
			return true;
	}
	return false;
}

static bool
rsa_check(const struct public_key *key, enum problem_type as, struct problem *p)
{
	uint32_t factor;
	bool roca;

	if (!key_rsa_size_ok(key->a))
		return problem(p, as, "the RSA modulus has %zu octets; RSA keys must have 2048, "
			       "3072 or 4096 bits", key->a.len);
	if (key->b.len != 3 || memcmp(key->b.data, "\x01\x00\x01", 3) != 0)
		return problem(p, as, "the exponent of an RSA key must be 65537");
	factor = small_factor(key->a, &roca);
	if (factor != 0)
		return problem(p, as, "the RSA modulus is divisible by %u", factor);
	if (roca)
		return problem(p, as, "the RSA key was made by a faulty generator "
			       "(CVE-2017-15361, ROCA): make a new one elsewhere");
	if (key_listed(key->a))
		return problem(p, as, "the RSA key is a known weak one (Debian, 2008): make a new "
			       "key");
	if (close_primes(key->a))
		return problem(p, as, "the two primes of the RSA key are too close: make a new "
			       "key with other software");
	return true;
}

EVP_PKEY *
key_open_fit(const struct public_key *key, enum problem_type as, struct problem *p)
{
	size_t octets = key_curve_octets(key->type);
	EVP_PKEY *object;

	if (key->type == KEY_RSA && !rsa_check(key, as, p))
		return NULL;
	if (octets != 0 && (key->a.len != octets || key->b.len != octets)) {
		problem(p, as, "the coordinates of the EC point must have %zu octets each",
			octets);
		return NULL;
	}
	if (key->type == KEY_ED25519 && (key->a.len != 32 || key->b.len != 0)) {
		problem(p, as, "an Ed25519 key must have 32 octets");
		return NULL;
	}
	object = key_open(key);
	if (object == NULL)
		problem(p, as, octets != 0 ? "the EC point is not on its curve" :
			       "no key can be made of these numbers");
	return object;
}

bool
key_check(const struct public_key *key, enum problem_type as, struct problem *p)
{
	defer(EVP_PKEY) *object = key_open_fit(key, as, p);

	return object != NULL;
}

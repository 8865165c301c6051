/* SPDX-License-Identifier: Apache-2.0 */
/* test_key.c - public keys: fit, unfit, encoded and read back; J-8 to J-10. */
#include "ca/ca.h"

#include <openssl/bn.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/csr_make.h"
#include "tests/tap.h"

static const struct blob f4 = { (const uint8_t *)"\1\0\1", 3 };

/* A modulus of that many bits, the top and bottom one set, as parts of a key. */
static struct public_key
rsa_key(const BIGNUM *n)
{
	size_t len = (size_t)BN_num_bytes(n);
	uint8_t *d = arena_alloc(make_arena, len);

	BN_bn2bin(n, d);
	return (struct public_key){ KEY_RSA, { d, len }, f4 };
}

static void
unfit(const char *what, const struct public_key *key, const char *words)
{
	struct problem p = { .type = PROBLEM_NONE };
	int64_t from = clock_mono_ms();
	bool fine = key_check(key, PROBLEM_BAD_PUBLIC_KEY, &p);

	if (!ok(!fine && p.type == PROBLEM_BAD_PUBLIC_KEY && strstr(p.detail, words) != NULL &&
		clock_mono_ms() - from < 50, "unfit: %s", what))
		printf("# %s\n", fine ? "accepted" : p.detail);
}

/* Fit; its DER is OpenSSL's; read back it is the same; the object is the same, too. */
static void
fit(const char *what, EVP_PKEY *object)
{
	struct blob spki = key_object_spki(object, make_arena), again;
	struct public_key key;
	struct problem p = { .type = PROBLEM_NONE };
	EVP_PKEY *opened = NULL;

	if (!ok(key_spki_parse(&key, make_arena, spki), "%s is read", what))
		return;
	if (!ok(key_check(&key, PROBLEM_BAD_PUBLIC_KEY, &p), "  it is fit"))
		printf("# %s\n", p.detail);
	again = key_spki(&key, make_arena);
	ok(again.len == spki.len && memcmp(again.data, spki.data, spki.len) == 0,
	   "  it is written with the same bytes");
	opened = key_open(&key);
	ok(opened != NULL && EVP_PKEY_eq(opened, object) == 1, "  its object is the same key");
	EVP_PKEY_free(opened);
	for (size_t i = 0; i < spki.len; i++)
		if (key_spki_parse(&key, make_arena, (struct blob){ spki.data, i }))
			ok(false, "  cut at %zu it is read, too", i);
	ok(!key_spki_parse(&key, make_arena, SEQ(inside(spki), B("\5\0"))),
	   "  something inside behind it is refused");
}

static void
test_fit(void)
{
	static const char *const types[] = { "p256", "p384", "rsa2048" };
	EVP_PKEY *key;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct blob private;
		EVP_PKEY *back;

		key = key_generate(types[i]);
		fit(types[i], key);
		private = key_private(key, make_arena);
		back = key_private_parse(private);
		ok(back != NULL && EVP_PKEY_eq(back, key) == 1, "  PKCS#8 and back");
		ok(key_private_parse((struct blob){ private.data, private.len - 1 }) == NULL,
		   "  cut short it is none");
		EVP_PKEY_free(key);
		EVP_PKEY_free(back);
	}
	for (int bits = 3072; bits <= 4096; bits += 1024) {
		key = quick_rsa(bits);
		fit(arena_printf(make_arena, "rsa%d", bits), key);
		EVP_PKEY_free(key);
	}
	key = EVP_EC_gen("P-521");
	fit("p521", key);
	EVP_PKEY_free(key);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	fit("Ed25519", key);
	EVP_PKEY_free(key);
	ok(key_generate("p521") == NULL && key_generate("") == NULL && key_generate("rsa") == NULL,
	   "no other types are generated");
	ok(key_private_parse(B("no key")) == NULL && key_private_parse(NOTHING) == NULL,
	   "noise is no private key");
}

static void
test_sizes(void)
{
	static const size_t lengths[] = { 0, 1, 64, 128, 255, 257, 320, 511, 513, 1024, 8192,
					  37500 };
	uint8_t *d = arena_alloc(make_arena, 40000);
	struct public_key key = { KEY_RSA, { d, 0 }, f4 };

	memset(d, 0xff, 40000);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		key.a.len = lengths[i];
		unfit(arena_printf(make_arena, "J-9 J-10 RSA of %zu octets", lengths[i]), &key,
		      "2048, 3072");
		ok(key_open(&key) == NULL, "  nor is there an object");
	}
	d[0] = 0x7f;
	key.a.len = 256;
	unfit("J-9 2047 bits", &key, "2048, 3072");
	d[0] = 0;
	unfit("J-9 a leading zero", &key, "2048, 3072");
	d[0] = 0x80;
	d[255] = 0xfe;
	unfit("J-9 n even", &key, "divisible by 2");
	memset(d + 1, 0, 255);
	unfit("J-9 n a power of 2", &key, "divisible by 2");
}

static void
test_exponents(void)
{
	static const struct {
		const char	*what;
		struct blob	 e;
	} cases[] = {
		{ "J-9 e = 1", { (const uint8_t *)"\1", 1 } },
		{ "J-9 e = 3", { (const uint8_t *)"\3", 1 } },
		{ "J-9 e = 65536", { (const uint8_t *)"\1\0\0", 3 } },
		{ "J-9 e = 65539", { (const uint8_t *)"\1\0\3", 3 } },
		{ "J-9 e with a leading zero", { (const uint8_t *)"\0\1\0\1", 4 } },
		{ "J-9 no e", { NULL, 0 } },
	};
	EVP_PKEY *object = quick_rsa(2048);
	struct public_key key;

	key_spki_parse(&key, make_arena, key_blob(object));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		key.b = cases[i].e;
		unfit(cases[i].what, &key, "65537");
	}
	key.b = (struct blob){ key.a.data, 256 };
	unfit("J-9 e as long as n", &key, "65537");
	EVP_PKEY_free(object);
}

/* Is x (x + step), or a bit more than step so as to have no small factors, fit? */
static bool
far_check(const BIGNUM *x, BIGNUM *step, struct problem *p)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = BN_new();
	struct public_key key;
	bool fine;

	do {
		BN_add_word(step, 2);
		BN_add(n, x, step);
		BN_mul(n, n, x, ctx);
		key = rsa_key(n);
		fine = key_check(&key, PROBLEM_BAD_PUBLIC_KEY, p);
	} while (!fine && strstr(p->detail, "divisible") != NULL);
	BN_free(n);
	BN_CTX_free(ctx);
	return fine;
}

/* Factors so close that Fermat's method finds them. */
static void
test_close_primes(void)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *x = BN_new(), *y = BN_new(), *n = BN_new(), *step = BN_new();
	struct public_key key;
	struct problem p;

	BN_generate_prime_ex(x, 1024, 0, NULL, NULL, NULL);
	BN_copy(y, x);
	do
		BN_add_word(y, 2);
	while (BN_check_prime(y, ctx, NULL) != 1);
	BN_mul(n, x, y, ctx);
	key = rsa_key(n);
	unfit("J-9 neighbouring primes", &key, "too close");
	BN_sqr(n, x, ctx);
	key = rsa_key(n);
	unfit("J-9 a square", &key, "too close");

	/* With q = p + 2d, Fermat needs about d^2 / (2 sqrt(n)) rounds. */
	BN_one(step);
	BN_lshift(step, step, 514);
	ok(!far_check(x, step, &p) && strstr(p.detail, "too close") != NULL,
	   "J-9 factors 2^514 apart: a few rounds");
	BN_lshift(step, step, 8);
	ok(far_check(x, step, &p), "2^522 apart: out of Fermat's reach");
	BN_free(x);
	BN_free(y);
	BN_free(n);
	BN_free(step);
	BN_CTX_free(ctx);
}

/* A modulus of the shape that ROCA's generator gives its products: a power of 65537
 * modulo the primorial. */
static void
test_roca(void)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = BN_new(), *n = BN_new(), *e = BN_new(), *base = BN_new();
	struct public_key key;
	struct problem p;

	BN_one(m);
	for (unsigned q = 2; q <= 167; q++) {
		unsigned f = 2;

		while (f < q && q % f != 0)
			f++;
		if (f == q)
			BN_mul_word(m, q);
	}
	BN_set_word(base, 65537);
	BN_set_word(e, 123456789);
	BN_mod_exp(n, base, e, m, ctx);
	BN_one(e);
	BN_lshift(e, e, 2047);
	BN_div(e, NULL, e, m, ctx);
	do {
		BIGNUM *t = BN_new();

		BN_add_word(e, 1);
		BN_mul(t, e, m, ctx);
		BN_add(t, t, n);
		key = rsa_key(t);
		BN_free(t);
		key_check(&key, PROBLEM_BAD_PUBLIC_KEY, &p);
	} while (strstr(p.detail, "divisible") != NULL);
	unfit("J-9 ROCA", &key, "ROCA");
	((uint8_t *)(uintptr_t)key.a.data)[100] ^= 4;
	p.detail[0] = '\0';
	key_check(&key, PROBLEM_BAD_PUBLIC_KEY, &p);
	ok(strstr(p.detail, "ROCA") == NULL, "another bit, and it has the shape no more");
	BN_free(m);
	BN_free(n);
	BN_free(e);
	BN_free(base);
	BN_CTX_free(ctx);
}

/* Each prime below 752 is found. */
static void
test_small_factors(void)
{
	BIGNUM *n = BN_new();
	struct problem p;
	unsigned found = 0, primes = 0;

	for (unsigned q = 2; q < 760; q++) {
		unsigned f = 2;
		BN_ULONG rest;
		struct public_key key;

		while (f < q && q % f != 0)
			f++;
		if (f < q)
			continue;
		BN_rand(n, 2047, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
		BN_set_bit(n, 2047);
		BN_clear_bit(n, 2046);
		rest = BN_mod_word(n, q);
		BN_add_word(n, rest == 0 ? 0 : q - rest);
		key = rsa_key(n);
		primes += q < 752;
		found += !key_check(&key, PROBLEM_BAD_PUBLIC_KEY, &p) && q < 752 &&
			 strstr(p.detail, "divisible by") != NULL;
	}
	ok(primes == 133 && found == primes, "J-9 all %u primes below 752 are found", primes);
	BN_free(n);
}

static void
test_points(void)
{
	EVP_PKEY *object = EVP_EC_gen("P-256");
	struct public_key good, key;
	uint8_t x[66];

	key_spki_parse(&good, make_arena, key_blob(object));
	key = good;
	key.a.len = 31;
	unfit("J-8 x short", &key, "32 octets");
	key = good;
	x[0] = 0;
	memcpy(x + 1, good.a.data, 32);
	key.a = (struct blob){ x, 33 };
	unfit("J-8 x with a leading zero", &key, "32 octets");
	key.a.len = 0;
	unfit("J-8 no x", &key, "32 octets");
	key = good;
	key.type = KEY_P384;
	unfit("J-8 another curve's length", &key, "48 octets");
	memset(x, 0, sizeof(x));
	key = (struct public_key){ KEY_P256, { x, 32 }, { x, 32 } };
	unfit("J-8 (0, 0)", &key, "not on its curve");
	key.type = KEY_P521;
	key.a.len = key.b.len = 66;
	unfit("J-8 (0, 0) on P-521", &key, "not on its curve");
	memset(x, 0xff, sizeof(x));
	unfit("J-8 beyond the field", &key, "not on its curve");
	key = good;
	key.a = good.b;
	key.b = good.a;
	unfit("J-8 x and y exchanged", &key, "not on its curve");
	key = (struct public_key){ KEY_ED25519, { x, 31 }, { NULL, 0 } };
	unfit("Ed25519 of 31 octets", &key, "32 octets");
	key = (struct public_key){ KEY_ED25519, { x, 32 }, { x, 1 } };
	unfit("Ed25519 with a second part", &key, "32 octets");
	EVP_PKEY_free(object);
}

/* A list like Debian's: a key is weak when it stands there, and only then. */
static void
test_listed(void)
{
	char dir[] = "/tmp/weakXXXXXX", path[60], digest[8 + 1024 + 2], line[21];
	EVP_PKEY *object = key_generate("rsa2048");
	struct public_key key;
	struct problem p = { .type = PROBLEM_NONE };
	uint8_t hash[SHA_DIGEST_LENGTH];
	size_t n = 8;
	FILE *f;

	key_spki_parse(&key, make_arena, key_object_spki(object, make_arena));
	memcpy(digest, "Modulus=", n);
	for (size_t i = 0; i < key.a.len; i++, n += 2)
		snprintf(digest + n, 3, "%02X", key.a.data[i]);
	digest[n++] = '\n';
	SHA1((const uint8_t *)digest, n, hash);
	for (size_t i = 0; i < 10; i++)
		snprintf(line + 2 * i, 3, "%02x", hash[10 + i]);
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/blacklist.RSA-2048", dir);
	ok(key_lists_open(dir, &p), "no list is fine");
	f = fopen(path, "w");
	fprintf(f, "# weak ones\n00000000000000000001\n%s\nffffffffffffffffffff\n", line);
	fclose(f);
	ok(key_check(&key, PROBLEM_BAD_PUBLIC_KEY, &p), "J-9 the key is fit");
	ok(key_lists_open(dir, &p), "a list is read");
	unfit("J-9 a key of the list", &key, "known weak");
	f = fopen(path, "w");
	fprintf(f, "# weak ones\n00000000000000000001\nnonsense\n");
	fclose(f);
	ok(!key_lists_open(dir, &p) && strstr(p.detail, "RSA-2048:3") != NULL,
	   "a broken list is refused by its line: %s", p.detail);
	key_lists_close();
	ok(key_check(&key, PROBLEM_BAD_PUBLIC_KEY, &p), "without lists it is fit again");
	unlink(path);
	rmdir(dir);
	EVP_PKEY_free(object);
}

int
main(void)
{
	make_arena = arena_new();
	test_fit();
	test_sizes();
	test_exponents();
	test_close_primes();
	test_roca();
	test_small_factors();
	test_listed();
	test_points();
	arena_free(make_arena);
	return tap_done();
}

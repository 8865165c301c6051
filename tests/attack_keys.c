/* SPDX-License-Identifier: Apache-2.0 */
/* attack_keys.c - keys that nobody should take, of accounts and of CSRs; one key in many
 * spellings (J-8 to J-10, J-14, C-10, C-11). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/b64.h"
#include "tests/attack.h"
#include "tests/csr_make.h"

static struct scene scene;
static struct client *c;
static struct client_order ready;	/* for n0.example.test */

/* --- RSA keys that work, and are weak --------------------------------------------- */

static EVP_PKEY *
rsa_of(BIGNUM *p, BIGNUM *q, unsigned long exponent)
{
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *n = BN_new(), *e = BN_new(), *d = BN_new(), *phi = BN_new(), *q1 = BN_dup(q);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	BN_mul(n, p, q, bn);
	BN_set_word(e, exponent);
	BN_sub_word(q1, 1);
	BN_copy(phi, p);
	BN_sub_word(phi, 1);
	BN_mul(phi, phi, q1, bn);
	if (BN_mod_inverse(d, e, phi, bn) == NULL)
		abort();
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, d);
	params = OSSL_PARAM_BLD_to_param(b);
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		abort();
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n), BN_free(e), BN_free(d), BN_free(phi), BN_free(q1);
	BN_CTX_free(bn);
	return key;
}

/* A prime of that many bits, its two highest ones set. */
static BIGNUM *
prime(int bits)
{
	BIGNUM *p = BN_new();

	BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL);
	return p;
}

/* The next one above. */
static BIGNUM *
next_prime(const BIGNUM *p)
{
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *q = BN_dup(p);

	do
		BN_add_word(q, 2);
	while (BN_check_prime(q, bn, NULL) != 1);
	BN_CTX_free(bn);
	return q;
}

/* k M + (65537^a mod M), M the product of the first 39 primes: so Infineon's chips made
 * their primes (ROCA). */
static BIGNUM *
roca_prime(void)
{
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *m = BN_new(), *base = BN_new(), *a = BN_new(), *k = BN_new(), *p = BN_new();

	BN_one(m);
	for (unsigned q = 2, f; q <= 167; q++) {
		for (f = 2; f < q && q % f != 0; f++)
			;
		if (f == q)
			BN_mul_word(m, q);
	}
	BN_set_word(base, 65537);
	do {
		BN_rand(a, 60, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
		BN_mod_exp(p, base, a, m, bn);
		BN_rand(k, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY);
		BN_div(k, NULL, k, m, bn);
		BN_mul(k, k, m, bn);
		BN_add(p, p, k);
	} while (BN_check_prime(p, bn, NULL) != 1 || BN_mod_word(p, 65537) == 1);
	BN_free(m), BN_free(base), BN_free(a), BN_free(k);
	BN_CTX_free(bn);
	return p;
}

/* With p - 1 that 3 does not divide. */
static BIGNUM *
prime_for_three(void)
{
	BIGNUM *p = prime(1024);

	while (BN_mod_word(p, 3) == 1) {
		BN_free(p);
		p = prime(1024);
	}
	return p;
}

static EVP_PKEY *
weak(const char *what)
{
	BIGNUM *p, *q;
	EVP_PKEY *key;

	if (strcmp(what, "close primes") == 0) {
		p = prime(1024);
		q = next_prime(p);
	} else if (strcmp(what, "ROCA") == 0) {
		p = roca_prime();
		q = roca_prime();
	} else if (strcmp(what, "a small factor") == 0) {
		p = BN_new();
		BN_set_word(p, 743);
		q = prime(2038);	/* of 0.75 2^2038 or more: the product has 2048 bits */
	} else if (strcmp(what, "e = 3") == 0) {
		p = prime_for_three();
		q = prime_for_three();
	} else {
		int bits = atoi(what);

		p = prime(bits / 2);
		q = prime(bits - bits / 2);
	}
	key = rsa_of(p, q, strcmp(what, "e = 3") == 0 ? 3 : 65537);
	BN_free(p);
	BN_free(q);
	return key;
}

/* As key of a new account and of a CSR, each well signed by it. */
static void
refused(EVP_PKEY *key, const char *row, const char *what)
{
	struct client *d = visitor(&scene);
	struct jws jws = { .key = key, .payload = AGREED };
	struct blob der = CSR(key, SAN(DNS("n0.example.test")));

	client_post_jws(d, client_url(d, "new-account"), &jws, true);
	told(d, 400, "badPublicKey", "%s account key: %s", row, what);
	leave(d);
	client_post(c, ready.finalize, csr_payload(c, der));
	told(c, 400, "badCSR", "%s CSR key: %s", row, what);
}

static void
test_weak_rsa(void)
{
	static const char *const kinds[] = { "close primes", "ROCA", "a small factor", "e = 3",
					     "1024 bits", "1536 bits", "2046 bits", "2056 bits" };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		EVP_PKEY *key = weak(kinds[i]);

		refused(key, "J-9", kinds[i]);
		EVP_PKEY_free(key);
	}
}

/* --- JWKs that are no good key ---------------------------------------------------- */

static int
with_jwk(struct client *d, const char *alg, const char *jwk)
{
	static EVP_PKEY *key;
	const char *url = client_url(d, "new-account");
	struct jws jws = { .payload = AGREED };

	if (key == NULL)
		key = key_new("ES256");
	jws.key = key;
	jws.header = arena_printf(d->arena, "{\"alg\":\"%s\",\"jwk\":%s,\"nonce\":\"%s\",\"url\":"
				  "\"%s\"}", alg, jwk, client_nonce(d), url);
	return client_post_jws(d, url, &jws, true);
}

/* n of that many octets (0xb5, so nothing small divides it for sure), e as text. */
static const char *
rsa_jwk(struct arena *a, size_t octets, const char *e)
{
	uint8_t *n = arena_alloc(a, octets + 1);

	memset(n, 0xb5, octets);
	return arena_printf(a, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
			    b64_print(a, n, octets), e);
}

static void
test_exponents(void)
{
	static const char *const list[] = { "AQ", "Ag", "Aw", "AQAA", "AQAC", "AAEAAQ", "",
					    "_____w", "AQABAAE" };
	struct client *d = visitor(&scene);

	for (size_t i = 0; i < COUNT(list); i++) {
		with_jwk(d, "RS256", rsa_jwk(d->arena, 256, list[i]));
		told(d, 400, "badPublicKey", "J-9 e = %s", list[i]);
	}
	leave(d);
}

/* Refused by its length, before anybody calculates with it. */
static void
test_huge(void)
{
	static const size_t bits[] = { 8192, 16384, 65536, 200000, 300000 };
	struct client *d = visitor(&scene);

	for (size_t i = 0; i < COUNT(bits); i++) {
		long best = 1000000;

		for (int k = 0; k < 3; k++) {
			const char *jwk = rsa_jwk(d->arena, bits[i] / 8, "AQAB");
			long before, took;

			client_get(d, "HEAD", client_url(d, "new-nonce"));
			before = server_cpu(scene.server);
			with_jwk(d, "RS256", jwk);
			took = server_cpu(scene.server) - before;
			if (took < best)
				best = took;
		}
		if (bits[i] < 250000)
			told(d, 400, "badPublicKey", "J-10 an RSA key of %zu bits", bits[i]);
		else
			told(d, 413, "malformed", "J-10 an RSA key of %zu bits", bits[i]);
		ok(best < 50, "J-10 answered within 50 ms of CPU: %ld", best);
	}
	leave(d);
}

static void
test_points(void)
{
	static const struct {
		const char *crv;
		size_t octets;
	} curves[] = { { "P-256", 32 }, { "P-384", 48 }, { "P-521", 66 } };
	static const char *const algs[] = { "ES256", "ES384", "ES512" };
	struct client *d = visitor(&scene);
	uint8_t x[70], y[70];

	for (size_t i = 0; i < COUNT(curves); i++) {
		size_t n = curves[i].octets;
		const struct {
			const char *what;
			uint8_t x, y;
			size_t nx, ny;
		} cases[] = {
			{ "the point (0, 0)", 0, 0, n, n }, { "beyond the field", 255, 255, n, n },
			{ "not on the curve", 1, 2, n, n }, { "x short", 1, 1, n - 1, n },
			{ "x long", 0, 1, n + 1, n }, { "y short", 1, 1, n, n - 1 },
			{ "y long", 1, 0, n, n + 1 }, { "compressed", 2, 0, n + 1, n },
			{ "no octets", 0, 0, 0, 0 },
		};

		for (size_t k = 0; k < COUNT(cases); k++) {
			memset(x, cases[k].x, sizeof(x));
			memset(y, cases[k].y, sizeof(y));
			with_jwk(d, algs[i], arena_printf(d->arena, "{\"kty\":\"EC\",\"crv\":"
				 "\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", curves[i].crv,
				 b64_print(d->arena, x, cases[k].nx),
				 b64_print(d->arena, y, cases[k].ny)));
			told(d, 400, "badPublicKey", "J-8 %s: %s", curves[i].crv, cases[k].what);
		}
	}
	leave(d);
}

/* A point of one curve said to be of another, and other curves. */
static void
test_curves(void)
{
	static const char *const names[] = { "P-224", "secp256k1", "brainpoolP256r1" };
	EVP_PKEY *p256 = key_new("ES256");
	struct client *d = visitor(&scene);
	char *jwk = arena_strdup(d->arena, key_jwk(d->arena, p256));

	memcpy(strstr(jwk, "P-256"), "P-384", 5);
	with_jwk(d, "ES384", jwk);
	told(d, 400, "badPublicKey", "J-8 a P-256 key as P-384");
	for (size_t i = 0; i < COUNT(names); i++) {
		EVP_PKEY *key = EVP_EC_gen(names[i]);

		if (key == NULL)
			continue;
		client_post(c, ready.finalize,
			    csr_payload(c, CSR(key, SAN(DNS("n0.example.test")))));
		told(c, 400, "badCSR", "C-10 a CSR of curve %s", names[i]);
		EVP_PKEY_free(key);
	}
	EVP_PKEY_free(p256);
	leave(d);
}

/* The curve spelled out (CVE-2022-0778 needs that, and a number that is no prime). */
static void
test_explicit(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	struct blob spki;
	uint8_t *at;
	static const uint8_t field[] = { 0x02, 0x21, 0x00, 0xff, 0xff, 0xff, 0xff };

	if (EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) != 1 ||
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE) != 1 ||
	    EVP_PKEY_keygen(ctx, &key) != 1)
		abort();
	spki = key_blob(key);
	for (int i = 0; i < 2; i++) {
		long before = server_cpu(scene.server), took;

		client_post(c, ready.finalize, csr_payload(c, make_csr(&(struct recipe){
			.key = key, .spki = spki,
			.attributes = TLV(0xa0, REQUEST(SAN(DNS("n0.example.test")))) })));
		told(c, 400, "badCSR", "J-8 a CSR with explicit parameters%s", i == 0 ? "" :
		     ", the field's prime none");
		took = server_cpu(scene.server) - before;
		ok(took < 100, "J-8 answered within 100 ms of CPU: %ld", took);
		at = memmem(spki.data, spki.len, field, sizeof(field));
		if (at == NULL)
			abort();
		at[20] ^= 1;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

/* --- J-14: spellings of one key --------------------------------------------------- */

/* The key's JWK; in fmt ' stands for ", and %0 to %3 for the values of x, y, n and e. */
static const char *
spelled(struct client *d, const char *fmt)
{
	json_t *jwk = json_loads(key_jwk(d->arena, d->key), 0, NULL);
	const char *names[] = { "x", "y", "n", "e" }, *out = "";

	for (; *fmt != '\0'; fmt++) {
		const char *piece = *fmt == '\'' ? "\"" : arena_strndup(d->arena, fmt, 1);

		if (*fmt == '%')
			piece = text(jwk, names[*++fmt - '0']);
		out = arena_printf(d->arena, "%s%s", out, piece);
	}
	json_decref(jwk);
	return out;
}

static void
spellings(const char *alg, const char *const *fmts)
{
	struct client *d = member(&scene, alg);

	for (; *fmts != NULL; fmts++) {
		const char *location, *url = client_url(d, "new-account");
		struct jws jws = { .payload = AGREED };

		jws.header = arena_printf(d->arena, "{\"alg\":\"%s\",\"jwk\":%s,\"nonce\":\"%s\","
					  "\"url\":\"%s\"}", alg, spelled(d, *fmts),
					  client_nonce(d), url);
		client_post_jws(d, url, &jws, true);
		location = reply_only(&d->reply, "Location");
		ok((d->reply.status == 200 && location != NULL && strcmp(location, d->kid) == 0) ||
		   (d->reply.status == 400 && strcmp(d->type, "badPublicKey") == 0),
		   "J-14 %s: %d %s", *fmts, d->reply.status, d->type);
	}
	leave(d);
}

static void
test_spellings(void)
{
	static const char *const ec[] = {
		"{'crv':'P-256','kty':'EC','x':'%0','y':'%1'}",
		"{'y':'%1','x':'%0','kty':'EC','crv':'P-256'}",
		"{'kty':'EC','crv':'P-256','x':'%0','y':'%1','use':'sig','key_ops':['verify'],"
		"'kid':'2','ext':true}",
		"{ 'kty' : 'EC' , 'crv' : 'P-256' , 'x' : '%0' , 'y' : '%1' }",
		"{'\\u006bty':'E\\u0043','crv':'P\\u002d256','x':'%0','y':'%1'}",
		"{'kty':'EC','crv':'P-256','x':'%0','y':'%1','alg':'ES256'}",
		"{'kty':'EC','crv':'P-256','x':'AAAA%0','y':'AAAA%1'}", NULL
	};
	static const char *const rsa[] = {
		"{'e':'%3','kty':'RSA','n':'%2'}", "{'n':'%2','kty':'RSA','e':'%3'}",
		"{'kty':'RSA','n':'%2','e':'%3','x':'AAAA','use':'enc','x5t':'AA'}",
		"{'kty':'RSA','n':'AAAA%2','e':'%3'}", "{'kty':'RSA','n':'%2','e':'AAAA%3'}",
		"{'kty':'R\\u0053A','n':'%2','e':'%3'}", NULL
	};
	static const char *const okp[] = {
		"{'crv':'Ed25519','kty':'OKP','x':'%0'}", "{'x':'%0','kty':'OKP','crv':'Ed25519'}",
		"{'x':'%0','y':'AAAA','kty':'OKP','crv':'Ed25519','alg':'EdDSA'}", NULL
	};

	spellings("ES256", ec);
	spellings("RS256", rsa);
	spellings("EdDSA", okp);
}

/* --- C-11: keys that belong to somebody ------------------------------------------- */

static void
key_of_csr(EVP_PKEY *key, const char *type, const char *what)
{
	client_post(c, ready.finalize, csr_payload(c, CSR(key, SAN(DNS("n0.example.test")))));
	told(c, *type == '\0' ? 200 : 400, type, "C-11 a CSR with %s", what);
}

static void
test_owned(void)
{
	static const char *const names[] = { "n0.example.test" };
	struct client *other = member(&scene, "ES256"), *gone = member(&scene, "ES384");
	struct issued issued = { .key = NULL };
	EVP_PKEY *issuer;

	client_issue(other, scene.responder, names, 1, &issued);
	client_post(gone, gone->kid, "{\"status\":\"deactivated\"}");
	key_of_csr(c->key, "badCSR", "the account's own key");
	key_of_csr(other->key, "badCSR", "another's account key");
	key_of_csr(gone->key, "badCSR", "the key of a deactivated account");
	client_post(c, ready.url, "");
	is(text(c->json, "status"), "ready", "A-16 after all of these the order is ready");
	key_of_csr(issued.key, "", "the key of another's certificate, signed by it");
	ok(order_ready(c, &scene, names[0], &ready), "a ready order");
	issuer = key_load(arena_printf(c->arena, "%s/issuing.key", scene.server->dir));
	if (ok(issuer != NULL, "the CA's own key is there"))
		key_of_csr(issuer, "badCSR", "the CA's own key");
	EVP_PKEY_free(issuer);
	EVP_PKEY_free(issued.key);
	leave(gone);
	leave(other);
}

int
main(void)
{
	make_arena = arena_new();
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	c = member(&scene, "ES256");
	ok(order_ready(c, &scene, "n0.example.test", &ready), "a ready order");
	test_weak_rsa();
	test_exponents();
	test_huge();
	test_points();
	test_curves();
	test_explicit();
	test_spellings();
	test_owned();
	leave(c);
	scene_stop(&scene);
	arena_free(make_arena);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* attack_jose.c - attacks on the signature of requests: algorithms, headers, encodings,
 * JSON (J-1 to J-7, J-11, J-12, J-18 to J-20, A-11). */
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/b64.h"
#include "tests/attack.h"

static struct scene scene;
static struct client *victim;	/* with all kinds of objects */
static struct thing things[THINGS];

static const char *const algs[] = { "ES256", "ES384", "ES512", "RS256", "EdDSA" };

/* --- J-1: algorithms -------------------------------------------------------------- */

static bool
lists_algorithms(const struct client *c)
{
	const json_t *list = json_object_get(c->json, "algorithms");

	return json_array_size(list) >= 2 && json_is_string(json_array_get(list, 0));
}

/* newAccount with every alg for every kind of key: only its own will do. */
static void
test_pairs(void)
{
	static const char *const others[] = {
		"Ed25519", "none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "ES256K", "RS384",
		"RS512", "PS256", "HS256", "HS384", "HS512", "Ed448",
	};
	unsigned good = 0, bad = 0, told_which = 0, tries = 0;

	for (size_t k = 0; k < COUNT(algs); k++) {
		EVP_PKEY *key = key_new(algs[k]);

		for (size_t i = 0; i < COUNT(algs) + COUNT(others); i++, tries++) {
			const char *alg = i < COUNT(algs) ? algs[i] : others[i - COUNT(algs)];
			bool fits = i == k || (i == COUNT(algs) && k == 4);
			struct client *c = visitor(&scene);
			struct jws jws = { .key = key, .alg = alg, .payload = AGREED };

			client_post_jws(c, client_url(c, "new-account"), &jws, true);
			if (fits)
				good += c->reply.status / 100 == 2;
			else if (c->reply.status == 400 &&
				 strcmp(c->type, "badSignatureAlgorithm") == 0)
				bad++, told_which += lists_algorithms(c);
			else
				printf("# %s with %s: %s\n", algs[k], alg, client_why(c));
			leave(c);
		}
		EVP_PKEY_free(key);
	}
	ok(good == 6, "J-1 a key's own alg: %u of 6 accepted", good);
	ok(bad == tries - 6, "J-1 another alg for it: %u of %u refused", bad, tries - 6);
	ok(told_which == bad, "J-1 and told which are accepted: %u of %u", told_which, bad);
}

/* The MAC of the request with that key. */
static const char *
mac(struct client *c, const struct jws *jws, const void *key, size_t len)
{
	const char *input = arena_printf(c->arena, "%s.%s", jws->protected, jws->payload_b64);
	uint8_t out[32];

	HMAC(EVP_sha256(), key, (int)len, (const uint8_t *)input, strlen(input), out, NULL);
	return b64_print(c->arena, out, sizeof(out));
}

static void
with_mac(struct client *c, const char *alg, const void *key, size_t len, const char *what)
{
	struct jws jws = { .key = c->key, .url = client_url(c, "new-order") };
	const char *header = arena_printf(c->arena, "{\"alg\":\"%s\",\"kid\":\"%s\",\"nonce\":"
					  "\"%s\",\"url\":\"%s\"}", alg, c->kid, client_nonce(c),
					  jws.url);

	jws.protected = b64_print(c->arena, header, strlen(header));
	jws.payload_b64 = b64_print(c->arena, GOOD, strlen(GOOD));
	jws.signature = mac(c, &jws, key, len);
	client_send(c, "POST", jws.url, "application/jose+json", jws_print(c->arena, &jws));
	told(c, 400, strcmp(alg, "HS256") == 0 ? "badSignatureAlgorithm" : "malformed",
	     "J-1 %s keyed with the public key as %s", alg, what);
}

/* What is public must not serve as a secret. */
static void
test_confusion(void)
{
	struct client *c = member(&scene, "RS256");
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(c->key, &der);
	BIO *out = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	PEM_write_bio_PUBKEY(out, c->key);
	len = BIO_get_mem_data(out, &pem);
	with_mac(c, "HS256", der, (size_t)n, "DER");
	with_mac(c, "HS256", pem, (size_t)len, "PEM");
	with_mac(c, "HS256", key_jwk(c->arena, c->key), strlen(key_jwk(c->arena, c->key)), "JWK");
	with_mac(c, "HS256", "", 0, "nothing (J-2)");
	with_mac(c, "RS256", pem, (size_t)len, "PEM");
	OPENSSL_free(der);
	BIO_free(out);
	leave(c);
}

/* There is one verification, and no way around it. */
static void
test_every_route(void)
{
	struct client *c = twin(&scene, victim);
	EVP_PKEY *other = key_new("ES256");
	unsigned none = 0, forged = 0, empty = 0;

	for (size_t i = 0; i < THINGS; i++) {
		struct jws jws = { .alg = "none", .payload = things[i].payload };

		none += client_post_jws(c, things[i].url, &jws, false) == 400 &&
			strcmp(c->type, "badSignatureAlgorithm") == 0;
		jws = (struct jws){ .key = other, .payload = things[i].payload };
		forged += client_post_jws(c, things[i].url, &jws, false) == 400 &&
			  strstr(c->detail, "signature") != NULL;
		jws = (struct jws){ .payload = things[i].payload, .signature = "" };
		empty += client_post_jws(c, things[i].url, &jws, false) == 400 &&
			 strcmp(c->type, "malformed") == 0;
	}
	ok(none == THINGS, "J-1 alg none on every resource: %u of %d refused", none, THINGS);
	ok(forged == THINGS, "J-1 another's signature on every resource: %u refused", forged);
	ok(empty == THINGS, "J-1 no signature on every resource: %u refused", empty);
	EVP_PKEY_free(other);
	leave(c);
}

/* --- J-2, J-3, A-11: jwk and kid -------------------------------------------------- */

static void
oct(const char *alg, const char *jwk, const char *type)
{
	struct client *c = visitor(&scene);
	EVP_PKEY *key = key_new("ES256");
	const char *url = client_url(c, "new-account");
	struct jws jws = { .key = key, .payload = AGREED };

	jws.header = arena_printf(c->arena, "{\"alg\":\"%s\",\"jwk\":%s,\"nonce\":\"%s\","
				  "\"url\":\"%s\"}", alg, jwk, client_nonce(c), url);
	client_post_jws(c, url, &jws, true);
	told(c, 400, type, "J-2 alg %s, jwk %s", alg, jwk);
	EVP_PKEY_free(key);
	leave(c);
}

static void
test_oct(void)
{
	oct("HS256", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", "badSignatureAlgorithm");
	oct("HS256", "{\"kty\":\"oct\",\"k\":\"\"}", "badSignatureAlgorithm");
	oct("ES256", "{\"kty\":\"oct\",\"k\":\"\"}", "badPublicKey");
	oct("RS256", "{\"kty\":\"oct\"}", "badPublicKey");
	oct("HS256", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "badSignatureAlgorithm");
}

/* One of the four combinations, everything else good; its own key signs. */
static int
combined(struct client *c, const char *url, const char *payload, bool kid, bool jwk)
{
	struct jws jws = { .payload = payload };
	const char *k = kid ? arena_printf(c->arena, "\"kid\":\"%s\",", c->kid) : "";
	const char *j = jwk ? arena_printf(c->arena, "\"jwk\":%s,", key_jwk(c->arena, c->key)) :
			"";

	jws.header = arena_printf(c->arena, "{\"alg\":\"ES256\",%s%s\"nonce\":\"%s\","
				  "\"url\":\"%s\"}", k, j, client_nonce(c), url);
	return client_post_jws(c, url, &jws, false);
}

static void
test_combinations(void)
{
	struct client *c = twin(&scene, victim);
	unsigned kid = 0, jwk = 0, both = 0, neither = 0;
	const char *account = client_url(c, "new-account");

	for (size_t i = 0; i < THINGS; i++) {
		const struct thing *t = &things[i];
		bool either = strcmp(t->name, "revoke-cert") == 0;

		combined(c, t->url, t->payload, true, false);
		kid += strstr(c->detail, "\"kid\"") == NULL && strstr(c->detail, "\"jwk\"") == NULL;
		combined(c, t->url, t->payload, false, true);
		jwk += c->reply.status == 400 && strcmp(c->type, "malformed") == 0 &&
		       (either || strstr(c->detail, "\"jwk\"") != NULL);
		combined(c, t->url, t->payload, true, true);
		both += c->reply.status == 400 && strcmp(c->type, "malformed") == 0 &&
			strstr(c->detail, "both") != NULL;
		combined(c, t->url, t->payload, false, false);
		neither += c->reply.status == 400 && strcmp(c->type, "malformed") == 0;
	}
	ok(kid == THINGS, "J-3 kid on every resource but newAccount: taken");
	ok(jwk == THINGS, "A-11 jwk on every resource but newAccount: %u of %d malformed", jwk,
	   THINGS);
	ok(both == THINGS, "J-3 both on every resource: %u malformed", both);
	ok(neither == THINGS, "J-3 neither on every resource: %u malformed", neither);
	combined(c, account, AGREED, true, false);
	told(c, 400, "malformed", "J-3 newAccount with kid");
	combined(c, account, AGREED, true, true);
	told(c, 400, "malformed", "J-3 newAccount with both");
	combined(c, account, AGREED, false, false);
	told(c, 400, "malformed", "J-3 newAccount with neither");
	combined(c, account, AGREED, false, true);
	told(c, 200, "", "J-3 newAccount with jwk");
	leave(c);
}

/* --- J-4, J-5, J-11: members of the header ---------------------------------------- */

/* newOrder; ' stands for ", %s in that order: kid, nonce, url. */
static int
headed(struct client *c, const char *fmt, const char *payload)
{
	struct jws jws = { .payload = payload };
	char *format = arena_strdup(c->arena, fmt), *header, *at = format;
	const char *order[3] = { c->kid, client_nonce(c), client_url(c, "new-order") };
	size_t n = 0;

	for (header = arena_strdup(c->arena, ""); *at != '\0'; at++) {
		const char *piece = *at == '\'' ? "\"" : arena_strndup(c->arena, at, 1);

		if (*at == '%' && n < 3)
			piece = order[n++];
		header = arena_printf(c->arena, "%s%s", header, piece);
	}
	jws.header = header;
	return client_post_jws(c, order[2], &jws, false);
}

#define HEAD "{'alg':'ES256','kid':'%','nonce':'%','url':'%'"

static void
test_headers(void)
{
	/* The last of two would be right each time, as would the rest. */
	static const char *const cases[][2] = {
		{ "J-4 crit", HEAD ",'crit':['exp'],'exp':1}" },
		{ "J-4 crit empty", HEAD ",'crit':[]}" },
		{ "J-4 crit twice the same", HEAD ",'crit':['exp','exp'],'exp':1}" },
		{ "J-4 crit of a standard parameter", HEAD ",'crit':['alg']}" },
		{ "J-4 crit of what is not there", HEAD ",'crit':['x']}" },
		{ "J-4 crit a string", HEAD ",'crit':'b64'}" },
		{ "J-4 b64 false", HEAD ",'b64':false,'crit':['b64']}" },
		{ "J-4 b64 false, not critical", HEAD ",'b64':false}" },
		{ "J-4 b64 true", HEAD ",'b64':true}" },
		{ "J-5 alg twice", "{'alg':'none','alg':'ES256','kid':'%','nonce':'%','url':'%'}" },
		{ "J-5 alg twice, escaped",
		  "{'al\\u0067':'none','alg':'ES256','kid':'%','nonce':'%','url':'%'}" },
		{ "J-5 kid twice", "{'kid':'x','alg':'ES256','kid':'%','nonce':'%','url':'%'}" },
		{ "J-5 nonce twice",
		  "{'nonce':'AAAA','alg':'ES256','kid':'%','nonce':'%','url':'%'}" },
		{ "J-5 url twice", "{'url':'x','alg':'ES256','kid':'%','nonce':'%','url':'%'}" },
		{ "J-5 an unknown member twice", HEAD ",'x':1,'x':1}" },
	};
	struct client *c = member(&scene, "ES256");

	for (size_t i = 0; i < COUNT(cases); i++) {
		headed(c, cases[i][1], GOOD);
		told(c, 400, "malformed", "%s", cases[i][0]);
	}
	headed(c, HEAD ",'x':{'y':[1]},'typ':'JOSE','cty':'x','exp':1}", GOOD);
	told(c, 201, "", "6.2 unknown parameters of the header are ignored");
	headed(c, HEAD ",'zip':'DEF'}", GOOD);
	told(c, 201, "", "J-11 zip is one of them");
	leave(c);
}

/* The outer object and payload, the last of two members being right. */
static void
test_duplicates(void)
{
	static const char *const names[] = { "protected", "payload", "signature",
					     "prote\\u0063ted" };
	struct client *c = member(&scene, "ES256");
	const char *url = client_url(c, "new-order");

	for (size_t i = 0; i < COUNT(names); i++) {
		struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c),
				   .url = url, .payload = GOOD };

		jws_sign(c->arena, &jws);
		client_send(c, "POST", url, "application/jose+json", arena_printf(c->arena,
			    "{\"%s\":\"AAAA\",%s", names[i], jws_print(c->arena, &jws) + 1));
		told(c, 400, "malformed", "J-5 %s twice", names[i]);
	}
	client_post(c, url, "{\"identifiers\":[],\"identifiers\":[{\"type\":\"dns\",\"value\":"
		    "\"n0.example.test\"}]}");
	told(c, 400, "malformed", "J-5 a member of the payload twice");
	client_post(c, url, "{\"identifiers\":[{\"type\":\"ip\",\"type\":\"dns\",\"value\":"
		    "\"n0.example.test\"}]}");
	told(c, 400, "malformed", "J-5 a member inside of it twice");
	leave(c);
}

/* Not flattened JSON, or compressed. */
static void
test_forms(void)
{
	struct client *c = member(&scene, "ES256");
	const char *url = client_url(c, "new-order"), *bodies[4], *stored;
	struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c), .url = url,
			   .payload = GOOD };
	char *dots = arena_alloc(c->arena, 60001), length[5];

	jws_sign(c->arena, &jws);
	memset(dots, '.', 60000);
	bodies[0] = arena_printf(c->arena, "%s.%s.%s", jws.protected, jws.payload_b64,
				 jws.signature);
	bodies[1] = arena_printf(c->arena, "{\"payload\":\"%s\",\"signatures\":[{\"protected\":"
				 "\"%s\",\"signature\":\"%s\"}]}", jws.payload_b64, jws.protected,
				 jws.signature);
	bodies[2] = arena_printf(c->arena, "{\"header\":{\"kid\":\"%s\"},%s", c->kid,
				 jws_print(c->arena, &jws) + 1);
	bodies[3] = dots;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		client_send(c, "POST", url, "application/jose+json", bodies[i]);
		told(c, 400, "malformed", "J-11 %s", i == 0 ? "compact form" : i == 1 ?
		     "general form" : i == 2 ? "unprotected header" : "60,000 dots");
	}
	client_send(c, "POST", url, "application/jose+json", jws_print(c->arena, &jws));
	told(c, 201, "", "J-11 that JWS as it should be");
	/* DEFLATE, one stored block. */
	memcpy(length, (char[]){ 1, (char)strlen(GOOD), 0, (char)~strlen(GOOD), -1 }, 5);
	stored = memcpy(arena_alloc(c->arena, 5 + strlen(GOOD)), length, 5);
	memcpy((char *)(uintptr_t)stored + 5, GOOD, strlen(GOOD));
	jws = (struct jws){ .payload_b64 = b64_print(c->arena, stored, 5 + strlen(GOOD)) };
	jws.header = arena_printf(c->arena, "{\"alg\":\"ES256\",\"zip\":\"DEF\",\"kid\":\"%s\","
				  "\"nonce\":\"%s\",\"url\":\"%s\"}", c->kid, client_nonce(c), url);
	client_post_jws(c, url, &jws, false);
	told(c, 400, "malformed", "J-11 a compressed payload is not inflated");
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	victim = member(&scene, "ES256");
	things_make(victim, &scene, things);
	test_pairs();
	test_confusion();
	test_every_route();
	test_oct();
	test_combinations();
	test_headers();
	test_duplicates();
	test_forms();
	leave(victim);
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* attack_text.c - attacks on the text of requests: base64url, the form of signatures, JSON
 * (J-6, J-7, J-18). */
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <stdlib.h>

#include "base/b64.h"
#include "tests/attack.h"

static struct scene scene;
static struct client *c;

/* --- J-6: base64url --------------------------------------------------------------- */

static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const char *const ways[] = {
	"padded", "+", "/", "blank", "CR LF", "spare bits", "4n+1", "empty", "a NUL", "percent"
};

/* The last character with a bit that stands for nothing; NULL: it has none. */
static const char *
spare(const char *good)
{
	char *s = arena_strdup(c->arena, good);
	size_t n = strlen(s);

	if (n % 4 < 2)
		return NULL;
	s[n - 1] = set[(strchr(set, s[n - 1]) - set) | 1];
	return strcmp(s, good) == 0 ? NULL : s;
}

/* The text spoilt in that way, so that a decoder that is not strict reads the same or
 * stops there; as it stands in JSON.  NULL: that text can't be. */
static const char *
spoil(const char *good, const char *way)
{
	size_t n = strlen(good), half = n / 2;
	const char *front = arena_strndup(c->arena, good, half), *back = good + half;
	char *copy = arena_strdup(c->arena, good), *at;

	if (strcmp(way, "padded") == 0)
		return arena_printf(c->arena, "%s%.*s", good, n % 4 == 2 ? 2 : 1, "==");
	if (*way == '+' || *way == '/') {
		at = strchr(copy, *way == '+' ? '-' : '_');
		if (at == NULL)
			return arena_printf(c->arena, "%s%c%s", front, *way, back);
		*at = *way;
		return copy;
	}
	if (strcmp(way, "blank") == 0)
		return arena_printf(c->arena, "%s %s", front, back);
	if (strcmp(way, "CR LF") == 0)
		return arena_printf(c->arena, "%s\\r\\n%s", front, back);
	if (strcmp(way, "spare bits") == 0)
		return spare(good);
	if (strcmp(way, "4n+1") == 0)
		return arena_printf(c->arena, "%s%.*s", good, (int)((5 - n % 4) % 4), "AAAA");
	if (strcmp(way, "a NUL") == 0)
		return arena_printf(c->arena, "%s\\u0000", good);
	if (strcmp(way, "percent") == 0)
		return arena_printf(c->arena, "%s%%3D", good);
	return "";
}

/* Each sends one request with that field spoilt and is good otherwise. */
static void
in_part(const char *field, const char *way)
{
	struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c),
			   .url = client_url(c, "new-order"), .payload = GOOD };
	const char **part = strcmp(field, "signature") == 0 ? &jws.signature :
			    strcmp(field, "payload") == 0 ? &jws.payload_b64 : &jws.protected;

	jws_sign(c->arena, &jws);
	*part = spoil(*part, way);
	if (*part == NULL)
		return;
	if (part != &jws.signature) {	/* signed as it is sent */
		jws.signature = NULL;
		jws_sign(c->arena, &jws);
	}
	client_send(c, "POST", jws.url, "application/jose+json", jws_print(c->arena, &jws));
}

static EVP_PKEY *rsa;

static void
in_jwk(const char *field, const char *way)
{
	EVP_PKEY *key = *field == 'n' || *field == 'e' ? rsa : key_new("ES256");
	json_t *jwk = json_loads(key_jwk(c->arena, key), 0, NULL);
	const char *good = arena_strdup(c->arena, text(jwk, field)), *bad = spoil(good, way);
	struct jws jws = { .key = key, .payload = AGREED, .url = client_url(c, "new-account") };
	char *header, *at;

	json_decref(jwk);
	if (bad != NULL) {
		header = arena_printf(c->arena, "{\"alg\":\"%s\",\"jwk\":%s,\"nonce\":\"%s\","
				      "\"url\":\"%s\"}", key_alg(key), key_jwk(c->arena, key),
				      client_nonce(c), jws.url);
		at = strstr(header, arena_printf(c->arena, "\"%s\":\"%s\"", field, good)) + 4;
		jws.header = arena_printf(c->arena, "%.*s%s%s", (int)(at - header), header, bad,
					  at + strlen(good));
		client_post_jws(c, jws.url, &jws, true);
	}
	if (key != rsa)
		EVP_PKEY_free(key);
}

static void
in_nonce(const char *field, const char *way)
{
	struct jws jws = { .payload = GOOD };
	const char *url = client_url(c, "new-order"), *bad = spoil(client_nonce(c), way);

	(void)field;
	if (bad == NULL)
		return;
	jws.header = arena_printf(c->arena, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"%s\","
				  "\"url\":\"%s\"}", c->kid, bad, url);
	client_post_jws(c, url, &jws, false);
}

static struct client_order ready;
static const char *certificate;

/* "csr" or "certificate". */
static void
in_payload(const char *field, const char *way)
{
	static const char *const names[] = { "n0.example.test" };
	EVP_PKEY *key = key_new("ES256");
	struct blob csr = csr_of_names(c->arena, key, names, 1);
	bool is_csr = strcmp(field, "csr") == 0;
	const char *good = is_csr ? b64_print(c->arena, csr.data, csr.len) : certificate;
	const char *bad = spoil(good, way);

	if (bad != NULL)
		client_post(c, is_csr ? ready.finalize : client_url(c, "revoke-cert"),
			    arena_printf(c->arena, "{\"%s\":\"%s\"}", field, bad));
	EVP_PKEY_free(key);
}

static void
test_base64(void)
{
	static const struct {
		void (*send)(const char *field, const char *way);
		const char *field, *type;
	} fields[] = {
		{ in_part, "protected", "malformed" }, { in_part, "payload", "malformed" },
		{ in_part, "signature", "malformed" }, { in_jwk, "x", "malformed" },
		{ in_jwk, "y", "malformed" }, { in_jwk, "n", "malformed" },
		{ in_jwk, "e", "malformed" }, { in_nonce, "nonce", "malformed" },
		{ in_payload, "csr", "badCSR" }, { in_payload, "certificate", "malformed" },
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		for (size_t k = 0; k < COUNT(ways); k++) {
			const char *field = fields[i].field;
			bool read = strcmp(field, "payload") == 0 && strcmp(ways[k], "empty") == 0;

			c->reply.status = 0;
			fields[i].send(field, ways[k]);
			if (c->reply.status == 0 && strcmp(ways[k], "spare bits") == 0)
				continue;
			if (strcmp(ways[k], "empty") == 0 && *field != 's' && *field != 'p' &&
			    strcmp(c->type, "badPublicKey") == 0)
				ok(true, "J-6 %s: empty", field);
			else
				told(c, 400, read || strcmp(ways[k], "a NUL") == 0 ? "malformed" :
				     fields[i].type, "J-6 %s: %s", field, ways[k]);
		}
}

/* --- J-7: the form of a signature ------------------------------------------------- */

static const char *mangling;

static void
mangle(struct arena *a, struct blob *s)
{
	size_t half = s->len / 2, wanted;
	uint8_t *d = arena_alloc(a, s->len + 50000);

	memcpy(d, s->data, s->len);
	s->data = d;
	if (sscanf(mangling, "%zu octets", &wanted) == 1)
		s->len = wanted;
	else if (strcmp(mangling, "r = 0") == 0)
		memset(d, 0, half);
	else if (strcmp(mangling, "s = 0") == 0)
		memset(d + half, 0, half);
	else if (strcmp(mangling, "r = s = 0") == 0)
		memset(d, 0, s->len);
	else if (strcmp(mangling, "r too large") == 0)
		memset(d, 0xff, half);
	else if (strcmp(mangling, "s too large") == 0)
		memset(d + half, 0xff, half);
	else if (strcmp(mangling, "one bit") == 0)
		d[3] ^= 1;
}

static void
as_der(struct arena *a, struct blob *s)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int half = (int)s->len / 2, n;
	uint8_t *der = NULL;

	ECDSA_SIG_set0(sig, BN_bin2bn(s->data, half, NULL), BN_bin2bn(s->data + half, half, NULL));
	n = i2d_ECDSA_SIG(sig, &der);
	*s = arena_blob(a, der, (size_t)n);
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
}

static void
swapped(struct arena *a, struct blob *s)
{
	uint8_t *d = arena_alloc(a, s->len);

	memcpy(d, s->data + s->len / 2, s->len / 2);
	memcpy(d + s->len / 2, s->data, s->len / 2);
	s->data = d;
}

static void
one_signature(const char *alg, void (*how)(struct arena *a, struct blob *s), const char *what)
{
	struct client *d = member(&scene, alg);
	struct jws jws = { .payload = GOOD, .mangle = how };

	client_post_jws(d, client_url(d, "new-order"), &jws, false);
	told(d, 400, "malformed", "J-7 %s: %s", alg, what);
	leave(d);
}

static void
test_signatures(void)
{
	static const char *const curves[] = { "ES256", "ES384", "ES512" };
	static const char *const cases[] = {
		"0 octets", "1 octets", "63 octets", "65 octets", "70 octets", "71 octets",
		"72 octets", "95 octets", "97 octets", "128 octets", "131 octets", "133 octets",
		"40000 octets", "r = 0", "s = 0", "r = s = 0", "r too large", "s too large",
		"one bit",
	};

	for (size_t i = 0; i < COUNT(curves); i++) {
		for (size_t k = 0; k < COUNT(cases); k++) {
			mangling = cases[k];
			one_signature(curves[i], mangle, mangling);
		}
		one_signature(curves[i], as_der, "DER");
		one_signature(curves[i], swapped, "s before r");
	}
	mangling = "one bit";
	one_signature("EdDSA", mangle, mangling);
	one_signature("RS256", mangle, mangling);
}

/* Signs until r begins with a zero octet, as it does once in 256; returns the octets. */
static struct blob
sign_with_zero(struct jws *jws)
{
	struct arena *a = arena_new();
	struct blob octets;

	do {
		jws->signature = NULL;
		jws_sign(a, jws);
		octets = b64_parse(a, jws->signature, strlen(jws->signature), NULL);
	} while (octets.data[0] != 0);
	octets = arena_blob(c->arena, octets.data, octets.len);
	jws->protected = arena_strdup(c->arena, jws->protected);
	jws->payload_b64 = arena_strdup(c->arena, jws->payload_b64);
	arena_free(a);
	return octets;
}

static void
test_short(void)
{
	for (size_t dropped = 0; dropped < 2; dropped++) {
		struct jws jws = { .key = c->key, .kid = c->kid, .nonce = client_nonce(c),
				   .url = client_url(c, "new-order"), .payload = GOOD };
		struct blob octets = sign_with_zero(&jws);

		jws.signature = b64_print(c->arena, octets.data + dropped, octets.len - dropped);
		client_send(c, "POST", jws.url, "application/jose+json",
			    jws_print(c->arena, &jws));
		if (dropped == 0)
			told(c, 201, "", "J-7 a signature that begins with a zero octet");
		else
			told(c, 400, "malformed", "J-7 another one, without its zero octet");
	}
}

/* --- J-18: JSON ------------------------------------------------------------------- */

/* Not JSON, or not an object (after Nicolas Seriot's JSONTestSuite); x stands for what
 * makes it complete. */
static const char *const broken[] = {
	"[1 true]", "[a\xc3\xa5]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\"]]", "[\"\",]",
	"[\"x\"", "[x", "[3[4]]", "[\xff]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,",
	"[1,]", "[1,,]", "[*]", "[\"\"", "[1,", "[{}", "[fals]", "[nul]", "[tru]", "[++1234]",
	"[+1]", "[+Inf]", "[-01]", "[-1.0.]", "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]",
	"[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0e]", "[1.0e+]", "[1eE2]", "[2.e+3]", "[9.e+]",
	"[Inf]", "[NaN]", "[\xef\xbc\x91]", "[1+2]", "[0x1]", "[Infinity]", "[-012]", "[012]",
	"[1e\xe5]", "{\"x\", null}", "{\"x\"::\"b\"}", "{\"a\":\"a\" 123}", "{key: 'value'}",
	"{\"\xb9\":\"0\",}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}", "{\"a\":", "{\"a\"",
	"{1:1}", "{9999E9999:1}", "{null:null}", "{\"id\":0,,,,,}", "{'a':0}", "{\"id\":0,}",
	"{\"a\":\"b\"}/**/", "{\"a\":\"b\"}#", "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}",
	"{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":\"b\"}#{}", " ", "[\"\\uD800\\\"]",
	"[\"\\uD800\\u\"]", "[\"\\uD800\\u1x\"]", "[\xc3\xa9]", "[\"\\x00\"]", "[\"\\\xf0\x9f\"]",
	"[\"\\a\"]", "[\"\\uqqqq\"]", "[\"\\\xe5\"]", "[\\u0020\"asd\"]", "[\\n]", "\"",
	"['single']", "abc", "[\"\\", "[\"new\nline\"]", "[\"\t\"]", "\"\\UA66D\"", "\"\"x",
	"<.>", "[<null>]", "[1]x", "[1]]", "[\"asd]", "a\xc3\xa5", "[True]", "1]", "{\"x\": true,",
	"[][]", "]", "\xef\xbb\xbf{}", "{", "{]", "2@", "{}}", "{\"\":", "{\"a\":/*c*/\"b\"}",
	"{\"a\":1e400}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\\uDC00\"}",
	"{\"a\\u0000\":1}", "{\"a\":\xe2\x80\xa8 1}", "{\"a\":99999999999999999999999}",
	"{\"a\":true}\x0c", "null", "true", "1", "\"x\"", "[]", "[{}]",
};

static const char *
as_payload(const char *json)
{
	client_post(c, client_url(c, "new-order"), json);
	return c->type;
}

static const char *
as_header(const char *json)
{
	struct jws jws = { .header = json, .payload = GOOD };

	client_post_jws(c, client_url(c, "new-order"), &jws, false);
	return c->type;
}

static const char *
as_envelope(const char *json)
{
	client_send(c, "POST", client_url(c, "new-order"), "application/jose+json", json);
	return c->type;
}

static void
test_json(void)
{
	static const struct {
		const char *(*send)(const char *json);
		const char *what;
	} places[] = {
		{ as_envelope, "envelope" }, { as_header, "header" }, { as_payload, "payload" },
	};
	char *deep = arena_alloc(c->arena, 40001);

	for (size_t p = 0; p < COUNT(places); p++) {
		unsigned good = 0;

		for (size_t i = 0; i < COUNT(broken); i++)
			if (strcmp(places[p].send(broken[i]), "malformed") == 0 &&
			    c->reply.status == 400)
				good++;
			else
				printf("# %s: %s\n", broken[i], client_why(c));
		ok(good == COUNT(broken), "J-18 %u of %zu broken texts as %s: malformed", good,
		   COUNT(broken), places[p].what);
		memset(deep, '[', 30000);
		ok(strcmp(places[p].send(deep), "malformed") == 0, "J-18 30,000 [ as %s",
		   places[p].what);
	}
	as_payload("{\"identifiers\":[{\"type\":\"dns\",\"value\":\"n0.example.test\","
		   "\"x\":{\"y\":[1,2.5e3,null,\"\\u00e9\"]}}],\"z\":-0}");
	told(c, 201, "", "J-18 what is JSON, with members that nobody knows");
}

int
main(void)
{
	static const char *const names[] = { "n0.example.test" };
	struct issued issued = { .key = NULL };
	struct blob der;

	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	c = member(&scene, "ES256");
	rsa = key_new("RS256");
	ok(client_issue(c, scene.responder, names, 1, &issued), "a certificate");
	der = leaf_der(c->arena, issued.pem);
	certificate = b64_print(c->arena, der.data, der.len);
	EVP_PKEY_free(issued.key);
	ok(order_ready(c, &scene, names[0], &ready), "a ready order");
	test_base64();
	test_signatures();
	test_short();
	test_json();
	EVP_PKEY_free(rsa);
	leave(c);
	scene_stop(&scene);
	return tap_done();
}

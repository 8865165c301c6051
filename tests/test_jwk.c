/* SPDX-License-Identifier: Apache-2.0 */
/* test_jwk.c - account keys: thumbprints of the RFCs, and keys that are refused (J-2, J-8,
 * J-9, J-14). */
#include "acme/jwk.h"
#include "base/b64.h"
#include "base/json.h"
#include "tests/tap.h"

#define N "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_" \
	  "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_" \
	  "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI" \
	  "4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
#define X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

static struct arena *a;

static bool
parse(struct jwk *jwk, const char *text, struct problem *p)
{
	*p = (struct problem){ 0 };
	return jwk_parse(jwk, a, json_parse(a, text, strlen(text), "jwk", p), p);
}

static void
good(const char *text, const char *thumbprint, const char *alg, const char *what)
{
	struct problem p;
	struct jwk jwk;

	if (!ok(parse(&jwk, text, &p), "%s%s", what, p.detail))
		return;
	is(b64_print(a, jwk.thumbprint, 32), thumbprint, "its thumbprint");
	is(jwk_alg(jwk.key.type), alg, "its algorithm");
}

static void
bad(const char *text, enum problem_type type, const char *word)
{
	struct problem p;
	struct jwk jwk;

	ok(!parse(&jwk, text, &p) && p.type == type && strstr(p.detail, word) != NULL,
	   "refused: %s", p.detail);
}

int
main(void)
{
	a = arena_new();
	good("{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011\"}",
	     "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RS256", "the key of RFC 7638");
	good("{\"e\":\"AQAB\",\"n\":\"" N "\",\"x\":\"ignored\",\"kty\":\"RSA\"}",
	     "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RS256",
	     "J-14 another order and other members: the same key");
	good("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
	     "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
	     "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "EdDSA", "the key of RFC 8037");
	good("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	     "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U", "ES256", "the key of RFC 7515 A.3");

	bad("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" X "\"}",
	    PROBLEM_BAD_PUBLIC_KEY, "curve");
	bad("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"Zm9v\",\"y\":\"" Y "\"}",
	    PROBLEM_BAD_PUBLIC_KEY, "32");
	bad("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\"}", PROBLEM_MALFORMED, "\"y\"");
	bad("{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	    PROBLEM_BAD_PUBLIC_KEY, "48");
	bad("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	    PROBLEM_BAD_PUBLIC_KEY, "secp256k1");
	bad("{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"" X "\"}", PROBLEM_BAD_PUBLIC_KEY, "EC");
	bad("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X "\"}", PROBLEM_BAD_PUBLIC_KEY, "X25519");
	bad("{\"kty\":\"oct\",\"k\":\"" X "\"}", PROBLEM_BAD_PUBLIC_KEY, "private");
	bad("{\"kty\":\"oct\"}", PROBLEM_BAD_PUBLIC_KEY, "oct");
	bad("{\"kty\":\"ec\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}",
	    PROBLEM_BAD_PUBLIC_KEY, "\"ec\"");
	bad("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"d\":\"" X "\"}",
	    PROBLEM_BAD_PUBLIC_KEY, "private");
	bad("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "=\",\"y\":\"" Y "\"}", PROBLEM_MALFORMED,
	    "padding");
	bad("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\",\"alg\":\"ES384\"}",
	    PROBLEM_BAD_PUBLIC_KEY, "ES384");
	bad("{\"kty\":\"RSA\",\"n\":\"" N "\",\"e\":\"Aw\"}", PROBLEM_BAD_PUBLIC_KEY, "65537");
	bad("{\"kty\":\"RSA\",\"n\":\"AP8\",\"e\":\"AQAB\"}", PROBLEM_BAD_PUBLIC_KEY, "leading zero");
	bad("{\"kty\":\"RSA\",\"n\":\"_w\",\"e\":\"AQAB\"}", PROBLEM_BAD_PUBLIC_KEY, "2048");
	bad("{\"kty\":1}", PROBLEM_MALFORMED, "kty");
	arena_free(a);
	return tap_done();
}

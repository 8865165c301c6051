/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_jws.c - any bytes as the body of a request (F-2): what is accepted is
 * one flattened JWS without doubles, whose alg is on the list; and it verifies only with
 * the signature that it was made with.
 *
 * A mutated JWS has no good signature.  So each one that parses is also verified with the
 * signature of a fixed key over what it says, and with that signature changed. */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "acme/jwk.h"
#include "acme/jws.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *key;

/* r || s. */
static struct blob
sign(struct arena *a, struct blob input)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[100], *raw = arena_alloc(a, 64);
	const uint8_t *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig;

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(ctx, der, &len, input.data, input.len) != 1 ||
	    (sig = d2i_ECDSA_SIG(NULL, &at, (long)len)) == NULL)
		abort();
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return (struct blob){ raw, 64 };
}

static bool
verifies(struct jws *jws, bool quirk)
{
	struct problem p = { .type = PROBLEM_NONE };
	bool good = jws_verify(jws, key, KEY_P256, quirk, &p);

	if (ERR_peek_error() != 0 || (!good && (p.type == PROBLEM_NONE || *p.detail == '\0')))
		abort();
	return good;
}

static void
try_signatures(struct jws *jws, struct arena *a)
{
	struct blob as_sent = jws->signature;
	bool es256 = strcmp(jws->alg, "ES256") == 0;
	uint8_t *copy;

	jws->signature = sign(a, jws->signing_input);
	if (verifies(jws, false) != es256)
		abort();
	copy = arena_alloc(a, 66);
	memcpy(copy, jws->signature.data, 64);
	copy[as_sent.len % 64] ^= (uint8_t)(1 + as_sent.len % 255);
	jws->signature.data = copy;
	if (verifies(jws, false))
		abort();
	copy[as_sent.len % 64] ^= (uint8_t)(1 + as_sent.len % 255);
	for (size_t len = 61; len < 67; len++) {
		jws->signature.len = len;
		if (len != 64 && verifies(jws, false))
			abort();
	}
	/* As it came, by each kind of key that its length fits. */
	jws->signature = as_sent;
	verifies(jws, false);
	verifies(jws, true);
}

/* The header said again, by another parser's rules, is the same. */
static void
check_header(const struct jws *jws)
{
	char *text = json_dumps(jws->header, JSON_COMPACT);
	json_t *again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (again == NULL || json_equal(again, jws->header) != 1 ||
	    json_object_get(again, "crit") != NULL || json_object_get(again, "b64") != NULL ||
	    strcmp(json_string_value(json_object_get(again, "alg")), jws->alg) != 0)
		abort();
	json_decref(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct problem p = { .type = PROBLEM_NONE };
	struct jws jws = { .header = NULL };

	if (key == NULL)
		key = EVP_EC_gen("P-256");
	if (!jws_parse(&jws, a, (struct blob){ data, size }, &p)) {
		if ((p.type != PROBLEM_MALFORMED && p.type != PROBLEM_BAD_SIGNATURE_ALGORITHM) ||
		    *p.detail == '\0' ||
		    (p.type == PROBLEM_BAD_SIGNATURE_ALGORITHM) != (p.algorithms != NULL))
			abort();
	} else {
		if (jws.signature.len == 0 || memchr(jws.signing_input.data, '.',
						     jws.signing_input.len) == NULL)
			abort();
		check_header(&jws);
		try_signatures(&jws, a);
		jws_payload(&jws, a, &p);
	}
	arena_free(a);
	return 0;
}

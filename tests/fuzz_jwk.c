/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_jwk.c - any bytes as a JWK (F-3): what is accepted is a key object, has
 * the same thumbprint when it is written and read again, and that takes no time. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acme/jwk.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SLOW 100	/* ms of CPU, under sanitizers as well */

static long
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
check_again(const struct jwk *jwk, struct arena *a)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct jwk again;
	struct public_key back;
	EVP_PKEY *object = key_open(&jwk->key);
	struct blob spki = key_spki(&jwk->key, a);

	if (object == NULL || ERR_peek_error() != 0)
		abort();
	if (!jwk_parse(&again, a, json_parse(a, jwk->text, strlen(jwk->text), "jwk", &p), &p) ||
	    memcmp(again.thumbprint, jwk->thumbprint, 32) != 0 ||
	    strcmp(again.text, jwk->text) != 0 || jwk_alg(jwk->key.type) == NULL)
		abort();
	if (!key_spki_parse(&back, a, spki) || back.type != jwk->key.type ||
	    back.a.len != jwk->key.a.len || memcmp(back.a.data, jwk->key.a.data, back.a.len) != 0)
		abort();
	jwk_of(&again, a, &back);
	if (memcmp(again.thumbprint, jwk->thumbprint, 32) != 0)
		abort();
	EVP_PKEY_free(object);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct problem p = { .type = PROBLEM_NONE };
	const json_t *j = json_parse(a, data, size, "jwk", &p);
	long began = cpu_ms();
	struct jwk jwk;

	if (j != NULL && jwk_parse(&jwk, a, j, &p))
		check_again(&jwk, a);
	else if ((p.type != PROBLEM_MALFORMED && p.type != PROBLEM_BAD_PUBLIC_KEY) ||
		 *p.detail == '\0')
		abort();
	if (ERR_peek_error() != 0 || cpu_ms() - began > SLOW)
		abort();
	arena_free(a);
	return 0;
}

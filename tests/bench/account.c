/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - ACME accounts. */
#include "tests/bench/account.h"

static void
release_key(void *key)
{
	EVP_PKEY_free(key);
}

struct account *
account_list(struct arena *a, uint64_t n, enum account_key type)
{
	struct account *list = arena_alloc(a, n * sizeof(*list));

	for (uint64_t i = 0; i < n; i++) {
		list[i].alg = type == ACCOUNT_RS256 ? "RS256" : "ES256";
		list[i].key = arena_own(a, key_new(list[i].alg), release_key);
		list[i].jwk = key_jwk(a, list[i].key);
		list[i].thumbprint = key_thumbprint(a, list[i].key);
	}
	return list;
}

const char *
account_sign(struct arena *a, const struct account *account, const char *url,
	     const char *nonce, const char *payload)
{
	struct jws jws = { .key = account->key, .payload = payload };

	if (account->url != NULL)
		jws.header = arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"%s\",\"nonce\":\"%s\","
					  "\"url\":\"%s\"}", account->alg, account->url,
					  nonce, url);
	else
		jws.header = arena_printf(a, "{\"alg\":\"%s\",\"jwk\":%s,\"nonce\":\"%s\","
					  "\"url\":\"%s\"}", account->alg, account->jwk,
					  nonce, url);
	jws_sign(a, &jws);
	return jws_print(a, &jws);
}

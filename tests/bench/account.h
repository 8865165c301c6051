/* SPDX-License-Identifier: Apache-2.0 */
/* account.h - an ACME account: its key, its URL, what it signs (RFC 8555 section 6.2). */
#ifndef BENCH_ACCOUNT_H
#define BENCH_ACCOUNT_H

#include <stdint.h>

#include "tests/bench/options.h"
#include "tests/sign.h"

struct account {
	EVP_PKEY	*key;
	const char	*alg, *jwk, *thumbprint;
	const char	*url;		/* NULL: not yet registered */
};

/* n accounts with new keys, in the arena. */
struct account *account_list(struct arena *a, uint64_t n, enum account_key type);

/* The body of a request to that URL, in the arena. */
const char *account_sign(struct arena *a, const struct account *account, const char *url,
			 const char *nonce, const char *payload);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.h - keys for certificates, requests for them (RFC 2986), and a look at the
 * certificates that came. */
#ifndef BENCH_LEAF_H
#define BENCH_LEAF_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "tests/bench/options.h"

struct leaf {
	EVP_PKEY	*key;
	struct blob	 spki;		/* DER of the public key */
	enum key_type	 type;
};

/* n new keys, in the arena. */
struct leaf *leaf_list(struct arena *a, uint64_t n, enum key_type type);

/* The DER of a certification request with an empty subject, in the arena.  Written by
 * hand: OpenSSL 3.0 takes ten times as long. */
struct blob leaf_request(struct arena *a, const struct leaf *leaf, const char *const *names,
			 size_t n);

/* Is the first certificate of that PEM text for exactly these names, and for this key?
 * NULL: yes; else what is wrong with it. */
const char *leaf_fault(const struct leaf *leaf, struct blob pem, const char *const *names,
		       size_t n);

#endif

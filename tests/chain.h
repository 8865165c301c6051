/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - judges a certificate chain as a relying party does, for tests. */
#ifndef TESTS_CHAIN_H
#define TESTS_CHAIN_H

#include <openssl/evp.h>
#include <stddef.h>

#include "base/arena.h"

/* NULL when the chain is strict PEM (RFC 8555 section 7.4.2), leads to the root, is valid
 * now, for exactly those DNS names and that key; else what is wrong. */
const char *chain_wrong(const char *pem, const char *root_file, const char *const *names,
			size_t n, EVP_PKEY *key);

/* Serial number of the first certificate, in hex, in the arena; NULL: no certificate. */
const char *chain_serial(struct arena *a, const char *pem);

/* Certificates in the text. */
size_t chain_length(const char *pem);

#endif

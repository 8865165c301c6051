/* SPDX-License-Identifier: Apache-2.0 */
/* nonce.h - replay nonces (RFC 8555 section 6.5). */
#ifndef ACME_NONCE_H
#define ACME_NONCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

#define NONCE_LIFE (12 * 3600)	/* seconds */

/* Spends a nonce: true once for each that nonce_new() made for that directory in the last
 * 12 h, on whatever thread.  False with malformed (not base64url) or badNonce. */
bool nonce_redeem(const char *text, size_t len, uint32_t directory, struct problem *p);

/* Forgets everything; for tests. */
void nonce_reset(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dated.h - the dated limits of the CA/Browser Forum's TLS Baseline Requirements.  Pure. */
#ifndef ACME_DATED_H
#define ACME_DATED_H

#include <stdint.h>

#include "store/store.h"

/* The longest life that a certificate should have (section 6.3.2, the SHOULD), in seconds, both
 * ends counted: notAfter = notBefore + this - 1.  Signing time and notBefore are both looked
 * up, and the stricter limit holds: neither can gain the one before. */
int64_t dated_lifetime(int64_t signed_at, int64_t not_before);

/* How old a proof of control by that method may be when a certificate is issued at that time,
 * in seconds (sections 4.2.1 and 3.2.2.4.22). */
int64_t dated_reuse(enum method method, int64_t issued);

/* How long a proof by dns-persist-01 may be used, whoever issues: what proves is a record that
 * nobody has to renew. */
#define DATED_PERSIST (10 * 86400)

/* When the authorization's proof was made: 0: it has none. */
int64_t dated_proof(const struct authz *authz, enum method *method);

/* Has it a proof that is not too old for a certificate that is issued at that time? */
bool dated_fresh(const struct authz *authz, int64_t issued);

/* When the limits change next; 0: no change is known. */
int64_t dated_next(int64_t now);

#endif

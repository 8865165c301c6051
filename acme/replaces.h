/* SPDX-License-Identifier: Apache-2.0 */
/* replaces.h - an order that renews a certificate, and says so (RFC 9773 section 5). */
#ifndef ACME_REPLACES_H
#define ACME_REPLACES_H

#include "acme/acme.h"

/* Reads `replaces` of the payload into an order whose account, scope and identifiers are set.
 * What names no certificate of this directory that lives is left out, as if it were not
 * there.  False: malformed (no such thing at all, or no name in common), unauthorized (a
 * stranger's certificate) or alreadyReplaced. */
bool replaces_check(const struct request *rq, struct order *order, struct problem *p);

/* On the writer, is that still so?  Changes nothing but the order. */
bool replaces_still(struct flow *f, struct order *order, struct problem *p);

/* Behind it, in the same edit: from now on the certificate is replaced by this order, until
 * that is invalid.  An older one that could not be finalized, its profile being configured no
 * more, becomes invalid: returns why, PROBLEM_NONE: there was none. */
enum problem_type replaces_claim(struct flow *f, const struct order *order);

#endif

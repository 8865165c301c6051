/* SPDX-License-Identifier: Apache-2.0 */
/* revoke.h - a certificate is revoked, whoever asked for it. */
#ifndef ACME_REVOKE_H
#define ACME_REVOKE_H

#include "acme/acme.h"

/* RFC 5280 section 5.3.1. */
enum revocation_reason {
	REASON_NONE = 0,
	REASON_KEY_COMPROMISE = 1,
	REASON_AFFILIATION_CHANGED = 3,
	REASON_SUPERSEDED = 4,
	REASON_CESSATION = 5,
	REASON_PRIVILEGE_WITHDRAWN = 9		/* the operator's alone */
};

/* May a subscriber give that reason? */
bool revoke_reason_ok(int64_t reason);

/* In an edit: the certificate is revoked; its key is blocked too if it was compromised.  One
 * that is revoked already keeps its time and gets the reason. */
void revoke_record(struct edit *e, const struct cert *cert, int reason);

#endif

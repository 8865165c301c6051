/* SPDX-License-Identifier: Apache-2.0 */
/* terms.h - agreement to the terms of service (RFC 8555 sections 7.3 and 7.3.3). */
#ifndef ACME_TERMS_H
#define ACME_TERMS_H

#include "acme/acme.h"

/* In an edit, when a configuration is taken: remembers since when its terms hold. */
void terms_take(struct acme_config *c, struct edit *e);

/* False with userActionRequired, unless `agreed` (seconds since 1970, 0: never) is later
 * than the terms. */
bool terms_check(const struct request *rq, int64_t agreed, struct problem *p);

#endif

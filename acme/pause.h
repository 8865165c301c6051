/* SPDX-License-Identifier: Apache-2.0 */
/* pause.h - who gets no new orders until the operator lets him: an account, a name, or a name of
 * one account that it has failed to prove for days. */
#ifndef ACME_PAUSE_H
#define ACME_PAUSE_H

#include "acme/acme.h"

/* False with rateLimited, which says how to come back. */
bool pause_check(struct request *rq, const struct view *v, const struct ident *idents, size_t n,
		 struct problem *p);

/* Another validation has failed; the account is paused for that name when it has failed long
 * enough: then true.  In the edit that records it. */
bool pause_failed(const struct acme_config *c, struct edit *e, struct arena *a,
		  const struct authz *authz);

#endif

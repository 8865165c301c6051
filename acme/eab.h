/* SPDX-License-Identifier: Apache-2.0 */
/* eab.h - external account binding of a new account (RFC 8555 section 7.3.4). */
#ifndef ACME_EAB_H
#define ACME_EAB_H

#include "acme/acme.h"

struct eab {
	const struct binding	*binding;	/* NULL: the account is bound by none */
	const char		*jws;		/* as the client sent it */
};

/* A new secret.  Its base64url does not begin with "-": on the command line of certbot that
 * would be an option. */
void eab_key_new(uint8_t key[BINDING_KEY]);

/* The member externalAccountBinding of newAccount's payload, as the directory wants it:
 * verified, its key that of the request.  False with externalAccountRequired, malformed or
 * unauthorized.  On the loop. */
bool eab_check(struct eab *eab, const struct request *rq, struct problem *p);

/* Is its binding still good, and has it a use left?  On the writer; changes nothing. */
bool eab_usable(const struct eab *eab, const struct view *v, struct arena *a,
		struct problem *p);
/* The account that is being added is bound: one use is spent. */
void eab_spend(const struct eab *eab, struct edit *e, struct arena *a,
	       const struct account *account);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h - what a validation has come to, in the records (RFC 8555 section 7.1.6). */
#ifndef ACME_VERDICT_H
#define ACME_VERDICT_H

#include "acme/acme.h"

struct verdict {
	const struct acme_config	*config;
	size_t				 number;	/* of the challenge */
	const struct problem		*problem;	/* PROBLEM_NONE: control is proved */
	const char			*evidence;	/* JSON; NULL: nobody was asked */
	bool				 final;		/* else it is tried again */
};

/* In an edit: the challenge and its authorization, which waits for it, as they are now, with
 * the evidence.  True: the order that it was made for has failed with it. */
bool verdict_put(struct edit *e, const struct authz *authz, const struct verdict *v);

#endif

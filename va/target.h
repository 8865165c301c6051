/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - where a fetch goes: URLs and redirects. */
#ifndef VA_TARGET_H
#define VA_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ident.h"
#include "base/problem.h"
#include "va/addr.h"

struct va;

struct target {
	const char	*url;		/* normal form, without fragment */
	const char	*host;		/* lower case; an address without brackets */
	uint16_t	 port;		/* to dial */
	bool		 literal;	/* the host is this address: */
	union address	 address;
};

/* Moves the target to where a redirect leads; the location may be relative to the URL
 * now in it (url NULL: there is none yet).  False with the problem connection when we
 * don't go there: another scheme or port, user and password, a zone, a host that is no
 * name, too long; what is in the target then is of no use. */
bool target_follow(struct target *t, const char *location, struct arena *a,
		   const struct va *va, struct problem *p);

/* The target of an https URL to a service of the operator's, whatever its port; t->url is the
 * URL as given.  False with serverInternal: another scheme, a user, a fragment, a zone, a
 * host that is no name. */
bool target_service(struct target *t, const char *url, struct arena *a, struct problem *p);

/* The URL cut to what fits beside other words in a problem's detail. */
const char *target_shown(struct arena *a, const char *url);

#endif

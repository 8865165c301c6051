/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - what may be issued to whom: the rules of server, directory and binding. */
#ifndef ACME_POLICY_H
#define ACME_POLICY_H

#include "acme/acme.h"

/* May certificates of that directory and binding (NULL: none) have this identifier?  All
 * three rules must permit it, deny before allow.  False with rejectedIdentifier, which names
 * the rule.  Any thread. */
bool policy_ident(const struct acme_config *c, const struct directory *d,
		  const struct binding *binding, const struct ident *ident,
		  struct problem *p);

/* What a list of rules says of an identifier. */
struct ruling {
	bool		 permits;
	const char	*list;		/* that decides: "allow", "deny"; NULL: nothing is listed */
	const char	*pattern;	/* of that list; NULL: none of it fits */
};
struct ruling policy_ruling(const struct name_rules *rules, const struct ident *ident);

/* The rules of a binding, lent from it. */
struct name_rules policy_binding_rules(const struct binding *binding);

/* The ways to prove control that are offered for it: METHOD_BIT()s; 0: none. */
unsigned policy_methods(const struct directory *d, const struct acme_profile *profile,
			const struct binding *binding, const struct ident *ident);

/* Is there one, or does the binding want none?  False with rejectedIdentifier. */
bool policy_provable(const struct directory *d, const struct acme_profile *profile,
		     const struct binding *binding, const struct ident *ident, struct problem *p);

/* May the binding's accounts order now, or register?  False with unauthorized, which says
 * how to come back. */
bool policy_binding(const struct binding *binding, int64_t now, struct problem *p);

/* Do its orders need no proof of control for this identifier? */
bool policy_prevalidated(const struct binding *binding, const struct ident *ident);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* issue.h - the value of CAA's issue and issuewild (RFC 8659 section 4.2), which dns-persist-01
 * uses too. */
#ifndef VA_ISSUE_H
#define VA_ISSUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct va;

/* "issuer; tag=value; tag=value", in the arena. */
struct issue {
	const char		*issuer;	/* "": nobody */
	struct issue_parameter {
		const char	*tag, *value;
	}			*parameters;
	size_t			 n;
};

/* False: the value doesn't fit the grammar, the issuer is "" then. */
bool issue_parse(struct issue *i, struct arena *a, const void *value, size_t len);

/* Is the issuer one of ours (validation's list of issuers)? */
bool issue_ours(const struct issue *i, const struct va *va);

/* The value of a parameter, whatever the case of its tag, and how often it stands there;
 * NULL if it doesn't. */
const char *issue_find(const struct issue *i, const char *tag, unsigned *times);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ari.h - what tests of renewals need (RFC 9773): the name of a certificate, made without
 * the server's code, and what the server says of it. */
#ifndef TESTS_ARI_H
#define TESTS_ARI_H

#include "tests/client.h"

/* What a certificate says of itself: its name, without and with a 00 too many, and its life. */
struct leaf_facts {
	const char	*certid, *certid_zero, *certid_bare;
	const char	*key, *serial;		/* the two parts */
	int64_t		 not_before, not_after;
	const char	*der;			/* base64url */
};

/* Of the first certificate of a chain in PEM, in the arena; ends the test when it is none. */
struct leaf_facts leaf_facts(struct arena *a, const char *pem);

/* What renewalInfo says. */
struct renewal_info {
	int64_t		 start, end;
	const char	*start_text;	/* as it was sent */
	long		 retry;		/* -1: no Retry-After */
	const char	*explanation;	/* or NULL */
};

/* GET renewalInfo / certid; the HTTP status, info of a 200 alone. */
int info_get(struct client *c, const char *certid, struct renewal_info *info);

/* newOrder for one name with that `replaces` (NULL: without); the HTTP status. */
int order_replacing(struct client *c, const char *name, const char *certid);

/* A certificate for the name that replaces another one (NULL: none); its facts.  False:
 * none. */
bool issue_replacing(struct client *c, struct responder *responder, const char *name,
		     const char *certid, struct leaf_facts *facts);
/* The same, or the end of the test. */
struct leaf_facts issue_or_end(struct client *c, struct responder *responder, const char *name,
			       const char *certid);

#endif

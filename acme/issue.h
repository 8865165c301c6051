/* SPDX-License-Identifier: Apache-2.0 */
/* issue.h - what finalize and the issuing job share. */
#ifndef ACME_ISSUE_H
#define ACME_ISSUE_H

#include "acme/acme.h"

/* False with 503: the clock is behind, so nothing is issued (acme/ahead.c). */
bool issue_clock_check(const struct view *v, int64_t now, struct problem *p);

/* Draws a serial for the order's certificate, stores both records: the serial is known
 * before anything is signed.  until: the last second of the certificate, as far as it is
 * known now.  In an edit. */
void issue_intend(struct edit *e, struct order *order, int64_t now, int64_t until);

/* What a certificate is made with. */
struct issue_means {
	const struct acme_profile	*profile;
	const struct acme_issuer	*issuer;
	int64_t				 now;	/* of the signature; set by the caller */
};

/* Those of an order.  False with unauthorized, the configuration has its directory or issuer
 * no more, or with invalidProfile: the directory offers its profile no more. */
bool issue_means(const struct acme_config *c, const struct scope *scope,
		 struct issue_means *means, struct problem *p);

/* The validity of a certificate that is signed now: what the order (NULL: none) asks for,
 * else the profile's lifetime of now, both ends counted, and no longer than the issuer lives.
 * False with malformed: the order asks for more, which is never altered (RFC 8555 section
 * 7.4). */
bool issue_validity(const struct issue_means *means, const struct order *order,
		    struct leaf *leaf, struct problem *p);

/* May the order's proofs of control serve for a certificate that is signed now?  False with
 * unauthorized, a subproblem for each that is too old, in the arena. */
bool issue_proofs(const struct issue_means *means, const struct order *order,
		  const struct view *v, struct arena *a, struct problem *p);

#endif

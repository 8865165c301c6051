/* SPDX-License-Identifier: Apache-2.0 */
/* issue.h - what finalize and the issuing job share. */
#ifndef ACME_ISSUE_H
#define ACME_ISSUE_H

#include "acme/acme.h"

/* Seconds that the clock may lie behind the newest commit. */
#define CLOCK_SLACK 5

/* False with 503: the clock was set back, so nothing is issued until it has caught up. */
bool issue_clock_check(const struct view *v, int64_t now, struct problem *p);

/* Draws a serial for the order's certificate, stores both records: the serial is known
 * before anything is signed.  until: the last second of the certificate, as far as it is
 * known now.  In an edit. */
void issue_intend(struct edit *e, struct order *order, int64_t now, int64_t until);

/* What a certificate is made with. */
struct issue_means {
	const struct acme_profile	*profile;
	const struct acme_issuer	*issuer;
};

/* Those of an order.  False with unauthorized: the configuration has its directory or issuer
 * no more, or the directory offers its profile no more. */
bool issue_means(const struct acme_config *c, const struct scope *scope,
		 struct issue_means *means, struct problem *p);

/* The validity of a certificate that is signed now: the profile's lifetime, both ends
 * counted, never beyond the issuer's own end.  not_before, not_after: as asked for, 0:
 * not. */
void issue_validity(const struct issue_means *means, int64_t now, struct leaf *leaf,
		    int64_t not_before, int64_t not_after);

#endif

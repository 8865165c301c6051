/* SPDX-License-Identifier: Apache-2.0 */
/* cert.h - certificates taken apart, inside ca/. */
#ifndef CA_CERT_H
#define CA_CERT_H

#include "ca/ca.h"

/* Pieces of a certificate, pointing into its DER. */
struct cert_parts {
	struct blob	serial;			/* magnitude */
	struct blob	issuer, subject, spki;	/* whole elements */
	struct blob	alt_name, subject_key, authority_key;	/* values of extensions; NULL:
							 * missing */
	int64_t		not_before, not_after;
};

/* False: not one v3 certificate in strict DER. */
bool cert_split(struct cert_parts *c, struct blob der);

#endif

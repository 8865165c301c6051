/* SPDX-License-Identifier: Apache-2.0 */
/* issuer.h - an issuing CA, inside ca/. */
#ifndef CA_ISSUER_H
#define CA_ISSUER_H

#include "ca/der.h"
#include "ca/key.h"

/* Made by issuer_open(), then never changed: any number of threads may sign. */
struct issuer {
	struct arena			*arena;
	const char			*name;
	EVP_PKEY			*key;		/* signs */
	EVP_PKEY			*public;	/* of the certificate: verifies */
	const struct signature		*signature;
	struct blob			 certificate;
	struct blob			 subject, spki;	/* whole elements of it */
	struct blob			 key_id;	/* its subjectKeyIdentifier */
	int64_t				 not_before, not_after;
	const char			*chain;
	const char			**alternates;	/* nalternate other chains */
	size_t				 nalternate;
};

/* Signs a ready TBSCertificate or TBSCertList, whose algorithm is that of the issuer, and
 * verifies what came out, so that no faulty signature leaves (it could give the key
 * away).  False with serverInternal. */
bool issuer_sign(const struct issuer *i, struct blob tbs, struct arena *a, struct blob *der,
		 struct problem *p);

#endif

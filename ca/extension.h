/* SPDX-License-Identifier: Apache-2.0 */
/* extension.h - extensions of certificates, CSRs and CRLs (RFC 5280 section 4.2). */
#ifndef CA_EXTENSION_H
#define CA_EXTENSION_H

#include "ca/der.h"

/* Object identifiers, as the content of an OID. */
#define OID_COMMON_NAME		BYTES("\x55\x04\x03")
#define OID_KEY_USAGE		BYTES("\x55\x1d\x0f")
#define OID_SUBJECT_ALT_NAME	BYTES("\x55\x1d\x11")
#define OID_BASIC_CONSTRAINTS	BYTES("\x55\x1d\x13")
#define OID_CRL_NUMBER		BYTES("\x55\x1d\x14")
#define OID_CRL_REASON		BYTES("\x55\x1d\x15")
#define OID_ISSUING_POINT	BYTES("\x55\x1d\x1c")
#define OID_CRL_POINTS		BYTES("\x55\x1d\x1f")
#define OID_POLICIES		BYTES("\x55\x1d\x20")
#define OID_AUTHORITY_KEY	BYTES("\x55\x1d\x23")
#define OID_SUBJECT_KEY		BYTES("\x55\x1d\x0e")
#define OID_EXTENDED_USAGE	BYTES("\x55\x1d\x25")
#define OID_AUTHORITY_INFO	BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01")
#define OID_TLS_FEATURE		BYTES("\x2b\x06\x01\x05\x05\x07\x01\x18")
#define OID_CA_ISSUERS		BYTES("\x2b\x06\x01\x05\x05\x07\x30\x02")
#define OID_SERVER_AUTH		BYTES("\x2b\x06\x01\x05\x05\x07\x03\x01")
#define OID_CLIENT_AUTH		BYTES("\x2b\x06\x01\x05\x05\x07\x03\x02")
#define OID_DOMAIN_VALIDATED	BYTES("\x67\x81\x0c\x01\x02\x01")
#define OID_EXTENSION_REQUEST	BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e")
#define OID_MS_EXTENSIONS	BYTES("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e")

#define URI		DER_CONTEXT(6)	/* in GeneralName */

#define EXTENSIONS_MAX	64		/* in what others send */

/* Extensions one by one: the next one's OID and value.  False: not such a thing in DER,
 * or the same OID as one before (`seen`, n of them so far). */
struct extensions {
	struct blob	rest;			/* the content of the SEQUENCE OF */
	struct blob	oid, value;
	struct blob	seen[EXTENSIONS_MAX];
	size_t		n;
};

bool extension_next(struct extensions *e);

/* Between these, what is written is the value of an extension. */
void extension_begin(struct der_writer *w, struct blob oid, bool critical);
void extension_end(struct der_writer *w);

/* AuthorityKeyIdentifier with that keyIdentifier. */
void extension_put_authority_key(struct der_writer *w, struct blob key_id);

/* DistributionPointName with one URL: [0] { fullName [0] { URI } }. */
void extension_put_point(struct der_writer *w, const char *url);

/* Can that URL stand in a certificate: http and ASCII? */
bool extension_url_ok(const char *url);

#endif

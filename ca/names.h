/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - identifiers in X.509: subjectAltName read and written (RFC 5280 section
 * 4.2.1.6). */
#ifndef CA_NAMES_H
#define CA_NAMES_H

#include "base/ident.h"
#include "ca/der.h"

/* A list that grows in its arena. */
struct names {
	struct arena	*arena;
	struct ident	*list;
	size_t		 n, room;
	bool		 any;		/* read back, not ordered: one label will do */
};

/* Adds a DNS name as it stands in a certificate or CSR.  False with badCSR. */
bool names_add_dns(struct names *names, struct blob text, struct problem *p);

/* Adds what a GeneralNames holds: DNS names and addresses; anything else, or nothing, is
 * badCSR. */
bool names_parse(struct names *names, struct blob san, struct problem *p);

/* GeneralNames of these identifiers, in their order. */
void names_put(struct der_writer *w, const struct ident *idents, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dnsname.h - what the world knows of DNS names: IDNA (RFC 5890) and the Public Suffix
 * List. */
#ifndef BASE_DNSNAME_H
#define BASE_DNSNAME_H

#include <stdbool.h>

/* Is each A-label ("xn--...") of a name in lower case the one spelling of a label that IDNA
 * 2008 permits?  False with a word for messages in *why. */
bool dnsname_idna_ok(const char *name, const char **why);

/* Is the name a suffix under which the public registers names ("co.uk"), by the ICANN
 * section of the list?  Names under no public top-level domain are none. */
bool dnsname_public_suffix(const char *name);

#endif

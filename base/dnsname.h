/* SPDX-License-Identifier: Apache-2.0 */
/* dnsname.h - what the world knows of DNS names: IDNA (RFC 5890) and the Public Suffix
 * List. */
#ifndef BASE_DNSNAME_H
#define BASE_DNSNAME_H

#include <stdbool.h>

/* Is each A-label ("xn--...", in any case) of a host name the one spelling of a label that
 * IDNA 2008 permits (RFC 5891)?  False with a word for messages in *why. */
bool dnsname_idna_ok(const char *name, const char **why);

/* Is the name, in lower case, a suffix under which the public registers names ("co.uk"), by
 * the ICANN section of the list?  Names under no public top-level domain are none. */
bool dnsname_public_suffix(const char *name);

#endif

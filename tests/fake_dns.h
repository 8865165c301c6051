/* SPDX-License-Identifier: Apache-2.0 */
/* fake_dns.h - a DNS server on loopback, in a thread, that answers from a table. */
#ifndef TESTS_FAKE_DNS_H
#define TESTS_FAKE_DNS_H

#include <stdint.h>

#define FAKE_CAA 257	/* "FLAGS TAG VALUE", or "# HEX" for the octets of its data */

/* One record.  type is ns_t_a ...; value the address, the alias (of a name, or of what
 * is below it: ns_t_dname), or text whose strings are separated by '|'.  Several rows with
 * one name and type are one answer; "A,B" as the value of an address: A to the first
 * question, then B.
 *
 * type 0 says how the server behaves about the name:
 *
 *	SERVFAIL REFUSED FORMERR NOTIMP SILENT	the answer; "SERVFAIL 2": to the first two
 *						questions only
 *	BOGUS		SERVFAIL, with an extended error that says "signature expired"
 *	AD		the answer counts as validated
 *	TRUNCATED	over UDP, always
 *	HANGUP		truncated, and over TCP the connection is closed
 *	OTHER-ID OTHER-CASE GARBAGE	an answer that doesn't fit, or has octets behind it
 *	STRAY		one with another id comes before it
 *
 * A name in the table without the type asked for: no data.  Others: NXDOMAIN. */
struct fake_record {
	const char	*name;
	int		 type;
	const char	*value;
};

struct fake_dns;

/* The table ends with a NULL name and lives until fake_dns_stop(); who changes it
 * meanwhile uses fake_dns_change(). */
struct fake_dns *fake_dns_start(const struct fake_record *records);
/* Another value, or another name, for a record of a table in use; it lives as long as the
 * table. */
void fake_dns_change(struct fake_record *record, const char *value);
void fake_dns_rename(struct fake_record *record, const char *name);
/* How often a record of it was given, so far. */
unsigned fake_dns_given(struct fake_dns *d, const struct fake_record *record);
uint16_t fake_dns_port(const struct fake_dns *d);
void fake_dns_stop(struct fake_dns *d);

#endif

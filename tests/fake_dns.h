/* SPDX-License-Identifier: Apache-2.0 */
/* fake_dns.h - a DNS server on loopback, in a thread, that answers from a table. */
#ifndef TESTS_FAKE_DNS_H
#define TESTS_FAKE_DNS_H

#include <stdint.h>

/* One record.  type is ns_t_a ...; value the address, the alias, or text whose strings
 * are separated by '|'.  Several rows with one name and type are one answer; "A,B"
 * as the value of an address: A to the first question, then B.
 *
 * type 0 says how the server behaves about the name: "SERVFAIL", "REFUSED", "SILENT",
 * or "SERVFAIL 2": only to the first two questions.
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
/* Another value for a record of a table in use; it lives as long as the table. */
void fake_dns_change(struct fake_record *record, const char *value);
uint16_t fake_dns_port(const struct fake_dns *d);
void fake_dns_stop(struct fake_dns *d);

#endif

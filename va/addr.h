/* SPDX-License-Identifier: Apache-2.0 */
/* addr.h - addresses and networks. */
#ifndef VA_ADDR_H
#define VA_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

union address {
	struct sockaddr		 sa;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
};

struct network {
	int		 family;
	unsigned	 bits;
	uint8_t		 octets[16];
};

/* "ADDR" or "ADDR/LEN", both families.  False: neither. */
bool network_parse(struct network *n, const char *text);

/* Reads an address without brackets or zone; the port stays 0. */
bool address_parse(union address *a, const char *text);

/* From the octets of a record or an identifier: 4 or 16, by the family. */
union address address_make(int family, const void *octets);

void address_set_port(union address *a, uint16_t port);
uint16_t address_port(const union address *a);

/* The same address and port? */
bool address_equal(const union address *a, const struct sockaddr *sa);

/* Without port and brackets, in buf; returns buf. */
const char *address_print(const union address *a, char buf[64]);

#endif

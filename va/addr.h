/* SPDX-License-Identifier: Apache-2.0 */
/* addr.h - addresses as sockets take them. */
#ifndef VA_ADDR_H
#define VA_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/network.h"

union address {
	struct sockaddr		 sa;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
};

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

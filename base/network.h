/* SPDX-License-Identifier: Apache-2.0 */
/* network.h - addresses as octets, and the networks that hold them. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct network {
	int		 family;	/* AF_INET or AF_INET6 */
	unsigned	 bits;
	uint8_t		 octets[16];
};

/* "ADDR" or "ADDR/LEN", both families; bits behind LEN may be set.  False: neither. */
bool network_parse(struct network *n, const char *text);

/* Does it hold the address with these octets, 4 or 16 by the family? */
bool network_holds(const struct network *n, int family, const uint8_t *octets);

/* Does it hold the address written so, IPv4 mapped into IPv6 as IPv4?  False also for what
 * is no address. */
bool network_holds_text(const struct network *n, const char *address);

/* The network of so many bits around an address, with no bits set behind them: four_bits
 * for IPv4 (and for IPv4 mapped into IPv6), else six_bits.  False: not an address. */
bool network_around(struct network *n, const char *address, unsigned four_bits,
		    unsigned six_bits);

#endif

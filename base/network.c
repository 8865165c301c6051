/* SPDX-License-Identifier: Apache-2.0 */
/* network.c - addresses as octets, and the networks that hold them. */
#include "base/network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static size_t
family_octets(int family)
{
	return family == AF_INET ? 4 : 16;
}

static int
octets_parse(uint8_t octets[16], const char *text)
{
	int family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;

	memset(octets, 0, 16);
	return inet_pton(family, text, octets) == 1 ? family : 0;
}

/* The same of the address of a host: mapped into IPv6 ("::ffff:10.0.0.1"), as a socket for
 * both families has it, it is the IPv4 address. */
static int
host_parse(uint8_t octets[16], const char *text)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
	int family = octets_parse(octets, text);

	if (family != AF_INET6 || memcmp(octets, mapped, sizeof(mapped)) != 0)
		return family;
	memcpy(octets, octets + 12, 4);
	memset(octets + 4, 0, 12);
	return AF_INET;
}

bool
network_parse(struct network *n, const char *text)
{
	char address[64];
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);

	if (len >= sizeof(address))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	n->family = octets_parse(n->octets, address);
	if (n->family == 0)
		return false;
	n->bits = (unsigned)family_octets(n->family) * 8;
	if (*slash == '\0')
		return true;
	len = strlen(slash + 1);
	if (len < 1 || len > 3 || strspn(slash + 1, "0123456789") != len ||
	    (unsigned)atoi(slash + 1) > n->bits)
		return false;
	n->bits = (unsigned)atoi(slash + 1);
	return true;
}

bool
network_holds(const struct network *n, int family, const uint8_t *octets)
{
	size_t whole = n->bits / 8;
	unsigned rest = n->bits % 8;

	if (n->family != family || memcmp(octets, n->octets, whole) != 0)
		return false;
	return rest == 0 || (octets[whole] ^ n->octets[whole]) >> (8 - rest) == 0;
}

bool
network_holds_text(const struct network *n, const char *address)
{
	uint8_t octets[16];
	int family = host_parse(octets, address);

	return family != 0 && network_holds(n, family, octets);
}

bool
network_around(struct network *n, const char *address, unsigned four_bits, unsigned six_bits)
{
	n->family = host_parse(n->octets, address);
	if (n->family == 0)
		return false;
	n->bits = n->family == AF_INET ? four_bits : six_bits;
	for (size_t i = 0; i < 16; i++) {
		unsigned before = (unsigned)i * 8;

		if (before >= n->bits)
			n->octets[i] = 0;
		else if (n->bits - before < 8)
			n->octets[i] &= (uint8_t)(0xff << (8 - (n->bits - before)));
	}
	return true;
}

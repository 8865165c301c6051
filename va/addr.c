/* SPDX-License-Identifier: Apache-2.0 */
/* addr.c - which addresses may be dialled: all but those of the IANA special-purpose
 * registries (RFC 6890 and its updates, the whole of them), multicast, what embeds an
 * IPv4 address, IPv6 outside 2000::/3, and where this server itself listens. */
#include "va/addr.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "va/local.h"

/* Networks that are refused.  The first row that fits decides, so a narrow one stands
 * before a wide one. */
static const struct special {
	struct network	 net;
	bool		 private;	/* may be dialled in private mode */
	const char	*why;
} specials[] = {
	{ { AF_INET, 8, { 0 } }, false, "\"this network\"" },
	{ { AF_INET, 8, { 10 } }, true, "private network" },
	{ { AF_INET, 10, { 100, 64 } }, true, "shared (carrier-grade NAT)" },
	{ { AF_INET, 8, { 127 } }, false, "loopback" },
	{ { AF_INET, 16, { 169, 254 } }, false, "link-local" },
	{ { AF_INET, 12, { 172, 16 } }, true, "private network" },
	{ { AF_INET, 24, { 192, 0, 0 } }, false, "protocol assignment" },
	{ { AF_INET, 24, { 192, 0, 2 } }, false, "documentation" },
	{ { AF_INET, 24, { 192, 31, 196 } }, false, "AS112" },
	{ { AF_INET, 24, { 192, 52, 193 } }, false, "AMT relay" },
	{ { AF_INET, 24, { 192, 88, 99 } }, false, "6to4 relay" },
	{ { AF_INET, 16, { 192, 168 } }, true, "private network" },
	{ { AF_INET, 24, { 192, 175, 48 } }, false, "AS112" },
	{ { AF_INET, 15, { 198, 18 } }, false, "benchmarking" },
	{ { AF_INET, 24, { 198, 51, 100 } }, false, "documentation" },
	{ { AF_INET, 24, { 203, 0, 113 } }, false, "documentation" },
	{ { AF_INET, 4, { 224 } }, false, "multicast" },
	{ { AF_INET, 32, { 255, 255, 255, 255 } }, false, "broadcast" },
	{ { AF_INET, 4, { 240 } }, false, "reserved" },

	{ { AF_INET6, 128, { 0 } }, false, "unspecified" },
	{ { AF_INET6, 128, { [15] = 1 } }, false, "loopback" },
	{ { AF_INET6, 96, { [10] = 0xff, 0xff } }, false, "IPv4-mapped" },
	{ { AF_INET6, 96, { [8] = 0xff, 0xff } }, false, "IPv4-translated" },
	{ { AF_INET6, 96, { 0 } }, false, "IPv4-compatible" },
	{ { AF_INET6, 96, { 0x00, 0x64, 0xff, 0x9b } }, false, "NAT64" },
	{ { AF_INET6, 48, { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 } }, false, "local NAT64" },
	{ { AF_INET6, 64, { 0x01, 0x00 } }, false, "discard-only" },
	{ { AF_INET6, 64, { 0x01, 0x00, [7] = 0x01 } }, false, "dummy" },
	{ { AF_INET6, 32, { 0x20, 0x01, 0x00, 0x00 } }, false, "Teredo" },
	{ { AF_INET6, 23, { 0x20, 0x01, 0x00, 0x00 } }, false, "protocol assignment" },
	{ { AF_INET6, 32, { 0x20, 0x01, 0x0d, 0xb8 } }, false, "documentation" },
	{ { AF_INET6, 16, { 0x20, 0x02 } }, false, "6to4" },
	{ { AF_INET6, 48, { 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00 } }, false, "AS112" },
	{ { AF_INET6, 20, { 0x3f, 0xff } }, false, "documentation" },
	{ { AF_INET6, 16, { 0x5f, 0x00 } }, false, "segment routing" },
	/* Where a cloud hands out the credentials of its machines. */
	{ { AF_INET6, 128, { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54 } }, false,
	  "cloud metadata" },
	{ { AF_INET6, 7, { 0xfc } }, true, "private (unique-local)" },
	{ { AF_INET6, 10, { 0xfe, 0x80 } }, false, "link-local" },
	{ { AF_INET6, 10, { 0xfe, 0xc0 } }, false, "site-local" },
	{ { AF_INET6, 8, { 0xff } }, false, "multicast" },
};

/* The octets, and how many in *n; NULL: neither IPv4 nor IPv6. */
static const uint8_t *
address_octets(const struct sockaddr *sa, size_t *n)
{
	*n = 0;
	if (sa->sa_family == AF_INET) {
		*n = 4;
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	}
	if (sa->sa_family == AF_INET6) {
		*n = 16;
		return ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr.s6_addr;
	}
	return NULL;
}

static bool
network_has(const struct network *n, const struct sockaddr *sa)
{
	size_t len;
	const uint8_t *octets = address_octets(sa, &len);

	return octets != NULL && network_holds(n, sa->sa_family, octets);
}

bool
address_equal(const union address *a, const struct sockaddr *sa)
{
	size_t n, m;
	const uint8_t *one = address_octets(&a->sa, &n), *other = address_octets(sa, &m);
	const struct sockaddr_in *in = (const void *)sa;	/* its port is at the same place */

	return a->sa.sa_family == sa->sa_family && a->in.sin_port == in->sin_port &&
	       memcmp(one, other, n) == 0;
}

/* "All addresses", of a listener. */
static bool
address_any(const union address *a)
{
	static const uint8_t zero[16];
	size_t n;
	const uint8_t *octets = address_octets(&a->sa, &n);

	return memcmp(octets, zero, n) == 0;
}

/* Does an interface of this host have it?  Then a socket can be bound to it. */
static bool
address_here(const union address *a)
{
	union address copy = *a;
	int fd = socket(a->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool here;

	address_set_port(&copy, 0);
	here = fd >= 0 && bind(fd, &copy.sa, a->sa.sa_family == AF_INET ? sizeof(copy.in) :
			       sizeof(copy.in6)) == 0;
	if (fd >= 0)
		close(fd);
	return here;
}

/* Would one of our listeners answer there?  One at "::" answers for IPv4 too. */
static bool
address_own(const struct va *va, const struct sockaddr *addr)
{
	union address a = { .sa = { .sa_family = 0 } };

	memcpy(&a, addr, addr->sa_family == AF_INET ? sizeof(a.in) : sizeof(a.in6));
	for (size_t i = 0; i < va->nown; i++) {
		const union address *own = &va->own[i];

		if (address_port(own) != address_port(&a))
			continue;
		if (address_any(own) && (own->sa.sa_family == AF_INET6 ||
					 addr->sa_family == AF_INET) && address_here(&a))
			return true;
		if (address_equal(own, addr))
			return true;
	}
	return false;
}

/* The row that it belongs to; NULL: it is an address like any other. */
static const struct special *
address_special(const struct sockaddr *addr)
{
	static const struct network global = { AF_INET6, 3, { 0x20 } };
	static const struct special unassigned = { .why = "unassigned" };

	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (network_has(&specials[i].net, addr))
			return &specials[i];
	return addr->sa_family == AF_INET6 && !network_has(&global, addr) ? &unassigned : NULL;
}

bool
va_address_ok(const struct va *va, const struct sockaddr *addr, const char **why)
{
	const struct special *special;

	*why = "strange";
	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
		return false;
	for (size_t i = 0; i < va->nallow; i++)
		if (network_has(&va->allow[i], addr))
			return true;
	special = address_special(addr);
	if (special != NULL && (!special->private || !va->private_mode)) {
		*why = special->why;
		return false;
	}
	*why = "CA server's own";
	return !address_own(va, addr);
}

bool
address_parse(union address *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->in.sin_addr) == 1)
		a->sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a->in6.sin6_addr) == 1)
		a->sa.sa_family = AF_INET6;
	else
		return false;
	return true;
}

union address
address_make(int family, const void *octets)
{
	union address a;

	memset(&a, 0, sizeof(a));
	a.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		memcpy(&a.in.sin_addr, octets, 4);
	else
		memcpy(&a.in6.sin6_addr, octets, 16);
	return a;
}

void
address_set_port(union address *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else
		a->in6.sin6_port = htons(port);
}

uint16_t
address_port(const union address *a)
{
	return ntohs(a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

const char *
address_print(const union address *a, char buf[64])
{
	size_t n;
	const uint8_t *octets = address_octets(&a->sa, &n);

	buf[0] = '\0';
	if (octets != NULL)
		inet_ntop(a->sa.sa_family, octets, buf, 64);
	return buf;
}

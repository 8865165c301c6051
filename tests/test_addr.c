/* SPDX-License-Identifier: Apache-2.0 */
/* test_addr.c - which addresses may be dialled (V-1): first and last of each network,
 * and the neighbours outside. */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/tap.h"
#include "va/local.h"

#define PUBLIC	1	/* may be dialled in public mode ... */
#define PRIVATE	2	/* ... and in private mode */
#define BOTH	(PUBLIC | PRIVATE)
#define NEVER	0

static const struct row {
	const char	*address;
	int		 when;
	const char	*why;
} rows[] = {
	{ "0.0.0.0", NEVER, "\"this network\"" },
	{ "0.255.255.255", NEVER, "\"this network\"" },
	{ "1.0.0.0", BOTH, "" },
	{ "9.255.255.255", BOTH, "" },
	{ "10.0.0.0", PRIVATE, "private network" },
	{ "10.255.255.255", PRIVATE, "private network" },
	{ "11.0.0.0", BOTH, "" },
	{ "100.63.255.255", BOTH, "" },
	{ "100.64.0.0", PRIVATE, "shared (carrier-grade NAT)" },
	{ "100.127.255.255", PRIVATE, "shared (carrier-grade NAT)" },
	{ "100.128.0.0", BOTH, "" },
	{ "126.255.255.255", BOTH, "" },
	{ "127.0.0.0", NEVER, "loopback" },
	{ "127.0.0.1", NEVER, "loopback" },
	{ "127.255.255.255", NEVER, "loopback" },
	{ "128.0.0.0", BOTH, "" },
	{ "169.253.255.255", BOTH, "" },
	{ "169.254.0.0", NEVER, "link-local" },
	{ "169.254.169.254", NEVER, "link-local" },
	{ "169.254.255.255", NEVER, "link-local" },
	{ "169.255.0.0", BOTH, "" },
	{ "172.15.255.255", BOTH, "" },
	{ "172.16.0.0", PRIVATE, "private network" },
	{ "172.31.255.255", PRIVATE, "private network" },
	{ "172.32.0.0", BOTH, "" },
	{ "191.255.255.255", BOTH, "" },
	{ "192.0.0.0", NEVER, "protocol assignment" },
	{ "192.0.0.7", NEVER, "protocol assignment" },	/* service continuity, DS-Lite */
	{ "192.0.0.8", NEVER, "protocol assignment" },	/* dummy */
	{ "192.0.0.9", NEVER, "protocol assignment" },	/* PCP anycast */
	{ "192.0.0.10", NEVER, "protocol assignment" },	/* TURN anycast */
	{ "192.0.0.170", NEVER, "protocol assignment" },	/* NAT64 discovery */
	{ "192.0.0.171", NEVER, "protocol assignment" },
	{ "192.0.0.255", NEVER, "protocol assignment" },
	{ "192.0.1.0", BOTH, "" },
	{ "192.0.1.255", BOTH, "" },
	{ "192.0.2.0", NEVER, "documentation" },
	{ "192.0.2.255", NEVER, "documentation" },
	{ "192.0.3.0", BOTH, "" },
	{ "192.31.195.255", BOTH, "" },
	{ "192.31.196.0", NEVER, "AS112" },
	{ "192.31.196.255", NEVER, "AS112" },
	{ "192.31.197.0", BOTH, "" },
	{ "192.52.192.255", BOTH, "" },
	{ "192.52.193.0", NEVER, "AMT relay" },
	{ "192.52.193.255", NEVER, "AMT relay" },
	{ "192.52.194.0", BOTH, "" },
	{ "192.88.98.255", BOTH, "" },
	{ "192.88.99.0", NEVER, "6to4 relay" },
	{ "192.88.99.1", NEVER, "6to4 relay" },
	{ "192.88.99.2", NEVER, "6to4 relay" },
	{ "192.88.99.255", NEVER, "6to4 relay" },
	{ "192.88.100.0", BOTH, "" },
	{ "192.167.255.255", BOTH, "" },
	{ "192.168.0.0", PRIVATE, "private network" },
	{ "192.168.255.255", PRIVATE, "private network" },
	{ "192.169.0.0", BOTH, "" },
	{ "192.175.48.0", NEVER, "AS112" },
	{ "192.175.48.255", NEVER, "AS112" },
	{ "192.175.47.255", BOTH, "" },
	{ "192.175.49.0", BOTH, "" },
	{ "198.17.255.255", BOTH, "" },
	{ "198.18.0.0", NEVER, "benchmarking" },
	{ "198.19.255.255", NEVER, "benchmarking" },
	{ "198.20.0.0", BOTH, "" },
	{ "198.51.99.255", BOTH, "" },
	{ "198.51.100.0", NEVER, "documentation" },
	{ "198.51.100.255", NEVER, "documentation" },
	{ "198.51.101.0", BOTH, "" },
	{ "203.0.112.255", BOTH, "" },
	{ "203.0.113.0", NEVER, "documentation" },
	{ "203.0.113.255", NEVER, "documentation" },
	{ "203.0.114.0", BOTH, "" },
	{ "223.255.255.255", BOTH, "" },
	{ "224.0.0.0", NEVER, "multicast" },
	{ "239.255.255.255", NEVER, "multicast" },
	{ "240.0.0.0", NEVER, "reserved" },
	{ "255.255.255.254", NEVER, "reserved" },
	{ "255.255.255.255", NEVER, "broadcast" },

	{ "::", NEVER, "unspecified" },
	{ "::1", NEVER, "loopback" },
	{ "::2", NEVER, "IPv4-compatible" },
	{ "::127.0.0.1", NEVER, "IPv4-compatible" },
	{ "::255.255.255.255", NEVER, "IPv4-compatible" },
	{ "::ffff:0.0.0.0", NEVER, "IPv4-mapped" },
	{ "::ffff:127.0.0.1", NEVER, "IPv4-mapped" },
	{ "::ffff:8.8.8.8", NEVER, "IPv4-mapped" },
	{ "::ffff:255.255.255.255", NEVER, "IPv4-mapped" },
	{ "::fffe:ffff:ffff", NEVER, "unassigned" },
	{ "::ffff:10.0.0.1", NEVER, "IPv4-mapped" },
	{ "::ffff:169.254.169.254", NEVER, "IPv4-mapped" },
	{ "::1:0:0:0", NEVER, "unassigned" },
	{ "::ffff:0:127.0.0.1", NEVER, "IPv4-translated" },
	{ "64:ff9b::", NEVER, "NAT64" },
	{ "64:ff9b::7f00:1", NEVER, "NAT64" },
	{ "64:ff9b::ffff:ffff", NEVER, "NAT64" },
	{ "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "unassigned" },
	{ "64:ff9b::1:0:0", NEVER, "unassigned" },
	{ "64:ff9b:0:ffff:ffff:ffff:ffff:ffff", NEVER, "unassigned" },
	{ "64:ff9b:1::", NEVER, "local NAT64" },
	{ "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", NEVER, "local NAT64" },
	{ "64:ff9b:2::", NEVER, "unassigned" },
	{ "100::", NEVER, "discard-only" },
	{ "100::ffff:ffff:ffff:ffff", NEVER, "discard-only" },
	{ "100:0:0:1::", NEVER, "dummy" },
	{ "100:0:0:1:ffff:ffff:ffff:ffff", NEVER, "dummy" },
	{ "100:0:0:2::", NEVER, "unassigned" },
	{ "200::", NEVER, "unassigned" },
	{ "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "unassigned" },
	{ "2000::", BOTH, "" },
	{ "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", BOTH, "" },
	{ "2001::", NEVER, "Teredo" },
	{ "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "Teredo" },
	{ "2001:1::", NEVER, "protocol assignment" },
	{ "2001:1::1", NEVER, "protocol assignment" },
	{ "2001:1::2", NEVER, "protocol assignment" },
	{ "2001:1::3", NEVER, "protocol assignment" },
	{ "2001:2::", NEVER, "protocol assignment" },
	{ "2001:2:0:ffff:ffff:ffff:ffff:ffff", NEVER, "protocol assignment" },
	{ "2001:3::", NEVER, "protocol assignment" },
	{ "2001:4:112::", NEVER, "protocol assignment" },
	{ "2001:4:112:ffff:ffff:ffff:ffff:ffff", NEVER, "protocol assignment" },
	{ "2001:10::", NEVER, "protocol assignment" },
	{ "2001:20::", NEVER, "protocol assignment" },
	{ "2001:30::", NEVER, "protocol assignment" },
	{ "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "protocol assignment" },
	{ "2001:200::", BOTH, "" },
	{ "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", BOTH, "" },
	{ "2001:db8::", NEVER, "documentation" },
	{ "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "documentation" },
	{ "2001:db9::", BOTH, "" },
	{ "2002::", NEVER, "6to4" },
	{ "2002:7f00:1::", NEVER, "6to4" },
	{ "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "6to4" },
	{ "2003::", BOTH, "" },
	{ "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", BOTH, "" },
	{ "2620:4f:8000::", NEVER, "AS112" },
	{ "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", NEVER, "AS112" },
	{ "2620:4f:8001::", BOTH, "" },
	{ "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", BOTH, "" },
	{ "3fff::", NEVER, "documentation" },
	{ "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "documentation" },
	{ "3fff:1000::", BOTH, "" },
	{ "5f00::", NEVER, "segment routing" },
	{ "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "segment routing" },
	{ "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "unassigned" },
	{ "5f01::", NEVER, "unassigned" },
	{ "4000::", NEVER, "unassigned" },
	{ "e000::", NEVER, "unassigned" },
	{ "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "unassigned" },
	{ "fc00::", PRIVATE, "private (unique-local)" },
	{ "fc00::1", PRIVATE, "private (unique-local)" },
	{ "fd00:ec2::253", PRIVATE, "private (unique-local)" },
	{ "fd00:ec2::254", NEVER, "cloud metadata" },
	{ "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PRIVATE, "private (unique-local)" },
	{ "fe00::", NEVER, "unassigned" },
	{ "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "unassigned" },
	{ "fe80::", NEVER, "link-local" },
	{ "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "link-local" },
	{ "fec0::", NEVER, "site-local" },
	{ "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "site-local" },
	{ "fe80::1", NEVER, "link-local" },
	{ "ff00::", NEVER, "multicast" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "multicast" },
};

static struct va *
open_va(bool private_mode, const char *const *allow)
{
	struct va_options o = { .private_mode = private_mode, .allow_addresses = allow };
	struct problem p = { 0 };
	struct va *va = va_open(&o, &p);

	if (va == NULL)
		printf("# %s\n", p.detail);
	return va;
}

static bool
dials(const struct va *va, const char *text, const char **why)
{
	union address a;

	return address_parse(&a, text) && va_address_ok(va, &a.sa, why);
}

static void
test_table(void)
{
	struct va *public = open_va(false, NULL), *private = open_va(true, NULL);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const char *why = "", *why2 = "";
		int when = (dials(public, r->address, &why) ? PUBLIC : 0) |
			   (dials(private, r->address, &why2) ? PRIVATE : 0);

		ok(when == r->when && (r->when == BOTH || strcmp(why, r->why) == 0),
		   "V-1 %s %s%s", r->address, when & PUBLIC ? "public " : "",
		   when & PRIVATE ? "private" : "");
	}
	va_release(public);
	va_release(private);
}

/* Hosts of redirects: what is an address in any spelling is judged as one; what only looks
 * like one is a name, or nothing. */
static const struct spelling {
	const char	*host, *means;	/* NULL: refused as a host */
} spellings[] = {
	{ "127.0.0.1", "127.0.0.1" },
	{ "127.1", "127.0.0.1" },
	{ "127.0.1", "127.0.0.1" },
	{ "127.65535", "127.0.255.255" },
	{ "2130706433", "127.0.0.1" },
	{ "017700000001", "127.0.0.1" },
	{ "0x7f000001", "127.0.0.1" },
	{ "0x7F000001", "127.0.0.1" },
	{ "0x7f.0x0.0x0.0x1", "127.0.0.1" },
	{ "0x7f.1", "127.0.0.1" },
	{ "0177.0.0.1", "127.0.0.1" },
	{ "0177.0.0.01", "127.0.0.1" },
	{ "00000177.0.0.1", "127.0.0.1" },
	{ "127.0.0.0x1", "127.0.0.1" },
	{ "%31%32%37.0.0.1", "127.0.0.1" },
	{ "0", "0.0.0.0" },
	{ "0.0", "0.0.0.0" },
	{ "0xa9fea9fe", "169.254.169.254" },
	{ "2852039166", "169.254.169.254" },
	{ "4294967295", "255.255.255.255" },
	{ "[::1]", "::1" },
	{ "[0:0:0:0:0:0:0:1]", "::1" },
	{ "[0000:0000:0000:0000:0000:0000:0000:0001]", "::1" },
	{ "[::0.0.0.1]", "::1" },
	{ "[::]", "::" },
	{ "[::ffff:127.0.0.1]", "::ffff:127.0.0.1" },
	{ "[::FFFF:7F00:1]", "::ffff:127.0.0.1" },
	{ "[0:0:0:0:0:ffff:127.0.0.1]", "::ffff:127.0.0.1" },
	{ "[64:FF9B::127.0.0.1]", "64:ff9b::7f00:1" },
	{ "[2002:7F00:0001::]", "2002:7f00:1::" },
	{ "[fe80::1%25lo]", NULL },
	{ "[fe80::1%25]", NULL },
	{ "[::1", NULL },
	{ "[127.0.0.1]", NULL },
	{ "::1", NULL },
	{ "127.0.0.1%00", NULL },
	{ "%00", NULL },
	{ "127.0.0.1 ", NULL },
	{ "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1", NULL },	/* full-width digits */
	{ "127\xe3\x80\x82" "0.0.1", NULL },				/* ideographic full stop */
	{ "a.test%2f@b.test", NULL },
	{ "a.test\\@b.test", NULL },
};

static void
test_spellings(void)
{
	struct va *va = open_va(false, NULL);

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		const struct spelling *c = &spellings[i];
		struct arena *a = arena_new();
		struct target t = { .url = NULL };
		struct problem p = { 0 };
		char text[64] = "";
		const char *why = "";
		bool good = target_follow(&t, arena_printf(a, "http://%s/", c->host), a, va, &p);

		if (good && t.literal)
			address_print(&t.address, text);
		if (!ok(c->means == NULL ? !good : good && strcmp(text, c->means) == 0 &&
			!va_address_ok(va, &t.address.sa, &why), "V-2 %s is %s", c->host,
			c->means != NULL ? c->means : "no host"))
			printf("# %d %s %s: %s\n", good, good ? t.host : "", text, p.detail);
		arena_free(a);
	}
	va_release(va);
}

/* --- where this server listens --------------------------------------------------------- */

static bool
dials_port(const struct va *va, const char *text)
{
	const char *why = "";
	union address a;

	return server_parse(&a, text) &&
	       (va_address_ok(va, &a.sa, &why) || strcmp(why, "CA server's own") != 0);
}

static void
test_own(void)
{
	const char *const own[] = { "8.8.8.8@443", "10.0.0.1@80", "0.0.0.0@8443", "::@9443",
				    "2a00::1@443", NULL };
	const char *const allow[] = { "127.0.0.0/8", "10.0.0.1", NULL };
	struct va_options o = { .private_mode = true, .own = own };
	struct problem p = { 0 };
	struct va *va = va_open(&o, &p), *named;

	o.allow_addresses = allow;
	named = va_open(&o, &p);
	ok(!dials_port(va, "8.8.8.8@443"), "V-1 own listener");
	ok(dials_port(va, "8.8.8.8@80"), "V-1 its address, another port");
	ok(dials_port(va, "8.8.4.4@443"), "V-1 another address, its port");
	ok(!dials_port(va, "2a00::1@443"), "V-1 own listener, IPv6");
	ok(dials_port(va, "2a00::2@443"), "V-1 another address, IPv6");
	ok(!dials_port(va, "10.0.0.1@80"), "V-1 own listener in a private network");
	ok(dials_port(named, "10.0.0.1@80"), "V-1 own listener that is named");
	va_release(va);
	va_release(named);
}

/* A network namespace of this process alone, whose loopback interface also has that
 * address.  False: not here. */
static bool
own_network(const char *addr)
{
	struct ifreq r = { .ifr_name = "lo:1" };
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd;
	bool made;

	inet_pton(AF_INET, addr, &in.sin_addr);
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	memcpy(&r.ifr_addr, &in, sizeof(in));
	made = ioctl(fd, SIOCSIFADDR, &r) == 0;
	close(fd);
	return made;
}

static void
test_own_any(void)
{
	const char *const own[] = { "0.0.0.0@8443", "::@9443", NULL };
	struct va_options o = { .private_mode = true, .own = own };
	struct problem p = { 0 };
	struct va *va = va_open(&o, &p);

	if (!own_network("10.9.8.7")) {
		tap_skip("V-1 where we listen on all addresses", "no network namespace");
	} else {
		ok(!dials_port(va, "10.9.8.7@8443"), "V-1 an address of this host, 0.0.0.0");
		ok(!dials_port(va, "10.9.8.7@9443"), "V-1 an address of this host, ::");
		ok(dials_port(va, "10.9.8.7@80"), "V-1 an address of this host, another port");
		ok(dials_port(va, "10.9.8.8@8443"), "V-1 an address of another host");
		ok(dials_port(va, "2a00::1@8443"), "V-1 0.0.0.0 is not IPv6");
	}
	va_release(va);
}

static void
test_allow(void)
{
	const char *const allow[] = { "127.0.0.8/31", "192.168.7.7", "fe80::/10", "::1/128",
				      "::ffff:10.0.0.0/104", NULL };
	struct va *va = open_va(false, allow);
	const char *why;

	ok(dials(va, "127.0.0.8", &why), "named network, first address");
	ok(dials(va, "127.0.0.9", &why), "named network, last address");
	ok(!dials(va, "127.0.0.7", &why), "the address before it");
	ok(!dials(va, "127.0.0.10", &why), "the address behind it");
	ok(dials(va, "192.168.7.7", &why), "named address");
	ok(!dials(va, "192.168.7.8", &why), "its neighbour");
	ok(dials(va, "febf::1", &why), "named IPv6 network");
	ok(dials(va, "::1", &why), "named IPv6 address");
	ok(dials(va, "::ffff:10.1.2.3", &why), "mapped addresses can be named");
	ok(!dials(va, "10.1.2.3", &why), "which does not name the IPv4 address");
	va_release(va);
}

static void
test_refused(const char *text)
{
	const char *const allow[] = { text, NULL };
	struct va_options o = { .allow_addresses = allow };
	struct problem p = { 0 };

	ok(va_open(&o, &p) == NULL && p.type == PROBLEM_SERVER_INTERNAL &&
	   strstr(p.detail, "validation.allow_addresses") != NULL,
	   "allow_addresses \"%s\": %s", text, p.detail);
}

int
main(void)
{
	test_table();
	test_allow();
	test_spellings();
	test_own();
	test_refused("");
	test_refused("10");
	test_refused("10.0.0.0/33");
	test_refused("10.0.0.0/");
	test_refused("10.0.0.0/-1");
	test_refused("10.0.0.0/8x");
	test_refused("fc00::/129");
	test_refused("localhost");
	test_refused("[::1]");
	test_refused("fe80::1%lo");
	test_own_any();
	return tap_done();
}

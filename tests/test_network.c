/* SPDX-License-Identifier: Apache-2.0 */
/* test_network.c - addresses and networks, and what the world knows of DNS names. */
#include <arpa/inet.h>
#include <pthread.h>

#include "base/dnsname.h"
#include "base/network.h"
#include "tests/tap.h"

/* --- networks -------------------------------------------------------------------------- */

static const struct {
	const char	*text;
	int		 family;	/* 0: none */
	unsigned	 bits;
} parsed[] = {
	{ "10.0.0.0/8", AF_INET, 8 }, { "10.0.0.0/0", AF_INET, 0 }, { "10.0.0.0/32", AF_INET, 32 },
	{ "10.1.2.3", AF_INET, 32 }, { "::/0", AF_INET6, 0 }, { "fd00::/8", AF_INET6, 8 },
	{ "::1", AF_INET6, 128 }, { "FD00::/128", AF_INET6, 128 },
	{ "::ffff:10.0.0.0/104", AF_INET6, 104 },
	{ "", 0, 0 }, { "/8", 0, 0 }, { "10.0.0.0/", 0, 0 }, { "10.0.0.0/33", 0, 0 },
	{ "::/129", 0, 0 }, { "10.0.0.0/-1", 0, 0 }, { "10.0.0.0/+8", 0, 0 },
	{ "10.0.0.0/8a", 0, 0 },
	{ "10.0.0.0/ 8", 0, 0 }, { "10.0.0.0/8/8", 0, 0 }, { "10.0.0.0/4294967304", 0, 0 },
	{ "10.0.0", 0, 0 }, { "10.0.0.0.0", 0, 0 }, { "256.0.0.0", 0, 0 }, { "010.0.0.0", 0, 0 },
	{ " 10.0.0.0", 0, 0 }, { "10.0.0.0 ", 0, 0 }, { "[::1]", 0, 0 }, { "fe80::1%lo", 0, 0 },
	{ "1::2::3", 0, 0 }, { "localhost", 0, 0 },
	{ "00000000000000000000000000000000000000000000000000000000000000000000.0.0.0/8", 0, 0 },
};

static const struct {
	const char	*network, *address;
	bool		 holds;
} held[] = {
	{ "10.0.0.0/8", "10.0.0.0", true }, { "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "9.255.255.255", false }, { "10.0.0.0/8", "11.0.0.0", false },
	{ "10.9.9.9/8", "10.0.0.1", true }, { "0.0.0.0/0", "255.255.255.255", true },
	{ "10.0.0.0/9", "10.127.255.255", true }, { "10.0.0.0/9", "10.128.0.0", false },
	{ "10.0.0.0/15", "10.1.0.0", true }, { "10.0.0.0/15", "10.2.0.0", false },
	{ "10.0.0.2/31", "10.0.0.3", true }, { "10.0.0.2/31", "10.0.0.1", false },
	{ "10.0.0.1", "10.0.0.1", true }, { "10.0.0.1", "10.0.0.0", false },
	{ "fd00::/8", "fdff::", true }, { "fd00::/8", "fe00::", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "::1", "::1", true }, { "::1", "::2", false }, { "::1", "0:0:0:0:0:0:0:1", true },
	{ "::/0", "ffff::", true },
	{ "0.0.0.0/0", "::1", false }, { "::/0", "10.0.0.1", false },
	{ "10.0.0.0/8", "::ffff:10.1.2.3", true }, { "10.0.0.0/8", "::ffff:b01:203", false },
	{ "::/0", "::ffff:10.1.2.3", false },
	{ "0.0.0.0/0", "", false }, { "0.0.0.0/0", "host", false }, { "::/0", "fe80::1%lo", false },
};

static const struct {
	const char	*address;
	unsigned	 four, six;
	const char	*around;	/* NULL: not an address */
	int		 bits;
} rounded[] = {
	{ "10.1.2.3", 24, 48, "10.1.2.0", 24 }, { "10.1.2.3", 32, 48, "10.1.2.3", 32 },
	{ "10.1.2.255", 25, 48, "10.1.2.128", 25 }, { "10.1.2.3", 0, 0, "0.0.0.0", 0 },
	{ "2001:db8:1:2:3::4", 24, 48, "2001:db8:1::", 48 },
	{ "2001:db8:1:ffff::4", 24, 52, "2001:db8:1:f000::", 52 },
	{ "2001:db8::4", 24, 128, "2001:db8::4", 128 },
	{ "::ffff:10.1.2.3", 24, 48, "10.1.2.0", 24 },
	{ "::10.1.2.3", 24, 48, "::", 48 },
	{ "host", 24, 48, NULL, 0 }, { "", 24, 48, NULL, 0 }, { "10.0.0.0/8", 24, 48, NULL, 0 },
};

static void
test_networks(void)
{
	struct network n;
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < sizeof(parsed) / sizeof(parsed[0]); i++) {
		bool good = network_parse(&n, parsed[i].text);

		ok(good == (parsed[i].family != 0) &&
		   (!good || (n.family == parsed[i].family && n.bits == parsed[i].bits)),
		   "\"%.40s\" is %s", parsed[i].text, parsed[i].family == 0 ? "no network" :
		   parsed[i].family == AF_INET ? "one of IPv4" : "one of IPv6");
	}
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		ok(network_parse(&n, held[i].network) &&
		   network_holds_text(&n, held[i].address) == held[i].holds, "%s holds%s \"%s\"",
		   held[i].network, held[i].holds ? "" : " not", held[i].address);
	for (size_t i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++) {
		bool good = network_around(&n, rounded[i].address, rounded[i].four, rounded[i].six);

		ok(good == (rounded[i].around != NULL) &&
		   (!good || (n.bits == (unsigned)rounded[i].bits &&
			      strcmp(inet_ntop(n.family, n.octets, text, sizeof(text)),
				     rounded[i].around) == 0)),
		   "around \"%s\", /%u or /%u: %s", rounded[i].address, rounded[i].four,
		   rounded[i].six, rounded[i].around == NULL ? "none" : rounded[i].around);
	}
}

/* --- names ----------------------------------------------------------------------------- */

static const struct {
	const char	*name;
	bool		 good;
} idn[] = {
	{ "www.corp.example", true }, { "", true }, { "xn.corp.example", true },
	{ "xn-.corp.example", true }, { "axn--a.example", true },
	{ "xn--mnchen-3ya.example", true }, { "XN--Mnchen-3YA.example", true },
	{ "a.xn--mnchen-3ya", true }, { "xn--wgv71a119e.xn--p1ai", true },
	{ "xn--.example", false }, { "a.xn--", false }, { "xn--a.example", false },
	{ "xn--ls8h.example", false }, { "a.b.XN--LS8H", false }, { "xn--u-ccb", false },
	{ "xn--abc-.example", false }, { "xn--99999999.example", false },
	{ "xn--mnchen-3ya.xn--ls8h.example", false },
};

static const struct {
	const char	*name;
	bool		 public;
} suffixes[] = {
	{ "com", true }, { "co.uk", true }, { "gov.uk", true }, { "foo.ck", true },
	{ "www.ck", false },
	{ "kawasaki.jp", true }, { "city.kawasaki.jp", false }, { "xn--p1ai", true },
	{ "xn--55qx5d.cn", true }, { "arpa", true }, { "home.arpa", false },
	{ "github.io", false }, { "io", true }, { "blogspot.com", false }, { "example.com", false },
	{ "corp", false }, { "internal", false }, { "corp.internal", false }, { "", false },
};

/* The list is read once, whoever asks first. */
static void *
ask(void *wrong)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (dnsname_public_suffix(suffixes[i].name) != suffixes[i].public)
			*(bool *)wrong = true;
	return NULL;
}

static void
test_threads(void)
{
	pthread_t threads[4];
	bool wrong[4] = { false };

	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask, &wrong[i]);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		ok(!wrong[i], "thread %zu is told the same", i);
	}
}

static void
test_names(void)
{
	const char *why;

	for (size_t i = 0; i < sizeof(idn) / sizeof(idn[0]); i++) {
		bool good = dnsname_idna_ok(idn[i].name, &why);

		ok(good == idn[i].good && (good || *why != '\0'), "\"%s\" is %s", idn[i].name,
		   idn[i].good ? "good" : why);
	}
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		ok(dnsname_public_suffix(suffixes[i].name) == suffixes[i].public,
		   "\"%s\" is %s public suffix", suffixes[i].name,
		   suffixes[i].public ? "a" : "no");
}

int
main(void)
{
	test_threads();
	test_networks();
	test_names();
	return tap_done();
}

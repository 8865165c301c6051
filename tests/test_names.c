/* SPDX-License-Identifier: Apache-2.0 */
/* test_names.c - A-25: what is a name that a CA without lists of its own issues for, and what
 * is not. */
#include <stdlib.h>

#include "acme/offer.h"
#include "acme/policy.h"
#include "tests/tap.h"

enum outcome { GOOD, MALFORMED, REJECTED };

static const enum problem_type types[] = {
	PROBLEM_NONE, PROBLEM_MALFORMED, PROBLEM_REJECTED_IDENTIFIER
};

static const struct row {
	const char	*value;
	size_t		 len;
	enum outcome	 outcome;
	const char	*says;		/* in the detail */
	const char	*what;
} dns[] = {
#define N(text) text, sizeof(text) - 1
#define A10 "aaaaaaaaaa"
#define A63 A10 A10 A10 A10 A10 A10 "aaa"
#define A51 A10 A10 A10 A10 A10 "a"

	/* --- names --- */
	{ N("www.corp.example"), GOOD, "", "a name" },
	{ N("corp.example"), GOOD, "", "two labels" },
	{ N("a.b"), GOOD, "", "the shortest" },
	{ N("WWW.Corp.EXAMPLE"), GOOD, "", "any case" },
	{ N("163.example"), GOOD, "", "a label of digits" },
	{ N("1.2.3.4.example"), GOOD, "", "an address under a zone" },
	{ N("3com.example"), GOOD, "", "a digit first" },
	{ N("a--b.example"), GOOD, "", "hyphens side by side" },
	{ N("abc--d.example"), GOOD, "", "hyphens in the fourth and fifth place" },
	{ N("a-b-c.example"), GOOD, "", "hyphens" },
	{ N("0x1.example"), GOOD, "", "hexadecimal, but not last" },
	{ N("host.internal"), GOOD, "", "a zone that no registry has" },
	{ N("host.local"), GOOD, "", "the zone of mDNS" },
	{ N("host.home.arpa"), GOOD, "", "home.arpa (RFC 8375)" },
	{ N("www.localhost"), GOOD, "", "under localhost" },
	{ N("example.com"), GOOD, "", "under a public suffix" },
	{ N("example.co.uk"), GOOD, "", "under one of two labels" },
	{ N("www.ck"), GOOD, "", "an exception of the list" },
	{ N("someone.github.io"), GOOD, "", "under a private suffix" },
	{ N("github.io"), GOOD, "", "a private suffix itself" },
	{ N(A63 ".example"), GOOD, "", "a label of 63 octets" },
	{ N("a.b.c.d.e.f.g.h.i.j"), GOOD, "", "10 labels" },

	/* --- wildcards --- */
	{ N("*.corp.example"), GOOD, "", "a wildcard" },
	{ N("*.a.b.corp.example"), GOOD, "", "a deep one" },
	{ N("*.example.com"), GOOD, "", "one under a registered name" },
	{ N("*.github.io"), GOOD, "", "one under a private suffix" },
	{ N("*.xn--mnchen-3ya.example"), GOOD, "", "one under an IDN" },
	{ N("*"), MALFORMED, "whole first label", "only a wildcard" },
	{ N("*."), MALFORMED, "last dot", "a wildcard of nothing" },
	{ N("**"), MALFORMED, "whole first label", "two asterisks" },
	{ N("**.corp.example"), MALFORMED, "whole first label", "two in one label" },
	{ N("*.*.example"), MALFORMED, "whole first label", "two wildcards" },
	{ N("*.*.corp.example"), MALFORMED, "whole first label", "two above a name" },
	{ N("a.*.b"), MALFORMED, "whole first label", "one inside" },
	{ N("corp.*"), MALFORMED, "whole first label", "one at the end" },
	{ N("a*.corp.example"), MALFORMED, "whole first label", "a part of a label" },
	{ N("*a.corp.example"), MALFORMED, "whole first label", "another part" },
	{ N("*corp.example"), MALFORMED, "whole first label", "the dot forgotten" },
	{ N("corp*example.test"), MALFORMED, "whole first label", "for a dot" },
	{ N("?.corp.example"), MALFORMED, "labels of", "a question mark" },
	{ N("*.com"), REJECTED, "one label", "all of com" },
	{ N("*.example"), REJECTED, "one label", "all of a zone" },
	{ N("*.co.uk"), REJECTED, "co.uk is a public suffix", "all of co.uk" },
	{ N("*.CO.UK"), REJECTED, "public suffix", "in capitals too" },
	{ N("*.foo.ck"), REJECTED, "public suffix", "a suffix by a wildcard of the list" },
	{ N("*.kawasaki.jp"), REJECTED, "public suffix", "under which all are suffixes" },
	{ N("*.xn--55qx5d.cn"), REJECTED, "public suffix", "an IDN of the list" },
	{ N("*.10.0.0.1"), REJECTED, "address", "of an address" },
	{ N("*.in-addr.arpa"), REJECTED, "address", "of the reverse zone" },
	{ N("*..example"), MALFORMED, "DNS name", "an empty label behind it" },
	{ N("*.-a.example"), MALFORMED, "DNS name", "a bad label behind it" },

	/* --- public suffixes, single labels, reverse zones --- */
	{ N("co.uk"), REJECTED, "public suffix", "a public suffix" },
	{ N("Co.Uk"), REJECTED, "public suffix", "in mixed case" },
	{ N("gov.uk"), REJECTED, "public suffix", "another" },
	{ N("foo.ck"), REJECTED, "public suffix", "one by a wildcard" },
	{ N("city.kawasaki.jp"), GOOD, "", "an exception three labels deep" },
	{ N("com"), REJECTED, "one label", "a public top-level domain" },
	{ N("localhost"), REJECTED, "one label", "localhost" },
	{ N("printer"), REJECTED, "one label", "a machine's short name" },
	{ N("xn--p1ai"), REJECTED, "one label", "an IDN alone" },
	{ N("1.0.0.127.in-addr.arpa"), REJECTED, "names an address", "a reverse name" },
	{ N("in-addr.arpa"), REJECTED, "names an address", "the reverse zone" },
	{ N("b.a.9.8.ip6.arpa"), REJECTED, "names an address", "of IPv6" },
	{ N("1.IN-ADDR.ARPA"), REJECTED, "names an address", "in capitals" },
	{ N("e164.arpa"), REJECTED, "public suffix", "telephone numbers" },

	/* --- length --- */
	{ N(""), MALFORMED, "empty", "nothing" },
	{ N("a" A63 ".example"), MALFORMED, "63", "a label of 64 octets" },
	{ N(A63 "." A63 "." A63 "." A51 ".exampl.es"), GOOD, "", "253 octets" },
	{ N(A63 "." A63 "." A63 "." A51 ".example.st"), MALFORMED, "253", "254 octets" },
	{ N("a.b.c.d.e.f.g.h.i.j.k"), REJECTED, "11 labels", "11 labels" },
	{ N("*.b.c.d.e.f.g.h.i.j.k"), REJECTED, "11 labels", "11 with the wildcard" },

	/* --- dots and hyphens --- */
	{ N("."), MALFORMED, "last dot", "a dot" },
	{ N(".."), MALFORMED, "last dot", "two dots" },
	{ N("corp.example."), MALFORMED, "last dot", "a dot at the end" },
	{ N("com."), MALFORMED, "last dot", "one label and a dot" },
	{ N("corp.example.."), MALFORMED, "last dot", "two dots at the end" },
	{ N(".corp.example"), MALFORMED, "DNS name", "a dot first: a pattern, not a name" },
	{ N("www..example"), MALFORMED, "DNS name", "an empty label" },
	{ N("www.-corp.example"), MALFORMED, "DNS name", "a hyphen first" },
	{ N("www.corp-.example"), MALFORMED, "DNS name", "a hyphen last" },
	{ N("-.example"), MALFORMED, "DNS name", "only a hyphen" },
	{ N("---.example"), MALFORMED, "DNS name", "only hyphens" },
	{ N("corp.-example"), MALFORMED, "DNS name", "in the last label" },
	{ N("corp.example-"), MALFORMED, "DNS name", "at its end" },

	/* --- reserved labels and IDNs --- */
	{ N("ab--c.example"), MALFORMED, "A-labels", "R-LDH: reserved" },
	{ N("12--34.example"), MALFORMED, "A-labels", "R-LDH of digits" },
	{ N("xn--mnchen-3ya.example"), GOOD, "", "an A-label" },
	{ N("XN--MNCHEN-3YA.example"), GOOD, "", "the same in capitals" },
	{ N("Xn--mNchen-3Ya.example"), GOOD, "", "in mixed case" },
	{ N("xn--strae-oqa.example"), GOOD, "", "sharp s, which IDNA 2008 permits" },
	{ N("xn--e1afmkfd.xn--p1ai"), GOOD, "", "Cyrillic under Cyrillic" },
	{ N("xn--wgv71a119e.example"), GOOD, "", "Japanese" },
	{ N("xn--11b6iy14e.example"), GOOD, "", "a joiner where it belongs" },
	{ N("xn--ll-0ea.example"), GOOD, "", "a middle dot between l" },
	{ N("xn--mgb.example"), GOOD, "", "Arabic" },
	{ N("xn--.example"), MALFORMED, "A-labels", "xn-- with nothing" },
	{ N("xn--a.example"), REJECTED, "internationalized", "what decodes to a control" },
	{ N("xn--abc-.example"), MALFORMED, "DNS name", "ASCII encoded, a hyphen last" },
	{ N("xn--0.example"), REJECTED, "internationalized", "cut off" },
	{ N("xn--99999999.example"), REJECTED, "internationalized", "an overflow" },
	{ N("xn--mnchen-3ya0.example"), REJECTED, "internationalized", "another one's end" },
	{ N("xn--u-ccb.example"), REJECTED, "internationalized", "not in NFC" },
	{ N("xn--e-xbb.example"), REJECTED, "internationalized", "nor this" },
	{ N("xn--e-wbb.example"), REJECTED, "internationalized", "a combining mark first" },
	{ N("xn--wca.example"), REJECTED, "internationalized", "a capital" },
	{ N("xn--mi7c.example"), REJECTED, "internationalized", "a fullwidth letter" },
	{ N("xn--ls8h.example"), REJECTED, "internationalized", "an emoji" },
	{ N("xn--e28h.example"), REJECTED, "internationalized", "a smile" },
	{ N("xn--59g.example"), REJECTED, "internationalized", "a mathematical sign" },
	{ N("xn--jm6c.example"), REJECTED, "internationalized", "a ligature" },
	{ N("xn--1ug.example"), REJECTED, "internationalized", "a joiner alone" },
	{ N("xn--11b478i.example"), REJECTED, "internationalized", "a joiner out of place" },
	{ N("xn--ab-0ea.example"), REJECTED, "internationalized", "a middle dot out of place" },
	{ N("xn--a-ymc.example"), REJECTED, "internationalized", "both directions" },
	{ N("xn--mgb7iyr.example"), REJECTED, "internationalized", "digits of two scripts" },
	{ N("xn--zvg.example"), REJECTED, "internationalized", "a right-to-left override" },
	{ N("xn--xy-g4t.example"), REJECTED, "internationalized", "one between letters" },
	{ N("xn--qg7c.example"), REJECTED, "internationalized", "a byte order mark" },
	{ N("xn----eha.example"), REJECTED, "internationalized", "a hyphen first, encoded" },
	{ N("xn----dha.example"), REJECTED, "internationalized", "a hyphen last, encoded" },
	{ N("xn--xn---3ra.example"), REJECTED, "internationalized", "encoded twice" },
	{ N("www.xn--ls8h.example"), REJECTED, "internationalized", "in another label" },
	{ N("*.xn--ls8h.example"), REJECTED, "internationalized", "behind a wildcard" },
	{ N("corp.xn--a"), REJECTED, "internationalized", "in the last label" },

	/* --- other characters --- */
	{ N("m\xc3\xbcnchen.example"), MALFORMED, "A-labels", "a U-label" },
	{ N("\xef\xbb\xbfwww.corp.example"), MALFORMED, "DNS name", "a byte order mark first" },
	{ N("\xef\xbb\xbf"), MALFORMED, "DNS name", "a byte order mark alone" },
	{ N("www.co\xe2\x80\xaerp.example"), MALFORMED, "DNS name", "a right-to-left override" },
	{ N("www.co\xe2\x80\x8brp.example"), MALFORMED, "DNS name", "a space of no width" },
	{ N("www\xe3\x80\x82" "corp.example"), MALFORMED, "DNS name", "an ideographic full stop" },
	{ N("www\xef\xbc\x8e" "corp.example"), MALFORMED, "DNS name", "a fullwidth full stop" },
	{ N("\xf0\x9f\x92\xa9.example"), MALFORMED, "DNS name", "an emoji" },
	{ N("_dmarc.corp.example"), MALFORMED, "DNS name", "an underscore" },
	{ N("a_b.corp.example"), MALFORMED, "DNS name", "one inside" },
	{ N("www.corp!.example"), MALFORMED, "DNS name", "an exclamation mark" },
	{ N("www corp.example"), MALFORMED, "DNS name", "a space" },
	{ N(" www.corp.example"), MALFORMED, "DNS name", "a space first" },
	{ N("www.corp.example "), MALFORMED, "DNS name", "a space last" },
	{ N("www.corp.example\n"), MALFORMED, "DNS name", "a line feed last" },
	{ N("www\t.corp.example"), MALFORMED, "DNS name", "a tab" },
	{ N("www.corp.example\0"), MALFORMED, "NUL", "a NUL last" },
	{ N("www.corp.example\0.evil.example"), MALFORMED, "NUL", "a NUL inside" },
	{ N("www,corp.example"), MALFORMED, "DNS name", "a comma" },
	{ N("a.example,b.example"), MALFORMED, "DNS name", "two names" },
	{ N("a.example b.example"), MALFORMED, "DNS name", "two names with a space" },
	{ N("DNS:a.example"), MALFORMED, "DNS name", "as OpenSSL writes it" },
	{ N("\"a.example\""), MALFORMED, "DNS name", "quoted" },
	{ N("www\\.corp.example"), MALFORMED, "DNS name", "an escape" },
	{ N("www\\046corp.example"), MALFORMED, "DNS name", "an escape of zone files" },
	{ N("www%2ecorp.example"), MALFORMED, "DNS name", "a percent escape" },
	{ N("%00.corp.example"), MALFORMED, "DNS name", "an escaped NUL" },
	{ N("<b>.example"), MALFORMED, "DNS name", "markup" },

	/* --- more than a name --- */
	{ N("https://www.corp.example"), MALFORMED, "DNS name", "a URL" },
	{ N("//www.corp.example"), MALFORMED, "DNS name", "half a URL" },
	{ N("www.corp.example/"), MALFORMED, "DNS name", "a slash" },
	{ N("www.corp.example/a"), MALFORMED, "DNS name", "a path" },
	{ N("www.corp.example?a"), MALFORMED, "DNS name", "a query" },
	{ N("www.corp.example#a"), MALFORMED, "DNS name", "a fragment" },
	{ N("www.corp.example:443"), MALFORMED, "DNS name", "a port" },
	{ N("user@corp.example"), MALFORMED, "DNS name", "a user" },
	{ N("user:pw@corp.example"), MALFORMED, "DNS name", "a user with a password" },
	{ N("mailto:user@corp.example"), MALFORMED, "DNS name", "a mail address" },

	/* --- addresses as names --- */
	{ N("192.168.1.1"), REJECTED, "address", "IPv4" },
	{ N("192.168.1.1."), MALFORMED, "last dot", "IPv4 with a dot" },
	{ N("10.0.0.300"), REJECTED, "address", "nearly IPv4" },
	{ N("127.1"), REJECTED, "address", "IPv4, shortened" },
	{ N("2130706433"), REJECTED, "address", "IPv4 in one number" },
	{ N("0"), REJECTED, "address", "zero" },
	{ N("0xc0a80101"), REJECTED, "address", "IPv4, hexadecimal" },
	{ N("0XC0A80101"), REJECTED, "address", "in capitals" },
	{ N("0xc0.0xa8.1.0x1"), REJECTED, "address", "each octet hexadecimal" },
	{ N("0300.0250.01.01"), REJECTED, "address", "octal" },
	{ N("host.123"), REJECTED, "address", "a last label of digits" },
	{ N("host.0x7f"), REJECTED, "address", "a last label of hexadecimal digits" },
	{ N("192.168.1.1/24"), MALFORMED, "DNS name", "a network" },
	{ N("192.168.1.1:443"), MALFORMED, "DNS name", "IPv4 and a port" },
	{ N("::1"), MALFORMED, "DNS name", "IPv6" },
	{ N("[::1]"), MALFORMED, "DNS name", "IPv6 in brackets" },
	{ N("fe80::1%eth0"), MALFORMED, "DNS name", "IPv6 with a zone" },
	{ N("::ffff:192.168.1.1"), MALFORMED, "DNS name", "IPv4 in IPv6" },
};

static const struct row ip[] = {
	{ N("192.168.1.1"), GOOD, "", "IPv4" },
	{ N("127.0.0.1"), GOOD, "", "loopback" },
	{ N("2001:db8::1"), GOOD, "", "IPv6" },
	{ N("::1"), GOOD, "", "loopback of IPv6" },
	{ N("fd00::1:0:0:1"), GOOD, "", "the first of two runs of zeros is shortened" },
	{ N("2001:DB8::1"), MALFORMED, "must be written \"2001:db8::1\"", "capitals" },
	{ N("2001:db8:0:0:0:0:0:1"), MALFORMED, "2001:db8::1", "not shortened" },
	{ N("2001:db8::0001"), MALFORMED, "2001:db8::1", "leading zeros" },
	{ N("2001:db8:0::1:0:0:1"), MALFORMED, "must be written", "another run shortened" },
	{ N(""), MALFORMED, "not an IP address", "nothing" },
	{ N("192.168.1.256"), MALFORMED, "not an IP address", "256" },
	{ N("192.168.1"), MALFORMED, "not an IP address", "three octets" },
	{ N("192.168.1.1.1"), MALFORMED, "not an IP address", "five octets" },
	{ N("192.168.01.1"), MALFORMED, "not an IP address", "a leading zero" },
	{ N("0xc0a80101"), MALFORMED, "not an IP address", "hexadecimal" },
	{ N("3232235777"), MALFORMED, "not an IP address", "one number" },
	{ N("192.168.1.1."), MALFORMED, "not an IP address", "a dot last" },
	{ N(" 192.168.1.1"), MALFORMED, "not an IP address", "a space first" },
	{ N("192.168.1.1\0"), MALFORMED, "not an IP address", "a NUL last" },
	{ N("192.168.1.0/24"), MALFORMED, "not an IP address", "a network" },
	{ N("2001:db8::/32"), MALFORMED, "not an IP address", "a network of IPv6" },
	{ N("192.168.1.1:443"), MALFORMED, "not an IP address", "a port" },
	{ N("[2001:db8::1]"), MALFORMED, "not an IP address", "brackets" },
	{ N("fe80::1%eth0"), MALFORMED, "not an IP address", "a zone" },
	{ N("2001:db8::1::1"), MALFORMED, "not an IP address", "two shortened runs" },
	{ N("2001:db8::g"), MALFORMED, "not an IP address", "no digit" },
	{ N("www.corp.example"), MALFORMED, "not an IP address", "a name" },
	{ N("*.0.0.1"), MALFORMED, "not an IP address", "a wildcard" },
	{ N("1.1.168.192.in-addr.arpa"), MALFORMED, "not an IP address", "its reverse name" },
	{ N("::ffff:192.168.1.1"), REJECTED, "the form of IPv6", "IPv4 in IPv6" },
	{ N("::ffff:c0a8:101"), MALFORMED, "must be written", "IPv4 in IPv6, hexadecimal" },
	{ N("0.0.0.0"), REJECTED, "no host", "no address" },
	{ N("0.1.2.3"), REJECTED, "no host", "\"this network\"" },
	{ N("255.255.255.255"), REJECTED, "all hosts", "broadcast" },
	{ N("224.0.0.251"), REJECTED, "multicast", "multicast" },
	{ N("::"), REJECTED, "no host", "no address of IPv6" },
	{ N("ff02::fb"), REJECTED, "multicast", "multicast of IPv6" },
};

static const struct acme_config config = { .labels_max = 10, .name_max = 253 };
static const struct directory directory = { .name = "default" };
static struct arena *a;

static bool
judge(const char *type, const struct row *row, struct problem *p)
{
	json_t *item = json_object();
	struct ident ident = { 0 };
	bool good;

	json_object_set_new(item, "type", json_string(type));
	json_object_set_new(item, "value", json_stringn_nocheck(row->value, row->len));
	good = offer_ident(&ident, a, item, p) &&
	       policy_ident(&config, &directory, NULL, &ident, p);
	json_decref(item);
	return good;
}

static void
row_case(const char *type, const struct row *row)
{
	enum problem_type want = types[row->outcome];
	struct problem p = { 0 };
	bool good = judge(type, row, &p);

	if (!ok(good == (want == PROBLEM_NONE) && p.type == want &&
		strstr(p.detail, row->says) != NULL, "A-25 %s, %s: %s", type, row->what,
		good ? "good" : problem_name(want)))
		printf("# %.60s: %s: %s\n", row->value, problem_name(p.type), p.detail);
}

int
main(void)
{
	a = arena_new();
	for (size_t i = 0; i < sizeof(dns) / sizeof(dns[0]); i++)
		row_case("dns", &dns[i]);
	for (size_t i = 0; i < sizeof(ip) / sizeof(ip[0]); i++)
		row_case("ip", &ip[i]);
	arena_free(a);
	return tap_done();
}

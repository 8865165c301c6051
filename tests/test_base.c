/* SPDX-License-Identifier: Apache-2.0 */
/* test_base.c - arena, base64url, clock, identifiers, problems, ids. */
#include <stdlib.h>

#include "base/b64.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/json.h"
#include "base/rand.h"
#include "tests/tap.h"

static struct arena *a;

/* --- base64url (J-6) --------------------------------------------------------------------- */

static void
b64_good(const char *raw, const char *text)
{
	struct blob b = b64_parse(a, text, strlen(text), NULL);

	is(b64_print(a, raw, strlen(raw)), text, "J-6 base64url of our text");
	ok(b.len == strlen(raw) && memcmp(b.data, raw, b.len) == 0, "J-6 and back: %s", text);
}

static void
b64_bad(const char *text, const char *word)
{
	const char *why = "";
	struct blob b = b64_parse(a, text, strlen(text), &why);

	ok(b.data == NULL && strstr(why, word) != NULL, "J-6 refused, \"%s\": %s", text, why);
}

static void
test_b64(void)
{
	uint8_t small[2];

	b64_good("", "");
	b64_good("f", "Zg");
	b64_good("fo", "Zm8");
	b64_good("foo", "Zm9v");
	b64_good("\xfb\xff\xbe", "-_--");
	b64_bad("Zg==", "padding");
	b64_bad("Zm9v=", "padding");
	b64_bad("+_--", "base64url");
	b64_bad("-/--", "base64url");
	b64_bad("Zm9 v", "character");
	b64_bad("Zm9v\n", "character");
	b64_bad("Z", "length");
	b64_bad("Zh", "spare bits");
	b64_bad("Zm9", "spare bits");
	ok(b64_decode("Zm9v", 4, small, sizeof(small)) == -1, "too long for the buffer");
}

/* --- clock ---------------------------------------------------------------------------- */

static void
time_case(const char *text, bool good, int64_t want)
{
	int64_t when = -1;

	ok(clock_parse(text, &when) == good && (!good || when == want), "time \"%s\"", text);
}

static void
duration_case(const char *text, bool good, int64_t want, const char *shown)
{
	int64_t s = -1;

	ok(clock_duration_parse(text, &s) == good && (!good || s == want), "duration \"%s\"",
	   text);
	if (good)
		is(clock_duration_print(a, s), shown, "printed shortest");
}

static void
test_clock(void)
{
	int64_t now = clock_now();

	time_case("1970-01-01T00:00:00Z", true, 0);
	time_case("2026-11-24T10:00:00Z", true, 1795514400);
	time_case("2026-11-24T10:00:00.999Z", true, 1795514400);
	time_case("2026-11-24T11:30:00+01:30", true, 1795514400);
	time_case("2028-02-29T00:00:00Z", true, 1835395200);
	time_case("2027-02-29T00:00:00Z", false, 0);
	time_case("2026-11-24", false, 0);
	time_case("2026-11-24 10:00:00Z", false, 0);
	time_case("2026-13-01T00:00:00Z", false, 0);
	time_case("2026-11-24T10:00:00", false, 0);
	time_case("2026-11-24T10:00:00.Z", false, 0);
	time_case("", false, 0);
	is(clock_print(a, 1795514400), "2026-11-24T10:00:00Z", "printed in UTC");
	duration_case("47d", true, 47 * 86400, "47d");
	duration_case("90s", true, 90, "1m30s");
	duration_case("1d12h", true, 129600, "1d12h");
	duration_case("0s", true, 0, "0s");
	duration_case("", false, 0, "");
	duration_case("47", false, 0, "");
	duration_case("-1d", false, 0, "");
	duration_case("1w", false, 0, "");
	duration_case("99999999d", false, 0, "");
	clock_shift(1000);
	ok(clock_now() >= now + 1000, "a test can set the clock");
	clock_shift(0);
}

/* --- identifiers (A-25, part) --------------------------------------------------------- */

static void
dns_case(const char *text, enum problem_type want)
{
	struct problem p = { 0 };
	struct ident i = { 0 };
	bool good = ident_parse_dns(&i, a, text, strlen(text), &p);

	ok(good == (want == PROBLEM_NONE) && p.type == want, "A-25 \"%s\": %s", text,
	   good ? i.value : problem_name(p.type));
}

static void
test_ident(void)
{
	struct ident i = { 0 }, list[4];
	struct problem p = { 0 };
	char *label = arena_alloc(a, 80), *name = arena_alloc(a, 300);
	uint8_t octets[16];

	dns_case("a.example", PROBLEM_NONE);
	dns_case("A.Example", PROBLEM_NONE);
	dns_case("*.a.example", PROBLEM_NONE);
	dns_case("xn--bcher-kva.example", PROBLEM_NONE);
	dns_case("3com.example", PROBLEM_NONE);
	dns_case("a.example.", PROBLEM_MALFORMED);
	dns_case("", PROBLEM_MALFORMED);
	dns_case(".example", PROBLEM_MALFORMED);
	dns_case("a..example", PROBLEM_MALFORMED);
	dns_case("-a.example", PROBLEM_MALFORMED);
	dns_case("a-.example", PROBLEM_MALFORMED);
	dns_case("a_b.example", PROBLEM_MALFORMED);
	dns_case("a b.example", PROBLEM_MALFORMED);
	dns_case("*", PROBLEM_MALFORMED);
	dns_case("*.*.example", PROBLEM_MALFORMED);
	dns_case("a.*.example", PROBLEM_MALFORMED);
	dns_case("b*.example", PROBLEM_MALFORMED);
	dns_case("b\xc3\xbc" "cher.example", PROBLEM_MALFORMED);
	dns_case("ab--c.example", PROBLEM_MALFORMED);
	dns_case("a.example:8080", PROBLEM_MALFORMED);
	dns_case("u@a.example", PROBLEM_MALFORMED);
	dns_case("a.example/x", PROBLEM_MALFORMED);
	dns_case("localhost", PROBLEM_REJECTED_IDENTIFIER);
	dns_case("*.example", PROBLEM_REJECTED_IDENTIFIER);
	dns_case("127.0.0.1", PROBLEM_REJECTED_IDENTIFIER);
	dns_case("0x7f000001", PROBLEM_REJECTED_IDENTIFIER);
	dns_case("a.0x1", PROBLEM_REJECTED_IDENTIFIER);
	dns_case("1.0.0.127.in-addr.arpa", PROBLEM_REJECTED_IDENTIFIER);
	memset(label, 'a', 63);
	dns_case(arena_printf(a, "%s.example", label), PROBLEM_NONE);
	dns_case(arena_printf(a, "a%s.example", label), PROBLEM_MALFORMED);
	for (int k = 0; k < 126; k++)
		strcat(name, "a.");
	dns_case(arena_printf(a, "%sa", name), PROBLEM_NONE);
	dns_case(arena_printf(a, "%sab", name), PROBLEM_MALFORMED);
	ok(!ident_parse_dns(&i, a, "a\0b.example", 11, &p), "A-25 a NUL inside");

	ok(ident_parse_host(&i, a, "LocalHost", 9, &p) && strcmp(i.value, "localhost") == 0,
	   "one label is a host, if not an identifier");
	ok(!ident_parse_host(&i, a, "local host", 10, &p), "but a space is in none");
	ok(ident_parse_dns(&i, a, "*.A.Example", 11, &p), "a wildcard is parsed");
	is(i.value, "*.a.example", "its value is lower case");
	is(i.shown, "*.A.Example", "its spelling is kept");
	is(ident_base(&i), "a.example", "its base name");
	ok(ident_parse_ip(&i, a, "2001:DB8::0:1", 13, &p), "an IPv6 address");
	is(i.value, "2001:db8::1", "in the form of RFC 5952");
	ok(ident_octets(&i, octets) == 16 && octets[0] == 0x20, "16 octets of it");
	ok(!ident_parse_ip(&i, a, "10.0.0.256", 10, &p), "no address");

	ident_parse_dns(&list[0], a, "b.example", 9, &p);
	ident_parse_dns(&list[1], a, "a.example", 9, &p);
	ident_parse_dns(&list[2], a, "B.example", 9, &p);
	ident_parse_ip(&list[3], a, "10.0.0.1", 8, &p);
	ok(ident_sort(list, 4) == 3, "duplicates are folded whatever their case");
	is(ident_list(a, list, 3), "a.example b.example 10.0.0.1", "sorted");
}

/* --- problems, JSON, ids -------------------------------------------------------------- */

static void
test_problem(void)
{
	struct problem p = { 0 }, sub[1] = { { 0 } };
	struct ident i = { 0 };

	ok(!problem(&p, PROBLEM_BAD_CSR, "%d names\n\x80", 3), "problem() is false");
	is(p.detail, "3 names??", "what is not printable is made harmless");
	ok(problem_http(&p) == 400, "status of the table");
	problem_status(&p, PROBLEM_UNAUTHORIZED, 401, "no");
	ok(problem_http(&p) == 401, "status of its own");
	ident_parse_dns(&i, a, "x.example", 9, &sub[0]);
	problem(&sub[0], PROBLEM_REJECTED_IDENTIFIER, "never");
	sub[0].ident = &i;
	problem(&p, PROBLEM_COMPOUND, "one");
	p.sub = sub;
	p.nsub = 1;
	is(problem_print(&p, a), "{\"type\":\"urn:ietf:params:acme:error:compound\",\"detail\":"
	   "\"one\",\"status\":400,\"subproblems\":[{\"type\":\"urn:ietf:params:acme:error:"
	   "rejectedIdentifier\",\"detail\":\"never\",\"status\":400,\"identifier\":{\"type\":"
	   "\"dns\",\"value\":\"x.example\"}}]}", "a document with a subproblem");
}

static void
json_bad(const char *text, size_t len, const char *name)
{
	struct problem p = { 0 };

	ok(json_parse(a, text, len, "it", &p) == NULL && p.type == PROBLEM_MALFORMED, "%s",
	   name);
}

static void
test_json(void)
{
	struct problem p = { 0 };
	json_t *o = json_parse(a, "{\"a\":\"x\",\"b\":1}", 15, "it", &p);
	bool flag;

	ok(o != NULL, "an object");
	is(json_text(o, "a", NULL, &p), "x", "a string member");
	ok(json_text(o, "b", NULL, &p) == NULL && strstr(p.detail, "string"), "not a string");
	ok(json_text(o, "c", NULL, &p) == NULL && strstr(p.detail, "missing"), "missing");
	ok(!json_flag(o, "b", &flag, &p), "not a boolean");
	ok(json_flag(o, "c", &flag, &p) && !flag, "a missing boolean is false");
	json_bad("[]", 2, "J-18 an array");
	json_bad("{\"a\":1,\"a\":2}", 13, "J-5 a duplicate member");
	json_bad("{\"a\":1,\"\\u0061\":2}", 18, "J-5 a duplicate member, escaped");
	json_bad("{} {}", 5, "J-18 something behind it");
	json_bad("{\"a\":\"\\u0000\"}", 14, "J-18 a NUL");
	json_bad("{\"a\":\"\xff\"}", 9, "J-18 no UTF-8");
	json_bad("", 0, "J-18 nothing");
}

static void
test_ids(void)
{
	struct id one = id_new(1000), two = id_new(1001), back;
	struct serial s = serial_new(0x90000000), sback;
	const char *text = id_print(a, &one);

	ok(memcmp(&one, &two, sizeof(one)) < 0, "ids sort by time");
	ok(strlen(text) == ID_TEXT, "30 characters");
	ok(id_parse(text, ID_TEXT, &back) && id_equal(&one, &back), "and back");
	ok(!id_parse(text, ID_TEXT - 1, &back), "one character less");
	ok(!id_none(&one) && id_none(&(struct id){ { 0 } }), "no id");
	ok(s.b[0] == 0x10, "P-2 the top bit of a serial is clear");
	ok(serial_parse(serial_print(a, &s), 27, &sback) && memcmp(&s, &sback, 20) == 0,
	   "a serial and back");
	ok(strlen(serial_hex(a, &s)) == 40, "40 hexadecimal digits");
	ok(serial_hex_parse(serial_hex(a, &s), &sback) && memcmp(&s, &sback, 20) == 0,
	   "and back from them");
	ok(serial_hex_parse("0A:1b", &sback) && sback.b[18] == 0x0a && sback.b[19] == 0x1b &&
	   sback.b[17] == 0, "short, with colons");
	ok(!serial_hex_parse("", &sback) && !serial_hex_parse("xy", &sback), "no digits");
	ok(strlen(token_new(a)) == TOKEN_TEXT, "V-11 a token has 43 characters");
	ok(strcmp(token_new(a), token_new(a)) != 0, "V-11 and is never the same");
}

static int released[3], nreleased;

static void
note(void *arg)
{
	released[nreleased++] = *(int *)arg;
}

static void
test_arena(void)
{
	struct arena *mine = arena_new();
	int *one = arena_alloc(mine, sizeof(*one)), *two = arena_alloc(mine, sizeof(*two));
	bool zero = true;
	char *p;

	*one = 1;
	*two = 2;
	arena_own(mine, one, note);
	arena_own(mine, two, note);
	for (size_t n = 1; n < 100000; n *= 3) {
		p = arena_alloc(mine, n);
		for (size_t k = 0; k < n; k++)
			zero = zero && p[k] == 0;
		ok((uintptr_t)p % 16 == 0, "%zu octets are aligned", n);
		memset(p, 0xff, n);
	}
	ok(zero, "memory is zeroed");
	arena_free(mine);
	ok(nreleased == 2 && released[0] == 2 && released[1] == 1, "owned ones, last first");
}

int
main(void)
{
	a = arena_new();
	test_arena();
	test_b64();
	test_clock();
	test_ident();
	test_problem();
	test_json();
	test_ids();
	arena_free(a);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_where.c - the language that says which certificates an incident is about: what it means,
 * and what it says of mistakes. */
#include <stdlib.h>
#include <string.h>

#include "acme/where.h"
#include "base/clock.h"
#include "tests/tap.h"

#define ID  "AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw"
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct arena *a;

/* What is read, written out. */
static const struct {
	const char	*text, *printed;
} good[] = {
	{ "issuer = main", "issuer = \"main\"" },
	{ "issuer=main", "issuer = \"main\"" },
	{ " \t issuer\n=\n\"main\" ", "issuer = \"main\"" },
	{ "issuer = \"and\"", "issuer = \"and\"" },
	{ "issuer = \"a b (c)\"", "issuer = \"a b (c)\"" },
	{ "profile = issuer", "profile = \"issuer\"" },
	{ "profile != a", "not profile = \"a\"" },
	{ "not not profile = a", "not not profile = \"a\"" },
	{ "directory = d and profile = p", "directory = \"d\" and profile = \"p\"" },
	{ "issuer = a or issuer = b and issuer = c",
	  "issuer = \"a\" or issuer = \"b\" and issuer = \"c\"" },
	{ "(issuer = a or issuer = b) and issuer = c",
	  "(issuer = \"a\" or issuer = \"b\") and issuer = \"c\"" },
	{ "issuer = a and (issuer = b and issuer = c)",
	  "issuer = \"a\" and (issuer = \"b\" and issuer = \"c\")" },
	{ "((issuer = a and ((issuer = b))))", "issuer = \"a\" and issuer = \"b\"" },
	{ "not (issuer = a and issuer = b)", "not (issuer = \"a\" and issuer = \"b\")" },
	{ "not issuer = a and issuer = b", "not issuer = \"a\" and issuer = \"b\"" },
	{ "account = " ID, "account = \"" ID "\"" },
	{ "name = *.corp.example", "name = \"*.corp.example\"" },
	{ "name = fd00::/8", "name = \"fd00::/8\"" },
	{ "key = " KEY, "key = \"" KEY "\"" },
	{ "serial = 01:AB", "serial = \"01:AB\"" },
	{ "issued < 2026-11-01", "issued < 2026-11-01T00:00:00Z" },
	{ "issued<=2026-11-01", "issued < 2026-11-01T00:00:01Z" },
	{ "issued > 2026-11-01", "issued >= 2026-11-01T00:00:01Z" },
	{ "issued >= 2026-11-01T01:00:00+01:00", "issued >= 2026-11-01T00:00:00Z" },
	{ "issued = 2026-11-01",
	  "issued between 2026-11-01T00:00:00Z and 2026-11-01T00:00:01Z" },
	{ "issued between 2026-11-01 and 2026-11-02 and issuer = a",
	  "issued between 2026-11-01T00:00:00Z and 2026-11-02T00:00:00Z and issuer = \"a\"" },
	{ "issued > 9999-12-31T23:59:59Z", "issued >= 9999-12-31T23:59:59Z" },
	{ "issued = 9999-12-31T23:59:59Z", "issued >= 9999-12-31T23:59:59Z" },
	{ "issued <= 9999-12-31T23:59:59Z", "issued >= 1970-01-01T00:00:00Z" },
	{ "issued < 1970-01-01", "issued < 1970-01-01T00:00:00Z" },
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct problem p = { 0 };
		const struct where *w = where_parse(a, good[i].text, &p);

		is(w == NULL ? p.detail : where_print(a, w), good[i].printed, good[i].printed);
	}
}

#define FIELDS "issuer, profile, directory, account, binding, name, key, serial, issued, not or ("

static const struct {
	const char	*text, *says;
} bad[] = {
	{ "", "column 1: expected " FIELDS ", but it ends here" },
	{ "  ", "column 3: expected " FIELDS ", but it ends here" },
	{ "isuer = main", "column 1: expected " FIELDS ", not \"isuer\"" },
	{ "\"issuer\" = main", "column 1: expected " FIELDS ", not \"issuer\"" },
	{ "Issuer = main", "column 1: expected " FIELDS },
	{ "issuer", "column 7: expected = or !=, but it ends here" },
	{ "issuer main", "column 8: expected = or !=, not \"main\"" },
	{ "issuer < main", "column 8: expected = or !=, not \"<\"" },
	{ "issuer == main", "column 9: expected the name of an issuer, not \"=\"" },
	{ "issuer =", "column 9: expected the name of an issuer, but it ends here" },
	{ "issuer = \"\"", "column 10: expected the name of an issuer, not \"\"" },
	{ "issuer = and profile = a", "column 10: expected the name of an issuer, not \"and\"" },
	{ "issuer = \"main", "column 10: the quotation mark has no second one" },
	{ "issuer ! main", "column 8: \"!\" is no operator: write != or not" },
	{ "issuer = main profile = a", "column 15: expected \"and\", \"or\" or the end, not "
	  "\"profile\"" },
	{ "issuer = main and", "column 18: expected " FIELDS ", but it ends here" },
	{ "issuer = main or or", "column 18: expected " FIELDS ", not \"or\"" },
	{ "(issuer = main", "column 15: expected \"and\", \"or\" or \")\", but it ends here" },
	{ "issuer = main)", "column 14: expected \"and\", \"or\" or the end, not \")\"" },
	{ "()", "column 2: expected " FIELDS ", not \")\"" },
	{ "not", "column 4: expected " FIELDS ", but it ends here" },
	{ "account = 12", "column 11: expected the id of an account, not \"12\"" },
	{ "binding = x", "column 11: expected the id of a binding, not \"x\"" },
	{ "name = internal", "column 8: expected a name or a pattern" },
	{ "name = a.*.example", "column 8: expected a name or a pattern" },
	{ "key = 0011", "column 7: expected the SHA-256 of a SubjectPublicKeyInfo" },
	{ "key = " KEY "0", "column 7: expected the SHA-256 of a SubjectPublicKeyInfo" },
	{ "serial = 0x1", "column 10: expected a serial in hexadecimal, not \"0x1\"" },
	{ "issued 2026-11-01", "column 8: expected <, <=, >, >=, = or between, not \"2026" },
	{ "issued != 2026-11-01", "column 8: expected <, <=, >, >=, = or between, not \"!=\"" },
	{ "issued < yesterday", "column 10: expected a time (2026-11-01 or 2026-11-01T12:00:00Z), "
	  "not \"yesterday\"" },
	{ "issued < 2026-02-30", "column 10: expected a time" },
	{ "issued < 1969-12-31", "column 10: expected a time" },
	{ "issued < 2026-11-01T12:00:00", "column 10: expected a time" },
	{ "issued between 2026-11-01", "column 26: expected \"and\" and the time before which" },
	{ "issued between 2026-11-01 and", "column 30: expected a time" },
	{ "issued between 2026-11-02 and 2026-11-02", "column 31: the second time must be later" },
};

static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct problem p = { 0 };
		const struct where *w = where_parse(a, bad[i].text, &p);

		ok(w == NULL && p.type == PROBLEM_MALFORMED &&
		   strncmp(p.detail, bad[i].says, strlen(bad[i].says)) == 0, "%s: %s",
		   bad[i].text, p.detail);
	}
}

static void
test_bounds(void)
{
	char deep[300], *wide = arena_alloc(a, WHERE_TEXT_MAX + 2);
	struct problem p = { 0 };

	for (int n = WHERE_DEPTH_MAX; n <= WHERE_DEPTH_MAX + 1; n++) {
		snprintf(deep, sizeof(deep), "%.*sserial=1%.*s", n,
			 "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((", n,
			 "))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))");
		ok((where_parse(a, deep, &p) != NULL) == (n == WHERE_DEPTH_MAX),
		   "%d parentheses in each other", n);
	}
	snprintf(wide, WHERE_TEXT_MAX + 2, "serial = 1%*s", WHERE_TEXT_MAX - 10, "");
	ok(where_parse(a, wide, &p) != NULL, "%d octets", WHERE_TEXT_MAX);
	wide[WHERE_TEXT_MAX] = ' ';
	ok(where_parse(a, wide, &p) == NULL, "and one more");
	is(p.detail, "the expression is longer than 1000 octets", "says so");
}

/* --- certificates --------------------------------------------------------------------- */

static const char *const names[] = { "www.corp.example", "*.shop.example", "10.1.2.3" };

/* Of issuer 1, profile 2, directory 3; issued on the first of November at noon. */
static const struct {
	const char	*text;
	bool		 holds;
} rows[] = {
	{ "issuer = one", true }, { "issuer = other", false }, { "issuer != one", false },
	{ "profile = two", true }, { "profile = one", false },
	{ "directory = three", true }, { "directory != three", false },
	{ "account = " ID, true }, { "account != " ID, false },
	{ "binding = " ID, false },
	{ "name = www.corp.example", true }, { "name = WWW.corp.example", true },
	{ "name = corp.example", false }, { "name = .corp.example", true },
	{ "name = *.corp.example", true }, { "name = *.www.corp.example", false },
	{ "name = .example", true }, { "name = .xcorp.example", false },
	{ "name = a.shop.example", true }, { "name = a.b.shop.example", false },
	{ "name = shop.example", false }, { "name = .a.shop.example", true },
	{ "name = 10.0.0.0/8", true }, { "name = 10.1.2.3", true }, { "name = fd00::/8", false },
	{ "name != www.corp.example", false }, { "name != other.example", true },
	{ "key = " KEY, true },
	{ "key = " KEY " and serial = 2", false },
	{ "serial = 01", true }, { "serial = 1", true }, { "serial = 100", false },
	{ "issued >= 2026-11-01", true }, { "issued < 2026-11-01", false },
	{ "issued < 2026-11-01T12:00:00Z", false }, { "issued <= 2026-11-01T12:00:00Z", true },
	{ "issued > 2026-11-01T12:00:00Z", false }, { "issued > 2026-11-01T11:59:59Z", true },
	{ "issued = 2026-11-01T12:00:00Z", true }, { "issued = 2026-11-01", false },
	{ "issued between 2026-11-01 and 2026-11-02", true },
	{ "issued between 2026-11-01 and 2026-11-01T12:00:00Z", false },
	{ "issued between 2026-11-01T12:00:00Z and 2026-11-02", true },
	{ "issuer = other or profile = two and directory = other", false },
	{ "(issuer = other or profile = two) and directory = three", true },
	{ "issuer = one or profile = other and directory = other", true },
	{ "not issuer = other and not profile = other", true },
	{ "not (issuer = one and profile = two)", false },
};

/* As the names' numbers are in a store. */
static void
number(struct where *w)
{
	static const char *const known[] = { "", "one", "two", "three" };

	if (w == NULL)
		return;
	number(w->left);
	number(w->right);
	w->number = 9;
	for (uint32_t i = 1; i < 4 && w->text != NULL; i++)
		if (strcmp(w->text, known[i]) == 0)
			w->number = i;
}

static void
test_holds(void)
{
	struct cert cert = { .scope = { .issuer = 1, .profile = 2, .directory = 3 } };
	struct where *key;
	struct ident idents[3];
	struct problem p;

	id_parse(ID, strlen(ID), &cert.account);
	serial_hex_parse("01", &cert.serial);
	clock_parse("2026-11-01T12:00:00Z", &cert.created);
	key = where_parse(a, "key = " KEY, &p);
	memcpy(cert.spki_hash, key->key, sizeof(key->key));
	for (size_t i = 0; i < 3; i++)
		if (!ident_parse_ip(&idents[i], a, names[i], strlen(names[i]), &p) &&
		    !ident_parse_dns(&idents[i], a, names[i], strlen(names[i]), &p))
			abort();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct where *w = where_parse(a, rows[i].text, &p);

		number(w);
		ok(w != NULL && where_holds(w, &cert, idents, 3) == rows[i].holds, "%s: %s",
		   rows[i].text, rows[i].holds ? "yes" : "no");
		ok(w != NULL && where_wants_names(w) == (strstr(rows[i].text, "name") != NULL),
		   "%s names", where_wants_names(w) ? "asks for" : "does not ask for");
	}
}

int
main(void)
{
	a = arena_new();
	test_good();
	test_bad();
	test_bounds();
	test_holds();
	arena_free(a);
	return tap_done();
}

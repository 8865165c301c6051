/* SPDX-License-Identifier: Apache-2.0 */
/* test_certid.c - what renewalInfo and `replaces` name a certificate by (RFC 9773 section
 * 4.1). */
#include <string.h>

#include "acme/certid.h"
#include "tests/tap.h"

#define KEY   "aYhba4dGQEHhs3uEe6CuLN4ByNQ"		/* of the RFC's example */
#define A44   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A88   A44 A44					/* 66 octets */
#define OURS  "apk1QAECAwQFBgcICQoLDA0ODxA"		/* 20 octets, as our serials */

/* --- read -------------------------------------------------------------------------- */

static const struct row {
	const char	*text, *serial;		/* in hex; NULL: malformed */
	const char	*print;			/* NULL: the text itself */
} rows[] = {
	{ KEY ".AIdlQyE", "87654321", NULL },		/* the RFC's example */
	{ KEY ".h2VDIQ", "87654321", KEY ".AIdlQyE" },	/* without the 00 */
	{ KEY ".AACHZUMh", "87654321", KEY ".AIdlQyE" },	/* with one too many */
	{ KEY ".AQ", "01", NULL },
	{ KEY ".fw", "7f", NULL },
	{ KEY ".AIA", "80", NULL },
	{ KEY ".AP8", "ff", NULL },
	{ KEY ".AQA", "0100", NULL },
	{ KEY "." OURS, "6a9935400102030405060708090a0b0c0d0e0f10", NULL },
	{ KEY ".AGqZNUABAgMEBQYHCAkKCwwNDg8Q", "6a9935400102030405060708090a0b0c0d0e0f10",
	  KEY "." OURS },
	{ KEY ".AP__________________________", "ffffffffffffffffffffffffffffffffffffffff",
	  NULL },
	{ "AQ.AQ", "01", NULL },			/* a key identifier of one octet */
	{ "", NULL, NULL },
	{ ".", NULL, NULL },
	{ KEY, NULL, NULL },
	{ KEY ".", NULL, NULL },
	{ ".AIdlQyE", NULL, NULL },
	{ KEY ".AA", NULL, NULL },			/* no certificate has the serial 0 */
	{ KEY ".AAAA", NULL, NULL },
	{ KEY "=.AIdlQyE", NULL, NULL },
	{ KEY ".AIdlQyE=", NULL, NULL },
	{ KEY ".AIdlQyE.", NULL, NULL },
	{ KEY ".AIdlQyE.AQ", NULL, NULL },
	{ KEY "..AIdlQyE", NULL, NULL },
	{ KEY ".AIdlQyF", NULL, NULL },			/* spare bits */
	{ KEY ".AIdl QyE", NULL, NULL },
	{ " " KEY ".AIdlQyE", NULL, NULL },
	{ KEY ".AIdlQy+", NULL, NULL },
	{ KEY "%2EAIdlQyE", NULL, NULL },
	{ "69885B6B87464041E1B37B847BA0AE2CDE01C8D4:0087654321", NULL, NULL },
	{ KEY ".AQAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL, NULL },	/* 21 octets */
	{ KEY "." A88, NULL, NULL },
	{ A88 "." OURS, NULL, NULL },
};

static const char *
hex_of(struct arena *a, const struct serial *serial)
{
	const char *hex = serial_hex(a, serial);

	while (strlen(hex) > 2 && strncmp(hex, "00", 2) == 0)
		hex += 2;
	return hex;
}

static void
test_row(struct arena *a, const struct row *row)
{
	struct problem p = { 0 };
	struct certid id;
	bool read = certid_parse(&id, row->text, strlen(row->text), &p);

	if (row->serial == NULL) {
		ok(!read && p.type == PROBLEM_MALFORMED, "malformed: \"%.60s\"", row->text);
		return;
	}
	if (!ok(read, "\"%s\" is one", row->text))
		return;
	is(hex_of(a, &id.serial), row->serial, "its serial");
	is(certid_print(a, (struct blob){ id.key, id.nkey }, &id.serial),
	   row->print == NULL ? row->text : row->print, "as the RFC wants it");
}

/* What stands behind len is not looked at, and a NUL is no end. */
static void
test_lengths(void)
{
	static const char text[] = KEY ".AIdlQyE", nul[] = KEY ".AIdl\0QyE";
	struct problem p;
	struct certid id;

	ok(!certid_parse(&id, text, strlen(KEY) + 1, &p), "cut behind its dot");
	ok(certid_parse(&id, text, strlen(text) - 3, &p), "cut to four characters");
	ok(!certid_parse(&id, nul, sizeof(nul) - 1, &p), "with a NUL in it");
}

int
main(void)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(a, &rows[i]);
	test_lengths();
	arena_free(a);
	return tap_done();
}

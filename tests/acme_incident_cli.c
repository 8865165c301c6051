/* SPDX-License-Identifier: Apache-2.0 */
/* acme_incident_cli.c - which certificates an expression picks, dry runs, and what is refused. */
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "tests/incidents.h"

/* --- the expression ------------------------------------------------------------------- */

static const char *
serial_of(int cert)
{
	struct blob b = b64_parse(a, leaf[cert].serial, strlen(leaf[cert].serial), NULL);
	const char *hex = "";

	for (size_t i = 0; i < b.len; i++)
		hex = arena_printf(a, "%s%02X", hex, b.data[i]);
	return hex;
}

static const char *
key_of(int cert)
{
	struct blob der = b64_parse(a, leaf[cert].der, strlen(leaf[cert].der), NULL);
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	uint8_t *spki = NULL, hash[32];
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	const char *hex = "";

	SHA256(spki, (size_t)n, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		hex = arena_printf(a, "%s%02x", hex, hash[i]);
	OPENSSL_free(spki);
	X509_free(x);
	return hex;
}

static void
test_expressions(void)
{
	const struct row {
		const char	*where;
		long		 matched;
	} rows[] = {
		{ "issuer = main", 3 }, { "issuer = other", 2 }, { "issuer != main", 2 },
		{ "profile = fleet", 3 }, { "profile = short", 2 },
		{ "directory = default", 3 }, { "directory = partner", 0 },
		{ "directory = part and not name = n3.example.test", 1 },
		{ "name = n1.example.test", 1 }, { "name = *.example.test", 5 },
		{ "name = .example.test and issuer = main", 3 }, { "name = localhost.example", 0 },
		{ arena_printf(a, "account = %s", strrchr(main_client->kid, '/') + 1), 3 },
		{ arena_printf(a, "serial = %s", serial_of(N2)), 1 },
		{ arena_printf(a, "serial = %s or serial = %s", serial_of(N2), serial_of(P4)), 2 },
		{ arena_printf(a, "key = %s", key_of(P3)), 1 },
		{ "issued >= 2026-01-01", 5 }, { "issued < 2026-01-01", 0 },
		{ "issued between 2020-01-01 and 2100-01-01", 5 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const json_t *o = run_json(arena_printf(a, "start --where '%s' --explanation %s",
							rows[i].where, WHY("0")));

		ok(count(o, "matched") == rows[i].matched, "%s: %ld, is %ld", rows[i].where,
		   rows[i].matched, count(o, "matched"));
	}
}

static void
test_dry(void)
{
	const char *said;
	const json_t *o = run_json("start --where 'issuer = main' --explanation " WHY("0")
				   " --revoke-after 5d --dry-run");

	ok(count(o, "waiting") == 3 && count(o, "replaced") == 0 && count(o, "broken") == 3,
	   "a dry run counts");
	is(text(o, "reason"), "superseded", "the reason that none is given for");
	is(text(o, "spread"), "1d", "a day for the windows");
	is(text(json_array_get(json_object_get(o, "groups"), 0), "profile"), "fleet",
	   "by profiles");
	ok(run("start --where 'issuer = main' --explanation " WHY("0") " --revoke-after 6h", &said)
	   == 0 && strstr(said, "Nothing is changed.  With --yes this begins") != NULL &&
	   strstr(said, "3 certificates, of them 0 replaced") != NULL &&
	   strstr(said, "3 of issuer main, profile fleet") != NULL &&
	   strstr(said, "n0.example.test") != NULL && strstr(said, "reason superseded; 3 would")
	   != NULL, "so do words for people");
	ok(run("list", &said) == 0, "list");
	is(said, "no incidents\n", "nothing has begun");
	for (int i = 0; i < CERTS; i++)
		untouched(i);
}

static void
test_errors(void)
{
	static const struct {
		const char	*arguments;
		int		 status;
		const char	*says;
	} rows[] = {
		{ "start", 2, "start --where EXPRESSION" },
		{ "start --where 'issuer = main'", 2, "start --where EXPRESSION" },
		{ "start --explanation " WHY("0"), 2, "start --where EXPRESSION" },
		{ "start x --where 'issuer = main' --explanation " WHY("0"), 2, "try" },
		{ "start --yes --dry-run --where 'issuer = main' --explanation " WHY("0"), 2,
		  "try" },
		{ "", 2, "try" }, { "end", 2, "try" }, { "list x", 2, "try" },
		{ "status --yes", 2, "try" }, { "again", 2, "try" },
		{ "status nobody", 1, "no incident \"nobody\"; \"brevet incident list\" shows" },
		{ "end nobody", 1, "not the id of an incident" },
		{ "end AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw", 1, "no such incident" },
	};
	/* Refused by the dry run as well as by the server. */
	static const struct {
		const char	*where, *more, *says;
	} both[] = {
		{ "issuer = mian", "", "column 10: there is no issuer \"mian\"; there are main, "
		  "other" },
		{ "profile = x", "", "there is no profile \"x\"; there are fleet, tlsserver, "
		  "shortlived, session, short" },
		{ "directory = x", "", "there is no directory \"x\"; there are default, part" },
		{ "account = AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw", "", "column 11: there is no account "
		  "AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw; \"brevet account list\" shows" },
		{ "binding = AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw", "", "\"brevet eab list\" shows" },
		{ "issuer main", "", "column 8: expected = or !=, not \"main\"" },
		{ "", "", "column 1: expected issuer, profile" },
		{ "issuer = main", "--explanation status.example.test", "is not a http or https" },
		{ "issuer = main", "--explanation https://", "is not a http or https URL" },
		{ "issuer = main", "--explanation \"https://a b\"", "is not a http or https URL" },
		{ "issuer = main", "--spread 1x", "spread \"1x\" is not a duration between" },
		{ "issuer = main", "--spread 10s", "spread \"10s\" is not a duration between" },
		{ "issuer = main", "--revoke-after 400d", "is not a duration between 5m and 366d" },
		{ "issuer = main", "--spread 2h --revoke-after 1h", "less than spread 2h" },
		{ "issuer = main", "--reason compromised", "\"compromised\" is not a reason" },
	};
	const char *said;
	int status;

	for (size_t i = 0; i < COUNT(rows); i++) {
		status = run(rows[i].arguments, &said);
		ok(status == rows[i].status && strstr(said, rows[i].says) != NULL, "%s: %d, %s",
		   rows[i].arguments, status, line(said));
	}
	for (size_t i = 0; i < COUNT(both) * 2; i++) {
		const char *mode = i % 2 == 0 ? "--dry-run" : "--yes";

		status = run(arena_printf(a, "start --where '%s' --explanation %s %s %s",
					  both[i / 2].where, WHY("0"), both[i / 2].more, mode),
			     &said);
		ok(status == 1 && strstr(said, both[i / 2].says) != NULL, "%s %s %s: %d, %s",
		   both[i / 2].where, both[i / 2].more, mode, status, line(said));
	}
	ok(run("list", &said) == 0 && strcmp(said, "no incidents\n") == 0, "none has begun");
}

int
main(void)
{
	if (!incidents_begin())
		return 1;
	test_expressions();
	test_dry();
	test_errors();
	leave(main_client);
	leave(part_client);
	scene_stop(&scene);
	arena_free(a);
	return tap_done();
}

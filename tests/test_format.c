/* SPDX-License-Identifier: Apache-2.0 */
/* test_format.c - every row of store format 4, octet by octet as store/schema.h describes it; the
 * values of records have their cases in test_codec.c.
 *
 * Who changes one of these makes a store that older versions cannot read: that needs another
 * number, and a step that reads this one. */
#include "tests/store_make.h"

#define ID(n)	  "000000000000000000000000000000000000000000" n
#define SERIAL(n) "00000000000000000000000000000000000000" n
#define TIME(n)	  "000000000000" n
#define SCOPE	  "00000001" "00000002" "01020304" ID("4d")
#define LIMIT	  6
#define ZEROS_20  "0000000000000000000000000000000000000000"
#define ZEROS_32  ZEROS_20 "000000000000000000000000"
#define TWOS_32	  "2222222222222222222222222222222222222222222222222222222222222222"
#define THREES_64 "3333333333333333333333333333333333333333333333333333333333333333" \
		  "3333333333333333333333333333333333333333333333333333333333333333"
#define AS_32	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG	  64		/* zero octets in a row that are counted, not written: "[72]" */

/* --- what is there ------------------------------------------------------------------- */

static const char *
hex(struct blob b)
{
	const char *text = "";
	size_t zeros;

	for (size_t i = 0; i < b.len; i += zeros) {
		for (zeros = 0; i + zeros < b.len && b.data[i + zeros] == 0;)
			zeros++;
		if (zeros >= LONG) {
			text = arena_printf(a, "%s[%zu]", text, zeros);
			continue;
		}
		zeros = 1;
		text = arena_printf(a, "%s%02x", text, b.data[i]);
	}
	return text;
}

static bool
print_row(void *arg, struct blob key, struct blob value)
{
	const char **text = arg;

	*text = arena_printf(a, "%s%s=%s\n", *text, hex(key), hex(value));
	return true;
}

/* All rows of a table, "key=value" and a line's end each. */
static const char *
rows(enum table t)
{
	defer_struct(view) *v = view_open(s);
	const char *text = "";

	view_scan(v, t, (struct blob){ NULL, 0 }, print_row, &text);
	return text;
}

static const char *
meta(const char *name)
{
	defer_struct(view) *v = view_open(s);

	return hex(store_meta_get(v, a, name));
}

/* --- a row or two of each table ------------------------------------------------------ */

static void
add_objects(struct edit *e)
{
	struct account account = sample_account(a, 1);
	struct order order = sample_order(a, 2, 1, false);
	struct authz authz = sample_authz(a, 3, false);
	struct cert cert = sample_cert(a, 4, 2);

	store_name_number(e, 'p', "fleet");
	account.agreed = 0;
	store_account_add(e, &account);
	order.replaces = "k.s";
	order.replaced = sample_serial(9);
	store_order_add(e, &order);
	authz.nchallenge = 1;
	authz.challenges[0].token = "tok";
	authz.challenges[0].error = "{}";
	store_authz_add(e, &authz);
	store_authz_remember(e, &authz);
	store_evidence_add(e, &authz.id, 0x010203, "{\"a\":1}", 1);
	store_cert_add(e, &cert);
	cert.state = CERT_REVOKED;
	cert.revoked = 0x1111;
	cert.reason = 4;
	store_cert_put(e, &cert);
	store_key_block(e, cert.spki_hash, 0x2222);
	store_crl_put(e, &(struct crl){ .issuer = 1, .shard = 3, .number = 5, .revocations = 1,
		.this_update = 1, .next_update = 2, .der = { (const uint8_t *)"\x30\x00", 2 } });
	edit_job(e, &(struct job){ JOB_INCIDENT, sample_id(7), 0 });
}

static void
add_limits(struct edit *e)
{
	struct binding binding = { .id = sample_id(5), .directory = 1, .state = BINDING_VALID };
	struct id account = sample_id(1);
	struct blob whose = { (const uint8_t *)"who", 3 };
	struct newest newest = { sample_serial(4), 0x3333, 0x4444 };
	uint8_t hash[32];

	memset(hash, 0xaa, sizeof(hash));
	memset(binding.key, 0x33, sizeof(binding.key));
	store_binding_add(e, &binding);
	store_binding_join(e, &binding.id, &account, "jws");
	store_bucket_put(e, LIMIT, whose, (struct bucket){ 0x5555, 0x6666 });
	store_newest_put(e, 1, hash, NULL, &newest);
	store_newest_put(e, 1, hash, &account, &newest);
	store_rate_put(e, &(struct store_rate){ 'a', account, LIMIT, 300, 3600 });
	store_pause_put(e, &(struct pause){ PAUSED_ACCOUNT, account, NULL, 0x7777, "why" });
	store_pause_put(e, &(struct pause){ PAUSED_NAME, account, "n.test", 0x7778, "" });
	store_pause_put(e, &(struct pause){ PAUSED_ACCOUNT_NAME, account, "n.test", 0x7779, "" });
	store_failing_put(e, &account, "n.test", &(struct failing){ 0x8888, 0x9999, 3 });
}

/* The window begins in slot 293, has its middle in 294 and ends in 295: places 5, 6, 7 of row 2.
 * 900 seconds are of class 38. */
static void
add_renewals(struct edit *e)
{
	struct renewal renewal = sample_renewal(4, 293 * SLOT_SECONDS, 296 * SLOT_SECONDS);
	struct incident incident = {
		.id = sample_id(7), .state = INCIDENT_REVOKING, .created = 0x1001,
		.spread = 0x1002, .revoke_at = 0x1003, .reason = 4, .at = sample_serial(8),
		.matched = 0x1004, .revoked = 0x1005, .where = "a = b", .explanation = ""
	};

	store_slots_pass(e, SLOTS_ROW * SLOT_SECONDS);
	renewal.order = sample_id(2);
	renewal.incident = incident.id;
	store_renewal_put(e, &renewal);
	store_incident_put(e, &incident);
	store_incident_cert_put(e, &incident.id, &renewal.serial);
}

static const struct {
	enum table	 table;
	const char	*rows;
} tables[] = {
	{ TABLE_NAMES,
	  /* "p#", 1 = "fleet";  "pN", "fleet" = 1 */
	  "7023" "00000001" "=" "666c656574" "\n"
	  "704e" "666c656574" "=" "00000001" "\n" },
	{ TABLE_ACCOUNTS,
	  ID("01") "=" "01" ID("01") "00000000000000000000" "00000001" "00000000" "00000000"
	  ID("00") "01" TIME("03e8") TIME("0000") "0f7b22637276223a22502d323536227d"
	  "02" "146d61696c746f3a61406578616d706c652e6f7267"
	  "146d61696c746f3a62406578616d706c652e6f7267" "0474657374" "093139322e302e322e31" "\n" },
	{ TABLE_ACCOUNT_KEYS, "00000001" ID("01") "00000000000000000000" "=" ID("01") "\n" },
	{ TABLE_ORDERS,
	  ID("02") "=" "02" TIME("07d0") ID("01") SCOPE "01" TIME("03e8") TIME("0000") TIME("0000")
	  "01" "01" "00" "0d6e616d65302e6578616d706c65" "00" "01" ID("02") "00" "00"
	  "04" "6b2e73" SERIAL("09") "\n" },
	{ TABLE_ACCOUNT_ORDERS, ID("01") ID("02") "=" "\n" },
	{ TABLE_AUTHZ,
	  ID("03") "=" "01" TIME("07d0") ID("01") ID("02") SCOPE "01" TIME("03e8")
	  "01" "01" "0b6578616d706c652e6f7267" "0b4578616d706c652e6f7267" ZEROS_32
	  "01" "01" "01" TIME("0000") "03746f6b" "037b7d" "\n" },
	{ TABLE_CERTS,
	  SERIAL("04") "=" "01" TIME("2328") ID("01") ID("02") SCOPE "04" TIME("03e8") TIME("0384")
	  "00000003" TWOS_32 "020007" TIME("1111") "04" "\n" },
	{ TABLE_CRLS,
	  "00000001" "00000003" "=" "01" TIME("0005") TIME("0001") TIME("0001") TIME("0002")
	  "023000" "\n" },
	{ TABLE_ENDS,
	  "61" TIME("07d0") ID("03") "=" "\n"
	  "63" TIME("2328") SERIAL("04") "=" "\n"
	  "6f" TIME("07d0") ID("02") "=" "\n" },
	{ TABLE_JOBS, "03" ID("07") "00000000" "=" "\n" },
	{ TABLE_ACCOUNT_AUTHZ,
	  ID("01") "01" "01" "01" "6578616d706c652e6f7267" "=" ID("03") "\n" },
	{ TABLE_REVOKED,
	  "01020304" "00000003" SERIAL("04") "=" "01" TIME("1111") "04" TIME("2328") "\n" },
	{ TABLE_BLOCKED_KEYS, TWOS_32 "=" "01" TIME("2222") "\n" },
	{ TABLE_BINDINGS,
	  ID("05") "=" "01" "00000001" "01" TIME("0000") TIME("0000") TIME("0000") TIME("0000")
	  THREES_64 "00" "00" "00" "00" "00" "00" "00" "00000000" "00" "\n" },
	{ TABLE_BINDING_ACCOUNTS, ID("05") ID("01") "=" "6a7773" "\n" },
	{ TABLE_LIMITS,
	  "00000001" AS_32 ID("01") "ff" "=" SERIAL("04") TIME("3333") TIME("4444") "\n"
	  "00000001" AS_32 "ff" "=" SERIAL("04") TIME("3333") TIME("4444") "\n"
	  "77686f" "06" "=" TIME("5555") TIME("6666") "\n" },
	{ TABLE_RATES, "61" ID("01") "06" "=" TIME("012c") TIME("0e10") "\n" },
	{ TABLE_PAUSES,
	  "61" ID("01") "=" TIME("7777") "03776879" "\n"
	  "66" ID("01") "6e2e74657374" "=" TIME("7779") "00" "\n"
	  "6e" "6e2e74657374" "=" TIME("7778") "00" "\n" },
	{ TABLE_FAILING, ID("01") "6e2e74657374" "=" TIME("8888") TIME("9999") "00000003" "\n" },
	{ TABLE_EVIDENCE, ID("03") "0000000000010203" "=" "7b2261223a317d" "\n" },
	{ TABLE_RENEWALS,
	  SERIAL("04") "=" "01" "0000000000015ec8" "000000000001575c" "0000000000015ae0" ID("02")
	  SERIAL("00") ID("07") "00" "\n" },
	{ TABLE_DUE, "000000000001575c" SERIAL("04") "=" "0000000000015ae0" "\n" },
	{ TABLE_SLOTS,		/* columns e, l, m, s of row 2;  f, l of all */
	  "00000002" "65" "=" ZEROS_20 "0000000000000000" "00000001" "[544]" "\n"
	  "00000002" "6c" "=" "[155]" "01" "[420]" "\n"
	  "00000002" "6d" "=" ZEROS_20 "00000000" "00000001" "[548]" "\n"
	  "00000002" "73" "=" ZEROS_20 "00000001" "[552]" "\n"
	  "ffffffff" "66" "=" "00000001" "[572]" "\n"
	  "ffffffff" "6c" "=" "[155]" "01" "[420]" "\n" },
	{ TABLE_INCIDENTS,
	  ID("07") "=" "01" "03" TIME("1001") TIME("1002") TIME("1003") "04" SERIAL("08")
	  TIME("1004") TIME("1005") "0561203d2062" "00" "\n" },
	{ TABLE_INCIDENT_CERTS, ID("07") SERIAL("04") "=" "\n" },
};

int
main(void)
{
	bool seen[TABLES] = { [TABLE_META] = true };
	struct edit *e;

	store_make();
	e = edit_begin(s);
	add_objects(e);
	add_limits(e);
	add_renewals(e);
	commit(e);
	is(meta("format"), "00000004", "meta: format");
	is(meta("revocations"), TIME("0001"), "meta: revocations");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		is(rows(tables[i].table), tables[i].rows, table_name(tables[i].table));
		seen[tables[i].table] = true;
	}
	for (enum table t = 0; t < TABLES; t++)
		ok(seen[t], "%s is written down", table_name(t));
	return store_end();
}

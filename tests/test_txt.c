/* SPDX-License-Identifier: Apache-2.0 */
/* test_txt.c - dns-01, dns-account-01 and dns-persist-01 against a DNS server on loopback,
 * one case a line. */
#include <arpa/nameser.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/log.h"
#include "tests/fake_dns.h"
#include "tests/tap.h"
#include "tests/validate.h"
#include "va/local.h"

#define KEY_AUTH "token.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

/* The draft's example, and the name that it gives. */
#define EXAMPLE	"https://example.com/acme/acct/ExampleAccount"
#define ACCOUNT	"_ujmmovf2vn55tgye._acme-challenge."
#define OTHER	"https://example.com/acme/acct/Other"

#define PERSIST	"_validation-persist."
#define OURS	"ca.test; accounturi=" EXAMPLE

#define L50 "a123456789b123456789c123456789d123456789e123456789"
#define ACME "_acme-challenge."
#define MANY 100

/* 240 octets. */
#define LONG L50 "." L50 "." L50 "." L50 ".abcdefghijklmnopqrstuvwxyz12345.test"

static char value[64];		/* what the key authorization wants, and the like */
static char split[80], upper[80], quoted[80], spaced[80];

static struct fake_record records[400] = {
	{ ACME "a.test", ns_t_txt, value },
	{ ACME "wrong.test", ns_t_txt, "wrong \"value\"" },
	{ ACME "three.test", ns_t_txt, "one" },
	{ ACME "three.test", ns_t_txt, "two" },
	{ ACME "three.test", ns_t_txt, "three" },
	{ ACME "last.test", ns_t_txt, "one" },
	{ ACME "last.test", ns_t_txt, value },
	{ ACME "split.test", ns_t_txt, split },
	{ ACME "upper.test", ns_t_txt, upper },
	{ ACME "quoted.test", ns_t_txt, quoted },
	{ ACME "spaced.test", ns_t_txt, spaced },
	{ ACME "alias.test", ns_t_cname, ACME "alias2.test" },
	{ ACME "alias2.test", ns_t_cname, ACME "a.test" },
	{ ACME "loop.test", ns_t_cname, ACME "loop2.test" },
	{ ACME "loop2.test", ns_t_cname, ACME "loop.test" },
	{ ACME "nodata.test", ns_t_a, "127.0.0.1" },
	{ ACME "servfail.test", 0, "SERVFAIL" },
	{ ACME "twice.test", 0, "SERVFAIL 2" },
	{ ACME "twice.test", ns_t_txt, value },
	{ ACME "refused.test", 0, "REFUSED" },
	{ ACME "silent.test", 0, "SILENT" },

	{ ACCOUNT "good.test", ns_t_txt, value },
	{ ACCOUNT "split.test", ns_t_txt, split },
	{ ACCOUNT "last.test", ns_t_txt, "other" },
	{ ACCOUNT "last.test", ns_t_txt, value },
	{ ACCOUNT "wrong.test", ns_t_txt, "other" },
	{ ACCOUNT "alias.test", ns_t_cname, ACCOUNT "good.test" },
	{ ACCOUNT "servfail.test", 0, "SERVFAIL" },
	{ ACCOUNT "silent.test", 0, "SILENT" },
	{ "_acme-challenge.plain.test", ns_t_txt, value },

	{ "_5zudzzmyvtqvugbd._acme-challenge.old.test", ns_t_txt, value },
	{ "_u4n3hthidpcuwfkf._acme-challenge.older.test", ns_t_txt, value },
	{ ACCOUNT "older.test", ns_t_txt, "other" },
	{ "_5zudzzmyvtqvugbd._acme-challenge.stale.test", ns_t_txt, "other" },

	{ PERSIST "good.test", ns_t_txt, OURS },
	{ PERSIST "older.test", ns_t_txt, "ca.test; accounturi=https://older.test/acme/acct/1" },
	{ PERSIST "second.test", ns_t_txt, "ca2.test; accounturi=" EXAMPLE },
	{ PERSIST "case.test", ns_t_txt, "CA.Test ; AccountURI = " EXAMPLE " ; POLICY=WildCard" },
	{ PERSIST "wild.test", ns_t_txt, OURS "; policy=wildcard" },
	{ PERSIST "exact.test", ns_t_txt, OURS "; policy=exact" },
	{ PERSIST "future.test", ns_t_txt, OURS "; persistUntil=4102444800" },
	{ PERSIST "past.test", ns_t_txt, OURS "; persistUntil=1700000000" },
	{ PERSIST "zero.test", ns_t_txt, OURS "; persistUntil=0" },
	{ PERSIST "sign.test", ns_t_txt, OURS "; persistUntil=+4102444800" },
	{ PERSIST "minus.test", ns_t_txt, OURS "; persistUntil=-1" },
	{ PERSIST "date.test", ns_t_txt, OURS "; persistUntil=2099-01-01T00:00:00Z" },
	{ PERSIST "huge.test", ns_t_txt, OURS "; persistUntil=99999999999999999999" },
	{ PERSIST "empty.test", ns_t_txt, OURS "; persistUntil=" },
	{ PERSIST "unknown.test", ns_t_txt, OURS "; color=blue; color=red" },
	{ PERSIST "bare.test", ns_t_txt, "ca.test" },
	{ PERSIST "twice.test", ns_t_txt, OURS "; accounturi=" EXAMPLE },
	{ PERSIST "policies.test", ns_t_txt, OURS "; policy=wildcard; Policy=wildcard" },
	{ PERSIST "untils.test", ns_t_txt, OURS "; persistUntil=4102444800; persistuntil=1" },
	{ PERSIST "account.test", ns_t_txt, "ca.test; accounturi=" OTHER },
	{ PERSIST "upper.test", ns_t_txt,
	  "ca.test; accounturi=https://example.com/acme/acct/exampleaccount" },
	{ PERSIST "slash.test", ns_t_txt, OURS "/" },
	{ PERSIST "nobody.test", ns_t_txt, ";" },
	{ PERSIST "issuer.test", ns_t_txt, "other.test; accounturi=" EXAMPLE },
	{ PERSIST "below.test", ns_t_txt, "x.ca.test; accounturi=" EXAMPLE },
	{ PERSIST "dot.test", ns_t_txt, "ca.test.; accounturi=" EXAMPLE },
	{ PERSIST "nosemi.test", ns_t_txt, "ca.test accounturi=" EXAMPLE },
	{ PERSIST "trailing.test", ns_t_txt, OURS ";" },
	{ PERSIST "text.test", ns_t_txt, "v=spf1 -all" },
	{ PERSIST "void.test", ns_t_txt, "" },
	{ PERSIST "octets.test", ns_t_txt, "ca.test; accounturi=" EXAMPLE "\x01" },
	{ PERSIST "split.test", ns_t_txt, "ca.test; accou|nturi=" EXAMPLE },
	{ PERSIST "many.test", ns_t_txt, "other.test; accounturi=" EXAMPLE },
	{ PERSIST "many.test", ns_t_txt, "v=spf1 -all" },
	{ PERSIST "many.test", ns_t_txt, "ca.test" },
	{ PERSIST "many.test", ns_t_txt, OURS "; persistUntil=1700000000" },
	{ PERSIST "many.test", ns_t_txt, OURS },
	{ PERSIST "best.test", ns_t_txt, "other.test" },
	{ PERSIST "best.test", ns_t_txt, "ca.test; accounturi=" OTHER },
	{ PERSIST "best.test", ns_t_txt, "ca.test" },
	{ PERSIST "alias.test", ns_t_cname, PERSIST "good.test" },
	{ PERSIST "nodata.test", ns_t_a, "127.0.0.1" },
	{ PERSIST "servfail.test", 0, "SERVFAIL" },
	{ PERSIST "silent.test", 0, "SILENT" },
};

#define D VA_DNS_01
#define A VA_DNS_ACCOUNT_01
#define P VA_DNS_PERSIST_01
#define GOOD PROBLEM_NONE, ""
#define DNS PROBLEM_DNS
#define UNAUTHORIZED PROBLEM_UNAUTHORIZED
#define MALFORMED PROBLEM_MALFORMED
#define NOBODY UNAUTHORIZED, "of 1 TXT records at " PERSIST

static const struct row {
	const char	 *what;
	enum va_method	  method;
	bool		  wildcard;
	const char	 *name, *account;
	enum problem_type problem;
	const char	 *words;	/* in the detail */
} rows[] = {
	{ "right record", D, false, "a.test", NULL, GOOD },
	{ "wildcard", D, true, "a.test", NULL, GOOD },
	{ "no such name", D, false, "nothing.test", NULL, DNS,
	  "no TXT record at _acme-challenge.nothing.test (NXDOMAIN)" },
	{ "no TXT", D, false, "nodata.test", NULL, DNS, "no TXT record" },
	{ "wrong record", D, false, "wrong.test", NULL, UNAUTHORIZED,
	  "_acme-challenge.wrong.test is \"wrong \"value\"\", not \"" },
	{ "V-15 none of three", D, false, "three.test", NULL, UNAUTHORIZED,
	  "none of 3 TXT records" },
	{ "V-15 last of two", D, false, "last.test", NULL, GOOD },
	{ "V-15 V-17 last of 100, over TCP", D, false, "many.test", NULL, GOOD },
	{ "V-15 two strings", D, false, "split.test", NULL, GOOD },
	{ "V-15 upper case", D, false, "upper.test", NULL, UNAUTHORIZED, "" },
	{ "V-15 quoted", D, false, "quoted.test", NULL, UNAUTHORIZED, "" },
	{ "V-15 trailing space", D, false, "spaced.test", NULL, UNAUTHORIZED, "" },
	{ "V-16 CNAME chain", D, false, "alias.test", NULL, GOOD },
	{ "V-16 CNAME loop", D, false, "loop.test", NULL, DNS, "" },
	{ "V-18 SERVFAIL", D, false, "servfail.test", NULL, DNS, "SERVFAIL" },
	{ "V-18 SERVFAIL, then good", D, false, "twice.test", NULL, GOOD },
	{ "V-18 REFUSED", D, false, "refused.test", NULL, DNS, "DNS answers" },
	{ "V-18 silence", D, false, "silent.test", NULL, DNS, "silent.test" },
	{ "an address", D, false, "127.0.0.1", NULL, PROBLEM_SERVER_INTERNAL, "for an address" },
	{ "longer than DNS allows", D, false, LONG, NULL, DNS, "longer than DNS allows" },

	{ "the draft's example", A, false, "good.test", EXAMPLE, GOOD },
	{ "wildcard", A, true, "good.test", EXAMPLE, GOOD },
	{ "two strings", A, false, "split.test", EXAMPLE, GOOD },
	{ "the last of two", A, false, "last.test", EXAMPLE, GOOD },
	{ "V-16 CNAME", A, false, "alias.test", EXAMPLE, GOOD },
	{ "another account", A, false, "good.test", OTHER, DNS, "account " OTHER ": no TXT" },
	{ "dns-01's name", A, false, "plain.test", EXAMPLE, DNS,
	  "account " EXAMPLE ": no TXT record at " ACCOUNT "plain.test (NXDOMAIN)" },
	{ "wrong record", A, false, "wrong.test", EXAMPLE, UNAUTHORIZED, "is \"other\", not" },
	{ "V-18 SERVFAIL", A, false, "servfail.test", EXAMPLE, DNS, "SERVFAIL" },
	{ "V-18 silence", A, false, "silent.test", EXAMPLE, DNS, "silent.test" },
	{ "by a former URL", A, false, "old.test", EXAMPLE, GOOD },
	{ "by an older one", A, true, "older.test", EXAMPLE, GOOD },
	{ "wrong by a former one", A, false, "stale.test", EXAMPLE, DNS,
	  "account " EXAMPLE ": no TXT record at " ACCOUNT "stale.test" },
	{ "longer than DNS allows", A, false, LONG, EXAMPLE, DNS, "longer than DNS allows" },
	{ "no account", A, false, "good.test", NULL, PROBLEM_SERVER_INTERNAL, "account" },
	{ "an address", A, false, "127.0.0.1", EXAMPLE, PROBLEM_SERVER_INTERNAL, "for an address" },

	{ "as it must be", P, false, "good.test", EXAMPLE, GOOD },
	{ "another name of ours", P, false, "second.test", EXAMPLE, GOOD },
	{ "case and white space", P, true, "case.test", EXAMPLE, GOOD },
	{ "policy=wildcard, a wildcard", P, true, "wild.test", EXAMPLE, GOOD },
	{ "policy=wildcard, the name itself", P, false, "wild.test", EXAMPLE, GOOD },
	{ "no policy, a wildcard", P, true, "good.test", EXAMPLE, UNAUTHORIZED, "policy=wildcard" },
	{ "another policy, a wildcard", P, true, "exact.test", EXAMPLE, UNAUTHORIZED,
	  "policy=wildcard" },
	{ "another policy, the name itself", P, false, "exact.test", EXAMPLE, GOOD },
	{ "persistUntil ahead", P, false, "future.test", EXAMPLE, GOOD },
	{ "persistUntil behind", P, false, "past.test", EXAMPLE, UNAUTHORIZED,
	  "persistUntil is over" },
	{ "persistUntil 0", P, false, "zero.test", EXAMPLE, UNAUTHORIZED, "persistUntil is over" },
	{ "persistUntil with a sign", P, false, "sign.test", EXAMPLE, MALFORMED, "persistUntil" },
	{ "persistUntil negative", P, false, "minus.test", EXAMPLE, MALFORMED, "persistUntil" },
	{ "persistUntil as a date", P, false, "date.test", EXAMPLE, MALFORMED, "persistUntil" },
	{ "persistUntil too long", P, false, "huge.test", EXAMPLE, MALFORMED, "persistUntil" },
	{ "persistUntil empty", P, false, "empty.test", EXAMPLE, MALFORMED, "persistUntil" },
	{ "unknown parameters", P, false, "unknown.test", EXAMPLE, GOOD },
	{ "no accounturi", P, false, "bare.test", EXAMPLE, MALFORMED, "no accounturi" },
	{ "accounturi twice", P, false, "twice.test", EXAMPLE, MALFORMED, "accounturi twice" },
	{ "policy twice", P, true, "policies.test", EXAMPLE, MALFORMED, "policy twice" },
	{ "persistUntil twice", P, false, "untils.test", EXAMPLE, MALFORMED, "persistUntil twice" },
	{ "another account", P, false, "account.test", EXAMPLE, UNAUTHORIZED,
	  "is not that of the account " EXAMPLE },
	{ "the account by a former URL", P, false, "older.test", EXAMPLE, GOOD },
	{ "the account in other case", P, false, "upper.test", EXAMPLE, UNAUTHORIZED,
	  "not that of the account" },
	{ "the account with a slash", P, false, "slash.test", EXAMPLE, UNAUTHORIZED,
	  "not that of the account" },
	{ "nobody", P, false, "nobody.test", EXAMPLE, NOBODY },
	{ "another issuer", P, false, "issuer.test", EXAMPLE, NOBODY },
	{ "a name below ours", P, false, "below.test", EXAMPLE, NOBODY },
	{ "a dot behind ours", P, false, "dot.test", EXAMPLE, NOBODY },
	{ "no semicolon", P, false, "nosemi.test", EXAMPLE, NOBODY },
	{ "a semicolon at the end", P, false, "trailing.test", EXAMPLE, NOBODY },
	{ "another kind of text", P, false, "text.test", EXAMPLE, NOBODY },
	{ "nothing in it", P, false, "void.test", EXAMPLE, NOBODY },
	{ "a control character", P, false, "octets.test", EXAMPLE, NOBODY },
	{ "two strings", P, false, "split.test", EXAMPLE, GOOD },
	{ "one good of many", P, false, "many.test", EXAMPLE, GOOD },
	{ "the best of ours is told", P, false, "best.test", EXAMPLE, UNAUTHORIZED,
	  "not that of the account" },
	{ "V-16 CNAME", P, false, "alias.test", EXAMPLE, GOOD },
	{ "no TXT", P, false, "nodata.test", EXAMPLE, UNAUTHORIZED, "no TXT record at " PERSIST
	  "nodata.test; it should be \"ca.test; accounturi=" EXAMPLE "\"" },
	{ "no such name", P, false, "nothing.test", EXAMPLE, UNAUTHORIZED, "(NXDOMAIN)" },
	{ "V-18 SERVFAIL", P, false, "servfail.test", EXAMPLE, DNS, "SERVFAIL" },
	{ "V-18 silence", P, false, "silent.test", EXAMPLE, DNS, "silent.test" },
	{ "longer than DNS allows", P, false, LONG, EXAMPLE, DNS, "longer than DNS allows" },
	{ "no account", P, false, "good.test", NULL, PROBLEM_SERVER_INTERNAL, "account" },
	{ "an address", P, false, "127.0.0.1", EXAMPLE, PROBLEM_SERVER_INTERNAL, "for an address" },
};

/* Of an account that was at another base URL before. */
static const char *const former[] = { "https://old.test/acme/acct/1",
				      "https://older.test/acme/acct/1", NULL };

static void
test_case(struct loop *l, struct va *va, const struct row *r)
{
	struct validation v = { .va = va, .method = r->method, .wildcard = r->wildcard,
				.account_url = r->account, .account_urls_old = former,
				.token = r->method == P ? NULL : "token",
				.key_auth = r->method == P ? NULL : KEY_AUTH };

	validate(l, &v, r->name);
	if (!ok(v.problem.type == r->problem && strstr(v.problem.detail, r->words) != NULL,
		"%s, %s: %s", va_method_name(r->method), r->name, r->what) ||
	    r->problem != PROBLEM_NONE)
		printf("# %s: %s\n", problem_name(v.problem.type), v.problem.detail);
}

/* The fake server signs nothing, so below the root's anchor all is bogus. */
static void
test_bogus(struct va_options o)
{
	struct problem p = { 0 };
	struct loop *l;
	struct va *va;

	o.dnssec = VA_DNSSEC_VALIDATE;
	if (access(RESOLVE_ANCHOR, R_OK) != 0) {
		tap_skip("V-19 bogus", "no " RESOLVE_ANCHOR);
		return;
	}
	va = va_open(&o, &p);
	l = loop_new(1);
	ok(va != NULL && va_attach(l, va, &p), "attached with DNSSEC %s", p.detail);
	for (int i = 0; i < 2; i++) {
		struct validation v = { .va = va, .method = i == 0 ? A : P,
					.account_url = EXAMPLE, .token = "token",
					.key_auth = KEY_AUTH };

		validate(l, &v, "good.test");
		ok(v.problem.type == PROBLEM_DNS && strstr(v.problem.detail, "DNSSEC") != NULL,
		   "V-19 bogus, %s: %s", va_method_name(v.method), v.problem.detail);
	}
	loop_free(l);
	va_release(va);
}

/* A CA without a name can't be named. */
static void
test_nameless(struct loop *l, struct va_options o)
{
	struct problem p = { 0 };
	struct validation v = { .method = P, .account_url = EXAMPLE };

	o.issuers = NULL;
	v.va = va_open(&o, &p);
	validate(l, &v, "good.test");
	ok(v.problem.type == PROBLEM_SERVER_INTERNAL &&
	   strstr(v.problem.detail, "caa_identities") != NULL, "no issuer name: %s",
	   v.problem.detail);
	va_release(v.va);
}

static void
records_make(void)
{
	struct arena *a = arena_new();
	uint8_t digest[32];
	size_t n = 0;

	EVP_Digest(KEY_AUTH, strlen(KEY_AUTH), digest, NULL, EVP_sha256(), NULL);
	snprintf(value, sizeof(value), "%s", b64_print(a, digest, sizeof(digest)));
	arena_free(a);
	snprintf(split, sizeof(split), "%.20s|%s", value, value + 20);
	snprintf(quoted, sizeof(quoted), "\"%s\"", value);
	snprintf(spaced, sizeof(spaced), "%s ", value);
	for (size_t i = 0; value[i] != '\0'; i++)
		upper[i] = (char)(value[i] >= 'a' && value[i] <= 'z' ? value[i] - 32 : value[i]);
	while (records[n].name != NULL)
		n++;
	for (size_t i = 0; i < MANY; i++)	/* too much for UDP */
		records[n + i] = (struct fake_record){ ACME "many.test", ns_t_txt,
						       i == MANY - 1 ? value : "other" };
}

int
main(void)
{
	static const char *const issuers[] = { "ca.test", "ca2.test", NULL };
	char resolver[32];
	const char *const resolvers[] = { resolver, NULL };
	struct va_options o = { .resolvers = resolvers, .issuers = issuers, .timeout_ms = 800 };
	struct problem p = { 0 };
	struct fake_dns *dns;
	struct loop *l = loop_new(0);
	struct va *va;

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	records_make();
	dns = fake_dns_start(records);
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%u", fake_dns_port(dns));
	va = va_open(&o, &p);
	ok(va != NULL && va_attach(l, va, &p), "attached %s", p.detail);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_case(l, va, &rows[i]);
	test_nameless(l, o);
	test_bogus(o);
	loop_free(l);
	va_release(va);
	fake_dns_stop(dns);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_alpn.c - tls-alpn-01 against a responder on loopback: V-14, one wrong thing a
 * line.  Only what is exactly right proves control. */
#include <arpa/nameser.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/fake_alpn.h"
#include "tests/fake_dns.h"
#include "tests/tap.h"
#include "tests/validate.h"

#define KEY_AUTH "token.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

/* Names whose lengths need each form of DER's length octets. */
#define L50 "a123456789b123456789c123456789d123456789e123456789"
#define N63 L50 "f123456789g12"
#define NAME_125 L50 "." L50 "." "abcdefghijklmnopqr.test"
#define NAME_126 L50 "." L50 "." "abcdefghijklmnopqrs.test"
#define NAME_128 L50 "." L50 "." "abcdefghijklmnopqrstu.test"
#define NAME_253 N63 "." N63 "." N63 "." L50 ".abcde.test"

static const struct fake_record records[] = {
	{ "a.test", ns_t_a, "127.0.0.1" },
	{ "loopback.test", ns_t_a, "127.0.0.2" },
	{ "xn--bcher-kva.test", ns_t_a, "127.0.0.1" },
	{ NAME_125, ns_t_a, "127.0.0.1" },
	{ NAME_126, ns_t_a, "127.0.0.1" },
	{ NAME_128, ns_t_a, "127.0.0.1" },
	{ NAME_253, ns_t_a, "127.0.0.1" },
	{ NULL, 0, NULL },
};

#define GOOD PROBLEM_NONE, ""
#define UNAUTHORIZED PROBLEM_UNAUTHORIZED
#define CONNECTION PROBLEM_CONNECTION
#define A "DNS:a.test"
#define SAN "one subjectAltName extension with the dNSName a.test and nothing else"
#define EXTENSION "one acmeIdentifier extension"
#define DIGEST "is not an OCTET STRING of the SHA-256"

static const struct row {
	const char		*what, *name;
	struct fake_alpn_case	 served;
	enum problem_type	 problem;
	const char		*words;		/* in the detail */
} rows[] = {
	{ "as it must be", "a.test", { A, RIGHT, SELF, USUAL }, GOOD },
	{ "TLS 1.2", "a.test", { A, RIGHT, SELF, TLS_1_2 }, GOOD },
	{ "an RSA key", "a.test", { A, RIGHT, RSA_KEY, USUAL }, GOOD },
	{ "over, which is no matter", "a.test", { A, RIGHT, EXPIRED, USUAL }, GOOD },
	{ "a client's certificate is asked for", "a.test", { A, RIGHT, SELF, ASKS_BACK }, GOOD },
	{ "the second address of two", "two.test", { "DNS:two.test", RIGHT, SELF, USUAL }, GOOD },
	{ "125 octets", NAME_125, { "DNS:" NAME_125, RIGHT, SELF, USUAL }, GOOD },
	{ "126 octets", NAME_126, { "DNS:" NAME_126, RIGHT, SELF, USUAL }, GOOD },
	{ "128 octets", NAME_128, { "DNS:" NAME_128, RIGHT, SELF, USUAL }, GOOD },
	{ "253 octets", NAME_253, { "DNS:" NAME_253, RIGHT, SELF, USUAL }, GOOD },
	{ "V-14 upper case", "a.test", { "DNS:A.tEsT", RIGHT, SELF, USUAL }, GOOD },
	{ "V-14 A-label in upper case", "xn--bcher-kva.test",
	  { "DNS:XN--BCHER-KVA.test", RIGHT, SELF, USUAL }, GOOD },
	{ "V-14 session tickets", "a.test", { A, RIGHT, SELF, TICKETS }, GOOD },
	{ "V-14 renegotiation", "a.test", { A, RIGHT, SELF, NEW_HANDSHAKE }, GOOD },
	{ "V-14 TLS 1.1", "a.test", { A, RIGHT, SELF, TLS_1_1 }, PROBLEM_TLS, "version" },
	{ "V-14 no ALPN", "a.test", { A, RIGHT, SELF, NO_ALPN }, UNAUTHORIZED,
	  "chose nothing by ALPN, not acme-tls/1" },
	{ "V-14 h2", "a.test", { A, RIGHT, SELF, H2 }, PROBLEM_TLS, "not offered by ALPN" },
	{ "V-14 no acmeIdentifier", "a.test", { A, NONE, SELF, USUAL }, UNAUTHORIZED, EXTENSION },
	{ "V-14 old OID", "a.test", { A, OLD_OID, SELF, USUAL }, UNAUTHORIZED, EXTENSION },
	{ "V-14 not critical", "a.test", { A, NOT_CRITICAL, SELF, USUAL }, UNAUTHORIZED,
	  "which is critical" },
	{ "V-14 31 octets", "a.test", { A, OCTETS_31, SELF, USUAL }, UNAUTHORIZED, DIGEST },
	{ "V-14 33 octets", "a.test", { A, OCTETS_33, SELF, USUAL }, UNAUTHORIZED, DIGEST },
	{ "V-14 trailing octet", "a.test", { A, TRAILING, SELF, USUAL }, UNAUTHORIZED, DIGEST },
	{ "V-14 no inner 04 20", "a.test", { A, BARE, SELF, USUAL }, UNAUTHORIZED, DIGEST },
	{ "V-14 BER length", "a.test", { A, LONG_FORM, SELF, USUAL }, UNAUTHORIZED, DIGEST },
	{ "V-14 base64 of it", "a.test", { A, AS_TEXT, SELF, USUAL }, UNAUTHORIZED, DIGEST },
	{ "V-14 a bit off", "a.test", { A, BIT_OFF, SELF, USUAL }, UNAUTHORIZED, DIGEST },
	{ "V-14 two extensions", "a.test", { A, TWICE, SELF, USUAL }, UNAUTHORIZED, EXTENSION },
	{ "V-14 two names", "a.test", { A ",DNS:b.test", RIGHT, SELF, USUAL }, UNAUTHORIZED, SAN },
	{ "V-14 the name twice", "a.test", { A "," A, RIGHT, SELF, USUAL }, UNAUTHORIZED, SAN },
	{ "V-14 two SAN extensions", "a.test", { A "|" A, RIGHT, SELF, USUAL }, UNAUTHORIZED, SAN },
	{ "V-14 name and address", "a.test", { A ",IP:127.0.0.1", RIGHT, SELF, USUAL },
	  UNAUTHORIZED, SAN },
	{ "V-14 CN only", "a.test", { NULL, RIGHT, SELF, USUAL }, UNAUTHORIZED, SAN },
	{ "V-14 another name", "a.test", { "DNS:b.test", RIGHT, SELF, USUAL }, UNAUTHORIZED, SAN },
	{ "V-14 wildcard", "a.test", { "DNS:*.test", RIGHT, SELF, USUAL }, UNAUTHORIZED, SAN },
	{ "V-14 a dot behind", "a.test", { "DNS:a.test.", RIGHT, SELF, USUAL }, UNAUTHORIZED, SAN },
	{ "V-14 a name below", "a.test", { "DNS:x.a.test", RIGHT, SELF, USUAL }, UNAUTHORIZED,
	  SAN },
	{ "V-14 the name as mail address", "a.test", { "email:a.test", RIGHT, SELF, USUAL },
	  UNAUTHORIZED, SAN },
	{ "V-14 another key's signature", "a.test", { A, RIGHT, OTHER_KEY, USUAL }, UNAUTHORIZED,
	  "not self-signed" },
	{ "V-14 another issuer", "a.test", { A, RIGHT, OTHER_NAME, USUAL }, UNAUTHORIZED,
	  "not self-signed" },
	{ "V-14 chain of 1 MB", "a.test", { A, RIGHT, SELF, HUGE }, PROBLEM_TLS,
	  "excessive message size" },
	{ "V-14 chain of 80 kB", "a.test", { A, RIGHT, SELF, BIG }, PROBLEM_TLS,
	  "longer than 64 kB" },
	{ "V-14 HelloRequests without end", "a.test", { A, RIGHT, SELF, FLOOD }, PROBLEM_TLS, "" },
	{ "V-14 silence", "a.test", { A, RIGHT, SELF, SILENT }, CONNECTION,
	  "timeout: no whole handshake within 700 ms" },
	{ "V-14 half a ServerHello", "a.test", { A, RIGHT, SELF, HALF }, CONNECTION, "timeout" },
	{ "V-14 HTTP", "a.test", { A, RIGHT, SELF, PLAIN }, PROBLEM_TLS, "speaks HTTP, not TLS" },
	{ "V-14 reset", "a.test", { A, RIGHT, SELF, RESETS }, CONNECTION, "reset by peer" },
	{ "V-14 closed", "a.test", { A, RIGHT, SELF, CLOSES }, CONNECTION,
	  "closed the connection in the handshake" },
	{ "V-14 an alert", "a.test", { A, RIGHT, SELF, ALERTS }, PROBLEM_TLS,
	  "no application protocol" },
	{ "V-14 IPv4", "127.0.0.1", { "IP:127.0.0.1", RIGHT, SELF, USUAL }, GOOD },
	{ "V-14 IPv6", "::1", { "IP:::1", RIGHT, SELF, USUAL }, GOOD },
	{ "V-14 another address", "127.0.0.1", { "IP:127.0.0.2", RIGHT, SELF, USUAL },
	  UNAUTHORIZED, "with the iPAddress 127.0.0.1 and nothing else" },
	{ "V-14 the address mapped", "127.0.0.1", { "IP:::ffff:127.0.0.1", RIGHT, SELF, USUAL },
	  UNAUTHORIZED, "iPAddress" },
	{ "V-14 the address as a name", "127.0.0.1", { "DNS:127.0.0.1", RIGHT, SELF, USUAL },
	  UNAUTHORIZED, "iPAddress" },
	{ "V-14 the SNI as a name", "127.0.0.1",
	  { "DNS:1.0.0.127.in-addr.arpa", RIGHT, SELF, USUAL }, UNAUTHORIZED, "iPAddress" },
	{ "V-14 two addresses", "127.0.0.1", { "IP:127.0.0.1,IP:::1", RIGHT, SELF, USUAL },
	  UNAUTHORIZED, "iPAddress" },
	{ "V-14 address and name", "127.0.0.1", { "IP:127.0.0.1,DNS:a.test", RIGHT, SELF, USUAL },
	  UNAUTHORIZED, "iPAddress" },
};

static struct fake_alpn *server;
static struct loop *loop;
static struct va *va, *closed, *six;

static struct validation
question(struct va *with, const char *name)
{
	struct validation v = { .va = with, .method = VA_TLS_ALPN_01, .token = "token",
				.key_auth = KEY_AUTH };

	validate(loop, &v, name);
	return v;
}

static void
verdict(const struct validation *v, const struct row *r)
{
	if (!ok(v->problem.type == r->problem && strstr(v->problem.detail, r->words) != NULL,
		"%s: %s", r->what, r->name) || r->problem != PROBLEM_NONE)
		printf("# %s: %s (%d ms)\n", problem_name(v->problem.type), v->problem.detail,
		       (int)v->took_ms);
}

static void
hello_right(const struct fake_alpn_seen *seen, const char *name)
{
	static const char six_arpa[] = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
				       "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa";
	const char *sni = strcmp(name, "127.0.0.1") == 0 ? "1.0.0.127.in-addr.arpa" :
			  strcmp(name, "::1") == 0 ? six_arpa : name;

	ok(strcmp(seen->sni, sni) == 0 && seen->nalpn == 11 &&
	   memcmp(seen->alpn, "\x0a" "acme-tls/1", 11) == 0,
	   "one name in the SNI, acme-tls/1 alone by ALPN: %s", seen->sni);
}

/* A connection, and the certificate or why there was none. */
static bool
record_right(const struct validation *v, const char *name)
{
	bool refused = strcmp(name, "two.test") == 0,
	     none = v->problem.type == PROBLEM_TLS || v->problem.type == PROBLEM_CONNECTION;

	return strstr(v->record, "\"dials\":[{\"address\":") != NULL &&
	       (strstr(v->record, "\"why\":") != NULL) == (none || refused) &&
	       (strstr(v->record, "\"certificate\":\"") != NULL) == !none;
}

static void
test_case(const struct row *r)
{
	bool more = strcmp(r->name, "::1") == 0 || strcmp(r->name, "two.test") == 0;
	struct fake_alpn_seen seen;
	struct validation v;

	if (strcmp(r->name, "::1") == 0 && !fake_alpn_six(server)) {
		tap_skip(r->what, "no ::1 here");
		return;
	}
	fake_alpn_serve(server, &r->served, KEY_AUTH);
	v = question(more ? six : va, r->name);
	verdict(&v, r);
	seen = fake_alpn_wait(server);
	ok(!seen.data && !seen.resumed, "no application data, no old session");
	ok(record_right(&v, r->name), "the record has what was dialled and seen");
	if (r->problem == PROBLEM_NONE)
		hello_right(&seen, r->name);
}

/* Where nobody is dialled, or nobody listens. */
static void
test_dials(void)
{
	static const struct row nobody = {
		"V-14 closed port", "a.test", { A, RIGHT, SELF, USUAL }, CONNECTION,
		"connection refused; does a TLS server listen there?"
	}, forbidden = {
		"V-1 loopback", "loopback.test", { A, RIGHT, SELF, USUAL }, CONNECTION,
		"TLS with loopback.test: 127.0.0.2 is a loopback address"
	}, address = {
		"V-1 IP identifier", "127.0.0.2", { A, RIGHT, SELF, USUAL }, CONNECTION,
		"127.0.0.2 is a loopback address"
	}, unknown = {
		"no such name", "nothing.test", { A, RIGHT, SELF, USUAL }, PROBLEM_DNS,
		"nothing.test has no address"
	};
	unsigned clients = fake_alpn_clients(server);
	struct validation v;

	v = question(closed, nobody.name);
	verdict(&v, &nobody);
	v = question(va, forbidden.name);
	verdict(&v, &forbidden);
	v = question(va, address.name);
	verdict(&v, &address);
	v = question(va, unknown.name);
	verdict(&v, &unknown);
	ok(fake_alpn_clients(server) == clients, "nobody was dialled");
}

/* Addresses in an order that DNS doesn't keep. */
static void
write_hosts(char *file)
{
	static const char text[] = "127.0.0.3 two.test\n127.0.0.1 two.test\n";
	int fd = mkstemp(file);

	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0 || close(fd) != 0)
		abort();
}

static struct va *
open_va(const char *const *resolvers, const char *const *allow, uint16_t port)
{
	char hosts[] = "/tmp/brevet-alpn-XXXXXX";
	struct va_options o = { .https_port = port, .resolvers = resolvers, .hosts_file = hosts,
				.allow_addresses = allow, .timeout_ms = 700 };
	struct problem p = { 0 };
	struct va *opened;

	write_hosts(hosts);
	opened = va_open(&o, &p);
	unlink(hosts);
	if (opened == NULL)
		printf("# %s\n", p.detail);
	return opened;
}

/* A port where nobody listens any more. */
static uint16_t
free_port(void)
{
	struct fake_alpn *s = fake_alpn_start();
	uint16_t port = fake_alpn_port(s);

	fake_alpn_stop(s);
	return port;
}

int
main(void)
{
	static const char *const one[] = { "127.0.0.1", NULL };
	static const char *const more[] = { "127.0.0.1", "127.0.0.3", "::1", NULL };
	struct fake_dns *dns = fake_dns_start(records);
	char resolver[32];
	const char *const resolvers[] = { resolver, NULL };
	struct problem p = { 0 };

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%u", fake_dns_port(dns));
	closed = open_va(resolvers, one, free_port());
	server = fake_alpn_start();
	va = open_va(resolvers, one, fake_alpn_port(server));
	six = open_va(resolvers, more, fake_alpn_port(server));
	loop = loop_new(0);
	ok(va_attach(loop, va, &p), "attached %s", p.detail);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_case(&rows[i]);
	test_dials();
	loop_free(loop);
	va_release(va);
	va_release(six);
	va_release(closed);
	fake_alpn_stop(server);
	fake_dns_stop(dns);
	return tap_done();
}

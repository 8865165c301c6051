/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c - the configuration file: good ones, and what is said of bad ones. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/config.h"
#include "tests/tap.h"
#include "va/local.h"

static char dir[] = "/tmp/configXXXXXX";
static struct arena *a;

static const char *
path(const char *name)
{
	return arena_printf(a, "%s/%s", dir, name);
}

static void
write_file(const char *name, const void *text, size_t len, mode_t mode)
{
	FILE *f = fopen(path(name), "w");

	if (f == NULL || (len > 0 && fwrite(text, len, 1, f) != 1) || fclose(f) != 0 ||
	    chmod(path(name), mode) != 0)
		abort();
}

#define ISSUER "issuer main { certificate = \"i.pem\"\n key = \"i.key\" }\n"

static struct config *
read_text(const char *text, const char *const *settings, struct problem *p)
{
	*p = (struct problem){ 0 };
	write_file("brevet.conf", text, strlen(text), 0600);
	return config_read(path("brevet.conf"), settings, p);
}

static void
bad(const char *text, const char *setting, const char *word)
{
	const char *settings[] = { setting, NULL };
	struct problem p;
	struct config *c = read_text(text, settings, &p);

	ok(c == NULL && strstr(p.detail, word) != NULL, "refused: %s", p.detail);
	if (c != NULL)
		acme_config_release(&c->acme);
}

static void
fits(const char *text, const char *what)
{
	struct problem p;
	struct config *c = read_text(text, NULL, &p);

	ok(c != NULL, "good: %s%s", what, p.detail);
	if (c != NULL)
		acme_config_release(&c->acme);
}

static void
test_good(void)
{
	static const char *const settings[] = {
		"validation.http_port=5002", "profile.short.lifetime=6h", "hosts=a.example,10.0.0.1",
		"limits.body=4K", NULL
	};
	struct problem p;
	struct config *c = read_text(ISSUER, NULL, &p);

	ok(c != NULL, "an issuer is all that a file needs%s", p.detail);
	if (c == NULL)
		return;
	ok(c->acme.profiles[0].lifetime == 47 * 86400, "47 days by default");
	ok(c->acme.profiles[0].backdate == 3600, "backdated by an hour");
	ok(c->http_port == 80 && c->map == (int64_t)256 << 30 && c->body == 65536, "defaults");
	is(c->base_url, "https://localhost", "base URL from hosts and listen");
	is(c->acme.issuers[0].crl_url, "http://localhost/crl/main/0.crl", "URL of the CRL");
	is(c->data, path("data"), "paths are relative to the file");
	acme_config_release(&c->acme);

	c = read_text(ISSUER "# a comment\nlisten = 127.0.0.1:14000\nprofile short { lifetime = 90s\n"
		      "backdate = 0s } profile other { }\nvalidation { resolvers = { 127.0.0.1@53,"
		      " \"10.0.0.1\" } }\nname = \"A \\\"B\\\"\"", settings, &p);
	ok(c != NULL, "a longer file with settings%s", p.detail);
	if (c == NULL)
		return;
	ok(c->acme.nprofile == 2 && c->acme.profiles[0].lifetime == 21600,
	   "a setting overrides the file, in a titled section");
	ok(c->http_port == 5002 && c->body == 4096, "and in others");
	ok(strcmp(c->hosts[1], "10.0.0.1") == 0 && c->hosts[2] == NULL, "and lists");
	is(c->base_url, "https://a.example:14000", "a port that is not 443");
	is(c->resolvers[1], "10.0.0.1", "lists of the file");
	is(c->name, "A \"B\"", "quoted quotes");
	acme_config_release(&c->acme);
}

/* Hosts and URLs that are as they should be. */
static void
test_values(void)
{
	static const char *const good[] = {
		"hosts = { localhost, A.example, \"10.0.0.1\", \"2001:db8::1\", \"*.a.example\" }",
		"hosts = { \"2001:db8::1\" }", "hosts = { \"a1.example2.x3\" }",
		"base_url = \"https://a.example/acme/ca-1\"", "base_url = \"https://[::1]:14000\"",
		"base_url = \"https://10.0.0.1:14000\"", "base_url = \"\"",
		"base_url_old = { \"https://a\", \"https://b:1\" }", "website = \"\"",
		"website = \"http://a.example/?a=b#c\"", "terms_of_service = \"https://a/%20\"",
		"http { base_url = \"http://a.example:81/crls\" }",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct problem p;
		struct config *c = read_text(arena_printf(a, ISSUER "%s\n", good[i]), NULL, &p);

		ok(c != NULL, "good: %s%s", good[i], p.detail);
		if (c != NULL)
			acme_config_release(&c->acme);
	}
}

static void
test_bad(void)
{
	bad(ISSUER "nonsense = 1\n", NULL, "brevet.conf:3: no such option 'nonsense'");
	bad(ISSUER "\nvalidation { http_prt = 1 }\n", NULL, ":4: no such option 'http_prt'");
	bad(ISSUER "x = 1\n", NULL, "'x'; \"brevet help config\" lists them");
	bad(ISSUER "retention.orders = 1d\n", NULL,
	    ":3: no such option 'retention.orders'; write retention { orders = ... }");
	bad(ISSUER "retention.order = 1d\n", NULL, "'retention.order'; \"brevet help");
	bad(ISSUER "validation { http_port = 99999 }\n", NULL, ":3: validation.http_port");
	bad(ISSUER "validation {\n http_port = x\n}\n", NULL, ":4: validation.http_port");
	bad(ISSUER "profile p { lifetime = 47 }\n", NULL, "not a duration");
	bad(ISSUER "profile p { lifetime = 1s }\n", NULL, "out of bounds");
	bad(ISSUER "profile p { client_auth = yes }\n", NULL, "not true or false");
	bad(ISSUER "store { map = 4X }\n", NULL, "not a size");
	bad(ISSUER "quirks = { padded-csr, tea }\n", NULL, "\"tea\"");
	bad(ISSUER "log { level = loud }\n", NULL, "loud");
	bad(ISSUER "listen = 443\n", NULL, "not ADDRESS:PORT");
	bad(ISSUER "listen = \"::1:443\"\n", NULL, "not ADDRESS:PORT");
	bad(ISSUER "base_url = \"http://a\"\n", NULL, ":3: base_url: \"http://a\" does not begin");
	bad(ISSUER "base_url = \"https://a/\"\n", NULL, "slash");
	bad(ISSUER "base_url = \"https://a?b\"\n", NULL, "query");
	bad(ISSUER "base_url = \"https://a b\"\n", NULL, ":3: base_url: \"https://a b\" has a char");
	bad(ISSUER "base_url = \"https://a\\nb\"\n", NULL, "character");
	bad(ISSUER "base_url = \"https://\"\n", NULL, "no host");
	bad(ISSUER "base_url = \"https://a_b\"\n", NULL, "no host");
	bad(ISSUER "base_url = \"https://me@a\"\n", NULL, "no host");
	bad(ISSUER "base_url = \"https://a:x\"\n", NULL, "no host");
	bad(ISSUER "base_url = \"https://a:\"\n", NULL, "no host");
	bad(ISSUER "base_url = \"https://[::1\"\n", NULL, "no host");
	bad(ISSUER "base_url = \"https://[10.0.0.1]\"\n", NULL, "no host");
	bad(ISSUER "base_url = \"https://300.0.0.1\"\n", NULL, "no host");
	bad(ISSUER "base_url_old = { \"https://a\", b }\n", NULL, ":3: base_url_old: \"b\"");
	bad(ISSUER "base_url_old = { \"\" }\n", NULL, "base_url_old");
	bad(ISSUER "http { base_url = \"https://a\" }\n", NULL, ":3: http.base_url");
	bad(ISSUER "http { base_url = \"http://a/\" }\n", NULL, "slash");
	bad(ISSUER "website = example.org\n", NULL, ":3: website: \"example.org\" does not begin");
	bad(ISSUER "website = \"ftp://example.org\"\n", NULL, "http");
	bad(ISSUER "terms_of_service = \"https:terms\"\n", NULL, ":3: terms_of_service");
	bad(ISSUER "terms_of_service = \"https://a/b<c\"\n", NULL, "%XX");
	bad(ISSUER "hosts = { a.example, a_b }\n", NULL, ":3: hosts: \"a_b\" is neither");
	bad(ISSUER "hosts = { \"a b\" }\n", NULL, ":3: hosts: \"a b\"");
	bad(ISSUER "hosts = { \"\" }\n", NULL, "hosts: \"\"");
	bad(ISSUER "hosts = { \"10.0.0.300\" }\n", NULL, "hosts");
	bad(ISSUER "hosts = { \"*.a.example\" }\n", NULL, "brevet.conf: base_url: \"https://*.a");
	bad(ISSUER "validation { resolvers = { nowhere } }\n", NULL, "validation.resolvers");
	bad(ISSUER "validation { hosts_file = \"nowhere\" }\n", NULL, "validation.hosts_file");
	bad(ISSUER "validation { allow_addresses = { 300.0.0.1 } }\n", NULL, "allow_addresses");
	bad(ISSUER "validation { dnssec = maybe }\n", NULL, "trust-ad");
	bad(ISSUER "validation { dnssec = trust-ad }\n", NULL, "validation.resolvers names");
	bad(ISSUER "validation { resolvers = { recursive, 10.0.0.1 } }\n", NULL, "stands alone");
	bad(ISSUER "validation { dnssec = validate trust_anchors = \"nowhere\" }\n", NULL,
	    "validation.trust_anchors: cannot read");
	write_file("anchors", "; . DS 1 2 3\n", 13, 0600);
	bad(ISSUER "validation { dnssec = validate trust_anchors = anchors }\n", NULL,
	    "anchors has no DS or DNSKEY record");
	write_file("anchors", "; mine\ncorp.test. 60 IN DNSKEY (\n", 34, 0600);
	fits(ISSUER "validation { dnssec = validate trust_anchors = anchors }\n",
	     "an anchor behind a comment, over several lines");
	bad(ISSUER "validation { caa = sometimes }\n", NULL, "always");
	bad(ISSUER "caa_identities = { \"ca.example.\" }\n", NULL, "caa_identities: \"ca.");
	bad(ISSUER "name = \"open\n", NULL, "brevet.conf");
	bad("", NULL, "brevet init");
	bad("issuer main {}\n", NULL, "brevet.conf:1: issuer main needs certificate = \"FILE\"");
	bad("\nissuer main { certificate = \"i.pem\" }\n", NULL, ":2: issuer main needs key =");
	bad("issuer main { certificate = \"no.pem\" key = \"i.key\" }", NULL, "no.pem");
	bad("issuer main { certificate = \"i.pem\" key = \"r.key\" }", NULL, "r.key");
	bad("issuer main { certificate = \"i.pem\" key = \"open.key\" }", NULL, "open.key");
	bad(ISSUER, "validation.http_prt=1", "no such option");
	bad(ISSUER, "http_port=1", "no such option");
	bad(ISSUER, "profile.lifetime=6h", "no such option");
	bad(ISSUER, "profile.other.lifetime=6h", "no such section");
	bad(ISSUER, "validation.http_port=x", "not a number");
	bad(ISSUER, "nonsense", "KEY=VALUE");
}

/* --- rules for names, limits, directories ----------------------------------------------- */

static void
test_rules_default(void)
{
	struct problem p;
	struct config *c = read_text(ISSUER "profile short { }\nprofile long { }\n", NULL, &p);
	const struct directory *d;

	ok(c != NULL, "nothing about directories%s", p.detail);
	if (c == NULL)
		return;
	ok(c->acme.rules.allow[0] == NULL && c->acme.rules.deny[0] == NULL, "all names are allowed");
	ok(c->acme.labels_max == 10 && c->acme.name_max == 253, "of 10 labels, 253 octets");
	ok(c->acme.ndirectory == 1, "one directory");
	d = &c->acme.directories[0];
	is(d->name, "default", "the default one");
	is(d->path, "", "at the root");
	ok(d->issuer == &c->acme.issuers[0] && d->nprofile == 2 && d->profile == d->profiles[0] &&
	   strcmp(d->profile->name, "short") == 0, "the first issuer, all profiles");
	ok(d->methods == (METHOD_BIT(METHOD_HTTP_01) | METHOD_BIT(METHOD_DNS_01) |
			  METHOD_BIT(METHOD_TLS_ALPN_01)), "the three methods of clients");
	ok(d->eab == EAB_NONE && d->rules.allow[0] == NULL && d->rules.deny[0] == NULL,
	   "no bindings, no rules");
	ok(c->acme.webhook.url == NULL, "no webhook");
	ok(c->acme.limits.enabled && c->acme.limits.nexempt == 2, "limits, not for loopback");
	acme_config_release(&c->acme);
}

#define PARTNER "directory partner {\n issuer = main\n profiles = { long, short }\n" \
	" methods = { dns-01 }\n eab = required\n allow = { \".corp.example\", 10.0.0.0/8 }\n" \
	" deny = { \"*.secret.corp.example\" }\n}\n"

static void
test_directories(void)
{
	static const char *const settings[] = {
		"directory.default.eab=optional", "policy.allow=.example,fd00::/8", "policy.labels=7",
		"limit.orders=12/90m", "limit.name=off", "limit.exempt=10.0.0.0/8", NULL
	};
	struct problem p;
	struct config *c = read_text(ISSUER "profile short { }\nprofile long { }\n" PARTNER
				     "policy { allow = { a.example }\n length = 64 }\n"
				     "directory other { path = \"/a/b\" }\n", settings, &p);
	const struct directory *d;

	ok(c != NULL, "directories and rules%s", p.detail);
	if (c == NULL)
		return;
	ok(c->acme.ndirectory == 3 && strcmp(c->acme.directories[0].name, "default") == 0,
	   "the default one stands first, without a section");
	ok(c->acme.directories[0].eab == EAB_OPTIONAL, "--set makes one");
	d = acme_directory(&c->acme, "partner");
	is(d->path, "/partner", "a path of its name");
	is(acme_directory(&c->acme, "other")->path, "/a/b", "or one that is given");
	ok(d->nprofile == 2 && strcmp(d->profile->name, "long") == 0, "its profiles in its order");
	ok(d->methods == METHOD_BIT(METHOD_DNS_01) && d->eab == EAB_REQUIRED, "methods, bindings");
	is(d->rules.allow[0], ".corp.example", "patterns");
	is(d->rules.allow[1], "10.0.0.0/8", "and networks");
	is(d->rules.deny[0], "*.secret.corp.example", "what is denied");
	ok(d->rules.allow[2] == NULL && d->rules.deny[1] == NULL, "no more");
	is(c->acme.rules.allow[0], ".example", "--set replaces a list");
	is(c->acme.rules.allow[1], "fd00::/8", "with all its items");
	ok(c->acme.labels_max == 7 && c->acme.name_max == 64, "sizes");
	ok(c->acme.limits.rates[LIMIT_ORDERS].count == 12 &&
	   c->acme.limits.rates[LIMIT_ORDERS].period == 5400, "a rate");
	ok(c->acme.limits.rates[LIMIT_NAME].count == 0, "a rate that is off");
	ok(c->acme.limits.nexempt == 1 && c->acme.limits.exempt[0].bits == 8, "a network");
	acme_config_release(&c->acme);
}

static void
test_rules_bad(void)
{
	bad(ISSUER "policy { allow = { 10.0.0.0/33 } }\n", NULL,
	    "brevet.conf:3: policy.allow: \"10.0.0.0/33\" is not a pattern");
	bad(ISSUER "policy {\n deny = { a.example, internal }\n}\n", NULL,
	    "brevet.conf:4: policy.deny: \"internal\"");
	bad(ISSUER "policy { deny = { \"10.0.0.300\" } }\n", NULL, "policy.deny: \"10.0.0.300\"");
	bad(ISSUER "policy { deny = { \"a.example.\" } }\n", NULL, "policy.deny: \"a.example.\"");
	bad(ISSUER "policy { deny = { \"xn--ls8h.example\" } }\n", NULL, "policy.deny: \"xn--ls8h");
	bad(ISSUER "policy { labels = 1 }\n", NULL, ":3: policy.labels: \"1\" is out of bounds");
	bad(ISSUER "policy { labels = 128 }\n", NULL, "policy.labels");
	bad(ISSUER "policy { length = 254 }\n", NULL, "policy.length");
	bad(ISSUER "policy { allowed = { a.example } }\n", NULL, ":3: no such option 'allowed'");
	bad(ISSUER, "policy.allow=.corp.example,*", "policy.allow: \"*\" is not a pattern");
	bad(ISSUER, "policy.labels=many", "policy.labels: \"many\" is not a number");

	bad(ISSUER "limit { orders = 300 }\n", NULL, ":3: limit.orders: \"300\" is not a rate");
	bad(ISSUER "limit { orders = \"300/\" }\n", NULL, "limit.orders: \"300/\"");
	bad(ISSUER "limit { orders = \"0/3h\" }\n", NULL, "limit.orders: \"0/3h\"");
	bad(ISSUER "limit { orders = \"-1/3h\" }\n", NULL, "limit.orders: \"-1/3h\"");
	bad(ISSUER "limit { orders = \"1/3\" }\n", NULL, "limit.orders: \"1/3\"");
	bad(ISSUER "limit { orders = \"1/0s\" }\n", NULL, "limit.orders: \"1/0s\"");
	bad(ISSUER "limit { orders = \"1/400d\" }\n", NULL, "limit.orders: \"1/400d\"");
	bad(ISSUER "limit { orders = \"2000000000/1d\" }\n", NULL, "limit.orders: \"2000000000/1d\"");
	bad(ISSUER "limit { enabled = maybe }\n", NULL, "limit.enabled: \"maybe\"");
	bad(ISSUER "limit { exempt = { localhost } }\n", NULL,
	    ":3: limit.exempt: \"localhost\" is not an address or a network");
	bad(ISSUER, "limit.name=many", "limit.name: \"many\" is not a rate");
}

static void
test_directories_bad(void)
{
	bad(ISSUER "directory a { issuer = other }\n", NULL,
	    "brevet.conf: directory a: there is no issuer \"other\"");
	bad(ISSUER "directory a { profiles = { long } }\n", NULL,
	    "brevet.conf: directory a: there is no profile \"long\"");
	bad(ISSUER "profile p { }\ndirectory a { profiles = { p, p } }\n", NULL,
	    "directory a: more than once: the profile \"p\"");
	bad(ISSUER "directory a { path = \"/x\" }\ndirectory b { path = \"/x\" }\n", NULL,
	    "brevet.conf: directory b: ");
	bad(ISSUER "directory a { }\ndirectory b { path = \"/a\" }\n", NULL, "directory b: ");
	bad(ISSUER "directory a { path = \"/acme\" }\n", NULL, "directory a: path \"/acme\"");
	bad(ISSUER "directory a { path = \"/acme/x\" }\n", NULL, "directory a: path \"/acme/x\"");
	bad(ISSUER "directory acme { }\n", NULL, "directory acme: path \"/acme\"");
	bad(ISSUER "directory directory { }\n", NULL, "directory directory: path");
	bad(ISSUER "directory help { }\n", NULL, "directory help: path");
	bad(ISSUER "directory a { path = x }\n", NULL, "directory a: path \"x\"");
	bad(ISSUER "directory a { path = \"/\" }\n", NULL, "directory a: path \"/\"");
	bad(ISSUER "directory a { path = \"/x/\" }\n", NULL, "directory a: path \"/x/\"");
	bad(ISSUER "directory a { path = \"/x//y\" }\n", NULL, "directory a: path \"/x//y\"");
	bad(ISSUER "directory a { path = \"/%61\" }\n", NULL, "directory a: path");
	bad(ISSUER "directory A { }\n", NULL, "directory A: path \"/A\"");
	bad(ISSUER "directory a { }\ndirectory a { }\n", NULL, "brevet.conf:4: ");
	bad(ISSUER "directory { }\n", NULL, "brevet.conf:3: ");
	bad(ISSUER "directory a {\n eab = maybe }\n", NULL,
	    "brevet.conf:4: directory.a.eab: \"maybe\" is not one of its words");
	bad(ISSUER "directory a { methods = { http-01, tls-sni-01 } }\n", NULL,
	    ":3: directory.a.methods: \"tls-sni-01\"");
	bad(ISSUER "directory a { allow = { \".\" } }\n", NULL, ":3: directory.a.allow: \".\"");
	bad(ISSUER "directory a { deny = { a.example, \"*\" } }\n", NULL, "directory.a.deny: \"*\"");
	bad(ISSUER "directory a { names = { a.example } }\n", NULL, ":3: no such option 'names'");
	bad(ISSUER "profile p { lifetime = long }\n", NULL, ":3: profile.p.lifetime: \"long\"");
	bad(ISSUER, "directory.default.eab=maybe", "directory.default.eab: \"maybe\"");
	bad(ISSUER, "directory.a.eab=required", "directory.a.eab=required: the file has no such section");
	bad(ISSUER, "directory.eab=required", "no such option: directory.eab");
	bad(ISSUER, "directory.default.allow=.", "directory.default.allow: \".\" is not a pattern");
	bad(ISSUER, "directory.default.issuer=x", "directory default: there is no issuer \"x\"");
}

static void
test_fixed(void)
{
	static const char *const settings[] = { "workers=3", "order.hold=2s",
						"validation.trust_anchors=a.key",
						"validation.caa=always", NULL };
	struct problem p;
	struct config *now = read_text(ISSUER, NULL, &p);
	struct config *next = read_text(ISSUER, settings, &p);

	is(config_fixed(now, next, a), "workers, validation.trust_anchors", "what only a restart changes");
	ok(config_fixed(now, now, a) == NULL, "and nothing");
	acme_config_release(&now->acme);
	acme_config_release(&next->acme);
}

static void
test_print(void)
{
	static const char *const settings[] = {
		"name=A \"B\" \\", "validation.http_port=5002", "hosts=a,b", "http.listen=[::1]:81",
		"validation.resolvers=10.0.0.1@53", NULL
	};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct problem p;
	struct config *c;

	config_print_settings(out, settings);
	fclose(out);
	ok(strstr(text, "# name of this CA, for people\nname = ") != NULL &&
	   strstr(text, "\t# port of http-01; other than 80 only for tests\n\thttp_port = ") != NULL,
	   "each setting stands under what it is");
	c = read_text(arena_printf(a, "%s" ISSUER, text), NULL, &p);
	ok(c != NULL, "what init writes can be read%s", p.detail);
	if (c != NULL) {
		is(c->name, "A \"B\" \\", "text as it was given");
		ok(c->http_port == 5002 && strcmp(c->resolvers[0], "10.0.0.1@53") == 0 &&
		   strcmp(c->hosts[1], "b") == 0, "sections and lists too");
		acme_config_release(&c->acme);
	}
	free(text);
}

static void
test_listeners(void)
{
	static const char *const settings[] = {
		"listen=8.8.8.8:443", "http.listen=[2a00::1]:80", "metrics.listen=0.0.0.0:9090", NULL
	};
	static const char *const own[] = { "8.8.8.8@443", "2a00::1@80" };
	struct problem p;
	struct config *c = read_text(ISSUER, settings, &p);
	const char *why = "";
	union address at;

	for (size_t i = 0; i < 2; i++)
		ok(c != NULL && server_parse(&at, own[i]) &&
		   !va_address_ok(c->acme.va, &at.sa, &why), "V-1 %s is not dialled", own[i]);
	ok(c != NULL && server_parse(&at, "8.8.8.8@80") &&
	   va_address_ok(c->acme.va, &at.sa, &why), "V-1 another port of it is");
	if (c != NULL)
		acme_config_release(&c->acme);
}

int
main(void)
{
	static const char *const files[] = {
		"anchors", "i.pem", "i.key", "r.key", "open.key", "brevet.conf"
	};
	struct problem p;
	struct ca_made ca;

	a = arena_new();
	if (mkdtemp(dir) == NULL || !ca_make(&ca, a, "Test", "p256", clock_now(), &p))
		abort();
	write_file("i.pem", ca.issuing_pem.data, ca.issuing_pem.len, 0644);
	write_file("i.key", ca.issuing_key_pem.data, ca.issuing_key_pem.len, 0600);
	write_file("r.key", ca.root_key_pem.data, ca.root_key_pem.len, 0600);
	write_file("open.key", ca.issuing_key_pem.data, ca.issuing_key_pem.len, 0644);
	test_good();
	test_values();
	test_listeners();
	test_bad();
	test_rules_default();
	test_directories();
	test_rules_bad();
	test_directories_bad();
	test_fixed();
	test_print();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(path(files[i]));
	rmdir(dir);
	arena_free(a);
	return tap_done();
}

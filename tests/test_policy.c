/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy.c - which names rules permit to whom, by which rule, and what is offered then. */
#include <stdlib.h>

#include "acme/eab.h"
#include "acme/policy.h"
#include "acme/profile.h"
#include "base/b64.h"
#include "tests/tap.h"

static struct arena *a;

/* --- patterns ------------------------------------------------------------------------ */

static const struct {
	const char	*text;
	bool		 good;
} patterns[] = {
	{ "www.corp.example", true }, { "corp.example", true }, { "WWW.Corp.Example", true },
	{ ".corp.example", true }, { ".internal", true }, { "*.corp.example", true },
	{ "*.internal", true }, { ".co.uk", true }, { "xn--mnchen-3ya.example", true },
	{ ".XN--MNCHEN-3YA.example", true }, { "10.0.0.0/8", true }, { "10.0.0.1", true },
	{ "0.0.0.0/0", true }, { "fd00::/8", true }, { "::/0", true }, { "2001:db8::1", true },
	{ "10.1.2.3/8", true },

	{ "", false }, { ".", false }, { "*", false }, { "*.", false }, { "..corp.example", false },
	{ ".*.corp.example", false }, { "*.*.corp.example", false }, { "a.*.example", false },
	{ "**.corp.example", false }, { "*corp.example", false }, { "internal", false },
	{ "corp.example.", false }, { ".corp.example.", false }, { "corp..example", false },
	{ "-corp.example", false }, { "_a.corp.example", false }, { "corp example", false },
	{ "m\xc3\xbcnchen.example", false }, { "xn--a.example", false }, { ".xn--ls8h", false },
	{ "ab--c.example", false }, { "10.0.0.300", false }, { ".10", false }, { "*.0.0.1", false },
	{ "10.0.0.0/33", false }, { "10.0.0.0/", false }, { "10.0.0.0/-1", false },
	{ "10.0.0.0/8 ", false }, { "10.0.0/8", false }, { "fd00::/129", false },
	{ "fe80::1%eth0", false }, { "corp.example/8", false }, { "https://corp.example", false },
	{ "corp.example:443", false }, { "a.example,b.example", false },
};

static void
test_patterns(void)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		ok(policy_pattern_ok(patterns[i].text) == patterns[i].good, "\"%s\" is %sa pattern",
		   patterns[i].text, patterns[i].good ? "" : "not ");
}

/* --- rules --------------------------------------------------------------------------- */

/* A name or an address, as a client would ask for it. */
static struct ident
ident_of(const char *text)
{
	struct ident ident = { 0 };
	struct problem p;

	if (!ident_parse_ip(&ident, a, text, strlen(text), &p) &&
	    !ident_parse_dns(&ident, a, text, strlen(text), &p))
		abort();
	return ident;
}

/* "a b" -> { "a", "b", NULL }. */
static const char **
split(const char *text)
{
	char *copy = arena_strdup(a, text), *save;
	const char **list = arena_alloc(a, 32 * sizeof(*list));
	size_t n = 0;

	for (char *s = strtok_r(copy, " ", &save); s != NULL; s = strtok_r(NULL, " ", &save))
		list[n++] = s;
	return list;
}

static struct name_rules
rules_of(const char *allow, const char *deny)
{
	return (struct name_rules){ (const char *const *)split(allow),
				    (const char *const *)split(deny) };
}

/* One list alone, of whomever. */
static const struct {
	const char	*allow, *deny, *name;
	bool		 permitted;
} rows[] = {
	/* none: everything */
	{ "", "", "www.corp.example", true },
	{ "", "", "*.corp.example", true },
	{ "", "", "10.0.0.1", true },

	/* a name: that alone */
	{ "www.corp.example", "", "www.corp.example", true },
	{ "www.corp.example", "", "WWW.corp.example", true },
	{ "WWW.Corp.Example", "", "www.corp.example", true },
	{ "www.corp.example", "", "a.www.corp.example", false },
	{ "www.corp.example", "", "corp.example", false },
	{ "www.corp.example", "", "xwww.corp.example", false },
	{ "www.corp.example", "", "*.corp.example", false },
	{ "corp.example", "", "*.corp.example", false },
	{ "corp.example", "", "www.corp.example", false },
	{ "corp.example", "", "10.0.0.1", false },

	/* a suffix: it and all below */
	{ ".corp.example", "", "corp.example", true },
	{ ".corp.example", "", "www.corp.example", true },
	{ ".corp.example", "", "a.b.c.corp.example", true },
	{ ".corp.example", "", "*.corp.example", true },
	{ ".corp.example", "", "*.a.corp.example", true },
	{ ".CORP.example", "", "www.corp.EXAMPLE", true },
	{ ".corp.example", "", "xcorp.example", false },
	{ ".corp.example", "", "www.xcorp.example", false },
	{ ".corp.example", "", "corp.example.org", false },
	{ ".corp.example", "", "a.example", false },
	{ ".www.corp.example", "", "*.corp.example", false },
	{ ".internal", "", "a.internal", true },
	{ ".internal", "", "*.a.internal", true },
	{ ".internal", "", "a.external", false },
	{ ".corp.example", "", "10.0.0.1", false },

	/* a wildcard: it, and one label in its place */
	{ "*.corp.example", "", "*.corp.example", true },
	{ "*.corp.example", "", "www.corp.example", true },
	{ "*.Corp.example", "", "WWW.corp.example", true },
	{ "*.corp.example", "", "corp.example", false },
	{ "*.corp.example", "", "a.b.corp.example", false },
	{ "*.corp.example", "", "*.a.corp.example", false },
	{ "*.corp.example", "", "www.xcorp.example", false },
	{ "*.internal", "", "a.internal", true },
	{ "*.internal", "", "a.b.internal", false },

	/* networks */
	{ "10.0.0.0/8", "", "10.255.255.255", true },
	{ "10.0.0.0/8", "", "11.0.0.0", false },
	{ "10.0.0.0/8", "", "www.corp.example", false },
	{ "10.1.2.3/8", "", "10.9.9.9", true },
	{ "10.0.0.128/25", "", "10.0.0.128", true },
	{ "10.0.0.128/25", "", "10.0.0.127", false },
	{ "10.0.0.1", "", "10.0.0.1", true },
	{ "10.0.0.1", "", "10.0.0.2", false },
	{ "0.0.0.0/0", "", "10.0.0.1", true },
	{ "0.0.0.0/0", "", "fd00::1", false },
	{ "fd00::/8", "", "fd12:3456::1", true },
	{ "fd00::/8", "", "fe00::1", false },
	{ "FD00::/8", "", "fd00::1", true },
	{ "2001:db8:0:0:8000::/65", "", "2001:db8::8000:0:0:1", true },
	{ "2001:db8:0:0:8000::/65", "", "2001:db8::7fff:0:0:1", false },
	{ "::/0", "", "::1", true },
	{ "::/0", "", "10.0.0.1", false },

	/* several kinds in one list: one that fits will do */
	{ "www.corp.example .lab.example 10.0.0.0/8", "", "www.corp.example", true },
	{ "www.corp.example .lab.example 10.0.0.0/8", "", "a.lab.example", true },
	{ "www.corp.example .lab.example 10.0.0.0/8", "", "10.0.0.1", true },
	{ "www.corp.example .lab.example 10.0.0.0/8", "", "11.0.0.1", false },
	{ "www.corp.example .lab.example 10.0.0.0/8", "", "mail.corp.example", false },
	{ "a.corp.example b.corp.example", "", "*.corp.example", false },

	/* denied: that name, and wildcards that stand for it */
	{ "", "www.corp.example", "www.corp.example", false },
	{ "", "WWW.CORP.EXAMPLE", "www.corp.example", false },
	{ "", "www.corp.example", "a.www.corp.example", true },
	{ "", "www.corp.example", "corp.example", true },
	{ "", "www.corp.example", "*.corp.example", false },
	{ "", "www.corp.example", "*.www.corp.example", true },
	{ "", "a.b.corp.example", "*.corp.example", true },
	{ "", "a.b.corp.example", "*.b.corp.example", false },
	{ "", "corp.example", "*.corp.example", true },

	/* a suffix denied: all below, and the wildcard that stands for it itself */
	{ "", ".secret.corp.example", "secret.corp.example", false },
	{ "", ".secret.corp.example", "a.secret.corp.example", false },
	{ "", ".secret.corp.example", "a.b.secret.corp.example", false },
	{ "", ".secret.corp.example", "*.secret.corp.example", false },
	{ "", ".secret.corp.example", "*.a.secret.corp.example", false },
	{ "", ".secret.corp.example", "*.corp.example", false },
	{ "", ".secret.corp.example", "www.corp.example", true },
	{ "", ".secret.corp.example", "xsecret.corp.example", true },
	{ "", ".a.secret.corp.example", "*.corp.example", true },

	/* a wildcard denied: it, and one label in its place */
	{ "", "*.corp.example", "*.corp.example", false },
	{ "", "*.corp.example", "www.corp.example", false },
	{ "", "*.corp.example", "corp.example", true },
	{ "", "*.corp.example", "a.www.corp.example", true },
	{ "", "*.corp.example", "*.www.corp.example", true },
	{ "", "*.a.corp.example", "*.corp.example", true },

	{ "", "10.0.0.0/8", "10.0.0.1", false },
	{ "", "10.0.0.0/8", "11.0.0.1", true },
	{ "", "10.0.0.0/8", "www.corp.example", true },
	{ "", "::/0", "fd00::1", false },
	{ "", "::/0", "10.0.0.1", true },

	/* deny goes before allow, whichever is narrower */
	{ ".corp.example", ".secret.corp.example", "www.corp.example", true },
	{ ".corp.example", ".secret.corp.example", "a.secret.corp.example", false },
	{ ".corp.example", ".secret.corp.example", "*.corp.example", false },
	{ "a.secret.corp.example", ".secret.corp.example", "a.secret.corp.example", false },
	{ ".corp.example", "www.corp.example", "*.corp.example", false },
	{ "*.corp.example", "www.corp.example", "mail.corp.example", true },
	{ "10.0.0.0/8", "10.1.0.0/16", "10.1.0.1", false },
	{ "10.0.0.0/8", "10.1.0.0/16", "10.2.0.1", true },
};

static void
test_rules(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name_rules rules = rules_of(rows[i].allow, rows[i].deny);
		struct ident ident = ident_of(rows[i].name);

		ok(policy_ruling(&rules, &ident).permits == rows[i].permitted,
		   "allow {%s} deny {%s}: %s %s", rows[i].allow, rows[i].deny,
		   rows[i].permitted ? "permits" : "refuses", rows[i].name);
	}
}

/* Is the wildcard permitted exactly if all that it stands for is?  zz stands for the labels
 * that no pattern has. */
static bool
wildcard_fits(const struct name_rules *rules, const char *base)
{
	static const char *const labels[] = { "www", "mail", "a", "zz" };
	struct ident any = ident_of(arena_printf(a, "*.%s", base)), one;
	bool all = true;

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		one = ident_of(arena_printf(a, "%s.%s", labels[i], base));
		all = all && policy_ruling(rules, &one).permits;
	}
	if (policy_ruling(rules, &any).permits == all)
		return true;
	printf("# *.%s: allow {%s %s} deny {%s}\n", base, rules->allow[0] == NULL ? "" :
	       rules->allow[0], rules->allow[0] == NULL || rules->allow[1] == NULL ? "" :
	       rules->allow[1], rules->deny[0] == NULL ? "" : rules->deny[0]);
	return false;
}

static void
test_wildcards(void)
{
	static const char *const some[] = {
		"", "corp.example", ".corp.example", "*.corp.example", "www.corp.example",
		".www.corp.example", "*.www.corp.example", "a.www.corp.example", ".example",
		"*.example", "10.0.0.0/8"
	};
	static const char *const bases[] = { "corp.example", "www.corp.example", "b.example" };
	size_t n = sizeof(some) / sizeof(some[0]), cases = 0, good = 0;

	for (size_t i = 0; i < n * n * n; i++) {
		struct name_rules rules = rules_of(arena_printf(a, "%s %s", some[i % n],
								some[i / n % n]),
						   some[i / n / n]);

		for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++, cases++)
			good += wildcard_fits(&rules, bases[b]);
	}
	ok(good == cases, "a wildcard is permitted exactly if all that it stands for is: %zu of "
	   "%zu lists", good, cases);
}

/* --- server, directory, binding ------------------------------------------------------- */

#define NO_BINDING "-"

/* Rules of all three, as "allow|deny", and who refuses. */
static const struct level_row {
	const char	*server, *directory, *binding, *name;
	const char	*says;		/* "": permitted */
} levels[] = {
	{ "|", "|", NO_BINDING, "www.corp.example", "" },
	{ "|", "|", "|", "www.corp.example", "" },
	{ ".corp.example|", "|", NO_BINDING, "www.corp.example", "" },
	{ ".corp.example|", "|", NO_BINDING, "a.example",
	  "\"a.example\" is not among the names that this CA allows" },
	{ "|www.corp.example", "|", NO_BINDING, "www.corp.example",
	  "\"www.corp.example\" is denied by this CA, whose list of denied names has "
	  "\"www.corp.example\"" },
	{ "|www.corp.example", "www.corp.example|", "www.corp.example|", "www.corp.example",
	  "denied by this CA" },
	{ "|", ".corp.example|", NO_BINDING, "a.example",
	  "not among the names that directory partner allows" },
	{ "|", "|.secret.corp.example", NO_BINDING, "*.corp.example",
	  "\"*.corp.example\" is denied by directory partner, whose list of denied names has "
	  "\".secret.corp.example\"" },
	{ ".corp.example|", "www.corp.example|", NO_BINDING, "www.corp.example", "" },
	{ ".corp.example|", "www.corp.example|", NO_BINDING, "mail.corp.example",
	  "directory partner allows" },
	{ "www.corp.example|", ".corp.example|", NO_BINDING, "mail.corp.example",
	  "this CA allows" },
	{ "|", "|", "www.corp.example|", "www.corp.example", "" },
	{ "|", "|", "www.corp.example|", "mail.corp.example",
	  "not among the names that the account's binding allows" },
	{ "|", "|", "|mail.corp.example", "mail.corp.example",
	  "denied by the account's binding, whose list" },
	{ "|", "|", "|mail.corp.example", "www.corp.example", "" },
	{ ".corp.example|", "|.secret.corp.example", "a.secret.corp.example|",
	  "a.secret.corp.example", "denied by directory partner" },
	{ ".corp.example|", ".corp.example|", ".corp.example|www.corp.example",
	  "www.corp.example", "denied by the account's binding" },
	{ ".corp.example|", ".corp.example|", ".corp.example|www.corp.example", "*.corp.example",
	  "denied by the account's binding" },
	{ ".corp.example|", "*.corp.example|", ".example|", "*.corp.example", "" },
	{ "10.0.0.0/8|", "10.1.0.0/16|", "10.1.2.3|", "10.1.2.3", "" },
	{ "10.0.0.0/8|", "10.1.0.0/16|", "10.1.2.3|", "10.1.2.4", "the account's binding allows" },
	{ "10.0.0.0/8|", "10.1.0.0/16|", NO_BINDING, "10.2.0.1", "directory partner allows" },
	{ "10.0.0.0/8|", "|", NO_BINDING, "::ffff:10.0.0.1", "the form of IPv6" },
	{ ".co.uk|", "co.uk|", "co.uk|", "co.uk", "public suffix" },
	{ ".example|", "|", NO_BINDING, "xn--ls8h.example", "internationalized" },
	{ "|", "|", NO_BINDING, "a.b.c.d.example", "5 labels; this CA issues for at most 4" },
	{ "|", "|", NO_BINDING, "*.b.c.d.example", "5 labels" },
	{ "|", "|", NO_BINDING, "abcdefghijklmnopqrstuvw.corp.example",
	  "36 octets; this CA issues for at most 35" },
	{ "|", "|", NO_BINDING, "abcdefghijklmnopqrstuv.corp.example", "" },
};

static struct name_rules
level_rules(const char *text)
{
	const char *bar = strchr(text, '|');

	return rules_of(arena_strndup(a, text, (size_t)(bar - text)), bar + 1);
}

static void
level_case(const struct level_row *row)
{
	struct acme_config config = {
		.labels_max = 4, .name_max = 35, .rules = level_rules(row->server)
	};
	struct directory directory = { .name = "partner", .rules = level_rules(row->directory) };
	struct ident ident = ident_of(row->name);
	struct problem p = { 0 };
	struct binding binding = { 0 };
	bool bound = strcmp(row->binding, NO_BINDING) != 0, good;

	if (bound) {
		struct name_rules rules = level_rules(row->binding);

		binding.allow = (const char **)rules.allow;
		binding.deny = (const char **)rules.deny;
	}
	good = policy_ident(&config, &directory, bound ? &binding : NULL, &ident, &p);
	if (!ok(good == (*row->says == '\0') && strstr(p.detail, row->says) != NULL &&
		(good || p.type == PROBLEM_REJECTED_IDENTIFIER),
		"server {%s} directory {%s} binding {%s}: %s: %s", row->server, row->directory,
		row->binding, row->name, *row->says == '\0' ? "permitted" : row->says))
		printf("# %s\n", p.detail);
}

/* --- methods, profiles, bindings ------------------------------------------------------- */

#define HTTP METHOD_BIT(METHOD_HTTP_01)
#define DNS  METHOD_BIT(METHOD_DNS_01)
#define ALPN METHOD_BIT(METHOD_TLS_ALPN_01)
#define MORE (METHOD_BIT(METHOD_DNS_ACCOUNT_01) | METHOD_BIT(METHOD_DNS_PERSIST_01))

static const struct {
	unsigned	 directory, profile, binding;	/* profile, binding 0: all */
	const char	*name;
	unsigned	 offered;
} methods[] = {
	{ HTTP | DNS, 0, 0, "www.corp.example", HTTP | DNS },
	{ HTTP | DNS | ALPN, 0, 0, "www.corp.example", HTTP | DNS | ALPN },
	{ HTTP | DNS | ALPN | MORE, 0, 0, "*.corp.example", DNS | MORE },
	{ HTTP | DNS | ALPN | MORE, 0, 0, "10.0.0.1", HTTP | ALPN },
	{ HTTP | DNS | ALPN | MORE, 0, 0, "fd00::1", HTTP | ALPN },
	{ HTTP, 0, 0, "*.corp.example", 0 },
	{ DNS | MORE, 0, 0, "10.0.0.1", 0 },
	{ HTTP | DNS, 0, DNS, "www.corp.example", DNS },
	{ HTTP, 0, DNS, "www.corp.example", 0 },
	{ HTTP | DNS, 0, HTTP, "*.corp.example", 0 },
	{ HTTP | DNS, 0, HTTP | ALPN, "www.corp.example", HTTP },
	{ HTTP | DNS, DNS, 0, "www.corp.example", DNS },
	{ HTTP | DNS, DNS | ALPN, 0, "www.corp.example", DNS },
	{ HTTP, DNS, 0, "www.corp.example", 0 },
	{ HTTP | DNS, HTTP, 0, "*.corp.example", 0 },
	{ HTTP | DNS | ALPN, HTTP | DNS, DNS | ALPN, "www.corp.example", DNS },
	{ HTTP | DNS, HTTP, DNS, "www.corp.example", 0 },
};

static void
test_methods(void)
{
	const char *none[] = { NULL }, *names[] = { ".corp.example", "10.0.0.0/8", NULL };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct directory d = { .name = "default", .methods = methods[i].directory };
		struct acme_profile profile = { .methods = methods[i].profile };
		struct binding b = { .methods = methods[i].binding, .allow = none, .deny = none };
		struct ident ident = ident_of(methods[i].name);
		struct problem p = { 0 };

		ok(policy_methods(&d, &profile, &b, &ident) == methods[i].offered,
		   "directory %#x, profile %#x, binding %#x: %s is offered %#x",
		   methods[i].directory, methods[i].profile, methods[i].binding,
		   methods[i].name, methods[i].offered);
		ok(policy_provable(&d, &profile, &b, &ident, &p) == (methods[i].offered != 0) &&
		   (methods[i].offered != 0 || strstr(p.detail, "no way to prove") != NULL),
		   "so it can%s be proved", methods[i].offered != 0 ? "" : "not");
		b.allow = names;
		b.prevalidated = true;
		ok(policy_provable(&d, &profile, &b, &ident, &p), "unless it counts as validated");
	}
}

static void
test_prevalidated(void)
{
	const char *none[] = { NULL }, *allow[] = { ".corp.example", NULL };
	const char *deny[] = { "www.corp.example", NULL };
	struct binding b = { .prevalidated = true, .allow = allow, .deny = deny };
	struct ident www = ident_of("www.corp.example"), mail = ident_of("mail.corp.example");
	struct ident any = ident_of("*.corp.example"), other = ident_of("a.example");

	ok(policy_prevalidated(&b, &mail), "a name of the binding counts as validated");
	ok(!policy_prevalidated(&b, &www), "one that it denies does not");
	ok(!policy_prevalidated(&b, &any), "nor a wildcard that stands for that");
	ok(!policy_prevalidated(&b, &other), "nor one of others");
	b.deny = none;
	ok(policy_prevalidated(&b, &any), "but a wildcard of all its names does");
	b.prevalidated = false;
	ok(!policy_prevalidated(&b, &mail), "not if the binding does not say so");
	b = (struct binding){ .prevalidated = true, .allow = none, .deny = none };
	ok(!policy_prevalidated(&b, &mail), "not without names: not all are its own");
	ok(!policy_prevalidated(NULL, &mail), "not without a binding");
}

/* What an order gets that names a profile or none (NULL), under a binding that has these. */
static const struct {
	const char	*binding;	/* words; NULL: no binding; "": any */
	const char	*name, *gets;	/* gets NULL: refused, with these words */
	const char	*says;
} choices[] = {
	{ NULL, NULL, "one", NULL },
	{ NULL, "one", "one", NULL },
	{ NULL, "two", "two", NULL },
	{ NULL, "TWO", "two", NULL },		/* 45 */
	{ NULL, "tw", NULL, "\"tw\"; possible: one, two" },
	{ NULL, "two ", NULL, "possible: one, two" },
	{ NULL, "", NULL, "\"\"; possible: one, two" },
	{ NULL, "three", NULL, "possible: one, two" },
	{ NULL, "\xc3\xa4\n", NULL, "\"???\"" },
	{ "", NULL, "one", NULL },
	{ "", "two", "two", NULL },
	{ "two", NULL, "two", NULL },
	{ "two", "Two", "two", NULL },
	{ "two", "one", NULL, "possible: two" },
	{ "two one", NULL, "two", NULL },	/* its first one */
	{ "two one", "one", "one", NULL },
	{ "three one", NULL, "one", NULL },	/* that the directory has */
	{ "three", NULL, NULL, "permits none of this directory's profiles" },
	{ "three", "three", NULL, "possible: none" },
	{ "three", "one", NULL, "possible: none" },
};

static void
choice_case(const struct directory *d, size_t i)
{
	const char *words[4] = { NULL }, *of = choices[i].binding, *name = choices[i].name;
	enum problem_type type = name == NULL ? PROBLEM_UNAUTHORIZED : PROBLEM_INVALID_PROFILE;
	char *save, *text = arena_strdup(a, of == NULL ? "" : of);
	struct binding b = { .profiles = words };
	const struct acme_profile *got;
	struct problem p = { 0 };

	for (size_t n = 0; n < 3; n++)
		words[n] = strtok_r(n == 0 ? text : NULL, " ", &save);
	got = profile_choose(d, of == NULL ? NULL : &b, name, &p);
	if (choices[i].gets != NULL)
		ok(got != NULL && strcmp(got->name, choices[i].gets) == 0,
		   "45: binding %s, asks for %s: %s", of == NULL ? "none" : of,
		   name == NULL ? "none" : name, choices[i].gets);
	else
		ok(got == NULL && p.type == type && strstr(p.detail, choices[i].says) != NULL,
		   "%s", p.detail);
}

static void
test_profiles(void)
{
	struct acme_profile one = { .name = "one" }, two = { .name = "two" };
	const struct acme_profile *list[] = { &one, &two, NULL };
	struct directory d = {
		.name = "default", .profile = &one, .profiles = list, .nprofile = 2
	};

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		choice_case(&d, i);
}

/* As many names as have room in a problem's detail. */
static void
test_profile_names(void)
{
	struct acme_profile many[20];
	const struct acme_profile *list[20];
	struct directory d = { .name = "default", .profiles = list, .nprofile = 20 };
	struct problem p = { 0 };

	for (size_t i = 0; i < 20; i++) {
		many[i] = (struct acme_profile){ .name = arena_printf(a, "a-longer-name-%zu", i) };
		list[i] = &many[i];
	}
	ok(profile_choose(&d, NULL, "x", &p) == NULL && strlen(p.detail) < 250 &&
	   strcmp(p.detail + strlen(p.detail) - 5, ", ...") == 0, "%s", p.detail);
}

static const struct {
	enum key_type	 type;
	size_t		 octets;
	bool		 good;
} keys[] = {
	{ KEY_P256, 32, false }, { KEY_P384, 48, true }, { KEY_RSA, 256, false },
	{ KEY_RSA, 384, true }, { KEY_RSA, 512, false },
};

static void
test_key_types(void)
{
	static const char *const all[] = { NULL };
	static const char *const some[] = { "ecdsa-p384", "rsa-3072", NULL };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct acme_profile profile = { .name = "x", .key_types = all };
		struct public_key key = { .type = keys[i].type, .a = { NULL, keys[i].octets } };
		struct problem p = { 0 };
		bool good;

		ok(profile_key(&profile, &key, &p), "%s: any key is good", key_kind(&key));
		profile.key_types = some;
		good = profile_key(&profile, &key, &p);
		ok(good == keys[i].good && (good || p.type == PROBLEM_BAD_CSR),
		   "among some: %s", good ? "good" : p.detail);
	}
}

static void
test_bindings(void)
{
	struct binding b = { .state = BINDING_VALID, .expires = 1000 };
	struct problem p = { 0 };

	ok(policy_binding(&b, 999, &p), "a binding is good until it expires");
	ok(!policy_binding(&b, 1000, &p) && strstr(p.detail, "renew") != NULL, "%s", p.detail);
	b.expires = 0;
	ok(policy_binding(&b, INT64_MAX, &p), "or for ever");
	b.state = BINDING_REVOKED;
	ok(!policy_binding(&b, 0, &p) && strstr(p.detail, "new one") != NULL, "%s", p.detail);
}

static void
test_keys(void)
{
	struct arena *mine = arena_new();
	uint8_t key[BINDING_KEY];
	size_t minus = 0;

	for (int i = 0; i < 2000; i++) {
		eab_key_new(key);
		minus += *b64_print(mine, key, sizeof(key)) == '-';
	}
	ok(minus == 0, "no key begins with \"-\", which certbot takes for an option");
	arena_free(mine);
}

int
main(void)
{
	a = arena_new();
	test_patterns();
	test_rules();
	test_wildcards();
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		level_case(&levels[i]);
	test_methods();
	test_prevalidated();
	test_profiles();
	test_profile_names();
	test_key_types();
	test_bindings();
	test_keys();
	arena_free(a);
	return tap_done();
}

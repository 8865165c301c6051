/* SPDX-License-Identifier: Apache-2.0 */
/* test_sections.c - the sections directory NAME { }, profile NAME { } and webhook { }: what
 * is taken from them, and what is said of wrong ones. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/config.h"
#include "tests/tap.h"

#define ISSUERS "issuer main { certificate = \"i.pem\"\n key = \"i.key\" }\n" \
		"issuer other { certificate = \"i.pem\"\n key = \"i.key\" }\n" \
		"profile long { }\nprofile short { lifetime = 1d }\nhosts = { ca.example }\n"
#define HOOK(more) ISSUERS "webhook { url = \"https://hook.example/\"\n secret = \"secret\"\n" \
		   more " }\n"
#define DIRECTORY(more) ISSUERS "directory part { " more " }\n"

static char dir[] = "/tmp/sectionsXXXXXX";
static struct arena *a;

static const char *
path(const char *name)
{
	return arena_printf(a, "%s/%s", dir, name);
}

static void
put(const char *name, const void *text, size_t len, mode_t mode)
{
	FILE *f = fopen(path(name), "w");

	if (f == NULL || (len > 0 && fwrite(text, len, 1, f) != 1) || fclose(f) != 0 ||
	    chmod(path(name), mode) != 0)
		abort();
}

static struct config *
read_text(const char *text, struct problem *p)
{
	*p = (struct problem){ 0 };
	put("brevet.conf", text, strlen(text), 0600);
	return config_read(path("brevet.conf"), NULL, p);
}

static void
bad(const char *text, const char *word)
{
	struct problem p;
	struct config *c = read_text(text, &p);

	ok(c == NULL && strstr(p.detail, word) != NULL, "refused: %s", p.detail);
	if (c != NULL)
		acme_config_release(&c->acme);
}

/* --- directories ------------------------------------------------------------------ */

static void
test_directories(void)
{
	struct problem p;
	struct config *c = read_text(ISSUERS "directory part { issuer = other\n"
				     "profiles = { short, long }\n methods = { dns-01 }\n"
				     "eab = required }\ndirectory default { issuer = other }\n"
				     "directory a.B-1_ { path = \"/x/y.z-1_\" }\n", &p);
	const struct directory *d;

	if (!ok(c != NULL, "three directories %s", p.detail))
		return;
	d = c->acme.directories;
	ok(c->acme.ndirectory == 3, "there are three");
	is(d[0].name, "default", "the default one is the first, wherever it stands");
	is(d[0].url, "https://ca.example/directory", "its URL");
	is(d[0].issuer->name, "other", "its issuer");
	ok(d[0].nprofile == 2 && d[0].eab == EAB_NONE &&
	   d[0].methods == (METHOD_BIT(METHOD_HTTP_01) | METHOD_BIT(METHOD_DNS_01) |
			    METHOD_BIT(METHOD_TLS_ALPN_01)),
	   "all profiles, the three methods of clients, no binding");
	is(d[0].profile->name, "long", "the first profile");
	is(d[1].url, "https://ca.example/part/directory", "the path is the name");
	ok(d[1].nprofile == 2 && d[1].eab == EAB_REQUIRED &&
	   d[1].methods == METHOD_BIT(METHOD_DNS_01), "its own rules");
	is(d[1].profile->name, "short", "its own order of profiles");
	is(d[2].url, "https://ca.example/x/y.z-1_/directory", "or another path");
	is(d[2].issuer->name, "main", "the first issuer");
	acme_config_release(&c->acme);
	c = read_text(ISSUERS "directory default { path = /in }\n", &p);
	is(c == NULL ? p.detail : c->acme.directories[0].url, "https://ca.example/in/directory",
	   "the default one can have a path");
	if (c != NULL)
		acme_config_release(&c->acme);
}

static void
test_bad_directories(void)
{
	static const char *const paths[] = {
		"part", "/", "//", "/a/", "/a//b", "//a", "/A", "/a b", "/a%2fb", "/a?b",
		"/\xc3\xa4",
		"/.", "/..", "/a/..", "/../a", "/a/./b", "/acme", "/directory", "/help", "/acme/a",
		"/a/acme", "/a/directory/b", "/help/limits", "/a/help", "/a;b", "/a\\\\b", "/a:b",
		"https://a", "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	static const char *const good[] = {
		"/acmex", "/a/xacme", "/...", "/helping/a", "/-", "/1"
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		bad(arena_printf(a, DIRECTORY("path = \"%s\""), paths[i]),
		    "directory part: path");
	bad(ISSUERS "directory default { path = \"x\" }\n", "directory default: path");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct problem p;
		struct config *c = read_text(arena_printf(a, DIRECTORY("path = \"%s\""), good[i]),
					     &p);

		ok(c != NULL, "good: %s%s", good[i], p.detail);
		if (c != NULL)
			acme_config_release(&c->acme);
	}
	bad(DIRECTORY("") "directory b { path = /part }\n",
	    "directory part has the path \"/part\"");
	bad(ISSUERS "directory default { path = /part }\ndirectory part { }\n",
	    "directory default has the path \"/part\"");
	bad(DIRECTORY("") "directory part { }\n", "part");
	bad(DIRECTORY("issuer = third"), "there is no issuer \"third\"");
	bad(DIRECTORY("profiles = { short, tiny }"), "there is no profile \"tiny\"");
	bad(DIRECTORY("profiles = { short, short }"), "more than once: the profile \"short\"");
	bad(DIRECTORY("methods = { smtp-01 }"), "methods");
	bad(DIRECTORY("eab = maybe"), "eab");
	bad(ISSUERS "directory \"a b\" { path = /a }\n", "directory \"a b\": a name has letters");
	bad(ISSUERS "directory \"\" { path = /a }\n", "directory \"\": a name has letters");
	bad(ISSUERS "profile \"\xff\" { }\n", "a name has letters");
	bad(ISSUERS "issuer \"a/b\" { certificate = \"i.pem\"\n key = \"i.key\" }\n",
	    "issuer \"a/b\": a name has letters");
}

/* --- profiles --------------------------------------------------------------------- */

#define PROFILE(more) "issuer main { certificate = \"i.pem\"\n key = \"i.key\" }\n" \
		      "hosts = { ca.example }\nprofile p { " more " }\n"

static void
test_profiles(void)
{
	struct problem p;
	struct config *c = read_text(PROFILE("lifetime = cabf\n description = \"\xc3\xa4\"\n"
					     "key_types = { rsa-3072, ecdsa-p384 }")
				     "profile q { lifetime = 160h\n crl = false }\nprofile r { }\n"
				     "profile s { methods = { dns-01 } }\n"
				     "directory web { methods = { http-01 } }\n"
				     "directory bound { methods = { http-01 }\n eab = optional }\n",
				     &p);
	const struct acme_profile *r;

	if (!ok(c != NULL, "four profiles %s", p.detail))
		return;
	r = c->acme.profiles;
	ok(c->acme.nprofile == 4 && r[0].lifetime == LIFETIME_CABF && r[0].crl, "cabf");
	is(r[0].description, "\xc3\xa4", "its description");
	ok(strcmp(r[0].key_types[0], "rsa-3072") == 0 &&
	   strcmp(r[0].key_types[1], "ecdsa-p384") == 0 && r[0].key_types[2] == NULL, "its keys");
	ok(r[1].lifetime == 160 * 3600 && !r[1].crl, "hours, and no CRL pointer");
	ok(r[2].lifetime == 47 * 86400 && r[2].backdate == 3600 && r[2].crl &&
	   *r[2].description == '\0' && r[2].key_types[0] == NULL, "what there is without options");
	ok(c->acme.directories[0].nprofile == 4, "all are offered");
	ok(c->acme.directories[1].nprofile == 3, "but not by dns-01 where that is not offered");
	ok(c->acme.directories[2].nprofile == 4, "unless a binding may do without");
	ok(config_profile_doubt(&c->acme, &r[0]) == NULL &&
	   config_profile_doubt(&c->acme, &r[1]) == NULL, "nothing to doubt");
	acme_config_release(&c->acme);
	c = read_text(PROFILE("crl = false\n lifetime = 604801s")
		      "profile q { }\ndirectory default { profiles = { p } }\n", &p);
	if (!ok(c != NULL, "what may be doubted %s", p.detail))
		return;
	r = c->acme.profiles;
	ok(strstr(config_profile_doubt(&c->acme, &r[0]), "7 days") != NULL, "no CRL pointer");
	ok(strstr(config_profile_doubt(&c->acme, &r[1]), "no directory") != NULL, "no directory");
	acme_config_release(&c->acme);
}

static void
test_bad_profiles(void)
{
	bad(PROFILE("lifetime = CABF"), ":4: profile.p.lifetime: \"CABF\" is not a duration (47d, "
	    "6h, 90s) or cabf");
	bad(PROFILE("lifetime = 59s"), "profile.p.lifetime: \"59s\" is out of bounds (60 to");
	bad(PROFILE("lifetime = 399d"), "out of bounds");
	bad(PROFILE("lifetime = 1h"), "profile p: its certificates would be over when signed: "
	    "backdate 1h is not shorter than lifetime 1h");
	bad(PROFILE("backdate = 49h"), "profile.p.backdate: \"49h\" is out of bounds");
	bad(PROFILE("lifetime = cabf\n crl = false"), "profile p: the CA/Browser Forum's rules");
	bad(PROFILE("crl = no"), "profile.p.crl: \"no\" is not true or false");
	bad(PROFILE("key_types = { rsa-1024 }"), "profile.p.key_types: \"rsa-1024\" is not one of");
	bad(PROFILE("key_types = { rsa }"), "profile.p.key_types: \"rsa\"");
	bad(PROFILE("methods = { dns-02 }"), "profile.p.methods: \"dns-02\"");
	bad(PROFILE("description = \"\xff\""), "profile p: its description is not UTF-8");
	bad(PROFILE("description = \"a\\nb\""), "profile p: its description is not UTF-8");
	bad(arena_printf(a, PROFILE("description = \"%0301d\""), 7), "of at most 300 octets");
	bad(PROFILE("") "profile P { }\n", "profile P: there is profile p already");
	bad(PROFILE("") "profile p { }\n", "p");
	bad(PROFILE("methods = { dns-01 }") "directory web { methods = { http-01 } }\n",
	    "directory web offers none of the challenges of any profile");
	bad(PROFILE("methods = { dns-01 }") "profile q { }\n"
	    "directory web { methods = { http-01 }\n profiles = { q, p } }\n",
	    "directory web offers none of the challenges of profile p");
}

/* --- webhook ---------------------------------------------------------------------- */

static void
test_webhook(void)
{
	struct problem p;
	struct config *c = read_text(HOOK("ca = \"i.pem\"\n timeout = 2s\n absent = allow"), &p);
	const struct acme_webhook *w;

	if (!ok(c != NULL, "a webhook %s", p.detail))
		return;
	w = &c->acme.webhook;
	is(w->url, "https://hook.example/", "its URL");
	ok(w->secret.len == 16 && memcmp(w->secret.data, "0123456789abcdef", 16) == 0,
	   "its secret, without the end of the line");
	ok(w->roots.len > 100 && w->timeout_ms == 2000 && w->absent_allows, "the rest");
	acme_config_release(&c->acme);
	c = read_text(HOOK(""), &p);
	if (!ok(c != NULL, "no more than it must have %s", p.detail))
		return;
	w = &c->acme.webhook;
	ok(w->roots.len == 0 && w->timeout_ms == 5000 && !w->absent_allows,
	   "the system's roots, five seconds, and silence is a no");
	acme_config_release(&c->acme);
	c = read_text(ISSUERS "webhook { absent = allow }\n", &p);
	ok(c != NULL && c->acme.webhook.url == NULL, "without a URL there is none");
	acme_config_release(&c->acme);
}

static void
test_bad_webhook(void)
{
	static const char *const urls[] = {
		"http://hook.example/", "ftp://hook.example/", "hook.example", "https://",
		"https://me@hook.example/", "https://me:you@hook.example/",
		"https://hook.example/#a", "https://hook.example:99999/", "https://a b/",
		"https://[::1", "https://[fe80::1%25eth0]/", "https://a..b/", "/decide",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		bad(arena_printf(a, ISSUERS "webhook { url = \"%s\"\n secret = \"secret\" }\n",
				 urls[i]), "webhook.url");
	bad(ISSUERS "webhook { url = \"https://a/\" }\n", "webhook.url wants webhook.secret");
	bad(HOOK("secret = \"nowhere\""), "webhook.secret: nowhere: No such file");
	bad(HOOK("secret = \"short\""), "short: holds less than 16 octets");
	bad(HOOK("secret = \"open\""), "open: can be read by others than its owner; chmod 0600");
	bad(HOOK("secret = \"long\""), "long: is too long");
	bad(HOOK("secret = \".\""), "is not a file");
	bad(HOOK("ca = \"nowhere\""), "webhook.ca: nowhere: No such file");
	bad(HOOK("ca = \"secret\""), "webhook.ca: secret: holds no certificates");
	bad(HOOK("ca = \"broken.pem\""), "broken.pem: holds no certificates in PEM, or a");
	bad(HOOK("timeout = 0s"), "webhook.timeout");
	bad(HOOK("timeout = 2m"), "webhook.timeout");
	bad(HOOK("absent = maybe"), "webhook.absent");
}

static void
files_make(void)
{
	struct problem p;
	struct ca_made made;
	char text[5000];

	if (!ca_make(&made, a, "Test", "p256", clock_now(), &p))
		abort();
	put("i.pem", made.issuing_pem.data, made.issuing_pem.len, 0644);
	put("i.key", made.issuing_key_pem.data, made.issuing_key_pem.len, 0600);
	put("secret", "0123456789abcdef\r\n", 18, 0600);
	put("short", "0123456789abcde\n", 16, 0600);
	put("open", "0123456789abcdef\n", 17, 0640);
	memset(text, 'x', sizeof(text));
	put("long", text, 4097, 0600);
	/* One that is good, and one that is not. */
	memcpy(text, made.issuing_pem.data, made.issuing_pem.len);
	memcpy(text + made.issuing_pem.len, "-----BEGIN CERTIFICATE-----\nAAAA\n"
	       "-----END CERTIFICATE-----\n", 59);
	put("broken.pem", text, made.issuing_pem.len + 59, 0644);
}

int
main(void)
{
	static const char *const files[] = { "i.pem", "i.key", "secret", "short", "open", "long",
					     "broken.pem", "brevet.conf" };

	if (mkdtemp(dir) == NULL)
		abort();
	a = arena_new();
	files_make();
	test_directories();
	test_bad_directories();
	test_profiles();
	test_bad_profiles();
	test_webhook();
	test_bad_webhook();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(path(files[i]));
	rmdir(dir);
	arena_free(a);
	return tap_done();
}

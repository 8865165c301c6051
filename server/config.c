/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - one table of options: name, type, bounds, default, help.  Parsed by
 * libconfuse, which names file and line of what it refuses. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "server/config.h"

#include <confuse.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum option_type {
	TEXT,		/* const char * */
	LIST,		/* const char *const *, ends with NULL */
	TIME,		/* int64_t, seconds */
	COUNT,		/* int64_t */
	SIZE,		/* int64_t, bytes */
	FLAG		/* bool */
};

struct option {
	const char		*name;		/* "section.name" or "name" */
	enum option_type	 type;
	size_t			 offset;
	const char		*initial;	/* in the form of the file; lists: with spaces */
	int64_t			 least, most;
	const char		*help;
};

#define AT(member) offsetof(struct config, member)
#define DAY	   86400

static const struct option options[] = {
	{ "name", TEXT, AT(name), "Brevet", 0, 0, "name of this CA, for people" },
	{ "listen", TEXT, AT(listen), "0.0.0.0:443", 0, 0,
	  "address and port of the ACME server (HTTPS)" },
	{ "base_url", TEXT, AT(base_url), "", 0, 0,
	  "how clients reach it, no slash behind; default: https://, first of hosts, port" },
	{ "base_url_old", LIST, AT(base_url_old), "", 0, 0,
	  "former base URLs that clients may still have in their account URL" },
	{ "hosts", LIST, AT(hosts), "localhost", 0, 0,
	  "names and addresses in the server's own certificate" },
	{ "data", TEXT, AT(data), "data", 0, 0,
	  "folder of the store; relative to the configuration file" },
	{ "workers", COUNT, AT(workers), "0", 0, 64, "event loops; 0: one per core" },
	{ "signers", COUNT, AT(signers), "0", 0, 64, "signing threads; 0: one per core" },
	{ "terms_of_service", TEXT, AT(terms), "", 0, 0,
	  "URL of terms that new accounts must agree to; empty: none" },
	{ "website", TEXT, AT(website), "", 0, 0, "URL of a page about this CA" },
	{ "caa_identities", LIST, AT(caa_identities), "", 0, 0,
	  "issuer names of this CA in CAA records" },
	{ "quirks", LIST, AT(quirks), "", 0, 0,
	  "deviations for broken clients: padded-csr, short-es256" },
	{ "log.level", TEXT, AT(log_level), "info", 0, 0, "debug, info, warn or error" },
	{ "http.listen", TEXT, AT(http_listen), "0.0.0.0:80", 0, 0,
	  "address and port of CRLs and issuer certificates (plain HTTP)" },
	{ "http.base_url", TEXT, AT(http_base_url), "", 0, 0,
	  "how others reach it; default: http://, first of hosts, port" },
	{ "order.lifetime", TIME, AT(order_lifetime), "7d", 60, 30 * DAY,
	  "until a pending order or authorization expires" },
	{ "order.authz_lifetime", TIME, AT(authz_lifetime), "7d", 60, 398 * DAY,
	  "until a valid authorization expires" },
	{ "order.names", COUNT, AT(names), "100", 1, 1000, "identifiers of an order, at most" },
	{ "order.hold", TIME, AT(hold), "1s", 0, 20,
	  "how long a request waits for its verdict before it is told \"processing\"" },
	{ "crl.lifetime", TIME, AT(crl_lifetime), "4d", 600, 10 * DAY,
	  "from thisUpdate to nextUpdate; signed anew at half of it" },
	{ "limits.head", SIZE, AT(head), "16K", 1024, 1 << 20, "a request's head" },
	{ "limits.body", SIZE, AT(body), "64K", 1024, 1 << 24, "a request's body" },
	{ "limits.idle", TIME, AT(idle), "60s", 1, 3600, "a connection without a request" },
	{ "limits.request", TIME, AT(request), "30s", 1, 3600,
	  "from a request's first octet to its last, and for taking the reply" },
	{ "limits.connections", COUNT, AT(connections), "10000", 1, 1000000,
	  "connections at the same time" },
	{ "limits.held", COUNT, AT(held), "1024", 0, 1000000,
	  "requests that wait for a verdict at the same time" },
	{ "store.map", SIZE, AT(map), "256G", 1 << 20, (int64_t)1 << 40,
	  "address space of the store: the size that it can grow to" },
	{ "validation.http_port", COUNT, AT(http_port), "80", 1, 65535,
	  "port of http-01; other than 80 only for tests" },
	{ "validation.tls_port", COUNT, AT(tls_port), "443", 1, 65535,
	  "port of https redirects and tls-alpn-01; other than 443 only for tests" },
	{ "validation.timeout", TIME, AT(timeout), "20s", 1, 60, "a whole validation" },
	{ "validation.resolvers", LIST, AT(resolvers), "", 0, 0,
	  "DNS resolvers, ADDRESS or ADDRESS@PORT; none: those of the system" },
	{ "validation.hosts_file", TEXT, AT(hosts_file), "", 0, 0,
	  "names and addresses that are known without DNS, as in /etc/hosts" },
	{ "validation.allow_addresses", LIST, AT(allow_addresses), "", 0, 0,
	  "addresses or networks that may be dialled although they are special" },
	{ "validation.insecure", LIST, AT(insecure), "internal home.arpa test local", 0, 0,
	  "zones without DNSSEC, where it is not looked for" },
	{ "validation.dnssec", TEXT, AT(dnssec), "off", 0, 0,
	  "validate or off: whether DNS answers are validated here" },
	{ "validation.mode", TEXT, AT(mode), "private", 0, 0,
	  "private or public: whether private networks may be dialled" },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

struct issuer_options {
	const char	*certificate, *key;
};

static const struct option issuer_options[] = {
	{ "certificate", TEXT, offsetof(struct issuer_options, certificate), "", 0, 0,
	  "PEM file: the issuing CA's certificate, then those above it" },
	{ "key", TEXT, offsetof(struct issuer_options, key), "", 0, 0,
	  "PEM file: its private key, mode 0600" },
};

static const struct option profile_options[] = {
	{ "lifetime", TIME, offsetof(struct acme_profile, lifetime), "47d", 300, 398 * DAY,
	  "from notBefore to notAfter, both ends counted" },
	{ "backdate", TIME, offsetof(struct acme_profile, backdate), "1h", 0, 2 * DAY,
	  "notBefore lies so long before the signature" },
	{ "client_auth", FLAG, offsetof(struct acme_profile, client_auth), "false", 0, 0,
	  "also for TLS clients (clientAuth)" },
	{ "common_name", FLAG, offsetof(struct acme_profile, common_name), "false", 0, 0,
	  "the first name also as the subject's CN" },
};

static const struct group {
	const char		*name, *help;
	const struct option	*options;
	size_t			 n;
} groups[] = {
	{ "issuer", "issuer NAME { ... }: an issuing CA; the first one is used",
	  issuer_options, sizeof(issuer_options) / sizeof(issuer_options[0]) },
	{ "profile", "profile NAME { ... }: a kind of certificate; the first one is used",
	  profile_options, sizeof(profile_options) / sizeof(profile_options[0]) },
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* --- values ------------------------------------------------------------------------------ */

/* "64K", "4MiB", "256G". */
static bool
size_parse(const char *text, int64_t *value)
{
	static const char units[] = "KMGT";
	char *end;
	const char *unit;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || errno != 0 || n < 0)
		return false;
	unit = *end == '\0' ? NULL : strchr(units, *end);
	if (*end != '\0' && unit == NULL)
		return false;
	if (unit != NULL) {
		int shift = 10 * (int)(unit - units + 1);

		if (n > INT64_MAX >> shift)
			return false;
		n <<= shift;
		end++;
		if (strcmp(end, "iB") != 0 && strcmp(end, "B") != 0 && *end != '\0')
			return false;
	}
	*value = n;
	return true;
}

static bool
number_parse(const struct option *o, const char *text, int64_t *value)
{
	char *end;

	if (o->type == TIME)
		return clock_duration_parse(text, value);
	if (o->type == SIZE)
		return size_parse(text, value);
	errno = 0;
	*value = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

static const char *
type_help(enum option_type type)
{
	static const char *const names[] = {
		[TEXT] = "text", [LIST] = "list", [TIME] = "duration (47d, 6h, 90s)",
		[COUNT] = "number", [SIZE] = "size (64K, 4M, 256G)", [FLAG] = "true or false"
	};

	return names[type];
}

static const struct words {
	const char	*option;
	const char	*words[5];
} words[] = {
	{ "log.level", { "debug", "info", "warn", "error", NULL } },
	{ "validation.mode", { "private", "public", NULL } },
	{ "validation.dnssec", { "validate", "off", NULL } },
	{ "quirks", { "padded-csr", "short-es256", NULL } },
};

static bool
word_check(const struct option *o, const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].option, o->name) != 0)
			continue;
		for (const char *const *w = words[i].words; *w != NULL; w++)
			if (strcmp(*w, text) == 0)
				return true;
		return false;
	}
	return true;
}

/* One value of an option; lists: one item. */
static bool
value_check(const struct option *o, const char *text, char *why, size_t size)
{
	struct arena *a;
	const char *host, *port;
	int64_t n = 0;
	bool good = true;

	if (o->type == TEXT || o->type == LIST) {
		good = word_check(o, text);
		if (!good)
			snprintf(why, size, "%s: \"%s\" is not one of its words: %s", o->name,
				 text, o->help);
	} else if (o->type == FLAG) {
		good = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
		if (!good)
			snprintf(why, size, "%s: \"%s\" is not true or false", o->name, text);
	} else if (!number_parse(o, text, &n)) {
		snprintf(why, size, "%s: \"%s\" is not a %s", o->name, text, type_help(o->type));
		return false;
	} else if (n < o->least || n > o->most) {
		snprintf(why, size, "%s: \"%s\" is out of bounds (%lld to %lld%s)", o->name, text,
			 (long long)o->least, (long long)o->most,
			 o->type == TIME ? " seconds" : o->type == SIZE ? " bytes" : "");
		return false;
	}
	if (good && (strcmp(o->name, "listen") == 0 || strcmp(o->name, "http.listen") == 0)) {
		a = arena_new();
		good = config_address(a, text, &host, &port);
		arena_free(a);
		if (!good)
			snprintf(why, size, "%s: \"%s\" is not ADDRESS:PORT", o->name, text);
	}
	return good;
}

bool
config_address(struct arena *a, const char *text, const char **host, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t n;

	if (colon == NULL || colon == text || colon[1] == '\0' || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) || atoi(colon + 1) > 65535 ||
	    atoi(colon + 1) < 1)
		return false;
	n = (size_t)(colon - text);
	if (*text == '[') {
		if (text[n - 1] != ']')
			return false;
		*host = arena_strndup(a, text + 1, n - 2);
	} else {
		if (memchr(text, ':', n) != NULL)
			return false;
		*host = arena_strndup(a, text, n);
	}
	*port = arena_strdup(a, colon + 1);
	return true;
}

/* --- the file --------------------------------------------------------------------------- */

/* libconfuse calls back without an argument; one file is read at a time. */
static char *error_text;
static size_t error_size;

static void
remember_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	int n = 0;

	if (error_text[0] != '\0')	/* the first one is the cause */
		return;
	if (cfg != NULL && cfg->filename != NULL)
		n = snprintf(error_text, error_size, "%s:%d: ", cfg->filename, cfg->line);
	vsnprintf(error_text + n, error_size - (size_t)n, fmt, ap);
}

static const struct option *
find_in(const struct option *list, size_t n, const char *section, const char *name)
{
	size_t s = section == NULL ? 0 : strlen(section);

	for (size_t i = 0; i < n; i++) {
		const char *o = list[i].name;

		if (s > 0 && (strncmp(o, section, s) != 0 || o[s++] != '.')) {
			s = strlen(section);
			continue;
		}
		if (strcmp(o + s, name) == 0)
			return &list[i];
		s = section == NULL ? 0 : strlen(section);
	}
	return NULL;
}

static const struct option *
find_option(const char *section, const char *name)
{
	for (size_t g = 0; g < GROUPS && section != NULL; g++)
		if (strcmp(section, groups[g].name) == 0)
			return find_in(groups[g].options, groups[g].n, NULL, name);
	return find_in(options, OPTIONS, section, name);
}

/* Judges a value while the parser still knows its line. */
static int
check_parsed(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *section = strcmp(cfg_name(cfg), "root") == 0 ? NULL : cfg_name(cfg);
	const struct option *o = find_option(section, cfg_opt_name(opt));
	char why[300];

	for (unsigned i = 0; o != NULL && i < cfg_opt_size(opt); i++) {
		const char *text = cfg_opt_getnstr(opt, i);

		if (text != NULL && !value_check(o, text, why, sizeof(why))) {
			cfg_error(cfg, "%s", why);
			return -1;
		}
	}
	return 0;
}

/* The parser's tables, made from ours: first the sections, then what stands outside. */
struct grammar {
	cfg_opt_t	top[OPTIONS + GROUPS + 1];
	cfg_opt_t	section[16][OPTIONS + 1];
	size_t		nsection;
};

static cfg_opt_t
leaf_of(const struct option *o, const char *name)
{
	cfg_opt_t scalar = CFG_STR((char *)name, 0, CFGF_NODEFAULT);
	cfg_opt_t list = CFG_STR_LIST((char *)name, 0, CFGF_NODEFAULT);
	cfg_opt_t leaf = o->type == LIST ? list : scalar;

	leaf.validcb = check_parsed;
	return leaf;
}

static void
end_of(cfg_opt_t *row)
{
	cfg_opt_t end = CFG_END();

	*row = end;
}

/* Gathers the leaves of one section; returns where the next one begins. */
static size_t
section_of(struct grammar *g, size_t i, cfg_opt_t *top)
{
	const char *dot = strchr(options[i].name, '.');
	size_t n = (size_t)(dot - options[i].name) + 1, count = 0, first = i;
	cfg_opt_t *leaves = g->section[g->nsection++];
	char *name;

	for (; i < OPTIONS && strncmp(options[i].name, options[first].name, n) == 0; i++)
		leaves[count++] = leaf_of(&options[i], options[i].name + n);
	end_of(&leaves[count]);
	name = strndup(options[first].name, n - 1);
	cfg_opt_t section = CFG_SEC(name, leaves, CFGF_NONE);
	*top = section;
	return i;
}

static void
grammar_make(struct grammar *g)
{
	size_t n = 0, i = 0;

	while (i < OPTIONS) {
		if (strchr(options[i].name, '.') != NULL) {
			i = section_of(g, i, &g->top[n++]);
		} else {
			g->top[n++] = leaf_of(&options[i], options[i].name);
			i++;
		}
	}
	for (size_t k = 0; k < GROUPS; k++) {
		cfg_opt_t *leaves = g->section[g->nsection++];

		for (i = 0; i < groups[k].n; i++)
			leaves[i] = leaf_of(&groups[k].options[i], groups[k].options[i].name);
		end_of(&leaves[i]);
		cfg_opt_t section = CFG_SEC((char *)groups[k].name, leaves,
					    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
		g->top[n++] = section;
	}
	end_of(&g->top[n]);
}

static void
grammar_end(struct grammar *g)
{
	for (cfg_opt_t *o = g->top; o->name != NULL; o++)
		if (o->type == CFGT_SEC && (o->flags & CFGF_TITLE) == 0)
			free((char *)o->name);
}

/* --- settings from the command line -------------------------------------------------------- */

/* "key" of "key=value" into section (or group and title) and option. */
struct key {
	char			 text[200];
	const char		*section, *title, *name;
	const struct option	*option;
	const char		*value;
};

static bool
key_parse(struct key *k, const char *setting, struct problem *p)
{
	const char *equals = strchr(setting, '=');
	char *dot, *dot2;

	*k = (struct key){ .value = equals == NULL ? NULL : equals + 1 };
	if (equals == NULL || (size_t)(equals - setting) >= sizeof(k->text))
		return problem(p, PROBLEM_SERVER_INTERNAL, "\"%.100s\" is not KEY=VALUE", setting);
	memcpy(k->text, setting, (size_t)(equals - setting));
	dot = strchr(k->text, '.');
	dot2 = dot == NULL ? NULL : strrchr(dot + 1, '.');
	k->name = k->text;
	if (dot != NULL) {
		*dot = '\0';
		k->section = k->text;
		k->name = dot + 1;
	}
	if (dot2 != NULL) {
		*dot2 = '\0';
		k->title = dot + 1;
		k->name = dot2 + 1;
	}
	k->option = find_option(k->section, k->name);
	for (size_t g = 0; g < GROUPS && k->section != NULL; g++)
		if (strcmp(k->section, groups[g].name) == 0 && k->title == NULL)
			k->option = NULL;
	if (k->option == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "no such option: %.*s (\"brevet help "
			       "config\" lists them)", (int)(equals - setting), setting);
	return true;
}

/* Calls each() with every item of a value: one, or those of a list (commas, spaces). */
static bool
value_each(const struct key *k, bool (*each)(void *arg, const char *item), void *arg)
{
	struct arena *a;
	char *list, *save, *item;
	bool good = true;

	if (k->option->type != LIST)
		return each(arg, k->value);
	a = arena_new();
	list = arena_strdup(a, k->value);
	for (item = strtok_r(list, ", ", &save); item != NULL && good;
	     item = strtok_r(NULL, ", ", &save))
		good = each(arg, item);
	arena_free(a);
	return good;
}

struct checking {
	const struct key	*key;
	struct problem		*p;
};

static bool
check_item(void *arg, const char *item)
{
	struct checking *c = arg;
	char why[300] = "";

	return value_check(c->key->option, item, why, sizeof(why)) ||
	       problem(c->p, PROBLEM_SERVER_INTERNAL, "%s", why);
}

bool
config_setting_check(const char *setting, struct problem *p)
{
	struct key k;

	return key_parse(&k, setting, p) &&
	       value_each(&k, check_item, &(struct checking){ &k, p });
}

static bool
add_item(void *arg, const char *item)
{
	cfg_opt_t *opt = arg;

	return cfg_opt_setnstr(opt, item, cfg_opt_size(opt)) == CFG_SUCCESS;
}

static bool
setting_apply(cfg_t *cfg, const char *setting, struct problem *p)
{
	struct key k;
	cfg_t *section = cfg;
	cfg_opt_t *opt;

	if (!config_setting_check(setting, p) || !key_parse(&k, setting, p))
		return false;
	if (k.title != NULL)
		section = cfg_gettsec(cfg, k.section, k.title);
	else if (k.section != NULL)
		section = cfg_getsec(cfg, k.section);
	if (section == NULL || (opt = cfg_getopt(section, k.name)) == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%.150s: the file has no such section",
			       setting);
	if (k.option->type == LIST)
		cfg_free_value(opt);
	else
		return cfg_opt_setnstr(opt, k.value, 0) == CFG_SUCCESS;
	return value_each(&k, add_item, opt);
}

static bool
print_item(void *arg, const char *item)
{
	FILE *out = arg;

	fputc('"', out);
	for (; *item != '\0'; item++) {
		if (*item == '"' || *item == '\\')
			fputc('\\', out);
		fputc(*item, out);
	}
	fputs("\", ", out);
	return true;
}

static void
print_setting(FILE *out, const struct key *k, const char *indent)
{
	fprintf(out, "%s%s = ", indent, k->name);
	if (k->option->type == LIST) {
		fputs("{ ", out);
		value_each(k, print_item, out);
		fputs("}\n", out);
	} else {
		fprintf(out, "\"%s\"\n", k->value);
	}
}

void
config_print_settings(FILE *out, const char *const *settings)
{
	struct problem p;
	struct key k, other;

	for (size_t i = 0; settings[i] != NULL; i++)
		if (key_parse(&k, settings[i], &p) && k.section == NULL)
			print_setting(out, &k, "");
	for (size_t i = 0; settings[i] != NULL; i++) {
		bool first = true;

		if (!key_parse(&k, settings[i], &p) || k.section == NULL || k.title != NULL)
			continue;
		for (size_t j = 0; j < i; j++)
			if (key_parse(&other, settings[j], &p) && other.section != NULL &&
			    strcmp(other.section, k.section) == 0)
				first = false;
		if (!first)
			continue;
		fprintf(out, "\n%s {\n", k.section);
		for (size_t j = i; settings[j] != NULL; j++)
			if (key_parse(&other, settings[j], &p) && other.section != NULL &&
			    strcmp(other.section, k.section) == 0 && other.title == NULL)
				print_setting(out, &other, "\t");
		fputs("}\n", out);
	}
}

/* --- from the parser to the snapshot --------------------------------------------------------- */

static const char *const *
split(struct arena *a, const char *initial)
{
	char *text = arena_strdup(a, initial), *save, *item;
	const char **list = arena_alloc(a, (strlen(initial) / 2 + 2) * sizeof(*list));
	size_t n = 0;

	for (item = strtok_r(text, " ", &save); item != NULL; item = strtok_r(NULL, " ", &save))
		list[n++] = item;
	return list;
}

static void
take(void *base, struct arena *a, const struct option *o, cfg_opt_t *opt)
{
	char *at = (char *)base + o->offset;
	unsigned n = opt == NULL ? 0 : cfg_opt_size(opt);
	const char *text = n > 0 && cfg_opt_getnstr(opt, 0) != NULL ? cfg_opt_getnstr(opt, 0) :
			   o->initial;
	const char **list;

	switch (o->type) {
	case TEXT:
		*(const char **)at = arena_strdup(a, text);
		break;
	case FLAG:
		*(bool *)at = strcmp(text, "true") == 0;
		break;
	case LIST:
		list = arena_alloc(a, (n + 1) * sizeof(*list));
		for (unsigned i = 0; i < n; i++)
			list[i] = arena_strdup(a, cfg_opt_getnstr(opt, i));
		*(const char *const **)at = n > 0 ? list : split(a, o->initial);
		break;
	default:
		number_parse(o, text, (int64_t *)at);
	}
}

static void
take_all(struct config *c, cfg_t *cfg)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		char *section = arena_strdup(c->arena, options[i].name);
		char *dot = strchr(section, '.');
		cfg_t *in = cfg;

		if (dot != NULL) {
			*dot = '\0';
			in = cfg_getsec(cfg, section);
		}
		take(c, c->arena, &options[i],
		     in == NULL ? NULL : cfg_getopt(in, dot == NULL ? section : dot + 1));
	}
}

/* Relative to the folder of the configuration file. */
static const char *
beside(const struct config *c, const char *path)
{
	const char *slash = strrchr(c->file, '/');

	if (*path == '/' || slash == NULL)
		return path;
	return arena_printf(c->arena, "%.*s/%s", (int)(slash - c->file), c->file, path);
}

static const char *
or_null(const char *text)
{
	return *text == '\0' ? NULL : text;
}

/* scheme://first of hosts:port, the port left out where it is the scheme's own. */
static const char *
url_default(struct config *c, const char *given, const char *scheme, const char *listen,
	    const char *standard)
{
	const char *host, *port, *name = c->hosts[0] == NULL ? "localhost" : c->hosts[0];
	bool v6 = strchr(name, ':') != NULL;

	if (*given != '\0')
		return given;
	config_address(c->arena, listen, &host, &port);
	return arena_printf(c->arena, "%s://%s%s%s%s%s", scheme, v6 ? "[" : "", name,
			    v6 ? "]" : "", strcmp(port, standard) == 0 ? "" : ":",
			    strcmp(port, standard) == 0 ? "" : port);
}

static bool
take_issuers(struct config *c, cfg_t *cfg, struct problem *p)
{
	size_t n = cfg_size(cfg, "issuer");

	if (n == 0)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: no issuer NAME { certificate = "
			       "..., key = ... }; \"brevet init\" makes one", c->file);
	c->acme.issuers = arena_alloc(c->arena, n * sizeof(c->acme.issuers[0]));
	for (size_t i = 0; i < n; i++) {
		cfg_t *section = cfg_getnsec(cfg, "issuer", (unsigned)i);
		struct acme_issuer *issuer = &c->acme.issuers[i];
		struct issuer_options o;

		for (size_t k = 0; k < groups[0].n; k++)
			take(&o, c->arena, &issuer_options[k],
			     cfg_getopt(section, issuer_options[k].name));
		issuer->name = arena_strdup(c->arena, cfg_title(section));
		issuer->crl_url = arena_printf(c->arena, "%s/crl/%s/0.crl", c->http_base_url,
					       issuer->name);
		issuer->issuer_url = arena_printf(c->arena, "%s/issuer/%s.crt",
						  c->http_base_url, issuer->name);
		issuer->issuer = issuer_open(issuer->name, beside(c, o.certificate),
					     beside(c, o.key), p);
		if (issuer->issuer == NULL)
			return false;
		c->acme.nissuer++;
	}
	return true;
}

static void
take_profiles(struct config *c, cfg_t *cfg)
{
	size_t n = cfg_size(cfg, "profile"), rows = n == 0 ? 1 : n;

	c->acme.profiles = arena_alloc(c->arena, rows * sizeof(c->acme.profiles[0]));
	c->acme.nprofile = rows;
	for (size_t i = 0; i < rows; i++) {
		cfg_t *section = n == 0 ? NULL : cfg_getnsec(cfg, "profile", (unsigned)i);
		struct acme_profile *profile = &c->acme.profiles[i];

		for (size_t k = 0; k < groups[1].n; k++)
			take(profile, c->arena, &profile_options[k], section == NULL ? NULL :
			     cfg_getopt(section, profile_options[k].name));
		profile->name = section == NULL ? "default" :
				arena_strdup(c->arena, cfg_title(section));
	}
}

static bool
take_validation(struct config *c, struct problem *p)
{
	struct va_options o = {
		.http_port = (uint16_t)c->http_port,
		.https_port = (uint16_t)c->tls_port,
		.resolvers = c->resolvers,
		.hosts_file = *c->hosts_file == '\0' ? NULL : beside(c, c->hosts_file),
		.allow_addresses = c->allow_addresses,
		.insecure = c->insecure,
		.dnssec = strcmp(c->dnssec, "validate") == 0,
		.private_mode = strcmp(c->mode, "private") == 0,
		.timeout_ms = (int)c->timeout * 1000,
		.agent = "Brevet/" PACKAGE_VERSION " (ACME validation)",
	};

	c->acme.va = va_open(&o, p);
	return c->acme.va != NULL;
}

static bool
listed(const char *const *list, const char *word)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static bool
take_acme(struct config *c, cfg_t *cfg, struct problem *p)
{
	struct acme_config *a = &c->acme;

	c->data = beside(c, c->data);
	c->base_url = url_default(c, c->base_url, "https", c->listen, "443");
	c->http_base_url = url_default(c, c->http_base_url, "http", c->http_listen, "80");
	if (strncmp(c->base_url, "https://", 8) != 0 || c->base_url[strlen(c->base_url) - 1] == '/')
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: base_url must begin with "
			       "https:// and end without a slash", c->file);
	if (!take_issuers(c, cfg, p))
		return false;
	take_profiles(c, cfg);
	a->base_url = c->base_url;
	a->base_url_old = c->base_url_old;
	a->directory = (struct directory){ "default", 0, "", &a->issuers[0], &a->profiles[0] };
	a->terms = or_null(c->terms);
	a->website = or_null(c->website);
	a->caa_identities = c->caa_identities;
	a->hosts = c->hosts;
	a->names_max = (size_t)c->names;
	a->order_life = c->order_lifetime;
	a->authz_life = c->authz_lifetime;
	a->hold_ms = (int)c->hold * 1000;
	a->held_max = (size_t)c->held;
	a->quirk_padded_csr = listed(c->quirks, "padded-csr");
	a->quirk_short_es256 = listed(c->quirks, "short-es256");
	a->crl_life = c->crl_lifetime;
	return take_validation(c, p);
}

static void
config_free(struct acme_config *acme)
{
	struct config *c = (struct config *)acme;

	for (size_t i = 0; i < c->acme.nissuer; i++)
		issuer_close(c->acme.issuers[i].issuer);
	if (c->acme.va != NULL)
		va_release(c->acme.va);
	arena_free(c->arena);
}

static bool
config_fill(struct config *c, const char *const *settings, cfg_t *cfg, struct problem *p)
{
	char why[256] = "";
	int result;

	error_text = why;
	error_size = sizeof(why);
	cfg_set_error_function(cfg, remember_error);
	result = cfg_parse(cfg, c->file);
	if (result == CFG_FILE_ERROR)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: %s; \"brevet init\" makes one",
			       c->file, strerror(errno));
	if (result != CFG_SUCCESS)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s", why);
	for (; settings != NULL && *settings != NULL; settings++)
		if (!setting_apply(cfg, *settings, p))
			return false;
	take_all(c, cfg);
	return take_acme(c, cfg, p);
}

struct config *
config_read(const char *file, const char *const *settings, struct problem *p)
{
	struct arena *a = arena_new();
	struct config *c = arena_alloc(a, sizeof(*c));
	struct grammar *g = arena_alloc(a, sizeof(*g));
	cfg_t *cfg;
	bool good;

	c->arena = a;
	c->file = arena_strdup(a, file);
	c->acme.users = 1;
	c->acme.release = config_free;
	grammar_make(g);
	cfg = cfg_init(g->top, CFGF_NONE);
	if (cfg == NULL)
		abort();
	good = config_fill(c, settings, cfg, p);
	cfg_free(cfg);
	grammar_end(g);
	if (!good) {
		acme_config_release(&c->acme);
		return NULL;
	}
	return c;
}

const char *
config_find(const char *given)
{
	const char *places[] = { getenv("BREVET_CONFIG"), CONFIG_NAME,
				 "/etc/brevet/" CONFIG_NAME };

	if (given != NULL)
		return given;
	if (places[0] != NULL && *places[0] != '\0')
		return places[0];
	for (size_t i = 1; i < 3; i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}

static void
help_rows(FILE *out, const struct option *list, size_t n, const char *indent)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s\n%s\t%s; default %s%s%s\n%s\t%s\n", indent, list[i].name,
			indent, type_help(list[i].type), *list[i].initial == '\0' ? "none" : "\"",
			list[i].initial, *list[i].initial == '\0' ? "" : "\"", indent,
			list[i].help);
}

void
config_help(FILE *out)
{
	fputs("Options of brevet.conf.  \"section.name\" is written section { name = value };\n"
	      "lists are { a, b }.  --set KEY=VALUE takes the names as they stand here, and\n"
	      "issuer.NAME.key or profile.NAME.lifetime for titled sections.\n\n", out);
	help_rows(out, options, OPTIONS, "");
	for (size_t i = 0; i < GROUPS; i++) {
		fprintf(out, "\n%s\n", groups[i].help);
		help_rows(out, groups[i].options, groups[i].n, "    ");
	}
}

static bool
same_list(const char *const *a, const char *const *b)
{
	while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0)
		a++, b++;
	return *a == NULL && *b == NULL;
}

const char *
config_fixed(const struct config *now, const struct config *next, struct arena *a)
{
	const char *list = "";

#define FIXED(differs, name)						\
	if (differs)							\
		list = arena_printf(a, "%s%s" name, list, *list == '\0' ? "" : ", ")
	FIXED(strcmp(now->listen, next->listen) != 0, "listen");
	FIXED(strcmp(now->http_listen, next->http_listen) != 0, "http.listen");
	FIXED(strcmp(now->data, next->data) != 0, "data");
	FIXED(now->workers != next->workers, "workers");
	FIXED(now->signers != next->signers, "signers");
	FIXED(now->map != next->map, "store.map");
	FIXED(!same_list(now->resolvers, next->resolvers), "validation.resolvers");
	FIXED(!same_list(now->insecure, next->insecure), "validation.insecure");
	FIXED(strcmp(now->dnssec, next->dnssec) != 0, "validation.dnssec");
#undef FIXED
	return *list == '\0' ? NULL : list;
}

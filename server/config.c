/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - the file, parsed by libconfuse, becomes an immutable snapshot. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "server/config.h"

#include <confuse.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/options.h"
#include "server/settings.h"

/* --- the file --------------------------------------------------------------------- */

/* libconfuse calls back without an argument; one file is read at a time. */
static char *error_text;
static size_t error_size;
static const char *error_file;

static void
remember_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	int n = 0;

	if (error_text[0] != '\0')	/* the first one is the cause */
		return;
	if (cfg != NULL)
		n = snprintf(error_text, error_size, "%s:%d: ", error_file, cfg->line);
	vsnprintf(error_text + n, error_size - (size_t)n, fmt, ap);
}

/* Judges a value while the parser still knows its line. */
static int
check_parsed(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *section = strcmp(cfg_name(cfg), "root") == 0 ? NULL : cfg_name(cfg);
	const struct config_option *o = option_find(section, cfg_opt_name(opt));
	char why[300];

	for (unsigned i = 0; o != NULL && i < cfg_opt_size(opt); i++) {
		const char *text = cfg_opt_getnstr(opt, i);

		if (text != NULL && !option_check(o, text, why, sizeof(why))) {
			cfg_error(cfg, "%s", why);
			return -1;
		}
	}
	return 0;
}

/* The parser's tables, made from ours: first the sections, then what stands outside. */
struct grammar {
	cfg_opt_t	top[OPTIONS_MAX];
	cfg_opt_t	section[16][OPTIONS_MAX];
	size_t		nsection;
};

static cfg_opt_t
leaf_of(const struct config_option *o, const char *name)
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
	const char *dot = strchr(config_options[i].name, '.');
	size_t n = (size_t)(dot - config_options[i].name) + 1, count = 0, first = i;
	cfg_opt_t *leaves = g->section[g->nsection++];
	char *name;

	for (; i < config_noption &&
	       strncmp(config_options[i].name, config_options[first].name, n) == 0; i++)
		leaves[count++] = leaf_of(&config_options[i], config_options[i].name + n);
	end_of(&leaves[count]);
	name = strndup(config_options[first].name, n - 1);
	cfg_opt_t section = CFG_SEC(name, leaves, CFGF_NONE);
	*top = section;
	return i;
}

static void
grammar_make(struct grammar *g)
{
	size_t n = 0, i = 0;

	while (i < config_noption) {
		if (strchr(config_options[i].name, '.') != NULL) {
			i = section_of(g, i, &g->top[n++]);
		} else {
			g->top[n++] = leaf_of(&config_options[i], config_options[i].name);
			i++;
		}
	}
	for (size_t k = 0; k < OPTION_GROUPS; k++) {
		cfg_opt_t *leaves = g->section[g->nsection++];

		for (i = 0; i < option_groups[k].n; i++)
			leaves[i] = leaf_of(&option_groups[k].options[i],
					    option_groups[k].options[i].name);
		end_of(&leaves[i]);
		cfg_opt_t section = CFG_SEC((char *)option_groups[k].name, leaves,
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

/* --- from the parser to the snapshot ---------------------------------------------- */

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
take(void *base, struct arena *a, const struct config_option *o, cfg_opt_t *opt)
{
	char *at = (char *)base + o->offset;
	unsigned n = opt == NULL ? 0 : cfg_opt_size(opt);
	const char *text = n > 0 && cfg_opt_getnstr(opt, 0) != NULL ? cfg_opt_getnstr(opt, 0) :
			   o->initial;
	const char **list;

	switch (o->type) {
	case TEXT:
	case ADDRESS:
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
		*(int64_t *)at = option_number(o, text);
	}
}

static void
take_all(struct config *c, cfg_t *cfg)
{
	for (size_t i = 0; i < config_noption; i++) {
		char *section = arena_strdup(c->arena, config_options[i].name);
		char *dot = strchr(section, '.');
		cfg_t *in = cfg;

		if (dot != NULL) {
			*dot = '\0';
			in = cfg_getsec(cfg, section);
		}
		take(c, c->arena, &config_options[i],
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

		for (size_t k = 0; k < option_groups[GROUP_ISSUER].n; k++)
			take(&o, c->arena, &option_groups[GROUP_ISSUER].options[k],
			     cfg_getopt(section, option_groups[GROUP_ISSUER].options[k].name));
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
		for (const char *const *file = o.alternates; *file != NULL; file++)
			if (!issuer_alternate(issuer->issuer, beside(c, *file), p))
				return false;
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

		for (size_t k = 0; k < option_groups[GROUP_PROFILE].n; k++)
			take(profile, c->arena, &option_groups[GROUP_PROFILE].options[k],
			     section == NULL ? NULL :
			     cfg_getopt(section, option_groups[GROUP_PROFILE].options[k].name));
		profile->name = section == NULL ? "default" :
				arena_strdup(c->arena, cfg_title(section));
	}
}

static enum va_dnssec
dnssec_mode(const char *word)
{
	return strcmp(word, "validate") == 0 ? VA_DNSSEC_VALIDATE :
	       strcmp(word, "trust-ad") == 0 ? VA_DNSSEC_TRUST_AD : VA_DNSSEC_OFF;
}

static enum va_caa_mode
caa_mode(const char *word)
{
	return strcmp(word, "always") == 0 ? VA_CAA_ALWAYS :
	       strcmp(word, "off") == 0 ? VA_CAA_OFF : VA_CAA_AUTO;
}

/* Where this server listens, as va takes it. */
static void
add_listener(struct config *c, const char **list, const char *listen)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM }, *ai;
	const char *host, *port;
	char text[64];

	if (!config_address(c->arena, listen, &host, &port) ||
	    getaddrinfo(host, port, &hints, &ai) != 0)
		return;		/* listen_bind() has better words */
	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL, 0,
			NI_NUMERICHOST) == 0)
		*list = arena_printf(c->arena, "%.*s@%s", (int)strcspn(text, "%"), text, port);
	freeaddrinfo(ai);
}

static const char *const *
own_listeners(struct config *c)
{
	const char *const listen[] = { c->listen, c->http_listen, c->metrics_listen };
	const char **list = arena_alloc(c->arena, 4 * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		add_listener(c, &list[n], listen[i]);
		n += list[n] != NULL;
	}
	return list;
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
		.dnssec = dnssec_mode(c->dnssec),
		.anchors = beside(c, c->anchors),
		.caa = caa_mode(c->caa),
		.issuers = c->caa_identities,
		.private_mode = strcmp(c->mode, "private") == 0,
		.timeout_ms = (int)c->timeout * 1000,
		.per_target = (int)c->per_target,
		.connections = (int)c->validations,
		.own = own_listeners(c),
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
	a->reuse_valid = listed(c->reuse, "valid");
	a->reuse_pending = listed(c->reuse, "pending");
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
	error_file = c->file;
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
	FIXED(strcmp(now->metrics_listen, next->metrics_listen) != 0, "metrics.listen");
	FIXED(strcmp(now->weak_keys, next->weak_keys) != 0, "weak_keys");
	FIXED(strcmp(now->data, next->data) != 0, "data");
	FIXED(now->workers != next->workers, "workers");
	FIXED(now->signers != next->signers, "signers");
	FIXED(now->map != next->map, "store.map");
	FIXED(!same_list(now->resolvers, next->resolvers), "validation.resolvers");
	FIXED(!same_list(now->insecure, next->insecure), "validation.insecure");
	FIXED(strcmp(now->dnssec, next->dnssec) != 0, "validation.dnssec");
	FIXED(strcmp(now->anchors, next->anchors) != 0, "validation.trust_anchors");
#undef FIXED
	return *list == '\0' ? NULL : list;
}

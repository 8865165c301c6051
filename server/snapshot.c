/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.c - from the parsed file to an immutable snapshot. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "server/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/options.h"

/* --- values ------------------------------------------------------------------------ */

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
	bool given = opt != NULL && (opt->flags & CFGF_MODIFIED) != 0;	/* { }, too */
	const char **list;

	switch (o->type) {
	case TEXT:
	case ADDRESS:
		*(const char **)at = arena_strdup(a, text);
		break;
	case FLAG:
		*(bool *)at = strcmp(text, "true") == 0;
		break;
	case RATE:
		rate_parse(text, (struct rate *)(void *)at);
		break;
	case LIST:
	case PATTERNS:
	case NETWORKS:
		list = arena_alloc(a, (n + 1) * sizeof(*list));
		for (unsigned i = 0; i < n; i++)
			list[i] = arena_strdup(a, cfg_opt_getnstr(opt, i));
		*(const char *const **)at = given ? list : split(a, o->initial);
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

/* --- issuers and profiles ----------------------------------------------------------- */

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

/* --- directories -------------------------------------------------------------------- */

static unsigned
methods_of(const char *const *names)
{
	unsigned methods = 0;
	enum method method;

	for (; *names != NULL; names++)
		if (method_parse(*names, &method))
			methods |= METHOD_BIT(method);
	return methods;
}

static bool
directory_issuer(struct config *c, struct directory *d, const char *name, struct problem *p)
{
	d->issuer = &c->acme.issuers[0];
	for (size_t i = 0; i < c->acme.nissuer; i++)
		if (strcmp(c->acme.issuers[i].name, name) == 0) {
			d->issuer = &c->acme.issuers[i];
			return true;
		}
	return *name == '\0' ||
	       problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s: there is no issuer \"%.60s\"",
		       c->file, d->name, name);
}

static bool
directory_profiles(struct config *c, struct directory *d, const char *const *names,
		   struct problem *p)
{
	struct acme_config *a = &c->acme;
	bool all = *names == NULL;

	d->profiles = arena_alloc(c->arena, (a->nprofile + 1) * sizeof(d->profiles[0]));
	for (; *names != NULL; names++) {
		size_t i = 0;

		while (i < a->nprofile && strcmp(a->profiles[i].name, *names) != 0)
			i++;
		if (i == a->nprofile || d->nprofile == a->nprofile)
			return problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s: %s profile "
				       "\"%.60s\"", c->file, d->name, i == a->nprofile ?
				       "there is no" : "more than once: the", *names);
		d->profiles[d->nprofile++] = &a->profiles[i];
	}
	for (size_t i = 0; i < a->nprofile && all; i++)
		d->profiles[d->nprofile++] = &a->profiles[i];
	d->profile = d->profiles[0];
	return true;
}

/* "/partner": segments of letters, digits, '-', '_' and '.', none that is ours. */
static bool
directory_path(const struct config *c, struct directory *d, struct problem *p)
{
	static const char *const taken[] = { "/acme", "/directory", "/help" };
	bool good = d->path[0] == '/' && d->path[strlen(d->path) - 1] != '/' &&
		    strlen(d->path) <= 60 && strstr(d->path, "//") == NULL &&
		    d->path[strspn(d->path, "abcdefghijklmnopqrstuvwxyz0123456789-_./")] == '\0';

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		size_t n = strlen(taken[i]);

		good = good && !(strncmp(d->path, taken[i], n) == 0 &&
				 (d->path[n] == '/' || d->path[n] == '\0'));
	}
	for (const struct directory *other = c->acme.directories; other < d; other++)
		good = good && strcmp(other->path, d->path) != 0;
	return good || problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s: path \"%.60s\": "
			       "write it as \"/name\" in lower case, other than /acme, "
			       "/directory, /help and the paths of other directories", c->file,
			       d->name, d->path);
}

static bool
take_directory(struct config *c, cfg_t *section, struct directory *d, struct problem *p)
{
	const struct option_group *group = &option_groups[GROUP_DIRECTORY];
	struct directory_options o;

	for (size_t k = 0; k < group->n; k++)
		take(&o, c->arena, &group->options[k],
		     section == NULL ? NULL : cfg_getopt(section, group->options[k].name));
	d->path = *o.path != '\0' ? o.path :
		  d == c->acme.directories ? "" : arena_printf(c->arena, "/%s", d->name);
	d->methods = methods_of(o.methods);
	d->eab = strcmp(o.eab, "required") == 0 ? EAB_REQUIRED :
		 strcmp(o.eab, "optional") == 0 ? EAB_OPTIONAL : EAB_NONE;
	d->rules = (struct name_rules){ o.allow, o.deny };
	if (*d->path == '\0' && d == c->acme.directories)
		return directory_issuer(c, d, o.issuer, p) &&
		       directory_profiles(c, d, o.profiles, p);
	return directory_path(c, d, p) && directory_issuer(c, d, o.issuer, p) &&
	       directory_profiles(c, d, o.profiles, p);
}

/* The default one stands first, whether it has a section or not. */
static bool
take_directories(struct config *c, cfg_t *cfg, struct problem *p)
{
	cfg_t *given = cfg_gettsec(cfg, "directory", "default");
	size_t n = cfg_size(cfg, "directory");
	struct directory *d;

	c->acme.directories = d = arena_alloc(c->arena, (n + 1) * sizeof(*d));
	d->name = "default";
	if (!take_directory(c, given, d++, p))
		return false;
	for (size_t i = 0; i < n; i++) {
		cfg_t *section = cfg_getnsec(cfg, "directory", (unsigned)i);

		if (section == given)
			continue;
		d->name = arena_strdup(c->arena, cfg_title(section));
		if (!take_directory(c, section, d++, p))
			return false;
	}
	c->acme.ndirectory = (size_t)(d - c->acme.directories);
	return true;
}

/* --- limits, webhook, validation ---------------------------------------------------- */

static void
take_limits(struct config *c)
{
	struct acme_limits *l = &c->acme.limits;
	struct network *networks;
	size_t n = 0;

	while (c->limit_exempt[n] != NULL)
		n++;
	networks = arena_alloc(c->arena, n * sizeof(*networks));
	for (size_t i = 0; i < n; i++)
		network_parse(&networks[i], c->limit_exempt[i]);
	l->exempt = networks;
	l->nexempt = n;
}

#define SECRET_LEAST 16
#define SECRET_MOST  4096

/* All of the file but white space at its end. */
static bool
secret_read(struct config *c, const char *file, struct blob *secret, struct problem *p)
{
	uint8_t *text = arena_alloc(c->arena, SECRET_MOST);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, SECRET_MOST);
	int error = errno;

	if (fd >= 0)
		close(fd);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
		n--;
	*secret = (struct blob){ text, n < 0 ? 0 : (size_t)n };
	if (n < 0)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: webhook.secret: %.150s: %s",
			       c->file, file, strerror(error));
	return n >= SECRET_LEAST ||
	       problem(p, PROBLEM_SERVER_INTERNAL, "%s: webhook.secret: %.150s holds less than %d "
		       "octets; \"openssl rand -hex 32\" makes a good one", c->file, file,
		       SECRET_LEAST);
}

static bool
take_webhook(struct config *c, struct problem *p)
{
	struct acme_webhook *w = &c->acme.webhook;

	w->url = or_null(c->webhook_url);
	w->ca = *c->webhook_ca == '\0' ? NULL : beside(c, c->webhook_ca);
	w->timeout_ms = (int)c->webhook_timeout * 1000;
	w->absent_allows = strcmp(c->webhook_absent, "allow") == 0;
	if (w->url == NULL)
		return true;
	if (strncmp(w->url, "https://", 8) != 0)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: webhook.url must begin with "
			       "https://", c->file);
	if (*c->webhook_secret == '\0')
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: webhook.url wants webhook.secret, "
			       "the file with the secret that signs", c->file);
	if (w->ca != NULL && access(w->ca, R_OK) != 0)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: webhook.ca: %.150s: %s", c->file,
			       w->ca, strerror(errno));
	return secret_read(c, beside(c, c->webhook_secret), &w->secret, p);
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

/* --- all of it ---------------------------------------------------------------------- */

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
	if (!take_directories(c, cfg, p))
		return false;
	take_limits(c);
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
	return take_webhook(c, p) && take_validation(c, p);
}

bool
snapshot_take(struct config *c, cfg_t *cfg, struct problem *p)
{
	take_all(c, cfg);
	return take_acme(c, cfg, p);
}

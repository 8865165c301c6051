/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.c - from the parsed file to an immutable snapshot. */
#include "server/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "server/options.h"
#include "server/values.h"

#define TITLE_MOST 60

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

void
snapshot_option(void *base, struct arena *a, const struct config_option *o, cfg_opt_t *opt)
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
		snapshot_option(c, c->arena, &config_options[i],
				in == NULL ? NULL :
				cfg_getopt(in, dot == NULL ? section : dot + 1));
	}
}

const char *
snapshot_path(const struct config *c, const char *path)
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

/* Titles stand in URLs, logs and JSON. */
static bool
title_ok(const char *title)
{
	size_t n = strlen(title);

	return n > 0 && n <= TITLE_MOST &&
	       strspn(title, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
	       n;
}

static bool
titles_check(const struct config *c, cfg_t *cfg, struct problem *p)
{
	for (size_t g = 0; g < OPTION_GROUPS; g++) {
		const char *group = option_groups[g].name;

		for (unsigned i = 0; i < cfg_size(cfg, group); i++) {
			const char *title = cfg_title(cfg_getnsec(cfg, group, i));

			if (!title_ok(title))
				return problem(p, PROBLEM_SERVER_INTERNAL, "%s: %s \"%.60s\": a "
					       "name has letters, digits, '-', '_' and '.', at "
					       "most %d of them", c->file, group, title,
					       TITLE_MOST);
		}
	}
	return true;
}

/* --- issuers ------------------------------------------------------------------------ */

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
			snapshot_option(&o, c->arena, &option_groups[GROUP_ISSUER].options[k],
					cfg_getopt(section,
						   option_groups[GROUP_ISSUER].options[k].name));
		if (*o.certificate == '\0' || *o.key == '\0')
			return problem(p, PROBLEM_SERVER_INTERNAL, "%s:%d: issuer %s needs %s = "
				       "\"FILE\"", c->file, section->line, cfg_title(section),
				       *o.certificate == '\0' ? "certificate" : "key");
		issuer->name = arena_strdup(c->arena, cfg_title(section));
		issuer->crl_url = arena_printf(c->arena, "%s/crl/%s/0.crl", c->http_base_url,
					       issuer->name);
		issuer->issuer_url = arena_printf(c->arena, "%s/issuer/%s.crt",
						  c->http_base_url, issuer->name);
		issuer->issuer = issuer_open(issuer->name, snapshot_path(c, o.certificate),
					     snapshot_path(c, o.key), p);
		if (issuer->issuer == NULL)
			return false;
		c->acme.nissuer++;
		for (const char *const *file = o.alternates; *file != NULL; file++)
			if (!issuer_alternate(issuer->issuer, snapshot_path(c, *file), p))
				return false;
	}
	return true;
}

/* --- limits ------------------------------------------------------------------------- */

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
	const char *wrong;

	c->data = snapshot_path(c, c->data);
	c->base_url = url_default(c, c->base_url, "https", c->listen, "443");
	c->http_base_url = url_default(c, c->http_base_url, "http", c->http_listen, "80");
	if ((wrong = value_wrong("base_url", c->base_url)) != NULL)	/* made of hosts */
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: base_url: \"%s\" %s; give one",
			       c->file, c->base_url, wrong);
	if (!titles_check(c, cfg, p) || !take_issuers(c, cfg, p))
		return false;
	if (!snapshot_profiles(c, cfg, p))
		return false;
	a->base_url = c->base_url;
	a->base_url_old = c->base_url_old;
	if (!snapshot_directories(c, cfg, p))
		return false;
	if (a->renewal.from >= a->renewal.until)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: renewal.until must be more than "
			       "renewal.from", c->file);
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
	return snapshot_webhook(c, p) && snapshot_validation(c, p);
}

bool
snapshot_take(struct config *c, cfg_t *cfg, struct problem *p)
{
	take_all(c, cfg);
	return take_acme(c, cfg, p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - the file, parsed by libconfuse, becomes an immutable snapshot. */
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
#include "server/options.h"
#include "server/settings.h"
#include "server/snapshot.h"

/* --- the file --------------------------------------------------------------------- */

/* libconfuse calls back without an argument; one file is read at a time. */
static char *error_text;
static size_t error_size;
static const char *error_file;

/* The pages call options by their section and name, as --set does. */
static const char *
unknown_hint(const char *name, char hint[200])
{
	const char *dot = strchr(name, '.');
	char section[64];

	if (dot == NULL || (size_t)(dot - name) >= sizeof(section))
		return "; \"brevet help config\" lists them";
	snprintf(section, sizeof(section), "%.*s", (int)(dot - name), name);
	if (option_find(section, dot + 1) == NULL)
		return "; \"brevet help config\" lists them";
	snprintf(hint, 200, "; write %s { %s = ... }", section, dot + 1);
	return hint;
}

static void
remember_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char hint[200];
	va_list again;
	int n = 0;

	if (error_text[0] != '\0')	/* the first one is the cause */
		return;
	if (cfg != NULL)
		n = snprintf(error_text, error_size, "%s:%d: ", error_file, cfg->line);
	va_copy(again, ap);
	n += vsnprintf(error_text + n, error_size - (size_t)n, fmt, ap);
	if (strcmp(fmt, "no such option '%s'") == 0 && (size_t)n < error_size)
		snprintf(error_text + n, error_size - (size_t)n, "%s",
			 unknown_hint(va_arg(again, const char *), hint));
	va_end(again);
}

/* Judges a value while the parser still knows its line. */
static int
check_parsed(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *section = strcmp(cfg_name(cfg), "root") == 0 ? NULL : cfg_name(cfg);
	const char *title = cfg_title(cfg);
	const struct config_option *o = option_find(section, cfg_opt_name(opt));
	char why[300];

	for (unsigned i = 0; o != NULL && i < cfg_opt_size(opt); i++) {
		const char *text = cfg_opt_getnstr(opt, i);

		if (text != NULL && !option_check(o, text, why, sizeof(why))) {
			if (title == NULL)
				cfg_error(cfg, "%s", why);
			else
				cfg_error(cfg, "%s.%s.%s", section, title, why);
			return -1;
		}
	}
	return 0;
}

/* The parser's tables, made from ours: first the sections, then what stands outside. */
struct grammar {
	cfg_opt_t	top[OPTIONS_MAX];
	cfg_opt_t	section[SECTIONS_MAX][OPTIONS_MAX];
	size_t		nsection;
};

static cfg_opt_t
leaf_of(const struct config_option *o, const char *name)
{
	cfg_opt_t scalar = CFG_STR((char *)name, 0, CFGF_NODEFAULT);
	cfg_opt_t list = CFG_STR_LIST((char *)name, 0, CFGF_NODEFAULT);
	cfg_opt_t leaf = option_is_list(o) ? list : scalar;

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

/* --- the whole -------------------------------------------------------------------- */

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
	return snapshot_take(c, cfg, p);
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

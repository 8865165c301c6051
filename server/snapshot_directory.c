/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_directory.c - the sections "directory NAME { }" (docs/directories.md). */
#include <string.h>

#include "server/options.h"
#include "server/snapshot.h"

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

static const struct acme_profile *
profile_named(const struct acme_config *a, const char *name)
{
	for (size_t i = 0; i < a->nprofile; i++)
		if (strcmp(a->profiles[i].name, name) == 0)
			return &a->profiles[i];
	return NULL;
}

static bool
directory_offers(const struct directory *d, const struct acme_profile *profile)
{
	for (size_t i = 0; i < d->nprofile; i++)
		if (d->profiles[i] == profile)
			return true;
	return false;
}

/* Could anybody get a certificate of it there: by a challenge that both have, or under a
 * binding that asks for none? */
static bool
directory_serves(const struct directory *d, const struct acme_profile *profile)
{
	return d->eab != EAB_NONE || profile->methods == 0 || (profile->methods & d->methods) != 0;
}

static bool
directory_profiles(struct config *c, struct directory *d, const char *const *names,
		   struct problem *p)
{
	struct acme_config *a = &c->acme;
	bool all = *names == NULL;

	d->profiles = arena_alloc(c->arena, (a->nprofile + 1) * sizeof(d->profiles[0]));
	for (; *names != NULL; names++) {
		const struct acme_profile *profile = profile_named(a, *names);

		if (profile == NULL || directory_offers(d, profile))
			return problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s: %s profile "
				       "\"%.60s\"", c->file, d->name, profile == NULL ?
				       "there is no" : "more than once: the", *names);
		if (!directory_serves(d, profile))
			return problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s offers none of "
				       "the challenges of profile %s", c->file, d->name, *names);
		d->profiles[d->nprofile++] = profile;
	}
	for (size_t i = 0; i < a->nprofile && all; i++)
		if (directory_serves(d, &a->profiles[i]))
			d->profiles[d->nprofile++] = &a->profiles[i];
	d->profile = d->profiles[0];
	return d->nprofile > 0 ||
	       problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s offers none of the challenges "
		       "of any profile", c->file, d->name);
}

/* Could a URL keep that segment of a path, and is it none that every directory has below
 * its own path?  So no path leads to two resources. */
static bool
segment_ok(const char *segment, size_t n)
{
	static const char *const taken[] = { "acme", "directory", "help", ".", ".." };

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strlen(taken[i]) == n && memcmp(taken[i], segment, n) == 0)
			return false;
	return n > 0 && strspn(segment, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}

#define PATH_MOST 60

static bool
path_ok(const char *path)
{
	const char *at = path;

	while (*at == '/') {
		size_t n = strcspn(at + 1, "/");

		if (!segment_ok(at + 1, n))
			return false;
		at += 1 + n;
	}
	return *at == '\0' && *path != '\0' && strlen(path) <= PATH_MOST;
}

/* Only the default one may be without. */
static bool
directory_path(const struct config *c, struct directory *d, struct problem *p)
{
	bool is_default = d == c->acme.directories;

	if (!path_ok(d->path) && !(is_default && *d->path == '\0'))
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s: path \"%.60s\": "
			       "write it as \"/name\", lower case, at most %d octets, no part of "
			       "it \"acme\", \"directory\" or \"help\"", c->file, d->name,
			       d->path, PATH_MOST);
	for (const struct directory *other = c->acme.directories; other < d; other++)
		if (strcmp(other->path, d->path) == 0)
			return problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s: directory %s "
				       "has the path \"%s\" already", c->file, d->name,
				       other->name, d->path);
	d->url = arena_printf(c->arena, "%s%s/directory", c->base_url, d->path);
	return true;
}

static bool
take_directory(struct config *c, cfg_t *section, struct directory *d, struct problem *p)
{
	const struct option_group *group = &option_groups[GROUP_DIRECTORY];
	struct directory_options o;

	for (size_t k = 0; k < group->n; k++)
		snapshot_option(&o, c->arena, &group->options[k], section == NULL ? NULL :
				cfg_getopt(section, group->options[k].name));
	d->path = *o.path != '\0' ? o.path :
		  d == c->acme.directories ? "" : arena_printf(c->arena, "/%s", d->name);
	d->methods = snapshot_methods(o.methods);
	d->eab = strcmp(o.eab, "required") == 0 ? EAB_REQUIRED :
		 strcmp(o.eab, "optional") == 0 ? EAB_OPTIONAL : EAB_NONE;
	d->rules = (struct name_rules){ o.allow, o.deny };
	if ((d->methods & METHOD_BIT(METHOD_DNS_PERSIST_01)) != 0 && c->caa_identities[0] == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%s: directory %s: dns-persist-01 wants "
			       "caa_identities, the names that its records name", c->file,
			       d->name);
	return directory_path(c, d, p) && directory_issuer(c, d, o.issuer, p) &&
	       directory_profiles(c, d, o.profiles, p);
}

bool
snapshot_directories(struct config *c, cfg_t *cfg, struct problem *p)
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

/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_profile.c - the sections "profile NAME { }" (docs/profiles.md). */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "server/options.h"
#include "server/snapshot.h"

#define DESCRIPTION_MOST 300

/* A certificate that lives longer than this needs a CRL pointer (TLS BR 7.1.2.7.6). */
#define SHORT_LIVED (7 * 86400)

unsigned
snapshot_methods(const char *const *names)
{
	unsigned methods = 0;
	enum method method;

	for (; *names != NULL; names++)
		if (method_parse(*names, &method))
			methods |= METHOD_BIT(method);
	return methods;
}

/* It stands in the directory's JSON. */
static bool
description_ok(const char *text)
{
	json_t *string = json_string(text);
	bool good = string != NULL && strlen(text) <= DESCRIPTION_MOST;

	json_decref(string);
	for (; *text != '\0'; text++)
		good = good && (unsigned char)*text >= ' ' && *text != 127;
	return good;
}

/* Clients may name it in any case, so names that differ in that alone are one. */
static const struct acme_profile *
twin_of(const struct acme_config *a, const struct acme_profile *profile)
{
	for (const struct acme_profile *other = a->profiles; other < profile; other++)
		if (strcasecmp(other->name, profile->name) == 0)
			return other;
	return NULL;
}

static bool
profile_check(struct config *c, const struct acme_profile *profile, struct problem *p)
{
	const struct acme_profile *twin = twin_of(&c->acme, profile);
	const char *wrong = NULL;

	if (twin != NULL)
		wrong = arena_printf(c->arena, "there is profile %s already, and clients may write "
				     "names in any case", twin->name);
	else if (!description_ok(profile->description))
		wrong = arena_printf(c->arena, "its description is not UTF-8 of at most %d octets "
				     "without control characters", DESCRIPTION_MOST);
	else if (profile->lifetime == LIFETIME_CABF && !profile->crl)
		wrong = "the CA/Browser Forum's rules want a CRL pointer in certificates that live "
			"as long as its schedule says: leave \"crl = false\" out";
	else if (profile->lifetime != LIFETIME_CABF && profile->backdate >= profile->lifetime)
		wrong = arena_printf(c->arena, "its certificates would be over when signed: "
				     "backdate %s is not shorter than lifetime %s",
				     clock_duration_print(c->arena, profile->backdate),
				     clock_duration_print(c->arena, profile->lifetime));
	return wrong == NULL || problem(p, PROBLEM_SERVER_INTERNAL, "%s: profile %s: %s", c->file,
					profile->name, wrong);
}

bool
snapshot_profiles(struct config *c, cfg_t *cfg, struct problem *p)
{
	size_t n = cfg_size(cfg, "profile"), rows = n == 0 ? 1 : n;
	const struct option_group *group = &option_groups[GROUP_PROFILE];

	c->acme.profiles = arena_alloc(c->arena, rows * sizeof(c->acme.profiles[0]));
	c->acme.nprofile = rows;
	for (size_t i = 0; i < rows; i++) {
		cfg_t *section = n == 0 ? NULL : cfg_getnsec(cfg, "profile", (unsigned)i);
		struct acme_profile *profile = &c->acme.profiles[i];

		for (size_t k = 0; k < group->n; k++)
			snapshot_option(profile, c->arena, &group->options[k], section == NULL ?
					NULL : cfg_getopt(section, group->options[k].name));
		profile->name = section == NULL ? "default" :
				arena_strdup(c->arena, cfg_title(section));
		profile->methods = snapshot_methods(profile->method_names);
		if (!profile_check(c, profile, p))
			return false;
	}
	return true;
}

const char *
config_profile_doubt(const struct acme_config *c, const struct acme_profile *profile)
{
	bool offered = false;

	for (size_t i = 0; i < c->ndirectory; i++)
		for (size_t k = 0; k < c->directories[i].nprofile; k++)
			offered = offered || c->directories[i].profiles[k] == profile;
	if (!offered)
		return "no directory offers it";
	if (!profile->crl && profile->lifetime > SHORT_LIVED)
		return "its certificates live longer than 7 days, and without a CRL pointer in "
		       "them nobody learns that one was revoked";
	return NULL;
}

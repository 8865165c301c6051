/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - KEY=VALUE from the command line: judged, applied over the file, or
 * written into a new one. */
#include "server/settings.h"

#include <string.h>

#include "server/options.h"

/* "key" of "key=value" into section (or group and title) and option. */
struct key {
	char			 text[200];
	const char		*section, *title, *name;
	const struct config_option	*option;
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
	k->option = option_find(k->section, k->name);
	for (size_t g = 0; g < OPTION_GROUPS && k->section != NULL; g++)
		if (strcmp(k->section, option_groups[g].name) == 0 && k->title == NULL)
			k->option = NULL;
	if (k->option == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "no such option: %.*s (\"brevet help "
			       "config\" lists them)", (int)(equals - setting), setting);
	return true;
}

bool
config_value_check(const char *option, const char *value, struct problem *p)
{
	char why[300] = "";

	return option_check(option_find(NULL, option), value, why, sizeof(why)) ||
	       problem(p, PROBLEM_SERVER_INTERNAL, "%s", why);
}

/* Calls each() with every item of a value: one, or those of a list (commas, spaces). */
static bool
value_each(const struct key *k, bool (*each)(void *arg, const char *item), void *arg)
{
	struct arena *a;
	char *list, *save, *item;
	bool good = true;

	if (!option_is_list(k->option))
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
	const struct key *k = c->key;
	char why[300] = "";

	if (option_check(k->option, item, why, sizeof(why)))
		return true;
	if (k->title != NULL)
		return problem(c->p, PROBLEM_SERVER_INTERNAL, "%s.%s.%s", k->section, k->title, why);
	return problem(c->p, PROBLEM_SERVER_INTERNAL, "%s", why);
}

/* Into its parts, judged.  False with serverInternal. */
static bool
setting_parse(struct key *k, const char *setting, struct problem *p)
{
	return key_parse(k, setting, p) &&
	       value_each(k, check_item, &(struct checking){ k, p });
}

bool
config_setting_check(const char *setting, struct problem *p)
{
	struct key k;

	return setting_parse(&k, setting, p);
}

static bool
add_item(void *arg, const char *item)
{
	cfg_opt_t *opt = arg;

	return cfg_opt_setnstr(opt, item, cfg_opt_size(opt)) == CFG_SUCCESS;
}

bool
setting_apply(cfg_t *cfg, const char *setting, struct problem *p)
{
	struct key k;
	cfg_t *section = cfg;
	cfg_opt_t *opt;

	if (!setting_parse(&k, setting, p))
		return false;
	if (k.title != NULL)
		section = cfg_gettsec(cfg, k.section, k.title);
	else if (k.section != NULL)
		section = cfg_getsec(cfg, k.section);
	if (section == NULL && strcmp(k.section, "directory") == 0 &&
	    strcmp(k.title, "default") == 0)	/* it is there without a section */
		section = cfg_addtsec(cfg, k.section, k.title);
	if (section == NULL || (opt = cfg_getopt(section, k.name)) == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "%.150s: the file has no such section",
			       setting);
	if (!option_is_list(k.option))
		return cfg_opt_setnstr(opt, k.value, 0) == CFG_SUCCESS;
	cfg_free_value(opt);
	opt->flags |= CFGF_MODIFIED;	/* also when nothing is added */
	return value_each(&k, add_item, opt);
}

static void
print_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static bool
print_item(void *arg, const char *item)
{
	FILE *out = arg;

	print_quoted(out, item);
	fputs(", ", out);
	return true;
}

static void
print_setting(FILE *out, const struct key *k, const char *indent)
{
	fprintf(out, "%s# %s\n%s%s = ", indent, k->option->help, indent, k->name);
	if (option_is_list(k->option)) {
		fputs("{ ", out);
		value_each(k, print_item, out);
		fputs("}\n", out);
	} else {
		print_quoted(out, k->value);
		fputc('\n', out);
	}
}

/* Is the setting of that section (and title)? */
static bool
in_section(struct key *k, const char *setting, const struct key *section)
{
	struct problem p;

	return key_parse(k, setting, &p) && k->section != NULL &&
	       strcmp(k->section, section->section) == 0 &&
	       (k->title == NULL) == (section->title == NULL) &&
	       (k->title == NULL || strcmp(k->title, section->title) == 0);
}

/* Is an earlier setting of the same one? */
static bool
section_seen(const char *const *settings, size_t i, const struct key *k)
{
	struct key other;

	for (size_t j = 0; j < i; j++)
		if (in_section(&other, settings[j], k))
			return true;
	return false;
}

/* A section with all its settings, the i-th of which is the first. */
static void
print_section(FILE *out, const char *const *settings, size_t i, const struct key *k)
{
	struct key other;

	fprintf(out, "\n%s%s%s {\n", k->section, k->title == NULL ? "" : " ",
		k->title == NULL ? "" : k->title);
	for (; settings[i] != NULL; i++)
		if (in_section(&other, settings[i], k))
			print_setting(out, &other, "\t");
	fputs("}\n", out);
}

static void
print_sections(FILE *out, const char *const *settings, bool titled)
{
	struct problem p;
	struct key k;

	for (size_t i = 0; settings[i] != NULL; i++)
		if (key_parse(&k, settings[i], &p) && k.section != NULL &&
		    (k.title != NULL) == titled && !section_seen(settings, i, &k))
			print_section(out, settings, i, &k);
}

void
config_print_settings(FILE *out, const char *const *settings)
{
	struct problem p;
	struct key k;

	for (size_t i = 0; settings[i] != NULL; i++)
		if (key_parse(&k, settings[i], &p) && k.section == NULL)
			print_setting(out, &k, "");
	print_sections(out, settings, false);
	fputs("\n# Issuing CAs (paths are relative to this file), what certificates are like, other\n"
	      "# directories.  The first issuer and profile are those of the default directory.\n",
	      out);
	print_sections(out, settings, true);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - what would become of an order for a name, and why; for the operator. */
#include <string.h>

#include "acme/policy.h"
#include "acme/profile.h"
#include "base/clock.h"

static void
set(json_t *o, const char *member, const char *text)
{
	json_object_set_new(o, member, json_string(text));
}

/* As a client would send it: an address as ip, all else as dns. */
static bool
name_parse(struct ident *ident, struct arena *a, const char *name, struct problem *p)
{
	struct problem ignored;

	return ident_parse_ip(ident, a, name, strlen(name), &ignored) ||
	       ident_parse_dns(ident, a, name, strlen(name), p);
}

/* What the rules of somebody say. */
static json_t *
rule_json(const char *of, const struct name_rules *rules, const struct ident *ident)
{
	struct ruling r = policy_ruling(rules, ident);
	json_t *o = json_pack("{s:s, s:b}", "of", of, "permits", r.permits);

	if (r.list != NULL)
		set(o, "list", r.list);
	if (r.pattern != NULL)
		set(o, "pattern", r.pattern);
	return o;
}

static json_t *
rules_json(const struct policy_question *q, const struct ident *ident, struct arena *a)
{
	json_t *list = json_array();
	struct name_rules bound;

	json_array_append_new(list, rule_json("server", &q->config->rules, ident));
	json_array_append_new(list, rule_json(arena_printf(a, "directory %s", q->directory->name),
					      &q->directory->rules, ident));
	if (q->binding == NULL)
		return list;
	bound = policy_binding_rules(q->binding);
	json_array_append_new(list, rule_json("binding", &bound, ident));
	return list;
}

static json_t *
methods_json(unsigned methods)
{
	json_t *list = json_array();

	for (unsigned m = 1; m <= METHODS_MAX; m++)
		if ((methods & METHOD_BIT(m)) != 0)
			json_array_append_new(list, json_string(method_name((enum method)m)));
	return list;
}

/* Of the name, whoever asks for it. */
static bool
resumed(const struct policy_question *q, const struct ident *ident, struct arena *a,
	struct problem *p)
{
	struct pause pause = { .kind = PAUSED_NAME, .name = ident_base(ident) };

	return !store_pause_get(q->view, a, &pause) ||
	       problem(p, PROBLEM_RATE_LIMITED, "%.100s is paused since %s (%.60s): \"brevet name "
		       "resume\" lets it have orders again", pause.name,
		       clock_print(a, pause.since), pause.why);
}

/* All that newOrder asks, but how often and the webhook. */
static bool
permitted(const struct policy_question *q, const struct ident *ident, struct arena *a,
	  const struct acme_profile **profile, struct problem *p)
{
	if (q->binding != NULL && !policy_binding(q->binding, q->now, p))
		return false;
	*profile = profile_choose(q->directory, q->binding, q->profile, p);
	return *profile != NULL &&
	       policy_ident(q->config, q->directory, q->binding, ident, p) &&
	       policy_provable(q->directory, *profile, q->binding, ident, p) &&
	       resumed(q, ident, a, p);
}

static void
offer_json(json_t *o, const struct policy_question *q, const struct ident *ident,
	   const struct acme_profile *profile)
{
	bool validated = policy_prevalidated(q->binding, ident);

	json_object_set_new(o, "validated", json_boolean(validated));
	json_object_set_new(o, "methods", methods_json(validated ? 0 : policy_methods(
				    q->directory, profile, q->binding, ident)));
	set(o, "profile", profile->name);
}

json_t *
acme_policy_explain(const struct policy_question *q, const char *name)
{
	struct arena *a = arena_new();
	const struct acme_profile *profile = NULL;
	struct problem p = { 0 };
	struct ident ident = { 0 };
	bool good = name_parse(&ident, a, name, &p);
	json_t *o = json_object();

	set(o, "name", name);
	if (good) {
		set(o, "type", ident_type_name(ident.type));
		json_object_set_new(o, "rules", rules_json(q, &ident, a));
		good = permitted(q, &ident, a, &profile, &p);
	}
	json_object_set_new(o, "permitted", json_boolean(good));
	if (good)
		offer_json(o, q, &ident, profile);
	else
		json_object_set_new(o, "problem", problem_json(&p));
	arena_free(a);
	return o;
}

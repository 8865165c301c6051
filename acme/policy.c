/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - which names, which methods, which profiles.  Pure.
 *
 * A wildcard stands for all the names with one label in its place.  So a pattern permits it
 * only if it permits all of these, and forbids it if it forbids one of them. */
#include "acme/policy.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/dnsname.h"

/* --- patterns ---------------------------------------------------------------------- */

static bool
under(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n >= z && strcasecmp(name + n - z, zone) == 0 &&
	       (n == z || name[n - z - 1] == '.');
}

/* Is name one label and then zone? */
static bool
child(const char *name, const char *zone)
{
	const char *dot = strchr(name, '.');

	return dot != NULL && dot != name && strcasecmp(dot + 1, zone) == 0;
}

static bool
like_network(const char *pattern)
{
	struct network n;

	return network_parse(&n, pattern);
}

bool
policy_pattern_ok(const char *text)
{
	size_t skip = text[0] == '.' ? 1 : strncmp(text, "*.", 2) == 0 ? 2 : 0;

	return like_network(text) || ident_dns_ok(text + skip, strlen(text + skip));
}

static bool
in_network(const char *pattern, const struct ident *ident)
{
	struct network n;

	return network_parse(&n, pattern) && network_holds_text(&n, ident->value);
}

/* Does the pattern stand for all that the identifier stands for? */
static bool
pattern_covers(const char *pattern, const struct ident *ident)
{
	const char *base = ident_base(ident);

	if (ident->type == IDENT_IP)
		return in_network(pattern, ident);
	if (like_network(pattern))
		return false;
	if (pattern[0] == '.')
		return under(base, pattern + 1);
	if (strncmp(pattern, "*.", 2) == 0)
		return ident->wildcard ? strcasecmp(base, pattern + 2) == 0 :
		       child(base, pattern + 2);
	return !ident->wildcard && strcasecmp(base, pattern) == 0;
}

/* Does it stand for a part of it? */
static bool
pattern_meets(const char *pattern, const struct ident *ident)
{
	if (pattern_covers(pattern, ident))
		return true;
	return ident->wildcard && !like_network(pattern) && strncmp(pattern, "*.", 2) != 0 &&
	       child(pattern[0] == '.' ? pattern + 1 : pattern, ident_base(ident));
}

/* --- rules ------------------------------------------------------------------------- */

static bool
rules_permit(const struct name_rules *rules, const char *whose, const struct ident *ident,
	     struct problem *p)
{
	const char *const *pattern;

	for (pattern = rules->deny; pattern != NULL && *pattern != NULL; pattern++)
		if (pattern_meets(*pattern, ident))
			return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\": %.60s does not "
				       "issue for it: it denies \"%.60s\"", ident->value, whose,
				       *pattern);
	if (rules->allow == NULL || rules->allow[0] == NULL)
		return true;
	for (pattern = rules->allow; *pattern != NULL; pattern++)
		if (pattern_covers(*pattern, ident))
			return true;
	return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\": %.60s does not issue for it: "
		       "it is none of the names that it allows", ident->value, whose);
}

/* What no configuration changes but by its limits. */
static bool
name_permitted(const struct acme_config *c, const struct ident *ident, struct problem *p)
{
	const char *base = ident_base(ident), *why;
	int64_t labels = 1;

	for (const char *dot = strchr(ident->value, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
		labels++;
	if (labels > c->labels_max)
		return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\" has %d labels; a name "
			       "has at most %d", ident->value, (int)labels, (int)c->labels_max);
	if ((int64_t)strlen(ident->value) > c->name_max)
		return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s...\" has %zu octets; a "
			       "name has at most %d", ident->value, strlen(ident->value),
			       (int)c->name_max);
	if (!dnsname_idna_ok(base, &why))
		return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\" is not a valid "
			       "internationalized name: %.100s", ident->value, why);
	if (dnsname_public_suffix(base))
		return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\": %.60s is a public "
			       "suffix, under which others register their names", ident->value,
			       base);
	return true;
}

static struct name_rules
binding_rules(const struct binding *binding)
{
	return (struct name_rules){ (const char *const *)binding->allow,
				    (const char *const *)binding->deny };
}

bool
policy_ident(const struct acme_config *c, const struct directory *d,
	     const struct binding *binding, const struct ident *ident, struct problem *p)
{
	struct name_rules bound;
	char whose[80];

	if (ident->type == IDENT_DNS && !name_permitted(c, ident, p))
		return false;
	snprintf(whose, sizeof(whose), "directory %.60s", d->name);
	if (!rules_permit(&c->rules, "this CA", ident, p) ||
	    !rules_permit(&d->rules, whose, ident, p))
		return false;
	if (binding == NULL)
		return true;
	bound = binding_rules(binding);
	return rules_permit(&bound, "the account's binding", ident, p);
}

/* A wildcard is proved by DNS alone, an address never is (RFC 8555 section 8.4, RFC 8738
 * section 6). */
static bool
method_fits(enum method method, const struct ident *ident)
{
	if (method == METHOD_HTTP_01 || method == METHOD_TLS_ALPN_01)
		return !ident->wildcard;
	return ident->type == IDENT_DNS;
}

unsigned
policy_methods(const struct directory *d, const struct acme_profile *profile,
	       const struct binding *binding, const struct ident *ident)
{
	unsigned methods = d->methods;

	if (profile->methods != 0)
		methods &= profile->methods;
	if (binding != NULL && binding->methods != 0)
		methods &= binding->methods;
	for (unsigned m = 1; m <= METHODS_MAX; m++)
		if (!method_fits((enum method)m, ident))
			methods &= ~METHOD_BIT(m);
	return methods;
}

const struct acme_profile *
policy_profile(const struct directory *d, const struct binding *binding)
{
	if (binding == NULL || binding->profiles[0] == NULL)
		return d->profile;
	for (size_t i = 0; i < d->nprofile; i++)
		for (const char **name = binding->profiles; *name != NULL; name++)
			if (strcmp(d->profiles[i]->name, *name) == 0)
				return d->profiles[i];
	return NULL;
}

bool
policy_binding(const struct binding *binding, int64_t now, struct problem *p)
{
	bool revoked = binding->state == BINDING_REVOKED;

	if (!revoked && (binding->expires == 0 || now < binding->expires))
		return true;
	return problem(p, PROBLEM_UNAUTHORIZED, "the external account binding %s: ask the CA's "
		       "operator %s", revoked ? "was revoked" : "has expired",
		       revoked ? "for a new one" : "to renew it");
}

bool
policy_prevalidated(const struct binding *binding, const struct ident *ident)
{
	struct problem ignored;
	struct name_rules bound;

	if (binding == NULL || !binding->prevalidated || binding->allow[0] == NULL)
		return false;
	bound = binding_rules(binding);
	return rules_permit(&bound, "", ident, &ignored);
}

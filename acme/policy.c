/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - which names, which methods, which profiles.  Pure.
 *
 * A wildcard stands for all the names with one label in its place.  So a pattern permits it
 * only if it permits all of these, and forbids it if it forbids one of them. */
#include "acme/policy.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

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

/* What no identifier can be is no pattern either: it would stand for nothing, and in a list
 * of what is denied nobody would notice. */
bool
policy_pattern_ok(const char *text)
{
	size_t skip = text[0] == '.' ? 1 : strncmp(text, "*.", 2) == 0 ? 2 : 0;
	const char *name = text + skip, *why;
	struct network n;

	if (network_parse(&n, text))
		return true;
	return ident_dns_ok(name, strlen(name)) && !ident_like_address(name) &&
	       (skip > 0 || strchr(name, '.') != NULL) && dnsname_idna_ok(name, &why);
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
	return ident->wildcard && strncmp(pattern, "*.", 2) != 0 &&
	       child(pattern[0] == '.' ? pattern + 1 : pattern, ident_base(ident));
}

/* --- rules ------------------------------------------------------------------------- */

struct ruling
policy_ruling(const struct name_rules *rules, const struct ident *ident)
{
	const char *const *pattern;

	for (pattern = rules->deny; pattern != NULL && *pattern != NULL; pattern++)
		if (pattern_meets(*pattern, ident))
			return (struct ruling){ false, "deny", *pattern };
	if (rules->allow == NULL || rules->allow[0] == NULL)
		return (struct ruling){ true, NULL, NULL };
	for (pattern = rules->allow; *pattern != NULL; pattern++)
		if (pattern_covers(*pattern, ident))
			return (struct ruling){ true, "allow", *pattern };
	return (struct ruling){ false, "allow", NULL };
}

static bool
rules_permit(const struct name_rules *rules, const char *whose, const struct ident *ident,
	     struct problem *p)
{
	struct ruling r = policy_ruling(rules, ident);

	if (r.permits)
		return true;
	if (r.pattern == NULL)
		return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\" is not among the "
			       "names that %s allows", ident->value, whose);
	return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.80s\" is denied by %s, whose list of "
		       "denied names has \"%.60s\"", ident->value, whose, r.pattern);
}

/* Addresses that nobody has, and IPv4 in a form that networks of IPv4 would not hold. */
static const struct {
	struct network	 net;
	const char	*why;
} nobodys[] = {
	{ { AF_INET, 8, { 0 } }, "names no host" },
	{ { AF_INET, 4, { 224 } }, "is a multicast address, which no host has for itself" },
	{ { AF_INET, 32, { 255, 255, 255, 255 } }, "names all hosts" },
	{ { AF_INET6, 128, { 0 } }, "names no host" },
	{ { AF_INET6, 8, { 0xff } }, "is a multicast address, which no host has for itself" },
	{ { AF_INET6, 96, { [10] = 0xff, 0xff } }, "is an IPv4 address in the form of IPv6: "
	  "ask for the IPv4 address" },
};

static bool
address_permitted(const struct ident *ident, struct problem *p)
{
	uint8_t octets[16];
	int family = ident_octets(ident, octets) == 4 ? AF_INET : AF_INET6;

	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++)
		if (network_holds(&nobodys[i].net, family, octets))
			return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.60s\" %s",
				       ident->value, nobodys[i].why);
	return true;
}

static bool
size_permitted(const struct acme_config *c, const struct ident *ident, struct problem *p)
{
	int64_t labels = 1, octets = (int64_t)strlen(ident->value);

	for (const char *dot = strchr(ident->value, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
		labels++;
	if (labels > c->labels_max)
		return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\" has %d labels; this CA "
			       "issues for at most %d (policy.labels)", ident->value, (int)labels,
			       (int)c->labels_max);
	return octets <= c->name_max ||
	       problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\" has %d octets; this CA issues "
		       "for at most %d (policy.length)", ident->value, (int)octets,
		       (int)c->name_max);
}

/* What no list changes. */
static bool
name_permitted(const struct acme_config *c, const struct ident *ident, struct problem *p)
{
	const char *base = ident_base(ident), *why;

	if (!size_permitted(c, ident, p))
		return false;
	if (!dnsname_idna_ok(base, &why))
		return problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\" is not a valid "
			       "internationalized name: %.80s", ident->value, why);
	return !dnsname_public_suffix(base) ||
	       problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\": %.80s is a public suffix, "
		       "under which others register their names", ident->value, base);
}

struct name_rules
policy_binding_rules(const struct binding *binding)
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

	if (ident->type == IDENT_DNS ? !name_permitted(c, ident, p) : !address_permitted(ident, p))
		return false;
	snprintf(whose, sizeof(whose), "directory %.40s", d->name);
	if (!rules_permit(&c->rules, "this CA", ident, p) ||
	    !rules_permit(&d->rules, whose, ident, p))
		return false;
	if (binding == NULL)
		return true;
	bound = policy_binding_rules(binding);
	return rules_permit(&bound, "the account's binding", ident, p);
}

/* --- methods, profiles, bindings ----------------------------------------------------- */

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

bool
policy_provable(const struct directory *d, const struct acme_profile *profile,
		const struct binding *binding, const struct ident *ident, struct problem *p)
{
	return policy_methods(d, profile, binding, ident) != 0 ||
	       policy_prevalidated(binding, ident) ||
	       problem(p, PROBLEM_REJECTED_IDENTIFIER, "\"%.100s\": no way to prove control of it "
		       "is offered to this account%s", ident->value,
		       ident->wildcard ? " (a wildcard is proved by DNS alone)" : "");
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
	struct name_rules bound;

	if (binding == NULL || !binding->prevalidated || binding->allow[0] == NULL)
		return false;
	bound = policy_binding_rules(binding);
	return policy_ruling(&bound, ident).permits;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ident.c - parse, normalise and compare identifiers. */
#include "base/ident.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 63

/* Letters, digits, hyphens; not at the ends. */
static bool
label_ok(const char *s, size_t n)
{
	if (n < 1 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	/* "??--" is reserved; "xn--" marks an A-label (RFC 5890 section 2.3.1). */
	if (n >= 4 && s[2] == '-' && s[3] == '-')
		return strncasecmp(s, "xn--", 4) == 0 && n > 4;
	return true;
}

bool
ident_dns_ok(const char *name, size_t len)
{
	if (len < 1 || len > IDENT_DNS_MAX || memchr(name, '\0', len) != NULL)
		return false;
	for (size_t at = 0; at <= len;) {
		const char *dot = memchr(name + at, '.', len - at);
		size_t n = dot == NULL ? len - at : (size_t)(dot - name) - at;

		if (!label_ok(name + at, n))
			return false;
		at += n + 1;
	}
	return true;
}

bool
ident_like_address(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last == NULL ? name : last + 1;
	return strspn(last, "0123456789") == strlen(last) ||
	       strncasecmp(last, "0x", 2) == 0;
}

static bool
under(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n >= z && strcmp(name + n - z, zone) == 0 &&
	       (n == z || name[n - z - 1] == '.');
}

static bool
dns_policy(const char *base, struct problem *p)
{
	if (ident_like_address(base))
		return problem(p, PROBLEM_REJECTED_IDENTIFIER,
			       "\"%.100s\" is an address, not a DNS name", base);
	if (strchr(base, '.') == NULL)
		return problem(p, PROBLEM_REJECTED_IDENTIFIER,
			       "\"%.100s\" has one label; a full name has at least two", base);
	if (under(base, "in-addr.arpa") || under(base, "ip6.arpa"))
		return problem(p, PROBLEM_REJECTED_IDENTIFIER,
			       "\"%.100s\" names an address, not a host", base);
	return true;
}

bool
ident_parse_host(struct ident *i, struct arena *a, const char *value, size_t len,
		 struct problem *p)
{
	char *name = arena_strndup(a, value, len);
	size_t skip = len >= 2 && memcmp(value, "*.", 2) == 0 ? 2 : 0;

	if (len == 0)
		return problem(p, PROBLEM_MALFORMED, "the identifier's value is empty");
	if (strlen(name) != len)
		return problem(p, PROBLEM_MALFORMED, "the identifier's value has a NUL in it");
	if (len > IDENT_DNS_MAX)
		return problem(p, PROBLEM_MALFORMED,
			       "\"%.60s...\" is longer than 253 octets", name);
	if (name[len - 1] == '.')
		return problem(p, PROBLEM_MALFORMED, "\"%.100s\": leave out the last dot", name);
	if (!ident_dns_ok(name + skip, len - skip))
		return problem(p, PROBLEM_MALFORMED, "\"%.100s\" is not a DNS name: labels of "
			       "1 to 63 letters, digits and hyphens (A-labels for IDNs), and "
			       "\"*\" only as the whole first label", name);
	i->type = IDENT_DNS;
	i->wildcard = skip != 0;
	i->shown = arena_strndup(a, value, len);
	i->value = name;
	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return true;
}

bool
ident_parse_dns(struct ident *i, struct arena *a, const char *value, size_t len,
		struct problem *p)
{
	return ident_parse_host(i, a, value, len, p) && dns_policy(ident_base(i), p);
}

bool
ident_parse_ip(struct ident *i, struct arena *a, const char *value, size_t len,
	       struct problem *p)
{
	char text[INET6_ADDRSTRLEN], *copy = arena_strndup(a, value, len);
	uint8_t octets[16];
	int family = strchr(copy, ':') == NULL ? AF_INET : AF_INET6;

	if (strlen(copy) != len || inet_pton(family, copy, octets) != 1)
		return problem(p, PROBLEM_MALFORMED, "\"%.60s\" is not an IP address", copy);
	i->type = IDENT_IP;
	i->wildcard = false;
	i->shown = copy;
	i->value = arena_strdup(a, inet_ntop(family, octets, text, sizeof(text)));
	return true;
}

const char *
ident_base(const struct ident *i)
{
	return i->wildcard ? i->value + 2 : i->value;
}

bool
ident_equal(const struct ident *a, const struct ident *b)
{
	return a->type == b->type && strcmp(a->value, b->value) == 0;
}

int
ident_compare(const void *a, const void *b)
{
	const struct ident *x = a, *y = b;

	return x->type != y->type ? (int)x->type - (int)y->type : strcmp(x->value, y->value);
}

size_t
ident_sort(struct ident *list, size_t n)
{
	size_t kept = 0;

	if (n == 0)
		return 0;
	qsort(list, n, sizeof(*list), ident_compare);
	for (size_t i = 1; i < n; i++)
		if (!ident_equal(&list[kept], &list[i]))
			list[++kept] = list[i];
	return kept + 1;
}

size_t
ident_octets(const struct ident *i, uint8_t octets[16])
{
	bool v6 = strchr(i->value, ':') != NULL;

	if (inet_pton(v6 ? AF_INET6 : AF_INET, i->value, octets) != 1)
		abort();
	return v6 ? 16 : 4;
}

const char *
ident_type_name(enum ident_type type)
{
	return type == IDENT_IP ? "ip" : "dns";
}

json_t *
ident_json(const struct ident *i)
{
	return json_pack("{s:s, s:s}", "type", ident_type_name(i->type), "value", i->shown);
}

const char *
ident_list(struct arena *a, const struct ident *list, size_t n)
{
	size_t len = 1, at = 0;
	char *s;

	for (size_t i = 0; i < n; i++)
		len += strlen(list[i].value) + 1;
	s = arena_alloc(a, len);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			s[at++] = ' ';
		memcpy(s + at, list[i].value, strlen(list[i].value));
		at += strlen(list[i].value);
	}
	return s;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* values.c - options that are hosts or URLs (RFC 3986): what is wrong with a value. */
#include "server/values.h"

#include <stdbool.h>
#include <string.h>

#include "base/ident.h"

/* What a URL may be made of; anything else is written %XX. */
#define URL_CHARACTERS							\
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"-._~:/?#[]@!$&'()*+,;=%"

static bool
is_address(const char *text, size_t n)
{
	struct arena *a = arena_new();
	struct problem ignored;
	struct ident i;
	bool good = ident_parse_ip(&i, a, text, n, &ignored);

	arena_free(a);
	return good;
}

/* A last label of digits makes it an address, or a mistake. */
static bool
is_name(const char *text, size_t n)
{
	size_t digits = 0;

	while (digits < n && strchr("0123456789", text[n - digits - 1]) != NULL)
		digits++;
	return ident_dns_ok(text, n) && digits < n && (digits == 0 || text[n - digits - 1] != '.');
}

/* The names of the server's own certificate, wildcards too. */
static const char *
host_wrong(const char *text)
{
	size_t n = strlen(text), skip = strncmp(text, "*.", 2) == 0 ? 2 : 0;

	return is_name(text + skip, n - skip) || is_address(text, n) ? NULL :
	       "is neither a host name (labels of letters, digits and hyphens) nor an address";
}

/* host, host:port, [address]:port. */
static bool
authority_good(const char *text, size_t n)
{
	const char *end = *text == '[' ? memchr(text, ']', n) : memchr(text, ':', n);
	const char *port;
	bool good;

	if (*text == '[') {
		if (end == NULL)
			return false;
		good = memchr(text, ':', (size_t)(end - text)) != NULL &&
		       is_address(text + 1, (size_t)(end - text) - 1);
		port = end + 1;
	} else {
		port = end == NULL ? text + n : end;
		good = is_name(text, (size_t)(port - text)) ||
		       is_address(text, (size_t)(port - text));
	}
	if (!good || port == text + n)
		return good;
	n -= (size_t)(port - text) + 1;
	return *port == ':' && n >= 1 && n <= 5 && strspn(port + 1, "0123456789") >= n;
}

/* What follows the scheme, all of it. */
static const char *
rest_wrong(const char *rest)
{
	if (rest[strspn(rest, URL_CHARACTERS)] != '\0')
		return "has a character that a URL cannot have: write it as %XX";
	return authority_good(rest, strcspn(rest, "/?#")) ? NULL :
	       "has no host (and port) behind its scheme";
}

/* URLs are made by putting a path behind it. */
static const char *
base_wrong(const char *text, const char *scheme, const char *otherwise)
{
	size_t n = strlen(scheme);
	const char *wrong;

	if (strncmp(text, scheme, n) != 0)
		return otherwise;
	if ((wrong = rest_wrong(text + n)) != NULL)
		return wrong;
	return text[strlen(text) - 1] == '/' || strpbrk(text, "?#") != NULL ?
	       "must end without a slash, and without query and fragment" : NULL;
}

static const char *
acme_base_wrong(const char *text)
{
	return base_wrong(text, "https://", "does not begin with https://");
}

/* Those who check certificates must not need one for it. */
static const char *
plain_base_wrong(const char *text)
{
	return base_wrong(text, "http://", "does not begin with http://");
}

static const char *
link_wrong(const char *text)
{
	size_t n = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;

	return n == 0 ? "does not begin with https:// or http://" : rest_wrong(text + n);
}

static const struct rule {
	const char	*option;
	bool		 empty;		/* may be */
	const char	*(*wrong)(const char *text);
} rules[] = {
	{ "hosts", false, host_wrong },
	{ "base_url", true, acme_base_wrong },
	{ "base_url_old", false, acme_base_wrong },
	{ "http.base_url", true, plain_base_wrong },
	{ "website", true, link_wrong },
	{ "terms_of_service", true, link_wrong },
};

const char *
value_wrong(const char *option, const char *text)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].option, option) == 0)
			return rules[i].empty && *text == '\0' ? NULL : rules[i].wrong(text);
	return NULL;
}

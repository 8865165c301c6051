/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - where a fetch goes: URLs and redirects, parsed by libcurl, judged here.
 *
 * libcurl turns other spellings of IPv4 addresses (0x7f000001, 127.1) into the usual
 * one, so they are judged as addresses. */
#include "va/target.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/defer.h"
#include "va/local.h"

#define PATH_SIZE_MAX 2000
#define SHOWN_MAX     110

DEFER(CURLU, curl_url_cleanup)

/* A part of the URL in the arena; NULL: it has none. */
static const char *
url_part(CURLU *u, struct arena *a, CURLUPart part, unsigned flags)
{
	char *text = NULL;

	return curl_url_get(u, part, &text, flags) == CURLUE_OK ?
	       arena_own(a, text, curl_free) : NULL;
}

/* The URL's host without brackets, and the address if it is one. */
static void
host_take(struct target *t, CURLU *u, struct arena *a)
{
	const char *host = url_part(u, a, CURLUPART_HOST, 0);
	size_t n = host == NULL ? 0 : strlen(host);
	bool six = n > 0 && host[0] == '[';
	char *name = n == 0 ? arena_strdup(a, "") :
		     arena_strndup(a, host + six, n - (six ? 2 : 0));

	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	t->host = name;
	t->literal = address_parse(&t->address, name);
}

static bool
target_host(struct target *t, CURLU *u, struct arena *a, struct problem *p)
{
	size_t n;

	host_take(t, u, a);
	n = strlen(t->host);
	if (n == 0)
		return problem(p, PROBLEM_CONNECTION, "the redirect has no host");
	if (url_part(u, a, CURLUPART_ZONEID, 0) != NULL)
		return problem(p, PROBLEM_CONNECTION, "the redirect's address has a zone");
	if (!t->literal && !ident_dns_ok(t->host, n))
		return problem(p, PROBLEM_CONNECTION, "the redirect's host \"%.60s\" is not a name",
			       t->host);
	if (n > 11 && strcmp(t->host + n - 11, ".well-known") == 0)
		return problem(p, PROBLEM_CONNECTION, "the redirect's host \"%.60s\" ends in "
			       "\".well-known\": is a slash missing before it?", t->host);
	return true;
}

/* Ports 80 and 443 stand for the configured ones. */
static bool
target_port(struct target *t, CURLU *u, struct arena *a, const struct va *va,
	    struct problem *p)
{
	const char *text = url_part(u, a, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	int port = text == NULL ? 0 : atoi(text);

	if (port == 80)
		port = va->http_port;
	else if (port == 443)
		port = va->https_port;
	if (port != va->http_port && port != va->https_port)
		return problem(p, PROBLEM_CONNECTION, "redirect to port %d; only 80 and 443 are "
			       "allowed", port);
	t->port = (uint16_t)port;
	return true;
}

static bool
target_judge(struct target *t, CURLU *u, struct arena *a, const struct va *va,
	     struct problem *p)
{
	const char *scheme = url_part(u, a, CURLUPART_SCHEME, 0);
	const char *path = url_part(u, a, CURLUPART_PATH, 0);
	const char *query = url_part(u, a, CURLUPART_QUERY, 0);
	size_t size = (path == NULL ? 0 : strlen(path)) + (query == NULL ? 0 : strlen(query));

	if (scheme == NULL || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return problem(p, PROBLEM_CONNECTION, "redirect to the scheme \"%.20s\"; only http "
			       "and https are allowed", scheme == NULL ? "" : scheme);
	if (url_part(u, a, CURLUPART_USER, 0) != NULL ||
	    url_part(u, a, CURLUPART_PASSWORD, 0) != NULL)
		return problem(p, PROBLEM_CONNECTION, "the redirect has a user name in it");
	if (size > PATH_SIZE_MAX)
		return problem(p, PROBLEM_CONNECTION, "the redirect's path has %zu octets, at most "
			       "%d are allowed", size, PATH_SIZE_MAX);
	if (!target_host(t, u, a, p) || !target_port(t, u, a, va, p))
		return false;
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	t->url = url_part(u, a, CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
	return t->url != NULL ||
	       problem(p, PROBLEM_CONNECTION, "the redirect is not a URL");
}

bool
target_follow(struct target *t, const char *location, struct arena *a, const struct va *va,
	      struct problem *p)
{
	defer(CURLU) *u = curl_url();
	const char *from = t->url;
	CURLUcode bad = CURLUE_OK;

	if (u == NULL)
		abort();
	memset(t, 0, sizeof(*t));
	if (location[0] == '\0')
		return problem(p, PROBLEM_CONNECTION, "the redirect's Location is empty");
	if (from != NULL)
		bad = curl_url_set(u, CURLUPART_URL, from, 0);
	if (bad == CURLUE_OK)
		bad = curl_url_set(u, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME);
	if (bad != CURLUE_OK)
		return problem(p, PROBLEM_CONNECTION, "redirect to \"%.60s\": %s", location,
			       curl_url_strerror(bad));
	return target_judge(t, u, a, va, p);
}

static bool
service_judge(struct target *t, CURLU *u, struct arena *a, struct problem *p)
{
	const char *scheme = url_part(u, a, CURLUPART_SCHEME, 0);

	if (scheme == NULL || strcmp(scheme, "https") != 0)
		return problem(p, PROBLEM_SERVER_INTERNAL, "\"%.100s\" does not begin with "
			       "https://", t->url);
	if (url_part(u, a, CURLUPART_USER, 0) != NULL ||
	    url_part(u, a, CURLUPART_PASSWORD, 0) != NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "the URL has a user name in it");
	if (url_part(u, a, CURLUPART_FRAGMENT, 0) != NULL ||
	    url_part(u, a, CURLUPART_ZONEID, 0) != NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "\"%.100s\": there is no place for a "
			       "fragment or a zone in it", t->url);
	host_take(t, u, a);
	t->port = (uint16_t)atoi(url_part(u, a, CURLUPART_PORT, CURLU_DEFAULT_PORT));
	return t->literal || ident_dns_ok(t->host, strlen(t->host)) ||
	       problem(p, PROBLEM_SERVER_INTERNAL, "\"%.100s\": its host is not a name", t->url);
}

bool
target_service(struct target *t, const char *url, struct arena *a, struct problem *p)
{
	defer(CURLU) *u = curl_url();
	CURLUcode bad;

	if (u == NULL)
		abort();
	*t = (struct target){ .url = url };
	bad = curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	return bad == CURLUE_OK ? service_judge(t, u, a, p) :
	       problem(p, PROBLEM_SERVER_INTERNAL, "\"%.100s\" is no URL: %s", url,
		       curl_url_strerror(bad));
}

const char *
target_shown(struct arena *a, const char *url)
{
	if (strlen(url) <= SHOWN_MAX)
		return url;
	return arena_printf(a, "%.*s...", SHOWN_MAX - 3, url);
}

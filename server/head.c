/* SPDX-License-Identifier: Apache-2.0 */
/* head.c - judges the head of a request before evhttp parses it.  Runs on: loop. */
#include "server/head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINES_MAX 100

static bool
bad(struct problem *p, const char *what)
{
	return problem_status(p, PROBLEM_MALFORMED, 400, "bad HTTP request: %s", what);
}

/* RFC 9110 section 5.6.2. */
static bool
is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
			return false;
	}
	return n > 0;
}

static bool
method_known(struct head *h, const char *s, size_t n)
{
	static const struct method {
		const char	*name;
		bool		 body;
	} methods[] = {
		{ "GET", false }, { "HEAD", false }, { "OPTIONS", false }, { "TRACE", false },
		{ "DELETE", false }, { "POST", true }, { "PUT", true }, { "PATCH", true },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strlen(methods[i].name) == n && memcmp(methods[i].name, s, n) == 0) {
			h->bodiless = !methods[i].body;
			return true;
		}
	return false;
}

/* METHOD SP /target SP HTTP/1.x */
static bool
request_line(struct head *h, const char *s, size_t n, struct problem *p)
{
	const char *target = memchr(s, ' ', n), *version;
	size_t method = target == NULL ? n : (size_t)(target - s), left;

	if (target == NULL || !is_token(s, method))
		return bad(p, "no method and target in its first line");
	left = n - method - 1;
	version = memchr(++target, ' ', left);
	if (version == NULL)
		return bad(p, "no HTTP version in its first line; speak HTTP/1.1");
	left -= (size_t)(version + 1 - target);
	if (left != 8 || (memcmp(version + 1, "HTTP/1.1", 8) != 0 &&
			  memcmp(version + 1, "HTTP/1.0", 8) != 0))
		return bad(p, "its version is not HTTP/1.1 or HTTP/1.0");
	h->http10 = version[8] == '0';
	if (*target != '/')
		return bad(p, "its target does not begin with a slash");
	for (const char *c = target; c < version; c++)
		if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f)
			return bad(p, "its target has octets that are not printable ASCII");
	if (!method_known(h, s, method))
		return problem_status(p, PROBLEM_MALFORMED, 501, "method %.*s is not implemented",
				      method > 20 ? 20 : (int)method, s);
	return true;
}

static bool
content_length(struct head *h, const char *value, size_t n, const struct head_limits *limits,
	       struct problem *p)
{
	if (h->lengths++ > 0)
		return bad(p, "more than one Content-Length");
	if (n == 0 || n > 18)
		return bad(p, "Content-Length is not a sensible number");
	h->length = 0;
	for (size_t i = 0; i < n; i++) {
		if (value[i] < '0' || value[i] > '9')
			return bad(p, "Content-Length is not digits only");
		h->length = h->length * 10 + (uint64_t)(value[i] - '0');
	}
	if (h->length > limits->body)
		return problem_status(p, PROBLEM_MALFORMED, 413, "the body has %llu octets; at "
				      "most %zu are taken", (unsigned long long)h->length,
				      limits->body);
	return true;
}

static bool
named(const char *s, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(s, name, n) == 0;
}

static bool
field_line(struct head *h, const char *s, size_t n, const struct head_limits *limits,
	   struct problem *p)
{
	const char *colon = memchr(s, ':', n), *value, *end = s + n;

	if (*s == ' ' || *s == '\t')
		return bad(p, "a folded header line");
	if (colon == NULL)
		return bad(p, "a header line without a colon");
	if (!is_token(s, (size_t)(colon - s)))
		return bad(p, "a header name that is empty or has white space or other "
			   "characters that a name can't have");
	for (value = colon + 1; value < end && (*value == ' ' || *value == '\t'); value++)
		;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	n = (size_t)(colon - s);
	if (named(s, n, "Content-Length"))
		return content_length(h, value, (size_t)(end - value), limits, p);
	if (named(s, n, "Transfer-Encoding"))
		h->encodings++;
	else if (named(s, n, "Host") && (h->hosts++ > 0 || value == end))
		return bad(p, "not exactly one Host");
	else if (named(s, n, "Expect") && !named(value, (size_t)(end - value), "100-continue"))
		return problem_status(p, PROBLEM_MALFORMED, 417,
				      "Expect other than 100-continue is not understood");
	return true;
}

/* The empty line has come. */
static bool
whole(const struct head *h, struct problem *p)
{
	if (h->encodings > 0 && (h->encodings > 1 || h->lengths > 0 || h->http10))
		return bad(p, "Transfer-Encoding where it has no place");
	if (h->encodings > 0)
		return problem_status(p, PROBLEM_MALFORMED, 411,
				      "send the body with Content-Length, not in chunks");
	if (h->hosts == 0 && !h->http10)
		return bad(p, "no Host");
	if (h->bodiless && h->length > 0)
		return bad(p, "a body where its method has none");
	return true;
}

static bool
line(struct head *h, const char *s, size_t n, const struct head_limits *limits,
     struct problem *p)
{
	if (n == 0 || s[n - 1] != '\r')
		return bad(p, "a line that ends with LF alone");
	n--;
	if (memchr(s, '\0', n) != NULL || memchr(s, '\r', n) != NULL)
		return bad(p, "a NUL or CR inside a line");
	if (h->lines++ == 0)
		return request_line(h, s, n, p);
	if (h->lines > LINES_MAX + 1)
		return problem_status(p, PROBLEM_MALFORMED, 431, "more than %d header lines",
				      LINES_MAX);
	return n == 0 || field_line(h, s, n, limits, p);
}

static void
keep(struct head *h, const char *data, size_t n)
{
	if (h->nline + n > h->size) {
		h->size = (h->nline + n + 511) / 512 * 512;
		h->line = realloc(h->line, h->size);
		if (h->line == NULL)
			abort();
	}
	memcpy(h->line + h->nline, data, n);
	h->nline += n;
}

/* A complete line, with its LF; where the octets came whole they are not copied. */
static enum head_state
complete(struct head *h, const struct head_limits *limits, const char *rest, size_t n,
	 struct problem *p)
{
	const char *s = rest;

	if (h->nline > 0) {
		keep(h, rest, n);
		s = h->line;
		n = h->nline;
		h->nline = 0;
	}
	if (!line(h, s, n - 1, limits, p))
		return HEAD_BAD;
	if (h->lines > 1 && n == 2)
		return whole(h, p) ? HEAD_DONE : HEAD_BAD;
	return HEAD_MORE;
}

enum head_state
head_feed(struct head *h, const struct head_limits *limits, const char *data, size_t n,
	  size_t *used, struct problem *p)
{
	enum head_state state = HEAD_MORE;

	for (*used = 0; *used < n && state == HEAD_MORE;) {
		const char *rest = data + *used, *lf = memchr(rest, '\n', n - *used);
		size_t take = lf == NULL ? n - *used : (size_t)(lf + 1 - rest);

		if (h->total + take > limits->head) {
			problem_status(p, PROBLEM_MALFORMED, 431,
				       "the head of the request is longer than %zu octets",
				       limits->head);
			return HEAD_BAD;
		}
		h->total += take;
		*used += take;
		if (lf == NULL)
			keep(h, rest, take);
		else
			state = complete(h, limits, rest, take, p);
	}
	return state;
}

void
head_reset(struct head *h)
{
	free(h->line);
	*h = (struct head){ 0 };
}

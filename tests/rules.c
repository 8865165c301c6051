/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - what each reply must be, whatever was asked. */
#include <string.h>

#include "base/b64.h"
#include "tests/client.h"

static bool
has_null(const json_t *j)
{
	const char *name;
	json_t *one;
	size_t i;

	if (json_is_array(j))
		json_array_foreach(j, i, one)
			if (has_null(one))
				return true;
	if (json_is_object(j))
		json_object_foreach((json_t *)j, name, one)
			if (has_null(one))
				return true;
	return json_is_null(j);
}

/* Some clients end at a status that they don't know (24). */
static bool
status_known(const json_t *j)
{
	static const char *const known[] = {
		"pending", "processing", "ready", "valid", "invalid", "deactivated", "revoked"
	};
	const json_t *status = json_object_get(j, "status");

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (json_is_string(status) && strcmp(json_string_value(status), known[i]) == 0)
			return true;
	return status == NULL;
}

static const char *
problem_rules(const struct client *c)
{
	const char *type = reply_only(&c->reply, "Content-Type");
	const json_t *status = json_object_get(c->json, "status");

	if (type == NULL || strcmp(type, "application/problem+json") != 0)
		return "Content-Type of a problem";
	if (!json_is_object(c->json) || json_object_get(c->json, "identifier") != NULL)
		return "not a problem document";
	if (*c->type == '\0' || strchr(c->type, ':') != NULL)
		return "no type in ACME's namespace";
	if (*c->detail == '\0')
		return "no detail";
	return json_integer_value(status) == c->reply.status ? NULL : "status of the problem";
}

/* One link a line. */
static const char *
link_rules(const struct client *c, const char *path)
{
	const char *link, *last = strrchr(path, '/');
	size_t index = 0;

	for (size_t i = 0; (link = reply_header(&c->reply, "Link", i)) != NULL; i++) {
		if (*link != '<' || strstr(link, ">;rel=\"") == NULL || strchr(link + 1, '<'))
			return "form of a Link header";
		if (strstr(link, ">;rel=\"index\"") != NULL)
			index++;
	}
	return index == 1 || (index == 0 && last != NULL && strcmp(last, "/directory") == 0) ?
	       NULL : "Link index";
}

static bool
cached(const struct reply *r)
{
	const char *control = reply_only(r, "Cache-Control");

	return r->status == 200 && control != NULL && strncmp(control, "public", 6) == 0;
}

const char *
client_rules(struct client *c, const char *method, const char *path)
{
	const struct reply *r = &c->reply;
	const char *nonce = reply_only(r, "Replay-Nonce"), *why;
	const char *type = reply_header(r, "Content-Type", 0);
	bool bare = strcmp(method, "HEAD") == 0 || r->status == 204;

	/* What caches may keep has none (RFC 9773 section 4.1). */
	if (strcmp(method, "OPTIONS") != 0 && !(nonce == NULL && cached(r)) &&
	    (nonce == NULL || b64_parse(c->arena, nonce, strlen(nonce), NULL).len < 16))
		return "Replay-Nonce";
	if (strcmp(method, "OPTIONS") != 0 && (why = link_rules(c, path)) != NULL)
		return why;
	if (r->chunked && r->minor == 0)
		return "chunked to HTTP/1.0";
	if (bare)
		return NULL;
	if (!r->chunked && r->length < 0 && r->minor != 0)
		return "no Content-Length";
	if (has_null(c->json))
		return "null";
	if (r->status >= 400)
		return problem_rules(c);
	if (!status_known(c->json))
		return "status";
	if (c->json != NULL && (type == NULL || strcmp(type, "application/json") != 0))
		return "Content-Type of JSON";
	return NULL;
}

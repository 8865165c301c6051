/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - reads replies of an HTTP/1.1 server (RFC 9112). */
#include "tests/bench/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/problem.h"

#define URN "urn:ietf:params:acme:error:"

static void
take_header(struct answer *answer, const char *name, const char *value)
{
	if (strcasecmp(name, "Replay-Nonce") == 0)
		answer->nonce = value;
	else if (strcasecmp(name, "Location") == 0)
		answer->location = value;
	else if (strcasecmp(name, "Content-Length") == 0)
		answer->length = strtol(value, NULL, 10);
	else if (strcasecmp(name, "Retry-After") == 0)
		answer->retry_after = strtol(value, NULL, 10);
	else if (strcasecmp(name, "Connection") == 0)
		answer->close = strcasecmp(value, "close") == 0;
	else if (strcasecmp(name, "Transfer-Encoding") == 0)
		answer->chunked = strcasecmp(value, "chunked") == 0;
}

static bool
parse_head(struct answer *answer, char *head)
{
	char *line, *next, *colon;
	int minor;

	if (sscanf(head, "HTTP/1.%1d %3d", &minor, &answer->status) != 2)
		return false;
	answer->close = minor == 0;
	line = strstr(head, "\r\n");
	for (line = line == NULL ? NULL : line + 2; line != NULL; line = next) {
		next = strstr(line, "\r\n");
		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		colon = strchr(line, ':');
		if (colon == NULL)
			return false;
		*colon++ = '\0';
		take_header(answer, line, colon + strspn(colon, " \t"));
	}
	return true;
}

static enum parse
parse_chunks(struct answer *answer, const char *text, size_t len)
{
	char *out = arena_alloc(answer->arena, len + 1);
	const char *at = text, *end = text + len, *line;
	size_t n = 0;

	while ((line = memmem(at, (size_t)(end - at), "\r\n", 2)) != NULL) {
		char *stop;
		unsigned long part = strtoul(at, &stop, 16);

		if (stop == at || (stop != line && *stop != ';'))
			return PARSE_BAD;
		line += 2;
		if ((size_t)(end - line) < part || (size_t)(end - line) - part < 2)
			return PARSE_MORE;
		if (memcmp(line + part, "\r\n", 2) != 0)
			return PARSE_BAD;
		memcpy(out + n, line, part);
		n += part;
		answer->body = (struct blob){ (const uint8_t *)out, n };
		if (part == 0)
			return PARSE_DONE;
		at = line + part + 2;
	}
	return PARSE_MORE;
}

static enum parse
parse_body(struct answer *answer, const char *text, size_t len, bool ended)
{
	size_t n = answer->length >= 0 ? (size_t)answer->length : len;

	if (answer->chunked)
		return parse_chunks(answer, text, len);
	if (answer->length < 0 && !ended)
		return PARSE_MORE;
	if (answer->length < 0)
		answer->close = true;
	if (len < n)
		return PARSE_MORE;
	answer->body = (struct blob){ (uint8_t *)arena_strndup(answer->arena, text, n), n };
	return PARSE_DONE;
}

enum parse
answer_parse(struct answer *answer, struct blob text, bool head, bool ended)
{
	const char *start = (const char *)text.data, *end;
	size_t n;

	end = text.len == 0 ? NULL : memmem(start, text.len, "\r\n\r\n", 4);
	if (end == NULL)
		return ended ? PARSE_BAD : PARSE_MORE;
	*answer = (struct answer){ .arena = answer->arena, .retry_after = -1, .length = -1 };
	n = (size_t)(end - start);
	if (!parse_head(answer, arena_strndup(answer->arena, start, n)))
		return PARSE_BAD;
	answer->body = (struct blob){ (const uint8_t *)"", 0 };
	if (head || answer->status == 204 || answer->status == 304)
		return PARSE_DONE;
	return parse_body(answer, end + 4, text.len - n - 4, ended);
}

json_t *
answer_json(const struct answer *answer)
{
	struct problem ignored = { 0 };

	return json_parse(answer->arena, answer->body.data, answer->body.len, "reply", &ignored);
}

const char *
problem_type_of(const json_t *problem, const char **detail)
{
	const char *type = json_string_value(json_object_get(problem, "type"));

	*detail = json_string_value(json_object_get(problem, "detail"));
	if (*detail == NULL)
		*detail = "";
	if (type == NULL)
		return "no problem type";
	return strncmp(type, URN, strlen(URN)) == 0 ? type + strlen(URN) : type;
}

const char *
answer_type(const struct answer *answer, const char **detail)
{
	json_t *problem;

	*detail = answer->fault == NULL ? "" : answer->fault;
	if (answer->status == 0)
		return "connection lost";
	problem = answer_json(answer);
	if (json_object_get(problem, "type") != NULL)
		return problem_type_of(problem, detail);
	return arena_printf(answer->arena, "HTTP %d", answer->status);
}

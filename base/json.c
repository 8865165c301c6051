/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - typed getters over jansson. */
#include "base/json.h"

#include <stdlib.h>

static void
release(void *j)
{
	json_decref(j);
}

json_t *
json_keep(struct arena *a, json_t *j)
{
	return arena_own(a, j, release);
}

json_t *
json_parse(struct arena *a, const void *text, size_t len, const char *what, struct problem *p)
{
	json_error_t error;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (j == NULL) {
		problem(p, PROBLEM_MALFORMED, "%s is not JSON: %.150s", what, error.text);
		return NULL;
	}
	json_keep(a, j);
	if (!json_is_object(j)) {
		problem(p, PROBLEM_MALFORMED, "%s is not a JSON object", what);
		return NULL;
	}
	return j;
}

bool
json_text_maybe(const json_t *o, const char *member, const char **s, size_t *len,
		struct problem *p)
{
	const json_t *j = json_object_get(o, member);

	*s = NULL;
	if (len != NULL)
		*len = 0;
	if (j == NULL)
		return true;
	if (!json_is_string(j))
		return problem(p, PROBLEM_MALFORMED, "\"%s\" is not a string", member);
	*s = json_string_value(j);
	if (len != NULL)
		*len = json_string_length(j);
	return true;
}

const char *
json_text(const json_t *o, const char *member, size_t *len, struct problem *p)
{
	const char *s;

	if (!json_text_maybe(o, member, &s, len, p))
		return NULL;
	if (s == NULL)
		problem(p, PROBLEM_MALFORMED, "\"%s\" is missing", member);
	return s;
}

bool
json_flag(const json_t *o, const char *member, bool *value, struct problem *p)
{
	const json_t *j = json_object_get(o, member);

	*value = json_is_true(j);
	if (j != NULL && !json_is_boolean(j))
		return problem(p, PROBLEM_MALFORMED, "\"%s\" is not true or false", member);
	return true;
}

const char *
json_print(struct arena *a, const json_t *j)
{
	char *s = json_dumps(j, JSON_COMPACT);

	if (s == NULL)
		abort();
	return arena_own(a, s, free);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - typed getters over jansson that fill a problem. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/problem.h"

/* Parses an object: UTF-8, no duplicate members, no NUL, nothing behind it
 * (RFC 8555 section 6.1, RFC 7515 section 4).  Owned by the arena.  NULL with the
 * problem malformed, whose detail names `what` ("payload"). */
json_t *json_parse(struct arena *a, const void *text, size_t len, const char *what,
		   struct problem *p);

/* Hands a reference to the arena; returns it. */
json_t *json_keep(struct arena *a, json_t *j);

/* The member as a string of its own type; NULL with the problem malformed when it is
 * missing or of another type.  Lives as long as the object. */
const char *json_text(const json_t *o, const char *member, size_t *len, struct problem *p);

/* The same for a member that may be missing: *s is NULL then. */
bool json_text_maybe(const json_t *o, const char *member, const char **s, size_t *len,
		     struct problem *p);

/* A boolean member; false when it is missing. */
bool json_flag(const json_t *o, const char *member, bool *value, struct problem *p);

/* Compact text in the arena. */
const char *json_print(struct arena *a, const json_t *j);

#endif

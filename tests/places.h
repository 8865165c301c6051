/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - one server with several directories: the default one, and two whose paths begin
 * alike, with other issuers, profiles, methods, rules for names and bindings. */
#ifndef TESTS_PLACES_H
#define TESTS_PLACES_H

#include "tests/attack.h"
#include "tests/bind.h"

enum { MAIN, PART, PARTNER, PLACES };

/* What the default one has: issuer main, profiles fleet and short, and init's others, both methods. */
#define ISSUER_OTHER "issuer other { certificate = \"../other/issuing.pem\"\n" \
		     "key = \"../other/issuing.key\" }\n"
#define PROFILE_SHORT "profile short { lifetime = 1d\n client_auth = true }\n"
#define DIRECTORY_PART "directory part { issuer = other\n profiles = { short }\n" \
		       "methods = { http-01 }\n eab = optional\n" \
		       "allow = { .example.test }\n deny = { n9.example.test } }\n"
#define DIRECTORY_PARTNER "directory partner { profiles = { short, fleet }\n" \
			  "eab = required\n" \
			  "allow = { n0.example.test, n1.example.test, n2.example.test, " \
			  "n9.example.test } }\n"
#define DIRECTORIES ISSUER_OTHER PROFILE_SHORT DIRECTORY_PART DIRECTORY_PARTNER

extern const char *const place_paths[PLACES];	/* "", "/part", "/partner" */

/* A scene with a second CA in dir/other beside the server's; false as scene_begin(). */
bool places_begin(struct scene *sc, const char *const *settings);

/* Makes its configuration that of init and the text behind it, and reloads; false with what
 * the server said on standard output. */
bool places_configure(const struct scene *sc, const char *text);
/* The same without reload; the server does not run. */
void places_write(const struct scene *sc, const char *text);

/* The URL of that directory, and the file with the root above its certificates. */
const char *place_url(struct arena *a, const struct scene *sc, int place);
const char *place_root(struct arena *a, const struct scene *sc, int place);

/* A client of that directory without an account. */
struct client *place_visitor(const struct scene *sc, int place);
/* And with one of that key (NULL: a new one), bound where it must be; never NULL. */
struct client *place_member(const struct scene *sc, int place, EVP_PKEY *key);

#endif

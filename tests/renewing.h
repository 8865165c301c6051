/* SPDX-License-Identifier: Apache-2.0 */
/* renewing.h - for tests of `brevet renewals`: a scene, and what the command tells. */
#ifndef TESTS_RENEWING_H
#define TESTS_RENEWING_H

#include "base/rand.h"
#include "tests/bind.h"
#include "tests/scene.h"

extern struct scene scene;

/* A new server with these settings; from now on our clock is its own (BREVET_CLOCK).  Ends the
 * program when it does not come up. */
void renewing_begin(const char *const *settings);

/* A certificate for names with spaces between ("n1 n2", each below .example.test); ends the
 * program when there is none. */
struct serial renewing_issue(struct client *c, const char *names);

/* brevet renewals WORDS: its exit status, and all that it says in *said, in the arena. */
int renewing_run(struct arena *a, const char *words, const char **said);

/* What `brevet renewals --json WORDS` tells: an array, the caller's. */
json_t *renewing_list(const char *words);

/* Of each of these, in that order, the first name's first label and the state: "n1:due n2:due";
 * in the arena. */
const char *renewing_states(struct arena *a, const char *words);

#endif

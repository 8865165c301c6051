/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - commands of the operator, for tests. */
#ifndef TESTS_COMMAND_H
#define TESTS_COMMAND_H

#include "base/arena.h"
#include "tests/stage.h"

/* brevet WORDS with the configuration of that server, by its clock: the exit status, -1 when a
 * signal ended it; all that it says in *said, in the arena. */
int command_run(struct arena *a, const struct server *s, const char *words, const char **said);

#endif

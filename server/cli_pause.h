/* SPDX-License-Identifier: Apache-2.0 */
/* cli_pause.h - pauses, for `brevet account` and `brevet name`. */
#ifndef SERVER_CLI_PAUSE_H
#define SERVER_CLI_PAUSE_H

#include "server/cli.h"

struct pause_options {
	const char	*account, *name, *why;	/* or NULL */
};

/* Asks the server to "pause" or "resume" the account, the name, or the name of the account;
 * returns an exit status. */
int pause_ask(const struct config *c, const char *verb, const struct pause_options *o);

/* Prints an indented line for each pause of an account, and of its names. */
void pause_lines(const struct view *v, struct arena *a, const struct id *account);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cli_eab.h - the parts of `brevet eab`. */
#ifndef SERVER_CLI_EAB_H
#define SERVER_CLI_EAB_H

#include <jansson.h>

#include "server/cli.h"

/* All bindings, a line each; as JSON an object each. */
int eab_list(struct store *s, bool json);

/* One of them with its accounts, orders and certificates. */
int eab_show(struct store *s, const char *id, bool json);

/* Prints what to type into which client.  added: the server's answer to "eab-add"; name:
 * a name to ask for. */
void eab_clients(const struct config *c, const json_t *added, const char *name);

#endif

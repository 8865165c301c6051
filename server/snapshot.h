/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.h - from the parsed file to an immutable snapshot; for config.c. */
#ifndef SERVER_SNAPSHOT_H
#define SERVER_SNAPSHOT_H

#include <confuse.h>

#include "server/config.h"

/* Fills all of c but arena and file, opening issuers and what else is named.  False with
 * serverInternal; what was opened is in c then. */
bool snapshot_take(struct config *c, cfg_t *cfg, struct problem *p);

#endif

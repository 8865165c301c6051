/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.h - from the parsed file to an immutable snapshot; for config.c. */
#ifndef SERVER_SNAPSHOT_H
#define SERVER_SNAPSHOT_H

#include <confuse.h>

#include "server/config.h"
#include "server/options.h"

/* Fills all of c but arena and file, opening issuers and what else is named.  False with
 * serverInternal; what was opened is in c then. */
bool snapshot_take(struct config *c, cfg_t *cfg, struct problem *p);

/* For its parts.  An option's value from the file, or its default where opt is NULL, into its
 * place behind base. */
void snapshot_option(void *base, struct arena *a, const struct config_option *o,
		     cfg_opt_t *opt);

/* A path of the file, relative to its folder. */
const char *snapshot_path(const struct config *c, const char *path);

/* METHOD_BIT()s of names of methods. */
unsigned snapshot_methods(const char *const *names);

/* c->acme.profiles: at least one.  False with serverInternal. */
bool snapshot_profiles(struct config *c, cfg_t *cfg, struct problem *p);

/* c->acme.directories, after issuers and profiles: the default one first, whether it has a
 * section or not.  False with serverInternal. */
bool snapshot_directories(struct config *c, cfg_t *cfg, struct problem *p);

/* c->acme.webhook, with the secret and the roots that it names. */
bool snapshot_webhook(struct config *c, struct problem *p);

/* c->acme.va, with the files that it names. */
bool snapshot_validation(struct config *c, struct problem *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - KEY=VALUE over a parsed file; for config.c. */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include <confuse.h>

#include "base/problem.h"

/* Sets one option in the parsed file.  False with serverInternal. */
bool setting_apply(cfg_t *cfg, const char *setting, struct problem *p);

#endif

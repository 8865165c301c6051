/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.h - the table of validation.hosts_file. */
#ifndef VA_HOSTS_H
#define VA_HOSTS_H

#include "base/arena.h"
#include "base/problem.h"
#include "va/addr.h"

struct hosts;

/* Reads a file in the form of /etc/hosts into the arena.  NULL with serverInternal,
 * whose detail names the option, the file and the line. */
const struct hosts *hosts_read(struct arena *a, const char *file, struct problem *p);

/* The addresses of a name (lower case) in the order of the file, at most max into
 * list.  Returns how many; 0: not in the table, or no table (NULL). */
size_t hosts_find(const struct hosts *h, const char *name, union address *list, size_t max);

#endif

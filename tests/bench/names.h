/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - the names that are ordered: made from a seed, or read from a file. */
#ifndef BENCH_NAMES_H
#define BENCH_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "tests/bench/options.h"

struct names;

/* NULL after telling on standard error why: no such file, a line that is no name, too
 * few names for all orders. */
struct names *names_open(const struct options *o);
void names_close(struct names *names);

/* The nth name of the load, in the arena. */
const char *names_get(const struct names *names, struct arena *a, uint64_t n);

/* Writes "ADDRESS NAME" for all orders, ADDRESS being that of --http; false after telling
 * why not. */
bool names_write_hosts(const struct names *names);

#endif

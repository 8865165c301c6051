/* SPDX-License-Identifier: Apache-2.0 */
/* respond.h - lets the server under test see the proofs of challenges, by the one method of
 * the load. */
#ifndef BENCH_RESPOND_H
#define BENCH_RESPOND_H

#include <event2/event.h>
#include <jansson.h>
#include <stdint.h>

#include "tests/bench/account.h"
#include "tests/bench/options.h"

struct respond;

/* NULL after telling on standard error why not. */
struct respond *respond_open(struct event_base *loop, const struct options *o);
void respond_close(struct respond *r);

/* The challenge of the load's method in an authorization; NULL: it has none. */
const json_t *respond_challenge(const struct respond *r, const json_t *authz);

/* From now on control of the name is proved for that challenge.  Returns a key for
 * respond_drop(), in the arena. */
const char *respond_put(struct respond *r, struct arena *a, const struct account *account,
			const char *name, const json_t *challenge);
void respond_drop(struct respond *r, const char *key);

/* How often it was looked for, and how often for what is not there. */
uint64_t respond_hits(const struct respond *r);
uint64_t respond_misses(const struct respond *r);

#endif

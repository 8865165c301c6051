/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - n threads that serve one lane. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/lane.h"

struct pool;

/* Starts n threads that open the letters of the lane, one at a time each. */
struct pool *pool_start(struct lane *lane, unsigned n);

/* Closes the lane, waits until it is empty and the threads are gone, frees the pool
 * (not the lane). */
void pool_join(struct pool *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* planted_race.c - a race of our own, deep inside libevent's callbacks, where a careless
 * suppression would hide it.  tests/planted_race.sh expects ThreadSanitizer to report it. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "base/loop.h"

#define BUMPS 1000

static int planted;

static void
bump(void *arg)
{
	(void)arg;
	planted++;
}

int
main(void)
{
	struct loop *left = loop_new(0), *right = loop_new(1);

	loop_start(left);
	loop_start(right);
	for (int i = 0; i < BUMPS; i++) {
		loop_call(left, bump, NULL);
		loop_call(right, bump, NULL);
	}
	loop_stop(left);
	loop_stop(right);
	loop_join(left);
	loop_join(right);
	loop_free(left);
	loop_free(right);
	return 0;
}

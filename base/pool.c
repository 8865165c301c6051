/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - n threads that serve one lane. */
#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>

struct pool {
	struct lane	*lane;
	unsigned	 n;
	pthread_t	 threads[];
};

static void *
pool_main(void *arg)
{
	struct letter *l;

	while ((l = lane_wait_one(arg)) != NULL)
		l->open(l);
	return NULL;
}

struct pool *
pool_start(struct lane *lane, unsigned n)
{
	struct pool *p = calloc(1, sizeof(*p) + n * sizeof(p->threads[0]));

	if (p == NULL)
		abort();
	p->lane = lane;
	p->n = n;
	for (unsigned i = 0; i < n; i++)
		if (pthread_create(&p->threads[i], NULL, pool_main, lane) != 0)
			abort();
	return p;
}

void
pool_join(struct pool *p)
{
	lane_close(p->lane);
	for (unsigned i = 0; i < p->n; i++)
		pthread_join(p->threads[i], NULL);
	free(p);
}

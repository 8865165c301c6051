/* SPDX-License-Identifier: Apache-2.0 */
/* idle.c - connections that are held and do nothing, after one newNonce request each. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/bench.h"

#define AT_A_TIME 64

static void ask(struct bench *b);

static void
took(void *arg, const struct answer *answer)
{
	struct bench *b = arg;
	struct idle *idle = &b->idle;

	idle->answered++;
	if (answer->status != 200) {
		if (idle->failed++ == 0)
			snprintf(idle->fault, sizeof(idle->fault), "%s", answer->status == 0 ?
				 answer->fault : "newNonce was refused");
	}
	if (idle->asked < idle->n)
		ask(b);
	else if (idle->answered == idle->n)
		event_base_loopbreak(b->loop);
}

static void
ask(struct bench *b)
{
	struct idle *idle = &b->idle;

	idle->peers[idle->asked] = peer_new(b->target);
	peer_ask(idle->peers[idle->asked++], &(struct ask){
		.method = "HEAD", .url = b->target->new_nonce, .took = took, .arg = b,
	});
}

void
idle_open(struct bench *b)
{
	struct idle *idle = &b->idle;

	idle->n = b->options->idle;
	idle->before = process_read(b->options->pid);
	idle->peers = calloc(idle->n, sizeof(*idle->peers));
	if (idle->peers == NULL)
		abort();
	for (int i = 0; i < AT_A_TIME && idle->asked < idle->n; i++)
		ask(b);
	event_base_dispatch(b->loop);
	idle->after = process_read(b->options->pid);
}

void
idle_count(struct bench *b)
{
	struct idle *idle = &b->idle;
	uint64_t open = 0;

	for (uint64_t i = 0; i < idle->asked; i++)
		open += peer_is_open(idle->peers[i]);
	idle->lost = idle->answered - idle->failed - open;
}

void
idle_close(struct bench *b)
{
	for (uint64_t i = 0; i < b->idle.asked; i++)
		peer_free(b->idle.peers[i]);
	free(b->idle.peers);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - one thing at a time: a connection, a nonce, a signed request. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

void
workers_open(struct bench *b)
{
	uint64_t n = b->options->concurrency;

	b->workers = arena_alloc(b->arena, n * sizeof(*b->workers));
	for (uint64_t i = 0; i < n; i++) {
		b->workers[i].bench = b;
		b->workers[i].number = (unsigned)i;
		b->workers[i].peer = peer_new(b->target);
	}
}

void
workers_close(struct bench *b)
{
	for (uint64_t i = 0; b->workers != NULL && i < b->options->concurrency; i++)
		peer_free(b->workers[i].peer);
}

void
workers_run(struct bench *b, uint64_t items, void (*start)(struct worker *w, uint64_t item))
{
	b->start = start;
	b->items = items;
	b->next = 0;
	b->working = b->options->concurrency;
	for (uint64_t i = 0; i < b->options->concurrency; i++)
		worker_next(&b->workers[i]);
	if (b->working > 0)
		event_base_dispatch(b->loop);
}

void
worker_next(struct worker *w)
{
	struct bench *b = w->bench;

	if (b->next < b->items && b->fault == NULL) {
		w->item = b->next++;
		b->start(w, w->item);
	} else if (--b->working == 0) {
		event_base_loopbreak(b->loop);
	}
}

void
worker_nonce(struct worker *w, void (*took)(void *worker, const struct answer *answer))
{
	peer_ask(w->peer, &(struct ask){
		.method = "HEAD", .url = w->bench->target->new_nonce, .took = took, .arg = w,
		.close = w->bench->options->connections == CONNECTIONS_REQUEST,
	});
}

static void
keep_nonce(struct worker *w, const struct answer *answer)
{
	w->nonce[0] = '\0';
	if (answer->nonce != NULL && strlen(answer->nonce) < NONCE_ROOM &&
	    strpbrk(answer->nonce, "\"\\") == NULL)
		strcpy(w->nonce, answer->nonce);
}

static void transmit(struct worker *w);

static void
took_nonce(void *arg, const struct answer *answer)
{
	struct worker *w = arg;
	struct answer none = { .arena = answer->arena, .fault = "newNonce gave no nonce",
			       .retry_after = -1 };

	keep_nonce(w, answer);
	if (w->nonce[0] != '\0')
		transmit(w);
	else if (answer->status == 200 || answer->status == 204)
		w->took(w, &none);
	else
		w->took(w, answer);
}

static void
took_reply(void *arg, const struct answer *answer)
{
	struct worker *w = arg;
	const char *detail;

	keep_nonce(w, answer);
	if (answer->status == 400 && !w->again &&
	    strcmp(answer_type(answer, &detail), "badNonce") == 0) {
		w->again = true;
		w->bench->stats.bad_nonces++;
		transmit(w);
	} else {
		w->took(w, answer);
	}
}

static void
transmit(struct worker *w)
{
	struct arena *a;

	if (w->nonce[0] == '\0') {
		worker_nonce(w, took_nonce);
		return;
	}
	a = arena_new();
	peer_ask(w->peer, &(struct ask){
		.method = "POST", .url = w->url, .took = took_reply, .arg = w,
		.body = account_sign(a, w->account, w->url, w->nonce, w->payload),
		.close = w->bench->options->connections == CONNECTIONS_REQUEST,
	});
	w->nonce[0] = '\0';
	arena_free(a);
}

void
worker_post(struct worker *w, const struct account *account, const char *url,
	    const char *payload, void (*took)(struct worker *w, const struct answer *answer))
{
	w->account = account;
	w->url = url;
	w->payload = payload;
	w->took = took;
	w->again = false;
	transmit(w);
}

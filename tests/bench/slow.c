/* SPDX-License-Identifier: Apache-2.0 */
/* slow.c - validations beside the load that wait until their time is over: their targets
 * accept connections and never say a word, or their name server never answers.
 *
 * Each has a client and an account of its own.  It orders, answers the challenge, sleeps until
 * the server must have given up, looks at the verdict, and orders anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/dns.h"

#define LATER_MS 1000		/* after the server's time; before another look or try */

struct slot {
	struct worker	 worker;	/* first: callbacks get it */
	struct slow	*slow;
	struct arena	*arena;		/* of one order */
	const char	*authz;
	unsigned	 number, turn;
	bool		 held;		/* the server validates for it */
	struct event	*timer;
	void		(*resume)(struct slot *s);
};

/* Somebody who came to a target. */
struct guest {
	struct guest	*next, **link;
	struct event	*event;
	int		 fd;
};

struct slow {
	struct bench		*bench;
	struct slot		*slots;
	uint64_t		 n;
	struct evconnlistener	*listener;	/* NULL: the name server is what is slow */
	struct guest		*guests;
	struct slow_count	 count;
	bool			 opening;
};

/* --- Targets that never answer ------------------------------------------------------------ */

static void
leave(struct guest *g)
{
	*g->link = g->next;
	if (g->next != NULL)
		g->next->link = g->link;
	event_free(g->event);
	close(g->fd);
	free(g);
}

static void
hear(evutil_socket_t fd, short what, void *arg)
{
	char words[4096];

	(void)what;
	if (recv(fd, words, sizeof(words), 0) <= 0)
		leave(arg);
}

static void
receive(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct slow *s = arg;
	struct guest *g = calloc(1, sizeof(*g));

	(void)l;
	(void)from;
	(void)len;
	if (g == NULL)
		abort();
	g->fd = fd;
	g->next = s->guests;
	g->link = &s->guests;
	if (g->next != NULL)
		g->next->link = &g->next;
	s->guests = g;
	g->event = event_new(s->bench->loop, fd, EV_READ | EV_PERSIST, hear, g);
	if (g->event == NULL || event_add(g->event, NULL) != 0)
		abort();
}

/* At every address but that of the load's own targets. */
static bool
listen_everywhere(struct slow *s)
{
	const struct options *o = s->bench->options;
	const char *option = o->method == METHOD_TLS_ALPN_01 ? "tls" : "http";
	union place at;
	int len;

	if (o->method != METHOD_HTTP_01 && o->method != METHOD_TLS_ALPN_01)
		return true;
	if (!place_parse(&at, &len, option, o->method == METHOD_TLS_ALPN_01 ? o->tls : o->http))
		return false;
	at.in.sin_addr.s_addr = INADDR_ANY;
	s->listener = listen_at(s->bench->loop, &at, len, option, receive, s);
	return s->listener != NULL;
}

/* --- One of them after another ------------------------------------------------------------ */

static void begin(struct slot *s);

static void
wake(evutil_socket_t fd, short what, void *arg)
{
	struct slot *s = arg;

	(void)fd;
	(void)what;
	s->resume(s);
}

static void
later(struct slot *s, uint64_t ms, void (*resume)(struct slot *s))
{
	struct timeval wait = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	s->resume = resume;
	if (evtimer_add(s->timer, &wait) != 0)
		abort();
}

static void
hold(struct slot *s, bool held)
{
	struct slow *all = s->slow;

	all->count.held += held;
	all->count.held -= s->held;
	s->held = held;
	if (all->opening && all->count.held + all->count.strange >= all->n) {
		all->opening = false;
		event_base_loopbreak(all->bench->loop);
	}
}

static void
surprise(struct slot *s, const struct answer *answer, const char *what)
{
	struct slow_count *count = &s->slow->count;
	const char *type, *detail;

	type = answer_type(answer, &detail);
	if (count->strange++ == 0)
		snprintf(count->fault, sizeof(count->fault), "%s: HTTP %d %s %.120s", what,
			 answer->status, answer->status / 100 == 2 ? "" : type,
			 answer->status / 100 == 2 ? "" : detail);
	hold(s, false);
	later(s, LATER_MS, begin);
}

static void look(struct slot *s);

static void
took_verdict(struct worker *w, const struct answer *answer)
{
	struct slot *s = (struct slot *)w;
	const json_t *j = answer->status == 200 ? answer_json(answer) : NULL;
	const char *status = order_text(j, "status");

	if (strcmp(status, "pending") == 0) {
		later(s, LATER_MS, look);
	} else if (strcmp(status, "invalid") == 0) {
		hold(s, false);
		s->slow->count.ended++;
		begin(s);
	} else {
		surprise(s, answer, "the verdict about a slow target");
	}
}

static void
look(struct slot *s)
{
	worker_post(&s->worker, s->worker.account, s->authz, "", took_verdict);
}

static void
took_challenge(struct worker *w, const struct answer *answer)
{
	struct slot *s = (struct slot *)w;
	const json_t *j = answer->status == 200 ? answer_json(answer) : NULL;

	if (strcmp(order_text(j, "status"), "processing") != 0) {
		surprise(s, answer, "the challenge of a slow target");
		return;
	}
	hold(s, true);
	later(s, s->slow->bench->options->slow_seconds * 1000 + LATER_MS, look);
}

static void
took_authorization(struct worker *w, const struct answer *answer)
{
	struct slot *s = (struct slot *)w;
	const json_t *j = answer->status == 200 ? answer_json(answer) : NULL;
	const json_t *challenge = respond_challenge(w->bench->respond, j);

	if (challenge == NULL)
		surprise(s, answer, "the authorization of a slow target");
	else
		worker_post(w, w->account, arena_strdup(s->arena, order_text(challenge, "url")),
			    "{}", took_challenge);
}

static void
took_order(struct worker *w, const struct answer *answer)
{
	struct slot *s = (struct slot *)w;
	const json_t *j = answer->status == 201 ? answer_json(answer) : NULL;
	const char *url = json_string_value(
		json_array_get(json_object_get(j, "authorizations"), 0));

	if (url == NULL) {
		surprise(s, answer, "newOrder for a slow target");
		return;
	}
	s->authz = arena_strdup(s->arena, url);
	worker_post(w, w->account, s->authz, "", took_authorization);
}

static void
begin(struct slot *s)
{
	struct bench *b = s->slow->bench;
	const char *name;

	arena_free(s->arena);
	s->arena = arena_new();
	name = arena_printf(s->arena, "s%u-%u.slow.%s", s->number, s->turn++, b->options->domain);
	worker_post(&s->worker, &b->accounts[b->options->accounts + s->number], b->target->new_order,
		    order_identifiers(s->arena, &name, 1), took_order);
}

/* --- All of them -------------------------------------------------------------------------- */

void
slow_open(struct bench *b)
{
	struct slow *s = b->slow = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->bench = b;
	if (!listen_everywhere(s)) {
		b->fault = "the slow targets cannot listen";
		return;
	}
	s->n = b->options->slow;
	s->slots = calloc(s->n, sizeof(*s->slots));
	if (s->slots == NULL)
		abort();
	for (uint64_t i = 0; i < s->n; i++) {
		struct slot *slot = &s->slots[i];

		slot->slow = s;
		slot->number = (unsigned)i;
		slot->worker.bench = b;
		slot->worker.peer = peer_new(b->target);
		slot->timer = evtimer_new(b->loop, wake, slot);
		if (slot->timer == NULL)
			abort();
		later(slot, i * b->options->slow_seconds * 1000 / s->n, begin);
	}
	s->opening = true;
	event_base_dispatch(b->loop);
}

const struct slow_count *
slow_count(const struct slow *s)
{
	return &s->count;
}

void
slow_close(struct slow *s)
{
	if (s == NULL)
		return;
	for (uint64_t i = 0; i < s->n; i++) {
		peer_free(s->slots[i].worker.peer);
		event_free(s->slots[i].timer);
		arena_free(s->slots[i].arena);
	}
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	while (s->guests != NULL)
		leave(s->guests);
	free(s->slots);
	free(s);
}

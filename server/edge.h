/* SPDX-License-Identifier: Apache-2.0 */
/* edge.h - one connection: its deadlines, and the guard over what evhttp may read. */
#ifndef SERVER_EDGE_H
#define SERVER_EDGE_H

#include <event2/bufferevent.h>
#include <event2/http.h>

#include "server/http.h"

#define EDGE_BUCKETS 1024

struct edge;

struct conn {
	struct conn		*next, **here;	/* in its bucket */
	struct edge		*edge;
	struct bufferevent	*bev;
	struct evhttp_connection *http;		/* NULL until it has been set up */
	struct event		*timer;
	struct head		 head;
	uint64_t		 body;		/* octets of the body still to come */
	unsigned		 pending;	/* requests read and not answered */
	struct http_limits	 limits;	/* when it began */
	enum door		 door;
	bool			 greeted;	/* its first octets, or idle time, came */
	bool			 bad;		/* what follows is not looked at */
	bool			 refused, draining;
	struct request		*rq;		/* evhttp waits for its reply */
};

/* All connections of one loop. */
struct edge {
	struct loop		*loop;
	const struct http_options *options;
	struct conn		*buckets[EDGE_BUCKETS];
	/* A refusal as raw HTTP, added to the output; from http.c. */
	void			(*refuse)(struct conn *c, const struct problem *p);
};

/* Watches a new connection; called from evhttp's bufferevent callback, which then
 * returns bev. */
void edge_begin(struct edge *e, struct bufferevent *bev, enum door door);

/* The connection of a bufferevent, while it lives. */
struct conn *edge_find(struct edge *e, const struct bufferevent *bev);

/* evhttp handed us a request of it; we hand evhttp the reply; it is written. */
void edge_request(struct conn *c, struct request *rq);
void edge_replying(struct conn *c);
void edge_replied(struct conn *c);

/* The refusal is in the output: send it, take what still comes for a moment, close. */
void edge_refused(struct conn *c);

/* Closes connections without a request, marks the others. */
void edge_drain(struct edge *e);

unsigned edge_count(void);

#endif

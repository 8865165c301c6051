/* SPDX-License-Identifier: Apache-2.0 */
/* edge.c - one connection: its deadlines, and the guard over what evhttp may read.
 * Runs on: loop.
 *
 * evhttp parses line by line as octets arrive; a callback on the input buffer runs
 * before it and feeds head.c.  When that refuses, the input is emptied, so that evhttp
 * sees nothing of it, and the refusal goes straight into the output.
 *
 * evhttp closes connections by itself; its close callback tells us.  It has no timeout
 * for a whole request: at the deadline we shut the socket down, and evhttp finds it
 * closed. */
#include "server/edge.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#define HANDSHAKE 10		/* seconds */
#define LINGER	  2

static atomic_uint connections;

unsigned
edge_count(void)
{
	return atomic_load_explicit(&connections, memory_order_relaxed);
}

static struct conn **
bucket(struct edge *e, const struct bufferevent *bev)
{
	return &e->buckets[(uintptr_t)bev / 64 % EDGE_BUCKETS];
}

struct conn *
edge_find(struct edge *e, const struct bufferevent *bev)
{
	struct conn *c = *bucket(e, bev);

	while (c != NULL && c->bev != bev)
		c = c->next;
	return c;
}

static void
deadline(struct conn *c, int64_t seconds)
{
	struct timeval tv = { seconds, 0 };

	evtimer_add(c->timer, &tv);
}

static void
cut(struct conn *c)
{
	shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
	/* evhttp does not read while we have its request. */
	bufferevent_enable(c->bev, EV_READ);
}

static void
conn_free(struct conn *c)
{
	*c->here = c->next;
	if (c->next != NULL)
		c->next->here = c->here;
	if (c->rq != NULL)
		c->rq->peer = NULL;	/* its reply goes nowhere */
	event_free(c->timer);
	head_reset(&c->head);
	free(c);
	atomic_fetch_sub(&connections, 1);
}

static void
conn_closed(struct evhttp_connection *http, void *arg)
{
	(void)http;
	conn_free(arg);
}

static int64_t
handshake_time(const struct conn *c)
{
	return c->limits.idle < HANDSHAKE ? c->limits.idle : HANDSHAKE;
}

/* The first time, right after evhttp has set the connection up: evhttp gives its own
 * object to the bufferevent's callbacks, and takes a close callback only there. */
static void
conn_known(struct conn *c)
{
	void *arg = NULL;

	bufferevent_getcb(c->bev, NULL, NULL, NULL, &arg);
	c->http = arg;
	evhttp_connection_set_closecb(c->http, conn_closed, c);
	deadline(c, handshake_time(c));
}

static bool
handshake_done(const struct conn *c)
{
	return c->door != DOOR_ACME ||
	       SSL_is_init_finished(bufferevent_openssl_get_ssl(c->bev));
}

/* Nothing came in time for the handshake; a connection that is good so far gets the
 * idle time. */
static void
conn_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	int64_t left = c->limits.idle - handshake_time(c);

	(void)fd, (void)what;
	if (c->http == NULL) {
		conn_known(c);
	} else if (!c->greeted && left > 0 && handshake_done(c)) {
		c->greeted = true;
		deadline(c, left);
	} else {
		cut(c);
	}
}

/* --- what comes in ---------------------------------------------------------------- */

static void
refuse(struct conn *c, struct evbuffer *in, const struct problem *p)
{
	c->bad = true;
	if (c->pending > 0)	/* its replies first, then it is closed: edge_replied() */
		return;
	evbuffer_drain(in, evbuffer_get_length(in));
	c->edge->refuse(c, p);
}

/* One piece of new octets; false when the rest is not looked at any more. */
static bool
feed(struct conn *c, struct evbuffer *in, const char *data, size_t n)
{
	struct problem p = { 0 };

	while (n > 0) {
		size_t used;

		if (c->body > 0) {
			used = n < c->body ? n : (size_t)c->body;
			c->body -= used;
		} else {
			if (c->head.total == 0 && c->pending == 0)
				deadline(c, c->limits.request);
			c->greeted = true;
			switch (head_feed(&c->head, &c->limits.size, data, n, &used,
					  &p)) {
			case HEAD_BAD:
				refuse(c, in, &p);
				return false;
			case HEAD_DONE:
				c->body = c->head.length;
				c->pending++;
				head_reset(&c->head);
				break;
			case HEAD_MORE:
				break;
			}
		}
		data += used;
		n -= used;
	}
	return true;
}

static void
input_changed(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *c = arg;
	struct evbuffer_ptr from;
	struct evbuffer_iovec piece[8];
	size_t offset = info->orig_size;

	if (info->n_added == 0)
		return;
	if (c->bad && c->refused) {
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	while (!c->bad && offset < evbuffer_get_length(in)) {
		int n;

		evbuffer_ptr_set(in, &from, offset, EVBUFFER_PTR_SET);
		n = evbuffer_peek(in, -1, &from, piece, 8);
		for (int i = 0; i < n && i < 8; i++) {
			if (!feed(c, in, piece[i].iov_base, piece[i].iov_len))
				return;
			offset += piece[i].iov_len;
		}
	}
}

void
edge_begin(struct edge *e, struct bufferevent *bev, enum door door)
{
	struct conn *c = calloc(1, sizeof(*c)), **b = bucket(e, bev);

	if (c == NULL)
		abort();
	c->edge = e;
	c->bev = bev;
	c->limits = e->options->limits;
	c->door = door;
	c->next = *b;
	c->here = b;
	if (c->next != NULL)
		c->next->here = &c->next;
	*b = c;
	/* evhttp reads on while it writes: a peer that takes no reply must not fill memory. */
	bufferevent_setwatermark(bev, EV_READ, 0, 2 * (c->limits.size.head +
							c->limits.size.body));
	c->timer = evtimer_new(e->loop->base, conn_timer, c);
	if (c->timer == NULL ||
	    evbuffer_add_cb(bufferevent_get_input(bev), input_changed, c) == NULL)
		abort();
	/* Before any event of the new socket can be seen. */
	event_active(c->timer, EV_TIMEOUT, 1);
	atomic_fetch_add(&connections, 1);
}

/* --- requests and replies --------------------------------------------------------- */

void
edge_request(struct conn *c, struct request *rq)
{
	c->rq = rq;
	evtimer_del(c->timer);
}

void
edge_replying(struct conn *c)
{
	c->rq = NULL;
	deadline(c, c->limits.request);
}

void
edge_replied(struct conn *c)
{
	c->pending--;
	deadline(c, c->pending > 0 || c->head.total > 0 ? c->limits.request :
		 c->limits.idle);
}

/* The refusal has left: tell the peer that nothing follows. */
static void
output_changed(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg)
{
	struct conn *c = arg;

	(void)info;
	if (evbuffer_get_length(out) > 0)
		return;
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	deadline(c, LINGER);
}

void
edge_refused(struct conn *c)
{
	c->refused = true;
	c->draining = true;
	if (evbuffer_add_cb(bufferevent_get_output(c->bev), output_changed, c) == NULL)
		abort();
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	deadline(c, c->limits.request);
}

void
edge_drain(struct edge *e)
{
	for (size_t i = 0; i < EDGE_BUCKETS; i++)
		for (struct conn *c = e->buckets[i]; c != NULL; c = c->next) {
			c->draining = true;
			if (c->pending == 0)
				cut(c);
		}
}

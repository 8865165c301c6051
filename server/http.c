/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - evhttp on one side, struct request on the other.  Runs on: loop. */
#include "server/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/edge.h"

#define WRITER_MAX 4096		/* flows in the writer's lane before new ones are refused */
#define RETRY_MS   500		/* until a listener that was switched off tries again */

struct http {
	struct edge		 edge;		/* first */
	struct http_options	 options;
	struct evhttp		*servers[DOORS];
	SSL_CTX			*ctx;
	struct evconnlistener	*listeners[DOORS];
	size_t			 nlistener;
	struct event		*retry;
	bool			 draining;
};

static struct http *
http_of(const struct loop *l)
{
	return l->slot[SLOT_HTTP];
}

unsigned
http_connections(void)
{
	return edge_count();
}

/* --- listening -------------------------------------------------------------------- */

static void
listeners_off(struct http *h)
{
	struct timeval tv = { 0, RETRY_MS * 1000 };

	for (size_t i = 0; i < h->nlistener; i++)
		evconnlistener_disable(h->listeners[i]);
	evtimer_add(h->retry, &tv);
}

static void
listeners_retry(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd, (void)what;
	if (h->draining)
		return;
	if ((int64_t)edge_count() >= h->options.limits.connections) {
		listeners_off(h);
		return;
	}
	for (size_t i = 0; i < h->nlistener; i++)
		evconnlistener_enable(h->listeners[i]);
}

/* evhttp keeps the listener's argument for itself. */
static _Thread_local struct http *mine;

/* No descriptors left: others may close. */
static void
accept_failed(struct evconnlistener *listener, void *arg)
{
	(void)listener, (void)arg;
	log_event(LOG_ERROR, "accept failed", "s:s", "detail",
		  evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	listeners_off(mine);
}

/* Returning NULL would make evhttp serve plain HTTP: at the limit the listeners go off
 * instead. */
static struct bufferevent *
watched(struct http *h, struct bufferevent *bev, enum door door)
{
	if (bev == NULL)
		abort();
	edge_begin(&h->edge, bev, door);
	if ((int64_t)edge_count() >= h->options.limits.connections)
		listeners_off(h);
	return bev;
}

static struct bufferevent *
https_bufferevent(struct event_base *base, void *arg)
{
	struct http *h = arg;
	SSL *ssl = SSL_new(h->ctx);

	if (ssl == NULL)
		abort();
	return watched(h, bufferevent_openssl_socket_new(base, -1, ssl,
							 BUFFEREVENT_SSL_ACCEPTING,
							 BEV_OPT_CLOSE_ON_FREE), DOOR_ACME);
}

static struct bufferevent *
plain_bufferevent(struct event_base *base, void *arg)
{
	return watched(arg, bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE),
		       DOOR_PLAIN);
}

static struct bufferevent *
metrics_bufferevent(struct event_base *base, void *arg)
{
	return watched(arg, bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE),
		       DOOR_METRICS);
}

/* --- requests --------------------------------------------------------------------- */

static const char *
command_name(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:	 return "GET";
	case EVHTTP_REQ_POST:	 return "POST";
	case EVHTTP_REQ_HEAD:	 return "HEAD";
	case EVHTTP_REQ_PUT:	 return "PUT";
	case EVHTTP_REQ_DELETE:	 return "DELETE";
	case EVHTTP_REQ_OPTIONS: return "OPTIONS";
	case EVHTTP_REQ_TRACE:	 return "TRACE";
	case EVHTTP_REQ_CONNECT: return "CONNECT";
	case EVHTTP_REQ_PATCH:	 return "PATCH";
	}
	return "";
}

static const char *
field(struct arena *a, struct evhttp_request *req, const char *name)
{
	const char *value = evhttp_find_header(evhttp_request_get_input_headers(req), name);

	return value == NULL ? NULL : arena_strndup(a, value, strnlen(value, 256));
}

static void
take_request(struct request *rq, struct evhttp_request *req)
{
	struct arena *a = rq->flow->arena;
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	const char *uri = evhttp_request_get_uri(req);
	size_t n = evbuffer_get_length(in), path = strcspn(uri, "?");
	uint8_t *body = arena_alloc(a, n);
	char *address;
	ev_uint16_t port;

	evbuffer_remove(in, body, n);
	evhttp_connection_get_peer(evhttp_request_get_connection(req), &address, &port);
	rq->method = command_name(evhttp_request_get_command(req));
	rq->path = arena_strndup(a, uri, path);
	rq->query = uri[path] != '\0';
	rq->content_type = field(a, req, "Content-Type");
	rq->accept = field(a, req, "Accept");
	rq->agent = field(a, req, "User-Agent");
	rq->address = arena_strdup(a, address);
	rq->body = (struct blob){ body, n };
}

static void
reply_written(struct evhttp_request *req, void *arg)
{
	(void)req;
	edge_replied(arg);
}

/* HEAD and 204 have no body, whatever evhttp would make of one. */
static void
http_send(struct request *rq)
{
	struct evhttp_request *req = rq->peer;
	const struct reply *reply = &rq->reply;
	struct evkeyvalq *headers;
	struct evbuffer *body;
	struct conn *c;
	struct http *h;

	if (req == NULL)
		return;
	h = http_of(rq->flow->loop);
	c = edge_find(&h->edge, evhttp_connection_get_bufferevent(
			      evhttp_request_get_connection(req)));
	headers = evhttp_request_get_output_headers(req);
	for (size_t i = 0; i < reply->nheader; i++)
		evhttp_add_header(headers, reply->headers[i].name, reply->headers[i].value);
	if (c->draining || (c->bad && c->pending == 1))
		evhttp_add_header(headers, "Connection", "close");
	body = evbuffer_new();
	if (body == NULL)
		abort();
	if (strcmp(rq->method, "HEAD") == 0)
		evhttp_add_header(headers, "Content-Length",
				  arena_printf(rq->flow->arena, "%zu", reply->body.len));
	else if (reply->status != 204)
		evbuffer_add(body, reply->body.data, reply->body.len);
	evhttp_request_set_on_complete_cb(req, reply_written, c);
	edge_replying(c);
	evhttp_send_reply(req, reply->status, NULL, body);
	evbuffer_free(body);
	/* Head and body as one piece: one TLS record, one write. */
	evbuffer_pullup(bufferevent_get_output(c->bev), -1);
}

static void
busy(struct problem *p)
{
	problem_status(p, PROBLEM_SERVER_INTERNAL, 503, "the server is overloaded; try again");
	p->retry_after = 2;
}

static void
handle(struct evhttp_request *req, void *arg)
{
	struct http *h = arg;
	struct conn *c = edge_find(&h->edge, evhttp_connection_get_bufferevent(
					   evhttp_request_get_connection(req)));
	struct request *rq = request_new(h->edge.loop, http_send);
	struct problem p = { 0 };

	rq->peer = req;
	rq->door = c->door;
	edge_request(c, rq);
	if (evhttp_request_get_uri(req) == NULL) {	/* evhttp found fault where we did not */
		problem(&p, PROBLEM_MALFORMED, "bad HTTP request");
		c->bad = true;
		request_refuse(rq, &p);
		return;
	}
	take_request(rq, req);
	if (c->door == DOOR_METRICS) {
		request_run(rq, h->options.metrics);
	} else if (c->door == DOOR_ACME && lane_length(h->options.writer) > WRITER_MAX) {
		busy(&p);
		request_refuse(rq, &p);
	} else {
		request_start(rq);
	}
}

/* --- refusals of the edge --------------------------------------------------------- */

static const char *
reason(int status)
{
	switch (status) {
	case 411: return "Length Required";
	case 413: return "Content Too Large";
	case 417: return "Expectation Failed";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	}
	return "Bad Request";
}

/* The same document and headers as any refusal, written past evhttp. */
static void
send_raw(struct request *rq)
{
	struct conn *c = rq->peer;
	const struct reply *reply = &rq->reply;
	struct evbuffer *out;

	if (c == NULL)
		return;
	c->rq = NULL;
	out = bufferevent_get_output(c->bev);
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n", reply->status, reason(reply->status));
	for (size_t i = 0; i < reply->nheader; i++)
		evbuffer_add_printf(out, "%s: %s\r\n", reply->headers[i].name,
				    reply->headers[i].value);
	evbuffer_add_printf(out, "Content-Length: %zu\r\nConnection: close\r\n\r\n",
			    reply->body.len);
	evbuffer_add(out, reply->body.data, reply->body.len);
	edge_refused(c);
}

static void
http_refuse(struct conn *c, const struct problem *p)
{
	struct request *rq = request_new(c->edge->loop, send_raw);

	rq->peer = c;
	rq->door = c->door;
	c->rq = rq;
	request_refuse(rq, p);
}

/* --- life ------------------------------------------------------------------------- */

static struct evhttp *
server(struct http *h, struct bufferevent *(*bevcb)(struct event_base *, void *))
{
	struct evhttp *http = evhttp_new(h->edge.loop->base);

	if (http == NULL)
		abort();
	evhttp_set_timeout(http, 24 * 3600);
	evhttp_set_default_content_type(http, NULL);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
				   EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
				   EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_bevcb(http, bevcb, h);
	evhttp_set_gencb(http, handle, h);
	return http;
}

/* evhttp's own lie above ours: what it refuses it answers in HTML. */
static void
set_limits(struct http *h, const struct http_limits *limits)
{
	h->options.limits = *limits;
	for (size_t i = 0; i < DOORS; i++) {
		evhttp_set_max_headers_size(h->servers[i], (ev_ssize_t)limits->size.head * 2);
		evhttp_set_max_body_size(h->servers[i], (ev_ssize_t)limits->size.body * 2);
	}
}

static void
http_free(void *arg)
{
	struct http *h = arg;

	for (size_t i = 0; i < DOORS; i++)
		evhttp_free(h->servers[i]);
	event_free(h->retry);
	SSL_CTX_free(h->ctx);
	free(h);
}

void
http_attach(struct loop *l, const struct http_options *o)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		abort();
	h->options = *o;
	h->edge = (struct edge){ .loop = l, .options = &h->options, .refuse = http_refuse };
	h->servers[DOOR_ACME] = server(h, https_bufferevent);
	h->servers[DOOR_PLAIN] = server(h, plain_bufferevent);
	h->servers[DOOR_METRICS] = server(h, metrics_bufferevent);
	set_limits(h, &o->limits);
	h->retry = evtimer_new(l->base, listeners_retry, h);
	if (h->retry == NULL)
		abort();
	loop_keep(l, SLOT_HTTP, h, http_free);
}

void
http_limit(struct loop *l, const struct http_limits *limits)
{
	set_limits(http_of(l), limits);
}

void
http_context(struct loop *l, SSL_CTX *ctx)
{
	struct http *h = http_of(l);

	SSL_CTX_free(h->ctx);
	SSL_CTX_up_ref(ctx);
	h->ctx = ctx;
}

/* TCP_NODELAY on the listening socket is inherited: without it a reply that takes more than
 * one write costs 44 ms over TLS. */
void
http_listen(struct loop *l, int fd, enum door door)
{
	struct http *h = http_of(l);
	struct evconnlistener *listener;
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	listener = evconnlistener_new(l->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE |
				      LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (listener == NULL || evhttp_bind_listener(h->servers[door], listener) == NULL)
		abort();
	mine = h;
	evconnlistener_set_error_cb(listener, accept_failed);
	h->listeners[h->nlistener++] = listener;
}

void
http_drain(struct loop *l)
{
	struct http *h = http_of(l);

	h->draining = true;
	for (size_t i = 0; i < h->nlistener; i++)
		evconnlistener_disable(h->listeners[i]);
	edge_drain(&h->edge);
}

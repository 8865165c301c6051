/* SPDX-License-Identifier: Apache-2.0 */
/* web.c - answers http-01: one request, one reply, and the connection ends. */
#include "tests/bench/web.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/listen.h"
#include "tests/bench/table.h"

#define PATIENCE   30		/* seconds for a request */
#define WELL_KNOWN "GET /.well-known/acme-challenge/"

struct web {
	struct event_base	*loop;
	struct evconnlistener	*listener;
	struct table		 tokens;	/* their thumbprints */
	struct visit		*visits;
	uint64_t		 hits, misses;
};

struct visit {
	struct visit	*next, **link;
	struct web	*web;
	struct event	*event;
	int		 fd;
	size_t		 n;
	char		 head[4096];
};

void
web_put(struct web *web, const char *token, const char *thumbprint)
{
	table_put(&web->tokens, token, (void *)thumbprint);
}

void
web_drop(struct web *web, const char *token)
{
	table_drop(&web->tokens, token);
}

static void
leave(struct visit *v)
{
	*v->link = v->next;
	if (v->next != NULL)
		v->next->link = v->link;
	event_free(v->event);
	close(v->fd);
	free(v);
}

static void
reply(struct visit *v)
{
	const char *token = v->head + strlen(WELL_KNOWN), *thumbprint = NULL;
	size_t n = strcspn(token, " ?\r");
	char out[1024];
	int len;

	v->web->hits++;
	if (strncmp(v->head, WELL_KNOWN, strlen(WELL_KNOWN)) == 0 && n < 512)
		thumbprint = table_get(&v->web->tokens, token, n);
	if (thumbprint == NULL) {
		v->web->misses++;
		len = snprintf(out, sizeof(out), "HTTP/1.1 404 Not Found\r\n"
			       "Content-Length: 0\r\nConnection: close\r\n\r\n");
	} else {
		len = snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\n"
			       "Content-Type: application/octet-stream\r\n"
			       "Content-Length: %zu\r\nConnection: close\r\n\r\n%.*s.%s",
			       n + 1 + strlen(thumbprint), (int)n, token, thumbprint);
	}
	(void)!send(v->fd, out, (size_t)len, MSG_NOSIGNAL);	/* gone: its loss */
}

/* Reads on; false: the visit is over. */
static bool
listen_to(struct visit *v)
{
	ssize_t got = recv(v->fd, v->head + v->n, sizeof(v->head) - 1 - v->n, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	v->n += (size_t)got;
	v->head[v->n] = '\0';
	if (strstr(v->head, "\r\n\r\n") == NULL)
		return v->n < sizeof(v->head) - 1;
	reply(v);
	return false;
}

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	struct visit *v = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) != 0 || !listen_to(v))
		leave(v);
}

static void
visited(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	static const struct timeval patience = { .tv_sec = PATIENCE };
	struct web *web = arg;
	struct visit *v = malloc(sizeof(*v));

	(void)l;
	(void)from;
	(void)len;
	if (v == NULL)
		abort();
	v->web = web;
	v->fd = fd;
	v->n = 0;
	v->next = web->visits;
	v->link = &web->visits;
	if (v->next != NULL)
		v->next->link = &v->next;
	web->visits = v;
	v->event = event_new(web->loop, fd, EV_READ | EV_PERSIST, readable, v);
	if (v->event == NULL)
		abort();
	if (!listen_to(v))		/* the request may have come already */
		leave(v);
	else if (event_add(v->event, &patience) != 0)
		abort();
}

struct web *
web_open(struct event_base *loop, const char *address)
{
	union place at;
	int len;
	struct web *web;

	if (!place_parse(&at, &len, "http", address))
		return NULL;
	web = calloc(1, sizeof(*web));
	if (web == NULL)
		abort();
	web->loop = loop;
	web->listener = listen_at(loop, &at, len, "http", visited, web);
	if (web->listener != NULL)
		return web;
	free(web);
	return NULL;
}

void
web_close(struct web *web)
{
	if (web == NULL)
		return;
	while (web->visits != NULL)
		leave(web->visits);
	table_clear(&web->tokens);
	evconnlistener_free(web->listener);
	free(web);
}

uint64_t
web_hits(const struct web *web)
{
	return web->hits;
}

uint64_t
web_misses(const struct web *web)
{
	return web->misses;
}

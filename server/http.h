/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - evhttp on one side, struct request on the other. */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <openssl/ssl.h>

#include "acme/acme.h"
#include "server/head.h"

struct http_limits {
	struct head_limits	 size;
	int64_t			 idle, request;		/* seconds */
	int64_t			 connections;		/* of the process */
};

struct http_options {
	struct http_limits	 limits;
	struct lane		*writer;		/* too long: 503 */
	const struct flow_step	*metrics;		/* of every request to DOOR_METRICS */
};

/* Puts the HTTP servers, one for each door, on a loop; main, before the loop runs. */
void http_attach(struct loop *l, const struct http_options *o);

/* Other limits for new connections; on the loop. */
void http_limit(struct loop *l, const struct http_limits *limits);

/* New connections of this loop get this context (a reference is taken); on the loop. */
void http_context(struct loop *l, SSL_CTX *ctx);

/* Accepts on a listening socket, which the loop then owns; on the loop. */
void http_listen(struct loop *l, int fd, enum door door);

/* Stops listening; each connection closes after the reply it waits for, idle ones now;
 * on the loop. */
void http_drain(struct loop *l);

/* Open connections of the process. */
unsigned http_connections(void);

#endif

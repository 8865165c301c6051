/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h - what a request's last step says. */
#ifndef ACME_REPLY_H
#define ACME_REPLY_H

#include <jansson.h>

#include "acme/acme.h"

#define REQUEST(f) ((struct request *)(f)->data)

/* A status without a body, yet. */
void reply_status(struct request *rq, int status);

void reply_header(struct request *rq, const char *name, const char *value);

/* Takes the reference. */
void reply_json(struct request *rq, int status, json_t *body);

void reply_bytes(struct request *rq, int status, const char *type, struct blob body);

/* The reply is no one client's: caches may keep it so many seconds.  It has no nonce. */
void reply_cached(struct request *rq, int seconds);

/* Always FLOW_NEXT: the problem of the flow is the reply. */
enum flow_next reply_problem(struct flow *f);

/* Adds what every reply has (nonce, index, CORS) and hands it to the server. */
void reply_send(struct request *rq);

/* base URL, directory and path; in the arena of the request. */
const char *reply_url(const struct request *rq, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* admin.h - the local socket of a running server: one JSON request per line, one JSON
 * reply per line.
 *
 *	{"command":"status"}
 *	{"ok":true,"version":"0.1.0", ...}
 *
 * A refusal is {"ok":false,"error":"..."}. */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include <jansson.h>

#include "base/loop.h"
#include "base/problem.h"

#define ADMIN_SOCKET "admin.sock"	/* in the data folder, mode 0600 */

struct admin;

/* The reply to a request comes by admin_reply(), at once or later; on the loop. */
struct admin_request;
struct admin_handler {
	void	(*run)(struct admin_request *rq, const char *command, const json_t *request,
		       void *arg);
	void	*arg;
};

/* Takes the reference.  Each request gets one reply; a client that has gone is fine. */
void admin_reply(struct admin_request *rq, json_t *reply);
void admin_fail(struct admin_request *rq, const char *error);

/* Listens on the socket.  NULL with serverInternal. */
struct admin *admin_open(struct loop *l, const char *path, struct admin_handler handler,
			 struct problem *p);
void admin_close(struct admin *a);

/* For commands: sends a request to the server whose socket that is, waits for the reply.
 * The caller owns the reference; NULL with serverInternal (no server runs there, it
 * refused). */
json_t *admin_ask(const char *path, const json_t *request, struct problem *p);

#endif

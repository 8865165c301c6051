/* SPDX-License-Identifier: Apache-2.0 */
/* hooked.h - a server with a webhook, whose HTTPS server is the test's own. */
#ifndef TESTS_HOOKED_H
#define TESTS_HOOKED_H

#include "tests/attack.h"
#include "tests/fake_hook.h"

#define HOOK_SECRET "0123456789abcdef0123456789abcdef"
#define HOOK_TURNS  64			/* questions at a time: acme/hook.c */
#define HOOK_MS	    3000		/* webhook.timeout, at first */
#define OK200	    "HTTP/1.1 200 OK\r\n\r\n"
#define SAYS(json)  { HOOK_SAYS, OK200 json, 0 }

extern struct scene scene;
extern struct fake_hook *hook;
extern struct hook_ca hook_ca;		/* of its certificate: what the server trusts */
extern uint16_t hook_metrics;		/* the port */

/* The server, its webhook and a name server that knows where it is; false as
 * scene_begin(). */
bool hooked_begin(void);
/* The server may run or not. */
void hooked_end(void);

/* A file in the scene's folder. */
const char *hooked_path(struct client *c, const char *file);
/* Adds that to the configuration, where it goes before what stands there, and reloads. */
bool hooked_configure(struct client *c, const char *text);
/* The webhook is there now; where it was at first. */
bool hooked_at(struct client *c, const char *host, uint16_t port);
bool hooked_back(struct client *c);

/* newOrder; the HTTP status. */
int hooked_order(struct client *c, const char *payload);
/* Does that stand in a line of "webhook absent" behind that place of the log? */
bool hooked_absent(long from, const char *words);

#endif

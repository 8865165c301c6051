/* SPDX-License-Identifier: Apache-2.0 */
/* limited.h - a scene for tests of rate limits and pauses: a server with settings, accounts,
 * a clock, the operator's commands. */
#ifndef TESTS_LIMITED_H
#define TESTS_LIMITED_H

#include "tests/client.h"

#define HOUR 3600
#define DAY  (24 * HOUR)

extern struct scene scene;

/* A new server with these settings ("limit.orders=3/1d"; NULL ends them).  Ends the program
 * when it does not come up. */
void limited_begin(const char *const *settings);
/* Stops it; returns its exit status. */
int limited_end(void);

/* Moves the server's clock on by so many seconds; false: this build cannot. */
bool limited_later(int64_t seconds);

/* A client with a new account. */
struct client *limited_client(void);

/* newOrder for one name, or for names with spaces between; the HTTP status. */
int limited_order(struct client *c, const char *names);
/* A certificate for them; false: none (client_why() tells). */
bool limited_issue(struct client *c, const char *names);
/* An order for the name whose validation fails; false: it does not come to that. */
bool limited_fail(struct client *c, const char *name);

/* The last reply is rateLimited with a Link to the page about it, and its detail has that
 * text: its Retry-After, 0 when there is none.  -1: it is not so. */
long limited_wait(struct client *c, const char *detail);

/* The id in the client's account URL. */
const char *limited_id(const struct client *c);

/* Runs `brevet ARGUMENTS --config ...`; its exit status, and all that it says in *said (in
 * the client's arena). */
int limited_run(struct client *c, const char *arguments, const char **said);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* web.h - answers http-01 (RFC 8555 section 8.3) on the load's own event loop. */
#ifndef BENCH_WEB_H
#define BENCH_WEB_H

#include <event2/event.h>
#include <stdint.h>

struct web;

/* Listens on ADDRESS:PORT; NULL after telling on standard error why not. */
struct web *web_open(struct event_base *loop, const char *address);
void web_close(struct web *web);

/* The answer for a token is the token, '.', that thumbprint, which must stay. */
void web_put(struct web *web, const char *token, const char *thumbprint);
void web_drop(struct web *web, const char *token);

/* Requests so far, and those among them for a token that is not there. */
uint64_t web_hits(const struct web *web);
uint64_t web_misses(const struct web *web);

#endif

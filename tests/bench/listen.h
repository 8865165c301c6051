/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - where validations of the server under test come to. */
#ifndef BENCH_LISTEN_H
#define BENCH_LISTEN_H

#include <event2/listener.h>
#include <netinet/in.h>
#include <stdbool.h>

union place {
	struct sockaddr		 sa;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
};

/* Reads ADDRESS:PORT, the value of that option, into *at, its length into *len.  False after
 * telling on standard error what is wrong with it. */
bool place_parse(union place *at, int *len, const char *option, const char *text);

/* A listener there, whose connections go to came().  NULL after telling why not.  Another
 * one at 0.0.0.0 may have the same port, and gets what this one doesn't. */
struct evconnlistener *listen_at(struct event_base *loop, const union place *at, int len,
				 const char *option, evconnlistener_cb came, void *arg);

#endif

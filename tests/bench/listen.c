/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - where validations of the server under test come to. */
#include "tests/bench/listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BACKLOG 4096

bool
place_parse(union place *at, int *len, const char *option, const char *text)
{
	*len = sizeof(*at);
	if (evutil_parse_sockaddr_port(text, &at->sa, len) == 0 && at->in.sin_port != 0)
		return true;
	fprintf(stderr, "brevet-bench: --%s: \"%s\" is not ADDRESS:PORT\n", option, text);
	return false;
}

struct evconnlistener *
listen_at(struct event_base *loop, const union place *at, int len, const char *option,
	  evconnlistener_cb came, void *arg)
{
	unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE |
			 LEV_OPT_REUSEABLE_PORT;
	struct evconnlistener *l = evconnlistener_new_bind(loop, came, arg, flags, BACKLOG,
							   &at->sa, len);

	if (l == NULL)
		fprintf(stderr, "brevet-bench: --%s: port %d: %s\n", option,
			ntohs(at->in.sin_port), strerror(errno));
	return l;
}

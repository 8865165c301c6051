/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - listening sockets, one for each loop on the same port.  Runs on: main. */
#include "server/listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/config.h"

static int
bind_one(const struct addrinfo *ai, bool shared)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || (!shared && listen(fd, 1) != 0)) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* The first try is without SO_REUSEPORT: else two servers of one user could share the
 * port without a word. */
bool
listen_bind(int *fds, unsigned n, const char *option, const char *text, struct problem *p)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM }, *ai;
	struct arena *a = arena_new();
	const char *host, *port;
	int error, alone;

	config_address(a, text, &host, &port);
	error = getaddrinfo(host, port, &hints, &ai);
	if (error != 0) {
		problem(p, PROBLEM_SERVER_INTERNAL, "%s = %s: %s", option, text,
			gai_strerror(error));
		arena_free(a);
		return false;
	}
	alone = bind_one(ai, false);
	if (alone >= 0)
		close(alone);
	for (unsigned i = 0; i < n && alone >= 0; i++)
		if ((fds[i] = bind_one(ai, true)) < 0 || listen(fds[i], 1024) != 0)
			alone = -1;
	if (alone < 0)
		problem(p, PROBLEM_SERVER_INTERNAL, "%s = %s: %s%s", option, text,
			strerror(errno), errno == EADDRINUSE ?
			"; another server has that port: stop it, or choose another" :
			errno == EACCES ? "; ports below 1024 need CAP_NET_BIND_SERVICE" : "");
	freeaddrinfo(ai);
	arena_free(a);
	return alone >= 0;
}

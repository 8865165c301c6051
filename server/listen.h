/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - listening sockets, one for each loop on the same port. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "base/problem.h"

/* Fills fds with n listening sockets for the address (the value of that option); the
 * caller owns them.  False with serverInternal. */
bool listen_bind(int *fds, unsigned n, const char *option, const char *text,
		 struct problem *p);

#endif

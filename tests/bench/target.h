/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - the server under test: where it is and whom we trust to say so. */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"

struct target {
	struct event_base	*loop;
	struct arena		*arena;
	char			*host;		/* without brackets */
	const char		*authority;	/* "localhost:14000" */
	const char		*base;		/* "https://localhost:14000" */
	bool			 numeric;	/* the host is an address */
	struct sockaddr_storage	 address;
	socklen_t		 address_len;
	SSL_CTX			*trust;		/* NULL: plain HTTP */
	X509			*known;		/* its certificate, once verified */
	/* URLs, from the directory */
	const char		*new_nonce, *new_account, *new_order;
	/* counted by peer.c */
	uint64_t		 requests, opened, resent;
	unsigned		 busy;		/* requests without a reply now */
	double			 heard;		/* ms of the last reply, or of a first request */
};

/* Finds the server's address by connecting to it once.  NULL after telling on standard
 * error why not. */
struct target *target_open(struct event_base *loop, const char *directory, const char *ca);
void target_close(struct target *t);

/* The path of a URL on that server; NULL: it is elsewhere. */
const char *target_path(const struct target *t, const char *url);

#endif

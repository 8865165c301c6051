/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h - a blocking connection to a server on loopback, plain or TLS, and HTTP/1 on
 * it (RFC 9112), for tests: what is sent is up to the caller, byte by byte. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define WIRE_HEADERS 64

struct wire;

/* What came back.  All of it lives in the arena that wire_read() was given. */
struct reply {
	int		 status;	/* 0: no reply */
	int		 minor;		/* HTTP/1.minor */
	const char	*names[WIRE_HEADERS], *values[WIRE_HEADERS];
	size_t		 nheader;
	bool		 chunked;
	long		 length;	/* Content-Length, -1: none */
	struct blob	 body;		/* with a NUL behind it */
};

/* A context that trusts the certificates in that PEM file; the caller frees it.  NULL
 * when there is no such file. */
SSL_CTX *wire_trust(const char *file);

/* Connects to 127.0.0.1 and expects a certificate for host; trust NULL: plain.  NULL
 * when nobody listens or the handshake fails. */
struct wire *wire_open(SSL_CTX *trust, const char *host, uint16_t port);
void wire_close(struct wire *w);

/* Seconds after which a read or write fails; at first 40. */
void wire_patience(struct wire *w, int seconds);

/* false: the peer is gone. */
bool wire_send(struct wire *w, const void *data, size_t n);
bool wire_send_text(struct wire *w, const char *text);

/* The next reply; head: to a HEAD request.  false, and status 0, when the connection
 * ended or what came is not HTTP. */
bool wire_read(struct wire *w, struct arena *a, struct reply *r, bool head);

/* Waits until the peer ends the connection: false when it sends something or does
 * nothing within the patience. */
bool wire_ended(struct wire *w);

/* Serial number of the certificate that the peer has shown, in hex, in the arena. */
const char *wire_serial(const struct wire *w, struct arena *a);

/* Shuts our sending side. */
void wire_half_close(struct wire *w);

/* The nth header (from 0) of that name, or NULL. */
const char *reply_header(const struct reply *r, const char *name, size_t nth);
/* The only header of that name; NULL when there are none or several. */
const char *reply_only(const struct reply *r, const char *name);
/* The target of the nth Link header with that relation; NULL when there is none, or when
 * a header line holds more than one link. */
const char *reply_link(const struct reply *r, struct arena *a, const char *rel, size_t nth);

#endif

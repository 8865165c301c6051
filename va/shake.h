/* SPDX-License-Identifier: Apache-2.0 */
/* shake.h - one TLS handshake of tls-alpn-01 with one address, without waiting. */
#ifndef VA_SHAKE_H
#define VA_SHAKE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/flow.h"
#include "base/problem.h"
#include "va/addr.h"

#define SHAKE_MAX 65536		/* octets that we read of a peer */

/* For handshakes of one loop, SSL_CTX_free() ends it; NULL: OpenSSL can't. */
SSL_CTX *shake_context(void);

enum shake_end {
	SHAKE_DONE,		/* the handshake is complete; its answer is below */
	SHAKE_UNREACHED,	/* no connection: error_number, or 0: too late */
	SHAKE_BROKEN,		/* the connection broke: error_number, or 0: it was closed */
	SHAKE_REFUSED,		/* TLS failed: reason */
	SHAKE_PLAIN,		/* the peer speaks HTTP without TLS */
	SHAKE_LONG		/* the peer sends more than SHAKE_MAX */
};

struct shake {
	/* the question; lives as long as the flow */
	SSL_CTX		*context;
	const char	*name;		/* the SNI */
	union address	 address;	/* with port */
	int		 connect_ms;
	/* the answer */
	enum shake_end	 end;
	int		 error_number;
	unsigned long	 reason;	/* OpenSSL's */
	X509		*certificate;	/* the flow's arena owns it; NULL: none came */
	bool		 agreed;	/* on acme-tls/1 by ALPN, else on this: */
	const char	*protocol;	/* NULL: on none */
	/* private */
	struct flow	*flow;
	unsigned	 ticket;
	int		 fd;
	bool		 connected;
	struct event	*event;
	SSL		*ssl;		/* reads what we put into memory; writes to fd */
	size_t		 nread;
};

/* Starts it; the question is filled.  The flow is woken with the ticket, its step
 * returns FLOW_WAIT next.  However it ends, the connection is closed then. */
void shake_start(struct shake *x, struct flow *f, unsigned ticket);

/* Nobody is woken any more.  Nothing to cancel is fine. */
void shake_cancel(struct shake *x);

/* Why it was not, in words. */
const char *shake_why(const struct shake *x);

/* False with the problem of a handshake that was not completed: connection or tls. */
bool shake_problem(const struct shake *x, const char *what, struct problem *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dial.h - which address of a host is dialled, and when: what http-01 and tls-alpn-01
 * share. */
#ifndef VA_DIAL_H
#define VA_DIAL_H

#include <openssl/ssl.h>

#include "base/flow.h"
#include "base/problem.h"
#include "base/turn.h"
#include "va/addr.h"

struct attempt;

/* What SLOT_DIALLER keeps: who dials what at the moment, on this loop. */
struct dialler {
	SSL_CTX		*tls;		/* of shake.c */
	struct lines	 names;		/* validated */
	struct lines	 accounts;	/* whose connections these are, by address */
	struct lines	 addresses;	/* dialled */
	struct lines	 sockets;	/* one line, for all */
};

/* NULL with serverInternal. */
struct dialler *dialler_open(struct problem *p);
void dialler_close(void *dialler);

/* That of the flow's loop. */
struct dialler *dialler_of(const struct flow *f);

struct destination {
	/* the question */
	const char	*what;		/* begins problems: "Fetching http://..." */
	const char	*host;		/* lower case; an address without brackets */
	uint16_t	 port;
	bool		 literal;	/* the host is this address: */
	union address	 address;
	/* the answer: to be dialled, in this order, with the port */
	union address	 choice[2];
	unsigned	 nchoice, tried;
	int64_t		 began;		/* monotonic, ms: the dial */
	/* private */
	struct turn	 account, target, socket;
};

/* The step before all others of a method: waits while too many validate this name. */
enum flow_next dial_name(struct flow *f);

/* Five steps, one after another, behind one that has filled the question in a->to; the
 * first and the last three may wait.  When dial_more() lets the flow begin again, they go
 * on to the second choice; after a new question with nchoice 0 they start afresh. */
enum flow_next dial_resolve(struct flow *f);	/* host -> addresses                     */
enum flow_next dial_choose(struct flow *f);	/* which may be dialled, which first     */
enum flow_next dial_account(struct flow *f);	/* not too many for one account, most of */
						/* them to one address                   */
enum flow_next dial_target(struct flow *f);	/* ... nor at one address                */
enum flow_next dial_socket(struct flow *f);	/* ... nor at all                        */

/* The address to dial now, which a->address then tells, and how many milliseconds that
 * may take at most: so that as many are left for a second one. */
union address dial_next(struct attempt *a, int *connect_ms);

/* After the dial has failed: is there another address, and time to dial it? */
bool dial_more(const struct attempt *a);

/* Does it wait for its turn behind others of its target that get on? */
bool dial_hopes(const struct attempt *a);

/* The connection is closed: others may have their turn. */
void dial_give(struct attempt *a);

/* The same after an answer, or after none (why), which the record then has. */
void dial_done(struct attempt *a, const char *to, long status, const char *why);

/* Where it waits for its turn it does so no more: nobody's end wakes it. */
void dial_leave(struct attempt *a);

#endif

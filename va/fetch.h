/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h - one GET from one address, without waiting. */
#ifndef VA_FETCH_H
#define VA_FETCH_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/flow.h"
#include "base/loop.h"
#include "base/problem.h"
#include "va/addr.h"

#define FETCH_BODY_MAX 128	/* octets that we read */
#define FETCH_HEAD_MAX 16384
#define FETCH_MAX 65536	/* head, body and what chunks wrap around it */

struct fetcher;

/* A fetcher for SLOT_FETCHER.  NULL with serverInternal. */
struct fetcher *fetcher_open(struct loop *l, struct problem *p);
void fetcher_close(void *fetcher);

struct fetch {
	/* the question; lives as long as the flow */
	const char	*url, *agent;
	union address	 address;	/* with port: the only one that is dialled */
	int		 timeout_ms, connect_ms;
	size_t		 most;		/* octets of all that is read; 0: FETCH_MAX */
	/* the answer */
	CURLcode	 code;		/* why it failed; CURLE_OK also when we had enough */
	bool		 connected;	/* TCP, at least */
	long		 error_number;	/* errno of the connection, or 0 */
	char		 error[CURL_ERROR_SIZE];
	long		 status;	/* 0: none came */
	const char	*location;	/* in the flow's arena; NULL: not exactly one */
	size_t		 locations;
	bool		 head_long;	/* the head was longer than FETCH_HEAD_MAX */
	bool		 body_long;
	bool		 much;		/* the whole was longer than most */
	size_t		 nbody;
	char		 body[FETCH_BODY_MAX];	/* of status 200 only */
	/* private */
	struct fetcher	*fetcher;
	struct flow	*flow;
	unsigned	 ticket;
	CURL		*easy;
	struct curl_slist *pin;
	size_t		 nhead, nread;
};

/* Starts it; the question is filled.  The flow is woken with the ticket, its step
 * returns FLOW_WAIT next. */
void fetch_start(struct fetch *x, struct flow *f, unsigned ticket);

/* The same in two steps: between them more options may be set in x->easy. */
void fetch_open(struct fetch *x, struct flow *f, unsigned ticket);
void fetch_go(struct fetch *x);

/* Nobody is woken any more.  Nothing to cancel is fine. */
void fetch_cancel(struct fetch *x);

/* Did an answer come whose head we have read? */
bool fetch_answered(const struct fetch *x);

/* Why it did not, in words. */
const char *fetch_why(const struct fetch *x);

/* False with the problem of a fetch that was not answered: connection or tls. */
bool fetch_problem(const struct fetch *x, const char *what, struct problem *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* local.h - what the files of va/ share: the options as parsed, and one attempt. */
#ifndef VA_LOCAL_H
#define VA_LOCAL_H

#include <stdatomic.h>

#include "va/addr.h"
#include "va/fetch.h"
#include "va/hosts.h"
#include "va/resolve.h"
#include "va/target.h"
#include "va/va.h"

#define REDIRECTS_MAX 10

struct va {
	atomic_uint		  refs;
	struct arena		 *arena;	/* owns the rest; only va_open() adds */
	uint16_t		  http_port, https_port;
	bool			  dnssec, private_mode;
	int			  timeout_ms;
	const char		 *agent;
	const char		**resolvers, **insecure;	/* end with NULL */
	const struct network	 *allow;
	size_t			  nallow;
	const struct hosts	 *hosts;
};

/* A validation under way: the data of its flow, in that flow's arena.  It outlives the
 * struct validation that asked for it when that is cancelled. */
struct attempt {
	struct validation	*v;		/* NULL: cancelled */
	struct va		*va;
	struct flow		*flow;
	enum va_method		 method;
	struct ident		 ident;		/* of these three a copy */
	const char		*token, *key_auth;
	struct event		*deadline;
	int64_t			 began;		/* monotonic, ms */
	unsigned		 ticket;	/* of what is waited for now */
	struct problem		 late;		/* the verdict if the deadline comes now */
	struct attempt		*next, **here;	/* in the loop's list */
	char			 address[64];
	unsigned		 redirects;
	struct lookup		 lookup;
	/* http-01 */
	struct fetch		 fetch;
	struct target		 target;	/* what is fetched now */
	const char		*seen[REDIRECTS_MAX];	/* URLs before it */
	union address		 choice[2];	/* to dial, in this order */
	unsigned		 nchoice, tried;
};

#define ATTEMPT(f) ((struct attempt *)(f)->data)

/* Arms the flow for a question whose answer wakes it with the ticket returned; the
 * problem is the verdict if the deadline comes first. */
unsigned attempt_wait(struct attempt *a, enum problem_type late, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Milliseconds until the deadline, at least 1. */
int attempt_left(const struct attempt *a);

/* The steps of the methods.  Each step behind a wait first looks whether the flow's
 * problem was set meanwhile (deadline, cancelled).  The last one is va_report(). */
extern const struct flow_step http01_steps[], dns01_steps[];

/* The last step: hands the verdict over, wakes the waiter. */
enum flow_next va_report(struct flow *f);

/* va_post_cancel() for all that this loop has under way. */
void posting_drop(struct resolver *r);

#endif

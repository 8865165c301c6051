/* SPDX-License-Identifier: Apache-2.0 */
/* local.h - what the files of va/ share: the options as parsed, and one attempt. */
#ifndef VA_LOCAL_H
#define VA_LOCAL_H

#include <stdatomic.h>

#include "va/addr.h"
#include "va/dial.h"
#include "va/fetch.h"
#include "va/hosts.h"
#include "va/issue.h"
#include "va/record.h"
#include "va/resolve.h"
#include "va/shake.h"
#include "va/target.h"
#include "va/va.h"

#define REDIRECTS_MAX 10

struct va {
	atomic_uint		  refs;
	struct arena		 *arena;	/* owns the rest; only va_open() adds */
	uint16_t		  http_port, https_port;
	bool			  recursive, private_mode;
	enum va_dnssec		  dnssec;
	const char		 *anchors;
	enum va_caa_mode	  caa;
	const char		**issuers;	/* ends with NULL */
	int			  timeout_ms;
	unsigned		  per_target, per_account, connections;
	const char		 *agent;
	const char		**resolvers, **insecure;	/* end with NULL */
	const struct network	 *allow;
	size_t			  nallow;
	const union address	 *own;		/* with ports */
	size_t			  nown;
	const struct hosts	 *hosts;
};

/* A resolver as configured: "ADDR" or "ADDR@PORT", as libunbound takes it.  False: not
 * that. */
bool server_parse(union address *a, const char *text);

/* A validation or CAA check under way: the data of its flow, in that flow's arena.  It
 * outlives the struct that asked for it when that is cancelled. */
struct attempt {
	struct validation	*v;		/* who asked: one of these; */
	struct va_caa		*caa;		/* both NULL: cancelled */
	struct va		*va;
	struct flow		*flow;
	enum va_method		 method;
	struct ident		 ident;		/* a copy, as are the next lines */
	bool			 wildcard;
	const char		*account_url;
	const char		**account_urls_old;	/* ends with NULL */
	unsigned		 account_old;	/* dns-account-01: so many of them were tried */
	struct problem		 account_problem;	/* and what was wrong without them */
	const char		*token, *key_auth;	/* NULL in CAA checks */
	struct event		*deadline;
	int64_t			 began;		/* monotonic, ms */
	int			 timeout_ms;
	unsigned		 ticket;	/* of what is waited for now */
	struct problem		 late;		/* the verdict if the deadline comes now */
	struct attempt		*next, **here;	/* in the loop's list */
	char			 address[64];
	unsigned		 redirects;
	struct lookup		 lookup;
	struct record		 record;	/* what was asked and seen */
	const char		*climb;		/* of CAA: where the next climb begins; or NULL */
	struct turn		 turn;		/* at the name */
	struct destination	 to;		/* of http-01 and tls-alpn-01 */
	/* http-01 */
	struct fetch		 fetch;
	struct target		 target;	/* what is fetched now */
	const char		*seen[REDIRECTS_MAX];	/* URLs before it */
	/* tls-alpn-01 */
	struct shake		 shake;
};

#define ATTEMPT(f) ((struct attempt *)(f)->data)

/* An attempt of the waiter's loop that will take these steps; its flow is to be started.
 * timeout_ms: 0, or more: the option's. */
struct attempt *attempt_new(struct va *va, const struct flow *waiter,
			    const struct flow_step *steps, int timeout_ms);

/* Gives it up: nobody is told, its flow ends. */
void attempt_cancel(struct attempt *a);

/* Arms the flow for a question whose answer wakes it with the ticket returned; the
 * problem is the verdict if the deadline comes first. */
unsigned attempt_wait(struct attempt *a, enum problem_type late, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Is it the URL of the account, or one that it had before? */
bool attempt_account_is(const struct attempt *a, const char *url);

/* Copies those URLs into the attempt; either may be NULL. */
void attempt_account(struct attempt *a, const char *url, const char *const *old);

/* Milliseconds until the deadline, at least 1. */
int attempt_left(const struct attempt *a);

/* The steps of the methods.  Each step behind a wait first looks whether the flow's
 * problem was set meanwhile (deadline, cancelled).  The last one is va_report(). */
extern const struct flow_step http01_steps[], dns01_steps[], tlsalpn01_steps[],
	dnsaccount01_steps[], dnspersist01_steps[];

/* What the methods that ask for TXT records share: the question for those at the prefix
 * before the identifier, and dns-01's step behind it. */
enum flow_next txt_ask(struct flow *f, const char *prefix);
enum flow_next dns01_judge(struct flow *f);

/* "http-01" ... ("unknown"), and the section of the CA/Browser Forum's Baseline
 * Requirements that it fulfils for such identifiers ("": none). */
const char *va_method_name(enum va_method method);
const char *va_method_section(enum va_method method, enum ident_type type);

/* The last step: hands the verdict over, wakes the waiter. */
enum flow_next va_report(struct flow *f);

/* va_post_cancel() for all that this loop has under way. */
void posting_drop(struct resolver *r);

#endif

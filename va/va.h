/* SPDX-License-Identifier: Apache-2.0 */
/* va.h - proving control of an identifier (RFC 8555 section 8), and asking the operator's
 * webhook.  The only folder that dials out.
 *
 * Everything here runs on loops.  A validation asks DNS (libunbound) and HTTP
 * (libcurl), never blocks, and ends in a verdict within the time limit, always. */
#ifndef VA_VA_H
#define VA_VA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/flow.h"
#include "base/ident.h"
#include "base/loop.h"
#include "base/problem.h"

/* Who vouches for DNS answers. */
enum va_dnssec {
	VA_DNSSEC_OFF,		/* nobody */
	VA_DNSSEC_VALIDATE,	/* we, from the root's anchor: bogus is failure */
	VA_DNSSEC_TRUST_AD	/* the resolvers, which validate: SERVFAIL is failure */
};

enum va_caa_mode {
	VA_CAA_AUTO,		/* for all names but those under options.insecure */
	VA_CAA_ALWAYS,
	VA_CAA_OFF
};

/* How validations are done: from the configuration, all strings lent until va_open()
 * returns.  Lists end with NULL. */
struct va_options {
	uint16_t		 http_port, https_port;	/* 0: 80, 443 */
	const char *const	*resolvers;	/* "ADDR" or "ADDR@PORT"; none: the system's;
						 * alone "recursive": the root's and so on */
	const char		*hosts_file;	/* as /etc/hosts; asked before DNS; or NULL */
	const char *const	*allow_addresses; /* "ADDR" or "ADDR/LEN" */
	const char *const	*insecure;	/* zones that are not validated */
	enum va_dnssec		 dnssec;
	const char		*anchors;	/* file of DS or DNSKEY records, in a zone's form,
						 * to validate from; NULL: the root's */
	enum va_caa_mode	 caa;
	const char *const	*issuers;	/* our names in CAA records; NULL: none */
	bool			 private_mode;	/* 10/8 ... may be dialled: see va_address_ok() */
	int			 timeout_ms;	/* of a whole validation; 0: 20000 */
	int			 per_target;	/* at a time on each loop: validations of one
						 * name, connections to one address; 0: 32 */
	int			 per_account;	/* at a time on each loop: twice as many connections
						 * for one account; 0: 64 */
	int			 connections;	/* at all, on each loop; 0: 1000 */
	const char *const	*own;		/* "ADDR@PORT", where this server listens: never
						 * dialled unless named in allow_addresses */
	const char		*agent;		/* User-Agent of fetches */
};

struct va;		/* the options, parsed; immutable, shared by all loops */

/* NULL with serverInternal, whose detail names the option and what is wrong with it. */
struct va *va_open(const struct va_options *o, struct problem *p);

/* References: a validation keeps the va it began with; va_open() gives the first one. */
struct va *va_keep(struct va *va);
void va_release(struct va *va);

/* Puts a resolver (libunbound context) and a fetcher (curl multi) on the loop, in its
 * slots.  One loop after another, from main, before the loops run.  False with
 * serverInternal.  resolvers, insecure, dnssec and anchors of this va stay the loop's; of the
 * other options each validation takes its own va's. */
bool va_attach(struct loop *l, struct va *va, struct problem *p);

enum va_method {	/* the same numbers as in stored challenges */
	VA_HTTP_01 = 1,
	VA_DNS_01 = 2,
	VA_TLS_ALPN_01 = 3,
	VA_DNS_ACCOUNT_01 = 4,
	VA_DNS_PERSIST_01 = 5
};

/* Milliseconds that a validation has. */
int va_timeout_ms(const struct va *va);

/* One validation; the caller's, e.g. in the arena of the flow that waits. */
struct validation {
	/* the question */
	struct va		*va;
	enum va_method		 method;
	struct ident		 ident;		/* for a wildcard: its base name */
	bool			 wildcard;	/* the order asks for "*." before it */
	const char		*account_url;	/* of the account that asks */
	const char *const	*account_urls_old;	/* that it had before; ends with NULL, or NULL */
	const char		*token;
	const char		*key_auth;	/* key authorization (section 8.1) */
	int			 timeout_ms;	/* 0, or more: the option's */
	struct flow		*waiter;	/* woken with this ticket ... */
	unsigned		 ticket;
	/* the answer, complete when the waiter runs again */
	struct problem		 problem;	/* PROBLEM_NONE: control is proved */
	char			 address[64];	/* that was dialled last, or "" */
	unsigned		 redirects;
	int64_t			 took_ms;
	const char		*record;	/* the evidence, good or bad: see va/record.h;
						 * in the waiter's arena; NULL: given up */
	/* private to va/ */
	struct flow		*flow;
};

/* Starts the validation on the waiter's loop; its waiter returns FLOW_WAIT next.  The
 * waiter is woken through its lane, always, also when the answer comes at once. */
void va_validate(struct validation *v);

/* Does it wait for its turn, after others that are answered by the same target now?  Then it is
 * not to blame for its waiting, nor is the target. */
bool va_hopes(const struct validation *v);

/* Gives up a validation that has not answered (its waiter goes away): the problem is
 * set, nobody is woken.  No effect after the answer. */
void va_cancel(struct validation *v);

/* May we issue for the identifier, as its CAA records say (RFC 8659, RFC 8657)?  The
 * caller's, e.g. in the arena of the flow that waits. */
struct va_caa {
	/* the question */
	struct va		*va;
	struct ident		 ident;		/* as ordered, with "*." if it has one */
	enum va_method		 method;	/* of the validation that is relied on */
	const char		*account_url;	/* of the account that asks */
	const char *const	*account_urls_old;	/* that it had before; ends with NULL, or NULL */
	int			 timeout_ms;	/* 0, or more: the option's */
	struct flow		*waiter;	/* woken with this ticket ... */
	unsigned		 ticket;
	/* the answer, complete when the waiter runs again */
	struct problem		 problem;	/* PROBLEM_NONE: we may; caa: we may not;
						 * dns: nobody could say, so we may not */
	const char		*record;	/* as in struct validation */
	int64_t			 ttl;		/* seconds that DNS lets us keep the answer;
						 * 0: not at all, or there is no record */
	int64_t			 took_ms;
	/* private to va/ */
	struct flow		*flow;
};

/* Starts the check; everything as with va_validate() and va_cancel().  Addresses, and
 * names that options.caa exempts, are good without a lookup. */
void va_caa_check(struct va_caa *c);
void va_caa_cancel(struct va_caa *c);

/* Has it no answer yet?  Its ticket may be another one as long as it has none. */
bool va_caa_pending(const struct va_caa *c);

/* Ends all validations, checks and posts of this loop without waking anybody; at shutdown, on
 * the loop. */
void va_drop(struct loop *l);

/* --- asking a service of the operator's ------------------------------------------- */

#define POST_ANSWER_MAX 65536	/* octets of an answer's body */

/* One POST over HTTPS, to whatever address the URL's host has; the caller's, in the arena
 * of the flow that waits.  The peer's certificate is verified, no redirect is followed, and
 * a connection is used again if it is still there. */
struct post {
	/* the question; it lives until the answer */
	struct va		*va;		/* whose hosts file is asked before DNS */
	const char		*url;		/* one that va_url_ok() found good */
	struct blob		 roots;		/* PEM; empty: those of the system */
	const char		*agent;		/* User-Agent */
	const char *const	*headers;	/* "Name: value"; ends with NULL */
	struct blob		 body;
	int			 timeout_ms;	/* of all of it */
	struct flow		*waiter;	/* woken with this ticket ... */
	unsigned		 ticket;
	/* the answer, complete when the waiter runs again */
	struct problem		 problem;	/* dns, connection or tls; PROBLEM_NONE: */
	long			 status;	/* the HTTP status that came */
	struct blob		 answer;	/* and the body, in the waiter's arena */
	int64_t			 took_ms;
	/* private to va/ */
	struct flow		*flow;
};

/* Is it an https URL that a post can go to: a host, no user, no fragment?  False with
 * serverInternal, whose detail says what is wrong with it. */
bool va_url_ok(const char *url, struct problem *p);

/* Starts it on the waiter's loop; its waiter returns FLOW_WAIT next, and is woken through its
 * lane, always, within the time limit. */
void va_post(struct post *post);

/* Gives up one that has not answered: the problem is set, nobody is woken.  No effect
 * after the answer. */
void va_post_cancel(struct post *post);

/* --- addresses (also for tables of tests) ----------------------------------------- */

struct sockaddr;

/* May this address be dialled (docs/conformance.md, decision 14: special-purpose, mapped,
 * NAT64, 6to4 and multicast refused; private networks by mode; allow list first; where this
 * server listens at that port, never)?  False with a word for the problem's detail in *why
 * ("loopback", "link-local" ...). */
bool va_address_ok(const struct va *va, const struct sockaddr *addr, const char **why);

#endif

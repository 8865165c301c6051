/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h - questions to DNS, without waiting.
 *
 * A lookup asks one name for one type, or several questions side by side, and wakes a
 * flow once, when the answers are there; the next step looks at them.  One after the other
 * they are the same struct lookup, which asks at most LOOKUPS_MAX questions; each goes into
 * its record, if it has one. */
#ifndef VA_RESOLVE_H
#define VA_RESOLVE_H

#include "base/flow.h"
#include "base/loop.h"
#include "base/problem.h"
#include "va/addr.h"
#include "va/packet.h"
#include "va/va.h"

#define RESOLVE_ANCHOR "/usr/share/dns/root.key"
#define LOOKUP_ADDRESSES_MAX 64
#define CLIMB_MAX 8
#define LOOKUPS_MAX 64		/* questions to DNS of one validation, or one post */

struct attempt;
struct engine;
struct posting;
struct record;

/* What va/ keeps in SLOT_RESOLVER. */
struct resolver {
	const struct engine	*engine;
	void			*dns;		/* the engine's */
	enum va_dnssec		 dnssec;	/* that it was opened with */
	struct attempt		*attempts;	/* ask.c's list */
	struct posting		*postings;	/* post.c's */
};

/* A resolver with the options of va; NULL with serverInternal. */
struct resolver *resolver_open(struct loop *l, const struct va *va, struct problem *p);
void resolver_close(void *resolver);

enum security {		/* of an answer */
	SECURITY_UNCHECKED,	/* DNSSEC is off, or there was no answer */
	SECURITY_INSECURE,	/* the zone is not signed */
	SECURITY_SECURE,
	SECURITY_BOGUS		/* DNSSEC says no: the rest is void */
};

#define RCODE_SILENCE -1	/* no answer came */

struct question {
	struct lookup	*lookup;
	const char	*name;
	int		 type;		/* ns_t_a ... */
	bool		 pending;
	enum security	 security;
	int		 rcode;		/* ns_r_noerror ..., or RCODE_SILENCE */
	const char	*why;		/* it is bogus or failed, or NULL */
	struct packet	 packet;	/* the answer, if rcode is good; else empty */
	int64_t		 began, ms;
	union {				/* the engine's, while pending */
		int		 id;
		void		*query;
	};
};

struct lookup {
	struct resolver	*resolver;
	struct flow	*flow;
	unsigned	 ticket;
	const char	*name;		/* of the first question */
	struct question	*questions;	/* n of them, in the flow's arena */
	unsigned	 n, left;
	bool		 climbs;	/* the first question that settles it is enough */
	bool		 asking;
	struct record	*record;	/* set once: where questions go; or NULL */
	unsigned	 asked;		/* so far, also before */
};

/* Asks for records of that type (ns_t_txt ...); for AAAA and A; for the type at the name
 * and the names above it but the root, in this order, CLIMB_MAX of them.  The flow is woken
 * with the ticket, its step returns FLOW_WAIT next.  k and name live as long as the flow.
 *
 * A climb ends as soon as one question has records, or failed, and all before it are
 * answered: what is above doesn't matter then, and may be pending. */
void lookup_start(struct lookup *k, struct flow *f, unsigned ticket, const char *name,
		  int type);
void lookup_host(struct lookup *k, struct flow *f, unsigned ticket, const char *name);
void lookup_climb(struct lookup *k, struct flow *f, unsigned ticket, const char *name,
		  int type);

/* Nobody is woken any more; what is pending counts as silence.  Nothing to cancel is
 * fine. */
void lookup_cancel(struct lookup *k);

/* Is there an answer to work with: none bogus, at least one answered well ("no such
 * name" is well)?  False with the problem dns, which says what failed and how. */
bool lookup_ok(const struct lookup *k, struct problem *p);

/* The same of a single question, whatever the others say. */
bool question_ok(const struct question *q, struct problem *p);

/* Did one of the questions fail, did the server say NXDOMAIN to the first? */
bool lookup_partial(const struct lookup *k);
bool lookup_nxdomain(const struct lookup *k);

/* The addresses in the answers, at most max; returns how many. */
size_t lookup_addresses(const struct lookup *k, union address *list, size_t max);

/* The next TXT record of the first answer, its strings joined, in the arena; *at begins
 * with 0.  False: no more. */
bool lookup_text(const struct lookup *k, struct arena *a, unsigned *at, struct blob *text);

/* The strings of one TXT record's data, joined, in the arena. */
struct blob text_join(struct arena *a, const struct answer *answer);

/* Words for records and problems: "AAAA", "SERVFAIL", "secure". */
const char *type_name(int type);
const char *rcode_name(int rcode);
const char *security_name(enum security security);

#endif

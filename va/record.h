/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - the evidence of a validation or CAA check: what was asked and what was seen.
 *
 * One line of JSON (here broken), with the same members whether control was proved or not:
 *
 *	{"method":"http-01","section":"3.2.2.4.19",
 *	 "identifier":{"type":"dns","value":"www.example.com"},
 *	 "began":"2026-11-24T10:00:00Z","took_ms":52,"dnssec":"validate",
 *	 "lookups":[{"name":"www.example.com","type":"A","rcode":"NOERROR",
 *		     "security":"secure","answers":["192.0.2.7"],"ms":12}],
 *	 "dials":[{"to":"http://www.example.com/.well-known/acme-challenge/...",
 *		   "address":"192.0.2.7","port":80,"status":200,"ms":31}],
 *	 "redirects":0,"problem":null}
 *
 * section is that of the CA/Browser Forum's Baseline Requirements.  The rcode of a
 * question that nobody answered is null.  A lookup that was led elsewhere has an "alias", one
 * that failed a "why"; a dial without an answer has a "why".
 * Octets of a peer that are not printable ASCII are shown as '?'; long and many answers are
 * cut short, with their number in "more".  A check of CAA has the method "caa", "for" (the
 * method that it is for), and, where records were found, "at" and "ttl"; one that asked nobody
 * says why in "exempt". */
#ifndef VA_RECORD_H
#define VA_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"
#include "va/addr.h"

struct attempt;
struct question;

struct record {		/* part of an attempt */
	struct arena	*arena;
	json_t		*lookups, *dials, *more;
	unsigned	 answers;	/* that stand in it */
	int64_t		 began;		/* clock_now() */
};

/* An empty record that lives as long as the arena. */
void record_begin(struct record *r, struct arena *a);

struct dial {
	const char	*to;		/* the URL, or the name of the server */
	union address	 address;	/* with its port */
	long		 status;	/* of HTTP; 0: none */
	const char	*why;		/* there was no answer; or NULL */
	int64_t		 ms;
};

/* One connection that was tried; at once, whatever came of it. */
void record_dial(struct record *r, const struct dial *d);

/* One question to DNS that was answered, or given up. */
void record_lookup(struct record *r, const struct question *q);

/* A further member of the whole; takes the reference to the value. */
void record_add(struct record *r, const char *member, json_t *value);

/* The whole as text, in the arena `to`. */
const char *record_print(const struct attempt *a, struct arena *to);

#endif

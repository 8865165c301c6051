/* SPDX-License-Identifier: Apache-2.0 */
/* incident.h - which certificates an incident is about, and how far they are. */
#ifndef ACME_INCIDENT_H
#define ACME_INCIDENT_H

#include "acme/acme.h"
#include "acme/where.h"

#define INCIDENT_BATCH 128	/* certificates that one edit changes: others wait for it */

/* Reads an expression; its names of issuers, profiles and directories get the numbers that they
 * have in the store, those that brevet.conf had once too.  All in the arena.  NULL with malformed:
 * a mistake, or a name that there is not. */
const struct where *incident_where(const struct view *v, struct arena *a, const char *text,
				   struct problem *p);

/* Are there the accounts and bindings that it asks for?  False with malformed. */
bool incident_known(const struct view *v, struct arena *a, const struct where *w,
		    struct problem *p);

/* A page of all certificates, and the matching ones in it: signed and good at `now`, not those
 * of the server itself. */
struct incident_page {
	const struct where	 *where;
	int64_t			  now;
	int64_t			  created;	/* the incident's: newer ones are none of it */
	struct serial		  at;		/* begins behind it; then: it was looked at */
	const struct cert	**certs;	/* n of them, at most INCIDENT_BATCH */
	size_t			  n;
	bool			  last;		/* there is nothing behind `at` */
	bool			  waits;	/* stops at what is being signed just now ... */
	bool			  signing;	/* ... and did */
};

/* Fills at, certs, n, last and signing; in the arena.  Any thread. */
void incident_search(const struct view *v, struct arena *a, struct incident_page *page);

/* Whoever waits for the certificate to be renewed need not any more: replaced, revoked, expired
 * or gone. */
bool incident_settled(const struct view *v, struct arena *a, const struct serial *serial,
		      int64_t now);

/* Other incidents that run and will revoke what they have; in the arena. */
struct rivals {
	const struct incident	**all;
	size_t			  n;
};
struct rivals incident_rivals(const struct view *v, struct arena *a,
			      const struct incident *incident);

/* When the certificate will be revoked, by that one or by a rival that has it; 0: by none. */
int64_t incident_revoked_at(const struct view *v, struct arena *a, const struct incident *incident,
			    const struct rivals *rivals, const struct serial *serial);

#endif

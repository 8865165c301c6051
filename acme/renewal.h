/* SPDX-License-Identifier: Apache-2.0 */
/* renewal.h - when certificates shall be renewed, and which one follows which (RFC 9773). */
#ifndef ACME_RENEWAL_H
#define ACME_RENEWAL_H

#include "acme/acme.h"
#include "acme/plan.h"

#define GONE_START  3600		/* the window of a revoked one, before its revocation */
#define GONE_END    1800

/* The window of a certificate: what is planned; else it begins a little before a third of its life
 * is left (before half of it, if it lives less than ten days); of a revoked one it is over.  r: its
 * renewal, or NULL.  Pure. */
struct window renewal_window(const struct cert *cert, const struct renewal *r);

/* A window that begins now or later and ends within `spread` seconds, and with the certificate:
 * where the fewest windows are.  Each one put before the next is asked for, many are spread
 * evenly. */
struct window renewal_within(const struct view *v, struct arena *a, const struct cert *cert,
			     int64_t now, int64_t spread);

/* The same for one that has a successor, and so counts nowhere: somewhere in that time. */
struct window renewal_somewhere(const struct cert *cert, int64_t now, int64_t spread);

/* On the writer: the certificate is the newest with its names now, whose hash that is.  Returns the
 * one that its account or binding had before; all zero: none. */
struct serial renewal_newest(struct edit *e, struct arena *a, const uint8_t hash[32],
			     const struct cert *cert);

/* What a certificate renews. */
enum renewal_of {
	RENEWAL_BY_REPLACES,	/* the one that its order named */
	RENEWAL_BY_NAMES,	/* the newest one of the same names */
	RENEWAL_NONE
};

/* On the writer, a certificate has been issued for an order: its renewal is planned, and it
 * is the successor of the one that the order replaces, or else of `before`, the newest one
 * of the same names that its account or its binding had (all zero: none). */
enum renewal_of renewal_issued(struct flow *f, const struct acme_config *c,
			       const struct order *order, const struct cert *cert,
			       const struct serial *before);

/* Is the certificate replaced by an order that named it: one that is under way, or whose
 * certificate was issued?  In a view, r's own. */
bool renewal_replaced(const struct view *v, struct arena *a, const struct renewal *r,
		      int64_t now);

/* The account itself, or another one of the same binding? */
bool renewal_ours(const struct cert *cert, const struct id *account, const struct id *binding);

#endif

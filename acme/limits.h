/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - how often (RFC 8555 section 6.6), and who is paused; docs/limits.md tells why.
 *
 * What is spent is spent in the edit that makes the object, so that it holds whatever dies.
 * Refusals are rateLimited with the moment when the same request passes all limits; they
 * change nothing.  All but limits_order_ahead() and limits_request() are for the writer. */
#ifndef ACME_LIMITS_H
#define ACME_LIMITS_H

#include "acme/acme.h"

/* False: no such limit. */
bool limit_parse(const char *name, enum limit *limit);

/* A Link header's value: the page that explains refusals (help.c), in the flow's arena. */
const char *limits_link(const struct request *rq);

/* A new account from the request's address; binding NULL: none.  Spends. */
bool limits_account(struct request *rq, const struct binding *binding, struct edit *e,
		    struct problem *p);

/* What is asked for. */
struct limits_ask {
	const struct ident	*idents;	/* n */
	size_t			 n;
	const struct serial	*replaces;	/* the certificate that it renews, or NULL */
};

struct limits_ask limits_ask(const struct order *order);

/* An order, or a pre-authorization, of the request's account: refused while one of its
 * identifiers is paused or failing, or would get no certificate.  Spends. */
bool limits_order(struct request *rq, struct edit *e, const struct limits_ask *ask,
		  struct problem *p);
/* Would it be refused now?  Spends nothing; any thread. */
bool limits_order_ahead(struct request *rq, const struct view *v, const struct limits_ask *ask,
			struct problem *p);
/* The order came to nothing by our own fault. */
void limits_order_refund(const struct acme_config *c, struct edit *e, struct arena *a,
			 const struct order *order);

/* The certificate of an order.  Spends. */
bool limits_cert(struct request *rq, struct edit *e, const struct order *order,
		 struct problem *p);
/* It was not issued. */
void limits_cert_refund(const struct acme_config *c, struct edit *e, struct arena *a,
			const struct order *order);
/* It was: the next one for the same names may be its renewal.  Returns the newest one of these
 * names until now that the account or its binding has; all zero: none. */
struct serial limits_cert_issued(const struct acme_config *c, struct edit *e, struct arena *a,
				 const struct order *order, const struct cert *cert);

/* The newest certificate with the same names as that one has, n of them; false: none. */
bool limits_newest(const struct view *v, const struct cert *cert, const struct ident *idents,
		   size_t n, struct newest *newest);
/* From now on that one is it, in an edit; returns what limits_cert_issued() does. */
struct serial limits_newest_put(struct edit *e, struct arena *a, const struct cert *cert,
				const struct ident *idents, size_t n);

/* A validation has failed, by the client's fault; true: that paused the account for the
 * name. */
bool limits_failed(const struct acme_config *c, struct edit *e, struct arena *a,
		   const struct authz *authz);
/* It has succeeded, or somebody says that all is well now: failures are forgotten. */
void limits_proved(struct edit *e, struct arena *a, const struct id *account, const char *name);

/* A request has come; in memory, for the process.  Any loop. */
bool limits_request(struct request *rq, struct problem *p);

#endif

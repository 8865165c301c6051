/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - how often (RFC 8555 section 6.6), and who is paused.
 *
 * What is spent is spent in the edit that makes the object, so that it holds whatever dies.
 * Refusals are rateLimited with the moment when the same request passes; they change
 * nothing. */
#ifndef ACME_LIMITS_H
#define ACME_LIMITS_H

#include "acme/acme.h"

/* "orders", as in limit.orders.  parse: false: no such limit. */
const char *limit_name(enum limit limit);
bool limit_parse(const char *name, enum limit *limit);

/* A new account from the request's address; binding NULL: none.  Spends.  On the writer. */
bool limits_new_account(const struct request *rq, const struct binding *binding,
			struct edit *e, struct problem *p);

/* May the account have an order for these identifiers?  Paused, failing, too many orders,
 * too many certificates.  On the writer; changes nothing. */
bool limits_order_check(const struct request *rq, const struct view *v,
			const struct ident *idents, size_t n, struct problem *p);
/* It has it. */
void limits_order_spend(const struct request *rq, struct edit *e, const struct order *order);

/* The same of the certificate of an order.  On the writer. */
bool limits_cert_check(const struct request *rq, const struct view *v,
		       const struct order *order, struct problem *p);
void limits_cert_spend(const struct request *rq, struct edit *e, const struct order *order);
/* It was not issued, and that was not the client's fault. */
void limits_cert_refund(const struct acme_config *c, struct edit *e, const struct order *order);
/* It was: the next one for the same names may be its renewal. */
void limits_cert_issued(struct edit *e, const struct order *order);

/* A validation has failed, or has not. */
void limits_failed(const struct acme_config *c, struct edit *e, const struct authz *authz);
void limits_proved(struct edit *e, const struct authz *authz);

/* A request has come; in memory, for the process.  Any loop. */
bool limits_request(const struct request *rq, struct problem *p);

#endif

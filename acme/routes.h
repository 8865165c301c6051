/* SPDX-License-Identifier: Apache-2.0 */
/* routes.h - the table of resources. */
#ifndef ACME_ROUTES_H
#define ACME_ROUTES_H

#include "base/flow.h"

enum signer {
	NOBODY,		/* no JWS */
	BY_KEY,		/* "jwk" in the protected header */
	BY_ACCOUNT,	/* "kid" in the protected header */
	BY_EITHER	/* one of these */
};

enum route_name {
	ROUTE_DIRECTORY, ROUTE_NEW_NONCE, ROUTE_NEW_ACCOUNT, ROUTE_ACCOUNT, ROUTE_ORDERS,
	ROUTE_NEW_ORDER, ROUTE_NEW_AUTHZ, ROUTE_ORDER, ROUTE_AUTHZ, ROUTE_CHALLENGE,
	ROUTE_FINALIZE, ROUTE_CERT, ROUTE_KEY_CHANGE, ROUTE_REVOKE_CERT, ROUTE_RENEWAL_INFO,
	ROUTE_HELP, ROUTE_CRL, ROUTE_ISSUER, ROUTE_OTHER
};

struct route {
	const char		*method;
	const char		*path;		/* ":name" stands for one segment */
	enum signer		 signer;
	const struct flow_step	*steps;		/* the last one replies */
	enum route_name		 name;		/* for metrics */
};

extern const struct route acme_routes[];	/* HTTPS */
extern const struct route plain_routes[];	/* plain HTTP: CRLs, issuers */

extern const struct flow_step directory_steps[], newnonce_steps[], newaccount_steps[],
	account_steps[], orders_steps[], neworder_steps[], newauthz_steps[],
	order_steps[], authz_steps[], challenge_steps[], finalize_steps[], cert_steps[],
	keychange_steps[], revoke_steps[], renewalinfo_steps[], help_steps[], crl_steps[], issuer_steps[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - every resource of the server, in the order of RFC 8555 section 7. */
#include "acme/routes.h"

#include <stddef.h>

const struct route acme_routes[] = {
	{ "GET",  "/directory",			NOBODY,     directory_steps, ROUTE_DIRECTORY },
	{ "POST", "/directory",			BY_ACCOUNT, directory_steps, ROUTE_DIRECTORY },
	{ "HEAD", "/acme/new-nonce",		NOBODY,     newnonce_steps, ROUTE_NEW_NONCE },
	{ "GET",  "/acme/new-nonce",		NOBODY,     newnonce_steps, ROUTE_NEW_NONCE },
	{ "POST", "/acme/new-nonce",		BY_ACCOUNT, newnonce_steps, ROUTE_NEW_NONCE },
	{ "POST", "/acme/new-account",		BY_KEY,     newaccount_steps, ROUTE_NEW_ACCOUNT },
	{ "POST", "/acme/account/:id",		BY_ACCOUNT, account_steps, ROUTE_ACCOUNT },
	{ "POST", "/acme/account/:id/orders",	BY_ACCOUNT, orders_steps, ROUTE_ORDERS },
	{ "POST", "/acme/account/:id/orders/:before", BY_ACCOUNT, orders_steps, ROUTE_ORDERS },
	{ "POST", "/acme/new-order",		BY_ACCOUNT, neworder_steps, ROUTE_NEW_ORDER },
	{ "POST", "/acme/new-authz",		BY_ACCOUNT, newauthz_steps, ROUTE_NEW_AUTHZ },
	{ "POST", "/acme/order/:id",		BY_ACCOUNT, order_steps, ROUTE_ORDER },
	{ "POST", "/acme/authz/:id",		BY_ACCOUNT, authz_steps, ROUTE_AUTHZ },
	{ "POST", "/acme/chall/:id/:number",	BY_ACCOUNT, challenge_steps, ROUTE_CHALLENGE },
	{ "POST", "/acme/finalize/:id",		BY_ACCOUNT, finalize_steps, ROUTE_FINALIZE },
	{ "POST", "/acme/cert/:serial",		BY_ACCOUNT, cert_steps, ROUTE_CERT },
	{ "POST", "/acme/cert/:serial/:chain",	BY_ACCOUNT, cert_steps, ROUTE_CERT },
	{ "POST", "/acme/key-change",		BY_ACCOUNT, keychange_steps, ROUTE_KEY_CHANGE },
	{ "POST", "/acme/revoke-cert",		BY_EITHER,  revoke_steps, ROUTE_REVOKE_CERT },
	{ "GET",  "/acme/renewal-info/:certid",	NOBODY,     renewalinfo_steps, ROUTE_RENEWAL_INFO },
	{ "GET",  "/help/limits",		NOBODY,     help_steps, ROUTE_HELP },
	{ NULL, NULL, NOBODY, NULL, ROUTE_OTHER }
};

const struct route plain_routes[] = {
	{ "GET",  "/crl/:issuer/:shard",	NOBODY, crl_steps, ROUTE_CRL },
	{ "HEAD", "/crl/:issuer/:shard",	NOBODY, crl_steps, ROUTE_CRL },
	{ "GET",  "/issuer/:name",		NOBODY, issuer_steps, ROUTE_ISSUER },
	{ "HEAD", "/issuer/:name",		NOBODY, issuer_steps, ROUTE_ISSUER },
	{ NULL, NULL, NOBODY, NULL, ROUTE_OTHER }
};

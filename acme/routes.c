/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - every resource of the server, in the order of RFC 8555 section 7. */
#include "acme/routes.h"

#include <stddef.h>

const struct route acme_routes[] = {
	{ "GET",  "/directory",			NOBODY,     directory_steps },
	{ "POST", "/directory",			BY_ACCOUNT, directory_steps },
	{ "HEAD", "/acme/new-nonce",		NOBODY,     newnonce_steps },
	{ "GET",  "/acme/new-nonce",		NOBODY,     newnonce_steps },
	{ "POST", "/acme/new-nonce",		BY_ACCOUNT, newnonce_steps },
	{ "POST", "/acme/new-account",		BY_KEY,     newaccount_steps },
	{ "POST", "/acme/account/:id",		BY_ACCOUNT, account_steps },
	{ "POST", "/acme/account/:id/orders",	BY_ACCOUNT, orders_steps },
	{ "POST", "/acme/account/:id/orders/:before", BY_ACCOUNT, orders_steps },
	{ "POST", "/acme/new-order",		BY_ACCOUNT, neworder_steps },
	{ "POST", "/acme/order/:id",		BY_ACCOUNT, order_steps },
	{ "POST", "/acme/authz/:id",		BY_ACCOUNT, authz_steps },
	{ "POST", "/acme/chall/:id/:number",	BY_ACCOUNT, challenge_steps },
	{ "POST", "/acme/finalize/:id",		BY_ACCOUNT, finalize_steps },
	{ "POST", "/acme/cert/:serial",		BY_ACCOUNT, cert_steps },
	{ NULL, NULL, NOBODY, NULL }
};

const struct route plain_routes[] = {
	{ "GET",  "/crl/:issuer/:shard",	NOBODY, crl_steps },
	{ "HEAD", "/crl/:issuer/:shard",	NOBODY, crl_steps },
	{ "GET",  "/issuer/:name",		NOBODY, issuer_steps },
	{ "HEAD", "/issuer/:name",		NOBODY, issuer_steps },
	{ NULL, NULL, NOBODY, NULL }
};

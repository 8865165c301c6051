/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - a small blocking ACME client for tests (RFC 8555).  One per thread.
 *
 *	struct client *c = client_open(server->url, server->root);
 *	client_account(c, "ES256", "{}");
 *	client_issue(c, responder, names, 2, &issued);
 *
 * Every request leaves its reply in c->reply (c->json, c->type, c->detail); what a
 * function returns, and the reply, live until client_clear(). */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "tests/sign.h"
#include "tests/stage.h"
#include "tests/wire.h"

#define CLIENT_NAMES 100

struct client {
	char		 host[128];	/* of the directory's URL */
	char		 base[160];	/* "https://host:port" */
	char		 path[64];	/* of the directory's resources: "", "/partner" */
	uint16_t	 port;
	SSL_CTX		*trust;
	struct wire	*wire;		/* the connection, kept alive; NULL: none now */
	struct arena	*arena;
	EVP_PKEY	*key;		/* of the account; the client frees it */
	char		 kid[256];	/* URL of the account */
	char		 nonce[128];	/* for the next request; "": fetch one */
	bool		 once;		/* never send a request a second time */
	int		 patience;	/* polls until it gives up; at first 60 */
	bool		 http10;
	const char	*replaces;	/* of orders that it makes (RFC 9773); NULL: none */
	/* by the last request */
	struct reply	 reply;
	json_t		*json;		/* the body, NULL when it is not JSON */
	const char	*type;		/* of a problem, without the URN; "" */
	const char	*detail;	/* of a problem; "" */
	bool		 unanswered;	/* sent, and the connection ended instead */
	/* so far */
	char		 fault[256];	/* the first thing wrong with any reply; "": nothing */
	unsigned	 requests;
	unsigned	 polls;		/* POST-as-GET of authorizations and orders */
};

/* What each reply must be whatever was asked (RFC 8555 section 6; docs/tests.md 1, 5, 6,
 * 10, 24, 25): NULL, or what is wrong with this one. */
const char *client_rules(struct client *c, const char *method, const char *path);

/* Looks at a c->reply that the caller read from a connection of its own. */
void client_took(struct client *c);

struct client_order {
	const char	*url, *status, *finalize, *certificate;
	const char	*authz[CLIENT_NAMES];
	size_t		 nauthz;
};

/* What client_issue() got. */
struct issued {
	struct client_order	 order;
	EVP_PKEY		*key;		/* NULL before: a new P-256; the caller frees it */
	const char		*pem;		/* the chain as it came */
};

/* For a directory URL; root: a PEM file to trust, NULL for plain HTTP.  The client lives
 * even while the server does not answer.  NULL: root can't be read. */
struct client *client_open(const char *directory, const char *root);
void client_close(struct client *c);
/* Frees replies and all that came from this client's functions. */
void client_clear(struct client *c);
/* Ends the connection; the next request makes a new one. */
void client_hang_up(struct client *c);

/* --- requests: they return the HTTP status, 0 when there is no reply -------------------- */

/* GET, HEAD, OPTIONS or anything else without a body. */
int client_get(struct client *c, const char *method, const char *url);
/* A body as it is; type NULL: no Content-Type. */
int client_send(struct client *c, const char *method, const char *url, const char *type,
		const char *body);
/* A signed POST.  What is NULL in jws - key, kid (unless by_key), nonce, url - is filled
 * in; a missing nonce is fetched. */
int client_post_jws(struct client *c, const char *url, struct jws *jws, bool by_key);
/* Signed by the account; payload "" is POST-as-GET.  badNonce is tried again, once. */
int client_post(struct client *c, const char *url, const char *payload);

/* The path of this URL's resource ("new-order"), with the base before it. */
const char *client_url(struct client *c, const char *resource);
/* A nonce that nobody used: the one at hand, or a new one. */
const char *client_nonce(struct client *c);
/* "type: detail", or what else the last request ended with; for messages. */
const char *client_why(struct client *c);

/* --- the steps of issuance: false when the reply is not what it should be -------------- */

/* newAccount with a new key for that alg (NULL: the key the client has). */
bool client_account(struct client *c, const char *alg, const char *payload);
bool client_order_new(struct client *c, const char *const *names, size_t n,
		      struct client_order *order);
/* Fills an order from its URL, or from the JSON of c->reply when url is NULL. */
bool client_order_get(struct client *c, const char *url, struct client_order *order);
/* Member of the challenge of that type ("url", "token", "status"); NULL: none. */
const char *client_challenge(const json_t *authz, const char *type, const char *member);
/* Answers the http-01 challenge of an authorization and polls as its Retry-After says;
 * returns the final status, NULL when it never came. */
const char *client_prove(struct client *c, struct responder *responder, const char *authz);
/* Sends the CSR and polls until the order is valid. */
bool client_finalize(struct client *c, struct client_order *order, struct blob csr);
const char *client_download(struct client *c, const char *certificate);
/* All of it: order, http-01, finalize, download. */
bool client_issue(struct client *c, struct responder *responder, const char *const *names,
		  size_t n, struct issued *issued);

#endif

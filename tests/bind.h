/* SPDX-License-Identifier: Apache-2.0 */
/* bind.h - external account bindings for tests: the operator adds one, a client registers
 * with it (RFC 8555 section 7.3.4), rightly or wrong in any part. */
#ifndef TESTS_BIND_H
#define TESTS_BIND_H

#include "tests/client.h"

/* What `brevet eab add` tells. */
struct binding_key {
	char kid[40], hmac[120];
};

/* Runs `brevet eab WORDS` with the server's configuration.  Its exit status, and all that
 * it printed in *said, in the arena. */
int eab_run(struct arena *a, const struct server *s, const char *words, const char **said);
/* `brevet eab add` with these options; ends the test when it is refused. */
struct binding_key eab_add(const struct server *s, const char *options);
/* What `brevet eab show --json` tells of it; the caller's.  NULL: it fails. */
json_t *eab_shown(const struct server *s, const struct binding_key *key);
/* A number of that; -1: none. */
long eab_number(const struct server *s, const struct binding_key *key, const char *member);

/* What the member externalAccountBinding is made of.  What is NULL is made as it should
 * be. */
struct eab_plan {
	const struct binding_key	*key;
	EVP_PKEY			*account;	/* its public key is the payload */
	const char			*url;		/* of newAccount; not NULL */
	const char			*alg;		/* NULL: HS256 */
	const char			*kid;		/* NULL: the key's */
	const char			*hmac;		/* NULL: the key's */
	const char			*more;		/* ",\"x\":1" in the header */
	const char			*header;	/* all of it instead */
	const char			*payload;	/* text */
	/* Changes the MAC before it is encoded. */
	void				(*mangle)(struct arena *a, struct blob *mac);
};

/* Its JSON. */
const char *eab_print(struct arena *a, const struct eab_plan *plan);
/* {"termsOfServiceAgreed": true, "externalAccountBinding": eab} and more members
 * (",\"x\":1"), in the arena. */
const char *eab_payload(struct arena *a, const char *eab, const char *more);

/* Gives the client a new key, and returns a good plan for it. */
struct eab_plan eab_plan_for(struct client *c, const struct binding_key *key);
/* newAccount with the client's key, that binding and more members; the HTTP status. */
int eab_send(struct client *c, const char *eab, const char *more);
/* Both. */
int eab_register(struct client *c, const struct binding_key *key);
/* A client of the server with an account under that binding; ends the test when it gets
 * none.  The caller closes it. */
struct client *eab_client(const struct server *s, const struct binding_key *key);

/* newOrder and newAuthz with identifiers in JSON; the HTTP status. */
int order_for(struct client *c, const char *idents);
int authz_for(struct client *c, const char *ident);
/* Such identifiers. */
const char *dns_ident(struct client *c, const char *name);
const char *ip_ident(struct client *c, const char *address);

#endif

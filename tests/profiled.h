/* SPDX-License-Identifier: Apache-2.0 */
/* profiled.h - orders by profile, and what their certificates say that depends on it, for tests. */
#ifndef TESTS_PROFILED_H
#define TESTS_PROFILED_H

#include "tests/attack.h"

#define NAME "n1.example.test"
#define DNS(name) "{\"type\":\"dns\",\"value\":\"" name "\"}"

struct facts {
	int64_t	begins, life;		/* seconds since 1970; both ends counted */
	bool	crl, client;		/* a CRL pointer; for TLS clients */
};

/* Of the first certificate of a chain in PEM, which must be one. */
struct facts facts_of(const char *pem);

/* newOrder for identifiers in JSON, with more members (",\"x\":1"); the HTTP status. */
int order_with(struct client *c, const char *idents, const char *more);

/* The order of the last reply, its authorization proved if it was not; no URL: there is
 * none. */
struct client_order order_proved(struct client *c, const struct scene *sc);

/* An order of that profile for NAME, ready: two cases. */
__attribute__((unused)) static struct client_order
ready(struct client *c, const struct scene *sc, const char *profile)
{
	struct client_order order;

	order_with(c, DNS(NAME), arena_printf(c->arena, ",\"profile\":\"%s\"", profile));
	order = order_proved(c, sc);
	is(status_of(c, order.url), "ready", arena_printf(c->arena, "an order of profile %s",
							  profile));
	is(text(c->json, "profile"), profile, "which it tells when it is read");
	return order;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* attack.h - what the attack tests share.  Their cases are named by the row of
 * the list of attacks that they belong to: J- (JOSE and requests), A- (authorisation and
 * state), C- (CSRs), R- (robustness). */
#ifndef TESTS_ATTACK_H
#define TESTS_ATTACK_H

#include "tests/scene.h"

#define NOBODY	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"	/* an id that nothing has */
#define GOOD	"{\"identifiers\":[{\"type\":\"dns\",\"value\":\"n0.example.test\"}]}"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Checks c's last reply: the status, and the type of the problem ("": none). */
__attribute__((format(printf, 4, 5), unused)) static bool
told(const struct client *c, int status, const char *type, const char *fmt, ...)
{
	char what[256];
	va_list ap;
	bool good = c->reply.status == status && strcmp(c->type, type) == 0;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	ok(good, "%s", what);
	if (!good)
		printf("# got %d %s: %.120s; want %d %s\n", c->reply.status, c->type, c->detail,
		       status, type);
	return good;
}

/* Every kind of resource of one account, with what it takes. */
struct thing {
	const char	*name, *url;
	const char	*payload;	/* that is good there, or at least reaches it */
	bool		 own;		/* it is the account's, others must not see it */
};

#define THINGS 13

/* Makes what is missing (a certificate for n0.example.test, a pending order for
 * n1.example.test); all of it lives in c->arena. */
void things_make(struct client *c, const struct scene *s, struct thing things[THINGS]);

/* An order for that name with its authorization valid; false: not. */
bool order_ready(struct client *c, const struct scene *s, const char *name,
		 struct client_order *order);
/* "status" of the object at that URL, read by POST-as-GET, or why there is none. */
const char *status_of(struct client *c, const char *url);
/* Makes an order for one name; its status, or why there is none. */
const char *ordered(struct client *c, const char *name, struct client_order *order);
/* A CSR for one name by a new key. */
struct blob csr_for(struct client *c, const char *name);
/* {"csr": ...}, {"certificate": ...}. */
const char *csr_payload(struct client *c, struct blob der);
const char *cert_payload(struct client *c, struct blob der, const char *more);
/* The first certificate of a chain, as DER. */
struct blob leaf_der(struct arena *a, const char *pem);

/* Octets on a connection of their own; wire as well as c->reply: the first reply.  The
 * caller closes it.  NULL: no connection. */
struct wire *raw(struct client *c, const void *data, size_t n);
/* How many replies come before the peer ends the connection; -1: it does not end it. */
int replies_until_end(struct client *c, struct wire *w);

/* The value of a line of /metrics, at that port; -1: there is none. */
long metric_now(uint16_t port, const char *line);
/* The same, when a reply may overtake the counting: waits until it is at least that much. */
long metric_soon(uint16_t port, const char *line, long least);

#endif

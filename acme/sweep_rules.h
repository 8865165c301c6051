/* SPDX-License-Identifier: Apache-2.0 */
/* sweep_rules.h - clean-up: what goes and what must stay; within acme/sweep*.c. */
#ifndef ACME_SWEEP_RULES_H
#define ACME_SWEEP_RULES_H

#include "acme/sweep.h"

struct sweep_ask {
	const struct view		*view;
	struct arena			*arena;
	const struct sweep_terms	*terms;
};

/* Ends before these are looked at. */
int64_t sweep_until_now(const struct sweep_terms *t);
int64_t sweep_until_orders(const struct sweep_terms *t);
int64_t sweep_until_certs(const struct sweep_terms *t);

/* Does it go, its time being over?  A certificate: is it waited for? */
bool sweep_unlisted(const struct sweep_ask *q, const struct store_end *end);
bool sweep_waited_for(const struct sweep_ask *q, const struct store_end *end);
bool sweep_order_goes(const struct sweep_ask *q, const struct store_end *end);
bool sweep_unproved_goes(const struct sweep_ask *q, const struct store_end *end);
bool sweep_cert_goes(const struct sweep_ask *q, const struct store_end *end);
bool sweep_proved_goes(const struct sweep_ask *q, const struct store_end *end);
bool sweep_incident_goes(const struct sweep_ask *q, const struct id *id);

/* Any of those for kinds with ends. */
bool sweep_goes(const struct sweep_ask *q, enum sweep_kind kind, const struct store_end *end);

/* The names of a certificate, n of them, in the arena; NULL: it cannot be read. */
const struct ident *sweep_names(const struct sweep_ask *q, const struct cert *cert, size_t *n);

/* Plans the renewals of some certificates of an older store. */
void sweep_plan(const struct sweep_ask *q, struct edit *e);

/* What a kind without ends asks the store for. */
struct stale_query sweep_stale(enum sweep_kind kind, const struct sweep_terms *t);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - rate limits; the buckets of all but one are in the store.
 * Runs on: writer; limits_order_ahead() and limits_request() on any loop, too. */
#include "acme/limits.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "acme/toll.h"
#include "acme/pause.h"
#include "acme/renewal.h"
#include "acme/throttle.h"
#include "base/clock.h"

#define RANGE_FOUR 24		/* bits of an address range */
#define RANGE_SIX  48
#define RENEWAL_PART 3		/* of its life is over, then a certificate may be renewed */

/* --- whose bucket ------------------------------------------------------------------ */

static struct blob
whose_id(struct arena *a, const struct id *id, const void *octets, size_t n)
{
	uint8_t *whose = arena_alloc(a, ID_LEN + n);

	memcpy(whose, id->b, ID_LEN);
	memcpy(whose + ID_LEN, octets, n);
	return (struct blob){ whose, ID_LEN + n };
}

static struct blob
whose_account(const struct toll *k)
{
	return (struct blob){ k->account->b, ID_LEN };
}

static struct blob
whose_account_name(struct arena *a, const struct id *account, const char *name)
{
	return whose_id(a, account, name, strlen(name));
}

/* By the hash of a name, or of all: everybody's in the directory, but of him who has a rate of
 * his own. */
static struct blob
whose_names(struct toll *k, enum limit limit, const uint8_t hash[32])
{
	const struct id *owner = toll_rate(k, limit)->owner;
	uint8_t *whose;

	if (owner != NULL)
		return whose_id(k->arena, owner, hash, 32);
	whose = arena_alloc(k->arena, 4 + 32);
	for (int i = 0; i < 4; i++)
		whose[i] = (uint8_t)(k->directory >> (24 - 8 * i));
	memcpy(whose + 4, hash, 32);
	return (struct blob){ whose, 4 + 32 };
}

/* --- accounts ---------------------------------------------------------------------- */

/* The network that the request comes from; false: no address, or one that is exempt. */
static bool
limited_address(const struct request *rq, unsigned four, unsigned six, struct network *range)
{
	const struct acme_limits *l = &rq->config->limits;
	struct network whole;

	if (!network_around(&whole, rq->address, 32, 128))
		return false;
	for (size_t i = 0; i < l->nexempt; i++)
		if (network_holds(&l->exempt[i], whole.family, whole.octets))
			return false;
	return network_around(range, rq->address, four, six);
}

bool
limits_account(struct request *rq, const struct binding *binding, struct edit *e,
	       struct problem *p)
{
	static const struct id none;
	struct toll k = { .config = rq->config, .view = edit_view(e), .edit = e,
			    .arena = rq->flow->arena,
			    .account = &none, .binding = binding == NULL ? &none : &binding->id,
			    .now_us = clock_now_ms() * 1000 };
	struct network range;
	uint8_t octets[1 + sizeof(range.octets)];
	struct blob whose = { octets, sizeof(octets) };

	if (!limited_address(rq, RANGE_FOUR, RANGE_SIX, &range))
		return true;
	octets[0] = (uint8_t)range.bits;	/* of which family it is */
	memcpy(octets + 1, range.octets, sizeof(range.octets));
	if (toll_rate(&k, LIMIT_ACCOUNTS)->owner != NULL)
		whose = whose_id(k.arena, k.binding, octets, sizeof(octets));
	toll_look(&k, LIMIT_ACCOUNTS, whose, "");
	if (!toll_passes(&k, rq, p))
		return false;
	toll_spend(&k, LIMIT_ACCOUNTS, whose);
	return true;
}

/* --- orders and certificates ------------------------------------------------------- */

/* SHA-256 of identifiers, whatever their order: type and value of each, NUL behind. */
static void
names_hash(struct arena *a, const struct ident *idents, size_t n, uint8_t hash[32])
{
	struct ident *sorted = arena_memdup(a, idents, n * sizeof(*sorted));
	size_t len = 0, at = 0;
	uint8_t *text;

	qsort(sorted, n, sizeof(*sorted), ident_compare);
	for (size_t i = 0; i < n; i++)
		len += strlen(sorted[i].value) + 2;
	text = arena_alloc(a, len);
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(sorted[i].value) + 1;

		text[at++] = (uint8_t)sorted[i].type;
		memcpy(text + at, sorted[i].value, size);
		at += size;
	}
	SHA256(text, at, hash);
}

/* Is there a certificate for these names that has used up enough of its life? */
static bool
renewal(const struct toll *k)
{
	struct newest newest;
	int64_t life;

	if (!store_newest_get(k->view, k->directory, k->hash, NULL, &newest))
		return false;
	life = newest.not_after - newest.not_before;
	return k->now_us / 1000000 >= newest.not_before + life / RENEWAL_PART;
}

/* The first order that replaces a certificate is free (RFC 9773 section 5: whoever renews when he
 * is told to is not to be held up).  When it came to nothing the next one may replace it, but
 * counts as a renewal does: else a client that only fails would be free to, for ever. */
static bool
named_before(const struct toll *k, const struct serial *replaced)
{
	const struct renewal *r = store_renewal_get(k->view, k->arena, replaced);

	return r != NULL && !id_none(&r->order);
}

static void
ask_for(struct toll *k, uint32_t directory, const struct limits_ask *ask)
{
	k->now_us = clock_now_ms() * 1000;
	k->directory = directory;
	k->idents = ask->idents;
	k->n = ask->n;
	names_hash(k->arena, k->idents, k->n, k->hash);
	k->renewal = renewal(k);
	k->exempt = ask->replaces != NULL;
	k->again = k->exempt && named_before(k, ask->replaces);
}

struct limits_ask
limits_ask(const struct order *order)
{
	return (struct limits_ask){ order->idents, order->nident,
				    order->replaces == NULL ? NULL : &order->replaced };
}

/* e NULL: only to look. */
static struct toll
toll_of_request(const struct request *rq, const struct view *v, struct edit *e,
		const struct limits_ask *ask)
{
	struct toll k = { .config = rq->config, .view = v, .edit = e,
			    .arena = rq->flow->arena, .account = &rq->account->id,
			    .binding = &rq->account->scope.binding };

	ask_for(&k, rq->directory->number, ask);
	return k;
}

static struct toll
toll_of_order(const struct acme_config *c, struct edit *e, struct arena *a,
		const struct order *order)
{
	struct toll k = { .config = c, .view = edit_view(e), .edit = e, .arena = a,
			    .account = &order->account, .binding = &order->scope.binding };
	struct limits_ask ask = limits_ask(order);

	ask_for(&k, order->scope.directory, &ask);
	return k;
}

/* A renewal is not counted, but while it is under way: else a client that orders without end
 * what it never fetches would be free to. */
static enum limit
limit_of_order(const struct toll *k)
{
	return k->renewal || k->exempt ? LIMIT_RENEWALS : LIMIT_ORDERS;
}

static bool
counted(const struct toll *k)
{
	return !k->exempt || k->again;
}

/* Buckets of a certificate: with each name, and with all of them. */
static void
each_cert_bucket(struct toll *k, void (*act)(struct toll *k, enum limit limit,
					       struct blob whose, const char *name))
{
	if (k->renewal || k->exempt)
		return;
	for (size_t i = 0; i < k->n && toll_rate(k, LIMIT_NAME)->rate.count != 0; i++) {
		uint8_t hash[32];

		names_hash(k->arena, &k->idents[i], 1, hash);
		act(k, LIMIT_NAME, whose_names(k, LIMIT_NAME, hash), k->idents[i].value);
	}
	if (toll_rate(k, LIMIT_NAMES)->rate.count != 0)
		act(k, LIMIT_NAMES, whose_names(k, LIMIT_NAMES, k->hash), "");
}

static void
act_spend(struct toll *k, enum limit limit, struct blob whose, const char *name)
{
	(void)name;
	toll_spend(k, limit, whose);
}

static void
act_refund(struct toll *k, enum limit limit, struct blob whose, const char *name)
{
	(void)name;
	toll_refund(k, limit, whose);
}

/* Looks into all buckets that an order needs. */
static bool
order_passes(struct toll *k, struct request *rq, struct problem *p)
{
	if (!counted(k))
		return true;
	for (size_t i = 0; i < k->n && toll_rate(k, LIMIT_FAILURES)->rate.count != 0; i++) {
		const char *name = ident_base(&k->idents[i]);

		toll_look(k, LIMIT_FAILURES, whose_account_name(k->arena, k->account, name),
			    name);
	}
	toll_look(k, limit_of_order(k), whose_account(k), "");
	each_cert_bucket(k, toll_look);
	return toll_passes(k, rq, p);
}

bool
limits_order_ahead(struct request *rq, const struct view *v, const struct limits_ask *ask,
		   struct problem *p)
{
	struct toll k;

	if (!pause_check(rq, v, ask->idents, ask->n, p))
		return false;
	if (!rq->config->limits.enabled)
		return true;
	k = toll_of_request(rq, v, NULL, ask);
	return order_passes(&k, rq, p);
}

bool
limits_order(struct request *rq, struct edit *e, const struct limits_ask *ask,
	     struct problem *p)
{
	struct toll k;

	if (!pause_check(rq, edit_view(e), ask->idents, ask->n, p))
		return false;
	if (!rq->config->limits.enabled)
		return true;
	k = toll_of_request(rq, edit_view(e), e, ask);
	if (!order_passes(&k, rq, p))
		return false;
	if (counted(&k))
		toll_spend(&k, limit_of_order(&k), whose_account(&k));
	return true;
}

void
limits_order_refund(const struct acme_config *c, struct edit *e, struct arena *a,
		    const struct order *order)
{
	struct toll k = toll_of_order(c, e, a, order);

	if (!k.exempt)
		toll_refund(&k, limit_of_order(&k), whose_account(&k));
}

bool
limits_cert(struct request *rq, struct edit *e, const struct order *order, struct problem *p)
{
	struct limits_ask ask = limits_ask(order);
	struct toll k;

	if (!rq->config->limits.enabled)
		return true;
	k = toll_of_request(rq, edit_view(e), e, &ask);
	each_cert_bucket(&k, toll_look);
	if (!toll_passes(&k, rq, p))
		return false;
	each_cert_bucket(&k, act_spend);
	return true;
}

void
limits_cert_refund(const struct acme_config *c, struct edit *e, struct arena *a,
		   const struct order *order)
{
	struct toll k = toll_of_order(c, e, a, order);

	each_cert_bucket(&k, act_refund);
}

struct serial
limits_cert_issued(const struct acme_config *c, struct edit *e, struct arena *a,
		   const struct order *order, const struct cert *cert)
{
	struct toll k = toll_of_order(c, e, a, order);

	if (k.renewal && !k.exempt)
		toll_refund(&k, LIMIT_RENEWALS, whose_account(&k));
	return renewal_newest(e, a, k.hash, cert);
}

bool
limits_newest(const struct view *v, const struct cert *cert, const struct ident *idents, size_t n,
	      struct newest *newest)
{
	struct arena *a = arena_new();
	uint8_t hash[32];

	names_hash(a, idents, n, hash);
	arena_free(a);
	return store_newest_get(v, cert->scope.directory, hash, NULL, newest);
}

struct serial
limits_newest_put(struct edit *e, struct arena *a, const struct cert *cert,
		  const struct ident *idents, size_t n)
{
	uint8_t hash[32];

	names_hash(a, idents, n, hash);
	return renewal_newest(e, a, hash, cert);
}

/* --- validations ------------------------------------------------------------------- */

bool
limits_failed(const struct acme_config *c, struct edit *e, struct arena *a,
	      const struct authz *authz)
{
	struct toll k = { .config = c, .view = edit_view(e), .edit = e, .arena = a,
			    .account = &authz->account, .binding = &authz->scope.binding,
			    .now_us = clock_now_ms() * 1000 };

	toll_spend(&k, LIMIT_FAILURES, whose_account_name(a, k.account,
							    ident_base(&authz->ident)));
	return pause_failed(c, e, a, authz);
}

void
limits_proved(struct edit *e, struct arena *a, const struct id *account, const char *name)
{
	store_bucket_put(e, LIMIT_FAILURES, whose_account_name(a, account, name),
			 (struct bucket){ 0 });
	store_failing_put(e, account, name, &(struct failing){ 0 });
}

/* --- requests ---------------------------------------------------------------------- */

bool
limits_request(struct request *rq, struct problem *p)
{
	const struct acme_limits *l = &rq->config->limits;
	struct rate rate = l->rates[LIMIT_REQUESTS];
	struct network address;
	struct refusal refusal = { 0, LIMIT_REQUESTS, rate, "" };

	if (!l->enabled || rate.count == 0 || !limited_address(rq, 32, 64, &address))
		return true;
	refusal.wait_us = throttle(&address, rate, clock_mono_us());
	return refusal.wait_us == 0 || toll_refuse(rq, &refusal, p);
}

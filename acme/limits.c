/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - rate limits; the buckets of all but one are in the store.
 * Runs on: writer; limits_request() on any loop. */
#include "acme/limits.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "acme/pause.h"
#include "acme/rate.h"
#include "acme/throttle.h"
#include "base/clock.h"

#define RANGE_FOUR 24		/* bits of an address range */
#define RANGE_SIX  48
#define RENEWAL_PART 3		/* of its life is over, then a certificate may be renewed */

static const struct limit_row {
	const char	*name, *help;
	const char	*what;		/* too many ... (and whose, if that is a name) */
} table[LIMITS] = {
	[LIMIT_ACCOUNTS] = { "accounts", "new accounts from a network (IPv4 /24, IPv6 /48)",
			     "new accounts from this network" },
	[LIMIT_ORDERS] = { "orders", "new orders and pre-authorizations of an account",
			   "new orders of this account" },
	[LIMIT_RENEWALS] = { "renewals", "renewals that an account has begun and not finished",
			     "unfinished renewals of this account" },
	[LIMIT_NAME] = { "name", "certificates with the same name", "certificates for" },
	[LIMIT_NAMES] = { "names", "certificates with exactly the same set of names",
			  "certificates for exactly these names" },
	[LIMIT_FAILURES] = { "failures", "failed validations of a name by an account",
			     "failed validations of" },
	[LIMIT_REQUESTS] = { "requests", "requests from an address (IPv6: from a /64)",
			     "requests from this address" },
};

const char *
limit_name(enum limit limit)
{
	return table[limit].name;
}

const char *
limit_help(enum limit limit)
{
	return table[limit].help;
}

bool
limit_parse(const char *name, enum limit *limit)
{
	for (unsigned i = 0; i < LIMITS; i++)
		if (strcmp(table[i].name, name) == 0) {
			*limit = (enum limit)i;
			return true;
		}
	return false;
}

/* --- who asks, and what he has to wait for ------------------------------------------ */

/* A rate, and whose it is: the account's or binding's that the operator gave it to, or
 * everybody's (NULL). */
struct given {
	bool			 known;
	struct rate		 rate;
	const struct id		*owner;
};

struct asking {
	const struct acme_config *config;
	struct edit		*edit;
	struct arena		*arena;
	const struct id		*account, *binding;
	int64_t			 now_us;
	struct given		 given[LIMITS];
	/* of an order */
	uint32_t		 directory;
	const struct ident	*idents;
	size_t			 n;
	uint8_t			 hash[32];
	bool			 renewal;
	/* the longest wait so far */
	int64_t			 wait_us;
	enum limit		 limit;
	const char		*name;
};

static bool
given_to(const struct asking *k, char kind, const struct id *id, enum limit limit,
	 struct given *given)
{
	struct store_rate own = { .kind = kind, .whose = *id, .limit = limit };

	if (id_none(id) || !store_rate_get(edit_view(k->edit), &own))
		return false;
	given->rate = (struct rate){ own.count, own.period };
	given->owner = id;
	return true;
}

/* What the operator has given to the account goes before what he gave to its binding. */
static const struct given *
given(struct asking *k, enum limit limit)
{
	struct given *g = &k->given[limit];

	if (g->known)
		return g;
	g->known = true;
	if (k->config->limits.enabled && !given_to(k, 'a', k->account, limit, g) &&
	    !given_to(k, 'b', k->binding, limit, g))
		g->rate = k->config->limits.rates[limit];
	return g;
}

static void
look(struct asking *k, enum limit limit, struct blob whose, const char *name)
{
	struct rate rate = given(k, limit)->rate;
	int64_t wait;

	if (rate.count == 0)
		return;
	wait = rate_wait(rate, store_bucket_get(edit_view(k->edit), limit, whose), k->now_us);
	if (wait > k->wait_us) {
		k->wait_us = wait;
		k->limit = limit;
		k->name = name;
	}
}

static void
spend(struct asking *k, enum limit limit, struct blob whose)
{
	struct rate rate = given(k, limit)->rate;

	if (rate.count != 0)
		store_bucket_put(k->edit, limit, whose, rate_take(
			rate, store_bucket_get(edit_view(k->edit), limit, whose), k->now_us));
}

static void
refund(struct asking *k, enum limit limit, struct blob whose)
{
	struct bucket bucket = store_bucket_get(edit_view(k->edit), limit, whose);

	if (bucket.full_at != 0)
		store_bucket_put(k->edit, limit, whose, rate_refund(bucket));
}

/* Always false. */
static bool
refuse(struct request *rq, enum limit limit, struct rate rate, const char *name, int64_t wait_us,
       struct problem *p)
{
	struct arena *a = rq->flow->arena;
	int64_t seconds = (wait_us + 999999) / 1000000;

	problem(p, PROBLEM_RATE_LIMITED, "too many %s%s%.90s: the limit is %s; the same request "
		"passes at %s", table[limit].what, *name == '\0' ? "" : " ", name,
		rate_print(a, rate), clock_print(a, clock_now() + seconds));
	p->retry_after = (int)seconds;
	p->link = limits_link(rq);
	rq->limited = limit;
	return false;
}

static bool
passes(struct asking *k, struct request *rq, struct problem *p)
{
	return k->wait_us == 0 || refuse(rq, k->limit, given(k, k->limit)->rate, k->name,
					 k->wait_us, p);
}

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
whose_account(const struct asking *k)
{
	return (struct blob){ k->account->b, ID_LEN };
}

static struct blob
whose_account_name(struct arena *a, const struct id *account, const char *name)
{
	return whose_id(a, account, name, strlen(name));
}

/* Everybody's in the directory, but of him who has a rate of his own. */
static struct blob
whose_names(struct asking *k, enum limit limit, const void *octets, size_t n)
{
	const struct id *owner = given(k, limit)->owner;
	uint8_t *whose;

	if (owner != NULL)
		return whose_id(k->arena, owner, octets, n);
	whose = arena_alloc(k->arena, 4 + n);
	for (int i = 0; i < 4; i++)
		whose[i] = (uint8_t)(k->directory >> (24 - 8 * i));
	memcpy(whose + 4, octets, n);
	return (struct blob){ whose, 4 + n };
}

/* --- accounts ---------------------------------------------------------------------- */

/* false: it is no address, or one that is exempt. */
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
	struct asking k = { .config = rq->config, .edit = e, .arena = rq->flow->arena,
			    .account = &none, .binding = binding == NULL ? &none : &binding->id,
			    .now_us = clock_now_ms() * 1000, .name = "" };
	struct network range;
	struct blob whose;

	if (!limited_address(rq, RANGE_FOUR, RANGE_SIX, &range))
		return true;
	whose = given(&k, LIMIT_ACCOUNTS)->owner == NULL ?
		(struct blob){ range.octets, sizeof(range.octets) } :
		whose_id(k.arena, k.binding, range.octets, sizeof(range.octets));
	look(&k, LIMIT_ACCOUNTS, whose, "");
	if (!passes(&k, rq, p))
		return false;
	spend(&k, LIMIT_ACCOUNTS, whose);
	return true;
}

/* --- orders and certificates ------------------------------------------------------- */

/* SHA-256 of the identifiers, whatever their order: type and value of each, NUL behind. */
static void
names_hash(struct asking *k)
{
	struct ident *sorted = arena_memdup(k->arena, k->idents, k->n * sizeof(*sorted));
	size_t len = 0, at = 0;
	uint8_t *text;

	qsort(sorted, k->n, sizeof(*sorted), ident_compare);
	for (size_t i = 0; i < k->n; i++)
		len += strlen(sorted[i].value) + 2;
	text = arena_alloc(k->arena, len);
	for (size_t i = 0; i < k->n; i++) {
		size_t size = strlen(sorted[i].value) + 1;

		text[at++] = (uint8_t)sorted[i].type;
		memcpy(text + at, sorted[i].value, size);
		at += size;
	}
	SHA256(text, at, k->hash);
}

/* Is there a certificate for these names that has used up enough of its life? */
static bool
renewal(const struct asking *k)
{
	struct newest newest;
	int64_t life;

	if (!store_newest_get(edit_view(k->edit), k->directory, k->hash, &newest))
		return false;
	life = newest.not_after - newest.not_before;
	return k->now_us / 1000000 >= newest.not_before + life / RENEWAL_PART;
}

static void
ask_for(struct asking *k, uint32_t directory, const struct ident *idents, size_t n)
{
	k->now_us = clock_now_ms() * 1000;
	k->directory = directory;
	k->idents = idents;
	k->n = n;
	k->name = "";
	names_hash(k);
	k->renewal = renewal(k);
}

static struct asking
asking_of_request(const struct request *rq, struct edit *e, const struct ident *idents, size_t n)
{
	struct asking k = { .config = rq->config, .edit = e, .arena = rq->flow->arena,
			    .account = &rq->account->id, .binding = &rq->account->scope.binding };

	ask_for(&k, rq->directory->number, idents, n);
	return k;
}

static struct asking
asking_of_order(const struct acme_config *c, struct edit *e, struct arena *a,
		const struct order *order)
{
	struct asking k = { .config = c, .edit = e, .arena = a,
			    .account = &order->account, .binding = &order->scope.binding };

	ask_for(&k, order->scope.directory, order->idents, order->nident);
	return k;
}

/* A renewal is not counted, but while it is under way: else a client that orders without end
 * what it never fetches would be free to. */
static enum limit
limit_of_order(const struct asking *k)
{
	return k->renewal ? LIMIT_RENEWALS : LIMIT_ORDERS;
}

/* Buckets of a certificate: with each name, and with all of them. */
static void
each_cert_bucket(struct asking *k, void (*act)(struct asking *k, enum limit limit,
					       struct blob whose, const char *name))
{
	if (k->renewal)
		return;
	for (size_t i = 0; i < k->n && given(k, LIMIT_NAME)->rate.count != 0; i++) {
		const char *name = k->idents[i].value;

		act(k, LIMIT_NAME, whose_names(k, LIMIT_NAME, name, strlen(name)), name);
	}
	if (given(k, LIMIT_NAMES)->rate.count != 0)
		act(k, LIMIT_NAMES, whose_names(k, LIMIT_NAMES, k->hash, sizeof(k->hash)), "");
}

static void
act_spend(struct asking *k, enum limit limit, struct blob whose, const char *name)
{
	(void)name;
	spend(k, limit, whose);
}

static void
act_refund(struct asking *k, enum limit limit, struct blob whose, const char *name)
{
	(void)name;
	refund(k, limit, whose);
}

bool
limits_order(struct request *rq, struct edit *e, const struct ident *idents, size_t n,
	     struct problem *p)
{
	struct asking k;

	if (!pause_check(rq, edit_view(e), idents, n, p))
		return false;
	if (!rq->config->limits.enabled)
		return true;
	k = asking_of_request(rq, e, idents, n);
	for (size_t i = 0; i < n && given(&k, LIMIT_FAILURES)->rate.count != 0; i++) {
		const char *name = ident_base(&idents[i]);

		look(&k, LIMIT_FAILURES, whose_account_name(k.arena, k.account, name), name);
	}
	look(&k, limit_of_order(&k), whose_account(&k), "");
	each_cert_bucket(&k, look);
	if (!passes(&k, rq, p))
		return false;
	spend(&k, limit_of_order(&k), whose_account(&k));
	return true;
}

void
limits_order_refund(const struct acme_config *c, struct edit *e, struct arena *a,
		    const struct order *order)
{
	struct asking k = asking_of_order(c, e, a, order);

	refund(&k, limit_of_order(&k), whose_account(&k));
}

bool
limits_cert(struct request *rq, struct edit *e, const struct order *order, struct problem *p)
{
	struct asking k;

	if (!rq->config->limits.enabled)
		return true;
	k = asking_of_request(rq, e, order->idents, order->nident);
	each_cert_bucket(&k, look);
	if (!passes(&k, rq, p))
		return false;
	each_cert_bucket(&k, act_spend);
	return true;
}

void
limits_cert_refund(const struct acme_config *c, struct edit *e, struct arena *a,
		   const struct order *order)
{
	struct asking k = asking_of_order(c, e, a, order);

	each_cert_bucket(&k, act_refund);
}

void
limits_cert_issued(const struct acme_config *c, struct edit *e, struct arena *a,
		   const struct order *order, const struct cert *cert)
{
	struct asking k = asking_of_order(c, e, a, order);
	struct newest newest = { cert->serial, cert->not_before, cert->not_after };

	if (k.renewal)
		refund(&k, LIMIT_RENEWALS, whose_account(&k));
	store_newest_put(e, k.directory, k.hash, &newest);
}

/* --- validations ------------------------------------------------------------------- */

bool
limits_failed(const struct acme_config *c, struct edit *e, struct arena *a,
	      const struct authz *authz)
{
	struct asking k = { .config = c, .edit = e, .arena = a,
			    .account = &authz->account, .binding = &authz->scope.binding,
			    .now_us = clock_now_ms() * 1000 };

	spend(&k, LIMIT_FAILURES, whose_account_name(k.arena, k.account,
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
	int64_t wait;

	if (!l->enabled || rate.count == 0 || !limited_address(rq, 32, 64, &address))
		return true;
	wait = throttle(&address, rate, clock_mono_us());
	return wait == 0 || refuse(rq, LIMIT_REQUESTS, rate, "", wait, p);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - rate limits whose buckets are in the store.  Runs on: writer. */
#include "acme/limits.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "acme/count.h"
#include "acme/pause.h"
#include "acme/rate.h"
#include "acme/throttle.h"
#include "base/clock.h"

#define RANGE_FOUR 24		/* bits of an address range */
#define RANGE_SIX  48
#define RENEWAL_PART 3		/* of its life is over, then a certificate may be renewed */

static const char *const names[LIMITS] = {
	[LIMIT_ACCOUNTS] = "accounts", [LIMIT_ORDERS] = "orders", [LIMIT_NAME] = "name",
	[LIMIT_NAMES] = "names", [LIMIT_FAILURES] = "failures", [LIMIT_REQUESTS] = "requests"
};

static const char *const what[LIMITS] = {
	[LIMIT_ACCOUNTS] = "new accounts from this network",
	[LIMIT_ORDERS] = "new orders of this account",
	[LIMIT_NAME] = "certificates for",
	[LIMIT_NAMES] = "certificates for exactly these names",
	[LIMIT_FAILURES] = "failed validations of",
	[LIMIT_REQUESTS] = "requests from this address"
};

const char *
limit_name(enum limit limit)
{
	return names[limit];
}

bool
limit_parse(const char *name, enum limit *limit)
{
	for (unsigned i = 0; i < LIMITS; i++)
		if (strcmp(names[i], name) == 0) {
			*limit = (enum limit)i;
			return true;
		}
	return false;
}

/* --- buckets ----------------------------------------------------------------------- */

static int64_t
now_us(void)
{
	return clock_now_ms() * 1000;
}

/* What the operator has set for the account goes before what he has set for its binding. */
static struct rate
rate_of(const struct acme_config *c, const struct view *v, const struct id *account,
	const struct id *binding, enum limit limit)
{
	struct store_rate other = { .kind = 'a', .limit = limit };

	if (!c->limits.enabled)
		return (struct rate){ 0 };
	other.whose = *account;
	if (!id_none(account) && store_rate_get(v, &other))
		return (struct rate){ other.count, other.period };
	other.kind = 'b';
	other.whose = *binding;
	if (!id_none(binding) && store_rate_get(v, &other))
		return (struct rate){ other.count, other.period };
	return c->limits.rates[limit];
}

/* Always false. */
static bool
refuse(const struct request *rq, enum limit limit, struct rate rate, const char *name,
       int64_t wait_us, struct problem *p)
{
	struct arena *a = rq->flow->arena;
	int64_t seconds = (wait_us + 999999) / 1000000;

	metric_add(&count_limited, limit, 0, 1);
	problem(p, PROBLEM_RATE_LIMITED, "too many %s%s%.100s: the limit is %s; the same request "
		"passes at %s", what[limit], *name == '\0' ? "" : " ", name, rate_print(a, rate),
		clock_print(a, clock_now() + seconds));
	p->retry_after = (int)seconds;
	p->link = arena_printf(a, "<%s/help/limits>;rel=\"help\"", rq->config->base_url);
	return false;
}

static bool
bucket_check(const struct request *rq, const struct view *v, enum limit limit,
	     struct rate rate, struct blob whose, const char *name, struct problem *p)
{
	int64_t wait = rate.count == 0 ? 0 :
		       rate_wait(rate, store_quota_get(v, limit, whose), now_us());

	return wait == 0 || refuse(rq, limit, rate, name, wait, p);
}

static void
bucket_spend(struct edit *e, enum limit limit, struct rate rate, struct blob whose)
{
	if (rate.count != 0)
		store_quota_put(e, limit, whose, rate_take(
			rate, store_quota_get(edit_view(e), limit, whose), now_us()));
}

/* --- whose bucket ------------------------------------------------------------------ */

static struct blob
whose_account(struct arena *a, const struct id *account, const char *name)
{
	size_t n = strlen(name);
	uint8_t *whose = arena_alloc(a, ID_LEN + n);

	memcpy(whose, account->b, ID_LEN);
	memcpy(whose + ID_LEN, name, n);
	return (struct blob){ whose, ID_LEN + n };
}

static struct blob
whose_directory(struct arena *a, uint32_t directory, const void *octets, size_t n)
{
	uint8_t *whose = arena_alloc(a, 4 + n);

	for (int i = 0; i < 4; i++)
		whose[i] = (uint8_t)(directory >> (24 - 8 * i));
	memcpy(whose + 4, octets, n);
	return (struct blob){ whose, 4 + n };
}

/* SHA-256 of the identifiers, whatever their order: type and value of each, NUL behind. */
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
renewal(const struct view *v, struct arena *a, uint32_t directory, const uint8_t hash[32])
{
	const struct cert *cert;
	struct serial serial;

	if (!store_names_get(v, directory, hash, &serial) ||
	    (cert = store_cert_get(v, a, &serial)) == NULL)
		return false;
	return clock_now() >= cert->not_before +
			      (cert->not_after - cert->not_before) / RENEWAL_PART;
}

/* --- accounts ---------------------------------------------------------------------- */

static bool
exempt(const struct acme_config *c, const char *address)
{
	for (size_t i = 0; i < c->limits.nexempt; i++)
		if (network_holds_text(&c->limits.exempt[i], address))
			return true;
	return false;
}

bool
limits_new_account(const struct request *rq, const struct binding *binding, struct edit *e,
		   struct problem *p)
{
	static const struct id none;
	const struct view *v = edit_view(e);
	struct rate rate = rate_of(rq->config, v, &none, binding == NULL ? &none : &binding->id,
				   LIMIT_ACCOUNTS);
	struct network range;
	struct blob whose;

	if (exempt(rq->config, rq->address) ||
	    !network_around(&range, rq->address, RANGE_FOUR, RANGE_SIX))
		return true;
	whose = (struct blob){ range.octets, sizeof(range.octets) };
	if (!bucket_check(rq, v, LIMIT_ACCOUNTS, rate, whose, "", p))
		return false;
	bucket_spend(e, LIMIT_ACCOUNTS, rate, whose);
	return true;
}

/* --- orders and certificates ------------------------------------------------------- */

/* What the limits of an order need. */
struct ordering {
	const struct acme_config	*config;
	const struct view		*view;
	struct arena			*arena;
	const struct id			*account, *binding;
	uint32_t			 directory;
	const struct ident		*idents;
	size_t				 n;
	uint8_t				 hash[32];
	bool				 renewal;
};

static void
ordering_begin(struct ordering *o)
{
	names_hash(o->arena, o->idents, o->n, o->hash);
	o->renewal = renewal(o->view, o->arena, o->directory, o->hash);
}

static struct rate
ordering_rate(const struct ordering *o, enum limit limit)
{
	return rate_of(o->config, o->view, o->account, o->binding, limit);
}

static struct ordering
ordering_of_request(const struct request *rq, const struct view *v, const struct ident *idents,
		    size_t n)
{
	struct ordering o = { rq->config, v, rq->flow->arena, &rq->account->id,
			      &rq->account->scope.binding, rq->directory->number, idents, n,
			      { 0 }, false };

	ordering_begin(&o);
	return o;
}

static struct ordering
ordering_of(const struct acme_config *c, struct edit *e, struct arena *a,
	    const struct order *order)
{
	struct ordering o = { c, edit_view(e), a, &order->account, &order->scope.binding,
			      order->scope.directory, order->idents, order->nident, { 0 }, false };

	ordering_begin(&o);
	return o;
}

static struct blob
whose_name(const struct ordering *o, const struct ident *ident)
{
	return whose_directory(o->arena, o->directory, ident->value, strlen(ident->value));
}

static struct blob
whose_names(const struct ordering *o)
{
	return whose_directory(o->arena, o->directory, o->hash, sizeof(o->hash));
}

/* Certificates with each name, and with all of them. */
static bool
certs_check(const struct request *rq, const struct ordering *o, struct problem *p)
{
	struct rate rate = ordering_rate(o, LIMIT_NAME);

	if (o->renewal)
		return true;
	for (size_t i = 0; i < o->n; i++)
		if (!bucket_check(rq, o->view, LIMIT_NAME, rate, whose_name(o, &o->idents[i]),
				  o->idents[i].value, p))
			return false;
	return bucket_check(rq, o->view, LIMIT_NAMES, ordering_rate(o, LIMIT_NAMES),
			    whose_names(o), "", p);
}

static bool
failures_check(const struct request *rq, const struct ordering *o, struct problem *p)
{
	struct rate rate = ordering_rate(o, LIMIT_FAILURES);

	for (size_t i = 0; i < o->n; i++) {
		const char *name = ident_base(&o->idents[i]);

		if (!bucket_check(rq, o->view, LIMIT_FAILURES, rate,
				  whose_account(o->arena, o->account, name), name, p))
			return false;
	}
	return true;
}

bool
limits_order_check(const struct request *rq, const struct view *v, const struct ident *idents,
		   size_t n, struct problem *p)
{
	struct ordering o = ordering_of_request(rq, v, idents, n);

	if (!pause_check(rq, v, idents, n, p) || !failures_check(rq, &o, p))
		return false;
	if (!o.renewal && !bucket_check(rq, v, LIMIT_ORDERS, ordering_rate(&o, LIMIT_ORDERS),
					whose_account(o.arena, o.account, ""), "", p))
		return false;
	return certs_check(rq, &o, p);
}

void
limits_order_spend(const struct request *rq, struct edit *e, const struct order *order)
{
	struct ordering o = ordering_of_request(rq, edit_view(e), order->idents, order->nident);

	if (!o.renewal)
		bucket_spend(e, LIMIT_ORDERS, ordering_rate(&o, LIMIT_ORDERS),
			     whose_account(o.arena, o.account, ""));
}

bool
limits_cert_check(const struct request *rq, const struct view *v, const struct order *order,
		  struct problem *p)
{
	struct ordering o = ordering_of_request(rq, v, order->idents, order->nident);

	return certs_check(rq, &o, p);
}

void
limits_cert_spend(const struct request *rq, struct edit *e, const struct order *order)
{
	struct ordering o = ordering_of_request(rq, edit_view(e), order->idents, order->nident);

	if (o.renewal)
		return;
	for (size_t i = 0; i < o.n; i++)
		bucket_spend(e, LIMIT_NAME, ordering_rate(&o, LIMIT_NAME),
			     whose_name(&o, &o.idents[i]));
	bucket_spend(e, LIMIT_NAMES, ordering_rate(&o, LIMIT_NAMES), whose_names(&o));
}

static void
bucket_refund(struct edit *e, enum limit limit, struct rate rate, struct blob whose)
{
	int64_t full_at = store_quota_get(edit_view(e), limit, whose);

	if (full_at != 0)
		store_quota_put(e, limit, whose, rate_refund(rate, full_at));
}

void
limits_cert_refund(const struct acme_config *c, struct edit *e, const struct order *order)
{
	struct arena *a = arena_new();
	struct ordering o = ordering_of(c, e, a, order);

	for (size_t i = 0; i < o.n && !o.renewal; i++)
		bucket_refund(e, LIMIT_NAME, ordering_rate(&o, LIMIT_NAME),
			      whose_name(&o, &o.idents[i]));
	if (!o.renewal)
		bucket_refund(e, LIMIT_NAMES, ordering_rate(&o, LIMIT_NAMES), whose_names(&o));
	arena_free(a);
}

void
limits_cert_issued(struct edit *e, const struct order *order)
{
	struct arena *a = arena_new();
	uint8_t hash[32];

	names_hash(a, order->idents, order->nident, hash);
	store_names_put(e, order->scope.directory, hash, &order->serial);
	arena_free(a);
}

/* --- validations ------------------------------------------------------------------- */

void
limits_failed(const struct acme_config *c, struct edit *e, const struct authz *authz)
{
	struct arena *a = arena_new();
	struct rate rate = rate_of(c, edit_view(e), &authz->account, &authz->scope.binding,
				   LIMIT_FAILURES);

	bucket_spend(e, LIMIT_FAILURES, rate, whose_account(a, &authz->account,
							    ident_base(&authz->ident)));
	pause_failed(c, e, authz);
	arena_free(a);
}

void
limits_proved(struct edit *e, const struct authz *authz)
{
	store_failing_put(e, &authz->account, ident_base(&authz->ident),
			  &(struct failing){ 0 });
}

/* --- requests ---------------------------------------------------------------------- */

bool
limits_request(const struct request *rq, struct problem *p)
{
	const struct acme_limits *l = &rq->config->limits;
	struct rate rate = l->rates[LIMIT_REQUESTS];
	int64_t wait;

	if (!l->enabled || rate.count == 0 || exempt(rq->config, rq->address))
		return true;
	wait = throttle(rq->address, rate, clock_mono_us());
	return wait == 0 || refuse(rq, LIMIT_REQUESTS, rate, "", wait, p);
}

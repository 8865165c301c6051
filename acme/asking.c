/* SPDX-License-Identifier: Apache-2.0 */
/* asking.c - the table of rate limits, their rates for one request, their buckets.
 * Runs on: writer; asking_refuse() on any loop, too. */
#include "acme/asking.h"

#include <string.h>

#include "acme/limits.h"
#include "acme/rate.h"
#include "base/clock.h"

static const struct limit_row {
	const char	*name, *help;
	const char	*what;		/* too many ... (and which, if that is a name) */
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

/* --- rates ------------------------------------------------------------------------- */

static bool
given_to(const struct asking *k, char kind, const struct id *id, enum limit limit,
	 struct given *given)
{
	struct store_rate own = { .kind = kind, .whose = *id, .limit = limit };

	if (id_none(id) || !store_rate_get(k->view, &own))
		return false;
	given->rate = (struct rate){ own.count, own.period };
	given->owner = id;
	return true;
}

const struct given *
asking_rate(struct asking *k, enum limit limit)
{
	struct given *given = &k->given[limit];

	if (given->known)
		return given;
	given->known = true;
	if (k->config->limits.enabled && !given_to(k, 'a', k->account, limit, given) &&
	    !given_to(k, 'b', k->binding, limit, given))
		given->rate = k->config->limits.rates[limit];
	return given;
}

/* --- buckets ----------------------------------------------------------------------- */

void
asking_look(struct asking *k, enum limit limit, struct blob whose, const char *name)
{
	struct rate rate = asking_rate(k, limit)->rate;
	int64_t wait;

	if (rate.count == 0)
		return;
	wait = rate_wait(rate, store_bucket_get(k->view, limit, whose), k->now_us);
	if (wait > k->longest.wait_us)
		k->longest = (struct refusal){ wait, limit, rate, name };
}

void
asking_spend(struct asking *k, enum limit limit, struct blob whose)
{
	struct rate rate = asking_rate(k, limit)->rate;

	if (rate.count != 0)
		store_bucket_put(k->edit, limit, whose, rate_take(
			rate, store_bucket_get(k->view, limit, whose), k->now_us));
}

void
asking_refund(struct asking *k, enum limit limit, struct blob whose)
{
	struct bucket bucket = store_bucket_get(k->view, limit, whose);

	if (bucket.full_at != 0)
		store_bucket_put(k->edit, limit, whose, rate_refund(bucket));
}

/* --- refusals ---------------------------------------------------------------------- */

bool
asking_refuse(struct request *rq, const struct refusal *r, struct problem *p)
{
	struct arena *a = rq->flow->arena;
	int64_t seconds = (r->wait_us + 999999) / 1000000;

	problem(p, PROBLEM_RATE_LIMITED, "too many %s%s%.90s: the limit is %s; the same request "
		"passes at %s", table[r->limit].what, *r->name == '\0' ? "" : " ", r->name,
		rate_print(a, r->rate), clock_print(a, clock_now() + seconds));
	p->retry_after = (int)seconds;
	p->link = limits_link(rq);
	rq->limited = r->limit;
	return false;
}

bool
asking_passes(const struct asking *k, struct request *rq, struct problem *p)
{
	return k->longest.wait_us == 0 || asking_refuse(rq, &k->longest, p);
}

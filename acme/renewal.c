/* SPDX-License-Identifier: Apache-2.0 */
/* renewal.c - when certificates shall be renewed, and which one follows which (RFC 9773).
 * Runs on: writer; what is pure, anywhere. */
#include "acme/renewal.h"

#include <string.h>

#include "acme/status.h"
#include "base/clock.h"

#define SHORT	    (10 * 86400)	/* such a life is renewed at its half */

/* --- windows ------------------------------------------------------------------------ */

static struct window
renewal_fixed(int64_t not_before, int64_t not_after)
{
	int64_t life = not_after + 1 - not_before;
	int64_t middle = not_after - life / (life < SHORT ? 2 : 3);
	int64_t half = life / 100 > 0 ? life / 100 : 1;

	return (struct window){ middle - half, middle + half };
}

struct window
renewal_window(const struct cert *cert, const struct renewal *r)
{
	if (cert->state == CERT_REVOKED)
		return (struct window){ cert->revoked - GONE_START, cert->revoked - GONE_END };
	return r == NULL ? renewal_fixed(cert->not_before, cert->not_after) :
			   (struct window){ r->start, r->end };
}

static void
read_loads(const struct view *v, struct arena *a, struct plan_loads *loads)
{
	loads->load = arena_alloc(a, loads->count * sizeof(loads->load[0]));
	store_slots_load(v, (uint32_t)loads->first, loads->count, loads->load);
}

struct window
renewal_within(const struct view *v, struct arena *a, const struct cert *cert, int64_t now,
	       int64_t spread)
{
	struct plan_ask ask = { .not_before = cert->not_before, .not_after = cert->not_after,
				.now = now };
	struct plan_loads loads = plan_range_within(&ask, spread);

	read_loads(v, a, &loads);
	return plan_window_within(&ask, spread, &loads);
}

struct window
renewal_somewhere(const struct cert *cert, int64_t now, int64_t spread)
{
	const struct plan_ask ask = { .not_before = cert->not_before, .not_after = cert->not_after,
				      .now = now };
	uint64_t draw;

	memcpy(&draw, cert->serial.b + SERIAL_LEN - sizeof(draw), sizeof(draw));
	return plan_window_drawn(&ask, spread, draw);
}

static struct window
smooth(struct flow *f, const struct plan_ask *ask)
{
	const struct view *v = edit_view(f->txn);
	struct plan_loads loads = plan_range(ask);
	struct plan_totals totals;

	store_slots_pass(f->txn, ask->now);
	read_loads(v, f->arena, &loads);
	store_slots_lengths(v, totals.count);
	return plan_window(ask, &loads, &totals);
}

static struct window
plan(struct flow *f, const struct acme_config *c, const struct cert *cert)
{
	struct plan_ask ask = {
		.not_before = cert->not_before,
		.not_after = cert->not_after,
		.now = clock_now(),
		.band = { (int)c->renewal.from * 10, (int)c->renewal.until * 10 },
	};

	return c->renewal.smoothing ? smooth(f, &ask) :
				      renewal_fixed(cert->not_before, cert->not_after);
}

/* --- who follows whom --------------------------------------------------------------- */

bool
renewal_ours(const struct cert *cert, const struct id *account, const struct id *binding)
{
	return id_equal(&cert->account, account) ||
	       (!id_none(binding) && id_equal(&cert->scope.binding, binding));
}

static const struct id *
holder_of(const struct cert *cert)
{
	return id_none(&cert->scope.binding) ? &cert->account : &cert->scope.binding;
}

/* Others may have certificates of the same names, too: what a holder has stays known while theirs
 * are newer. */
struct serial
renewal_newest(struct edit *e, struct arena *a, const uint8_t hash[32], const struct cert *cert)
{
	struct newest newest = { cert->serial, cert->not_before, cert->not_after };
	struct newest before = { .not_after = 0 }, own = { .not_after = 0 };
	const struct view *v = edit_view(e);
	uint32_t directory = cert->scope.directory;
	const struct cert *last;

	store_newest_get(v, directory, hash, NULL, &before);
	store_newest_put(e, directory, hash, NULL, &newest);
	last = serial_none(&before.serial) ? NULL : store_cert_get(v, a, &before.serial);
	if (last != NULL && id_equal(holder_of(last), holder_of(cert)))
		return before.serial;
	if (last != NULL)
		store_newest_put(e, directory, hash, holder_of(last), &before);
	if (store_newest_get(v, directory, hash, holder_of(cert), &own))
		store_newest_del(e, directory, hash, holder_of(cert));
	return own.serial;
}

/* A successor of the same names that did not name it makes nothing replaced: several hosts
 * may have certificates with the same names. */
bool
renewal_replaced(const struct view *v, struct arena *a, const struct renewal *r, int64_t now)
{
	const struct order *order;
	const struct cert *next;

	if (id_none(&r->order))
		return false;
	next = serial_none(&r->successor) ? NULL : store_cert_get(v, a, &r->successor);
	if (next != NULL && id_equal(&next->order, &r->order))
		return true;
	order = store_order_get(v, a, &r->order);	/* NULL: its certificate has ended, too */
	return order == NULL || status_order_read(order, v, a, now) != STATUS_INVALID;
}

/* Nobody waits for the renewal of the old one any more. */
static void
succeed(struct flow *f, const struct serial *old, const struct cert *cert)
{
	const struct renewal *there = store_renewal_get(edit_view(f->txn), f->arena, old);
	struct renewal next;

	if (there == NULL)
		return;
	next = *there;
	next.successor = cert->serial;
	store_renewal_put(f->txn, &next);
}

static bool
follows(struct flow *f, const struct cert *cert, const struct serial *before)
{
	const struct cert *old = serial_none(before) ? NULL :
				 store_cert_get(edit_view(f->txn), f->arena, before);

	return old != NULL && renewal_ours(old, &cert->account, &cert->scope.binding);
}

enum renewal_of
renewal_issued(struct flow *f, const struct acme_config *c, const struct order *order,
	       const struct cert *cert, const struct serial *before)
{
	struct window window = plan(f, c, cert);

	store_renewal_put(f->txn, &(struct renewal){
		.serial = cert->serial,
		.not_after = cert->not_after,
		.start = window.start,
		.end = window.end,
	});
	if (order->replaces != NULL) {
		succeed(f, &order->replaced, cert);
		return RENEWAL_BY_REPLACES;
	}
	if (!follows(f, cert, before))
		return RENEWAL_NONE;
	succeed(f, before, cert);
	return RENEWAL_BY_NAMES;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ahead.c - a clock that was ahead, and was set right: nothing is issued until it has caught up
 * with the newest commit, or the operator says that it is right (docs/storage.md).
 *
 * What would be good for too long ends then, in the same edit as the store's time goes back. */
#include "acme/count.h"
#include "acme/dated.h"
#include "acme/local.h"
#include "acme/operator.h"
#include "acme/status.h"
#include "base/clock.h"
#include "base/log.h"

#define SLACK	5	/* seconds that are forgiven */
#define LOOK_MS 1000
#define PAGE	256
#define LOOK	4096	/* certificates at a time */

int64_t
acme_clock_behind(const struct view *v, int64_t now)
{
	int64_t newest = store_last_time(v);

	return now + SLACK >= newest ? 0 : newest - now;
}

/* --- the log ------------------------------------------------------------------------ */

static void
tell(bool behind, int64_t now, int64_t newest)
{
	struct arena *a = arena_new();

	if (behind)
		log_event(LOG_ERROR, "clock is behind the newest commit, nothing is issued",
			  "s:s, s:s, s:s", "now", clock_print(a, now), "newest",
			  clock_print(a, newest), "remedy", "set the clock; if it is right now, "
			  "and was ahead: brevet clock accept");
	else
		log_event(LOG_INFO, "clock is not behind any more", "s:s", "now",
			  clock_print(a, now));
	arena_free(a);
}

/* Our own certificate may have been made by the wrong clock, or could not be made. */
static void
clock_look(evutil_socket_t fd, short what, void *arg)
{
	struct acme_local *l = arg;
	struct view *v = view_open(l->store);
	int64_t now = clock_now(), newest = store_last_time(v);
	bool behind = acme_clock_behind(v, now) != 0;

	(void)fd, (void)what;
	view_close(v);
	if (behind == l->clock_behind || l->stopping)
		return;
	l->clock_behind = behind;
	tell(behind, now, newest);
	if (l->own != NULL)
		acme_own_look(l->own);
}

static void
clock_begin(void *arg)
{
	struct acme_local *l = arg;
	struct timeval tv = { LOOK_MS / 1000, 0 };

	l->clock_timer = event_new(l->loop->base, -1, EV_PERSIST, clock_look, l);
	if (l->clock_timer == NULL || event_add(l->clock_timer, &tv) != 0)
		abort();
	clock_look(-1, 0, l);
}

void
acme_clock_start(struct loop *loop)
{
	loop_call(loop, clock_begin, acme_local(loop));
}

/* --- what was stamped in the time to come ------------------------------------------- */

static bool
order_ends(struct edit *e, struct arena *a, const struct id *id, int64_t now)
{
	const struct order *there = store_order_get(edit_view(e), a, id);
	struct problem p = { 0 };
	struct order next;

	if (there == NULL || there->state != ORDER_PENDING || there->created <= now + CLOCK_AHEAD)
		return false;
	problem(&p, PROBLEM_SERVER_INTERNAL, "the order was made while the server's clock was "
		"ahead: make a new one");
	next = *there;
	next.state = ORDER_INVALID;
	next.expires = now;
	next.error = problem_print(&p, a);
	store_order_put(e, &next);
	edit_changed(e, id);
	return true;
}

/* When what it says was found out. */
static int64_t
stamp_of(const struct authz *authz)
{
	enum method method;
	int64_t proved = authz->state == AUTHZ_VALID ? dated_proof(authz, &method) : 0;

	return proved != 0 ? proved : authz->created;
}

/* One that was proved keeps its end: evidence stays as long as the certificates that rest on it.
 * One that is being validated gets times of now. */
static bool
authz_ends(struct edit *e, struct arena *a, const struct id *id, int64_t now)
{
	const struct authz *there = store_authz_get(edit_view(e), a, id);
	struct authz next;

	if (there == NULL || (there->state != AUTHZ_PENDING && there->state != AUTHZ_VALID) ||
	    status_validating(there) || stamp_of(there) <= now + CLOCK_AHEAD)
		return false;
	next = *there;
	next.state = there->state == AUTHZ_VALID ? AUTHZ_REVOKED : AUTHZ_INVALID;
	if (there->state == AUTHZ_PENDING)
		next.expires = now;
	store_authz_put(e, &next);
	edit_changed(e, id);
	return true;
}

static const struct kind {
	char	kind;		/* in the index of ends */
	bool	(*ends)(struct edit *e, struct arena *a, const struct id *id, int64_t now);
} orders = { 'o', order_ends }, authorizations = { 'a', authz_ends };

/* What was stamped in the time to come has its end there, too.  Returns how many end now. */
static size_t
end_all(struct edit *e, int64_t now, const struct kind *kind)
{
	struct store_end last = { .at = now + CLOCK_AHEAD }, *page;
	struct store_end_query q = { kind->kind, INT64_MAX, &last, PAGE };
	size_t n, changed = 0;

	do {
		struct arena *a = arena_new();

		n = store_end_list(edit_view(e), a, &q, &page);
		for (size_t i = 0; i < n; i++)
			changed += kind->ends(e, a, &page[i].id, now);
		if (n > 0)
			last = page[n - 1];
		arena_free(a);
	} while (n == PAGE);
	return changed;
}

bool
acme_clock_accept(struct edit *e, int64_t now, struct clock_accepted *done, struct problem *p)
{
	struct arena *a = arena_new();
	const char *newest;

	*done = (struct clock_accepted){ .newest = store_last_time(edit_view(e)) };
	newest = clock_print(a, done->newest);
	if (acme_clock_behind(edit_view(e), now) == 0)
		problem(p, PROBLEM_MALFORMED, "there is nothing to accept: the clock is not behind "
			"the newest commit, which is of %s", newest);
	arena_free(a);
	if (p->type != PROBLEM_NONE)
		return false;
	done->orders = end_all(e, now, &orders);
	done->authorizations = end_all(e, now, &authorizations);
	store_time_accept(e, now);
	return true;
}

size_t
acme_clock_certificates(struct store *s, int64_t now)
{
	struct serial *serials, last, *after = NULL;
	size_t n, found = 0;

	do {
		struct arena *a = arena_new();
		struct view *v = view_open(s);

		n = store_cert_list(v, a, after, LOOK, &serials);
		for (size_t i = 0; i < n; i++) {
			const struct cert *cert = store_cert_get(v, a, &serials[i]);

			found += cert->state == CERT_ISSUED && !id_none(&cert->account) &&
				 cert->created > now + CLOCK_AHEAD;
		}
		view_close(v);
		if (n > 0) {
			last = serials[n - 1];
			after = &last;
		}
		arena_free(a);
	} while (n == LOOK);
	return found;
}

/* --- the operator ------------------------------------------------------------------- */

void
acme_clock_answer(json_t *o, struct arena *a, const struct clock_accepted *done)
{
	json_object_set_new(o, "was", json_string(clock_print(a, done->newest)));
	json_object_set_new(o, "orders", json_integer((json_int_t)done->orders));
	json_object_set_new(o, "authorizations", json_integer((json_int_t)done->authorizations));
}

static bool
accept_apply(struct operator *o, struct edit *e, struct problem *p)
{
	struct clock_accepted *done = o->doing = arena_alloc(o->arena, sizeof(*done));

	if (!acme_clock_accept(e, clock_now(), done, p))
		return false;
	acme_clock_answer(o->answer, o->arena, done);
	return true;
}

static void
accept_done(struct operator *o)
{
	const struct clock_accepted *done = o->doing;

	metric_add(&count_orders, COUNT_ORDER_INVALID, count_problem(PROBLEM_SERVER_INTERNAL),
		   done->orders);
	log_event(LOG_WARN, "clock accepted", "s:s, s:I, s:I, s:s", "was",
		  clock_print(o->arena, done->newest), "orders", (json_int_t)done->orders,
		  "authorizations", (json_int_t)done->authorizations, "by", "operator");
}

const struct command clock_accept_command = { "clock-accept", NULL, accept_apply, accept_done };

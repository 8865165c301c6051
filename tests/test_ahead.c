/* SPDX-License-Identifier: Apache-2.0 */
/* test_ahead.c - what ends when a clock that was ahead is accepted, and what counts again:
 * one line per case. */
#include "acme/pause.h"
#include "acme/terms.h"
#include "base/clock.h"
#include "tests/store_make.h"

#define HOUR  3600
#define DAY   (24 * HOUR)
#define YEAR  (365 * DAY)
#define AHEAD (10 * (int64_t)YEAR)
#define MANY  700		/* more than a page */
#define FIRST 1000		/* id of the first of them */

static int64_t now;

/* --- authorizations ------------------------------------------------------------------ */

/* Times are seconds from now; validated 0: not. */
static const struct one {
	const char		*what;
	enum authz_state	 state;
	enum challenge_state	 challenge;
	int64_t			 created, validated, expires;
	enum authz_state	 want;
	int64_t			 want_expires;
} authz[] = {
	{ "pending, of then", AUTHZ_PENDING, CHALLENGE_PENDING, AHEAD, 0, AHEAD + 7 * DAY,
	  AUTHZ_INVALID, 0 },
	{ "pending, of an hour and a second ahead", AUTHZ_PENDING, CHALLENGE_PENDING, HOUR + 1, 0,
	  7 * DAY, AUTHZ_INVALID, 0 },
	{ "must stay: pending, of an hour ahead", AUTHZ_PENDING, CHALLENGE_PENDING, HOUR, 0,
	  7 * DAY, AUTHZ_PENDING, 7 * DAY },
	{ "must stay: pending, of before", AUTHZ_PENDING, CHALLENGE_PENDING, -DAY, 0, 6 * DAY,
	  AUTHZ_PENDING, 6 * DAY },
	{ "must stay: validated just now", AUTHZ_PENDING, CHALLENGE_PROCESSING, AHEAD, 0,
	  AHEAD + 7 * DAY, AUTHZ_PENDING, AHEAD + 7 * DAY },
	{ "proved then", AUTHZ_VALID, CHALLENGE_VALID, AHEAD, AHEAD + 5, AHEAD + 30 * DAY,
	  AUTHZ_REVOKED, AHEAD + 30 * DAY },
	{ "made before, proved then", AUTHZ_VALID, CHALLENGE_VALID, -DAY, AHEAD, AHEAD + 30 * DAY,
	  AUTHZ_REVOKED, AHEAD + 30 * DAY },
	{ "must stay: made then, proved since", AUTHZ_VALID, CHALLENGE_VALID, AHEAD, -5, 30 * DAY,
	  AUTHZ_VALID, 30 * DAY },
	{ "must stay: proved before", AUTHZ_VALID, CHALLENGE_VALID, -DAY, -DAY, 29 * DAY,
	  AUTHZ_VALID, 29 * DAY },
	{ "valid without a proof, of then", AUTHZ_VALID, CHALLENGE_PENDING, AHEAD, 0,
	  AHEAD + 30 * DAY, AUTHZ_REVOKED, AHEAD + 30 * DAY },
	{ "must stay: invalid, of then", AUTHZ_INVALID, CHALLENGE_INVALID, AHEAD, 0,
	  AHEAD + 7 * DAY, AUTHZ_INVALID, AHEAD + 7 * DAY },
	{ "must stay: deactivated, of then", AUTHZ_DEACTIVATED, CHALLENGE_VALID, AHEAD, AHEAD,
	  AHEAD + 30 * DAY, AUTHZ_DEACTIVATED, AHEAD + 30 * DAY },
};
#define AUTHZ (sizeof(authz) / sizeof(authz[0]))

static void
authz_make(struct edit *e, unsigned n, const struct one *one)
{
	struct authz record = sample_authz(a, n, false);

	record.state = one->state;
	record.created = now + one->created;
	record.expires = now + one->expires;
	for (size_t i = 0; i < record.nchallenge; i++)
		record.challenges[i] = (struct challenge){ METHOD_HTTP_01, CHALLENGE_PENDING,
							   "token", 0, NULL };
	record.challenges[0].state = one->challenge;
	record.challenges[0].validated = one->validated == 0 ? 0 : now + one->validated;
	store_authz_add(e, &record);
}

static void
authz_look(unsigned n, const struct one *one)
{
	defer_struct(view) *v = view_open(s);
	struct id id = sample_id(n);
	const struct authz *is = store_authz_get(v, a, &id);

	ok(is->state == one->want && is->expires == now + one->want_expires,
	   "authorization: %s: %d, %lld", one->what, is->state,
	   (long long)(is->expires - now));
}

/* --- orders -------------------------------------------------------------------------- */

static const struct one_order {
	const char		*what;
	enum order_state	 state;
	int64_t			 created;
	enum order_state	 want;
} orders[] = {
	{ "pending, of then", ORDER_PENDING, AHEAD, ORDER_INVALID },
	{ "pending, of an hour and a second ahead", ORDER_PENDING, HOUR + 1, ORDER_INVALID },
	{ "must stay: pending, of an hour ahead", ORDER_PENDING, HOUR, ORDER_PENDING },
	{ "must stay: pending, of before", ORDER_PENDING, -DAY, ORDER_PENDING },
	{ "must stay: processing, of then", ORDER_PROCESSING, AHEAD, ORDER_PROCESSING },
	{ "must stay: valid, of then", ORDER_VALID, AHEAD, ORDER_VALID },
};
#define ORDERS (sizeof(orders) / sizeof(orders[0]))

static void
order_make(struct edit *e, unsigned n, const struct one_order *one)
{
	struct order order = sample_order(a, n, 1, false);

	order.state = one->state;
	order.created = now + one->created;
	order.expires = order.created + 7 * DAY;
	order.error = NULL;
	store_order_add(e, &order);
}

static void
order_look(unsigned n, const struct one_order *one)
{
	defer_struct(view) *v = view_open(s);
	struct id id = sample_id(n);
	const struct order *is = store_order_get(v, a, &id);
	bool ended = one->want != one->state;

	ok(is->state == one->want &&
	   is->expires == (ended ? now : now + one->created + 7 * DAY) &&
	   (is->error != NULL && strstr(is->error, "ahead") != NULL) == ended,
	   "order: %s: %d, %s", one->what, is->state, is->error == NULL ? "no error" : is->error);
}

/* --- slots of time ------------------------------------------------------------------- */

/* Windows from now on, and what the slots say of them. */
static const int64_t windows[] = { DAY, DAY, 20 * DAY, 2 * YEAR, AHEAD + 20 * DAY };
#define WINDOWS (sizeof(windows) / sizeof(windows[0]))

static const char *
slots(void)
{
	defer_struct(view) *v = view_open(s);
	uint32_t lengths[SLOTS_LENGTHS], all = 0, load;
	const char *text = "";

	for (size_t i = 0; i < WINDOWS; i++) {
		store_slots_load(v, (uint32_t)((now + windows[i] + 300) / SLOT_SECONDS), 1, &load);
		text = arena_printf(a, "%s%u ", text, load);
	}
	store_slots_lengths(v, lengths);
	for (size_t i = 0; i < SLOTS_LENGTHS; i++)
		all += lengths[i];
	return arena_printf(a, "%sof %u", text, all);
}

static void
windows_make(struct edit *e)
{
	for (size_t i = 0; i < WINDOWS; i++) {
		struct renewal r = sample_renewal((unsigned)i + 1, now + windows[i],
						  now + windows[i] + 600);

		store_renewal_put(e, &r);
	}
}

static void
windows_drop(struct edit *e)
{
	for (size_t i = 0; i < WINDOWS; i++) {
		struct serial serial = sample_serial((unsigned)i + 1);

		store_renewal_del(e, &serial);
	}
}

/* --- what needs nobody's word -------------------------------------------------------- */

/* Failures of the time to come are not the first of those that pause a name. */
static void
test_failing(void)
{
	struct acme_config c = { .limits = { .enabled = true, .pause_after = DAY,
					     .pause_failures = 2 } };
	struct authz record = sample_authz(a, 1, false);
	struct edit *e = edit_begin(s);

	clock_shift(AHEAD);
	ok(!pause_failed(&c, e, a, &record), "a name fails then");
	clock_shift(0);
	ok(!pause_failed(&c, e, a, &record), "and now");
	clock_shift(DAY - HOUR);
	ok(!pause_failed(&c, e, a, &record), "and a day later");
	clock_shift(DAY + HOUR);
	ok(pause_failed(&c, e, a, &record), "it has failed for a day: paused");
	clock_shift(0);
	edit_abort(e);
}

/* Terms, as they were noted, and who agreed when; seconds from now. */
static const struct agreement {
	const char	*what;
	int64_t		 since, agreed;
	bool		 want;
} agreements[] = {
	{ "to terms of then", AHEAD, -DAY, true },
	{ "to terms of then, then", AHEAD, AHEAD + 5, true },
	{ "to those of yesterday", -DAY, -5, true },
	{ "not to those of an hour ahead", HOUR, -5, false },
	{ "not to those of now", 0, -5, false },
};

static void
test_terms(void)
{
	for (size_t i = 0; i < sizeof(agreements) / sizeof(agreements[0]); i++) {
		const struct agreement *one = &agreements[i];
		struct acme_config c = { .terms = "https://ca.example.test/terms",
					 .terms_since = now + one->since };
		struct flow f = { .arena = a };
		struct request rq = { .flow = &f, .config = &c, .now = now };
		struct problem p = { 0 };

		ok(terms_check(&rq, now + one->agreed, &p) == one->want, "agreed: %s", one->what);
	}
}

/* --- all of it ----------------------------------------------------------------------- */

static int64_t
last_time(void)
{
	defer_struct(view) *v = view_open(s);

	return store_last_time(v);
}

static bool
accepts(int64_t when, struct clock_accepted *done)
{
	struct edit *e = edit_begin(s);
	struct problem p = { 0 };

	if (acme_clock_accept(e, when, done, &p)) {
		commit(e);
		return true;
	}
	ok(edit_changes(e) == 0 && strstr(p.detail, "nothing to accept") != NULL,
	   "what is refused changes nothing: %s", p.detail);
	edit_abort(e);
	return false;
}

/* By a clock that is ahead; the last commit is of then. */
static void
ahead(void)
{
	struct edit *e = edit_begin(s);

	for (unsigned i = 0; i < AUTHZ; i++)
		authz_make(e, i + 1, &authz[i]);
	for (unsigned i = 0; i < ORDERS; i++)
		order_make(e, i + 1, &orders[i]);
	for (unsigned i = 0; i < MANY; i++)
		order_make(e, FIRST + i, &orders[0]);
	windows_make(e);
	commit(e);
	is(slots(), "2 2 1 1 1 of 5", "windows count");
	clock_shift(AHEAD);
	e = edit_begin(s);
	store_slots_pass(e, clock_now());
	commit(e);
	clock_shift(0);
	is(slots(), "0 0 0 0 1 of 1", "a clock that is ahead takes four of five for over");
}

static void
test_accept(void)
{
	struct clock_accepted done;
	size_t ended = 0;

	for (size_t i = 0; i < AUTHZ; i++)
		ended += authz[i].state != authz[i].want;
	ok(last_time() >= now + AHEAD, "the newest commit is of then");
	ok(!accepts(last_time() - 5, &done), "five seconds are forgiven");
	ok(!accepts(last_time() + DAY, &done), "the store's time is not moved forward");
	ok(accepts(now, &done), "accepted");
	ok(done.newest >= now + AHEAD && done.orders == MANY + 2 && done.authorizations == ended,
	   "it tells what it was, and what ended: %zu, %zu", done.orders, done.authorizations);
	ok(last_time() <= clock_now() && last_time() >= now, "the newest commit is of now");
	for (unsigned i = 0; i < AUTHZ; i++)
		authz_look(i + 1, &authz[i]);
	for (unsigned i = 0; i < ORDERS; i++)
		order_look(i + 1, &orders[i]);
	order_look(FIRST + MANY - 1, &orders[0]);
	ok(!accepts(now, &done), "not twice");
}

int
main(void)
{
	struct edit *e;

	store_make();
	now = clock_now();
	ahead();
	test_accept();
	test_failing();
	test_terms();
	reopen();
	is(slots(), "2 2 1 1 1 of 5", "all windows count again");
	e = edit_begin(s);
	windows_drop(e);
	commit(e);
	is(slots(), "0 0 0 0 0 of 0", "and what was added can be taken away");
	return store_end();
}

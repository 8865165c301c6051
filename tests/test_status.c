/* SPDX-License-Identifier: Apache-2.0 */
/* test_status.c - facts and the time make a status: one line per case. */
#include "acme/status.h"
#include "tests/tap.h"

#define NOW 1000

static struct authz
authz(enum authz_state state, int64_t expires)
{
	return (struct authz){ .state = state, .expires = expires };
}

static const struct one {
	const char		*what;
	enum order_state	 order;
	int64_t			 expires;
	enum authz_state	 first, second;
	int64_t			 first_ends, second_ends;
	enum order_status	 want;
} cases[] = {
	{ "both pending", ORDER_PENDING, 2000, AUTHZ_PENDING, AUTHZ_PENDING, 2000, 2000,
	  STATUS_PENDING },
	{ "one valid", ORDER_PENDING, 2000, AUTHZ_VALID, AUTHZ_PENDING, 2000, 2000,
	  STATUS_PENDING },
	{ "both valid", ORDER_PENDING, 2000, AUTHZ_VALID, AUTHZ_VALID, 2000, 2000, STATUS_READY },
	{ "order expired", ORDER_PENDING, 1000, AUTHZ_VALID, AUTHZ_VALID, 2000, 2000,
	  STATUS_INVALID },
	{ "order's last second", ORDER_PENDING, 1001, AUTHZ_VALID, AUTHZ_VALID, 2000, 2000,
	  STATUS_READY },
	{ "A-6 a valid one expired", ORDER_PENDING, 2000, AUTHZ_VALID, AUTHZ_VALID, 2000, 1000,
	  STATUS_INVALID },
	{ "A-6 a pending one expired", ORDER_PENDING, 2000, AUTHZ_PENDING, AUTHZ_VALID, 999, 2000,
	  STATUS_INVALID },
	{ "A-6 one invalid", ORDER_PENDING, 2000, AUTHZ_INVALID, AUTHZ_VALID, 2000, 2000,
	  STATUS_INVALID },
	{ "A-6 one deactivated", ORDER_PENDING, 2000, AUTHZ_VALID, AUTHZ_DEACTIVATED, 2000, 2000,
	  STATUS_INVALID },
	{ "A-6 one revoked", ORDER_PENDING, 2000, AUTHZ_VALID, AUTHZ_REVOKED, 2000, 2000,
	  STATUS_INVALID },
	{ "processing, whatever expires", ORDER_PROCESSING, 10, AUTHZ_VALID, AUTHZ_VALID, 10, 10,
	  STATUS_PROCESSING },
	{ "valid, whatever expires", ORDER_VALID, 10, AUTHZ_VALID, AUTHZ_VALID, 10, 10,
	  STATUS_VALID },
	{ "invalid stays invalid", ORDER_INVALID, 2000, AUTHZ_VALID, AUTHZ_VALID, 2000, 2000,
	  STATUS_INVALID },
};

/* A proof by dns-persist-01 counts for ten days, however long its authorization does; all others
 * as long as that (tests/test_dated.c: what is older is not for every profile). */
static void
proof_ends(enum method method)
{
	struct challenge c = { .method = method, .state = CHALLENGE_VALID, .validated = NOW };
	struct authz a = authz(AUTHZ_VALID, INT64_MAX);
	int64_t end = NOW + 10 * 86400;

	a.challenges = &c;
	a.nchallenge = 1;
	if (method == METHOD_DNS_PERSIST_01)
		ok(status_authz(&a, end) == AUTHZ_VALID &&
		   status_authz(&a, end + 1) == AUTHZ_INVALID,
		   "A-6 dns-persist-01: a proof counts for 10 days");
	else
		ok(status_authz(&a, NOW + (int64_t)400 * 86400) == AUTHZ_VALID,
		   "method %d: it counts as long as its authorization", (int)method);
}

int
main(void)
{
	struct challenge c = { .state = CHALLENGE_PROCESSING };
	struct authz a = authz(AUTHZ_VALID, NOW);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct one *k = &cases[i];
		struct authz one = authz(k->first, k->first_ends);
		struct authz two = authz(k->second, k->second_ends);
		const struct authz *list[2] = { &one, &two };
		struct order order = { .state = k->order, .expires = k->expires, .nauthz = 2 };

		is(status_order_name(status_order(&order, list, NOW)),
		   status_order_name(k->want), k->what);
		list[1] = NULL;
		if (k->want == STATUS_READY)
			ok(status_order(&order, list, NOW) == STATUS_INVALID,
			   "A-6 an authorization that is gone: %s", k->what);
	}
	ok(status_order(&(struct order){ .state = ORDER_PENDING, .expires = 2000 }, NULL, NOW) ==
	   STATUS_PENDING, "C-1 an order for nothing is never ready");
	ok(status_authz(&a, NOW) == AUTHZ_INVALID, "24: an expired authorization is shown invalid");
	ok(status_authz(&a, NOW - 1) == AUTHZ_VALID, "and valid a second before");
	for (unsigned m = METHOD_HTTP_01; m <= METHODS_MAX; m++)
		proof_ends((enum method)m);
	a.challenges = &c;
	a.nchallenge = 1;
	ok(!status_validating(&a), "a settled authorization is not being validated");
	a.state = AUTHZ_PENDING;
	ok(status_validating(&a), "a pending one is, by its challenge");
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - facts and the time make a status.  Pure. */
#include "acme/status.h"

#include "acme/acme.h"
#include "acme/dated.h"

/* What a record that stands for years has proved does not prove for ever.  The limits for
 * certificates under public rules, which depend on the profile, are those of acme/dated.h. */
static bool
proof_too_old(const struct authz *authz, int64_t now)
{
	enum method method;
	int64_t proved = dated_proof(authz, &method);

	return proved != 0 && method == METHOD_DNS_PERSIST_01 && now - proved > DATED_PERSIST;
}

enum authz_state
status_authz(const struct authz *authz, int64_t now)
{
	if ((authz->state == AUTHZ_PENDING || authz->state == AUTHZ_VALID) &&
	    now >= authz->expires)
		return AUTHZ_INVALID;
	if (authz->state == AUTHZ_VALID && proof_too_old(authz, now))
		return AUTHZ_INVALID;
	return authz->state;
}

enum order_status
status_order(const struct order *order, const struct authz *const *authz, int64_t now)
{
	bool ready = order->nauthz > 0;

	if (order->state == ORDER_VALID)
		return STATUS_VALID;
	if (order->state == ORDER_INVALID)
		return STATUS_INVALID;
	if (order->state == ORDER_PROCESSING)
		return STATUS_PROCESSING;
	if (now >= order->expires)
		return STATUS_INVALID;
	for (size_t i = 0; i < order->nauthz; i++) {
		enum authz_state state = authz[i] == NULL ? AUTHZ_INVALID :
					 status_authz(authz[i], now);

		if (state != AUTHZ_PENDING && state != AUTHZ_VALID)
			return STATUS_INVALID;
		ready = ready && state == AUTHZ_VALID;
	}
	return ready ? STATUS_READY : STATUS_PENDING;
}

const struct authz **
status_order_authz(const struct order *order, const struct view *v, struct arena *a)
{
	const struct authz **authz = arena_alloc(a, order->nauthz * sizeof(authz[0]));

	for (size_t i = 0; i < order->nauthz; i++)
		authz[i] = store_authz_get(v, a, &order->authz[i]);
	return authz;
}

enum order_status
status_order_read(const struct order *order, const struct view *v, struct arena *a, int64_t now)
{
	if (order->state != ORDER_PENDING || now >= order->expires)
		return status_order(order, NULL, now);
	return status_order(order, status_order_authz(order, v, a), now);
}

const char *
acme_order_status(const struct order *order, const struct view *v, struct arena *a, int64_t now)
{
	return status_order_name(status_order_read(order, v, a, now));
}

bool
status_validating(const struct authz *authz)
{
	for (size_t i = 0; i < authz->nchallenge; i++)
		if (authz->challenges[i].state == CHALLENGE_PROCESSING)
			return authz->state == AUTHZ_PENDING;
	return false;
}

const char *
status_order_name(enum order_status status)
{
	static const char *const names[] = {
		"pending", "ready", "processing", "valid", "invalid"
	};

	return names[status];
}

const char *
status_authz_name(enum authz_state state)
{
	static const char *const names[] = {
		[AUTHZ_PENDING] = "pending", [AUTHZ_VALID] = "valid",
		[AUTHZ_INVALID] = "invalid", [AUTHZ_DEACTIVATED] = "deactivated",
		[AUTHZ_REVOKED] = "revoked"
	};

	return names[state];
}

const char *
status_challenge_name(enum challenge_state state)
{
	static const char *const names[] = {
		[CHALLENGE_PENDING] = "pending", [CHALLENGE_PROCESSING] = "processing",
		[CHALLENGE_VALID] = "valid", [CHALLENGE_INVALID] = "invalid"
	};

	return names[state];
}

const char *
status_account_name(enum account_state state)
{
	static const char *const names[] = {
		[ACCOUNT_VALID] = "valid", [ACCOUNT_DEACTIVATED] = "deactivated",
		[ACCOUNT_REVOKED] = "revoked"
	};

	return names[state];
}

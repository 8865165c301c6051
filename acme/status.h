/* SPDX-License-Identifier: Apache-2.0 */
/* status.h - facts and the time make a status (RFC 8555 section 7.1.6).  Pure. */
#ifndef ACME_STATUS_H
#define ACME_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

enum order_status {
	STATUS_PENDING,
	STATUS_READY,
	STATUS_PROCESSING,
	STATUS_VALID,
	STATUS_INVALID
};

/* What an authorization counts as at that time: one that has expired, or that dns-persist-01
 * has proved more than DATED_PERSIST ago, is invalid. */
enum authz_state status_authz(const struct authz *authz, int64_t now);

/* The status of an order whose authorizations are these (nauthz of them). */
enum order_status status_order(const struct order *order, const struct authz *const *authz,
			       int64_t now);

/* The authorizations of an order, in its order; NULL for one that is gone. */
const struct authz **status_order_authz(const struct order *order, const struct view *v,
					struct arena *a);

/* status_order() of these. */
enum order_status status_order_read(const struct order *order, const struct view *v,
				    struct arena *a, int64_t now);

/* Is a challenge of it being validated? */
bool status_validating(const struct authz *authz);

/* RFC 8555's words.  The state of an order's error is told by its problem. */
const char *status_order_name(enum order_status status);
const char *status_authz_name(enum authz_state state);
const char *status_challenge_name(enum challenge_state state);

#endif

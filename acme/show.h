/* SPDX-License-Identifier: Apache-2.0 */
/* show.h - stored objects as clients see them (RFC 8555 section 7.1).  No member is
 * ever null; the caller owns each reference. */
#ifndef ACME_SHOW_H
#define ACME_SHOW_H

#include <jansson.h>

#include "acme/acme.h"
#include "acme/status.h"

json_t *show_account(const struct request *rq, const struct account *account);
json_t *show_order(const struct request *rq, const struct order *order,
		   enum order_status status);
json_t *show_authz(const struct request *rq, const struct authz *authz);
json_t *show_challenge(const struct request *rq, const struct authz *authz, size_t number);

const char *show_account_url(const struct request *rq, const struct id *id);
const char *show_order_url(const struct request *rq, const struct id *id);
const char *show_authz_url(const struct request *rq, const struct id *id);

/* The request's object does not exist, or is another account's: one answer for both
 * (docs/conformance.md, decision 6).  Always FLOW_FAIL. */
enum flow_next show_nothing(struct flow *f);

/* Refuses a body where only POST-as-GET has a meaning (RFC 8555 section 6.3). */
bool show_only(const struct request *rq, struct problem *p);

#endif

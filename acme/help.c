/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - GET /help/limits: the page that rateLimited refusals link to (RFC 8555 section
 * 6.6).  Runs on: loop. */
#include <string.h>

#include "acme/reply.h"
#include "acme/routes.h"

static enum flow_next
help_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct rate *rates = rq->config->limits.rates;
	struct arena *a = f->arena;
	const char *text;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	text = arena_printf(a, "How often you may ask this CA (so many in that time; \"off\": no "
			    "limit):\n\n"
			    "%-10s new accounts from a network (IPv4 /24, IPv6 /48)\n"
			    "%-10s new orders of an account\n"
			    "%-10s certificates with the same name\n"
			    "%-10s certificates with exactly the same set of names\n"
			    "%-10s failed validations of a name by an account\n"
			    "%-10s requests from an address\n\n"
			    "Renewals are free: an order for the same names counts for nothing once "
			    "a third of\nthe last certificate's life is over.  A refusal "
			    "(\"rateLimited\") names the moment when\nthe same request passes, in "
			    "Retry-After.  If that is too late, ask the operator.\n",
			    rate_print(a, rates[LIMIT_ACCOUNTS]), rate_print(a, rates[LIMIT_ORDERS]),
			    rate_print(a, rates[LIMIT_NAME]), rate_print(a, rates[LIMIT_NAMES]),
			    rate_print(a, rates[LIMIT_FAILURES]),
			    rate_print(a, rates[LIMIT_REQUESTS]));
	reply_bytes(rq, 200, "text/plain; charset=utf-8",
		    (struct blob){ (const uint8_t *)text, strlen(text) });
	return FLOW_NEXT;
}

const struct flow_step help_steps[] = {
	{ ON_LOOP, STEP(help_reply) },
	{ 0 }
};

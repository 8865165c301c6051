/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - GET /help/limits: the page that rateLimited refusals link to (RFC 8555 section
 * 6.6).  Runs on: loop. */
#include <string.h>

#include "acme/limits.h"
#include "acme/reply.h"
#include "acme/routes.h"

static const char help_refusals[] =
	"\nA refusal (\"rateLimited\", 429) says in Retry-After when the same request passes.\n"
	"Renewals do not count: an order for the same names as those of a certificate, once a\n"
	"third of its life is over.  If you need more, ask the CA's operator: an account can\n"
	"have rates of its own.\n";

static const char help_pauses[] =
	"\nWho is paused gets no new orders, and no time ends that: an account, a name, or an\n"
	"account for a name whose validations have failed for days.  Mend what fails, then ask\n"
	"the operator to resume it, with the id of the account and the name.\n";

static const char *
help_rates(const struct acme_limits *l, struct arena *a)
{
	const char *text = "How often you may ask this CA (so many at once, which come back one by "
			   "one, so\nmany in that time):\n\n";

	if (!l->enabled)
		return "This CA has no rate limits just now.\n";
	for (unsigned i = 0; i < LIMITS; i++)
		text = arena_printf(a, "%s%-12s %s\n", text, rate_print(a, l->rates[i]),
				    limit_help((enum limit)i));
	return text;
}

const char *
limits_link(const struct request *rq)
{
	return arena_printf(rq->flow->arena, "<%s>;rel=\"help\"", reply_url(rq, "/help/limits"));
}

static enum flow_next
help_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const char *text;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	text = arena_printf(f->arena, "%s%s%s", help_rates(&rq->config->limits, f->arena),
			    help_refusals, help_pauses);
	reply_bytes(rq, 200, "text/plain; charset=utf-8",
		    (struct blob){ (const uint8_t *)text, strlen(text) });
	return FLOW_NEXT;
}

const struct flow_step help_steps[] = {
	{ ON_LOOP, STEP(help_reply) },
	{ 0 }
};

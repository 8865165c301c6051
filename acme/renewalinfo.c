/* SPDX-License-Identifier: Apache-2.0 */
/* renewalinfo.c - GET /acme/renewal-info/:certid, RFC 9773 section 4.  Nobody signs, nothing
 * is written, and queries are not looked at.  Runs on: loop. */
#include <string.h>

#include "acme/certid.h"
#include "acme/plan.h"
#include "acme/renewal.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "base/clock.h"

#define FRESH 60	/* seconds that a cache may keep it: an incident shall be heard of */

struct renewalinfo {
	const struct cert	*cert;
	struct window		 window;
	const char		*explanation;	/* URL, or NULL */
};

/* A serial is the CA's, whichever directory it was asked for in. */
static const struct cert *
find(const struct view *v, struct arena *a, const struct certid *id, int64_t now)
{
	const struct cert *cert = store_cert_get(v, a, &id->serial);
	struct cert_facts facts;

	if (cert == NULL || cert->der.len == 0 || now > cert->not_after ||
	    !cert_read(&facts, a, cert->der) ||
	    !blob_equal(facts.authority, (struct blob){ id->key, id->nkey }))
		return NULL;
	return cert;
}

static void
look(struct renewalinfo *info, const struct view *v, struct arena *a, int64_t now)
{
	const struct renewal *r = store_renewal_get(v, a, &info->cert->serial);
	const struct incident *incident = r == NULL ? NULL :
					  store_incident_get(v, a, &r->incident);

	info->window = renewal_window(info->cert, r);
	if (info->cert->state == CERT_REVOKED && info->window.end > now)	/* the clock was ahead */
		info->window = (struct window){ now - GONE_START, now - GONE_END };
	if (incident != NULL && *incident->explanation != '\0')
		info->explanation = incident->explanation;
}

static enum flow_next
renewalinfo_find(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct renewalinfo *info = rq->doing = arena_alloc(f->arena, sizeof(*info));
	struct certid id;
	struct view *v;

	if (!certid_parse(&id, rq->part[0], strlen(rq->part[0]), &f->problem))
		return FLOW_FAIL;
	v = view_open(rq->store);
	info->cert = find(v, f->arena, &id, rq->now);
	if (info->cert != NULL)
		look(info, v, f->arena, rq->now);
	view_close(v);
	if (info->cert != NULL)
		return FLOW_NEXT;
	problem_status(&f->problem, PROBLEM_MALFORMED, 404, "no such certificate, or it has "
		       "expired");
	return FLOW_FAIL;
}

static int64_t
poll_after(const struct renewalinfo *info, int64_t most)
{
	int64_t wait = plan_retry(info->cert->not_after + 1 - info->cert->not_before);

	return wait < most ? wait : most;
}

static enum flow_next
renewalinfo_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct renewalinfo *info = rq->doing;
	struct arena *a = f->arena;
	json_t *o;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	o = json_pack("{s:{s:s, s:s}, s:s*}", "suggestedWindow", "start",
		      clock_print(a, info->window.start), "end",
		      clock_print(a, info->window.end), "explanationURL", info->explanation);
	reply_json(rq, 200, o);
	reply_cached(rq, FRESH);
	reply_header(rq, "Retry-After",
		     arena_printf(a, "%lld",
				  (long long)poll_after(info, rq->config->renewal.poll)));
	return FLOW_NEXT;
}

const struct flow_step renewalinfo_steps[] = {
	{ ON_LOOP, STEP(renewalinfo_find) },	/* the certificate, its window       */
	{ ON_LOOP, STEP(renewalinfo_reply) },	/* 200, or 400 and 404: no such      */
	{ 0 }
};

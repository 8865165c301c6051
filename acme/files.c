/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - what certificates point to, over plain HTTP: GET /crl/ISSUER/0.crl (RFC 5280
 * section 4.2.1.13) and GET /issuer/ISSUER.crt (section 4.2.2.1).  Runs on: loop. */
#include <string.h>

#include "acme/reply.h"
#include "acme/routes.h"
#include "base/clock.h"

/* The issuer whose name, with that ending, is the path's part. */
static const struct acme_issuer *
issuer_named(const struct request *rq, const char *part, const char *ending)
{
	const struct acme_config *c = rq->config;
	size_t n = strlen(part), e = strlen(ending);

	if (n < e || strcmp(part + n - e, ending) != 0)
		return NULL;
	for (size_t i = 0; i < c->nissuer; i++)
		if (strlen(c->issuers[i].name) == n - e &&
		    memcmp(c->issuers[i].name, part, n - e) == 0)
			return &c->issuers[i];
	return NULL;
}

static enum flow_next
nothing(struct flow *f)
{
	problem_status(&f->problem, PROBLEM_MALFORMED, 404, "no such file");
	return reply_problem(f);
}

static enum flow_next
crl_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct acme_issuer *issuer = issuer_named(rq, rq->part[0], "");
	const struct crl *crl;
	struct view *v;

	if (issuer == NULL || strcmp(rq->part[1], "0.crl") != 0)
		return nothing(f);
	v = view_open(rq->store);
	crl = store_crl_get(v, f->arena, issuer->number, 0);
	view_close(v);
	if (crl == NULL)
		return nothing(f);
	reply_bytes(rq, 200, "application/pkix-crl", crl->der);
	reply_header(rq, "Cache-Control", "max-age=60");
	return FLOW_NEXT;
}

const struct flow_step crl_steps[] = {
	{ ON_LOOP, STEP(crl_reply) },
	{ 0 }
};

static enum flow_next
issuer_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct acme_issuer *issuer = issuer_named(rq, rq->part[0], ".crt");

	if (issuer == NULL)
		return nothing(f);
	reply_bytes(rq, 200, "application/pkix-cert", issuer_certificate(issuer->issuer));
	return FLOW_NEXT;
}

const struct flow_step issuer_steps[] = {
	{ ON_LOOP, STEP(issuer_reply) },
	{ 0 }
};

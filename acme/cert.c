/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c - POST-as-GET /acme/cert/:serial, RFC 8555 section 7.4.2.  Runs on: loop. */
#include <string.h>

#include "acme/jobs.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"

static enum flow_next
cert_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct cert *cert = NULL;
	struct serial serial;
	struct view *v;

	if (serial_parse(rq->part[0], strlen(rq->part[0]), &serial)) {
		v = view_open(rq->store);
		cert = store_cert_get(v, f->arena, &serial);
		view_close(v);
	}
	if (cert == NULL || cert->der.len == 0 || !id_equal(&cert->account, &rq->account->id))
		return show_nothing(f);
	rq->doing = (void *)cert;
	return show_only(rq, &f->problem) ? FLOW_NEXT : FLOW_FAIL;
}

/* The chain: end-entity first, nothing between the blocks (erratum 5983). */
static enum flow_next
cert_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct cert *cert = rq->doing;
	const struct acme_issuer *issuer;
	const char *chain;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	issuer = jobs_issuer(rq->config, cert->scope.issuer);
	chain = arena_printf(f->arena, "%s%s", pem_print(f->arena, "CERTIFICATE", cert->der),
			     issuer == NULL ? "" : issuer_chain(issuer->issuer));
	reply_bytes(rq, 200, "application/pem-certificate-chain",
		    (struct blob){ (const uint8_t *)chain, strlen(chain) });
	return FLOW_NEXT;
}

const struct flow_step cert_steps[] = {
	{ ON_LOOP, STEP(cert_check) },
	{ ON_LOOP, STEP(cert_reply) },
	{ 0 }
};

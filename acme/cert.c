/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c - POST-as-GET /acme/cert/:serial, RFC 8555 section 7.4.2; behind a slash, the
 * number of an alternate chain.  Runs on: loop. */
#include <string.h>

#include "acme/jobs.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"

struct download {
	const struct cert		*cert;
	const struct acme_issuer	*issuer;	/* NULL: configured no more */
	size_t				 alternate;
};

static const struct cert *
cert_find(struct request *rq)
{
	const struct cert *cert = NULL;
	struct serial serial;
	struct view *v;

	if (serial_parse(rq->part[0], strlen(rq->part[0]), &serial)) {
		v = view_open(rq->store);
		cert = store_cert_get(v, rq->flow->arena, &serial);
		view_close(v);
	}
	if (cert == NULL || cert->der.len == 0 || !id_equal(&cert->account, &rq->account->id))
		return NULL;
	return cert;
}

static enum flow_next
cert_check(struct flow *f)
{
	struct request *rq = REQUEST(f);
	struct download *d = rq->doing = arena_alloc(f->arena, sizeof(*d));
	const char *number = rq->part[1];

	d->cert = cert_find(rq);
	if (d->cert == NULL)
		return show_nothing(f);
	d->issuer = jobs_issuer(rq->config, d->cert->scope.issuer);
	if (number != NULL) {
		if (strlen(number) != 1 || *number < '1' || *number > '9' || d->issuer == NULL ||
		    (size_t)(*number - '0') > issuer_alternates(d->issuer->issuer))
			return show_nothing(f);
		d->alternate = (size_t)(*number - '0');
	}
	return show_only(rq, &f->problem) ? FLOW_NEXT : FLOW_FAIL;
}

static void
alternate_links(struct request *rq, const struct download *d)
{
	const char *serial = serial_print(rq->flow->arena, &d->cert->serial), *url;
	size_t n = d->issuer == NULL ? 0 : issuer_alternates(d->issuer->issuer);

	for (size_t i = 0; i <= n && i <= REPLY_ALTERNATES; i++) {
		if (i == d->alternate)
			continue;
		url = i == 0 ? reply_url(rq, "/acme/cert/%s", serial) :
		      reply_url(rq, "/acme/cert/%s/%zu", serial, i);
		reply_header(rq, "Link", arena_printf(rq->flow->arena, "<%s>;rel=\"alternate\"",
						      url));
	}
}

/* Does the client ask for that type, and not for PEM as well? */
static bool
asks_for(const struct request *rq, const char *type)
{
	return rq->accept != NULL && strstr(rq->accept, type) != NULL &&
	       strstr(rq->accept, "pem-certificate-chain") == NULL;
}

/* The chain: end-entity first, nothing between the blocks (erratum 5983).  "up" stands
 * only beside the single certificate: some clients would fetch it as chain. */
static enum flow_next
cert_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct download *d = rq->doing;
	const char *chain, *pem;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	chain = d->issuer == NULL ? "" : issuer_chain(d->issuer->issuer, d->alternate);
	if (asks_for(rq, "application/pkix-cert")) {
		reply_bytes(rq, 200, "application/pkix-cert", d->cert->der);
		if (d->issuer != NULL)
			reply_header(rq, "Link", arena_printf(f->arena, "<%s>;rel=\"up\"",
							      d->issuer->issuer_url));
	} else if (asks_for(rq, "application/pkcs7-mime")) {
		reply_bytes(rq, 200, "application/pkcs7-mime",
			    cert_pkcs7(f->arena, d->cert->der, chain));
	} else {
		pem = arena_printf(f->arena, "%s%s", pem_print(f->arena, "CERTIFICATE",
							       d->cert->der), chain);
		reply_bytes(rq, 200, "application/pem-certificate-chain",
			    (struct blob){ (const uint8_t *)pem, strlen(pem) });
	}
	alternate_links(rq, d);
	return FLOW_NEXT;
}

const struct flow_step cert_steps[] = {
	{ ON_LOOP, STEP(cert_check) },
	{ ON_LOOP, STEP(cert_reply) },
	{ 0 }
};

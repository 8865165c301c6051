/* SPDX-License-Identifier: Apache-2.0 */
/* directory.c - the directory and newNonce (RFC 8555 sections 7.1.1 and 7.2).
 * Runs on: loop. */
#include <string.h>

#include "acme/profile.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "acme/show.h"

static enum flow_next
directory_check(struct flow *f)
{
	return show_only(REQUEST(f), &f->problem) ? FLOW_NEXT : FLOW_FAIL;
}

static json_t *
directory_meta(const struct acme_config *c, const struct directory *d)
{
	json_t *meta = json_object(), *list;

	if (c->terms != NULL)
		json_object_set_new(meta, "termsOfService", json_string(c->terms));
	if (c->website != NULL)
		json_object_set_new(meta, "website", json_string(c->website));
	list = json_array();
	for (const char *const *s = c->caa_identities; *s != NULL; s++)
		json_array_append_new(list, json_string(*s));
	json_object_set_new(meta, "caaIdentities", list);
	if (d->eab == EAB_REQUIRED)
		json_object_set_new(meta, "externalAccountRequired", json_true());
	json_object_set_new(meta, "profiles", profile_meta(d));
	return meta;
}

static enum flow_next
directory_reply(struct flow *f)
{
	static const char *const resources[][2] = {
		{ "newNonce", "/acme/new-nonce" },
		{ "newAccount", "/acme/new-account" },
		{ "newOrder", "/acme/new-order" },
		{ "newAuthz", "/acme/new-authz" },
		{ "revokeCert", "/acme/revoke-cert" },
		{ "keyChange", "/acme/key-change" },
		{ "renewalInfo", "/acme/renewal-info" },
	};
	struct request *rq = REQUEST(f);
	json_t *o;

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	o = json_object();
	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		json_object_set_new(o, resources[i][0],
				    json_string(reply_url(rq, "%s", resources[i][1])));
	json_object_set_new(o, "meta", directory_meta(rq->config, rq->directory));
	reply_json(rq, 200, o);
	return FLOW_NEXT;
}

const struct flow_step directory_steps[] = {
	{ ON_LOOP, STEP(directory_check) },
	{ ON_LOOP, STEP(directory_reply) },
	{ 0 }
};

static enum flow_next
newnonce_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	reply_status(rq, strcmp(rq->method, "HEAD") == 0 ? 200 : 204);
	return FLOW_NEXT;
}

const struct flow_step newnonce_steps[] = {
	{ ON_LOOP, STEP(directory_check) },
	{ ON_LOOP, STEP(newnonce_reply) },
	{ 0 }
};

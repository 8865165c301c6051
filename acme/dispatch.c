/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.c - finds the route, checks who signs, nonce and url, starts the resource's
 * steps.  No handler can forget it.  Runs on: loop.
 *
 * The order of checks is that of docs/conformance.md, decision 3: method, media type, outer
 * JWS, protected header, key, account, signature, nonce (spent from here on), url,
 * payload. */
#include <stdlib.h>
#include <string.h>

#include "acme/acme.h"
#include "acme/count.h"
#include "acme/jws.h"
#include "acme/limits.h"
#include "acme/local.h"
#include "acme/nonce.h"
#include "acme/reply.h"
#include "acme/routes.h"
#include "base/clock.h"
#include "base/json.h"

static enum flow_next
refused_reply(struct flow *f)
{
	return reply_problem(f);
}

static const struct flow_step refused_steps[] = {
	{ ON_LOOP, STEP(refused_reply) },
	{ 0 }
};

static void
request_ended(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const struct acme_config *c = rq->config;

	reply_send(rq);
	acme_config_release(c);
}

struct request *
request_new(struct loop *l, void (*send)(struct request *rq))
{
	struct flow *f = flow_new(l, refused_steps, NULL);
	struct request *rq = arena_alloc(f->arena, sizeof(*rq));
	struct acme_local *local = acme_local(l);

	f->data = rq;
	f->ended = request_ended;
	rq->flow = f;
	rq->send = send;
	rq->method = rq->path = rq->resource = rq->address = "";
	rq->config = acme_config_keep(local->config);
	rq->store = local->store;
	rq->directory = &rq->config->directories[0];
	rq->now = clock_now();
	rq->began_us = clock_mono_us();
	return rq;
}

void
request_run(struct request *rq, const struct flow_step *steps)
{
	rq->flow->steps = rq->flow->at = steps;
	flow_start(rq->flow);
}

/* Does the path fit the route's?  Segments that ":" stands for go into part. */
static bool
route_fits(const struct route *r, struct arena *a, const char *path, const char *part[2])
{
	const char *want = r->path;
	size_t n = 0;

	while (*want != '\0' && *path != '\0') {
		if (*want == ':') {
			size_t len = strcspn(path, "/");

			if (len == 0 || n == 2)
				return false;
			part[n++] = arena_strndup(a, path, len);
			path += len;
			want += strcspn(want, "/");
		} else if (*want++ != *path++) {
			return false;
		}
	}
	return *want == '\0' && *path == '\0';
}

static const char *
allowed(const struct route *table, struct arena *a, const char *path)
{
	const char *list = NULL, *part[2];

	for (const struct route *r = table; r->path != NULL; r++)
		if (route_fits(r, a, path, part))
			list = list == NULL ? arena_strdup(a, r->method) :
			       arena_printf(a, "%s, %s", list, r->method);
	return list;
}

static enum flow_next
options_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);
	const char *methods = allowed(acme_routes, f->arena, rq->resource);

	if (f->problem.type != PROBLEM_NONE)
		return reply_problem(f);
	reply_status(rq, 204);
	reply_header(rq, "Allow", methods);
	reply_header(rq, "Access-Control-Allow-Methods", methods);
	reply_header(rq, "Access-Control-Allow-Headers", "Content-Type");
	reply_header(rq, "Access-Control-Max-Age", "86400");
	return FLOW_NEXT;
}

static const struct flow_step options_steps[] = {
	{ ON_LOOP, STEP(options_reply) },
	{ 0 }
};

static enum flow_next
method_reply(struct flow *f)
{
	struct request *rq = REQUEST(f);

	reply_problem(f);
	reply_header(rq, "Allow", allowed(rq->door == DOOR_PLAIN ? plain_routes : acme_routes,
					  f->arena, rq->resource));
	return FLOW_NEXT;
}

static const struct flow_step method_steps[] = {
	{ ON_LOOP, STEP(method_reply) },
	{ 0 }
};

/* Whose the path is, and what is left of it: "" when it is nobody's.  One directory's path
 * may begin with another's; octet by octet, for nothing is decoded or tidied up. */
static void
find_directory(struct request *rq)
{
	const struct acme_config *c = rq->config;
	size_t most = 0;

	rq->resource = rq->door == DOOR_ACME ? "" : rq->path;
	for (size_t i = 0; i < c->ndirectory && rq->door == DOOR_ACME; i++) {
		const struct directory *d = &c->directories[i];
		size_t n = strlen(d->path);

		if (n < most || strncmp(rq->path, d->path, n) != 0 || rq->path[n] != '/')
			continue;
		rq->directory = d;
		rq->resource = rq->path + n;
		most = n;
	}
}

void
request_refuse(struct request *rq, const struct problem *p)
{
	find_directory(rq);	/* for the nonce and the link; by the path, if it is known */
	rq->flow->problem = *p;
	flow_start(rq->flow);
}

/* Sets the flow's steps; false when there is no such route. */
static bool
find_route(struct request *rq)
{
	const struct route *table = rq->door == DOOR_PLAIN ? plain_routes : acme_routes;
	struct flow *f = rq->flow;
	bool known = false;

	for (const struct route *r = table; r->path != NULL; r++) {
		const char *part[2] = { NULL, NULL };

		if (!route_fits(r, f->arena, rq->resource, part))
			continue;
		known = true;
		if (strcmp(r->method, rq->method) == 0) {
			memcpy(rq->part, part, sizeof(part));
			rq->route = r;
			f->steps = f->at = r->steps;
			return true;
		}
	}
	if (known && strcmp(rq->method, "OPTIONS") == 0 && rq->door == DOOR_ACME) {
		f->steps = f->at = options_steps;
		return true;
	}
	if (!known)
		return problem_status(&f->problem, PROBLEM_MALFORMED, 404,
				      "no such resource: start from the directory");
	f->steps = f->at = method_steps;
	return problem_status(&f->problem, PROBLEM_MALFORMED, 405,
			      "method %.20s is not allowed here%s", rq->method,
			      strcmp(rq->method, "GET") == 0 ?
			      ": read with POST-as-GET (RFC 8555 section 6.3)" : "");
}

static bool
media_type_check(const struct request *rq, struct problem *p)
{
	static const char want[] = "application/jose+json";

	if (rq->content_type != NULL && strcmp(rq->content_type, want) == 0)
		return true;
	return problem_status(p, PROBLEM_MALFORMED, 415, "Content-Type is %s%.60s; it must be %s",
			      rq->content_type == NULL ? "missing" : "",
			      rq->content_type == NULL ? "" : rq->content_type, want);
}

/* Strips base from an account URL. */
static const char *
kid_path(const struct request *rq, const char *kid)
{
	const struct acme_config *c = rq->config;
	size_t n = strlen(c->base_url);

	if (strncmp(kid, c->base_url, n) == 0)
		return kid + n;
	for (const char *const *old = c->base_url_old; *old != NULL; old++) {
		n = strlen(*old);
		if (strncmp(kid, *old, n) == 0)
			return kid + n;
	}
	return NULL;
}

static bool
kid_parse(const struct request *rq, const char *kid, struct id *id, struct problem *p)
{
	const char *path = kid_path(rq, kid), *prefix;

	prefix = arena_printf(rq->flow->arena, "%s/acme/account/", rq->directory->path);
	if (path != NULL && strncmp(path, prefix, strlen(prefix)) == 0) {
		path += strlen(prefix);
		if (id_parse(path, strlen(path), id))
			return true;
	}
	return problem(p, PROBLEM_MALFORMED, "\"kid\" is not an account URL of this "
		       "directory: use the Location of the newAccount reply");
}

/* The account that "kid" names; the signature is not checked yet. */
static bool
find_account(struct request *rq, struct problem *p)
{
	const char *kid = json_text(rq->header, "kid", NULL, p);
	struct view *v;
	struct id id;

	if (kid == NULL || !kid_parse(rq, kid, &id, p))
		return false;
	v = view_open(rq->store);
	rq->account = store_account_get(v, rq->flow->arena, &id);
	if (rq->account != NULL && !id_none(&rq->account->scope.binding))
		rq->binding = store_binding_get(v, rq->flow->arena, &rq->account->scope.binding);
	view_close(v);
	if (rq->account == NULL || rq->account->scope.directory != rq->directory->number) {
		rq->account = NULL;
		return problem(p, PROBLEM_ACCOUNT_DOES_NOT_EXIST,
			       "no such account: register with newAccount first");
	}
	if (rq->account->state != ACCOUNT_VALID)
		return problem_status(p, PROBLEM_UNAUTHORIZED, 401, "the account is %s",
				      status_account_name(rq->account->state));
	return true;
}

static bool
signed_by_account(struct request *rq, const struct jws *jws, struct problem *p)
{
	enum key_type type;
	EVP_PKEY *object;

	if (json_object_get(rq->header, "jwk") != NULL)
		return problem(p, PROBLEM_MALFORMED, json_object_get(rq->header, "kid") != NULL ?
			       "the protected header has both \"jwk\" and \"kid\"" :
			       "this resource wants \"kid\" (the account URL), not \"jwk\"");
	if (!find_account(rq, p))
		return false;
	object = acme_key(acme_local(rq->flow->loop), rq->account, rq->flow->arena, &type);
	if (object == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "stored key of account is no key");
	return jws_verify(jws, object, type, rq->config->quirk_short_es256, p);
}

static bool
signed_by_key(struct request *rq, const struct jws *jws, struct problem *p)
{
	struct jwk *jwk = arena_alloc(rq->flow->arena, sizeof(*jwk));
	defer(EVP_PKEY) *object = NULL;

	if (json_object_get(rq->header, "kid") != NULL)
		return problem(p, PROBLEM_MALFORMED, json_object_get(rq->header, "jwk") != NULL ?
			       "the protected header has both \"jwk\" and \"kid\"" :
			       "this resource wants \"jwk\" (the key itself), not \"kid\"");
	if (json_object_get(rq->header, "jwk") == NULL)
		return problem(p, PROBLEM_MALFORMED, "the protected header lacks \"jwk\"");
	if (!jwk_parse(jwk, rq->flow->arena, json_object_get(rq->header, "jwk"), p))
		return false;
	object = key_open(&jwk->key);
	if (object == NULL)
		return problem(p, PROBLEM_BAD_PUBLIC_KEY, "the jwk is not a valid public key");
	rq->jwk = jwk;
	return jws_verify(jws, object, jwk->key.type, rq->config->quirk_short_es256, p);
}

static bool
nonce_check(const struct request *rq, struct problem *p)
{
	const char *nonce;
	size_t len;

	if (!json_text_maybe(rq->header, "nonce", &nonce, &len, p))
		return false;
	if (nonce == NULL)
		return problem(p, PROBLEM_BAD_NONCE, "JWS has no anti-replay nonce; "
			       "use the one of this reply");
	return nonce_redeem(nonce, len, rq->directory->number, p);
}

static bool
url_check(const struct request *rq, struct problem *p)
{
	const char *url = json_text(rq->header, "url", NULL, p), *want;

	if (url == NULL)
		return false;
	want = arena_printf(rq->flow->arena, "%s%s", rq->config->base_url, rq->path);
	if (strcmp(url, want) == 0 && !rq->query)
		return true;
	return problem(p, PROBLEM_UNAUTHORIZED, "\"url\" of the protected header is not the "
		       "URL of this request, %.120s", want);
}

static bool
payload_check(struct request *rq, const struct jws *jws, struct problem *p)
{
	struct blob text = jws_payload(jws, rq->flow->arena, p);

	if (text.data == NULL)
		return false;
	if (text.len == 0)
		return true;
	rq->payload = json_parse(rq->flow->arena, text.data, text.len, "the payload", p);
	return rq->payload != NULL;
}

/* Before each ON_WRITER step: what was true when the signature was checked must still
 * be true in the edit that acts on it. */
static bool
account_guard(struct flow *f)
{
	const struct request *rq = REQUEST(f);
	const struct account *now = store_account_get(edit_view(f->txn), f->arena,
						      &rq->account->id);

	if (now != NULL && now->state == ACCOUNT_VALID &&
	    memcmp(now->thumbprint, rq->account->thumbprint, 32) == 0)
		return true;
	return problem_status(&f->problem, PROBLEM_UNAUTHORIZED, 401,
			      "the account was deactivated or changed its key meanwhile");
}

static bool
authenticate(struct request *rq)
{
	struct problem *p = &rq->flow->problem;
	struct jws jws = { 0 };
	bool by_account = rq->route->signer == BY_ACCOUNT;

	if (!media_type_check(rq, p) || !jws_parse(&jws, rq->flow->arena, rq->body, p))
		return false;
	rq->header = jws.header;
	if (rq->route->signer == BY_EITHER)
		by_account = json_object_get(jws.header, "kid") != NULL;
	if (!(by_account ? signed_by_account(rq, &jws, p) : signed_by_key(rq, &jws, p)))
		return false;
	if (!nonce_check(rq, p) || !url_check(rq, p) || !payload_check(rq, &jws, p))
		return false;
	if (by_account)
		rq->flow->guard = account_guard;
	return true;
}

void
request_start(struct request *rq)
{
	struct flow *f = rq->flow;
	bool good;

	find_directory(rq);
	good = (rq->door != DOOR_ACME || limits_request(rq, &f->problem)) && find_route(rq);

	if (good && rq->route != NULL && rq->route->signer != NOBODY) {
		good = authenticate(rq);
		metric_add(&count_jws, count_problem(f->problem.type), 0, 1);
	}
	if (!good)		/* the last step replies */
		while (f->at[1].run != NULL)
			f->at++;
	flow_start(f);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* http01.c - http-01: a file on the name's web server proves control (RFC 8555
 * section 8.3).  Runs on: loop. */
#include <ctype.h>
#include <string.h>

#include "va/local.h"

static enum flow_next http01_aim(struct flow *f);
static enum flow_next http01_fetch(struct flow *f);
static enum flow_next http01_judge(struct flow *f);

/* A redirect, and a second address, begin again at the top. */
const struct flow_step http01_steps[] = {
	{ ON_LOOP, STEP(dial_name) },
	{ ON_LOOP, STEP(http01_aim) },		/* the URL of the challenge, first     */
	{ ON_LOOP, STEP(dial_resolve) },	/* host of the URL -> addresses; waits */
	{ ON_LOOP, STEP(dial_choose) },		/* which may be dialled, which first   */
	{ ON_LOOP, STEP(dial_account) },
	{ ON_LOOP, STEP(dial_target) },
	{ ON_LOOP, STEP(dial_socket) },
	{ ON_LOOP, STEP(http01_fetch) },	/* address -> status, body; waits      */
	{ ON_LOOP, STEP(http01_judge) },	/* again, or is it the right body?     */
	{ ON_LOOP, STEP(va_report) },
	{ 0 }
};

/* The target is what is to be dialled next. */
static void
http01_dial(struct attempt *a)
{
	const struct target *t = &a->target;
	struct arena *arena = a->flow->arena;

	a->to = (struct destination){ .host = t->host, .port = t->port, .literal = t->literal,
				 .address = t->address };
	a->to.what = arena_printf(arena, "Fetching %s", target_shown(arena, t->url));
}

/* Always to the port for http. */
static enum flow_next
http01_aim(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const char *host = ident_base(&a->ident);
	bool six = a->ident.type == IDENT_IP && strchr(host, ':') != NULL;

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (a->target.url != NULL)
		return FLOW_NEXT;
	if (a->wildcard)
		return flow_fail(f, PROBLEM_SERVER_INTERNAL, "http-01 for a wildcard");
	if (!target_follow(&a->target,
			   arena_printf(f->arena, "http://%s%s%s/.well-known/acme-challenge/%s",
					six ? "[" : "", host, six ? "]" : "", a->token),
			   f->arena, a->va, &f->problem))
		return FLOW_FAIL;
	http01_dial(a);
	return FLOW_NEXT;
}

static enum flow_next
http01_fetch(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	a->fetch = (struct fetch){ .url = a->target.url, .agent = a->va->agent,
				   .timeout_ms = attempt_left(a) };
	a->fetch.address = dial_next(a, &a->fetch.connect_ms);
	fetch_start(&a->fetch, f,
		    attempt_wait(a, PROBLEM_CONNECTION, "%s: %s port %d: timeout: no whole "
				 "answer within %d ms; does a firewall drop packets?",
				 a->to.what, a->address, a->to.port, a->timeout_ms));
	return FLOW_WAIT;
}

static enum flow_next
http01_redirect(struct attempt *a)
{
	struct flow *f = a->flow;
	const char *from = a->target.url, *what = a->to.what;
	struct problem p = { 0 };

	if (a->redirects == REDIRECTS_MAX)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: more than %d redirects",
				 what, REDIRECTS_MAX);
	if (a->fetch.location == NULL)
		return flow_fail(f, PROBLEM_CONNECTION, "%s: status %ld with %zu Location headers; "
				 "it takes one", what, a->fetch.status, a->fetch.locations);
	a->seen[a->redirects++] = from;
	if (!target_follow(&a->target, a->fetch.location, f->arena, a->va, &p))
		return flow_fail(f, p.type, "%s: %s", what, p.detail);
	for (unsigned i = 0; i < a->redirects; i++)
		if (strcmp(a->seen[i], a->target.url) == 0)
			return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: redirect loop", what);
	http01_dial(a);
	return FLOW_AGAIN;
}

/* The body without white space at its end is the key authorization. */
static bool
http01_right(const struct attempt *a)
{
	size_t n = a->fetch.nbody;

	while (n > 0 && isspace((unsigned char)a->fetch.body[n - 1]))
		n--;
	return !a->fetch.body_long && n == strlen(a->key_auth) &&
	       memcmp(a->fetch.body, a->key_auth, n) == 0;
}

/* What came instead is told in public mode only: inside a network this would be a way
 * to read from servers that the client cannot reach. */
static enum flow_next
http01_wrong(struct attempt *a)
{
	const struct fetch *x = &a->fetch;
	const char *what = a->to.what;
	int n = x->nbody < 100 ? (int)x->nbody : 100;

	if (x->body_long)
		return flow_fail(a->flow, PROBLEM_UNAUTHORIZED, "%s: the body is longer than %d "
				 "octets, so not the key authorization", what, FETCH_BODY_MAX);
	if (a->va->private_mode)
		return flow_fail(a->flow, PROBLEM_UNAUTHORIZED, "%s: the body (%zu octets) is not "
				 "the key authorization of this challenge and account", what,
				 x->nbody);
	return flow_fail(a->flow, PROBLEM_UNAUTHORIZED, "%s: not the key authorization, but "
			 "\"%.*s\"", what, n, x->body);
}

static enum flow_next
http01_judge(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const struct fetch *x = &a->fetch;

	dial_done(a, a->target.url, x->status, fetch_answered(x) ? NULL : fetch_why(x));
	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (!fetch_answered(x)) {
		if (!x->connected && dial_more(a))
			return FLOW_AGAIN;	/* with the other address */
		fetch_problem(x, a->to.what, &f->problem);
		return FLOW_FAIL;
	}
	if (x->status == 301 || x->status == 302 || x->status == 307 || x->status == 308)
		return http01_redirect(a);
	if (x->status != 200)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: %s answers with status %ld, not 200",
				 a->to.what, a->address, x->status);
	return http01_right(a) ? FLOW_NEXT : http01_wrong(a);
}

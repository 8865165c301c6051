/* SPDX-License-Identifier: Apache-2.0 */
/* http01.c - http-01: a file on the name's web server proves control (RFC 8555
 * section 8.3).  Runs on: loop. */
#include <ctype.h>
#include <string.h>

#include "va/local.h"

#define CONNECT_MS_MAX 10000

static enum flow_next http01_resolve(struct flow *f);
static enum flow_next http01_choose(struct flow *f);
static enum flow_next http01_fetch(struct flow *f);
static enum flow_next http01_judge(struct flow *f);

/* A redirect, and a second address, begin again at the top. */
const struct flow_step http01_steps[] = {
	{ ON_LOOP, STEP(http01_resolve) },	/* host of the URL -> addresses; waits */
	{ ON_LOOP, STEP(http01_choose) },	/* which may be dialled, which first   */
	{ ON_LOOP, STEP(http01_fetch) },	/* address -> status, body; waits      */
	{ ON_LOOP, STEP(http01_judge) },	/* again, or is it the right body?     */
	{ ON_LOOP, STEP(va_report) },
	{ 0 }
};

/* Always to the port for http. */
static bool
http01_first(struct attempt *a, struct problem *p)
{
	const char *host = ident_base(&a->ident);
	bool six = a->ident.type == IDENT_IP && strchr(host, ':') != NULL;
	struct arena *arena = a->flow->arena;

	return target_follow(&a->target,
			     arena_printf(arena, "http://%s%s%s/.well-known/acme-challenge/%s",
					  six ? "[" : "", host, six ? "]" : "", a->token),
			     arena, a->va, p);
}

static enum flow_next
http01_resolve(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const char *host;

	if (a->target.url == NULL && !http01_first(a, &f->problem))
		return FLOW_FAIL;
	if (a->nchoice > 0 || a->target.literal)
		return FLOW_NEXT;
	host = a->target.host;
	if (hosts_find(a->va->hosts, host, &(union address){ 0 }, 1) > 0)
		return FLOW_NEXT;
	lookup_host(&a->lookup, f,
		    attempt_wait(a, PROBLEM_DNS, "timeout: no answer about the addresses of "
				 "%.120s within %d ms; are its name servers up?", host,
				 a->va->timeout_ms), host);
	return FLOW_WAIT;
}

/* All addresses of the host, whoever knows them. */
static size_t
http01_addresses(struct attempt *a, union address *list, struct problem *p)
{
	size_t n;

	if (a->target.literal) {
		list[0] = a->target.address;
		return 1;
	}
	n = hosts_find(a->va->hosts, a->target.host, list, LOOKUP_ADDRESSES_MAX);
	if (n > 0 || !lookup_ok(&a->lookup, p))
		return n;
	n = lookup_addresses(&a->lookup, list, LOOKUP_ADDRESSES_MAX);
	if (n == 0 && lookup_partial(&a->lookup))
		problem(p, PROBLEM_DNS, "%.150s: no address, and DNS failed to answer one of the "
			"questions for A and AAAA", a->target.host);
	else if (n == 0)
		problem(p, PROBLEM_DNS, "%.150s has no address: no A and no AAAA record%s",
			a->target.host, lookup_nxdomain(&a->lookup) ? " (NXDOMAIN)" : "");
	return n;
}

static bool
http01_forbidden(struct attempt *a, const union address *addr, const char *why,
		 struct problem *p)
{
	char text[64];

	return problem(p, PROBLEM_CONNECTION, "Fetching %s: %s is %s %s address; name it in "
		       "validation.allow_addresses to permit it",
		       target_shown(a->flow->arena, a->target.url), address_print(addr, text),
		       strchr("AIOaeiou", why[0]) != NULL ? "an" : "a", why);
}

/* IPv6 first, then IPv4; the second choice is of the other family if there is one. */
static void
http01_choice(struct attempt *a, const union address *list, size_t n)
{
	const union address *six = NULL, *four = NULL, *more = NULL;

	for (size_t i = 0; i < n; i++) {
		const union address **first = list[i].sa.sa_family == AF_INET6 ? &six : &four;

		if (*first == NULL)
			*first = &list[i];
		else if (more == NULL)
			more = &list[i];
	}
	a->choice[0] = *(six != NULL ? six : four);
	if (six != NULL && four != NULL)
		more = four;
	if (more != NULL)
		a->choice[1] = *more;
	a->nchoice = more != NULL ? 2 : 1;
	a->tried = 0;
}

static enum flow_next
http01_choose(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	union address list[LOOKUP_ADDRESSES_MAX];
	struct problem forbidden = { 0 };
	const char *why;
	size_t n, kept = 0;

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (a->nchoice > 0)
		return FLOW_NEXT;
	n = http01_addresses(a, list, &f->problem);
	if (n == 0)
		return FLOW_FAIL;
	for (size_t i = 0; i < n; i++)
		if (va_address_ok(a->va, &list[i].sa, &why))
			list[kept++] = list[i];
		else if (forbidden.type == PROBLEM_NONE)
			http01_forbidden(a, &list[i], why, &forbidden);
	if (kept == 0) {
		f->problem = forbidden;
		return FLOW_FAIL;
	}
	http01_choice(a, list, kept);
	return FLOW_NEXT;
}

static enum flow_next
http01_fetch(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	int left = attempt_left(a), connect = CONNECT_MS_MAX;
	bool more = a->tried + 1 < a->nchoice;

	if (more && connect > (left + 1) / 2)	/* leave as much for the other address */
		connect = (left + 1) / 2;
	a->fetch = (struct fetch){ .url = a->target.url, .agent = a->va->agent,
				   .address = a->choice[a->tried++], .timeout_ms = left,
				   .connect_ms = connect };
	address_print(&a->fetch.address, a->address);
	address_set_port(&a->fetch.address, a->target.port);
	fetch_start(&a->fetch, f,
		    attempt_wait(a, PROBLEM_CONNECTION, "Fetching %s: %s port %d: timeout: no "
				 "whole answer within %d ms; does a firewall drop packets?",
				 target_shown(f->arena, a->target.url), a->address,
				 a->target.port, a->va->timeout_ms));
	return FLOW_WAIT;
}

static enum flow_next
http01_redirect(struct attempt *a)
{
	struct flow *f = a->flow;
	const char *from = a->target.url, *shown = target_shown(f->arena, from);
	struct problem p = { 0 };

	if (a->redirects == REDIRECTS_MAX)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "Fetching %s: more than %d redirects",
				 shown, REDIRECTS_MAX);
	if (a->fetch.location == NULL)
		return flow_fail(f, PROBLEM_CONNECTION, "Fetching %s: status %ld with %zu Location "
				 "headers; it takes one", shown, a->fetch.status,
				 a->fetch.locations);
	a->seen[a->redirects++] = from;
	if (!target_follow(&a->target, a->fetch.location, f->arena, a->va, &p))
		return flow_fail(f, p.type, "Fetching %s: %s", shown, p.detail);
	for (unsigned i = 0; i < a->redirects; i++)
		if (strcmp(a->seen[i], a->target.url) == 0)
			return flow_fail(f, PROBLEM_UNAUTHORIZED, "Fetching %s: redirect loop",
					 shown);
	a->nchoice = 0;
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
http01_wrong(struct attempt *a, const char *shown)
{
	const struct fetch *x = &a->fetch;
	int n = x->nbody < 100 ? (int)x->nbody : 100;

	if (x->body_long)
		return flow_fail(a->flow, PROBLEM_UNAUTHORIZED, "Fetching %s: the body is longer "
				 "than %d octets, so not the key authorization", shown,
				 FETCH_BODY_MAX);
	if (a->va->private_mode)
		return flow_fail(a->flow, PROBLEM_UNAUTHORIZED, "Fetching %s: the body (%zu "
				 "octets) is not the key authorization of this challenge "
				 "and account", shown, x->nbody);
	return flow_fail(a->flow, PROBLEM_UNAUTHORIZED, "Fetching %s: not the key authorization, "
			 "but \"%.*s\"", shown, n, x->body);
}

static enum flow_next
http01_judge(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const struct fetch *x = &a->fetch;
	const char *shown = target_shown(f->arena, a->target.url);

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (!fetch_answered(x)) {
		if (!x->connected && a->tried < a->nchoice && attempt_left(a) > 1)
			return FLOW_AGAIN;	/* with the other address */
		fetch_problem(x, shown, &f->problem);
		return FLOW_FAIL;
	}
	if (x->status == 301 || x->status == 302 || x->status == 307 || x->status == 308)
		return http01_redirect(a);
	if (x->status != 200)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "Fetching %s: %s answers with status "
				 "%ld, not 200", shown, a->address, x->status);
	return http01_right(a) ? FLOW_NEXT : http01_wrong(a, shown);
}

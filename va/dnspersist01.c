/* SPDX-License-Identifier: Apache-2.0 */
/* dnspersist01.c - dns-persist-01: a TXT record that stays proves control, as often as it
 * is asked for (draft-ietf-acme-dns-persist-01, the generation that clients know).
 * Runs on: loop.
 *
 *	_validation-persist.example.org. TXT "ca.example; accounturi=https://ca.example/acme/
 *		account/1; policy=wildcard; persistUntil=1798761600"
 *
 * The value has the grammar of CAA's issue.  There is no token: the account's URL is what
 * nobody else can have in its requests. */
#include <arpa/nameser.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "va/local.h"

static enum flow_next dnspersist01_ask(struct flow *f);
static enum flow_next dnspersist01_judge(struct flow *f);

const struct flow_step dnspersist01_steps[] = {
	{ ON_LOOP, STEP(dial_name) },
	{ ON_LOOP, STEP(dnspersist01_ask) },	/* name -> TXT records; waits for DNS */
	{ ON_LOOP, STEP(dnspersist01_judge) },	/* does one of them authorise?        */
	{ ON_LOOP, STEP(va_report) },
	{ 0 }
};

static enum flow_next
dnspersist01_ask(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (a->account_url == NULL || a->va->issuers[0] == NULL)
		return flow_fail(f, PROBLEM_SERVER_INTERNAL, "dns-persist-01 without %s",
				 a->account_url == NULL ? "an account" :
				 "a name of this CA in caa_identities");
	return txt_ask(f, "_validation-persist");
}

/* Digits alone; false also beyond what counts seconds. */
static bool
until_parse(const char *text, int64_t *until)
{
	size_t n = strspn(text, "0123456789");

	errno = 0;
	*until = strtoll(text, NULL, 10);
	return n > 0 && text[n] == '\0' && errno == 0;
}

/* What a record that names this CA says: PROBLEM_NONE: it authorises. */
static bool
persist_check(const struct attempt *a, const struct issue *i, int64_t now, struct problem *p)
{
	unsigned accounts, policies, untils;
	const char *account = issue_find(i, "accounturi", &accounts);
	const char *policy = issue_find(i, "policy", &policies);
	const char *text = issue_find(i, "persistUntil", &untils);
	int64_t until = 0;

	if (accounts == 0)
		return problem(p, PROBLEM_MALFORMED, "it has no accounturi");
	if (accounts > 1 || policies > 1 || untils > 1)
		return problem(p, PROBLEM_MALFORMED, "it has the parameter %s twice",
			       accounts > 1 ? "accounturi" : policies > 1 ? "policy" :
			       "persistUntil");
	if (untils == 1 && !until_parse(text, &until))
		return problem(p, PROBLEM_MALFORMED, "its persistUntil is no number of seconds "
			       "since 1970");
	if (!attempt_account_is(a, account))
		return problem(p, PROBLEM_UNAUTHORIZED, "its accounturi is not that of the account "
			       "%.100s", a->account_url);
	if (untils == 1 && now > until)
		return problem(p, PROBLEM_UNAUTHORIZED, "its persistUntil is over");
	if (a->wildcard && (policies == 0 || strcasecmp(policy, "wildcard") != 0))
		return problem(p, PROBLEM_UNAUTHORIZED, "it lacks policy=wildcard, which wildcards "
			       "need");
	return true;
}

/* Of many records that don't authorise one that names this CA tells why, rather one that can
 * be read. */
static enum flow_next
dnspersist01_judge(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	struct problem ours = { 0 }, p = { 0 };
	const char *name = a->lookup.name;
	unsigned at = 0, n = 0, odd = 0;
	struct issue issue;
	struct blob text;

	if (f->problem.type != PROBLEM_NONE || !lookup_ok(&a->lookup, &f->problem))
		return FLOW_FAIL;
	for (; lookup_text(&a->lookup, f->arena, &at, &text); n++)
		if (!issue_parse(&issue, f->arena, text.data, text.len))
			odd++;
		else if (!issue_ours(&issue, a->va))
			continue;
		else if (persist_check(a, &issue, clock_now(), &p))
			return FLOW_NEXT;
		else if (ours.type == PROBLEM_NONE || p.type == PROBLEM_UNAUTHORIZED)
			ours = p;
	if (n == 0)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "no TXT record at %.90s%s; it should be "
				 "\"%.40s; accounturi=%.80s\"", name,
				 lookup_nxdomain(&a->lookup) ? " (NXDOMAIN)" : "",
				 a->va->issuers[0], a->account_url);
	if (ours.type != PROBLEM_NONE)
		return flow_fail(f, ours.type, "the TXT record at %.90s: %s", name, ours.detail);
	return flow_fail(f, PROBLEM_UNAUTHORIZED, "none of %u TXT records at %.90s names %.50s%s; "
			 "%u of them don't have the form \"issuer; accounturi=URL\"", n, name,
			 a->va->issuers[0], a->va->issuers[1] == NULL ? "" : " or another name of "
			 "this CA", odd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* dnsaccount01.c - dns-account-01: dns-01 at a name that belongs to the account
 * (draft-ietf-acme-dns-account-label-03).  Runs on: loop.
 *
 * The account https://example.com/acme/acct/ExampleAccount proves control of
 * www.example.org by a TXT record at
 *
 *	_ujmmovf2vn55tgye._acme-challenge.www.example.org
 *
 * which is base32 of the first ten octets of the SHA-256 of its URL. */
#include <openssl/evp.h>
#include <string.h>

#include "va/local.h"

#define LABEL_OCTETS 10		/* 16 characters */

static enum flow_next dnsaccount01_ask(struct flow *f);
static enum flow_next dnsaccount01_judge(struct flow *f);

const struct flow_step dnsaccount01_steps[] = {
	{ ON_LOOP, STEP(dial_name) },
	{ ON_LOOP, STEP(dnsaccount01_ask) },	/* name -> TXT records; waits for DNS */
	{ ON_LOOP, STEP(dnsaccount01_judge) },	/* again, or is the right one there?  */
	{ ON_LOOP, STEP(va_report) },
	{ 0 }
};

static const char *
account_label(struct arena *a, const char *url)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t digest[32];
	char label[LABEL_OCTETS * 8 / 5 + 1] = "";
	uint64_t bits = 0;
	unsigned n = 0, have = 0;

	if (EVP_Digest(url, strlen(url), digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
	for (unsigned i = 0; i < LABEL_OCTETS; i++)
		for (bits = bits << 8 | digest[i], have += 8; have >= 5; have -= 5)
			label[n++] = alphabet[bits >> (have - 5) & 31];
	return arena_strdup(a, label);
}

/* The one whose name is asked now. */
static const char *
account_asked(const struct attempt *a)
{
	return a->account_old == 0 ? a->account_url : a->account_urls_old[a->account_old - 1];
}

static enum flow_next
dnsaccount01_ask(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (a->account_url == NULL)
		return flow_fail(f, PROBLEM_SERVER_INTERNAL, "dns-account-01 without an account");
	return txt_ask(f, arena_printf(f->arena, "_%s._acme-challenge",
				       account_label(f->arena, account_asked(a))));
}

/* A client that registered when the server had another base URL knows the account by that.  Of
 * all that is tried the first one counts for what is told; a wrong name is mostly one of another
 * account, so its URL is told. */
static enum flow_next
dnsaccount01_judge(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);

	if (dns01_judge(f) == FLOW_NEXT)
		return FLOW_NEXT;
	if (!lookup_ok(&a->lookup, &(struct problem){ 0 }))
		return FLOW_FAIL;
	if (a->account_old == 0)
		a->account_problem = f->problem;
	if (a->account_urls_old[a->account_old] == NULL)
		return flow_fail(f, a->account_problem.type, "account %.100s: %s", a->account_url,
				 a->account_problem.detail);
	a->account_old++;
	f->problem = (struct problem){ 0 };
	return FLOW_AGAIN;
}

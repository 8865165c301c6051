/* SPDX-License-Identifier: Apache-2.0 */
/* dns01.c - dns-01: a TXT record proves control (RFC 8555 section 8.4).
 * Runs on: loop. */
#include <arpa/nameser.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/b64.h"
#include "va/local.h"

static enum flow_next dns01_ask(struct flow *f);

const struct flow_step dns01_steps[] = {
	{ ON_LOOP, STEP(dial_name) },
	{ ON_LOOP, STEP(dns01_ask) },		/* name -> TXT records; waits for DNS */
	{ ON_LOOP, STEP(dns01_judge) },		/* is the right one among them?       */
	{ ON_LOOP, STEP(va_report) },
	{ 0 }
};

enum flow_next
txt_ask(struct flow *f, const char *prefix)
{
	struct attempt *a = ATTEMPT(f);
	const char *base = ident_base(&a->ident);
	const char *name = arena_printf(f->arena, "%s.%s", prefix, base);

	if (a->ident.type != IDENT_DNS)
		return flow_fail(f, PROBLEM_SERVER_INTERNAL, "%s for an address",
				 va_method_name(a->method));
	if (strlen(name) > IDENT_DNS_MAX)
		return flow_fail(f, PROBLEM_DNS, "%.60s.%.80s...: the name is longer than DNS "
				 "allows; use another challenge", prefix, base);
	lookup_start(&a->lookup, f,
		     attempt_wait(a, PROBLEM_DNS, "timeout: no answer about the TXT records of "
				  "%.120s within %d ms; are its name servers up?", name,
				  a->timeout_ms), name, ns_t_txt);
	return FLOW_WAIT;
}

static enum flow_next
dns01_ask(struct flow *f)
{
	return f->problem.type != PROBLEM_NONE ? FLOW_FAIL : txt_ask(f, "_acme-challenge");
}

/* What the record must say. */
static const char *
dns01_value(struct attempt *a)
{
	uint8_t digest[32];

	if (EVP_Digest(a->key_auth, strlen(a->key_auth), digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
	return b64_print(a->flow->arena, digest, sizeof(digest));
}

enum flow_next
dns01_judge(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const char *want, *name = a->lookup.name;
	struct blob text, first = { 0 };
	unsigned at = 0, n = 0;

	if (f->problem.type != PROBLEM_NONE || !lookup_ok(&a->lookup, &f->problem))
		return FLOW_FAIL;
	for (want = dns01_value(a); lookup_text(&a->lookup, f->arena, &at, &text); n++) {
		if (text.len == strlen(want) && memcmp(text.data, want, text.len) == 0)
			return FLOW_NEXT;
		if (n == 0)
			first = text;
	}
	if (n == 0)
		return flow_fail(f, PROBLEM_DNS, "no TXT record at %.100s%s; it should be \"%s\"",
				 name, lookup_nxdomain(&a->lookup) ? " (NXDOMAIN)" : "", want);
	if (n > 1)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "none of %u TXT records at %.100s is "
				 "\"%s\"", n, name, want);
	return flow_fail(f, PROBLEM_UNAUTHORIZED, "the TXT record at %.80s is \"%.*s\", not \"%s\"",
			 name, (int)(first.len < 60 ? first.len : 60), (const char *)first.data,
			 want);
}

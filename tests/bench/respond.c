/* SPDX-License-Identifier: Apache-2.0 */
/* respond.c - lets the server under test see the proofs of challenges. */
#include "tests/bench/respond.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "tests/bench/alpn.h"
#include "tests/bench/dns.h"
#include "tests/bench/web.h"

#define LABEL_OCTETS 10		/* of dns-account-01: 16 characters */

struct respond {
	enum method	 method;
	struct web	*web;		/* NULL: not needed */
	struct alpn	*alpn;
	struct dns	*dns;
};

static bool
open_dns(struct respond *r, struct event_base *loop, const struct options *o)
{
	const char *option = o->method == METHOD_TLS_ALPN_01 ? "tls" : "http";
	union place target;
	int len;

	if (!place_parse(&target, &len, option, o->method == METHOD_TLS_ALPN_01 ? o->tls : o->http))
		return false;
	if (target.sa.sa_family != AF_INET) {
		fprintf(stderr, "brevet-bench: --%s: with --dns it is an IPv4 address\n", option);
		return false;
	}
	r->dns = dns_open(loop, o->dns, o->domain, &target.in.sin_addr);
	return r->dns != NULL;
}

struct respond *
respond_open(struct event_base *loop, const struct options *o)
{
	struct respond *r = calloc(1, sizeof(*r));
	bool good = true;

	if (r == NULL)
		abort();
	r->method = (enum method)o->method;
	if (r->method == METHOD_HTTP_01)
		good = (r->web = web_open(loop, o->http)) != NULL;
	else if (r->method == METHOD_TLS_ALPN_01)
		good = (r->alpn = alpn_open(loop, o->tls)) != NULL;
	if (good && o->dns != NULL)
		good = open_dns(r, loop, o);
	if (good)
		return r;
	respond_close(r);
	return NULL;
}

void
respond_close(struct respond *r)
{
	if (r == NULL)
		return;
	web_close(r->web);
	alpn_close(r->alpn);
	dns_close(r->dns);
	free(r);
}

static const char *
text(const json_t *j, const char *member)
{
	const char *s = json_string_value(json_object_get(j, member));

	return s == NULL ? "" : s;
}

const json_t *
respond_challenge(const struct respond *r, const json_t *authz)
{
	const json_t *list = json_object_get(authz, "challenges"), *c;
	size_t i;

	json_array_foreach(list, i, c)
		if (strcmp(text(c, "type"), options_word("method", r->method)) == 0)
			return c;
	return NULL;
}

static void
digest(const char *of, uint8_t out[32])
{
	if (EVP_Digest(of, strlen(of), out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

/* Base32 of the first octets of the digest of the account's URL. */
static const char *
account_label(struct arena *a, const char *url)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	char label[LABEL_OCTETS * 8 / 5 + 1] = "";
	uint8_t octets[32];

	digest(url, octets);
	for (unsigned i = 0; i < sizeof(label) - 1; i++) {
		unsigned at = i * 5 / 8, bit = i * 5 % 8;
		unsigned two = (unsigned)octets[at] << 8 | octets[at + 1];

		label[i] = alphabet[two >> (11 - bit) & 31];
	}
	return arena_strdup(a, label);
}

static const char *
key_auth(struct arena *a, const struct account *account, const json_t *challenge)
{
	return arena_printf(a, "%s.%s", text(challenge, "token"), account->thumbprint);
}

/* Puts the record of a method that asks for TXT; returns its name. */
static const char *
put_record(struct respond *r, struct arena *a, const struct account *account, const char *name,
	   const json_t *challenge)
{
	const json_t *issuers = json_object_get(challenge, "issuer-domain-names");
	const char *issuer = json_string_value(json_array_get(issuers, 0)), *at, *value;
	uint8_t octets[32];

	if (r->method == METHOD_DNS_PERSIST_01) {
		at = arena_printf(a, "_validation-persist.%s", name);
		value = arena_printf(a, "%s; accounturi=%s", issuer == NULL ? "" : issuer,
				     account->url);
	} else {
		digest(key_auth(a, account, challenge), octets);
		value = b64_print(a, octets, sizeof(octets));
		at = arena_printf(a, "_acme-challenge.%s", name);
	}
	if (r->method == METHOD_DNS_ACCOUNT_01)
		at = arena_printf(a, "_%s.%s", account_label(a, account->url), at);
	dns_put(r->dns, at, value);
	return at;
}

const char *
respond_put(struct respond *r, struct arena *a, const struct account *account, const char *name,
	    const json_t *challenge)
{
	const char *token = arena_strdup(a, text(challenge, "token"));

	if (r->web != NULL) {
		web_put(r->web, token, account->thumbprint);
		return token;
	}
	if (r->alpn != NULL) {
		alpn_put(r->alpn, name, key_auth(a, account, challenge));
		return name;
	}
	return put_record(r, a, account, name, challenge);
}

void
respond_drop(struct respond *r, const char *key)
{
	if (r->web != NULL)
		web_drop(r->web, key);
	else if (r->alpn != NULL)
		alpn_drop(r->alpn, key);
	else
		dns_drop(r->dns, key);
}

uint64_t
respond_hits(const struct respond *r)
{
	return r->web != NULL ? web_hits(r->web) : r->alpn != NULL ? alpn_hits(r->alpn) :
	       dns_hits(r->dns);
}

uint64_t
respond_misses(const struct respond *r)
{
	return r->web != NULL ? web_misses(r->web) : r->alpn != NULL ? alpn_misses(r->alpn) :
	       dns_misses(r->dns);
}

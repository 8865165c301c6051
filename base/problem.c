/* SPDX-License-Identifier: Apache-2.0 */
/* problem.c - one table of the error types (RFC 8555 section 6.7). */
#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ident.h"

#define URN "urn:ietf:params:acme:error:"

static const struct row {
	const char	*name;
	int		 status;
} table[PROBLEM_TYPES] = {
	[PROBLEM_NONE] = { "", 200 },
	[PROBLEM_ACCOUNT_DOES_NOT_EXIST] = { "accountDoesNotExist", 400 },
	[PROBLEM_ALREADY_REPLACED] = { "alreadyReplaced", 409 },	/* RFC 9773 section 7.4 */
	[PROBLEM_ALREADY_REVOKED] = { "alreadyRevoked", 400 },
	[PROBLEM_BAD_CSR] = { "badCSR", 400 },
	[PROBLEM_BAD_NONCE] = { "badNonce", 400 },
	[PROBLEM_BAD_PUBLIC_KEY] = { "badPublicKey", 400 },
	[PROBLEM_BAD_REVOCATION_REASON] = { "badRevocationReason", 400 },
	[PROBLEM_BAD_SIGNATURE_ALGORITHM] = { "badSignatureAlgorithm", 400 },
	[PROBLEM_CAA] = { "caa", 403 },
	[PROBLEM_COMPOUND] = { "compound", 400 },
	[PROBLEM_CONNECTION] = { "connection", 400 },
	[PROBLEM_DNS] = { "dns", 400 },
	[PROBLEM_EXTERNAL_ACCOUNT_REQUIRED] = { "externalAccountRequired", 403 },
	[PROBLEM_INVALID_CONTACT] = { "invalidContact", 400 },
	[PROBLEM_INVALID_PROFILE] = { "invalidProfile", 400 },	/* draft-ietf-acme-profiles */
	[PROBLEM_MALFORMED] = { "malformed", 400 },
	[PROBLEM_ORDER_NOT_READY] = { "orderNotReady", 403 },
	[PROBLEM_RATE_LIMITED] = { "rateLimited", 429 },
	[PROBLEM_REJECTED_IDENTIFIER] = { "rejectedIdentifier", 400 },
	[PROBLEM_SERVER_INTERNAL] = { "serverInternal", 500 },
	[PROBLEM_TLS] = { "tls", 400 },
	[PROBLEM_UNAUTHORIZED] = { "unauthorized", 403 },
	[PROBLEM_UNSUPPORTED_CONTACT] = { "unsupportedContact", 400 },
	[PROBLEM_UNSUPPORTED_IDENTIFIER] = { "unsupportedIdentifier", 400 },
	[PROBLEM_USER_ACTION_REQUIRED] = { "userActionRequired", 403 },
};

static void
problem_set(struct problem *p, enum problem_type type, int status, const char *fmt,
	    va_list ap)
{
	*p = (struct problem){ .type = type, .status = (uint16_t)status };
	vsnprintf(p->detail, sizeof(p->detail), fmt, ap);
	for (char *c = p->detail; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			*c = '?';
}

bool
problem(struct problem *p, enum problem_type type, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem_set(p, type, 0, fmt, ap);
	va_end(ap);
	return false;
}

bool
problem_status(struct problem *p, enum problem_type type, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem_set(p, type, status, fmt, ap);
	va_end(ap);
	return false;
}

int
problem_http(const struct problem *p)
{
	return p->status != 0 ? p->status : table[p->type].status;
}

const char *
problem_name(enum problem_type type)
{
	return table[type].name;
}

json_t *
problem_json(const struct problem *p)
{
	char urn[80];
	json_t *o, *list;

	snprintf(urn, sizeof(urn), URN "%s", table[p->type].name);
	o = json_pack("{s:s, s:s, s:i}", "type", urn, "detail", p->detail,
		      "status", problem_http(p));
	if (o == NULL)
		abort();
	if (p->ident != NULL)
		json_object_set_new(o, "identifier", ident_json(p->ident));
	if (p->instance != NULL)
		json_object_set_new(o, "instance", json_string(p->instance));
	if (p->algorithms != NULL) {
		list = json_array();
		for (const char *const *s = p->algorithms; *s != NULL; s++)
			json_array_append_new(list, json_string(*s));
		json_object_set_new(o, "algorithms", list);
	}
	if (p->nsub > 0) {
		list = json_array();
		for (size_t i = 0; i < p->nsub; i++)
			json_array_append_new(list, problem_json(&p->sub[i]));
		json_object_set_new(o, "subproblems", list);
	}
	return o;
}

const char *
problem_print(const struct problem *p, struct arena *a)
{
	json_t *o = problem_json(p);
	char *s = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (s == NULL)
		abort();
	return arena_own(a, s, free);
}

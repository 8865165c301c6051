/* SPDX-License-Identifier: Apache-2.0 */
/* problem.h - why something was refused, as the client hears it
 * (RFC 8555 section 6.7, RFC 7807).
 *
 * A function that can fail for a reason the client should hear takes a
 * struct problem last, and returns false after filling it. */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum problem_type {
	PROBLEM_NONE,
	PROBLEM_ACCOUNT_DOES_NOT_EXIST,
	PROBLEM_ALREADY_REPLACED,
	PROBLEM_ALREADY_REVOKED,
	PROBLEM_BAD_CSR,
	PROBLEM_BAD_NONCE,
	PROBLEM_BAD_PUBLIC_KEY,
	PROBLEM_BAD_REVOCATION_REASON,
	PROBLEM_BAD_SIGNATURE_ALGORITHM,
	PROBLEM_CAA,
	PROBLEM_COMPOUND,
	PROBLEM_CONNECTION,
	PROBLEM_DNS,
	PROBLEM_EXTERNAL_ACCOUNT_REQUIRED,
	PROBLEM_INVALID_CONTACT,
	PROBLEM_INVALID_PROFILE,
	PROBLEM_MALFORMED,
	PROBLEM_ORDER_NOT_READY,
	PROBLEM_RATE_LIMITED,
	PROBLEM_REJECTED_IDENTIFIER,
	PROBLEM_SERVER_INTERNAL,
	PROBLEM_TLS,
	PROBLEM_UNAUTHORIZED,
	PROBLEM_UNSUPPORTED_CONTACT,
	PROBLEM_UNSUPPORTED_IDENTIFIER,
	PROBLEM_USER_ACTION_REQUIRED,
	PROBLEM_TYPES
};

struct ident;

struct problem {
	enum problem_type	 type;
	uint16_t		 status;	/* 0: the one of the table */
	int			 retry_after;	/* seconds, 0: none */
	char			 detail[256];	/* for the client, UTF-8 */
	const char		*instance;	/* URL, or NULL */
	const char		*link;		/* a whole Link header's value, or NULL */
	const char		*location;	/* Location of the reply, or NULL */
	const struct ident	*ident;		/* in subproblems only */
	const char *const	*algorithms;	/* of badSignatureAlgorithm, NULL-terminated */
	struct problem		*sub;		/* nsub of them, in the flow's arena */
	size_t			 nsub;
};

/* Always returns false, so that failing is one line:
 *
 *	if (nsans > 100)
 *		return problem(p, PROBLEM_BAD_CSR, "%zu names, at most 100", nsans);
 *
 * Bytes of a peer in the detail are made harmless: what is not printable ASCII
 * becomes '?'. */
bool problem(struct problem *p, enum problem_type type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with an HTTP status other than the table's. */
bool problem_status(struct problem *p, enum problem_type type, int status,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The HTTP status of a problem. */
int problem_http(const struct problem *p);

/* The last part of the type's URN ("badNonce"); "" of PROBLEM_NONE. */
const char *problem_name(enum problem_type type);

/* The problem document; the caller owns the reference. */
json_t *problem_json(const struct problem *p);

/* The problem document as text in the arena (how an object stores its error). */
const char *problem_print(const struct problem *p, struct arena *a);

#endif

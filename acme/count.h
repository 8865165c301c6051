/* SPDX-License-Identifier: Apache-2.0 */
/* count.h - the metrics of acme/: what an operator asks of a CA. */
#ifndef ACME_COUNT_H
#define ACME_COUNT_H

#include "base/metric.h"
#include "base/problem.h"
#include "store/store.h"

extern struct metric count_requests;		/* route, code */
extern struct metric count_request_seconds;	/* route */
extern struct metric count_jws;			/* problem type, or ok */
extern struct metric count_nonces;		/* enum count_nonce */
extern struct metric count_accounts;		/* enum count_account */
extern struct metric count_orders;		/* enum count_order, problem type */
extern struct metric count_authz;		/* enum count_authz, method, problem type */
extern struct metric count_challenges;		/* method, result or problem type */
extern struct metric count_certificates;	/* enum count_certificate, problem type */
extern struct metric count_renewals;		/* enum renewal_of */
extern struct metric count_limited;		/* enum limit */
extern struct metric count_webhook;		/* enum count_webhook */
extern struct metric count_swept;		/* enum sweep_count (sweep.h) */
extern struct metric count_unrenewed;
extern struct metric count_webhook_seconds;
extern struct metric count_validation_seconds;	/* method */
extern struct metric count_signing_seconds;	/* enum count_signing */

enum count_nonce {
	NONCE_ISSUED, NONCE_REDEEMED, NONCE_MALFORMED, NONCE_FOREIGN, NONCE_OLD, NONCE_REUSED
};
enum count_account {
	COUNT_ACCOUNT_CREATED, COUNT_ACCOUNT_FOUND, COUNT_ACCOUNT_UPDATED,
	COUNT_ACCOUNT_DEACTIVATED, COUNT_ACCOUNT_ROLLED
};
enum count_order {
	COUNT_ORDER_CREATED, COUNT_ORDER_PROCESSING, COUNT_ORDER_VALID, COUNT_ORDER_INVALID
};
enum count_authz { COUNT_AUTHZ_CREATED, COUNT_AUTHZ_VALID, COUNT_AUTHZ_INVALID };
enum count_certificate { COUNT_CERT_ISSUED, COUNT_CERT_ABANDONED, COUNT_CERT_REVOKED };
enum count_webhook {
	WEBHOOK_ALLOWED, WEBHOOK_REFUSED, WEBHOOK_UNREACHABLE, WEBHOOK_UNUSABLE, WEBHOOK_STOPPED
};
enum count_signing { SIGNING_CERTIFICATE, SIGNING_CRL, SIGNING_OWN };

/* The place of a problem type in the lists that begin with "ok". */
size_t count_problem(enum problem_type type);

/* The places of a status code and of a challenge's method. */
size_t count_code(int status);
size_t count_method(enum method method);

/* Authorizations that no method has decided yet; one that a method has. */
void count_authz_made(size_t n);
void count_authz_decided(enum method method, enum problem_type type);

/* The result of a challenge: "started", or what it came to. */
#define COUNT_CHALLENGE_STARTED 0
size_t count_challenge(enum problem_type type);

#endif

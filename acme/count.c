/* SPDX-License-Identifier: Apache-2.0 */
/* count.c - the metrics of acme/. */
#include "acme/count.h"

#include <stdio.h>
#include <string.h>

#include "acme/acme.h"
#include "acme/routes.h"

static const char *const routes[] = {
	[ROUTE_DIRECTORY] = "directory", [ROUTE_NEW_NONCE] = "new-nonce",
	[ROUTE_NEW_ACCOUNT] = "new-account", [ROUTE_ACCOUNT] = "account",
	[ROUTE_ORDERS] = "orders", [ROUTE_NEW_ORDER] = "new-order",
	[ROUTE_NEW_AUTHZ] = "new-authz", [ROUTE_ORDER] = "order", [ROUTE_AUTHZ] = "authz",
	[ROUTE_CHALLENGE] = "chall", [ROUTE_FINALIZE] = "finalize", [ROUTE_CERT] = "cert",
	[ROUTE_KEY_CHANGE] = "key-change", [ROUTE_REVOKE_CERT] = "revoke-cert",
	[ROUTE_RENEWAL_INFO] = "renewal-info",
	[ROUTE_HELP] = "help", [ROUTE_CRL] = "crl", [ROUTE_ISSUER] = "issuer",
	[ROUTE_OTHER] = "other", NULL
};
static const char *const codes[] = {
	"200", "201", "204", "400", "401", "403", "404", "405", "409", "411", "413", "415",
	"417", "429", "431", "500", "501", "503", "other", NULL
};
static const char *const nonces[] = {
	"issued", "redeemed", "malformed", "foreign", "old", "reused", NULL
};
static const char *const accounts[] = {
	"created", "found", "updated", "deactivated", "key-changed", NULL
};
static const char *const orders[] = { "created", "processing", "valid", "invalid", NULL };
static const char *const authz[] = { "created", "valid", "invalid", NULL };
static const char *const certificates[] = { "issued", "abandoned", "revoked", NULL };
static const char *const renewals[] = { "replaces", "names", "none", NULL };
static const char *const webhooks[] = {
	"allowed", "refused", "unreachable", "unusable", "stopped", NULL
};
static const char *const swept[] = {
	"order", "authorization", "certificate", "crl-entry", "limit", "failure", "incident", NULL
};
static const char *const signings[] = { "certificate", "crl", "own", NULL };

/* Filled from the table of limits; "paused" behind it. */
static const char *limits[LIMITS + 2];

/* Filled from the table of methods, one shifted; "none" before them in the second. */
static const char *methods[METHODS_MAX + 1];
static const char *proofs[METHODS_MAX + 2] = { "none" };

/* Filled from the table of problem types: "ok" first. */
static const char *problems[PROBLEM_TYPES + 1];
static const char *results[PROBLEM_TYPES + 2];		/* "started" before it */

struct metric count_requests = { "brevet_requests_total", "Requests answered",
	METRIC_COUNTER, { { "route", routes }, { "code", codes } }, 0, { 0 }, NULL };
struct metric count_request_seconds = { "brevet_request_seconds",
	"From a request's last octet to its reply, held time included", METRIC_HISTOGRAM,
	{ { "route", routes } }, 0, { 0 }, NULL };
struct metric count_jws = { "brevet_jws_total", "Signed requests by what became of their "
	"signature, nonce and URL", METRIC_COUNTER, { { "result", problems } }, 0, { 0 }, NULL };
struct metric count_nonces = { "brevet_nonces_total", "Replay nonces", METRIC_COUNTER,
	{ { "result", nonces } }, 0, { 0 }, NULL };
struct metric count_accounts = { "brevet_accounts_total", "Accounts by event",
	METRIC_COUNTER, { { "event", accounts } }, 0, { 0 }, NULL };
struct metric count_orders = { "brevet_orders_total", "Orders by transition",
	METRIC_COUNTER, { { "event", orders }, { "problem", problems } }, 0, { 0 }, NULL };
struct metric count_authz = { "brevet_authorizations_total", "Authorizations by transition",
	METRIC_COUNTER, { { "event", authz }, { "method", proofs }, { "problem", problems } },
	0, { 0 }, NULL };
struct metric count_challenges = { "brevet_challenges_total",
	"Challenges by method and by what they came to", METRIC_COUNTER,
	{ { "method", methods }, { "result", results } }, 0, { 0 }, NULL };
struct metric count_certificates = { "brevet_certificates_total", "Certificates by event",
	METRIC_COUNTER, { { "event", certificates }, { "problem", problems } }, 0, { 0 }, NULL };
struct metric count_renewals = { "brevet_renewals_total", "Certificates issued, by how it is "
	"known what they renew", METRIC_COUNTER, { { "by", renewals } }, 0, { 0 }, NULL };
struct metric count_limited = { "brevet_rate_limited_total", "Requests refused by a rate "
	"limit or a pause", METRIC_COUNTER, { { "limit", limits } }, 0, { 0 }, NULL };
struct metric count_webhook = { "brevet_webhook_total", "Questions to the webhook by what "
	"came of them", METRIC_COUNTER, { { "result", webhooks } }, 0, { 0 }, NULL };
struct metric count_swept = { "brevet_swept_total", "Records that were deleted because "
	"their time was over", METRIC_COUNTER, { { "kind", swept } }, 0, { 0 }, NULL };
struct metric count_unrenewed = { "brevet_certificates_expired_unrenewed_total",
	"Certificates that expired without another one in their place", METRIC_COUNTER,
	{ { 0 } }, 0, { 0 }, NULL };
struct metric count_webhook_seconds = { "brevet_webhook_seconds",
	"From an order to the webhook's answer about it", METRIC_HISTOGRAM, { { 0 } }, 0, { 0 },
	NULL };
struct metric count_validation_seconds = { "brevet_validation_seconds",
	"From a validation's start to its verdict", METRIC_HISTOGRAM,
	{ { "method", methods } }, 0, { 0 }, NULL };
struct metric count_signing_seconds = { "brevet_signing_seconds",
	"One signature of an issuer", METRIC_HISTOGRAM, { { "kind", signings } }, 0, { 0 }, NULL };

void
acme_metrics_register(void)
{
	static struct metric *const all[] = {
		&count_requests, &count_request_seconds, &count_jws, &count_nonces,
		&count_accounts, &count_orders, &count_authz, &count_challenges,
		&count_certificates, &count_renewals, &count_limited, &count_swept,
		&count_unrenewed, &count_webhook, &count_webhook_seconds,
		&count_validation_seconds, &count_signing_seconds
	};

	for (int i = 0; i < PROBLEM_TYPES; i++)
		results[i + 1] = problems[i] = i == 0 ? "ok" :
					       problem_name((enum problem_type)i);
	results[0] = "started";
	for (int i = 0; i < LIMITS; i++)
		limits[i] = limit_name((enum limit)i);
	limits[LIMITS] = "paused";
	for (int i = 0; i < METHODS_MAX; i++)
		methods[i] = proofs[i + 1] = method_name((enum method)(i + 1));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		metric_register(all[i]);
}

size_t
count_problem(enum problem_type type)
{
	return (size_t)type;
}

size_t
count_challenge(enum problem_type type)
{
	return (size_t)type + 1;
}

size_t
count_code(int status)
{
	char text[12];

	snprintf(text, sizeof(text), "%d", status);
	return metric_place(codes, text);
}

size_t
count_method(enum method method)
{
	return (size_t)method - 1;
}

void
count_authz_made(size_t n)
{
	metric_add(&count_authz, COUNT_AUTHZ_CREATED, 0, n);
}

void
count_authz_decided(enum method method, enum problem_type type)
{
	enum count_authz event = type == PROBLEM_NONE ? COUNT_AUTHZ_VALID : COUNT_AUTHZ_INVALID;

	metric_add_at(&count_authz, (const size_t[METRIC_LABELS]){
		event, (size_t)method, count_problem(type) }, 1);
}

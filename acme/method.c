/* SPDX-License-Identifier: Apache-2.0 */
/* method.c - the names of the ways to prove control (RFC 8555 section 9.7.8). */
#include <string.h>

#include "acme/acme.h"

static const char *const names[METHODS_MAX + 1] = {
	[METHOD_HTTP_01] = "http-01",
	[METHOD_DNS_01] = "dns-01",
	[METHOD_TLS_ALPN_01] = "tls-alpn-01",
	[METHOD_DNS_ACCOUNT_01] = "dns-account-01",
	[METHOD_DNS_PERSIST_01] = "dns-persist-01",
};

const char *
method_name(enum method method)
{
	return names[method];
}

bool
method_parse(const char *name, enum method *method)
{
	for (unsigned i = 1; i <= METHODS_MAX; i++)
		if (strcmp(names[i], name) == 0) {
			*method = (enum method)i;
			return true;
		}
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the options of validation, parsed and checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "va/local.h"

#define TIMEOUT_MS     20000
#define TIMEOUT_MS_MAX 600000
#define PER_TARGET     32
#define PER_ACCOUNT    64
#define CONNECTIONS    1000

static size_t
list_length(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

static const char **
list_copy(struct arena *a, const char *const *list)
{
	size_t n = list_length(list);
	const char **copy = arena_alloc(a, (n + 1) * sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(a, list[i]);
	return copy;
}

bool
server_parse(union address *a, const char *text)
{
	const char *at = strchrnul(text, '@');
	char addr[64];
	size_t n = strlen(*at == '\0' ? at : at + 1);
	int port = *at == '\0' ? 53 : atoi(at + 1);

	if ((size_t)(at - text) >= sizeof(addr))
		return false;
	memcpy(addr, text, (size_t)(at - text));
	addr[at - text] = '\0';
	if (!address_parse(a, addr))
		return false;
	address_set_port(a, (uint16_t)port);
	return *at == '\0' || (n >= 1 && n <= 5 && strspn(at + 1, "0123456789") == n &&
			       port >= 1 && port <= 65535);
}

/* The word "recursive" stands alone, and leaves no list. */
static bool
options_resolvers(struct va *va, const struct va_options *o, struct problem *p)
{
	union address server;

	va->resolvers = list_copy(va->arena, o->resolvers);
	va->dnssec = o->dnssec;
	va->recursive = va->resolvers[0] != NULL && strcmp(va->resolvers[0], "recursive") == 0;
	if (va->recursive && va->resolvers[1] != NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "validation.resolvers: \"recursive\" "
			       "stands alone, without resolvers beside it");
	if (va->recursive)
		va->resolvers[0] = NULL;
	for (const char **r = va->resolvers; *r != NULL; r++)
		if (!server_parse(&server, *r))
			return problem(p, PROBLEM_SERVER_INTERNAL, "validation.resolvers: "
				       "\"%.80s\" is not an address, or address@port", *r);
	if (va->dnssec == VA_DNSSEC_TRUST_AD && va->resolvers[0] == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "validation.dnssec: trust-ad believes "
			       "the resolvers that validation.resolvers names, and it names none");
	return true;
}

static bool
options_issuers(struct va *va, const struct va_options *o, struct problem *p)
{
	va->caa = o->caa;
	va->issuers = list_copy(va->arena, o->issuers);
	for (const char **i = va->issuers; *i != NULL; i++)
		if (!ident_dns_ok(*i, strlen(*i)))
			return problem(p, PROBLEM_SERVER_INTERNAL, "caa_identities: \"%.80s\" is "
				       "not a domain name without a dot at its end", *i);
	return true;
}

/* Without any, libunbound would call all answers good that nobody has signed. */
static bool
anchor_there(FILE *in)
{
	char *line = NULL, *rest, *word;
	bool there = false;
	size_t size = 0;

	while (!there && getline(&line, &size, in) >= 0) {
		line[strcspn(line, ";\n")] = '\0';
		for (word = strtok_r(line, " \t\r()", &rest); word != NULL && !there;
		     word = strtok_r(NULL, " \t\r()", &rest))
			there = strcasecmp(word, "DS") == 0 || strcasecmp(word, "DNSKEY") == 0;
	}
	free(line);
	return there;
}

static bool
options_anchors(struct va *va, const struct va_options *o, struct problem *p)
{
	bool there;
	FILE *in;

	va->anchors = arena_strdup(va->arena, o->anchors != NULL ? o->anchors : RESOLVE_ANCHOR);
	if (va->dnssec != VA_DNSSEC_VALIDATE)
		return true;
	in = fopen(va->anchors, "re");
	if (in == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "validation.trust_anchors: cannot read "
			       "%.100s; the root's is in the package dns-root-data",
			       va->anchors);
	there = anchor_there(in);
	fclose(in);
	return there || problem(p, PROBLEM_SERVER_INTERNAL, "validation.trust_anchors: %.100s has "
				"no DS or DNSKEY record, so nothing would be validated; put those "
				"of your zones there, or the root's", va->anchors);
}

static bool
options_dns(struct va *va, const struct va_options *o, struct problem *p)
{
	va->insecure = list_copy(va->arena, o->insecure);
	if (!options_resolvers(va, o, p) || !options_issuers(va, o, p))
		return false;
	for (const char **z = va->insecure; *z != NULL; z++) {
		size_t n = strlen(*z);

		n -= n > 1 && (*z)[n - 1] == '.';
		if (!ident_dns_ok(*z, n))
			return problem(p, PROBLEM_SERVER_INTERNAL, "validation.insecure: "
				       "\"%.80s\" is not the name of a zone", *z);
	}
	if (!options_anchors(va, o, p))
		return false;
	if (o->hosts_file != NULL)
		va->hosts = hosts_read(va->arena, o->hosts_file, p);
	return o->hosts_file == NULL || va->hosts != NULL;
}

static bool
options_addresses(struct va *va, const struct va_options *o, struct problem *p)
{
	size_t n = list_length(o->allow_addresses), nown = list_length(o->own);
	struct network *allow = arena_alloc(va->arena, (n + 1) * sizeof(*allow));
	union address *own = arena_alloc(va->arena, (nown + 1) * sizeof(*own));

	for (size_t i = 0; i < n; i++)
		if (!network_parse(&allow[i], o->allow_addresses[i]))
			return problem(p, PROBLEM_SERVER_INTERNAL,
				       "validation.allow_addresses: \"%.80s\" is not an address, "
				       "or address/length", o->allow_addresses[i]);
	for (size_t i = 0; i < nown; i++)
		if (!server_parse(&own[i], o->own[i]))
			return problem(p, PROBLEM_SERVER_INTERNAL, "listener \"%.80s\" is not "
				       "address@port", o->own[i]);
	va->allow = allow;
	va->nallow = n;
	va->own = own;
	va->nown = nown;
	return true;
}

static bool
options_dial(struct va *va, const struct va_options *o, struct problem *p)
{
	va->http_port = o->http_port != 0 ? o->http_port : 80;
	va->https_port = o->https_port != 0 ? o->https_port : 443;
	va->private_mode = o->private_mode;
	va->agent = arena_strdup(va->arena, o->agent != NULL ? o->agent : "brevet");
	va->timeout_ms = o->timeout_ms != 0 ? o->timeout_ms : TIMEOUT_MS;
	va->per_target = o->per_target > 0 ? (unsigned)o->per_target : PER_TARGET;
	va->per_account = o->per_account > 0 ? (unsigned)o->per_account : PER_ACCOUNT;
	va->connections = o->connections > 0 ? (unsigned)o->connections : CONNECTIONS;
	if (va->timeout_ms < 0 || va->timeout_ms > TIMEOUT_MS_MAX)
		return problem(p, PROBLEM_SERVER_INTERNAL, "validation.timeout: %d ms is not "
			       "between 1 and %d", va->timeout_ms, TIMEOUT_MS_MAX);
	for (const char *c = va->agent; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			return problem(p, PROBLEM_SERVER_INTERNAL, "validation.agent: must be "
				       "printable ASCII");
	return options_addresses(va, o, p);
}

struct va *
va_open(const struct va_options *o, struct problem *p)
{
	struct va *va = calloc(1, sizeof(*va));

	if (va == NULL)
		abort();
	atomic_init(&va->refs, 1);
	va->arena = arena_new();
	if (options_dial(va, o, p) && options_dns(va, o, p))
		return va;
	va_release(va);
	return NULL;
}

struct va *
va_keep(struct va *va)
{
	atomic_fetch_add_explicit(&va->refs, 1, memory_order_relaxed);
	return va;
}

void
va_release(struct va *va)
{
	if (atomic_fetch_sub_explicit(&va->refs, 1, memory_order_acq_rel) != 1)
		return;
	arena_free(va->arena);
	free(va);
}

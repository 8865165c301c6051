/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_validation.c - the section validation (docs/validation.md), as va/ takes it. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "server/snapshot.h"

static enum va_dnssec
dnssec_mode(const char *word)
{
	return strcmp(word, "validate") == 0 ? VA_DNSSEC_VALIDATE :
	       strcmp(word, "trust-ad") == 0 ? VA_DNSSEC_TRUST_AD : VA_DNSSEC_OFF;
}

static enum va_caa_mode
caa_mode(const char *word)
{
	return strcmp(word, "always") == 0 ? VA_CAA_ALWAYS :
	       strcmp(word, "off") == 0 ? VA_CAA_OFF : VA_CAA_AUTO;
}

/* Where this server listens, as va takes it. */
static void
add_listener(struct config *c, const char **list, const char *listen)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM }, *ai;
	const char *host, *port;
	char text[64];

	if (!config_address(c->arena, listen, &host, &port) ||
	    getaddrinfo(host, port, &hints, &ai) != 0)
		return;		/* listen_bind() has better words */
	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL, 0,
			NI_NUMERICHOST) == 0)
		*list = arena_printf(c->arena, "%.*s@%s", (int)strcspn(text, "%"), text, port);
	freeaddrinfo(ai);
}

static const char *const *
own_listeners(struct config *c)
{
	const char *const listen[] = { c->listen, c->http_listen, c->metrics_listen };
	const char **list = arena_alloc(c->arena, 4 * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		add_listener(c, &list[n], listen[i]);
		n += list[n] != NULL;
	}
	return list;
}

bool
snapshot_validation(struct config *c, struct problem *p)
{
	struct va_options o = {
		.http_port = (uint16_t)c->http_port,
		.https_port = (uint16_t)c->tls_port,
		.resolvers = c->resolvers,
		.hosts_file = *c->hosts_file == '\0' ? NULL : snapshot_path(c, c->hosts_file),
		.allow_addresses = c->allow_addresses,
		.insecure = c->insecure,
		.dnssec = dnssec_mode(c->dnssec),
		.anchors = snapshot_path(c, c->anchors),
		.caa = caa_mode(c->caa),
		.issuers = c->caa_identities,
		.private_mode = strcmp(c->mode, "private") == 0,
		.timeout_ms = (int)c->timeout * 1000,
		.per_target = (int)c->per_target,
		.per_account = (int)c->acme.per_account,
		.connections = (int)c->validations,
		.own = own_listeners(c),
		.agent = "Brevet/" PACKAGE_VERSION " (ACME validation)",
	};

	c->acme.va = va_open(&o, p);
	return c->acme.va != NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* family.c - which ACME client speaks, by its User-Agent. */
#include <string.h>

#include "acme/acme.h"

#define TOKEN_MAX 32

/* What stands in it, in any case, and how people call that client.  The first row that fits
 * counts: who builds on another's library stands before the library. */
static const struct row {
	const char	*has, *family;
} rows[] = {
	{ "certbot", "certbot" },
	{ "traefik", "Traefik" },
	{ "caddy/", "Caddy" },
	{ "mod_md/", "mod_md" },
	{ "cert-manager", "cert-manager" },
	{ "acme.sh/", "acme.sh" },
	{ "uacme/", "uacme" },
	{ "dehydrated/", "dehydrated" },
	{ "acme-tiny", "acme-tiny" },
	{ "win-acme/", "win-acme" },
	{ "posh-acme/", "Posh-ACME" },
	{ "nginx-acme/", "nginx-acme" },
	{ "haproxy", "HAProxy" },
	{ "acme4j/", "acme4j" },
	{ "node-acme-client/", "node-acme-client" },
	{ "goacme-lego", "lego" },
	{ "xenolf-acme", "lego" },
	{ "lego-cli", "lego" },
	{ "certmagic", "CertMagic" },
	{ "acmez", "acmez" },
	{ "autocert", "autocert" },
};

static bool
is_token(char c)
{
	return c > ' ' && c < 0x7f && strchr("/()<>@,;:\\\"[]?={}", c) == NULL;
}

const char *
acme_client_family(struct arena *a, const char *agent)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcasestr(agent, rows[i].has) != NULL)
			return rows[i].family;
	while (n < TOKEN_MAX && is_token(agent[n]))
		n++;
	return n == 0 ? "unknown" : arena_strndup(a, agent, n);
}

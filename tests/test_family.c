/* SPDX-License-Identifier: Apache-2.0 */
/* test_family.c - which client speaks: User-Agents as real ones send them, and what is none. */
#include "acme/acme.h"
#include "tests/tap.h"

static const struct row {
	const char	*agent, *family;
} rows[] = {
	{ "CertbotACMEClient/5.8.0 (certbot; Debian GNU/Linux 12 (bookworm)) "
	  "Authenticator/standalone Installer/None (certonly; flags: n) Py/3.11.2", "certbot" },
	{ "CertbotACMEClient/2.1.0 (certbot(snap); Ubuntu 24.04) Authenticator/nginx", "certbot" },
	{ "lego-cli/4.9.1 xenolf-acme/4.9.1 (release; linux; amd64)", "lego" },
	{ "goacme-lego/5.2.0 (release; linux; amd64)", "lego" },
	{ "containous-traefik/3.1 xenolf-acme/4.20.2 (release; linux; amd64)", "Traefik" },
	{ "acme.sh/3.1.1 (https://github.com/acmesh-official/acme.sh)", "acme.sh" },
	{ "Caddy/2.6.2 CertMagic acmez (linux; amd64)", "Caddy" },
	{ "CertMagic acmez (linux; amd64)", "CertMagic" },
	{ "acmez (linux; amd64)", "acmez" },
	{ "Apache/2.4.71 (Debian) mod_md/2.6.10", "mod_md" },
	{ "uacme/1.7.4 (https://github.com/ndilieto/uacme)", "uacme" },
	{ "cert-manager-clusterissuers/v1.21.1 (linux/amd64) cert-manager/01ab", "cert-manager" },
	{ "dehydrated/0.7.1 curl/7.88.1", "dehydrated" },
	{ "acme-tiny", "acme-tiny" },
	{ "WIN-ACME/2.2.9", "win-acme" },
	{ "brevet-bench/1.0", "brevet-bench" },
	{ "Go-http-client/2.0", "Go-http-client" },
	{ "someone", "someone" },
	{ "a_client-that.has+a~name!longer&than*anybody's/1", "a_client-that.has+a~name!longer&" },
	{ "", "unknown" },
	{ " spaces/1", "unknown" },
	{ "/1", "unknown" },
	{ "\033[2J", "unknown" },
	{ "x\ny/1", "x" },
	{ "\303\244/1", "unknown" },
};

int
main(void)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(acme_client_family(a, rows[i].agent), rows[i].family, rows[i].family);
	arena_free(a);
	return tap_done();
}

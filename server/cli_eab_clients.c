/* SPDX-License-Identifier: Apache-2.0 */
/* cli_eab_clients.c - an external account binding in the words of each client. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/cli_eab.h"

/* What stands in the lines below: @u directory URL, @k key id, @h HMAC key, @r file of the
 * root certificate, @n a name. */
static const char lines[] =
	"# certbot\n"
	"REQUESTS_CA_BUNDLE=@r certbot certonly --server @u \\\n"
	"  --eab-kid @k \\\n"
	"  --eab-hmac-key @h \\\n"
	"  --agree-tos --email you@example.org --standalone -d @n\n\n"
	"# lego\n"
	"LEGO_CA_CERTIFICATES=@r lego --server @u \\\n"
	"  --eab --kid @k \\\n"
	"  --hmac @h \\\n"
	"  --accept-tos --email you@example.org --http --domains @n run\n\n"
	"# acme.sh\n"
	"acme.sh --register-account --server @u --ca-bundle @r \\\n"
	"  --eab-kid @k \\\n"
	"  --eab-hmac-key @h \\\n"
	"  -m you@example.org\n\n"
	"# uacme, where the system trusts the root certificate (update-ca-certificates)\n"
	"uacme -v -y -a @u \\\n"
	"  -e @k:@h \\\n"
	"  new you@example.org\n\n"
	"# Caddy, first in the Caddyfile\n"
	"{\n"
	"  email you@example.org\n"
	"  acme_ca @u\n"
	"  acme_ca_root @r\n"
	"  acme_eab {\n"
	"    key_id @k\n"
	"    mac_key @h\n"
	"  }\n"
	"}\n\n"
	"# Apache httpd, mod_md\n"
	"MDCertificateAuthority @u\n"
	"MDCACertificateFile @r\n"
	"MDCertificateAgreement accepted\n"
	"MDContactEmail you@example.org\n"
	"MDExternalAccountBinding @k @h\n"
	"MDomain @n\n\n"
	"# cert-manager\n"
	"kubectl apply -f - <<END\n"
	"apiVersion: v1\n"
	"kind: Secret\n"
	"metadata:\n"
	"  name: brevet-eab\n"
	"  namespace: cert-manager\n"
	"stringData:\n"
	"  hmac: @h\n"
	"---\n"
	"apiVersion: cert-manager.io/v1\n"
	"kind: ClusterIssuer\n"
	"metadata:\n"
	"  name: brevet\n"
	"spec:\n"
	"  acme:\n"
	"    server: @u\n"
	"    email: you@example.org\n"
	"    caBundle: $(base64 -w0 @r)\n"
	"    externalAccountBinding:\n"
	"      keyID: @k\n"
	"      keySecretRef:\n"
	"        name: brevet-eab\n"
	"        key: hmac\n"
	"    privateKeySecretRef:\n"
	"      name: brevet-account\n"
	"    solvers:\n"
	"      - http01:\n"
	"          ingress: {}\n"
	"END\n";

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./"

/* root.pem beside the configuration, as init makes it; else, or when its path is none that a
 * shell takes as it is, wherever the client has it. */
static const char *
root_file(const struct config *c, char path[PATH_MAX])
{
	const char *slash = strrchr(c->file, '/');
	char beside[PATH_MAX];

	snprintf(beside, sizeof(beside), "%.*s/root.pem", slash == NULL ? 1 :
		 (int)(slash - c->file), slash == NULL ? "." : c->file);
	if (realpath(beside, path) == NULL || path[strspn(path, PLAIN)] != '\0')
		return "root.pem";
	return path;
}

void
eab_clients(const struct config *c, const json_t *added, const char *name)
{
	const char *words[128] = { NULL };
	char path[PATH_MAX];

	words['u'] = json_string_value(json_object_get(added, "directory_url"));
	words['k'] = json_string_value(json_object_get(added, "kid"));
	words['h'] = json_string_value(json_object_get(added, "hmac_key"));
	words['r'] = root_file(c, path);
	words['n'] = name;
	printf("Ready to paste, where %s is the CA's root certificate, for each of:\n"
	       "certbot, lego, acme.sh, uacme, Caddy, Apache httpd, cert-manager.\n\n", words['r']);
	for (const char *at = lines; *at != '\0'; at++) {
		const char *word = *at == '@' ? words[at[1] & 127] : NULL;

		if (word == NULL) {
			putchar(*at);
			continue;
		}
		fputs(word, stdout);
		at++;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* incidents.c - what tests of incidents share. */
#include "tests/incidents.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "tests/command.h"

struct scene scene;
struct arena *a;
struct client *main_client, *part_client;
struct leaf_facts leaf[CERTS];
struct renewal_info before[CERTS];
int64_t ahead;

static struct client *
client_of(int cert)
{
	return cert < P3 ? main_client : part_client;
}

const char *
name_of(int cert)
{
	return arena_printf(a, "n%d.example.test", cert);
}

/* --- brevet incident ------------------------------------------------------------------ */

/* Its exit status, and all that it says. */
int
run(const char *arguments, const char **said)
{
	return command_run(a, scene.server, arena_printf(a, "incident %s", arguments), said);
}

const char *
line(const char *said)
{
	return arena_strndup(a, said, strcspn(said, "\n"));
}

/* What it says as JSON; NULL: it fails. */
const json_t *
run_json(const char *arguments)
{
	const char *said;
	json_t *o = NULL;

	if (run(arena_printf(a, "%s --json", arguments), &said) == 0)
		o = json_loads(said, 0, NULL);
	if (o == NULL)
		printf("# brevet incident %s: %s\n", arguments, said);
	return arena_own(a, o, (void (*)(void *))json_decref);
}

long
count(const json_t *o, const char *member)
{
	const json_t *n = json_object_get(o, member);

	return json_is_integer(n) ? (long)json_integer_value(n) : -1;
}

/* --- certificates --------------------------------------------------------------------- */

struct leaf_facts
issue(int cert, const char *replaces)
{
	struct leaf_facts l;

	if (!issue_replacing(client_of(cert), scene.responder, name_of(cert), replaces, &l)) {
		printf("Bail out! no certificate for %s: %s\n", name_of(cert),
		       client_why(client_of(cert)));
		exit(1);
	}
	return l;
}

struct renewal_info
info_of(int cert)
{
	struct renewal_info info;

	if (info_get(client_of(cert), leaf[cert].certid, &info) != 200)
		ok(false, "renewal information of %s", name_of(cert));
	return info;
}

/* The reason in its entry; 0: an entry without one, -1: none. */
long
listed(int cert)
{
	const char *issuer = cert < P3 ? "main" : "other";
	struct wire *w = wire_open(NULL, "localhost", scene.server->http_port);
	X509_CRL *crl = NULL;
	X509_REVOKED *entry;
	ASN1_ENUMERATED *why;
	struct reply r;
	struct blob der = b64_parse(a, leaf[cert].der, strlen(leaf[cert].der), NULL);
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	long reason = -1;

	if (w != NULL && wire_send_text(w, arena_printf(a, "GET /crl/%s/0.crl HTTP/1.1\r\n"
							"Host: localhost\r\n\r\n", issuer)) &&
	    wire_read(w, a, &r, false) && r.status == 200) {
		at = r.body.data;
		crl = d2i_X509_CRL(NULL, &at, (long)r.body.len);
	}
	if (crl != NULL && X509_CRL_get0_by_cert(crl, &entry, x) == 1) {
		why = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
		reason = why == NULL ? 0 : ASN1_ENUMERATED_get(why);
		ASN1_ENUMERATED_free(why);
	}
	wire_close(w);
	X509_CRL_free(crl);
	X509_free(x);
	return reason;
}

bool
incidents_begin(void)
{
	if (!places_begin(&scene, NULL) || !places_configure(&scene, DIRECTORIES))
		return false;
	a = arena_new();
	main_client = place_member(&scene, MAIN, NULL);
	part_client = place_member(&scene, PART, NULL);
	for (int i = 0; i < CERTS; i++) {
		leaf[i] = issue(i, NULL);
		before[i] = info_of(i);
	}
	return true;
}

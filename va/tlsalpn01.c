/* SPDX-License-Identifier: Apache-2.0 */
/* tlsalpn01.c - tls-alpn-01: a self-signed certificate on the name's TLS server proves
 * control (RFC 8737; of an address RFC 8738).  Runs on: loop.
 *
 * The certificate's proof is in two extensions, compared octet by octet:
 *
 *	subjectAltName 2.5.29.17          30 08 82 06 61 2e 74 65 73 74     (a.test)
 *	                                  30 06 87 04 c0 00 02 01           (192.0.2.1)
 *	acmeIdentifier 1.3.6.1.5.5.7.1.31, critical
 *	                                  04 20 SHA-256(key authorization) */
#include <assert.h>
#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "va/local.h"

static enum flow_next tlsalpn01_aim(struct flow *f);
static enum flow_next tlsalpn01_shake(struct flow *f);
static enum flow_next tlsalpn01_judge(struct flow *f);

/* A second address begins again at the top. */
const struct flow_step tlsalpn01_steps[] = {
	{ ON_LOOP, STEP(dial_name) },
	{ ON_LOOP, STEP(tlsalpn01_aim) },	/* the identifier and its port         */
	{ ON_LOOP, STEP(dial_resolve) },	/* -> addresses; waits                 */
	{ ON_LOOP, STEP(dial_choose) },		/* which may be dialled, which first   */
	{ ON_LOOP, STEP(dial_account) },
	{ ON_LOOP, STEP(dial_target) },
	{ ON_LOOP, STEP(dial_socket) },
	{ ON_LOOP, STEP(tlsalpn01_shake) },	/* address -> certificate; waits       */
	{ ON_LOOP, STEP(tlsalpn01_judge) },	/* again, or is it the right one?      */
	{ ON_LOOP, STEP(va_report) },
	{ 0 }
};

static enum flow_next
tlsalpn01_aim(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	struct destination *d = &a->to;

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (d->host != NULL)
		return FLOW_NEXT;
	if (a->wildcard)
		return flow_fail(f, PROBLEM_SERVER_INTERNAL, "tls-alpn-01 for a wildcard");
	d->host = ident_base(&a->ident);
	d->port = a->va->https_port;
	d->literal = a->ident.type == IDENT_IP && address_parse(&d->address, d->host);
	d->what = arena_printf(f->arena, "TLS with %.100s", d->host);
	return FLOW_NEXT;
}

/* SNI holds no address, so its name for the reverse lookup stands there (RFC 8738
 * section 6). */
static const char *
tlsalpn01_sni(struct attempt *a)
{
	uint8_t octets[16];
	size_t n;
	bool six;
	char name[80], *at = name;

	if (a->ident.type != IDENT_IP)
		return ident_base(&a->ident);
	n = ident_octets(&a->ident, octets);
	six = n == 16;
	while (n-- > 0)
		at += six ? sprintf(at, "%x.%x.", octets[n] & 15u, octets[n] >> 4) :
			    sprintf(at, "%u.", octets[n]);
	return arena_printf(a->flow->arena, "%s%s", name, six ? "ip6.arpa" : "in-addr.arpa");
}

static enum flow_next
tlsalpn01_shake(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	a->shake = (struct shake){ .context = dialler_of(f)->tls, .name = tlsalpn01_sni(a) };
	a->shake.address = dial_next(a, &a->shake.connect_ms);
	shake_start(&a->shake, f,
		    attempt_wait(a, PROBLEM_CONNECTION, "%s: %s port %d: timeout: no whole "
				 "handshake within %d ms; does a firewall drop packets?",
				 a->to.what, a->address, a->to.port, a->timeout_ms));
	return FLOW_WAIT;
}

/* --- the certificate -------------------------------------------------------------- */

/* Head and content of a short DER value; returns how many octets. */
static size_t
der_put(uint8_t *out, uint8_t tag, const void *content, size_t n)
{
	size_t head = 0;

	out[head++] = tag;
	if (n > 127)
		out[head++] = n > 255 ? 0x82 : 0x81;
	if (n > 255)
		out[head++] = (uint8_t)(n >> 8);
	out[head++] = (uint8_t)n;
	memcpy(out + head, content, n);
	return head + n;
}

/* The only extension of that kind; NULL: there is none, or there are two. */
static X509_EXTENSION *
extension_only(const X509 *cert, const char *id)
{
	ASN1_OBJECT *object = OBJ_txt2obj(id, 1);
	int at = X509_get_ext_by_OBJ(cert, object, -1);
	int more = X509_get_ext_by_OBJ(cert, object, at);

	ASN1_OBJECT_free(object);
	return at < 0 || more >= 0 ? NULL : X509_get_ext(cert, at);
}

/* The octets without regard to case in the name that is their end. */
static bool
extension_is(X509_EXTENSION *e, const uint8_t *want, size_t n, size_t nname)
{
	const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(e);
	const uint8_t *have = ASN1_STRING_get0_data(data);

	if ((size_t)ASN1_STRING_length(data) != n || memcmp(have, want, n - nname) != 0)
		return false;
	for (size_t i = n - nname; i < n; i++)
		if (tolower(have[i]) != want[i])
			return false;
	return true;
}

static bool
certificate_names(const struct attempt *a, const X509 *cert)
{
	X509_EXTENSION *e = extension_only(cert, "2.5.29.17");
	const char *name = ident_base(&a->ident);
	uint8_t octets[16], inner[300], want[300];
	size_t n;

	if (e == NULL)
		return false;
	if (a->ident.type == IDENT_IP) {
		n = ident_octets(&a->ident, octets);
		assert(n <= sizeof(octets));
		n = der_put(inner, 0x87, octets, n);
		return extension_is(e, want, der_put(want, 0x30, inner, n), 0);
	}
	n = der_put(inner, 0x82, name, strlen(name));
	return extension_is(e, want, der_put(want, 0x30, inner, n), strlen(name));
}

/* Its subject is its issuer, whose key has signed it. */
static bool
certificate_self_signed(X509 *cert)
{
	const unsigned char *subject, *issuer;
	size_t nsubject, nissuer;
	EVP_PKEY *key = X509_get0_pubkey(cert);

	return X509_NAME_get0_der(X509_get_subject_name(cert), &subject, &nsubject) == 1 &&
	       X509_NAME_get0_der(X509_get_issuer_name(cert), &issuer, &nissuer) == 1 &&
	       nsubject == nissuer && memcmp(subject, issuer, nsubject) == 0 &&
	       key != NULL && X509_verify(cert, key) == 1;
}

static enum flow_next
tlsalpn01_certificate(struct attempt *a, X509 *cert)
{
	struct flow *f = a->flow;
	const char *what = a->to.what, *name = a->to.host;
	X509_EXTENSION *proof = extension_only(cert, "1.3.6.1.5.5.7.1.31");
	uint8_t digest[32], want[34];

	if (EVP_Digest(a->key_auth, strlen(a->key_auth), digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
	if (!certificate_self_signed(cert))
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: the certificate is not self-signed: "
				 "its issuer is not its subject, or its signature is another "
				 "key's", what);
	if (!certificate_names(a, cert))
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: the certificate must have one "
				 "subjectAltName extension with the %s %.80s and nothing else in "
				 "it", what, a->ident.type == IDENT_IP ? "iPAddress" : "dNSName",
				 name);
	if (proof == NULL || !X509_EXTENSION_get_critical(proof))
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: the certificate must have one "
				 "acmeIdentifier extension (1.3.6.1.5.5.7.1.31), which is "
				 "critical", what);
	if (!extension_is(proof, want, der_put(want, 0x04, digest, sizeof(digest)), 0))
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: the certificate's acmeIdentifier is "
				 "not an OCTET STRING of the SHA-256 of this challenge's key "
				 "authorization", what);
	return FLOW_NEXT;
}

/* The evidence: SHA-256 of the certificate, in hexadecimal. */
static void
certificate_record(struct attempt *a, const X509 *cert)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char text[2 * sizeof(digest) + 1] = "";

	if (X509_digest(cert, EVP_sha256(), digest, &n) != 1)
		abort();
	for (unsigned i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	record_add(&a->record, "certificate", json_string(text));
}

static enum flow_next
tlsalpn01_judge(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const struct shake *x = &a->shake;
	enum flow_next next;

	dial_done(a, x->name, 0, x->end == SHAKE_DONE ? NULL : shake_why(x));
	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	if (x->end == SHAKE_UNREACHED && dial_more(a))
		return FLOW_AGAIN;	/* with the other address */
	if (x->end != SHAKE_DONE) {
		shake_problem(x, a->to.what, &f->problem);
		return FLOW_FAIL;
	}
	if (x->certificate != NULL)
		certificate_record(a, x->certificate);
	if (!x->agreed)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: the server chose %.20s by ALPN, not "
				 "acme-tls/1", a->to.what,
				 x->protocol == NULL ? "nothing" : x->protocol);
	if (x->certificate == NULL)
		return flow_fail(f, PROBLEM_UNAUTHORIZED, "%s: no certificate", a->to.what);
	next = tlsalpn01_certificate(a, x->certificate);
	ERR_clear_error();
	return next;
}

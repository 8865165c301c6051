/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c - certificates read back (RFC 5280 section 4.1), and PEM. */
#include "ca/cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>
#include <string.h>

#include "ca/extension.h"
#include "ca/names.h"

#define PEM_OCTETS 48	/* a line of 64 columns */

/* The fields of the TBSCertificate in their order; its algorithm must be the outer one. */
static bool
cert_fields(struct cert_parts *c, struct blob tbs, struct blob outer, struct blob *extensions)
{
	struct blob version, algorithm, validity, wrapped;

	if (!der_get(&tbs, DER_CONSTRUCTED(0), &version) ||
	    !blob_equal(version, (struct blob)BYTES("\x02\x01\x02")) ||
	    !der_unsigned(&tbs, &c->serial) ||
	    !der_whole(&tbs, DER_SEQUENCE, &algorithm) || !blob_equal(algorithm, outer) ||
	    !der_whole(&tbs, DER_SEQUENCE, &c->issuer) ||
	    !der_get(&tbs, DER_SEQUENCE, &validity) ||
	    !der_time(&validity, &c->not_before) ||
	    !der_time(&validity, &c->not_after) || validity.len != 0 ||
	    !der_whole(&tbs, DER_SEQUENCE, &c->subject) ||
	    !der_whole(&tbs, DER_SEQUENCE, &c->spki))
		return false;
	return der_get(&tbs, DER_CONSTRUCTED(3), &wrapped) && tbs.len == 0 &&
	       der_get(&wrapped, DER_SEQUENCE, extensions) && wrapped.len == 0;
}

bool
cert_split(struct cert_parts *c, struct blob der)
{
	struct blob content, tbs, algorithm, signature;
	struct extensions e = { .n = 0 };

	*c = (struct cert_parts){ .not_before = 0 };
	if (!der_check(der) || !der_get(&der, DER_SEQUENCE, &content) ||
	    !der_get(&content, DER_SEQUENCE, &tbs) ||
	    !der_whole(&content, DER_SEQUENCE, &algorithm) ||
	    !der_octets(&content, &signature) || content.len != 0 ||
	    !cert_fields(c, tbs, algorithm, &e.rest))
		return false;
	while (e.rest.len > 0) {
		if (!extension_next(&e))
			return false;
		if (blob_equal(e.oid, (struct blob)OID_SUBJECT_ALT_NAME))
			c->alt_name = e.value;
		if (blob_equal(e.oid, (struct blob)OID_SUBJECT_KEY))
			c->subject_key = e.value;
		if (blob_equal(e.oid, (struct blob)OID_AUTHORITY_KEY))
			c->authority_key = e.value;
	}
	return true;
}

/* The keyIdentifier in an AuthorityKeyIdentifier; empty: none. */
static struct blob
key_id(struct blob authority_key)
{
	struct blob content, id = { NULL, 0 };

	if (der_get(&authority_key, DER_SEQUENCE, &content))
		der_get(&content, DER_CONTEXT(0), &id);
	return id;
}

bool
cert_read(struct cert_facts *facts, struct arena *a, struct blob der)
{
	struct cert_parts c;
	struct names names = { .arena = a, .any = true };
	struct problem p;
	struct blob authority;

	if (!cert_split(&c, der) || c.serial.len > SERIAL_LEN)
		return false;
	if (c.alt_name.data != NULL && !names_parse(&names, c.alt_name, &p))
		return false;
	authority = key_id(c.authority_key);
	*facts = (struct cert_facts){
		.not_before = c.not_before, .not_after = c.not_after,
		.idents = names.list, .nident = ident_sort(names.list, names.n),
		.spki = arena_blob(a, c.spki.data, c.spki.len),
		.authority = arena_blob(a, authority.data, authority.len)
	};
	memcpy(facts->serial.b + SERIAL_LEN - c.serial.len, c.serial.data, c.serial.len);
	return true;
}

const char *
pem_print(struct arena *a, const char *label, struct blob der)
{
	size_t lines = (der.len + PEM_OCTETS - 1) / PEM_OCTETS, ends = strlen(label) + 17;
	char *text = arena_alloc(a, 2 * ends + lines * 65 + 2), *at = text;

	at = stpcpy(stpcpy(stpcpy(at, "-----BEGIN "), label), "-----\n");
	for (size_t i = 0; i < der.len; i += PEM_OCTETS) {
		size_t n = der.len - i < PEM_OCTETS ? der.len - i : PEM_OCTETS;

		at += EVP_EncodeBlock((unsigned char *)at, der.data + i, (int)n);
		*at++ = '\n';
	}
	stpcpy(stpcpy(stpcpy(at, "-----END "), label), "-----\n");
	return text;
}

size_t
pem_certificates(struct blob text)
{
	BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
	bool ended;
	size_t n = 0;
	X509 *x;

	if (bio == NULL)
		abort();
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		X509_free(x);
		n++;
	}
	ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	BIO_free(bio);
	return ended ? n : 0;
}

/* --- CMS -------------------------------------------------------------------------- */

DEFER(PKCS7, PKCS7_free)

static void
pkcs7_add(PKCS7 *p7, X509 *x)
{
	if (x == NULL || PKCS7_add_certificate(p7, x) != 1)
		abort();
	X509_free(x);
}

struct blob
cert_pkcs7(struct arena *a, struct blob der, const char *chain)
{
	defer(PKCS7) *p7 = PKCS7_new();
	BIO *bio = BIO_new_mem_buf(chain, -1);
	const uint8_t *at = der.data;
	uint8_t *out = NULL;
	struct blob made;
	X509 *x;
	int n;

	if (p7 == NULL || bio == NULL || PKCS7_set_type(p7, NID_pkcs7_signed) != 1 ||
	    PKCS7_content_new(p7, NID_pkcs7_data) != 1)
		abort();
	PKCS7_set_detached(p7, 1);
	pkcs7_add(p7, d2i_X509(NULL, &at, (long)der.len));
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		pkcs7_add(p7, x);
	BIO_free(bio);
	ERR_clear_error();
	n = i2d_PKCS7(p7, &out);
	if (n <= 0)
		abort();
	made = arena_blob(a, out, (size_t)n);
	OPENSSL_free(out);
	return made;
}

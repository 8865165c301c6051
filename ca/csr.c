/* SPDX-License-Identifier: Apache-2.0 */
/* csr.c - certification requests (PKCS#10, RFC 2986), walked strictly and without
 * OpenSSL's decoders.  Runs on: loop. */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "ca/extension.h"
#include "ca/key.h"
#include "ca/names.h"

DEFER(EVP_MD_CTX, EVP_MD_CTX_free)

#define COMMON_NAME_MAX 64	/* ub-common-name, X.520 */

/* Pieces of a CSR, pointing into its DER. */
struct parts {
	struct blob		 info;		/* what is signed, with its header */
	struct blob		 subject;	/* content */
	struct blob		 spki;		/* with its header */
	struct blob		 attributes;	/* content */
	struct blob		 extensions;	/* content of the requested ones */
	const struct signature	*algorithm;
	struct blob		 signature;
};

static bool
csr_fields(struct parts *csr, struct blob info, struct problem *p)
{
	struct blob fields, version;

	if (!der_get(&info, DER_SEQUENCE, &fields) ||
	    !der_get(&fields, DER_INTEGER, &version))
		return problem(p, PROBLEM_BAD_CSR, "the CSR is not PKCS#10");
	if (!blob_equal(version, (struct blob)BYTES("\0")))
		return problem(p, PROBLEM_BAD_CSR, "the CSR's version must be 0");
	if (!der_get(&fields, DER_SEQUENCE, &csr->subject) ||
	    !der_whole(&fields, DER_SEQUENCE, &csr->spki))
		return problem(p, PROBLEM_BAD_CSR, "the CSR is not PKCS#10");
	/* Some leave out an empty SET of attributes, though they should not. */
	if (fields.len > 0 && (!der_get(&fields, DER_CONSTRUCTED(0), &csr->attributes) ||
			       fields.len != 0))
		return problem(p, PROBLEM_BAD_CSR, "the CSR is not PKCS#10");
	return true;
}

static bool
csr_split(struct parts *csr, struct blob der, struct problem *p)
{
	struct blob content, algorithm;

	if (der.len > 10 && memcmp(der.data, "-----BEGIN", 10) == 0)
		return problem(p, PROBLEM_BAD_CSR, "the CSR is PEM; send the base64url of its "
			       "DER");
	if (!der_check(der))
		return problem(p, PROBLEM_BAD_CSR, "the CSR is not one element of strict DER, "
			       "with nothing behind it");
	if (!der_get(&der, DER_SEQUENCE, &content) ||
	    !der_whole(&content, DER_SEQUENCE, &csr->info) ||
	    !der_whole(&content, DER_SEQUENCE, &algorithm) ||
	    !der_octets(&content, &csr->signature) || content.len != 0)
		return problem(p, PROBLEM_BAD_CSR, "the CSR is not PKCS#10");
	csr->algorithm = signature_find(algorithm);
	if (csr->algorithm == NULL)
		return problem(p, PROBLEM_BAD_CSR, "the CSR must be signed with RSA (PKCS #1 "
			       "v1.5) or ECDSA and SHA-256, SHA-384 or SHA-512");
	return csr_fields(csr, csr->info, p);
}

/* Of a well-known string type, and valid in it? */
static bool
text_ok(uint8_t tag, struct blob text)
{
	unsigned long c;

	switch (tag) {
	case DER_NUMERIC:
	case DER_PRINTABLE:
	case DER_TELETEX:
	case DER_IA5:
		return true;
	case DER_BMP:
		for (size_t i = 0; i + 1 < text.len; i += 2)
			if ((text.data[i] & 0xf8) == 0xd8)
				return false;	/* surrogates are UTF-16 */
		return text.len % 2 == 0;
	case DER_UTF8:
		for (size_t i = 0; i < text.len;) {
			int n = UTF8_getc(text.data + i, (int)(text.len - i), &c);

			if (n <= 0)
				return false;
			i += (size_t)n;
		}
		return true;
	default:
		return false;
	}
}

/* One attribute of the subject; each common name is a name that is asked for. */
static bool
subject_attribute(struct names *names, struct blob *rdn, struct problem *p)
{
	struct blob attribute, oid, text;
	uint8_t tag;

	if (!der_get(rdn, DER_SEQUENCE, &attribute) || !der_get(&attribute, DER_OID, &oid) ||
	    !der_any(&attribute, &tag, &text) || attribute.len != 0 || !text_ok(tag, text))
		return problem(p, PROBLEM_BAD_CSR, "the CSR's subject is not a proper name");
	if (!blob_equal(oid, (struct blob)OID_COMMON_NAME))
		return true;
	if (tag != DER_UTF8 && tag != DER_PRINTABLE)
		return problem(p, PROBLEM_BAD_CSR, "the common name must be a UTF8String or a "
			       "PrintableString");
	if (text.len > COMMON_NAME_MAX)
		return problem(p, PROBLEM_BAD_CSR, "the common name has %zu octets, at most %d "
			       "are allowed; leave it out, subjectAltName suffices", text.len,
			       COMMON_NAME_MAX);
	return names_add_dns(names, text, p);
}

static bool
csr_subject(struct names *names, struct blob subject, struct problem *p)
{
	struct blob rdn;

	while (subject.len > 0) {
		if (!der_get(&subject, DER_SET, &rdn) || rdn.len == 0)
			return problem(p, PROBLEM_BAD_CSR, "the CSR's subject is not a proper "
				       "name");
		while (rdn.len > 0)
			if (!subject_attribute(names, &rdn, p))
				return false;
	}
	return true;
}

/* Finds the requested extensions: one attribute at most, with one value, and not a second
 * list in Microsoft's attribute, so that nobody can read other names than we do. */
static bool
csr_attributes(struct parts *csr, struct problem *p)
{
	struct blob rest = csr->attributes, attribute, oid, values;
	bool found = false;

	while (rest.len > 0) {
		if (!der_get(&rest, DER_SEQUENCE, &attribute) ||
		    !der_get(&attribute, DER_OID, &oid) ||
		    !der_get(&attribute, DER_SET, &values) || attribute.len != 0 ||
		    values.len == 0)
			return problem(p, PROBLEM_BAD_CSR, "an attribute of the CSR is not in "
				       "its form: type and values");
		if (blob_equal(oid, (struct blob)OID_MS_EXTENSIONS))
			return problem(p, PROBLEM_BAD_CSR, "the CSR has Microsoft's attribute "
				       "for extensions; use extensionRequest of PKCS #9");
		if (!blob_equal(oid, (struct blob)OID_EXTENSION_REQUEST))
			continue;
		if (found || !der_get(&values, DER_SEQUENCE, &csr->extensions) ||
		    values.len != 0)
			return problem(p, PROBLEM_BAD_CSR, "the CSR must have one "
				       "extensionRequest with one value");
		found = true;
	}
	return true;
}

/* Takes the names; what else is asked for is decided by our profile, not by the client. */
static bool
csr_extensions(struct names *names, struct blob list, struct problem *p)
{
	struct extensions e = { .rest = list };

	while (e.rest.len > 0) {
		if (!extension_next(&e))
			return problem(p, PROBLEM_BAD_CSR, "a requested extension is there "
				       "twice or not in strict DER, or there are more than %d",
				       EXTENSIONS_MAX);
		if (blob_equal(e.oid, (struct blob)OID_TLS_FEATURE))
			return problem(p, PROBLEM_BAD_CSR, "the CSR asks for OCSP must-staple, "
				       "but this CA has no OCSP");
		if (blob_equal(e.oid, (struct blob)OID_SUBJECT_ALT_NAME) &&
		    !names_parse(names, e.value, p))
			return false;
	}
	return true;
}

static bool
csr_names(struct csr *csr, struct arena *a, struct parts *parts, struct problem *p)
{
	struct names names = { .arena = a };

	if (!csr_attributes(parts, p) || !csr_extensions(&names, parts->extensions, p) ||
	    !csr_subject(&names, parts->subject, p))
		return false;
	if (names.n == 0)
		return problem(p, PROBLEM_BAD_CSR, "the CSR has no names: put them into "
			       "subjectAltName");
	csr->idents = names.list;
	csr->nident = ident_sort(names.list, names.n);
	return true;
}

/* Fit for a certificate?  P-521 and Ed25519 are for accounts only. */
static bool
csr_key(struct csr *csr, struct arena *a, const struct parts *parts, struct problem *p)
{
	csr->spki = arena_blob(a, parts->spki.data, parts->spki.len);
	if (!key_spki_parse(&csr->key, a, csr->spki) ||
	    signature_of_ca(csr->key.type) == NULL)
		return problem(p, PROBLEM_BAD_CSR, "the CSR's key must be RSA, or EC on the named "
			       "curve P-256 or P-384 with an uncompressed point");
	if (!signature_fits(parts->algorithm, csr->key.type))
		return problem(p, PROBLEM_BAD_CSR, "the CSR's signature algorithm and key are "
			       "not of the same kind");
	return true;
}

static bool
csr_verify(const struct csr *csr, const struct parts *parts, struct problem *p)
{
	defer(EVP_PKEY) *key = key_open_fit(&csr->key, PROBLEM_BAD_CSR, p);
	defer(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	if (key == NULL)
		return false;
	if (EVP_DigestVerifyInit_ex(ctx, NULL, parts->algorithm->digest, NULL, NULL, key,
				    NULL) != 1 ||
	    EVP_DigestVerify(ctx, parts->signature.data, parts->signature.len,
			     parts->info.data, parts->info.len) != 1) {
		ERR_clear_error();
		return problem(p, PROBLEM_BAD_CSR, "the CSR's signature is not valid");
	}
	return true;
}

bool
csr_parse(struct csr *csr, struct arena *a, struct blob der, struct problem *p)
{
	struct parts parts = { .algorithm = NULL };

	return csr_split(&parts, der, p) && csr_key(csr, a, &parts, p) &&
	       csr_names(csr, a, &parts, p) && csr_verify(csr, &parts, p);
}

bool
csr_names_check(const struct csr *csr, const struct ident *idents, size_t n,
		struct problem *p)
{
	size_t i = 0, k = 0;

	while (i < csr->nident || k < n) {
		int order = i == csr->nident ? 1 : k == n ? -1 :
			    ident_compare(&csr->idents[i], &idents[k]);

		if (order < 0)
			return problem(p, PROBLEM_BAD_CSR, "the CSR has the name \"%.200s\", "
				       "which the order has not", csr->idents[i].value);
		if (order > 0)
			return problem(p, PROBLEM_BAD_CSR, "the CSR lacks the name \"%.200s\" of "
				       "the order", idents[k].value);
		i++;
		k++;
	}
	return true;
}

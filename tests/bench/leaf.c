/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.c - keys, certification requests, certificates. */
#include "tests/bench/leaf.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/defer.h"

static inline void
release_extensions(X509_EXTENSIONS *list)
{
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

DEFER(BIO, BIO_free_all)
DEFER(GENERAL_NAMES, GENERAL_NAMES_free)
DEFER(X509_EXTENSIONS, release_extensions)
DEFER(X509_NAME, X509_NAME_free)

#define SEQUENCE 0x30
#define SET	 0x31
#define OCTETS	 0x04
#define BITS	 0x03
#define DNS_NAME 0x82
#define ATTRIBUTES 0xa0

static const uint8_t version_and_no_subject[] = { 0x02, 0x01, 0x00, SEQUENCE, 0x00 };
/* extensionRequest, subjectAltName */
static const uint8_t oid_request[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
				       0x09, 0x0e };
static const uint8_t oid_names[] = { 0x06, 0x03, 0x55, 0x1d, 0x11 };
/* ecdsa-with-SHA256; sha256WithRSAEncryption, NULL */
static const uint8_t by_ecdsa[] = { SEQUENCE, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
				    0x04, 0x03, 0x02 };
static const uint8_t by_rsa[] = { SEQUENCE, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
				  0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00 };

static void
release_key(void *key)
{
	EVP_PKEY_free(key);
}

struct leaf *
leaf_list(struct arena *a, uint64_t n, enum key_type type)
{
	struct leaf *list = arena_alloc(a, n * sizeof(*list));

	for (uint64_t i = 0; i < n; i++) {
		EVP_PKEY *key = type == KEY_RSA2048 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
		uint8_t *der = NULL;
		int len = key == NULL ? -1 : i2d_PUBKEY(key, &der);

		if (len <= 0)
			abort();
		list[i].type = type;
		list[i].key = arena_own(a, key, release_key);
		list[i].spki = arena_blob(a, der, (size_t)len);
		OPENSSL_free(der);
	}
	return list;
}

/* DER written from its end to its start, so that lengths are known when they are due. */
struct writer {
	uint8_t	*start, *at;
};

static void
put(struct writer *w, const void *data, size_t n)
{
	if ((size_t)(w->at - w->start) < n)
		abort();
	w->at -= n;
	memcpy(w->at, data, n);
}

static void
put_octet(struct writer *w, uint8_t octet)
{
	put(w, &octet, 1);
}

/* Makes a value of all that stands before end. */
static void
wrap(struct writer *w, uint8_t tag, const uint8_t *end)
{
	size_t n = (size_t)(end - w->at);
	uint8_t octets = 0;

	if (n < 128) {
		put_octet(w, (uint8_t)n);
	} else {
		for (; n > 0; n >>= 8, octets++)
			put_octet(w, (uint8_t)n);
		put_octet(w, 0x80 | octets);
	}
	put_octet(w, tag);
}

static void
put_attributes(struct writer *w, const char *const *names, size_t n)
{
	const uint8_t *end = w->at, *one;

	while (n-- > 0) {
		one = w->at;
		put(w, names[n], strlen(names[n]));
		wrap(w, DNS_NAME, one);
	}
	wrap(w, SEQUENCE, end);
	wrap(w, OCTETS, end);
	put(w, oid_names, sizeof(oid_names));
	wrap(w, SEQUENCE, end);
	wrap(w, SEQUENCE, end);
	wrap(w, SET, end);
	put(w, oid_request, sizeof(oid_request));
	wrap(w, SEQUENCE, end);
	wrap(w, ATTRIBUTES, end);
}

static size_t
sign(const struct leaf *leaf, const uint8_t *data, size_t n, uint8_t signature[512])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 512;

	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, leaf->key) != 1 ||
	    EVP_DigestSign(ctx, signature, &len, data, n) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return len;
}

struct blob
leaf_request(struct arena *a, const struct leaf *leaf, const char *const *names, size_t n)
{
	size_t room = 1024, len;
	uint8_t signature[512], *end, *start;
	struct writer w;
	struct blob info;

	for (size_t i = 0; i < n; i++)
		room += strlen(names[i]) + 4;
	start = arena_alloc(a, room);
	w = (struct writer){ start, start + room };
	put_attributes(&w, names, n);
	put(&w, leaf->spki.data, leaf->spki.len);
	put(&w, version_and_no_subject, sizeof(version_and_no_subject));
	wrap(&w, SEQUENCE, start + room);
	info = (struct blob){ w.at, (size_t)(start + room - w.at) };

	len = sign(leaf, info.data, info.len, signature);
	room = info.len + len + 64;
	start = arena_alloc(a, room);
	end = start + room;
	w = (struct writer){ start, end };
	put(&w, signature, len);
	put_octet(&w, 0);		/* no unused bits */
	wrap(&w, BITS, end);
	if (leaf->type == KEY_RSA2048)
		put(&w, by_rsa, sizeof(by_rsa));
	else
		put(&w, by_ecdsa, sizeof(by_ecdsa));
	put(&w, info.data, info.len);
	wrap(&w, SEQUENCE, end);
	return (struct blob){ w.at, (size_t)(end - w.at) };
}

static bool
is_text(const ASN1_STRING *string, const char *text)
{
	return (size_t)ASN1_STRING_length(string) == strlen(text) &&
	       strncasecmp((const char *)ASN1_STRING_get0_data(string), text, strlen(text)) == 0;
}

static bool
is_certified(GENERAL_NAMES *list, const char *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(list, i);

		if (one->type == GEN_DNS && is_text(one->d.dNSName, name))
			return true;
	}
	return false;
}

/* Each of the names, which differ, and no more than these. */
static bool
has_names(struct blob extensions, const char *const *names, size_t n)
{
	const uint8_t *at = extensions.data;
	defer(X509_EXTENSIONS) *all = d2i_X509_EXTENSIONS(NULL, &at, (long)extensions.len);
	defer(GENERAL_NAMES) *list = X509V3_get_d2i(all, NID_subject_alt_name, NULL, NULL);

	if (list == NULL || (size_t)sk_GENERAL_NAME_num(list) != n)
		return false;
	while (n-- > 0)
		if (!is_certified(list, names[n]))
			return false;
	return true;
}

static bool
is_listed(const ASN1_STRING *name, const char *const *names, size_t n)
{
	while (n-- > 0)
		if (is_text(name, names[n]))
			return true;
	return false;
}

/* A common name is none or one of the names. */
static bool
has_subject(struct blob der, const char *const *names, size_t n)
{
	const uint8_t *start = der.data;
	defer(X509_NAME) *subject = d2i_X509_NAME(NULL, &start, (long)der.len);
	int at = -1;

	if (subject == NULL)
		return false;
	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		if (!is_listed(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)),
			       names, n))
			return false;
	return true;
}

/* --- The parts of a certificate (RFC 5280 section 4.1) --------------------------------------
 * d2i_X509() would decode the public key as well, which alone takes 100 us. */

#define EXTENSIONS (V_ASN1_CONTEXT_SPECIFIC | 3)

struct parts {
	struct blob	subject, spki, extensions;	/* each with tag and length */
};

/* Takes the next value from *in: all of it in *value, without tag and length in *inside.
 * Its tag, -1: there is none. */
static int
next_value(struct blob *in, struct blob *value, struct blob *inside)
{
	const uint8_t *at = in->data, *start = at;
	int tag, class, form;
	long len;

	if (in->len == 0)
		return -1;
	form = ASN1_get_object(&at, &len, &tag, &class, (long)in->len);
	if ((form & 0x81) != 0)		/* broken, or of indefinite length */
		return -1;
	*inside = (struct blob){ at, (size_t)len };
	*value = (struct blob){ start, (size_t)(at - start) + (size_t)len };
	*in = (struct blob){ at + len, in->len - value->len };
	return tag | class;
}

static bool
take_apart(struct blob der, struct parts *parts)
{
	struct blob certificate, tbs, value, inside;
	int tag;

	if (next_value(&der, &value, &certificate) != V_ASN1_SEQUENCE || der.len != 0 ||
	    next_value(&certificate, &value, &tbs) != V_ASN1_SEQUENCE)
		return false;
	tag = next_value(&tbs, &value, &inside);
	if (tag == V_ASN1_CONTEXT_SPECIFIC)		/* version */
		tag = next_value(&tbs, &value, &inside);
	if (tag != V_ASN1_INTEGER)			/* serial number */
		return false;
	for (int i = 0; i < 3; i++)			/* signature, issuer, validity */
		if (next_value(&tbs, &value, &inside) != V_ASN1_SEQUENCE)
			return false;
	if (next_value(&tbs, &parts->subject, &inside) != V_ASN1_SEQUENCE ||
	    next_value(&tbs, &parts->spki, &inside) != V_ASN1_SEQUENCE)
		return false;
	while ((tag = next_value(&tbs, &value, &parts->extensions)) >= 0)
		if (tag == EXTENSIONS)
			return true;
	return false;
}

static const char *
fault(const struct leaf *leaf, struct blob der, const char *const *names, size_t n)
{
	struct parts parts;

	if (!take_apart(der, &parts))
		return "not a certificate";
	if (!has_names(parts.extensions, names, n))
		return "its subjectAltName is not what was ordered";
	if (!has_subject(parts.subject, names, n))
		return "its common name was not ordered";
	if (parts.spki.len != leaf->spki.len ||
	    memcmp(parts.spki.data, leaf->spki.data, leaf->spki.len) != 0)
		return "it has another key";
	return NULL;
}

const char *
leaf_fault(const struct leaf *leaf, struct blob pem, const char *const *names, size_t n)
{
	defer(BIO) *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	char *label = NULL, *header = NULL;
	uint8_t *der = NULL;
	const char *wrong = "not PEM";
	long len;

	if (PEM_read_bio(in, &label, &header, &der, &len) == 1)
		wrong = strcmp(label, "CERTIFICATE") != 0 ? "not a certificate" :
			fault(leaf, (struct blob){ der, (size_t)len }, names, n);
	ERR_clear_error();
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return wrong;
}

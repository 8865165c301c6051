/* SPDX-License-Identifier: Apache-2.0 */
/* csr_make.h - right and wrong DER for tests, piece by piece, and what OpenSSL reads in a
 * CSR.  Shares no code with ca/der.c. */
#ifndef TESTS_CSR_MAKE_H
#define TESTS_CSR_MAKE_H

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ident.h"

#define UNUSED __attribute__((unused))

/* Where all of it lives; the test program makes and frees it. */
static struct arena *make_arena;

/* A string literal's bytes; the bytes of a text. */
#define B(s) ((struct blob){ (const uint8_t *)(s), sizeof(s) - 1 })

UNUSED static struct blob
text_blob(const char *s)
{
	return (struct blob){ (const uint8_t *)s, strlen(s) };
}

/* One element of n parts, whatever they are. */
static struct blob
make_tlv(uint8_t tag, size_t n, const struct blob *parts)
{
	size_t len = 0, at = 0, octets = 0;
	uint8_t *d;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	d = arena_alloc(make_arena, len + 6);
	d[at++] = tag;
	if (len < 128) {
		d[at++] = (uint8_t)len;
	} else {
		for (size_t k = len; k > 0; k >>= 8)
			octets++;
		d[at++] = (uint8_t)(0x80 + octets);
		for (size_t k = octets; k > 0; k--)
			d[at++] = (uint8_t)(len >> (8 * (k - 1)));
	}
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0)
			memcpy(d + at, parts[i].data, parts[i].len);
		at += parts[i].len;
	}
	return (struct blob){ d, at };
}

#define TLV(tag, ...)							\
	make_tlv(tag, sizeof((struct blob[]){ __VA_ARGS__ }) / sizeof(struct blob),	\
		 (struct blob[]){ __VA_ARGS__ })
#define SEQ(...)   TLV(0x30, __VA_ARGS__)
#define SET(...)   TLV(0x31, __VA_ARGS__)
#define OCTETS(...) TLV(0x04, __VA_ARGS__)
#define OIDV(s)	   TLV(0x06, B(s))
#define NOTHING	   ((struct blob){ NULL, 0 })

#define DNS(s)	   TLV(0x82, text_blob(s))
#define IP(s)	   TLV(0x87, B(s))

/* Without the element's header. */
UNUSED static struct blob
inside(struct blob element)
{
	size_t head = element.data[1] < 128 ? 2 : 2 + (element.data[1] & 0x7f);

	return (struct blob){ element.data + head, element.len - head };
}

/* --- pieces of a CSR ---------------------------------------------------------------- */

#define ECDSA_SHA256 SEQ(OIDV("\x2a\x86\x48\xce\x3d\x04\x03\x02"))
#define RSA_SHA256   SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), B("\x05\0"))

UNUSED static struct blob
extension(struct blob oid, struct blob value)
{
	return SEQ(oid, OCTETS(value));
}

#define SAN_OID	     OIDV("\x55\x1d\x11")
#define SAN(...)     extension(SAN_OID, SEQ(__VA_ARGS__))
#define REQUEST_OID  OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e")
#define REQUEST(...) SEQ(REQUEST_OID, SET(SEQ(__VA_ARGS__)))
#define CN(tag, s)   SET(SEQ(OIDV("\x55\x04\x03"), TLV(tag, s)))

/* What a CSR is made of.  NULL data: left out (attributes), or what is right (others). */
struct recipe {
	EVP_PKEY	*key;
	const char	*digest;	/* NULL: SHA256 */
	struct blob	 version, subject, spki, attributes, algorithm;
};

UNUSED static struct blob
key_blob(EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	struct blob copy = arena_blob(make_arena, der, (size_t)len);

	OPENSSL_free(der);
	return copy;
}

static struct blob
make_signature(EVP_PKEY *key, const char *digest, struct blob what)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = (size_t)EVP_PKEY_get_size(key);
	uint8_t *d = arena_alloc(make_arena, len);

	if (EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) != 1 ||
	    EVP_DigestSign(ctx, d, &len, what.data, what.len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return (struct blob){ d, len };
}

/* The algorithm of a signature by SHA-256 with that key. */
static struct blob
usual_algorithm(EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? RSA_SHA256 : ECDSA_SHA256;
}

/* SEQUENCE { info, algorithm, signature }, signed. */
UNUSED static struct blob
make_signed(EVP_PKEY *key, const char *digest, struct blob algorithm, struct blob info)
{
	return SEQ(info, algorithm, TLV(0x03, B("\0"), make_signature(key, digest, info)));
}

UNUSED static struct blob
make_csr(const struct recipe *r)
{
	struct blob version = r->version.data != NULL ? r->version : B("\x02\x01\x00");
	struct blob subject = r->subject.data != NULL ? r->subject : SEQ(NOTHING);
	struct blob spki = r->spki.data != NULL ? r->spki : key_blob(r->key);
	struct blob algorithm = r->algorithm.data != NULL ? r->algorithm :
				usual_algorithm(r->key);
	const char *digest = EVP_PKEY_get_base_id(r->key) == EVP_PKEY_ED25519 ? NULL :
			     r->digest != NULL ? r->digest : "SHA256";

	return make_signed(r->key, digest, algorithm,
			   SEQ(version, subject, spki, r->attributes));
}

/* With these extensions requested, and an empty subject. */
#define CSR(k, ...)							\
	make_csr(&(struct recipe){ .key = (k), .attributes = TLV(0xa0, REQUEST(__VA_ARGS__)) })

/* RSA by three primes: quicker to find, and nobody sees it. */
UNUSED static EVP_PKEY *
quick_rsa(int bits)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_primes(ctx, bits >= 4096 ? 4 : 3) != 1 ||
	    EVP_PKEY_generate(ctx, &key) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* --- what OpenSSL reads ------------------------------------------------------------- */

/* The identifier that a dNSName, CN or iPAddress is, by plain means.  False: it holds a
 * NUL or has a wrong length. */
UNUSED static bool
plain_ident(struct ident *i, int type, const ASN1_STRING *s)
{
	const uint8_t *d = ASN1_STRING_get0_data(s);
	size_t len = (size_t)ASN1_STRING_length(s);
	char text[INET6_ADDRSTRLEN], *copy;

	*i = (struct ident){ .type = type == GEN_IPADD ? IDENT_IP : IDENT_DNS };
	if (type == GEN_IPADD) {
		if (len != 4 && len != 16)
			return false;
		inet_ntop(len == 4 ? AF_INET : AF_INET6, d, text, sizeof(text));
		i->value = arena_strdup(make_arena, text);
		return true;
	}
	copy = arena_strndup(make_arena, (const char *)d, len);
	for (char *c = copy; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	i->value = copy;
	return strlen(copy) == len;
}

/* The names in SAN and the CNs, sorted, as one text; NULL: OpenSSL finds fault. */
UNUSED static const char *
names_by_openssl(GENERAL_NAMES *san, const X509_NAME *subject)
{
	size_t n = 0, max = (size_t)X509_NAME_entry_count(subject) + 1;
	struct ident *list;

	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++)
		max++;
	list = arena_alloc(make_arena, max * sizeof(*list));
	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		int type;
		const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, i),
							       &type);

		if ((type != GEN_DNS && type != GEN_IPADD) ||
		    !plain_ident(&list[n++], type, s))
			return NULL;
	}
	for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
		if (!plain_ident(&list[n++], GEN_DNS, X509_NAME_ENTRY_get_data(
			X509_NAME_get_entry(subject, at))))
			return NULL;
	return ident_list(make_arena, list, ident_sort(list, n));
}

/* What OpenSSL says of a CSR. */
struct openssl_csr {
	bool		 parsed;	/* all of it, and the signature is good */
	const char	*names;
	struct blob	 spki;
};

UNUSED static struct openssl_csr
read_by_openssl(struct blob der)
{
	const uint8_t *at = der.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.len);
	struct openssl_csr csr = { .parsed = false };
	STACK_OF(X509_EXTENSION) *extensions;
	GENERAL_NAMES *san;

	if (req == NULL)
		return csr;
	extensions = X509_REQ_get_extensions(req);
	san = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	csr.parsed = at == der.data + der.len &&
		     X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) == 1;
	csr.names = names_by_openssl(san, X509_REQ_get_subject_name(req));
	csr.spki = key_blob(X509_REQ_get0_pubkey(req));
	GENERAL_NAMES_free(san);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(req);
	ERR_clear_error();
	return csr;
}

#endif

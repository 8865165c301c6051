/* SPDX-License-Identifier: Apache-2.0 */
/* issuer.c - an issuing CA: its key and its certificates.  Opened by main; signs on:
 * crypto. */
#include "ca/issuer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/cert.h"

DEFER(BIO, BIO_free_all)
DEFER(EVP_MD_CTX, EVP_MD_CTX_free)
DEFER(OSSL_STORE_CTX, OSSL_STORE_close)
DEFER_STRUCT(arena, arena_free)
DEFER_STRUCT(issuer, issuer_close)

#define FAIL(p, ...) problem(p, PROBLEM_SERVER_INTERNAL, __VA_ARGS__)

/* --- the key ---------------------------------------------------------------------- */

/* Never asks at a terminal. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* Only its owner may read it. */
static bool
key_file_ok(int fd, const char *file, struct problem *p)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return FAIL(p, "%.150s is not a file", file);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return FAIL(p, "%.150s: others than its owner can use this key; chmod 0600",
			    file);
	return true;
}

static EVP_PKEY *
key_from_file(const char *file, struct problem *p)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	defer(BIO) *bio = NULL;
	EVP_PKEY *key;

	if (fd < 0) {
		FAIL(p, "%.150s: %s", file, strerror(errno));
		return NULL;
	}
	bio = BIO_new_fd(fd, BIO_CLOSE);
	if (bio == NULL)
		abort();
	if (!key_file_ok(fd, file, p))
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	ERR_clear_error();
	if (key == NULL)
		FAIL(p, "%.150s holds no private key in PEM without a password", file);
	return key;
}

/* The first key that a provider finds under a URI (RFC 7512). */
static EVP_PKEY *
key_from_store(const char *uri, struct problem *p)
{
	defer(OSSL_STORE_CTX) *store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
	EVP_PKEY *key = NULL;

	while (store != NULL && key == NULL && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info == NULL)
			continue;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	ERR_clear_error();
	if (key == NULL)	/* the URI may hold a PIN */
		FAIL(p, "no private key is found under the pkcs11: URI; is the provider "
		     "loaded, the PIN right?");
	return key;
}

/* --- the certificates ------------------------------------------------------------- */

static struct blob
certificate_der(X509 *x, struct arena *a)
{
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	struct blob copy;

	if (len <= 0)
		abort();
	copy = arena_blob(a, der, (size_t)len);
	OPENSSL_free(der);
	return copy;
}

/* May it sign certificates for servers, and their CRL? */
static bool
usage_ok(X509 *x, const char *file, struct problem *p)
{
	uint32_t both = KU_KEY_CERT_SIGN | KU_CRL_SIGN;

	if (X509_check_purpose(x, -1, 0) != 1 || X509_check_ca(x) != 1)
		return FAIL(p, "%.150s: the first certificate is not that of a CA", file);
	if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) == 0 ||
	    (X509_get_key_usage(x) & both) != both)
		return FAIL(p, "%.150s: the CA certificate lacks keyCertSign or cRLSign in its "
			    "keyUsage", file);
	if ((X509_get_extended_key_usage(x) & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0)
		return FAIL(p, "%.150s: the CA certificate's extendedKeyUsage does not allow "
			    "serverAuth", file);
	return true;
}

/* Keeps what leaves and CRLs need of the issuer's certificate. */
static bool
issuer_read(struct issuer *i, X509 *x, const char *file, struct problem *p)
{
	struct cert_parts c;
	struct public_key key;
	struct problem why;

	i->certificate = certificate_der(x, i->arena);
	if (!cert_split(&c, i->certificate))
		return FAIL(p, "%.150s: the first certificate is not v3 in strict DER", file);
	if (!usage_ok(x, file, p))
		return false;
	if (c.subject.len <= 2)
		return FAIL(p, "%.150s: the CA certificate has an empty subject", file);
	if (c.subject_key.data == NULL ||
	    !der_get(&c.subject_key, DER_OCTET_STRING, &i->key_id) || i->key_id.len == 0 ||
	    c.subject_key.len != 0)
		return FAIL(p, "%.150s: the CA certificate has no subjectKeyIdentifier", file);
	i->subject = c.subject;
	i->spki = c.spki;
	i->not_before = c.not_before;
	i->not_after = c.not_after;
	if (!key_spki_parse(&key, i->arena, c.spki) ||
	    (i->signature = signature_of_ca(key.type)) == NULL)
		return FAIL(p, "%.150s: a CA key must be P-256, P-384 or RSA", file);
	i->public = key_open_fit(&key, PROBLEM_SERVER_INTERNAL, &why);
	if (i->public == NULL)
		return FAIL(p, "%.100s: %.100s", file, why.detail);
	return true;
}

/* Adds one certificate to the chain; each must have signed the one before it. */
static bool
chain_add(struct issuer *i, const char **chain, X509 *x, X509 *below, const char *file,
	  struct problem *p)
{
	const char *pem;

	if (below != NULL && (X509_check_issued(x, below) != X509_V_OK ||
			      X509_verify(below, X509_get0_pubkey(x)) != 1))
		return FAIL(p, "%.150s: each certificate must be followed by the one that "
			    "signed it", file);
	/* A root is left out, but not one that issues itself: it is all we have. */
	if (below != NULL && X509_self_signed(x, 0) == 1)
		return true;
	pem = pem_print(i->arena, "CERTIFICATE", certificate_der(x, i->arena));
	*chain = arena_printf(i->arena, "%s%s", *chain, pem);
	return true;
}

static void
certificate_free(void *x)
{
	X509_free(x);
}

/* The first certificate of a file is judged by first(). */
static bool
certificates_read(struct issuer *i, const char **chain, const char *file,
		  bool (*first)(struct issuer *i, X509 *x, const char *file, struct problem *p),
		  struct problem *p)
{
	defer(BIO) *bio = BIO_new_file(file, "re");
	defer_struct(arena) *scratch = arena_new();
	X509 *x, *below = NULL;

	if (bio == NULL)
		return FAIL(p, "%.150s: %s", file, strerror(errno));
	while ((x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
		arena_own(scratch, x, certificate_free);
		if (below == NULL && !first(i, x, file, p))
			return false;
		if (!chain_add(i, chain, x, below, file, p))
			return false;
		below = x;
	}
	if (below == NULL || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return FAIL(p, "%.150s: %s", file, below == NULL ?
			    "no certificate in PEM is in it" : "a certificate in it is broken");
	return true;
}

/* --- opening and signing ---------------------------------------------------------- */

/* The proof that the key is that of the certificate is a signature: it works for keys
 * that never leave their token, too. */
static bool
key_try(const struct issuer *i, const char *file, struct problem *p)
{
	defer_struct(arena) *a = arena_new();
	struct blob probe = BYTES("\x04\x06" "brevet"), der;
	struct problem why;

	return issuer_sign(i, probe, a, &der, &why) ||
	       FAIL(p, "%.150s: the key is not that of the CA certificate, or does not "
		    "work", file);
}

struct issuer *
issuer_open(const char *name, const char *certificate_file, const char *key_file,
	    struct problem *p)
{
	struct arena *a = arena_new();
	defer_struct(issuer) *i = arena_alloc(a, sizeof(*i));
	bool token = strncmp(key_file, "pkcs11:", 7) == 0, fine;
	struct issuer *opened;

	i->arena = a;
	i->name = arena_strdup(a, name);
	i->chain = "";
	fine = certificates_read(i, &i->chain, certificate_file, issuer_read, p);
	ERR_clear_error();
	if (!fine)
		return NULL;
	i->key = token ? key_from_store(key_file, p) : key_from_file(key_file, p);
	if (i->key == NULL || !key_try(i, token ? "pkcs11:" : key_file, p))
		return NULL;
	opened = i;
	i = NULL;
	return opened;
}

/* A cross-certificate: the same CA, signed by somebody else. */
static bool
same_ca(struct issuer *i, X509 *x, const char *file, struct problem *p)
{
	struct cert_parts c;

	if (cert_split(&c, certificate_der(x, i->arena)) && blob_equal(c.subject, i->subject) &&
	    blob_equal(c.spki, i->spki))
		return true;
	return FAIL(p, "%.150s: its first certificate has not the subject and key of the issuer",
		    file);
}

bool
issuer_alternate(struct issuer *i, const char *file, struct problem *p)
{
	const char **list = arena_alloc(i->arena, (i->nalternate + 1) * sizeof(*list));
	bool fine;

	if (i->nalternate > 0)
		memcpy(list, i->alternates, i->nalternate * sizeof(*list));
	list[i->nalternate] = "";
	fine = certificates_read(i, &list[i->nalternate], file, same_ca, p);
	ERR_clear_error();
	if (!fine)
		return false;
	i->alternates = list;
	i->nalternate++;
	return true;
}

size_t
issuer_alternates(const struct issuer *i)
{
	return i->nalternate;
}

void
issuer_close(struct issuer *i)
{
	if (i == NULL)
		return;
	EVP_PKEY_free(i->key);
	EVP_PKEY_free(i->public);
	arena_free(i->arena);
}

const char *
issuer_name(const struct issuer *i)
{
	return i->name;
}

int64_t
issuer_not_before(const struct issuer *i)
{
	return i->not_before;
}

int64_t
issuer_not_after(const struct issuer *i)
{
	return i->not_after;
}

const char *
issuer_chain(const struct issuer *i, size_t alternate)
{
	return alternate == 0 ? i->chain : i->alternates[alternate - 1];
}

struct blob
issuer_spki(const struct issuer *i)
{
	return i->spki;
}

struct blob
issuer_certificate(const struct issuer *i)
{
	return i->certificate;
}

/* False when the key does not answer. */
static bool
signature_make(const struct issuer *i, struct blob tbs, uint8_t *octets, size_t *len)
{
	defer(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	return EVP_DigestSignInit_ex(ctx, NULL, i->signature->digest, NULL, NULL, i->key,
				     NULL) == 1 &&
	       EVP_DigestSign(ctx, octets, len, tbs.data, tbs.len) == 1;
}

static bool
signature_check(const struct issuer *i, struct blob tbs, struct blob signature)
{
	defer(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	return EVP_DigestVerifyInit_ex(ctx, NULL, i->signature->digest, NULL, NULL, i->public,
				       NULL) == 1 &&
	       EVP_DigestVerify(ctx, signature.data, signature.len, tbs.data, tbs.len) == 1;
}

bool
issuer_sign(const struct issuer *i, struct blob tbs, struct arena *a, struct blob *der,
	    struct problem *p)
{
	/* A token may not know its key's size, a wrong key may have another. */
	int size = EVP_PKEY_get_size(i->key), other = EVP_PKEY_get_size(i->public);
	size_t len = (size_t)(size > other ? size : other);
	uint8_t *octets = arena_alloc(a, len);
	struct der_writer w;
	struct blob signature;

	if (!signature_make(i, tbs, octets, &len)) {
		ERR_clear_error();
		return FAIL(p, "the CA's key does not sign");
	}
	signature = (struct blob){ octets, len };
	if (!signature_check(i, tbs, signature)) {
		ERR_clear_error();
		return FAIL(p, "the CA's signature does not verify; it was thrown away");
	}
	w = der_new(a, tbs.len + len + 64);
	der_begin(&w, DER_SEQUENCE);
	der_put_raw(&w, tbs);
	der_put_raw(&w, i->signature->der);
	der_put_octets(&w, signature);
	der_end(&w);
	return der_finish(&w, der) || FAIL(p, "the signed object is too large");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* make.c - a new CA: a root and an issuing CA under it.  Runs on: main. */
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/key.h"

DEFER(ASN1_INTEGER, ASN1_INTEGER_free)
DEFER(ASN1_TIME, ASN1_TIME_free)
DEFER(BIGNUM, BN_free)
DEFER(CONF, NCONF_free)
DEFER(X509, X509_free)
DEFER(X509_EXTENSION, X509_EXTENSION_free)
DEFER(X509_NAME, X509_NAME_free)

#define DAY	     86400
#define ROOT_DAYS    7305	/* 20 years */
#define ISSUING_DAYS 3652	/* 10 years */
#define BACKDATE     3600	/* for clients whose clock is behind */
#define NAME_MAX_LEN 51		/* leaves room for " Issuing CA 1" in 64 characters */

struct extension {
	int		 nid;
	const char	*value;		/* as in x509v3_config(5) */
};

static const struct extension root_extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ NID_subject_key_identifier, "hash" },
	{ NID_authority_key_identifier, "keyid:always" },
	{ 0, NULL }
};

static const struct extension issuing_extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign" },
	{ NID_ext_key_usage, "serverAuth,clientAuth" },
	{ NID_certificate_policies, "2.23.140.1.2.1" },
	{ NID_subject_key_identifier, "hash" },
	{ NID_authority_key_identifier, "keyid:always" },
	{ 0, NULL }
};

/* O = name, CN = "<name><suffix>".  False: OpenSSL takes no such text. */
static bool
set_subject(X509 *x, const char *name, const char *suffix)
{
	defer(X509_NAME) *subject = X509_NAME_new();
	char common[256];

	snprintf(common, sizeof(common), "%s%s", name, suffix);
	return X509_NAME_add_entry_by_NID(subject, NID_organizationName, MBSTRING_UTF8,
					  (const unsigned char *)name, -1, -1, 0) == 1 &&
	       X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
					  (const unsigned char *)common, -1, -1, 0) == 1 &&
	       X509_set_subject_name(x, subject) == 1;
}

static bool
set_validity(X509 *x, int64_t now, int days)
{
	time_t from = now - BACKDATE;
	defer(ASN1_TIME) *begin = ASN1_TIME_set(NULL, from);
	defer(ASN1_TIME) *end = ASN1_TIME_set(NULL, from + (time_t)days * DAY - 1);

	return begin != NULL && end != NULL && X509_set1_notBefore(x, begin) == 1 &&
	       X509_set1_notAfter(x, end) == 1;
}

static bool
set_serial(X509 *x, int64_t now)
{
	struct serial serial = serial_new(now);
	defer(BIGNUM) *number = BN_bin2bn(serial.b, sizeof(serial.b), NULL);
	defer(ASN1_INTEGER) *integer = BN_to_ASN1_INTEGER(number, NULL);

	return integer != NULL && X509_set_serialNumber(x, integer) == 1;
}

static bool
add_extensions(X509 *x, X509 *issuer, const struct extension *list)
{
	defer(CONF) *none = NCONF_new(NULL);	/* certificatePolicies asks for one */
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, none);
	for (; list->value != NULL; list++) {
		defer(X509_EXTENSION) *e = X509V3_EXT_conf_nid(NULL, &ctx, list->nid,
							       list->value);

		if (e == NULL || X509_add_ext(x, e, -1) != 1)
			return false;
	}
	return true;
}

/* With SHA-256, or SHA-384 when the key is on P-384 (TLS BR 7.1.2). */
static bool
sign(X509 *x, EVP_PKEY *key)
{
	bool large = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == 384;

	return X509_sign(x, key, large ? EVP_sha384() : EVP_sha256()) > 0;
}

/* The root signs itself. */
static X509 *
root_new(const char *name, EVP_PKEY *key, int64_t now)
{
	X509 *x = X509_new();

	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x, now) &&
	    set_validity(x, now, ROOT_DAYS) && set_subject(x, name, " Root") &&
	    X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
	    X509_set_pubkey(x, key) == 1 && add_extensions(x, x, root_extensions) &&
	    sign(x, key))
		return x;
	X509_free(x);
	return NULL;
}

static X509 *
issuing_new(const char *name, EVP_PKEY *key, int64_t now, X509 *root, EVP_PKEY *root_key)
{
	X509 *x = X509_new();

	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x, now) &&
	    set_validity(x, now, ISSUING_DAYS) && set_subject(x, name, " Issuing CA 1") &&
	    X509_set_issuer_name(x, X509_get_subject_name(root)) == 1 &&
	    X509_set_pubkey(x, key) == 1 && add_extensions(x, root, issuing_extensions) &&
	    sign(x, root_key))
		return x;
	X509_free(x);
	return NULL;
}

/* 1 to NAME_MAX_LEN characters of UTF-8, none of them a control. */
static bool
name_ok(const char *name)
{
	size_t len = strlen(name), count = 0;
	unsigned long c;

	for (size_t i = 0; i < len; count++) {
		int n = UTF8_getc((const unsigned char *)name + i, (int)(len - i), &c);

		if (n <= 0 || c < 0x20 || c == 0x7f)
			return false;
		i += (size_t)n;
	}
	return count >= 1 && count <= NAME_MAX_LEN;
}

static struct blob
text(const char *s)
{
	return (struct blob){ (const uint8_t *)s, strlen(s) };
}

static struct blob
certificate_pem(X509 *x, struct arena *a, char fingerprint[32 * 3])
{
	uint8_t *der = NULL, hash[SHA256_DIGEST_LENGTH];
	int len = i2d_X509(x, &der);
	const char *pem;

	if (len <= 0)
		abort();
	pem = pem_print(a, "CERTIFICATE", (struct blob){ der, (size_t)len });
	SHA256(der, (size_t)len, hash);
	for (size_t i = 0; fingerprint != NULL && i < sizeof(hash); i++)
		snprintf(fingerprint + 3 * i, 4, i + 1 < sizeof(hash) ? "%02X:" : "%02X",
			 hash[i]);
	OPENSSL_free(der);
	return text(pem);
}

static struct blob
key_pem(EVP_PKEY *key, struct arena *a)
{
	struct blob pem = text(pem_print(a, "PRIVATE KEY", key_private(key, a)));

	secret_keep(a, pem);
	return pem;
}

bool
ca_make(struct ca_made *made, struct arena *a, const char *name, const char *key_type,
	int64_t now, struct problem *p)
{
	defer(EVP_PKEY) *root_key = key_generate(key_type);
	defer(EVP_PKEY) *key = key_generate(key_type);
	defer(X509) *root = NULL;
	defer(X509) *issuing = NULL;

	if (root_key == NULL || key == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "\"%.40s\" is not a type of key: p256, "
			       "p384, rsa2048, rsa3072, rsa4096", key_type);
	if (!name_ok(name))
		return problem(p, PROBLEM_SERVER_INTERNAL, "the CA's name must be 1 to %d "
			       "characters in UTF-8", NAME_MAX_LEN);
	root = root_new(name, root_key, now);
	if (root != NULL)
		issuing = issuing_new(name, key, now, root, root_key);
	ERR_clear_error();
	if (issuing == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "OpenSSL makes no certificates of a CA "
			       "named \"%.100s\"", name);
	made->root_pem = certificate_pem(root, a, made->fingerprint);
	made->root_key_pem = key_pem(root_key, a);
	made->issuing_pem = certificate_pem(issuing, a, NULL);
	made->issuing_key_pem = key_pem(key, a);
	return true;
}

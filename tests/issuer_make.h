/* SPDX-License-Identifier: Apache-2.0 */
/* issuer_make.h - CAs for tests, in a directory of their own, and their products as
 * OpenSSL sees them. */
#ifndef TESTS_ISSUER_MAKE_H
#define TESTS_ISSUER_MAKE_H

#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ca.h"
#include "tests/csr_make.h"
#include "tests/tap.h"

#define NOW 1795478400	/* 2026-11-24T00:00:00Z */
#define DAY 86400

static char make_dir[] = "/tmp/brevet-ca-XXXXXX";

UNUSED static void
make_begin(void)
{
	make_arena = arena_new();
	if (mkdtemp(make_dir) == NULL)
		abort();
}

UNUSED static const char *
make_path(const char *name)
{
	return arena_printf(make_arena, "%s/%s", make_dir, name);
}

UNUSED static const char *
make_file(const char *name, struct blob content, mode_t mode)
{
	const char *path = make_path(name);
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, content.data, content.len) != (ssize_t)content.len ||
	    fchmod(fd, mode) != 0)
		abort();
	close(fd);
	return path;
}

/* Removes the files that were made, by name, and the directory. */
UNUSED static void
make_end(void)
{
	static const char *const names[] = { "ca.pem", "ca.key", "other" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(make_path(names[i]));
	rmdir(make_dir);
	arena_free(make_arena);
}

UNUSED static X509 *
x509_of_der(struct blob der)
{
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);

	if (x != NULL && at != der.data + der.len)
		abort();
	return x;
}

UNUSED static X509 *
x509_of_pem(struct blob pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return x;
}

UNUSED static struct blob
pem_of_x509(X509 *x)
{
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	const char *pem = pem_print(make_arena, "CERTIFICATE", (struct blob){ der, (size_t)len });

	OPENSSL_free(der);
	return text_blob(pem);
}

UNUSED static struct blob
pem_of_key(EVP_PKEY *key)
{
	return text_blob(pem_print(make_arena, "PRIVATE KEY", key_private(key, make_arena)));
}

/* An issuing CA of that type as `init` makes it; also in *made. */
UNUSED static struct issuer *
make_issuer(const char *type, struct ca_made *made)
{
	struct problem p;
	struct issuer *i = NULL;

	if (ca_make(made, make_arena, "Acme", type, NOW, &p))
		i = issuer_open("main", make_file("ca.pem", made->issuing_pem, 0644),
				make_file("ca.key", made->issuing_key_pem, 0600), &p);
	if (i == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	return i;
}

/* What was signed: the first element inside. */
UNUSED static struct blob
tbs_of(struct blob der)
{
	const uint8_t *d = inside(der).data;
	size_t len = d[1] & 0x7f, head = 2;

	if (d[1] >= 0x80)
		for (len = 0, head = 2; head < 2U + (d[1] & 0x7f); head++)
			len = len << 8 | d[head];
	return (struct blob){ d, head + len };
}

UNUSED static bool
same(struct blob x, struct blob y)
{
	return x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
}

/* A certificate signed by that CA, or (issuer NULL) by itself.  extensions: pairs of name
 * and value as in x509v3_config(5), NULL at the end. */
UNUSED static X509 *
make_x509(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
	  const char *const *extensions)
{
	X509 *x = X509_new(), *above = issuer != NULL ? issuer : x;
	X509V3_CTX ctx;

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &(time_t){ NOW - DAY });
	X509_time_adj_ex(X509_getm_notAfter(x), 0, 0, &(time_t){ NOW + 1000 * DAY });
	if (*name != '\0')
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
					   (const uint8_t *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(above));
	X509_set_pubkey(x, key);
	X509V3_set_ctx(&ctx, above, x, NULL, NULL, 0);
	for (; *extensions != NULL; extensions += 2) {
		X509_EXTENSION *e = X509V3_EXT_conf(NULL, &ctx, extensions[0], extensions[1]);

		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	if (X509_sign(x, issuer_key, EVP_sha256()) <= 0)
		abort();
	return x;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* test_issuer.c - making a CA, opening issuers good and bad, PEM and reading back:
 * K-1, K-6, P-12. */
#include "tests/issuer_make.h"

#include <openssl/sha.h>

#include "ca/issuer.h"

static const char *const good[] = {
	"basicConstraints", "critical,CA:TRUE", "keyUsage", "critical,keyCertSign,cRLSign",
	"subjectKeyIdentifier", "hash", NULL
};

/* Refused, with these words for the operator. */
static void
refused(const char *what, struct blob certificates, struct blob key, const char *words)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct issuer *i = issuer_open("main", make_file("ca.pem", certificates, 0644),
				       make_file("ca.key", key, 0600), &p);

	if (!ok(i == NULL && p.type == PROBLEM_SERVER_INTERNAL &&
		strstr(p.detail, words) != NULL && ERR_peek_error() == 0, "refused: %s", what))
		printf("# %s\n", i != NULL ? "opened" : p.detail);
	issuer_close(i);
}

static struct issuer *
opened(const char *what, struct blob certificates, EVP_PKEY *key)
{
	struct problem p;
	struct issuer *i = issuer_open("main", make_file("ca.pem", certificates, 0644),
				       make_file("ca.key", pem_of_key(key), 0600), &p);

	if (!ok(i != NULL, "opened: %s", what))
		printf("# %s\n", p.detail);
	return i;
}

static bool
has_critical(X509 *x, int nid, bool critical)
{
	int at = X509_get_ext_by_NID(x, nid, -1);

	return at >= 0 && X509_get_ext_by_NID(x, nid, at) < 0 &&
	       X509_EXTENSION_get_critical(X509_get_ext(x, at)) == critical;
}

static int64_t
days_of(X509 *x)
{
	int days, seconds;

	ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), X509_get0_notAfter(x));
	return (int64_t)days * DAY + seconds + 1;
}

static void
check_root(X509 *root, const char fingerprint[])
{
	uint8_t hash[32];
	unsigned len;
	char text[96];

	is(X509_NAME_oneline(X509_get_subject_name(root), text, sizeof(text)),
	   "/O=Acme/CN=Acme Root", "the root's name");
	ok(X509_self_signed(root, 1) == 1, "it signed itself");
	ok(has_critical(root, NID_basic_constraints, true) && X509_check_ca(root) == 1 &&
	   X509_get_pathlen(root) == -1, "basicConstraints: critical, CA, no pathLen");
	ok(has_critical(root, NID_key_usage, true) &&
	   X509_get_key_usage(root) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN), "keyUsage");
	ok(has_critical(root, NID_subject_key_identifier, false) &&
	   has_critical(root, NID_authority_key_identifier, false) &&
	   X509_get_ext_count(root) == 4, "SKI and AKI, no EKU, nothing else");
	ok(days_of(root) == (int64_t)7305 * DAY, "20 years");
	ok(ASN1_STRING_length(X509_get_serialNumber(root)) >= 18, "P-2 a long serial number");
	X509_digest(root, EVP_sha256(), hash, &len);
	for (int i = 0; i < 32; i++)
		snprintf(text + 3 * i, 4, i < 31 ? "%02X:" : "%02X", hash[i]);
	is(fingerprint, text, "the root's fingerprint");
}

static void
check_issuing(X509 *x, X509 *root)
{
	char text[96];

	is(X509_NAME_oneline(X509_get_subject_name(x), text, sizeof(text)),
	   "/O=Acme/CN=Acme Issuing CA 1", "the issuing CA's name");
	ok(X509_check_issued(root, x) == X509_V_OK &&
	   X509_verify(x, X509_get0_pubkey(root)) == 1, "signed by the root");
	ok(has_critical(x, NID_basic_constraints, true) && X509_check_ca(x) == 1 &&
	   X509_get_pathlen(x) == 0, "basicConstraints: critical, CA, pathLen 0");
	ok(has_critical(x, NID_key_usage, true) &&
	   X509_get_key_usage(x) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN), "keyUsage");
	ok(has_critical(x, NID_ext_key_usage, false) &&
	   X509_get_extended_key_usage(x) == (XKU_SSL_SERVER | XKU_SSL_CLIENT), "EKU");
	ok(has_critical(x, NID_certificate_policies, false) &&
	   X509_get_ext_count(x) == 6, "policies, SKI, AKI, nothing else");
	ok(days_of(x) == (int64_t)3652 * DAY, "10 years");
}

static void
test_make(void)
{
	static const char *const types[] = { "p256", "p384" };
	char name[60] = "";
	struct ca_made made;
	struct problem p;

	for (size_t i = 0; i < 2; i++) {
		struct issuer *issuer = make_issuer(types[i], &made);
		X509 *root = x509_of_pem(made.root_pem), *x = x509_of_pem(made.issuing_pem);
		X509 *same = x509_of_der(issuer_certificate(issuer));

		printf("# %s\n", types[i]);
		check_root(root, made.fingerprint);
		check_issuing(x, root);
		ok(X509_cmp(same, x) == 0, "it opens, with its own certificate");
		is(issuer_name(issuer), "main", "its name");
		ok(issuer_not_before(issuer) == NOW - 3600 &&
		   issuer_not_after(issuer) == NOW - 3600 + (int64_t)3652 * DAY - 1, "its time");
		ok(strncmp(issuer_chain(issuer, 0), (const char *)made.issuing_pem.data,
			   made.issuing_pem.len) == 0 &&
		   strlen(issuer_chain(issuer, 0)) == made.issuing_pem.len,
		   "P-12 its chain is itself, without the root");
		X509_free(root);
		X509_free(x);
		X509_free(same);
		issuer_close(issuer);
	}
	ok(!ca_make(&made, make_arena, "Acme", "p521", NOW, &p) &&
	   strstr(p.detail, "p384") != NULL, "no P-521 CA");
	ok(!ca_make(&made, make_arena, "", "p256", NOW, &p), "no CA without a name");
	ok(!ca_make(&made, make_arena, "M\xfcller", "p256", NOW, &p), "none in Latin-1");
	ok(!ca_make(&made, make_arena, "a\nb", "p256", NOW, &p), "none of two lines");
	memset(name, 'x', 52);
	memcpy(name, "M\xc3\xbc", 3);
	ok(ca_make(&made, make_arena, name, "p256", NOW, &p), "one of 51 in UTF-8");
	name[52] = 'x';
	ok(!ca_make(&made, make_arena, name, "p256", NOW, &p), "none of 52 characters");
	ok(ca_make(&made, make_arena, "Acme", "p256", (int64_t)2540000000, &p),
	   "one that begins in 2050");
}

static void
test_chain(void)
{
	static const char *const sub[] = {
		"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign,cRLSign",
		"subjectKeyIdentifier", "hash", "authorityKeyIdentifier", "keyid", NULL
	};
	EVP_PKEY *a = EVP_EC_gen("P-256"), *b = EVP_EC_gen("P-384"), *c = quick_rsa(3072);
	X509 *root = make_x509("Root", a, NULL, a, good);
	X509 *middle = make_x509("Middle", b, root, a, sub);
	X509 *low = make_x509("Low", c, middle, b, sub);
	const char *r = (const char *)pem_of_x509(root).data;
	const char *m = (const char *)pem_of_x509(middle).data;
	const char *l = (const char *)pem_of_x509(low).data;
	struct issuer *i;

	i = opened("three levels, RSA-3072", text_blob(arena_printf(make_arena, "%s%s%s", l, m, r)),
		   c);
	is(issuer_chain(i, 0), arena_printf(make_arena, "%s%s", l, m), "P-12 the root is left out");
	issuer_close(i);
	i = opened("with words between", text_blob(arena_printf(make_arena, "Low\n%sMiddle\n%s\n",
		   l, m)), c);
	is(issuer_chain(i, 0), arena_printf(make_arena, "%s%s", l, m), "P-12 which are left out, too");
	issuer_close(i);
	i = opened("a root that issues itself", text_blob(r), a);
	is(issuer_chain(i, 0), r, "P-12 it is in its chain: some clients want two certificates");
	issuer_close(i);
	refused("in the wrong order", text_blob(arena_printf(make_arena, "%s%s%s", l, r, m)),
		pem_of_key(c), "followed by");
	refused("one is missing", text_blob(arena_printf(make_arena, "%s%s", l, r)),
		pem_of_key(c), "followed by");
	refused("a broken one behind", text_blob(arena_printf(make_arena, "%s%.200s\n"
		"-----END CERTIFICATE-----\n", l, m)), pem_of_key(c), "broken");
	refused("K-6 the key of the one above", text_blob(l), pem_of_key(b), "not that of the CA");
	X509_free(root);
	X509_free(middle);
	X509_free(low);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	EVP_PKEY_free(c);
}

static void
refused_extensions(const char *what, EVP_PKEY *key, const char *const *extensions,
		   const char *words)
{
	X509 *x = make_x509("CA", key, NULL, key, extensions);

	refused(what, pem_of_x509(x), pem_of_key(key), words);
	X509_free(x);
}

static void
test_certificates(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-521");
	X509 *x = make_x509("CA", key, NULL, key, good), *nameless;

	refused_extensions("K-6 no CA", key, (const char *const[]){
		"basicConstraints", "critical,CA:FALSE", "keyUsage", "keyCertSign,cRLSign",
		"subjectKeyIdentifier", "hash", NULL }, "not that of a CA");
	refused_extensions("K-6 no basicConstraints", key, (const char *const[]){
		"keyUsage", "keyCertSign,cRLSign", "subjectKeyIdentifier", "hash", NULL },
		"not that of a CA");
	refused_extensions("K-6 no cRLSign", key, (const char *const[]){
		"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign",
		"subjectKeyIdentifier", "hash", NULL }, "cRLSign");
	refused_extensions("K-6 no keyCertSign", key, (const char *const[]){
		"basicConstraints", "critical,CA:TRUE", "keyUsage", "cRLSign",
		"subjectKeyIdentifier", "hash", NULL }, "a CA");
	refused_extensions("K-6 no keyUsage", key, (const char *const[]){
		"basicConstraints", "critical,CA:TRUE", "subjectKeyIdentifier", "hash", NULL },
		"cRLSign");
	refused_extensions("K-6 EKU for mail", key, (const char *const[]){
		"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign,cRLSign",
		"subjectKeyIdentifier", "hash", "extendedKeyUsage", "emailProtection", NULL },
		"serverAuth");
	refused_extensions("no subjectKeyIdentifier", key, (const char *const[]){
		"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign,cRLSign", NULL },
		"subjectKeyIdentifier");
	refused_extensions("a P-521 CA", other, good, "P-256, P-384 or RSA");
	nameless = make_x509("", key, NULL, key, good);
	refused("no subject", pem_of_x509(nameless), pem_of_key(key), "empty subject");
	refused("no certificate", B("words\n"), pem_of_key(key), "no certificate");
	refused("an empty file", NOTHING, pem_of_key(key), "no certificate");
	refused("no key", pem_of_x509(x), B("words\n"), "no private key");
	refused("K-6 a key of another type", pem_of_x509(x), pem_of_key(other),
		"not that of the CA");
	X509_free(x);
	X509_free(nameless);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static struct blob
encrypted_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;
	struct blob copy;

	PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL);
	len = BIO_get_mem_data(bio, &data);
	copy = arena_blob(make_arena, data, (size_t)len);
	BIO_free(bio);
	return copy;
}

static void
test_key_files(void)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0610, 0601, 0777 };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = make_x509("CA", key, NULL, key, good);
	struct blob pem = pem_of_x509(x);
	const char *file = make_file("ca.pem", pem, 0644), *key_file;
	struct problem p;
	struct issuer *i;

	for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
		key_file = make_file("ca.key", pem_of_key(key), modes[k]);
		i = issuer_open("main", file, key_file, &p);
		ok(i == NULL && strstr(p.detail, "chmod 0600") != NULL, "K-1 mode %04o is refused",
		   (unsigned)modes[k]);
		issuer_close(i);
	}
	i = issuer_open("main", file, make_file("ca.key", pem_of_key(key), 0400), &p);
	ok(i != NULL, "K-1 mode 0400 is good");
	issuer_close(i);
	refused("K-7 an encrypted key, without asking", pem, encrypted_pem(key),
		"without a password");
	ok(issuer_open("main", file, make_path("other"), &p) == NULL &&
	   strstr(p.detail, "No such file") != NULL, "no key file");
	ok(issuer_open("main", make_path("other"), make_path("ca.key"), &p) == NULL &&
	   strstr(p.detail, "No such file") != NULL, "no certificate file");
	ok(issuer_open("main", file, make_dir, &p) == NULL &&
	   strstr(p.detail, "not a file") != NULL, "a directory as key");
	ok(issuer_open("main", file, "pkcs11:token=none;pin-value=1234", &p) == NULL &&
	   strstr(p.detail, "provider") != NULL && strstr(p.detail, "1234") == NULL,
	   "K-7 K-8 no provider for pkcs11:, and the PIN is not told");
	issuer_close(NULL);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* A key that answers wrongly must not let a signature out. */
static void
test_fault(void)
{
	struct ca_made made;
	struct issuer *i = make_issuer("p256", &made);
	EVP_PKEY *key = i->key, *wrong = EVP_EC_gen("P-256");
	struct problem p = { .type = PROBLEM_NONE };
	struct blob der = NOTHING;

	ok(issuer_sign(i, B("\5\0"), make_arena, &der, &p), "a good key signs");
	der = NOTHING;
	i->key = wrong;
	ok(!issuer_sign(i, B("\5\0"), make_arena, &der, &p) && der.data == NULL &&
	   p.type == PROBLEM_SERVER_INTERNAL && strstr(p.detail, "verify") != NULL,
	   "a faulty signature is thrown away");
	i->key = key;
	EVP_PKEY_free(wrong);
	issuer_close(i);
}

static void
test_pem(void)
{
	uint8_t octets[200];

	memset(octets, 0xa5, sizeof(octets));
	for (size_t n = 0; n <= sizeof(octets); n++) {
		const char *pem = pem_print(make_arena, "CERTIFICATE", (struct blob){ octets, n });
		BIO *bio = BIO_new(BIO_s_mem());
		char *data;
		long len;

		PEM_write_bio(bio, "CERTIFICATE", "", octets, (long)n);
		len = BIO_get_mem_data(bio, &data);
		if ((size_t)len != strlen(pem) || memcmp(data, pem, (size_t)len) != 0)
			ok(false, "PEM of %zu octets is that of OpenSSL", n);
		BIO_free(bio);
	}
	ok(true, "PEM is that of OpenSSL, byte for byte, up to 200 octets");
}

int
main(void)
{
	make_begin();
	test_make();
	test_chain();
	test_certificates();
	test_key_files();
	test_fault();
	test_pem();
	make_end();
	return tap_done();
}

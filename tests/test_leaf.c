/* SPDX-License-Identifier: Apache-2.0 */
/* test_leaf.c - end-entity certificates: P-2 to P-8, P-11, P-13, C-5, C-11. */
#include "tests/issuer_make.h"

#include <pthread.h>

#define CRL_URL	   "http://ca.example.org/crl/1"
#define ISSUER_URL "http://ca.example.org/issuer/main"

static EVP_PKEY *subjects[3];
static const char *const types[3] = { "p256", "p384", "rsa2048" };

/* --- the profile, written down once more -------------------------------------------- */

static struct blob
critical_extension(struct blob oid, struct blob value)
{
	return SEQ(oid, B("\1\1\xff"), OCTETS(value));
}

/* What issuer_sign_leaf() should have signed, from OpenSSL's view of the issuer. */
static struct blob
expected_tbs(X509 *issuer, struct blob algorithm, const struct leaf *leaf, struct blob san,
	     struct blob serial, struct blob validity)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(issuer);
	const unsigned char *name;
	struct blob subject = SEQ(NOTHING), aia = NOTHING, points = NOTHING;
	size_t len;

	X509_NAME_get0_der(X509_get_subject_name(issuer), &name, &len);
	if (leaf->common_name)
		subject = SEQ(CN(0x0c, B("www.example.org")));
	if (leaf->issuer_url != NULL)
		aia = extension(OIDV("\x2b\x06\x01\x05\x05\x07\x01\x01"),
				SEQ(SEQ(OIDV("\x2b\x06\x01\x05\x05\x07\x30\x02"),
					TLV(0x86, text_blob(leaf->issuer_url)))));
	if (leaf->crl_url != NULL)
		points = extension(OIDV("\x55\x1d\x1f"), SEQ(SEQ(TLV(0xa0, TLV(0xa0,
				TLV(0x86, text_blob(leaf->crl_url)))))));
	return SEQ(B("\xa0\3\2\1\2"), TLV(0x02, serial), algorithm,
		(struct blob){ name, len }, validity, subject, leaf->spki, TLV(0xa3, SEQ(
		critical_extension(OIDV("\x55\x1d\x0f"), B("\3\2\7\x80")),
		extension(OIDV("\x55\x1d\x25"), SEQ(OIDV("\x2b\x06\x01\x05\x05\x07\x03\x01"),
			leaf->client_auth ? OIDV("\x2b\x06\x01\x05\x05\x07\x03\x02") : NOTHING)),
		critical_extension(OIDV("\x55\x1d\x13"), SEQ(NOTHING)),
		extension(OIDV("\x55\x1d\x23"), SEQ(TLV(0x80, (struct blob){
			ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id) }))),
		aia, leaf->common_name ? SEQ(SAN_OID, OCTETS(SEQ(san))) :
			critical_extension(SAN_OID, SEQ(san)),
		extension(OIDV("\x55\x1d\x20"), SEQ(SEQ(OIDV("\x67\x81\x0c\x01\x02\x01")))),
		points)));
}

/* --- OpenSSL's view ----------------------------------------------------------------- */

/* Does the chain hold, strictly, for a TLS server at that time? */
static bool
chain_ok(X509 *leaf, X509 *issuing, X509 *root, int64_t when)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_VERIFY_PARAM *param;
	bool fine;

	X509_STORE_add_cert(store, root);
	sk_X509_push(chain, issuing);
	X509_STORE_CTX_init(ctx, store, leaf, chain);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
	X509_VERIFY_PARAM_set_time(param, (time_t)when);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	fine = X509_verify_cert(ctx) == 1;
	if (!fine)
		printf("# %s\n", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	sk_X509_free(chain);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return fine;
}

/* Decoded and encoded again, piece by piece, is it the same? */
static bool
encodes_same(X509 *x, struct blob der)
{
	uint8_t *again = NULL;
	int len = i2d_re_X509_tbs(x, &again);
	bool fine = len > 0 && same((struct blob){ again, (size_t)len }, tbs_of(der));

	OPENSSL_free(again);
	for (int i = 0; fine && i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *e = X509_get_ext(x, i), *copy;
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		void *value = X509V3_EXT_d2i(e);

		copy = value == NULL ? NULL :
		       X509V3_EXT_i2d(nid, X509_EXTENSION_get_critical(e), value);
		fine = copy != NULL && ASN1_STRING_cmp(X509_EXTENSION_get_data(e),
						       X509_EXTENSION_get_data(copy)) == 0;
		X509_EXTENSION_free(copy);
		if (value != NULL)
			ASN1_item_free(value, ASN1_ITEM_ptr(X509V3_EXT_get(e)->it));
	}
	return fine;
}

static const char *
names_of(X509 *x)
{
	GENERAL_NAMES *san = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	const char *names = names_by_openssl(san, X509_get_subject_name(x));

	GENERAL_NAMES_free(san);
	return names;
}

/* --- the matrix --------------------------------------------------------------------- */

struct ca {
	struct issuer	*issuer;
	X509		*root, *issuing;
};

static struct ident
name(const char *value)
{
	struct ident i = { 0 };
	struct problem p;

	if (!(strchr("0123456789", value[0]) != NULL ? ident_parse_ip : ident_parse_dns)(
		&i, make_arena, value, strlen(value), &p))
		abort();
	return i;
}

static struct leaf
usual_leaf(const struct ident *idents, size_t n, EVP_PKEY *subject)
{
	return (struct leaf){
		.serial = serial_new(NOW), .not_before = NOW - 3600,
		.not_after = NOW - 3600 + 90 * DAY - 1, .idents = idents, .nident = n,
		.spki = key_blob(subject), .crl_url = CRL_URL, .issuer_url = ISSUER_URL
	};
}

static void
check_leaf(const char *what, const struct ca *ca, const struct leaf *leaf)
{
	struct problem p;
	struct blob der;
	struct cert_facts facts;
	X509 *x;

	if (!issuer_sign_leaf(ca->issuer, leaf, make_arena, &der, &p)) {
		ok(false, "%s: %s", what, p.detail);
		return;
	}
	x = x509_of_der(der);
	ok(x != NULL && chain_ok(x, ca->issuing, ca->root, NOW) && encodes_same(x, der) &&
	   strcmp(names_of(x), ident_list(make_arena, leaf->idents, leaf->nident)) == 0 &&
	   cert_read(&facts, make_arena, der) &&
	   memcmp(&facts.serial, &leaf->serial, sizeof(facts.serial)) == 0 &&
	   facts.not_before == leaf->not_before && facts.not_after == leaf->not_after &&
	   same(facts.spki, leaf->spki) &&
	   strcmp(ident_list(make_arena, facts.idents, facts.nident),
		  ident_list(make_arena, leaf->idents, leaf->nident)) == 0,
	   "%s: verifies strictly, encodes the same, reads back", what);
	X509_free(x);
}

static void
test_matrix(const char *type, const struct ca *ca)
{
	struct ident sets[4][100] = {
		{ name("www.example.org") }, { name("*.example.org") }, { name("192.0.2.1") }
	};
	const size_t sizes[4] = { 1, 1, 1, 100 };
	static const char *const words[4] = { "1 name", "wildcard", "ip", "100 names" };

	for (int i = 0; i < 99; i++)
		sets[3][i] = name(arena_printf(make_arena, "host%03d.example.org", i));
	sets[3][99] = name("2001:db8::1");
	for (int subject = 0; subject < 3; subject++)
		for (int set = 0; set < 4; set++) {
			struct leaf leaf = usual_leaf(sets[set], sizes[set], subjects[subject]);

			leaf.client_auth = set % 2 == 0;
			check_leaf(arena_printf(make_arena, "P-1 %s for %s, %s", type,
						types[subject], words[set]), ca, &leaf);
		}
}

/* --- byte by byte ------------------------------------------------------------------- */

static const struct blob serial_bytes = {
	(const uint8_t *)"\x6a\0\0\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 20
};

static void
is_tbs(const char *what, const struct ca *ca, const struct leaf *leaf, struct blob san,
       struct blob serial, struct blob validity)
{
	struct blob der, algorithm = inside(usual_algorithm(X509_get0_pubkey(ca->issuing)));
	struct problem p;

	if (EVP_PKEY_get_bits(X509_get0_pubkey(ca->issuing)) == 384)
		algorithm = OIDV("\x2a\x86\x48\xce\x3d\x04\x03\x03");
	algorithm = SEQ(algorithm);
	if (!issuer_sign_leaf(ca->issuer, leaf, make_arena, &der, &p))
		ok(false, "%s: %s", what, p.detail);
	else
		ok(same(tbs_of(der), expected_tbs(ca->issuing, algorithm, leaf, san, serial,
						  validity)), "%s", what);
}

static void
test_bytes(const char *type, const struct ca *ca)
{
	struct ident idents[2] = { name("www.example.org"), name("192.0.2.1") };
	struct blob san = inside(TLV(0x30, DNS("www.example.org"), IP("\xc0\0\2\1")));
	struct blob validity = SEQ(TLV(0x17, B("261124000000Z")), TLV(0x17, B("270221235959Z")));
	struct leaf leaf = usual_leaf(idents, 2, subjects[0]);
	const char *text = arena_printf(make_arena, "P-3 P-5 P-6 P-8 %s: the profile", type);

	memcpy(leaf.serial.b, serial_bytes.data, 20);
	leaf.not_before = NOW;
	leaf.not_after = NOW + 90 * DAY - 1;
	is_tbs(text, ca, &leaf, san, serial_bytes, validity);
	leaf.client_auth = true;
	is_tbs("  with clientAuth", ca, &leaf, san, serial_bytes, validity);
	leaf.common_name = true;
	is_tbs("P-5 with a common name, SAN not critical", ca, &leaf, san, serial_bytes, validity);
	leaf.crl_url = NULL;
	is_tbs("P-11 without CRL distribution point", ca, &leaf, san, serial_bytes, validity);
	leaf.issuer_url = NULL;
	is_tbs("  without authorityInfoAccess", ca, &leaf, san, serial_bytes, validity);
	leaf.spki = key_blob(subjects[2]);
	is_tbs("P-6 for an RSA key", ca, &leaf, san, serial_bytes, validity);
	memset(leaf.serial.b, 0, 3);
	leaf.serial.b[3] = 0x80;
	is_tbs("P-2 a serial number that begins with zeros is minimal", ca, &leaf, san,
	       B("\0\x80\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"),
	       validity);
}

static void
test_common_name(const struct ca *ca)
{
	struct ident idents[3] = {
		name("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbb.org"),
		name("*.example.org"), name("www.example.org")
	};
	struct leaf leaf = usual_leaf(idents, 3, subjects[0]);
	char text[80];
	struct problem p;
	struct blob der;
	X509 *x;

	ok(strlen(idents[0].value) == 65, "a name of 65 octets");
	leaf.common_name = true;
	issuer_sign_leaf(ca->issuer, &leaf, make_arena, &der, &p);
	x = x509_of_der(der);
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, text, sizeof(text));
	is(text, "*.example.org", "the common name is the first DNS name that fits");
	X509_free(x);
	leaf.nident = 1;
	issuer_sign_leaf(ca->issuer, &leaf, make_arena, &der, &p);
	x = x509_of_der(der);
	ok(X509_NAME_entry_count(X509_get_subject_name(x)) == 0 && X509_EXTENSION_get_critical(
		X509_get_ext(x, X509_get_ext_by_NID(x, NID_subject_alt_name, -1))) == 1,
	   "P-5 none fits: no common name, SAN critical");
	X509_free(x);
}

/* --- time --------------------------------------------------------------------------- */

static void
is_time(const char *what, const struct ca *ca, int64_t from, int64_t to, struct blob validity)
{
	struct ident ident = name("www.example.org");
	struct leaf leaf = usual_leaf(&ident, 1, subjects[0]);

	memcpy(leaf.serial.b, serial_bytes.data, 20);
	leaf.not_before = from;
	leaf.not_after = to;
	is_tbs(what, ca, &leaf, DNS("www.example.org"), serial_bytes, validity);
}

/* A CA that lives until the year 9999. */
static void
test_time(void)
{
	static const char *const extensions[] = {
		"basicConstraints", "critical,CA:TRUE", "keyUsage", "critical,keyCertSign,cRLSign",
		"subjectKeyIdentifier", "hash", NULL
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = make_x509("Old", key, NULL, key, extensions);
	struct ca ca = { .root = x, .issuing = x };
	struct problem p;

	ASN1_TIME_set_string(X509_getm_notAfter(x), "99991231235959Z");
	X509_sign(x, key, EVP_sha256());
	ca.issuer = issuer_open("old", make_file("ca.pem", pem_of_x509(x), 0644),
				make_file("ca.key", pem_of_key(key), 0600), &p);
	ok(ca.issuer != NULL && issuer_not_after(ca.issuer) == 253402300799, "a CA until 9999");
	is_time("P-4 one second", &ca, NOW, NOW, SEQ(TLV(0x17, B("261124000000Z")),
		TLV(0x17, B("261124000000Z"))));
	is_time("P-4 leap day", &ca, 1835395199, 1835481599, SEQ(TLV(0x17, B("280228235959Z")),
		TLV(0x17, B("280229235959Z"))));
	is_time("P-4 over the end of 2049", &ca, 2524607999, 2524608000,
		SEQ(TLV(0x17, B("491231235959Z")), TLV(0x18, B("20500101000000Z"))));
	is_time("P-4 until 9999", &ca, NOW, 253402300799, SEQ(TLV(0x17, B("261124000000Z")),
		TLV(0x18, B("99991231235959Z"))));
	is_time("P-4 from 1950", &ca, -631152000, 0, SEQ(TLV(0x17, B("500101000000Z")),
		TLV(0x17, B("700101000000Z"))));
	issuer_close(ca.issuer);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* --- what is refused ---------------------------------------------------------------- */

static void
refused(const char *what, const struct ca *ca, const struct leaf *leaf, const char *words)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct blob der;
	bool fine = issuer_sign_leaf(ca->issuer, leaf, make_arena, &der, &p);

	if (!ok(!fine && strstr(p.detail, words) != NULL, "refused: %s", what))
		printf("# %s\n", fine ? "signed" : p.detail);
}

static void
test_refused(const struct ca *ca)
{
	struct ident ident = name("www.example.org");
	const struct leaf good = usual_leaf(&ident, 1, subjects[0]);
	EVP_PKEY *p521 = EVP_EC_gen("P-521"), *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct leaf leaf = good;

	leaf.nident = 0;
	refused("C-1 no names", ca, &leaf, "no names");
	leaf = good;
	leaf.not_after = issuer_not_after(ca->issuer) + 1;
	refused("P-7 K-6 a second longer than its issuer", ca, &leaf, "outlive");
	leaf.not_after--;
	check_leaf("P-7 as long as its issuer", ca, &leaf);
	leaf.not_after = leaf.not_before - 1;
	refused("ends before it begins", ca, &leaf, "before it begins");
	leaf = good;
	leaf.not_before = -631152001;
	refused("begins before 1950", ca, &leaf, "date");
	leaf = good;
	memset(&leaf.serial, 0, sizeof(leaf.serial));
	refused("P-2 serial number 0", ca, &leaf, "positive");
	leaf.serial.b[0] = 0x80;
	refused("P-2 serial number of 160 bits", ca, &leaf, "positive");
	leaf = good;
	leaf.spki = key_object_spki(X509_get0_pubkey(ca->issuing), make_arena);
	refused("C-11 the CA's own key", ca, &leaf, "that of the CA");
	leaf.spki = key_blob(p521);
	refused("C-10 P-521", ca, &leaf, "unfit key");
	leaf.spki = key_blob(ed25519);
	refused("C-10 Ed25519", ca, &leaf, "unfit key");
	leaf.spki = (struct blob){ good.spki.data, good.spki.len - 1 };
	refused("a key cut short", ca, &leaf, "unfit key");
	leaf = good;
	leaf.crl_url = "https://ca.example.org/crl";
	refused("P-8 a CRL by https", ca, &leaf, "not http");
	leaf.crl_url = "http://ca.example.org/c\xc3\xa9";
	refused("P-8 a URL that is not ASCII", ca, &leaf, "not http");
	leaf = good;
	leaf.issuer_url = "ldap://ca.example.org/";
	refused("an issuer by ldap", ca, &leaf, "not http");
	EVP_PKEY_free(p521);
	EVP_PKEY_free(ed25519);
}

/* --- from CSR to certificate -------------------------------------------------------- */

/* What a CSR asks for beyond names must not come through. */
static void
test_csr_extensions(const struct ca *ca)
{
	struct blob der = CSR(subjects[0],
		extension(OIDV("\x55\x1d\x13"), SEQ(B("\1\1\xff"))),
		extension(OIDV("\x55\x1d\x0f"), B("\3\2\1\6")),
		extension(OIDV("\x55\x1d\x25"), SEQ(OIDV("\x55\x1d\x25\0"))),
		extension(OIDV("\x55\x1d\x20"), SEQ(SEQ(OIDV("\x55\x1d\x20\0")))),
		SAN(DNS("www.example.org")),
		critical_extension(OIDV("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"), B("\5\0")));
	struct csr csr;
	struct problem p;
	struct leaf leaf;

	ok(csr_parse(&csr, make_arena, der, &p), "C-5 P-13 a CSR that asks for much");
	leaf = usual_leaf(csr.idents, csr.nident, subjects[0]);
	leaf.spki = csr.spki;
	memcpy(leaf.serial.b, serial_bytes.data, 20);
	leaf.not_before = NOW;
	leaf.not_after = NOW + DAY - 1;
	is_tbs("C-5 P-13 gets what the profile says", ca, &leaf, DNS("www.example.org"),
	       serial_bytes, SEQ(TLV(0x17, B("261124000000Z")), TLV(0x17, B("261124235959Z"))));
}

static void
test_serials(const struct ca *ca)
{
	struct ident ident = name("www.example.org");
	struct leaf leaf = usual_leaf(&ident, 1, subjects[0]);
	unsigned fine = 0;

	for (int i = 0; i < 200; i++) {
		struct problem p;
		struct blob der;
		X509 *x;

		leaf.serial = serial_new(NOW);
		issuer_sign_leaf(ca->issuer, &leaf, make_arena, &der, &p);
		x = x509_of_der(der);
		fine += ASN1_STRING_type(X509_get0_serialNumber(x)) == V_ASN1_INTEGER &&
			ASN1_STRING_length(X509_get0_serialNumber(x)) <= 20 &&
			ASN1_STRING_length(X509_get0_serialNumber(x)) >= 9;
		X509_free(x);
	}
	ok(fine == 200, "P-2 200 serial numbers: positive, 9 to 20 octets");
}

/* --- reading back ------------------------------------------------------------------- */

static void
test_read(const struct ca *ca)
{
	struct ident ident = name("www.example.org");
	struct leaf leaf = usual_leaf(&ident, 1, subjects[0]);
	struct cert_facts facts;
	struct problem p;
	struct blob der, ca_der = issuer_certificate(ca->issuer);
	size_t taken = 0;

	issuer_sign_leaf(ca->issuer, &leaf, make_arena, &der, &p);
	for (size_t i = 0; i < der.len; i++)
		taken += cert_read(&facts, make_arena, arena_blob(make_arena, der.data, i));
	ok(taken == 0, "cut short it is no certificate");
	ok(!cert_read(&facts, make_arena, inside(TLV(0x30, der, B("\5\0")))),
	   "nor with something behind it");
	ok(!cert_read(&facts, make_arena, TLV(0x30, inside(der), B("\5\0"))),
	   "nor with more in it");
	ok(!cert_read(&facts, make_arena, make_signed(subjects[0], "SHA256", SEQ(
		OIDV("\x2a\x86\x48\xce\x3d\x04\x03\x03")), tbs_of(der))),
	   "nor with another algorithm outside than inside");
	ok(cert_read(&facts, make_arena, make_signed(subjects[0], "SHA256", ECDSA_SHA256,
		tbs_of(der))), "but who signed it is not asked");
	ok(!cert_read(&facts, make_arena, CSR(subjects[0], SAN(DNS("a.org")))), "nor is a CSR one");
	ok(cert_read(&facts, make_arena, ca_der) && facts.nident == 0 &&
	   facts.not_after == issuer_not_after(ca->issuer), "A-22 a CA's has no names");
}

/* --- threads ------------------------------------------------------------------------ */

static void *
sign_many(void *arg)
{
	const struct ca *ca = arg;
	struct arena *a = arena_new();
	struct ident ident = { 0 };
	struct leaf leaf = { .not_before = NOW, .not_after = NOW + DAY - 1, .idents = &ident,
			     .nident = 1 };
	struct cert_facts facts;
	struct problem p;
	struct blob der;
	intptr_t signed_well = 0;

	ident_parse_dns(&ident, a, "www.example.org", 15, &p);
	leaf.spki = key_object_spki(subjects[0], a);
	for (int i = 0; i < 50; i++) {
		leaf.serial = serial_new(NOW);
		signed_well += issuer_sign_leaf(ca->issuer, &leaf, a, &der, &p) &&
			       cert_read(&facts, a, der);
	}
	arena_free(a);
	return (void *)signed_well;
}

static void
test_threads(const char *type, struct ca *ca)
{
	pthread_t threads[4];
	intptr_t total = 0;
	void *n;

	for (size_t i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, sign_many, ca) != 0)
			abort();
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &n);
		total += (intptr_t)n;
	}
	ok(total == 200, "%s: four threads sign with one issuer", type);
}

int
main(void)
{
	make_begin();
	subjects[0] = EVP_EC_gen("P-256");
	subjects[1] = EVP_EC_gen("P-384");
	subjects[2] = quick_rsa(2048);
	for (size_t i = 0; i < 3; i++) {
		struct ca_made made;
		struct ca ca = { .issuer = make_issuer(types[i], &made) };

		ca.root = x509_of_pem(made.root_pem);
		ca.issuing = x509_of_pem(made.issuing_pem);
		test_matrix(types[i], &ca);
		test_bytes(types[i], &ca);
		if (i == 0) {
			test_common_name(&ca);
			test_refused(&ca);
			test_csr_extensions(&ca);
			test_serials(&ca);
			test_read(&ca);
		}
		if (i != 1)
			test_threads(types[i], &ca);
		X509_free(ca.root);
		X509_free(ca.issuing);
		issuer_close(ca.issuer);
	}
	test_time();
	for (size_t i = 0; i < 3; i++)
		EVP_PKEY_free(subjects[i]);
	make_end();
	return tap_done();
}

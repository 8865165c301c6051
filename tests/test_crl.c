/* SPDX-License-Identifier: Apache-2.0 */
/* test_crl.c - certificate revocation lists: P-8 to P-10. */
#include "tests/issuer_make.h"

#include "base/clock.h"

#define URL "http://ca.example.org/crl/7"

static struct issuer *issuer;
static X509 *issuing, *root;

static X509_CRL *
crl_of_der(struct blob der)
{
	const uint8_t *at = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);

	if (crl != NULL && at != der.data + der.len)
		abort();
	return crl;
}

static struct crl_content
usual_crl(const struct crl_entry *entries, size_t n)
{
	return (struct crl_content){ .number = 77, .this_update = NOW,
		.next_update = NOW + 4 * DAY, .url = URL, .entries = entries, .nentry = n };
}

/* The CRL, and that OpenSSL verifies it and encodes it the same. */
static X509_CRL *
signed_crl(const char *what, const struct crl_content *content, struct blob *der)
{
	struct problem p;
	uint8_t *again = NULL;
	X509_CRL *crl;
	int len;

	if (!issuer_sign_crl(issuer, content, make_arena, der, &p)) {
		printf("Bail out! %s: %s\n", what, p.detail);
		exit(1);
	}
	crl = crl_of_der(*der);
	len = i2d_re_X509_CRL_tbs(crl, &again);
	ok(crl != NULL && X509_CRL_verify(crl, X509_get0_pubkey(issuing)) == 1 &&
	   same((struct blob){ again, (size_t)len }, tbs_of(*der)) &&
	   ASN1_TIME_cmp_time_t(X509_CRL_get0_lastUpdate(crl), content->this_update) == 0 &&
	   ASN1_TIME_cmp_time_t(X509_CRL_get0_nextUpdate(crl), content->next_update) == 0,
	   "%s: verifies, encodes the same", what);
	OPENSSL_free(again);
	return crl;
}

/* The whole TBSCertList, written down once more. */
static struct blob
expected_tbs(struct blob number, struct blob list, struct blob point)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(issuing);
	const unsigned char *name;
	size_t len;

	X509_NAME_get0_der(X509_get_subject_name(issuing), &name, &len);
	return SEQ(B("\2\1\1"), ECDSA_SHA256, (struct blob){ name, len },
		TLV(0x17, B("261124000000Z")), TLV(0x17, B("261128000000Z")), list, TLV(0xa0, SEQ(
		extension(OIDV("\x55\x1d\x23"), SEQ(TLV(0x80, (struct blob){
			ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id) }))),
		extension(OIDV("\x55\x1d\x14"), TLV(0x02, number)), point)));
}

static void
test_bytes(void)
{
	const struct crl_entry entries[] = {
		{ .serial = { "\x6a\0\0\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10" },
		  .revoked = NOW - 60, .reason = 1 },
		{ .serial = { "\0\0\0\0\0\0\0\0\0\0\0\x80\1\1\1\1\1\1\1\1" }, .revoked = NOW },
	};
	struct blob point = SEQ(OIDV("\x55\x1d\x1c"), B("\1\1\xff"), OCTETS(SEQ(
		TLV(0xa0, TLV(0xa0, TLV(0x86, text_blob(URL)))))));
	struct crl_content content = usual_crl(entries, 2);
	struct blob der;

	X509_CRL_free(signed_crl("two entries", &content, &der));
	ok(same(tbs_of(der), expected_tbs(B("\x4d"), SEQ(
		SEQ(TLV(0x02, (struct blob){ entries[0].serial.b, 20 }),
		    TLV(0x17, B("261123235900Z")), SEQ(SEQ(OIDV("\x55\x1d\x15"),
		    OCTETS(B("\x0a\1\1"))))),
		SEQ(TLV(0x02, B("\0\x80\1\1\1\1\1\1\1\1")),
		    TLV(0x17, B("261124000000Z")))), point)),
	   "P-8 its bytes: reason 0 left out, serial minimal, IDP critical with the URL");
	content.nentry = 0;
	X509_CRL_free(signed_crl("no entries", &content, &der));
	ok(same(tbs_of(der), expected_tbs(B("\x4d"), NOTHING, point)),
	   "revokedCertificates is absent when nothing is revoked");
	content.url = NULL;
	content.number = UINT64_MAX;
	X509_CRL_free(signed_crl("no URL", &content, &der));
	ok(same(tbs_of(der), expected_tbs(B("\0\xff\xff\xff\xff\xff\xff\xff\xff"), NOTHING,
					  NOTHING)),
	   "P-9 the largest number; no IDP without URL");
}

static void
refused(const char *what, const struct crl_content *content, const char *words)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct blob der;
	bool fine = issuer_sign_crl(issuer, content, make_arena, &der, &p);

	if (!ok(!fine && p.type == PROBLEM_SERVER_INTERNAL && strstr(p.detail, words) != NULL,
		"refused: %s", what))
		printf("# %s\n", fine ? "signed" : p.detail);
}

static void
test_reasons(void)
{
	for (int reason = -1; reason <= 11; reason++) {
		struct crl_entry entry = { .serial = serial_new(NOW), .revoked = NOW,
					   .reason = reason };
		struct crl_content content = usual_crl(&entry, 1);
		struct blob der, serial = { entry.serial.b, 20 };
		X509_REVOKED *revoked;
		ASN1_ENUMERATED *found;
		ASN1_INTEGER *number;
		X509_CRL *crl;
		BIGNUM *n;

		if (reason < 0 || (reason >= 6 && reason <= 8) || reason > 10) {
			refused(arena_printf(make_arena, "reason %d", reason), &content, "reason");
			continue;
		}
		crl = signed_crl(arena_printf(make_arena, "reason %d", reason), &content, &der);
		n = BN_bin2bn(serial.data, 20, NULL);
		number = BN_to_ASN1_INTEGER(n, NULL);
		ok(X509_CRL_get0_by_serial(crl, &revoked, number) == 1, "  its serial is found");
		found = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
		ok(reason == 0 ? found == NULL : ASN1_ENUMERATED_get(found) == reason,
		   "  with its reason");
		ASN1_ENUMERATED_free(found);
		ASN1_INTEGER_free(number);
		BN_free(n);
		X509_CRL_free(crl);
	}
}

static void
test_refused(void)
{
	struct crl_entry entry = { .serial = serial_new(NOW), .revoked = -631152001 };
	struct crl_content content = usual_crl(&entry, 1);

	refused("revoked before 1950", &content, "date");
	content = usual_crl(NULL, 0);
	content.next_update = content.this_update;
	refused("no time to live", &content, "before it begins");
	content = usual_crl(NULL, 0);
	content.url = "https://ca.example.org/crl";
	refused("P-8 a URL with https", &content, "not http");
}

/* What does OpenSSL say of a leaf with that CRL? */
static int
verdict(X509 *leaf, X509_CRL *crl)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int error;

	X509_STORE_add_cert(store, root);
	X509_STORE_add_cert(store, issuing);
	X509_STORE_add_crl(store, crl);
	X509_STORE_CTX_init(ctx, store, leaf, NULL);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CRL_CHECK |
				    X509_V_FLAG_EXTENDED_CRL_SUPPORT);
	X509_VERIFY_PARAM_set_time(param, NOW + 60);
	X509_verify_cert(ctx);
	error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return error;
}

static void
test_checked(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct ident ident;
	struct problem p;
	struct leaf leaf = { .serial = serial_new(NOW), .not_before = NOW, .idents = &ident,
			     .not_after = NOW + DAY - 1, .nident = 1, .spki = key_blob(key),
			     .crl_url = URL };
	struct crl_entry entry = { .serial = leaf.serial, .revoked = NOW, .reason = 4 };
	struct crl_content content = usual_crl(&entry, 1);
	struct blob der, crl_der;
	X509_CRL *revoked, *other, *elsewhere;
	X509 *x;

	ident_parse_dns(&ident, make_arena, "www.example.org", 15, &p);
	issuer_sign_leaf(issuer, &leaf, make_arena, &der, &p);
	x = x509_of_der(der);
	revoked = signed_crl("a certificate's own", &content, &crl_der);
	entry.serial = serial_new(NOW);
	other = signed_crl("another's", &content, &crl_der);
	content.url = URL "0";
	elsewhere = signed_crl("another shard", &content, &crl_der);
	ok(verdict(x, revoked) == X509_V_ERR_CERT_REVOKED, "OpenSSL: revoked");
	ok(verdict(x, other) == X509_V_OK, "OpenSSL: good");
	ok(verdict(x, elsewhere) != X509_V_OK, "P-8 OpenSSL: another shard's CRL does not count");
	X509_CRL_free(revoked);
	X509_CRL_free(other);
	X509_CRL_free(elsewhere);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
test_large(void)
{
	size_t n = 100000;
	struct crl_entry *entries = calloc(n, sizeof(*entries));
	struct crl_content content = usual_crl(entries, n);
	int64_t from;
	struct blob der;
	X509_CRL *crl;

	for (size_t i = 0; i < n; i++) {
		entries[i] = (struct crl_entry){ serial_new(NOW), NOW, i % 2 };
		entries[i].serial.b[0] = 0x7f;
	}
	from = clock_mono_ms();
	crl = signed_crl("P-10 100,000 entries", &content, &der);
	printf("# %zu octets, %lld ms with the checks\n", der.len,
	       (long long)(clock_mono_ms() - from));
	ok(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) == (int)n, "  all are there");
	X509_CRL_free(crl);
	free(entries);
}

int
main(void)
{
	struct ca_made made;

	make_begin();
	issuer = make_issuer("p256", &made);
	issuing = x509_of_pem(made.issuing_pem);
	root = x509_of_pem(made.root_pem);
	test_bytes();
	test_reasons();
	test_refused();
	test_checked();
	test_large();
	issuer_close(issuer);
	X509_free(issuing);
	X509_free(root);
	make_end();
	return tap_done();
}

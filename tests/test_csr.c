/* SPDX-License-Identifier: Apache-2.0 */
/* test_csr.c - CSRs right and wrong: C-1 to C-14, J-8 to J-10. */
#include "ca/ca.h"

#include <openssl/pem.h>

#include "base/clock.h"
#include "tests/csr_make.h"
#include "tests/tap.h"

static EVP_PKEY *p256, *p384, *rsa;

/* Is it accepted, with these names and this key, and does OpenSSL read the same? */
static void
accepted(const char *what, struct blob der, const char *names)
{
	struct csr csr = { .nident = 0 };
	struct problem p = { .type = PROBLEM_NONE };
	struct openssl_csr other;

	if (!ok(csr_parse(&csr, make_arena, der, &p), "accepted: %s", what)) {
		printf("# %s\n", p.detail);
		return;
	}
	other = read_by_openssl(der);
	is(ident_list(make_arena, csr.idents, csr.nident), names, "  its names");
	is(other.names, names, "  which are those that OpenSSL reads");
	ok(other.parsed && other.spki.len == csr.spki.len &&
	   memcmp(other.spki.data, csr.spki.data, csr.spki.len) == 0,
	   "  and its key, too");
}

/* Is it refused with badCSR, these words, and at once? */
static void
refused(const char *what, struct blob der, const char *words)
{
	struct csr csr;
	struct problem p = { .type = PROBLEM_NONE };
	int64_t from = clock_mono_ms();
	bool fine = csr_parse(&csr, make_arena, der, &p);

	if (!ok(!fine && p.type == PROBLEM_BAD_CSR && strstr(p.detail, words) != NULL &&
		clock_mono_ms() - from < 100 && ERR_peek_error() == 0, "refused: %s", what))
		printf("# %s\n", fine ? "accepted" : p.detail);
}

static struct blob
csr_of_subject(struct blob subject)
{
	return make_csr(&(struct recipe){ .key = p256, .subject = subject,
		.attributes = TLV(0xa0, REQUEST(SAN(DNS("www.example.org")))) });
}

static struct blob
csr_of_attributes(struct blob attributes)
{
	return make_csr(&(struct recipe){ .key = p256, .attributes = attributes });
}

static void
test_good(void)
{
	accepted("P-256, one name", CSR(p256, SAN(DNS("www.example.org"))), "www.example.org");
	accepted("P-384", CSR(p384, SAN(DNS("www.example.org"))), "www.example.org");
	accepted("RSA-2048", CSR(rsa, SAN(DNS("www.example.org"))), "www.example.org");
	accepted("many, sorted; wildcard; addresses",
		 CSR(p256, SAN(DNS("b.example.org"), IP("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
			       DNS("*.example.org"), IP("\xc0\0\2\1"), DNS("a.example.org"))),
		 "*.example.org a.example.org b.example.org 192.0.2.1 2001:db8::1");
	accepted("C-2 upper case and the same twice",
		 CSR(p256, SAN(DNS("WWW.Example.org"), DNS("www.example.org"))),
		 "www.example.org");
	accepted("name in CN only", make_csr(&(struct recipe){ .key = p256,
		 .subject = SEQ(CN(0x0c, B("www.example.org"))),
		 .attributes = TLV(0xa0, NOTHING) }),
		 "www.example.org");
	accepted("no attributes at all", make_csr(&(struct recipe){ .key = p256,
		 .subject = SEQ(CN(0x13, B("www.example.org"))) }), "www.example.org");
	accepted("CN beside SAN, another name", csr_of_subject(SEQ(CN(0x0c, B("example.org")))),
		 "example.org www.example.org");
	accepted("subject of other attributes in other alphabets", csr_of_subject(SEQ(
		 SET(SEQ(OIDV("\x55\x04\x06"), TLV(0x13, B("DE")))),
		 SET(SEQ(OIDV("\x55\x04\x0a"), TLV(0x1e, B("\0M\0\xfc")))),
		 SET(SEQ(OIDV("\x55\x04\x0a"), TLV(0x14, B("M\xfc")))),
		 SET(SEQ(OIDV("\x55\x04\x0b"), TLV(0x0c, B("M\xc3\xbc")))))), "www.example.org");
	accepted("challengePassword beside", csr_of_attributes(TLV(0xa0,
		 SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"), SET(TLV(0x0c, B("secret")))),
		 REQUEST(SAN(DNS("www.example.org"))))), "www.example.org");
	accepted("C-9 ECDSA with SHA-384 and a P-256 key", make_csr(&(struct recipe){
		 .key = p256, .digest = "SHA384",
		 .algorithm = SEQ(OIDV("\x2a\x86\x48\xce\x3d\x04\x03\x03")),
		 .attributes = TLV(0xa0, REQUEST(SAN(DNS("www.example.org")))) }),
		 "www.example.org");
	accepted("C-9 RSA with SHA-512", make_csr(&(struct recipe){ .key = rsa,
		 .digest = "SHA512",
		 .algorithm = SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"), B("\5\0")),
		 .attributes = TLV(0xa0, REQUEST(SAN(DNS("www.example.org")))) }),
		 "www.example.org");
}

static void
test_no_names(void)
{
	refused("C-1 neither SAN nor CN", csr_of_attributes(TLV(0xa0, NOTHING)), "no names");
	refused("C-1 only other extensions",
		CSR(p256, extension(OIDV("\x55\x1d\x13"), SEQ(NOTHING))), "no names");
	refused("C-1 empty SAN", CSR(p256, SAN(NOTHING)), "subjectAltName is empty");
	refused("C-1 subject without CN", make_csr(&(struct recipe){ .key = p256,
		.subject = SEQ(SET(SEQ(OIDV("\x55\x04\x0a"), TLV(0x0c, B("Acme"))))) }),
		"no names");
}

static void
test_name_forms(void)
{
	struct blob good = DNS("www.example.org");

	refused("C-3 otherName", CSR(p256, SAN(good, TLV(0xa0, OIDV("\x2a\x03"),
		TLV(0xa0, TLV(0x0c, B("x")))))), "an otherName");
	refused("C-3 rfc822Name", CSR(p256, SAN(good, TLV(0x81, B("a@b.org")))), "an e-mail");
	refused("C-3 x400Address", CSR(p256, SAN(good, TLV(0xa3, SEQ(NOTHING)))), "X.400");
	refused("C-3 directoryName", CSR(p256, SAN(good, TLV(0xa4, SEQ(NOTHING)))),
		"a directory name");
	refused("C-3 ediPartyName", CSR(p256, SAN(good, TLV(0xa5, TLV(0xa1, TLV(0x0c, B("x")))))),
		"EDI");
	refused("C-3 URI", CSR(p256, SAN(TLV(0x86, B("http://a.org/")), good)), "a URI");
	refused("C-3 registeredID", CSR(p256, SAN(good, TLV(0x88, B("\x2a\x03")))),
		"a registered id");
	refused("C-3 unknown tag", CSR(p256, SAN(good, TLV(0x8f, B("x")))), "unknown");
	refused("C-3 constructed dNSName", CSR(p256, SAN(TLV(0xa2, TLV(0x16, B("a.org"))))),
		"wrong form");
	refused("C-7 NUL", CSR(p256, SAN(TLV(0x82, B("www.example.org\0.evil.org")))), "NUL");
	refused("C-7 NUL at the end", CSR(p256, SAN(TLV(0x82, B("www.example.org\0")))), "NUL");
	refused("C-7 8 bits", CSR(p256, SAN(DNS("m\xfcller.example.org"))), "not a DNS name");
	refused("C-7 UTF-8", CSR(p256, SAN(DNS("m\xc3\xbcller.example.org"))), "not a DNS name");
	refused("C-7 space", CSR(p256, SAN(DNS("www example.org"))), "not a DNS name");
	refused("C-7 * inside", CSR(p256, SAN(DNS("www.*.example.org"))), "not a DNS name");
	refused("C-7 * in a label", CSR(p256, SAN(DNS("w*.example.org"))), "not a DNS name");
	refused("C-7 * alone", CSR(p256, SAN(DNS("*"))), "not a DNS name");
	refused("C-7 empty", CSR(p256, SAN(good, TLV(0x82, NOTHING))), "empty");
	refused("C-7 leading dot", CSR(p256, SAN(DNS(".example.org"))), "not a DNS name");
	refused("C-7 label of 64", CSR(p256, SAN(DNS("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaa.org"))), "not a DNS name");
	refused("C-2 trailing dot", CSR(p256, SAN(DNS("www.example.org."))), "last dot");
	refused("C-2 one label", CSR(p256, SAN(DNS("localhost"))), "one label");
	refused("C-2 reverse name", CSR(p256, SAN(DNS("1.2.0.192.in-addr.arpa"))), "address");
	refused("C-2 address as dNSName", CSR(p256, SAN(DNS("192.0.2.1"))), "an address");
	refused("C-8 0 octets", CSR(p256, SAN(TLV(0x87, NOTHING))), "0 octets");
	refused("C-8 3 octets", CSR(p256, SAN(IP("\1\2\3"))), "3 octets");
	refused("C-8 5 octets", CSR(p256, SAN(IP("\1\2\3\4\5"))), "5 octets");
	refused("C-8 8 octets", CSR(p256, SAN(IP("\1\2\3\4\xff\xff\xff\0"))), "8 octets");
	refused("C-8 15 octets", CSR(p256, SAN(IP("\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1"))), "15 octets");
	refused("C-8 17 octets", CSR(p256, SAN(IP("\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\1\1"))), "17");
	refused("C-8 32 octets", CSR(p256, SAN(IP("\1\2\3\4\5\6\7\1\1\2\3\4\5\6\7\1\1\2\3\4\5\6"
		"\7\1\1\2\3\4\5\6\7\1"))), "32 octets");
	refused("C-8 IPv4 mapped into IPv6",
		CSR(p256, SAN(IP("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1"))), "form of IPv6");
}

static void
test_common_names(void)
{
	struct blob two = csr_of_subject(SEQ(CN(0x0c, B("www.example.org")),
					     CN(0x0c, B("evil.example.com"))));
	struct problem p;
	struct ident order;
	struct csr csr;

	accepted("C-4 two CNs are two names", two, "evil.example.com www.example.org");
	ident_parse_dns(&order, make_arena, "www.example.org", 15, &p);
	ok(csr_parse(&csr, make_arena, two, &p) && !csr_names_check(&csr, &order, 1, &p) &&
	   p.type == PROBLEM_BAD_CSR && strstr(p.detail, "evil.example.com") != NULL,
	   "C-4 so the second one is not overlooked");
	accepted("C-4 two CNs in one RDN", csr_of_subject(SEQ(SET(
		 SEQ(OIDV("\x55\x04\x03"), TLV(0x0c, B("b.example.org"))),
		 SEQ(OIDV("\x55\x04\x03"), TLV(0x0c, B("c.example.org")))))),
		 "b.example.org c.example.org www.example.org");
	refused("C-4 CN with NUL", csr_of_subject(SEQ(CN(0x0c, B("www.example.org\0.evil.org")))),
		"NUL");
	refused("C-4 BMPString", csr_of_subject(SEQ(CN(0x1e, B("\0a\0.\0o\0r\0g")))),
		"UTF8String");
	refused("C-4 TeletexString", csr_of_subject(SEQ(CN(0x14, B("www.example.org")))),
		"UTF8String");
	refused("C-4 CN of 65", csr_of_subject(SEQ(CN(0x0c, B("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaa.bbbbbbbbbbbbbbb.org")))), "65 octets");
	refused("C-4 CN is an address", csr_of_subject(SEQ(CN(0x0c, B("192.0.2.1")))),
		"an address");
	refused("C-4 CN is an IPv6 address", csr_of_subject(SEQ(CN(0x0c, B("2001:db8::1")))),
		"not a DNS name");
	refused("C-4 CN is no name", csr_of_subject(SEQ(CN(0x0c, B("My Web Server")))),
		"not a DNS name");
	refused("C-4 empty CN", csr_of_subject(SEQ(CN(0x0c, NOTHING))), "empty");
	refused("C-4 CN in a SEQUENCE", csr_of_subject(SEQ(CN(0x30, TLV(0x0c, B("a.org"))))),
		"not a proper name");
	refused("C-4 bad UTF-8 elsewhere in the subject", csr_of_subject(SEQ(SET(SEQ(
		OIDV("\x55\x04\x0a"), TLV(0x0c, B("\xc3")))))), "not a proper name");
	refused("C-4 odd BMPString elsewhere", csr_of_subject(SEQ(SET(SEQ(
		OIDV("\x55\x04\x0a"), TLV(0x1e, B("\0a\0")))))), "not a proper name");
	refused("C-4 VisibleString elsewhere", csr_of_subject(SEQ(SET(SEQ(
		OIDV("\x55\x04\x0a"), TLV(0x1a, B("Acme")))))), "not a proper name");
	refused("C-4 empty RDN", csr_of_subject(SEQ(SET(NOTHING))), "not a proper name");
}

static void
test_extensions(void)
{
	struct blob san = SAN(DNS("www.example.org")), evil = SAN(DNS("evil.example.com"));
	struct blob ms = OIDV("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e");

	accepted("C-5 CA:TRUE, keyCertSign, any EKU, constraints, poison, SKI are not heeded",
		 CSR(p256, SEQ(OIDV("\x55\x1d\x13"), B("\1\1\xff"), OCTETS(SEQ(B("\1\1\xff")))),
		     extension(OIDV("\x55\x1d\x0f"), TLV(0x03, B("\1\6"))),
		     extension(OIDV("\x55\x1d\x25"), SEQ(OIDV("\x55\x1d\x25\0"))),
		     extension(OIDV("\x55\x1d\x1e"), SEQ(NOTHING)), san,
		     SEQ(OIDV("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"), B("\1\1\xff"),
			 OCTETS(B("\5\0"))),
		     extension(OIDV("\x55\x1d\x0e"), OCTETS(B("\1\2")))), "www.example.org");
	refused("C-5 must-staple", CSR(p256, san, extension(OIDV(
		"\x2b\x06\x01\x05\x05\x07\x01\x18"), SEQ(B("\2\1\5")))), "must-staple");
	refused("C-6 SAN twice", CSR(p256, san, evil), "twice");
	refused("C-6 another extension twice", CSR(p256, san,
		extension(OIDV("\x55\x1d\x0f"), TLV(0x03, B("\7\x80"))),
		extension(OIDV("\x55\x1d\x0f"), TLV(0x03, B("\7\x80")))), "twice");
	refused("C-6 two extensionRequests",
		csr_of_attributes(TLV(0xa0, REQUEST(san), REQUEST(evil))), "one extensionRequest");
	refused("C-6 no value", csr_of_attributes(TLV(0xa0, SEQ(REQUEST_OID, SET(NOTHING)))),
		"an attribute");
	refused("C-6 two values", csr_of_attributes(TLV(0xa0, SEQ(REQUEST_OID,
		SET(SEQ(san), SEQ(evil))))), "one extensionRequest");
	refused("C-6 Microsoft's attribute beside", csr_of_attributes(TLV(0xa0, REQUEST(san),
		SEQ(ms, SET(SEQ(evil))))), "Microsoft");
	refused("C-6 Microsoft's attribute alone", csr_of_attributes(TLV(0xa0,
		SEQ(ms, SET(SEQ(san))))), "Microsoft");
	refused("C-6 critical FALSE spelled out", CSR(p256, SEQ(SAN_OID, B("\1\1\0"),
		OCTETS(SEQ(DNS("www.example.org"))))), "strict DER");
	refused("C-6 something behind the extension's value", CSR(p256, SEQ(SAN_OID,
		OCTETS(SEQ(DNS("www.example.org"))), B("\5\0"))), "strict DER");
	refused("C-6 something behind the SAN", CSR(p256, extension(SAN_OID,
		TLV(0x30, DNS("www.example.org"), B("\5\0")))), "only dNSName");
	refused("C-12 BER inside the SAN", CSR(p256, SEQ(SAN_OID, OCTETS(
		B("\x30\x81\x07\x82\x05" "a.org")))), "not in DER");
	refused("C-12 a length beyond the SAN", CSR(p256, SEQ(SAN_OID, OCTETS(
		B("\x30\x07\x82\x06" "a.org")))), "not in DER");
}

static void
test_signatures(void)
{
	struct recipe r = { .key = p256,
		.attributes = TLV(0xa0, REQUEST(SAN(DNS("www.example.org")))) };
	struct blob good = make_csr(&r), flipped = arena_blob(make_arena, good.data, good.len);
	struct blob rsa_bytes;

	((uint8_t *)(uintptr_t)flipped.data)[good.len - 1] ^= 1;
	refused("C-9 one bit of the signature", flipped, "signature is not valid");
	r.spki = key_blob(p384);
	refused("C-9 signed by another key", make_csr(&r), "signature is not valid");
	r.spki = NOTHING;
	r.algorithm = SEQ(OIDV("\x2a\x86\x48\xce\x3d\x04\x03\x03"));
	refused("C-9 another hash than is said", make_csr(&r), "signature is not valid");
	r.algorithm = RSA_SHA256;
	refused("C-9 RSA said, EC key", make_csr(&r), "not of the same kind");
	r.algorithm = SEQ(OIDV("\x2a\x86\x48\xce\x3d\x04\x03\x02"), B("\5\0"));
	refused("C-9 ECDSA with NULL parameters", make_csr(&r), "SHA-256, SHA-384 or");
	r.algorithm = SEQ(OIDV("\x2a\x86\x48\xce\x3d\x04\x01"));
	r.digest = "SHA1";
	refused("C-9 ECDSA with SHA-1", make_csr(&r), "SHA-256, SHA-384 or");
	r.key = rsa;
	r.algorithm = SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), B("\5\0"));
	refused("C-9 RSA with SHA-1", make_csr(&r), "SHA-256, SHA-384 or");
	r.algorithm = SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), B("\5\0"));
	r.digest = "MD5";
	refused("C-9 RSA with MD5", make_csr(&r), "SHA-256, SHA-384 or");
	r.digest = NULL;
	r.algorithm = SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"));
	refused("C-9 RSA without NULL parameters", make_csr(&r), "SHA-256, SHA-384 or");
	r.algorithm = SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), SEQ(NOTHING));
	refused("C-9 RSA-PSS", make_csr(&r), "SHA-256, SHA-384 or");
	r.algorithm = ECDSA_SHA256;
	refused("C-9 ECDSA said, RSA key", make_csr(&r), "not of the same kind");
	r.algorithm = NOTHING;
	rsa_bytes = make_csr(&r);
	refused("C-9 signature cut short", SEQ(inside(TLV(0x30, inside(rsa_bytes))), NOTHING,
		B("\3\1\0")), "not PKCS#10");
}

/* A CSR with that SubjectPublicKeyInfo; its signature cannot be right. */
static struct blob
csr_of_key(struct blob spki, bool is_rsa)
{
	return make_csr(&(struct recipe){ .key = is_rsa ? rsa : p256, .spki = spki,
		.attributes = TLV(0xa0, REQUEST(SAN(DNS("www.example.org")))) });
}

static struct blob
rsa_spki(size_t octets, uint8_t first, struct blob e)
{
	uint8_t *n = arena_alloc(make_arena, octets + 1);

	memset(n + 1, 0xb5, octets);
	n[1] = first;
	return SEQ(SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), B("\5\0")),
		   TLV(0x03, B("\0"), SEQ(TLV(0x02, (struct blob){ n + (first < 0x80), octets +
		   (first >= 0x80) }), TLV(0x02, e))));
}

static void
test_rsa_keys(void)
{
	const struct blob e = B("\1\0\1");

	refused("C-10 RSA 512", csr_of_key(rsa_spki(64, 0x80, e), true), "2048, 3072");
	refused("C-10 RSA 1024", csr_of_key(rsa_spki(128, 0x80, e), true), "2048, 3072");
	refused("C-10 RSA 2047", csr_of_key(rsa_spki(256, 0x7f, e), true), "2048, 3072");
	refused("C-10 RSA 2056", csr_of_key(rsa_spki(257, 0x80, e), true), "2048, 3072");
	refused("C-10 J-10 RSA 8192", csr_of_key(rsa_spki(1024, 0x80, e), true), "2048, 3072");
	refused("C-10 J-10 RSA 16384", csr_of_key(rsa_spki(2048, 0x80, e), true), "2048, 3072");
	refused("C-10 J-10 RSA 300000", csr_of_key(rsa_spki(37500, 0x80, e), true), "2048, 3072");
	refused("J-9 e = 1", csr_of_key(rsa_spki(256, 0x80, B("\1")), true), "65537");
	refused("J-9 e = 3", csr_of_key(rsa_spki(256, 0x80, B("\3")), true), "65537");
	refused("J-9 e even", csr_of_key(rsa_spki(256, 0x80, B("\1\0\2")), true), "65537");
	refused("J-9 e = 65537 with a leading zero",
		csr_of_key(rsa_spki(256, 0x80, B("\0\1\0\1")), true), "must be RSA");
	refused("J-9 e huge", csr_of_key(rsa_spki(256, 0x80, B("\1\1\1\1\1\1\1\1\1\1\1")), true),
		"65537");
	refused("J-9 negative n", csr_of_key(SEQ(SEQ(OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"),
		B("\5\0")), TLV(0x03, B("\0"), SEQ(TLV(0x02, B("\x80")), B("\2\3\1\0\1")))), true),
		"must be RSA");
	refused("J-9 n divisible by 5", csr_of_key(rsa_spki(256, 0xb5, e), true), "divisible by");
}

static EVP_PKEY *
key_of_curve(const char *curve, bool explicit_parameters)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_group_name(ctx, curve);
	EVP_PKEY_CTX_set_ec_param_enc(ctx, explicit_parameters ? 0 : OPENSSL_EC_NAMED_CURVE);
	EVP_PKEY_generate(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static struct blob
ec_spki(const char *point, size_t len)
{
	return SEQ(SEQ(OIDV("\x2a\x86\x48\xce\x3d\x02\x01"),
		       OIDV("\x2a\x86\x48\xce\x3d\x03\x01\x07")),
		   TLV(0x03, B("\0"), (struct blob){ (const uint8_t *)point, len }));
}

static void
test_ec_keys(void)
{
	static const char *const curves[] = { "secp224r1", "secp256k1", "secp521r1" };
	EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *explicit = key_of_curve("prime256v1", true);
	struct blob point = inside(inside(key_blob(p256)));
	char raw[65];

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		EVP_PKEY *key = key_of_curve(curves[i], false);

		refused(arena_printf(make_arena, "C-10 %s", curves[i]),
			CSR(key, SAN(DNS("www.example.org"))), "must be RSA, or EC");
		EVP_PKEY_free(key);
	}
	refused("C-10 J-8 explicit parameters", CSR(explicit, SAN(DNS("www.example.org"))),
		"must be RSA, or EC");
	refused("C-10 Ed25519, signed by itself", make_csr(&(struct recipe){ .key = ed25519,
		.algorithm = SEQ(OIDV("\x2b\x65\x70")),
		.attributes = TLV(0xa0, REQUEST(SAN(DNS("www.example.org")))) }), "RSA");
	refused("C-10 Ed25519", csr_of_key(key_blob(ed25519), false), "must be RSA, or EC");
	refused("C-10 DSA", csr_of_key(SEQ(SEQ(OIDV("\x2a\x86\x48\xce\x38\x04\x01"),
		SEQ(B("\2\1\7"), B("\2\1\3"), B("\2\1\2"))), TLV(0x03, B("\0\2\1\4"))), false),
		"must be RSA, or EC");
	refused("C-10 ML-DSA-44", csr_of_key(SEQ(SEQ(OIDV("\x60\x86\x48\x01\x65\x03\x04\x03\x11")),
		TLV(0x03, B("\0abc"))), false), "must be RSA, or EC");
	memcpy(raw, point.data + point.len - 65, sizeof(raw));
	ok(raw[0] == 4, "the last 65 octets of a P-256 key are its point");
	refused("J-8 compressed point", csr_of_key(ec_spki("\2", 1), false), "must be RSA, or EC");
	raw[0] = 2 + (raw[64] & 1);
	refused("J-8 compressed point of full length", csr_of_key(ec_spki(raw, 33), false),
		"must be RSA, or EC");
	raw[0] = 6 + (raw[64] & 1);
	refused("J-8 hybrid point", csr_of_key(ec_spki(raw, 65), false), "must be RSA, or EC");
	raw[0] = 4;
	refused("J-8 point cut short", csr_of_key(ec_spki(raw, 64), false), "must be RSA, or EC");
	refused("J-8 infinity", csr_of_key(ec_spki("\0", 1), false), "must be RSA, or EC");
	raw[64] ^= 1;
	refused("J-8 not on the curve", csr_of_key(ec_spki(raw, 65), false), "not on its curve");
	memset(raw + 1, 0, 64);
	refused("J-8 (0, 0)", csr_of_key(ec_spki(raw, 65), false), "not on its curve");
	memset(raw + 1, 0xff, 64);
	refused("J-8 beyond the field", csr_of_key(ec_spki(raw, 65), false), "not on its curve");
	refused("C-10 P-384's point on P-256", csr_of_key(SEQ(SEQ(
		OIDV("\x2a\x86\x48\xce\x3d\x02\x01"), OIDV("\x2a\x86\x48\xce\x3d\x03\x01\x07")),
		TLV(0x03, B("\0"), (struct blob){ key_blob(p384).data + 23, 97 })), false),
		"must be RSA, or EC");
	EVP_PKEY_free(ed25519);
	EVP_PKEY_free(explicit);
}

static void
test_encoding(void)
{
	struct blob good = CSR(p256, SAN(DNS("www.example.org")));
	uint8_t *d = arena_alloc(make_arena, 60000);
	struct blob nested = NOTHING, many[400], huge;
	char name[8];

	refused("C-12 nothing", NOTHING, "strict DER");
	refused("C-12 an element behind", inside(TLV(0x30, good, B("\5\0"))), "strict DER");
	refused("C-12 the same again behind", inside(TLV(0x30, good, good)), "strict DER");
	refused("C-12 an element more inside", TLV(0x30, inside(good), B("\5\0")), "not PKCS#10");
	refused("C-12 a byte behind", inside(TLV(0x30, good, B("\0"))), "strict DER");
	memcpy(d, good.data, good.len);
	refused("C-12 zeros behind", (struct blob){ d, good.len + 5 }, "strict DER");
	refused("C-12 cut short", (struct blob){ good.data, good.len - 1 }, "strict DER");
	d[0] = 0x30;
	d[1] = 0x80;
	memcpy(d + 2, inside(good).data, inside(good).len);
	refused("C-12 indefinite length", (struct blob){ d, inside(good).len + 4 }, "strict DER");
	d[1] = 0x83;
	d[2] = 0;
	d[3] = (uint8_t)(inside(good).len >> 8);
	d[4] = (uint8_t)inside(good).len;
	memcpy(d + 5, inside(good).data, inside(good).len);
	refused("C-12 length with a leading zero", (struct blob){ d, inside(good).len + 5 },
		"strict DER");
	refused("C-12 no CSR but a key", key_blob(p256), "not PKCS#10");
	memset(d, 0x30, 49000);
	refused("C-12 49 kB of 0x30", (struct blob){ d, 49000 }, "strict DER");
	for (size_t i = 0; i < 49000; i += 2)
		d[i + 1] = 0x80;
	refused("C-12 indefinite, nested 24,500 times", (struct blob){ d, 49000 }, "strict DER");
	for (int i = 0; i < 3000; i++)
		nested = SEQ(nested);
	refused("C-12 nested 3,000 times", nested, "strict DER");
	refused("C-12 nested inside an attribute", csr_of_attributes(TLV(0xa0, SEQ(OIDV("\x2a\x03"),
		SET(nested)))), "strict DER");
	refused("C-12 a string in pieces", csr_of_attributes(TLV(0xa0, SEQ(
		OIDV("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"), SET(TLV(0x2c, TLV(0x0c, B("a"))))),
		REQUEST(SAN(DNS("www.example.org"))))), "strict DER");
	for (size_t i = 0; i < 49000; i++)
		d[i] = (uint8_t)(i * 2654435761U >> 24);
	refused("C-12 49 kB of noise", (struct blob){ d, 49000 }, "strict DER");
	for (size_t i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "%c.%c%c", 'a' + (int)(i / 676 % 26),
			 'a' + (int)(i / 26 % 26), 'a' + (int)(i % 26));
		memcpy(d + 6 * i, "\x82\4", 2);
		memcpy(d + 6 * i + 2, name, 4);
	}
	huge = (struct blob){ d, 60000 };
	refused("C-12 10,000 names", CSR(p256, SAN(huge)), "more than 1000 names");
	for (int i = 0; i < 400; i++)
		many[i] = extension(TLV(0x06, B("\x2a"), arena_blob(make_arena,
			(uint8_t[]){ (uint8_t)(i / 100 + 1), (uint8_t)(i % 100) }, 2)), B("\5\0"));
	refused("C-12 400 extensions", csr_of_attributes(TLV(0xa0, SEQ(REQUEST_OID,
		SET(make_tlv(0x30, 400, many))))), "more than 64");
	refused("C-13 PEM", B("-----BEGIN CERTIFICATE REQUEST-----\nMIIB"), "PEM");
	refused("C-13 base64", B("MIIBOjCB4QIBADAAMFkwEwYHKoZIzj0CAQYIKoZIzj0D"), "strict DER");
	refused("C-14 version 1", make_csr(&(struct recipe){ .key = p256,
		.version = B("\2\1\1") }), "version must be 0");
	refused("C-14 version 2^32", make_csr(&(struct recipe){ .key = p256,
		.version = B("\2\5\1\0\0\0\0") }), "version must be 0");
	refused("C-14 version -1", make_csr(&(struct recipe){ .key = p256,
		.version = B("\2\1\xff") }), "version must be 0");
	refused("C-12 version 00 00", make_csr(&(struct recipe){ .key = p256,
		.version = B("\2\2\0\0") }), "strict DER");
}

/* Every byte of a good CSR, wrong in turn: never accepted with other names or key. */
static void
test_flips(void)
{
	struct blob good = CSR(p256, SAN(DNS("www.example.org"), IP("\xc0\0\2\1")));
	uint8_t *d = arena_alloc(make_arena, good.len);
	struct problem p;
	struct csr csr;
	size_t taken = 0;

	for (size_t i = 0; i < good.len; i++) {
		memcpy(d, good.data, good.len);
		d[i] ^= 1 << (i % 8);
		taken += csr_parse(&csr, make_arena, (struct blob){ d, good.len }, &p);
	}
	ok(taken == 0, "C-9 C-12 no byte can be changed");
	for (size_t i = 0; i < good.len; i++)
		taken += csr_parse(&csr, make_arena, (struct blob){ arena_memdup(make_arena,
			good.data, i), i }, &p);
	ok(taken == 0, "C-12 nor any left out at the end");
}

static void
test_names_check(void)
{
	struct csr csr;
	struct ident order[2];
	struct problem p;

	csr_parse(&csr, make_arena, CSR(p256, SAN(DNS("B.example.org"), DNS("*.example.org"))), &p);
	ident_parse_dns(&order[0], make_arena, "*.example.org", 13, &p);
	ident_parse_dns(&order[1], make_arena, "b.EXAMPLE.org", 13, &p);
	ok(csr_names_check(&csr, order, 2, &p), "C-2 the same names in another case");
	ok(!csr_names_check(&csr, order, 1, &p) && p.type == PROBLEM_BAD_CSR, "C-2 one too many");
	is(p.detail, "the CSR has the name \"b.example.org\", which the order has not",
	   "  named in the detail");
	csr_parse(&csr, make_arena, CSR(p256, SAN(DNS("b.example.org"))), &p);
	ok(!csr_names_check(&csr, order, 2, &p) && p.type == PROBLEM_BAD_CSR, "C-2 one missing");
	is(p.detail, "the CSR lacks the name \"*.example.org\" of the order",
	   "  named in the detail");
	ident_parse_dns(&order[0], make_arena, "example.org", 11, &p);
	csr_parse(&csr, make_arena, CSR(p256, SAN(DNS("*.example.org"))), &p);
	ok(!csr_names_check(&csr, order, 1, &p), "C-2 a wildcard is not its base");
	ok(!csr_names_check(&csr, order, 0, &p), "C-2 an order without names fits nothing");
}

/* As clients make them. */
static void
test_openssl_made(void)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *subject = X509_NAME_new();
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	X509V3_CTX ctx;
	uint8_t *der = NULL;
	int len;

	X509V3_set_ctx(&ctx, NULL, NULL, req, NULL, 0);
	X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const uint8_t *)"M\xc3\xbcller",
				   -1, -1, 0);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
				   (const uint8_t *)"*.example.org", -1, -1, 0);
	X509_REQ_set_subject_name(req, subject);
	X509_REQ_set_pubkey(req, rsa);
	sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, &ctx, NID_ext_key_usage,
							 "serverAuth,clientAuth"));
	sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name,
		"DNS:*.example.org,DNS:xn--mller-kva.example,IP:2001:db8::1"));
	X509_REQ_add_extensions(req, list);
	X509_REQ_sign(req, rsa, EVP_sha384());
	len = i2d_X509_REQ(req, &der);
	accepted("38: made by OpenSSL, with EKU", (struct blob){ der, (size_t)len },
		 "*.example.org xn--mller-kva.example 2001:db8::1");
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_NAME_free(subject);
	X509_REQ_free(req);
}

int
main(void)
{
	make_arena = arena_new();
	p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	rsa = quick_rsa(2048);
	test_good();
	test_no_names();
	test_name_forms();
	test_common_names();
	test_extensions();
	test_signatures();
	test_rsa_keys();
	test_ec_keys();
	test_encoding();
	test_flips();
	test_names_check();
	test_openssl_made();
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(rsa);
	arena_free(make_arena);
	return tap_done();
}

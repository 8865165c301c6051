/* SPDX-License-Identifier: Apache-2.0 */
/* attack_csr.c - CSRs that want more than was ordered, over the wire (C-1 to C-7, C-9,
 * C-12 to C-14); test_csr has them all. */
#include "tests/attack.h"
#include "tests/csr_make.h"

static struct scene scene;
static struct client *c;
static struct client_order ready;	/* for n0.example.test */
static EVP_PKEY *key;

#define N0 DNS("n0.example.test")

static void
refused(const char *what, struct blob der)
{
	long before = server_cpu(scene.server), took;

	client_post(c, ready.finalize, csr_payload(c, der));
	took = server_cpu(scene.server) - before;
	told(c, 400, "badCSR", "%s", what);
	if (took >= 100)
		ok(false, "%s: within 100 ms of CPU: %ld", what, took);
}

static struct blob
with_attributes(struct blob attributes)
{
	return make_csr(&(struct recipe){ .key = key, .attributes = attributes });
}

static struct blob
with_subject(struct blob subject)
{
	return make_csr(&(struct recipe){ .key = key, .subject = subject,
					  .attributes = TLV(0xa0, REQUEST(SAN(N0))) });
}

static void
test_names(void)
{
	struct blob san = SAN(N0), evil = SAN(DNS("evil.test"));

	refused("C-1 no names", with_attributes(TLV(0xa0, NOTHING)));
	refused("C-1 an empty SAN", CSR(key, SAN(NOTHING)));
	refused("C-2 one name more", CSR(key, SAN(N0, DNS("evil.test"))));
	refused("C-2 another name", CSR(key, evil));
	refused("C-2 a dot behind", CSR(key, SAN(DNS("n0.example.test."))));
	refused("C-2 the wildcard", CSR(key, SAN(DNS("*.n0.example.test"))));
	refused("C-2 a subdomain", CSR(key, SAN(DNS("a.n0.example.test"))));
	refused("C-2 the parent", CSR(key, SAN(DNS("example.test"))));
	refused("C-3 an address beside", CSR(key, SAN(N0, IP("\x7f\0\0\1"))));
	refused("C-3 mail beside", CSR(key, SAN(N0, TLV(0x81, B("a@evil.test")))));
	refused("C-3 a URI beside", CSR(key, SAN(N0, TLV(0x86, B("https://evil.test/")))));
	refused("C-3 otherName beside", CSR(key, SAN(N0, TLV(0xa0, OIDV("\x2a\x03"),
		TLV(0xa0, TLV(0x0c, B("x")))))));
	refused("C-4 another CN", with_subject(SEQ(CN(0x0c, B("evil.test")))));
	refused("C-4 a good CN, then another", with_subject(SEQ(CN(0x0c, B("n0.example.test")),
								CN(0x0c, B("evil.test")))));
	refused("C-4 both in one RDN", with_subject(SEQ(SET(
		SEQ(OIDV("\x55\x04\x03"), TLV(0x0c, B("evil.test"))),
		SEQ(OIDV("\x55\x04\x03"), TLV(0x0c, B("n0.example.test")))))));
	refused("C-4 NUL in a CN", with_subject(SEQ(CN(0x0c, B("n0.example.test\0.evil.test")))));
	refused("C-4 CN as BMPString", with_subject(SEQ(CN(0x1e, B("\0n\0000")))));
	refused("C-6 two SANs", CSR(key, san, evil));
	refused("C-6 two extensionRequests", with_attributes(TLV(0xa0, REQUEST(san),
								 REQUEST(evil))));
	refused("C-6 two values", with_attributes(TLV(0xa0, SEQ(REQUEST_OID, SET(SEQ(san),
										 SEQ(evil))))));
	refused("C-6 Microsoft's attribute beside", with_attributes(TLV(0xa0, REQUEST(san),
		SEQ(OIDV("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e"), SET(SEQ(evil))))));
	refused("C-7 NUL in a name", CSR(key, SAN(TLV(0x82, B("n0.example.test\0.evil.test")))));
	refused("C-7 a second, empty name", CSR(key, SAN(N0, TLV(0x82, NOTHING))));
	refused("C-8 an address of 5 octets", CSR(key, SAN(N0, IP("\1\2\3\4\5"))));
}

static void
test_forms(void)
{
	struct blob good = CSR(key, SAN(N0)), nested = NOTHING, many[3000];
	EVP_PKEY *other = key_new("ES256");

	refused("C-9 signed by another key", make_csr(&(struct recipe){ .key = other,
		.spki = key_blob(key), .attributes = TLV(0xa0, REQUEST(SAN(N0))) }));
	refused("C-9 SHA-1", make_csr(&(struct recipe){ .key = key, .digest = "SHA1",
		.algorithm = SEQ(OIDV("\x2a\x86\x48\xce\x3d\x04\x01")),
		.attributes = TLV(0xa0, REQUEST(SAN(N0))) }));
	refused("C-12 an octet behind", arena_blob(make_arena, good.data, good.len + 1));
	refused("C-12 an octet short", (struct blob){ good.data, good.len - 1 });
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = DNS(arena_printf(make_arena, "%zu.test", i));
	refused("C-12 3,000 names",
		CSR(key, extension(SAN_OID, make_tlv(0x30, COUNT(many), many))));
	for (int i = 0; i < 3000; i++)
		nested = SEQ(nested);
	refused("C-12 3,000 deep", CSR(key, extension(SAN_OID, nested)));
	refused("C-12 indefinite length", SEQ(B("\x30\x80"), good, B("\0\0")));
	refused("C-14 version 1", make_csr(&(struct recipe){ .key = key,
		.version = B("\x02\x01\x01"), .attributes = TLV(0xa0, REQUEST(SAN(N0))) }));
	client_post(c, ready.finalize, "{\"csr\":\"-----BEGIN CERTIFICATE REQUEST-----\\n"
		    "MIIB\\n-----END CERTIFICATE REQUEST-----\\n\"}");
	told(c, 400, "badCSR", "C-13 PEM");
	EVP_PKEY_free(other);
}

/* --- C-5: what is asked for beside names ------------------------------------------ */

/* A certificate for that CSR; NULL: none. */
static X509 *
issue(struct blob csr)
{
	struct client_order order;
	struct blob der;
	const uint8_t *at;

	if (!order_ready(c, &scene, "n0.example.test", &order) ||
	    !client_finalize(c, &order, csr))
		return NULL;
	der = leaf_der(c->arena, client_download(c, order.certificate));
	at = der.data;
	return d2i_X509(NULL, &at, (long)der.len);
}

static bool
same_extensions(const X509 *a, const X509 *b)
{
	if (X509_get_ext_count(a) != X509_get_ext_count(b))
		return false;
	for (int i = 0; i < X509_get_ext_count(a); i++) {
		X509_EXTENSION *x = X509_get_ext(a, i), *y = X509_get_ext(b, i);

		if (OBJ_cmp(X509_EXTENSION_get_object(x), X509_EXTENSION_get_object(y)) != 0 ||
		    X509_EXTENSION_get_critical(x) != X509_EXTENSION_get_critical(y) ||
		    ASN1_STRING_cmp(X509_EXTENSION_get_data(x), X509_EXTENSION_get_data(y)) != 0)
			return false;
	}
	return true;
}

static void
test_extensions(void)
{
	struct blob spki = key_blob(key), poison = OIDV("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03");
	X509 *plain = issue(CSR(key, SAN(N0)));
	X509 *greedy = issue(make_csr(&(struct recipe){ .key = key,
		.subject = SEQ(SET(SEQ(OIDV("\x55\x04\x0a"), TLV(0x0c, B("Evil")))),
			       CN(0x0c, B("n0.example.test"))),
		.attributes = TLV(0xa0, REQUEST(
			SEQ(OIDV("\x55\x1d\x13"), B("\1\1\xff"), OCTETS(SEQ(B("\1\1\xff")))),
			SEQ(OIDV("\x55\x1d\x0f"), B("\1\1\xff"), OCTETS(TLV(0x03, B("\1\6")))),
			extension(OIDV("\x55\x1d\x25"), SEQ(OIDV("\x55\x1d\x25\0"))),
			extension(OIDV("\x55\x1d\x1e"), SEQ(TLV(0xa0, SEQ(DNS("evil.test"))))),
			extension(OIDV("\x55\x1d\x20"), SEQ(SEQ(OIDV("\x55\x1d\x20\0")))),
			extension(OIDV("\x55\x1d\x0e"), OCTETS(B("evil"))),
			extension(OIDV("\x55\x1d\x23"), SEQ(TLV(0x80, B("evil")))),
			SEQ(poison, B("\1\1\xff"), OCTETS(B("\5\0"))), SAN(N0))) }));

	if (!ok(plain != NULL && greedy != NULL, "C-5 both are issued"))
		return;
	ok(same_extensions(plain, greedy), "C-5 CA:TRUE, keyCertSign, any EKU, constraints, "
	   "policies, key ids and poison: the certificate has none of it");
	ok(X509_NAME_cmp(X509_get_subject_name(plain), X509_get_subject_name(greedy)) == 0,
	   "C-5 nor a subject");
	ok(X509_check_ca(greedy) == 0, "C-5 it is no CA");
	ok(key_blob(X509_get0_pubkey(greedy)).len == spki.len, "C-5 it has the CSR's key");
	X509_free(plain);
	X509_free(greedy);
}

int
main(void)
{
	make_arena = arena_new();
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	c = member(&scene, "ES256");
	key = key_new("ES256");
	ok(order_ready(c, &scene, "n0.example.test", &ready), "a ready order");
	test_names();
	test_forms();
	refused("C-5 must-staple", CSR(key, SAN(N0), extension(OIDV(
		"\x2b\x06\x01\x05\x05\x07\x01\x18"), SEQ(B("\2\1\5")))));
	client_post(c, ready.url, "");
	is(text(c->json, "status"), "ready", "A-16 after all of these the order is ready");
	ok(client_finalize(c, &ready, CSR(key, SAN(N0))), "A-16 and a good CSR is taken");
	test_extensions();
	EVP_PKEY_free(key);
	leave(c);
	scene_stop(&scene);
	arena_free(make_arena);
	return tap_done();
}

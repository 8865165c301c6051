/* SPDX-License-Identifier: Apache-2.0 */
/* test_bench.c - what brevet-bench reads and writes by hand: certification requests and
 * certificates against OpenSSL, replies in any number of pieces. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/defer.h"
#include "tests/bench/answer.h"
#include "tests/bench/leaf.h"
#include "tests/tap.h"

DEFER(BIO, BIO_free_all)
DEFER(X509, X509_free)
DEFER(X509_REQ, X509_REQ_free)

static const char *const names[] = { "a.bench.test", "b.bench.test" };

/* --- Certification requests --------------------------------------------------------------- */

static size_t
names_in(X509_REQ *request, const char *const *list, size_t n)
{
	STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(request);
	GENERAL_NAMES *found = X509V3_get_d2i(all, NID_subject_alt_name, NULL, NULL);
	size_t same = 0;

	for (size_t i = 0; i < n && (int)i < sk_GENERAL_NAME_num(found); i++) {
		const ASN1_STRING *name = sk_GENERAL_NAME_value(found, (int)i)->d.dNSName;

		same += (size_t)ASN1_STRING_length(name) == strlen(list[i]) &&
			memcmp(ASN1_STRING_get0_data(name), list[i], strlen(list[i])) == 0;
	}
	if (sk_GENERAL_NAME_num(found) != (int)n)
		same = 0;
	GENERAL_NAMES_free(found);
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	return same;
}

/* OpenSSL reads the same and would have written the same. */
static void
check_request(struct arena *a, const struct leaf *leaf, const char *const *list, size_t n)
{
	struct blob der = leaf_request(a, leaf, list, n);
	const uint8_t *at = der.data;
	defer(X509_REQ) *request = d2i_X509_REQ(NULL, &at, (long)der.len);
	uint8_t *again = NULL;

	if (!ok(request != NULL && at == der.data + der.len, "OpenSSL reads %zu names", n))
		return;
	ok(X509_REQ_verify(request, leaf->key) == 1, "its signature is good");
	ok(names_in(request, list, n) == n, "its names are those that were asked");
	ok(X509_NAME_entry_count(X509_REQ_get_subject_name(request)) == 0, "no subject");
	i2d_re_X509_REQ_tbs(request, NULL);	/* encode it anew */
	ok(i2d_X509_REQ(request, &again) == (int)der.len &&
	   memcmp(again, der.data, der.len) == 0, "OpenSSL writes the same octets");
	OPENSSL_free(again);
}

static void
test_requests(struct arena *a, const struct leaf *ec, const struct leaf *rsa)
{
	const char *many[100];

	for (size_t i = 0; i < 100; i++)
		many[i] = arena_printf(a, "%0*zu.bench.test", (int)(1 + i % 63), i);
	check_request(a, ec, names, 1);
	check_request(a, ec, names, 2);
	check_request(a, ec, many, 9);		/* lengths on both sides of 128 and 256 */
	check_request(a, ec, many, 100);
	check_request(a, rsa, many, 3);
}

/* --- Certificates ------------------------------------------------------------------------- */

static struct blob
certificate(struct arena *a, const struct leaf *leaf, const char *cn, const char *san)
{
	defer(X509) *cert = X509_new();
	defer(BIO) *out = BIO_new(BIO_s_mem());
	X509_EXTENSION *extension = san == NULL ? NULL :
				    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	char *text;
	long n;

	X509_set_version(cert, 2);
	X509_set_pubkey(cert, leaf->key);
	if (cn != NULL)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
					   (const uint8_t *)cn, -1, -1, 0);
	if (extension != NULL)
		X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 60);
	if (X509_sign(cert, leaf->key, EVP_sha256()) <= 0 || PEM_write_bio_X509(out, cert) != 1)
		abort();
	n = BIO_get_mem_data(out, &text);
	return arena_blob(a, text, (size_t)n);
}

static void
test_certificates(struct arena *a, const struct leaf *leaf, const struct leaf *other)
{
	static const struct {
		const char *cn, *san, *what;
		bool good;
	} cases[] = {
		{ NULL, "DNS:a.bench.test,DNS:b.bench.test", "as ordered", true },
		{ NULL, "DNS:B.bench.test,DNS:a.bench.TEST", "another order and case", true },
		{ "a.bench.test", "DNS:a.bench.test,DNS:b.bench.test", "common name", true },
		{ "c.bench.test", "DNS:a.bench.test,DNS:b.bench.test", "another common name",
		  false },
		{ NULL, "DNS:a.bench.test", "a name less", false },
		{ NULL, "DNS:a.bench.test,DNS:b.bench.test,DNS:c.bench.test", "a name more",
		  false },
		{ NULL, "DNS:a.bench.test,DNS:A.bench.test", "one name twice", false },
		{ NULL, "DNS:a.bench.test,DNS:c.bench.test", "another name", false },
		{ NULL, "DNS:a.bench.test,DNS:b.bench.test,IP:127.0.0.1", "an address more",
		  false },
		{ NULL, "DNS:a.bench.test,email:b.bench.test@x.test", "a mail address",
		  false },
		{ "a.bench.test", NULL, "no subjectAltName", false },
	};
	struct blob pem;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pem = certificate(a, leaf, cases[i].cn, cases[i].san);
		ok((leaf_fault(leaf, pem, names, 2) == NULL) == cases[i].good, "%s: %s",
		   cases[i].what, cases[i].good ? "taken" : "refused");
	}
	pem = certificate(a, leaf, NULL, cases[0].san);
	is(leaf_fault(other, pem, names, 2), "it has another key", "another key: refused");
	is(leaf_fault(leaf, (struct blob){ (const uint8_t *)"x", 1 }, names, 2), "not PEM",
	   "no PEM: refused");
}

/* Every certificate cut short or with a wrong octet is refused or still right; memory
 * checkers look on. */
static void
test_broken(const struct leaf *leaf, struct blob pem)
{
	defer(BIO) *in = BIO_new_mem_buf(pem.data, (int)pem.len);
	char *label, *header;
	uint8_t *der;
	long len;
	size_t taken = 0;

	if (PEM_read_bio(in, &label, &header, &der, &len) != 1)
		abort();
	for (long i = 0; i < len; i++) {
		defer(BIO) *out = BIO_new(BIO_s_mem());
		char *text;
		long n;

		der[i] ^= 0xff;
		PEM_write_bio(out, "CERTIFICATE", "", der, i % 2 == 0 ? len : i + 1);
		der[i] ^= 0xff;
		n = BIO_get_mem_data(out, &text);
		taken += leaf_fault(leaf, (struct blob){ (uint8_t *)text, (size_t)n }, names,
				    2) == NULL;
	}
	ok(taken < (size_t)len, "broken certificates harm nobody");
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
}

/* --- Replies ------------------------------------------------------------------------------ */

static enum parse
parse(struct answer *answer, const char *text, size_t n, bool ended)
{
	return answer_parse(answer, (struct blob){ (const uint8_t *)text, n }, false, ended);
}

/* Any piece of it asks for more, all of it is a reply with that body. */
static void
check_reply(struct arena *a, const char *text, const char *body)
{
	struct answer answer = { .arena = a };
	size_t n = strlen(text), early = 0;

	for (size_t i = 0; i < n; i++)
		early += parse(&answer, text, i, false) != PARSE_MORE;
	ok(early == 0, "no piece of it is a reply");
	ok(parse(&answer, text, n, false) == PARSE_DONE, "all of it is");
	is((const char *)answer.body.data, body, "its body");
	is(answer.nonce, "abc", "its nonce");
}

static void
test_replies(struct arena *a)
{
	struct answer answer = { .arena = a };
	const char *rest = "HTTP/1.0 200 OK\r\n\r\nto the end";

	check_reply(a, "HTTP/1.1 201 Created\r\nReplay-Nonce: abc\r\nContent-Length: 5\r\n\r\n"
		    "hello", "hello");
	check_reply(a, "HTTP/1.1 200 OK\r\nreplay-nonce:abc\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", "hello");
	check_reply(a, "HTTP/1.1 204 No Content\r\nReplay-Nonce: abc\r\n\r\n", "");
	ok(parse(&answer, rest, strlen(rest), false) == PARSE_MORE, "without a length: more");
	ok(parse(&answer, rest, strlen(rest), true) == PARSE_DONE && answer.close,
	   "until the connection ends");
	is((const char *)answer.body.data, "to the end", "its body");
	ok(parse(&answer, "SSH-2.0-x\r\n\r\n", 13, false) == PARSE_BAD, "not HTTP");
}

int
main(void)
{
	struct arena *a = arena_new();
	struct leaf *ec = leaf_list(a, 2, KEY_P256), *rsa = leaf_list(a, 1, KEY_RSA2048);

	test_requests(a, ec, rsa);
	test_certificates(a, &ec[0], &ec[1]);
	test_broken(&ec[0], certificate(a, &ec[0], names[0], "DNS:a.bench.test,DNS:b.bench.test"));
	test_replies(a);
	arena_free(a);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ari.c - what tests of renewals need (RFC 9773). */
#include "tests/ari.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/b64.h"
#include "base/clock.h"

static int64_t
seconds_of(const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		abort();
	return timegm(&tm);
}

/* The content of the serial's DER, which OpenSSL writes. */
static const char *
serial_text(struct arena *a, const ASN1_INTEGER *serial)
{
	uint8_t der[64], *at = der;
	int n = i2d_ASN1_INTEGER(serial, &at);

	if (n < 3 || n > (int)sizeof(der) || der[1] != n - 2)
		abort();
	return b64_print(a, der + 2, (size_t)n - 2);
}

/* With zeros before it, or none at all. */
static const char *
serial_other(struct arena *a, const ASN1_INTEGER *serial, size_t zeros)
{
	uint8_t octets[64] = { 0 };
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	int len = BN_bn2bin(n, octets + zeros);

	BN_free(n);
	return b64_print(a, octets, zeros + (size_t)len);
}

static const char *
der_text(struct arena *a, X509 *x)
{
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);
	const char *text = b64_print(a, der, (size_t)n);

	OPENSSL_free(der);
	return text;
}

struct leaf_facts
leaf_facts(struct arena *a, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	const ASN1_OCTET_STRING *key = x == NULL ? NULL : X509_get0_authority_key_id(x);
	const ASN1_INTEGER *serial = x == NULL ? NULL : X509_get0_serialNumber(x);
	struct leaf_facts l = { 0 };

	if (key == NULL) {
		printf("Bail out! a certificate without authorityKeyIdentifier\n");
		exit(1);
	}
	l.key = b64_print(a, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
	l.serial = serial_text(a, serial);
	l.certid = arena_printf(a, "%s.%s", l.key, l.serial);
	l.certid_bare = arena_printf(a, "%s.%s", l.key, serial_other(a, serial, 0));
	l.certid_zero = arena_printf(a, "%s.%s", l.key, serial_other(a, serial, 1));
	l.not_before = seconds_of(X509_get0_notBefore(x));
	l.not_after = seconds_of(X509_get0_notAfter(x));
	l.der = der_text(a, x);
	X509_free(x);
	BIO_free(bio);
	return l;
}

int
info_get(struct client *c, const char *certid, struct renewal_info *info)
{
	const char *url = arena_printf(c->arena, "%s/%s", client_url(c, "renewal-info"), certid);
	const json_t *window;
	const char *end, *retry;

	*info = (struct renewal_info){ .retry = -1 };
	if (client_get(c, "GET", url) != 200)
		return c->reply.status;
	window = json_object_get(c->json, "suggestedWindow");
	info->start_text = json_string_value(json_object_get(window, "start"));
	end = json_string_value(json_object_get(window, "end"));
	info->explanation = json_string_value(json_object_get(c->json, "explanationURL"));
	if (info->start_text == NULL || !clock_parse(info->start_text, &info->start) ||
	    end == NULL || !clock_parse(end, &info->end))
		return -1;
	retry = reply_only(&c->reply, "Retry-After");
	if (retry != NULL)
		info->retry = strtol(retry, NULL, 10);
	return 200;
}

int
order_replacing(struct client *c, const char *name, const char *certid)
{
	struct client_order order;

	c->replaces = certid;
	client_order_new(c, &name, 1, &order);
	c->replaces = NULL;
	return c->reply.status;
}

bool
issue_replacing(struct client *c, struct responder *responder, const char *name,
		const char *certid, struct leaf_facts *facts)
{
	struct issued issued = { 0 };
	bool done;

	c->replaces = certid;
	done = client_issue(c, responder, &name, 1, &issued);
	c->replaces = NULL;
	EVP_PKEY_free(issued.key);
	if (done)
		*facts = leaf_facts(c->arena, issued.pem);
	return done;
}

struct leaf_facts
issue_or_end(struct client *c, struct responder *responder, const char *name, const char *certid)
{
	struct leaf_facts facts;

	if (!issue_replacing(c, responder, name, certid, &facts)) {
		printf("Bail out! no certificate for %s: %s\n", name, client_why(c));
		exit(1);
	}
	return facts;
}

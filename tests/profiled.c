/* SPDX-License-Identifier: Apache-2.0 */
/* profiled.c - orders by profile, and what their certificates say. */
#include "tests/profiled.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t
seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		abort();
	return timegm(&tm);
}

struct facts
facts_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct facts f;

	if (x == NULL)
		abort();
	f.begins = seconds_of(X509_get0_notBefore(x));
	f.life = seconds_of(X509_get0_notAfter(x)) - f.begins + 1;
	f.crl = X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0;
	f.client = (X509_get_extended_key_usage(x) & XKU_SSL_CLIENT) != 0;
	X509_free(x);
	BIO_free(bio);
	return f;
}

int
order_with(struct client *c, const char *idents, const char *more)
{
	return client_post(c, client_url(c, "new-order"), arena_printf(
		c->arena, "{\"identifiers\":[%s]%s}", idents, more));
}

struct client_order
order_proved(struct client *c, const struct scene *sc)
{
	struct client_order order = { .url = NULL };
	const char *url = reply_only(&c->reply, "Location");

	if (url == NULL || !client_order_get(c, NULL, &order)) {
		printf("# no order: %s\n", client_why(c));
		return order;
	}
	order.url = arena_strdup(c->arena, url);
	if (strcmp(order.status, "pending") == 0)
		client_prove(c, sc->responder, order.authz[0]);
	return order;
}

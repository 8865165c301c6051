/* SPDX-License-Identifier: Apache-2.0 */
/* acme_life.c - terms that change, times that were asked for, pre-authorization, addresses,
 * reuse, and the formats of a certificate (RFC 8555 sections 7.3.3, 7.4, 7.4.1, 7.4.2). */
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/scene.h"

#define OLD_TERMS "terms_of_service=https://example.test/terms-1"
#define NEW_TERMS "https://example.test/terms-2"

static struct scene scene;
static struct client *c;

static const char *
rfc3339(long from_now)
{
	time_t when = time(NULL) + from_now;
	char *text = arena_alloc(c->arena, 32);
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

static int
order_with(const char *more)
{
	return client_post(c, client_url(c, "new-order"), arena_printf(
		c->arena, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"n0.example.test\"}]%s}",
		more));
}

/* A time of the first certificate in that text, as the RFC writes it. */
static const char *
time_of(const char *pem, const ASN1_TIME *(*get)(const X509 *x))
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	char *text = arena_alloc(c->arena, 32);
	struct tm tm;

	if (x == NULL || ASN1_TIME_to_tm(get(x), &tm) != 1)
		abort();
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	X509_free(x);
	BIO_free(bio);
	return text;
}

/* What was asked for stands in the order and in the certificate, to the second. */
static void
test_asked(const char *begin, const char *end)
{
	const char *names[] = { "n0.example.test" }, *pem, *more = "";
	struct issued issued = { .key = key_new("ES256") };
	struct client_order order;
	bool good;

	if (begin != NULL)
		more = arena_printf(c->arena, ",\"notBefore\":\"%s\"", begin);
	if (end != NULL)
		more = arena_printf(c->arena, "%s,\"notAfter\":\"%s\"", more, end);
	good = order_with(more) == 201;
	ok(good, "times within the profile: %s", client_why(c));
	is(text(c->json, "notBefore"), begin, "notBefore is told again");
	is(text(c->json, "notAfter"), end, "so is notAfter");
	client_order_get(c, NULL, &order);
	client_prove(c, scene.responder, order.authz[0]);
	good = client_finalize(c, &order, csr_of_names(c->arena, issued.key, names, 1));
	ok(good, "issued: %s", client_why(c));
	pem = client_download(c, order.certificate);
	if (begin != NULL)
		is(time_of(pem, X509_get0_notBefore), begin, "notBefore is what was asked for");
	if (end != NULL)
		is(time_of(pem, X509_get0_notAfter), end, "notAfter is what was asked for");
	EVP_PKEY_free(issued.key);
}

static void
test_times(void)
{
	test_asked(NULL, rfc3339(3 * 86400));
	test_asked(rfc3339(-1800), NULL);
	test_asked(rfc3339(-600), rfc3339(86400));
	ok(order_with(arena_printf(c->arena, ",\"notAfter\":\"%s\"", rfc3339(90 * 86400))) == 400 &&
	   strstr(c->detail, "profile") != NULL, "notAfter beyond the profile: %s", client_why(c));
	ok(order_with(arena_printf(c->arena, ",\"notAfter\":\"%s\"", rfc3339(-60))) == 400,
	   "notAfter in the past: %s", client_why(c));
	ok(order_with(arena_printf(c->arena, ",\"notBefore\":\"%s\"", rfc3339(-86400))) == 400,
	   "notBefore too far back: %s", client_why(c));
	ok(order_with(",\"notAfter\":\"tomorrow\"") == 400, "no time at all: %s", client_why(c));
}

static int
preauthorize(const char *type, const char *value)
{
	return client_post(c, client_url(c, "new-authz"), arena_printf(
		c->arena, "{\"identifier\":{\"type\":\"%s\",\"value\":\"%s\"}}", type, value));
}

static void
test_newauthz(void)
{
	const char *url, *names[] = { "n1.example.test" };
	struct client_order order;

	ok(preauthorize("dns", "n1.example.test") == 201, "newAuthz: 201: %s", client_why(c));
	url = reply_only(&c->reply, "Location");
	ok(url != NULL, "newAuthz: its Location");
	is(json_string_value(json_object_get(c->json, "status")), "pending", "newAuthz: pending");
	url = arena_strdup(c->arena, url == NULL ? "" : url);
	is(client_prove(c, scene.responder, url), "valid", "newAuthz: proved");
	ok(preauthorize("dns", "n1.example.test") == 200, "newAuthz: again: 200");
	is(reply_only(&c->reply, "Location"), url, "newAuthz: the same");
	ok(client_order_new(c, names, 1, &order) && strcmp(order.status, "ready") == 0,
	   "34: an order for it is ready at once");
	is(order.authz[0], url, "and names that authorization");
	ok(preauthorize("dns", "*.n1.example.test") == 400, "newAuthz: no wildcard: %s",
	   client_why(c));
	ok(preauthorize("dns", "localhost") == 403, "newAuthz: refused: %s", client_why(c));
	ok(preauthorize("email", "a@example.test") == 403, "newAuthz: %s", client_why(c));
	ok(client_post(c, client_url(c, "new-authz"), "") == 400, "newAuthz: no payload");
}

static void
test_address(void)
{
	const json_t *list;
	int status = client_post(c, client_url(c, "new-order"),
		"{\"identifiers\":[{\"type\":\"ip\",\"value\":\"127.0.0.1\"}]}");
	struct client_order order;

	ok(status == 201 && client_order_get(c, NULL, &order), "an address is ordered: %s",
	   client_why(c));
	client_post(c, order.authz[0], "");
	list = json_object_get(c->json, "challenges");
	ok(json_array_size(list) == 1 && client_challenge(c->json, "http-01", "url") != NULL,
	   "an address is proved by http-01 alone");
	is(client_prove(c, scene.responder, order.authz[0]), "valid", "an address is proved");
	ok(client_post(c, client_url(c, "new-order"),
		       "{\"identifiers\":[{\"type\":\"ip\",\"value\":\"127.00.0.1\"}]}") == 400,
	   "another spelling of it is refused: %s", client_why(c));
}

static struct blob
download_as(const char *url, const char *accept)
{
	struct jws jws = { .payload = "", .key = c->key, .kid = c->kid, .url = url,
			   .nonce = client_nonce(c) };

	jws_sign(c->arena, &jws);
	client_send(c, "POST", url, arena_printf(c->arena, "application/jose+json\r\nAccept: %s",
						 accept), jws_print(c->arena, &jws));
	return c->reply.body;
}

static void
test_formats(void)
{
	const char *names[] = { "n2.example.test" }, *url, *up;
	struct issued issued = { .key = NULL };
	const unsigned char *at;
	struct blob body;
	X509 *x;
	PKCS7 *p7;

	if (!ok(client_issue(c, scene.responder, names, 1, &issued), "issued: %s", client_why(c)))
		return;
	url = issued.order.certificate;
	body = download_as(url, "application/pkix-cert");
	is(reply_only(&c->reply, "Content-Type"), "application/pkix-cert", "formats: DER");
	at = body.data;
	x = d2i_X509(NULL, &at, (long)body.len);
	ok(x != NULL && at == body.data + body.len, "formats: one certificate and nothing else");
	up = reply_link(&c->reply, c->arena, "up", 0);
	ok(up != NULL && strstr(up, "/issuer/main.crt") != NULL, "formats: and the issuer above");
	X509_free(x);
	body = download_as(url, "application/pkcs7-mime");
	is(reply_only(&c->reply, "Content-Type"), "application/pkcs7-mime", "formats: PKCS #7");
	at = body.data;
	p7 = d2i_PKCS7(NULL, &at, (long)body.len);
	ok(p7 != NULL && PKCS7_type_is_signed(p7) && sk_X509_num(p7->d.sign->cert) == 2,
	   "formats: with the chain");
	PKCS7_free(p7);
	download_as(url, "*/*");
	is(reply_only(&c->reply, "Content-Type"), "application/pem-certificate-chain",
	   "formats: PEM for anything");
	download_as(url, "text/html");
	ok(c->reply.status == 200, "formats: and for what is not known");
	EVP_PKEY_free(issued.key);
}

/* The server starts again with other terms. */
static void
test_terms(void)
{
	char line[512];
	bool changed;

	server_stop(scene.server);
	sleep(1);	/* the times are in seconds */
	snprintf(line, sizeof(line), "sed -i 's|https://example.test/terms-1|" NEW_TERMS
		 "|' '%s/brevet.conf'", scene.server->dir);
	changed = system(line) == 0 && server_again(scene.server);
	client_hang_up(c);
	c->nonce[0] = '\0';
	if (!ok(changed, "the terms change"))
		return;
	ok(order_with("") == 403 && strcmp(c->type, "userActionRequired") == 0,
	   "7.3.3: newOrder: %s", client_why(c));
	is(json_string_value(json_object_get(c->json, "instance")), NEW_TERMS, "7.3.3: instance");
	is(reply_link(&c->reply, c->arena, "terms-of-service", 0), NEW_TERMS, "7.3.3: Link");
	ok(preauthorize("dns", "n0.example.test") == 403, "7.3.3: newAuthz, too");
	ok(client_post(c, c->kid, "") == 200, "7.3.3: the account can still be read");
	ok(client_post(c, c->kid, "{\"termsOfServiceAgreed\":true}") == 200, "it agrees again");
	ok(order_with("") == 201, "and orders: %s", client_why(c));
}

/* order.reuse = pending: one authorization for all orders of a name, until it is valid. */
static void
test_pending(void)
{
	const char *names[] = { "n0.example.test", "n1.example.test" };
	struct client *other = member(&scene, "ES256");
	struct client_order first, second;

	c = member(&scene, "ES256");
	client_order_new(c, names, 1, &first);
	ok(client_order_new(c, names, 2, &second), "reuse: another order");
	ok(second.nauthz == 2 && (strcmp(second.authz[0], first.authz[0]) == 0) !=
	   (strcmp(second.authz[1], first.authz[0]) == 0),
	   "reuse: has the pending authorization, and one of its own");
	ok(client_order_new(other, names, 1, &second) &&
	   strcmp(second.authz[0], first.authz[0]) != 0, "reuse: another account has not");
	is(client_prove(c, scene.responder, first.authz[0]), "valid", "reuse: it is proved");
	ok(client_order_new(c, names, 1, &second) &&
	   strcmp(second.authz[0], first.authz[0]) != 0, "reuse: a valid one is not used again");
	is(second.status, "pending", "reuse: the new order is pending");
	ok(client_order_new(c, names + 1, 1, &first), "an order");
	is(client_prove(c, NULL, first.authz[0]), "invalid", "an authorization that fails");
	ok(client_order_new(c, names + 1, 1, &second) &&
	   strcmp(second.authz[0], first.authz[0]) != 0, "reuse: nor one that has failed");
	leave(other);
	leave(c);
}

int
main(void)
{
	static const char *const settings[] = { OLD_TERMS, "order.reuse=valid", NULL };

	if (!scene_begin(&scene, 0, settings))
		return 1;
	c = member(&scene, "ES256");
	test_times();
	test_newauthz();
	test_address();
	test_formats();
	test_terms();
	leave(c);
	scene_stop(&scene);
	if (!scene_begin(&scene, 0, (const char *const[]){ "order.reuse=pending", NULL }))
		return 1;
	test_pending();
	scene_stop(&scene);
	return tap_done();
}

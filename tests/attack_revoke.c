/* SPDX-License-Identifier: Apache-2.0 */
/* attack_revoke.c - who may revoke what, with which certificate and reason, and where it is
 * seen (A-20 to A-24, C-11). */
#include <openssl/asn1.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/b64.h"
#include "tests/attack.h"

static struct scene scene;

/* A certificate of a test, and who has it. */
struct held {
	struct client	*owner;
	EVP_PKEY	*key;
	struct blob	 der;		/* in owner->arena */
	const char	*authz[2];
};

/* A certificate for n0 and n1.example.test. */
static struct held
hold(void)
{
	static const char *const names[] = { "n0.example.test", "n1.example.test" };
	struct held h = { .owner = member(&scene, "ES256") };
	struct issued issued = { .key = NULL };

	if (!client_issue(h.owner, scene.responder, names, 2, &issued)) {
		printf("Bail out! nothing issued: %s\n", client_why(h.owner));
		exit(1);
	}
	h.key = issued.key;
	h.der = leaf_der(h.owner->arena, issued.pem);
	h.authz[0] = issued.order.authz[0];
	h.authz[1] = issued.order.authz[1];
	return h;
}

static void
drop(struct held *h)
{
	EVP_PKEY_free(h->key);
	leave(h->owner);
}

/* An account that has proved these of the names. */
static struct client *
prover(const char *first, const char *second, struct client_order *order)
{
	struct client *c = member(&scene, "ES256");

	if ((first != NULL && !order_ready(c, &scene, first, order)) ||
	    (second != NULL && !order_ready(c, &scene, second, order)))
		abort();
	return c;
}

static int
revoke_cert(struct client *c, struct blob der, const char *more)
{
	return client_post(c, client_url(c, "revoke-cert"), cert_payload(c, der, more));
}

/* Signed by the key that stands in jwk. */
static int
revoke_by_key(struct client *c, EVP_PKEY *key, struct blob der, const char *more)
{
	struct jws jws = { .key = key, .payload = cert_payload(c, der, more) };

	return client_post_jws(c, client_url(c, "revoke-cert"), &jws, true);
}

/* --- the CRL ---------------------------------------------------------------------- */

/* Fetched from the URL in the certificate; the caller frees it. */
static X509_CRL *
crl_of(struct blob der)
{
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
	const DIST_POINT *point = sk_DIST_POINT_value(points, 0);
	const GENERAL_NAME *name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
	const char *url = (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
	struct client *c = client_open(url, NULL);
	X509_CRL *crl = NULL;

	client_send(c, "GET", strchr(url + 7, '/'), NULL, NULL);
	at = c->reply.body.data;
	if (c->reply.status == 200)
		crl = d2i_X509_CRL(NULL, &at, (long)c->reply.body.len);
	client_close(c);
	CRL_DIST_POINTS_free(points);
	X509_free(x);
	return crl;
}

/* The reason of its entry in the CRL; 0: an entry without one, -1: none. */
static long
listed(struct blob der)
{
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	X509_CRL *crl = crl_of(der);
	X509_REVOKED *entry = NULL;
	ASN1_ENUMERATED *reason;
	long out = -1;

	if (crl != NULL && X509_CRL_get0_by_cert(crl, &entry, x) == 1) {
		reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
		out = reason == NULL ? 0 : ASN1_ENUMERATED_get(reason);
		ASN1_ENUMERATED_free(reason);
	}
	X509_CRL_free(crl);
	X509_free(x);
	return out;
}

static void
wait_listed(struct blob der, long reason, const char *what)
{
	long began = now_ms(), is = -1;

	while ((is = listed(der)) < 0 && now_ms() - began < 60000)
		usleep(200000);
	ok(is == reason, "A-24 %s: in the CRL after %ld ms, reason %ld", what, now_ms() - began,
	   is);
}

/* --- A-20 ------------------------------------------------------------------------- */

static void
test_strangers(struct held *h)
{
	struct client_order order = { .url = NULL };
	struct client *none = prover(NULL, NULL, &order), *some, *once;
	struct held other = hold();

	revoke_cert(none, h->der, "");
	told(none, 403, "unauthorized", "A-20 an account with nothing");
	some = prover("n0.example.test", NULL, &order);
	revoke_cert(some, h->der, "");
	told(some, 403, "unauthorized", "A-20 an account that holds one of two names");
	ok(client_order_new(some, (const char *const[]){ "n1.example.test" }, 1, &order),
	   "a pending authorization for the other");
	revoke_cert(some, h->der, "");
	told(some, 403, "unauthorized", "A-20 pending is not held");
	once = prover("n0.example.test", "n1.example.test", &order);
	client_post(once, order.authz[0], "{\"status\":\"deactivated\"}");
	revoke_cert(once, h->der, "");
	told(once, 403, "unauthorized", "A-20 deactivated is not held");
	revoke_by_key(none, none->key, h->der, "");
	told(none, 403, "unauthorized", "A-20 an account key as jwk");
	revoke_by_key(none, h->owner->key, h->der, "");
	told(none, 403, "unauthorized", "A-20 even the owner's account key as jwk");
	revoke_by_key(none, other.key, h->der, "");
	told(none, 403, "unauthorized", "A-20 the key of another certificate");
	revoke_cert(h->owner, h->der, "");
	told(h->owner, 200, "", "A-20 after all of these the owner revokes it");
	ok(h->owner->reply.body.len == 0, "7.6 with an empty body");
	drop(&other);
	leave(none);
	leave(some);
	leave(once);
}

static void
test_holder(struct held *h)
{
	struct client_order order;
	struct client *all = prover("n0.example.test", "n1.example.test", &order);

	revoke_cert(all, h->der, ",\"reason\":4");
	told(all, 200, "", "A-20 another account that holds all names");
	leave(all);
}

/* Its own key; and then nobody gets that key again. */
static void
test_own_key(struct held *h)
{
	static const char *const name = "n2.example.test";
	struct client *c = visitor(&scene), *d = member(&scene, "ES256");
	struct client_order order;
	struct jws jws = { .key = h->key, .payload = AGREED };

	revoke_by_key(c, h->key, h->der, ",\"reason\":5");
	told(c, 200, "", "A-20 the certificate's own key, no account");
	ok(order_ready(d, &scene, name, &order), "a ready order");
	client_post(d, order.finalize, csr_payload(d, csr_of_names(d->arena, h->key, &name, 1)));
	told(d, 400, "badCSR", "C-11 that key is blocked: in a CSR");
	client_post_jws(c, client_url(c, "new-account"), &jws, true);
	told(c, 400, "badPublicKey", "C-11 and as an account key");
	leave(c);
	leave(d);
}

/* --- certificates that we have not issued ----------------------------- */

/* The victim's certificate with what is in it changed and signed by that key. */
static struct blob
forge(struct client *c, struct blob der, EVP_PKEY *key, bool names)
{
	const uint8_t *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	uint8_t *out = NULL;
	struct blob forged;
	int n;

	X509_set_pubkey(x, key);
	n = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
	if (!names && n >= 0)
		X509_EXTENSION_free(X509_delete_ext(x, n));
	if (X509_sign(x, key, EVP_sha256()) <= 0)
		abort();
	n = i2d_X509(x, &out);
	forged = arena_blob(c->arena, out, (size_t)n);
	OPENSSL_free(out);
	X509_free(x);
	return forged;
}

static void
test_forged(void)
{
	struct held h = hold();
	struct client_order order;
	struct client *c = prover("n0.example.test", "n1.example.test", &order);
	EVP_PKEY *key = key_new("ES256");
	struct blob forged = forge(c, h.der, key, true), nameless = forge(c, h.der, key, false);
	uint8_t *altered = arena_memdup(c->arena, h.der.data, h.der.len);

	altered[h.der.len - 5] ^= 1;
	revoke_by_key(c, key, forged, "");
	told(c, 404, "malformed", "A-21 a forged certificate with the victim's serial, by its key");
	revoke_cert(c, forged, "");
	told(c, 404, "malformed", "A-21 the same by an account that holds all names");
	revoke_cert(h.owner, forged, "");
	told(h.owner, 404, "malformed", "A-21 the same by the owner");
	revoke_cert(h.owner, (struct blob){ altered, h.der.len }, "");
	told(h.owner, 404, "malformed", "A-21 the victim's with another signature");
	revoke_cert(c, nameless, "");
	told(c, 404, "malformed", "A-22 no names: nothing is held for all of them");
	revoke_by_key(c, key, nameless, "");
	told(c, 404, "malformed", "A-22 the same by its key");
	revoke_cert(c, (struct blob){ h.der.data, h.der.len - 1 }, "");
	told(c, 400, "malformed", "A-21 an octet short");
	EVP_PKEY_free(key);
	revoke_cert(h.owner, h.der, "");
	told(h.owner, 200, "", "A-21 after all of these the owner revokes it, for the first time");
	leave(c);
	drop(&h);
}

/* --- reasons, twice, too late ----------------------------------------------- */

static void
test_reasons(void)
{
	static const struct {
		const char *reason, *type;
	} wrong[] = {
		{ "2", "badRevocationReason" }, { "6", "badRevocationReason" },
		{ "7", "badRevocationReason" }, { "8", "badRevocationReason" },
		{ "9", "badRevocationReason" }, { "10", "badRevocationReason" },
		{ "11", "badRevocationReason" }, { "-1", "badRevocationReason" },
		{ "4294967296", "badRevocationReason" }, { "4294967297", "badRevocationReason" },
		{ "\"1\"", "malformed" }, { "1.0", "malformed" }, { "null", "malformed" },
		{ "[1]", "malformed" }, { "true", "malformed" },
	};
	struct held h = hold();

	for (size_t i = 0; i < COUNT(wrong); i++) {
		revoke_cert(h.owner, h.der, arena_printf(h.owner->arena, ",\"reason\":%s",
						    wrong[i].reason));
		told(h.owner, 400, wrong[i].type, "A-23 reason %s", wrong[i].reason);
		if (i == 0)
			ok(strstr(h.owner->detail, "0, 1, 3, 4 or 5") != NULL, "7.6 the detail "
			   "names those that are allowed");
	}
	revoke_cert(h.owner, h.der, ",\"reason\":3");
	told(h.owner, 200, "", "A-23 reason 3");
	revoke_cert(h.owner, h.der, "");
	told(h.owner, 400, "alreadyRevoked", "A-23 once more");
	ok(strstr(h.owner->detail, "Certificate already revoked") != NULL,
	   "41: in the words that dehydrated looks for");
	revoke_cert(h.owner, h.der, ",\"reason\":1");
	told(h.owner, 400, "alreadyRevoked", "A-23 nor for another reason");
	revoke_by_key(h.owner, h.key, h.der, ",\"reason\":1");
	told(h.owner, 200, "", "A-23 but its key may still prove that it is compromised");
	revoke_by_key(h.owner, h.key, h.der, ",\"reason\":1");
	told(h.owner, 400, "alreadyRevoked", "A-23 once");
	drop(&h);
}

/* A certificate that lives for some seconds. */
static void
test_expired(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	EVP_PKEY *key = key_new("ES256");
	static const char *const name = "n3.example.test";
	time_t end = time(NULL) + 8;
	char when[32];
	const char *pem;

	strftime(when, sizeof(when), "%FT%TZ", gmtime(&end));
	client_post(c, client_url(c, "new-order"),
		    arena_printf(c->arena, "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"%s\"}],"
				 "\"notAfter\":\"%s\"}", name, when));
	order.url = arena_strdup(c->arena, reply_only(&c->reply, "Location"));
	ok(client_order_get(c, order.url, &order), "an order with notAfter");
	is(text(c->json, "notAfter"), when, "7.4 notAfter as it was asked for");
	client_prove(c, scene.responder, order.authz[0]);
	ok(client_finalize(c, &order, csr_of_names(c->arena, key, &name, 1)), "it is issued");
	pem = client_download(c, order.certificate);
	while (time(NULL) <= end)
		usleep(100000);
	revoke_cert(c, leaf_der(c->arena, pem), "");
	told(c, 400, "malformed", "A-23 an expired certificate");
	ok(strstr(c->detail, "expired") != NULL, "A-23 %s", c->detail);
	EVP_PKEY_free(key);
	leave(c);
}

/* --- A-24 ------------------------------------------------------------------------- */

static void
test_killed(struct held *h)
{
	revoke_cert(h->owner, h->der, ",\"reason\":1");
	server_kill(scene.server);
	told(h->owner, 200, "", "A-24 revoked, and the server is killed at once");
	ok(server_again(scene.server), "it serves again");
	client_hang_up(h->owner);
	revoke_cert(h->owner, h->der, ",\"reason\":1");
	told(h->owner, 400, "alreadyRevoked", "A-24 the revocation is still there");
}

int
main(void)
{
	struct held owned, held, own, killed, good;

	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	owned = hold();
	held = hold();
	own = hold();
	killed = hold();
	good = hold();
	test_killed(&killed);
	wait_listed(killed.der, 1, "a revocation before the crash");
	test_strangers(&owned);
	test_holder(&held);
	test_own_key(&own);
	test_forged();
	test_reasons();
	test_expired();
	wait_listed(owned.der, 0, "by the owner, without a reason");
	wait_listed(held.der, 5, "by another holder of its names");
	wait_listed(own.der, 1, "by its own key");
	ok(listed(good.der) == -1, "A-24 and one that nobody revoked is not");
	drop(&owned);
	drop(&held);
	drop(&own);
	drop(&killed);
	drop(&good);
	scene_stop(&scene);
	return tap_done();
}

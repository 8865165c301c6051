/* SPDX-License-Identifier: Apache-2.0 */
/* acme_directories.c - several directories in one server, crossed in a matrix: no account,
 * order, nonce or certificate of one serves another. */
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/chain.h"
#include "tests/places.h"

static struct scene scene;
static EVP_PKEY *key;				/* of an account in each */
static struct client *members[PLACES];
static struct thing things[PLACES][THINGS];	/* of these accounts */

/* The URL of a resource of one directory as it would be in another. */
static const char *
moved(struct arena *a, const char *url, int from, int to)
{
	const char *base = members[MAIN]->base;

	return arena_printf(a, "%s%s%s", base, place_paths[to],
			    url + strlen(base) + strlen(place_paths[from]));
}

/* --- what each one is ------------------------------------------------------------- */

static void
test_added(void)
{
	struct client *c = visitor(&scene);

	for (int i = 1; i < PLACES; i++) {
		client_get(c, "GET", place_url(c->arena, &scene, i));
		told(c, 404, "malformed", "no %s yet", place_paths[i]);
	}
	ok(places_configure(&scene, DIRECTORIES), "directories are added by a reload");
	leave(c);
}

/* Every URL of this server in it is below that path. */
static bool
urls_right(const json_t *j, struct client *c)
{
	const char *mine = arena_printf(c->arena, "%s%s/", c->base, c->path), *name, *s;
	const json_t *one;
	size_t i;

	if (json_is_array(j))
		json_array_foreach(j, i, one)
			if (!urls_right(one, c))
				return false;
	if (json_is_object(j))
		json_object_foreach((json_t *)j, name, one)
			if (!urls_right(one, c))
				return false;
	s = json_string_value(j);
	if (s == NULL || strncmp(s, c->base, strlen(c->base)) != 0 ||
	    (strncmp(s, mine, strlen(mine)) == 0 &&
	     (strncmp(s + strlen(mine), "acme/", 5) == 0 || strcmp(c->path, "") != 0)))
		return true;
	printf("# %s\n", s);
	return false;
}

/* The last reply's links, location and body. */
static bool
all_urls_right(struct client *c)
{
	const char *mine = arena_printf(c->arena, "%s%s/acme/", c->base, c->path);
	const char *location = reply_only(&c->reply, "Location"), *up, *index;

	up = reply_link(&c->reply, c->arena, "up", 0);
	index = reply_link(&c->reply, c->arena, "index", 0);
	return urls_right(c->json, c) &&
	       (location == NULL || strncmp(location, mine, strlen(mine)) == 0) &&
	       (up == NULL || strncmp(up, mine, strlen(mine)) == 0) &&
	       (index == NULL || strcmp(index, arena_printf(c->arena, "%s%s/directory", c->base,
							     c->path)) == 0);
}

static void
test_directory(int place)
{
	struct client *c = place_visitor(&scene, place);
	const json_t *meta;

	client_get(c, "GET", place_url(c->arena, &scene, place));
	ok(c->reply.status == 200 && json_object_size(c->json) == 8, "%s/directory", c->path);
	ok(all_urls_right(c), "its URLs are its own");
	is(text(c->json, "newNonce"), client_url(c, "new-nonce"), "newNonce, too");
	meta = json_object_get(c->json, "meta");
	ok(json_is_true(json_object_get(meta, "externalAccountRequired")) == (place == PARTNER),
	   "%s: externalAccountRequired only where it is", c->path);
	client_get(c, "GET", client_url(c, "nothing"));
	told(c, 404, "malformed", "%s/acme/nothing", c->path);
	ok(all_urls_right(c), "its index is that of the directory");
	client_get(c, "GET", client_url(c, "new-order"));
	told(c, 405, "malformed", "GET %s/acme/new-order", c->path);
	client_get(c, "OPTIONS", client_url(c, "new-order"));
	ok(c->reply.status == 204, "OPTIONS %s/acme/new-order: %d", c->path, c->reply.status);
	leave(c);
}

/* --- accounts --------------------------------------------------------------------- */

static void
test_accounts(void)
{
	struct client *c;
	unsigned others = 0;

	for (int i = 0; i < PLACES; i++) {
		c = place_visitor(&scene, i);
		EVP_PKEY_up_ref(key);
		c->key = key;
		client_account(c, NULL, "{\"onlyReturnExisting\":true}");
		told(c, 400, "accountDoesNotExist", "%s does not know the key of the accounts "
		     "before it", place_paths[i]);
		leave(c);
		members[i] = place_member(&scene, i, key);
		ok(members[i]->reply.status == 201, "the key's account in %s", place_paths[i]);
		ok(all_urls_right(members[i]), "its URLs are there");
	}
	for (int i = 0; i < PLACES; i++)
		for (int k = 0; k < i; k++)
			others += strcmp(strrchr(members[i]->kid, '/'),
					 strrchr(members[k]->kid, '/')) != 0;
	ok(others == PLACES * (PLACES - 1) / 2, "one key, an account in each");
	for (int i = 0; i < PLACES; i++) {
		c = place_visitor(&scene, i);
		EVP_PKEY_up_ref(key);
		c->key = key;
		client_account(c, NULL, "{\"onlyReturnExisting\":true}");
		ok(c->reply.status == 200 && strcmp(c->kid, members[i]->kid) == 0,
		   "%s finds its own", place_paths[i]);
		leave(c);
	}
}

/* --- the matrix ------------------------------------------------------------------- */

static bool
answers(struct client *c, int status, const char *type)
{
	if (c->reply.status == status && strcmp(c->type, type) == 0)
		return true;
	printf("# %s\n", client_why(c));
	return false;
}

/* A request to a resource of `at` in the name of the account of `of`. */
static bool
stranger(int at, int of, const struct thing *t)
{
	struct client *c = members[at];
	struct jws jws = { .kid = members[of]->kid, .payload = t->payload };
	bool good;

	client_post_jws(c, t->url, &jws, false);
	good = answers(c, 400, "malformed");	/* its kid is no URL of this directory */
	jws = (struct jws){ .kid = moved(c->arena, members[of]->kid, of, at),
			    .payload = t->payload };
	client_post_jws(c, t->url, &jws, false);
	return answers(c, 400, "accountDoesNotExist") && good;
}

/* The objects of `of` where `at` would have them, asked for by the account of `at`. */
static bool
elsewhere(int at, int of, const struct thing *t)
{
	struct client *c = members[at];

	client_post(c, moved(c->arena, t->url, of, at), t->payload);
	return answers(c, 404, "malformed");
}

/* The request as it is good in `of`, sent to `at`. */
static bool
redirected(int at, int of, const struct thing *t)
{
	struct client *c = members[of];
	struct jws jws = { .kid = c->kid, .url = t->url, .payload = t->payload,
			   .nonce = client_nonce(c) };
	const char *nonce = jws.nonce;

	client_post_jws(members[at], moved(c->arena, t->url, of, at), &jws, false);
	if (!answers(members[at], 400, "malformed"))
		return false;
	/* So its nonce is still there. */
	jws = (struct jws){ .payload = "", .nonce = nonce };
	return client_post_jws(c, c->kid, &jws, false) == 200;
}

static void
test_matrix(void)
{
	unsigned tries = 0, owned = 0, refused = 0, hidden = 0, kept = 0;

	for (int at = 0; at < PLACES; at++)
		for (int of = 0; of < PLACES; of++)
			for (int i = 0; i < THINGS && at != of; i++) {
				tries++;
				refused += stranger(at, of, &things[at][i]);
				kept += redirected(at, of, &things[of][i]);
				owned += things[of][i].own;
				hidden += things[of][i].own && elsewhere(at, of, &things[of][i]);
			}
	ok(tries == THINGS * PLACES * (PLACES - 1) && refused == tries,
	   "A-10 no account of one acts in another: %u of %u", refused, tries);
	ok(kept == tries, "J-20 no request for one is good in another: %u of %u", kept, tries);
	ok(owned > 0 && hidden == owned, "A-10 no object of one is in another: %u of %u", hidden,
	   owned);
	for (int i = 0; i < PLACES; i++)
		is(status_of(members[i], members[i]->kid), "valid",
		   "the accounts are as they were");
}

static void
test_nonces(void)
{
	unsigned refused = 0, good = 0, fresh = 0;

	for (int at = 0; at < PLACES; at++)
		for (int of = 0; of < PLACES; of++) {
			struct client *c = members[at];
			const char *nonce = client_nonce(members[of]);
			struct jws jws = { .payload = "", .nonce = nonce };

			if (at == of)
				continue;
			client_post_jws(c, c->kid, &jws, false);
			refused += answers(c, 400, "badNonce");
			jws = (struct jws){ .payload = "" };	/* the one of that reply */
			fresh += client_post_jws(c, c->kid, &jws, false) == 200;
			jws = (struct jws){ .payload = "", .nonce = nonce };
			good += client_post_jws(members[of], members[of]->kid, &jws, false) == 200;
		}
	ok(refused == PLACES * (PLACES - 1), "J-12 a nonce of one is badNonce in another: %u",
	   refused);
	ok(fresh == refused, "J-12 where the reply has a good one: %u", fresh);
	ok(good == refused, "J-12 and it is good still where it is from: %u", good);
}

/* Nonces of refusals that come before the account is looked at. */
static void
test_refusals(int place)
{
	struct client *c = members[place];
	struct jws jws = { .payload = "" };

	client_get(c, "GET", client_url(c, "nothing"));
	ok(client_post_jws(c, c->kid, &jws, false) == 200, "%s: the nonce of a 404 is good there",
	   c->path);
	client_get(c, "GET", c->kid);
	jws = (struct jws){ .payload = "" };
	ok(client_post_jws(c, c->kid, &jws, false) == 200, "%s: that of a 405", c->path);
	client_send(c, "POST", c->kid, "text/plain", "x");
	jws = (struct jws){ .payload = "" };
	ok(client_post_jws(c, c->kid, &jws, false) == 200, "%s: that of a 415", c->path);
}

/* --- certificates ----------------------------------------------------------------- */

static X509 *
x509_of(struct arena *a, const char *pem)
{
	struct blob der = leaf_der(a, pem);
	const uint8_t *at = der.data;

	return d2i_X509(NULL, &at, (long)der.len);
}

static const char *
crl_url(struct arena *a, X509 *x)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
	const DIST_POINT *point = sk_DIST_POINT_value(points, 0);
	const GENERAL_NAME *name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
	const char *url = arena_strndup(
		a, (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
		(size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));

	CRL_DIST_POINTS_free(points);
	return url;
}

/* The profile and the issuer of that directory made it. */
static void
check_leaf(struct client *c, int place, const char *pem)
{
	X509 *x = x509_of(c->arena, pem);
	int days, seconds;
	const char *want = place == MAIN ? "/crl/main/0.crl" : place == PART ?
			   "/crl/other/0.crl" : "/crl/main/0.crl", *is_at = crl_url(c->arena, x);

	ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), X509_get0_notAfter(x));
	ok(days == (place == MAIN ? 46 : 0), "%s: the lifetime of its profile: %d days", c->path,
	   days);
	ok(((X509_get_extended_key_usage(x) & XKU_SSL_CLIENT) != 0) == (place != MAIN),
	   "%s: its key usages", c->path);
	is(strstr(is_at, "/crl/"), want, "the CRL of its issuer");
	X509_free(x);
}

static void
test_certificates(struct issued issued[PLACES])
{
	static const char *const names[] = { "n0.example.test" };
	const char *wrong;

	for (int i = 0; i < PLACES; i++) {
		struct client *c = members[i];

		ok(client_issue(c, scene.responder, names, 1, &issued[i]), "%s issues: %s", c->path,
		   client_why(c));
		wrong = chain_wrong(issued[i].pem, place_root(c->arena, &scene, i), names, 1,
				    issued[i].key);
		ok(wrong == NULL, "%s: the chain of its issuer%s%s", c->path,
		   wrong == NULL ? "" : ": ", wrong == NULL ? "" : wrong);
		wrong = chain_wrong(issued[i].pem, place_root(c->arena, &scene,
							      i == PART ? MAIN : PART),
				    names, 1, issued[i].key);
		is(wrong, "it does not verify", "and of no other");
		check_leaf(c, i, issued[i].pem);
	}
}

/* That issuer's list as it is now; NULL: none. */
static X509_CRL *
crl_now(const char *issuer)
{
	struct wire *w = wire_open(NULL, "localhost", scene.server->http_port);
	struct arena *a = arena_new();
	X509_CRL *crl = NULL;
	struct reply r;
	const uint8_t *at;

	if (w != NULL && wire_send_text(w, arena_printf(a, "GET /crl/%s/0.crl HTTP/1.1\r\n"
							"Host: localhost\r\n\r\n", issuer)) &&
	    wire_read(w, a, &r, false) && r.status == 200) {
		at = r.body.data;
		crl = d2i_X509_CRL(NULL, &at, (long)r.body.len);
	}
	wire_close(w);
	arena_free(a);
	return crl;
}

static bool
listed(const char *issuer, X509 *x)
{
	X509_CRL *crl = crl_now(issuer);
	X509_REVOKED *row;
	bool there = crl != NULL && X509_CRL_get0_by_cert(crl, &row, x) == 1;

	X509_CRL_free(crl);
	return there;
}

/* The list is looked at every ten seconds. */
static bool
listed_soon(const char *issuer, X509 *x)
{
	for (int i = 0; i < 600; i++) {
		if (listed(issuer, x))
			return true;
		usleep(100000);
	}
	return false;
}

/* By the account of the key, which holds the names in both; by the certificate's key. */
static void
test_revocation(const struct issued issued[PLACES])
{
	unsigned by_account = 0, by_key = 0;
	X509 *x;

	for (int at = 0; at < PLACES; at++)
		for (int of = 0; of < PLACES; of++) {
			struct client *c = members[at];
			struct blob der = leaf_der(c->arena, issued[of].pem);
			const char *payload = cert_payload(c, der, "");
			struct jws jws = { .key = issued[of].key, .payload = payload };

			if (at == of)
				continue;
			client_post(c, client_url(c, "revoke-cert"), payload);
			by_account += answers(c, 404, "malformed");
			client_post_jws(c, client_url(c, "revoke-cert"), &jws, true);
			by_key += answers(c, 404, "malformed");
		}
	ok(by_account == PLACES * (PLACES - 1), "A-20 no account of one revokes a certificate of "
	   "another: %u", by_account);
	ok(by_key == PLACES * (PLACES - 1), "A-22 nor does its own key: %u", by_key);
	x = x509_of(members[PART]->arena, issued[PART].pem);
	ok(!listed("other", x), "so none is revoked");
	client_post(members[PART], client_url(members[PART], "revoke-cert"),
		    cert_payload(members[PART], leaf_der(members[PART]->arena, issued[PART].pem),
				 ""));
	ok(members[PART]->reply.status == 200, "its own account does");
	ok(listed_soon("other", x), "the CRL of its issuer has it");
	ok(!listed("main", x), "the other one has not");
	X509_free(x);
}

static void
test_crl_signatures(const struct issued issued[PLACES])
{
	static const char *const names[] = { "main", "other" };
	X509 *above[2];

	for (int i = 0; i < 2; i++) {
		const char *pem = issued[i == 0 ? MAIN : PART].pem;

		above[i] = x509_of(members[MAIN]->arena, strstr(pem + 10, "-----BEGIN"));
	}
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 2; k++) {
			X509_CRL *crl = crl_now(names[i]);

			ok((X509_CRL_verify(crl, X509_get0_pubkey(above[k])) == 1) == (i == k),
			   "the CRL of %s is signed by its own issuer alone", names[i]);
			X509_CRL_free(crl);
		}
	X509_free(above[0]);
	X509_free(above[1]);
}

static void
end(struct issued issued[PLACES])
{
	for (int i = 0; i < PLACES; i++) {
		EVP_PKEY_free(issued[i].key);
		leave(members[i]);
	}
	EVP_PKEY_free(key);
}

int
main(void)
{
	struct issued issued[PLACES] = { { .key = NULL } };

	if (!places_begin(&scene, (const char *const[]){ "workers=2", "order.reuse=valid", NULL }))
		return 1;
	key = key_new("ES256");
	test_added();
	for (int i = 0; i < PLACES; i++)
		test_directory(i);
	test_accounts();
	for (int i = 0; i < PLACES; i++)
		things_make(members[i], &scene, things[i]);
	test_matrix();
	test_nonces();
	for (int i = 0; i < PLACES; i++)
		test_refusals(i);
	test_certificates(issued);
	test_revocation(issued);
	test_crl_signatures(issued);
	end(issued);
	scene_stop(&scene);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* attack_rollover.c - attacks on the change of an account's key (J-16, A-15). */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/attack.h"

#define CONNECTIONS 40

static struct scene scene;

/* What a keyChange is made of; NULL: as it should be. */
struct change {
	EVP_PKEY	*inner_key;	/* the new key */
	EVP_PKEY	*signer;	/* of the inner JWS */
	const char	*alg, *header;	/* of the inner one */
	const char	*jwk, *kid, *nonce, *url, *account, *old;
	const char	*payload;	/* the inner payload, whole */
	const char	*body;		/* the inner JWS, whole */
};

static const char *
inner_header(struct client *c, const struct change *ch, const char *url)
{
	const char *jwk = ch->jwk != NULL ? ch->jwk : key_jwk(c->arena, ch->inner_key);
	const char *nonce = ch->nonce == NULL ? "" :
			    arena_printf(c->arena, ",\"nonce\":\"%s\"", ch->nonce);
	const char *kid = ch->kid == NULL ? "" :
			  arena_printf(c->arena, ",\"kid\":\"%s\"", ch->kid);

	return arena_printf(c->arena, "{\"alg\":\"%s\"%s%s%s%s%s}",
			    ch->alg != NULL ? ch->alg : key_alg(ch->inner_key),
			    *jwk == '\0' ? "" : ",\"jwk\":", jwk, kid, nonce,
			    *url == '\0' ? "" : arena_printf(c->arena, ",\"url\":\"%s\"", url));
}

#define NEW(...)  ((struct change){ .inner_key = fresh, __VA_ARGS__ })
#define ONLY(key) ((struct change){ .inner_key = (key) })

/* Sends it, signed by the account; the status. */
static int
change(struct client *c, const struct change *ch)
{
	const char *to = client_url(c, "key-change");
	struct jws inner = { .key = ch->signer != NULL ? ch->signer : ch->inner_key };

	inner.header = ch->header != NULL ? ch->header :
		       inner_header(c, ch, ch->url != NULL ? ch->url : to);
	inner.payload = ch->payload != NULL ? ch->payload :
			arena_printf(c->arena, "{\"account\":\"%s\",\"oldKey\":%s}",
				     ch->account != NULL ? ch->account : c->kid,
				     ch->old != NULL ? ch->old : key_jwk(c->arena, c->key));
	jws_sign(c->arena, &inner);
	return client_post(c, to, ch->body != NULL ? ch->body : jws_print(c->arena, &inner));
}

static bool
roll(struct client *c, EVP_PKEY *to)
{
	struct change ch = { .inner_key = to };

	if (change(c, &ch) != 200)
		return false;
	EVP_PKEY_up_ref(to);
	EVP_PKEY_free(c->key);
	c->key = to;
	return true;
}

/* --- each step broken alone ------------------------------------------------------- */

static void
wrong(struct client *c, struct change ch, int status, const char *type, const char *what)
{
	change(c, &ch);
	told(c, status, type, "J-16 %s", what);
}

static void
test_inner_jws(struct client *c, EVP_PKEY *fresh)
{
	const char *header = arena_printf(c->arena, "{\"alg\":\"ES256\",\"jwk\":%s,\"crit\":"
					  "[\"x\"],\"x\":1,\"url\":\"%s\"}",
					  key_jwk(c->arena, fresh), client_url(c, "key-change"));
	EVP_PKEY *third = key_new("ES256"), *small = key_new_rsa(1024);

	wrong(c, NEW(.body = ""), 400, "malformed", "2: POST-as-GET");
	wrong(c, NEW(.body = "{}"), 400, "malformed", "2: {}");
	wrong(c, NEW(.body = "{\"protected\":\"e30\",\"payload\":\"\"}"), 400,
	      "malformed", "2: no signature");
	wrong(c, NEW(.jwk = ""), 400, "malformed", "3: no jwk");
	wrong(c, NEW(.kid = c->kid), 400, "malformed", "3: jwk and kid");
	wrong(c, NEW(.jwk = "", .kid = c->kid, .signer = c->key), 400,
	      "malformed", "3: kid instead of jwk");
	wrong(c, NEW(.signer = c->key), 400, "malformed", "4: signed by the old key");
	wrong(c, NEW(.signer = third), 400, "malformed", "4: signed by a third key");
	wrong(c, NEW(.alg = "none"), 400, "badSignatureAlgorithm", "4: alg none");
	wrong(c, NEW(.alg = "HS256"), 400, "badSignatureAlgorithm", "4: alg HS256");
	wrong(c, NEW(.alg = "ES384"), 400, "badSignatureAlgorithm", "4: alg of another key");
	wrong(c, ONLY(small), 400, "badPublicKey", "4: an RSA key of 1024 bits");
	wrong(c, NEW(.jwk = "{\"kty\":\"oct\",\"k\":\"AAAA\"}"), 400, "badPublicKey", "4: kty oct");
	wrong(c, NEW(.header = header), 400, "malformed", "crit inside");
	wrong(c, NEW(.nonce = "AAAA"), 400, "malformed", "47: a nonce inside");
	wrong(c, NEW(.nonce = client_nonce(c)), 400, "malformed", "47: a good nonce inside");
	EVP_PKEY_free(third);
	EVP_PKEY_free(small);
}

static void
test_inner_payload(struct client *c, EVP_PKEY *fresh)
{
	struct client *other = member(&scene, "ES256");
	const char *no_account = arena_printf(c->arena, "{\"oldKey\":%s}",
					      key_jwk(c->arena, c->key));
	const char *no_key = arena_printf(c->arena, "{\"account\":\"%s\"}", c->kid);

	wrong(c, NEW(.payload = ""), 400, "malformed", "5: no payload");
	wrong(c, NEW(.payload = "[]"), 400, "malformed", "5: an array");
	wrong(c, NEW(.payload = "{}"), 400, "malformed", "5: {}");
	wrong(c, NEW(.payload = no_account), 400, "malformed", "5: no account");
	wrong(c, NEW(.payload = no_key), 400, "malformed", "5: no oldKey");
	wrong(c, NEW(.old = "\"x\""), 400, "malformed", "5: oldKey a string");
	wrong(c, NEW(.url = client_url(c, "new-order")), 400, "malformed", "6: another url");
	wrong(c, NEW(.url = ""), 400, "malformed", "6: no url");
	wrong(c, NEW(.account = other->kid), 400, "malformed", "7: another's account");
	wrong(c, NEW(.account = c->kid + strlen(c->base)), 400, "malformed",
	      "7: the account's path alone");
	wrong(c, NEW(.old = key_jwk(c->arena, other->key)), 400, "malformed",
	      "8: another's key as oldKey");
	wrong(c, NEW(.old = key_jwk(c->arena, fresh)), 400, "malformed",
	      "8: the new key as oldKey");
	leave(other);
}

static void
test_taken(struct client *c)
{
	struct client *other = member(&scene, "ES256"), *gone = member(&scene, "ES256");

	wrong(c, ONLY(other->key), 409, "malformed", "9: another's key");
	is(reply_only(&c->reply, "Location"), other->kid, "J-16, 47: Location is that account");
	wrong(c, ONLY(c->key), 409, "malformed", "9: new is old");
	is(reply_only(&c->reply, "Location"), c->kid, "J-16 9: Location is the account");
	client_post(gone, gone->kid, "{\"status\":\"deactivated\"}");
	wrong(c, ONLY(gone->key), 409, "malformed", "9: a deactivated account's key");
	wrong(gone, ONLY(other->key), 401, "unauthorized", "1: deactivated");
	leave(other);
	leave(gone);
}

static void
test_steps(void)
{
	struct client *c = member(&scene, "ES256");
	EVP_PKEY *fresh = key_new("ES256");

	test_inner_jws(c, fresh);
	test_inner_payload(c, fresh);
	test_taken(c);
	ok(client_post(c, c->kid, "") == 200, "J-16 after all of these the key is what it was");
	ok(roll(c, fresh), "J-16 and a good keyChange changes it");
	EVP_PKEY_free(fresh);
	leave(c);
}

/* A key that was given away must not become an account's. */
static void
test_blocked(void)
{
	static const char *const names[] = { "n0.example.test" };
	struct client *c = member(&scene, "ES256");
	struct issued issued = { .key = NULL };
	struct jws jws = { .payload = NULL };
	struct change ch = { .inner_key = NULL };

	ok(client_issue(c, scene.responder, names, 1, &issued), "a certificate");
	jws.key = issued.key;
	jws.payload = cert_payload(c, leaf_der(c->arena, issued.pem), "");
	client_post_jws(c, client_url(c, "revoke-cert"), &jws, true);
	told(c, 200, "", "its key revokes it");
	ch.inner_key = issued.key;
	change(c, &ch);
	told(c, 400, "badPublicKey", "J-16 a key that was reported as compromised");
	EVP_PKEY_free(issued.key);
	leave(c);
}

/* --- two at once ------------------------------------------------------------------ */

struct racer {
	struct client	*c;
	EVP_PKEY	*to;
	int		 status;
};

static void *
race(void *arg)
{
	struct racer *r = arg;

	r->status = change(r->c, &ONLY(r->to));
	return NULL;
}

static void
test_race(void)
{
	unsigned won = 0, lost = 0;

	for (int round = 0; round < 20; round++) {
		EVP_PKEY *to = key_new("ES256");
		struct racer racers[2];
		pthread_t threads[2];

		for (size_t i = 0; i < 2; i++)
			racers[i] = (struct racer){ member(&scene, "ES256"), to, 0 };
		for (size_t i = 0; i < 2; i++)
			pthread_create(&threads[i], NULL, race, &racers[i]);
		for (size_t i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			won += racers[i].status == 200;
			lost += racers[i].status == 409;
		}
		for (size_t i = 0; i < 2; i++)
			leave(racers[i].c);
		EVP_PKEY_free(to);
	}
	ok(won == 20 && lost == 20, "J-16 two accounts change to one key at once, 20 times: %u do, "
	   "%u get 409", won, lost);
}

/* --- every thread knows at once --------------------------------------------- */

static void
test_everywhere(void)
{
	struct client *c = member(&scene, "ES256"), *list[CONNECTIONS];
	EVP_PKEY *old = c->key, *new = key_new("ES256");
	unsigned before = 0, dead = 0, alive = 0;
	struct change ch = { .inner_key = new };
	const char *replay;

	EVP_PKEY_up_ref(old);
	for (size_t i = 0; i < CONNECTIONS; i++) {
		list[i] = twin(&scene, c);
		before += client_post(list[i], c->kid, "") == 200;
	}
	ok(before == CONNECTIONS, "%u connections use the old key", before);
	ok(roll(c, new), "A-15 the key is changed");
	for (size_t i = 0; i < CONNECTIONS; i++) {
		dead += client_post(list[i], c->kid, "") == 400 &&
			strstr(list[i]->detail, "signature") != NULL;
		EVP_PKEY_free(list[i]->key);
		EVP_PKEY_up_ref(new);
		list[i]->key = new;
		alive += client_post(list[i], c->kid, "") == 200;
		leave(list[i]);
	}
	ok(dead == CONNECTIONS, "A-15 the old key is dead on %u of %d connections", dead,
	   CONNECTIONS);
	ok(alive == CONNECTIONS, "A-15 the new one is good on %u of them", alive);
	/* The old key asks for its place back: with its own outer signature. */
	ch.inner_key = old;
	ch.old = key_jwk(c->arena, new);
	EVP_PKEY_free(c->key);
	c->key = old;
	change(c, &ch);
	replay = c->detail;
	ok(c->reply.status == 400 && strstr(replay, "signature") != NULL,
	   "A-15 the old key can't change it back: %s", replay);
	ok(!client_account(c, NULL, "{\"onlyReturnExisting\":true}") &&
	   strcmp(c->type, "accountDoesNotExist") == 0, "A-15 it has no account any more");
	EVP_PKEY_free(new);
	leave(c);
}

/* Nothing else of the account changes (RFC 8555 section 7.3.5), nor does a validation that
 * has begun (section 8.3). */
static void
test_rest(void)
{
	static const char *const names[] = { "n0.example.test", "n1.example.test" };
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	EVP_PKEY *new = key_new("ES384");
	const char *url, *token, *kid = arena_strdup(c->arena, c->kid);
	const char *status = "";

	ok(client_order_new(c, names, 2, &order), "a pending order");
	client_post(c, order.authz[0], "");
	url = client_challenge(c->json, "http-01", "url");
	token = client_challenge(c->json, "http-01", "token");
	responder_put_late(scene.responder, token, key_authorization(c->arena, c->key, token),
			   1500);
	client_post(c, url, "{}");
	is(text(c->json, "status"), "processing", "8.3 a validation is under way");
	ok(roll(c, new), "the key is changed");
	is(client_prove(c, scene.responder, order.authz[1]), "valid", "A-15 a pending "
	   "authorization is proved with the new key");
	for (int i = 0; i < 5 && strcmp(status, "valid") != 0; i++) {
		client_post(c, order.authz[0], "");
		status = text(c->json, "status");
	}
	is(status, "valid", "8.3 what began with the old key ends well");
	client_post(c, order.url, "");
	is(text(c->json, "status"), "ready", "7.3.5 the order went on");
	is(c->kid, kid, "7.3.5 the account's URL is the same");
	EVP_PKEY_free(new);
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=4", NULL }))
		return 1;
	test_steps();
	test_race();
	test_everywhere();
	test_rest();
	test_blocked();
	scene_stop(&scene);
	return tap_done();
}

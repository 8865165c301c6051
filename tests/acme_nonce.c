/* SPDX-License-Identifier: Apache-2.0 */
/* acme_nonce.c - replay nonces (RFC 8555 section 6.5, J-12) and the order of
 * checks (docs/conformance.md, decision 3), over the wire, and across restarts. */
#include <pthread.h>
#include <string.h>

#include "base/b64.h"
#include "tests/scene.h"

#define PHRASE	"JWS has an invalid anti-replay nonce"
#define RACERS	50
#define GOOD	"{\"identifiers\":[{\"type\":\"dns\",\"value\":\"n0.example.test\"}]}"

static struct scene scene;

/* POST-as-GET of the account with that nonce. */
static int
use(struct client *c, const char *nonce)
{
	struct jws jws = { .nonce = nonce, .payload = "" };

	return client_post_jws(c, c->kid, &jws, false);
}

static void
check_spent(struct client *c, const char *nonce, const char *how)
{
	int status = use(c, nonce);

	ok(status == 400 && strcmp(c->type, "badNonce") == 0, "a nonce %s is spent: %d %s", how,
	   status, c->type);
	ok(strncmp(c->detail, PHRASE, strlen(PHRASE)) == 0, "4: the phrase: %s", c->detail);
	ok(use(c, client_nonce(c)) == 200, "3.5: the nonce of that error is good");
}

static void
test_once(void)
{
	struct client *c = member(&scene, "ES256");
	const char *nonce = client_nonce(c);

	ok(use(c, nonce) == 200, "a nonce is good once");
	check_spent(c, nonce, "used before");
	check_spent(c, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "that nobody gave out");
	check_spent(c, "QUJD", "that is short");
	leave(c);
}

/* Kept from anywhere, for anywhere; newer ones don't push it out. */
static void
test_anywhere(void)
{
	struct client *c = member(&scene, "ES256");
	const char *old, *from_get;

	client_get(c, "GET", client_url(c, "new-nonce"));
	old = client_nonce(c);
	client_get(c, "GET", scene.server->url);
	from_get = client_nonce(c);
	for (int i = 0; i < 2000; i++)
		client_get(c, "HEAD", client_url(c, "new-nonce"));
	ok(use(c, old) == 200, "an old nonce of newNonce");
	ok(use(c, from_get) == 200, "a nonce of the directory");
	client_get(c, "GET", "/nowhere");
	ok(use(c, client_nonce(c)) == 200, "a nonce of a 404");
	leave(c);
}

/* After a good signature it is spent whatever else is wrong; before that it is not. */
static void
test_failed(void)
{
	struct client *c = member(&scene, "ES256");
	EVP_PKEY *other = key_new("ES256");
	const char *nonce = client_nonce(c);
	struct jws jws = { .nonce = nonce, .payload = "", .url = "https://elsewhere.test/" };

	ok(client_post_jws(c, c->kid, &jws, false) == 403, "a wrong url");
	check_spent(c, nonce, "of a request with a wrong url");
	nonce = client_nonce(c);
	jws = (struct jws){ .nonce = nonce, .payload = "[1" };
	ok(client_post_jws(c, c->kid, &jws, false) == 400, "a broken payload");
	check_spent(c, nonce, "of a request with a broken payload");
	nonce = client_nonce(c);
	jws = (struct jws){ .nonce = nonce, .payload = "" };
	ok(client_post_jws(c, client_url(c, "order/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), &jws,
			   false) == 404, "a resource that is not there");
	check_spent(c, nonce, "of a 404");
	nonce = client_nonce(c);
	jws = (struct jws){ .nonce = nonce, .payload = "", .key = other };
	ok(client_post_jws(c, c->kid, &jws, false) == 400, "signed by another key");
	ok(use(c, nonce) == 200, "a stranger's request spends no nonce");
	EVP_PKEY_free(other);
	leave(c);
}

/* Other spellings of a nonce (J-6, J-12). */
static void
test_spellings(void)
{
	static const struct {
		const char *before, *after, *type;
	} cases[] = {
		{ "", "=", "malformed" }, { "", "==", "malformed" }, { "", " ", "malformed" },
		{ " ", "", "malformed" }, { "+", "", "malformed" }, { "", "\n", "malformed" },
		{ "/", "", "malformed" }, { "", "AAAA", "badNonce" }, { "AAAA", "", "badNonce" },
	};
	struct client *c = member(&scene, "ES256");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *nonce = arena_printf(c->arena, "%s%s%s", cases[i].before,
						 client_nonce(c), cases[i].after);

		ok(use(c, nonce) == 400, "a nonce between \"%s\" and \"%s\"", cases[i].before,
		   *cases[i].after == '\n' ? "LF" : cases[i].after);
		is(c->type, cases[i].type, "its type");
	}
	leave(c);
}

/* The last character of a nonce has spare bits, if its length leaves some: four or sixteen
 * spellings that decode the same, of which one is right. */
static void
test_spare_bits(void)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789-_";
	struct client *c = member(&scene, "ES256");
	unsigned good = 0, spent = 0;
	const char *nonce = client_nonce(c);
	size_t n = strlen(nonce), bits = n % 4 == 2 ? 4 : n % 4 == 3 ? 2 : 0;
	unsigned last = (unsigned)(strchr(set, nonce[n - 1]) - set);

	for (unsigned i = 0; i < 1u << bits; i++) {
		char *other = arena_strdup(c->arena, nonce);

		other[n - 1] = set[(last & ~((1u << bits) - 1)) | ((i + 1) & ((1u << bits) - 1))];
		good += use(c, other) == 200;
		spent += strcmp(c->type, "badNonce") == 0;
	}
	ok(good == 1, "J-12: %u spellings of one nonce, %u was good, %u badNonce", 1u << bits,
	   good, spent);
	leave(c);
}

struct racer {
	struct client	*c;
	const char	*nonce;
	int		 status;
};

static void *
race(void *arg)
{
	struct racer *r = arg;

	r->status = use(r->c, r->nonce);
	return NULL;
}

/* The same nonce from many connections at once: one wins. */
static void
test_race(void)
{
	struct client *c = member(&scene, "ES256");
	struct racer racers[RACERS];
	pthread_t threads[RACERS];
	unsigned good = 0, bad = 0;
	const char *nonce = client_nonce(c);

	for (size_t i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){ twin(&scene, c), nonce, 0 };
		client_get(racers[i].c, "GET", scene.server->url);	/* is connected */
	}
	for (size_t i = 0; i < RACERS; i++)
		pthread_create(&threads[i], NULL, race, &racers[i]);
	for (size_t i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		good += racers[i].status == 200;
		bad += strcmp(racers[i].c->type, "badNonce") == 0;
		client_close(racers[i].c);
	}
	ok(good == 1 && bad == RACERS - 1, "%d at once with one nonce: %u good, %u badNonce",
	   RACERS, good, bad);
	leave(c);
}

/* --- the order of checks: two things wrong, the first is told ------------------------- */

static void
mangle_bits(struct arena *a, struct blob *signature)
{
	uint8_t *copy = arena_memdup(a, signature->data, signature->len);

	copy[signature->len / 2] ^= 1;
	signature->data = copy;
}

/* A pair of neighbours in the order, both wrong. */
static void
both(struct client *c, const char *what, struct jws jws, int status, const char *type)
{
	bool by_key = jws.alg != NULL && strcmp(jws.alg, "none") == 0;
	const char *url = client_url(c, "new-order");

	client_post_jws(c, url, &jws, by_key);
	ok(c->reply.status == status && strcmp(c->type, type) == 0, "%s: %d %s: %s", what,
	   c->reply.status, c->type, c->detail);
}

static void
test_check_order(void)
{
	struct client *c = member(&scene, "ES256"), *d = member(&scene, "ES256");
	const char *gone = arena_printf(c->arena, "%.*sAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
					(int)(strrchr(c->kid, '/') + 1 - c->kid), c->kid);
	const char *url = client_url(c, "new-order");

	client_send(c, "PUT", url, "text/plain", "x");
	ok(c->reply.status == 405, "method before media type: %d", c->reply.status);
	client_send(c, "POST", url, "text/plain", "x");
	ok(c->reply.status == 415, "media type before JSON: %d", c->reply.status);
	client_send(c, "POST", url, "application/jose+json",
		    "{\"protected\":\"!\",\"payload\":\"\",\"signature\":\"AA\",\"header\":{}}");
	ok(strstr(c->detail, "header") != NULL, "outer JWS before protected header: %s",
	   c->detail);
	both(c, "alg before jwk or kid", (struct jws){ .alg = "none", .payload = GOOD }, 400,
	     "badSignatureAlgorithm");
	both(c, "account before signature", (struct jws){ .kid = gone, .payload = GOOD,
	     .mangle = mangle_bits }, 400, "accountDoesNotExist");
	both(c, "alg of the key before signature", (struct jws){ .alg = "ES384",
	     .payload = GOOD, .mangle = mangle_bits }, 400, "badSignatureAlgorithm");
	both(c, "signature before nonce", (struct jws){ .nonce = "AAAA", .payload = GOOD,
	     .mangle = mangle_bits }, 400, "malformed");
	ok(strstr(c->detail, "signature") != NULL, "the signature is named: %s", c->detail);
	both(c, "nonce before url", (struct jws){ .nonce = "AAAA", .url = "x", .payload = GOOD },
	     400, "badNonce");
	both(c, "url before payload", (struct jws){ .url = "x", .payload = "[" }, 403,
	     "unauthorized");
	both(c, "another's signature for this account", (struct jws){ .key = d->key,
	     .payload = "[" }, 400, "malformed");
	ok(strstr(c->detail, "signature") != NULL, "the signature is named: %s", c->detail);
	leave(c);
	leave(d);
}

/* Across restarts (12a, 4; T12). */
static void
test_restarts(void)
{
	struct client *c = member(&scene, "ES256");
	char used[128], fresh[128];

	snprintf(used, sizeof(used), "%s", client_nonce(c));
	ok(use(c, used) == 200, "a nonce is used");
	snprintf(fresh, sizeof(fresh), "%s", client_nonce(c));
	ok(server_stop(scene.server) == 0, "SIGTERM: status 0");
	ok(server_again(scene.server), "serves again");
	client_hang_up(c);
	ok(use(c, fresh) == 200, "after a clean stop a nonce is still good");
	ok(use(c, fresh) == 400, "but only once");
	check_spent(c, used, "used before the stop");
	snprintf(fresh, sizeof(fresh), "%s", client_nonce(c));
	server_kill(scene.server);
	ok(server_again(scene.server), "killed; serves again");
	client_hang_up(c);
	check_spent(c, fresh, "from before a crash");
	check_spent(c, used, "used before the crash");
	leave(c);
}

int
main(void)
{
	if (!scene_begin(&scene, 0, (const char *const[]){ "workers=2", NULL }))
		return 1;
	test_once();
	test_anywhere();
	test_failed();
	test_spellings();
	test_spare_bits();
	test_race();
	test_check_order();
	test_restarts();
	scene_stop(&scene);
	return tap_done();
}

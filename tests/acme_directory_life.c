/* SPDX-License-Identifier: Apache-2.0 */
/* acme_directory_life.c - directories that come, go and change while the server runs: what
 * becomes of their URLs, accounts, orders and certificates. */
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/chain.h"
#include "tests/places.h"

#define WITHOUT_PART ISSUER_OTHER PROFILE_SHORT DIRECTORY_PARTNER
#define GOES	     "the directory of this order is no longer offered: make a new order"

static struct scene scene;

static const char *
error_of(const struct client *c)
{
	return text(json_object_get(c->json, "error"), "detail");
}

/* Does the log say that of it behind that place? */
static bool
logged(long from, const char *event, const char *what)
{
	FILE *in = fopen(scene.server->log, "r");
	char line[2048];
	bool found = false;

	if (in == NULL || fseek(in, from, SEEK_SET) != 0)
		return false;
	while (!found && fgets(line, sizeof(line), in) != NULL)
		found = strstr(line, event) != NULL && strstr(line, what) != NULL;
	fclose(in);
	return found;
}

/* --- gone, and back --------------------------------------------------------------- */

/* All of a removed directory's resources are 404, whoever asks. */
static void
test_gone(void)
{
	struct client *c = place_member(&scene, PART, NULL), *d = visitor(&scene);
	struct thing things[THINGS];
	struct jws jws = { .payload = AGREED };
	long from = server_log_size(scene.server);
	unsigned gone = 0;

	things_make(c, &scene, things);
	ok(places_configure(&scene, WITHOUT_PART), "part is removed");
	ok(logged(from, "\"directory removed\"", "\"part\""), "the log tells it");
	for (size_t i = 0; i < THINGS; i++) {
		client_post(c, things[i].url, things[i].payload);
		gone += c->reply.status == 404 && strcmp(c->type, "malformed") == 0;
	}
	ok(gone == THINGS, "%u of its %d resources are 404", gone, THINGS);
	client_get(c, "GET", place_url(c->arena, &scene, PART));
	told(c, 404, "malformed", "its directory is 404");
	client_get(c, "HEAD", client_url(c, "new-nonce"));
	ok(c->reply.status == 404, "its newNonce is 404");
	d->key = key_new("ES256");
	client_post_jws(d, client_url(c, "new-account"), &jws, true);
	told(d, 404, "malformed", "nobody registers there");
	client_get(d, "GET", place_url(d->arena, &scene, PARTNER));
	ok(d->reply.status == 200, "the one whose path begins like it is there");
	ok(places_configure(&scene, DIRECTORIES), "part is back");
	is(status_of(c, c->kid), "valid", "its accounts are there");
	is(status_of(c, things[2].url), "pending", "its orders, too");
	ok(client_download(c, things[6].url) != NULL, "and its certificates");
	leave(c);
	leave(d);
}

/* A validation under way when its directory goes reaches its verdict. */
static void
test_validation(void)
{
	struct client *c = place_member(&scene, PART, NULL);
	struct client_order order;
	const char *url, *token, *status = "pending";

	ordered(c, "n5.example.test", &order);
	client_post(c, order.authz[0], "");
	url = client_challenge(c->json, "http-01", "url");
	token = client_challenge(c->json, "http-01", "token");
	responder_put_late(scene.responder, token, key_authorization(c->arena, c->key, token),
			   2000);
	client_post(c, url, "{}");
	is(text(c->json, "status"), "processing", "a validation under way");
	ok(places_configure(&scene, WITHOUT_PART), "part is removed");
	client_post(c, order.authz[0], "");
	told(c, 404, "malformed", "nobody can ask for it");
	sleep(2);
	ok(places_configure(&scene, DIRECTORIES), "part is back");
	for (int i = 0; i < 10 && strcmp(status, "pending") == 0; i++)
		status = status_of(c, order.authz[0]);
	is(status, "valid", "the verdict is there");
	is(status_of(c, order.url), "ready", "and the order can go on");
	ok(client_finalize(c, &order, csr_for(c, "n5.example.test")), "to its certificate");
	leave(c);
}

/* What finalize leaves in the store until the certificate is signed. */
static void
make_processing(struct client *c, const char *order_url)
{
	struct problem p = { 0 };
	struct store *s = store_open(arena_printf(c->arena, "%s/data", scene.server->dir),
				     (uint64_t)1 << 30, false, &p);
	struct edit *e = s == NULL ? NULL : edit_begin(s);
	const char *text = strrchr(order_url, '/') + 1;
	struct cert cert = { .state = CERT_INTENDED, .created = clock_now(),
			     .not_after = clock_now() + 3600, .serial = serial_new(clock_now()) };
	EVP_PKEY *key = key_new("ES256");
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct order order;
	struct id id;

	if (e == NULL || n <= 0 || !id_parse(text, strlen(text), &id)) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	order = *store_order_get(edit_view(e), c->arena, &id);
	order.state = ORDER_PROCESSING;
	order.has_csr = true;
	order.spki = arena_blob(c->arena, der, (size_t)n);
	order.serial = cert.serial;
	cert.account = order.account;
	cert.order = order.id;
	cert.scope = order.scope;
	SHA256(der, (size_t)n, cert.spki_hash);
	store_cert_add(e, &cert);
	store_order_put(e, &order);
	edit_job(e, &(struct job){ .kind = JOB_ISSUE, .id = id });
	if (!edit_commit(e, &p))
		abort();
	store_close(s);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

/* The server ends with the order's job undone, and starts without its directory. */
static void
test_processing(void)
{
	struct client *c = place_member(&scene, PART, NULL), *d = place_member(&scene, PART, NULL);
	struct client_order order, other;

	ok(order_ready(c, &scene, "n6.example.test", &order), "a ready order");
	ok(order_ready(d, &scene, "n6.example.test", &other), "and another");
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	make_processing(c, order.url);
	places_write(&scene, WITHOUT_PART);
	ok(server_again(scene.server), "it starts without the directory of a processing order");
	ok(places_configure(&scene, DIRECTORIES), "which comes back");
	is(status_of(c, order.url), "invalid", "R-23 the order has ended");
	is(error_of(c), GOES, "and says why");
	is(status_of(d, other.url), "ready", "the one that was not finalized goes on");
	ok(client_finalize(d, &other, csr_for(d, "n6.example.test")), "to its certificate");
	leave(c);
	leave(d);
}

/* --- changed ---------------------------------------------------------------------- */

/* Orders keep the issuer that they began with; those of a profile that is offered no more
 * end. */
static void
test_means(void)
{
	static const char *const names[] = { "n7.example.test" };
	struct client *c = place_member(&scene, PART, NULL);
	EVP_PKEY *key = key_new("ES256");
	struct issued issued = { .key = NULL };
	struct client_order order, later;
	long from = server_log_size(scene.server);
	const char *pem;

	ok(order_ready(c, &scene, names[0], &order), "an order of issuer other");
	ok(places_configure(&scene, ISSUER_OTHER PROFILE_SHORT DIRECTORY_PARTNER
			    "directory part { issuer = main\n profiles = { short } }\n"),
	   "part gets another issuer");
	ok(client_finalize(c, &order, csr_of_names(c->arena, key, names, 1)), "the order is "
	   "finalized");
	pem = client_download(c, order.certificate);
	ok(pem != NULL && chain_wrong(pem, place_root(c->arena, &scene, PART), names, 1, key) ==
	   NULL, "by the issuer that it began with");
	ok(client_issue(c, scene.responder, names, 1, &issued), "a new order");
	ok(chain_wrong(issued.pem, scene.server->root, names, 1, issued.key) == NULL,
	   "is of the new issuer");
	ok(order_ready(c, &scene, names[0], &later), "an order of profile short");
	ok(places_configure(&scene, ISSUER_OTHER PROFILE_SHORT DIRECTORY_PARTNER
			    "directory part { profiles = { fleet } }\n"),
	   "part offers another profile");
	client_post(c, later.finalize, csr_payload(c, csr_for(c, names[0])));
	told(c, 400, "invalidProfile", "the order cannot be finalized");
	is(c->detail, "the profile of this order is no longer offered: make a new order", "why");
	ok(places_configure(&scene, PROFILE_SHORT DIRECTORY_PARTNER "directory part { }\n"),
	   "issuer other is removed");
	ok(logged(from, "its CRL is signed no more\"", "\"other\""), "the log warns");
	pem = client_download(c, order.certificate);
	ok(pem != NULL && chain_length(pem) == 1, "its certificate is there, its chain no more");
	ok(places_configure(&scene, DIRECTORIES), "all is as it was");
	EVP_PKEY_free(key);
	EVP_PKEY_free(issued.key);
	leave(c);
}

/* Another path: the same accounts, orders and certificates below it. */
static void
test_renamed(void)
{
	static const char *const names[] = { "n0.example.test" };
	struct client *c = place_member(&scene, PART, NULL), *d;
	struct issued issued = { .key = NULL };
	const char *old = arena_strdup(c->arena, c->kid), *cert;
	struct jws jws = { .payload = "", .kid = old };

	ok(client_issue(c, scene.responder, names, 1, &issued), "a certificate");
	ok(places_configure(&scene, WITHOUT_PART "directory part { path = \"/friends/of-us\"\n"
			    "issuer = other\n profiles = { short } }\n"), "part gets another path");
	client_post(c, c->kid, "");
	told(c, 404, "malformed", "the old one leads nowhere");
	d = client_open(arena_printf(c->arena, "%s/friends/of-us/directory", c->base),
			scene.server->root);
	EVP_PKEY_up_ref(c->key);
	d->key = c->key;
	client_account(d, NULL, "{\"onlyReturnExisting\":true}");
	ok(d->reply.status == 200 && strcmp(strrchr(d->kid, '/'), strrchr(old, '/')) == 0 &&
	   strstr(d->kid, "/friends/of-us/acme/account/") != NULL, "the account is below the new "
	   "one: %s", client_why(d));
	client_post_jws(d, d->kid, &jws, false);
	told(d, 400, "malformed", "its old URL is no kid any more");
	cert = arena_printf(d->arena, "%s/friends/of-us/acme/cert%s", d->base,
			    strrchr(issued.order.certificate, '/'));
	ok(client_download(d, cert) != NULL, "its certificate is there: %s", client_why(d));
	client_post(d, client_url(d, "revoke-cert"),
		    cert_payload(d, leaf_der(d->arena, issued.pem), ""));
	ok(d->reply.status == 200, "and can be revoked: %s", client_why(d));
	ok(places_configure(&scene, DIRECTORIES), "the old path again");
	is(status_of(c, c->kid), "valid", "with the account");
	EVP_PKEY_free(issued.key);
	leave(c);
	leave(d);
}

/* Two paths exchanged: accounts stay with the directory's name. */
static void
test_exchanged(void)
{
	struct client *c = place_member(&scene, PART, NULL);
	const char *id = strrchr(c->kid, '/');
	struct jws jws = { .payload = "" };

	ok(places_configure(&scene, ISSUER_OTHER PROFILE_SHORT
			    "directory part { path = /partner }\n"
			    "directory partner { path = /part }\n"), "two paths are exchanged");
	client_post_jws(c, c->kid, &jws, false);
	ok(strcmp(c->type, "badNonce") == 0 || strcmp(c->type, "accountDoesNotExist") == 0,
	   "the account of one is none of the other: %s", client_why(c));
	client_post(c, c->kid, "");
	told(c, 400, "accountDoesNotExist", "whatever the nonce");
	snprintf(c->kid, sizeof(c->kid), "%s/partner/acme/account%s", c->base,
		 arena_strdup(c->arena, id));
	*c->nonce = '\0';
	snprintf(c->path, sizeof(c->path), "/partner");
	is(status_of(c, c->kid), "valid", "it is below the new path");
	ok(places_configure(&scene, DIRECTORIES), "the old paths again");
	client_close(c);
}

/* A path below another's: the longest one that fits counts, whatever the order of the file. */
static void
test_nested(void)
{
	static const char *const sections[] = {
		"directory inner { path = \"/part/inner\" }\n" DIRECTORY_PART,
		DIRECTORY_PART "directory inner { path = \"/part/inner\" }\n",
	};

	for (size_t i = 0; i < COUNT(sections); i++) {
		struct client *c = visitor(&scene), *d;
		char *text = arena_printf(c->arena, ISSUER_OTHER PROFILE_SHORT "%s", sections[i]);

		ok(places_configure(&scene, text), "a path below another's");
		d = client_open(arena_printf(c->arena, "%s/part/inner/directory", c->base),
				scene.server->root);
		ok(client_account(d, "ES256", AGREED), "has its own accounts: %s", client_why(d));
		ok(strstr(d->kid, "/part/inner/acme/account/") != NULL, "below it");
		client_get(c, "GET", place_url(c->arena, &scene, PART));
		ok(c->reply.status == 200, "as the upper one: %d", c->reply.status);
		client_get(c, "GET", "/part/inner/inner/directory");
		told(c, 404, "malformed", "and nothing else");
		leave(c);
		leave(d);
	}
	ok(places_configure(&scene, DIRECTORIES), "all is as it was");
}

/* --- the default one -------------------------------------------------------------- */

static bool
prints(const char *command, const char *words)
{
	char line[1200], out[4096] = "";
	FILE *f;

	snprintf(line, sizeof(line), "%s %s --config %s/brevet.conf", stage_brevet(), command,
		 scene.server->dir);
	f = popen(line, "r");
	if (f == NULL)
		return false;
	if (fread(out, 1, sizeof(out) - 1, f) == 0)
		printf("# nothing\n");
	if (strstr(out, words) == NULL)
		printf("# %s\n", out);
	return pclose(f) == 0 && strstr(out, words) != NULL;
}

static void
test_default(void)
{
	struct client *c = member(&scene, "ES256"), *d;
	const char *id = strrchr(c->kid, '/');
	struct jws jws = { .payload = "" };

	ok(places_configure(&scene, ISSUER_OTHER PROFILE_SHORT DIRECTORY_PARTNER
			    "directory default { path = /inside\n profiles = { short } }\n"),
	   "the default directory gets a path");
	client_get(c, "GET", arena_printf(c->arena, "%s/directory", c->base));
	told(c, 404, "malformed", "/directory is nowhere now");
	ok(strstr(reply_header(&c->reply, "Link", 0), "/inside/directory>") != NULL,
	   "the link leads where it is");
	d = client_open(arena_printf(c->arena, "%s/inside/directory", c->base),
			scene.server->root);
	EVP_PKEY_up_ref(c->key);
	d->key = c->key;
	snprintf(d->kid, sizeof(d->kid), "%s/inside/acme/account%s", c->base, id);
	client_get(d, "GET", arena_printf(d->arena, "%s/nowhere", c->base));
	told(d, 404, "malformed", "a path of no directory");
	client_post_jws(d, d->kid, &jws, false);
	told(d, 200, "", "has a nonce of the default one, whose accounts are below its path");
	ok(prints("status", "/inside/directory"), "status tells it");
	ok(prints("check", "directory default: https://localhost"), "check, too");
	ok(prints("check", "issuer main, profile short, accounts: anybody"), "with what it has");
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	ok(server_again(scene.server), "and starts again");
	ok(strstr(scene.server->url, "/inside/directory") != NULL, "ready at %s",
	   scene.server->url);
	client_hang_up(d);
	is(status_of(d, d->kid), "valid", "the account is there");
	ok(places_configure(&scene, DIRECTORIES), "all is as it was");
	client_get(c, "GET", arena_printf(c->arena, "%s/directory", c->base));
	ok(c->reply.status == 200, "/directory is back: %d", c->reply.status);
	leave(c);
	leave(d);
}

/* The server's own certificate is of the default directory's issuer. */
static void
test_own(void)
{
	struct arena *a = arena_new();
	SSL_CTX *trust = wire_trust(place_root(a, &scene, PART));
	struct wire *w = wire_open(trust, "localhost", scene.server->port);

	ok(w == NULL, "the server's certificate is of issuer main");
	ok(places_configure(&scene, DIRECTORIES "directory default { issuer = other }\n"),
	   "the default directory gets issuer other");
	for (int i = 0; i < 600 && w == NULL; i++) {
		usleep(50000);
		w = wire_open(trust, "localhost", scene.server->port);
	}
	ok(w != NULL, "so the server gets a certificate of that");
	wire_close(w);
	SSL_CTX_free(trust);
	arena_free(a);
}

int
main(void)
{
	if (!places_begin(&scene, (const char *const[]){ "workers=2", NULL }))
		return 1;
	ok(places_configure(&scene, DIRECTORIES), "directories are added by a reload");
	test_gone();
	test_validation();
	test_processing();
	test_means();
	test_renamed();
	test_exchanged();
	test_nested();
	test_default();
	test_own();
	scene_stop(&scene);
	return tap_done();
}

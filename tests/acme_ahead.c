/* SPDX-License-Identifier: Apache-2.0 */
/* acme_ahead.c - a clock that was ahead and is set right, over the wire: nothing is issued until
 * the operator says that it is right now, then everything is. */
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/ari.h"
#include "tests/chain.h"
#include "tests/limited.h"
#include "tests/stored.h"

#define PATIENCE 60000		/* ms */
#define BEHIND	 "clock is behind the newest commit"

/* What clients have when the clock is set right. */
struct left {
	int64_t			 days;		/* that it was ahead */
	bool			 own;		/* the server's own certificate is of then */
	struct leaf_facts	 before;	/* n0, of the right time */
	struct leaf_facts	 revoked;	/* n5, of the right time, revoked then */
	struct client_order	 pending, ready;	/* of then: n1, n2 */
	bool			 crl;		/* it is waited for, which takes ten seconds */
	EVP_PKEY		*key;
};

/* --- what the test sees -------------------------------------------------------------- */

/* From now on the client believes that it is so many days from now. */
static void
believe(struct client *c, int64_t days)
{
	X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(c->trust), time(NULL) + days * DAY);
	client_hang_up(c);
}

/* How many lines of the log have that text, when it is one at least or never will be. */
static int
told(const char *what)
{
	char line[4096];
	long began = now_ms();
	int n;

	do {
		FILE *in = fopen(scene.server->log, "r");

		n = 0;
		while (in != NULL && fgets(line, sizeof(line), in) != NULL)
			n += strstr(line, what) != NULL;
		if (in != NULL)
			fclose(in);
		usleep(50000);
	} while (n == 0 && now_ms() - began < PATIENCE);
	return n;
}

static struct view *
view_now(struct arena *a, struct store **s)
{
	struct problem p = { 0 };

	*s = store_open_reader(arena_printf(a, "%s/data", scene.server->dir), &p);
	if (*s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	return view_open(*s);
}

static int64_t
last_time(struct client *c)
{
	struct store *s;
	struct view *v = view_now(c->arena, &s);
	int64_t last = store_last_time(v);

	view_close(v);
	store_close(s);
	return last;
}

/* Until the CRL has that many entries: its problem, or NULL.  No time in it is of the future. */
static const char *
crl_wrong(struct client *c, int entries)
{
	struct store *s;
	struct view *v = view_now(c->arena, &s);
	const struct crl *there = store_crl_get(v, c->arena, 1, 0);
	const uint8_t *der = there->der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &der, (long)there->der.len);
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl);
	const char *wrong = sk_X509_REVOKED_num(list) == entries ? NULL : "entries";
	time_t soon = time(NULL) + 2;

	if (X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &soon) >= 0)
		wrong = "thisUpdate is of the future";
	for (int i = 0; i < sk_X509_REVOKED_num(list); i++)
		if (X509_cmp_time(X509_REVOKED_get0_revocationDate(
				  sk_X509_REVOKED_value(list, i)), &soon) >= 0)
			wrong = "an entry is of the future";
	X509_CRL_free(crl);
	view_close(v);
	store_close(s);
	return wrong;
}

static bool
finalize_ready(struct client *c, struct left *left)
{
	static const char *const name = "n2.example.test";

	return client_finalize(c, &left->ready, csr_of_names(c->arena, left->key, &name, 1));
}

static bool
gives_up(struct client *c, const struct leaf_facts *facts)
{
	return client_post(c, client_url(c, "revoke-cert"), arena_printf(
		c->arena, "{\"certificate\":\"%s\"}", facts->der)) == 200;
}

/* --- ahead --------------------------------------------------------------------------- */

static void
while_ahead(struct client *c, struct left *left)
{
	static const char *const names[] = { "n1.example.test", "n2.example.test" };
	int n = 0;

	ok(server_stop(scene.server) == 0 && server_again(scene.server),
	   "it starts by a clock that is %d days ahead", (int)left->days);
	believe(c, left->days);
	ok(client_order_new(c, &names[0], 1, &left->pending), "an order then");
	ok(client_order_new(c, &names[1], 1, &left->ready) &&
	   client_prove(c, scene.responder, left->ready.authz[0]) != NULL, "a ready one");
	ok(limited_issue(c, "n3.example.test"), "a certificate");
	if (!left->own)
		ok(gives_up(c, &left->revoked), "a revocation");
	while (n < 6 && limited_order(c, "n4.example.test") == 201)
		n++;
	ok(n < 6 && c->reply.status == 429, "and all orders that the limit lets through");
}

/* --- behind -------------------------------------------------------------------------- */

static void
issues_nothing(struct client *c, struct left *left, const char *when)
{
	ok(!finalize_ready(c, left) && c->reply.status == 503 &&
	   strstr(c->detail, "clock") != NULL, "R-11 %s it issues nothing: %s", when,
	   client_why(c));
}

static void
while_behind(struct client *c, struct left *left)
{
	int64_t last = last_time(c);

	ok(told(BEHIND) == 1 && told("brevet clock accept") == 1, "R-11 the log names the remedy");
	issues_nothing(c, left, "set right,");
	issues_nothing(c, left, "asked again,");
	ok(told(BEHIND) == 1, "which is told once");
	runs(c, "clock", 0, "\"brevet clock accept\"");
	runs(c, "clock", 0, "1 certificates were made in the time to come");
	ok(last > time(NULL) + (left->days - 1) * DAY && last_time(c) >= last,
	   "the store's time does not go back by itself");
}

/* kill -9 before it is accepted.  A server whose own certificate is of the future does not come
 * up; one that has a good one does, and goes on to issue nothing. */
static void
killed_behind(struct client *c, struct left *left)
{
	server_kill(scene.server);
	ok(server_again(scene.server) == !left->own, "after kill -9 it comes up: %s",
	   left->own ? "not without a certificate" : "with the one that it has");
	client_hang_up(c);
	if (!left->own)
		issues_nothing(c, left, "after kill -9");
}

static void
accepted(struct client *c)
{
	runs(c, "clock accept --json", 0, "\"authorizations\": 5");
	runs(c, "clock accept", 1, "there is nothing to accept: the clock is not behind");
	ok(last_time(c) <= time(NULL) + 1, "R-11 the newest commit is of now");
}

/* --- right --------------------------------------------------------------------------- */

/* Its own certificate is good for those whose clocks are right. */
static bool
reachable(struct client *c)
{
	long began = now_ms();

	believe(c, 0);
	while (client_get(c, "HEAD", client_url(c, "new-nonce")) != 200 &&
	       now_ms() - began < PATIENCE)
		usleep(100000);
	return c->reply.status == 200;
}

static void
past_ends(struct client *c, struct left *left)
{
	static const char *const name = "n3.example.test";
	struct client_order order;
	const char *why;

	client_post(c, left->pending.url, "");
	is(text(c->json, "status"), "invalid", "an order of then is good no more");
	client_post(c, left->ready.url, "");
	is(text(c->json, "status"), "invalid", "nor is a ready one");
	why = text(json_object_get(c->json, "error"), "detail");
	ok(why != NULL && strstr(why, "ahead") != NULL, "and it says why");
	client_post(c, left->ready.authz[0], "");
	is(text(c->json, "status"), "revoked", "what was proved then is not for ten years");
	ok(client_order_new(c, &name, 1, &order), "an order passes the limit: %s", client_why(c));
	is(order.status, "pending", "and must be proved anew");
}

static void
all_works(struct client *c, struct left *left)
{
	static const char *const name = "n6.example.test";
	struct client *d = member(&scene, "ES256");
	struct issued issued = { .key = NULL };
	struct leaf_facts facts;
	long began = now_ms(), wait;
	int n = 0;

	ok(client_issue(d, scene.responder, &name, 1, &issued) &&
	   chain_wrong(issued.pem, scene.server->root, &name, 1, issued.key) == NULL,
	   "a new account, and its certificate is good now: %s", client_why(d));
	ok(issue_replacing(c, scene.responder, "n0.example.test", left->before.certid, &facts) &&
	   facts.not_before <= time(NULL), "a renewal: %s", client_why(c));
	while (n < 6 && limited_order(c, "n4.example.test") == 201)
		n++;
	wait = limited_wait(c, "new orders");
	ok(wait > 0 && wait <= DAY, "the limit holds again, for %ld s", wait);
	ok(gives_up(c, &facts), "a revocation: %s", client_why(c));
	if (left->crl) {
		while (crl_wrong(c, left->own ? 1 : 2) != NULL && now_ms() - began < PATIENCE)
			usleep(200000);
		is(crl_wrong(c, left->own ? 1 : 2), NULL,
		   "the CRL has it, and no time of the future");
	}
	EVP_PKEY_free(issued.key);
	leave(d);
}

static void
revoked_then(struct client *c, const struct left *left)
{
	struct renewal_info info;

	if (!left->own)
		ok(info_get(c, left->revoked.certid, &info) == 200 && info.end < time(NULL),
		   "what was revoked then is to be renewed at once");
}

static void
certificates_then(struct client *c)
{
	const char *then = clock_print(c->arena, time(NULL) + DAY / 2);

	runs(c, "clock", 0, "is not behind");
	runs(c, arena_printf(c->arena, "incident start --where 'issued > %s' --explanation "
			     "https://ca.example.test/why", then), 0, "1 certificates");
}

/* killed: it dies before and behind the acceptance, which comes without a server if that one cannot
 * come up. */
static void
test_ahead(int64_t days, bool own, bool killed)
{
	struct left left = { .days = days, .own = own, .crl = killed,
			     .key = key_new("ES256") };
	struct client *c;

	limited_begin((const char *const[]){ "workers=2", "limit.orders=5/1d", NULL });
	c = member(&scene, "ES256");
	ok(issue_replacing(c, scene.responder, "n0.example.test", NULL, &left.before) &&
	   issue_replacing(c, scene.responder, "n5.example.test", NULL, &left.revoked),
	   "certificates of the right time");
	if (later(days * DAY)) {
		while_ahead(c, &left);
		limited_later(-days * DAY);
		while_behind(c, &left);
		if (killed)
			killed_behind(c, &left);
		accepted(c);
		if (killed) {
			server_kill(scene.server);
			ok(server_again(scene.server), "and after that it comes up");
		}
		ok(reachable(c), "its own certificate is good");
		past_ends(c, &left);
		all_works(c, &left);
		revoked_then(c, &left);
		certificates_then(c);
	}
	EVP_PKEY_free(left.key);
	leave(c);
	scene_stop(&scene);
}

/* It dies when the order is about to be signed, which the next one would go on with.  After a day
 * no CRL is due: the first commit is that of finalize. */
static void
test_signing(void)
{
	static const char *const name = "n2.example.test";
	struct left left = { .days = 1, .key = key_new("ES256") };
	struct client *c;

	limited_begin((const char *const[]){ "workers=2", NULL });
	c = member(&scene, "ES256");
	if (later(left.days * DAY)) {
		ok(client_order_new(c, &name, 1, &left.ready) &&
		   client_prove(c, scene.responder, left.ready.authz[0]) != NULL, "a ready order");
		ok(server_stop(scene.server) == 0, "a stop");
		setenv("BREVET_CRASH", "after-commit:1", 1);
		ok(server_again(scene.server), "a start");
		unsetenv("BREVET_CRASH");
		client_hang_up(c);
		ok(!finalize_ready(c, &left) && c->unanswered, "it dies while it signs");
		server_kill(scene.server);
		limited_later(-left.days * DAY);
		ok(server_again(scene.server) && told("\"jobs\":1") == 1,
		   "the next one, by a clock that is behind, takes the job up");
		client_hang_up(c);
		for (int i = 0; i < 600 && client_post(c, left.ready.url, "") == 200 &&
		     strcmp(text(c->json, "status"), "processing") == 0; i++)
			usleep(50000);
		is(text(c->json, "status"), "invalid", "R-11 and issues nothing");
		runs(c, "clock accept", 0, "accepted");
		ok(limited_issue(c, name), "R-11 then it does");
	}
	EVP_PKEY_free(left.key);
	leave(c);
	scene_stop(&scene);
}

/* Whoever says so for nothing changes nothing. */
static void
test_needless(void)
{
	struct client *c;
	int64_t last;

	limited_begin((const char *const[]){ "workers=2", NULL });
	c = member(&scene, "ES256");
	last = last_time(c);
	if (later(-3)) {
		runs(c, "clock accept", 1, "there is nothing to accept");
		limited_later(3600);
		runs(c, "clock accept", 1, "there is nothing to accept");
	}
	ok(last_time(c) == last, "the store's time does not move, not forward either");
	ok(server_stop(scene.server) == 0, "a stop");
	runs(c, "clock accept", 1, "there is nothing to accept");
	runs(c, "clock", 0, "is not behind");
	runs(c, "clock now", 2, "makes no sense");
	leave(c);
	scene_end(&scene);
}

int
main(void)
{
	test_needless();
	test_signing();
	test_ahead(20, false, true);
	test_ahead(365, true, false);
	test_ahead(3638, true, true);
	return tap_done();
}

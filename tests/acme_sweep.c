/* SPDX-License-Identifier: Apache-2.0 */
/* acme_sweep.c - clean-up by a server whose clock goes on by days: what has ended is gone for
 * clients, what an audit or a CRL needs is there, and a server that is killed meanwhile goes on
 * with it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/limited.h"
#include "tests/stored.h"

#define PATIENCE 60000		/* ms */
#define CROWD	 700		/* orders: more than two pages of them */

static struct arena *a;
static struct client *metrics;	/* of the server's metrics */
static int64_t ahead;

/* --- the server ----------------------------------------------------------------------- */

static double
metric(const char *name)
{
	const char *at;

	client_clear(metrics);
	if (client_get(metrics, "GET", arena_printf(metrics->arena, "%s/metrics",
						     metrics->base)) != 200)
		return -1;
	at = strstr((const char *)metrics->reply.body.data, arena_printf(a, "\n%s ", name));
	return at == NULL ? 0 : strtod(strchr(at + 1, ' '), NULL);
}

/* Until a round is over that ended at that time or later; when it did. */
static double
round_end(double when)
{
	double at;
	long began = now_ms();

	while ((at = metric("brevet_sweep_timestamp_seconds")) < when &&
	       now_ms() - began < PATIENCE)
		usleep(100000);
	return at;
}

/* The server's clock goes on; then a round begins, and ends.  False: this build cannot. */
static bool
swept_after(int64_t seconds)
{
	double at;

	ahead += seconds;
	if (!later(seconds))
		return false;
	at = round_end((double)(time(NULL) + ahead));
	return ok(round_end(at + 1) > at, "a round, %lld days later", (long long)ahead / DAY);
}

static struct view *
view_now(struct store **s)
{
	struct problem p = { 0 };

	*s = store_open_reader(arena_printf(a, "%s/data", scene.server->dir), &p);
	if (*s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	return view_open(*s);
}

static struct serial
serial_of(const char *url)
{
	struct serial serial = { .b = { 0 } };
	const char *last = strrchr(url, '/') + 1;

	ok(serial_parse(last, strlen(last), &serial), "a certificate: %s", last);
	return serial;
}

/* Does the revocation stand in the store, for the CRLs to come? */
static bool
listed(const struct serial *serial)
{
	struct store *s;
	struct view *v = view_now(&s);
	struct revoked *rows;
	size_t n = store_revoked_list(v, a, 1, 0, &rows), found = 0;

	for (size_t i = 0; i < n; i++)
		found += serial_equal(&rows[i].serial, serial);
	view_close(v);
	store_close(s);
	return found > 0;
}

static int64_t
crl_made(void)
{
	struct store *s;
	struct view *v = view_now(&s);
	int64_t made = store_crl_this_update(v, 1, 0);

	view_close(v);
	store_close(s);
	return made;
}

static struct store_counts
counted(void)
{
	struct store *s;
	struct view *v = view_now(&s);
	struct store_counts n = store_counts(v);

	view_close(v);
	store_close(s);
	return n;
}

/* --- what clients have ---------------------------------------------------------------- */

struct things {
	struct issued		issued, revoked;
	struct serial		serial, gone;
	struct client_order	pending, failed, ready;
};

static void
is_there(struct client *c, const char *url, bool there, const char *what)
{
	client_post(c, url, "");
	ok(c->reply.status == (there ? 200 : 404), "%s: %d", what, c->reply.status);
}

static bool
one_order(struct client *c, const char *name, struct client_order *order)
{
	return ok(client_order_new(c, &name, 1, order), "an order for %s", name);
}

static void
things_make(struct client *c, struct things *t)
{
	static const char *const names[] = { "n0.example.test", "n1.example.test" };
	const char *payload;

	*t = (struct things){ .issued.key = NULL };
	ok(client_issue(c, scene.responder, &names[0], 1, &t->issued) &&
	   client_issue(c, scene.responder, &names[1], 1, &t->revoked), "two certificates");
	t->serial = serial_of(t->issued.order.certificate);
	t->gone = serial_of(t->revoked.order.certificate);
	payload = arena_printf(c->arena, "revoke %s", serial_hex(c->arena, &t->gone));
	runs(c, payload, 0, "");
	one_order(c, "n2.example.test", &t->pending);
	one_order(c, "n3.example.test", &t->failed);
	is(client_prove(c, NULL, t->failed.authz[0]), "invalid", "one fails");
	one_order(c, "n4.example.test", &t->ready);
	is(client_prove(c, scene.responder, t->ready.authz[0]), "valid", "one is ready");
}

/* --- days go by ----------------------------------------------------------------------- */

static void
week(struct client *c, const struct things *t)
{
	is_there(c, t->pending.url, false, "a pending order is gone");
	is_there(c, t->pending.authz[0], false, "and its authorization");
	is_there(c, t->failed.url, false, "a failed one");
	is_there(c, t->failed.authz[0], false, "and its authorization");
	is_there(c, t->ready.url, false, "a ready one");
	is_there(c, t->ready.authz[0], true, "must stay: an authorization that was proved");
	is_there(c, t->issued.order.url, true, "must stay: the order of a certificate");
	is_there(c, t->issued.order.authz[0], true, "must stay: its authorization");
	is_there(c, t->issued.order.certificate, true, "must stay: the certificate");
	runs(c, arena_printf(c->arena, "show authz %s", strrchr(t->issued.order.authz[0], '/') + 1),
	     0, "validation");
	ok(metric("brevet_swept_total{kind=\"order\"}") == 3 &&
	   metric("brevet_swept_total{kind=\"authorization\"}") == 2, "and this is counted");
}

/* The revoked one has expired: the next list names it for the last time. */
static void
lists(const struct things *t)
{
	long began = now_ms();

	while (crl_made() < time(NULL) + ahead - HOUR && now_ms() - began < PATIENCE)
		usleep(100000);
	ok(crl_made() >= time(NULL) + ahead - HOUR, "a CRL after the end of what was revoked");
	ok(listed(&t->gone), "must stay: an entry of a CRL, until one of after its end has it");
	if (!swept_after(2 * HOUR))
		return;
	ok(!listed(&t->gone), "then it goes");
	ok(metric("brevet_swept_total{kind=\"crl-entry\"}") == 1, "and this is counted");
}

static void
month(struct client *c, const struct things *t)
{
	struct store_counts n = counted();
	uint64_t orders = 0;

	is_there(c, t->issued.order.url, false, "the certificate's order is gone");
	is_there(c, t->issued.order.certificate, false, "and the certificate");
	is_there(c, t->issued.order.authz[0], false, "and the authorization");
	is_there(c, t->revoked.order.certificate, false, "and the one that was revoked");
	for (int i = 0; i < COUNT_STATES; i++)
		orders += n.n[COUNT_ORDERS][i] + n.n[COUNT_AUTHZ][i];
	ok(orders == 0, "no order or authorization is counted any more");
	ok(n.n[COUNT_ACCOUNTS][ACCOUNT_VALID] == 1, "must stay: the account");
	client_post(c, c->kid, "");
	ok(c->reply.status == 200, "which is good");
	ok(limited_issue(c, "n5.example.test"), "and gets a certificate");
}

static void
test_days(void)
{
	struct client *c = member(&scene, "ES256");
	struct things t;

	things_make(c, &t);
	if (swept_after(8 * DAY + HOUR)) {
		week(c, &t);
		lists(&t);
	}
	if (swept_after(10 * DAY))
		month(c, &t);
	EVP_PKEY_free(t.issued.key);
	EVP_PKEY_free(t.revoked.key);
	leave(c);
}

/* --- certificates that nobody renews -------------------------------------------------- */

/* Nobody in the store waits for it: it is made so by hand, the server being down. */
static void
wait_for(const struct serial *serial)
{
	struct store *s = server_store(a, scene.server);
	struct edit *e = edit_begin(s);
	const struct cert *cert = store_cert_get(edit_view(e), a, serial);
	struct renewal renewal = { .serial = *serial };

	if (ok(cert != NULL, "it is in the store")) {
		renewal.not_after = cert->not_after;
		renewal.start = cert->not_before + 1;
		renewal.end = cert->not_after;
		store_renewal_put(e, &renewal);
	}
	server_store_commit(s, e);
}

static bool
log_names(const char *event, const char *what)
{
	FILE *in = fopen(scene.server->log, "r");
	char line[4096];
	bool found = false;

	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		found = found || (strstr(line, event) != NULL && strstr(line, what) != NULL);
	if (in != NULL)
		fclose(in);
	return found;
}

/* Two for the same names, the second a day later by an order that does not say what it is for. */
static void
issue_both(struct client *c, struct serial serials[2])
{
	static const char *const names[] = { "n6.example.test" };
	struct issued issued;

	for (int i = 0; i < 2; i++) {
		issued = (struct issued){ .key = NULL };
		ok(client_issue(c, scene.responder, names, 1, &issued), "a certificate");
		serials[i] = serial_of(issued.order.certificate);
		EVP_PKEY_free(issued.key);
		if (i == 0 && later(DAY))
			ahead += DAY;
	}
}

static void
test_unrenewed(void)
{
	static const char *const event = "certificate expired, not renewed";
	struct client *c = member(&scene, "ES256");
	struct serial serials[2];
	double before;

	issue_both(c, serials);
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	wait_for(&serials[0]);
	wait_for(&serials[1]);
	ok(server_again(scene.server), "and starts again");
	client_hang_up(metrics);
	before = metric("brevet_certificates_expired_unrenewed_total");
	if (swept_after(7 * DAY)) {
		ok(log_names(event, "n6.example.test"), "the log names it");
		ok(log_names(event, limited_id(c)), "and its account");
		ok(log_names(event, serial_hex(a, &serials[1])), "and its serial");
		ok(!log_names(event, serial_hex(a, &serials[0])), "not the one that a younger one "
		   "has the names of");
		ok(metric("brevet_certificates_expired_unrenewed_total") == before + 1,
		   "one is counted");
	}
	leave(c);
}

/* --- a clock that was wrong ----------------------------------------------------------- */

/* It goes too far, and back: what is made then ends before what has been cleaned up. */
static void
test_back(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	long began;

	if (!later(60 * DAY))
		return;
	ahead += 60 * DAY;
	one_order(c, "n2.example.test", &order);
	swept_after(9 * DAY);
	is_there(c, order.url, false, "an order has ended and is gone");
	began = now_ms();
	while (crl_made() < time(NULL) + 30 * DAY && now_ms() - began < PATIENCE)
		usleep(100000);
	later(-69 * DAY);
	ahead -= 69 * DAY;
	began = now_ms();
	while (metric("brevet_sweep_timestamp_seconds") > (double)(time(NULL) + DAY) &&
	       now_ms() - began < PATIENCE)
		usleep(100000);
	while (crl_made() > time(NULL) + HOUR && now_ms() - began < PATIENCE)
		usleep(100000);
	ok(crl_made() <= time(NULL) + HOUR, "the CRL is not of the future any more");
	one_order(c, "n3.example.test", &order);
	swept_after(9 * DAY);
	is_there(c, order.url, false, "so is one that was made after the clock was set right");
	is_there(c, order.authz[0], false, "and its authorization");
	leave(c);
}

/* --- a clock that jumps --------------------------------------------------------------- */

/* How often the log says that clean-up waits, when it has said so that often, or never will. */
static int
doubts(int wanted)
{
	char line[4096];
	long began = now_ms();
	int n;

	do {
		FILE *in = fopen(scene.server->log, "r");

		usleep(100000);
		n = 0;
		while (in != NULL && fgets(line, sizeof(line), in) != NULL)
			n += strstr(line, "clock jumped ahead, clean-up waits") != NULL;
		if (in != NULL)
			fclose(in);
	} while (n < wanted && now_ms() - began < PATIENCE);
	return n;
}

static void
test_doubt(void)
{
	struct client *c = member(&scene, "ES256");
	struct client_order order;
	double now = (double)time(NULL), end;

	one_order(c, "n2.example.test", &order);
	ok(round_end(now) >= now, "clean-up is under way");
	if (!later(9 * DAY))
		return;
	ok(doubts(1) == 1, "the clock is nine days ahead: clean-up waits");
	usleep(2500000);
	is_there(c, order.url, true, "must stay: what has ended by a clock in doubt");
	later(-9 * DAY);
	now = (double)time(NULL);
	end = round_end(now);
	ok(end >= now && end < now + DAY, "set right: it goes on");
	is_there(c, order.url, true, "must stay: what has not ended");
	client_clear(c);
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	later(40 * DAY);
	ok(server_again(scene.server), "and starts forty days later");
	client_hang_up(c);
	client_hang_up(metrics);
	ok(doubts(2) == 2, "that is doubted too");
	usleep(2500000);
	ok(counted().n[COUNT_ORDERS][ORDER_PENDING] == 1, "must stay: the order");
	leave(c);
}

/* --- a crash in the middle ------------------------------------------------------------ */

/* The server that is to end at its nth commit, all of which are of clean-up; false: it did not
 * come to that. */
static bool
killed_at(const char *point, unsigned n)
{
	char value[64];
	long began = now_ms();
	double round = 0;	/* over at that time; less: no answer */
	bool ended;

	snprintf(value, sizeof(value), "%s:%u", point, n);
	setenv("BREVET_CRASH", value, 1);
	ended = !server_again(scene.server);	/* killed before it was ready */
	unsetenv("BREVET_CRASH");
	client_hang_up(metrics);
	while (!ended && round == 0 && now_ms() - began < PATIENCE) {
		round = metric("brevet_sweep_timestamp_seconds");
		usleep(50000);
	}
	server_kill(scene.server);
	return ended || round < 0;
}

static void
test_crash(void)
{
	struct client *c = member(&scene, "ES256");
	struct store_counts n;
	unsigned ends = 0;

	for (int i = 0; i < CROWD; i++)
		if (limited_order(c, "n7.example.test") != 201)
			ok(false, "an order: %s", client_why(c));
	client_clear(c);
	ok(server_stop(scene.server) == 0, "the server ends with status 0");
	ahead += 9 * DAY;
	limited_later(9 * DAY);
	for (unsigned i = 4; i <= 5; i++)	/* behind those of a start */
		ends += killed_at("after-commit", i) + killed_at("before-commit", i);
	ok(ends >= 1, "R-2 killed in the middle, %u times", ends);
	ok(server_again(scene.server), "R-2 it starts");
	client_hang_up(c);
	client_hang_up(metrics);
	swept_after(HOUR);
	n = counted();
	ok(n.n[COUNT_ORDERS][ORDER_PENDING] == 0 && n.n[COUNT_AUTHZ][AUTHZ_PENDING] == 0,
	   "R-2 all of them are gone: %d, %d", (int)n.n[COUNT_ORDERS][ORDER_PENDING],
	   (int)n.n[COUNT_AUTHZ][AUTHZ_PENDING]);
	leave(c);
}

/* Each has a server of its own: a new certificate of one whose clock is ahead is not yet good for
 * clients. */
static void
run(void (*test)(void), const char *doubt)
{
	uint16_t port = port_free();
	char listen_at[64], url[64];

	snprintf(listen_at, sizeof(listen_at), "metrics.listen=127.0.0.1:%u", port);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/directory", port);
	ahead = 0;
	limited_begin((const char *const[]){
		"workers=2", "profile.default.lifetime=6d", "order.lifetime=7d",
		"order.authz_lifetime=7d", "retention.orders=1d", "retention.certificates=10d",
		"retention.every=1s", doubt, listen_at, NULL });
	metrics = client_open(url, NULL);
	test();
	client_close(metrics);
	scene_stop(&scene);
}

int
main(void)
{
	a = arena_new();
	run(test_days, "retention.doubt=0s");
	run(test_unrenewed, "retention.doubt=0s");
	run(test_back, "retention.doubt=0s");
	run(test_crash, "retention.doubt=0s");
	run(test_doubt, "retention.doubt=1h");
	arena_free(a);
	return tap_done();
}

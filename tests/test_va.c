/* SPDX-License-Identifier: Apache-2.0 */
/* test_va.c - validations that are given up, DNSSEC, and the options. */
#include <arpa/nameser.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/fake_dns.h"
#include "tests/tap.h"
#include "tests/validate.h"
#include "tests/wrong_web.h"
#include "va/resolve.h"

static const struct fake_record records[] = {
	{ "a.test", ns_t_a, "127.0.0.1" },
	{ "b.test", ns_t_a, "127.0.0.1" },
	{ "silent.test", 0, "SILENT" },
	{ NULL, 0, NULL },
};

static struct va *va;

/* --- given up ------------------------------------------------------------------------- */

/* Of four validations one waits for DNS, one for HTTP, one for TLS, one is already answered
 * by the resolver and lies in the lane. */
static const struct row {
	const char	*name;
	enum va_method	 method;
} given_up[] = {
	{ "silent.test", VA_HTTP_01 },
	{ "a.test", VA_HTTP_01 },
	{ "a.test", VA_TLS_ALPN_01 },	/* the server waits for a head that never ends */
	{ "a.onion", VA_HTTP_01 },
};

#define GIVEN_UP 4
#define LAST (GIVEN_UP - 1)

struct abandoned {
	struct validation	 v[GIVEN_UP];
	struct event		*timer;
	const char		*when;
};

static void
begin(struct validation *v, const struct row *r, struct flow *f, unsigned ticket)
{
	struct problem p = { 0 };

	if (!ident_parse_dns(&v->ident, f->arena, r->name, strlen(r->name), &p))
		abort();
	v->va = va;
	v->method = r->method;
	v->token = "nobytes";
	v->key_auth = "nobytes" THUMB;
	v->waiter = f;
	v->ticket = ticket;
	va_validate(v);
}

static void
abandon_now(evutil_socket_t fd, short what, void *arg)
{
	struct abandoned *b = arg;

	(void)fd, (void)what;
	event_free(b->timer);
	if (strcmp(b->when, "drop") == 0)
		va_drop(b->v[0].waiter->loop);
	for (unsigned i = 0; i < GIVEN_UP; i++)
		va_cancel(&b->v[i]);
	b->v[0].ticket = b->v[0].waiter->ticket;
	flow_wake(b->v[0].waiter, b->v[0].ticket);
}

static enum flow_next
abandon_ask(struct flow *f)
{
	struct abandoned *b = f->data;
	unsigned ticket = flow_arm(f) - 1;	/* an old one: wakes nobody */

	for (unsigned i = 0; i < GIVEN_UP; i++)
		begin(&b->v[i], &given_up[i], f, ticket);
	if (strcmp(b->when, "now") == 0)
		va_cancel(&b->v[LAST]);
	b->timer = loop_timer(f->loop, strcmp(b->when, "now") == 0 ? 0 : 100, abandon_now, b);
	return FLOW_WAIT;
}

static enum flow_next
abandon_check(struct flow *f)
{
	struct abandoned *b = f->data;

	for (unsigned i = 0; i < LAST; i++)
		ok(b->v[i].problem.type == PROBLEM_SERVER_INTERNAL && b->v[i].flow == NULL,
		   "given up (%s): %s", b->when, b->v[i].ident.value);
	ok(strcmp(b->when, "now") == 0 ? b->v[LAST].problem.type == PROBLEM_SERVER_INTERNAL :
	   b->v[LAST].problem.type == PROBLEM_DNS, "given up (%s): %s, %s", b->when,
	   b->v[LAST].ident.value, b->v[LAST].problem.detail);
	event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step abandon_steps[] = {
	{ ON_LOOP, STEP(abandon_ask) },
	{ ON_LOOP, STEP(abandon_check) },
	{ 0 }
};

static void
test_abandon(struct loop *l, const char *when)
{
	struct abandoned b = { .when = when };

	flow_start(flow_new(l, abandon_steps, &b));
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	event_base_loop(l->base, EVLOOP_NONBLOCK);
	ok(l->flows == 0, "no flow is left (%s)", when);
}

/* A loop may end with validations under way. */
static enum flow_next
leave_ask(struct flow *f)
{
	struct abandoned *b = f->data;

	for (unsigned i = 0; i < LAST; i++) {
		begin(&b->v[i], &given_up[i], f, 0);
		b->v[i].waiter = NULL;
	}
	return FLOW_NEXT;
}

static const struct flow_step leave_steps[] = {
	{ ON_LOOP, STEP(leave_ask) },
	{ 0 }
};

static void
test_leave(struct loop *l, struct abandoned *b)
{
	flow_start(flow_new(l, leave_steps, b));
	event_base_loop(l->base, EVLOOP_NONBLOCK);
	ok(l->flows == LAST, "%zu validations under way", l->flows);
}

/* --- DNSSEC --------------------------------------------------------------------------- */

/* The fake server signs nothing, so below the root's anchor all is bogus. */
static void
test_dnssec(struct va_options o)
{
	static const char *const insecure[] = { "b.test", NULL };
	static const char *const names[] = { "a.test", "b.test" };
	struct problem p = { 0 };
	struct loop *l;
	struct va *secure;

	o.dnssec = VA_DNSSEC_VALIDATE;
	o.insecure = insecure;
	secure = va_open(&o, &p);
	if (access(RESOLVE_ANCHOR, R_OK) != 0) {
		ok(secure == NULL && strstr(p.detail, "dns-root-data") != NULL, "%s", p.detail);
		tap_skip("V-19", "no " RESOLVE_ANCHOR);
		return;
	}
	l = loop_new(9);
	ok(secure != NULL && va_attach(l, secure, &p), "attached with DNSSEC %s", p.detail);
	for (int i = 0; i < 2; i++) {
		struct validation v = { .va = secure, .method = VA_HTTP_01, .token = "right",
					.key_auth = "right" THUMB };

		validate(l, &v, names[i]);
		ok(i == 0 ? strstr(v.problem.detail, "DNSSEC") != NULL :
		   v.problem.type == PROBLEM_NONE, "V-19 %s, %s: %s", i == 0 ? "bogus" :
		   "zone named insecure", names[i], v.problem.detail);
	}
	loop_free(l);
	va_release(secure);
}

/* --- options --------------------------------------------------------------------------- */

static void
refused(const struct va_options *o, const char *words)
{
	struct problem p = { 0 };
	struct va *opened = va_open(o, &p);

	ok(opened == NULL && p.type == PROBLEM_SERVER_INTERNAL && strstr(p.detail, words) != NULL,
	   "refused: %s", p.detail);
	if (opened != NULL)
		va_release(opened);
}

static void
test_hosts(const char *text, const char *words)
{
	char file[] = "/tmp/brevet-hosts-XXXXXX";
	FILE *f = fdopen(mkstemp(file), "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	refused(&(struct va_options){ .hosts_file = file }, words);
	unlink(file);
}

static void
test_options(void)
{
	static const char *const resolvers[] = { "::1@53", "127.0.0.1@65536", NULL };
	static const char *const resolvers2[] = { "dns.example", NULL };
	static const char *const resolvers3[] = { "127.0.0.1@", NULL };
	static const char *const insecure[] = { "a..b", NULL };
	static const char *const own[] = { "0.0.0.0@443", "here@443", NULL };

	refused(&(struct va_options){ .resolvers = resolvers }, "validation.resolvers: \"127");
	refused(&(struct va_options){ .resolvers = resolvers2 }, "validation.resolvers: \"dns");
	refused(&(struct va_options){ .resolvers = resolvers3 }, "validation.resolvers: \"127");
	refused(&(struct va_options){ .insecure = insecure }, "validation.insecure: \"a..b\"");
	refused(&(struct va_options){ .timeout_ms = -1 }, "validation.timeout");
	refused(&(struct va_options){ .agent = "a\r\nb" }, "validation.agent");
	refused(&(struct va_options){ .own = own }, "listener \"here@443\"");
	refused(&(struct va_options){ .hosts_file = "/nonexistent" }, "validation.hosts_file: /n");
	test_hosts("127.0.0.1 good\nbad 127.0.0.1\n", "line 2 ");
}

int
main(void)
{
	static const char *const allow[] = { "127.0.0.1", NULL };
	static struct abandoned left = { .when = "at the end" };
	struct fake_web *web = fake_web_start("127.0.0.1", 0, false, wrong_web_serve);
	struct fake_dns *dns = fake_dns_start(records);
	char resolver[32];
	const char *const resolvers[] = { resolver, NULL };
	struct va_options o = { .http_port = fake_web_port(web), .https_port = fake_web_port(web),
				.resolvers = resolvers, .allow_addresses = allow,
				.timeout_ms = 4000 };
	struct problem p = { 0 };
	struct loop *l = loop_new(0);

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%u", fake_dns_port(dns));
	test_options();
	va = va_open(&o, &p);
	ok(va != NULL && va_attach(l, va, &p), "attached %s", p.detail);
	test_abandon(l, "later");
	test_abandon(l, "drop");
	test_abandon(l, "now");
	test_dnssec(o);
	test_leave(l, &left);
	loop_free(l);
	va_release(va);
	fake_web_stop(web);
	fake_dns_stop(dns);
	return tap_done();
}

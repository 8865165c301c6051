/* SPDX-License-Identifier: Apache-2.0 */
/* test_silence.c - a resolver that answers late or not at all about some names is asked about
 * others as before (V-29), whichever engine asks it.  Takes its time: twenty seconds of
 * silence are what libunbound by itself would hold against the resolver. */
#include <arpa/nameser.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"
#include "tests/fake_dns.h"
#include "tests/tap.h"
#include "tests/validate.h"

#define KEY_AUTH "token.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define SILENT	 80		/* names, one of which is asked for ... */
#define EVERY_US 250000		/* ... so often */
#define GOOD	 4

static struct fake_record records[SILENT + GOOD + 1];
static char names[SILENT + GOOD][40], value[64];

static void
records_make(struct arena *a)
{
	uint8_t digest[32];
	unsigned n = 0;

	EVP_Digest(KEY_AUTH, strlen(KEY_AUTH), digest, NULL, EVP_sha256(), NULL);
	snprintf(value, sizeof(value), "%s", b64_print(a, digest, sizeof(digest)));
	for (unsigned i = 0; i < SILENT + GOOD; i++)
		snprintf(names[i], sizeof(names[i]), "_acme-challenge.n%u.test", i);
	for (; n < SILENT; n++)
		records[n] = (struct fake_record){ names[n], 0, "SILENT" };
	for (; n < SILENT + GOOD; n++)
		records[n] = (struct fake_record){ names[n], ns_t_txt, value };
}

struct silent {
	struct validation	 v;
	struct silent		**here;		/* in open */
};

struct asker {
	unsigned		 next;		/* silent name */
	struct silent		*open[SILENT];	/* NULL: not yet asked for, or answered */
	struct va		*va;
	struct loop		*loop;
	struct event		*timer;
};

/* A flow for each silent name; nobody looks at its verdict. */
static enum flow_next
silent_ask(struct flow *f)
{
	struct asker *k = f->data;
	struct silent *s = arena_alloc(f->arena, sizeof(*s));
	struct problem p = { 0 };
	const char *name = names[k->next - 1] + strlen("_acme-challenge.");

	f->data = s;
	s->here = &k->open[k->next - 1];
	*s->here = s;
	s->v = (struct validation){ .va = k->va, .method = VA_DNS_01, .token = "token",
				    .key_auth = KEY_AUTH, .waiter = f };
	if (!ident_parse_dns(&s->v.ident, f->arena, name, strlen(name), &p))
		abort();
	s->v.ticket = flow_arm(f);
	va_validate(&s->v);
	return FLOW_WAIT;
}

static enum flow_next
silent_answer(struct flow *f)
{
	struct silent *s = f->data;

	*s->here = NULL;
	return FLOW_NEXT;
}

static const struct flow_step silent_steps[] = {
	{ ON_LOOP, STEP(silent_ask) },
	{ ON_LOOP, STEP(silent_answer) },
	{ 0 }
};

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	struct asker *k = arg;

	(void)fd, (void)what;
	if (k->next == SILENT)
		return;
	k->next++;
	flow_start(flow_new(k->loop, silent_steps, k));
}

static void
test_engine(struct asker *k, const struct va_options *o, const char *engine)
{
	struct problem p = { 0 };

	k->loop = loop_new(0);
	k->va = va_open(o, &p);
	ok(k->va != NULL && va_attach(k->loop, k->va, &p), "%s %s", engine, p.detail);
	k->timer = event_new(k->loop->base, -1, EV_PERSIST, tick, k);
	if (k->timer == NULL || event_add(k->timer, &(struct timeval){ .tv_usec = EVERY_US }) != 0)
		abort();
}

static void
test_good(struct asker *k, const char *engine)
{
	int64_t began = clock_mono_ms();

	event_del(k->timer);
	for (unsigned i = SILENT; i < SILENT + GOOD; i++) {
		struct validation v = { .va = k->va, .method = VA_DNS_01, .token = "token",
					.key_auth = KEY_AUTH };

		validate(k->loop, &v, names[i] + strlen("_acme-challenge."));
		ok(v.problem.type == PROBLEM_NONE, "V-29 %s: a name beside %u silent ones %s",
		   engine, SILENT, v.problem.detail);
	}
	ok(clock_mono_ms() - began < 10000, "V-29 %s: at once", engine);
	for (unsigned i = 0; i < SILENT; i++)
		if (k->open[i] != NULL) {
			va_cancel(&k->open[i]->v);
			flow_wake(k->open[i]->v.waiter, k->open[i]->v.ticket);
		}
	event_base_loop(k->loop->base, EVLOOP_NONBLOCK);
	event_free(k->timer);
	loop_free(k->loop);
	va_release(k->va);
}

int
main(void)
{
	char resolver[32];
	const char *const resolvers[] = { resolver, NULL };
	struct va_options o = { .resolvers = resolvers, .timeout_ms = 20000 };
	struct asker unbound = { .next = 0 }, stub = { .next = 0 };
	struct arena *a = arena_new();
	struct fake_dns *dns;

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	records_make(a);
	dns = fake_dns_start(records);
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%u", fake_dns_port(dns));
	test_engine(&unbound, &o, "libunbound");
	o.dnssec = VA_DNSSEC_TRUST_AD;
	test_engine(&stub, &o, "stub");
	/* both at the same time: it is mostly waiting */
	while (unbound.next < SILENT || stub.next < SILENT) {
		event_base_loop(unbound.loop->base, EVLOOP_NONBLOCK);
		event_base_loop(stub.loop->base, EVLOOP_NONBLOCK);
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	test_good(&unbound, "libunbound");
	test_good(&stub, "stub");
	fake_dns_stop(dns);
	arena_free(a);
	return tap_done();
}

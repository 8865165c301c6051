/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - one libunbound context per loop, on the loop's event_base: no thread, no
 * cache beyond the question.  Runs on: loop.
 *
 * libunbound asks each server up to five times while it says SERVFAIL or nothing, and
 * keeps the SERVFAIL for five seconds; so we don't ask again.  It may call back inside
 * ub_resolve_event(): callbacks only store and wake. */
#include "va/resolve.h"

#include <arpa/nameser.h>
#include <event2/event.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#include "va/local.h"

/* name, value; in this order. */
static const char *const settings[][2] = {
	{ "cache-max-ttl:", "0" },		/* each validation sees DNS as it is */
	{ "cache-max-negative-ttl:", "0" },
	{ "do-not-query-localhost:", "no" },	/* a resolver may live on this host */
	{ "unblock-lan-zones:", "yes" },	/* internal zones are asked for like others */
	{ "insecure-lan-zones:", "yes" },
	{ "infra-keep-probing:", "yes" },	/* a resolver that was down is tried again */
	{ "outgoing-range:", "512" },		/* questions at a time; 16 by default */
	{ "outgoing-num-tcp:", "32" },
};

/* Local zones of libunbound that would answer "no data" before DNS is asked. */
static const char *const unblocked[] = { "test.", "home.arpa." };

static bool
resolver_say(int error, const char *what, const char *value, struct problem *p)
{
	if (error == 0)
		return true;
	return problem(p, PROBLEM_SERVER_INTERNAL, "%s: \"%.80s\": libunbound: %s", what, value,
		       ub_strerror(error));
}

/* All settings come before the first change of a zone, which closes them. */
static bool
resolver_set(struct ub_ctx *dns, const struct va *va, struct problem *p)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (!resolver_say(ub_ctx_set_option(dns, settings[i][0], settings[i][1]),
				  settings[i][0], settings[i][1], p))
			return false;
	ub_ctx_debugout(dns, NULL);	/* its words don't fit our log */
	for (const char **r = va->resolvers; *r != NULL; r++)
		if (!resolver_say(ub_ctx_set_fwd(dns, *r), "validation.resolvers", *r, p))
			return false;
	if (va->resolvers[0] == NULL &&
	    !resolver_say(ub_ctx_resolvconf(dns, NULL), "validation.resolvers",
			  "/etc/resolv.conf", p))
		return false;
	for (const char **z = va->insecure; *z != NULL; z++)
		if (!resolver_say(ub_ctx_set_option(dns, "domain-insecure:", *z),
				  "validation.insecure", *z, p))
			return false;
	if (va->dnssec && !resolver_say(ub_ctx_add_ta_file(dns, RESOLVE_ANCHOR),
					"validation.dnssec", RESOLVE_ANCHOR, p))
		return false;
	for (size_t i = 0; i < sizeof(unblocked) / sizeof(unblocked[0]); i++)
		if (!resolver_say(ub_ctx_zone_remove(dns, unblocked[i]), "validation",
				  unblocked[i], p))
			return false;
	return true;
}

struct resolver *
resolver_open(struct loop *l, const struct va *va, struct problem *p)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->dns = ub_ctx_create_event(l->base);
	if (r->dns == NULL) {
		problem(p, PROBLEM_SERVER_INTERNAL, "libunbound: cannot make a context");
	} else if (resolver_set(r->dns, va, p)) {
		return r;
	}
	resolver_close(r);
	return NULL;
}

void
resolver_close(void *resolver)
{
	struct resolver *r = resolver;

	if (r->dns != NULL)
		ub_ctx_delete(r->dns);
	free(r);
}

static void
question_done(struct question *q)
{
	struct lookup *k = q->lookup;

	q->pending = false;
	if (--k->left == 0)
		flow_wake(k->flow, k->ticket);
}

/* From libunbound, maybe before ub_resolve_event() returns. */
static void
question_answer(void *arg, int rcode, void *packet, int len, int security, char *why,
		int limited)
{
	struct question *q = arg;
	struct arena *a = q->lookup->flow->arena;

	(void)limited;
	q->rcode = rcode;
	q->bogus = security == 1;	/* the only sign: rcode and records look good */
	if (q->bogus && why != NULL)
		q->why = arena_strdup(a, why);
	if (rcode == 0 && len >= NS_HFIXEDSZ) {
		q->packet = arena_blob(a, packet, (size_t)len);
		q->rcode = q->packet.data[3] & 15;
	} else if (rcode == 0) {
		q->rcode = ns_r_servfail;
	}
	question_done(q);
}

static void
question_ask(struct question *q)
{
	struct lookup *k = q->lookup;

	q->pending = true;
	if (ub_resolve_event(k->resolver->dns, k->name, q->type, ns_c_in, q, question_answer,
			     &q->id) == 0)
		return;
	q->rcode = ns_r_servfail;
	question_done(q);
}

/* The count stands before the first question is asked: it may be answered at once. */
static void
lookup_ask(struct lookup *k, struct flow *f, unsigned n)
{
	k->resolver = f->loop->slot[SLOT_RESOLVER];
	k->flow = f;
	k->n = k->left = n;
	for (unsigned i = 0; i < n; i++) {
		k->questions[i].lookup = k;
		question_ask(&k->questions[i]);
	}
}

void
lookup_start(struct lookup *k, struct flow *f, unsigned ticket, const char *name, int type)
{
	*k = (struct lookup){ .name = name, .ticket = ticket, .questions = { { .type = type } } };
	lookup_ask(k, f, 1);
}

void
lookup_host(struct lookup *k, struct flow *f, unsigned ticket, const char *name)
{
	*k = (struct lookup){ .name = name, .ticket = ticket,
			      .questions = { { .type = ns_t_aaaa }, { .type = ns_t_a } } };
	lookup_ask(k, f, 2);
}

void
lookup_cancel(struct lookup *k)
{
	for (unsigned i = 0; i < k->n; i++)
		if (k->questions[i].pending) {
			ub_cancel(k->resolver->dns, k->questions[i].id);
			k->questions[i].pending = false;
		}
}

static bool
question_good(const struct question *q)
{
	return q->rcode == ns_r_noerror || q->rcode == ns_r_nxdomain;
}

static const char *
rcode_name(int rcode)
{
	switch (rcode) {
	case ns_r_formerr:
		return "FORMERR";
	case ns_r_servfail:
		return "SERVFAIL: no server gave a useful answer";
	case ns_r_notimpl:
		return "NOTIMP";
	case ns_r_refused:
		return "REFUSED";
	default:
		return "an error";
	}
}

bool
lookup_ok(const struct lookup *k, struct problem *p)
{
	const char *what = k->questions[0].type == ns_t_txt ? "TXT at" : "the address of";
	unsigned good = 0;

	for (unsigned i = 0; i < k->n; i++) {
		const struct question *q = &k->questions[i];

		if (q->bogus)
			return problem(p, PROBLEM_DNS, "Looking up %s %.100s: DNSSEC: %s", what,
				       k->name, q->why != NULL ? q->why : "the answer is bogus");
		good += question_good(q);
	}
	if (good == 0)
		return problem(p, PROBLEM_DNS, "Looking up %s %.100s: DNS answers %s", what,
			       k->name, rcode_name(k->questions[0].rcode));
	return true;
}

bool
lookup_partial(const struct lookup *k)
{
	for (unsigned i = 0; i < k->n; i++)
		if (!question_good(&k->questions[i]))
			return true;
	return false;
}

bool
lookup_nxdomain(const struct lookup *k)
{
	return k->questions[0].rcode == ns_r_nxdomain;
}

/* The record number *at or the first behind it that has the question's type, with
 * *at behind it.  Aliases stand in the answer beside what they lead to. */
static bool
question_record(const struct question *q, unsigned *at, ns_rr *record)
{
	ns_msg msg;

	if (q->bogus || q->rcode != ns_r_noerror || q->packet.data == NULL ||
	    ns_initparse(q->packet.data, (int)q->packet.len, &msg) != 0)
		return false;
	while (*at < ns_msg_count(msg, ns_s_an)) {
		if (ns_parserr(&msg, ns_s_an, (int)(*at)++, record) != 0)
			return false;
		if ((int)ns_rr_type(*record) == q->type && ns_rr_class(*record) == ns_c_in)
			return true;
	}
	return false;
}

size_t
lookup_addresses(const struct lookup *k, union address *list, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < k->n; i++) {
		const struct question *q = &k->questions[i];
		int family = q->type == ns_t_a ? AF_INET : AF_INET6;
		unsigned at = 0;
		ns_rr record;

		while (n < max && question_record(q, &at, &record))
			if (ns_rr_rdlen(record) == (family == AF_INET ? 4 : 16))
				list[n++] = address_make(family, ns_rr_rdata(record));
	}
	return n;
}

bool
lookup_text(const struct lookup *k, struct arena *a, unsigned *at, struct blob *text)
{
	ns_rr record;
	const uint8_t *from, *end;
	uint8_t *out;

	if (!question_record(&k->questions[0], at, &record))
		return false;
	from = ns_rr_rdata(record);
	end = from + ns_rr_rdlen(record);
	out = arena_alloc(a, ns_rr_rdlen(record) + 1u);
	*text = (struct blob){ out, 0 };
	while (from < end && from + 1 + *from <= end) {
		memcpy(out + text->len, from + 1, *from);
		text->len += *from;
		from += 1 + *from;
	}
	return true;
}

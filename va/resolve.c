/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - lookups: questions asked side by side, and what their answers say.  Who
 * answers is the engine's business.  Runs on: loop.
 *
 * An engine may answer before it returns from being asked: answers are only stored, and
 * wake. */
#include "va/resolve.h"

#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "va/engine.h"
#include "va/local.h"

/* --- the resolver ------------------------------------------------------------------ */

struct resolver *
resolver_open(struct loop *l, const struct va *va, struct problem *p)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->dnssec = va->dnssec;
	r->engine = va->dnssec == VA_DNSSEC_TRUST_AD ? &stub_engine : &unbound_engine;
	r->dns = r->engine->open(l, va, p);
	if (r->dns != NULL)
		return r;
	free(r);
	return NULL;
}

void
resolver_close(void *resolver)
{
	struct resolver *r = resolver;

	r->engine->close(r->dns);
	free(r);
}

/* --- asking ------------------------------------------------------------------------ */

static bool
question_good(const struct question *q)
{
	return q->security != SECURITY_BOGUS &&
	       (q->rcode == ns_r_noerror || q->rcode == ns_r_nxdomain);
}

/* Need a climb not look above this one? */
static bool
question_settles(const struct question *q)
{
	return !question_good(q) || packet_answer(&q->packet, &(unsigned){ 0 },
						  &(struct answer){ 0 });
}

static bool
lookup_settled(const struct lookup *k)
{
	for (unsigned i = 0; i < k->n && !k->questions[i].pending; i++)
		if (question_settles(&k->questions[i]))
			return true;
	return false;
}

static void
question_done(struct question *q)
{
	struct lookup *k = q->lookup;

	q->pending = false;
	q->ms = clock_mono_ms() - q->began;
	if (k->record != NULL)
		record_lookup(k->record, q);
	k->left--;
	if (!k->asking && (k->left == 0 || (k->climbs && lookup_settled(k))))
		flow_wake(k->flow, k->ticket);
}

void
question_fail(struct question *q, int rcode, const char *why)
{
	q->rcode = rcode;
	q->why = why == NULL ? NULL : arena_strdup(q->lookup->flow->arena, why);
	question_done(q);
}

void
question_reply(struct question *q, const void *packet, size_t len, enum security security)
{
	struct blob copy = arena_blob(q->lookup->flow->arena, packet, len);
	struct packet reply;

	q->security = security;
	if (!packet_parse(&reply, copy.data, copy.len) || reply.truncated ||
	    reply.type != q->type) {
		question_fail(q, ns_r_servfail, "the reply is malformed");
		return;
	}
	if (reply.circle) {
		question_fail(q, ns_r_servfail, "its aliases run in a circle, or too far");
		return;
	}
	q->rcode = (int)reply.rcode;
	if (question_good(q))
		q->packet = reply;
	question_done(q);
}

static void
question_ask(struct question *q)
{
	struct lookup *k = q->lookup;

	q->pending = true;
	q->began = clock_mono_ms();
	if (k->asked++ < LOOKUPS_MAX)
		k->resolver->engine->ask(k->resolver->dns, q);
	else
		question_fail(q, ns_r_refused, "more lookups than one validation may need");
}

/* The count stands before the first question is asked: it may be answered at once. */
static void
lookup_ask(struct lookup *k)
{
	k->resolver = k->flow->loop->slot[SLOT_RESOLVER];
	k->left = k->n;
	k->asking = true;
	for (unsigned i = 0; i < k->n; i++) {
		k->questions[i].lookup = k;
		question_ask(&k->questions[i]);
	}
	k->asking = false;
	if (k->left == 0 || (k->climbs && lookup_settled(k)))
		flow_wake(k->flow, k->ticket);
}

/* A lookup with room for n questions about that name. */
static void
lookup_make(struct lookup *k, struct flow *f, unsigned ticket, const char *name, unsigned n)
{
	lookup_cancel(k);
	*k = (struct lookup){ .flow = f, .ticket = ticket, .name = name, .n = n,
			      .record = k->record, .asked = k->asked };
	k->questions = arena_alloc(f->arena, n * sizeof(*k->questions));
	for (unsigned i = 0; i < n; i++)
		k->questions[i].name = name;
}

void
lookup_start(struct lookup *k, struct flow *f, unsigned ticket, const char *name, int type)
{
	lookup_make(k, f, ticket, name, 1);
	k->questions[0].type = type;
	lookup_ask(k);
}

void
lookup_host(struct lookup *k, struct flow *f, unsigned ticket, const char *name)
{
	lookup_make(k, f, ticket, name, 2);
	k->questions[0].type = ns_t_aaaa;
	k->questions[1].type = ns_t_a;
	lookup_ask(k);
}

void
lookup_climb(struct lookup *k, struct flow *f, unsigned ticket, const char *name, int type)
{
	unsigned n = 1;

	for (const char *c = name; *c != '\0' && n < CLIMB_MAX; c++)
		n += *c == '.';
	lookup_make(k, f, ticket, name, n);
	k->climbs = true;
	for (unsigned i = 0; i < n; i++) {
		k->questions[i].type = type;
		k->questions[i].name = name;
		name += strcspn(name, ".") + 1;
	}
	lookup_ask(k);
}

void
lookup_cancel(struct lookup *k)
{
	for (unsigned i = 0; i < k->n; i++) {
		struct question *q = &k->questions[i];

		if (!q->pending)
			continue;
		k->resolver->engine->cancel(k->resolver->dns, q);
		q->pending = false;
		q->rcode = RCODE_SILENCE;
		q->ms = clock_mono_ms() - q->began;
		if (k->record != NULL)
			record_lookup(k->record, q);
	}
}

/* --- words ------------------------------------------------------------------------- */

const char *
type_name(int type)
{
	switch (type) {
	case ns_t_a:
		return "A";
	case ns_t_aaaa:
		return "AAAA";
	case ns_t_txt:
		return "TXT";
	case PACKET_TYPE_CAA:
		return "CAA";
	default:
		return "records";
	}
}

const char *
rcode_name(int rcode)
{
	switch (rcode) {
	case RCODE_SILENCE:
		return "nothing";
	case ns_r_noerror:
		return "NOERROR";
	case ns_r_formerr:
		return "FORMERR";
	case ns_r_servfail:
		return "SERVFAIL";
	case ns_r_nxdomain:
		return "NXDOMAIN";
	case ns_r_notimpl:
		return "NOTIMP";
	case ns_r_refused:
		return "REFUSED";
	default:
		return "an error";
	}
}

const char *
security_name(enum security security)
{
	static const char *const names[] = {
		[SECURITY_UNCHECKED] = "unchecked", [SECURITY_INSECURE] = "insecure",
		[SECURITY_SECURE] = "secure", [SECURITY_BOGUS] = "bogus"
	};

	return names[security];
}

/* --- answers ----------------------------------------------------------------------- */

bool
question_ok(const struct question *q, struct problem *p)
{
	const char *type = type_name(q->type);

	if (question_good(q))
		return true;
	if (q->security == SECURITY_BOGUS)
		return problem(p, PROBLEM_DNS, "Looking up %s at %.100s: DNSSEC: %s", type,
			       q->name, q->why != NULL ? q->why : "the answer is bogus");
	return problem(p, PROBLEM_DNS, "Looking up %s at %.100s: DNS answers %s%s%s", type,
		       q->name, rcode_name(q->rcode), q->why != NULL ? ": " : "",
		       q->why != NULL ? q->why : "");
}

bool
lookup_ok(const struct lookup *k, struct problem *p)
{
	unsigned good = 0;

	for (unsigned i = 0; i < k->n; i++) {
		const struct question *q = &k->questions[i];

		if (q->security == SECURITY_BOGUS)
			return question_ok(q, p);
		good += question_good(q);
	}
	return good > 0 || question_ok(&k->questions[0], p);
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

size_t
lookup_addresses(const struct lookup *k, union address *list, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < k->n; i++) {
		const struct question *q = &k->questions[i];
		int family = q->type == ns_t_a ? AF_INET : AF_INET6;
		struct answer answer;
		unsigned at = 0;

		while (n < max && packet_answer(&q->packet, &at, &answer))
			list[n++] = address_make(family, answer.data);
	}
	return n;
}

struct blob
text_join(struct arena *a, const struct answer *answer)
{
	uint8_t *out = arena_alloc(a, answer->len + 1);
	struct blob text = { out, 0 };

	for (size_t at = 0; at < answer->len; at += 1u + answer->data[at]) {
		memcpy(out + text.len, answer->data + at + 1, answer->data[at]);
		text.len += answer->data[at];
	}
	return text;
}

bool
lookup_text(const struct lookup *k, struct arena *a, unsigned *at, struct blob *text)
{
	struct answer answer;

	if (!packet_answer(&k->questions[0].packet, at, &answer))
		return false;
	*text = text_join(a, &answer);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* caa.c - may this CA issue for a name, as its CAA records say (RFC 8659, RFC 8657)?
 * Runs on: loop.
 *
 * The records of the name decide, or of the nearest name above it that has any.  Whoever
 * cannot be asked before that forbids. */
#include <arpa/nameser.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "va/local.h"

/* 128 is critical; many zones say 1 and mean it. */
#define CRITICAL 0x81

static enum flow_next caa_ask(struct flow *f);
static enum flow_next caa_judge(struct flow *f);
static enum flow_next caa_report(struct flow *f);

static const struct flow_step caa_steps[] = {
	{ ON_LOOP, STEP(caa_ask) },	/* the name and some above it; waits for DNS   */
	{ ON_LOOP, STEP(caa_judge) },	/* further up, or do the records let us?       */
	{ ON_LOOP, STEP(caa_report) },
	{ 0 }
};

/* --- one property ------------------------------------------------------------------ */

struct property {
	uint8_t		 flags;
	struct blob	 tag, value;
};

/* False: the record's data is no CAA. */
static bool
property_read(struct property *x, const struct answer *answer)
{
	const uint8_t *b = answer->data;

	if (answer->len < 2 || b[1] == 0 || b[1] > answer->len - 2)
		return false;
	x->flags = b[0];
	x->tag = (struct blob){ b + 2, b[1] };
	x->value = (struct blob){ b + 2 + b[1], answer->len - 2u - b[1] };
	return true;
}

static bool
property_is(const struct property *x, const char *tag)
{
	return x->tag.len == strlen(tag) &&
	       strncasecmp((const char *)x->tag.data, tag, x->tag.len) == 0;
}

/* The tags that we know, whether they concern us or not. */
static bool
property_known(const struct property *x)
{
	static const char *const known[] = { "issue", "issuewild", "iodef", "issuemail",
					     "issuevmc" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (property_is(x, known[i]))
			return true;
	return false;
}

/* As in a zone file, for people. */
static const char *
property_print(const struct property *x, struct arena *a)
{
	return arena_printf(a, "%u %.*s \"%.*s\"", x->flags, (int)x->tag.len,
			    (const char *)x->tag.data,
			    (int)(x->value.len < 100 ? x->value.len : 100),
			    (const char *)x->value.data);
}

/* Is the word in the list "label,label"?  *good: that is what it is. */
static bool
methods_have(const char *list, const char *word, bool *good)
{
	size_t len = strlen(word);
	bool found = false;

	for (*good = true; *list != '\0'; list++) {
		size_t n = strspn(list, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-");

		*good = *good && n > 0 && (list[n] == '\0' || (list[n] == ',' && list[n + 1]));
		if (!*good)
			return false;
		found = found || (n == len && memcmp(list, word, n) == 0);
		list += n;
		if (*list == '\0')
			break;
	}
	return found;
}

/* The method by its name in ACME or by its number in the Baseline Requirements. */
static bool
methods_allow(const struct attempt *a, const char *list)
{
	const char *number = strrchr(va_method_section(a->method, IDENT_DNS), '.');
	bool good, named = methods_have(list, va_method_name(a->method), &good);

	if (named || number == NULL)
		return named;
	return methods_have(list, arena_printf(a->flow->arena, "ca-tbr-%s", number + 1), &good);
}

/* NULL: the property lets us issue; else why it doesn't.  *ours: it names us. */
static const char *
property_forbids(const struct attempt *a, const struct property *x, bool *ours)
{
	const char *account, *methods;
	unsigned accounts, lists;
	struct issue issue;
	bool good = issue_parse(&issue, a->flow->arena, x->value.data, x->value.len);

	*ours = good && issue_ours(&issue, a->va);
	if (!*ours)
		return !good ? "is malformed, so it names no CA" :
		       issue.issuer[0] == '\0' ? "names no CA" : "names another CA";
	account = issue_find(&issue, "accounturi", &accounts);
	methods = issue_find(&issue, "validationmethods", &lists);
	if (accounts > 1 || lists > 1)
		return "has a parameter twice";
	if (accounts == 1 && !attempt_account_is(a, account))
		return "names another account";
	if (lists == 1 && !methods_allow(a, methods))
		return "does not list the method of the validation";
	return NULL;
}

/* --- the set of a name ------------------------------------------------------------- */

/* What the set at `name` holds. */
struct set {
	const struct attempt	*a;
	const char		*name;
	const struct packet	*packet;
	struct property		 refusing;	/* the first one, or the first that names us */
	const char		*why;
	bool			 ours;		/* it does */
	unsigned		 n;		/* of the tag that counts */
};

static bool
set_next(const struct set *s, unsigned *at, struct property *x, bool *good)
{
	struct answer answer;

	if (!packet_answer(s->packet, at, &answer))
		return false;
	*good = property_read(x, &answer);
	return true;
}

static const char *
name_shown(const struct attempt *a)
{
	return arena_printf(a->flow->arena, "%.60s%s", a->ident.value,
			    strlen(a->ident.value) > 60 ? "..." : "");
}

/* Can all of them be read, and do we know those that are critical? */
static bool
set_readable(const struct set *s, bool *wild, struct problem *p)
{
	struct arena *a = s->a->flow->arena;
	struct property x;
	unsigned at = 0;
	bool good;

	*wild = false;
	while (set_next(s, &at, &x, &good)) {
		if (!good)
			return problem(p, PROBLEM_CAA, "CAA for %s: a record at %.80s is malformed",
				       name_shown(s->a), s->name);
		if ((x.flags & CRITICAL) != 0 && !property_known(&x))
			return problem(p, PROBLEM_CAA, "CAA for %s: the record %.80s at %.60s is "
				       "critical, and this CA does not know the property",
				       name_shown(s->a), property_print(&x, a), s->name);
		*wild = *wild || property_is(&x, "issuewild");
	}
	return true;
}

/* Does a property with that tag let us, or is there none? */
static bool
set_allows(struct set *s, const char *tag)
{
	struct property x;
	bool good, ours;
	unsigned at = 0;

	while (set_next(s, &at, &x, &good)) {
		const char *why;

		if (!property_is(&x, tag))
			continue;
		why = property_forbids(s->a, &x, &ours);
		if (why == NULL)
			return true;
		if (s->n++ > 0 && (s->ours || !ours))
			continue;
		s->refusing = x;
		s->why = why;
		s->ours = ours;
	}
	return s->n == 0;
}

/* Whom the owner wants to hear of it. */
static void
set_log(const struct set *s, const struct problem *p)
{
	struct property x;
	unsigned at = 0;
	const char *iodef = NULL;
	bool good;

	while (iodef == NULL && set_next(s, &at, &x, &good))
		if (good && property_is(&x, "iodef"))
			iodef = property_print(&x, s->a->flow->arena);
	log_event(LOG_INFO, "CAA forbids issuing", "s:s, s:s, s:s, s:s*",
		  "identifier", s->a->ident.value, "at", s->name, "detail", p->detail,
		  "iodef", iodef);
}

static bool
set_judge(struct set *s, struct problem *p)
{
	struct arena *a = s->a->flow->arena;
	bool wild;

	if (!set_readable(s, &wild, p))
		return false;
	if (set_allows(s, wild && s->a->ident.wildcard ? "issuewild" : "issue"))
		return true;
	return problem(p, PROBLEM_CAA, "CAA for %s: the record %.80s at %.60s %s%s",
		       name_shown(s->a), property_print(&s->refusing, a), s->name, s->why,
		       s->n > 1 ? "; no other permits it" : "");
}

/* --- the check --------------------------------------------------------------------- */

static bool
zone_has(const char *zone, const char *name)
{
	size_t z = strlen(zone), n = strlen(name);

	z -= z > 1 && zone[z - 1] == '.';
	return n >= z && strncasecmp(name + n - z, zone, z) == 0 &&
	       (n == z || name[n - z - 1] == '.');
}

/* In a tree of the operator's own? */
static bool
caa_private(const struct attempt *a)
{
	for (const char **zone = a->va->insecure; *zone != NULL; zone++)
		if (zone_has(*zone, ident_base(&a->ident)))
			return true;
	return false;
}

/* Why nobody is asked; NULL: somebody is. */
static const char *
caa_exempt(const struct attempt *a)
{
	if (a->ident.type != IDENT_DNS)
		return "an address";
	if (a->va->caa == VA_CAA_OFF)
		return "validation.caa = off";
	return a->va->caa == VA_CAA_AUTO && caa_private(a) ? "validation.insecure" : NULL;
}

static enum flow_next
caa_ask(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const char *name = a->climb != NULL ? a->climb : ident_base(&a->ident);
	const char *exempt = caa_exempt(a);

	if (exempt != NULL) {
		record_add(&a->record, "exempt", json_string(exempt));
		return FLOW_NEXT;
	}
	lookup_climb(&a->lookup, f,
		     attempt_wait(a, PROBLEM_DNS, "timeout: no answer about the CAA records of "
				  "%.120s and the names above it within %d ms; are their name "
				  "servers up?", name, a->timeout_ms), name,
		     PACKET_TYPE_CAA);
	return FLOW_WAIT;
}

/* The records of that name decide. */
static enum flow_next
caa_decide(struct flow *f, const struct question *q)
{
	struct attempt *a = ATTEMPT(f);
	struct set set = { .a = a, .name = q->name, .packet = &q->packet };

	record_add(&a->record, "at", json_string(q->name));
	record_add(&a->record, "ttl", json_integer(q->packet.ttl));
	if (a->caa != NULL)
		a->caa->ttl = q->packet.ttl;
	if (set_judge(&set, &f->problem))
		return FLOW_NEXT;
	set_log(&set, &f->problem);
	return FLOW_FAIL;
}

/* Nobody has records.  A top-level domain that is not there is none where everybody may
 * issue, but a mistake: of the name, or of who answers us. */
static enum flow_next
caa_top(struct flow *f, const struct question *q)
{
	if (q->rcode != ns_r_nxdomain || caa_private(ATTEMPT(f)))
		return FLOW_NEXT;
	return flow_fail(f, PROBLEM_DNS, "Looking up CAA at %.100s: DNS answers NXDOMAIN: there is "
			 "no such top-level domain; one of your own is to be named in "
			 "validation.insecure", q->name);
}

static enum flow_next
caa_judge(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	const struct question *q = NULL;

	if (f->problem.type != PROBLEM_NONE)
		return FLOW_FAIL;
	for (unsigned i = 0; i < a->lookup.n; i++) {
		q = &a->lookup.questions[i];
		if (!question_ok(q, &f->problem))
			return FLOW_FAIL;
		if (packet_answer(&q->packet, &(unsigned){ 0 }, &(struct answer){ 0 }))
			return caa_decide(f, q);
	}
	if (q == NULL)		/* exempt */
		return FLOW_NEXT;
	a->climb = strchr(q->name, '.');
	if (a->climb == NULL)
		return caa_top(f, q);
	a->climb++;
	return FLOW_AGAIN;
}

static enum flow_next
caa_report(struct flow *f)
{
	struct attempt *a = ATTEMPT(f);
	struct va_caa *c = a->caa;

	if (c == NULL)
		return FLOW_NEXT;
	record_add(&a->record, "method", json_string("caa"));
	record_add(&a->record, "section", json_string("4.2.2.1"));
	record_add(&a->record, "for", json_string(va_method_name(a->method)));
	c->problem = f->problem;
	c->record = record_print(a, c->waiter->arena);
	c->took_ms = clock_mono_ms() - a->began;
	c->flow = NULL;
	log_event(LOG_DEBUG, "CAA checked", "s:s, s:s, s:s, s:I", "identifier", a->ident.value,
		  "problem", problem_name(f->problem.type), "detail", f->problem.detail,
		  "took_ms", (json_int_t)c->took_ms);
	flow_wake(c->waiter, c->ticket);
	return FLOW_NEXT;
}

void
va_caa_check(struct va_caa *c)
{
	struct attempt *a = attempt_new(c->va, c->waiter, caa_steps, c->timeout_ms);
	struct arena *arena = a->flow->arena;
	uint64_t number = log_flow;

	a->caa = c;
	a->method = c->method;
	a->ident = c->ident;
	a->ident.value = a->ident.shown = arena_strdup(arena, c->ident.value);
	attempt_account(a, c->account_url, c->account_urls_old);
	c->problem = (struct problem){ 0 };
	c->record = NULL;
	c->ttl = 0;
	c->flow = a->flow;
	flow_start(a->flow);
	log_flow = number;
}

bool
va_caa_pending(const struct va_caa *c)
{
	return c->flow != NULL;
}

void
va_caa_cancel(struct va_caa *c)
{
	struct flow *f = c->flow;

	if (f == NULL)
		return;
	c->flow = NULL;
	problem(&c->problem, PROBLEM_SERVER_INTERNAL, "the check was given up");
	attempt_cancel(ATTEMPT(f));
}

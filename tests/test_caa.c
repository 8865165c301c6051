/* SPDX-License-Identifier: Apache-2.0 */
/* test_caa.c - may we issue, as CAA records say (RFC 8659, RFC 8657)?  Against a DNS server
 * on loopback, through both engines: libunbound, and the stub that asks a resolver.
 *
 * Each case has a zone of its own and orders www in it, unless it says otherwise.  Its
 * records are "OWNER FLAGS TAG VALUE"; OWNER is @ for the zone, else below it.  "OWNER
 * =ALIAS" is a CNAME, "OWNER ~ALIAS" a DNAME, "OWNER !WORD" how the server behaves about
 * the name (see fake_dns.h), "OWNER # HEX" the data of a CAA record. */
#include <arpa/nameser.h>
#include <jansson.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "tests/fake_dns.h"
#include "tests/tap.h"
#include "va/issue.h"
#include "va/va.h"

#define ACCOUNT	 "https://acme.example/acct/1"
#define OURS	 "@ 0 issue ca.example"
#define MINE	 "@ 0 issue ca.example; accounturi=" ACCOUNT
#define METHODS	 "@ 0 issue ca.example; validationmethods="
#define LONG	 "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.e.f.g.h.i.j.k.l.m." \
		 "n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.e.f.g.h.i.j.k.l.m"

static const char *const former[] = { "https://old.example/acct/1", NULL };

enum { USUAL, QUICK, NOBODY, PRIVATE, STRICT, SWITCHED_OFF, OPTIONS };	/* of struct va */
enum { UNBOUND, STUB, ENGINES };
enum { AT_A_TIME = 20 };
enum { GOOD = PROBLEM_NONE, FORBID = PROBLEM_CAA, DNS = PROBLEM_DNS };

/* Most cases say only the first four things. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const struct row {
	const char		*what, *records[6];
	unsigned		 problem;
	const char		*words;		/* in the detail */
	const char		*name;		/* NULL: "www"; "NAME." is not in the zone */
	unsigned		 many;		/* so many more of the last record */
	enum va_method		 method;	/* 0: dns-01 */
	int			 options;
	const char		*account;	/* NULL: ACCOUNT */
} rows[] = {
	/* climbing */
	{ "V-20 none anywhere", { 0 }, GOOD, "" },
	{ "V-20 ; at the name", { "www 0 issue ;" }, FORBID, "record 0 issue \";\" at www.c" },
	{ "V-20 ; at the parent", { "@ 0 issue ;" }, FORBID, "record 0 issue \";\" at c" },
	{ "V-20 ; at the grandparent", { "@ 0 issue ;" }, FORBID, "names no CA", "a.b" },
	{ "V-20 ours at the grandparent", { OURS }, GOOD, "", "a.b" },
	{ "V-20 ; below is not looked at", { "a.www 0 issue ;" }, GOOD, "" },
	{ "V-20 ; beside is not looked at", { "mail 0 issue ;" }, GOOD, "" },
	{ "V-21 child's other beats parent's ours", { "www 0 issue other.example", OURS },
	  FORBID, "at www." },
	{ "V-21 child's ours beats parent's ;", { "www 0 issue ca.example", "@ 0 issue ;" },
	  GOOD, "" },
	{ "V-21 child's iodef alone ends the climb", { "www 0 iodef mailto:a@b", "@ 0 issue ;" },
	  GOOD, "" },
	{ "V-20 70 labels", { "@ 0 issue ;" }, DNS, "more lookups", LONG },
	{ "V-20 ; above 10 labels", { "@ 0 issue ;" }, FORBID, "at c", "a.b.c.d.e.f.g.h.i.j" },
	{ "V-20 none above 10 labels", { 0 }, GOOD, "", "a.b.c.d.e.f.g.h.i.j" },
	{ "V-22 SERVFAIL above 8 labels", { "i.j !SERVFAIL", OURS }, DNS, "CAA at i.j.",
	  "a.b.c.d.e.f.g.h.i.j" },
	{ "V-28 no such TLD above 10 labels", { 0 }, DNS, "NXDOMAIN",
	  "a.b.c.d.e.f.g.h.i.j.nosuch." },
	{ "V-20 70 labels, decided below", { LONG " 0 issue ca.example" }, GOOD, "", LONG },
	/* DNS fails */
	{ "V-22 SERVFAIL at the name", { "www !SERVFAIL", OURS }, DNS, "CAA at www." },
	{ "V-22 SERVFAIL at the parent, none before", { "@ !SERVFAIL" }, DNS, "SERVFAIL" },
	{ "V-22 SERVFAIL above the set", { "www 0 issue ca.example", "@ !SERVFAIL" }, GOOD, "" },
	{ "V-22 SERVFAIL above a set that forbids", { "www 0 issue ;", "@ !SERVFAIL" }, FORBID,
	  "names no CA" },
	{ "V-22 silence above the set", { "www 0 issue ca.example", "@ !SILENT" }, GOOD, "" },
	{ "V-22 silence at the name", { "www !SILENT", OURS }, DNS, "timeout", .options = QUICK },
	{ "V-22 silence at the parent", { "@ !SILENT" }, DNS, "timeout", .options = QUICK },
	{ "V-22 REFUSED", { "www !REFUSED", OURS }, DNS, "CAA at www." },
	{ "V-22 NOTIMP", { "www !NOTIMP", OURS }, DNS, "CAA at www." },
	{ "V-22 SERVFAIL twice, then good", { "www !SERVFAIL 2", "www 0 issue ;" }, FORBID, "" },
	{ "V-28 no such TLD", { 0 }, DNS, "NXDOMAIN", "www.corp.nosuch." },
	{ "V-28 single label", { 0 }, DNS, "NXDOMAIN", "nosuch." },
	{ "V-28 no such TLD, ours below", { OURS }, GOOD, "" },
	{ "V-28 a TLD of the operator's own", { 0 }, GOOD, "", "www.corp.nosuch.",
	  .options = STRICT },
	/* properties */
	{ "V-23 unknown tag", { "@ 0 tbs x" }, GOOD, "" },
	{ "V-23 unknown tag, critical", { "@ 128 tbs x" }, FORBID, "128 tbs \"x\" at c" },
	{ "V-23 unknown tag, flag 1", { "@ 1 tbs x" }, FORBID, "critical" },
	{ "V-23 unknown tag, flag 64", { "@ 64 tbs x" }, GOOD, "" },
	{ "V-23 unknown tag, flags 255", { "@ 255 tbs x" }, FORBID, "critical" },
	{ "V-23 unknown critical beside ours", { OURS, "@ 128 tbs x" }, FORBID, "critical" },
	{ "V-23 issue, critical", { "@ 128 issue ca.example" }, GOOD, "" },
	{ "V-23 iodef, critical", { "@ 128 iodef mailto:a@b" }, GOOD, "" },
	{ "V-23 issuewild, critical, plain name", { "@ 128 issuewild ;" }, GOOD, "" },
	{ "V-23 issuemail, critical", { "@ 128 issuemail ;" }, GOOD, "" },
	{ "V-23 unknown tag beside another CA", { "@ 0 issue other.example", "@ 0 tbs x" },
	  FORBID, "another CA" },
	{ "V-24 wildcard: issue", { OURS }, GOOD, "", "*.www" },
	{ "V-24 wildcard: issue of another", { "@ 0 issue other.example" }, FORBID, "another CA",
	  "*.www" },
	{ "V-24 wildcard: issuewild before issue", { OURS, "@ 0 issuewild ;" }, FORBID,
	  "0 issuewild \";\"", "*.www" },
	{ "V-24 wildcard: issuewild ours", { "@ 0 issue ;", "@ 0 issuewild ca.example" }, GOOD,
	  "", "*.www" },
	{ "V-24 wildcard: bad issuewild", { OURS, "@ 0 issuewild %%%" }, FORBID, "malformed",
	  "*.www" },
	{ "V-24 wildcard: set at the base name", { "www 0 issuewild ;", OURS }, FORBID, "at www.",
	  "*.www" },
	{ "V-24 plain: issuewild alone", { "@ 0 issuewild ;" }, GOOD, "" },
	{ "V-24 plain: issue beside issuewild", { "@ 0 issue ;", "@ 0 issuewild ca.example" },
	  FORBID, "0 issue" },
	{ "V-24 one of two names us", { "@ 0 issue other.example", OURS }, GOOD, "" },
	{ "V-24 ; beside ours", { "@ 0 issue ;", OURS }, GOOD, "" },
	{ "V-24 none of two names us", { "@ 0 issue other.example", "@ 0 issue ;" }, FORBID,
	  "no other permits" },
	{ "V-24 our second name", { "@ 0 issue second.example" }, GOOD, "" },
	{ "V-24 a name below ours", { "@ 0 issue www.ca.example" }, FORBID, "another CA" },
	{ "V-24 a name above ours", { "@ 0 issue example" }, FORBID, "another CA" },
	{ "V-24 we have no name", { OURS }, FORBID, "another CA", .options = NOBODY },
	{ "V-24 we have no name, nobody is named", { "@ 0 issue ;" }, FORBID, "",
	  .options = NOBODY },
	{ "V-24 we have no name, no record", { 0 }, GOOD, "", .options = NOBODY },
	/* forms */
	{ "V-25 behind a CNAME", { "www =other", "other 0 issue ;", OURS }, FORBID, "at www." },
	{ "V-25 behind two CNAMEs", { "www =b", "b =c", "c 0 issue ca.example", "@ 0 issue ;" },
	  GOOD, "" },
	{ "V-25 a CNAME's parents are not climbed", { "www =a.sub", "sub 0 issue ;",
	  "a.sub !SILENT 0", OURS }, GOOD, "" },
	{ "V-25 a CNAME to nothing", { "www =gone", "@ 0 issue ;" }, FORBID, "\";\" at c" },
	{ "V-25 behind a DNAME", { "sub ~target", "x.target 0 issue ;", OURS }, FORBID, "at x.sub",
	  "x.sub" },
	{ "V-25 CNAME loop", { "www =b", "b =www", OURS }, DNS, "CAA at www." },
	{ "V-25 1000 records, over TCP", { OURS, "@ 0 issue other.example" }, GOOD, "",
	  .many = 999 },
	{ "V-25 1000 records, none ours", { "@ 0 issue other.example" }, FORBID, "another CA",
	  .many = 999 },
	{ "V-25 upper-case tag", { "@ 0 ISSUE ;" }, FORBID, "" },
	{ "V-25 mixed-case tag, ours", { "@ 0 IsSuE ca.example" }, GOOD, "" },
	{ "V-25 upper-case issuer", { "@ 0 issue CA.Example" }, GOOD, "" },
	{ "V-25 empty value", { "@ 0 issue" }, FORBID, "names no CA" },
	{ "V-25 blanks and ;", { "@ 0 issue  \t ca.example \t ;  " }, GOOD, "" },
	{ "V-25 unknown parameter", { "@ 0 issue ca.example; policy=ev" }, GOOD, "" },
	{ "V-25 two unknown parameters", { "@ 0 issue ca.example ; a = b ; c-d=%20 " }, GOOD, "" },
	{ "V-25 ; behind a parameter", { "@ 0 issue ca.example; a=b;" }, FORBID, "malformed" },
	{ "V-25 parameter without ;", { "@ 0 issue ca.example policy=ev" }, FORBID, "malformed" },
	{ "V-25 parameter without =", { "@ 0 issue ca.example; policy" }, FORBID, "malformed" },
	{ "V-25 parameter's value with a blank", { "@ 0 issue ca.example; a=b c" }, FORBID,
	  "malformed" },
	{ "V-25 parameter that ends in -", { "@ 0 issue ca.example; a-=b" }, FORBID, "malformed" },
	{ "V-25 parameter with _", { "@ 0 issue ca.example; a_b=c" }, FORBID, "malformed" },
	{ "V-25 two ;", { "@ 0 issue ca.example;; a=b" }, FORBID, "malformed" },
	{ "V-25 no domain name", { "@ 0 issue %%%%%" }, FORBID, "malformed" },
	{ "V-25 _ in the issuer", { "@ 0 issue ca_1.example" }, FORBID, "malformed" },
	{ "V-25 final dot", { "@ 0 issue ca.example." }, FORBID, "malformed" },
	{ "V-25 hyphen at a label's end", { "@ 0 issue ca-.example" }, FORBID, "malformed" },
	{ "V-25 UTF-8", { "@ 0 issue c\303\241.example" }, FORBID, "0 issue" },
	{ "V-25 NUL behind our name", { "@ # 0005697373756563612e6578616d706c6500" }, FORBID,
	  "malformed" },
	{ "V-25 malformed beside ours", { "@ 0 issue %%%%%", OURS }, GOOD, "" },
	{ "V-25 tag of no octets", { "@ # 000063612e6578616d706c65" }, FORBID, "malformed" },
	{ "V-25 tag longer than the data", { "@ # 00ff6973737565" }, FORBID, "malformed" },
	{ "V-25 one octet of data", { "@ # 00" }, FORBID, "malformed" },
	{ "V-25 data too short beside ours", { OURS, "@ # 00" }, FORBID, "malformed" },
	{ "V-25 tag with a blank", { "@ # 0006697373756520" "3b" }, GOOD, "" },
	/* RFC 8657 */
	{ "V-26 our account", { MINE }, GOOD, "" },
	{ "V-26 another account", { MINE }, FORBID, "another account", .account = ACCOUNT "2" },
	{ "V-26 a prefix of the account", { MINE "/2" }, FORBID, "another account" },
	{ "V-26 account by its former URL", { "@ 0 issue ca.example; accounturi="
	  "https://old.example/acct/1" }, GOOD, "" },
	{ "V-26 account in another case", { "@ 0 issue ca.example; accounturi="
	  "https://ACME.example/acct/1" }, FORBID, "another account" },
	{ "V-26 empty account", { "@ 0 issue ca.example; accounturi=" }, FORBID, "account" },
	{ "V-26 account twice, the same", { MINE "; accounturi=" ACCOUNT }, FORBID, "twice" },
	{ "V-26 upper-case parameter", { "@ 0 issue ca.example; AccountURI=https://x" }, FORBID,
	  "another account" },
	{ "V-26 another's account, other CA", { "@ 0 issue other.example; accounturi=x" }, FORBID,
	  "another CA" },
	{ "V-26 one record each", { "@ 0 issue ca.example; accounturi=x", MINE }, GOOD, "" },
	{ "V-26 the record that names us is told", { "@ 0 issue other.example",
	  "@ 0 issue ca.example; accounturi=x" }, FORBID, "another account" },
	{ "V-26 our method", { METHODS "dns-01" }, GOOD, "" },
	{ "V-26 another method", { METHODS "dns-01" }, FORBID, "method", .method = VA_HTTP_01 },
	{ "V-26 second of two methods", { METHODS "dns-01,http-01" }, GOOD, "",
	  .method = VA_HTTP_01 },
	{ "V-26 no method", { METHODS }, FORBID, "method" },
	{ "V-26 list with an empty label", { METHODS "dns-01," }, FORBID, "method" },
	{ "V-26 list with a bad label", { METHODS "dns-01,x_y" }, FORBID, "method" },
	{ "V-26 a prefix of the method", { METHODS "dns-0,dns" }, FORBID, "method" },
	{ "V-26 longer than the method", { METHODS "dns-010" }, FORBID, "method" },
	{ "V-26 method in upper case", { METHODS "DNS-01" }, FORBID, "method" },
	{ "V-26 methods twice", { METHODS "dns-01; validationmethods=dns-01" }, FORBID, "twice" },
	{ "V-26 by the BR's number", { METHODS "ca-tbr-7" }, GOOD, "" },
	{ "V-26 by another's number", { METHODS "ca-tbr-7" }, FORBID, "method",
	  .method = VA_HTTP_01 },
	{ "V-26 http-01's number", { METHODS "ca-tbr-18,ca-tbr-19" }, GOOD, "",
	  .method = VA_HTTP_01 },
	{ "V-26 dns-persist-01", { METHODS "dns-persist-01" }, GOOD, "",
	  .method = VA_DNS_PERSIST_01 },
	{ "V-26 account and method", { MINE "; validationmethods=dns-01" }, GOOD, "" },
	{ "V-26 account good, method not", { MINE "; validationmethods=http-01" }, FORBID,
	  "method" },
	{ "V-26 wildcard: parameters of issuewild", { OURS,
	  "@ 0 issuewild ca.example; validationmethods=http-01" }, FORBID, "method", "*.www" },
	/* who is asked at all */
	{ "an address has no CAA", { "@ 0 issue ;" }, GOOD, "", "192.0.2.1" },
	{ "auto: not in a zone of the operator's own", { "@ 0 issue ;" }, GOOD, "",
	  .options = PRIVATE },
	{ "always: there too", { "@ 0 issue ;" }, FORBID, "names no CA", .options = STRICT },
	{ "off: nowhere", { "@ 0 issue ;" }, GOOD, "", .options = SWITCHED_OFF },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct check {
	const struct row	*row;
	char			 zone[32], name[256];
	struct va_caa		 caa;
	char			*record;
	unsigned		 woken;
};

static struct check checks[ENGINES][ROWS];
static struct fake_record records[8000];
static size_t nrecord;
static struct va *vas[ENGINES][OPTIONS];
static sem_t finished;

/* --- DNS --------------------------------------------------------------------------- */

static struct fake_record *
record_add_row(const char *name, int type, const char *value)
{
	struct fake_record *r = &records[nrecord++];

	if (nrecord == sizeof(records) / sizeof(records[0]))
		abort();
	*r = (struct fake_record){ name, type, value };
	return r;
}

static char *
below_zone(const char *zone, const char *name, size_t len)
{
	char *whole;

	if (len == 1 && *name == '@')
		return strdup(zone);
	if (asprintf(&whole, "%.*s.%s", (int)len, name, zone) < 0)
		abort();
	return whole;
}

static void
record_make(const char *zone, const char *line)
{
	size_t n = strcspn(line, " ");
	const char *rest = line + n + 1, *owner = below_zone(zone, line, n);

	if (*rest == '!')
		record_add_row(owner, 0, rest + 1);
	else if (*rest == '=' || *rest == '~')
		record_add_row(owner, *rest == '=' ? ns_t_cname : ns_t_dname,
			       below_zone(zone, rest + 1, strlen(rest + 1)));
	else
		record_add_row(owner, FAKE_CAA, rest);
}

static void
case_make(struct check *c, const struct row *row, size_t number, int engine)
{
	const char *name = row->name != NULL ? row->name : "www", *last = NULL;
	size_t n = strlen(name);

	c->row = row;
	snprintf(c->zone, sizeof(c->zone), "c%zu%c.test", number, engine == STUB ? 's' : 'u');
	for (int i = 0; i < 6 && row->records[i] != NULL; i++)
		record_make(c->zone, last = row->records[i]);
	for (unsigned i = 0; i < row->many; i++)
		record_make(c->zone, last);
	if (name[n - 1] == '.')
		snprintf(c->name, sizeof(c->name), "%.*s", (int)n - 1, name);
	else if (name[strspn(name, "0123456789.")] == '\0')
		snprintf(c->name, sizeof(c->name), "%s", name);
	else
		snprintf(c->name, sizeof(c->name), "%s.%s", name, c->zone);
}

/* --- the table --------------------------------------------------------------------- */

static void
caa_fill(struct va_caa *c, struct flow *f, const char *name)
{
	struct problem p = { 0 };
	bool address = name[strspn(name, "0123456789.")] == '\0';
	bool good = address ? ident_parse_ip(&c->ident, f->arena, name, strlen(name), &p) :
		    strchr(name, '.') == NULL ?
		    ident_parse_host(&c->ident, f->arena, name, strlen(name), &p) :
		    ident_parse_dns(&c->ident, f->arena, name, strlen(name), &p);

	if (!good)
		printf("# %s: %s\n", name, p.detail);
	c->waiter = f;
	c->ticket = flow_arm(f);
}

static enum flow_next
case_ask(struct flow *f)
{
	struct check *c = f->data;
	const struct row *row = c->row;

	c->caa.va = vas[c >= checks[STUB] ? STUB : UNBOUND][row->options];
	c->caa.method = row->method != 0 ? row->method : VA_DNS_01;
	c->caa.account_url = row->account != NULL ? row->account : ACCOUNT;
	c->caa.account_urls_old = former;
	caa_fill(&c->caa, f, c->name);
	va_caa_check(&c->caa);
	return FLOW_WAIT;
}

static void case_start(struct loop *l);

/* The next case begins, so that no more run at a time than UDP can hold. */
static enum flow_next
case_answer(struct flow *f)
{
	struct check *c = f->data;

	c->woken += c->caa.flow == NULL;
	c->record = strdup(c->caa.record);
	case_start(f->loop);
	sem_post(&finished);
	return FLOW_NEXT;
}

static const struct flow_step case_steps[] = {
	{ ON_LOOP, STEP(case_ask) },
	{ ON_LOOP, STEP(case_answer) },
	{ 0 }
};

static void
case_start(struct loop *l)
{
	static size_t begun[ENGINES];

	if (begun[l->number] < ROWS)
		flow_start(flow_new(l, case_steps, &checks[l->number][begun[l->number]++]));
}

static void
cases_start(void *arg)
{
	for (int i = 0; i < AT_A_TIME; i++)
		case_start(arg);
}

/* Does the evidence say what the verdict says? */
static bool
record_fits(const struct check *c)
{
	json_t *j = json_loads(c->record, 0, NULL);
	const json_t *problem = json_object_get(j, "problem");
	bool fits = strcmp(json_string_value(json_object_get(j, "method")), "caa") == 0 &&
		    strcmp(json_string_value(json_object_get(json_object_get(j, "identifier"),
							     "value")), c->name) == 0 &&
		    json_is_null(problem) == (c->caa.problem.type == PROBLEM_NONE) &&
		    json_is_array(json_object_get(j, "lookups"));

	json_decref(j);
	return fits;
}

static void
test_cases(struct loop *l)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct check *c = &checks[l->number][i];
		const struct problem *p = &c->caa.problem;

		if (!ok(p->type == c->row->problem && strstr(p->detail, c->row->words) != NULL &&
			c->woken == 1 && record_fits(c), "%s (%s)", c->row->what,
			l->number == STUB ? "stub" : "libunbound"))
			printf("# %s: %s\n# %s\n", problem_name(p->type), p->detail, c->record);
	}
}

static void
run(struct loop **loops)
{
	for (int i = 0; i < ENGINES; i++)
		loop_start(loops[i]);
	for (int i = 0; i < ENGINES; i++)
		loop_call(loops[i], cases_start, loops[i]);
	for (size_t i = 0; i < ENGINES * ROWS; i++)
		sem_wait(&finished);
	for (int i = 0; i < ENGINES; i++)
		loop_stop(loops[i]);
	for (int i = 0; i < ENGINES; i++)
		loop_join(loops[i]);
}

/* --- one at a time ----------------------------------------------------------------- */

static enum flow_next
single_ask(struct flow *f)
{
	struct check *c = f->data;

	caa_fill(&c->caa, f, c->name);
	va_caa_check(&c->caa);
	return FLOW_WAIT;
}

static enum flow_next
single_answer(struct flow *f)
{
	struct check *c = f->data;

	free(c->record);
	c->record = strdup(c->caa.record);
	event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step single_steps[] = {
	{ ON_LOOP, STEP(single_ask) },
	{ ON_LOOP, STEP(single_answer) },
	{ 0 }
};

static void
single(struct loop *l, struct check *c)
{
	c->caa.va = vas[l->number][USUAL];
	c->caa.method = VA_DNS_01;
	c->caa.account_url = ACCOUNT;
	flow_start(flow_new(l, single_steps, c));
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

/* Nothing is kept from one check to the next. */
static void
test_change(struct loop *l, struct fake_record *record)
{
	struct check c = { .name = "www.changing.test" };

	fake_dns_change(record, "0 issue ca.example");
	single(l, &c);
	ok(c.caa.problem.type == PROBLEM_NONE, "V-27 permitted %s", c.caa.problem.detail);
	fake_dns_change(record, "0 issue ;");
	single(l, &c);
	ok(c.caa.problem.type == PROBLEM_CAA, "V-27 then forbidden: %s", c.caa.problem.detail);
	ok(strstr(c.record, "\"at\":\"changing.test\"") != NULL &&
	   strstr(c.record, "\"answers\":[\"0 issue ;\"]") != NULL &&
	   strstr(c.record, "\"section\":\"4.2.2.1\"") != NULL &&
	   strstr(c.record, "\"for\":\"dns-01\"") != NULL, "evidence: %s", c.record);
	/* libunbound keeps nothing, and says so: its TTL is 0 then. */
	ok(c.caa.ttl == (l->number == STUB ? 60 : 0), "TTL %d", (int)c.caa.ttl);
	free(c.record);
}

/* --- given up ---------------------------------------------------------------------- */

#define GIVEN_UP 3

struct abandoned {
	struct va_caa	 caa[GIVEN_UP];
	struct event	*timer;
	int		 looks;
	bool		 drop;
};

/* Once the one that can be decided is. */
static void
abandon_now(evutil_socket_t fd, short what, void *arg)
{
	struct abandoned *b = arg;
	struct flow *f = b->caa[0].waiter;

	(void)fd, (void)what;
	if (b->caa[2].flow != NULL && b->looks++ < 100) {
		event_add(b->timer, &(struct timeval){ .tv_usec = 100000 });
		return;
	}
	event_free(b->timer);
	if (b->drop)
		va_drop(f->loop);
	for (int i = 0; i < GIVEN_UP; i++)
		va_caa_cancel(&b->caa[i]);
	flow_wake(f, f->ticket);
}

/* One is cancelled at once, one waits for DNS, one is decided while a question is open. */
static enum flow_next
abandon_ask(struct flow *f)
{
	static const char *const names[] = { "silent.test", "www.silent.test", "a.silent.test" };
	struct abandoned *b = f->data;

	for (int i = 0; i < GIVEN_UP; i++) {
		b->caa[i].va = vas[f->loop->number][USUAL];
		b->caa[i].method = VA_DNS_01;
		caa_fill(&b->caa[i], f, names[i]);
		va_caa_check(&b->caa[i]);
	}
	va_caa_cancel(&b->caa[0]);
	b->timer = loop_timer(f->loop, 100, abandon_now, b);
	flow_arm(f);
	return FLOW_WAIT;
}

static enum flow_next
abandon_check(struct flow *f)
{
	struct abandoned *b = f->data;

	for (int i = 0; i < GIVEN_UP; i++)
		ok(b->caa[i].flow == NULL && (b->caa[i].problem.type == PROBLEM_NONE) == (i == 2),
		   "%s %s: %s", b->drop ? "dropped" : "given up", b->caa[i].ident.value,
		   b->caa[i].problem.detail);
	event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step abandon_steps[] = {
	{ ON_LOOP, STEP(abandon_ask) },
	{ ON_LOOP, STEP(abandon_check) },
	{ 0 }
};

static void
test_abandon(struct loop *l, bool drop)
{
	struct abandoned b = { .drop = drop };

	flow_start(flow_new(l, abandon_steps, &b));
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	event_base_loop(l->base, EVLOOP_NONBLOCK);
	ok(l->flows == 0, "no flow is left");
}

/* --- the value of issue, for dns-persist-01 ---------------------------------------- */

static void
test_issue(void)
{
	static const char value[] = "authority.example; accounturi=https://ca.example/a; "
				    "Policy=wildcard; persistUntil=1;policy=x";
	struct arena *a = arena_new();
	struct issue i;
	unsigned times;

	ok(issue_parse(&i, a, value, strlen(value)) && i.n == 4, "four parameters");
	is(i.issuer, "authority.example", "issuer");
	is(issue_find(&i, "policy", &times), "wildcard", "the first of two");
	ok(times == 2, "twice");
	is(issue_find(&i, "none", &times), NULL, "not there");
	ok(!issue_parse(&i, a, value, 29) && i.issuer[0] == '\0' && i.n == 0, "cut short");
	arena_free(a);
}

/* --- the stage --------------------------------------------------------------------- */

static void
vas_open(const char *resolver)
{
	static const char *const issuers[] = { "ca.example", "second.example", NULL };
	static const char *const insecure[] = { "other", "test.", "NoSuch", NULL };
	const char *const resolvers[] = { resolver, NULL };
	struct problem p = { 0 };

	for (int engine = 0; engine < ENGINES; engine++)
		for (int i = 0; i < OPTIONS; i++) {
			struct va_options o = {
				.resolvers = resolvers,
				.dnssec = engine == STUB ? VA_DNSSEC_TRUST_AD : VA_DNSSEC_OFF,
				.issuers = i == NOBODY ? NULL : issuers,
				.timeout_ms = i == QUICK ? 800 : 8000,
				.caa = i == STRICT ? VA_CAA_ALWAYS :
				       i == SWITCHED_OFF ? VA_CAA_OFF : VA_CAA_AUTO,
				.insecure = i == PRIVATE || i == STRICT ? insecure : NULL,
			};

			vas[engine][i] = va_open(&o, &p);
			if (vas[engine][i] == NULL)
				printf("# %s\n", p.detail);
		}
}

int
main(void)
{
	struct fake_record *changing[ENGINES];
	struct loop *loops[ENGINES];
	struct fake_dns *dns;
	char resolver[32];
	struct problem p = { 0 };

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	record_add_row("test", ns_t_txt, "a top-level domain");
	for (int i = 0; i < ENGINES; i++)
		for (size_t k = 0; k < ROWS; k++)
			case_make(&checks[i][k], &rows[k], k, i);
	record_add_row("silent.test", 0, "SILENT");
	record_add_row("a.silent.test", FAKE_CAA, "0 issue ca.example");
	changing[0] = changing[1] = record_add_row("changing.test", FAKE_CAA, "");
	dns = fake_dns_start(records);
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%u", fake_dns_port(dns));
	vas_open(resolver);
	sem_init(&finished, 0, 0);
	for (int i = 0; i < ENGINES; i++) {
		loops[i] = loop_new((unsigned)i);
		ok(va_attach(loops[i], vas[i][USUAL], &p), "attached %s", p.detail);
	}
	run(loops);
	for (int i = 0; i < ENGINES; i++) {
		test_cases(loops[i]);
		test_change(loops[i], changing[i]);
		test_abandon(loops[i], false);
		test_abandon(loops[i], true);
		loop_free(loops[i]);
		for (int k = 0; k < OPTIONS; k++)
			va_release(vas[i][k]);
	}
	test_issue();
	fake_dns_stop(dns);
	return tap_done();
}

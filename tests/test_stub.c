/* SPDX-License-Identifier: Apache-2.0 */
/* test_stub.c - the stub that asks a validating resolver, and what both engines make of odd
 * answers: dns-01 validations and CAA checks against a DNS server on loopback. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <dirent.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/log.h"
#include "tests/fake_dns.h"
#include "tests/tap.h"
#include "va/resolve.h"
#include "va/va.h"

#define AT	 "_acme-challenge."
#define KEY_AUTH "token.thumbprint"
#define CROWD	 1100		/* more than the stub asks at a time, and than may wait then */

enum { STUB, QUICK, SECOND, DEAD, UNBOUND, OPTIONS };	/* of struct va: each has a loop */
enum { GOOD = PROBLEM_NONE, DNS = PROBLEM_DNS, WRONG = PROBLEM_UNAUTHORIZED };

static char value[64];

static struct fake_record records[400] = {
	{ AT "plain.test", ns_t_txt, value },
	{ AT "signed.test", 0, "AD" },
	{ AT "signed.test", ns_t_txt, value },
	{ AT "wrong.test", ns_t_txt, "other" },
	{ AT "nodata.test", ns_t_a, "127.0.0.1" },
	{ AT "truncated.test", 0, "TRUNCATED" },
	{ AT "truncated.test", ns_t_txt, value },
	{ AT "hangup.test", 0, "HANGUP" },
	{ AT "hangup.test", ns_t_txt, value },
	{ AT "servfail.test", 0, "SERVFAIL" },
	{ AT "refused.test", 0, "REFUSED" },
	{ AT "formerr.test", 0, "FORMERR" },
	{ AT "notimp.test", 0, "NOTIMP" },
	{ AT "silent.test", 0, "SILENT" },
	{ AT "twice.test", 0, "SERVFAIL 2" },
	{ AT "twice.test", ns_t_txt, value },
	{ AT "thrice.test", 0, "SERVFAIL 3" },
	{ AT "thrice.test", ns_t_txt, value },
	{ AT "bogus.test", 0, "BOGUS 1" },
	{ AT "bogus.test", ns_t_txt, value },
	{ AT "other-id.test", 0, "OTHER-ID" },
	{ AT "other-id.test", ns_t_txt, value },
	{ AT "other-case.test", 0, "OTHER-CASE" },
	{ AT "other-case.test", ns_t_txt, value },
	{ AT "garbage.test", 0, "GARBAGE" },
	{ AT "garbage.test", ns_t_txt, value },
	{ AT "stray.test", 0, "STRAY" },
	{ AT "stray.test", ns_t_txt, value },
	{ AT "one.test", ns_t_cname, AT "plain.test" },
	{ AT "eight.test", ns_t_cname, "c1.test" },
	{ "c1.test", ns_t_cname, "c2.test" },
	{ "c2.test", ns_t_cname, "c3.test" },
	{ "c3.test", ns_t_cname, "c4.test" },
	{ "c4.test", ns_t_cname, "c5.test" },
	{ "c5.test", ns_t_cname, "c6.test" },
	{ "c6.test", ns_t_cname, "c7.test" },
	{ "c7.test", ns_t_cname, AT "plain.test" },
	{ AT "circle.test", ns_t_cname, "circle2.test" },
	{ "circle2.test", ns_t_cname, AT "circle.test" },
	{ AT "gone.test", ns_t_cname, "gone2.test" },
	{ "tree.test", ns_t_dname, "plain.test" },
};

static void
records_make(void)
{
	struct arena *a = arena_new();
	uint8_t digest[32];
	size_t n = 0;

	EVP_Digest(KEY_AUTH, strlen(KEY_AUTH), digest, NULL, EVP_sha256(), NULL);
	snprintf(value, sizeof(value), "%s", b64_print(a, digest, sizeof(digest)));
	arena_free(a);
	while (records[n].name != NULL)
		n++;
	for (size_t i = 0; i < 200; i++)
		records[n + i] = (struct fake_record){ AT "many.test", ns_t_txt,
						       i == 199 ? value : "other" };
}

static const struct row {
	const char	*what, *name;
	int		 options;
	unsigned	 problem;
	const char	*words;		/* in the detail */
	const char	*evidence;	/* in the record */
} rows[] = {
	{ "V-19 no AD: not signed", "plain.test", STUB, GOOD, "", "\"security\":\"insecure\"" },
	{ "V-19 AD: signed", "signed.test", STUB, GOOD, "", "\"security\":\"secure\"" },
	{ "V-19 bogus, once", "bogus.test", STUB, DNS, "at _acme-challenge.bogus.test: DNSSEC: ",
	  "\"security\":\"bogus\",\"answers\":[],\"why\":\"127.0.0.1@" },
	{ "wrong value", "wrong.test", STUB, WRONG, "", "\"answers\":[\"other\"]" },
	{ "V-18 no data", "nodata.test", STUB, DNS, "no TXT record", "\"rcode\":\"NOERROR\"" },
	{ "V-18 NXDOMAIN", "nothing.test", STUB, DNS, "(NXDOMAIN)", "\"rcode\":\"NXDOMAIN\"" },
	{ "V-17 truncated", "truncated.test", STUB, GOOD, "", "\"answers\":[\"" },
	{ "V-17 200 records over TCP", "many.test", STUB, GOOD, "", "\"more\":192" },
	{ "V-17 TCP closed", "hangup.test", STUB, DNS, "over TCP: the connection was closed",
	  "\"rcode\":null" },
	{ "V-18 SERVFAIL", "servfail.test", STUB, DNS, "SERVFAIL: 127.0.0.1@",
	  "\"rcode\":\"SERVFAIL\"" },
	{ "V-18 REFUSED", "refused.test", STUB, DNS, "REFUSED: ", "\"rcode\":\"REFUSED\"" },
	{ "V-18 FORMERR", "formerr.test", STUB, DNS, "FORMERR: ", "\"rcode\":\"FORMERR\"" },
	{ "V-18 NOTIMP", "notimp.test", STUB, DNS, "NOTIMP: ", "\"rcode\":\"NOTIMP\"" },
	{ "V-18 SERVFAIL twice", "twice.test", STUB, GOOD, "", "" },
	{ "V-18 not asked a fourth time", "thrice.test", STUB, DNS, "SERVFAIL", "" },
	{ "V-18 silence", "silent.test", QUICK, DNS, "timeout: ", "\"rcode\":null" },
	{ "V-18 wrong id", "other-id.test", QUICK, DNS, "timeout: ", "the question: 1" },
	{ "V-18 case changed", "other-case.test", QUICK, DNS, "timeout: ", "the question: 1" },
	{ "V-18 octets behind it", "garbage.test", QUICK, DNS, "timeout: ", "the question: 1" },
	{ "V-18 a forged one before the right one", "stray.test", STUB, GOOD, "", "" },
	{ "V-18 first resolver dead", "plain.test", SECOND, GOOD, "", "" },
	{ "V-18 all resolvers dead", "plain.test", DEAD, DNS, "onnection refused",
	  "\"rcode\":null" },
	{ "V-16 CNAME", "one.test", STUB, GOOD, "", "\"alias\":\"_acme-challenge.plain.test\"" },
	{ "V-16 CNAME chain of 8", "eight.test", STUB, GOOD, "", "" },
	{ "V-16 CNAME circle", "circle.test", STUB, DNS, "circle", "" },
	{ "V-16 CNAME to nothing", "gone.test", STUB, DNS, "(NXDOMAIN)",
	  "\"alias\":\"gone2.test\"" },
	{ "V-16 DNAME", "x.tree.test", STUB, DNS, "(NXDOMAIN)",
	  "\"alias\":\"_acme-challenge.x.plain.test\"" },
	{ "V-16 CNAME chain of 8, libunbound", "eight.test", UNBOUND, GOOD, "",
	  "\"security\":\"unchecked\"" },
	{ "V-16 CNAME circle, libunbound", "circle.test", UNBOUND, DNS, "SERVFAIL", "" },
	{ "V-17 truncated, libunbound", "truncated.test", UNBOUND, GOOD, "", "" },
	{ "V-17 TCP closed, libunbound", "hangup.test", UNBOUND, DNS, "", "" },
	{ "V-18 a forged one before the right one, libunbound", "stray.test", UNBOUND, GOOD, "",
	  "" },
	{ "V-18 case changed, libunbound asks anew", "other-case.test", UNBOUND, GOOD, "", "" },
};

static struct va *vas[OPTIONS];
static struct loop *loops[OPTIONS];

/* --- one at a time ----------------------------------------------------------------- */

struct single {
	const struct row	*row;
	struct validation	 v;
	char			*record;
};

static void
question(struct validation *v, struct flow *f, const char *name)
{
	struct problem p = { 0 };

	if (!ident_parse_dns(&v->ident, f->arena, name, strlen(name), &p))
		printf("# %s\n", p.detail);
	v->method = VA_DNS_01;
	v->token = "token";
	v->key_auth = KEY_AUTH;
	v->waiter = f;
	v->ticket = flow_arm(f);
}

static enum flow_next
single_ask(struct flow *f)
{
	struct single *s = f->data;

	s->v.va = vas[s->row->options];
	question(&s->v, f, s->row->name);
	va_validate(&s->v);
	return FLOW_WAIT;
}

static enum flow_next
single_answer(struct flow *f)
{
	struct single *s = f->data;

	s->record = strdup(s->v.record);
	event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step single_steps[] = {
	{ ON_LOOP, STEP(single_ask) },
	{ ON_LOOP, STEP(single_answer) },
	{ 0 }
};

static void
test_row(const struct row *row)
{
	struct loop *l = loops[row->options];
	struct single s = { .row = row };
	const struct problem *p = &s.v.problem;

	flow_start(flow_new(l, single_steps, &s));
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	if (!ok(p->type == row->problem && strstr(p->detail, row->words) != NULL &&
		strstr(s.record, row->evidence) != NULL, "%s", row->what))
		printf("# %s: %s\n# %s\n", problem_name(p->type), p->detail, s.record);
	free(s.record);
}

/* --- a crowd ----------------------------------------------------------------------- */

static unsigned waiting, late;

static enum flow_next
crowd_ask(struct flow *f)
{
	struct validation *v = arena_alloc(f->arena, sizeof(*v));
	bool last = f->data != NULL;

	f->data = v;
	v->va = vas[last ? STUB : QUICK];
	question(v, f, last ? "plain.test" : "silent.test");
	va_validate(v);
	return FLOW_WAIT;
}

static enum flow_next
crowd_answer(struct flow *f)
{
	struct validation *v = f->data;

	late += v->problem.type == PROBLEM_DNS;
	if (--waiting == 0)
		event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step crowd_steps[] = {
	{ ON_LOOP, STEP(crowd_ask) },
	{ ON_LOOP, STEP(crowd_answer) },
	{ 0 }
};

static unsigned
files_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Whoever finds all sockets taken waits until others are given up. */
static void
test_crowd(struct loop *l)
{
	unsigned files = files_open();

	waiting = CROWD + 1;
	for (unsigned i = 0; i < CROWD; i++)
		flow_start(flow_new(l, crowd_steps, NULL));
	ok(files_open() - files == 512, "V-29 %u sockets for %u questions", files_open() - files,
	   CROWD);
	flow_start(flow_new(l, crowd_steps, l));
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	ok(late == CROWD, "V-29 %u of %u are late, the last one isn't", late, CROWD);
	ok(files_open() == files, "all sockets are closed");
}

/* --- replies that are none --------------------------------------------------------- */

/* The parser takes the fuzzer's samples, but those whose name begins with "bad_". */
static void
test_samples(void)
{
	const char *srcdir = getenv("srcdir");
	char folder[300], path[600];
	struct dirent *entry;
	DIR *d;

	snprintf(folder, sizeof(folder), "%s/tests/corpus/dns", srcdir != NULL ? srcdir : ".");
	d = opendir(folder);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		uint8_t data[2000];
		struct packet p;
		FILE *f;
		size_t n;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || (f = fopen(path, "rb")) == NULL)
			continue;
		n = fread(data, 1, sizeof(data), f);
		fclose(f);
		ok(packet_parse(&p, data, n) == (strncmp(entry->d_name, "bad_", 4) != 0), "V-18 %s",
		   entry->d_name);
	}
	ok(d != NULL, "%s", folder);
	if (d != NULL)
		closedir(d);
}

/* --- the stage --------------------------------------------------------------------- */

/* A port where nobody listens. */
static unsigned
port_dead(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&sin, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &size) != 0)
		abort();
	close(fd);
	return ntohs(sin.sin_port);
}

static void
stage_open(unsigned port)
{
	char good[32], dead[32];
	const char *const usual[] = { good, NULL }, *const second[] = { dead, good, NULL },
		   *const none[] = { dead, NULL };
	struct problem p = { 0 };

	snprintf(good, sizeof(good), "127.0.0.1@%u", port);
	snprintf(dead, sizeof(dead), "127.0.0.1@%u", port_dead());
	for (int i = 0; i < OPTIONS; i++) {
		struct va_options o = {
			.per_target = CROWD + 1,
			.resolvers = i == SECOND ? second : i == DEAD ? none : usual,
			.dnssec = i == UNBOUND ? VA_DNSSEC_OFF : VA_DNSSEC_TRUST_AD,
			.timeout_ms = i == QUICK ? 500 : 8000,
		};

		vas[i] = va_open(&o, &p);
		loops[i] = loop_new((unsigned)i);
		ok(vas[i] != NULL && va_attach(loops[i], vas[i], &p), "attached %s", p.detail);
	}
}

static void
refused(const struct va_options *o, const char *words)
{
	struct problem p = { 0 };

	ok(va_open(o, &p) == NULL && strstr(p.detail, words) != NULL, "refused: %s", p.detail);
}

static void
test_options(void)
{
	static const char *const both[] = { "recursive", "127.0.0.1", NULL };
	static const char *const alone[] = { "recursive", NULL };
	static const char *const issuer[] = { "ca.example.", NULL };
	struct va_options o = { .resolvers = alone };
	struct problem p = { 0 };
	struct va *va = va_open(&o, &p);

	ok(va != NULL, "recursive %s", p.detail);
	if (va != NULL) {
		struct loop *l = loop_new(9);

		ok(va_attach(l, va, &p), "attached, recursive %s", p.detail);
		loop_free(l);
		va_release(va);
	}
	refused(&(struct va_options){ .resolvers = both }, "\"recursive\" stands alone");
	refused(&(struct va_options){ .dnssec = VA_DNSSEC_TRUST_AD }, "validation.dnssec: trust");
	refused(&(struct va_options){ .dnssec = VA_DNSSEC_TRUST_AD, .resolvers = alone },
		"validation.dnssec: trust-ad");
	refused(&(struct va_options){ .issuers = issuer }, "caa_identities: \"ca.example.\"");
}

int
main(void)
{
	struct fake_dns *dns;

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	records_make();
	dns = fake_dns_start(records);
	test_options();
	test_samples();
	stage_open(fake_dns_port(dns));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&rows[i]);
	test_crowd(loops[STUB]);
	for (int i = 0; i < OPTIONS; i++) {
		loop_free(loops[i]);
		va_release(vas[i]);
	}
	fake_dns_stop(dns);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_http01.c - http-01 against a web server and a DNS server on loopback: which addresses
 * are dialled, which redirects followed, which answers taken (V-1 ... V-13, V-16, V-18).
 *
 * All cases run side by side on two loops.  A case's token says how the web server
 * behaves, its name what DNS says. */
#include <arpa/nameser.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/fake_dns.h"
#include "tests/tap.h"
#include "tests/wrong_web.h"
#include "va/va.h"

#define LOOPS 2

static const struct fake_record records[] = {
	{ "a.test", ns_t_a, "127.0.0.1" },
	{ "b.test", ns_t_a, "127.0.0.1" },
	{ "tls.test", ns_t_a, "127.0.0.1" },
	{ "old.test", ns_t_a, "127.0.0.1" },
	{ "plain.test", ns_t_a, "127.0.0.1" },
	{ "stall.test", ns_t_a, "127.0.0.1" },
	{ "both.test", ns_t_a, "127.0.0.1" },
	{ "both.test", ns_t_aaaa, "::1" },
	{ "mixed.test", ns_t_a, "127.0.0.2" },
	{ "mixed.test", ns_t_a, "127.0.0.1" },
	{ "mixed.test", ns_t_aaaa, "fd00:ec2::254" },
	{ "loopback.test", ns_t_a, "127.0.0.2" },
	{ "private.test", ns_t_a, "10.0.0.1" },
	{ "mapped.test", ns_t_aaaa, "::ffff:127.0.0.1" },
	{ "compatible.test", ns_t_aaaa, "::127.0.0.1" },
	{ "nat64.test", ns_t_aaaa, "64:ff9b::7f00:1" },
	{ "sixtofour.test", ns_t_aaaa, "2002:7f00:1::" },
	{ "zero.test", ns_t_a, "0.0.0.0" },
	{ "rebind.test", ns_t_a, "127.0.0.1,127.0.0.2" },
	{ "alias.test", ns_t_cname, "alias2.test" },
	{ "alias2.test", ns_t_cname, "a.test" },
	{ "loop1.test", ns_t_cname, "loop2.test" },
	{ "loop2.test", ns_t_cname, "loop1.test" },
	{ "empty.test", ns_t_txt, "no address" },
	{ "host.home.arpa", ns_t_a, "127.0.0.1" },
	{ "servfail.test", 0, "SERVFAIL" },
	{ "twice.test", 0, "SERVFAIL 2" },
	{ "twice.test", ns_t_a, "127.0.0.1" },
	{ "refused.test", 0, "REFUSED" },
	{ "silent.test", 0, "SILENT" },
	{ NULL, 0, NULL },
};

/* --- the cases --------------------------------------------------------------------------- */

enum options {
	USUAL,		/* public mode, 127.0.0.1 is named */
	LAN,		/* the same in private mode */
	QUICK,		/* 800 ms */
	CLOSED,		/* nobody listens at the port */
	HOSTS,		/* with a hosts file */
	SIX,		/* the same; ::1 and 127.0.0.3 are named: nobody listens there */
	OPTIONS
};

#define GOOD PROBLEM_NONE, ""
#define CONNECTION PROBLEM_CONNECTION
#define UNAUTHORIZED PROBLEM_UNAUTHORIZED
#define DNS PROBLEM_DNS

static const struct row {
	const char	 *what;
	enum options	  options;
	const char	 *name, *token;
	enum problem_type problem;
	const char	 *words;	/* in the detail */
} rows[] = {
	{ "right body", USUAL, "a.test", "right", GOOD },
	{ "Host without port, User-Agent", USUAL, "a.test", "head", GOOD },
	{ "IP identifier", USUAL, "127.0.0.1", "right", GOOD },
	{ "CNAME to the host", USUAL, "alias.test", "right", GOOD },
	{ "home.arpa is asked for", USUAL, "host.home.arpa", "right", GOOD },
	{ "white space behind", USUAL, "a.test", "space", GOOD },
	{ "V-10 white space before", USUAL, "a.test", "leading", UNAUTHORIZED, "not the key" },
	{ "V-10 a character more", USUAL, "a.test", "more", UNAUTHORIZED, "not the key" },
	{ "V-9 body escaped", USUAL, "a.test", "wrong", UNAUTHORIZED,
	  "but \"<html>secret?\?</html>\"" },
	{ "V-9 no body told in private mode", LAN, "a.test", "wrong", UNAUTHORIZED,
	  "(21 octets) is not the key" },
	{ "V-9 empty body", USUAL, "a.test", "empty", UNAUTHORIZED, "not the key" },
	{ "V-9 128 octets", USUAL, "a.test", "fit128", GOOD },
	{ "V-9 129 octets", USUAL, "a.test", "long129", UNAUTHORIZED, "longer than 128" },
	{ "V-9 endless body", USUAL, "a.test", "endless", UNAUTHORIZED, "longer than 128" },
	{ "V-9 endless chunks", USUAL, "a.test", "chunks", UNAUTHORIZED, "longer than 128" },
	{ "V-9 gzip is not unpacked", USUAL, "a.test", "gzip", UNAUTHORIZED, "but \"???\"" },
	{ "V-9 endless chunk extension", USUAL, "a.test", "chunksize", CONNECTION, "kB" },
	{ "V-9 endless chunk size", USUAL, "a.test", "zeros", CONNECTION, "" },
	{ "V-9 endless trailers", USUAL, "a.test", "trailers", CONNECTION, "kB" },
	{ "V-9 endless body of a redirect", USUAL, "a.test", "redirectbody", GOOD },
	{ "a chunk", USUAL, "a.test", "chunked", GOOD },
	{ "less than Content-Length", USUAL, "a.test", "short", CONNECTION, "Fetching http://" },
	{ "V-5 103 first", USUAL, "a.test", "early", GOOD },
	{ "V-5 100 for ever", USUAL, "a.test", "continue", CONNECTION, "longer than 16 kB" },
	{ "HTTP/0.9", USUAL, "a.test", "http09", CONNECTION, "HTTP/0.9" },
	{ "not HTTP", USUAL, "a.test", "garbage", CONNECTION, "HTTP/0.9" },
	{ "V-5 101", USUAL, "a.test", "status101", UNAUTHORIZED, "status 101" },
	{ "V-5 305", USUAL, "a.test", "status305", UNAUTHORIZED, "status 305" },
	{ "V-5 306", USUAL, "a.test", "status306", UNAUTHORIZED, "status 306" },
	{ "V-5 204", USUAL, "a.test", "status204", UNAUTHORIZED, "status 204" },
	{ "V-5 206", USUAL, "a.test", "status206", UNAUTHORIZED, "status 206" },
	{ "V-5 300", USUAL, "a.test", "status300", UNAUTHORIZED, "status 300" },
	{ "V-5 303", USUAL, "a.test", "status303", UNAUTHORIZED, "status 303" },
	{ "V-5 304", USUAL, "a.test", "status304", UNAUTHORIZED, "status 304" },
	{ "V-5 401", USUAL, "a.test", "status401", UNAUTHORIZED, "status 401" },
	{ "V-5 404", USUAL, "a.test", "status404", UNAUTHORIZED,
	  "127.0.0.1 answers with status 404" },
	{ "V-5 500", USUAL, "a.test", "status500", UNAUTHORIZED, "status 500" },
	{ "301", USUAL, "a.test", "status301", GOOD },
	{ "302 with a body", USUAL, "a.test", "status302", GOOD },
	{ "307", USUAL, "a.test", "status307", GOOD },
	{ "308", USUAL, "a.test", "status308", GOOD },
	{ "V-12 no byte", QUICK, "a.test", "nobytes", CONNECTION, "timeout" },
	{ "V-12 a byte now and then", QUICK, "a.test", "drip", CONNECTION, "timeout" },
	{ "V-12 a head now and then", QUICK, "a.test", "headdrip", CONNECTION, "timeout" },
	{ "V-12 endless headers", USUAL, "a.test", "headers", CONNECTION, "longer than 16 kB" },
	{ "V-12 endless header", USUAL, "a.test", "header", CONNECTION, "longer than 16 kB" },
	{ "V-4 10 redirects", USUAL, "a.test", "redirect10", GOOD },
	{ "V-4 11 redirects", USUAL, "a.test", "redirect11", UNAUTHORIZED,
	  "more than 10 redirects" },
	{ "V-4 12 redirects", USUAL, "a.test", "redirect12", UNAUTHORIZED,
	  "more than 10 redirects" },
	{ "V-4 to itself", USUAL, "a.test", "self", UNAUTHORIZED, "redirect loop" },
	{ "V-4 with changing query", USUAL, "a.test", "query", UNAUTHORIZED,
	  "more than 10 redirects" },
	{ "V-3 no Location", USUAL, "a.test", "nowhere", CONNECTION, "0 Location" },
	{ "V-3 two Locations", USUAL, "a.test", "twofold", CONNECTION, "2 Location" },
	{ "V-3 control character", USUAL, "a.test", "control", CONNECTION, "redirect to" },
	{ "V-3 path of 3 kB", USUAL, "a.test", "path", CONNECTION, "3001 octets" },
	{ "V-3 empty Location", USUAL, "a.test", "to-empty", CONNECTION, "Location" },
	{ "V-3 relative", USUAL, "a.test", "to-relative", GOOD },
	{ "V-3 //host", USUAL, "a.test", "to-slashes", GOOD },
	{ "V-3 upper case", USUAL, "a.test", "to-upper", GOOD },
	{ "V-3 fragment", USUAL, "a.test", "to-fragment", GOOD },
	{ "V-3 port 80", USUAL, "a.test", "to-port", GOOD },
	{ "V-13 https, expired certificate", USUAL, "a.test", "to-tls", GOOD },
	{ "V-3 HTTPS in upper case", USUAL, "a.test", "to-tlsupper", GOOD },
	{ "V-3 CRLF in the host", USUAL, "a.test", "to-lines", CONNECTION, "redirect" },
	{ "V-3 CRLF in the path stays as it is", USUAL, "a.test", "to-lines2", UNAUTHORIZED,
	  "\"to-lines2%0d%0aX:1." },
	{ "V-3 port 443", USUAL, "a.test", "to-tlsport", GOOD },
	{ "V-13 TLS 1.1", USUAL, "a.test", "to-old", PROBLEM_TLS, "https://old.test/" },
	{ "V-13 no TLS at all", USUAL, "a.test", "to-plain", PROBLEM_TLS, "wrong version" },
	{ "V-13 handshake stalls", QUICK, "a.test", "to-stall", CONNECTION, "timeout" },
	{ "V-2 to a good address", USUAL, "a.test", "to-address", GOOD },
	{ "V-2 to a loopback address", USUAL, "a.test", "to-loopback", CONNECTION,
	  "127.0.0.2 is a loopback address; name it in validation.allow_addresses" },
	{ "V-2 to [::1]", USUAL, "a.test", "to-six", CONNECTION, "::1 is a loopback" },
	{ "V-2 hexadecimal", USUAL, "a.test", "to-hex", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 decimal", USUAL, "a.test", "to-decimal", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 octal", USUAL, "a.test", "to-octal", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 shortened", USUAL, "a.test", "to-short", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 mapped", USUAL, "a.test", "to-mapped", CONNECTION, "is an IPv4-mapped" },
	{ "V-2 zone", USUAL, "a.test", "to-zone", CONNECTION, "zone" },
	{ "V-2 to a private name", USUAL, "a.test", "to-private", CONNECTION,
	  "10.0.0.1 is a private network address" },
	{ "V-2 metadata", LAN, "a.test", "to-metadata", CONNECTION, "is a link-local" },
	{ "V-3 port 22", USUAL, "a.test", "to-22", CONNECTION, "port 22" },
	{ "V-3 port 8080", USUAL, "a.test", "to-8080", CONNECTION, "port 8080" },
	{ "V-3 port 0", USUAL, "a.test", "to-0", CONNECTION, "redirect to" },
	{ "V-3 port 65536", USUAL, "a.test", "to-65536", CONNECTION, "redirect to" },
	{ "V-3 ftp", USUAL, "a.test", "to-ftp", CONNECTION, "scheme \"ftp\"" },
	{ "V-3 file", USUAL, "a.test", "to-file", CONNECTION, "scheme \"file\"" },
	{ "V-3 gopher", USUAL, "a.test", "to-gopher", CONNECTION, "scheme \"gopher\"" },
	{ "V-3 javascript", USUAL, "a.test", "to-script", CONNECTION, "" },
	{ "V-3 user", USUAL, "a.test", "to-user", CONNECTION, "user name" },
	{ "V-3 password", USUAL, "a.test", "to-password", CONNECTION, "user name" },
	{ "slash forgotten", USUAL, "a.test", "to-wellknown", CONNECTION, "slash missing" },
	{ "V-3 underscore", USUAL, "a.test", "to-underscore", CONNECTION, "not a name" },
	{ "V-3 no host", USUAL, "a.test", "to-nohost", CONNECTION, "redirect" },
	{ "DNS silent about a redirect", QUICK, "a.test", "to-silent", DNS, "timeout" },
	{ "V-6 the name is rebound", USUAL, "rebind.test", "to-rebind", CONNECTION,
	  "127.0.0.2 is a loopback address" },
	{ "V-7 forbidden ones dropped", USUAL, "mixed.test", "right", GOOD },
	{ "V-1 loopback", USUAL, "loopback.test", "right", CONNECTION, "127.0.0.2 is a" },
	{ "V-1 loopback, private mode", LAN, "loopback.test", "right", CONNECTION,
	  "127.0.0.2 is a" },
	{ "V-1 private", USUAL, "private.test", "right", CONNECTION, "10.0.0.1 is a private" },
	{ "V-1 mapped", USUAL, "mapped.test", "right", CONNECTION, "is an IPv4-mapped" },
	{ "V-1 compatible", USUAL, "compatible.test", "right", CONNECTION, "IPv4-compatible" },
	{ "V-1 NAT64", USUAL, "nat64.test", "right", CONNECTION, "is a NAT64" },
	{ "V-1 6to4", USUAL, "sixtofour.test", "right", CONNECTION, "is a 6to4" },
	{ "V-1 0.0.0.0", USUAL, "zero.test", "right", CONNECTION, "0.0.0.0 is a" },
	{ "V-1 IP identifier", USUAL, "127.0.0.2", "right", CONNECTION, "127.0.0.2 is a" },
	{ "V-1 IPv6 identifier", USUAL, "::1", "right", CONNECTION,
	  "http://[::1]/.well-known/acme-challenge/right: ::1 is a loopback" },
	{ "IPv6 refuses, IPv4 works", SIX, "both.test", "right", GOOD },
	{ "one IPv4 address refuses", SIX, "two.test", "right", GOOD },
	{ "a third address is not tried", SIX, "three.test", "right", CONNECTION, "127.0.0.3" },
	{ "not after HTTP has failed", SIX, "two.test", "status404", UNAUTHORIZED, "404" },
	{ "refused", CLOSED, "a.test", "right", CONNECTION,
	  "Fetching http://a.test/.well-known/acme-challenge/right: 127.0.0.1 port " },
	{ "why refused", CLOSED, "a.test", "right", CONNECTION, "connection refused" },
	{ "V-18 no such name", USUAL, "nothing.test", "right", DNS,
	  "nothing.test has no address: no A and no AAAA record (NXDOMAIN)" },
	{ "V-18 no address", USUAL, "empty.test", "right", DNS, "has no address" },
	{ "V-18 SERVFAIL", USUAL, "servfail.test", "right", DNS, "SERVFAIL" },
	{ "V-18 SERVFAIL, then good", USUAL, "twice.test", "right", GOOD },
	{ "V-18 REFUSED", USUAL, "refused.test", "right", DNS, "DNS answers" },
	{ "V-18 silence", QUICK, "silent.test", "right", DNS, "timeout" },
	{ "V-16 CNAME loop", USUAL, "loop1.test", "right", DNS, "loop1.test" },
	{ "hosts file", HOSTS, "hosted.test", "right", GOOD },
	{ "hosts file before DNS", HOSTS, "nothing.test", "right", GOOD },
	{ "hosts file, not in it", HOSTS, "a.test", "right", GOOD },
	{ "hosts file is judged", HOSTS, "forbidden.test", "right", CONNECTION, "127.0.0.2 is" },
	{ "name not in another's hosts", USUAL, "hosted.test", "right", DNS, "hosted.test" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- running them ---------------------------------------------------------------------- */

struct attempted {
	const struct row	*row;
	struct validation	 v;
	unsigned		 woken, dials;	/* in its record */
};

static struct attempted attempted[ROWS];
static struct va *vas[OPTIONS];
static struct loop *loops[LOOPS];
static struct fake_dns *dns;
static struct fake_web *web, *tls, *forbidden;
static uint16_t closed_port;
static char hosts_file[64];
static sem_t finished;

static void
question(struct validation *v, struct flow *f, const char *name, const char *token)
{
	struct problem p = { 0 };
	bool address = name[strspn(name, "0123456789.:")] == '\0';

	if (!(address ? ident_parse_ip : ident_parse_dns)(&v->ident, f->arena, name,
							  strlen(name), &p))
		printf("# %s\n", p.detail);
	v->token = token;
	v->key_auth = arena_printf(f->arena, "%s%s", token, THUMB);
	v->waiter = f;
	v->ticket = flow_arm(f);
}

static enum flow_next
case_ask(struct flow *f)
{
	struct attempted *c = f->data;

	c->v.va = vas[c->row->options];
	c->v.method = VA_HTTP_01;
	question(&c->v, f, c->row->name, c->row->token);
	va_validate(&c->v);
	return FLOW_WAIT;
}

static enum flow_next
case_answer(struct flow *f)
{
	struct attempted *c = f->data;

	const char *dial = c->v.record;

	c->woken += c->v.flow == NULL;
	for (; (dial = strstr(dial, "\"port\":")) != NULL; dial++)
		c->dials++;
	sem_post(&finished);
	return FLOW_NEXT;
}

static const struct flow_step case_steps[] = {
	{ ON_LOOP, STEP(case_ask) },
	{ ON_LOOP, STEP(case_answer) },
	{ 0 }
};

static void
cases_start(void *arg)
{
	struct loop *l = arg;

	for (size_t i = l->number; i < ROWS; i += LOOPS)
		flow_start(flow_new(l, case_steps, &attempted[i]));
}

static void
test_cases(void)
{
	unsigned dialled = fake_web_clients(forbidden);

	for (size_t i = 0; i < ROWS; i++)
		attempted[i].row = &rows[i];
	for (unsigned i = 0; i < LOOPS; i++)
		loop_start(loops[i]);
	for (unsigned i = 0; i < LOOPS; i++)
		loop_call(loops[i], cases_start, loops[i]);
	for (size_t i = 0; i < ROWS; i++)
		sem_wait(&finished);
	for (unsigned i = 0; i < LOOPS; i++)
		loop_stop(loops[i]);
	for (unsigned i = 0; i < LOOPS; i++)
		loop_join(loops[i]);
	for (size_t i = 0; i < ROWS; i++) {
		const struct attempted *c = &attempted[i];
		const struct problem *p = &c->v.problem;

		if (!ok(p->type == c->row->problem &&
			strstr(p->detail, c->row->words) != NULL && c->woken == 1,
			"%s: %s", rows[i].what, rows[i].name) || p->type != PROBLEM_NONE)
			printf("# %s: %s (%d ms)\n", problem_name(p->type), p->detail,
			       (int)c->v.took_ms);
	}
	ok(fake_web_clients(forbidden) == dialled, "V-1 nobody has dialled 127.0.0.2");
}

static const struct attempted *
case_of(const char *name, const char *token)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].token, token) == 0)
			return &attempted[i];
	abort();
}

static void
test_records(void)
{
	is(case_of("a.test", "right")->v.address, "127.0.0.1", "address dialled");
	is(case_of("both.test", "right")->v.address, "127.0.0.1", "address of the fallback");
	is(case_of("nothing.test", "right")->v.address, "", "no address was dialled");
	ok(case_of("a.test", "redirect10")->v.redirects == 10, "ten redirects counted");
	ok(case_of("a.test", "redirect10")->dials == 11, "and eleven dials in its record");
	ok(case_of("three.test", "right")->dials == 2, "two dials in the record of two addresses");
	ok(case_of("loopback.test", "right")->dials == 0, "no dial in that of a forbidden one");
	ok(case_of("a.test", "drip")->v.took_ms >= 400 &&
	   case_of("a.test", "drip")->v.took_ms < 10000, "V-12 time limit kept");
}

static void
serve_nobody(struct fake_client *c, const char *head)
{
	(void)c, (void)head;
}


static void
write_hosts(const char *text)
{
	FILE *f = fopen(hosts_file, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

/* --- the stage ---------------------------------------------------------------------------- */

/* The web server also wants the same port on 127.0.0.2, where nobody may come. */
static void
web_open(void)
{
	struct fake_web *w;

	web = fake_web_start("127.0.0.1", 0, false, wrong_web_serve);
	tls = fake_web_start("127.0.0.1", 0, true, wrong_web_serve);
	forbidden = fake_web_start("127.0.0.2", fake_web_port(web), false, serve_nobody);
	w = fake_web_start("127.0.0.1", 0, false, serve_nobody);
	closed_port = fake_web_port(w);
	fake_web_stop(w);
}

static struct va_options
usual(const char *const *resolvers)
{
	static const char *const allow[] = { "127.0.0.1", NULL };

	return (struct va_options){ .http_port = fake_web_port(web),
				    .https_port = fake_web_port(tls), .resolvers = resolvers,
				    .allow_addresses = allow, .timeout_ms = 4000,
				    .agent = "agent/1" };
}

static void
vas_open(const struct va_options *o)
{
	static const char *const six[] = { "127.0.0.1", "127.0.0.3", "::1", NULL };
	struct problem p = { 0 };

	for (int i = 0; i < OPTIONS; i++) {
		struct va_options mine = *o;

		if (i == SIX)
			mine.allow_addresses = six;
		if (i == LAN)
			mine.private_mode = true;
		if (i == QUICK)
			mine.timeout_ms = 800;
		if (i == CLOSED)
			mine.http_port = closed_port;
		if (i == HOSTS || i == SIX)
			mine.hosts_file = hosts_file;
		vas[i] = va_open(&mine, &p);
		if (vas[i] == NULL)
			printf("# %s\n", p.detail);
	}
}

static void
stage_open(const struct va_options *o)
{
	struct problem p = { 0 };

	write_hosts("# for tests\n\n127.0.0.1\thosted.test OTHER.test # and more\n"
		    "127.0.0.1 nothing.test.\n127.0.0.2 forbidden.test\n::1\n"
		    "127.0.0.3 two.test\n127.0.0.1 two.test\n127.0.0.3 three.test\n"
		    "127.0.0.1 three.test\n::1 three.test\n");
	vas_open(o);
	for (unsigned i = 0; i < LOOPS; i++) {
		loops[i] = loop_new(i);
		ok(va_attach(loops[i], vas[USUAL], &p), "attached %s", p.detail);
	}
	sem_init(&finished, 0, 0);
}

static void
stage_close(void)
{
	for (unsigned i = 0; i < LOOPS; i++)
		loop_free(loops[i]);
	for (int i = 0; i < OPTIONS; i++)
		va_release(vas[i]);
	fake_web_stop(web);
	fake_web_stop(tls);
	fake_web_stop(forbidden);
	fake_dns_stop(dns);
	unlink(hosts_file);
}

int
main(void)
{
	const char *dir = getenv("TMPDIR");
	char resolver[32];
	const char *const resolvers[] = { resolver, NULL };
	struct va_options o;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	log_set(getenv("VERBOSE") != NULL ? LOG_INFO : LOG_ERROR);
	snprintf(hosts_file, sizeof(hosts_file), "%.40s/brevet-hosts-XXXXXX",
		 dir != NULL ? dir : "/tmp");
	if ((fd = mkstemp(hosts_file)) < 0 || close(fd) != 0)
		abort();
	dns = fake_dns_start(records);
	web_open();
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%u", fake_dns_port(dns));
	o = usual(resolvers);
	stage_open(&o);
	test_cases();
	test_records();
	stage_close();
	return tap_done();
}

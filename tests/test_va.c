/* SPDX-License-Identifier: Apache-2.0 */
/* test_va.c - whole validations against a web server and a DNS server on loopback.
 *
 * All cases run side by side on two loops.  A case's token says how the web server
 * behaves, its name what DNS says. */
#include <arpa/nameser.h>
#include <openssl/evp.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"
#include "tests/fake_dns.h"
#include "tests/fake_web.h"
#include "tests/tap.h"
#include "va/resolve.h"
#include "va/va.h"

#define THUMB  ".0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
#define LOOPS  2
#define MANY   100

/* --- DNS ------------------------------------------------------------------------------- */

static char value[64];		/* what dns-01 wants for the token "dns" */
static char split[80], upper[80], quoted[80], spaced[80];

#define ACME "_acme-challenge."

static struct fake_record records[600] = {
	{ "a.test", ns_t_a, "127.0.0.1" },
	{ "b.test", ns_t_a, "127.0.0.1" },
	{ "tls.test", ns_t_a, "127.0.0.1" },
	{ "old.test", ns_t_a, "127.0.0.1" },
	{ "plain.test", ns_t_a, "127.0.0.1" },
	{ "stall.test", ns_t_a, "127.0.0.1" },
	{ "both.test", ns_t_a, "127.0.0.1" },
	{ "both.test", ns_t_aaaa, "::1" },
	{ "two.test", ns_t_a, "127.0.0.3" },
	{ "two.test", ns_t_a, "127.0.0.1" },
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
	{ ACME "a.test", ns_t_txt, value },
	{ ACME "wrong.test", ns_t_txt, "wrong \"value\"" },
	{ ACME "three.test", ns_t_txt, "one" },
	{ ACME "three.test", ns_t_txt, "two" },
	{ ACME "three.test", ns_t_txt, "three" },
	{ ACME "last.test", ns_t_txt, "one" },
	{ ACME "last.test", ns_t_txt, value },
	{ ACME "split.test", ns_t_txt, split },
	{ ACME "upper.test", ns_t_txt, upper },
	{ ACME "quoted.test", ns_t_txt, quoted },
	{ ACME "spaced.test", ns_t_txt, spaced },
	{ ACME "alias.test", ns_t_cname, ACME "alias2.test" },
	{ ACME "alias2.test", ns_t_cname, ACME "a.test" },
	{ ACME "loop.test", ns_t_cname, ACME "loop2.test" },
	{ ACME "loop2.test", ns_t_cname, ACME "loop.test" },
	{ ACME "nodata.test", ns_t_a, "127.0.0.1" },
	{ ACME "servfail.test", 0, "SERVFAIL" },
	{ ACME "twice.test", 0, "SERVFAIL 2" },
	{ ACME "twice.test", ns_t_txt, value },
	{ ACME "refused.test", 0, "REFUSED" },
	{ ACME "silent.test", 0, "SILENT" },
};

static void
records_make(void)
{
	struct arena *a = arena_new();
	const char *key_auth = "dns" THUMB;
	uint8_t digest[32];
	size_t n = 0;

	EVP_Digest(key_auth, strlen(key_auth), digest, NULL, EVP_sha256(), NULL);
	snprintf(value, sizeof(value), "%s", b64_print(a, digest, sizeof(digest)));
	arena_free(a);
	snprintf(split, sizeof(split), "%.20s|%s", value, value + 20);
	snprintf(quoted, sizeof(quoted), "\"%s\"", value);
	snprintf(spaced, sizeof(spaced), "%s ", value);
	for (size_t i = 0; value[i] != '\0'; i++)
		upper[i] = (char)(value[i] >= 'a' && value[i] <= 'z' ? value[i] - 32 : value[i]);
	while (records[n].name != NULL)
		n++;
	for (size_t i = 0; i < MANY; i++)	/* too much for UDP */
		records[n + i] = (struct fake_record){ ACME "many.test", ns_t_txt,
						       i == MANY - 1 ? value : "other" };
}

/* --- the web ----------------------------------------------------------------------------- */

/* Answers as they stand; %s is the right body. */
static const struct canned {
	const char	*token, *answer;
} canned[] = {
	{ "space", "HTTP/1.1 200 OK\r\n\r\n%s \t\r\n\n" },
	{ "leading", "HTTP/1.1 200 OK\r\n\r\n %s" },
	{ "more", "HTTP/1.1 200 OK\r\n\r\n%sx" },
	{ "wrong", "HTTP/1.1 200 OK\r\n\r\n<html>secret\x01\xff</html>" },
	{ "empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
	{ "chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "33\r\n%s\r\n0\r\n\r\n" },
	{ "short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n%s" },
	{ "gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08" },
	{ "early", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n%s" },
	{ "http09", "%s" },
	{ "garbage", "SSH-2.0-OpenSSH_9.2\r\n" },
	{ "status204", "HTTP/1.1 204 No Content\r\n\r\n" },
	{ "status206", "HTTP/1.1 206 Partial\r\n\r\n%s" },
	{ "status300", "HTTP/1.1 300 M\r\nLocation: /hop/0/status300\r\n\r\n" },
	{ "status303", "HTTP/1.1 303 See\r\nLocation: /hop/0/status303\r\n\r\n" },
	{ "status304", "HTTP/1.1 304 N\r\nLocation: /hop/0/status304\r\n\r\n" },
	{ "status401", "HTTP/1.1 401 U\r\nWWW-Authenticate: Basic\r\n\r\n%s" },
	{ "status404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nlost" },
	{ "status500", "HTTP/1.1 500 Oops\r\n\r\n%s" },
	{ "status301", "HTTP/1.1 301 M\r\nLocation: /hop/0/status301\r\n\r\n" },
	{ "status302", "HTTP/1.1 302 M\r\nLocation: /hop/0/status302\r\n\r\nmuch text" },
	{ "status307", "HTTP/1.1 307 M\r\nLocation: /hop/0/status307\r\n\r\n" },
	{ "status308", "HTTP/1.1 308 M\r\nLocation: /hop/0/status308\r\n\r\n" },
	{ "nowhere", "HTTP/1.1 302 M\r\n\r\n" },
	{ "twofold", "HTTP/1.1 302 M\r\nLocation: /hop/0/twofold\r\n"
	  "Location: /hop/0/twofold\r\n\r\n" },
	{ "control", "HTTP/1.1 302 M\r\nLocation: http://a.test/\x02/hop\r\n\r\n" },
};

/* Where tokens redirect to. */
static const struct location {
	const char	*token, *location;
} locations[] = {
	{ "to-empty", "" },
	{ "to-relative", "../../hop/0/to-relative" },
	{ "to-slashes", "//b.test/hop/0/to-slashes" },
	{ "to-upper", "HTTP://B.TEST/hop/0/to-upper" },
	{ "to-fragment", "/hop/0/to-fragment#here" },
	{ "to-port", "http://b.test:80/hop/0/to-port" },
	{ "to-tls", "https://tls.test/hop/0/to-tls" },
	{ "to-tlsport", "https://tls.test:443/hop/0/to-tlsport" },
	{ "to-old", "https://old.test/hop/0/to-old" },
	{ "to-plain", "https://plain.test/hop/0/to-plain" },
	{ "to-stall", "https://stall.test/hop/0/to-stall" },
	{ "to-address", "http://127.0.0.1/hop/0/to-address" },
	{ "to-rebind", "http://rebind.test/hop/0/to-rebind" },
	{ "to-loopback", "http://127.0.0.2/" },
	{ "to-six", "http://[::1]/" },
	{ "to-hex", "http://0x7f000002/" },
	{ "to-decimal", "http://2130706434/" },
	{ "to-octal", "http://0177.0.0.2/" },
	{ "to-short", "http://127.2/" },
	{ "to-mapped", "http://[::ffff:127.0.0.1]/" },
	{ "to-zone", "http://[fe80::1%25eth0]/" },
	{ "to-private", "http://private.test/" },
	{ "to-metadata", "http://169.254.169.254/latest/meta-data/" },
	{ "to-22", "http://b.test:22/" },
	{ "to-8080", "http://b.test:8080/" },
	{ "to-0", "http://b.test:0/" },
	{ "to-65536", "http://b.test:65536/" },
	{ "to-ftp", "ftp://b.test/" },
	{ "to-file", "file:///etc/passwd" },
	{ "to-gopher", "gopher://b.test/" },
	{ "to-script", "javascript:alert(1)" },
	{ "to-user", "http://u@b.test/" },
	{ "to-password", "http://u:p@b.test/" },
	{ "to-wellknown", "http://b.test.well-known/acme" },
	{ "to-underscore", "http://a_b.test/" },
	{ "to-nohost", "http:///" },
	{ "to-silent", "http://silent.test/" },
};

static void
serve_body(struct fake_client *c, const char *body)
{
	fake_printf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
		    "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}

static void
serve_padded(struct fake_client *c, const char *body, int size)
{
	char text[256];

	snprintf(text, sizeof(text), "%-*s", size, body);
	serve_body(c, text);
}

/* A part and then another again and again, pausing that long. */
static void
serve_endless(struct fake_client *c, const char *first, const char *then, int ms)
{
	bool more = fake_printf(c, "%s", first);

	while (more && (ms == 0 || fake_pause(c, ms)))
		more = fake_printf(c, "%s", then);
}

static void
serve_redirect(struct fake_client *c, const char *location)
{
	fake_printf(c, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
		    location);
}

static void
serve_steps(struct fake_client *c, const char *token, int hop)
{
	char text[80];

	snprintf(text, sizeof(text), "/hop/%d/%s", hop - 1, token);
	serve_redirect(c, text);
}

static bool
serve_slow(struct fake_client *c, const char *token)
{
	if (strcmp(token, "endless") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\n\r\n", "0123456789", 0);
	else if (strcmp(token, "chunks") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			      "4\r\nabcd\r\n", 0);
	else if (strcmp(token, "drip") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\n\r\n", "x", 50);
	else if (strcmp(token, "nobytes") == 0)
		fake_pause(c, 10000);
	else if (strcmp(token, "headdrip") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\nX: ", "x", 50);
	else if (strcmp(token, "headers") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\n", "X-Header: 0123456789\r\n", 0);
	else if (strcmp(token, "header") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\nX: ", "0123456789", 0);
	else if (strcmp(token, "continue") == 0)
		serve_endless(c, "", "HTTP/1.1 100 Continue\r\n\r\n", 0);
	else
		return false;
	return true;
}

static bool
serve_strange(struct fake_client *c, const char *token, const char *path, const char *body)
{
	char text[3100];

	if (strcmp(token, "fit128") == 0 || strcmp(token, "long129") == 0) {
		serve_padded(c, body, atoi(token + strcspn(token, "1")));
	} else if (strcmp(token, "self") == 0) {
		serve_redirect(c, path);
	} else if (strcmp(token, "path") == 0) {
		snprintf(text, sizeof(text), "/%03000d", 0);
		serve_redirect(c, text);
	} else if (strcmp(token, "query") == 0) {
		snprintf(text, sizeof(text), "/query?%d",
			 atoi(path + strcspn(path, "0123456789")) + 1);
		serve_redirect(c, text);
	} else {
		return false;
	}
	return true;
}

static bool
serve_canned(struct fake_client *c, const char *token, const char *body)
{
	for (size_t i = 0; i < sizeof(canned) / sizeof(canned[0]); i++) {
		const char *text = canned[i].answer, *mark = strstr(text, "%s");

		if (strcmp(canned[i].token, token) != 0)
			continue;
		if (mark == NULL)
			fake_write(c, text, strlen(text));
		else
			fake_printf(c, "%.*s%s%s", (int)(mark - text), text, body, mark + 2);
		return true;
	}
	for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++)
		if (strcmp(locations[i].token, token) == 0) {
			serve_redirect(c, locations[i].location);
			return true;
		}
	return false;
}

/* The head as RFC 8555 section 8.3 wants it. */
static bool
head_right(const char *head)
{
	return strstr(head, " HTTP/1.1\r\nHost: a.test\r\n") != NULL &&
	       strstr(head, "\r\nUser-Agent: agent/1\r\n") != NULL &&
	       strstr(head, "Accept-Encoding") == NULL;
}

/* The path is /.well-known/acme-challenge/TOKEN or /hop/NUMBER/TOKEN. */
static void
serve(struct fake_client *c, const char *head)
{
	char path[2100] = "", body[200], *token;
	int hop = -1;

	if (sscanf(head, "GET %2099s", path) != 1 || (token = strrchr(path, '/')) == NULL)
		return;
	token += 1;
	if (strncmp(path, "/hop/", 5) == 0)
		hop = atoi(path + 5);
	snprintf(body, sizeof(body), "%.80s%s", token, THUMB);
	if (hop == 0 || strcmp(token, "right") == 0)
		serve_body(c, body);
	else if (strcmp(token, "head") == 0)
		serve_body(c, head_right(head) ? body : "bad head");
	else if (strncmp(token, "redirect", 8) == 0)
		serve_steps(c, token, hop < 0 ? atoi(token + 8) : hop);
	else if (strncmp(token, "query", 5) == 0)
		serve_strange(c, "query", path, body);
	else if (!serve_canned(c, token, body) && !serve_slow(c, token) &&
		 !serve_strange(c, token, path, body))
		fake_printf(c, "HTTP/1.1 404 Not Found\r\n\r\n");
}

static void
serve_nobody(struct fake_client *c, const char *head)
{
	(void)c, (void)head;
}

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

#define H VA_HTTP_01
#define D VA_DNS_01
#define GOOD PROBLEM_NONE, ""
#define CONNECTION PROBLEM_CONNECTION
#define UNAUTHORIZED PROBLEM_UNAUTHORIZED
#define DNS PROBLEM_DNS

static const struct row {
	const char	 *what;
	enum options	  options;
	enum va_method	  method;
	const char	 *name, *token;
	enum problem_type problem;
	const char	 *words;	/* in the detail */
} rows[] = {
	{ "right body", USUAL, H, "a.test", "right", GOOD },
	{ "Host without port, User-Agent", USUAL, H, "a.test", "head", GOOD },
	{ "IP identifier", USUAL, H, "127.0.0.1", "right", GOOD },
	{ "CNAME to the host", USUAL, H, "alias.test", "right", GOOD },
	{ "home.arpa is asked for", USUAL, H, "host.home.arpa", "right", GOOD },
	{ "white space behind", USUAL, H, "a.test", "space", GOOD },
	{ "V-10 white space before", USUAL, H, "a.test", "leading", UNAUTHORIZED, "not the key" },
	{ "V-10 a character more", USUAL, H, "a.test", "more", UNAUTHORIZED, "not the key" },
	{ "V-9 body escaped", USUAL, H, "a.test", "wrong", UNAUTHORIZED,
	  "but \"<html>secret?\?</html>\"" },
	{ "V-9 no body told in private mode", LAN, H, "a.test", "wrong", UNAUTHORIZED,
	  "(21 octets) is not the key" },
	{ "V-9 empty body", USUAL, H, "a.test", "empty", UNAUTHORIZED, "not the key" },
	{ "V-9 128 octets", USUAL, H, "a.test", "fit128", GOOD },
	{ "V-9 129 octets", USUAL, H, "a.test", "long129", UNAUTHORIZED, "longer than 128" },
	{ "V-9 endless body", USUAL, H, "a.test", "endless", UNAUTHORIZED, "longer than 128" },
	{ "V-9 endless chunks", USUAL, H, "a.test", "chunks", UNAUTHORIZED, "longer than 128" },
	{ "V-9 gzip is not unpacked", USUAL, H, "a.test", "gzip", UNAUTHORIZED, "but \"???\"" },
	{ "a chunk", USUAL, H, "a.test", "chunked", GOOD },
	{ "less than Content-Length", USUAL, H, "a.test", "short", CONNECTION, "Fetching http://" },
	{ "V-5 103 first", USUAL, H, "a.test", "early", GOOD },
	{ "V-5 100 for ever", USUAL, H, "a.test", "continue", CONNECTION, "longer than 16 kB" },
	{ "HTTP/0.9", USUAL, H, "a.test", "http09", CONNECTION, "HTTP/0.9" },
	{ "not HTTP", USUAL, H, "a.test", "garbage", CONNECTION, "HTTP/0.9" },
	{ "V-5 204", USUAL, H, "a.test", "status204", UNAUTHORIZED, "status 204" },
	{ "V-5 206", USUAL, H, "a.test", "status206", UNAUTHORIZED, "status 206" },
	{ "V-5 300", USUAL, H, "a.test", "status300", UNAUTHORIZED, "status 300" },
	{ "V-5 303", USUAL, H, "a.test", "status303", UNAUTHORIZED, "status 303" },
	{ "V-5 304", USUAL, H, "a.test", "status304", UNAUTHORIZED, "status 304" },
	{ "V-5 401", USUAL, H, "a.test", "status401", UNAUTHORIZED, "status 401" },
	{ "V-5 404", USUAL, H, "a.test", "status404", UNAUTHORIZED,
	  "127.0.0.1 answers with status 404" },
	{ "V-5 500", USUAL, H, "a.test", "status500", UNAUTHORIZED, "status 500" },
	{ "301", USUAL, H, "a.test", "status301", GOOD },
	{ "302 with a body", USUAL, H, "a.test", "status302", GOOD },
	{ "307", USUAL, H, "a.test", "status307", GOOD },
	{ "308", USUAL, H, "a.test", "status308", GOOD },
	{ "V-12 no byte", QUICK, H, "a.test", "nobytes", CONNECTION, "timeout" },
	{ "V-12 a byte now and then", QUICK, H, "a.test", "drip", CONNECTION, "timeout" },
	{ "V-12 a head now and then", QUICK, H, "a.test", "headdrip", CONNECTION, "timeout" },
	{ "V-12 endless headers", USUAL, H, "a.test", "headers", CONNECTION, "longer than 16 kB" },
	{ "V-12 endless header", USUAL, H, "a.test", "header", CONNECTION, "longer than 16 kB" },
	{ "V-4 10 redirects", USUAL, H, "a.test", "redirect10", GOOD },
	{ "V-4 11 redirects", USUAL, H, "a.test", "redirect11", UNAUTHORIZED,
	  "more than 10 redirects" },
	{ "V-4 12 redirects", USUAL, H, "a.test", "redirect12", UNAUTHORIZED,
	  "more than 10 redirects" },
	{ "V-4 to itself", USUAL, H, "a.test", "self", UNAUTHORIZED, "redirect loop" },
	{ "V-4 with changing query", USUAL, H, "a.test", "query", UNAUTHORIZED,
	  "more than 10 redirects" },
	{ "V-3 no Location", USUAL, H, "a.test", "nowhere", CONNECTION, "0 Location" },
	{ "V-3 two Locations", USUAL, H, "a.test", "twofold", CONNECTION, "2 Location" },
	{ "V-3 control character", USUAL, H, "a.test", "control", CONNECTION, "redirect to" },
	{ "V-3 path of 3 kB", USUAL, H, "a.test", "path", CONNECTION, "3001 octets" },
	{ "V-3 empty Location", USUAL, H, "a.test", "to-empty", CONNECTION, "Location" },
	{ "V-3 relative", USUAL, H, "a.test", "to-relative", GOOD },
	{ "V-3 //host", USUAL, H, "a.test", "to-slashes", GOOD },
	{ "V-3 upper case", USUAL, H, "a.test", "to-upper", GOOD },
	{ "V-3 fragment", USUAL, H, "a.test", "to-fragment", GOOD },
	{ "V-3 port 80", USUAL, H, "a.test", "to-port", GOOD },
	{ "V-13 https, expired certificate", USUAL, H, "a.test", "to-tls", GOOD },
	{ "V-3 port 443", USUAL, H, "a.test", "to-tlsport", GOOD },
	{ "V-13 TLS 1.1", USUAL, H, "a.test", "to-old", PROBLEM_TLS, "https://old.test/" },
	{ "V-13 no TLS at all", USUAL, H, "a.test", "to-plain", PROBLEM_TLS, "wrong version" },
	{ "V-13 handshake stalls", QUICK, H, "a.test", "to-stall", CONNECTION, "timeout" },
	{ "V-2 to a good address", USUAL, H, "a.test", "to-address", GOOD },
	{ "V-2 to a loopback address", USUAL, H, "a.test", "to-loopback", CONNECTION,
	  "127.0.0.2 is a loopback address; name it in validation.allow_addresses" },
	{ "V-2 to [::1]", USUAL, H, "a.test", "to-six", CONNECTION, "::1 is a loopback" },
	{ "V-2 hexadecimal", USUAL, H, "a.test", "to-hex", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 decimal", USUAL, H, "a.test", "to-decimal", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 octal", USUAL, H, "a.test", "to-octal", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 shortened", USUAL, H, "a.test", "to-short", CONNECTION, "127.0.0.2 is a" },
	{ "V-2 mapped", USUAL, H, "a.test", "to-mapped", CONNECTION, "is an IPv4-mapped" },
	{ "V-2 zone", USUAL, H, "a.test", "to-zone", CONNECTION, "zone" },
	{ "V-2 to a private name", USUAL, H, "a.test", "to-private", CONNECTION,
	  "10.0.0.1 is a private network address" },
	{ "V-2 metadata", LAN, H, "a.test", "to-metadata", CONNECTION, "is a link-local" },
	{ "V-3 port 22", USUAL, H, "a.test", "to-22", CONNECTION, "port 22" },
	{ "V-3 port 8080", USUAL, H, "a.test", "to-8080", CONNECTION, "port 8080" },
	{ "V-3 port 0", USUAL, H, "a.test", "to-0", CONNECTION, "redirect to" },
	{ "V-3 port 65536", USUAL, H, "a.test", "to-65536", CONNECTION, "redirect to" },
	{ "V-3 ftp", USUAL, H, "a.test", "to-ftp", CONNECTION, "scheme \"ftp\"" },
	{ "V-3 file", USUAL, H, "a.test", "to-file", CONNECTION, "scheme \"file\"" },
	{ "V-3 gopher", USUAL, H, "a.test", "to-gopher", CONNECTION, "scheme \"gopher\"" },
	{ "V-3 javascript", USUAL, H, "a.test", "to-script", CONNECTION, "" },
	{ "V-3 user", USUAL, H, "a.test", "to-user", CONNECTION, "user name" },
	{ "V-3 password", USUAL, H, "a.test", "to-password", CONNECTION, "user name" },
	{ "slash forgotten", USUAL, H, "a.test", "to-wellknown", CONNECTION, "slash missing" },
	{ "V-3 underscore", USUAL, H, "a.test", "to-underscore", CONNECTION, "not a name" },
	{ "V-3 no host", USUAL, H, "a.test", "to-nohost", CONNECTION, "redirect" },
	{ "DNS silent about a redirect", QUICK, H, "a.test", "to-silent", DNS, "timeout" },
	{ "V-6 the name is rebound", USUAL, H, "rebind.test", "to-rebind", CONNECTION,
	  "127.0.0.2 is a loopback address" },
	{ "V-7 forbidden ones dropped", USUAL, H, "mixed.test", "right", GOOD },
	{ "V-1 loopback", USUAL, H, "loopback.test", "right", CONNECTION, "127.0.0.2 is a" },
	{ "V-1 loopback, private mode", LAN, H, "loopback.test", "right", CONNECTION,
	  "127.0.0.2 is a" },
	{ "V-1 private", USUAL, H, "private.test", "right", CONNECTION, "10.0.0.1 is a private" },
	{ "V-1 mapped", USUAL, H, "mapped.test", "right", CONNECTION, "is an IPv4-mapped" },
	{ "V-1 compatible", USUAL, H, "compatible.test", "right", CONNECTION, "IPv4-compatible" },
	{ "V-1 NAT64", USUAL, H, "nat64.test", "right", CONNECTION, "is a NAT64" },
	{ "V-1 6to4", USUAL, H, "sixtofour.test", "right", CONNECTION, "is a 6to4" },
	{ "V-1 0.0.0.0", USUAL, H, "zero.test", "right", CONNECTION, "0.0.0.0 is a" },
	{ "V-1 IP identifier", USUAL, H, "127.0.0.2", "right", CONNECTION, "127.0.0.2 is a" },
	{ "V-1 IPv6 identifier", USUAL, H, "::1", "right", CONNECTION,
	  "http://[::1]/.well-known/acme-challenge/right: ::1 is a loopback" },
	{ "IPv6 refuses, IPv4 works", SIX, H, "both.test", "right", GOOD },
	{ "one IPv4 address refuses", SIX, H, "two.test", "right", GOOD },
	{ "a third address is not tried", SIX, H, "three.test", "right", CONNECTION, "127.0.0.3" },
	{ "not after HTTP has failed", SIX, H, "two.test", "status404", UNAUTHORIZED, "404" },
	{ "refused", CLOSED, H, "a.test", "right", CONNECTION,
	  "Fetching http://a.test/.well-known/acme-challenge/right: 127.0.0.1 port " },
	{ "why refused", CLOSED, H, "a.test", "right", CONNECTION, "connection refused" },
	{ "V-18 no such name", USUAL, H, "nothing.test", "right", DNS,
	  "nothing.test has no address: no A and no AAAA record (NXDOMAIN)" },
	{ "V-18 no address", USUAL, H, "empty.test", "right", DNS, "has no address" },
	{ "V-18 SERVFAIL", USUAL, H, "servfail.test", "right", DNS, "SERVFAIL" },
	{ "V-18 SERVFAIL, then good", USUAL, H, "twice.test", "right", GOOD },
	{ "V-18 REFUSED", USUAL, H, "refused.test", "right", DNS, "DNS answers" },
	{ "V-18 silence", QUICK, H, "silent.test", "right", DNS, "timeout" },
	{ "V-16 CNAME loop", USUAL, H, "loop1.test", "right", DNS, "loop1.test" },
	{ "hosts file", HOSTS, H, "hosted.test", "right", GOOD },
	{ "hosts file before DNS", HOSTS, H, "nothing.test", "right", GOOD },
	{ "hosts file, not in it", HOSTS, H, "a.test", "right", GOOD },
	{ "hosts file is judged", HOSTS, H, "forbidden.test", "right", CONNECTION, "127.0.0.2 is" },
	{ "name not in another's hosts", USUAL, H, "hosted.test", "right", DNS, "hosted.test" },
	{ "right record", USUAL, D, "a.test", "dns", GOOD },
	{ "wildcard", USUAL, D, "*.a.test", "dns", GOOD },
	{ "no such name", USUAL, D, "nothing.test", "dns", DNS,
	  "no TXT record at _acme-challenge.nothing.test (NXDOMAIN)" },
	{ "no TXT", USUAL, D, "nodata.test", "dns", DNS, "no TXT record" },
	{ "wrong record", USUAL, D, "wrong.test", "dns", UNAUTHORIZED,
	  "_acme-challenge.wrong.test is \"wrong \"value\"\", not \"" },
	{ "V-15 none of three", USUAL, D, "three.test", "dns", UNAUTHORIZED,
	  "none of 3 TXT records" },
	{ "V-15 last of two", USUAL, D, "last.test", "dns", GOOD },
	{ "V-15 V-17 last of 100, over TCP", USUAL, D, "many.test", "dns", GOOD },
	{ "V-15 two strings", USUAL, D, "split.test", "dns", GOOD },
	{ "V-15 upper case", USUAL, D, "upper.test", "dns", UNAUTHORIZED, "" },
	{ "V-15 quoted", USUAL, D, "quoted.test", "dns", UNAUTHORIZED, "" },
	{ "V-15 trailing space", USUAL, D, "spaced.test", "dns", UNAUTHORIZED, "" },
	{ "V-16 CNAME chain", USUAL, D, "alias.test", "dns", GOOD },
	{ "V-16 CNAME loop", USUAL, D, "loop.test", "dns", DNS, "" },
	{ "V-18 SERVFAIL", USUAL, D, "servfail.test", "dns", DNS, "SERVFAIL" },
	{ "V-18 SERVFAIL, then good", USUAL, D, "twice.test", "dns", GOOD },
	{ "V-18 REFUSED", USUAL, D, "refused.test", "dns", DNS, "DNS answers" },
	{ "V-18 silence", QUICK, D, "silent.test", "dns", DNS, "timeout" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- running them ---------------------------------------------------------------------- */

struct attempted {
	const struct row	*row;
	struct validation	 v;
	unsigned		 woken;
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
	c->v.method = c->row->method;
	question(&c->v, f, c->row->name, c->row->token);
	va_validate(&c->v);
	return FLOW_WAIT;
}

static enum flow_next
case_answer(struct flow *f)
{
	struct attempted *c = f->data;

	c->woken += c->v.flow == NULL;
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
	ok(case_of("a.test", "drip")->v.took_ms >= 400 &&
	   case_of("a.test", "drip")->v.took_ms < 3000, "V-12 time limit kept");
}

/* --- given up ------------------------------------------------------------------------- */

#define GIVEN_UP 3

struct abandoned {
	struct validation	 v[GIVEN_UP];
	struct event		*timer;
	const char		*when;
};

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

/* Of three validations one waits for DNS, one for HTTP, one is already answered by the
 * resolver and lies in the lane. */
static enum flow_next
abandon_ask(struct flow *f)
{
	static const char *const names[] = { "silent.test", "a.test", "a.onion" };
	struct abandoned *b = f->data;
	unsigned ticket = flow_arm(f);

	for (unsigned i = 0; i < GIVEN_UP; i++) {
		b->v[i].va = vas[USUAL];
		b->v[i].method = VA_HTTP_01;
		question(&b->v[i], f, names[i], "nobytes");
		b->v[i].ticket = ticket;	/* an old one: wakes nobody */
		va_validate(&b->v[i]);
	}
	if (strcmp(b->when, "now") == 0)
		va_cancel(&b->v[2]);
	b->timer = loop_timer(f->loop, strcmp(b->when, "now") == 0 ? 0 : 100, abandon_now, b);
	return FLOW_WAIT;
}

static enum flow_next
abandon_check(struct flow *f)
{
	struct abandoned *b = f->data;

	for (unsigned i = 0; i < 2; i++)
		ok(b->v[i].problem.type == PROBLEM_SERVER_INTERNAL && b->v[i].flow == NULL,
		   "given up (%s): %s", b->when, b->v[i].ident.value);
	ok(strcmp(b->when, "now") == 0 ? b->v[2].problem.type == PROBLEM_SERVER_INTERNAL :
	   b->v[2].problem.type == PROBLEM_DNS, "given up (%s): %s, %s", b->when,
	   b->v[2].ident.value, b->v[2].problem.detail);
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

	for (unsigned i = 0; i < 2; i++) {
		b->v[i].va = vas[USUAL];
		b->v[i].method = VA_HTTP_01;
		question(&b->v[i], f, i == 0 ? "silent.test" : "127.0.0.1", "nobytes");
		va_validate(&b->v[i]);
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
	ok(l->flows == 2, "two validations under way");
}

/* --- DNSSEC --------------------------------------------------------------------------- */

static enum flow_next
secure_ask(struct flow *f)
{
	struct validation *v = f->data;

	question(v, f, v->token, "right");
	va_validate(v);
	return FLOW_WAIT;
}

static enum flow_next
secure_answer(struct flow *f)
{
	struct validation *v = f->data;
	bool bogus = v->ident.value[0] == 'a';

	ok(bogus ? strstr(v->problem.detail, "DNSSEC") != NULL :
	   v->problem.type == PROBLEM_NONE, "V-19 %s, %s: %s",
	   bogus ? "bogus" : "zone named insecure", v->ident.value, v->problem.detail);
	event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step secure_steps[] = {
	{ ON_LOOP, STEP(secure_ask) },
	{ ON_LOOP, STEP(secure_answer) },
	{ 0 }
};

/* The fake server signs nothing, so below the root's anchor all is bogus. */
static void
test_dnssec(struct va_options o)
{
	static const char *const insecure[] = { "b.test", NULL };
	struct problem p = { 0 };
	struct loop *l;
	struct va *va;

	o.dnssec = VA_DNSSEC_VALIDATE;
	o.insecure = insecure;
	va = va_open(&o, &p);
	if (access(RESOLVE_ANCHOR, R_OK) != 0) {
		ok(va == NULL && strstr(p.detail, "dns-root-data") != NULL, "%s", p.detail);
		tap_skip("V-19", "no " RESOLVE_ANCHOR);
		return;
	}
	l = loop_new(9);
	ok(va != NULL && va_attach(l, va, &p), "attached with DNSSEC %s", p.detail);
	for (int i = 0; i < 2; i++) {
		struct validation v = { .va = va, .method = VA_HTTP_01,
					.token = i == 0 ? "a.test" : "b.test" };

		flow_start(flow_new(l, secure_steps, &v));
		event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	}
	loop_free(l);
	va_release(va);
}

/* --- options --------------------------------------------------------------------------- */

static void
refused(const struct va_options *o, const char *words)
{
	struct problem p = { 0 };
	struct va *va = va_open(o, &p);

	ok(va == NULL && p.type == PROBLEM_SERVER_INTERNAL && strstr(p.detail, words) != NULL,
	   "refused: %s", p.detail);
	if (va != NULL)
		va_release(va);
}

static void
write_hosts(const char *text)
{
	FILE *f = fopen(hosts_file, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void
test_options(void)
{
	static const char *const resolvers[] = { "::1@53", "127.0.0.1@65536", NULL };
	static const char *const resolvers2[] = { "dns.example", NULL };
	static const char *const resolvers3[] = { "127.0.0.1@", NULL };
	static const char *const insecure[] = { "a..b", NULL };

	refused(&(struct va_options){ .resolvers = resolvers }, "validation.resolvers: \"127");
	refused(&(struct va_options){ .resolvers = resolvers2 }, "validation.resolvers: \"dns");
	refused(&(struct va_options){ .resolvers = resolvers3 }, "validation.resolvers: \"127");
	refused(&(struct va_options){ .insecure = insecure }, "validation.insecure: \"a..b\"");
	refused(&(struct va_options){ .timeout_ms = -1 }, "validation.timeout");
	refused(&(struct va_options){ .agent = "a\r\nb" }, "validation.agent");
	refused(&(struct va_options){ .hosts_file = "/nonexistent" }, "validation.hosts_file: /n");
	write_hosts("127.0.0.1 good\nbad 127.0.0.1\n");
	refused(&(struct va_options){ .hosts_file = hosts_file }, "line 2 ");
}

/* --- the stage ---------------------------------------------------------------------------- */

/* The web server also wants the same port on 127.0.0.2, where nobody may come. */
static void
web_open(void)
{
	struct fake_web *w;

	web = fake_web_start("127.0.0.1", 0, false, serve);
	tls = fake_web_start("127.0.0.1", 0, true, serve);
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
		    "127.0.0.3 three.test\n127.0.0.1 three.test\n::1 three.test\n");
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
	struct abandoned left = { .when = "at the end" };
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
	records_make();
	dns = fake_dns_start(records);
	web_open();
	snprintf(resolver, sizeof(resolver), "127.0.0.1@%u", fake_dns_port(dns));
	o = usual(resolvers);
	test_options();
	stage_open(&o);
	test_cases();
	test_records();
	test_abandon(loops[0], "later");
	test_abandon(loops[0], "drop");
	test_abandon(loops[1], "now");
	test_dnssec(o);
	test_leave(loops[1], &left);
	stage_close();
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_head.c - the scanner of request heads: a table, each head fed whole
 * and octet by octet. */
#include "server/head.h"
#include "tests/tap.h"

static const struct head_limits limits = { 16384, 65536 };

struct one {
	const char	*what, *text;
	int		 status;	/* 0: good */
	uint64_t	 length;
};

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

static const struct one cases[] = {
	{ "a GET", GET "\r\n", 0, 0 },
	{ "a POST with a body", POST "Content-Length: 5\r\n\r\n", 0, 5 },
	{ "HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0, 0 },
	{ "white space around a value", POST "Content-Length: \t 5 \t\r\n\r\n", 0, 5 },
	{ "a body at the limit", POST "Content-Length: 65536\r\n\r\n", 0, 65536 },
	{ "Expect: 100-continue", POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n", 0, 1 },
	{ "an empty value", GET "X:\r\n\r\n", 0, 0 },
	{ "R-17 one octet too much", POST "Content-Length: 65537\r\n\r\n", 413, 0 },
	{ "R-17 2^63", POST "Content-Length: 9223372036854775808\r\n\r\n", 400, 0 },
	{ "R-17 -1", POST "Content-Length: -1\r\n\r\n", 400, 0 },
	{ "R-17 +5", POST "Content-Length: +5\r\n\r\n", 400, 0 },
	{ "R-17 0x5", POST "Content-Length: 0x5\r\n\r\n", 400, 0 },
	{ "R-17 empty", POST "Content-Length:\r\n\r\n", 400, 0 },
	{ "R-17 5, 5", POST "Content-Length: 5, 5\r\n\r\n", 400, 0 },
	{ "R-17 two different", POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, 0 },
	{ "R-17 two equal", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400, 0 },
	{ "R-18 TE and CL", POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0 },
	{ "R-18 TE twice",
	  POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0 },
	{ "R-18 chunked", POST "Transfer-Encoding: chunked\r\n\r\n", 411, 0 },
	{ "R-18 xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n", 411, 0 },
	{ "R-18 TE in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0 },
	{ "R-18 space before the colon", POST "Transfer-Encoding : chunked\r\n\r\n", 400, 0 },
	{ "R-18 folded line", GET "X: a\r\n b\r\n\r\n", 400, 0 },
	{ "R-18 folded with a tab", GET "X: a\r\n\tb\r\n\r\n", 400, 0 },
	{ "R-18 bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400, 0 },
	{ "R-18 bare LF later", GET "X: a\n\r\n", 400, 0 },
	{ "R-18 CR inside", GET "X: a\rb\r\n\r\n", 400, 0 },
	{ "R-18 empty name", GET ": a\r\n\r\n", 400, 0 },
	{ "R-18 no colon", GET "nonsense\r\n\r\n", 400, 0 },
	{ "R-18 name with a space", GET "X Y: a\r\n\r\n", 400, 0 },
	{ "R-19 two Hosts", GET "Host: b\r\n\r\n", 400, 0 },
	{ "R-19 empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, 0 },
	{ "R-19 no Host", "GET / HTTP/1.1\r\n\r\n", 400, 0 },
	{ "R-19 HTTP/0.9", "GET /\r\n", 400, 0 },
	{ "R-19 the preface of HTTP/2", "PRI * HTTP/2.0\r\n", 400, 0 },
	{ "R-19 HTTP/1.2", "GET / HTTP/1.2\r\n", 400, 0 },
	{ "R-19 http/1.1", "GET / http/1.1\r\n", 400, 0 },
	{ "R-19 two spaces", "GET  / HTTP/1.1\r\n", 400, 0 },
	{ "R-19 absolute-form", "GET http://a/ HTTP/1.1\r\n", 400, 0 },
	{ "R-19 OPTIONS *", "OPTIONS * HTTP/1.1\r\n", 400, 0 },
	{ "R-19 CONNECT", "CONNECT a:443 HTTP/1.1\r\n", 400, 0 },
	{ "R-19 an unknown method", "BREW / HTTP/1.1\r\n", 501, 0 },
	{ "R-19 a method in lower case", "get / HTTP/1.1\r\n", 501, 0 },
	{ "R-19 an empty line first", "\r\n", 400, 0 },
	{ "R-19 a space in the target", "GET /a b HTTP/1.1\r\n", 400, 0 },
	{ "R-19 8-bit target", "GET /\xff HTTP/1.1\r\n", 400, 0 },
	{ "R-18 a body with GET", GET "Content-Length: 5\r\n\r\n", 400, 0 },
	{ "Expect: other", POST "Expect: tea\r\n\r\n", 417, 0 },
};

static void
run(const struct one *c, size_t piece)
{
	struct head h = { 0 };
	struct problem p = { 0 };
	enum head_state state = HEAD_MORE;
	size_t n = strlen(c->text), used, at = 0;

	while (at < n && state == HEAD_MORE) {
		size_t len = n - at < piece ? n - at : piece;

		state = head_feed(&h, &limits, c->text + at, len, &used, &p);
		at += used;
	}
	ok(c->status == 0 ? state == HEAD_DONE && h.length == c->length && at == n :
	   state == HEAD_BAD && problem_http(&p) == c->status, "%s (%s)%s%s", c->what,
	   piece == 1 ? "octet by octet" : "whole", *p.detail == '\0' ? "" : ": ", p.detail);
	head_reset(&h);
}

static int
feed_many(const char *first, const char *line, int times)
{
	struct head h = { 0 };
	struct problem p = { 0 };
	enum head_state state;
	size_t used;

	state = head_feed(&h, &limits, first, strlen(first), &used, &p);
	for (int i = 0; i < times && state == HEAD_MORE; i++)
		state = head_feed(&h, &limits, line, strlen(line), &used, &p);
	head_reset(&h);
	return state == HEAD_BAD ? problem_http(&p) : 0;
}

int
main(void)
{
	struct head h = { 0 };
	struct problem p = { 0 };
	size_t used;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&cases[i], 100000);
		run(&cases[i], 1);
	}
	ok(feed_many(GET, "X: 1234567890\r\n", 200) == 431, "R-17 too many header lines");
	ok(feed_many(GET "X: ", "1234567890", 2000) == 431, "R-17 a header line of 20 kB");
	ok(feed_many("GET /", "1234567890", 2000) == 431, "R-17 a request line of 20 kB");
	ok(head_feed(&h, &limits, "GET / HTTP/1.1\r\nX: a\0b\r\n", 24, &used, &p) == HEAD_BAD &&
	   strstr(p.detail, "NUL") != NULL, "R-18 a NUL in a header");
	head_reset(&h);
	ok(head_feed(&h, &limits, GET "\r\n" GET "\r\n", 2 * (sizeof(GET) + 1), &used, &p) ==
	   HEAD_DONE && used == sizeof(GET) + 1, "R-19 it takes no more than its own head");
	head_reset(&h);
	return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_web.c - answers to http-01, by the name of the token. */
#include "tests/wrong_web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	{ "status101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n%s" },
	{ "status305", "HTTP/1.1 305 U\r\nLocation: /hop/0/status305\r\n\r\n" },
	{ "status306", "HTTP/1.1 306 S\r\nLocation: /hop/0/status306\r\n\r\n" },
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
	{ "to-tlsupper", "HTTPS://TLS.TEST/hop/0/to-tlsupper" },
	{ "to-lines", "http://b.test%0d%0aX:1/hop/0/to-lines" },
	{ "to-lines2", "/hop/0/to-lines2%0d%0aX:1" },
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
	else if (strcmp(token, "chunksize") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=",
			      "0123456789", 0);
	else if (strcmp(token, "zeros") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			      "0000000000", 0);
	else if (strcmp(token, "trailers") == 0)
		serve_endless(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
			      "X-Trailer: 0123456789\r\n", 0);
	else if (strcmp(token, "redirectbody") == 0)
		serve_endless(c, "HTTP/1.1 302 M\r\nLocation: /hop/0/redirectbody\r\n\r\n",
			      "0123456789", 0);
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

void
wrong_web_serve(struct fake_client *c, const char *head)
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
	else if (strncmp(token, "redirect", 8) == 0 && token[8] != 'b')
		serve_steps(c, token, hop < 0 ? atoi(token + 8) : hop);
	else if (strncmp(token, "query", 5) == 0)
		serve_strange(c, "query", path, body);
	else if (!serve_canned(c, token, body) && !serve_slow(c, token) &&
		 !serve_strange(c, token, path, body))
		fake_printf(c, "HTTP/1.1 404 Not Found\r\n\r\n");
}

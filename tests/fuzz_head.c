/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_head.c - any bytes as HTTP requests (F-6): the scanner of heads says the
 * same whether it gets them whole, octet by octet, or in pieces that the input picks; and
 * what it lets through has one length, one Host and no second reading. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct head_limits limits = { 2048, 4096 };

struct verdict {
	enum head_state	 state;
	size_t		 used;
	uint64_t	 length;
	int		 status;
	char		 detail[256];
};

/* piece 0: pieces of 1 to 16 octets, as the data say. */
static struct verdict
feed(const char *data, size_t size, size_t piece)
{
	struct head h = { .total = 0 };
	struct problem p = { .type = PROBLEM_NONE };
	struct verdict v = { .state = HEAD_MORE };

	while (v.used < size && v.state == HEAD_MORE) {
		size_t n = piece != 0 ? piece : 1u + (unsigned char)data[v.used] % 16u, used;
		char *copy;

		if (n > size - v.used)
			n = size - v.used;
		copy = malloc(n);
		memcpy(copy, data + v.used, n);
		v.state = head_feed(&h, &limits, copy, n, &used, &p);
		free(copy);
		if (used > n || (used == 0 && v.state == HEAD_MORE))
			abort();
		v.used += used;
	}
	v.length = v.state == HEAD_DONE ? h.length : 0;
	if (v.state == HEAD_BAD) {
		v.status = problem_http(&p);
		memcpy(v.detail, p.detail, sizeof(v.detail));
		if (v.status < 400 || *v.detail == '\0')
			abort();
	}
	head_reset(&h);
	return v;
}

/* A plain reading of a head that was let through. */
static void
read_plainly(const char *head, size_t size, uint64_t length)
{
	char *text = strndup(head, size), *line, *next;
	unsigned lengths = 0, hosts = 0;

	if (strlen(text) != size || size > limits.head || length > limits.body)
		abort();
	if (strcmp(text + size - 4, "\r\n\r\n") != 0)
		abort();
	for (line = strstr(text, "\r\n") + 2; *line != '\r'; line = next) {
		next = strstr(line, "\r\n");
		if (strcspn(line, "\r\n") != (size_t)(next - line))
			abort();
		next += 2;
		if (*line == ' ' || *line == '\t' || strcspn(line, ": \t\r") == 0 ||
		    line[strcspn(line, ": \t\r")] != ':')
			abort();
		if (strncasecmp(line, "Content-Length:", 15) == 0) {
			lengths++;
			if (strtoull(line + 15, NULL, 10) != length)
				abort();
		}
		hosts += strncasecmp(line, "Host:", 5) == 0;
		if (strncasecmp(line, "Transfer-Encoding:", 18) == 0)
			abort();
	}
	if (lengths > 1 || hosts > 1 || (lengths == 0 && length != 0))
		abort();
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	for (size_t at = 0; at < size;) {
		struct verdict whole = feed(text + at, size - at, size);
		struct verdict single = feed(text + at, size - at, 1);
		struct verdict pieces = feed(text + at, size - at, 0);

		if (whole.state != single.state || whole.state != pieces.state ||
		    whole.length != single.length || whole.length != pieces.length ||
		    whole.status != single.status || whole.status != pieces.status ||
		    strcmp(whole.detail, single.detail) != 0)
			abort();
		if (whole.state != HEAD_BAD &&
		    (whole.used != single.used || whole.used != pieces.used))
			abort();
		if (whole.state != HEAD_DONE)
			break;
		read_plainly(text + at, whole.used, whole.length);
		at += whole.used + (whole.length < size ? whole.length : size);
	}
	return 0;
}

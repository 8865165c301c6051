/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dns.c - any bytes as a reply from DNS: what the parser lets through lies within the
 * message, has the sizes that its types promise, and comes to an end; the values of CAA's
 * issue that it brings have one reading. */
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#include "va/issue.h"
#include "va/packet.h"
#include "va/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* A value that fits is made of what was read, and nothing else but blanks. */
static void
read_issue(struct arena *a, const uint8_t *value, size_t len)
{
	struct issue i;
	size_t letters = 0, seen = 0;

	if (!issue_parse(&i, a, value, len)) {
		must(i.issuer[0] == '\0' && i.n == 0);
		return;
	}
	for (size_t k = 0; k < len; k++)
		letters += value[k] != ' ' && value[k] != '\t' && value[k] != ';';
	seen = strlen(i.issuer);
	for (size_t k = 0; k < i.n; k++)
		seen += strlen(i.parameters[k].tag) + 1 + strlen(i.parameters[k].value);
	must(seen == letters);
}

static void
read_answer(struct arena *a, const struct packet *p, const struct answer *answer)
{
	struct blob text;

	must(answer->data >= p->data && answer->data + answer->len <= p->data + p->len);
	must(answer->ttl <= INT32_MAX && p->ttl <= answer->ttl);
	if (p->type == ns_t_a)
		must(answer->len == 4);
	if (p->type == ns_t_aaaa)
		must(answer->len == 16);
	if (p->type == ns_t_txt) {
		text = text_join(a, answer);
		must(text.len < answer->len);
	}
	if (p->type == PACKET_TYPE_CAA)
		read_issue(a, answer->data, answer->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t query[PACKET_QUERY_MAX] = { 0 };
	char target[PACKET_NAME_MAX + 1];
	struct answer answer;
	unsigned at = 0, n = 0;
	struct packet p;
	struct arena *a;

	if (!packet_parse(&p, data, size))
		return 0;
	a = arena_new();
	packet_target(&p, target);
	must(strlen(target) <= PACKET_NAME_MAX);
	must(p.question_len <= PACKET_NAME_MAX + 4);
	while (packet_answer(&p, &at, &answer)) {
		read_answer(a, &p, &answer);
		must(++n <= p.answers);
	}
	must(!p.truncated || n == 0);
	memcpy(query, data, NS_HFIXEDSZ + p.question_len);
	must(packet_fits(&p, query));
	query[1] ^= 1;
	must(!packet_fits(&p, query));
	if (packet_query(query, p.id, target, p.type, NULL) != 0 && p.aliases == 0)
		must(memcmp(query + NS_HFIXEDSZ, p.target, p.target_len) == 0 ||
		     strchr(target, '?') != NULL);
	arena_free(a);
	return 0;
}

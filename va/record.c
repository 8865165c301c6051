/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - the evidence of a validation or CAA check.  Runs on: loop. */
#include "va/record.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "va/local.h"

#define ANSWERS_MAX 8		/* of one lookup */
#define ALL_MAX	    64		/* of all lookups together */
#define OCTETS_MAX  255		/* of one answer */

void
record_begin(struct record *r, struct arena *a)
{
	*r = (struct record){ .arena = a, .began = clock_now() };
	r->lookups = json_keep(a, json_array());
	r->dials = json_keep(a, json_array());
	r->more = json_keep(a, json_object());
}

static json_t *
text_json(struct arena *a, const void *data, size_t len)
{
	size_t n = len < OCTETS_MAX ? len : OCTETS_MAX;
	char *text = arena_memdup(a, data, n);

	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			text[i] = '?';
	return json_sprintf("%.*s%s", (int)n, text, n < len ? "..." : "");
}

static json_t *
answer_json(struct arena *a, int type, const struct answer *answer)
{
	const uint8_t *b = answer->data;
	union address address;
	struct blob text;
	char shown[64];

	if (type == ns_t_a || type == ns_t_aaaa) {
		address = address_make(type == ns_t_a ? AF_INET : AF_INET6, b);
		return json_string(address_print(&address, shown));
	}
	if (type == ns_t_txt) {
		text = text_join(a, answer);
		return text_json(a, text.data, text.len);
	}
	if (type == PACKET_TYPE_CAA && answer->len >= 2 && b[1] <= answer->len - 2) {
		const char *line = arena_printf(a, "%u %.*s ", b[0], (int)b[1], b + 2);
		size_t n = strlen(line), rest = answer->len - 2 - b[1];
		uint8_t *whole = arena_alloc(a, n + rest + 1);

		memcpy(whole, line, n);
		memcpy(whole + n, b + 2 + b[1], rest);
		return text_json(a, whole, n + rest);
	}
	return text_json(a, b, answer->len);
}

static void
record_answers(struct record *r, const struct question *q, json_t *lookup)
{
	json_t *list = json_array();
	struct answer answer;
	unsigned at = 0, more = 0;

	while (packet_answer(&q->packet, &at, &answer)) {
		if (json_array_size(list) == ANSWERS_MAX || r->answers == ALL_MAX) {
			more++;
			continue;
		}
		r->answers++;
		json_array_append_new(list, answer_json(r->arena, q->type, &answer));
	}
	json_object_set_new(lookup, "answers", list);
	if (more > 0)
		json_object_set_new(lookup, "more", json_integer(more));
}

void
record_lookup(struct record *r, const struct question *q)
{
	const char *rcode = q->rcode == RCODE_SILENCE ? NULL : rcode_name(q->rcode);
	json_t *lookup = json_pack("{s:s, s:s, s:s?, s:s}", "name", q->name, "type",
				   type_name(q->type), "rcode", rcode, "security",
				   security_name(q->security));
	char alias[PACKET_NAME_MAX + 1];

	record_answers(r, q, lookup);
	if (q->packet.aliases > 0) {
		packet_target(&q->packet, alias);
		json_object_set_new(lookup, "alias", json_string(alias));
	}
	if (q->why != NULL)
		json_object_set_new(lookup, "why", text_json(r->arena, q->why, strlen(q->why)));
	json_object_set_new(lookup, "ms", json_integer(q->ms));
	json_array_append_new(r->lookups, lookup);
}

static int
dial_port(const struct dial *d)
{
	return ntohs(d->address.sa.sa_family == AF_INET ? d->address.in.sin_port :
		     d->address.in6.sin6_port);
}

void
record_dial(struct record *r, const struct dial *d)
{
	char address[64];
	json_t *dial = json_pack("{s:s, s:i, s:I}", "address", address_print(&d->address, address),
				 "port", dial_port(d), "ms", (json_int_t)d->ms);

	json_object_set_new(dial, "to", text_json(r->arena, d->to, strlen(d->to)));
	if (d->status != 0)
		json_object_set_new(dial, "status", json_integer(d->status));
	if (d->why != NULL)
		json_object_set_new(dial, "why", text_json(r->arena, d->why, strlen(d->why)));
	json_array_append_new(r->dials, dial);
}

void
record_add(struct record *r, const char *member, json_t *value)
{
	json_object_set_new(r->more, member, value);
}

static json_t *
problem_word(const struct problem *p)
{
	return p->type == PROBLEM_NONE ? json_null() :
	       json_sprintf("%s: %s", problem_name(p->type), p->detail);
}

/* What a check says of itself with record_add() stands above what is said here. */
const char *
record_print(const struct attempt *a, struct arena *to)
{
	static const char *const dnssec[] = { "off", "validate", "trust-ad" };
	const struct resolver *resolver = a->flow->loop->slot[SLOT_RESOLVER];
	const struct record *r = &a->record;
	json_t *ident = json_pack("{s:s, s:s}", "type", ident_type_name(a->ident.type), "value",
				  a->ident.value);
	json_t *all;

	if (a->wildcard)
		json_object_set_new(ident, "wildcard", json_true());
	all = json_pack("{s:s, s:s, s:o, s:s, s:I, s:s, s:O, s:O, s:i, s:o}",
			"method", va_method_name(a->method),
			"section", va_method_section(a->method, a->ident.type), "identifier", ident,
			"began", clock_print(r->arena, r->began),
			"took_ms", (json_int_t)(clock_mono_ms() - a->began),
			"dnssec", dnssec[resolver->dnssec], "lookups", r->lookups,
			"dials", r->dials, "redirects", (int)a->redirects,
			"problem", problem_word(&a->flow->problem));
	if (all == NULL)
		abort();
	json_object_update(all, r->more);
	return json_print(to, json_keep(to, all));
}

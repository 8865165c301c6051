/* SPDX-License-Identifier: Apache-2.0 */
/* packet.c - DNS messages, made and read (RFC 1035, RFC 6891, RFC 8914). */
#include "va/packet.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <string.h>

#define ALIASES_MAX  16
#define EDNS_ERROR   15	/* option code */
#define POINTERS_MAX 128

struct reader {
	const uint8_t	*data;
	size_t		 len, at;
};

struct header {		/* of one record */
	uint8_t		 name[PACKET_NAME_MAX];
	size_t		 name_len;
	int		 type, class;
	uint32_t	 ttl;
	size_t		 data_at, data_len;
};

static unsigned
octets16(const uint8_t *b)
{
	return (unsigned)b[0] << 8 | b[1];
}

/* --- names ------------------------------------------------------------------------- */

/* Labels of a name from `at` on, in lower case, compression followed.  Each pointer leads
 * to before the labels it ends, so it comes to an end.  Returns where the name ends in the
 * message; 0: there is none. */
static size_t
name_read(const struct reader *r, size_t at, uint8_t name[PACKET_NAME_MAX], size_t *len)
{
	size_t end = 0, floor = at, n = 0;

	for (unsigned pointers = 0; pointers < POINTERS_MAX;) {
		unsigned label;

		if (at >= r->len)
			return 0;
		label = r->data[at];
		if (label >= 0xc0) {
			size_t to = at + 1 < r->len ? octets16(r->data + at) & 0x3fff : floor;

			if (to >= floor || to < NS_HFIXEDSZ)
				return 0;
			if (end == 0)
				end = at + 2;
			at = floor = to;
			pointers++;
			continue;
		}
		if (label > 63 || at + 1 + label > r->len || n + 1 + label > PACKET_NAME_MAX)
			return 0;
		name[n] = (uint8_t)label;
		for (unsigned i = 1; i <= label; i++)
			name[n + i] = (uint8_t)tolower(r->data[at + i]);
		n += 1 + label;
		at += 1 + label;
		if (label == 0) {
			*len = n;
			return end != 0 ? end : at;
		}
	}
	return 0;
}

static bool
name_equal(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	return alen == blen && memcmp(a, b, alen) == 0;
}

/* --- records ----------------------------------------------------------------------- */

static bool
header_read(struct reader *r, struct header *h)
{
	size_t at = name_read(r, r->at, h->name, &h->name_len);
	const uint8_t *b = r->data + at;

	if (at == 0 || at + 10 > r->len)
		return false;
	h->type = (int)octets16(b);
	h->class = (int)octets16(b + 2);
	h->ttl = (uint32_t)octets16(b + 4) << 16 | octets16(b + 6);
	if (h->ttl > INT32_MAX)
		h->ttl = 0;	/* RFC 2181 section 8 */
	h->data_at = at + 10;
	h->data_len = octets16(b + 8);
	r->at = h->data_at + h->data_len;
	return r->at <= r->len;
}

/* The name that fills the record's data. */
static bool
header_name(const struct reader *r, const struct header *h, uint8_t *name, size_t *len)
{
	return name_read(r, h->data_at, name, len) == h->data_at + h->data_len;
}

/* Is the data of a type that we look into whole? */
static bool
data_ok(const struct reader *r, const struct header *h)
{
	uint8_t name[PACKET_NAME_MAX];
	size_t n = 0;

	switch (h->type) {
	case ns_t_a:
		return h->data_len == 4;
	case ns_t_aaaa:
		return h->data_len == 16;
	case ns_t_cname:
		return header_name(r, h, name, &n);
	case ns_t_txt:
		while (n < h->data_len)
			n += 1u + r->data[h->data_at + n];
		return h->data_len > 0 && n == h->data_len;
	default:	/* CAA too: caa.c refuses what it cannot read */
		return true;
	}
}

/* The OPT record: RCODE's upper bits, and the first extended error. */
static bool
options_read(struct packet *p, const struct reader *r, const struct header *h)
{
	size_t at = h->data_at, end = at + h->data_len;

	if (h->name_len != 1)
		return false;
	p->rcode |= (unsigned)(h->ttl >> 24) << 4;
	while (at + 4 <= end) {
		unsigned code = octets16(r->data + at), n = octets16(r->data + at + 2);

		at += 4;
		if (n > end - at)
			return false;
		if (code == EDNS_ERROR && n >= 2 && p->error < 0) {
			p->error = (int)octets16(r->data + at);
			p->error_text = (const char *)r->data + at + 2;
			p->error_len = n - 2;
		}
		at += n;
	}
	return at == end;
}

static bool
section_read(struct packet *p, struct reader *r, unsigned count, bool additional)
{
	bool options = false;
	struct header h;

	for (; count > 0; count--) {
		if (!header_read(r, &h) || !data_ok(r, &h))
			return false;
		if (h.type != ns_t_opt)
			continue;
		if (!additional || options || !options_read(p, r, &h))
			return false;
		options = true;
	}
	return true;
}

/* --- replies ----------------------------------------------------------------------- */

static void
ttl_note(struct packet *p, uint32_t ttl, bool first)
{
	if (first || ttl < p->ttl)
		p->ttl = ttl;
}

/* One alias further, if there is one. */
static bool
alias_follow(struct packet *p)
{
	struct reader r = { p->data, p->len, p->answers_at };
	struct header h;

	for (unsigned i = 0; i < p->answers; i++) {
		header_read(&r, &h);
		if (h.type != ns_t_cname || h.class != ns_c_in ||
		    !name_equal(h.name, h.name_len, p->target, p->target_len))
			continue;
		header_name(&r, &h, p->target, &p->target_len);
		ttl_note(p, h.ttl, p->aliases == 0);
		return true;
	}
	return false;
}

static void
aliases_follow(struct packet *p)
{
	struct answer answer;

	if (p->type == ns_t_cname)
		return;
	while (!p->circle && alias_follow(p))
		p->circle = ++p->aliases > ALIASES_MAX;
	for (unsigned at = 0, n = p->aliases; packet_answer(p, &at, &answer); n++)
		ttl_note(p, answer.ttl, n == 0);
}

bool
packet_parse(struct packet *p, const uint8_t *data, size_t len)
{
	struct reader r = { data, len, NS_HFIXEDSZ };

	*p = (struct packet){ .data = data, .len = len, .error = -1 };
	if (len < NS_HFIXEDSZ || len > PACKET_REPLY_MAX || (data[2] & 0xf8) != 0x80 ||
	    octets16(data + 4) != 1)	/* QR, opcode 0, QDCOUNT */
		return false;
	p->id = (uint16_t)octets16(data);
	p->truncated = (data[2] & 2) != 0;
	p->authentic = (data[3] & 0x20) != 0;
	p->rcode = data[3] & 15;
	r.at = name_read(&r, r.at, p->target, &p->target_len);
	if (r.at == 0 || r.at + 4 > len || octets16(data + r.at + 2) != ns_c_in)
		return false;
	p->type = (int)octets16(data + r.at);
	r.at += 4;
	p->question_len = r.at - NS_HFIXEDSZ;
	p->answers_at = r.at;
	if (p->truncated)	/* what is there may end anywhere */
		return true;
	p->answers = octets16(data + 6);
	if (!section_read(p, &r, p->answers, false) ||
	    !section_read(p, &r, octets16(data + 8), false) ||
	    !section_read(p, &r, octets16(data + 10), true) || r.at != len)
		return false;
	aliases_follow(p);
	return true;
}

/* *at is the offset of the next record behind the first, and its number, in one: records
 * are walked from the front as far as it says. */
bool
packet_answer(const struct packet *p, unsigned *at, struct answer *answer)
{
	struct reader r = { p->data, p->len, *at == 0 ? p->answers_at : *at & 0xffff };
	struct header h;

	for (unsigned i = *at >> 16; i < p->answers; i++) {
		header_read(&r, &h);
		*at = (i + 1) << 16 | (unsigned)r.at;
		if (h.type != p->type || h.class != ns_c_in ||
		    !name_equal(h.name, h.name_len, p->target, p->target_len))
			continue;
		*answer = (struct answer){ h.ttl, p->data + h.data_at, h.data_len };
		return true;
	}
	return false;
}

void
packet_target(const struct packet *p, char text[PACKET_NAME_MAX + 1])
{
	size_t n = 0;

	for (size_t at = 0; p->target[at] != 0; at += 1u + p->target[at]) {
		if (n > 0)
			text[n++] = '.';
		for (unsigned i = 1; i <= p->target[at]; i++) {
			uint8_t c = p->target[at + i];

			text[n++] = c > 0x20 && c < 0x7f && c != '.' ? (char)c : '?';
		}
	}
	text[n] = '\0';
}

/* --- queries ----------------------------------------------------------------------- */

/* The name on the wire; 0: a label or the whole is empty or too long. */
static size_t
name_write(uint8_t *out, const char *name)
{
	size_t n = 0;

	while (*name != '\0') {
		size_t label = strcspn(name, ".");

		if (label == 0 || label > 63 || n + label + 2 > PACKET_NAME_MAX)
			return 0;
		out[n] = (uint8_t)label;
		memcpy(out + n + 1, name, label);
		n += 1 + label;
		name += label + (name[label] == '.');
	}
	out[n] = 0;
	return n == 0 ? 0 : n + 1;
}

size_t
packet_query(uint8_t query[PACKET_QUERY_MAX], uint16_t id, const char *name, int type,
	     const uint8_t *mix)
{
	const uint8_t tail[] = { (uint8_t)(type >> 8), (uint8_t)type, 0, ns_c_in,
				 0, 0, ns_t_opt, PACKET_UDP_MAX >> 8, PACKET_UDP_MAX & 255,
				 0, 0, 0, 0, 0, 0 };
	const uint8_t head[NS_HFIXEDSZ] = { (uint8_t)(id >> 8), (uint8_t)id, 1, 0x20,
					    0, 1, 0, 0, 0, 0, 0, 1 };	/* RD; AD */
	uint8_t *q = query + sizeof(head);
	size_t n = name_write(q, name);

	if (n == 0)
		return 0;
	memcpy(query, head, sizeof(head));
	for (size_t i = 0; mix != NULL && i < n; i++)
		if (isalpha(q[i]) && (mix[i / 8] >> i % 8 & 1) != 0)
			q[i] ^= 0x20;
	memcpy(q + n, tail, sizeof(tail));
	return sizeof(head) + n + sizeof(tail);
}

bool
packet_fits(const struct packet *p, const uint8_t *query)
{
	return p->id == octets16(query) &&
	       memcmp(p->data + NS_HFIXEDSZ, query + NS_HFIXEDSZ, p->question_len) == 0;
}

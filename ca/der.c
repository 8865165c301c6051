/* SPDX-License-Identifier: Apache-2.0 */
/* der.c - strict DER, read and written. */
#include "ca/der.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONSTRUCTED 0x20
#define CLASS	    0xc0

/* --- reading ---------------------------------------------------------------------- */

bool
der_any(struct blob *rest, uint8_t *tag, struct blob *content)
{
	const uint8_t *d = rest->data;
	size_t head = 2, len;

	if (rest->len < 2 || (d[0] & 0x1f) == 0x1f)
		return false;
	len = d[1];
	if (len >= 0x80) {
		size_t n = len & 0x7f;

		if (n == 0 || n > 4 || rest->len < 2 + n || d[2] == 0)
			return false;
		len = 0;
		for (size_t i = 0; i < n; i++)
			len = len << 8 | d[2 + i];
		if (len < 0x80)
			return false;
		head += n;
	}
	if (len > rest->len - head)
		return false;
	*tag = d[0];
	*content = (struct blob){ d + head, len };
	*rest = (struct blob){ d + head + len, rest->len - head - len };
	return true;
}

bool
der_next(struct blob rest, uint8_t tag)
{
	return rest.len > 0 && rest.data[0] == tag;
}

bool
der_get(struct blob *rest, uint8_t tag, struct blob *content)
{
	uint8_t any;

	return der_next(*rest, tag) && der_any(rest, &any, content);
}

bool
der_whole(struct blob *rest, uint8_t tag, struct blob *element)
{
	struct blob from = *rest, content;

	if (!der_get(rest, tag, &content))
		return false;
	*element = (struct blob){ from.data, from.len - rest->len };
	return true;
}

static bool
integer_ok(struct blob n)
{
	if (n.len < 2)
		return n.len == 1;
	return !(n.data[0] == 0x00 && (n.data[1] & 0x80) == 0) &&
	       !(n.data[0] == 0xff && (n.data[1] & 0x80) != 0);
}

bool
der_unsigned(struct blob *rest, struct blob *magnitude)
{
	struct blob at = *rest, n;

	if (!der_get(&at, DER_INTEGER, &n) || !integer_ok(n) || (n.data[0] & 0x80) != 0)
		return false;
	if (n.data[0] == 0 && n.len > 1)
		n = (struct blob){ n.data + 1, n.len - 1 };
	*magnitude = n;
	*rest = at;
	return true;
}

bool
der_octets(struct blob *rest, struct blob *bits)
{
	struct blob at = *rest, n;

	if (!der_get(&at, DER_BIT_STRING, &n) || n.len == 0 || n.data[0] != 0)
		return false;
	*bits = (struct blob){ n.data + 1, n.len - 1 };
	*rest = at;
	return true;
}

/* Two digits, or -1. */
static int
two_digits(const uint8_t *d)
{
	if (d[0] < '0' || d[0] > '9' || d[1] < '0' || d[1] > '9')
		return -1;
	return (d[0] - '0') * 10 + d[1] - '0';
}

bool
der_time(struct blob *rest, int64_t *when)
{
	struct blob at = *rest, text;
	struct tm tm = { 0 }, back;
	int field[7], n, year;
	uint8_t tag;

	if (!der_any(&at, &tag, &text) || (tag != DER_UTC_TIME && tag != DER_TIME))
		return false;
	n = tag == DER_TIME ? 7 : 6;
	if (text.len != (size_t)n * 2 + 1 || text.data[n * 2] != 'Z')
		return false;
	for (int i = 0; i < n; i++)
		if ((field[i] = two_digits(text.data + 2 * i)) < 0)
			return false;
	year = tag == DER_TIME ? field[0] * 100 + field[1] :
	       field[0] + (field[0] >= 50 ? 1900 : 2000);
	tm.tm_year = year - 1900;
	tm.tm_mon = field[n - 5] - 1;
	tm.tm_mday = field[n - 4];
	tm.tm_hour = field[n - 3];
	tm.tm_min = field[n - 2];
	tm.tm_sec = field[n - 1];
	back = tm;
	*when = timegm(&back);
	if (back.tm_year != tm.tm_year || back.tm_mon != tm.tm_mon ||
	    back.tm_mday != tm.tm_mday || back.tm_hour != tm.tm_hour ||
	    back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return false;	/* the 31st of February */
	*rest = at;
	return true;
}

static bool
oid_ok(struct blob oid)
{
	bool first = true;

	if (oid.len == 0 || (oid.data[oid.len - 1] & 0x80) != 0)
		return false;
	for (size_t i = 0; i < oid.len; i++) {
		if (first && oid.data[i] == 0x80)
			return false;
		first = (oid.data[i] & 0x80) == 0;
	}
	return true;
}

static bool
bits_ok(struct blob bits)
{
	uint8_t unused;

	if (bits.len == 0 || bits.data[0] > 7)
		return false;
	unused = (uint8_t)((1U << bits.data[0]) - 1);
	return bits.len == 1 ? unused == 0 : (bits.data[bits.len - 1] & unused) == 0;
}

static bool
primitive_ok(uint8_t tag, struct blob content)
{
	switch (tag) {
	case DER_BOOLEAN:
		return content.len == 1 && (content.data[0] == 0 || content.data[0] == 0xff);
	case DER_INTEGER:
	case DER_ENUMERATED:
		return integer_ok(content);
	case DER_BIT_STRING:
		return bits_ok(content);
	case DER_NULL:
		return content.len == 0;
	case DER_OID:
		return oid_ok(content);
	case 0:
	case DER_SEQUENCE & ~CONSTRUCTED:
	case DER_SET & ~CONSTRUCTED:
		return false;
	default:
		return true;
	}
}

static bool
tree_ok(struct blob rest, int depth)
{
	struct blob content;
	uint8_t tag;

	if (depth > DER_DEPTH)
		return false;
	while (rest.len > 0) {
		if (!der_any(&rest, &tag, &content))
			return false;
		if ((tag & CONSTRUCTED) == 0) {
			if (!primitive_ok(tag, content))
				return false;
			continue;
		}
		/* Strings in pieces are BER. */
		if ((tag & CLASS) == 0 && tag != DER_SEQUENCE && tag != DER_SET)
			return false;
		if (!tree_ok(content, depth + 1))
			return false;
	}
	return true;
}

bool
der_check(struct blob der)
{
	struct blob rest = der, content;
	uint8_t tag;

	return der_any(&rest, &tag, &content) && rest.len == 0 && tree_ok(der, 1);
}

/* --- writing ---------------------------------------------------------------------- */

struct der_writer
der_new(struct arena *a, size_t room)
{
	return (struct der_writer){
		.arena = a, .data = arena_alloc(a, room), .size = room
	};
}

/* Room for n octets more. */
static void
writer_grow(struct der_writer *w, size_t n)
{
	uint8_t *data;

	if (n <= w->size - w->len)
		return;
	w->size = (w->size + n) * 2;
	data = arena_alloc(w->arena, w->size);
	memcpy(data, w->data, w->len);
	w->data = data;
}

void
der_put_raw(struct der_writer *w, struct blob elements)
{
	writer_grow(w, elements.len);
	if (elements.len > 0)
		memcpy(w->data + w->len, elements.data, elements.len);
	w->len += elements.len;
}

/* The length is not known yet: it gets one octet, der_end() makes room for more. */
void
der_begin(struct der_writer *w, uint8_t tag)
{
	const uint8_t head[2] = { tag, 0 };

	assert(w->depth < DER_DEPTH);
	der_put_raw(w, (struct blob){ head, sizeof(head) });
	w->open[w->depth++] = w->len;
}

void
der_end(struct der_writer *w)
{
	size_t from, len, more = 0;

	assert(w->depth > 0);
	from = w->open[--w->depth];
	len = w->len - from;
	if (len < 0x80) {
		w->data[from - 1] = (uint8_t)len;
		return;
	}
	for (size_t n = len; n > 0; n >>= 8)
		more++;
	if (more > 4)
		w->bad = true;
	writer_grow(w, more);
	memmove(w->data + from + more, w->data + from, len);
	w->data[from - 1] = (uint8_t)(0x80 | more);
	for (size_t i = 0; i < more; i++)
		w->data[from + i] = (uint8_t)(len >> (8 * (more - 1 - i)));
	w->len += more;
}

void
der_put(struct der_writer *w, uint8_t tag, struct blob content)
{
	der_begin(w, tag);
	der_put_raw(w, content);
	der_end(w);
}

void
der_put_text(struct der_writer *w, uint8_t tag, const char *text)
{
	der_put(w, tag, (struct blob){ (const uint8_t *)text, strlen(text) });
}

void
der_put_true(struct der_writer *w)
{
	der_put(w, DER_BOOLEAN, (struct blob)BYTES("\xff"));
}

void
der_put_unsigned(struct der_writer *w, struct blob magnitude)
{
	while (magnitude.len > 0 && magnitude.data[0] == 0)
		magnitude = (struct blob){ magnitude.data + 1, magnitude.len - 1 };
	der_begin(w, DER_INTEGER);
	if (magnitude.len == 0 || (magnitude.data[0] & 0x80) != 0)
		der_put_raw(w, (struct blob)BYTES("\0"));
	der_put_raw(w, magnitude);
	der_end(w);
}

void
der_put_number(struct der_writer *w, uint64_t number)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)(number >> (56 - 8 * i));
	der_put_unsigned(w, (struct blob){ octets, sizeof(octets) });
}

void
der_put_time(struct der_writer *w, int64_t when)
{
	time_t t = when;
	struct tm tm;
	char text[32];
	bool utc;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 50 || tm.tm_year > 9999 - 1900) {
		w->bad = true;
		return;
	}
	utc = tm.tm_year < 2050 - 1900;
	strftime(text, sizeof(text), utc ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &tm);
	der_put_text(w, utc ? DER_UTC_TIME : DER_TIME, text);
}

void
der_put_octets(struct der_writer *w, struct blob bits)
{
	der_begin(w, DER_BIT_STRING);
	der_put_raw(w, (struct blob)BYTES("\0"));
	der_put_raw(w, bits);
	der_end(w);
}

bool
der_finish(struct der_writer *w, struct blob *der)
{
	assert(w->depth == 0);
	*der = (struct blob){ w->data, w->len };
	return !w->bad;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c - bytes <-> fields; the layout stands in store/schema.h. */
#include "store/codec.h"

/* --- encoder ---------------------------------------------------------------------- */

void
encode_bytes(struct encoder *c, const void *data, size_t len)
{
	if (len > c->size - c->len) {
		size_t size = c->size == 0 ? 512 : 2 * c->size;
		uint8_t *fresh;

		while (size < c->len + len)
			size *= 2;
		fresh = arena_alloc(c->arena, size);
		if (c->len > 0)
			memcpy(fresh, c->data, c->len);
		c->data = fresh;
		c->size = size;
	}
	if (len > 0)
		memcpy(c->data + c->len, data, len);
	c->len += len;
}

void
encode_u8(struct encoder *c, unsigned value)
{
	uint8_t b = (uint8_t)value;

	encode_bytes(c, &b, 1);
}

void
encode_u32(struct encoder *c, uint32_t value)
{
	uint8_t b[4];

	for (int i = 0; i < 4; i++)
		b[i] = (uint8_t)(value >> (24 - 8 * i));
	encode_bytes(c, b, sizeof(b));
}

void
encode_u64(struct encoder *c, uint64_t value)
{
	encode_u32(c, (uint32_t)(value >> 32));
	encode_u32(c, (uint32_t)value);
}

/* Times before 1970 are none: keys of `ends` must sort. */
void
encode_time(struct encoder *c, int64_t value)
{
	encode_u64(c, value < 0 ? 0 : (uint64_t)value);
}

void
encode_length(struct encoder *c, size_t value)
{
	for (; value >= 0x80; value >>= 7)
		encode_u8(c, (unsigned)(value & 0x7f) | 0x80);
	encode_u8(c, (unsigned)value);
}

void
encode_id(struct encoder *c, const struct id *id)
{
	encode_bytes(c, id->b, sizeof(id->b));
}

void
encode_serial(struct encoder *c, const struct serial *serial)
{
	encode_bytes(c, serial->b, sizeof(serial->b));
}

void
encode_blob(struct encoder *c, struct blob b)
{
	encode_length(c, b.len);
	encode_bytes(c, b.data, b.len);
}

void
encode_text(struct encoder *c, const char *s)
{
	encode_blob(c, BLOB_TEXT(s == NULL ? "" : s));
}

void
encode_maybe(struct encoder *c, const char *s)
{
	encode_length(c, s == NULL ? 0 : strlen(s) + 1);
	if (s != NULL)
		encode_bytes(c, s, strlen(s));
}

void
encode_scope(struct encoder *c, const struct scope *scope)
{
	encode_u32(c, scope->directory);
	encode_u32(c, scope->profile);
	encode_u32(c, scope->issuer);
	encode_id(c, &scope->binding);
}

void
encode_ident(struct encoder *c, const struct ident *i)
{
	bool same = i->shown == NULL || strcmp(i->shown, i->value) == 0;

	encode_u8(c, i->type);
	encode_u8(c, i->wildcard);
	encode_text(c, i->value);
	encode_text(c, same ? "" : i->shown);
}

struct blob
encoder_blob(const struct encoder *c)
{
	return (struct blob){ c->data, c->len };
}

/* --- decoder ---------------------------------------------------------------------- */

struct decoder
decoder_new(struct blob bytes, struct arena *a)
{
	if (bytes.data == NULL)
		return (struct decoder){ .arena = a, .failed = true };
	return (struct decoder){ bytes.data, bytes.data + bytes.len, a, false };
}

/* The next len octets; NULL, for good, when there are not so many. */
static const uint8_t *
take(struct decoder *d, size_t len)
{
	const uint8_t *at = d->at;

	if (d->failed || len > (size_t)(d->end - at)) {
		d->failed = true;
		return NULL;
	}
	d->at += len;
	return at;
}

void
decode_bytes(struct decoder *d, void *data, size_t len)
{
	const uint8_t *at = take(d, len);

	if (at == NULL)
		memset(data, 0, len);
	else
		memcpy(data, at, len);
}

unsigned
decode_u8(struct decoder *d)
{
	const uint8_t *at = take(d, 1);

	return at == NULL ? 0 : *at;
}

uint32_t
decode_u32(struct decoder *d)
{
	uint8_t b[4];

	decode_bytes(d, b, sizeof(b));
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint64_t
decode_u64(struct decoder *d)
{
	uint64_t high = decode_u32(d);

	return high << 32 | decode_u32(d);
}

int64_t
decode_time(struct decoder *d)
{
	uint64_t value = decode_u64(d);

	if (value > INT64_MAX) {
		d->failed = true;
		return 0;
	}
	return (int64_t)value;
}

unsigned
decode_enum(struct decoder *d, unsigned max)
{
	unsigned value = decode_u8(d);

	if (value < 1 || value > max)
		d->failed = true;
	return value;
}

bool
decode_flag(struct decoder *d)
{
	unsigned value = decode_u8(d);

	if (value > 1)
		d->failed = true;
	return value == 1;
}

/* One spelling for each value: no zeros at the end. */
size_t
decode_length(struct decoder *d)
{
	size_t value = 0;
	unsigned b = 0x80;

	for (int shift = 0; b & 0x80; shift += 7) {
		b = decode_u8(d);
		if (d->failed || shift > 28 || (shift > 0 && b == 0)) {
			d->failed = true;
			return 0;
		}
		value |= (size_t)(b & 0x7f) << shift;
	}
	return value;
}

size_t
decode_count(struct decoder *d, size_t least)
{
	size_t n = decode_length(d);

	if (n > (size_t)(d->end - d->at) / least) {
		d->failed = true;
		return 0;
	}
	return n;
}

struct id
decode_id(struct decoder *d)
{
	struct id id;

	decode_bytes(d, id.b, sizeof(id.b));
	return id;
}

struct serial
decode_serial(struct decoder *d)
{
	struct serial serial;

	decode_bytes(d, serial.b, sizeof(serial.b));
	return serial;
}

struct blob
decode_blob(struct decoder *d)
{
	size_t len = decode_length(d);
	const uint8_t *at = take(d, len);

	if (at == NULL)
		return (struct blob){ NULL, 0 };
	return arena_blob(d->arena, at, len);
}

static const char *
text(struct decoder *d, size_t len)
{
	const uint8_t *at = take(d, len);

	if (at != NULL && memchr(at, '\0', len) != NULL)
		d->failed = true;
	return d->failed ? "" : arena_strndup(d->arena, (const char *)at, len);
}

const char *
decode_text(struct decoder *d)
{
	return text(d, decode_length(d));
}

const char *
decode_maybe(struct decoder *d)
{
	size_t len = decode_length(d);

	return len == 0 ? NULL : text(d, len - 1);
}

struct scope
decode_scope(struct decoder *d)
{
	struct scope scope = { .directory = decode_u32(d) };

	scope.profile = decode_u32(d);
	scope.issuer = decode_u32(d);
	scope.binding = decode_id(d);
	return scope;
}

struct ident
decode_ident(struct decoder *d)
{
	struct ident i = { .type = (enum ident_type)decode_enum(d, IDENT_IP) };

	i.wildcard = decode_flag(d);
	i.value = decode_text(d);
	i.shown = decode_text(d);
	if (*i.shown == '\0')
		i.shown = i.value;
	return i;
}

bool
decoder_done(const struct decoder *d)
{
	return !d->failed && d->at == d->end;
}

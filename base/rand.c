/* SPDX-License-Identifier: Apache-2.0 */
/* rand.c - ids, tokens, serial numbers. */
#include "base/rand.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/b64.h"

void
rand_bytes(void *buf, size_t n)
{
	uint8_t *p = buf;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got <= 0)
			continue;	/* a signal */
		p += got;
		n -= (size_t)got;
	}
}

struct id
id_new(int64_t now_ms)
{
	struct id id;

	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	rand_bytes(id.b + 6, sizeof(id.b) - 6);
	return id;
}

bool
id_equal(const struct id *a, const struct id *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool
id_none(const struct id *id)
{
	static const struct id none;

	return id_equal(id, &none);
}

bool
serial_equal(const struct serial *a, const struct serial *b)
{
	return memcmp(a->b, b->b, SERIAL_LEN) == 0;
}

bool
serial_none(const struct serial *serial)
{
	static const struct serial none;

	return serial_equal(serial, &none);
}

const char *
id_print(struct arena *a, const struct id *id)
{
	return b64_print(a, id->b, sizeof(id->b));
}

bool
id_parse(const char *text, size_t len, struct id *id)
{
	return b64_decode(text, len, id->b, sizeof(id->b)) == (ssize_t)sizeof(id->b);
}

struct serial
serial_new(int64_t now)
{
	struct serial s;

	for (int i = 0; i < 4; i++)
		s.b[i] = (uint8_t)((uint64_t)now >> (24 - 8 * i));
	s.b[0] &= 0x7f;
	rand_bytes(s.b + 4, sizeof(s.b) - 4);
	return s;
}

const char *
serial_print(struct arena *a, const struct serial *s)
{
	return b64_print(a, s->b, sizeof(s->b));
}

const char *
serial_hex(struct arena *a, const struct serial *s)
{
	char *hex = arena_alloc(a, 2 * sizeof(s->b) + 1);

	for (size_t i = 0; i < sizeof(s->b); i++)
		snprintf(hex + 2 * i, 3, "%02x", s->b[i]);
	return hex;
}

bool
serial_parse(const char *text, size_t len, struct serial *s)
{
	return b64_decode(text, len, s->b, sizeof(s->b)) == (ssize_t)sizeof(s->b);
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, tolower((unsigned char)c));

	return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

bool
serial_hex_parse(const char *text, struct serial *s)
{
	size_t n = 0;

	memset(s, 0, sizeof(*s));
	for (; *text != '\0'; text++) {
		int digit = hex_digit(*text);

		if (*text == ':')
			continue;
		if (digit < 0 || ++n > 2 * sizeof(s->b))
			return false;
		/* Shifts in a digit from the right. */
		for (size_t i = 0; i < sizeof(s->b); i++)
			s->b[i] = (uint8_t)(s->b[i] << 4 |
					    (i + 1 < sizeof(s->b) ? s->b[i + 1] >> 4 : digit));
	}
	return n > 0;
}

const char *
token_new(struct arena *a)
{
	uint8_t raw[32];

	rand_bytes(raw, sizeof(raw));
	return b64_print(a, raw, sizeof(raw));
}

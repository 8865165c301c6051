/* SPDX-License-Identifier: Apache-2.0 */
/* b64.c - strict base64url without padding. */
#include "base/b64.h"

#include <string.h>

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 1 more than the value of a character; 0: outside the alphabet. */
static const uint8_t value[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
	21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
	45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['-'] = 63, ['_'] = 64,
};

ssize_t
b64_decode(const char *text, size_t len, void *buf, size_t size)
{
	uint8_t *out = buf;
	size_t n = len / 4 * 3 + (len % 4 == 0 ? 0 : len % 4 - 1);
	uint32_t acc = 0;
	unsigned bits = 0;

	if (len % 4 == 1 || n > size)
		return -1;
	for (size_t i = 0; i < len; i++) {
		uint8_t v = value[(uint8_t)text[i]];

		if (v == 0)
			return -1;
		acc = acc << 6 | (v - 1u);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*out++ = (uint8_t)(acc >> bits);
		}
	}
	if ((acc & ((1u << bits) - 1)) != 0)	/* another spelling of the same value */
		return -1;
	return (ssize_t)n;
}

static const char *
b64_why(const char *text, size_t len)
{
	size_t end = len;

	while (end > 0 && text[end - 1] == '=')
		end--;
	if (end < len)
		return "has padding ('='), which RFC 8555 section 6.1 forbids";
	for (size_t i = 0; i < len; i++)
		if (value[(uint8_t)text[i]] == 0)
			return text[i] == '+' || text[i] == '/' ?
			       "is base64, not base64url ('-' and '_' for '+' and '/')" :
			       "has a character outside base64url";
	return len % 4 == 1 ? "has a length that base64url cannot have" :
	       "has spare bits that are not zero";
}

struct blob
b64_parse(struct arena *a, const char *text, size_t len, const char **why)
{
	uint8_t *buf = arena_alloc(a, B64_DECODED(len));
	ssize_t n = b64_decode(text, len, buf, B64_DECODED(len));

	if (n < 0) {
		if (why != NULL)
			*why = b64_why(text, len);
		return (struct blob){ NULL, 0 };
	}
	return (struct blob){ buf, (size_t)n };
}

char *
b64_print(struct arena *a, const void *data, size_t n)
{
	const uint8_t *in = data;
	char *text = arena_alloc(a, n / 3 * 4 + 5), *out = text;
	uint32_t acc = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		acc = acc << 8 | in[i];
		for (bits += 8; bits >= 6; bits -= 6)
			*out++ = alphabet[acc >> (bits - 6) & 63];
	}
	if (bits > 0)
		*out++ = alphabet[acc << (6 - bits) & 63];
	return text;
}

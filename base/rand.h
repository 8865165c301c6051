/* SPDX-License-Identifier: Apache-2.0 */
/* rand.h - ids, tokens, serial numbers: what must not be guessed. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define ID_LEN	   22		/* octets */
#define ID_TEXT	   30		/* characters of its base64url */
#define SERIAL_LEN 20
#define TOKEN_TEXT 43		/* characters of a challenge's token */

/* The name of a stored object: 6 octets of milliseconds since 1970, big-endian, so
 * that new ones sort behind old ones, and 16 random octets (RFC 8555 section 10.5). */
struct id {
	uint8_t b[ID_LEN];
};

/* A certificate's serial number, 20 octets: a 0 bit, 31 bits of seconds since 1970,
 * 128 random bits. */
struct serial {
	uint8_t b[SERIAL_LEN];
};

/* n octets from the kernel's generator.  Never fails. */
void rand_bytes(void *buf, size_t n);

struct id id_new(int64_t now_ms);
bool id_equal(const struct id *a, const struct id *b);
bool id_none(const struct id *id);		/* all zero: "no such object" */
bool serial_none(const struct serial *serial);	/* all zero: "no such certificate" */
bool serial_equal(const struct serial *a, const struct serial *b);
const char *id_print(struct arena *a, const struct id *id);	/* base64url, 30 characters */
bool id_parse(const char *text, size_t len, struct id *id);	/* false: not an id */

struct serial serial_new(int64_t now);
const char *serial_print(struct arena *a, const struct serial *s);	/* base64url, 27 */
const char *serial_hex(struct arena *a, const struct serial *s);	/* lower case, 40 */
bool serial_parse(const char *text, size_t len, struct serial *s);	/* of base64url */
bool serial_hex_parse(const char *text, struct serial *s);	/* 1 to 40 digits, ':' between */

/* 256 random bits in base64url (RFC 8555 sections 8 and 11.3), in the arena. */
const char *token_new(struct arena *a);

#endif

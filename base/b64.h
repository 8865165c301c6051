/* SPDX-License-Identifier: Apache-2.0 */
/* b64.h - strict base64url without padding (RFC 4648 section 5, RFC 8555 section 6.1).
 *
 * There is one spelling for each value: '=', '+', '/', white space, a length of
 * 4n+1 and spare bits that are not zero are refused. */
#ifndef BASE_B64_H
#define BASE_B64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

/* Octets that len characters decode to, at most. */
#define B64_DECODED(len) ((len) / 4 * 3 + 2)

/* Decodes into buf.  Returns the number of octets, or -1 when the text is not strict
 * base64url or holds more than size octets. */
ssize_t b64_decode(const char *text, size_t len, void *buf, size_t size);

/* Decodes into the arena.  On failure returns NULL in .data and, in *why (if not
 * NULL), a phrase for the client ("has padding ('=')"). */
struct blob b64_parse(struct arena *a, const char *text, size_t len, const char **why);

/* The text of n octets, NUL-terminated, in the arena. */
char *b64_print(struct arena *a, const void *data, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* der.h - strict DER (X.690 section 10): a reader that walks, a writer that grows. */
#ifndef CA_DER_H
#define CA_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8 = 0x0c,
	DER_NUMERIC = 0x12,
	DER_PRINTABLE = 0x13,
	DER_TELETEX = 0x14,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	DER_BMP = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31
};

/* [n], primitive and constructed. */
#define DER_CONTEXT(n)	   (0x80 | (n))
#define DER_CONSTRUCTED(n) (0xa0 | (n))

/* Bytes written down as a string literal, for initialisers. */
#define BYTES(s)	{ (const uint8_t *)(s), sizeof(s) - 1 }

/* --- reading ---------------------------------------------------------------------------
 *
 * A blob is the cursor.  An element that is read is cut off its front; on failure the
 * cursor stays.  What is found points into the same bytes. */

/* The next element, whatever it is.  False: there is none with a tag of one octet and a
 * definite, minimal length. */
bool der_any(struct blob *rest, uint8_t *tag, struct blob *content);

/* The content of the next element, which must have that tag; der_whole(): all of it. */
bool der_get(struct blob *rest, uint8_t tag, struct blob *content);
bool der_whole(struct blob *rest, uint8_t tag, struct blob *element);

/* Does an element with that tag come next? */
bool der_next(struct blob rest, uint8_t tag);

/* A minimal INTEGER of 0 or more, without its sign octet. */
bool der_unsigned(struct blob *rest, struct blob *magnitude);

/* A BIT STRING of whole octets. */
bool der_octets(struct blob *rest, struct blob *bits);

/* UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5. */
bool der_time(struct blob *rest, int64_t *when);

/* Is this one element of strict DER, nothing behind it, as deep as it goes?  Strings of
 * octets and primitive [n] are not looked into. */
bool der_check(struct blob der);

/* --- writing -----------------------------------------------------------------------------
 *
 * Errors stick: only der_finish() tells. */

#define DER_DEPTH 24

struct der_writer {
	struct arena	*arena;
	uint8_t		*data;
	size_t		 len, size;
	size_t		 open[DER_DEPTH];	/* where the elements begun lie */
	int		 depth;
	bool		 bad;
};

/* A writer into the arena, with room for so many octets before it has to move. */
struct der_writer der_new(struct arena *a, size_t room);

/* Between these, what is written is the content of one element. */
void der_begin(struct der_writer *w, uint8_t tag);
void der_end(struct der_writer *w);

void der_put(struct der_writer *w, uint8_t tag, struct blob content);
void der_put_raw(struct der_writer *w, struct blob elements);
void der_put_text(struct der_writer *w, uint8_t tag, const char *text);
void der_put_true(struct der_writer *w);

/* The smallest INTEGER of that magnitude. */
void der_put_unsigned(struct der_writer *w, struct blob magnitude);
void der_put_number(struct der_writer *w, uint64_t number);

/* UTCTime until 2049, GeneralizedTime from 2050 to 9999. */
void der_put_time(struct der_writer *w, int64_t when);

/* A BIT STRING of whole octets. */
void der_put_octets(struct der_writer *w, struct blob bits);

/* What was written.  False: something did not fit into DER. */
bool der_finish(struct der_writer *w, struct blob *der);

#endif

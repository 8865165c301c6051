/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - bytes <-> fields.
 *
 * Both sides are sticky.  A decoder that meets bytes which cannot be gives zeros from
 * there on and never reads outside; ask decoder_done() once, at the end.  An encoder
 * cannot fail.  How each field lies in the bytes: store/schema.h. */
#ifndef STORE_CODEC_H
#define STORE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/ident.h"
#include "base/rand.h"
#include "store/store.h"

/* Starts as { .arena = a }. */
struct encoder {
	struct arena	*arena;
	uint8_t		*data;
	size_t		 len, size;
};

void encode_u8(struct encoder *c, unsigned value);
void encode_u32(struct encoder *c, uint32_t value);
void encode_u64(struct encoder *c, uint64_t value);
void encode_time(struct encoder *c, int64_t value);
void encode_length(struct encoder *c, size_t value);
void encode_bytes(struct encoder *c, const void *data, size_t len);	/* just these */
void encode_id(struct encoder *c, const struct id *id);
void encode_serial(struct encoder *c, const struct serial *serial);
void encode_blob(struct encoder *c, struct blob b);
void encode_text(struct encoder *c, const char *s);		/* NULL: "" */
void encode_maybe(struct encoder *c, const char *s);		/* or NULL */
void encode_scope(struct encoder *c, const struct scope *scope);
void encode_ident(struct encoder *c, const struct ident *i);

/* What has been encoded, in the arena. */
struct blob encoder_blob(const struct encoder *c);

struct decoder {
	const uint8_t	*at, *end;
	struct arena	*arena;		/* gets the texts and blobs */
	bool		 failed;
};

struct decoder decoder_new(struct blob bytes, struct arena *a);

unsigned decode_u8(struct decoder *d);
uint32_t decode_u32(struct decoder *d);
uint64_t decode_u64(struct decoder *d);
int64_t decode_time(struct decoder *d);			/* at least 0 */
bool decode_flag(struct decoder *d);			/* 0 or 1 */
/* A value from 1 to max, as states and kinds are. */
unsigned decode_enum(struct decoder *d, unsigned max);
size_t decode_length(struct decoder *d);
/* How many elements follow, each of at least `least` octets (so that no more memory is
 * taken than the bytes can fill). */
size_t decode_count(struct decoder *d, size_t least);
void decode_bytes(struct decoder *d, void *data, size_t len);
struct id decode_id(struct decoder *d);
struct serial decode_serial(struct decoder *d);
struct blob decode_blob(struct decoder *d);		/* a copy */
const char *decode_text(struct decoder *d);		/* a copy, never NULL */
const char *decode_maybe(struct decoder *d);		/* a copy, or NULL */
struct scope decode_scope(struct decoder *d);
struct ident decode_ident(struct decoder *d);

/* Was all of it good, and is nothing left? */
bool decoder_done(const struct decoder *d);

/* A text without its NUL as a blob: how keys of meta and names are written. */
#define BLOB_TEXT(s) ((struct blob){ (const uint8_t *)(s), strlen(s) })

#endif

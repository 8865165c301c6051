/* SPDX-License-Identifier: Apache-2.0 */
/* crl.c - the newest revocation list of each issuer and shard. */
#include "store/records.h"

struct blob
crl_encode(const struct crl *crl, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, RECORD_VERSION);
	encode_u64(&c, crl->number);
	encode_u64(&c, crl->revocations);
	encode_time(&c, crl->this_update);
	encode_time(&c, crl->next_update);
	encode_blob(&c, crl->der);
	return encoder_blob(&c);
}

bool
crl_decode(struct blob bytes, struct arena *a, struct crl *crl)
{
	struct decoder d = decoder_new(bytes, a);

	if (decode_u8(&d) != RECORD_VERSION)
		return false;
	crl->number = decode_u64(&d);
	crl->revocations = decode_u64(&d);
	crl->this_update = decode_time(&d);
	crl->next_update = decode_time(&d);
	crl->der = decode_blob(&d);
	return decoder_done(&d);
}

static struct blob
crl_key(struct arena *a, uint32_t issuer, uint32_t shard)
{
	struct encoder c = { .arena = a };

	encode_u32(&c, issuer);
	encode_u32(&c, shard);
	return encoder_blob(&c);
}

const struct crl *
store_crl_get(const struct view *v, struct arena *a, uint32_t issuer, uint32_t shard)
{
	struct blob key = crl_key(a, issuer, shard), bytes = view_get(v, TABLE_CRLS, key);
	struct crl *crl;

	if (bytes.data == NULL)
		return NULL;
	crl = arena_alloc(a, sizeof(*crl));
	crl->issuer = issuer;
	crl->shard = shard;
	if (!crl_decode(bytes, a, crl))
		store_corrupt(TABLE_CRLS, key, "not a revocation list");
	return crl;
}

int64_t
store_crl_this_update(const struct view *v, uint32_t issuer, uint32_t shard)
{
	uint8_t key[8];
	struct decoder d;
	int64_t this_update;

	for (int i = 0; i < 4; i++) {
		key[i] = (uint8_t)(issuer >> (24 - 8 * i));
		key[4 + i] = (uint8_t)(shard >> (24 - 8 * i));
	}
	d = decoder_new(view_get(v, TABLE_CRLS, BLOB(key)), NULL);
	decode_u8(&d);
	decode_u64(&d);
	decode_u64(&d);
	this_update = decode_time(&d);
	return d.failed ? 0 : this_update;
}

void
store_crl_put(struct edit *e, const struct crl *crl)
{
	struct arena *a = edit_arena(e);

	edit_put(e, TABLE_CRLS, crl_key(a, crl->issuer, crl->shard), crl_encode(crl, a));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c - certificates, from the intention to sign on. */
#include "store/records.h"

struct blob
cert_encode(const struct cert *cert, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, RECORD_VERSION);
	encode_time(&c, cert->not_after);
	encode_id(&c, &cert->account);
	encode_id(&c, &cert->order);
	encode_scope(&c, &cert->scope);
	encode_u8(&c, cert->state);
	encode_time(&c, cert->created);
	encode_time(&c, cert->not_before);
	encode_u32(&c, cert->shard);
	encode_bytes(&c, cert->spki_hash, sizeof(cert->spki_hash));
	encode_blob(&c, cert->der);
	if (cert->state == CERT_REVOKED) {
		encode_time(&c, cert->revoked);
		encode_u8(&c, (unsigned)cert->reason);
	}
	return encoder_blob(&c);
}

bool
cert_decode(struct blob bytes, struct arena *a, struct cert *cert)
{
	struct decoder d = decoder_new(bytes, a);

	if (decode_u8(&d) != RECORD_VERSION)
		return false;
	cert->not_after = decode_time(&d);
	cert->account = decode_id(&d);
	cert->order = decode_id(&d);
	cert->scope = decode_scope(&d);
	cert->state = (enum cert_state)decode_enum(&d, CERT_REVOKED);
	cert->created = decode_time(&d);
	cert->not_before = decode_time(&d);
	cert->shard = decode_u32(&d);
	decode_bytes(&d, cert->spki_hash, sizeof(cert->spki_hash));
	cert->der = decode_blob(&d);
	if (cert->state == CERT_REVOKED) {
		cert->revoked = decode_time(&d);
		cert->reason = (int)decode_u8(&d);
	}
	return decoder_done(&d);
}

const struct cert *
store_cert_get(const struct view *v, struct arena *a, const struct serial *serial)
{
	struct blob bytes = view_get(v, TABLE_CERTS, BLOB_ID(serial));
	struct cert *cert;

	if (bytes.data == NULL)
		return NULL;
	cert = arena_alloc(a, sizeof(*cert));
	cert->serial = *serial;
	if (!cert_decode(bytes, a, cert))
		store_corrupt(TABLE_CERTS, BLOB_ID(serial), "not a certificate");
	return cert;
}

size_t
store_cert_list(const struct view *v, struct arena *a, const struct serial *after, size_t max,
		struct serial **serials)
{
	return serial_list(v, a, TABLE_CERTS, (struct blob){ NULL, 0 }, after, max, serials);
}

void
store_cert_add(struct edit *e, const struct cert *cert)
{
	struct ended record = { TABLE_CERTS, 'c', BLOB_ID(&cert->serial) };

	ended_add(e, &record, cert_encode(cert, edit_arena(e)));
}

void
store_cert_put(struct edit *e, const struct cert *cert)
{
	struct ended record = { TABLE_CERTS, 'c', BLOB_ID(&cert->serial) };

	ended_put(e, &record, cert_encode(cert, edit_arena(e)));
	if (cert->state == CERT_REVOKED)
		revoked_put(e, cert);
}

void
store_cert_del(struct edit *e, const struct cert *cert)
{
	struct ended record = { TABLE_CERTS, 'c', BLOB_ID(&cert->serial) };

	ended_del(e, &record);
	if (cert->state == CERT_REVOKED)
		store_revoked_del(e, cert);
}

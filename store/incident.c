/* SPDX-License-Identifier: Apache-2.0 */
/* incident.c - incidents, and which certificates belong to them. */
#include "store/records.h"

struct blob
incident_encode(const struct incident *incident, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, RECORD_VERSION);
	encode_u8(&c, incident->state);
	encode_time(&c, incident->created);
	encode_time(&c, incident->spread);
	encode_time(&c, incident->revoke_at);
	encode_u8(&c, (unsigned)incident->reason);
	encode_serial(&c, &incident->at);
	encode_u64(&c, incident->matched);
	encode_u64(&c, incident->revoked);
	encode_text(&c, incident->where);
	encode_text(&c, incident->explanation);
	return encoder_blob(&c);
}

bool
incident_decode(struct blob bytes, struct arena *a, struct incident *incident)
{
	struct decoder d = decoder_new(bytes, a);

	if (decode_u8(&d) != RECORD_VERSION)
		return false;
	incident->state = (enum incident_state)decode_enum(&d, INCIDENT_ENDED);
	incident->created = decode_time(&d);
	incident->spread = decode_time(&d);
	incident->revoke_at = decode_time(&d);
	incident->reason = (int)decode_u8(&d);
	incident->at = decode_serial(&d);
	incident->matched = decode_u64(&d);
	incident->revoked = decode_u64(&d);
	incident->where = decode_text(&d);
	incident->explanation = decode_text(&d);
	return decoder_done(&d);
}

const struct incident *
store_incident_get(const struct view *v, struct arena *a, const struct id *id)
{
	struct blob bytes = view_get(v, TABLE_INCIDENTS, BLOB_ID(id));
	struct incident *incident;

	if (bytes.data == NULL)
		return NULL;
	incident = arena_alloc(a, sizeof(*incident));
	incident->id = *id;
	if (!incident_decode(bytes, a, incident))
		store_corrupt(TABLE_INCIDENTS, BLOB_ID(id), "not an incident");
	return incident;
}

void
store_incident_put(struct edit *e, const struct incident *incident)
{
	edit_put(e, TABLE_INCIDENTS, BLOB_ID(&incident->id),
		 incident_encode(incident, edit_arena(e)));
}

void
store_incident_del(struct edit *e, const struct id *id)
{
	edit_del(e, TABLE_INCIDENTS, BLOB_ID(id));
}

size_t
store_incident_list(const struct view *v, struct arena *a, const struct id *after, size_t max,
		    struct id **ids)
{
	return id_list(v, a, TABLE_INCIDENTS, (struct blob){ NULL, 0 }, after, max, ids);
}

/* --- its certificates --------------------------------------------------------------- */

static struct blob
cert_key(struct arena *a, const struct id *id, const struct serial *serial)
{
	struct encoder c = { .arena = a };

	encode_id(&c, id);
	encode_serial(&c, serial);
	return encoder_blob(&c);
}

void
store_incident_cert_put(struct edit *e, const struct id *id, const struct serial *serial)
{
	edit_put(e, TABLE_INCIDENT_CERTS, cert_key(edit_arena(e), id, serial),
		 (struct blob){ NULL, 0 });
}

bool
store_incident_cert_has(const struct view *v, struct arena *a, const struct id *id,
			const struct serial *serial)
{
	return view_get(v, TABLE_INCIDENT_CERTS, cert_key(a, id, serial)).data != NULL;
}

void
store_incident_cert_del(struct edit *e, const struct id *id, const struct serial *serial)
{
	edit_del(e, TABLE_INCIDENT_CERTS, cert_key(edit_arena(e), id, serial));
}

size_t
store_incident_cert_list(const struct view *v, struct arena *a, const struct id *id,
			 const struct serial *after, size_t max, struct serial **serials)
{
	return serial_list(v, a, TABLE_INCIDENT_CERTS, BLOB_ID(id), after, max, serials);
}

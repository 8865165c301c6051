/* SPDX-License-Identifier: Apache-2.0 */
/* authz.c - authorizations and their challenges (RFC 8555 sections 7.1.4 and 8). */
#include "store/records.h"

#define CHALLENGE_LEAST 12	/* octets of the shortest challenge */

static void
encode_challenge(struct encoder *c, const struct challenge *challenge)
{
	encode_u8(c, challenge->method);
	encode_u8(c, challenge->state);
	encode_time(c, challenge->validated);
	encode_text(c, challenge->token);
	encode_maybe(c, challenge->error);
}

static struct challenge
decode_challenge(struct decoder *d)
{
	struct challenge challenge = {
		.method = (enum method)decode_enum(d, METHODS_MAX)
	};

	challenge.state = (enum challenge_state)decode_enum(d, CHALLENGE_INVALID);
	challenge.validated = decode_time(d);
	challenge.token = decode_text(d);
	challenge.error = decode_maybe(d);
	return challenge;
}

struct blob
authz_encode(const struct authz *authz, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, RECORD_VERSION);
	encode_time(&c, authz->expires);
	encode_id(&c, &authz->account);
	encode_id(&c, &authz->order);
	encode_scope(&c, &authz->scope);
	encode_u8(&c, authz->state);
	encode_time(&c, authz->created);
	encode_ident(&c, &authz->ident);
	encode_bytes(&c, authz->thumbprint, sizeof(authz->thumbprint));
	encode_length(&c, authz->nchallenge);
	for (size_t i = 0; i < authz->nchallenge; i++)
		encode_challenge(&c, &authz->challenges[i]);
	return encoder_blob(&c);
}

bool
authz_decode(struct blob bytes, struct arena *a, struct authz *authz)
{
	struct decoder d = decoder_new(bytes, a);

	if (decode_u8(&d) != RECORD_VERSION)
		return false;
	authz->expires = decode_time(&d);
	authz->account = decode_id(&d);
	authz->order = decode_id(&d);
	authz->scope = decode_scope(&d);
	authz->state = (enum authz_state)decode_enum(&d, AUTHZ_REVOKED);
	authz->created = decode_time(&d);
	authz->ident = decode_ident(&d);
	decode_bytes(&d, authz->thumbprint, sizeof(authz->thumbprint));
	authz->nchallenge = decode_count(&d, CHALLENGE_LEAST);
	authz->challenges = arena_alloc(a, authz->nchallenge *
					   sizeof(authz->challenges[0]));
	for (size_t i = 0; i < authz->nchallenge; i++)
		authz->challenges[i] = decode_challenge(&d);
	return decoder_done(&d);
}

const struct authz *
store_authz_get(const struct view *v, struct arena *a, const struct id *id)
{
	struct blob bytes = view_get(v, TABLE_AUTHZ, BLOB_ID(id));
	struct authz *authz;

	if (bytes.data == NULL)
		return NULL;
	authz = arena_alloc(a, sizeof(*authz));
	authz->id = *id;
	if (!authz_decode(bytes, a, authz))
		store_corrupt(TABLE_AUTHZ, BLOB_ID(id), "not an authorization");
	return authz;
}

void
store_authz_add(struct edit *e, const struct authz *authz)
{
	struct ended record = { TABLE_AUTHZ, 'a', BLOB_ID(&authz->id) };

	ended_add(e, &record, authz_encode(authz, edit_arena(e)));
}

void
store_authz_put(struct edit *e, const struct authz *authz)
{
	struct ended record = { TABLE_AUTHZ, 'a', BLOB_ID(&authz->id) };

	ended_put(e, &record, authz_encode(authz, edit_arena(e)));
}

/* --- by account and identifier ---------------------------------------------------- */

static struct blob
found_key(struct arena *a, const struct id *account, const struct ident *ident,
	  enum authz_state state)
{
	struct encoder c = { .arena = a };
	const char *value = strncmp(ident->value, "*.", 2) == 0 ? ident->value + 2 : ident->value;

	encode_id(&c, account);
	encode_u8(&c, state);
	encode_u8(&c, ident->type);
	encode_u8(&c, ident->wildcard);
	encode_bytes(&c, value, strlen(value));
	return encoder_blob(&c);
}

void
store_authz_remember(struct edit *e, const struct authz *authz)
{
	edit_put(e, TABLE_ACCOUNT_AUTHZ, found_key(edit_arena(e), &authz->account,
						   &authz->ident, authz->state),
		 BLOB_ID(&authz->id));
}

/* Forgets it if it is the one that is found. */
static void
authz_forget(struct edit *e, const struct authz *authz, enum authz_state state)
{
	struct blob key = found_key(edit_arena(e), &authz->account, &authz->ident, state);
	struct blob value = view_get(edit_view(e), TABLE_ACCOUNT_AUTHZ, key);

	if (value.data != NULL && blob_equal(value, BLOB_ID(&authz->id)))
		edit_del(e, TABLE_ACCOUNT_AUTHZ, key);
}

void
store_authz_del(struct edit *e, const struct authz *authz)
{
	struct ended record = { TABLE_AUTHZ, 'a', BLOB_ID(&authz->id) };

	ended_del(e, &record);
	authz_forget(e, authz, AUTHZ_PENDING);
	authz_forget(e, authz, AUTHZ_VALID);
	evidence_del(e, &authz->id);
}

const struct authz *
store_authz_find(const struct view *v, struct arena *a, const struct id *account,
		 const struct ident *ident, enum authz_state state)
{
	struct blob key = found_key(a, account, ident, state);
	struct blob value = view_get(v, TABLE_ACCOUNT_AUTHZ, key);
	const struct authz *authz;
	struct id id;

	if (value.data == NULL)
		return NULL;
	if (value.len != sizeof(id))
		store_corrupt(TABLE_ACCOUNT_AUTHZ, key, "not an id");
	memcpy(&id, value.data, sizeof(id));
	authz = store_authz_get(v, a, &id);
	return authz != NULL && authz->state == state ? authz : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - accounts, and which key belongs to which (RFC 8555 section 7.1.2). */
#include "store/records.h"

struct blob
account_encode(const struct account *account, struct arena *a)
{
	struct encoder c = { .arena = a };

	encode_u8(&c, RECORD_VERSION);
	encode_bytes(&c, account->thumbprint, sizeof(account->thumbprint));
	encode_scope(&c, &account->scope);
	encode_u8(&c, account->state);
	encode_time(&c, account->created);
	encode_time(&c, account->agreed);
	encode_text(&c, account->jwk);
	encode_length(&c, account->ncontact);
	for (size_t i = 0; i < account->ncontact; i++)
		encode_text(&c, account->contact[i]);
	encode_text(&c, account->agent);
	encode_text(&c, account->address);
	return encoder_blob(&c);
}

bool
account_decode(struct blob bytes, struct arena *a, struct account *account)
{
	struct decoder d = decoder_new(bytes, a);

	if (decode_u8(&d) != RECORD_VERSION)
		return false;
	decode_bytes(&d, account->thumbprint, sizeof(account->thumbprint));
	account->scope = decode_scope(&d);
	account->state = (enum account_state)decode_enum(&d, ACCOUNT_REVOKED);
	account->created = decode_time(&d);
	account->agreed = decode_time(&d);
	account->jwk = decode_text(&d);
	account->ncontact = decode_count(&d, 1);
	account->contact = arena_alloc(a, account->ncontact * sizeof(account->contact[0]));
	for (size_t i = 0; i < account->ncontact; i++)
		account->contact[i] = decode_text(&d);
	account->agent = decode_text(&d);
	account->address = decode_text(&d);
	return decoder_done(&d);
}

static struct blob
key_key(struct arena *a, uint32_t directory, const uint8_t thumbprint[32])
{
	struct encoder c = { .arena = a };

	encode_u32(&c, directory);
	encode_bytes(&c, thumbprint, 32);
	return encoder_blob(&c);
}

const struct account *
store_account_get(const struct view *v, struct arena *a, const struct id *id)
{
	struct blob bytes = view_get(v, TABLE_ACCOUNTS, BLOB_ID(id));
	struct account *account;

	if (bytes.data == NULL)
		return NULL;
	account = arena_alloc(a, sizeof(*account));
	account->id = *id;
	if (!account_decode(bytes, a, account))
		store_corrupt(TABLE_ACCOUNTS, BLOB_ID(id), "not an account");
	return account;
}

bool
store_account_find(const struct view *v, uint32_t directory, const uint8_t thumbprint[32],
		   struct id *id)
{
	uint8_t key[36] = { (uint8_t)(directory >> 24), (uint8_t)(directory >> 16),
			    (uint8_t)(directory >> 8), (uint8_t)directory };
	struct blob value;

	memcpy(key + 4, thumbprint, 32);
	value = view_get(v, TABLE_ACCOUNT_KEYS, BLOB(key));
	if (value.data == NULL)
		return false;
	if (value.len != sizeof(id->b))
		store_corrupt(TABLE_ACCOUNT_KEYS, BLOB(key), "not an id");
	memcpy(id->b, value.data, sizeof(id->b));
	return true;
}

/* One key, one account: a second one is a mistake of the caller. */
static void
key_put(struct edit *e, const struct account *account)
{
	struct blob key = key_key(edit_arena(e), account->scope.directory,
				  account->thumbprint);

	if (view_get(edit_view(e), TABLE_ACCOUNT_KEYS, key).data != NULL)
		edit_fail(e, "the key has an account already");
	edit_put(e, TABLE_ACCOUNT_KEYS, key, BLOB_ID(&account->id));
}

static void
account_write(struct edit *e, const struct account *account)
{
	struct blob value = account_encode(account, edit_arena(e));

	counts_change(e, TABLE_ACCOUNTS,
		      view_get(edit_view(e), TABLE_ACCOUNTS, BLOB_ID(&account->id)), value);
	edit_put(e, TABLE_ACCOUNTS, BLOB_ID(&account->id), value);
}

void
store_account_add(struct edit *e, const struct account *account)
{
	if (view_get(edit_view(e), TABLE_ACCOUNTS, BLOB_ID(&account->id)).data != NULL)
		edit_fail(e, "an account of that id stands already");
	key_put(e, account);
	account_write(e, account);
}

void
store_account_put(struct edit *e, const struct account *account)
{
	const struct account *old = store_account_get(edit_view(e), edit_arena(e),
						      &account->id);

	if (old == NULL) {
		edit_fail(e, "there is no such account to be replaced");
		return;
	}
	if (old->scope.directory != account->scope.directory ||
	    memcmp(old->thumbprint, account->thumbprint, sizeof(old->thumbprint)) != 0) {
		edit_del(e, TABLE_ACCOUNT_KEYS, key_key(edit_arena(e), old->scope.directory,
							old->thumbprint));
		key_put(e, account);
	}
	account_write(e, account);
}

size_t
store_account_list(const struct view *v, struct arena *a, const struct id *after, size_t max,
		   struct id **ids)
{
	return id_list(v, a, TABLE_ACCOUNTS, (struct blob){ NULL, 0 }, after, max, ids);
}

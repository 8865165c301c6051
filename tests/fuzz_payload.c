/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_payload.c - any bytes as a payload (F-4): JSON by our rules, then as each
 * resource reads it: identifiers, contacts, times, a certificate, an external account
 * binding.  What is accepted comes out the same when it is written and read again. */
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acme/acme.h"
#include "acme/contact.h"
#include "acme/jwk.h"
#include "acme/jws.h"
#include "acme/offer.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
told(const struct problem *p)
{
	if (p->type == PROBLEM_NONE || *p->detail == '\0' || problem_http(p) < 400)
		abort();
	for (const char *s = p->detail; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			abort();
}

static void
try_ident(const json_t *item, struct arena *a)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct ident one = { .value = NULL }, again = { .value = NULL };
	json_t *shown;

	if (!offer_ident(&one, a, item, &p)) {
		told(&p);
		return;
	}
	shown = json_keep(a, ident_json(&one));
	if (!json_equal(json_object_get(shown, "value"), json_object_get(item, "value")) ||
	    !offer_ident(&again, a, shown, &p) || !ident_equal(&one, &again))
		abort();
	shown = json_keep(a, json_pack("{s:s, s:s}", "type", ident_type_name(one.type), "value",
				       one.value));
	if (!offer_ident(&again, a, shown, &p) || strcmp(again.value, one.value) != 0 ||
	    one.wildcard != (strncmp(one.value, "*.", 2) == 0) || strlen(one.value) > 255)
		abort();
}

static void
try_contact(const json_t *o, struct arena *a)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct account account = { .contact = NULL };
	bool given;

	if (!contact_parse(&account, &given, a, o, &p)) {
		told(&p);
		return;
	}
	if (given != (json_object_get(o, "contact") != NULL) || account.ncontact > CONTACTS_MAX)
		abort();
	for (size_t i = 0; i < account.ncontact; i++)
		if (strncasecmp(account.contact[i], "mailto:", 7) != 0)
			abort();
}

static void
try_time(const json_t *o, const char *member, struct arena *a)
{
	struct problem p = { .type = PROBLEM_NONE };
	const char *text;
	int64_t when, again;

	if (!json_text_maybe(o, member, &text, NULL, &p)) {
		told(&p);
		return;
	}
	if (text != NULL && clock_parse(text, &when) &&
	    (!clock_parse(clock_print(a, when), &again) || again != when))
		abort();
}

static void
try_certificate(const json_t *o, struct arena *a)
{
	const char *text = json_string_value(json_object_get(o, "certificate"));
	struct cert_facts facts;
	struct blob der;

	if (text == NULL)
		return;
	der = b64_parse(a, text, strlen(text), NULL);
	if (der.data != NULL && cert_read(&facts, a, der) && facts.spki.len == 0)
		abort();
}

/* It verifies with the MAC that the key makes, and neither with one bit of it changed nor
 * with a part of it. */
static void
try_mac(struct jws *jws)
{
	static const uint8_t key[BINDING_KEY] = { 1, 2, 3 };
	const EVP_MD *md = strcmp(jws->alg, "HS256") == 0 ? EVP_sha256() :
			   strcmp(jws->alg, "HS384") == 0 ? EVP_sha384() :
			   strcmp(jws->alg, "HS512") == 0 ? EVP_sha512() : NULL;
	const struct blob secret = { key, sizeof(key) }, sent = jws->signature;
	uint8_t mac[EVP_MAX_MD_SIZE + 1] = { 0 };
	unsigned n = 0;

	if (md == NULL || HMAC(md, key, sizeof(key), jws->signing_input.data,
			       jws->signing_input.len, mac, &n) == NULL ||
	    jws_verify_mac(jws, secret))	/* nobody knows that key */
		abort();
	jws->signature = (struct blob){ mac, n };
	if (!jws_verify_mac(jws, secret) || jws_verify_mac(jws, (struct blob){ key, 0 }))
		abort();
	for (size_t len = 0; len < n + 2; len++) {
		jws->signature.len = len;
		if (len != n && jws_verify_mac(jws, secret))
			abort();
	}
	jws->signature.len = n;
	mac[sent.len % n] ^= (uint8_t)(1u << sent.len % 8);
	if (jws_verify_mac(jws, secret))
		abort();
	jws->signature = sent;
}

static void
try_binding(const json_t *o, struct arena *a)
{
	const json_t *member = json_object_get(o, "externalAccountBinding"), *key;
	struct problem p = { .type = PROBLEM_NONE };
	struct jws jws = { .header = NULL };
	struct blob text;
	struct jwk jwk;

	if (!jws_take_mac(&jws, a, member, &p)) {
		told(&p);
		return;
	}
	if (json_object_get(jws.header, "crit") != NULL || jws.signature.len == 0)
		abort();
	try_mac(&jws);
	text = jws_payload(&jws, a, &p);
	if (text.data == NULL || (key = json_parse(a, text.data, text.len, "it", &p)) == NULL ||
	    !jwk_parse(&jwk, a, key, &p))
		told(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct problem p = { .type = PROBLEM_NONE };
	const json_t *o = json_parse(a, data, size, "the payload", &p), *item;
	size_t i;
	bool flag;

	if (o == NULL) {
		told(&p);
	} else {
		json_array_foreach(json_object_get(o, "identifiers"), i, item)
			try_ident(item, a);
		try_ident(json_object_get(o, "identifier"), a);
		try_contact(o, a);
		try_time(o, "notBefore", a);
		try_time(o, "notAfter", a);
		try_certificate(o, a);
		try_binding(o, a);
		if (!json_flag(o, "onlyReturnExisting", &flag, &p))
			told(&p);
	}
	arena_free(a);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* jwk.c - JSON Web Keys and thumbprints.  Runs on: loop. */
#include "acme/jwk.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/b64.h"
#include "base/json.h"

static const struct curve {
	const char	*crv;
	const char	*kty;
	const char	*alg;
	enum key_type	 type;
	size_t		 len;
} curves[] = {
	{ "P-256", "EC", "ES256", KEY_P256, 32 },
	{ "P-384", "EC", "ES384", KEY_P384, 48 },
	{ "P-521", "EC", "ES512", KEY_P521, 66 },
	{ "Ed25519", "OKP", "EdDSA", KEY_ED25519, 32 },
};

static const struct curve *
curve_of(enum key_type type)
{
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (curves[i].type == type)
			return &curves[i];
	return NULL;
}

/* One base64url member of the key. */
static bool
part(struct blob *out, struct arena *a, const json_t *j, const char *member, size_t want,
     struct problem *p)
{
	const char *text, *why = "";
	size_t len;

	if ((text = json_text(j, member, &len, p)) == NULL)
		return false;
	*out = b64_parse(a, text, len, &why);
	if (out->data == NULL)
		return problem(p, PROBLEM_MALFORMED, "\"%s\" of the jwk %s", member, why);
	if (want != 0 && out->len != want)
		return problem(p, PROBLEM_BAD_PUBLIC_KEY, "\"%s\" of the jwk has %zu octets; "
			       "its curve wants exactly %zu", member, out->len, want);
	return true;
}

static bool
parse_rsa(struct public_key *key, struct arena *a, const json_t *j, struct problem *p)
{
	key->type = KEY_RSA;
	if (!part(&key->a, a, j, "n", 0, p) || !part(&key->b, a, j, "e", 0, p))
		return false;
	if (key->a.len == 0 || key->b.len == 0 || key->a.data[0] == 0 || key->b.data[0] == 0)
		return problem(p, PROBLEM_BAD_PUBLIC_KEY, "\"n\" and \"e\" of the jwk must be "
			       "without leading zero octets (RFC 7518 section 2)");
	return true;
}

static bool
parse_curve(struct public_key *key, struct arena *a, const json_t *j, const char *kty,
	    struct problem *p)
{
	const char *crv = json_text(j, "crv", NULL, p);

	if (crv == NULL)
		return false;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		const struct curve *c = &curves[i];

		if (strcmp(c->crv, crv) != 0 || strcmp(c->kty, kty) != 0)
			continue;
		key->type = c->type;
		return part(&key->a, a, j, "x", c->len, p) &&
		       (c->type == KEY_ED25519 || part(&key->b, a, j, "y", c->len, p));
	}
	return problem(p, PROBLEM_BAD_PUBLIC_KEY, "curve \"%.20s\" of a key of type \"%.5s\" is "
		       "not supported; use P-256, P-384, P-521 (EC) or Ed25519 (OKP)", crv, kty);
}

static bool
private_member(const json_t *j)
{
	static const char *const names[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_object_get(j, names[i]) != NULL)
			return true;
	return false;
}

bool
jwk_parse(struct jwk *jwk, struct arena *a, const json_t *j, struct problem *p)
{
	struct public_key key = { 0 };
	const char *kty, *alg;

	if (!json_is_object(j))
		return problem(p, PROBLEM_MALFORMED, "\"jwk\" is not a JSON object");
	if ((kty = json_text(j, "kty", NULL, p)) == NULL)
		return false;
	if (private_member(j))
		return problem(p, PROBLEM_BAD_PUBLIC_KEY, "the jwk has private members: "
			       "send the public key only, and replace this key");
	if (strcmp(kty, "RSA") == 0) {
		if (!parse_rsa(&key, a, j, p))
			return false;
	} else if (strcmp(kty, "EC") == 0 || strcmp(kty, "OKP") == 0) {
		if (!parse_curve(&key, a, j, kty, p))
			return false;
	} else {
		return problem(p, PROBLEM_BAD_PUBLIC_KEY,
			       "key type \"%.20s\" is not supported; use EC, RSA or OKP", kty);
	}
	if (!key_check(&key, PROBLEM_BAD_PUBLIC_KEY, p))
		return false;
	if (!json_text_maybe(j, "alg", &alg, NULL, p))
		return false;
	if (alg != NULL && strcmp(alg, jwk_alg(key.type)) != 0 &&
	    !(key.type == KEY_ED25519 && strcmp(alg, "Ed25519") == 0))
		return problem(p, PROBLEM_BAD_PUBLIC_KEY, "\"alg\" of the jwk is \"%.20s\", but "
			       "such a key signs with %s", alg, jwk_alg(key.type));
	jwk_of(jwk, a, &key);
	return true;
}

void
jwk_of(struct jwk *jwk, struct arena *a, const struct public_key *key)
{
	const struct curve *c = curve_of(key->type);
	const char *x = b64_print(a, key->a.data, key->a.len);
	const char *y = b64_print(a, key->b.data, key->b.len);

	jwk->key = *key;
	if (key->type == KEY_RSA)
		jwk->text = arena_printf(a, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", y, x);
	else if (key->type == KEY_ED25519)
		jwk->text = arena_printf(a, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}",
					 x);
	else
		jwk->text = arena_printf(a, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\","
					 "\"y\":\"%s\"}", c->crv, x, y);
	SHA256((const uint8_t *)jwk->text, strlen(jwk->text), jwk->thumbprint);
}

bool
jwk_blocked(const struct jwk *jwk, struct arena *a, struct store *s)
{
	struct blob spki = key_spki(&jwk->key, a);
	struct view *v = view_open(s);
	uint8_t hash[32];
	bool blocked;

	SHA256(spki.data, spki.len, hash);
	blocked = store_key_blocked(v, hash);
	view_close(v);
	return blocked;
}

const char *
jwk_alg(enum key_type type)
{
	return type == KEY_RSA ? "RS256" : curve_of(type)->alg;
}

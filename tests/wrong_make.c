/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_make.c - how each kind of wrong request is made. */
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "tests/wrong.h"

#define GOOD "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"n0.example.test\"}]}"

/* --- templates ------------------------------------------------------------------------ */

struct text {
	struct arena	*arena;
	char		*s;
	size_t		 len, room;
};

static void
add(struct text *t, const char *s, size_t n)
{
	if (t->len + n + 1 > t->room) {
		char *more = arena_alloc(t->arena, (t->len + n) * 2 + 256);

		if (t->len > 0)
			memcpy(more, t->s, t->len);
		t->room = (t->len + n) * 2 + 256;
		t->s = more;
	}
	memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

/* A member of the key in JWK form, without quotes. */
static const char *
jwk_member(struct bench *b, const char *name)
{
	json_t *jwk = json_loads(key_jwk(b->c->arena, b->key), 0, NULL);
	const char *s = json_string_value(json_object_get(jwk, name));

	s = arena_strdup(b->c->arena, s == NULL ? "" : s);
	json_decref(jwk);
	return s;
}

/* What @c stands for; NULL: itself. */
static const char *
meaning(struct bench *b, char c)
{
	switch (c) {
	case 'N': return client_nonce(b->c);
	case 'U': return b->url;
	case 'K': return b->c->kid;
	case 'J': return key_jwk(b->c->arena, b->key);
	case 'X': return jwk_member(b, "x");
	case 'Y': return jwk_member(b, "y");
	case 'H': return strstr(b->c->base, "://") + 3;
	case 'B': return b->c->base;
	case 'P': return b->jws == NULL ? NULL : b->jws->protected;
	case 'L': return b->jws == NULL ? NULL : b->jws->payload_b64;
	case 'S': return b->jws == NULL ? NULL : b->jws->signature;
	default:  return NULL;
	}
}

/* "{300,a}" and "(300,a)"; returns what comes behind. */
static const char *
add_repeated(struct text *t, const char *at)
{
	char open = *at, close = open == '{' ? '}' : ')', *comma;
	unsigned long n = strtoul(at + 1, &comma, 10);
	const char *from = comma + 1, *end = from;

	for (int depth = 1; depth > 0; end++)
		depth += *end == close ? -1 : *end == open ? 1 : 0;
	for (unsigned long i = 0; i < n; i++) {
		if (open == '(' && i > 0)
			add(t, ",", 1);
		for (const char *s = from; s < end - 1; s++)
			add(t, *s == '\'' ? "\"" : s, 1);
	}
	return end;
}

struct blob
fill_blob(struct bench *b, const char *text)
{
	struct text t = { .arena = b->c->arena };

	add(&t, "", 0);
	while (*text != '\0') {
		const char *s;

		if (text[0] != '@' || text[1] == '\0') {
			add(&t, *text == '\'' ? "\"" : text, 1);
			text++;
		} else if (text[1] == '0') {
			add(&t, "", 1);
			text += 2;
		} else if (text[1] == '{' || text[1] == '(') {
			text = add_repeated(&t, text + 1);
		} else if ((s = meaning(b, text[1])) != NULL) {
			add(&t, s, strlen(s));
			text += 2;
		} else {
			add(&t, text++, 1);
		}
	}
	return (struct blob){ (const uint8_t *)t.s, t.len };
}

const char *
fill(struct bench *b, const char *text)
{
	return (const char *)fill_blob(b, text).data;
}

/* --- signed requests ------------------------------------------------------------------ */

static void
begin(struct bench *b, const char *resource, EVP_PKEY *key)
{
	b->url = client_url(b->c, resource);
	b->key = key;
	b->jws = NULL;
}

void
make_header(struct bench *b, const char *arg)
{
	struct jws jws = { .payload = GOOD };

	begin(b, "new-order", b->c->key);
	jws.header = fill(b, arg);
	client_post_jws(b->c, b->url, &jws, false);
}

void
make_key_header(struct bench *b, const char *arg)
{
	struct jws jws = { .key = b->fresh, .payload = "{\"termsOfServiceAgreed\":true}" };

	begin(b, "new-account", b->fresh);
	jws.header = fill(b, arg);
	client_post_jws(b->c, b->url, &jws, true);
}

void
make_body(struct bench *b, const char *arg)
{
	struct jws jws = { .key = b->c->key, .kid = b->c->kid, .payload = GOOD };

	begin(b, "new-order", b->c->key);
	jws.nonce = client_nonce(b->c);
	jws.url = b->url;
	jws_sign(b->c->arena, &jws);
	b->jws = &jws;
	client_send(b->c, "POST", b->url, "application/jose+json", fill(b, arg));
	b->jws = NULL;
}

void
make_payload_b64(struct bench *b, const char *arg)
{
	struct jws jws = { .payload_b64 = fill(b, arg) };

	begin(b, "new-order", b->c->key);
	client_post_jws(b->c, b->url, &jws, false);
}

void
make_jwk(struct bench *b, const char *arg)
{
	const char *jwk = strchr(arg, ' ') + 1;
	struct jws jws = { .key = b->fresh, .payload = "{\"termsOfServiceAgreed\":true}" };

	begin(b, "new-account", b->fresh);
	jws.header = arena_printf(b->c->arena, "{\"alg\":\"%.*s\",\"jwk\":%s,\"nonce\":\"%s\","
				  "\"url\":\"%s\"}", (int)(jwk - arg - 1), arg, fill(b, jwk),
				  client_nonce(b->c), b->url);
	client_post_jws(b->c, b->url, &jws, true);
}

static size_t wanted_size;	/* for resize() */

static void
resize(struct arena *a, struct blob *signature)
{
	uint8_t *fresh = arena_alloc(a, wanted_size + 1);

	memset(fresh, 1, wanted_size);
	memcpy(fresh, signature->data,
	       signature->len < wanted_size ? signature->len : wanted_size);
	*signature = (struct blob){ fresh, wanted_size };
}

void
make_sized(struct bench *b, const char *arg)
{
	const char *size = strchr(arg, ' ');
	EVP_PKEY *key = key_of_kind(b, arena_strndup(b->c->arena, arg, (size_t)(size - arg)));
	struct jws jws = { .key = key, .payload = "{\"termsOfServiceAgreed\":true}",
			   .mangle = resize };

	wanted_size = strtoul(size, NULL, 10);
	begin(b, "new-account", key);
	client_post_jws(b->c, b->url, &jws, true);
}

static void
as_der(struct arena *a, struct blob *signature)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t der[80], *end = der;

	ECDSA_SIG_set0(sig, BN_bin2bn(signature->data, 32, NULL),
		       BN_bin2bn(signature->data + 32, 32, NULL));
	*signature = arena_blob(a, der, (size_t)i2d_ECDSA_SIG(sig, &end));
	ECDSA_SIG_free(sig);
}

static void
with_octets(struct arena *a, struct blob *signature, size_t from, size_t n, int octet)
{
	uint8_t *copy = arena_memdup(a, signature->data, signature->len);

	memset(copy + from, octet, n);
	signature->data = copy;
}

static void
r_zero(struct arena *a, struct blob *signature)
{
	with_octets(a, signature, 0, 32, 0);
}

static void
s_zero(struct arena *a, struct blob *signature)
{
	with_octets(a, signature, 32, 32, 0);
}

static void
all_zero(struct arena *a, struct blob *signature)
{
	with_octets(a, signature, 0, 64, 0);
}

static void
r_max(struct arena *a, struct blob *signature)
{
	with_octets(a, signature, 0, 32, 0xff);
}

static void
flipped(struct arena *a, struct blob *signature)
{
	with_octets(a, signature, 40, 1, signature->data[40] ^ 1);
}

void
make_signature(struct bench *b, const char *arg)
{
	static const struct {
		const char *name;
		void (*mangle)(struct arena *a, struct blob *signature);
	} ways[] = {
		{ "der", as_der }, { "r=0", r_zero }, { "s=0", s_zero }, { "0", all_zero },
		{ "r=max", r_max }, { "flip", flipped }, { "other", NULL },
	};
	struct jws jws = { .payload = GOOD };

	begin(b, "new-order", b->c->key);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, arg) == 0)
			jws.mangle = ways[i].mangle;
	if (strcmp(arg, "other") == 0)
		jws.key = b->stranger;
	client_post_jws(b->c, b->url, &jws, false);
}

/* --- resources ------------------------------------------------------------------------ */

/* The URL of a resource by the name that the table has for it. */
static const char *
resource(struct bench *b, const char *name, size_t len)
{
	const struct {
		const char *name, *url;
	} names[] = {
		{ "order", b->pending }, { "authz", b->authz }, { "chall", b->challenge },
		{ "unready", b->unready }, { "finalize", b->finalize },
		{ "cert", b->certificate }, { "account", b->account }, { "orders", b->orders },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
			return names[i].url;
	if (*name == '/')
		return arena_printf(b->c->arena, "%s%.*s", b->c->base, (int)len, name);
	return client_url(b->c, arena_strndup(b->c->arena, name, len));
}

void
make_payload(struct bench *b, const char *arg)
{
	size_t len = strcspn(arg, " ");
	bool by_key = strncmp(arg, "new-account", len) == 0;
	struct jws jws = { .key = by_key ? b->fresh : b->c->key };

	b->url = resource(b, arg, len);
	b->key = jws.key;
	b->jws = NULL;
	jws.payload = fill(b, arg[len] == ' ' ? arg + len + 1 : "");
	client_post_jws(b->c, b->url, &jws, by_key);
}

void
make_method(struct bench *b, const char *arg)
{
	size_t len = strcspn(arg, " ");

	client_get(b->c, arena_strndup(b->c->arena, arg, len),
		   resource(b, arg + len + 1, strlen(arg + len + 1)));
}

void
make_media(struct bench *b, const char *arg)
{
	struct jws jws = { .key = b->c->key, .kid = b->c->kid, .payload = GOOD };

	begin(b, "new-order", b->c->key);
	jws.nonce = client_nonce(b->c);
	jws.url = b->url;
	jws_sign(b->c->arena, &jws);
	client_send(b->c, "POST", b->url, *arg == '\0' ? NULL : fill(b, arg),
		    jws_print(b->c->arena, &jws));
}

/* --- octets --------------------------------------------------------------------------- */

static void
raw(struct bench *b, SSL_CTX *trust, const char *arg, bool wait)
{
	struct client *c = b->c;
	struct wire *w = wire_open(trust, c->host, c->port);
	struct blob text = fill_blob(b, arg);
	const char *rules;

	c->reply = (struct reply){ 0 };
	c->type = c->detail = "";
	b->raw = true;
	b->ended = false;
	if (w == NULL)
		return;
	wire_patience(w, 15);
	wire_send(w, text.data, text.len);
	if (wait && wire_read(w, c->arena, &c->reply, false)) {
		client_took(c);
		rules = client_rules(c, "POST", "/");
		if (rules != NULL && *c->fault == '\0')
			snprintf(c->fault, sizeof(c->fault), "%.60s: %s", arg, rules);
	}
	b->ended = !wait || wire_ended(w);
	wire_close(w);
}

void
make_http(struct bench *b, const char *arg)
{
	raw(b, b->c->trust, arg, true);
}

void
make_plain(struct bench *b, const char *arg)
{
	raw(b, NULL, arg, true);
}

void
make_cut(struct bench *b, const char *arg)
{
	raw(b, b->c->trust, arg, false);
}

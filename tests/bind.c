/* SPDX-License-Identifier: Apache-2.0 */
/* bind.c - external account bindings for tests. */
#include "tests/bind.h"

#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"
#include "tests/command.h"

int
eab_run(struct arena *a, const struct server *s, const char *words, const char **said)
{
	return command_run(a, s, arena_printf(a, "eab %s", words), said);
}

static void
copy(char *to, size_t size, const json_t *o, const char *member)
{
	const char *from = json_string_value(json_object_get(o, member));

	snprintf(to, size, "%s", from == NULL ? "" : from);
}

struct binding_key
eab_add(const struct server *s, const char *options)
{
	struct arena *a = arena_new();
	struct binding_key key;
	const char *said;
	json_t *o;

	if (eab_run(a, s, arena_printf(a, "add --json %s", options), &said) != 0) {
		printf("Bail out! eab add %s: %s\n", options, said);
		exit(1);
	}
	o = json_loads(said, 0, NULL);
	copy(key.kid, sizeof(key.kid), o, "kid");
	copy(key.hmac, sizeof(key.hmac), o, "hmac_key");
	json_decref(o);
	arena_free(a);
	return key;
}

json_t *
eab_shown(const struct server *s, const struct binding_key *key)
{
	struct arena *a = arena_new();
	const char *said;
	json_t *o = NULL;

	if (eab_run(a, s, arena_printf(a, "show --json %s", key->kid), &said) == 0)
		o = json_loads(said, 0, NULL);
	arena_free(a);
	return o;
}

long
eab_number(const struct server *s, const struct binding_key *key, const char *member)
{
	json_t *o = eab_shown(s, key);
	const json_t *value = json_object_get(o, member);
	long number = json_is_integer(value) ? (long)json_integer_value(value) : -1;

	json_decref(o);
	return number;
}

static const char *
header_of(struct arena *a, const struct eab_plan *plan)
{
	return arena_printf(a, "{\"alg\":\"%s\",\"kid\":\"%s\",\"url\":\"%s\"%s}",
			    plan->alg == NULL ? "HS256" : plan->alg,
			    plan->kid == NULL ? plan->key->kid : plan->kid, plan->url,
			    plan->more == NULL ? "" : plan->more);
}

/* By the algorithm that the plan names; an unknown one: SHA-256. */
static struct blob
mac_of(struct arena *a, const struct eab_plan *plan, const char *input)
{
	const char *text = plan->hmac == NULL ? plan->key->hmac : plan->hmac;
	const char *alg = plan->alg == NULL ? "HS256" : plan->alg;
	struct blob key = b64_parse(a, text, strlen(text), NULL);
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	HMAC(strcmp(alg, "HS384") == 0 ? EVP_sha384() : strcmp(alg, "HS512") == 0 ? EVP_sha512() :
	     EVP_sha256(), key.data, (int)key.len, (const uint8_t *)input, strlen(input), mac, &n);
	return arena_blob(a, mac, n);
}

const char *
eab_print(struct arena *a, const struct eab_plan *plan)
{
	const char *header = plan->header == NULL ? header_of(a, plan) : plan->header;
	const char *payload = plan->payload == NULL ? key_jwk(a, plan->account) : plan->payload;
	const char *first = b64_print(a, header, strlen(header));
	const char *second = b64_print(a, payload, strlen(payload));
	struct blob mac = mac_of(a, plan, arena_printf(a, "%s.%s", first, second));

	if (plan->mangle != NULL)
		plan->mangle(a, &mac);
	return arena_printf(a, "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}",
			    first, second, b64_print(a, mac.data, mac.len));
}

const char *
eab_payload(struct arena *a, const char *eab, const char *more)
{
	return arena_printf(a, "{\"termsOfServiceAgreed\":true,\"externalAccountBinding\":%s%s}",
			    eab, more);
}

struct eab_plan
eab_plan_for(struct client *c, const struct binding_key *key)
{
	EVP_PKEY_free(c->key);
	c->key = key_new("ES256");
	return (struct eab_plan){ .key = key, .account = c->key,
				  .url = client_url(c, "new-account") };
}

int
eab_send(struct client *c, const char *eab, const char *more)
{
	client_account(c, NULL, eab_payload(c->arena, eab, more));
	return c->reply.status;
}

int
eab_register(struct client *c, const struct binding_key *key)
{
	struct eab_plan plan = eab_plan_for(c, key);

	return eab_send(c, eab_print(c->arena, &plan), "");
}

struct client *
eab_client(const struct server *s, const struct binding_key *key)
{
	struct client *c = client_open(s->url, s->root);

	if (c == NULL || eab_register(c, key) != 201) {
		printf("Bail out! no bound account: %s\n", c == NULL ? "" : client_why(c));
		exit(1);
	}
	return c;
}

int
order_for(struct client *c, const char *idents)
{
	return client_post(c, client_url(c, "new-order"),
			   arena_printf(c->arena, "{\"identifiers\":[%s]}", idents));
}

int
authz_for(struct client *c, const char *ident)
{
	return client_post(c, client_url(c, "new-authz"),
			   arena_printf(c->arena, "{\"identifier\":%s}", ident));
}

const char *
dns_ident(struct client *c, const char *name)
{
	return arena_printf(c->arena, "{\"type\":\"dns\",\"value\":\"%s\"}", name);
}

const char *
ip_ident(struct client *c, const char *address)
{
	return arena_printf(c->arena, "{\"type\":\"ip\",\"value\":\"%s\"}", address);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - validation over the wire. */
#include "tests/trial.h"

#include <arpa/nameser.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/b64.h"

#define POLLS	     600
#define POLL_US	     50000
#define SETTINGS_MAX 15

void
trial_begin(struct trial *t, struct fake_record *records, const char *const *settings)
{
	const char *all[SETTINGS_MAX + 1] = { "caa_identities=" CA_NAME };
	char resolver[64];
	size_t n = 2;

	t->records = records;
	t->dns = fake_dns_start(records);
	snprintf(resolver, sizeof(resolver), "validation.resolvers=127.0.0.1@%u",
		 fake_dns_port(t->dns));
	all[1] = resolver;
	while (*settings != NULL && n < SETTINGS_MAX)
		all[n++] = *settings++;
	scene_prepare(&t->scene, 0);
	if (!scene_serve(&t->scene, all))
		exit(1);
}

void
trial_again(struct trial *t)
{
	if (!server_again(t->scene.server))
		exit(1);
}

void
come_again(struct client *c)
{
	client_hang_up(c);
	*c->nonce = '\0';
}

/* --- DNS ----------------------------------------------------------------------------- */

struct fake_record *
record_of(struct trial *t, const char *name, int type)
{
	for (struct fake_record *r = t->records; r->name != NULL; r++)
		if (strcasecmp(r->name, name) == 0 && r->type == type)
			return r;
	printf("Bail out! no record %s\n", name);
	exit(1);
}

void
record_set(struct trial *t, const char *name, int type, const char *value)
{
	fake_dns_change(record_of(t, name, type), value);
}

const char *
dns_value(struct client *c, const char *token)
{
	const char *answer = key_authorization(c->arena, c->key, token);
	uint8_t hash[32];

	EVP_Q_digest(NULL, "SHA256", NULL, answer, strlen(answer), hash, NULL);
	return b64_print(c->arena, hash, sizeof(hash));
}

/* --- orders -------------------------------------------------------------------------- */

struct client_order
order_of(struct client *c, const char *type, const char *name)
{
	struct client_order order = { .url = NULL };

	client_post(c, client_url(c, "new-order"), arena_printf(
		c->arena, "{\"identifiers\":[{\"type\":\"%s\",\"value\":\"%s\"}]}", type, name));
	order.url = reply_only(&c->reply, "Location");
	if (c->reply.status != 201 || !client_order_get(c, NULL, &order)) {
		printf("Bail out! no order for %s: %s\n", name, client_why(c));
		exit(1);
	}
	return order;
}

const char *
token_of(struct client *c, const char *authz, const char *method)
{
	const char *token;

	client_post(c, authz, "");
	token = client_challenge(c->json, method, "token");
	return token == NULL && client_challenge(c->json, method, "url") != NULL ? "" : token;
}

const char *
decided(struct client *c, const char *authz)
{
	const char *status = "never decided";

	for (int i = 0; i < POLLS; i++) {
		status = status_of(c, authz);
		if (strcmp(status, "pending") != 0)
			break;
		usleep(POLL_US);
	}
	return status;
}

int
respond(struct client *c, const char *authz, const char *method)
{
	const char *url;

	client_post(c, authz, "");
	url = client_challenge(c->json, method, "url");
	return url == NULL ? 0 : client_post(c, url, "{}");
}

const char *
proved(struct trial *t, struct client *c, const char *authz)
{
	const char *token = token_of(c, authz, "http-01");

	if (token == NULL)
		return "http-01 is not offered";
	responder_put(t->scene.responder, token, key_authorization(c->arena, c->key, token));
	return respond(c, authz, "http-01") == 200 ? decided(c, authz) : client_why(c);
}

struct client_order
by_dns(struct trial *t, struct client *c, const char *name)
{
	struct client_order order = order_of(c, "dns", name);
	const char *base = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
	const char *token = token_of(c, order.authz[0], "dns-01");

	record_set(t, arena_printf(c->arena, "_acme-challenge.%s", base), ns_t_txt,
		   dns_value(c, token));
	respond(c, order.authz[0], "dns-01");
	decided(c, order.authz[0]);
	return order;
}

/* --- errors -------------------------------------------------------------------------- */

const char *
error_of(struct client *c, const char *method, const char *member)
{
	const json_t *list = json_object_get(c->json, "challenges"), *one;
	const char *value = NULL;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(text(one, "type"), method) == 0)
			value = text(json_object_get(one, "error"), member);
	if (value == NULL)
		return "";
	return strcmp(member, "type") == 0 ? strrchr(value, ':') + 1 : value;
}

/* --- the operator -------------------------------------------------------------------- */

static const char *
show_run(struct trial *t, struct client *c, const char *words)
{
	const char *command = arena_printf(c->arena, "%s show %s --config %s/brevet.conf "
					   "2>/dev/null", t->scene.server->brevet, words,
					   t->scene.server->dir);
	FILE *in = popen(command, "r");
	const char *said = "";
	char part[4096];

	if (in == NULL)
		abort();
	while (fgets(part, sizeof(part), in) != NULL)
		said = arena_printf(c->arena, "%s%s", said, part);
	return pclose(in) == 0 ? said : NULL;
}

const char *
shown_text(struct trial *t, struct client *c, const char *kind, const char *url)
{
	return show_run(t, c, arena_printf(c->arena, "%s %s", kind, strrchr(url, '/') + 1));
}

static void
release(void *j)
{
	json_decref(j);
}

const json_t *
shown(struct trial *t, struct client *c, const char *kind, const char *url)
{
	const char *said = show_run(t, c, arena_printf(c->arena, "%s %s --json", kind,
						       strrchr(url, '/') + 1));

	return said == NULL ? NULL : arena_own(c->arena, json_loads(said, 0, NULL), release);
}

const json_t *
evidence(const json_t *object, size_t n, const char *part)
{
	return json_object_get(json_array_get(json_object_get(object, "evidence"), n), part);
}

size_t
evidence_rows(const json_t *object)
{
	return json_array_size(json_object_get(object, "evidence"));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - a small blocking ACME client for tests. */
#include "tests/client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/b64.h"

#define URN	 "urn:ietf:params:acme:error:"
#define PATIENCE 60

static void
release_json(void *j)
{
	json_decref(j);
}

/* What stands before "/directory". */
static void
path_take(struct client *c, const char *path)
{
	const char *end = strstr(path, "/directory");

	if (end != NULL)
		snprintf(c->path, sizeof(c->path), "%.*s", (int)(end - path), path);
}

struct client *
client_open(const char *directory, const char *root)
{
	struct client *c = calloc(1, sizeof(*c));
	const char *host = strstr(directory, "://"), *colon;

	if (c == NULL || host == NULL)
		abort();
	host += 3;
	colon = strchr(host, ':');
	snprintf(c->host, sizeof(c->host), "%.*s", (int)strcspn(host, ":/"), host);
	snprintf(c->base, sizeof(c->base), "%.*s",
		 (int)(host - directory + (ptrdiff_t)strcspn(host, "/")), directory);
	path_take(c, host + strcspn(host, "/"));
	c->port = colon == NULL ? 443 : (uint16_t)strtoul(colon + 1, NULL, 10);
	c->arena = arena_new();
	c->type = c->detail = "";
	c->patience = PATIENCE;
	if (root != NULL && (c->trust = wire_trust(root)) == NULL) {
		client_close(c);
		return NULL;
	}
	return c;
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	client_hang_up(c);
	SSL_CTX_free(c->trust);
	EVP_PKEY_free(c->key);
	arena_free(c->arena);
	free(c);
}

void
client_clear(struct client *c)
{
	arena_free(c->arena);
	c->arena = arena_new();
	c->json = NULL;
	c->reply = (struct reply){ 0 };
	c->type = c->detail = "";
}

void
client_hang_up(struct client *c)
{
	wire_close(c->wire);
	c->wire = NULL;
}

const char *
client_url(struct client *c, const char *resource)
{
	return arena_printf(c->arena, "%s%s/acme/%s", c->base, c->path, resource);
}

const char *
client_why(struct client *c)
{
	if (c->reply.status == 0)
		return c->unanswered ? "no reply" : "no connection";
	return arena_printf(c->arena, "%d %s: %s", c->reply.status, c->type,
			    *c->detail != '\0' ? c->detail : (const char *)c->reply.body.data);
}

/* --- one request ---------------------------------------------------------------------- */

static void
note_fault(struct client *c, const char *method, const char *path)
{
	const char *what = client_rules(c, method, path);

	if (what != NULL && *c->fault == '\0')
		snprintf(c->fault, sizeof(c->fault), "%s %.100s, %d: %s", method, path,
			 c->reply.status, what);
}

void
client_took(struct client *c)
{
	const char *nonce = reply_header(&c->reply, "Replay-Nonce", 0), *s;

	snprintf(c->nonce, sizeof(c->nonce), "%s", nonce == NULL ? "" : nonce);
	c->json = json_loadb((const char *)c->reply.body.data, c->reply.body.len, 0, NULL);
	arena_own(c->arena, c->json, release_json);
	c->type = c->detail = "";
	if (c->reply.status >= 400) {
		s = json_string_value(json_object_get(c->json, "type"));
		if (s != NULL)
			c->type = strncmp(s, URN, strlen(URN)) == 0 ? s + strlen(URN) : s;
		s = json_string_value(json_object_get(c->json, "detail"));
		if (s != NULL)
			c->detail = s;
	}
}

/* Does the connection end with this reply? */
static void
keep_or_close(struct client *c)
{
	const char *connection = reply_header(&c->reply, "Connection", 0);

	if ((connection != NULL && strcasecmp(connection, "close") == 0) ||
	    (c->reply.minor == 0 && (connection == NULL ||
				     strcasecmp(connection, "keep-alive") != 0)))
		client_hang_up(c);
}

static bool
exchange(struct client *c, const char *method, const char *head, const char *body)
{
	bool sent;

	if (c->wire == NULL)
		c->wire = wire_open(c->trust, c->host, c->port);
	if (c->wire == NULL)
		return false;
	sent = wire_send_text(c->wire, arena_printf(c->arena, "%s%s", head, body));
	if (wire_read(c->wire, c->arena, &c->reply, strcmp(method, "HEAD") == 0)) {
		client_took(c);
		keep_or_close(c);
		return true;
	}
	c->unanswered = sent;
	client_hang_up(c);
	return false;
}

int
client_send(struct client *c, const char *method, const char *url, const char *type,
	    const char *body)
{
	const char *path = url == NULL ? "/nowhere" :
			   strncmp(url, c->base, strlen(c->base)) == 0 ?
			   url + strlen(c->base) : url;
	bool reused = c->wire != NULL;
	const char *head = arena_printf(c->arena, "%s %s HTTP/1.%d\r\nHost: %s\r\n"
					"User-Agent: brevet-tests\r\n%s%s%s", method, path,
					c->http10 ? 0 : 1, strstr(c->base, "://") + 3,
					type == NULL ? "" : "Content-Type: ",
					type == NULL ? "" : type, type == NULL ? "" : "\r\n");

	head = body == NULL ? arena_printf(c->arena, "%s\r\n", head) :
	       arena_printf(c->arena, "%sContent-Length: %zu\r\n\r\n", head, strlen(body));
	c->requests++;
	c->reply = (struct reply){ 0 };
	c->json = NULL;
	c->type = c->detail = "";
	c->unanswered = false;
	if (!exchange(c, method, head, body == NULL ? "" : body) && reused && !c->once)
		exchange(c, method, head, body == NULL ? "" : body);
	if (c->reply.status != 0)
		note_fault(c, method, path);
	return c->reply.status;
}

int
client_get(struct client *c, const char *method, const char *url)
{
	return client_send(c, method, url, NULL, NULL);
}

const char *
client_nonce(struct client *c)
{
	char *nonce;

	if (*c->nonce == '\0')
		client_get(c, "HEAD", client_url(c, "new-nonce"));
	nonce = arena_strdup(c->arena, c->nonce);
	*c->nonce = '\0';
	return nonce;
}

int
client_post_jws(struct client *c, const char *url, struct jws *jws, bool by_key)
{
	if (jws->nonce == NULL && jws->header == NULL)
		jws->nonce = client_nonce(c);
	if (jws->key == NULL)
		jws->key = c->key;
	if (jws->kid == NULL && !by_key)
		jws->kid = c->kid;
	if (jws->url == NULL)
		jws->url = url;
	jws_sign(c->arena, jws);
	return client_send(c, "POST", url, "application/jose+json", jws_print(c->arena, jws));
}

static int
post(struct client *c, const char *url, const char *payload, bool by_key)
{
	struct jws jws = { .payload = payload };
	int status = client_post_jws(c, url, &jws, by_key);

	if (status == 400 && strcmp(c->type, "badNonce") == 0 && !c->once) {
		jws = (struct jws){ .payload = payload };
		status = client_post_jws(c, url, &jws, by_key);
	}
	return status;
}

int
client_post(struct client *c, const char *url, const char *payload)
{
	return post(c, url, payload, false);
}

/* --- the steps of issuance ------------------------------------------------------------ */

bool
client_account(struct client *c, const char *alg, const char *payload)
{
	const char *location;

	if (alg != NULL) {
		EVP_PKEY_free(c->key);
		c->key = key_new(alg);
	}
	post(c, client_url(c, "new-account"), payload, true);
	location = reply_only(&c->reply, "Location");
	if ((c->reply.status != 200 && c->reply.status != 201) || location == NULL)
		return false;
	snprintf(c->kid, sizeof(c->kid), "%s", location);
	return true;
}

static const char *
member(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

bool
client_order_get(struct client *c, const char *url, struct client_order *order)
{
	const json_t *list;

	if (url != NULL) {
		c->polls++;
		if (client_post(c, url, "") != 200)
			return false;
		order->url = url;
	}
	order->status = member(c->json, "status");
	order->finalize = member(c->json, "finalize");
	order->certificate = member(c->json, "certificate");
	list = json_object_get(c->json, "authorizations");
	order->nauthz = json_array_size(list);
	if (order->nauthz > CLIENT_NAMES || order->status == NULL || order->finalize == NULL)
		return false;
	for (size_t i = 0; i < order->nauthz; i++)
		order->authz[i] = json_string_value(json_array_get(list, i));
	return order->nauthz > 0;
}

bool
client_order_new(struct client *c, const char *const *names, size_t n,
		 struct client_order *order)
{
	const char *list = "";

	*order = (struct client_order){ 0 };
	for (size_t i = 0; i < n; i++)
		list = arena_printf(c->arena, "%s%s{\"type\":\"dns\",\"value\":\"%s\"}", list,
				    i == 0 ? "" : ",", names[i]);
	client_post(c, client_url(c, "new-order"),
		    arena_printf(c->arena, "{\"identifiers\":[%s]%s%s%s}", list,
				 c->replaces == NULL ? "" : ",\"replaces\":\"",
				 c->replaces == NULL ? "" : c->replaces,
				 c->replaces == NULL ? "" : "\""));
	order->url = reply_only(&c->reply, "Location");
	return c->reply.status == 201 && order->url != NULL &&
	       client_order_get(c, NULL, order);
}

const char *
client_challenge(const json_t *authz, const char *type, const char *name)
{
	const json_t *list = json_object_get(authz, "challenges"), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *is = member(one, "type");

		if (is != NULL && strcmp(is, type) == 0)
			return member(one, name);
	}
	return NULL;
}

static void
pause_as_told(struct client *c)
{
	const char *after = reply_header(&c->reply, "Retry-After", 0);

	sleep(after == NULL ? 3 : (unsigned)strtoul(after, NULL, 10));
}

const char *
client_prove(struct client *c, struct responder *responder, const char *authz)
{
	const char *url, *token, *status;

	c->polls++;
	if (client_post(c, authz, "") != 200 || (status = member(c->json, "status")) == NULL)
		return NULL;
	if (strcmp(status, "pending") != 0)
		return status;
	url = client_challenge(c->json, "http-01", "url");
	token = client_challenge(c->json, "http-01", "token");
	if (url == NULL || token == NULL)
		return NULL;
	if (responder != NULL)
		responder_put(responder, token, key_authorization(c->arena, c->key, token));
	if (client_post(c, url, "{}") != 200)
		return NULL;
	for (int i = 0; i < c->patience; i++) {
		c->polls++;
		if (client_post(c, authz, "") != 200)
			return NULL;
		status = member(c->json, "status");
		if (status == NULL || strcmp(status, "pending") != 0)
			return status;
		pause_as_told(c);
	}
	return NULL;
}

bool
client_finalize(struct client *c, struct client_order *order, struct blob csr)
{
	const char *url = order->url;

	if (client_post(c, order->finalize,
			arena_printf(c->arena, "{\"csr\":\"%s\"}",
				     b64_print(c->arena, csr.data, csr.len))) != 200 ||
	    !client_order_get(c, NULL, order))
		return false;
	for (int i = 0; i < c->patience && strcmp(order->status, "processing") == 0; i++) {
		pause_as_told(c);
		if (!client_order_get(c, url, order))
			return false;
	}
	return strcmp(order->status, "valid") == 0 && order->certificate != NULL;
}

const char *
client_download(struct client *c, const char *certificate)
{
	return client_post(c, certificate, "") == 200 ? (const char *)c->reply.body.data : NULL;
}

bool
client_issue(struct client *c, struct responder *responder, const char *const *names,
	     size_t n, struct issued *issued)
{
	struct client_order *order = &issued->order;

	if (issued->key == NULL)
		issued->key = key_new("ES256");
	if (!client_order_new(c, names, n, order))
		return false;
	for (size_t i = 0; i < order->nauthz; i++) {
		const char *status = client_prove(c, responder, order->authz[i]);

		if (status == NULL || strcmp(status, "valid") != 0)
			return false;
	}
	if (!client_finalize(c, order, csr_of_names(c->arena, issued->key, names, n)))
		return false;
	issued->pem = client_download(c, order->certificate);
	return issued->pem != NULL;
}

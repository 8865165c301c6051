/* SPDX-License-Identifier: Apache-2.0 */
/* attack.c - what the attack tests share. */
#include "tests/attack.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/b64.h"

bool
order_ready(struct client *c, const struct scene *s, const char *name,
	    struct client_order *order)
{
	if (!client_order_new(c, &name, 1, order))
		return false;
	for (size_t i = 0; i < order->nauthz; i++) {
		const char *status = client_prove(c, s->responder, order->authz[i]);

		if (status == NULL || strcmp(status, "valid") != 0)
			return false;
	}
	return true;
}

const char *
csr_payload(struct client *c, struct blob der)
{
	return arena_printf(c->arena, "{\"csr\":\"%s\"}",
			    b64_print(c->arena, der.data, der.len));
}

const char *
cert_payload(struct client *c, struct blob der, const char *more)
{
	return arena_printf(c->arena, "{\"certificate\":\"%s\"%s}",
			    b64_print(c->arena, der.data, der.len), more);
}

static struct thing
thing(struct client *c, const char *name, const char *url, const char *payload)
{
	return (struct thing){ name, arena_strdup(c->arena, url), payload,
			       strchr(name, '-') == NULL && strcmp(name, "directory") != 0 };
}

void
things_make(struct client *c, const struct scene *s, struct thing things[THINGS])
{
	static const char *const names[] = { "n0.example.test", "n1.example.test" };
	static const char *const news[][2] = {
		{ "new-nonce", "" }, { "new-order", GOOD },
		{ "new-authz",
		  "{\"identifier\":{\"type\":\"dns\",\"value\":\"n2.example.test\"}}" },
		{ "key-change", "{}" }, { "revoke-cert", "{}" },
	};
	struct issued issued = { .key = NULL };
	struct client_order order;
	size_t n = 0;

	if (!client_issue(c, s->responder, names, 1, &issued) ||
	    !client_order_new(c, names + 1, 1, &order) ||
	    client_post(c, order.authz[0], "") != 200)
		abort();
	EVP_PKEY_free(issued.key);
	things[n++] = thing(c, "account", c->kid, "");
	things[n++] = thing(c, "orders", arena_printf(c->arena, "%s/orders", c->kid), "");
	things[n++] = thing(c, "order", order.url, "");
	things[n++] = thing(c, "authz", order.authz[0], "");
	things[n++] = thing(c, "challenge", client_challenge(c->json, "http-01", "url"), "");
	things[n++] = thing(c, "finalize", order.finalize, "{\"csr\":\"AAAA\"}");
	things[n++] = thing(c, "cert", issued.order.certificate, "");
	things[n++] = thing(c, "directory", arena_printf(c->arena, "%s%s/directory", c->base,
							 c->path), "");
	for (size_t i = 0; i < COUNT(news); i++)
		things[n++] = thing(c, news[i][0], client_url(c, news[i][0]), news[i][1]);
	if (n != THINGS)
		abort();
}

const char *
status_of(struct client *c, const char *url)
{
	return client_post(c, url, "") == 200 ? text(c->json, "status") : client_why(c);
}

const char *
ordered(struct client *c, const char *name, struct client_order *order)
{
	return client_order_new(c, &name, 1, order) ? order->status : client_why(c);
}

struct blob
csr_for(struct client *c, const char *name)
{
	EVP_PKEY *key = key_new("ES256");
	struct blob der = csr_of_names(c->arena, key, &name, 1);

	EVP_PKEY_free(key);
	return der;
}

struct blob
leaf_der(struct arena *a, const char *pem)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	X509 *leaf = PEM_read_bio_X509(in, NULL, NULL, NULL);
	uint8_t *der = NULL;
	struct blob out;
	int n = leaf == NULL ? 0 : i2d_X509(leaf, &der);

	if (n <= 0)
		abort();
	out = arena_blob(a, der, (size_t)n);
	OPENSSL_free(der);
	X509_free(leaf);
	BIO_free(in);
	return out;
}

struct wire *
raw(struct client *c, const void *data, size_t n)
{
	struct wire *w = wire_open(c->trust, c->host, c->port);

	c->reply = (struct reply){ 0 };
	c->json = NULL;
	c->type = c->detail = "";
	if (w == NULL)
		return NULL;
	wire_patience(w, 10);
	wire_send(w, data, n);
	if (wire_read(w, c->arena, &c->reply, false))
		client_took(c);
	return w;
}

int
replies_until_end(struct client *c, struct wire *w)
{
	int n = c->reply.status != 0;

	if (w == NULL)
		return -1;
	while (wire_read(w, c->arena, &c->reply, false))
		n++;
	return wire_ended(w) ? n : -1;
}

long
metric_now(uint16_t port, const char *line)
{
	struct wire *w = wire_open(NULL, "localhost", port);
	struct arena *a = arena_new();
	struct reply r;
	long value = -1;
	const char *at;

	if (w != NULL && wire_send_text(w, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n") &&
	    wire_read(w, a, &r, false) &&
	    (at = strstr((const char *)r.body.data, arena_printf(a, "\n%s ", line))) != NULL)
		value = strtol(at + 2 + strlen(line), NULL, 10);
	wire_close(w);
	arena_free(a);
	return value;
}

long
metric_soon(uint16_t port, const char *line, long least)
{
	long value = metric_now(port, line);

	for (int i = 0; i < 500 && value < least; i++) {
		usleep(20000);
		value = metric_now(port, line);
	}
	return value;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* own.c - the server's own TLS certificate: issued by its own CA, stored like any other,
 * renewed at half of its life.
 *
 * The value "tls" in `meta` names it: 20 octets of serial, then the private key (PKCS#8
 * DER), written in the same edit as the certificate. */
#include <arpa/inet.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "acme/acme.h"
#include "acme/count.h"
#include "acme/issue.h"
#include "acme/local.h"
#include "base/clock.h"
#include "base/log.h"

#define RETRY_MS 60000
#define META	 "tls"

struct own {
	struct loop	*loop;
	struct event	*timer;
	void		(*install)(void *arg, const struct own_certificate *own);
	void		(*failed)(void *arg, const struct problem *p);
	void		*arg;
};

struct own_work {
	struct own			*own;
	struct acme_local		*local;
	const struct acme_config	*config;	/* kept */
	bool				 good;		/* the stored one will do */
	struct blob			 key, der;	/* PKCS#8; certificate */
	struct leaf			 leaf;
	uint8_t				 spki_hash[32];
};

static void own_later(struct own *own, int64_t ms);

/* The configured hosts as sorted identifiers; any name will do, also one label. */
static bool
own_idents(struct own_work *w, struct arena *a, struct problem *p)
{
	const char *const *hosts = w->config->hosts;
	struct ident *list;
	size_t n = 0;

	while (hosts[n] != NULL)
		n++;
	list = arena_alloc(a, n * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		struct problem ignored;

		if (ident_parse_ip(&list[i], a, hosts[i], strlen(hosts[i]), &ignored))
			continue;
		if (!ident_parse_host(&list[i], a, hosts[i], strlen(hosts[i]), p))
			return false;
	}
	w->leaf.idents = list;
	w->leaf.nident = ident_sort(list, n);
	return true;
}

static bool
same_names(const struct own_work *w, const struct cert_facts *facts)
{
	if (facts->nident != w->leaf.nident)
		return false;
	for (size_t i = 0; i < facts->nident; i++)
		if (!ident_equal(&facts->idents[i], &w->leaf.idents[i]))
			return false;
	return true;
}

/* Is the stored certificate there, young enough, for these hosts and of this issuer? */
static bool
own_stored(struct own_work *w, struct arena *a)
{
	struct view *v = view_open(w->local->store);
	struct blob value = store_meta_get(v, a, META);
	const struct cert *cert = NULL;
	struct cert_facts facts;
	struct serial serial;

	if (value.len > sizeof(serial)) {
		memcpy(&serial, value.data, sizeof(serial));
		cert = store_cert_get(v, a, &serial);
	}
	view_close(v);
	if (cert == NULL || cert->state != CERT_ISSUED ||
	    cert->scope.issuer != w->config->directories[0].issuer->number ||
	    clock_now() < cert->not_before ||	/* of a clock that was ahead */
	    clock_now() >= cert->not_before + (cert->not_after - cert->not_before) / 2 ||
	    !cert_read(&facts, a, cert->der))
		return false;
	facts.nident = ident_sort(facts.idents, facts.nident);
	w->key = (struct blob){ value.data + sizeof(serial), value.len - sizeof(serial) };
	w->der = cert->der;
	w->leaf.not_before = cert->not_before;
	w->leaf.not_after = cert->not_after;
	return same_names(w, &facts);
}

static enum flow_next
own_look(struct flow *f)
{
	struct own_work *w = f->data;
	const struct directory *d = &w->config->directories[0];
	defer(EVP_PKEY) *key = NULL;
	int64_t now = clock_now();

	if (!own_idents(w, f->arena, &f->problem))
		return FLOW_FAIL;
	if ((w->good = own_stored(w, f->arena)))
		return FLOW_NEXT;
	key = key_generate("p256");
	w->key = key_private(key, f->arena);
	w->leaf.spki = key_object_spki(key, f->arena);
	w->leaf.serial = serial_new(now);
	w->leaf.crl_url = d->profile->crl ? d->issuer->crl_url : NULL;
	w->leaf.issuer_url = d->issuer->issuer_url;
	issue_validity(&(struct issue_means){ d->profile, d->issuer, now }, NULL, &w->leaf,
		       &f->problem);
	SHA256(w->leaf.spki.data, w->leaf.spki.len, w->spki_hash);
	return FLOW_NEXT;
}

static struct cert
own_cert(const struct own_work *w, enum cert_state state)
{
	struct cert cert = {
		.serial = w->leaf.serial,
		.scope = { .directory = w->config->directories[0].number,
			   .profile = w->config->directories[0].profile->number,
			   .issuer = w->config->directories[0].issuer->number },
		.state = state,
		.created = clock_now(),
		.not_before = w->leaf.not_before,
		.not_after = w->leaf.not_after,
		.der = w->der,
	};

	memcpy(cert.spki_hash, w->spki_hash, sizeof(cert.spki_hash));
	return cert;
}

static enum flow_next
own_intend(struct flow *f)
{
	struct own_work *w = f->data;
	struct cert cert = own_cert(w, CERT_INTENDED);

	if (w->good)
		return FLOW_NEXT;
	if (!issue_clock_check(edit_view(f->txn), clock_now(), &f->problem))
		return FLOW_FAIL;
	store_cert_add(f->txn, &cert);
	return FLOW_NEXT;
}

static enum flow_next
own_sign(struct flow *f)
{
	struct own_work *w = f->data;
	int64_t began = clock_mono_us();

	if (w->good)
		return FLOW_NEXT;
	if (!issuer_sign_leaf(w->config->directories[0].issuer->issuer, &w->leaf, f->arena, &w->der,
			      &f->problem))
		return FLOW_FAIL;
	metric_observe(&count_signing_seconds, SIGNING_OWN, 0, clock_mono_us() - began);
	return FLOW_NEXT;
}

static enum flow_next
own_record(struct flow *f)
{
	struct own_work *w = f->data;
	struct cert cert = own_cert(w, CERT_ISSUED);
	uint8_t *value;

	if (w->good)
		return FLOW_NEXT;
	value = arena_alloc(f->arena, sizeof(cert.serial) + w->key.len);
	memcpy(value, &cert.serial, sizeof(cert.serial));
	memcpy(value + sizeof(cert.serial), w->key.data, w->key.len);
	store_cert_put(f->txn, &cert);
	store_meta_put(f->txn, META, (struct blob){ value, sizeof(cert.serial) + w->key.len });
	return FLOW_NEXT;
}

static enum flow_next
own_install(struct flow *f)
{
	struct own_work *w = f->data;
	struct own *own = w->own;
	struct own_certificate is;
	int64_t half;

	if (f->problem.type != PROBLEM_NONE) {
		own->failed(own->arg, &f->problem);
		own_later(own, RETRY_MS);
		return FLOW_NEXT;
	}
	is.chain_pem = arena_printf(f->arena, "%s%s", pem_print(f->arena, "CERTIFICATE", w->der),
				    issuer_chain(w->config->directories[0].issuer->issuer, 0));
	is.key_der = w->key;
	is.not_after = w->leaf.not_after;
	own->install(own->arg, &is);
	if (!w->good)
		log_event(LOG_INFO, "own certificate issued", "s:s, s:s", "names",
			  ident_list(f->arena, w->leaf.idents, w->leaf.nident), "not_after",
			  clock_print(f->arena, w->leaf.not_after));
	half = w->leaf.not_before + (w->leaf.not_after - w->leaf.not_before) / 2 - clock_now();
	own_later(own, half < 1 ? 1000 : half * 1000);
	return FLOW_NEXT;
}

static const struct flow_step own_steps[] = {
	{ ON_LOOP,   STEP(own_look) },		/* is the stored one good? else a key      */
	{ ON_WRITER, STEP(own_intend) },	/* its serial is known before it is signed */
	{ ON_CRYPTO, STEP(own_sign) },
	{ ON_WRITER, STEP(own_record) },
	{ ON_LOOP,   STEP(own_install) },	/* the server takes it; again at half life */
	{ 0 }
};

static void
own_ended(struct flow *f)
{
	acme_config_release(((struct own_work *)f->data)->config);
}

void
acme_own_look(struct own *own)
{
	struct flow *f = flow_new(own->loop, own_steps, NULL);
	struct own_work *w = arena_alloc(f->arena, sizeof(*w));

	w->own = own;
	w->local = acme_local(own->loop);
	w->config = acme_config_keep(w->local->config);
	f->data = w;
	f->ended = own_ended;
	flow_start(f);
}

static void
own_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	acme_own_look(arg);
}

/* Timers are looked at once a day at least, for a clock that was set. */
static void
own_later(struct own *own, int64_t ms)
{
	if (own->timer != NULL)
		event_free(own->timer);
	own->timer = loop_timer(own->loop, ms < 86400000 ? ms : 86400000, own_due, own);
}

void
acme_own_free(struct own *own)
{
	if (own == NULL)
		return;
	if (own->timer != NULL)
		event_free(own->timer);
	free(own);
}

static void
own_first(void *arg)
{
	struct own *own = arg;

	acme_local(own->loop)->own = own;
	acme_own_look(own);
}

void
acme_own_start(struct loop *l, void (*install)(void *arg, const struct own_certificate *own),
	       void (*failed)(void *arg, const struct problem *p), void *arg)
{
	struct own *own = calloc(1, sizeof(*own));

	if (own == NULL)
		abort();
	*own = (struct own){ l, NULL, install, failed, arg };
	loop_call(l, own_first, own);
}

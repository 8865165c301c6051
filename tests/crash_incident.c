/* SPDX-License-Identifier: Apache-2.0 */
/* crash_incident.c - incidents that are under way when the server is killed: what they were told
 * to revoke is revoked in the end, once, and stands in the CRL. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/crash.h"

#define AFTER	 300		/* seconds: the least there is */
#define PATIENCE 600		/* looks, 50 ms apart */

/* --- their begin ---------------------------------------------------------------------- */

static bool
is_matching(const struct item *item)
{
	json_t *o;
	bool brief;

	if (item->kind != ORDER)
		return false;
	o = json_loads(item->text, 0, NULL);
	brief = strcmp(crash_text(o, "profile"), BRIEF) == 0;
	json_decref(o);
	return !brief;
}

/* The certificates of its account that live for long and were told of. */
static void
mark_certs(struct worker *w, bool marked)
{
	for (struct item *order = w->items; order != NULL; order = order->next) {
		json_t *o = is_matching(order) ? json_loads(order->text, 0, NULL) : NULL;
		const char *url = crash_text(o, "certificate");

		for (struct item *item = w->items; item != NULL && *url != '\0'; item = item->next)
			if (strcmp(item->url, url) == 0)
				item->incident = marked;
		json_decref(o);
	}
}

void
crash_incident_start(struct crash *all, unsigned worker)
{
	struct worker *w = &all->workers[worker];
	char command[1500];

	all->starting_for = worker;
	if (*w->c->kid == '\0')
		return;
	mark_certs(w, true);
	snprintf(command, sizeof(command), "BREVET_CLOCK=%s.clock %s incident start --where "
		 "'account = %s and not profile = " BRIEF "' --explanation https://status.example/ "
		 "--spread %ds --revoke-after %ds --yes --json --config %s/brevet.conf 2>/dev/null",
		 all->scene.server->dir, stage_brevet(), strrchr(w->c->kid, '/') + 1, AFTER, AFTER,
		 all->scene.server->dir);
	all->starting = popen(command, "r");
	all->incidents++;
}

/* How many there are, and how many of them have not ended. */
static size_t
incidents_of(struct crash *all, size_t *going)
{
	struct arena *a = arena_new();
	struct problem p = { 0 };
	struct store *s = store_open_reader(arena_printf(a, "%s/data", all->scene.server->dir), &p);
	struct view *v = view_open(s);
	struct id *ids;
	size_t n = store_incident_list(v, a, NULL, 1000, &ids);

	*going = 0;
	for (size_t i = 0; i < n; i++)
		*going += store_incident_get(v, a, &ids[i])->state != INCIDENT_ENDED;
	view_close(v);
	store_close(s);
	arena_free(a);
	return n;
}

/* What was not told may have begun: then it is found by its certificates in the end. */
void
crash_incident_told(struct crash *all)
{
	json_t *o;

	if (all->starting == NULL)
		return;
	o = json_loadf(all->starting, 0, NULL);
	pclose(all->starting);
	all->starting = NULL;
	if (*crash_text(o, "incident") != '\0')
		all->told++;
	else
		mark_certs(&all->workers[all->starting_for], false);
	json_decref(o);
}

/* --- their end ------------------------------------------------------------------------ */

struct end {
	struct view	*view;
	struct arena	*arena;
	X509_CRL	*crl;		/* NULL: there is none */
	size_t		 revoked, listed;
};

static const char *
item_wrong(const struct end *end, const struct item *item)
{
	const char *last = strrchr(item->url, '/') + 1;
	const struct cert *cert;
	struct serial serial;
	X509_REVOKED *entry;
	ASN1_INTEGER *number;
	BIGNUM *bn;

	if (!serial_parse(last, strlen(last), &serial))
		return "a URL without a serial";
	cert = store_cert_get(end->view, end->arena, &serial);
	if (cert == NULL || cert->state != CERT_REVOKED || cert->reason != 4)
		return "not revoked";
	bn = BN_bin2bn(serial.b, SERIAL_LEN, NULL);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	if (end->crl == NULL || X509_CRL_get0_by_serial(end->crl, &entry, number) != 1)
		cert = NULL;
	ASN1_INTEGER_free(number);
	BN_free(bn);
	return cert != NULL ? NULL : "not in the CRL";
}

static const char *
items_wrong(const struct crash *all, struct end *end)
{
	for (unsigned i = 0; i < all->n; i++)
		for (struct item *item = all->workers[i].items; item != NULL; item = item->next) {
			const char *what = item->incident ? item_wrong(end, item) : NULL;

			if (what != NULL)
				return arena_printf(end->arena, "%s: %s", item->url, what);
			end->revoked += item->incident;
		}
	return NULL;
}

/* The CRL of the only issuer, when it knows of all. */
static X509_CRL *
crl_of(const struct view *v, struct arena *a)
{
	const struct crl *crl = store_crl_get(v, a, 1, 0);
	const uint8_t *at;

	if (crl == NULL || crl->revocations != store_revocations(v))
		return NULL;
	at = crl->der.data;
	return d2i_X509_CRL(NULL, &at, (long)crl->der.len);
}

static const char *
end_wrong(struct crash *all, struct arena *a)
{
	struct problem p = { 0 };
	struct store *s = store_open_reader(arena_printf(a, "%s/data", all->scene.server->dir), &p);
	struct end end = { .view = view_open(s), .arena = a };
	const char *what;

	end.crl = crl_of(end.view, a);
	if (end.crl != NULL && X509_CRL_get_REVOKED(end.crl) != NULL)
		end.listed = (size_t)sk_X509_REVOKED_num(X509_CRL_get_REVOKED(end.crl));
	what = end.crl == NULL && store_revocations(end.view) > 0 ? "the CRL is old" :
	       items_wrong(all, &end);
	if (what == NULL && end.crl != NULL && end.listed != store_revocations(end.view))
		what = arena_printf(a, "the CRL has %zu entries, of %zu revocations", end.listed,
				    (size_t)store_revocations(end.view));
	if (what == NULL)
		printf("# %u incidents began, %u of them told; %zu certificates had to be revoked, "
		       "%zu are\n", all->incidents, all->told, end.revoked,
		       (size_t)store_revocations(end.view));
	if (what == NULL)
		printf("# kills hit incidents: %u that were marking, %u open, %u revoking\n",
		       all->books.incidents[INCIDENT_MARKING], all->books.incidents[INCIDENT_OPEN],
		       all->books.incidents[INCIDENT_REVOKING]);
	X509_CRL_free(end.crl);
	view_close(end.view);
	store_close(s);
	return what;
}

const char *
crash_incidents_end(struct crash *all, struct arena *a)
{
	size_t going = 1;

	atomic_fetch_add(&all->ahead, AFTER + 5);
	server_clock(all->scene.server, atomic_load(&all->ahead));
	for (int i = 0; i < PATIENCE && going > 0; i++) {
		usleep(50000);
		incidents_of(all, &going);
	}
	if (going > 0)
		return arena_printf(a, "%zu have not ended", going);
	/* a start signs the CRL at once if it must be signed */
	if (server_stop(all->scene.server) != 0 || !server_again(all->scene.server))
		return "the server does not start again";
	for (int i = 0; i < PATIENCE; i++) {
		const char *what = end_wrong(all, a);

		if (what == NULL || strcmp(what, "the CRL is old") != 0)
			return what;
		usleep(50000);
	}
	return "the CRL is old";
}

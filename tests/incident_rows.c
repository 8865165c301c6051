/* SPDX-License-Identifier: Apache-2.0 */
/* incident_rows.c - certificates of an incident, put into a store by hand, and judged. */
#include "tests/incident_rows.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define REPLACED 5	/* of those that match, before it begins */
#define OTHERS	 40
#define REVOKED	 7
#define ALL	 (ROWS_MATCHING + OTHERS + REVOKED)
#define DAY	 86400

static struct id account;
static struct serial certs[ALL];
static struct renewal before[ALL];
static uint32_t issuer;
static int64_t revocations;	/* before it begins */

static bool
is_matching(size_t i)
{
	return i < ROWS_MATCHING;
}

static void
cert_put(struct edit *e, size_t i, int64_t now)
{
	struct cert cert = {
		.serial = serial_new(now), .state = CERT_ISSUED, .created = now - 1000,
		.account = is_matching(i) || i >= ROWS_MATCHING + OTHERS ? account :
			   id_new(clock_now_ms()),
		.scope = { .directory = 1, .profile = 1, .issuer = issuer }, .not_before = now - 1000,
		.not_after = now + 40 * DAY,
		.der = { (const uint8_t *)"none", 4 },
	};

	certs[i] = cert.serial;
	store_cert_add(e, &cert);
	before[i] = (struct renewal){ .serial = cert.serial, .not_after = cert.not_after,
				      .start = now + 20 * DAY, .end = now + 21 * DAY };
	if (i < REPLACED)
		before[i].successor = serial_new(now);
	if (i >= ROWS_MATCHING + OTHERS) {
		cert.state = CERT_REVOKED;
		cert.revoked = now - 10;
		store_cert_put(e, &cert);
		before[i].closed = true;
	}
	store_renewal_put(e, &before[i]);
}

void
rows_fill(const char *dir, const struct id *whose)
{
	struct problem p = { 0 };
	struct store *s = store_open(dir, (uint64_t)1 << 30, false, &p);
	int64_t now = clock_now();
	struct edit *e;

	if (s == NULL) {
		printf("Bail out! %s\n", p.detail);
		exit(1);
	}
	account = *whose;
	e = edit_begin(s);
	issuer = store_name_number(e, 'i', "main");
	for (size_t i = 0; i < ALL; i++)
		cert_put(e, i, now);
	revocations = (int64_t)store_revocations(edit_view(e));
	if (!edit_commit(e, &p))
		exit(1);
	store_close(s);
}

/* --- what must hold at the end -------------------------------------------------------- */

/* What is wrong with one; NULL: nothing. */
static const char *
cert_wrong(const struct view *v, struct arena *a, size_t i, const struct incident *incident)
{
	const struct cert *cert = store_cert_get(v, a, &certs[i]);
	const struct renewal *r = store_renewal_get(v, a, &certs[i]);

	if (cert == NULL || r == NULL)
		return "a certificate is gone";
	if (!is_matching(i) && (cert->state == CERT_REVOKED) != (i >= ROWS_MATCHING + OTHERS))
		return "a certificate that does not match is revoked";
	if (!is_matching(i)) {
		if (r->start != before[i].start || r->end != before[i].end)
			return "a window is moved that does not match";
	} else if (r->start < incident->created || r->start > incident->created + ROWS_SPREAD ||
		   r->end > incident->revoke_at || !id_equal(&r->incident, &incident->id)) {
		return arena_printf(a, "window %lld to %lld s behind the start",
				    (long long)(r->start - incident->created),
				    (long long)(r->end - incident->created));
	}
	if (is_matching(i) && (cert->state != CERT_REVOKED || cert->reason != 4 ||
			       cert->revoked < incident->revoke_at))
		return "a certificate is not revoked, or too early";
	return NULL;
}

static bool
is_listed(const struct serial *serials, size_t n, const struct serial *serial)
{
	for (size_t i = 0; i < n; i++)
		if (serial_equal(&serials[i], serial))
			return true;
	return false;
}

/* All that match and no other: the incident's own list, its numbers, and how often anything was
 * revoked. */
static const char *
incident_wrong(const struct view *v, struct arena *a, const struct incident *incident)
{
	struct serial *serials;
	size_t n = store_incident_cert_list(v, a, &incident->id, NULL, 1000, &serials);

	if (n != ROWS_MATCHING || incident->matched != ROWS_MATCHING)
		return arena_printf(a, "%zu certificates, %llu", n,
				    (unsigned long long)incident->matched);
	for (size_t i = 0; i < ROWS_MATCHING; i++)
		if (!is_listed(serials, n, &certs[i]))
			return "one is lost";
	if (incident->revoked != ROWS_MATCHING ||
	    (int64_t)store_revocations(v) - revocations != ROWS_MATCHING)
		return arena_printf(a, "%lld revocations, %llu",
				    (long long)store_revocations(v) - revocations,
				    (unsigned long long)incident->revoked);
	return NULL;
}

struct crl_facts
crl_of(const struct view *v, struct arena *a)
{
	const struct crl *crl = store_crl_get(v, a, issuer, 0);
	const uint8_t *at = crl == NULL ? NULL : crl->der.data;
	X509_CRL *x = crl == NULL ? NULL : d2i_X509_CRL(NULL, &at, (long)crl->der.len);
	struct crl_facts facts = { 0, -1, false };

	if (x != NULL)
		facts = (struct crl_facts){ crl->number,
			sk_X509_REVOKED_num(X509_CRL_get_REVOKED(x)),
			crl->revocations == store_revocations(v) };
	X509_CRL_free(x);
	return facts;
}

/* It has each once, and a number that is higher than that of one that said less. */
static const char *
crl_wrong(const struct view *v, struct arena *a, const struct crl_facts *was)
{
	struct crl_facts is = crl_of(v, a);

	if (is.entries != ROWS_MATCHING + REVOKED)
		return arena_printf(a, "the CRL has %d entries", is.entries);
	return is.number > was->number || (is.number == was->number && is.entries == was->entries) ?
	       NULL : "the CRL's number is not higher";
}

/* The index of those that are waited for has those, and no job is left. */
static const char *
index_wrong(const struct view *v, struct arena *a)
{
	struct renewal *all;
	struct due *due;
	struct job *jobs;
	size_t n = store_renewal_list(v, a, NULL, 1000, &all), open = 0;
	size_t waiting = store_due_list(v, a, INT64_MAX, NULL, 1000, &due);

	for (size_t i = 0; i < n; i++)
		open += !all[i].closed && serial_none(&all[i].successor);
	if (open != waiting || open != OTHERS)
		return arena_printf(a, "%zu renewals are open, %zu are in the index", open,
				    waiting);
	return store_job_list(v, a, NULL, 10, &jobs) == 0 ? NULL : "a job is left";
}

const char *
rows_wrong(const struct view *v, struct arena *a, const char *id_text,
	   const struct crl_facts *crl)
{
	const struct incident *incident;
	const char *wrong;
	struct id id;

	id_parse(id_text, strlen(id_text), &id);
	incident = store_incident_get(v, a, &id);
	wrong = incident_wrong(v, a, incident);
	for (size_t i = 0; i < ALL && wrong == NULL; i++)
		wrong = cert_wrong(v, a, i, incident);
	if (wrong == NULL)
		wrong = crl_wrong(v, a, crl);
	return wrong == NULL ? index_wrong(v, a) : wrong;
}

unsigned
rows_fullest(const struct view *v, struct arena *a)
{
	int64_t now = clock_now();
	unsigned slots[ROWS_SPREAD / SLOT_SECONDS + 2] = { 0 }, most = 0;

	for (size_t i = REPLACED; i < ROWS_MATCHING; i++) {
		const struct renewal *r = store_renewal_get(v, a, &certs[i]);
		int64_t slot = r->start / SLOT_SECONDS - now / SLOT_SECONDS;

		if (slot < 0 || slot >= (int64_t)(sizeof(slots) / sizeof(slots[0])))
			return ROWS_MATCHING;
		if (++slots[slot] > most)
			most = slots[slot];
	}
	return most;
}

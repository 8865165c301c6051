/* SPDX-License-Identifier: Apache-2.0 */
/* crl.c - certificate revocation lists (RFC 5280 section 5, TLS BR 7.2), written as
 * DER.  Runs on: crypto. */
#include <string.h>

#include "ca/extension.h"
#include "ca/issuer.h"

#define ENTRY_OCTETS 56		/* of the longest entry */

/* What the caller got wrong; NULL: nothing. */
static const char *
crl_fault(const struct crl_content *crl)
{
	if (crl->next_update <= crl->this_update)
		return "it ends before it begins";
	if (crl->url != NULL && !extension_url_ok(crl->url))
		return "its URL is not http";
	for (size_t k = 0; k < crl->nentry; k++) {
		int reason = crl->entries[k].reason;

		/* Neither certificateHold nor removeFromCRL: here nothing comes back. */
		if (reason < 0 || (reason > 5 && reason != 9 && reason != 10))
			return "a reason is not one of RFC 5280, or not final";
	}
	return NULL;
}

static void
put_entry(struct der_writer *w, const struct crl_entry *entry)
{
	const uint8_t reason = (uint8_t)entry->reason;

	der_begin(w, DER_SEQUENCE);
	der_put_unsigned(w, (struct blob){ entry->serial.b, sizeof(entry->serial.b) });
	der_put_time(w, entry->revoked);
	if (reason != 0) {
		der_begin(w, DER_SEQUENCE);
		extension_begin(w, (struct blob)OID_CRL_REASON, false);
		der_put(w, DER_ENUMERATED, (struct blob){ &reason, 1 });
		extension_end(w);
		der_end(w);
	}
	der_end(w);
}

/* The list is absent, not empty, when nothing is revoked (RFC 5280 section 5.1.2.6). */
static void
put_entries(struct der_writer *w, const struct crl_content *crl)
{
	if (crl->nentry == 0)
		return;
	der_begin(w, DER_SEQUENCE);
	for (size_t k = 0; k < crl->nentry; k++)
		put_entry(w, &crl->entries[k]);
	der_end(w);
}

static void
put_extensions(struct der_writer *w, const struct issuer *i, const struct crl_content *crl)
{
	der_begin(w, DER_CONSTRUCTED(0));
	der_begin(w, DER_SEQUENCE);
	extension_put_authority_key(w, i->key_id);
	extension_begin(w, (struct blob)OID_CRL_NUMBER, false);
	der_put_number(w, crl->number);
	extension_end(w);
	if (crl->url != NULL) {
		extension_begin(w, (struct blob)OID_ISSUING_POINT, true);
		der_begin(w, DER_SEQUENCE);
		extension_put_point(w, crl->url);
		der_end(w);
		extension_end(w);
	}
	der_end(w);
	der_end(w);
}

bool
issuer_sign_crl(const struct issuer *i, const struct crl_content *crl, struct arena *a,
		struct blob *der, struct problem *p)
{
	struct der_writer w = der_new(a, 1024 + ENTRY_OCTETS * crl->nentry);
	const char *fault = crl_fault(crl);
	struct blob tbs;

	if (fault != NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "no CRL: %s", fault);
	der_begin(&w, DER_SEQUENCE);
	der_put_number(&w, 1);		/* version 2 */
	der_put_raw(&w, i->signature->der);
	der_put_raw(&w, i->subject);
	der_put_time(&w, crl->this_update);
	der_put_time(&w, crl->next_update);
	put_entries(&w, crl);
	put_extensions(&w, i, crl);
	der_end(&w);
	if (!der_finish(&w, &tbs))
		return problem(p, PROBLEM_SERVER_INTERNAL, "no CRL: a date has no form in X.509");
	return issuer_sign(i, tbs, a, der, p);
}

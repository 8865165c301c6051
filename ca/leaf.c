/* SPDX-License-Identifier: Apache-2.0 */
/* leaf.c - end-entity certificates: the profile of TLS BR 7.1.2 (RFC 5280 section 4;
 * BR 7.1.2.7), written as DER.  Runs on: crypto. */
#include <string.h>

#include "ca/extension.h"
#include "ca/issuer.h"
#include "ca/names.h"

#define COMMON_NAME_MAX 64

/* What the caller got wrong; NULL: nothing. */
static const char *
leaf_fault(const struct issuer *i, const struct leaf *leaf)
{
	static const struct serial zero;

	if (leaf->nident == 0)
		return "no names";
	if ((leaf->serial.b[0] & 0x80) != 0 || memcmp(&leaf->serial, &zero, sizeof(zero)) == 0)
		return "the serial number is not positive";
	if (leaf->not_after < leaf->not_before)
		return "it ends before it begins";
	if (leaf->not_after > i->not_after)
		return "it would outlive its issuer";
	if (leaf->crl_url != NULL && !extension_url_ok(leaf->crl_url))
		return "the CRL's URL is not http";
	if (leaf->issuer_url != NULL && !extension_url_ok(leaf->issuer_url))
		return "the issuer's URL is not http";
	return NULL;
}

/* Only keys that csr_parse() lets through are certified, and never the CA's own. */
static bool
leaf_check(const struct issuer *i, const struct leaf *leaf, struct arena *a, struct problem *p)
{
	const char *fault = leaf_fault(i, leaf);
	struct public_key key;

	if (fault != NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "no certificate: %s", fault);
	if (!key_spki_parse(&key, a, leaf->spki) || signature_of_ca(key.type) == NULL)
		return problem(p, PROBLEM_SERVER_INTERNAL, "no certificate: unfit key");
	if (blob_equal(leaf->spki, i->spki))
		return problem(p, PROBLEM_BAD_CSR, "the key is that of the CA");
	return true;
}

/* The first DNS name that fits, if one is wanted. */
static const char *
leaf_common_name(const struct leaf *leaf)
{
	for (size_t k = 0; leaf->common_name && k < leaf->nident; k++)
		if (leaf->idents[k].type == IDENT_DNS &&
		    strlen(leaf->idents[k].value) <= COMMON_NAME_MAX)
			return leaf->idents[k].value;
	return NULL;
}

static void
put_subject(struct der_writer *w, const char *common_name)
{
	der_begin(w, DER_SEQUENCE);
	if (common_name != NULL) {
		der_begin(w, DER_SET);
		der_begin(w, DER_SEQUENCE);
		der_put(w, DER_OID, (struct blob)OID_COMMON_NAME);
		der_put_text(w, DER_UTF8, common_name);
		der_end(w);
		der_end(w);
	}
	der_end(w);
}

/* digitalSignature alone, whatever the key: RSA key exchange is gone with TLS 1.3. */
static void
put_usage(struct der_writer *w, bool client_auth)
{
	extension_begin(w, (struct blob)OID_KEY_USAGE, true);
	der_put(w, DER_BIT_STRING, (struct blob)BYTES("\x07\x80"));
	extension_end(w);

	extension_begin(w, (struct blob)OID_EXTENDED_USAGE, false);
	der_begin(w, DER_SEQUENCE);
	der_put(w, DER_OID, (struct blob)OID_SERVER_AUTH);
	if (client_auth)
		der_put(w, DER_OID, (struct blob)OID_CLIENT_AUTH);
	der_end(w);
	extension_end(w);

	/* cA FALSE is the default, so nothing is in it. */
	extension_begin(w, (struct blob)OID_BASIC_CONSTRAINTS, true);
	der_put(w, DER_SEQUENCE, (struct blob){ NULL, 0 });
	extension_end(w);
}

static void
put_policy(struct der_writer *w)
{
	extension_begin(w, (struct blob)OID_POLICIES, false);
	der_begin(w, DER_SEQUENCE);
	der_begin(w, DER_SEQUENCE);
	der_put(w, DER_OID, (struct blob)OID_DOMAIN_VALIDATED);
	der_end(w);
	der_end(w);
	extension_end(w);
}

static void
put_issuer_url(struct der_writer *w, const char *url)
{
	extension_begin(w, (struct blob)OID_AUTHORITY_INFO, false);
	der_begin(w, DER_SEQUENCE);
	der_begin(w, DER_SEQUENCE);
	der_put(w, DER_OID, (struct blob)OID_CA_ISSUERS);
	der_put_text(w, URI, url);
	der_end(w);
	der_end(w);
	extension_end(w);
}

static void
put_crl_url(struct der_writer *w, const char *url)
{
	extension_begin(w, (struct blob)OID_CRL_POINTS, false);
	der_begin(w, DER_SEQUENCE);
	der_begin(w, DER_SEQUENCE);
	extension_put_point(w, url);
	der_end(w);
	der_end(w);
	extension_end(w);
}

static void
put_extensions(struct der_writer *w, const struct issuer *i, const struct leaf *leaf,
	       bool subject_empty)
{
	der_begin(w, DER_CONSTRUCTED(3));
	der_begin(w, DER_SEQUENCE);
	put_usage(w, leaf->client_auth);
	extension_put_authority_key(w, i->key_id);
	if (leaf->issuer_url != NULL)
		put_issuer_url(w, leaf->issuer_url);
	extension_begin(w, (struct blob)OID_SUBJECT_ALT_NAME, subject_empty);
	names_put(w, leaf->idents, leaf->nident);
	extension_end(w);
	put_policy(w);
	if (leaf->crl_url != NULL)
		put_crl_url(w, leaf->crl_url);
	der_end(w);
	der_end(w);
}

static void
put_tbs(struct der_writer *w, const struct issuer *i, const struct leaf *leaf)
{
	const char *common_name = leaf_common_name(leaf);

	der_begin(w, DER_SEQUENCE);
	der_put_raw(w, (struct blob)BYTES("\xa0\x03\x02\x01\x02"));	/* version 3 */
	der_put_unsigned(w, (struct blob){ leaf->serial.b, sizeof(leaf->serial.b) });
	der_put_raw(w, i->signature->der);
	der_put_raw(w, i->subject);
	der_begin(w, DER_SEQUENCE);
	der_put_time(w, leaf->not_before);
	der_put_time(w, leaf->not_after);
	der_end(w);
	put_subject(w, common_name);
	der_put_raw(w, leaf->spki);
	put_extensions(w, i, leaf, common_name == NULL);
	der_end(w);
}

bool
issuer_sign_leaf(const struct issuer *i, const struct leaf *leaf, struct arena *a,
		 struct blob *der, struct problem *p)
{
	struct der_writer w = der_new(a, 1024 + 32 * leaf->nident);
	struct blob tbs;

	if (!leaf_check(i, leaf, a, p))
		return false;
	put_tbs(&w, i, leaf);
	if (!der_finish(&w, &tbs))
		return problem(p, PROBLEM_SERVER_INTERNAL, "no certificate: a date has no form "
			       "in X.509");
	return issuer_sign(i, tbs, a, der, p);
}

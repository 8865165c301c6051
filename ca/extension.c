/* SPDX-License-Identifier: Apache-2.0 */
/* extension.c - extensions of certificates, CSRs and CRLs. */
#include "ca/extension.h"

#include <string.h>

bool
extension_next(struct extensions *e)
{
	struct blob extension, critical;

	if (!der_get(&e->rest, DER_SEQUENCE, &extension) ||
	    !der_get(&extension, DER_OID, &e->oid))
		return false;
	/* DEFAULT FALSE is left out in DER. */
	if (der_next(extension, DER_BOOLEAN) &&
	    (!der_get(&extension, DER_BOOLEAN, &critical) ||
	     !blob_equal(critical, (struct blob)BYTES("\xff"))))
		return false;
	if (!der_get(&extension, DER_OCTET_STRING, &e->value) || extension.len != 0 ||
	    e->n == EXTENSIONS_MAX)
		return false;
	for (size_t i = 0; i < e->n; i++)
		if (blob_equal(e->seen[i], e->oid))
			return false;
	e->seen[e->n++] = e->oid;
	return true;
}

void
extension_begin(struct der_writer *w, struct blob oid, bool critical)
{
	der_begin(w, DER_SEQUENCE);
	der_put(w, DER_OID, oid);
	if (critical)
		der_put_true(w);
	der_begin(w, DER_OCTET_STRING);
}

void
extension_end(struct der_writer *w)
{
	der_end(w);
	der_end(w);
}

void
extension_put_authority_key(struct der_writer *w, struct blob key_id)
{
	extension_begin(w, (struct blob)OID_AUTHORITY_KEY, false);
	der_begin(w, DER_SEQUENCE);
	der_put(w, DER_CONTEXT(0), key_id);
	der_end(w);
	extension_end(w);
}

void
extension_put_point(struct der_writer *w, const char *url)
{
	der_begin(w, DER_CONSTRUCTED(0));
	der_begin(w, DER_CONSTRUCTED(0));
	der_put_text(w, URI, url);
	der_end(w);
	der_end(w);
}

bool
extension_url_ok(const char *url)
{
	if (strncmp(url, "http://", 7) != 0 || url[7] == '\0')
		return false;
	for (; *url != '\0'; url++)
		if (*url <= ' ' || *url > '~')
			return false;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* contact.h - "contact" of newAccount and of an account's update (RFC 8555 section 7.3). */
#ifndef ACME_CONTACT_H
#define ACME_CONTACT_H

#include <jansson.h>

#include "store/store.h"

#define CONTACTS_MAX 10

/* Reads the member into the account's record, in the arena; *given tells whether it was
 * there.  False with malformed, unsupportedContact or invalidContact. */
bool contact_parse(struct account *account, bool *given, struct arena *a,
		   const json_t *payload, struct problem *p);

#endif

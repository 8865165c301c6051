/* SPDX-License-Identifier: Apache-2.0 */
/* certid.h - what renewalInfo and `replaces` name a certificate by (RFC 9773 section 4.1). */
#ifndef ACME_CERTID_H
#define ACME_CERTID_H

#include "base/arena.h"
#include "base/problem.h"
#include "base/rand.h"

#define CERTID_KEY 64		/* octets of a keyIdentifier, at most */

/* Who signed, and the serial. */
struct certid {
	uint8_t		key[CERTID_KEY];	/* nkey octets of keyIdentifier */
	size_t		nkey;
	struct serial	serial;
};

/* Reads "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".  The serial is compared as a number: with or
 * without zeros before it.  False with malformed; a serial of more than 20 octets, or of
 * 0, is none. */
bool certid_parse(struct certid *id, const char *text, size_t len, struct problem *p);

/* The same text, as the RFC wants it: the serial's DER content.  In the arena. */
const char *certid_print(struct arena *a, struct blob key, const struct serial *serial);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* certid.c - what renewalInfo and `replaces` name a certificate by (RFC 9773 section 4.1):
 *
 *	aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE
 *
 * keyIdentifier 69885b6b87464041e1b37b847ba0ae2cde01c8d4, serial 00 87654321: base64url of
 * the octets, and a 00 where the first bit would else be set.  Pure. */
#include "acme/certid.h"

#include <string.h>

#include "base/b64.h"

/* Some clients leave the 00 away, some take it from a text without it. */
static bool
serial_read(struct serial *serial, const char *text, size_t len)
{
	uint8_t octets[CERTID_KEY], *at = octets;
	ssize_t n = b64_decode(text, len, octets, sizeof(octets));

	for (; n > 0 && *at == 0; n--)
		at++;
	if (n <= 0 || n > SERIAL_LEN)
		return false;
	memset(serial->b, 0, SERIAL_LEN);
	memcpy(serial->b + SERIAL_LEN - n, at, (size_t)n);
	return true;
}

bool
certid_parse(struct certid *id, const char *text, size_t len, struct problem *p)
{
	const char *dot = memchr(text, '.', len);
	size_t before = dot == NULL ? 0 : (size_t)(dot - text);
	ssize_t n = b64_decode(text, before, id->key, sizeof(id->key));

	if (n <= 0 || !serial_read(&id->serial, dot + 1, len - before - 1))
		return problem(p, PROBLEM_MALFORMED, "\"%.*s\" names no certificate: it takes "
			       "the authority's key identifier, a dot, and the serial, both in "
			       "base64url (RFC 9773 section 4.1)", len > 90 ? 90 : (int)len, text);
	id->nkey = (size_t)n;
	return true;
}

const char *
certid_print(struct arena *a, struct blob key, const struct serial *serial)
{
	uint8_t octets[1 + SERIAL_LEN] = { 0 };
	size_t zeros = 0;

	memcpy(octets + 1, serial->b, SERIAL_LEN);
	while (zeros < SERIAL_LEN && octets[zeros] == 0 && octets[zeros + 1] < 0x80)
		zeros++;
	return arena_printf(a, "%s.%s", b64_print(a, key.data, key.len),
			    b64_print(a, octets + zeros, sizeof(octets) - zeros));
}

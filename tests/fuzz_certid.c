/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_certid.c - any bytes as the name of a certificate (RFC 9773 section 4.1): refused, or what
 * is printed names the same and is printed the same again. */
#include <stdlib.h>
#include <string.h>

#include "acme/certid.h"
#include "base/b64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
print(struct arena *a, const struct certid *id)
{
	return certid_print(a, (struct blob){ id->key, id->nkey }, &id->serial);
}

/* The serial is the content of a positive INTEGER in DER: as short as can be. */
static void
check_serial(struct arena *a, const char *text)
{
	const char *dot = strchr(text, '.');
	struct blob der = dot == NULL ? (struct blob){ NULL, 0 } :
			  b64_parse(a, dot + 1, strlen(dot + 1), NULL);

	if (der.len == 0 || der.len > SERIAL_LEN + 1 || der.data[0] >= 0x80 ||
	    (der.data[0] == 0 && (der.len == 1 || der.data[1] < 0x80)))
		abort();
}

static void
again(struct arena *a, const struct certid *id)
{
	const char *text = print(a, id);
	struct problem p = { 0 };
	struct certid same;

	check_serial(a, text);
	if (!certid_parse(&same, text, strlen(text), &p) || same.nkey != id->nkey ||
	    memcmp(same.key, id->key, id->nkey) != 0 || !serial_equal(&same.serial, &id->serial) ||
	    strcmp(print(a, &same), text) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct problem p = { 0 };
	struct certid id;

	if (!certid_parse(&id, (const char *)data, size, &p)) {
		if (p.type != PROBLEM_MALFORMED || *p.detail == '\0')
			abort();
	} else {
		if (id.nkey == 0 || id.nkey > CERTID_KEY || serial_none(&id.serial))
			abort();
		again(a, &id);
	}
	arena_free(a);
	return 0;
}

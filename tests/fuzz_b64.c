/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_b64.c - any bytes as base64url (F-1): what is accepted is the one
 * spelling of its octets, and any octets come back from their text. */
#include <stdlib.h>
#include <string.h>

#include "base/b64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(struct arena *a, const char *text, size_t len)
{
	uint8_t *buf = arena_alloc(a, len + 3);
	ssize_t n = b64_decode(text, len, buf, len);
	const char *why = NULL, *again;
	struct blob b = b64_parse(a, text, len, &why);

	if ((n < 0) != (b.data == NULL) || (n < 0 && (why == NULL || *why == '\0')))
		abort();
	if (n < 0)
		return;
	if ((size_t)n != b.len || memcmp(buf, b.data, b.len) != 0 || b.len > B64_DECODED(len))
		abort();
	again = b64_print(a, b.data, b.len);
	if (strlen(again) != len || memcmp(again, text, len) != 0)
		abort();
	/* Into a buffer of the exact size, and of one octet less. */
	if (b64_decode(text, len, buf, 0) != (n == 0 ? 0 : -1))
		abort();
	if (b64_decode(text, len, buf, (size_t)n) != n ||
	    (n > 0 && b64_decode(text, len, buf, (size_t)n - 1) != -1))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = b64_print(a, data, size);
	struct blob back = b64_parse(a, text, strlen(text), NULL);

	if (back.data == NULL || back.len != size ||
	    (size > 0 && memcmp(back.data, data, size) != 0))
		abort();
	decode(a, (const char *)data, size);
	arena_free(a);
	return 0;
}

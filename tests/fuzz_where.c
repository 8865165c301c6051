/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_where.c - any bytes as the conditions of an incident: refused with a column, or what is
 * printed is the same again. */
#include <stdlib.h>
#include <string.h>

#include "acme/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(struct arena *a, const struct where *w)
{
	const char *text = where_print(a, w);
	struct problem p = { 0 };
	const struct where *same = where_parse(a, text, &p);

	if (same == NULL) {	/* what is written out may be too long or too deep */
		if (strstr(p.detail, "longer than") == NULL &&
		    strstr(p.detail, "more than") == NULL)
			abort();
		return;
	}
	if (strcmp(where_print(a, same), text) != 0 ||
	    where_wants_names(same) != where_wants_names(w))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, size);
	const struct ident ident = { .type = IDENT_DNS, .value = "www.corp.example" };
	const struct cert cert = { .created = 1793491200, .state = CERT_ISSUED };
	struct problem p = { 0 };
	const struct where *w = where_parse(a, text, &p);

	if (w == NULL && (p.type != PROBLEM_MALFORMED || *p.detail == '\0'))
		abort();
	if (w != NULL) {
		where_holds(w, &cert, &ident, 1);
		again(a, w);
	}
	arena_free(a);
	return 0;
}

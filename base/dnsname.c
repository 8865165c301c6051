/* SPDX-License-Identifier: Apache-2.0 */
/* dnsname.c - IDNA by libidn2, public suffixes by libpsl (its own list or the system's,
 * whichever is newer; read once). */
#include "base/dnsname.h"

#include <ctype.h>
#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 63

static pthread_once_t once = PTHREAD_ONCE_INIT;
static psl_ctx_t *list;

/* The strict rules of registries: no mapping, the one spelling that decodes and encodes to
 * itself, Bidi and the contextual rules (RFC 5891 section 4). */
static bool
label_ok(const char *label, size_t n, const char **why)
{
	char lower[LABEL_MAX + 1] = "";
	uint8_t *registered = NULL;
	int error;

	for (size_t i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)label[i]);
	error = idn2_register_u8(NULL, (const uint8_t *)lower, &registered, 0);
	idn2_free(registered);
	*why = idn2_strerror(error);
	return error == IDN2_OK;
}

bool
dnsname_idna_ok(const char *name, const char **why)
{
	*why = "";
	for (;;) {
		size_t n = strcspn(name, ".");

		if (n <= LABEL_MAX && strncasecmp(name, "xn--", 4) == 0 && !label_ok(name, n, why))
			return false;
		if (name[n] == '\0')
			return true;
		name += n + 1;
	}
}

static void
list_free(void)
{
	psl_free(list);
}

static void
list_open(void)
{
	list = psl_latest(NULL);
	if (list == NULL)
		abort();
	atexit(list_free);
}

bool
dnsname_public_suffix(const char *name)
{
	pthread_once(&once, list_open);
	return psl_is_public_suffix2(list, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* dnsname.c - IDNA by libidn2, public suffixes by libpsl (its own list or the system's,
 * whichever is newer; read once). */
#include "base/dnsname.h"

#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 63

static pthread_once_t once = PTHREAD_ONCE_INIT;
static psl_ctx_t *list;

static bool
label_ok(const char *label, const char **why)
{
	uint8_t *round = NULL;
	int error = idn2_register_u8(NULL, (const uint8_t *)label, &round, 0);
	bool same = error == IDN2_OK && strcmp((const char *)round, label) == 0;

	idn2_free(round);
	*why = error == IDN2_OK ? "another spelling is the canonical one" : idn2_strerror(error);
	return same;
}

bool
dnsname_idna_ok(const char *name, const char **why)
{
	char label[LABEL_MAX + 1];

	for (;;) {
		size_t n = strcspn(name, ".");

		if (n <= LABEL_MAX && strncmp(name, "xn--", 4) == 0) {
			memcpy(label, name, n);
			label[n] = '\0';
			if (!label_ok(label, why))
				return false;
		}
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

/* SPDX-License-Identifier: Apache-2.0 */
/* option_types.c - which values an option of each type can have, and how they are read. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/options.h"
#include "server/values.h"

#define CABF "cabf"	/* a LIFETIME */

/* "64K", "4MiB", "256G". */
static bool
size_parse(const char *text, int64_t *value)
{
	static const char units[] = "KMGT";
	char *end;
	const char *unit;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || errno != 0 || n < 0)
		return false;
	unit = *end == '\0' ? NULL : strchr(units, *end);
	if (*end != '\0' && unit == NULL)
		return false;
	if (unit != NULL) {
		int shift = 10 * (int)(unit - units + 1);

		if (n > INT64_MAX >> shift)
			return false;
		n <<= shift;
		end++;
		if (strcmp(end, "iB") != 0 && strcmp(end, "B") != 0 && *end != '\0')
			return false;
	}
	*value = n;
	return true;
}

static bool
number_parse(const struct config_option *o, const char *text, int64_t *value)
{
	char *end;

	if (o->type == LIFETIME && strcmp(text, CABF) == 0) {
		*value = LIFETIME_CABF;
		return true;
	}
	if (o->type == TIME || o->type == LIFETIME)
		return clock_duration_parse(text, value);
	if (o->type == SIZE)
		return size_parse(text, value);
	errno = 0;
	*value = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

const char *
option_type_help(enum option_type type)
{
	static const char *const names[] = {
		[TEXT] = "text", [ADDRESS] = "ADDRESS:PORT", [LIST] = "list",
		[PATTERNS] = "list of names", [NETWORKS] = "list of networks",
		[TIME] = "duration (47d, 6h, 90s)",
		[LIFETIME] = "duration (47d, 6h, 90s) or cabf", [COUNT] = "number",
		[SIZE] = "size (64K, 4M, 256G)", [FLAG] = "true or false",
		[RATE] = "rate (300/3h: 300 at once, then one each 36 s) or off"
	};

	return names[type];
}

static const struct words {
	const char	*option;
	const char	*words[6];
} words[] = {
	{ "log.level", { "debug", "info", "warn", "error", NULL } },
	{ "validation.mode", { "private", "public", NULL } },
	{ "validation.dnssec", { "validate", "trust-ad", "off", NULL } },
	{ "validation.caa", { "auto", "always", "off", NULL } },
	{ "quirks", { "padded-csr", "short-es256", NULL } },
	{ "order.reuse", { "valid", "pending", "none", NULL } },
	{ "webhook.absent", { "refuse", "allow", NULL } },
	{ "eab", { "none", "optional", "required", NULL } },
	{ "methods", { "http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01",
		       NULL } },
	{ "key_types", { "ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096", NULL } },
};

static bool
word_check(const struct config_option *o, const char *text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].option, o->name) != 0)
			continue;
		for (const char *const *w = words[i].words; *w != NULL; w++)
			if (strcmp(*w, text) == 0)
				return true;
		return false;
	}
	return true;
}

/* Always false. */
__attribute__((format(printf, 3, 4))) static bool
says(char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return false;
}

static bool
address_check(const struct config_option *o, const char *text)
{
	struct arena *a = arena_new();
	const char *host, *port;
	bool good = (*text == '\0' && *o->initial == '\0') ||
		    config_address(a, text, &host, &port);

	arena_free(a);
	return good;
}

bool
option_is_list(const struct config_option *o)
{
	return o->type == LIST || o->type == PATTERNS || o->type == NETWORKS;
}

bool
option_check(const struct config_option *o, const char *text, char *why, size_t size)
{
	struct network network;
	struct rate rate;
	const char *wrong;
	int64_t n;

	switch (o->type) {
	case TEXT:
	case LIST:
		if (!word_check(o, text))
			return says(why, size, "%s: \"%s\" is not one of its words: %s", o->name,
				    text, o->help);
		wrong = value_wrong(o->name, text);
		return wrong == NULL || says(why, size, "%s: \"%s\" %s", o->name, text, wrong);
	case PATTERNS:
		return policy_pattern_ok(text) ||
		       says(why, size, "%s: \"%s\" is not a pattern; write www.corp.example, "
			    ".corp.example (it and all below), *.corp.example, an address or "
			    "a network", o->name, text);
	case NETWORKS:
		return network_parse(&network, text) ||
		       says(why, size, "%s: \"%s\" is not an address or a network", o->name,
			    text);
	case ADDRESS:
		return address_check(o, text) ||
		       says(why, size, "%s: \"%s\" is not ADDRESS:PORT", o->name, text);
	case FLAG:
		return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
		       says(why, size, "%s: \"%s\" is not true or false", o->name, text);
	case RATE:
		return rate_parse(text, &rate) ||
		       says(why, size, "%s: \"%s\" is not a %s", o->name, text,
			    option_type_help(o->type));
	case LIFETIME:
		if (strcmp(text, CABF) == 0)
			return true;
		break;
	case TIME:
	case COUNT:
	case SIZE:
		break;
	}
	if (!number_parse(o, text, &n))
		return says(why, size, "%s: \"%s\" is not a %s", o->name, text,
			    option_type_help(o->type));
	return (n >= o->least && n <= o->most) ||
	       says(why, size, "%s: \"%s\" is out of bounds (%lld to %lld%s)", o->name, text,
		    (long long)o->least, (long long)o->most,
		    o->type == TIME || o->type == LIFETIME ? " seconds" :
		    o->type == SIZE ? " bytes" : "");
}

bool
config_address(struct arena *a, const char *text, const char **host, const char **port)
{
	const char *colon = strrchr(text, ':');
	size_t n;

	if (colon == NULL || colon == text || colon[1] == '\0' || strlen(colon + 1) > 5 ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) || atoi(colon + 1) > 65535 ||
	    atoi(colon + 1) < 1)
		return false;
	n = (size_t)(colon - text);
	if (*text == '[') {
		if (text[n - 1] != ']')
			return false;
		*host = arena_strndup(a, text + 1, n - 2);
	} else {
		if (memchr(text, ':', n) != NULL)
			return false;
		*host = arena_strndup(a, text, n);
	}
	*port = arena_strdup(a, colon + 1);
	return true;
}

int64_t
option_number(const struct config_option *o, const char *text)
{
	int64_t n = 0;

	number_parse(o, text, &n);
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_payload.c - any bytes as a payload (F-4): JSON by our rules, then as each
 * resource reads it: identifiers, contacts, times, a certificate.  What is accepted comes
 * out the same when it is written and read again. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acme/acme.h"
#include "acme/contact.h"
#include "acme/offer.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
told(const struct problem *p)
{
	if (p->type == PROBLEM_NONE || *p->detail == '\0' || problem_http(p) < 400)
		abort();
	for (const char *s = p->detail; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			abort();
}

static void
try_ident(const json_t *item, struct arena *a)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct ident one = { .value = NULL }, again = { .value = NULL };
	json_t *shown;

	if (!offer_ident(&one, a, item, &p)) {
		told(&p);
		return;
	}
	shown = json_keep(a, ident_json(&one));
	if (!json_equal(json_object_get(shown, "value"), json_object_get(item, "value")) ||
	    !offer_ident(&again, a, shown, &p) || !ident_equal(&one, &again))
		abort();
	shown = json_keep(a, json_pack("{s:s, s:s}", "type", ident_type_name(one.type), "value",
				       one.value));
	if (!offer_ident(&again, a, shown, &p) || strcmp(again.value, one.value) != 0 ||
	    one.wildcard != (strncmp(one.value, "*.", 2) == 0) || strlen(one.value) > 255)
		abort();
}

static void
try_contact(const json_t *o, struct arena *a)
{
	struct problem p = { .type = PROBLEM_NONE };
	struct account account = { .contact = NULL };
	bool given;

	if (!contact_parse(&account, &given, a, o, &p)) {
		told(&p);
		return;
	}
	if (given != (json_object_get(o, "contact") != NULL) || account.ncontact > CONTACTS_MAX)
		abort();
	for (size_t i = 0; i < account.ncontact; i++)
		if (strncasecmp(account.contact[i], "mailto:", 7) != 0)
			abort();
}

static void
try_time(const json_t *o, const char *member, struct arena *a)
{
	struct problem p = { .type = PROBLEM_NONE };
	const char *text;
	int64_t when, again;

	if (!json_text_maybe(o, member, &text, NULL, &p)) {
		told(&p);
		return;
	}
	if (text != NULL && clock_parse(text, &when) &&
	    (!clock_parse(clock_print(a, when), &again) || again != when))
		abort();
}

static void
try_certificate(const json_t *o, struct arena *a)
{
	const char *text = json_string_value(json_object_get(o, "certificate"));
	struct cert_facts facts;
	struct blob der;

	if (text == NULL)
		return;
	der = b64_parse(a, text, strlen(text), NULL);
	if (der.data != NULL && cert_read(&facts, a, der) && facts.spki.len == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct problem p = { .type = PROBLEM_NONE };
	const json_t *o = json_parse(a, data, size, "the payload", &p), *item;
	size_t i;
	bool flag;

	if (o == NULL) {
		told(&p);
	} else {
		json_array_foreach(json_object_get(o, "identifiers"), i, item)
			try_ident(item, a);
		try_ident(json_object_get(o, "identifier"), a);
		try_contact(o, a);
		try_time(o, "notBefore", a);
		try_time(o, "notAfter", a);
		try_certificate(o, a);
		if (!json_flag(o, "onlyReturnExisting", &flag, &p))
			told(&p);
	}
	arena_free(a);
	return 0;
}

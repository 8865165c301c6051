/* SPDX-License-Identifier: Apache-2.0 */
/* contact.c - contact URLs of accounts.  Runs on: loop. */
#include "acme/contact.h"

#include <string.h>
#include <strings.h>

#define MAILTO	 "mailto:"
#define MAIL_MAX 254		/* octets of an address, RFC 5321 section 4.5.3.1.3 */

/* local@domain, one of them, no header fields (RFC 6068). */
static bool
address_check(const char *address, size_t len, struct problem *p)
{
	const char *at = strrchr(address, '@');

	if (strpbrk(address, "?&") != NULL)
		return problem(p, PROBLEM_INVALID_CONTACT, "contact \"mailto:%.80s\" has header "
			       "fields; give the address alone", address);
	if (strpbrk(address, ", ") != NULL)
		return problem(p, PROBLEM_INVALID_CONTACT, "contact \"mailto:%.80s\": give each "
			       "address as a contact of its own", address);
	for (const char *c = address; *c != '\0'; c++)
		if ((unsigned char)*c < 0x21 || (unsigned char)*c > 0x7e)
			return problem(p, PROBLEM_INVALID_CONTACT,
				       "contact \"mailto:%.80s\" is not plain ASCII", address);
	if (len > MAIL_MAX || at == NULL || at == address ||
	    !ident_dns_ok(at + 1, strlen(at + 1)) || strchr(at, '.') == NULL)
		return problem(p, PROBLEM_INVALID_CONTACT,
			       "contact \"mailto:%.80s\" is not a mail address", address);
	return true;
}

static bool
contact_check(const json_t *j, struct problem *p)
{
	const char *url = json_string_value(j);
	size_t len = json_string_length(j);

	if (url == NULL || strlen(url) != len)
		return problem(p, PROBLEM_MALFORMED, "\"contact\" is not an array of strings");
	if (strncasecmp(url, MAILTO, strlen(MAILTO)) != 0)
		return problem(p, PROBLEM_UNSUPPORTED_CONTACT,
			       "contact \"%.80s\": only mailto: is supported", url);
	return address_check(url + strlen(MAILTO), len - strlen(MAILTO), p);
}

bool
contact_parse(struct account *account, bool *given, struct arena *a, const json_t *payload,
	      struct problem *p)
{
	const json_t *list = json_object_get(payload, "contact");
	size_t n = json_array_size(list);

	*given = list != NULL;
	if (list == NULL)
		return true;
	if (!json_is_array(list))
		return problem(p, PROBLEM_MALFORMED, "\"contact\" is not an array of strings");
	if (n > CONTACTS_MAX)
		return problem(p, PROBLEM_INVALID_CONTACT, "%zu contacts; at most %d are kept",
			       n, CONTACTS_MAX);
	account->contact = arena_alloc(a, n * sizeof(account->contact[0]));
	account->ncontact = n;
	for (size_t i = 0; i < n; i++) {
		if (!contact_check(json_array_get(list, i), p))
			return false;
		account->contact[i] = arena_strdup(a, json_string_value(json_array_get(list, i)));
	}
	return true;
}

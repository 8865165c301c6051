/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - identifiers in X.509: subjectAltName read and written. */
#include "ca/names.h"

#include <arpa/inet.h>
#include <string.h>

#include "ca/ca.h"

#define DNS_NAME   DER_CONTEXT(2)
#define IP_ADDRESS DER_CONTEXT(7)

/* The next free place in the list. */
static struct ident *
names_room(struct names *names)
{
	struct ident *list;

	if (names->n == names->room) {
		names->room = names->room * 2 + 4;
		list = arena_alloc(names->arena, names->room * sizeof(*list));
		if (names->n > 0)
			memcpy(list, names->list, names->n * sizeof(*list));
		names->list = list;
	}
	return &names->list[names->n];
}

static bool
names_count(struct names *names, struct problem *p)
{
	if (names->n == CSR_NAMES_MAX)
		return problem(p, PROBLEM_BAD_CSR, "the CSR has more than %d names",
			       CSR_NAMES_MAX);
	names->n++;
	return true;
}

bool
names_add_dns(struct names *names, struct blob text, struct problem *p)
{
	struct problem why;

	if (!(names->any ? ident_parse_host : ident_parse_dns)(
		    names_room(names), names->arena, (const char *)text.data, text.len, &why))
		return problem(p, PROBLEM_BAD_CSR, "a name in the CSR: %s", why.detail);
	return names_count(names, p);
}

static bool
names_add_address(struct names *names, struct blob octets, struct problem *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	if (octets.len != 4 && octets.len != 16)
		return problem(p, PROBLEM_BAD_CSR, "an iPAddress in the CSR has %zu octets, not "
			       "4 or 16", octets.len);
	if (octets.len == 16 && memcmp(octets.data, mapped, sizeof(mapped)) == 0)
		return problem(p, PROBLEM_BAD_CSR, "an iPAddress in the CSR is an IPv4 address "
			       "in the form of IPv6; give its 4 octets");
	inet_ntop(octets.len == 4 ? AF_INET : AF_INET6, octets.data, text, sizeof(text));
	if (!ident_parse_ip(names_room(names), names->arena, text, strlen(text), p))
		return false;
	return names_count(names, p);
}

static bool
names_refuse(uint8_t tag, struct problem *p)
{
	static const char *const kinds[32] = {
		"an otherName", "an e-mail address", "a DNS name in a wrong form",
		"an X.400 address", "a directory name", "an EDI party name", "a URI",
		"an IP address in a wrong form", "a registered id"
	};
	const char *kind = (tag & 0xc0) == 0x80 ? kinds[tag & 0x1f] : NULL;

	return problem(p, PROBLEM_BAD_CSR, "subjectAltName has %s; only dNSName and iPAddress "
		       "can be certified", kind == NULL ? "something unknown" : kind);
}

bool
names_parse(struct names *names, struct blob san, struct problem *p)
{
	struct blob list, content;
	uint8_t tag;

	if (!der_get(&san, DER_SEQUENCE, &list) || san.len != 0 || list.len == 0)
		return problem(p, PROBLEM_BAD_CSR, "subjectAltName is empty or not in DER");
	while (list.len > 0) {
		if (!der_any(&list, &tag, &content))
			return problem(p, PROBLEM_BAD_CSR, "subjectAltName is not in DER");
		if (tag != DNS_NAME && tag != IP_ADDRESS)
			return names_refuse(tag, p);
		if (!(tag == DNS_NAME ? names_add_dns : names_add_address)(names, content, p))
			return false;
	}
	return true;
}

void
names_put(struct der_writer *w, const struct ident *idents, size_t n)
{
	uint8_t octets[16];

	der_begin(w, DER_SEQUENCE);
	for (size_t i = 0; i < n; i++) {
		if (idents[i].type == IDENT_DNS)
			der_put_text(w, DNS_NAME, idents[i].value);
		else
			der_put(w, IP_ADDRESS, (struct blob){
				octets, ident_octets(&idents[i], octets) });
	}
	der_end(w);
}

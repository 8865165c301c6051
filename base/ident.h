/* SPDX-License-Identifier: Apache-2.0 */
/* ident.h - identifiers: DNS names and IP addresses (RFC 8555 section 9.7.7,
 * RFC 8738). */
#ifndef BASE_IDENT_H
#define BASE_IDENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/problem.h"

#define IDENT_DNS_MAX 253

enum ident_type {
	IDENT_DNS = 1,
	IDENT_IP = 2
};

struct ident {
	enum ident_type	 type;
	bool		 wildcard;	/* value begins with "*." */
	const char	*value;		/* canonical: lower case, A-labels; RFC 5952 */
	const char	*shown;		/* as the client spelled it, to be echoed */
};

/* Reads the value of an identifier, both strings in the arena.  value has len
 * octets and may hold any of them.  For a DNS name the problem is malformed (not a
 * name at all) or rejectedIdentifier (a name that nobody gets: one label, an address,
 * .arpa). */
bool ident_parse_dns(struct ident *i, struct arena *a, const char *value, size_t len,
		     struct problem *p);
bool ident_parse_ip(struct ident *i, struct arena *a, const char *value, size_t len,
		    struct problem *p);

/* A DNS name that need not be one that others may order: one label will do.  False with
 * malformed. */
bool ident_parse_host(struct ident *i, struct arena *a, const char *value, size_t len,
		      struct problem *p);

/* Only the syntax of a host name, one label or more; no wildcard.  For the
 * configuration, and for names that a peer sends. */
bool ident_dns_ok(const char *name, size_t len);

/* "10.1.2.300", "127.1", "0x7f000001": a last label of digits is an address or a mistake,
 * never a name. */
bool ident_like_address(const char *name);

/* The value without "*.". */
const char *ident_base(const struct ident *i);

/* Are these the same identifier, whatever the spelling? */
bool ident_equal(const struct ident *a, const struct ident *b);

/* For qsort: by type, then by value. */
int ident_compare(const void *a, const void *b);

/* Sorts and drops duplicates; the first spelling stays.  Returns how many are left. */
size_t ident_sort(struct ident *list, size_t n);

/* 4 or 16 octets of an IP identifier; returns how many. */
size_t ident_octets(const struct ident *i, uint8_t octets[16]);

/* "dns" or "ip". */
const char *ident_type_name(enum ident_type type);

/* {"type": ..., "value": as shown}; the caller owns the reference. */
json_t *ident_json(const struct ident *i);

/* The values of n identifiers, separated by spaces, in the arena; for logs. */
const char *ident_list(struct arena *a, const struct ident *list, size_t n);

#endif

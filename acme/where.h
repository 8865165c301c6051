/* SPDX-License-Identifier: Apache-2.0 */
/* where.h - which certificates an incident is about: a small language of conditions.
 *
 *	expression = term { "or" term }		term = factor { "and" factor }
 *	factor     = "not" factor | "(" expression ")" | condition
 *	condition  = FIELD ( "=" | "!=" ) VALUE
 *		   | "issued" ( "<" | "<=" | ">" | ">=" | "=" ) TIME
 *		   | "issued" "between" TIME "and" TIME
 *
 * FIELD is issuer, profile or directory (a name of brevet.conf), account or binding (an id),
 * name (a pattern as in policies), key (SHA-256 of the SubjectPublicKeyInfo) or serial (both in
 * hexadecimal).  Values with spaces or special characters, and those that are words of the
 * language, stand in double quotes.  Pure. */
#ifndef ACME_WHERE_H
#define ACME_WHERE_H

#include "acme/acme.h"

#define WHERE_TEXT_MAX	1000	/* octets of an expression */
#define WHERE_DEPTH_MAX 50	/* parentheses and "not"s in each other */
#define WHERE_TIME_LAST 253402300799	/* that RFC 3339 can tell */

enum where_kind {
	WHERE_AND, WHERE_OR,	/* left, right */
	WHERE_NOT,		/* left */
	WHERE_ISSUER, WHERE_PROFILE, WHERE_DIRECTORY,	/* number, of the name in text */
	WHERE_ACCOUNT, WHERE_BINDING,			/* id */
	WHERE_NAME,		/* text is a pattern */
	WHERE_KEY,		/* key */
	WHERE_SERIAL,		/* serial */
	WHERE_ISSUED		/* from <= created < until */
};

struct where {
	enum where_kind	 kind;
	struct where	*left, *right;
	int		 column;	/* of the value, from 1 */
	const char	*text;		/* the value as it was written */
	uint32_t	 number;	/* store_name_number(); the parser leaves it 0 */
	struct id	 id;
	uint8_t		 key[32];
	struct serial	 serial;
	int64_t		 from, until;	/* 0, behind WHERE_TIME_LAST: no bound */
};

/* Reads an expression, all in the arena.  NULL with malformed: the column, and what was
 * expected there. */
struct where *where_parse(struct arena *a, const char *text, struct problem *p);

/* The same expression, with no parentheses but those that it needs, in the arena. */
const char *where_print(struct arena *a, const struct where *w);

/* "issuer". */
const char *where_field(enum where_kind kind);

/* Does it ask for names, which must be read from the certificate? */
bool where_wants_names(const struct where *w);

/* Is the certificate one of them?  idents: its names, if they are wanted.  A name condition holds
 * if one of them stands for a name of the pattern: a wildcard for all with one label in its
 * place. */
bool where_holds(const struct where *w, const struct cert *cert, const struct ident *idents,
		 size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - what a server replied (RFC 9112), as far as an ACME client looks at it. */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* All of it lives in the arena, which lives as long as the callback that was given it. */
struct answer {
	struct arena	*arena;
	int		 status;	/* 0: there was no reply; see fault */
	const char	*fault;
	const char	*nonce, *location;	/* NULL: none */
	long		 retry_after;	/* seconds; -1: none */
	bool		 close;		/* the server ends the connection */
	struct blob	 body;
	/* of the parser */
	bool		 chunked;
	long		 length;	/* -1: not said */
};

enum parse { PARSE_MORE, PARSE_DONE, PARSE_BAD };

/* Reads a reply from all octets that have come so far.  head: to a HEAD request; ended:
 * the connection has ended behind them. */
enum parse answer_parse(struct answer *answer, struct blob text, bool head, bool ended);

/* The body as an object; NULL: it is none. */
json_t *answer_json(const struct answer *answer);

/* What kind of failure this is: the type of the problem without ACME's URN, "HTTP 502",
 * or "connection lost" and the like.  *detail, in the arena, may be "". */
const char *answer_type(const struct answer *answer, const char **detail);

/* The same for a problem inside another object; NULL will do. */
const char *problem_type_of(const json_t *problem, const char **detail);

#endif

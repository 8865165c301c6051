/* SPDX-License-Identifier: Apache-2.0 */
/* head.h - judges the head of a request before evhttp parses it (R-17 to
 * What evhttp would let through, or answer in HTML, is refused here. */
#ifndef SERVER_HEAD_H
#define SERVER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

struct head_limits {
	size_t	head, body;	/* octets */
};

struct head {
	size_t	 total;		/* octets so far */
	char	*line;		/* the unfinished line: nline octets of it, size held */
	size_t	 nline, size;
	/* what its lines have said */
	unsigned lines, hosts, lengths, encodings;
	bool	 http10, bodiless;
	uint64_t length;	/* Content-Length */
};

enum head_state {
	HEAD_MORE,		/* more octets are needed */
	HEAD_DONE,		/* complete and good; head->length octets of body follow */
	HEAD_BAD		/* the problem is set: answer it and close */
};

/* Takes octets; *used tells how many of them belong to the head.  Each line is judged
 * as soon as it is complete. */
enum head_state head_feed(struct head *h, const struct head_limits *limits, const char *data,
			  size_t n, size_t *used, struct problem *p);

/* Ready for the next request; frees what it held. */
void head_reset(struct head *h);

#endif

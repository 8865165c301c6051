/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - what the webhook's answer means (docs/webhook.md).  Pure. */
#ifndef ACME_ANSWER_H
#define ACME_ANSWER_H

#include <jansson.h>

#include "base/ident.h"
#include "va/va.h"

enum answer {
	ANSWER_NONE,	/* of no use: the problem says why, for the log */
	ANSWER_YES,
	ANSWER_NO
};

/* Judges the answer that has come; ANSWER_NO: *said is its object, of the arena. */
enum answer answer_read(const struct post *post, struct arena *a, const json_t **said,
			struct problem *p);

/* What the client hears of a no about these identifiers: rejectedIdentifier, or compound with
 * a subproblem for each that the answer names; if it names none of them, for all. */
void answer_refusal(const json_t *said, struct arena *a, const struct ident *idents, size_t n,
		    struct problem *p);

#endif

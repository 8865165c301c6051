/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - one validation on a loop. */
#include "tests/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asked {
	struct validation	*v;
	const char		*name;
};

static enum flow_next
asked_ask(struct flow *f)
{
	struct asked *q = f->data;
	struct problem p = { 0 };
	bool address = q->name[strspn(q->name, "0123456789.:")] == '\0';

	if (!(address ? ident_parse_ip : ident_parse_dns)(&q->v->ident, f->arena, q->name,
							  strlen(q->name), &p)) {
		fprintf(stderr, "%s\n", p.detail);
		abort();
	}
	q->v->waiter = f;
	q->v->ticket = flow_arm(f);
	va_validate(q->v);
	return FLOW_WAIT;
}

static enum flow_next
asked_answer(struct flow *f)
{
	static char record[8192];
	struct asked *q = f->data;

	if (q->v->record != NULL) {
		snprintf(record, sizeof(record), "%s", q->v->record);
		q->v->record = record;
	}
	event_base_loopexit(f->loop->base, NULL);
	return FLOW_NEXT;
}

static const struct flow_step asked_steps[] = {
	{ ON_LOOP, STEP(asked_ask) },
	{ ON_LOOP, STEP(asked_answer) },
	{ 0 }
};

void
validate(struct loop *l, struct validation *v, const char *name)
{
	struct asked q = { v, name };

	flow_start(flow_new(l, asked_steps, &q));
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

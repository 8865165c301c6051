/* SPDX-License-Identifier: Apache-2.0 */
/* test_lines.c - turns in a line of several: who has one, who waits, who may hope for one, when
 * all of them give theirs back (V-29). */
#include <string.h>

#include "base/loop.h"
#include "base/turn.h"
#include "tests/tap.h"

static struct loop *loop;

static enum flow_next
turn_had(struct flow *f)
{
	(*(unsigned *)f->data)++;
	return FLOW_NEXT;
}

static const struct flow_step turn_steps[] = { { ON_LOOP, STEP(turn_had) }, { 0 } };

#define TURNS 8

/* Takes shares one after another, gives them back in the same order: so many have had a turn
 * by then. */
static void
test_line(const char *parts, unsigned most, const char *want)
{
	static struct lines lines;
	struct turn turns[TURNS] = { { .line = NULL } };
	unsigned had = 0, n = (unsigned)strlen(parts);
	char text[2 * TURNS + 1] = "";

	for (unsigned i = 0; i < n; i++) {
		struct flow *f = flow_new(loop, turn_steps, &had);
		struct share share = { f, "", (char[]){ parts[i], '\0' }, most };

		text[i] = turn_share(&lines, &turns[i], &share) ? '+' : '-';
		turns[i].ticket = flow_arm(f);
		turns[i].due = INT64_MAX;
	}
	for (unsigned i = 0; i < n; i++) {
		flow_wake(turns[i].flow, text[i] == '+' ? turns[i].ticket : 0);
		turn_good(&turns[i]);
		turn_give(&turns[i]);
		text[n + i] = (char)('0' + turn_hopes(&turns[n - 1]));
	}
	event_base_loop(loop->base, EVLOOP_NONBLOCK);
	is(text, want, parts);
	ok(had == n && loop->flows == 0, "%s, at most %u: all %u had their turn", parts, most, n);
}

int
main(void)
{
	loop = loop_new(0);
	test_line("aaaa", 4, "++--1000");
	test_line("aaab", 4, "++-+0000");
	test_line("abab", 4, "+++-0000");
	test_line("aaaa", 1, "+---1100");
	test_line("abcd", 3, "+++-0000");
	test_line("aaaaab", 6, "+++--+000000");
	loop_free(loop);
	return tap_done();
}

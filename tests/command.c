/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - commands of the operator, for tests. */
#include "tests/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* To its end, in the arena. */
static const char *
read_all(struct arena *a, FILE *in)
{
	char part[4096], *all = NULL;
	size_t n, len = 0;
	FILE *out = open_memstream(&all, &len);

	if (out == NULL)
		abort();
	while ((n = fread(part, 1, sizeof(part), in)) > 0)
		fwrite(part, 1, n, out);
	fclose(out);
	return arena_own(a, all, free);
}

int
command_run(struct arena *a, const struct server *s, const char *words, const char **said)
{
	FILE *f = popen(arena_printf(a, "BREVET_CLOCK=%s.clock BREVET_CONFIG=%s/brevet.conf %s %s "
				     "2>&1", s->dir, s->dir, s->brevet, words), "r");
	int status;

	if (f == NULL)
		abort();
	*said = read_all(a, f);
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

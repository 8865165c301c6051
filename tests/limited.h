/* SPDX-License-Identifier: Apache-2.0 */
/* limited.h - a scene for tests of rate limits and pauses: a server with settings, accounts,
 * a clock, the operator's commands. */
#ifndef TESTS_LIMITED_H
#define TESTS_LIMITED_H

#include "tests/scene.h"

#define HOUR 3600
#define DAY  (24 * HOUR)

#define LIMITED_NOBODY "AZTcQ0p3-d8mrsWqN1f4G2b6H7j9Kw"	/* an id, but nobody's */

extern struct scene scene;

/* A new server with these settings ("limit.orders=3/1d"; NULL ends them).  Ends the program
 * when it does not come up. */
void limited_begin(const char *const *settings);

/* Moves the server's clock on by so many seconds; false: this build cannot. */
bool limited_later(int64_t seconds);

/* newOrder for one name, or for names with spaces between; the HTTP status. */
int limited_order(struct client *c, const char *names);
/* A certificate for them; false: none (client_why() tells). */
bool limited_issue(struct client *c, const char *names);
/* An order for the name whose validation fails; false: it does not come to that. */
bool limited_fail(struct client *c, const char *name);

/* The last reply is rateLimited with a Link to the page about it, and its detail has that
 * text: its Retry-After, 0 when there is none.  -1: it is not so. */
long limited_wait(struct client *c, const char *detail);

/* newAuthz for a name; the HTTP status. */
int limited_authz(struct client *c, const char *name);

/* The id in the client's account URL. */
const char *limited_id(const struct client *c);

/* Runs `brevet ARGUMENTS --config ...`; its exit status, and all that it says in *said (in
 * the client's arena). */
int limited_run(struct client *c, const char *arguments, const char **said);

/* --- cases: they count in the program that includes this --------------------------------- */

/* limited_later(), or a case that is skipped. */
__attribute__((unused)) static bool
later(int64_t seconds)
{
	if (limited_later(seconds))
		return true;
	tap_skip("a moment later", "built without --enable-faults");
	return false;
}

__attribute__((unused)) static void
passes(struct client *c, const char *names, const char *what)
{
	if (!ok(limited_order(c, names) == 201, "%s", what))
		printf("# %s\n", client_why(c));
}

/* The last reply is rateLimited with that detail; returns its Retry-After. */
__attribute__((unused)) static long
limited(struct client *c, const char *detail, const char *what)
{
	long after = limited_wait(c, detail);

	if (!ok(after >= 0, "%s is rateLimited, \"%s\"", what, detail))
		printf("# %s\n", client_why(c));
	return after;
}

/* The same of an order that is made now. */
__attribute__((unused)) static long
refused(struct client *c, const char *names, const char *detail, const char *what)
{
	limited_order(c, names);
	return limited(c, detail, what);
}

__attribute__((unused)) static void
fails(struct client *c, const char *name, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		ok(limited_fail(c, name), "%s is not proved", name);
}

/* brevet ARGUMENTS: its exit status, and that it says this. */
__attribute__((unused)) static void
runs(struct client *c, const char *arguments, int status, const char *says)
{
	const char *said;
	int is = limited_run(c, arguments, &said);

	if (!ok(is == status && strstr(said, says) != NULL, "brevet %s: %d, \"%s\"", arguments,
		status, says))
		printf("# %d, %s\n", is, said);
}

__attribute__((unused)) static const char *
words(struct client *c, const char *before, const char *after)
{
	return arena_printf(c->arena, "%s %s %s", before, limited_id(c), after);
}

#endif

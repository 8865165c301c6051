/* SPDX-License-Identifier: Apache-2.0 */
/* incidents.h - what tests of incidents share: a server with two directories, certificates of
 * both, and brevet incident. */
#ifndef TESTS_INCIDENTS_H
#define TESTS_INCIDENTS_H

#include "base/clock.h"
#include "tests/ari.h"
#include "tests/places.h"

#define WHY(n) "https://status.example.test/" n

/* Names are n0 to n4 .example.test. */
enum { N0, N1, N2, P3, P4, CERTS };	/* three of the default directory, two of part */

extern struct scene scene;
extern struct arena *a;
extern struct client *main_client, *part_client;
extern struct leaf_facts leaf[CERTS];
extern struct renewal_info before[CERTS];	/* as it was issued */
extern int64_t ahead;				/* of the server's clock */

/* A server, and all of the above; false: it does not come up. */
bool incidents_begin(void);

const char *name_of(int cert);

/* A certificate for the same name, or the end of the program. */
struct leaf_facts issue(int cert, const char *replaces);

/* brevet incident ARGUMENTS: its exit status, and all that it says. */
int run(const char *arguments, const char **said);
/* What it says as JSON, in the arena; NULL: it fails. */
const json_t *run_json(const char *arguments);
/* Its first line. */
const char *line(const char *said);
/* A member that is a number; -1: it is not. */
long count(const json_t *o, const char *member);

struct renewal_info info_of(int cert);

/* The reason in its entry of the CRL; 0: an entry without one, -1: none. */
long listed(int cert);

/* All is as it was. */
__attribute__((unused)) static void
untouched(int cert)
{
	struct renewal_info info = info_of(cert);

	ok(info.start == before[cert].start && info.end == before[cert].end &&
	   info.explanation == NULL, "%s has the window that it had", name_of(cert));
}

#endif

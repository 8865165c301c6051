/* SPDX-License-Identifier: Apache-2.0 */
/* incident_rows.h - certificates that are put into a store by hand, and what must have become of
 * them when an incident of all those of an account has ended. */
#ifndef TESTS_INCIDENT_ROWS_H
#define TESTS_INCIDENT_ROWS_H

#include "store/store.h"

#define ROWS_MATCHING 300	/* more than one edit takes */
#define ROWS_SPREAD   7200

/* Puts them into the store in that folder, which nobody has open; ends the program if it
 * cannot. */
void rows_fill(const char *dir, const struct id *account);

struct crl_facts {
	uint64_t	number;
	int		entries;	/* -1: no CRL */
	bool		current;	/* it knows of every revocation */
};
struct crl_facts crl_of(const struct view *v, struct arena *a);

/* What is wrong, in the arena; NULL: each certificate that matches has its window, belongs to the
 * incident and was revoked once, no other one was; the CRL says so, with a higher number than that
 * of one (crl) that said less; the index is whole, and no job is left. */
const char *rows_wrong(const struct view *v, struct arena *a, const char *incident,
		       const struct crl_facts *crl);

/* How many windows begin in the fullest slot. */
unsigned rows_fullest(const struct view *v, struct arena *a);

#endif

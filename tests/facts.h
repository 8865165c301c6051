/* SPDX-License-Identifier: Apache-2.0 */
/* facts.h - what a certificate says that depends on its profile, for tests. */
#ifndef TESTS_FACTS_H
#define TESTS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

struct facts {
	int64_t	begins, life;		/* seconds since 1970; both ends counted */
	bool	crl, client;		/* a CRL pointer; for TLS clients */
};

/* Of the first certificate of a chain in PEM, which must be one. */
struct facts facts_of(const char *pem);

#endif

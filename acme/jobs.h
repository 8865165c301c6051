/* SPDX-License-Identifier: Apache-2.0 */
/* jobs.h - work that the store remembers until it reaches a verdict. */
#ifndef ACME_JOBS_H
#define ACME_JOBS_H

#include "acme/acme.h"

/* What the flow of a job is about; in its arena. */
struct work {
	struct job			 job;
	bool				 resumed;	/* found at start */
	struct store			*store;
	const struct acme_config	*config;	/* kept until the flow ends */
	void				*doing;
};

#define WORK(f) ((struct work *)(f)->data)

extern const struct flow_step validate_steps[], issue_steps[], issue_resumed_steps[],
	incident_steps[];

/* The URL of an account, in the arena; its directory must be configured. */
const char *jobs_account_url(const struct acme_config *c, struct arena *a, uint32_t directory,
			     const struct id *account);

/* Those that it had by former base URLs: clients may know it by them still.  Ends with NULL. */
const char *const *jobs_account_urls_old(const struct acme_config *c, struct arena *a,
					 uint32_t directory, const struct id *account);

/* The profile or issuer with that number; NULL: the configuration has it no more. */
const struct acme_profile *jobs_profile(const struct acme_config *c, uint32_t number);
const struct acme_issuer *jobs_issuer(const struct acme_config *c, uint32_t number);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* operator.h - the commands of the operator, each two functions of its subject. */
#ifndef ACME_OPERATOR_H
#define ACME_OPERATOR_H

#include <jansson.h>

#include "acme/acme.h"

/* A command under way. */
struct operator {
	struct operator_call	 call;
	const struct command	*command;
	struct arena		*arena;
	void			*doing;		/* what check() read, for apply() */
	json_t			*answer;	/* an object; apply() and done() add to it */
};

struct command {
	const char	*name;
	/* Reads the request; no store.  NULL: nothing to read.  On the loop. */
	bool		(*check)(struct operator *o, struct problem *p);
	/* Judges and changes the store.  On the writer. */
	bool		(*apply)(struct operator *o, struct edit *e, struct problem *p);
	/* Counts and logs what was committed; or NULL.  On the loop. */
	void		(*done)(struct operator *o);
};

/* Members of the request; false with malformed, naming the member. */
bool operator_text(const struct operator *o, const char *member, const char **text,
		   struct problem *p);
/* The same of one that may be missing; NULL then. */
bool operator_text_maybe(const struct operator *o, const char *member, const char **text,
			 struct problem *p);
bool operator_id(const struct operator *o, const char *member, struct id *id,
		 struct problem *p);

extern const struct command account_revoke_command, cert_revoke_command, clock_accept_command,
	eab_add_command, eab_revoke_command, eab_renew_command, limit_set_command,
	incident_end_command, incident_start_command, pause_command, resume_command;

#endif

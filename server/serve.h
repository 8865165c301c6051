/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - the running server, as main sees it. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "server/admin.h"
#include "server/cli.h"
#include "server/threads.h"

struct serve {
	struct threads		 threads;
	struct config		*config;		/* the newest; one use of it is ours */
	const struct cli_config	*options;
	struct admin		*admin;
	struct event		*signals[3], *drain;
	int			 fds[DOORS][LOOPS_MAX];	/* listening; -1: none */
	int64_t			 drain_until;
	size_t			 flows;			/* that live, as the loops counted */
	unsigned		 counted;		/* loops that have told theirs */
	bool			 ready, stopping, failed;
};

/* Reads the configuration anew and gives it to each loop; the old one stays when it is
 * bad.  rq: who asked, gets the answer; NULL: a signal.  On main. */
void serve_reload(struct serve *s, struct admin_request *rq);

/* The level of the configuration. */
void serve_log_level(const struct config *c);

#endif

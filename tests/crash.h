/* SPDX-License-Identifier: Apache-2.0 */
/* crash.h - clients under load that keep a log, and the look at what is left of it. */
#ifndef TESTS_CRASH_H
#define TESTS_CRASH_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/bind.h"
#include "tests/scene.h"

#define CLIENTS_MAX 64
#define NAMES_MAX   3

enum kind { ACCOUNT, ORDER, AUTHZ, CHALLENGE, CERTIFICATE, KINDS };

extern const char *const kind_names[KINDS];

/* What the server acknowledged last of one object. */
struct item {
	struct item	*next;
	enum kind	 kind;
	char		*url, *text;
	EVP_PKEY	*key;		/* NULL: the worker's */
	bool		 fresh;		/* said so since the last look */
};

struct crash;

struct worker {
	struct crash	*all;
	unsigned	 number, seed;
	pthread_t	 thread;
	struct client	*c;
	struct item	*items;		/* the newest first */
	bool		 registers;	/* bound accounts, and nothing else */
	unsigned	 registered;	/* that were acknowledged */
	/* the order in hand */
	char		*order;
	char		 names[NAMES_MAX][32];
	size_t		 nname;
	char		*csr;		/* base64url */
	bool		 unanswered;	/* its request, when the server died */
	unsigned	 done, failed;	/* orders */
};

struct crash {
	struct scene	 scene;
	struct binding_key binding;
	struct worker	 workers[CLIENTS_MAX];
	unsigned	 n;		/* the last one registers */
	int		 log;
	atomic_bool	 over;
	/* where the workers wait while the server is down */
	pthread_mutex_t	 mutex;
	pthread_cond_t	 changed;
	unsigned	 waiting, epoch;
	/* of the parent */
	char		**serials;
	size_t		 nserial;
	size_t		 looked[KINDS];
};

/* The thread of a worker: issues until crash.over. */
void *crash_work(void *worker);
/* Ends the order in hand. */
void crash_order_done(struct worker *w, bool good);

/* Is there a use spent for each account of the binding, and an account for each one that was
 * acknowledged? */
bool crash_look_binding(const struct crash *all);

/* Looks at one client's objects: those of this round, and some or all of the older ones.
 * Returns how many are not as they should be. */
unsigned crash_look(struct crash *all, struct worker *w, bool everything);

/* A member that is text; "" when there is none. */
const char *crash_text(const json_t *o, const char *member);

#endif

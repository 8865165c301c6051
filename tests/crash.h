/* SPDX-License-Identifier: Apache-2.0 */
/* crash.h - clients under load that keep a log, and the look at what is left of it. */
#ifndef TESTS_CRASH_H
#define TESTS_CRASH_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/bind.h"
#include "tests/crash_books.h"
#include "tests/scene.h"

#define CLIENTS_MAX 64
#define NAMES_MAX   3
#define NAMES_LEN   32

#define BRIEF		"brief"		/* profile of certificates that soon go again */
#define BRIEF_LIFE	90		/* seconds */
#define ORDER_LIFE	600
#define RETENTION	20
#define FLAT(n)		FLAT_(n)
#define FLAT_(n)	#n

enum kind { ACCOUNT, ORDER, AUTHZ, CHALLENGE, CERTIFICATE, KINDS };

extern const char *const kind_names[KINDS];

/* What the server acknowledged last of one object. */
struct item {
	struct item	*next;
	enum kind	 kind;
	char		*url, *text;
	EVP_PKEY	*key;		/* NULL: the worker's */
	bool		 fresh;		/* said so since the last look */
	bool		 given_up;	/* its client has made it invalid, or tried to */
	bool		 incident;	/* it must be revoked */
	int64_t		 replaces_end;	/* of an order: notAfter of what it replaces; or 0 */
	bool		 asked;		/* whether a second order may replace the same */
};

/* A certificate to be renewed. */
struct before {
	char		 certid[128];	/* "": there is none */
	char		 names[NAMES_MAX][NAMES_LEN];
	size_t		 nname;
	bool		 brief;
	int64_t		 not_after;
	bool		 cut;		/* an order that names it may have been made, untold */
};

/* What becomes of an order. */
enum fate { ISSUED, GIVEN_UP, LEFT, FATES };

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
	char		 names[NAMES_MAX][NAMES_LEN];
	size_t		 nname;
	bool		 brief, renews;
	enum fate	 fate;
	char		*csr;		/* base64url */
	bool		 unanswered;	/* its request, when the server died */
	unsigned	 done, failed;	/* orders */
	struct before	 before;
	unsigned	 renewed, untold, ended[FATES];
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
	size_t		 looked[KINDS], gone[KINDS];
	unsigned	 again;		/* second orders that were asked for */
	atomic_long	 ahead;		/* of the server's clock, seconds */
	bool		 clock;		/* which can be set */
	unsigned	 swept;		/* kills while it cleaned up, or revoked */
	struct books	 books;
	FILE		*starting;	/* `brevet incident start`, for that worker */
	unsigned	 starting_for;
	unsigned	 incidents, told;
};

/* The server's clock. */
static inline int64_t
crash_now(const struct crash *all)
{
	return (int64_t)time(NULL) + atomic_load(&all->ahead);
}

/* The thread of a worker: issues until crash.over. */
void *crash_work(void *worker);
/* Ends the order in hand. */
void crash_order_done(struct worker *w, bool good);

/* The names and profile of the next order, and what becomes of it; what to say of it beside
 * the identifiers. */
const char *crash_order_plan(struct worker *w);
/* It has been asked for: is the answer right?  (There may be none, for one that was never told of
 * renews the same.) */
bool crash_order_made(struct worker *w, const char *location);
/* That is its certificate. */
void crash_order_issued(struct worker *w, const char *pem);

/* Of a challenge, whose URL goes on behind that of its authorization; NULL: it was never told. */
const struct item *crash_authz_of(const struct worker *w, const struct item *challenge);
/* When it may be something else than it was, and when it may be gone: never before. */
int64_t crash_over(const struct item *item);
int64_t crash_gone(const struct worker *w, const struct item *item);

/* Waits until the server deletes what is over, or revokes if it must; at most so many ms. */
bool crash_deletes(struct crash *all, unsigned ms);

/* Begins an incident of one client's certificates, while all wait; what became of it; and
 * all come to their end: what is wrong then, in the arena. */
void crash_incident_start(struct crash *all, unsigned worker);
void crash_incident_told(struct crash *all);
const char *crash_incidents_end(struct crash *all, struct arena *a);

/* Is there a use spent for each account of the binding, and an account for each one that was
 * acknowledged? */
bool crash_look_binding(const struct crash *all);

/* Looks at one client's objects: those of this round, and some or all of the older ones.
 * Returns how many are not as they should be. */
unsigned crash_look(struct crash *all, struct worker *w, bool everything);

/* A member that is text; "" when there is none. */
const char *crash_text(const json_t *o, const char *member);

#endif

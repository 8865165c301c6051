/* SPDX-License-Identifier: Apache-2.0 */
/* acme.h - RFC 8555: resources, rules, jobs.  No sockets and no LMDB here.
 *
 * server/ makes a request, fills it and starts it; the request's flow runs to its end
 * whatever becomes of the client, and ends by calling send(). */
#ifndef ACME_ACME_H
#define ACME_ACME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/flow.h"
#include "base/ident.h"
#include "base/loop.h"
#include "base/network.h"
#include "base/problem.h"
#include "base/rand.h"
#include "ca/ca.h"
#include "store/store.h"
#include "va/va.h"

/* --- configuration ---------------------------------------------------------------- */

struct acme_profile {
	const char	*name;
	uint32_t	 number;	/* store_name_number() */
	const char	*description;	/* for people, or a URL; "": none */
	int64_t		 lifetime;	/* seconds, or LIFETIME_CABF */
	int64_t		 backdate;	/* seconds */
	bool		 client_auth, common_name, crl;
	const char *const *method_names;	/* as configured */
	unsigned	 methods;	/* METHOD_BIT()s that its orders may use; 0: all */
	const char *const *key_types;	/* key_kind()s; none: all */
};

/* As long as the CA/Browser Forum says on the day (acme/dated.h). */
#define LIFETIME_CABF 0

/* The longest life of a certificate that is signed and begins then, in seconds, both ends
 * counted.  Pure. */
int64_t acme_profile_life(const struct acme_profile *profile, int64_t signed_at,
			  int64_t not_before);

/* When that changes next; 0: never, as far as is known. */
int64_t acme_profile_changes(const struct acme_profile *profile, int64_t now);

struct acme_issuer {
	const char	*name;
	uint32_t	 number;
	struct issuer	*issuer;
	const char	*crl_url;	/* of shard 0, as it stands in certificates */
	const char	*issuer_url;	/* caIssuers */
};

/* Patterns of identifiers (acme/policy.c): what may be issued, and what may not although
 * it would.  Lists end with NULL; an empty `allow` allows everything. */
struct name_rules {
	const char *const	*allow, *const *deny;
};

enum eab_rule {
	EAB_NONE,	/* not looked at */
	EAB_OPTIONAL,	/* verified if it is there */
	EAB_REQUIRED
};

/* What the clients of one directory get.  Accounts belong to one. */
struct directory {
	const char			*name;
	uint32_t			 number;
	const char			*path;	/* "" or "/name": before /directory, /acme/... */
	const char			*url;	/* of its /directory, where clients begin */
	const struct acme_issuer	*issuer;
	const struct acme_profile	*profile;	/* of orders that name none */
	const struct acme_profile	**profiles;	/* nprofile; .profile is the first */
	size_t				 nprofile;
	unsigned			 methods;	/* METHOD_BIT()s that are offered */
	enum eab_rule			 eab;		/* external account binding */
	struct name_rules		 rules;
};

#define METHOD_BIT(method) (1u << (method))

/* "http-01".  parse: false: no method that this CA has. */
const char *method_name(enum method method);
bool method_parse(const char *name, enum method *method);

/* Is it a pattern of identifiers?  "www.corp.example": that name; ".corp.example": it and
 * all below; "*.corp.example": that wildcard, and one label in its place; an address or a
 * network.  In any case; IDNs as A-labels. */
bool policy_pattern_ok(const char *text);

/* Who asks for a name: clients of a directory, under a binding or NULL, and by which profile
 * (NULL: they name none). */
struct policy_question {
	const struct acme_config	*config;
	const struct directory		*directory;
	const struct binding		*binding;
	const char			*profile;
	const struct view		*view;	/* for who is paused */
	int64_t				 now;
};

/* What would become of an order for that name, and why: {"name", "permitted"}; "type" and
 * "rules" [{"of", "permits", "list", "pattern"}] of what is a name at all; "validated",
 * "methods" and "profile" of what is permitted, else "problem".  The caller owns the
 * reference. */
json_t *acme_policy_explain(const struct policy_question *q, const char *name);

/* So many in that time, none: no limit.  All at once, then one each period / count. */
struct rate {
	int64_t	count, period;		/* seconds */
};
#define RATE_COUNT_MAX	1000000000
#define RATE_PERIOD_MAX	(366 * 86400)

/* Reads "300/3h" or "off".  False: not such a thing, or beyond those bounds. */
bool rate_parse(const char *text, struct rate *rate);
/* The same text, in the arena. */
const char *rate_print(struct arena *a, struct rate rate);

enum limit {
	LIMIT_ACCOUNTS,		/* new accounts from an address range */
	LIMIT_ORDERS,		/* orders and pre-authorizations of an account, no renewals */
	LIMIT_RENEWALS,		/* renewals that an account has begun and not finished */
	LIMIT_NAME,		/* certificates with a name */
	LIMIT_NAMES,		/* certificates with the same set of names */
	LIMIT_FAILURES,		/* failed validations of an account and name */
	LIMIT_REQUESTS,		/* requests from an address; in memory */
	LIMITS
};

/* "orders", as in limit.orders; and what it counts, for people. */
const char *limit_name(enum limit limit);
const char *limit_help(enum limit limit);

/* Rate limits, and when a client that only fails is paused. */
struct acme_limits {
	bool			 enabled;
	struct rate		 rates[LIMITS];
	const struct network	*exempt;	/* nexempt, for the limits on addresses */
	size_t			 nexempt;
	int64_t			 pause_after;	/* seconds of failures; 0: never */
	int64_t			 pause_failures;	/* and at least so many */
};

/* How long what has ended is kept (docs/storage.md); seconds. */
struct acme_retention {
	int64_t	orders;		/* and authorizations, that led to no certificate */
	int64_t	certificates;
	int64_t	every;		/* from one clean-up to the next; 0: none */
	int64_t	doubt;		/* how long it waits when the clock has jumped ahead */
};

/* Whom new orders are shown to (acme/hook.c). */
struct acme_webhook {
	const char		*url;		/* NULL: nobody */
	struct blob		 secret;	/* HMAC-SHA256 */
	struct blob		 roots;		/* PEM, to trust there; empty: the system's */
	int			 timeout_ms;
	bool			 absent_allows;	/* when there is no answer */
};

/* When certificates shall be renewed (docs/renewal.md). */
struct acme_renewal {
	int64_t	from, until;		/* percent of a life: there the window lies */
	bool	smoothing;		/* as many in each slot of time */
	int64_t	poll;			/* seconds until a client asks again, at most */
};

/* An immutable snapshot of the configuration.  A flow keeps the one it began with. */
struct acme_config {
	const char		*base_url;	/* "https://host:port", no slash behind */
	const char *const	*base_url_old;	/* former ones, for kid; ends with NULL */
	struct directory	*directories;	/* ndirectory; the first is the default */
	size_t			 ndirectory;
	struct acme_issuer	*issuers;
	size_t			 nissuer;
	struct acme_profile	*profiles;
	size_t			 nprofile;
	const char		*terms;		/* URL, or NULL */
	int64_t			 terms_since;	/* when that URL was first configured */
	const char		*website;	/* URL, or NULL */
	const char *const	*caa_identities;	/* ends with NULL */
	const char *const	*hosts;		/* of the server's own certificate; NULL ends */
	struct name_rules	 rules;		/* of all directories */
	size_t			 names_max;	/* identifiers of an order */
	int64_t			 labels_max, name_max;	/* of a DNS name */
	struct acme_limits	 limits;
	struct acme_retention	 retention;
	struct acme_webhook	 webhook;
	int64_t			 order_life;	/* seconds until an order or a pending ... */
	int64_t			 authz_life;	/* ... or a valid authorization expires */
	bool			 reuse_valid, reuse_pending;	/* authorizations */
	int			 hold_ms;	/* how long a request waits for a verdict */
	size_t			 held_max;	/* requests that wait, per process */
	bool			 quirk_padded_csr, quirk_short_es256;
	struct acme_renewal	 renewal;
	int64_t			 crl_life;	/* nextUpdate - thisUpdate, seconds */
	struct va		*va;
	int64_t			 attempts;	/* of a validation that DNS or the network fail */
	int64_t			 per_account;	/* validations at a time on each loop */
	int64_t			 caa_age;	/* seconds that a CAA check holds */
	/* The last user frees it. */
	atomic_uint		 users;
	void			(*release)(struct acme_config *c);
};

const struct acme_config *acme_config_keep(const struct acme_config *c);
void acme_config_release(const struct acme_config *c);

/* The directory of that name, or of that number; NULL: none. */
const struct directory *acme_directory(const struct acme_config *c, const char *name);
const struct directory *acme_directory_of(const struct acme_config *c, uint32_t number);

/* Gives the names of directories, issuers and profiles their numbers, and notes new terms of
 * service, in an edit. */
void acme_config_number(struct acme_config *c, struct edit *e);

/* --- on each loop ----------------------------------------------------------------- */

/* Puts ACME's state on a loop (waiters, key cache); main, before the loop runs. */
void acme_attach(struct loop *l, struct store *s, const struct acme_config *c);

/* From now on new flows of this loop use that configuration; on the loop. */
void acme_configure(struct loop *l, const struct acme_config *c);

/* The server stops: held requests are answered with what is known now, validations are
 * given up (their rows stay in `jobs`); on the loop. */
void acme_stop(struct loop *l);

/* The hooks for writer_start().  loops: n of them, they outlive the writer. */
struct writer_hooks acme_writer_hooks(struct loop **loops, unsigned n);

/* Starts every job that stands in the store, each on the loop its id picks; from main
 * after the loops and the writer run.  Logs "jobs resumed"; returns how many. */
size_t acme_resume(struct store *s);

/* Signs and renews the CRL of each issuer, on this loop, for ever. */
void acme_crl_start(struct loop *l);

/* Cleans the store up, on this loop, for ever. */
void acme_sweep_start(struct loop *l);

/* When it was last clean, seconds since 1970; 0: not yet.  Any thread. */
int64_t acme_swept(void);

/* Registers the metrics of acme/; once, from main, before threads start. */
void acme_metrics_register(void);

/* Held requests at this moment, in the process. */
size_t acme_held(void);

/* --- the server's own certificate ------------------------------------------------- */

/* What install() gets, on the loop that acme_own_start() got; lent until it returns. */
struct own_certificate {
	const char	*chain_pem;
	struct blob	 key_der;
	int64_t		 not_after;
};

/* Hands out the stored certificate if it is good for the configured hosts and has more
 * than half of its life left, else issues one first; again at half of its life (so the
 * same one may come twice).  Any thread, once.  failed() gets the problem when there is
 * none; it is tried again. */
void acme_own_start(struct loop *l,
		    void (*install)(void *arg, const struct own_certificate *own),
		    void (*failed)(void *arg, const struct problem *p), void *arg);

/* --- a clock that was ahead ------------------------------------------------------- */

/* Seconds; what was stamped by so much later than now, was so by a clock that was ahead.  Less
 * makes no difference that matters. */
#define CLOCK_AHEAD 3600

/* Seconds that the clock is behind the newest commit, if more than the few that are forgiven;
 * else 0.  Until it has caught up, or is accepted, nothing is issued. */
int64_t acme_clock_behind(const struct view *v, int64_t now);

/* Logs when that begins and ends, on this loop, for ever. */
void acme_clock_start(struct loop *l);

/* What acme_clock_accept() did. */
struct clock_accepted {
	int64_t	newest;			/* the time of the newest commit until then */
	size_t	orders, authorizations;	/* that are good no more */
};

/* The clock is right now, and was ahead: the newest commit counts as one of now.  Orders that
 * were made in the time to come, and authorizations that were made or proved then, are good no
 * more, for they would be so for too long.  False with malformed: the clock is not behind. */
bool acme_clock_accept(struct edit *e, int64_t now, struct clock_accepted *done,
		       struct problem *p);

/* What it did, for the operator: members of the object. */
void acme_clock_answer(json_t *o, struct arena *a, const struct clock_accepted *done);

/* How many good certificates of accounts were made in the time to come; in views of its own. */
size_t acme_clock_certificates(struct store *s, int64_t now);

/* --- the operator ----------------------------------------------------------------- */

/* RFC 8555's word for an account's state ("valid"). */
const char *status_account_name(enum account_state state);

/* The word for what an order is at that time ("ready"). */
const char *acme_order_status(const struct order *order, const struct view *v, struct arena *a,
			      int64_t now);

/* An operator's command, one of the table in acme/operator.c ("revoke", "eab-add" ...),
 * with the members of its request. */
struct operator_call {
	const char			*command;	/* a member of the request */
	const json_t			*request;	/* a reference of it is kept until done() */
	const struct acme_config	*config;
	/* answer: an object, whose reference done() takes; NULL: refused, p says why. */
	void				(*done)(void *arg, json_t *answer,
						const struct problem *p);
	void				*arg;
};

/* Carries it out; done() is called on that loop, after the commit.  On the loop. */
void acme_operator(struct loop *l, const struct operator_call *call);

/* An authorization or order with all that is known of it, and its evidence; the caller owns
 * the reference.  NULL: there is none of that id.  Any thread. */
json_t *acme_inspect_authz(const struct view *v, struct arena *a, const struct id *id,
			   int64_t now);
json_t *acme_inspect_order(const struct view *v, struct arena *a, const struct id *id,
			   int64_t now);

/* A certificate with all that is known of it; NULL: there is none.  The caller owns it. */
json_t *acme_inspect_cert(const struct view *v, struct arena *a, const struct serial *serial,
			  int64_t now);

/* A certificate that waits for its renewal: whose it is, what client has it, its window.  NULL:
 * nobody waits for it (any more).  "left" is in seconds, and negative behind its end. */
json_t *acme_inspect_renewal(const struct view *v, struct arena *a, const struct serial *serial,
			     int64_t now);

/* What people call the client with that User-Agent ("certbot", "lego"); of one that is not in
 * the list, the name that it begins with; "unknown" when there is none.  In the arena. */
const char *acme_client_family(struct arena *a, const char *agent);

/* --- simulation ------------------------------------------------------------------- */

enum simulated_clients {
	CLIENTS_ARI,
	CLIENTS_CRON,
	CLIENTS_MIXED		/* half of each */
};

#define SIMULATION_BEGIN 1798761600	/* 2027-01-01T00:00:00Z */

/* A fleet of certificates of one lifetime, from its first day on.  Times are seconds. */
struct simulation {
	int64_t			 fleet, lifetime, length;
	int64_t			 batch;	/* planned as one at most; 0: 1, more of a large fleet */
	int			 from, until;	/* band of the windows, thousandths of the lifetime */
	enum simulated_clients	 clients;
	bool			 burst;		/* begins in a day, not in the time of a renewal */
	bool			 smooth;
	int64_t			 outage_start, outage_length;	/* since the begin; length 0: none */
	uint64_t		 seed;
	void			(*progress)(int percent);	/* or NULL */
};

/* What became of it, by hours; owners: clients that have a certificate at the end, or try to. */
struct simulated {
	size_t		 hours;
	uint32_t	*issued, *failed, *expired;
	int64_t		 nissued, nrenewed, nexpired, owners;
	int64_t		 batch, nplan;	/* certificates in a plan at most; plans */
};

/* Runs it: windows are those that the server would choose (acme/plan.h), clients are made up
 * (acme/simulate.h).  The same seed gives the same result.  The caller frees what `out` holds. */
void acme_simulate(const struct simulation *s, struct simulated *out);
void acme_simulated_free(struct simulated *out);

/* Hours from <= hour < until, without the skipped ones for all but failed and expired. */
struct simulated_part {
	size_t	 from, until, skip_from, skip_until;	/* given */
	int64_t	 issued, failed, expired;		/* told */
	uint32_t peak;
	double	 mean;
};
void acme_simulated_part(const struct simulated *r, struct simulated_part *part);

/* --- incidents -------------------------------------------------------------------- */

/* What the operator wants of an incident, as text; NULL: not given, but where and explanation
 * must be. */
struct incident_wish {
	const char	*where, *explanation, *spread, *revoke_after, *reason;
};

/* Reads it into a new incident without an id, which begins now; the texts are lent.  False with
 * malformed or badRevocationReason. */
bool acme_incident_read(const struct incident_wish *wish, struct arena *a, int64_t now,
			struct incident *incident, struct problem *p);

/* What it would do: {"matched", "replaced" already, "waiting" ones whose windows would move,
 * "broken": those of them that would be revoked if nobody renewed, "groups", "names" ...}; of one
 * that there is: how far it is.  All its certificates are looked at, in views of their own.  The
 * caller owns the reference.  NULL with malformed: the expression has a mistake. */
json_t *acme_incident_preview(struct store *s, const struct incident *incident,
			      struct problem *p);
json_t *acme_incident_status(struct store *s, const struct incident *incident, int64_t now);

/* "open"; "superseded" (RFC 5280 section 5.3.1). */
const char *acme_incident_state(enum incident_state state);
const char *acme_reason_name(int reason);

/* --- nonces ----------------------------------------------------------------------- */

/* Reads the state that nonce_close() saved in that file and removes the file, so that
 * nonces outlive a clean stop (docs/conformance.md, decision 4); without it, begins with
 * a new key. */
void nonce_open(const char *file);
/* Saves the state, synced; false: not (errno). */
bool nonce_close(const char *file);
/* A fresh nonce for that directory (its number) alone, in the arena; any thread. */
const char *nonce_new(struct arena *a, uint32_t directory);

/* --- requests --------------------------------------------------------------------- */

struct header {
	const char	*name, *value;
};

#define REPLY_ALTERNATES 8	/* chains beside the first */
#define REPLY_HEADERS	 (12 + REPLY_ALTERNATES)

struct reply {
	int		 status;
	struct header	 headers[REPLY_HEADERS];	/* Content-Type among them */
	size_t		 nheader;
	struct blob	 body;
};

struct route;
struct hook;

enum door {
	DOOR_ACME,	/* HTTPS */
	DOOR_PLAIN,	/* CRLs and issuers */
	DOOR_METRICS,
	DOORS
};

struct request {
	/* by server/ before request_start(): all in the flow's arena */
	struct flow		*flow;
	const char		*method;
	const char		*path;		/* as sent, without the query */
	bool			 query;		/* something came behind a '?' */
	enum door		 door;		/* the address it came to */
	const char		*content_type;	/* or NULL */
	const char		*accept;	/* or NULL */
	const char		*agent;		/* or NULL */
	const char		*address;	/* of the peer */
	struct blob		 body;
	void			(*send)(struct request *rq);	/* at the end; on the loop */
	void			*peer;		/* server's own */
	/* by acme/dispatch.c */
	const struct acme_config *config;
	struct store		*store;
	const struct directory	*directory;
	const char		*resource;	/* the path behind the directory's */
	const struct route	*route;
	const char		*part[2];	/* of the path, where the route says ":" */
	json_t			*header;	/* protected header */
	json_t			*payload;	/* NULL: POST-as-GET */
	const struct account	*account;	/* who signed, BY_ACCOUNT */
	const struct binding	*binding;	/* of that account, or NULL */
	const struct jwk	*jwk;		/* who signed, BY_KEY */
	int64_t			 now, began_us;
	unsigned		 limited;	/* of rateLimited: by which limit; LIMITS: paused */
	/* by the resource */
	void			*doing;
	struct hook		*hook;		/* what the webhook is asked, or NULL */
	/* at the end */
	bool			 cached;	/* by caches on the way, too */
	struct reply		 reply;
};

/* A request with a flow of its own on that loop; all that belongs to it goes into
 * rq->flow->arena. */
struct request *request_new(struct loop *l, void (*send)(struct request *rq));

/* Finds the route, checks who signs, and runs the resource's steps. */
void request_start(struct request *rq);

/* Instead of request_start(): runs these steps, whose last one fills rq->reply. */
void request_run(struct request *rq, const struct flow_step *steps);

/* Instead of request_start(): a refusal by the HTTP edge, sent like any reply. */
void request_refuse(struct request *rq, const struct problem *p);

#endif

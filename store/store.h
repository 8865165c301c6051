/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - everything that outlives a request, kept in LMDB.
 *
 * Reading needs a view, changing needs an edit.  Any thread can open a view; only the
 * writer thread ever holds an edit (and main, before the writer starts), so "who may
 * change the store" is a matter of types.  An edit contains a view: readers work
 * inside it too.
 *
 * Records are copies in the caller's arena: changing one changes nothing until it is
 * put.  Errors stick in the edit, so nobody checks a put; edit_commit() tells.
 * The bytes of each record: store/schema.h. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/defer.h"
#include "base/ident.h"
#include "base/lane.h"
#include "base/problem.h"
#include "base/rand.h"

struct store;		/* the LMDB environment */
struct view;		/* a snapshot that does not move under the reader */
struct edit;		/* the writer's open transaction */
struct writer;		/* the thread that has it */

/* --- the environment -------------------------------------------------------------- */

/* Opens (makes, when `create`) the store in folder dir (0700, files 0600) and locks it
 * against a second process until store_close().  map: bytes of address space, reserved
 * once (the file grows as used).  NULL with the problem serverInternal, whose detail
 * says what to do: no store there, another server has it, format N is read by version
 * X, not writable ... */
struct store *store_open(const char *dir, uint64_t map, bool create, struct problem *p);
void store_close(struct store *s);

/* For a command that only reads while a server may be running: no lock is taken.  Not
 * in the process that has the store open, which LMDB forbids. */
struct store *store_open_reader(const char *dir, struct problem *p);

/* Share of the map in use, 0 to 100.  What was deleted is not in use, once nobody reads it. */
unsigned store_full(const struct store *s);
/* The same in bytes: what is in use, and in *size all of the map. */
uint64_t store_used(const struct store *s, uint64_t *size);

/* Frees the slots of readers that died (mdb_reader_check). */
void store_readers_check(struct store *s);

/* A view of the last commit; never NULL.  Any thread, one thread at a time; not kept for
 * long (LMDB cannot use again what it sees). */
struct view *view_open(struct store *s);
void view_close(struct view *v);
DEFER_STRUCT(view, view_close)		/* defer_struct(view) *v = view_open(s); */

/* --- the writer ------------------------------------------------------------------- */

enum job_kind {
	JOB_VALIDATE = 1,	/* id: the authorization's; arg: number of its challenge */
	JOB_ISSUE = 2,		/* id: the order's */
	JOB_INCIDENT = 3	/* id: its own */
};

struct job {
	enum job_kind	kind;
	struct id	id;
	uint32_t	arg;
};

/* What the writer tells after a commit, on the writer's thread.  `changed`: the ids
 * given to edit_changed(), each once or more; `job`: one call for each edit_job(). */
struct writer_hooks {
	void (*changed)(void *arg, const struct id *ids, size_t n);
	void (*job)(void *arg, const struct job *job);
	void *arg;
};

/* Starts the thread that serves the lane of ON_WRITER flows (nothing else may be sent
 * there): it takes all that lies in the lane (256 flows at most), runs their steps in
 * one edit, commits (fsync), calls the hooks (which may be NULL) and only then passes
 * the flows on.  A step that fails must have changed nothing: asserted.
 *
 * A batch that fails for another reason than disk or map is run again one flow at a
 * time.  Flows whose commit is lost fail with serverInternal, status 503, Retry-After;
 * those with `job` set are run again after 1 s, doubling to 60 s.  A failed fsync aborts
 * the process. */
struct writer *writer_start(struct store *s, struct lane *lane,
			    const struct writer_hooks *hooks);

/* Serves what still lies in the lane, then ends the thread and frees the writer (not
 * the lane, which is closed).  Jobs that wait to be run again are ended on their loops,
 * which must still be there, without running a step: their rows stand in `jobs`. */
void writer_join(struct writer *w);

/* Registers the metrics of store/; once, from main, before threads start. */
void store_metrics_register(void);

/* Commits so far, and the flows in them. */
struct writer_counts {
	uint64_t commits, flows;
};
struct writer_counts writer_counts(const struct writer *w);

/* --- edits ------------------------------------------------------------------------ */

/* Only for main before writer_start(), and for tests: begin, change, commit.  The
 * edit is gone after edit_commit(), which returns false (with the reason, if p is not
 * NULL) when nothing was kept. */
struct edit *edit_begin(struct store *s);
bool edit_commit(struct edit *e, struct problem *p);
void edit_abort(struct edit *e);

const struct view *edit_view(const struct edit *e);
unsigned edit_changes(const struct edit *e);	/* puts and deletes so far */

/* False with 503 when the map is over 90 % full, and then until it is below 85 %: asked before a
 * new account, order or certificate is added, so that verdicts and clean-up still fit. */
bool edit_room(const struct edit *e, struct problem *p);

/* Tells those who wait for this object, after the commit. */
void edit_changed(struct edit *e, const struct id *id);

/* A row in `jobs` in this edit; after the commit the writer's hook gets the job.  A job
 * row stands until edit_job_done(), across restarts.  Adding a row that stands already
 * only overwrites it, but the hook is called again. */
void edit_job(struct edit *e, const struct job *job);
void edit_job_done(struct edit *e, const struct job *job);

/* The jobs that stand, at most max, those behind `after` (NULL: from the first), in the
 * arena; returns how many. */
size_t store_job_list(const struct view *v, struct arena *a, const struct job *after,
		      size_t max, struct job **jobs);

/* --- small things ----------------------------------------------------------------- */

/* Values with a short name.  NULL data: no such value. */
struct blob store_meta_get(const struct view *v, struct arena *a, const char *name);
void store_meta_put(struct edit *e, const char *name, struct blob value);

/* The newest time that a commit has seen (written by each commit; 0: none yet). */
int64_t store_last_time(const struct view *v);
/* The same when this store was opened, before any commit of ours. */
int64_t store_time_before(const struct store *s);
/* It goes back to `now`, which must be before it: somebody says that the clock was ahead.  What
 * store_slots_pass() took for over, and is not, counts again. */
void store_time_accept(struct edit *e, int64_t now);

/* How many objects stand in each state (numbers of enum account_state and so on); right at
 * every commit, whatever died. */
enum { COUNT_ACCOUNTS, COUNT_ORDERS, COUNT_AUTHZ, COUNT_CERTS, COUNT_KINDS };
#define COUNT_STATES 6
struct store_counts {
	uint64_t n[COUNT_KINDS][COUNT_STATES];
};
struct store_counts store_counts(const struct view *v);

/* The number, from 1, that stands for a configured name in records; a new one is given
 * out when the name is new.  kind: 'd' directory, 'p' profile, 'i' issuer. */
uint32_t store_name_number(struct edit *e, char kind, const char *name);

/* The name behind a number, in the arena; NULL: no such number. */
const char *store_name(const struct view *v, struct arena *a, char kind, uint32_t number);

/* Whom a record belongs to.  0 or all zero: none. */
struct scope {
	uint32_t	directory, profile, issuer;	/* store_name_number() */
	struct id	binding;			/* external account binding */
};

/* --- accounts (RFC 8555 section 7.1.2) -------------------------------------------- */

enum account_state {
	ACCOUNT_VALID = 1,
	ACCOUNT_DEACTIVATED = 2,	/* by the client */
	ACCOUNT_REVOKED = 3		/* by the server */
};

struct account {
	struct id		 id;
	struct scope		 scope;
	enum account_state	 state;
	uint8_t			 thumbprint[32];	/* RFC 7638, of its key */
	const char		*jwk;		/* canonical JSON of the public key */
	const char		**contact;	/* ncontact URLs */
	size_t			 ncontact;
	int64_t			 created;
	int64_t			 agreed;	/* when it agreed to the terms; 0: never */
	const char		*agent;		/* User-Agent of newAccount, or "" */
	const char		*address;	/* it came from, or "" */
};

const struct account *store_account_get(const struct view *v, struct arena *a,
					const struct id *id);	/* NULL: no such */
/* The account with that key in that directory; false: none. */
bool store_account_find(const struct view *v, uint32_t directory,
			const uint8_t thumbprint[32], struct id *id);
/* Ids of accounts, oldest first, at most max, those behind `after` (NULL: from the first),
 * in the arena; returns how many. */
size_t store_account_list(const struct view *v, struct arena *a, const struct id *after,
			  size_t max, struct id **ids);
/* Adds the record and its key's row.  The caller has made the id.  Adding what stands
 * already (here and below: that id; here: that key), or putting what does not, is an
 * error that sticks in the edit. */
void store_account_add(struct edit *e, const struct account *account);
/* Replaces the record; a changed thumbprint moves the key's row. */
void store_account_put(struct edit *e, const struct account *account);

/* --- orders (section 7.1.3) ------------------------------------------------------- */

enum order_state {		/* "ready" is pending with all authorizations valid */
	ORDER_PENDING = 1,
	ORDER_PROCESSING = 2,
	ORDER_VALID = 3,
	ORDER_INVALID = 4
};

struct order {
	struct id		 id, account;
	struct scope		 scope;
	enum order_state	 state;
	int64_t			 created, expires;
	int64_t			 not_before, not_after;	/* as asked for; 0: not */
	struct ident		*idents;	/* nident */
	size_t			 nident;
	struct id		*authz;		/* nauthz */
	size_t			 nauthz;
	const char		*error;		/* a problem document, or NULL */
	bool			 has_csr;	/* the four below are set */
	uint8_t			 csr_hash[32];	/* SHA-256 of the CSR that was accepted */
	struct blob		 spki;		/* its public key, DER */
	struct serial		 serial;	/* of the certificate, intended or issued */
	const char		*replaces;	/* RFC 9773 section 5, as it was sent, or NULL */
	struct serial		 replaced;	/* the serial in it */
};

const struct order *store_order_get(const struct view *v, struct arena *a,
				    const struct id *id);
/* Adds the record, its row under its account, and its end. */
void store_order_add(struct edit *e, const struct order *order);
void store_order_put(struct edit *e, const struct order *order);
/* It goes, with its rows elsewhere and its evidence. */
void store_order_del(struct edit *e, const struct order *order);
/* Ids of an account's orders, newest first, at most max, those older than `before`
 * (NULL: all), in the arena; returns how many. */
size_t store_order_list(const struct view *v, struct arena *a, const struct id *account,
			const struct id *before, size_t max, struct id **ids);
/* The oldest one; false: it has none. */
bool store_order_first(const struct view *v, const struct id *account, struct id *id);

/* --- authorizations and their challenges (sections 7.1.4 and 8) ------------------- */

enum method {
	METHOD_HTTP_01 = 1,
	METHOD_DNS_01 = 2,
	METHOD_TLS_ALPN_01 = 3,
	METHOD_DNS_ACCOUNT_01 = 4,
	METHOD_DNS_PERSIST_01 = 5	/* has no token */
};
#define METHODS_MAX METHOD_DNS_PERSIST_01

enum authz_state {
	AUTHZ_PENDING = 1,
	AUTHZ_VALID = 2,
	AUTHZ_INVALID = 3,
	AUTHZ_DEACTIVATED = 4,
	AUTHZ_REVOKED = 5
};

enum challenge_state {
	CHALLENGE_PENDING = 1,
	CHALLENGE_PROCESSING = 2,
	CHALLENGE_VALID = 3,
	CHALLENGE_INVALID = 4
};

struct challenge {
	enum method		 method;
	enum challenge_state	 state;
	const char		*token;
	int64_t			 validated;	/* 0: not */
	const char		*error;		/* a problem document, or NULL */
};

struct authz {
	struct id		 id, account, order;
	struct scope		 scope;
	enum authz_state	 state;
	int64_t			 created, expires;
	struct ident		 ident;		/* value without "*."; .wildcard tells */
	uint8_t			 thumbprint[32];	/* of the account's key when the
							 * response came (RFC 8555 8.3) */
	struct challenge	*challenges;	/* nchallenge */
	size_t			 nchallenge;
};

const struct authz *store_authz_get(const struct view *v, struct arena *a,
				    const struct id *id);
void store_authz_add(struct edit *e, const struct authz *authz);	/* and its end */
void store_authz_put(struct edit *e, const struct authz *authz);
/* It goes, with its evidence, and is found no more. */
void store_authz_del(struct edit *e, const struct authz *authz);

/* Makes this authorization the one that store_authz_find() finds for its account,
 * identifier and state (pending or valid). */
void store_authz_remember(struct edit *e, const struct authz *authz);
/* The last one that was remembered in that state, if it is in it still; whether it has
 * expired is for the caller to judge.  NULL: none. */
const struct authz *store_authz_find(const struct view *v, struct arena *a,
				     const struct id *account, const struct ident *ident,
				     enum authz_state state);

/* What was asked and seen when control was proved, or was not: JSON texts of an authorization
 * or, for checks at finalize, of an order; a new one stands behind the old ones, of which the
 * first one goes where there are `most` already. */
void store_evidence_add(struct edit *e, const struct id *id, int64_t now_ms, const char *text,
			size_t most);
/* The oldest first, at most max, in the arena; returns how many. */
size_t store_evidence_list(const struct view *v, struct arena *a, const struct id *id,
			   size_t max, const char ***texts);

/* --- certificates ----------------------------------------------------------------- */

enum cert_state {
	CERT_INTENDED = 1,	/* the serial is given out, nothing is signed for sure */
	CERT_ISSUED = 2,
	CERT_ABANDONED = 3,	/* intended, then lost: it may have been signed */
	CERT_REVOKED = 4
};

struct cert {
	struct serial		 serial;
	struct id		 account, order;	/* all zero: the server's own */
	struct scope		 scope;
	enum cert_state		 state;
	int64_t			 created, not_before, not_after;
	uint32_t		 shard;		/* of the CRL */
	uint8_t			 spki_hash[32];	/* SHA-256 */
	struct blob		 der;		/* empty until issued */
	int64_t			 revoked;	/* when; of CERT_REVOKED */
	int			 reason;	/* RFC 5280 section 5.3.1; 0: none */
};

const struct cert *store_cert_get(const struct view *v, struct arena *a,
				  const struct serial *serial);
/* Serials of all there are, in their order, which is about that of their creation: those behind
 * `after` (NULL: from the first), at most max, in the arena; returns how many. */
size_t store_cert_list(const struct view *v, struct arena *a, const struct serial *after,
		       size_t max, struct serial **serials);
void store_cert_add(struct edit *e, const struct cert *cert);	/* and its end */
/* Replaces it; a revoked one enters the list of its issuer and shard. */
void store_cert_put(struct edit *e, const struct cert *cert);
/* It goes, from the list of its issuer and shard too. */
void store_cert_del(struct edit *e, const struct cert *cert);

/* --- certificate revocation lists ------------------------------------------------- */

/* What a CRL says of one certificate. */
struct revoked {
	struct serial	serial;
	int64_t		revoked;
	int		reason;
	int64_t		not_after;
};

/* All of an issuer's shard in the order of their serials, in the arena; returns how
 * many. */
size_t store_revoked_list(const struct view *v, struct arena *a, uint32_t issuer,
			  uint32_t shard, struct revoked **rows);

/* A revoked certificate stands in that list no more. */
void store_revoked_del(struct edit *e, const struct cert *cert);
/* Does it still? */
bool store_revoked_stands(const struct view *v, const struct cert *cert);

/* Revocations so far: a CRL that was made with a smaller number is out of date. */
uint64_t store_revocations(const struct view *v);

/* Keys that nobody may use any more, by SHA-256 of their SubjectPublicKeyInfo. */
void store_key_block(struct edit *e, const uint8_t spki_hash[32], int64_t now);
bool store_key_blocked(const struct view *v, const uint8_t spki_hash[32]);

struct crl {
	uint32_t		 issuer, shard;
	uint64_t		 number;
	uint64_t		 revocations;	/* store_revocations() when it was made */
	int64_t			 this_update, next_update;
	struct blob		 der;
};

const struct crl *store_crl_get(const struct view *v, struct arena *a, uint32_t issuer,
				uint32_t shard);
void store_crl_put(struct edit *e, const struct crl *crl);
/* Its thisUpdate alone, cheaply; 0: there is none. */
int64_t store_crl_this_update(const struct view *v, uint32_t issuer, uint32_t shard);

/* --- renewals (RFC 9773) ------------------------------------------------------------ */

/* When a certificate shall be renewed.  It is open, which is to say that it is waited for,
 * until it has a successor or is closed. */
struct renewal {
	struct serial	serial;
	int64_t		not_after;
	int64_t		start, end;	/* the suggested window, seconds */
	struct id	order;		/* the last one that named it in `replaces`; or zero */
	struct serial	successor;	/* or zero */
	struct id	incident;	/* that gave it this window; or zero */
	bool		closed;		/* nobody waits any more: revoked, expired */
};

const struct renewal *store_renewal_get(const struct view *v, struct arena *a,
					const struct serial *serial);	/* NULL: none */
/* Does somebody wait for it?  False of NULL.  Pure. */
bool store_renewal_open(const struct renewal *renewal);
/* Adds or replaces it, and keeps the index of open ones and the slots below right. */
void store_renewal_put(struct edit *e, const struct renewal *renewal);
/* Nobody waits for its renewal any more; nothing, if it has none. */
void store_renewal_close(struct edit *e, const struct serial *serial);
void store_renewal_del(struct edit *e, const struct serial *serial);

/* Certificates of formats before 4 had none.  The last one that has been looked at since the
 * upgrade (all zero: none yet); false: they all have. */
bool store_unplanned_get(const struct view *v, struct serial *last);
void store_unplanned_put(struct edit *e, const struct serial *last);	/* NULL: all have */

/* All of them, in the order of their serials, behind `after` (NULL: from the first), at most
 * max, in the arena; returns how many. */
size_t store_renewal_list(const struct view *v, struct arena *a, const struct serial *after,
			  size_t max, struct renewal **renewals);

/* Open ones whose window has begun by `now`, in the order of its begin; fields serial, start
 * and end alone.  after: the last one of the page before, or NULL. */
struct due {
	struct serial	serial;
	int64_t		start, end;
};
size_t store_due_list(const struct view *v, struct arena *a, int64_t now,
		      const struct due *after, size_t max, struct due **due);

/* Time as the plan of renewals sees it. */
#define SLOT_SECONDS	300
#define SLOTS_ROW	144		/* 12 hours */

/* How many open renewals have the middle of their window in each of n slots from that one on
 * (its time / SLOT_SECONDS). */
void store_slots_load(const struct view *v, uint32_t first, size_t n, uint32_t *loads);

/* How many there are of each class of lengths, of those whose middle is still to come. */
#define SLOTS_LENGTHS	120
void store_slots_lengths(const struct view *v, uint32_t lengths[SLOTS_LENGTHS]);

/* The class of windows of so many seconds: 8 share an octave, the first has all below 36. */
size_t slots_class(int64_t length);

/* Rows of slots that are over by now are not counted in these two any more. */
void store_slots_pass(struct edit *e, int64_t now);

/* How many open renewals have a window that has begun in a slot before now's, and one that
 * has ended so (which are among the former).  Takes as long as there are rows of slots. */
struct store_due {
	uint64_t	begun, ended;
};
struct store_due store_due_count(const struct view *v, int64_t now);

/* --- incidents ---------------------------------------------------------------------- */

enum incident_state {
	INCIDENT_MARKING = 1,	/* windows are being moved */
	INCIDENT_OPEN = 2,	/* clients renew */
	INCIDENT_REVOKING = 3,
	INCIDENT_ENDED = 4
};

struct incident {
	struct id		 id;
	enum incident_state	 state;
	int64_t			 created, spread;	/* seconds */
	int64_t			 revoke_at;		/* 0: never */
	int			 reason;		/* of the revocation */
	struct serial		 at;	/* of MARKING and REVOKING: done up to it */
	uint64_t		 matched, revoked;
	const char		*where, *explanation;	/* the expression, a URL or "" */
};

const struct incident *store_incident_get(const struct view *v, struct arena *a,
					  const struct id *id);		/* NULL: none */
void store_incident_put(struct edit *e, const struct incident *incident);
/* The record alone: its certificates have been deleted before. */
void store_incident_del(struct edit *e, const struct id *id);
/* Oldest first, behind `after` or from the first. */
size_t store_incident_list(const struct view *v, struct arena *a, const struct id *after,
			   size_t max, struct id **ids);
/* A certificate belongs to it. */
void store_incident_cert_put(struct edit *e, const struct id *id, const struct serial *serial);
bool store_incident_cert_has(const struct view *v, struct arena *a, const struct id *id,
			     const struct serial *serial);
void store_incident_cert_del(struct edit *e, const struct id *id, const struct serial *serial);
size_t store_incident_cert_list(const struct view *v, struct arena *a, const struct id *id,
				const struct serial *after, size_t max,
				struct serial **serials);

/* --- what has ended ----------------------------------------------------------------- */

/* A record's end: when an order or authorization expires, a certificate's notAfter. */
struct store_end {
	int64_t		at;
	struct id	id;		/* of an order or authorization */
	struct serial	serial;		/* of a certificate */
};

/* Those of a kind ('o' orders, 'a' authorizations, 'c' certificates) with an end before
 * `until`, behind `after` (NULL: from the first), at most max. */
struct store_end_query {
	char			 kind;
	int64_t			 until;
	const struct store_end	*after;
	size_t			 max;
};
/* In the order of their ends, in the arena; returns how many. */
size_t store_end_list(const struct view *v, struct arena *a, const struct store_end_query *q,
		      struct store_end **ends);

/* Rows without an end that say no more than none, found by walking their table: buckets that
 * were full again before `now` and sets of names whose newest certificate ended before
 * `newest`; failures of which the last was before `failing`; revocations that a CRL told of
 * which was made after the certificate's end (RFC 5280 section 3.3). */
enum stale { STALE_LIMITS, STALE_FAILING, STALE_REVOKED };
struct stale_query {
	enum stale	kind;
	int64_t		now, newest, failing;	/* seconds since 1970 */
	struct blob	after;			/* a key; NULL data: from the first */
	size_t		look;			/* at so many rows */
};
/* Their keys, in the arena; returns how many.  *last: where to look on behind; .data NULL: that
 * was all. */
size_t store_stale_list(const struct view *v, struct arena *a, const struct stale_query *q,
			struct blob **keys, struct blob *last);
/* Deletes that row; false: it is gone, or says something again. */
bool store_stale_del(struct edit *e, const struct stale_query *q, struct blob key);

/* --- external account bindings (section 7.3.4) ------------------------------------- */

enum binding_state {
	BINDING_VALID = 1,
	BINDING_REVOKED = 2
};

#define BINDING_KEY 64		/* octets: enough for HS512 too (RFC 7518 section 3.2) */

/* Lists end with NULL; an empty one: no restriction. */
struct binding {
	struct id		 id;		/* its base64url is the key id */
	uint32_t		 directory;
	enum binding_state	 state;
	int64_t			 created;
	int64_t			 expires;	/* 0: never */
	uint64_t		 uses, uses_max;	/* accounts so far; at most, 0: any number */
	uint8_t			 key[BINDING_KEY];	/* of the HMAC */
	const char		*label, *organisation;	/* "": none */
	const char		**technical, **authorising;	/* contacts */
	const char		**allow, **deny;	/* patterns of identifiers */
	const char		**profiles;
	uint32_t		 methods;	/* bits, 1 << enum method; 0: all */
	bool			 prevalidated;
};

const struct binding *store_binding_get(const struct view *v, struct arena *a,
					const struct id *id);
void store_binding_add(struct edit *e, const struct binding *binding);
void store_binding_put(struct edit *e, const struct binding *binding);
/* Ids, oldest first, as store_account_list(). */
size_t store_binding_list(const struct view *v, struct arena *a, const struct id *after,
			  size_t max, struct id **ids);

/* The account is one of the binding's; jws: the externalAccountBinding that it sent. */
void store_binding_join(struct edit *e, const struct id *binding, const struct id *account,
			const char *jws);
/* That JWS, in the arena; NULL: it is none of the binding's. */
const char *store_binding_jws(const struct view *v, struct arena *a, const struct id *binding,
			      const struct id *account);
/* The accounts of a binding, oldest first, as store_account_list(). */
size_t store_binding_accounts(const struct view *v, struct arena *a, const struct id *binding,
			      const struct id *after, size_t max, struct id **ids);

/* --- limits ------------------------------------------------------------------------ */

/* A bucket of tokens, by its limit and by whom it is for.  Zero: it is full. */
struct bucket {
	int64_t		full_at;	/* when it is full again, microseconds since 1970 */
	int64_t		each;		/* microseconds in which one token comes back */
};
struct bucket store_bucket_get(const struct view *v, unsigned limit, struct blob whose);
/* full_at 0: forgotten. */
void store_bucket_put(struct edit *e, unsigned limit, struct blob whose, struct bucket bucket);

/* A rate that holds for one account ('a') or binding ('b') instead of the configured one.
 * get: false: there is none; put with count -1 removes it. */
struct store_rate {
	char		kind;
	struct id	whose;
	unsigned	limit;
	int64_t		count, period;		/* count 0: no limit; seconds */
};
bool store_rate_get(const struct view *v, struct store_rate *rate);
void store_rate_put(struct edit *e, const struct store_rate *rate);
size_t store_rate_list(const struct view *v, struct arena *a, struct store_rate **rates);

/* Who gets no new orders: an account (its id), or a name whoever asks for it (the value of
 * the identifier). */
enum paused { PAUSED_ACCOUNT = 'a', PAUSED_NAME = 'n', PAUSED_ACCOUNT_NAME = 'f' };
struct pause {
	enum paused	 kind;
	struct id	 account;	/* of PAUSED_ACCOUNT and PAUSED_ACCOUNT_NAME */
	const char	*name;		/* of PAUSED_NAME and PAUSED_ACCOUNT_NAME */
	int64_t		 since;
	const char	*why;
};
/* Fills since and why of the pause that has these three; false: not paused. */
bool store_pause_get(const struct view *v, struct arena *a, struct pause *pause);
void store_pause_put(struct edit *e, const struct pause *pause);
bool store_pause_del(struct edit *e, const struct pause *pause);	/* false: there was none */
/* All of a kind, of that account alone if it is not NULL, in the arena. */
size_t store_pause_list(const struct view *v, struct arena *a, enum paused kind,
			const struct id *account, struct pause **pauses);

/* Validations of an account and a name that failed, without success between. */
struct failing {
	int64_t		first, last;	/* seconds since 1970; 0: none */
	uint32_t	count;
};
struct failing store_failing_get(const struct view *v, const struct id *account,
				 const char *name);
void store_failing_put(struct edit *e, const struct id *account, const char *name,
		       const struct failing *failing);		/* count 0: forgotten */

/* The newest certificate with a set of names (their hash) in a directory; false: none.  With a
 * holder (binding or account): its newest one, kept while another's is the newest of all. */
struct newest {
	struct serial	serial;
	int64_t		not_before, not_after;
};
bool store_newest_get(const struct view *v, uint32_t directory, const uint8_t hash[32],
		      const struct id *holder, struct newest *newest);
void store_newest_put(struct edit *e, uint32_t directory, const uint8_t hash[32],
		      const struct id *holder, const struct newest *newest);
void store_newest_del(struct edit *e, uint32_t directory, const uint8_t hash[32],
		      const struct id *holder);

#endif

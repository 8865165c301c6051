/* SPDX-License-Identifier: Apache-2.0 */
/* records.h - records <-> bytes, and what the record kinds share; inside store/.
 *
 * The decoders return false for bytes that cannot be (or of a version that this one
 * does not know) and leave the record as it then is.  What stands in the key (id,
 * serial, issuer and shard) is not in the bytes: the caller sets it. */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include <stdbool.h>

#include "store/codec.h"
#include "store/txn.h"

#define RECORD_VERSION 1

struct blob account_encode(const struct account *account, struct arena *a);
bool account_decode(struct blob bytes, struct arena *a, struct account *account);
struct blob order_encode(const struct order *order, struct arena *a);
bool order_decode(struct blob bytes, struct arena *a, struct order *order);
struct blob authz_encode(const struct authz *authz, struct arena *a);
bool authz_decode(struct blob bytes, struct arena *a, struct authz *authz);
struct blob cert_encode(const struct cert *cert, struct arena *a);
bool cert_decode(struct blob bytes, struct arena *a, struct cert *cert);
struct blob crl_encode(const struct crl *crl, struct arena *a);
bool crl_decode(struct blob bytes, struct arena *a, struct crl *crl);

struct blob renewal_encode(const struct renewal *renewal, struct arena *a);
bool renewal_decode(struct blob bytes, struct arena *a, struct renewal *renewal);
struct blob incident_encode(const struct incident *incident, struct arena *a);
bool incident_decode(struct blob bytes, struct arena *a, struct incident *incident);

struct blob binding_encode(const struct binding *binding, struct arena *a);
bool binding_decode(struct blob bytes, struct arena *a, struct binding *binding);

/* The key of a job's row. */
struct blob job_encode(const struct job *job, struct arena *a);
bool job_decode(struct blob key, struct job *job);

/* Adds (once only), replaces or deletes a record with an end, and its row in `ends`.  The value
 * begins with version and end. */
struct ended {
	enum table	 table;
	char		 kind;		/* in `ends` */
	struct blob	 key;
};
void ended_add(struct edit *e, const struct ended *record, struct blob value);
void ended_put(struct edit *e, const struct ended *record, struct blob value);
void ended_del(struct edit *e, const struct ended *record);
/* Rows of formats before 4 become ours. */
void ends_upgrade(struct edit *e);

/* The ids, or serials, behind a prefix in a table's keys, in their order, at most max, those
 * behind `after` (NULL: from the first), in the arena; returns how many. */
size_t id_list(const struct view *v, struct arena *a, enum table t, struct blob prefix,
	       const struct id *after, size_t max, struct id **ids);
size_t serial_list(const struct view *v, struct arena *a, enum table t, struct blob prefix,
		   const struct serial *after, size_t max, struct serial **serials);

/* An open renewal's window in the slots of time. */
void slots_change(struct edit *e, const struct renewal *renewal, bool add);

/* The slots from that time on count again, also those that a clock that was ahead took for over. */
void slots_rewind(struct edit *e, int64_t now);

/* What store_last_time() will answer. */
void time_put(struct edit *e, int64_t now);

/* The row of a revoked certificate in the list of its issuer and shard. */
void revoked_put(struct edit *e, const struct cert *cert);

/* All evidence of an authorization or order goes. */
void evidence_del(struct edit *e, const struct id *id);

/* A record is added (old: NULL data), replaced or deleted (new: NULL data): for store_counts().
 * The end of the edit writes what has come together. */
void counts_change(struct edit *e, enum table t, struct blob old, struct blob new);
void counts_write(struct edit *e);

#define BLOB_ID(id) ((struct blob){ (id)->b, sizeof((id)->b) })

#endif

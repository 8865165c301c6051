/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - every database of the store, its key and its value.
 *
 * Numbers in keys and values are big-endian.  id: 22 octets, serial: 20 (base/rand.h).
 * A record begins with its version, then what a put must find without reading the rest
 * (the end, the thumbprint).  In a value
 *
 *	length, count	LEB128: 7 bits an octet, the lowest first, 0x80: more follow
 *	text		length, octets; no NUL among them and none behind
 *	maybe		0 for NULL, or length + 1, octets
 *	list		count, texts
 *	scope		directory u32, profile u32, issuer u32, binding id
 *	ident		type u8, wildcard u8, value text, shown text ("": as the value)
 *
 * Example: the CRL record { number 5, revocations 3, this_update 1, next_update 2,
 * der 30 00 }
 *
 *	01  0000000000000005  0000000000000003  0000000000000001  0000000000000002  02 3000
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

/* Another number means: this version does not read it (store/open.c). */
#define STORE_FORMAT 4

enum table {
	/* text -> octets.  "format" u32, "version" the text of who made this format,
	 * "time" u64 the newest second that a commit has seen, "counts" (store/counts.c),
	 * "revocations" u64, "unplanned" the serial up to which certificates of a format before
	 * 4 have renewals (not there: all); others: their users. */
	TABLE_META,
	/* kind, 'N', name -> number u32;  kind, '#', number u32 -> name.
	 * kind: 'd' directory, 'p' profile, 'i' issuer. */
	TABLE_NAMES,
	/* id -> 1, thumbprint 32, scope, state u8, created u64, agreed u64, jwk text,
	 * contacts count and texts, agent text, address text */
	TABLE_ACCOUNTS,
	/* directory u32, thumbprint 32 -> account id */
	TABLE_ACCOUNT_KEYS,
	/* id -> 2, expires u64, account id, scope, state u8, created u64, not_before
	 * u64, not_after u64, count and idents, count and authz ids, error maybe, has_csr
	 * u8 and if so: csr_hash 32, serial, spki length and octets; replaces maybe and if it
	 * is there: the serial in it.  Version 1 ends before "replaces". */
	TABLE_ORDERS,
	/* account id, order id -> nothing */
	TABLE_ACCOUNT_ORDERS,
	/* id -> 1, expires u64, account id, order id, scope, state u8, created u64,
	 * ident, thumbprint 32, count and challenges: method u8, state u8, validated u64,
	 * token text, error maybe */
	TABLE_AUTHZ,
	/* serial -> 1, not_after u64, account id, order id, scope, state u8, created u64,
	 * not_before u64, shard u32, spki_hash 32, der length and octets; of a revoked
	 * one: revoked u64, reason u8 */
	TABLE_CERTS,
	/* issuer u32, shard u32 -> 1, number u64, revocations u64, this_update u64,
	 * next_update u64, der length and octets */
	TABLE_CRLS,
	/* kind u8, time u64, id or serial -> nothing.  One row for each record that has an
	 * end, moved with it.  kind: 'o' order, 'a' authorization, 'c' certificate.  Before
	 * format 4 the time stood first. */
	TABLE_ENDS,
	/* kind u8, id, arg u32 -> nothing */
	TABLE_JOBS,
	/* account id, state u8, type u8, wildcard u8, value without "*." -> authz id */
	TABLE_ACCOUNT_AUTHZ,
	/* issuer u32, shard u32, serial -> 1, revoked u64, reason u8, not_after u64 */
	TABLE_REVOKED,
	/* SHA-256 of a SubjectPublicKeyInfo -> 1, blocked u64 */
	TABLE_BLOCKED_KEYS,

	/* since format 2: */
	/* id -> 1, directory u32, state u8, created u64, expires u64, uses u64, uses_max
	 * u64, key 64, label text, organisation text, technical list, authorising list,
	 * allow list, deny list, profiles list, methods u32, prevalidated u8 */
	TABLE_BINDINGS,
	/* binding id, account id -> the JWS that bound it, its octets alone */
	TABLE_BINDING_ACCOUNTS,
	/* whose, what u8 -> of a limit (acme/limits.c, which also says whose): full_at u64, each
	 * u64, microseconds; such a row whose full_at is over says no more than none.
	 * directory u32, SHA-256 of the names, 255 -> serial, not_before u64, not_after u64: the
	 * newest certificate with them.  One table, so that a certificate changes one page.
	 * directory u32, SHA-256 of the names, binding id (or account id, of one without), 255
	 * -> the same: theirs, while another's is newer. */
	TABLE_LIMITS,
	/* kind u8 'a' or 'b', account or binding id, limit u8 -> count u64, period u64 */
	TABLE_RATES,
	/* kind u8 'a', account id;  'n', name;  'f', account id, name -> since u64, why
	 * text */
	TABLE_PAUSES,
	/* account id, name -> first u64, last u64, count u32 */
	TABLE_FAILING,

	/* since format 3: */
	/* authorization or order id, milliseconds u64 -> JSON, its octets alone:
	 * {"validation": ..., "caa": ...} of an attempt (va/record.h; "caa" where control was
	 * proved), {"caa": ...} of a name of the order at finalize, {"prevalidated":
	 * {"binding": id, "at": time}} */
	TABLE_EVIDENCE,

	/* since format 4: */
	/* serial -> 1, not_after u64, start u64, end u64, order id, successor serial, incident
	 * id, closed u8: when that certificate shall be renewed */
	TABLE_RENEWALS,
	/* start u64, serial -> end u64: those of the above that wait for a successor */
	TABLE_DUE,
	/* row u32, kind u8 -> SLOTS_ROW numbers, for the slots from row * SLOTS_ROW on, each
	 * SLOT_SECONDS long, u32 each: how many windows of the above table begin ('s'), end
	 * ('e'), have their middle ('m') in it.  Of the middles of the whole row, 'l': how many
	 * belong to windows of each class of length.  row ffffffff, 'l': the same of all rows from
	 * that one on that row ffffffff, 'f' has as its first number: 'm' and 'l' of those before
	 * it are deleted.  A row of nothing but zeros is not there. */
	TABLE_SLOTS,
	/* id -> 1, state u8, created u64, spread u64, revoke_at u64, reason u8, at serial,
	 * matched u64, revoked u64, where text, explanation text */
	TABLE_INCIDENTS,
	/* incident id, serial -> nothing */
	TABLE_INCIDENT_CERTS,
	TABLES
};

#endif
